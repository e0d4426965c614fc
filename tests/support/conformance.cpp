#include "tests/support/conformance.h"

#include <algorithm>

#include "src/http/declared.h"
#include "src/http/schema.h"
#include "tests/support/schema_check.h"

namespace coupon::http {
namespace {

using Complaints = std::vector<std::string>;

// A type without its parameters.
std::string_view bare(std::string_view content_type) {
  return content_type.substr(0, content_type.find(';'));
}

void check_type(std::string_view wanted, std::string_view got, Complaints& complaints) {
  if (bare(wanted) == bare(got)) return;
  complaints.push_back("the content type is \"" + std::string(got) + "\", not " +
                       std::string(wanted));
}

// The body as JSON; null after a complaint. Strict parsing first: it refuses what nlohmann takes.
OrderedJson parse(std::string_view body, Complaints& complaints) {
  const auto strict = parse_json(body, {.bytes_max = std::size_t{64} << 20});
  if (strict.ok()) return OrderedJson::parse(body);
  complaints.push_back("the body: " + strict.error().message);
  return nullptr;
}

void check_answer(const Endpoint& endpoint, const Answer& answer, std::string_view content_type,
                  std::string_view body, Complaints& complaints) {
  if (answer.shape == nullptr) {
    if (answer.content_type.empty() && !body.empty()) complaints.push_back("has a body");
    return check_type(answer.content_type, content_type, complaints);
  }
  check_type(kJson, content_type, complaints);
  OrderedJson value = parse(body, complaints);
  if (!complaints.empty()) return;
  // What the gate adds to a dry run's answer.
  if (endpoint.takes_key() && value.is_object() && value.value("dry_run", OrderedJson()) == true) {
    value.erase("dry_run");
  }
  SchemaBook book;
  OrderedJson schema = book.object(*answer.shape, {});
  if (answer.list) schema = OrderedJson{{"type", "array"}, {"items", std::move(schema)}};
  check_schema(schema, book, value, "body", complaints);
}

void check_refusal(const Endpoint& endpoint, const std::vector<DeclaredRefusal>& declared,
                   std::string_view content_type, std::string_view body, Complaints& complaints) {
  check_type(error_type_of(endpoint), content_type, complaints);
  const OrderedJson value = parse(body, complaints);
  if (!complaints.empty()) return;
  SchemaBook book;
  const OrderedJson schema = book.object(error_shape_of(endpoint), {});
  check_schema(schema, book, value, "body", complaints);
  if (!complaints.empty() || endpoint.dialect->error_shape != nullptr) return;
  const auto code = value["code"].get<std::string>();
  const bool known = std::any_of(declared.begin(), declared.end(),
                                 [&](const DeclaredRefusal& one) { return one.code == code; });
  if (!known) complaints.push_back("refuses with the undeclared code " + code);
}

}  // namespace

std::vector<std::string> mismatches(const Endpoint& endpoint, int status,
                                    std::string_view content_type, std::string_view body) {
  Complaints complaints;
  for (const Answer& answer : endpoint.answers) {
    if (answer.status != status) continue;
    check_answer(endpoint, answer, content_type, body, complaints);
    return complaints;
  }
  const auto refusals = declared_refusals(endpoint);
  const auto declared = refusals.find(status);
  if (declared == refusals.end()) {
    complaints.push_back("the status " + std::to_string(status) + " is not declared");
    return complaints;
  }
  check_refusal(endpoint, declared->second, content_type, body, complaints);
  return complaints;
}

}  // namespace coupon::http
