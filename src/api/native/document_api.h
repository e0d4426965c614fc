// What people and programs read about the API: /openapi.json and the page that shows it, /docs.
#pragma once

#include <string>

#include "coupond/http/endpoint.h"
#include "src/api/gate/gate.h"

namespace coupon::api {

// `document`: the OpenAPI text, which may be filled later, before the first request; must outlive
// the router.
void add_document_endpoints(Endpoints& system, const std::shared_ptr<const std::string>& document);

// The OpenAPI document of all endpoints in `api`; `indent` as in http::openapi_document().
std::string document_of(const http::Api& api, int indent = -1);

}  // namespace coupon::api
