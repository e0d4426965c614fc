#include "coupond/core/net.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace coupon::core {
namespace {

constexpr std::size_t kV4At = 12;  // where an IPv4 address begins in its mapped form
constexpr Block<12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

Error not_a_network(std::string_view text) {
  return {.reason = Reason::kInvalidRequest,
          .message = "Not a network: " + std::string(text) +
                     ". Write an address and the length of its prefix, such as 10.0.0.0/8"};
}

// "0" to `most`, without sign, spaces or leading zeros.
std::optional<int> prefix_length(std::string_view digits, int most) {
  int value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc() || stop != end || value < 0 || value > most) return std::nullopt;
  if (digits != std::to_string(value)) return std::nullopt;
  return value;
}

bool bit(const Block<16>& bytes, int at) {
  const auto index = static_cast<std::size_t>(at);
  return (bytes[index / 8] >> (7 - index % 8) & 1) != 0;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  const std::string copy(text);  // inet_pton wants a NUL at the end
  IpAddress address;
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes_.data()) == 1) return address;
  std::copy(kMapped.begin(), kMapped.end(), address.bytes_.begin());
  if (inet_pton(AF_INET, copy.c_str(), address.bytes_.data() + kV4At) == 1) return address;
  return std::nullopt;
}

bool IpAddress::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin()); }

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes_[kV4At] == 127;
  return bytes_.back() == 1 &&
         std::all_of(bytes_.begin(), bytes_.end() - 1, [](unsigned char b) { return b == 0; });
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (is_v4()) {
    inet_ntop(AF_INET, bytes_.data() + kV4At, text, sizeof text);
  } else {
    inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
  }
  return text;
}

std::string IpAddress::rate_key() const {
  if (is_v4()) return to_string();
  IpAddress subnet = *this;
  std::fill(subnet.bytes_.begin() + 8, subnet.bytes_.end(), static_cast<unsigned char>(0));
  return subnet.to_string() + "/64";
}

Result<Cidr> Cidr::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::optional<IpAddress> address = IpAddress::parse(text.substr(0, slash));
  if (!address) return not_a_network(text);
  Cidr cidr;
  cidr.network_ = *address;
  if (slash == std::string_view::npos) return cidr;

  // The text decides what the length counts: "::ffff:10.0.0.0/104" is an IPv6 network.
  const bool as_v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  const std::optional<int> length = prefix_length(text.substr(slash + 1), as_v4 ? 32 : 128);
  if (!length) return not_a_network(text);
  cidr.prefix_bits_ = *length + (as_v4 ? 96 : 0);
  for (int at = cidr.prefix_bits_; at < 128; ++at) {
    if (bit(address->bytes_, at)) return not_a_network(text);
  }
  return cidr;
}

bool Cidr::contains(const IpAddress& address) const {
  for (int at = 0; at < prefix_bits_; ++at) {
    if (bit(network_.bytes_, at) != bit(address.bytes_, at)) return false;
  }
  return true;
}

}  // namespace coupon::core
