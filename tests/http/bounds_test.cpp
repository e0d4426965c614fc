// Goal: every number the API takes is kept whole or refused, with a reason, and a refusal changes
// nothing. Method: each integer that the served document declares is sent at both ends of its range
// and beyond them, in a request that is good otherwise; afterwards the books are verified.
#include <catch2/catch.hpp>
#include <iostream>

#include "coupond/http/uri.h"
#include "tests/support/api_fixture.h"

using namespace coupon;
using nlohmann::json;
using test::ApiFixture;
using test::ApiReply;

namespace {

// One integer of one operation. `body` is empty for those of the path and the query.
struct Number {
  std::string operation;
  std::string method;
  std::string path;
  std::string place;            // "path", "query" or the body's media type
  std::vector<std::string> at;  // its name, and the names of the objects it is in
  json schema;                  // its own
  json declared;                // the operation
};

std::string text_of(const json& object, const char* name) {
  return object.at(name).get<std::string>();
}

class BoundsShop {
 public:
  BoundsShop() : document_(json::parse(api_.get("/openapi.json").raw.body)) {
    user_ = api_.make_person("user").uuid;
    campaign_ = made("/api/v1/campaigns", R"({"name":"Pool","mode":"pool","max_issued":40})")
                    .body.at("slug")
                    .get<std::string>();
    codes_ = made("/api/v1/campaigns/" + campaign_ + "/codes", R"({"count":20})").body.at("codes");
  }

  std::vector<Number> numbers() const {
    std::vector<Number> found;
    for (const auto& [path, methods] : document_.at("paths").items()) {
      for (const auto& [method, declared] : methods.items()) {
        Number number{.operation = text_of(declared, "operationId"),
                      .method = method,
                      .path = path,
                      .place = {},
                      .at = {},
                      .schema = {},
                      .declared = declared};
        for (char& c : number.method) c = static_cast<char>(c - 'a' + 'A');
        for (const json& parameter : declared.value("parameters", json::array())) {
          const json& given = resolved(parameter);
          number.place = text_of(given, "in");
          number.at = {text_of(given, "name")};
          collect(given.at("schema"), number, found);
        }
        if (!declared.contains("requestBody")) continue;
        for (const auto& [type, content] : declared["requestBody"]["content"].items()) {
          number.place = type;
          number.at = {};
          collect(content.at("schema"), number, found);
        }
      }
    }
    return found;
  }

  ApiReply send(const Number& number, const std::string& value) {
    ++sent_;
    std::string target = number.path;
    std::string query;
    for (const json& parameter : number.declared.value("parameters", json::array())) {
      const json& given = resolved(parameter);
      const std::string name = text_of(given, "name");
      const bool it = number.at.front() == name && given.at("in") == number.place;
      const std::string text = it ? value : as_text(plain(name, given.at("schema")));
      const std::size_t at = target.find('{' + name + '}');
      if (given.at("in") == "path") {
        target.replace(at, name.size() + 2, http::percent_encode(text));
      } else if (given.at("in") == "query" && it) {
        query = "?" + name + "=" + http::percent_encode(text);
      }
    }
    ApiFixture::Headers headers;
    std::string body;
    if (number.declared.contains("requestBody")) {
      const json& contents = number.declared["requestBody"]["content"];
      const std::string type =
          contents.contains(number.place) ? number.place : contents.begin().key();
      headers.emplace_back("Content-Type", type);
      body = body_of(number, type, contents[type]["schema"], value);
    }
    return api_.send(number.method, target + query, api_.admin().token, body, headers);
  }

  // All but those of a job that a number at its end began: it goes on meanwhile.
  std::int64_t entries() {
    return api_.engine().number("SELECT count(*) FROM ledger WHERE actor NOT LIKE 'job:%'");
  }
  std::int64_t jobs() { return api_.engine().number("SELECT count(*) FROM jobs"); }
  bool is_sound() { return api_.is_sound(); }

 private:
  ApiReply made(const std::string& target, const std::string& body) {
    ApiReply reply = api_.post(target, api_.admin().token, body);
    REQUIRE(reply.status == 201);
    return reply;
  }

  const json& resolved(const json& schema) const {
    const auto reference = schema.find("$ref");
    if (reference == schema.end()) return schema;
    return document_.at(json::json_pointer(reference->get<std::string>().substr(1)));
  }

  static bool is(const json& schema, const char* type) {
    const auto given = schema.find("type");
    if (given == schema.end()) return false;
    return given->is_array() ? std::find(given->begin(), given->end(), type) != given->end()
                             : *given == type;
  }

  void collect(const json& reference, const Number& number, std::vector<Number>& found) const {
    const json& schema = resolved(reference);
    if (is(schema, "integer")) {
      found.push_back(number);
      found.back().schema = schema;
    }
    const json properties = schema.value("properties", json::object());
    for (const auto& [name, field] : properties.items()) {
      Number inner = number;
      inner.at.push_back(name);
      collect(field, inner, found);
    }
  }

