// The documents made of the declarations, and replies held to them.
#include "coupond/http/openapi.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "coupond/http/problem.h"
#include "tests/support/conformance.h"
#include "tests/unit/sample_api.h"

using namespace coupon;
using namespace coupon::http;

namespace {

const ApiInfo kInfo{.title = "sample", .version = "1.2.3", .doc = "A sample."};

Json document() {
  const sample::SampleApi sample;
  return *parse_json(openapi_document(sample.api, kInfo), {.bytes_max = 1 << 20, .depth_max = 40});
}

// Every $ref in the document.
void collect_refs(const Json& json, std::vector<std::string>& refs) {
  if (json.is_object() && json.contains("$ref")) refs.push_back(json["$ref"].get<std::string>());
  for (const auto& item : json.items()) {
    if (item.value().is_structured()) collect_refs(item.value(), refs);
  }
}

}  // namespace

TEST_CASE("the document is OpenAPI 3.1 and the same every time", "[openapi]") {
  const sample::SampleApi first;
  const sample::SampleApi second;
  CHECK(openapi_document(first.api, kInfo) == openapi_document(second.api, kInfo));
  const Json json = document();
  CHECK(json["openapi"] == "3.1.0");
  CHECK(json["info"]["version"] == "1.2.3");
  // For a look at it, and for public validators.
  if (const char* path = std::getenv("COUPOND_OPENAPI_OUT")) {
    std::ofstream(path) << openapi_document(first.api, kInfo, 2);
  }
}

TEST_CASE("every reference of the document leads somewhere", "[openapi]") {
  const Json json = document();
  std::vector<std::string> refs;
  collect_refs(json, refs);
  CHECK(refs.size() > 10);
  for (const std::string& ref : refs) {
    INFO(ref);
    CHECK(json.contains(Json::json_pointer(ref.substr(1))));
  }
}

TEST_CASE("an operation says all that its declaration says", "[openapi]") {
  const Json json = document();
  const Json& hold = json["paths"]["/api/v1/coupons/{code}/hold"]["post"];
  CHECK(hold["operationId"] == "holdCoupon");
  CHECK(hold["tags"] == Json::array({"Holds"}));
  CHECK(hold["security"] == *parse_json(R"([{"session":[]},{"api_key":["redeem"]}])"));
  CHECK(hold["parameters"][0]["name"] == "code");
  CHECK(hold["parameters"][0]["in"] == "path");
  CHECK(hold["parameters"][0]["schema"]["maxLength"] == 32);
  CHECK(hold["parameters"][1]["$ref"] == "#/components/parameters/Idempotency-Key");
  CHECK(hold["parameters"][2]["$ref"] == "#/components/parameters/dry_run");
  CHECK(hold["requestBody"]["required"] == false);
  CHECK(hold["requestBody"]["content"].size() == 1);
  CHECK(hold["responses"]["201"]["content"]["application/json"]["schema"]["$ref"] ==
        "#/components/schemas/Hold");
  CHECK(hold["responses"]["429"]["description"] ==
        "`user_cap_reached`: Maximum of {number}, really {number}");
  for (const char* status : {"400", "401", "403", "409", "415", "422", "500", "503", "507"}) {
    INFO(status);
    CHECK(hold["responses"].contains(status));
  }
  CHECK_FALSE(hold["responses"].contains("404"));
}

TEST_CASE("a request's schema has its limits, a reply's what is always there", "[openapi]") {
  const Json schemas = document()["components"]["schemas"];
  const Json& request = schemas["HoldRequest"];
  CHECK(request["additionalProperties"] == false);
  CHECK_FALSE(request.contains("required"));
  CHECK_FALSE(request["properties"].contains("code"));
  CHECK(request["properties"]["ttl_s"]["maximum"] == 3600);
  CHECK_FALSE(request["properties"]["ttl_s"].contains("default"));
  CHECK(request["properties"]["ttl_s"]["description"] == "Seconds. 300 where it is left out.");
  CHECK(request["properties"]["note"]["type"] == Json::array({"string", "null"}));
  const Json& reply = schemas["Hold"];
  CHECK(reply["required"] == Json::array({"code", "ttl_s", "state", "until", "note"}));
  CHECK(reply["properties"]["state"]["enum"] == Json::array({"active", "void"}));
  CHECK(reply["properties"]["until"]["format"] == "date-time");
  CHECK_FALSE(reply.contains("additionalProperties"));
}

