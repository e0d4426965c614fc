// The ballast: a file in the data directory that only takes up room. On a disk that is full even
// what would make room needs some, so the owner deletes this one, and changes are accepted again at
// once. Nobody else touches it: coupond makes it, and makes it again when there is plenty of room.
#pragma once

#include <cstdint>

#include "coupond/store/data_dir.h"

namespace coupon::store {

// Room on the disk that the data directory is on, for those who are not root; 0 when unknown.
std::uint64_t free_bytes(const DataPaths& paths);

// Makes the ballast when it is missing and the disk has plenty of room beyond it. At the start and
// now and then; any thread, one at a time. Whether it is there afterwards.
bool keep_ballast(const DataPaths& paths);

}  // namespace coupon::store
