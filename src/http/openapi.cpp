#include "coupond/http/openapi.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "coupond/core/ascii.h"
#include "coupond/http/reply.h"
#include "src/http/declared.h"
#include "src/http/route_text.h"
#include "src/http/schema.h"

namespace coupon::http {
namespace {

OrderedJson reference(std::string_view kind, std::string_view name) {
  return {{"$ref", "#/components/" + std::string(kind) + "/" + std::string(name)}};
}

OrderedJson security_schemes() {
  const auto bearer = [](std::string_view doc) {
    return OrderedJson{{"type", "http"}, {"scheme", "bearer"}, {"description", doc}};
  };
  OrderedJson schemes = OrderedJson::object();
  schemes["session"] = bearer(
      "The access token of a login. Also accepted as `Authorization: T` and in a header `token: "
      "T`.");
  schemes["session"]["bearerFormat"] = "JWT";
  schemes["api_key"] = bearer("An API key that has the scope named with the endpoint.");
  schemes["refresh_token"] = bearer("The refresh token of a login.");
  return schemes;
}

OrderedJson shared_parameters() {
  OrderedJson key{{"name", "Idempotency-Key"}, {"in", "header"}, {"required", false}};
  key["description"] =
      "The same key and request again get the first answer again, refusals too, for 24 hours.";
  key["schema"] = {{"type", "string"}, {"minLength", 1}, {"maxLength", 255}};
  OrderedJson dry_run{{"name", "dry_run"}, {"in", "query"}, {"required", false}};
  dry_run["description"] =
      "Do everything, answer, and undo it. The reply then has `dry_run: true` too.";
  dry_run["schema"] = {{"type", "boolean"}, {"default", false}};
  return {{"Idempotency-Key", std::move(key)}, {"dry_run", std::move(dry_run)}};
}

OrderedJson shared_headers() {
  const auto header = [](const char* doc, const char* type, const char* example) {
    OrderedJson made{{"description", doc}, {"schema", {{"type", type}}}};
    made["example"] = OrderedJson::parse(example);
    return made;
  };
  OrderedJson headers;
  headers["RateLimit-Policy"] =
      header("The limits that apply: q requests in w seconds each.", "string",
             R"("\"codes-address\";q=30;w=60, \"codes-caller\";q=10;w=60")");
  headers["RateLimit"] =
      header("What is left: r requests now; in t seconds it is all there again.", "string",
             R"("\"codes-address\";r=29;t=2, \"codes-caller\";r=9;t=6")");
  headers["Retry-After"] = header("Seconds after which the request may pass.", "integer", "6");
  return headers;
}

// Adds what a reply says of limits: every one of a limited endpoint, and who is sent away for now.
void add_headers(OrderedJson& response, const Endpoint& endpoint, bool sent_away) {
  const auto add = [&](const char* name) {
    response["headers"][name] = reference("headers", name);
  };
  if (!endpoint.rate.empty()) {
    add("RateLimit-Policy");
    add("RateLimit");
  }
  if (sent_away) add("Retry-After");
}

class Document {
 public:
  explicit Document(const Api& api) : api_(api) {}

  OrderedJson build(const ApiInfo& info) {
    // Replies first: their schemas get the plain names.
    for (const auto& endpoint : api_.endpoints()) register_replies(*endpoint);
    for (const auto& endpoint : api_.endpoints()) add_paths(*endpoint);
    OrderedJson document;
    document["openapi"] = "3.1.0";
    document["info"] = {{"title", info.title}, {"version", info.version}};
    document["info"]["description"] = info.doc;
    document["info"]["license"] = {{"name", "MIT"}, {"identifier", "MIT"}};
    document["servers"] = OrderedJson::array({{{"url", "/"}}});
    document["tags"] = std::move(tags_);
    document["paths"] = std::move(paths_);
    document["components"]["securitySchemes"] = security_schemes();
    document["components"]["parameters"] = shared_parameters();
    document["components"]["headers"] = shared_headers();
    document["components"]["responses"] = responses_;
    document["components"]["schemas"] = schemas_.schemas();
    return document;
  }

