#include "src/service/import_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace coupon::service {
namespace {

using nlohmann::json;

// The library writes what is nested by calling itself.
constexpr int kDepthMax = 16;

std::string cell_of(const json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

bool begins_as_json(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (!text.starts_with('{')) return false;
  const std::size_t name = text.find_first_not_of(" \t", 1);
  return name != std::string_view::npos && text[name] == '"';
}

std::optional<std::vector<JsonCell>> cells_of_json(std::string_view line) {
  std::set<std::string> names;
  bool good = true;
  const auto see = [&](int depth, json::parse_event_t event, const json& parsed) {
    const bool is_name = depth == 1 && event == json::parse_event_t::key;
    if (is_name && !names.insert(parsed.get<std::string>()).second) good = false;
    if (depth > kDepthMax) good = false;
    return good;
  };
  const json object = json::parse(line, see, /*allow_exceptions=*/false);
  if (!good || !object.is_object()) return std::nullopt;
  std::vector<JsonCell> cells;
  for (const auto& [name, value] : object.items()) {
    cells.push_back({.name = name, .value = cell_of(value), .is_text = value.is_string()});
  }
  return cells;
}

}  // namespace coupon::service
