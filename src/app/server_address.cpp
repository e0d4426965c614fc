#include "coupond/app/server_address.h"

#include <unistd.h>

#include <fstream>

#include "coupond/core/net.h"

namespace coupon::app {

std::string url_of(const std::string& host, int port) {
  const bool v6 = host.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string local_url(const std::string& host, int port) {
  const auto address = core::IpAddress::parse(host);
  if (address == core::IpAddress::parse("0.0.0.0")) return url_of("127.0.0.1", port);
  if (address == core::IpAddress::parse("::")) return url_of("::1", port);
  return url_of(host, port);
}

void note_serving(const store::DataPaths& paths, const std::string& url) {
  ::unlink(paths.serving.c_str());
  std::ofstream(paths.serving) << url << "\n";
}

void forget_serving(const store::DataPaths& paths) { ::unlink(paths.serving.c_str()); }

std::optional<std::string> serving_url(const store::DataPaths& paths) {
  if (store::DataLock::holder(paths) == 0) return std::nullopt;
  std::ifstream file(paths.serving);
  std::string url;
  if (!std::getline(file, url) || !url.starts_with("http://")) return std::nullopt;
  return url;
}

}  // namespace coupon::app