TEST_CASE("a lenient endpoint documents its form and its aliases", "[openapi]") {
  const Json json = document();
  const Json& content = json["paths"]["/register"]["post"]["requestBody"]["content"];
  CHECK(content.contains("application/json"));
  CHECK(content.contains("application/x-www-form-urlencoded"));
  CHECK(json["paths"]["/accounts/register"]["post"]["operationId"] == "registerAlias1");
  CHECK(json["paths"]["/register"]["get"]["x-alias-of"] == "register");
  CHECK_FALSE(json["components"]["schemas"]["RegisterRequest"].contains("additionalProperties"));
  CHECK(json["paths"]["/accounts"]["get"]["responses"].contains("429"));
}

TEST_CASE("a dialect's own error body is the one documented", "[openapi]") {
  const Json json = document();
  const Json& conflict = json["paths"]["/v1/use/{code}"]["post"]["responses"]["401"];
  const auto ref = conflict["$ref"].get<std::string>();
  const Json& response = json.at(Json::json_pointer(ref.substr(1)));
  CHECK(response["content"]["application/json"]["schema"]["$ref"] ==
        "#/components/schemas/StoreError");
}

TEST_CASE("dialects that share a tag share its description", "[openapi]") {
  Api api;
  const Dialect plain{.tag = "Shop"};
  const Dialect described{.tag = "Shop", .doc = "A shop."};
  const auto done = [](sample::Call&) -> core::Result<core::Done> { return core::Done{}; };
  Group<sample::Call, sample::Gate>(api, plain, sample::gate)
      .add({.route = "GET /a", .id = "a", .summary = "A"}, done);
  Group<sample::Call, sample::Gate>(api, described, sample::gate)
      .add({.route = "GET /b", .id = "b", .summary = "B"}, done);
  const Json json = *parse_json(openapi_document(api, kInfo));
  CHECK(json["tags"] == *parse_json(R"([{"name":"Shop","description":"A shop."}])"));
}

TEST_CASE("declarations that OpenAPI cannot tell apart are refused", "[openapi]") {
  Api api;
  const Dialect dialect = sample::strict_dialect();
  Group<sample::Call, sample::Gate> group(api, dialect, sample::gate);
  const auto hold = [](sample::Call&, const sample::HoldRequest&) -> core::Result<core::Done> {
    return core::Done{};
  };
  const auto list = [](sample::Call&, const sample::Register&) -> core::Result<core::Done> {
    return core::Done{};
  };
  group.add({.route = "GET /a/{code}", .id = "a", .summary = "A"}, hold);
  CHECK_NOTHROW(openapi_document(api, kInfo));
  group.add({.route = "GET /a/{email}", .id = "b", .summary = "B"}, list);
  CHECK_THROWS_AS(openapi_document(api, kInfo), std::logic_error);
}

TEST_CASE("the endpoint table lists every endpoint under its tag", "[openapi]") {
  const sample::SampleApi sample;
  const std::string table = endpoint_table(sample.api);
  CHECK(table.find("### Holds\n\n| endpoint | who | success | what it does |\n|---|---|---|---|\n"
                   "| `POST /api/v1/coupons/{code}/hold` | session, key `redeem` | 201 | "
                   "Lock a coupon for a while |\n") == 0);
  CHECK(table.find(
            "| `POST /register`, `POST /accounts/register`, `GET /register` | anyone | 200 |") !=
        std::string::npos);
  CHECK(table.find("| `POST /v1/use/{code}` | admin | 204 | Use |") != std::string::npos);
}

