#include "tests/support/schema_check.h"

#include <algorithm>

#include "coupond/core/time_text.h"

namespace coupon::http {
namespace {

constexpr std::size_t kHttpDateSize = 29;  // "Fri, 20 Nov 2026 14:00:00 GMT"

class Checker {
 public:
  Checker(const SchemaBook& book, std::vector<std::string>& complaints)
      : book_(book), complaints_(complaints) {}

  void check(const OrderedJson& schema, const OrderedJson& value, const std::string& path) {
    if (schema.contains("$ref")) return check(resolve(schema), value, path);
    if (schema.contains("oneOf")) return check_one_of(schema["oneOf"], value, path);
    if (schema.contains("type") && !type_matches(schema["type"], value)) {
      return complain(path, "is " + value.dump() + ", not " + schema["type"].dump());
    }
    if (schema.contains("enum")) check_enum(schema["enum"], value, path);
    if (value.is_number_integer()) check_range(schema, value, path);
    if (value.is_string()) check_text(schema, value, path);
    if (value.is_array()) check_items(schema, value, path);
    if (value.is_object()) check_members(schema, value, path);
  }

 private:
  void complain(const std::string& path, const std::string& what) {
    complaints_.push_back(path + " " + what);
  }

  const OrderedJson& resolve(const OrderedJson& schema) const {
    const auto ref = schema["$ref"].get<std::string>();
    return book_.schemas().at(ref.substr(ref.rfind('/') + 1));
  }

  static bool type_is(const std::string& type, const OrderedJson& value) {
    if (type == "null") return value.is_null();
    if (type == "string") return value.is_string();
    if (type == "integer") return value.is_number_integer();
    if (type == "boolean") return value.is_boolean();
    if (type == "array") return value.is_array();
    return type == "object" && value.is_object();
  }

  static bool type_matches(const OrderedJson& types, const OrderedJson& value) {
    if (types.is_string()) return type_is(types.get<std::string>(), value);
    return std::any_of(types.begin(), types.end(), [&](const OrderedJson& type) {
      return type_is(type.get<std::string>(), value);
    });
  }

  // Only used for "this or null".
  void check_one_of(const OrderedJson& schemas, const OrderedJson& value, const std::string& path) {
    if (!value.is_null()) check(schemas.front(), value, path);
  }

  void check_enum(const OrderedJson& choices, const OrderedJson& value, const std::string& path) {
    const bool known = std::find(choices.begin(), choices.end(), value) != choices.end();
    if (!known) complain(path, "is " + value.dump() + ", not one of " + choices.dump());
  }

  void check_range(const OrderedJson& schema, const OrderedJson& value, const std::string& path) {
    const bool low = schema.contains("minimum") && value < schema["minimum"];
    const bool high = schema.contains("maximum") && value > schema["maximum"];
    if (low || high) complain(path, "is " + value.dump() + ", out of range");
  }

  void check_text(const OrderedJson& schema, const OrderedJson& value, const std::string& path) {
    const std::string format = schema.value("format", "");
    const auto& text = value.get_ref<const std::string&>();
    if (format == "date-time" && !(text.ends_with('Z') && core::parse_time(text).ok())) {
      complain(path, "is " + value.dump() + ", not a UTC time");
    }
    if (format == "date-time-local" && !core::parse_time(text + "Z").ok()) {
      complain(path, "is " + value.dump() + ", not a time without a zone");
    }
    if (format == "http-date" && !(text.size() == kHttpDateSize && text.ends_with(" GMT"))) {
      complain(path, "is " + value.dump() + ", not an RFC 822 date");
    }
  }

  void check_items(const OrderedJson& schema, const OrderedJson& value, const std::string& path) {
    if (!schema.contains("items")) return;
    std::size_t index = 0;
    for (const OrderedJson& item : value) {
      check(schema["items"], item, path + "[" + std::to_string(index++) + "]");
    }
  }

  void check_members(const OrderedJson& schema, const OrderedJson& value, const std::string& path) {
    if (!schema.contains("properties")) return;
    const OrderedJson& properties = schema["properties"];
    for (const auto& [name, member] : value.items()) {
      if (properties.contains(name)) {
        check(properties[name], member, path + "." + name);
      } else {
        complain(path, "has the undeclared field \"" + name + "\"");
      }
    }
    for (const OrderedJson& name : schema.value("required", OrderedJson::array())) {
      if (!value.contains(name.get<std::string>()))
        complain(path, "lacks the field " + name.dump());
    }
  }

  const SchemaBook& book_;
  std::vector<std::string>& complaints_;
};

}  // namespace

void check_schema(const OrderedJson& schema, const SchemaBook& book, const OrderedJson& value,
                  const std::string& path, std::vector<std::string>& complaints) {
  Checker(book, complaints).check(schema, value, path);
}

}  // namespace coupon::http
