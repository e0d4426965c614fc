#include "coupond/core/ids.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>

#include "coupond/core/bytes.h"

namespace coupon::core {
namespace {

constexpr std::size_t kUuidSize = 36;
constexpr std::size_t kObjectIdSize = 24;
constexpr std::size_t kIdDigitsMax = 18;  // each such number fits

bool is_dash_position(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

bool is_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool all_of(std::string_view text, bool (*kind)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), kind);
}

}  // namespace

std::string uuid4(const Random& random) {
  Block<16> bytes;
  random(bytes);
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);  // version 4
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);  // the RFC's variant
  std::string text = to_hex(bytes);
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) text.insert(dash, 1, '-');
  return text;
}

bool is_uuid(std::string_view text) {
  if (text.size() != kUuidSize) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_dash_position(i) ? text[i] != '-' : !is_hex_digit(text[i])) return false;
  }
  return true;
}

std::optional<std::int64_t> parse_id(std::string_view text) {
  if (text.size() > kIdDigitsMax || !all_of(text, is_digit) || text.front() == '0') {
    return std::nullopt;
  }
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool could_be_id(std::string_view name) {
  for (const std::string_view mark : {"id:", "user:", "slug:", "external:"}) {
    if (name.starts_with(mark)) return true;
  }
  if (is_uuid(name) || (name.size() == kObjectIdSize && all_of(name, is_hex_digit))) return true;
  if (name.starts_with('+') || name.starts_with('-')) name.remove_prefix(1);
  return all_of(name, is_digit);
}

}  // namespace coupon::core
