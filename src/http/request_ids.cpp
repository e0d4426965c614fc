#include "src/http/request_ids.h"

#include <algorithm>

#include "coupond/core/limits.h"

namespace coupon::http {
namespace {

// Narrow on purpose: the id is echoed in a header and written to logs.
bool valid(std::string_view id) {
  if (id.empty() || id.size() > core::limits::kRequestIdMaxBytes) return false;
  return std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

}  // namespace

RequestIds::RequestIds(const core::Random& random) {
  constexpr char kHex[] = "0123456789abcdef";
  unsigned char bytes[4];
  random(bytes);
  for (const unsigned char byte : bytes) prefix_ += {kHex[byte >> 4], kHex[byte & 15]};
  prefix_ += '-';
}

std::string RequestIds::next() {
  return prefix_ + std::to_string(count_.fetch_add(1, std::memory_order_relaxed) + 1);
}

std::string RequestIds::of(const Request& request) {
  const auto own = request.header("X-Request-Id");
  return own && valid(*own) ? std::string(*own) : next();
}

}  // namespace coupon::http
