// IP addresses and networks: for trusted proxies and rate limits. Values only: safe on any thread.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/bytes.h"
#include "coupond/core/result.h"

namespace coupon::core {

// An IPv4 or IPv6 address. IPv4 is held as ::ffff:a.b.c.d, so that an IPv4-mapped IPv6 address and
// the IPv4 address it stands for are the same value.
class IpAddress {
 public:
  // Strict: no name, no zone, no port, no octal or short forms.
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_v4() const;
  bool is_loopback() const;
  std::string to_string() const;
  // Whom a rate limit counts: an IPv4 address, or the /64 of an IPv6 one, because a subscriber has
  // all 2^64 addresses of it.
  std::string rate_key() const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  friend class Cidr;
  Block<16> bytes_{};
};

class Cidr {
 public:
  // "10.0.0.0/8", "2001:db8::/32", or an address alone. kInvalidRequest with a sentence; bits
  // beyond the prefix must be zero, because "10.1.2.3/8" is a typing error more often than not.
  static Result<Cidr> parse(std::string_view text);

  bool contains(const IpAddress& address) const;

 private:
  Cidr() = default;

  IpAddress network_;
  int prefix_bits_ = 128;  // of the 128, IPv4 networks from 96 on
};

}  // namespace coupon::core
