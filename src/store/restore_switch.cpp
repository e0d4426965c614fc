#include "src/store/restore_switch.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "coupond/store/restore.h"
#include "src/store/files.h"

namespace coupon::store {
namespace {

std::string draft_of_mark(const DataPaths& paths) { return paths.restore_mark + ".new"; }

// The file has both names until something else takes the first: so no start in between can take
// the directory for an empty one.
std::optional<core::Error> keep_as(const std::string& path, const std::string& aside) {
  if (::link(path.c_str(), aside.c_str()) == 0 || errno == EEXIST) return std::nullopt;
  return core::Error{.reason = core::Reason::kInternal,
                     .message = "The file " + path + " cannot be set aside as " + aside + ": " +
                                std::strerror(errno) +
                                ". Move it away by hand and run `coupond restore` again."};
}

class Switch {
 public:
  Switch(const DataPaths& paths, std::string ending, const StepFunction& step)
      : paths_(paths), ending_(std::move(ending)), step_(step) {}

  std::optional<core::Error> carry_out() {
    if (exists(candidate_database(paths_))) {
      if (auto error = set_database_aside()) return error;
      if (auto error = put_key()) return error;
      step_();
      ::unlink(paths_.clean_stop.c_str());
      step_();
      if (auto error = rename_file(candidate_database(paths_), paths_.database)) return error;
      if (auto error = sync_path(paths_.directory)) return error;
    }
    step_();
    ::unlink(paths_.restore_mark.c_str());
    return sync_path(paths_.directory);
  }

 private:
  std::optional<core::Error> set_database_aside() {
    if (!exists(paths_.database)) return std::nullopt;
    const std::string aside = paths_.database + ending_;
    step_();
    if (auto error = keep_as(paths_.database, aside)) return error;
    for (const char* part : {"-wal", "-shm"}) {
      if (!exists(paths_.database + part)) continue;
      step_();
      if (auto error = rename_file(paths_.database + part, aside + part)) return error;
    }
    return std::nullopt;
  }

  std::optional<core::Error> put_key() {
    if (!exists(candidate_key(paths_))) return std::nullopt;
    if (exists(paths_.key)) {
      step_();
      if (auto error = keep_as(paths_.key, paths_.key + ending_)) return error;
    }
    step_();
    return rename_file(candidate_key(paths_), paths_.key);
  }

  const DataPaths& paths_;
  const std::string ending_;
  const StepFunction& step_;
};

}  // namespace

std::string candidate_database(const DataPaths& paths) { return paths.database + ".restoring"; }
std::string candidate_key(const DataPaths& paths) { return paths.key + ".restoring"; }

void remove_candidate(const DataPaths& paths) {
  for (const char* part : {"", "-wal", "-shm", "-journal"}) {
    ::unlink((candidate_database(paths) + part).c_str());
  }
  ::unlink(candidate_key(paths).c_str());
}

std::optional<core::Error> switch_to_candidate(const DataPaths& paths, const std::string& ending,
                                               const StepFunction& step) {
  const std::string draft = draft_of_mark(paths);
  ::unlink(draft.c_str());
  step();
  if (auto error = write_private_file(draft, ending + "\n")) return error;
  step();
  if (auto error = rename_file(draft, paths.restore_mark)) return error;
  if (auto error = sync_path(paths.directory)) return error;
  return Switch(paths, ending, step).carry_out();
}

std::optional<core::Error> finish_restore(const DataPaths& paths) {
  ::unlink(draft_of_mark(paths).c_str());
  if (!exists(paths.restore_mark)) {
    remove_candidate(paths);
    return std::nullopt;
  }
  auto ending = read_file(paths.restore_mark);
  if (!ending.ok()) return ending.error();
  while (ending->ends_with('\n')) ending->pop_back();
  return Switch(paths, *ending, [] {}).carry_out();
}

}  // namespace coupon::store
