// The smallest JSON that a token's claims need: one flat object of texts, integers and booleans.
// The reader accepts exactly what the writer writes (no white space, one spelling of each value, no
// duplicate name), so parse and write are inverse and there is nothing to interpret. Not for
// requests. Values only: safe on any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace coupon::core {

// Appends `text` as the inside of a JSON string: quote, backslash and controls escaped, the rest
// as it is. `text` should be UTF-8.
void append_json_escaped(std::string& out, std::string_view text);

class FlatJsonWriter {
 public:
  // `name` must not come twice.
  FlatJsonWriter& add(std::string_view name, std::int64_t number);
  FlatJsonWriter& add(std::string_view name, std::string_view text);
  FlatJsonWriter& add_boolean(std::string_view name, bool value);
  bool empty() const { return out_.size() == 1; }
  // All members of another writer that is not finished.
  FlatJsonWriter& add_members(const FlatJsonWriter& other);
  // The object. Call it once, last.
  std::string finish();

 private:
  void add_name(std::string_view name);

  std::string out_ = "{";
};

class FlatJson {
 public:
  // Nothing when it is not such an object: other types, floats, integers beyond 64 bits, more than
  // kTokenClaimsMax names, a name twice, text that is not UTF-8.
  static std::optional<FlatJson> parse(std::string_view json);

  // The value of a name, when there is one of that type.
  std::optional<std::int64_t> number(std::string_view name) const;
  std::optional<std::string> text(std::string_view name) const;
  std::size_t size() const { return fields_.size(); }
  // Writes it again, in the order it was read.
  std::string write() const;

 private:
  struct Field {
    std::string name;
    std::variant<std::int64_t, std::string, bool> value = std::int64_t{0};
  };
  struct Cursor;
  const Field* find(std::string_view name) const;
  bool read_field(Cursor& cursor);

  std::vector<Field> fields_;
};

}  // namespace coupon::core
