// Lines of JSON in an import: one object each, as other programs write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coupon::service {

// Whether a text begins with an object that has a name: no code begins so.
bool begins_as_json(std::string_view text);

struct JsonCell {
  std::string name;
  std::string value;  // as a person would write it into a table: null is empty
  bool is_text = false;
};

// What one line says, by name, in alphabetical order. Nothing where it is not one JSON object, says
// a name twice or is nested deeper than anybody means.
std::optional<std::vector<JsonCell>> cells_of_json(std::string_view line);

}  // namespace coupon::service
