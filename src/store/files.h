// Files that must survive a power cut, and those that must not be seen half made. Errors are one
// sentence that names the file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "coupond/core/error.h"
#include "coupond/core/result.h"

namespace coupon::store {

// Makes an empty file that only its owner may read; refused when there is one of that name.
std::optional<core::Error> make_private_file(const std::string& path);
// Writes `text` into a new private file and makes it durable.
std::optional<core::Error> write_private_file(const std::string& path, const std::string& text);
// Copies into a new private file and makes it durable.
std::optional<core::Error> copy_private_file(const std::string& from, const std::string& to);
// Makes the file's content, or the directory's names, durable.
std::optional<core::Error> sync_path(const std::string& path);
// Gives a file another name, replacing one that has it.
std::optional<core::Error> rename_file(const std::string& from, const std::string& to);
// Room on the disk that the file or directory is on, for those who are not root.
std::optional<std::uint64_t> free_bytes(const std::string& path);
// The directory a path lies in.
std::string directory_of(const std::string& path);
// The whole of a small file.
core::Result<std::string> read_file(const std::string& path);

}  // namespace coupon::store
