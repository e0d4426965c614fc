// How a request says that its body, a file of codes, is to be read.
#pragma once

#include "coupond/http/request.h"
#include "coupond/service/jobs.h"

namespace coupon::api {

// From the body's type and the query: column, header, ignore, confirm.
core::Result<service::ImportOptions> import_options(const http::Request& request);

}  // namespace coupon::api
