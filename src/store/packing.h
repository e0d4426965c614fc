// Numbers and texts behind one another in a string, as change records hold them: small numbers take
// a byte, texts say their length first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace coupon::store {

inline void pack(std::string& to, std::uint64_t number) {
  while (number >= 0x80) {
    to += static_cast<char>(number | 0x80);
    number >>= 7;
  }
  to += static_cast<char>(number);
}

inline void pack(std::string& to, std::string_view text) {
  pack(to, std::uint64_t{text.size()});
  to += text;
}

// Takes from the front of `from`; false, when there is no whole one.
inline bool unpack(std::string_view& from, std::uint64_t& number) {
  number = 0;
  for (unsigned shift = 0; shift < 64 && !from.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(from.front());
    from.remove_prefix(1);
    number |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

inline bool unpack(std::string_view& from, std::string_view& text) {
  std::uint64_t size = 0;
  if (!unpack(from, size) || size > from.size()) return false;
  text = from.substr(0, static_cast<std::size_t>(size));
  from.remove_prefix(text.size());
  return true;
}

// Any number, small ones of either sign in a byte.
inline void pack_signed(std::string& to, std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number);
  pack(to, (bits << 1) ^ (number < 0 ? ~std::uint64_t{0} : 0));
}

inline bool unpack_signed(std::string_view& from, std::int64_t& number) {
  std::uint64_t bits = 0;
  if (!unpack(from, bits)) return false;
  number = static_cast<std::int64_t>((bits >> 1) ^ ((bits & 1) != 0 ? ~std::uint64_t{0} : 0));
  return true;
}

}  // namespace coupon::store
