// /openapi.json by the rules of a strict linter, so that any generator makes a client of it.
#include <catch2/catch.hpp>
#include <functional>
#include <regex>
#include <set>

#include "tests/support/api_fixture.h"

using nlohmann::json;

namespace {

const json& document() {
  static const json read = coupon::test::ApiFixture().get("/openapi.json").body;
  return read;
}

using Visit = std::function<void(const std::string& path, const json& operation)>;

void each_operation(const Visit& visit) {
  for (const auto& [path, item] : document().at("paths").items()) {
    for (const auto& [method, operation] : item.items()) {
      INFO(method << " " << path);
      visit(path, operation);
    }
  }
}

const json& resolved(const json& node) {
  if (!node.contains("$ref")) return node;
  return document().at(json::json_pointer(node["$ref"].get<std::string>().substr(1)));
}

void each_node(const json& node, const std::function<void(const json&)>& visit) {
  visit(node);
  if (!node.is_structured()) return;
  for (const json& child : node) each_node(child, visit);
}

std::vector<std::string> segments(const std::string& path) {
  std::vector<std::string> out;
  std::istringstream in(path.substr(1));
  for (std::string one; std::getline(in, one, '/');) out.push_back(one);
  return out;
}

// Whether one request path fits both, and neither is the more exact one.
bool ambiguous(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a.size() != b.size()) return false;
  int open_a = 0;
  int open_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool a_is_open = a[i].starts_with('{');
    const bool b_is_open = b[i].starts_with('{');
    open_a += a_is_open ? 1 : 0;
    open_b += b_is_open ? 1 : 0;
    if (!a_is_open && !b_is_open && a[i] != b[i]) return false;
  }
  return open_a == open_b;
}

}  // namespace

TEST_CASE("every operation says what it is and what comes of it", "[openapi]") {
  std::set<std::string> ids;
  std::set<std::string> tags;
  for (const json& tag : document().at("tags")) tags.insert(tag.at("name").get<std::string>());
  each_operation([&](const std::string&, const json& operation) {
    CHECK(ids.insert(operation.at("operationId").get<std::string>()).second);
    CHECK_FALSE(operation.at("summary").get<std::string>().empty());
    for (const json& tag : operation.at("tags")) CHECK(tags.count(tag.get<std::string>()) == 1);
    CHECK(operation.contains("security"));
    bool success = false;
    bool refusal = false;
    for (const auto& [status, response] : operation.at("responses").items()) {
      CHECK(std::regex_match(status, std::regex("[2345][0-9][0-9]")));
      CHECK_FALSE(resolved(response).at("description").get<std::string>().empty());
      success = success || status[0] == '2' || status[0] == '3';
      refusal = refusal || status[0] == '4';
    }
    CHECK(success);
    CHECK(refusal);
  });
  CHECK(ids.size() > 80);
}

TEST_CASE("paths declare their placeholders and each input comes once", "[openapi]") {
  each_operation([&](const std::string& path, const json& operation) {
    std::set<std::string> open;
    for (const std::string& one : segments(path)) {
      if (one.starts_with('{')) open.insert(one.substr(1, one.size() - 2));
    }
    std::set<std::pair<std::string, std::string>> seen;
    for (const json& reference : operation.value("parameters", json::array())) {
      const json& parameter = resolved(reference);
      CHECK(seen.emplace(parameter.at("in"), parameter.at("name")).second);
      CHECK(parameter.contains("schema"));
      if (parameter.at("in") == "path") {
        CHECK(parameter.at("required") == true);
        CHECK(open.erase(parameter.at("name").get<std::string>()) == 1);
      }
      if (parameter.at("schema").contains("default")) CHECK(parameter.at("required") == false);
    }
    CHECK(open.empty());
  });
}

TEST_CASE("nothing optional looks required to a generator", "[openapi]") {
  for (const auto& [name, schema] : document().at("components").at("schemas").items()) {
    CAPTURE(name);
    for (const auto& [field, property] : schema.at("properties").items()) {
      CAPTURE(field);
      CHECK_FALSE(property.contains("default"));
    }
    for (const json& field : schema.value("required", json::array())) {
      CHECK(schema.at("properties").contains(field.get<std::string>()));
    }
  }
}

TEST_CASE("every reference of the document leads somewhere", "[openapi]") {
  std::size_t references = 0;
  each_node(document(), [&](const json& node) {
    if (!node.is_object() || !node.contains("$ref")) return;
    const auto place = node["$ref"].get<std::string>();
    CAPTURE(place);
    CHECK(document().contains(json::json_pointer(place.substr(1))));
    ++references;
  });
  CHECK(references > 300);
}

TEST_CASE("no two paths of the document could be one request", "[openapi]") {
  std::vector<std::string> paths;
  for (const auto& [path, item] : document().at("paths").items()) paths.push_back(path);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    for (std::size_t k = i + 1; k < paths.size(); ++k) {
      INFO(paths[i] << " and " << paths[k]);
      CHECK_FALSE(ambiguous(segments(paths[i]), segments(paths[k])));
    }
  }
}
