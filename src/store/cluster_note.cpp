#include "coupond/store/cluster_note.h"

#include <unistd.h>

#include <fstream>

#include "src/store/files.h"

namespace coupon::store {
namespace {

std::string note_of(const DataPaths& paths) { return paths.directory + "/CLUSTER"; }

}  // namespace

bool is_member(const DataPaths& paths, std::int64_t restore_epoch) {
  std::ifstream file(note_of(paths));
  std::int64_t noted = 0;
  return file >> noted && noted == restore_epoch;
}

core::Result<core::Done> note_member(const DataPaths& paths, std::int64_t restore_epoch) {
  if (is_member(paths, restore_epoch)) return core::Done{};
  const std::string draft = note_of(paths) + ".new";
  ::unlink(draft.c_str());
  if (auto error = write_private_file(draft, std::to_string(restore_epoch) + "\n")) return *error;
  if (auto error = rename_file(draft, note_of(paths))) return *error;
  if (auto error = sync_path(paths.directory)) return *error;
  return core::Done{};
}

core::Result<core::Done> forget_member(const DataPaths& paths) {
  if (::unlink(note_of(paths).c_str()) != 0) return core::Done{};
  if (auto error = sync_path(paths.directory)) return *error;
  return core::Done{};
}

std::optional<core::Error> refuse_member(const DataPaths& paths, std::int64_t restore_epoch) {
  if (!is_member(paths, restore_epoch)) return std::nullopt;
  return core::Error{.reason = core::Reason::kInternal,
                     .message = "The data directory " + paths.directory +
                                " belongs to a member of a cluster, whose log has to have every "
                                "change. Start its server with --cluster, and run this beside the "
                                "one that leads. `coupond serve --cluster-forget` makes the "
                                "directory a shop of its own."};
}

}  // namespace coupon::store
