#include "coupond/http/trusted_proxies.h"

#include <algorithm>

#include "coupond/core/trim.h"

namespace coupon::http {
namespace {

// The elements of all headers of that name, which together are one list.
std::vector<std::string_view> list_elements(const Request& request, std::string_view name) {
  std::vector<std::string_view> elements;
  for (const auto& [key, value] : request.headers) {
    if (!equal_ignoring_case(key, name)) continue;
    std::string_view rest = value;
    for (;;) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      elements.push_back(core::trimmed(rest.substr(0, comma)));
      if (comma == rest.size()) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return elements;
}

// Some proxies write a port: "192.0.2.1:80", "[2001:db8::1]:80".
std::optional<core::IpAddress> parse_hop(std::string_view text) {
  if (text.starts_with('[')) {
    return core::IpAddress::parse(text.substr(1, std::min(text.find(']'), text.size()) - 1));
  }
  const bool v4_with_port = std::ranges::count(text, ':') == 1;
  return core::IpAddress::parse(v4_with_port ? text.substr(0, text.find(':')) : text);
}

}  // namespace

core::Result<TrustedProxies> TrustedProxies::parse(const std::vector<std::string>& networks) {
  TrustedProxies proxies;
  for (const std::string& text : networks) {
    auto network = core::Cidr::parse(text);
    if (!network) return network.error();
    proxies.networks_.push_back(*network);
  }
  return proxies;
}

bool TrustedProxies::trusts(const core::IpAddress& address) const {
  return std::ranges::any_of(networks_,
                             [&](const core::Cidr& network) { return network.contains(address); });
}

bool TrustedProxies::resolve(Request& request) const {
  request.client_address = request.peer_address;
  request.https = false;
  auto hop = networks_.empty() ? std::nullopt : core::IpAddress::parse(request.peer_address);
  if (!hop || !trusts(*hop)) {
    return !request.header("X-Forwarded-For") && !request.header("X-Forwarded-Proto");
  }

  const auto addresses = list_elements(request, "X-Forwarded-For");
  std::size_t taken = 0;
  while (taken < addresses.size() && trusts(*hop)) {
    const auto next = parse_hop(addresses[addresses.size() - 1 - taken]);
    if (!next) break;
    hop = next;
    ++taken;
  }
  request.client_address = hop->to_string();

  // Each proxy adds one entry, or the last one alone writes one for all.
  const auto protocols = list_elements(request, "X-Forwarded-Proto");
  if (protocols.empty()) return true;
  const std::size_t from_right = std::clamp<std::size_t>(taken, 1, protocols.size());
  request.https = equal_ignoring_case(protocols[protocols.size() - from_right], "https");
  return true;
}

}  // namespace coupon::http
