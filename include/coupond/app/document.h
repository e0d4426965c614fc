// The API's document without a server.
#pragma once

#include <string>

#include "coupond/core/result.h"

namespace coupon::app {

// The OpenAPI document, indented. Builds the program in a temporary directory and throws it away,
// so that what it says is what a server serves.
core::Result<std::string> openapi_text();

}  // namespace coupon::app
