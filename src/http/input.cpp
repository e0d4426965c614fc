// Where an endpoint's fields come from: path, query, form body and JSON body, gathered into one
// JSON object which then goes through the shape. Texts from path, query and form are made the type
// that their field declares; values of a JSON body never are.
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "coupond/core/ascii.h"
#include "coupond/http/endpoint.h"
#include "coupond/http/problem.h"
#include "coupond/http/reply.h"
#include "coupond/http/uri.h"

namespace coupon::http {
namespace {

const Shape kNoFields{"Nothing", "", {}};

// The content type without parameters, in lower case; empty where there is none.
std::string media_type(const Request& request) {
  std::string_view value = request.header("Content-Type").value_or("");
  value = value.substr(0, value.find(';'));
  while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
  return core::to_lower(value);
}

Json coerce(const ValueSpec& spec, const std::string& text) {
  if (spec.type == Type::kInteger) {
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    if (read.ec == std::errc() && read.ptr == end) return number;
  }
  if (spec.type == Type::kBoolean) {
    if (equal_ignoring_case(text, "true") || text == "1") return true;
    if (equal_ignoring_case(text, "false") || text == "0") return false;
  }
  if (spec.type == Type::kObject || spec.type == Type::kFree) {
    auto json = parse_json(text);
    if (json.ok()) return *std::move(json);
  }
  return text;
}

class Gatherer {
 public:
  Gatherer(const Endpoint& endpoint, const Request& request)
      : endpoint_(endpoint),
        request_(request),
        shape_(endpoint.input != nullptr ? *endpoint.input : kNoFields),
        reader_(strict() ? Reader::Mode::kStrict : Reader::Mode::kLenient) {}

  std::optional<Reply> read_into(void* object) {
    if (auto refused = take_body()) return refused;
    take_query();
    if (fields_.empty() && !endpoint_.no_input.empty()) {
      return refuse(endpoint_, request_,
                    {.reason = core::Reason::kInvalidRequest, .message = endpoint_.no_input});
    }
    take_path();
    read_object(shape_, fields_, object, reader_);
    if (reader_.ok()) return std::nullopt;
    // Fields that contradict each other are 400 everywhere, whatever status bad fields have.
    if (reader_.contradictory()) return refuse_as(400, std::move(reader_).error());
    return refuse(endpoint_, request_, std::move(reader_).error());
  }

 private:
  Reply refuse_as(int status, const core::Error& error) const {
    const auto& render = endpoint_.dialect->render;
    return render ? render(request_, error, status) : problem_reply(request_, error, status);
  }

  bool strict() const { return endpoint_.dialect->strict; }
  bool has_own_body() const { return !endpoint_.body_types.empty(); }
  // Strict endpoints take their fields from one place.
  bool fields_in_body() const {
    const std::string& method = endpoint_.method;
    return !has_own_body() && (!strict() || (method != "GET" && method != "DELETE"));
  }
  bool fields_in_query() const { return !strict() || !fields_in_body(); }

  Reply wrong_type(const std::string& wanted) const {
    const core::Error error{.reason = core::Reason::kInvalidRequest,
                            .message = "The Content-Type must be " + wanted};
    if (endpoint_.dialect->render) return endpoint_.dialect->render(request_, error, 415);
    return problem_reply(request_.request_id, 415, "unsupported_media_type", error.message);
  }

  // Nothing, or what says so.
  bool is_empty_body() const {
    constexpr std::string_view kSpace = " \t\r\n";
    const std::string_view body = request_.body;
    const std::size_t first = body.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return true;
    return body.substr(first, body.find_last_not_of(kSpace) - first + 1) == "null";
  }

  std::optional<Reply> take_body() {
    if (request_.body.empty() || (!has_own_body() && is_empty_body())) return std::nullopt;
    const std::string type = media_type(request_);
    if (has_own_body()) return check_own_body(type);
    if (!fields_in_body()) return std::nullopt;
    if (type == kForm && !strict()) return take_form();
    if (type == kJson || (type.empty() && !strict())) return take_json();
    return wrong_type(std::string(kJson));
  }

