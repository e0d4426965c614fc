// What people and programs read about the API: /openapi.json and the page that shows it, /docs.
#pragma once

#include <string>

#include "coupond/http/endpoint.h"
#include "src/api/gate/gate.h"

namespace coupon::api {

// The document is of `api`, which must outlive the router, and is made when it is first asked for:
// a start has no time for it. Throws std::logic_error then, if two endpoints have one path.
void add_document_endpoints(Endpoints& system, const http::Api& api);

// The OpenAPI document of all endpoints in `api`; `indent` as in http::openapi_document().
std::string document_of(const http::Api& api, int indent = -1);

}  // namespace coupon::api