  // Something that is fit for the field, so that only the number decides.
  json plain(const std::string& name, const json& reference) {
    const json& schema = resolved(reference);
    const std::string unique = "n" + std::to_string(sent_);
    if (schema.contains("enum")) return name == "mode" ? json("pool") : schema["enum"].front();
    if (name == "campaign" || name == "couponBookId") return campaign_;
    if (name == "user_id" || name == "userId") return is(schema, "integer") ? json(1) : json(user_);
    if (name == "code" || name == "coupon")
      return codes_[static_cast<std::size_t>(sent_) % codes_.size()];
    if (is(schema, "integer")) return std::max<std::int64_t>(1, schema.value("minimum", 1));
    if (is(schema, "boolean")) return true;
    if (is(schema, "object")) return object(schema, {}, {});
    if (is(schema, "array")) return json::array();
    if (schema.value("format", "") == "email") return unique + "@example.com";
    if (schema.value("format", "") == "date-time") return "2030-01-01T00:00:00Z";
    if (name.find("password") != std::string::npos) return "Correct horse 1";
    if (name == "kind") return "credit";
    return unique;
  }

  // The required fields, and those on the way to the number.
  json object(const json& reference, std::vector<std::string> way, const std::string& value) {
    const json& schema = resolved(reference);
    const json required = schema.value("required", json::array());
    json made = json::object();
    const json properties = schema.value("properties", json::object());
    for (const auto& [name, field] : properties.items()) {
      const bool on_the_way = !way.empty() && way.front() == name;
      if (on_the_way && way.size() == 1) {
        made[name] = kPlace;
      } else if (on_the_way) {
        made[name] = object(field, {way.begin() + 1, way.end()}, value);
      } else if (std::find(required.begin(), required.end(), name) != required.end()) {
        made[name] = plain(name, field);
      }
    }
    return made;
  }

  std::string body_of(const Number& number, const std::string& type, const json& schema,
                      const std::string& value) {
    const bool here = number.place == type;
    const json body = object(schema, here ? number.at : std::vector<std::string>{}, value);
    if (type == "application/json") {
      // As text: no integer type of ours could hold some of the values.
      std::string text = body.dump();
      const std::string place = '"' + std::string(kPlace) + '"';
      const std::size_t at = text.find(place);
      if (at != std::string::npos) text.replace(at, place.size(), value);
      return text;
    }
    std::string text;
    for (const auto& [name, item] : body.items()) {
      const std::string given = item == kPlace ? value : as_text(item);
      text += '&' + http::percent_encode(name) + '=' + http::percent_encode(given);
    }
    return text;
  }

  static std::string as_text(const json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
  }

  static constexpr const char* kPlace = "the number";
  ApiFixture api_;
  const json document_;
  std::string user_;
  std::string campaign_;
  json codes_;
  int sent_ = 0;
};

std::vector<std::string> beyond(const json& schema) {
  std::vector<std::string> values{"-9223372036854775808",
                                  "9223372036854775807",
                                  "9223372036854775808",
                                  "-9223372036854775809",
                                  "1e400",
                                  "1.5"};
  if (schema.contains("minimum")) {
    values.push_back(std::to_string(schema["minimum"].get<std::int64_t>() - 1));
    values.push_back(std::to_string(schema["maximum"].get<std::int64_t>() + 1));
  }
  return values;
}

}  // namespace

TEST_CASE("every number of the API is taken at both ends of its range and refused beyond",
          "[bounds]") {
  BoundsShop shop;
  const auto numbers = shop.numbers();
  REQUIRE(numbers.size() > 60);
  int refused = 0;
  int worked = 0;
  for (const Number& number : numbers) {
    const bool ranged = number.schema.contains("minimum");
    for (const std::string& value : beyond(number.schema)) {
      const std::int64_t entries = shop.entries();
      const std::int64_t jobs = shop.jobs();
      const ApiReply reply = shop.send(number, value);
      INFO(number.operation << ' ' << number.at.back() << " = " << value << " in " << number.place
                            << " answered " << reply.status << ' ' << reply.raw.body);
      CHECK((400 <= reply.status && reply.status < 500));
      CHECK(shop.entries() == entries);
      CHECK(shop.jobs() == jobs);
      ++refused;
    }
    if (!ranged) continue;
    for (const char* end : {"minimum", "maximum"}) {
      const std::string value = number.schema[end].dump();
      const ApiReply reply = shop.send(number, value);
      INFO(number.operation << ' ' << number.at.back() << " = " << value << " in " << number.place
                            << " answered " << reply.status << ' ' << reply.raw.body);
      CHECK(reply.status < 500);
      worked += reply.status < 300 ? 1 : 0;
    }
  }
  CHECK(worked > static_cast<int>(numbers.size()) / 2);
  CHECK(shop.is_sound());
  std::cout << "bounds: " << numbers.size() << " numbers, " << refused << " values refused, "
            << worked << " ends worked\n";
}
