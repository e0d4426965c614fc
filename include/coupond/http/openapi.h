// The documents that follow from the declared endpoints: OpenAPI for programs, and the table of
// docs/endpoints.md. The same declarations give the same bytes every time. Pure functions.
#pragma once

#include <string>

#include "coupond/http/endpoint.h"

namespace coupon::http {

struct ApiInfo {
  std::string title;
  std::string version;
  std::string doc;
};

// The OpenAPI 3.1 document as JSON text, in the order of declaration; `indent` spaces a level, or
// on one line below 0. Throws std::logic_error where two shapes share a name but not a schema, or
// two paths differ only in the names of their placeholders.
std::string openapi_document(const Api& api, const ApiInfo& info, int indent = -1);

// Markdown: a heading and a table of method, path, who may call and what for, for each tag.
std::string endpoint_table(const Api& api);

}  // namespace coupon::http