 private:
  void register_replies(const Endpoint& endpoint) {
    for (const Answer& answer : endpoint.answers) {
      if (answer.shape != nullptr) schemas_.object(*answer.shape, {});
    }
    schemas_.object(error_shape_of(endpoint), {});
  }

  void add_paths(const Endpoint& endpoint) {
    add_tag(*endpoint.dialect);
    const OrderedJson whole = operation(endpoint);
    add_operation(endpoint.method,
                  endpoint.shown_path.empty() ? endpoint.path : endpoint.shown_path, whole);
    int number = 0;
    for (const std::string& alias : endpoint.aliases) {
      OrderedJson copy = whole;
      copy["operationId"] = endpoint.id + "Alias" + std::to_string(++number);
      copy["summary"] = endpoint.summary + " (alias)";
      copy["description"] = "The same as " + endpoint.route + ".";
      copy["x-alias-of"] = endpoint.id;
      const auto [method, path] = split_route(alias);
      add_operation(method, path, std::move(copy));
    }
  }

  void add_operation(const std::string& method, const std::string& path, OrderedJson operation) {
    std::string anonymous = path;  // Without the placeholders' names.
    for (const std::string& name : placeholders(path)) {
      anonymous.replace(anonymous.find('{' + name + '}'), name.size() + 2, "{}");
    }
    const auto place = spellings_.try_emplace(anonymous, path).first;
    if (place->second != path) {
      throw std::logic_error(path + " and " + place->second + " are one path to OpenAPI");
    }
    paths_[path][core::to_lower(method)] = std::move(operation);
  }

  // Dialects may share a tag; the first that describes it does so for all.
  void add_tag(const Dialect& dialect) {
    auto tag = std::find_if(tags_.begin(), tags_.end(),
                            [&](const OrderedJson& one) { return one["name"] == dialect.tag; });
    if (tag == tags_.end()) tag = tags_.insert(tags_.end(), OrderedJson{{"name", dialect.tag}});
    if (!dialect.doc.empty() && !tag->contains("description")) (*tag)["description"] = dialect.doc;
  }

  OrderedJson operation(const Endpoint& endpoint) {
    OrderedJson operation;
    operation["operationId"] = endpoint.id;
    operation["tags"] = OrderedJson::array({endpoint.dialect->tag});
    operation["summary"] = endpoint.summary;
    if (!endpoint.doc.empty()) operation["description"] = endpoint.doc;
    operation["security"] = security(endpoint);
    OrderedJson list = parameters(endpoint);
    if (!list.empty()) operation["parameters"] = std::move(list);
    OrderedJson body = request_body(endpoint);
    if (!body.is_null()) operation["requestBody"] = std::move(body);
    operation["responses"] = responses(endpoint);
    return operation;
  }

  static OrderedJson security(const Endpoint& endpoint) {
    const auto need = [](std::string_view scheme, std::string_view word) {
      OrderedJson words = OrderedJson::array();
      if (!word.empty()) words.push_back(word);
      return OrderedJson{{scheme, std::move(words)}};
    };
    OrderedJson ways = OrderedJson::array();
    switch (endpoint.auth) {
      case Auth::kNone:
        return ways;
      case Auth::kOptional:
        ways.push_back(OrderedJson::object());
        ways.push_back(need("session", ""));
        break;
      case Auth::kSession:
        ways.push_back(need("session", ""));
        break;
      case Auth::kStaff:
        ways.push_back(need("session", "staff"));
        break;
      case Auth::kAdmin:
        ways.push_back(need("session", "admin"));
        break;
      case Auth::kRefresh:
        ways.push_back(need("refresh_token", ""));
        break;
    }
    for (const std::string_view scope : scopes_of(endpoint)) ways.push_back(need("api_key", scope));
    return ways;
  }

