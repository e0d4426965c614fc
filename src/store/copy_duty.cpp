#include "coupond/store/copy_duty.h"

#include <unistd.h>

#include <fstream>

#include "src/store/files.h"

namespace coupon::store {
namespace {

std::string note_of(const DataPaths& paths) { return paths.directory + "/COPIED"; }

}  // namespace

std::optional<std::string> copy_duty(const DataPaths& paths, std::int64_t epoch) {
  std::ifstream file(note_of(paths));
  std::int64_t noted = 0;
  std::string directory;
  if (!(file >> noted) || !std::getline(file >> std::ws, directory)) return std::nullopt;
  if (noted != epoch) return std::nullopt;
  return directory;
}

core::Result<core::Done> take_copy_duty(const DataPaths& paths, std::int64_t epoch,
                                        const std::string& directory) {
  const std::string draft = note_of(paths) + ".new";
  ::unlink(draft.c_str());
  const std::string text = std::to_string(epoch) + " " + directory + "\n";
  if (auto error = write_private_file(draft, text)) return *error;
  if (auto error = rename_file(draft, note_of(paths))) return *error;
  if (auto error = sync_path(paths.directory)) return *error;
  return core::Done{};
}

core::Result<core::Done> forget_copy_duty(const DataPaths& paths) {
  if (::unlink(note_of(paths).c_str()) != 0) return core::Done{};
  if (auto error = sync_path(paths.directory)) return *error;
  return core::Done{};
}

std::optional<core::Error> refuse_without_copy(const DataPaths& paths, std::int64_t epoch) {
  const auto directory = copy_duty(paths, epoch);
  if (!directory) return std::nullopt;
  return core::Error{.reason = core::Reason::kInternal,
                     .message = "The answers of this shop wait for its copy in " + *directory +
                                ". Start the server with --copy " + *directory +
                                " --copy-sync, or without that from now on with --copy-forget."};
}

}  // namespace coupon::store
