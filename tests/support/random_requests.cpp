#include "tests/support/random_requests.h"

#include <algorithm>
#include <stdexcept>

#include "coupond/http/uri.h"

namespace coupon::test {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kKnownMax = 50;  // values kept for a name; older ones give way
constexpr int kDepthMax = 4;

// A reply's field may be sent under other names.
const std::map<std::string, std::vector<std::string>> kOtherNames = {
    {"campaign", {"slug", "uuid", "id", "campaign_id"}},
    {"couponBookId", {"id", "objectId", "slug"}},
    {"user_id", {"id", "user_id", "uuid"}},
    {"userId", {"id", "user_id", "uuid"}},
    {"coupon", {"code", "id"}},
    {"cursor", {"next_cursor"}},
    {"after", {"seq"}},
    {"token", {"token", "refresh_token"}},
};

// Fields whose size decides how long the server works, or waits.
bool is_costly(const std::string& name) {
  const std::string_view names[] = {"count", "totalCodes", "wait", "total", "quantity"};
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::string as_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string type_of(const Json& schema, std::uint64_t choice) {
  const auto type = schema.find("type");
  if (type == schema.end()) return "object";
  return type->is_array() ? type->at(choice % type->size()).get<std::string>()
                          : type->get<std::string>();
}

}  // namespace

RandomRequests::RandomRequests(Json document, std::uint64_t seed)
    : document_(std::move(document)), random_(seed) {
  for (const auto& [path, methods] : document_.at("paths").items()) {
    for (const auto& [name, declared] : methods.items()) {
      std::string method = name;
      for (char& c : method) c = static_cast<char>(c - 'a' + 'A');
      operations_.push_back({.path = path, .method = method, .declared = declared});
    }
  }
}

const Json& RandomRequests::resolved(const Json& schema) const {
  const auto reference = schema.find("$ref");
  if (reference == schema.end()) return schema;
  return document_.at(Json::json_pointer(reference->get<std::string>().substr(1)));
}

RandomRequest RandomRequests::next() {
  const Operation& chosen = operations_[below(operations_.size())];
  const Json& declared = chosen.declared;
  RandomRequest request{.operation = declared.at("operationId").get<std::string>(),
                        .method = chosen.method,
                        .target = chosen.path,
                        .headers = {},
                        .body = {},
                        .statuses = {}};
  for (const auto& response : declared.at("responses").items()) {
    request.statuses.push_back(std::stoi(response.key()));
  }
  std::string query;
  for (const Json& parameter : declared.value("parameters", Json::array())) {
    add_parameter(resolved(parameter), request, query);
  }
  if (once_in(30)) query += "&surprise=1";
  if (!query.empty()) request.target += '?' + query.substr(1);
  if (declared.contains("requestBody")) {
    add_body(declared.at("requestBody").at("content"), request);
  }
  return request;
}

void RandomRequests::add_parameter(const Json& parameter, RandomRequest& request,
                                   std::string& query) {
  const std::string name = parameter.at("name").get<std::string>();
  const std::string in = parameter.at("in").get<std::string>();
  if (in != "path" && !once_in(3)) return;
  if (name == "Idempotency-Key") {
    request.headers.emplace_back(name, once_in(20) ? word(300) : "key " + word(1));
    return;
  }
  const Json& schema = resolved(parameter.at("schema"));
  // Another value than one of a path's few is another path, and none of the document's.
  const bool fixed = in == "path" && schema.contains("enum");
  const Json made = fixed         ? schema["enum"][below(schema["enum"].size())]
                    : once_in(12) ? nonsense()
                                  : value(name, schema, 0);
  std::string encoded = http::percent_encode(as_text(made));
  if (encoded.empty()) encoded = "-";  // an empty segment would be another path
  if (in != "path") {
    query += '&' + name + '=' + encoded;
    return;
  }
  const std::string place = '{' + name + '}';
  const std::size_t at = request.target.find(place);
  if (at == std::string::npos) throw std::runtime_error(request.target + " has no " + place);
  request.target.replace(at, place.size(), encoded);
}

void RandomRequests::add_body(const Json& content, RandomRequest& request) {
  if (once_in(25)) return;
  const auto chosen =
      std::next(content.begin(), static_cast<std::ptrdiff_t>(below(content.size())));
  Json body = value("", resolved(chosen.value().at("schema")), 0);
  if (chosen.key() == "application/json") {
    if (once_in(4)) spoil(body);
    request.body = body.dump();
    if (once_in(40)) request.body.resize(request.body.size() / 2);
  } else if (chosen.key() == "application/x-www-form-urlencoded" && body.is_object()) {
    for (const auto& [name, item] : body.items()) {
      request.body += '&' + http::percent_encode(name) + '=' + http::percent_encode(as_text(item));
    }
  } else {
    request.body = as_text(body) + '\n' + word(8);
  }
  const bool wrong_type = once_in(40);
  request.headers.emplace_back("Content-Type", wrong_type ? "image/png" : chosen.key());
}

Json RandomRequests::value(const std::string& name, const Json& schema, int depth) {
  if (!once_in(4)) {
    if (Json found = known(name); !found.is_null()) return found;
  }
  if (schema.contains("enum")) return schema["enum"][below(schema["enum"].size())];
  const std::string type = type_of(schema, below(8));
  if (type == "integer") return number(name, schema);
  if (type == "boolean") return once_in(2);
  if (type == "string") return text(schema);
  if (type == "null" || depth == kDepthMax) return nullptr;
  if (type == "object") return object(schema, depth);
  Json list = Json::array();
  const std::size_t items = below(4);
  while (list.size() < items) list.push_back(value(name, resolved(schema.at("items")), depth + 1));
  return list;
}

Json RandomRequests::object(const Json& schema, int depth) {
  Json made = Json::object();
  const Json required = schema.value("required", Json::array());
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [name, field] : properties.items()) {
    const bool needed = std::find(required.begin(), required.end(), name) != required.end();
    if (needed || once_in(2)) made[name] = value(name, resolved(field), depth + 1);
  }
  return made;
}