namespace {

// What is wrong with a reply of holdCoupon, joined with a bar.
std::string wrong(int status, const std::string& body, std::string_view type = kJson) {
  const sample::SampleApi sample;
  std::string all;
  for (const std::string& one : mismatches(*sample.api.find("holdCoupon"), status, type, body)) {
    if (!all.empty()) all += " | ";
    all += one;
  }
  return all;
}

const std::string kHold =
    R"({"code":"A","ttl_s":1,"state":"void","until":"2026-01-31T12:00:00Z","note":null})";

std::string with(const std::string& from, const std::string& to) {
  std::string text = kHold;
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("a reply that is what was declared has no mismatch", "[openapi]") {
  CHECK(wrong(201, kHold) == "");
  CHECK(wrong(201, kHold, "application/json; charset=utf-8") == "");
  CHECK(wrong(201, with("null", "\"x\"")) == "");
  CHECK(wrong(201, with("{", "{\"dry_run\":true,")) == "");
  Request request;
  const Reply refusal = problem_reply(
      request,
      {.reason = core::Reason::kHeldByOther, .message = "no", .retry_at = core::UnixMs{1}});
  CHECK(wrong(refusal.status, refusal.body, refusal.content_type) == "");
}

TEST_CASE("every way in which a reply can drift is seen", "[openapi]") {
  CHECK(wrong(200, kHold) == "the status 200 is not declared");
  CHECK(wrong(404, kHold) == "the status 404 is not declared");
  CHECK(wrong(201, kHold, "text/plain") ==
        "the content type is \"text/plain\", not application/json");
  CHECK(wrong(201, "") == "the body: The body is not valid JSON (at byte 1)");
  CHECK(wrong(201, with("}", ",\"code\":2}")) == "the body: The body has the field \"code\" twice");
  CHECK(wrong(201, with("}", ",\"password_hash\":2}")) ==
        "body has the undeclared field \"password_hash\"");
  CHECK(wrong(201, with("{", "{\"dry_run\":false,")) ==
        "body has the undeclared field \"dry_run\"");
  CHECK(wrong(201, with("\"code\":\"A\",", "")) == "body lacks the field \"code\"");
  CHECK(wrong(201, with("1", "\"1\"")) == "body.ttl_s is \"1\", not \"integer\"");
  CHECK(wrong(201, with("1", "1.0")) == "body.ttl_s is 1.0, not \"integer\"");
  CHECK(wrong(201, with("1", "0")) == "body.ttl_s is 0, out of range");
  CHECK(wrong(201, with("void", "gone")) ==
        "body.state is \"gone\", not one of [\"active\",\"void\"]");
  CHECK(wrong(201, with("2026-01-31T12:00:00Z", "2026-01-31T12:00:00+01:00")) ==
        "body.until is \"2026-01-31T12:00:00+01:00\", not a UTC time");
  CHECK(wrong(201, with("null", "7")) == "body.note is 7, not [\"string\",\"null\"]");
}

TEST_CASE("a refusal needs a declared code and the error body", "[openapi]") {
  Request request;
  const auto refusal = [&](core::Reason reason, int status) {
    const Reply reply = problem_reply(request, {.reason = reason, .message = {}}, status);
    return wrong(reply.status, reply.body, reply.content_type);
  };
  CHECK(refusal(core::Reason::kHeldByOther, 409) == "");
  CHECK(refusal(core::Reason::kIdempotencyRunning, 409) == "");
  CHECK(refusal(core::Reason::kInvalidToken, 401) == "");
  CHECK(refusal(core::Reason::kAlreadyRedeemed, 409) ==
        "refuses with the undeclared code already_redeemed");
  CHECK(wrong(409, R"({"error":"no"})", kProblemJson).find("body lacks the field \"type\"") == 0);
}

TEST_CASE("lists, empty bodies and other types are checked too", "[openapi]") {
  const sample::SampleApi sample;
  const auto count = [&](const char* id, int status, std::string_view type,
                         const std::string& body) {
    return mismatches(*sample.api.find(id), status, type, body).size();
  };
  CHECK(count("accounts", 200, kJson, "[" + kHold + "]") == 0);
  CHECK(count("accounts", 200, kJson, "[" + kHold + ",{}]") == 5);
  CHECK(count("accounts", 200, kJson, kHold) == 1);
  CHECK(count("use", 204, "", "") == 0);
  CHECK(count("use", 204, "", "x") == 1);
  CHECK(count("use", 401, kJson, R"({"message":"m"})") == 0);
  CHECK(count("use", 401, kProblemJson, R"({"message":"m"})") == 1);
  CHECK(count("listHolds", 200, kJson, R"({"items":[],"next_cursor":null})") == 0);
  CHECK(count("listHolds", 200, kJson, R"({"items":[{}],"next_cursor":null})") == 5);
}
