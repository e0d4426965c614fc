// Holds JSON to the schemas that SchemaBook writes. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "src/http/schema.h"

namespace coupon::http {

// Appends a sentence for everything in `value` that `schema` does not allow. Knows the part of JSON
// Schema that SchemaBook writes. An object with declared fields has no others.
void check_schema(const OrderedJson& schema, const SchemaBook& book, const OrderedJson& value,
                  const std::string& path, std::vector<std::string>& complaints);

}  // namespace coupon::http
