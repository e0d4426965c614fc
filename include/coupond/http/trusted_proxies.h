// Whose word on the client's address is believed. By default nobody's: forwarded headers are then
// ignored. Values only; const functions are safe on any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/net.h"
#include "coupond/core/result.h"
#include "coupond/http/request.h"

namespace coupon::http {

class TrustedProxies {
 public:
  TrustedProxies() = default;

  // Each entry is an address or a network: "10.0.0.0/8", "::1". kInvalidRequest names a bad one.
  static core::Result<TrustedProxies> parse(const std::vector<std::string>& networks);

  bool trusts(const core::IpAddress& address) const;

  // Fills client_address and https from peer_address and, when that is trusted, X-Forwarded-For
  // and X-Forwarded-Proto. The list is walked from the right, the end our own proxy wrote, to the
  // first address that is not trusted; an unreadable entry ends the walk at the last good one.
  // False where such a header was ignored, because who sent it is not trusted.
  bool resolve(Request& request) const;

 private:
  std::vector<core::Cidr> networks_;
};

}  // namespace coupon::http