  OrderedJson parameter(const Endpoint& endpoint, const FieldSpec& field, bool in_path) {
    OrderedJson parameter{{"name", field.name}, {"in", in_path ? "path" : "query"}};
    parameter["required"] = in_path || field.required;
    if (!field.doc.empty()) parameter["description"] = field.doc;
    OrderedJson schema =
        schemas_.value(field.value, {.request = true, .strict = endpoint.dialect->strict});
    if (!field.initial.empty()) schema["default"] = OrderedJson::parse(field.initial);
    parameter["schema"] = std::move(schema);
    if (!field.example.empty()) parameter["example"] = OrderedJson::parse(field.example);
    return parameter;
  }

  // What a literal of the path is where the document shows a placeholder.
  static void add_fixed_parts(const Endpoint& endpoint, OrderedJson& list) {
    std::istringstream shown(endpoint.shown_path);
    std::istringstream real(endpoint.path);
    for (std::string name, value; std::getline(shown, name, '/');) {
      std::getline(real, value, '/');
      if (name == value) continue;
      OrderedJson part{{"name", name.substr(1, name.size() - 2)}, {"in", "path"}};
      part["required"] = true;
      part["description"] = "Always " + value + ".";
      part["schema"] = {{"type", "string"}, {"enum", {value}}};
      list.push_back(std::move(part));
    }
  }

  OrderedJson parameters(const Endpoint& endpoint) {
    OrderedJson list = OrderedJson::array();
    for (const std::string& name : endpoint.path_names) {
      OrderedJson made = parameter(endpoint, *endpoint.input->find(name), true);
      made["name"] = name;  // It may be one of the field's aliases.
      list.push_back(std::move(made));
    }
    add_fixed_parts(endpoint, list);
    if (endpoint.input != nullptr && reads_query(endpoint)) {
      for (const FieldSpec& field : endpoint.input->fields) {
        if (!in_path(endpoint, field)) list.push_back(parameter(endpoint, field, false));
      }
    }
    if (endpoint.takes_key()) {
      list.push_back(reference("parameters", "Idempotency-Key"));
      list.push_back(reference("parameters", "dry_run"));
    }
    return list;
  }

  static bool in_path(const Endpoint& endpoint, const FieldSpec& field) {
    const auto& names = endpoint.path_names;
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return field.answers_to(name); });
  }

  OrderedJson request_body(const Endpoint& endpoint) {
    if (!endpoint.body_types.empty()) return own_body(endpoint);
    if (endpoint.input == nullptr || !reads_body(endpoint)) return nullptr;
    std::vector<std::string> elsewhere;
    bool any_field = false;
    bool any_required = false;
    for (const FieldSpec& field : endpoint.input->fields) {
      if (in_path(endpoint, field)) {
        elsewhere.push_back(field.name);
      } else {
        any_field = true;
        any_required = any_required || field.required;
      }
    }
    if (!any_field) return nullptr;
    const bool strict = endpoint.dialect->strict;
    OrderedJson content;
    content["schema"] =
        schemas_.object(*endpoint.input, {.request = true, .strict = strict}, elsewhere);
    content["example"] = example_of(*endpoint.input, true, elsewhere);
    OrderedJson body{{"required", strict && any_required}};
    if (!strict) body["description"] = "The fields may also come as query parameters.";
    body["content"][kJson] = content;
    if (!strict) body["content"][kForm] = std::move(content);
    return body;
  }

  static OrderedJson own_body(const Endpoint& endpoint) {
    OrderedJson body{{"required", true}};
    for (const std::string& type : endpoint.body_types) {
      body["content"][type] = {{"schema", {{"type", "string"}}}};
    }
    return body;
  }

  OrderedJson responses(const Endpoint& endpoint) {
    OrderedJson responses;
    for (const Answer& answer : endpoint.answers) {
      responses[std::to_string(answer.status)] = success(endpoint, answer);
    }
    for (const auto& [status, refusals] : declared_refusals(endpoint)) {
      // Where an answer has the status, the refusal has that answer's body.
      const std::string key = std::to_string(status);
      if (!responses.contains(key)) responses[key] = refusal(endpoint, status, refusals);
    }
    if (!has_4xx(responses)) responses["400"] = malformed();
    return responses;
  }

