// The words that every endpoint is declared with.
#pragma once

#include "coupond/core/error.h"
#include "coupond/core/result.h"
#include "coupond/http/endpoint.h"
#include "coupond/http/shape.h"

namespace coupon::api {

using core::Reason;
using core::Result;
using http::Auth;
using http::boolean;
using http::choice;
using http::integer;
using http::list;
using http::object;
using http::Page;
using http::text;
using http::timestamp;

// The limit that wrong codes, and wrong digits, count against.
inline constexpr const char* kCodesRate = "codes";

}  // namespace coupon::api