  std::optional<Reply> check_own_body(const std::string& type) const {
    const auto& types = endpoint_.body_types;
    if (std::find(types.begin(), types.end(), type) != types.end()) return std::nullopt;
    std::string wanted;
    for (const std::string& one : types) wanted += (wanted.empty() ? "" : " or ") + one;
    return wrong_type(wanted);
  }

  std::optional<Reply> take_json() {
    auto body = parse_json(request_.body);
    if (!body.ok()) return refuse(endpoint_, request_, body.error());
    fields_ = *std::move(body);
    if (fields_.is_object()) return std::nullopt;
    reader_.complain("must be a JSON object");
    return refuse(endpoint_, request_, std::move(reader_).error());
  }

  std::optional<Reply> take_form() {
    std::vector<NameValue> form;
    if (!split_query(request_.body, form)) {
      return refuse(endpoint_, request_,
                    {.reason = core::Reason::kInvalidRequest,
                     .message = "The form body is not well encoded"});
    }
    // What `curl -d '{…}'` sends when nobody told it the type.
    if (request_.body.front() == '{')
      return wrong_type(std::string(kJson).append(" for a JSON body"));
    for (const auto& [name, value] : form) put(name, value);
    return std::nullopt;
  }

  void take_query() {
    for (const auto& [name, value] : request_.query) {
      if (endpoint_.takes_key() && name == "dry_run") continue;  // The gate's.
      const auto& own = endpoint_.query_names;                    // The handler's.
      if (std::find(own.begin(), own.end(), name) != own.end()) continue;
      if (fields_in_query()) {
        put(name, value);
      } else {
        const Reader::Scope scope(reader_, name);
        reader_.complain("is not a query parameter of this request");
      }
    }
  }

  void take_path() {
    const auto& names = endpoint_.path_names;
    for (std::size_t i = 0; i < names.size() && i < request_.params.size(); ++i) {
      if (shape_.find(names[i]) != nullptr) put(names[i], request_.params[i]);
    }
  }

  // The value already there under any of the field's names; null where there is none.
  Json* earlier(const FieldSpec& field) {
    if (const auto place = fields_.find(field.name); place != fields_.end()) return &*place;
    for (const std::string& alias : field.aliases) {
      if (const auto place = fields_.find(alias); place != fields_.end()) return &*place;
    }
    return nullptr;
  }

  void put(const std::string& name, const std::string& text) {
    const FieldSpec* field = shape_.find(name);
    if (field == nullptr) return put_unknown(name);
    if (field->value.type == Type::kList) return put_item(*field, text);
    const bool says_nothing = text.empty() && field->value.type != Type::kText;
    if (says_nothing && !strict()) return;
    Json value = coerce(field->value, text);
    Json* const before = earlier(*field);
    if (before == nullptr) {
      fields_[field->name] = std::move(value);
    } else if (*before != value) {
      const Reader::Scope scope(reader_, name);
      reader_.complain_twice();
    } else if (strict()) {
      const Reader::Scope scope(reader_, name);
      reader_.complain("is given twice");
    }
  }

  // A list comes as its name repeated.
  void put_item(const FieldSpec& field, const std::string& text) {
    Json& list = fields_[field.name];
    if (!list.is_array()) list = Json::array();
    list.push_back(coerce(*field.value.items, text));
  }

  void put_unknown(const std::string& name) {
    if (!strict()) return;
    const Reader::Scope scope(reader_, name);
    reader_.complain("is not a query parameter of this request");
  }

  const Endpoint& endpoint_;
  const Request& request_;
  const Shape& shape_;
  Reader reader_;
  Json fields_ = Json::object();
};

}  // namespace

std::optional<Reply> read_input(const Endpoint& endpoint, const Request& request, void* object) {
  return Gatherer(endpoint, request).read_into(object);
}

}  // namespace coupon::http
