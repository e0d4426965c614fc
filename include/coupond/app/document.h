// What the API declares, without a server.
#pragma once

#include <string>

#include "coupond/core/result.h"
#include "coupond/http/shape_spec.h"

namespace coupon::app {

// The OpenAPI document, indented. Builds the program in a temporary directory and throws it away,
// so that what it says is what a server serves.
core::Result<std::string> openapi_text();

// The fields of a new campaign, and of a change to one. Constant: any thread.
const http::Shape& new_campaign_shape();
const http::Shape& campaign_patch_shape();

}  // namespace coupon::app
