// JSON Schema (2020-12, as OpenAPI 3.1 uses it) of shapes. One thread.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "coupond/http/shape.h"

namespace coupon::http {

using OrderedJson = nlohmann::ordered_json;

// What a schema is for. A request says what may be left out and how long things may be; a reply
// says what is always there.
struct SchemaUse {
  bool request = false;
  bool strict = false;  // Of a request: no other fields.
};

// Collects the named schemas that a document's $refs point to.
class SchemaBook {
 public:
  // A reference to the schema of `shape` without the fields named `without`. A request's schema
  // that differs from another of its name is called …Input, and is put in place when that is taken
  // too. Throws std::logic_error on two replies of one name that differ.
  OrderedJson object(const Shape& shape, SchemaUse use,
                     const std::vector<std::string>& without = {});
  OrderedJson value(const ValueSpec& spec, SchemaUse use);
  // The field's value with null, description, default and example.
  OrderedJson field(const FieldSpec& spec, SchemaUse use);

  // By name: what belongs under components/schemas.
  const std::map<std::string, OrderedJson>& schemas() const { return schemas_; }

 private:
  OrderedJson whole_object(const Shape& shape, SchemaUse use,
                           const std::vector<std::string>& without);
  OrderedJson with_null(OrderedJson schema) const;

  std::map<std::string, OrderedJson> schemas_;
};

// An example made of the fields' own. Of a request: what is required and what has an example.
OrderedJson example_of(const Shape& shape, bool request,
                       const std::vector<std::string>& without = {});
OrderedJson example_of(const FieldSpec& field, bool request);

// Whether the list has the name.
bool contains(const std::vector<std::string>& names, std::string_view name);

}  // namespace coupon::http
