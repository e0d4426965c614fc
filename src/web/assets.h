// The files of this folder, embedded in the executable at build time. Called by api and app, from
// any thread: the text is constant and lives as long as the process.
#pragma once

#include <string_view>

namespace coupon::web {

// The content of src/web/NAME ("docs.html"), or an empty view when there is no such file.
std::string_view asset(std::string_view name);

}  // namespace coupon::web