Json RandomRequests::known(const std::string& name) {
  const auto others = kOtherNames.find(name);
  const std::vector<std::string> names =
      others == kOtherNames.end() ? std::vector<std::string>{name} : others->second;
  const auto found = known_.find(names[below(names.size())]);
  if (found == known_.end()) return nullptr;
  return found->second[below(found->second.size())];
}

Json RandomRequests::number(const std::string& name, const Json& schema) {
  const auto min = schema.value("minimum", std::int64_t{0});
  const auto max = schema.value("maximum", std::int64_t{1} << 53);
  if (is_costly(name)) return min + static_cast<std::int64_t>(name == "wait" ? 0 : below(20));
  switch (below(8)) {
    case 0:
      return min;
    case 1:
      return max;
    case 2:
      return min - 1;
    case 3:
      return max + 1;
    default:
      return std::min(max, min + static_cast<std::int64_t>(below(12)));
  }
}

std::string RandomRequests::text(const Json& schema) {
  const std::string format = schema.value("format", std::string());
  if (format == "email") return word(6) + "@example.com";
  if (format == "date-time") {
    return "20" + std::to_string(20 + below(20)) + "-0" + std::to_string(1 + below(9)) +
           "-15T00:00:00Z";
  }
  const auto min = schema.value("minLength", std::uint64_t{0});
  const auto max = std::min<std::uint64_t>(schema.value("maxLength", std::uint64_t{64}), 5000);
  if (once_in(15)) return word(max + below(2));
  if (once_in(15)) return std::string("\xF0\x9F\x8E\x81 \"quoted\" \\ ") + word(3);
  return word(std::clamp<std::uint64_t>(1 + below(12), min, std::max(min, max)));
}

std::string RandomRequests::word(std::size_t length) {
  constexpr std::string_view kLetters = "ABCDEFGHJKMNPQRSTVWXYZabcdef0123456789";
  std::string made;
  while (made.size() < length) made += kLetters[below(kLetters.size())];
  return made;
}

Json RandomRequests::nonsense() {
  const Json choices[] = {nullptr,
                          -1,
                          0,
                          std::int64_t{9'223'372'036'854'775'807},
                          1.5,
                          true,
                          "",
                          "..",
                          "' OR 1=1 --",
                          "%00",
                          Json::array({1, Json::object()}),
                          {{"", {{"", 1}}}}};
  return choices[below(std::size(choices))];
}

// Makes a good body bad in one place, or in its whole.
void RandomRequests::spoil(Json& body) {
  if (!body.is_object() || body.empty() || once_in(8)) {
    body = nonsense();
    return;
  }
  const auto place = std::next(body.begin(), static_cast<std::ptrdiff_t>(below(body.size())));
  if (once_in(3)) {
    body.erase(place);
  } else if (once_in(4)) {
    body["surprise"] = nonsense();
  } else if (place->is_object() && once_in(2)) {
    spoil(*place);
  } else {
    *place = nonsense();
  }
}

void RandomRequests::learn(const Json& reply) {
  if (reply.is_array()) {
    for (const Json& item : reply) learn(item);
  }
  if (!reply.is_object()) return;
  for (const auto& [name, item] : reply.items()) {
    learn(item);
    const bool worth_it = item.is_string() || (item.is_number_integer() && !is_costly(name));
    if (!worth_it || name == "wait") continue;
    std::vector<Json>& values = known_[name];
    if (values.size() < kKnownMax) {
      values.push_back(item);
    } else {
      values[below(kKnownMax)] = item;
    }
  }
}

}  // namespace coupon::test
