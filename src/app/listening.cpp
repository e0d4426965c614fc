#include "src/app/listening.h"

#include <sys/resource.h>

#include <algorithm>

#include "coupond/core/net.h"
#include "coupond/http/server.h"

namespace coupon::app {

bool is_loopback(const std::string& host) {
  const auto address = core::IpAddress::parse(host);
  return host == "localhost" || (address && address->is_loopback());
}

std::optional<core::Error> exposed(const Settings& settings) {
  if (is_loopback(settings.host)) return std::nullopt;
  if (settings.demo) {
    return core::refuse("A demo, whose passwords are known, does not listen on " + settings.host +
                        ": only on loopback, such as 127.0.0.1:8080.");
  }
  if (settings.beyond_loopback) return std::nullopt;
  return core::refuse(
      "Listening on " + settings.host +
      " would send passwords over the network in the clear. Put a TLS proxy in front and "
      "say --behind-proxy and --trusted-proxy, or say --allow-plain-http.");
}

Connections connections_that_fit(std::size_t wanted) {
  constexpr std::size_t kOwnDescriptors = 48;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {.fit = wanted};
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const auto most = static_cast<std::size_t>(limit.rlim_cur);
  const std::size_t room = most - std::min(most, kOwnDescriptors);
  if (http::Server::descriptors_for(wanted) <= room) return {.fit = wanted, .open_files = most};
  std::size_t fit = room;
  while (fit > 0 && http::Server::descriptors_for(fit) > room) --fit;
  return {.fit = fit, .open_files = most};
}

}  // namespace coupon::app
