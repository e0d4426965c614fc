// CLEAN: a note that the last stop was orderly, so that the next start need not read the file
// through. It names the database file's size and time of change, so it does not speak for a file
// that somebody touched since, nor for a copy. Under the directory's lock only.
#pragma once

#include "coupond/store/data_dir.h"

namespace coupon::store {

// Whether nobody touched the database since a clean stop. Takes the note away: from now on it would
// be a lie.
bool take_clean_stop(const DataPaths& paths);

}  // namespace coupon::store
