#include "src/http/route_text.h"

namespace coupon::http {
namespace {

// Takes the segment at the front of "/a/b" and leaves "/b".
std::string_view next_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

bool is_variable(std::string_view segment) { return segment.starts_with('{'); }

}  // namespace

std::pair<std::string, std::string> split_route(std::string_view route) {
  const std::size_t space = route.find(' ');
  if (space == std::string_view::npos || !route.substr(space + 1).starts_with('/')) return {};
  return {std::string(route.substr(0, space)), std::string(route.substr(space + 1))};
}

std::vector<std::string> placeholders(std::string_view path) {
  std::vector<std::string> names;
  while (!path.empty()) {
    const std::string_view segment = next_segment(path);
    if (is_variable(segment)) names.emplace_back(segment.substr(1, segment.size() - 2));
  }
  return names;
}

bool path_matches(std::string_view pattern, std::string_view path) {
  while (!pattern.empty() && !path.empty()) {
    const std::string_view want = next_segment(pattern);
    const std::string_view got = next_segment(path);
    if (is_variable(want) ? got.empty() : want != got) return false;
  }
  return pattern.empty() && path.empty();
}

std::string precedence(std::string_view pattern) {
  std::string order;
  while (!pattern.empty()) order += is_variable(next_segment(pattern)) ? '1' : '0';
  return order;
}

}  // namespace coupon::http
