#include "coupond/http/json.h"

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <vector>

namespace coupon::http {
namespace {

core::Error invalid_json(std::string message) {
  return {.reason = core::Reason::kInvalidJson, .message = std::move(message)};
}

// Builds the value while nlohmann's parser reads, and stops it at the first thing we do not take.
// nlohmann's own builder lets the last of two equal keys win and has no limit on depth.
class StrictBuilder {
 public:
  explicit StrictBuilder(std::size_t depth_max) : depth_max_(depth_max) {}

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(std::int64_t value) { return put(value); }
  bool number_unsigned(std::uint64_t value) { return put(value); }
  bool number_float(double value, const std::string&) { return put(value); }
  bool string(std::string& value) { return no_nul(value) && put(std::move(value)); }
  bool binary(Json::binary_t&) { return false; }  // Only binary formats have these.
  bool start_object(std::size_t) { return open(Json::object()); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    if (!no_nul(name)) return false;
    auto [place, fresh] = open_.back()->get_ref<Json::object_t&>().try_emplace(std::move(name));
    if (!fresh) {
      return stop("The body has the field \"" + place->first.substr(0, 64) + "\" twice");
    }
    value_ = &place->second;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) {
    return stop("The body is not valid JSON (at byte " + std::to_string(position) + ")");
  }

  core::Result<Json> result(bool complete) {
    if (!complete) return invalid_json(std::move(complaint_));
    return std::move(root_);
  }

 private:
  bool stop(std::string complaint) {
    complaint_ = std::move(complaint);
    return false;
  }

  bool no_nul(const std::string& text) {
    return text.find('\0') == std::string::npos || stop("The body has a NUL character in a string");
  }

  // Where the next value belongs: the root, the member whose key came last, or an array's end.
  Json* place() {
    if (open_.empty()) return &root_;
    if (open_.back()->is_object()) return value_;
    return &open_.back()->get_ref<Json::array_t&>().emplace_back();
  }

  template <class Value>
  bool put(Value&& value) {
    *place() = std::forward<Value>(value);
    return true;
  }

  bool open(Json empty) {
    if (open_.size() == depth_max_) {
      return stop("The body is nested deeper than " + std::to_string(depth_max_) + " levels");
    }
    Json* container = place();
    *container = std::move(empty);
    open_.push_back(container);
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  const std::size_t depth_max_;
  Json root_;
  std::vector<Json*> open_;  // Containers being filled. An open one's siblings are complete, so
                             // its address is stable.
  Json* value_ = nullptr;    // Where the value of the last key goes.
  std::string complaint_;
};

// Bytes of the UTF-8 character at the front of `text`, or 0 where there is none: no overlong forms,
// no surrogates, nothing above U+10FFFF (RFC 3629).
std::size_t character_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second > 0x9F;
  const bool beyond = first == 0xF4 && second > 0x8F;
  return overlong || surrogate || beyond ? 0 : length;
}

// What each ASCII byte needs: 0 nothing, 'u' the long form, else the letter after a backslash.
constexpr std::array<char, 256> make_escapes() {
  std::array<char, 256> escapes{};
  for (std::size_t i = 0; i < 0x20; ++i) escapes[i] = 'u';
  for (std::size_t i = 0x80; i < 0x100; ++i) escapes[i] = '8';
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  escapes['\n'] = 'n';
  escapes['\r'] = 'r';
  escapes['\t'] = 't';
  escapes['\b'] = 'b';
  escapes['\f'] = 'f';
  return escapes;
}
constexpr std::array<char, 256> kEscapes = make_escapes();

void append_control(std::string& out, unsigned char byte) {
  constexpr char kHex[] = "0123456789abcdef";
  out += "\\u00";
  out += kHex[byte >> 4];
  out += kHex[byte & 0xF];
}

}  // namespace

core::Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes_max) {
    return invalid_json("The body is longer than " + std::to_string(limits.bytes_max) + " bytes");
  }
  // nlohmann's lexer takes a NUL byte for the end of the text and would not see what follows.
  if (text.find('\0') != std::string_view::npos) {
    return invalid_json("The body has a NUL character");
  }
  StrictBuilder builder(limits.depth_max);
  const bool complete = Json::sax_parse(text.begin(), text.end(), &builder);
  return builder.result(complete);
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t plain = 0;  // Start of the run that can be copied as it is.
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const char escape = kEscapes[byte];
    const std::size_t length = escape == '8' ? character_bytes(text.substr(i)) : 1;
    if (escape == 0 || (escape == '8' && length > 0)) {
      i += length;
      continue;
    }
    out.append(text, plain, i - plain);
    if (escape == '8') {
      out += "\xEF\xBF\xBD";
    } else if (escape == 'u') {
      append_control(out, byte);
    } else {
      out += '\\';
      out += escape;
    }
    plain = ++i;
  }
  out.append(text, plain, text.size() - plain);
  out += '"';
}

void append_json_integer(std::string& out, std::int64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

std::size_t utf8_length(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

}  // namespace coupon::http