  static bool has_4xx(const OrderedJson& responses) {
    for (const auto& [status, response] : responses.items()) {
      if (status.starts_with('4')) return true;
    }
    return false;
  }

  // What any path answers to what is not well-formed HTTP.
  OrderedJson malformed() {
    const std::string name = "Problem.400.malformed";
    OrderedJson response{{"description", "`invalid_request`: The request is not well-formed"}};
    response["content"][kProblemJson] = {{"schema", schemas_.object(problem_shape(), {})}};
    responses_.try_emplace(name, std::move(response));
    return reference("responses", name);
  }

  OrderedJson success(const Endpoint& endpoint, const Answer& answer) {
    std::string doc = answer.doc;
    if (doc.empty() && answer.shape != nullptr) doc = answer.shape->doc;
    if (doc.empty()) doc = reason_phrase(answer.status);
    OrderedJson response{{"description", doc}};
    add_headers(response, endpoint, false);
    if (answer.shape != nullptr) {
      OrderedJson schema = schemas_.object(*answer.shape, {});
      OrderedJson example = example_of(*answer.shape, false);
      if (answer.list) {
        schema = OrderedJson{{"type", "array"}, {"items", std::move(schema)}};
        example = OrderedJson::array({std::move(example)});
      }
      response["content"][kJson] = {{"schema", std::move(schema)}, {"example", std::move(example)}};
    } else if (!answer.content_type.empty()) {
      response["content"][answer.content_type] = {{"schema", {{"type", "string"}}}};
    }
    return response;
  }

  // A refusal that follows from the declaration is the same for many endpoints: it goes to the
  // components once.
  OrderedJson refusal(const Endpoint& endpoint, int status,
                      const std::vector<DeclaredRefusal>& refusals) {
    OrderedJson whole = whole_refusal(endpoint, status, refusals);
    std::string name = error_shape_of(endpoint).name + "." + std::to_string(status);
    if (!endpoint.rate.empty()) name += ".limited";
    for (const DeclaredRefusal& one : refusals) {
      if (one.own) return whole;
      name += "." + one.code;
    }
    responses_.try_emplace(name, std::move(whole));
    return reference("responses", name);
  }

  OrderedJson whole_refusal(const Endpoint& endpoint, int status,
                            const std::vector<DeclaredRefusal>& refusals) {
    std::string doc;
    for (const DeclaredRefusal& one : refusals) {
      if (!doc.empty()) doc += "; ";
      doc += "`" + one.code + "`: " + one.sentence;
    }
    OrderedJson content{{"schema", schemas_.object(error_shape_of(endpoint), {})}};
    if (endpoint.dialect->error_shape == nullptr) {
      content["example"] = problem_example(endpoint, status, refusals.front());
    }
    OrderedJson response{{"description", doc}};
    add_headers(response, endpoint, status == 429 || status == 503);
    response["content"][error_type_of(endpoint)] = std::move(content);
    return response;
  }

  static OrderedJson problem_example(const Endpoint& endpoint, int status,
                                     const DeclaredRefusal& refusal) {
    OrderedJson example = example_of(error_shape_of(endpoint), false);
    for (const char* name : {"errors", "retry_at", "number"}) example.erase(name);
    example["title"] = reason_phrase(status);
    example["status"] = status;
    example["code"] = refusal.code;
    for (const char* name : {"detail", "error", "message"}) example[name] = refusal.sentence;
    return example;
  }

  const Api& api_;
  SchemaBook schemas_;
  std::map<std::string, OrderedJson> responses_;
  std::map<std::string, std::string> spellings_;
  OrderedJson paths_ = OrderedJson::object();
  OrderedJson tags_ = OrderedJson::array();
};

}  // namespace

std::string openapi_document(const Api& api, const ApiInfo& info, int indent) {
  return Document(api).build(info).dump(indent);
}

}  // namespace coupon::http
