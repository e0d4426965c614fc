#include "coupond/core/flat_json.h"

#include <charconv>

#include "coupond/core/bytes.h"
#include "coupond/core/limits.h"

namespace coupon::core {

void append_json_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 0x0f];
    } else {
      out += c;
    }
  }
}

FlatJsonWriter& FlatJsonWriter::add(std::string_view name, std::int64_t number) {
  add_name(name);
  out_ += std::to_string(number);
  return *this;
}

FlatJsonWriter& FlatJsonWriter::add(std::string_view name, std::string_view text) {
  add_name(name);
  out_ += '"';
  append_json_escaped(out_, text);
  out_ += '"';
  return *this;
}

FlatJsonWriter& FlatJsonWriter::add_boolean(std::string_view name, bool value) {
  add_name(name);
  out_ += value ? "true" : "false";
  return *this;
}

FlatJsonWriter& FlatJsonWriter::add_members(const FlatJsonWriter& other) {
  if (other.out_.size() > 1 && out_.size() > 1) out_ += ',';
  out_.append(other.out_, 1);
  return *this;
}

std::string FlatJsonWriter::finish() {
  out_ += '}';
  return std::move(out_);
}

void FlatJsonWriter::add_name(std::string_view name) {
  if (out_.size() > 1) out_ += ',';
  out_ += '"';
  append_json_escaped(out_, name);
  out_ += "\":";
}

// Reads from the left. Each method gives false, or nothing, where the text goes on otherwise.
struct FlatJson::Cursor {
  std::string_view rest;

  bool accept(char c) {
    if (!rest.starts_with(c)) return false;
    rest.remove_prefix(1);
    return true;
  }

  bool accept(std::string_view word) {
    if (!rest.starts_with(word)) return false;
    rest.remove_prefix(word.size());
    return true;
  }

  // Four hex digits of a control character, lower case, as the writer has them.
  std::optional<char> control() {
    unsigned code = 0;
    const std::string_view digits = rest.substr(0, 4);
    const char* end = digits.data() + digits.size();
    if (digits.size() != 4 || std::from_chars(digits.data(), end, code, 16).ptr != end ||
        digits.find_first_of("ABCDEF") != std::string_view::npos ||
        (code >= 0x20 && code != 0x7f)) {
      return std::nullopt;
    }
    rest.remove_prefix(4);
    return static_cast<char>(code);
  }

  std::optional<char> escaped() {
    for (const char c : {'"', '\\'}) {
      if (accept(c)) return c;
    }
    return accept('u') ? control() : std::nullopt;
  }

  std::optional<std::string> text() {
    if (!accept('"')) return std::nullopt;
    std::string out;
    while (true) {
      const std::size_t plain = plain_size();
      out += rest.substr(0, plain);
      rest.remove_prefix(plain);
      if (accept('"')) return out;
      if (!accept('\\')) return std::nullopt;  // a bare control character, or the end
      const std::optional<char> meant = escaped();
      if (!meant) return std::nullopt;
      out += *meant;
    }
  }

  // How many characters from here on stand for themselves.
  std::size_t plain_size() const {
    std::size_t size = 0;
    while (size < rest.size() && static_cast<unsigned char>(rest[size]) >= 0x20 &&
           rest[size] != 0x7f && rest[size] != '"' && rest[size] != '\\') {
      ++size;
    }
    return size;
  }

  std::optional<std::int64_t> number() {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (error != std::errc()) return std::nullopt;
    const std::string_view digits = rest.substr(0, static_cast<std::size_t>(end - rest.data()));
    if (digits != std::to_string(value)) return std::nullopt;  // "-0", "007"
    rest.remove_prefix(digits.size());
    return value;
  }
};

bool FlatJson::read_field(Cursor& cursor) {
  Field field;
  std::optional<std::string> name = cursor.text();
  if (!name || !cursor.accept(':') || find(*name) != nullptr) return false;
  field.name = *std::move(name);
  if (cursor.rest.starts_with('"')) {
    std::optional<std::string> text = cursor.text();
    if (!text) return false;
    field.value = *std::move(text);
  } else if (cursor.accept("true")) {
    field.value = true;
  } else if (cursor.accept("false")) {
    field.value = false;
  } else {
    const std::optional<std::int64_t> number = cursor.number();
    if (!number) return false;
    field.value = *number;
  }
  fields_.push_back(std::move(field));
  return fields_.size() <= limits::kTokenClaimsMax;
}

std::optional<FlatJson> FlatJson::parse(std::string_view json) {
  FlatJson object;
  object.fields_.reserve(8);  // what a token of ours has
  Cursor cursor{json};
  if (!is_utf8(json) || !cursor.accept('{')) return std::nullopt;
  if (!cursor.accept('}')) {
    do {
      if (!object.read_field(cursor)) return std::nullopt;
    } while (cursor.accept(','));
    if (!cursor.accept('}')) return std::nullopt;
  }
  if (!cursor.rest.empty()) return std::nullopt;
  return object;
}

const FlatJson::Field* FlatJson::find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

std::optional<std::int64_t> FlatJson::number(std::string_view name) const {
  const Field* field = find(name);
  const auto* number = field == nullptr ? nullptr : std::get_if<std::int64_t>(&field->value);
  if (number == nullptr) return std::nullopt;
  return *number;
}

std::optional<std::string> FlatJson::text(std::string_view name) const {
  const Field* field = find(name);
  const auto* text = field == nullptr ? nullptr : std::get_if<std::string>(&field->value);
  if (text == nullptr) return std::nullopt;
  return *text;
}

std::string FlatJson::write() const {
  FlatJsonWriter writer;
  for (const Field& field : fields_) {
    if (const auto* text = std::get_if<std::string>(&field.value)) {
      writer.add(field.name, *text);
    } else if (const auto* truth = std::get_if<bool>(&field.value)) {
      writer.add_boolean(field.name, *truth);
    } else {
      writer.add(field.name, std::get<std::int64_t>(field.value));
    }
  }
  return writer.finish();
}

}  // namespace coupon::core
