// Who may call what, for every route there is: the cases are made from the declarations, so that an
// endpoint added later is tested too.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <functional>

#include "coupond/service/generate.h"
#include "tests/support/api_fixture.h"
#include "tests/support/bulk_engine.h"
#include "tests/support/table_dump.h"

using namespace coupon;
using http::Auth;
using http::Endpoint;
using nlohmann::json;
using test::ApiFixture;

namespace {

struct Target {
  std::string method;
  std::string path;
};

// All routes of an endpoint, aliases included, with its placeholders in them.
std::vector<Target> routes_of(const Endpoint& endpoint) {
  std::vector<Target> routes{{endpoint.method, endpoint.path}};
  for (const std::string& alias : endpoint.aliases) {
    const std::size_t space = alias.find(' ');
    routes.push_back(space == std::string::npos
                         ? Target{endpoint.method, alias}
                         : Target{alias.substr(0, space), alias.substr(space + 1)});
  }
  return routes;
}

using Fill = std::function<std::string(const std::string& name)>;

std::string filled(std::string path, const Fill& fill) {
  for (std::size_t open; (open = path.find('{')) != std::string::npos;) {
    const std::size_t close = path.find('}', open);
    path.replace(open, close - open + 1, fill(path.substr(open + 1, close - open - 1)));
  }
  return path;
}

std::string with_ones(const std::string& path) {
  return filled(path, [](const std::string&) { return "1"; });
}

bool needs_session(const Endpoint& endpoint) {
  return endpoint.auth != Auth::kNone && endpoint.auth != Auth::kOptional;
}

bool is_path_field(const Endpoint& endpoint, const std::string& name) {
  const auto& names = endpoint.path_names;
  return std::find(names.begin(), names.end(), name) != names.end();
}

json sample_of(const http::FieldSpec& field) {
  if (field.name == "current_password") return "wrong horse 1";
  if (!field.example.empty()) return json::parse(field.example);
  switch (field.value.type) {
    case http::Type::kInteger:
      return std::max<std::int64_t>(1, field.value.min);
    case http::Type::kBoolean:
      return true;
    case http::Type::kTime:
      return "2026-12-01T00:00:00Z";
    case http::Type::kChoice:
      return field.value.choices.front();
    case http::Type::kList:
      return json::array({"x"});
    case http::Type::kObject:
    case http::Type::kFree:
      return json::object();
    case http::Type::kText:
      break;
  }
  if (field.name == "email") return "somebody@example.com";
  return field.name.find("assword") == std::string::npos ? "x" : "correct horse 2";
}

// Alice has one of everything; Bob has nothing, and her names for all of it.
class Household {
 public:
  Household();

  ApiFixture& api() { return api_; }
  const ApiFixture::Person& alice() const { return alice_; }
  const ApiFixture::Person& bob() const { return bob_; }

  // The path with Alice's things in it, her account by number or by UUID.
  std::string path_to_alice(const std::string& path, bool by_uuid) const;
  // All that the endpoint takes beside its path, Alice's wherever it names somebody's.
  json input_about_alice(const Endpoint& endpoint, bool by_uuid) const;
  test::ApiReply send(const Target& target, const Endpoint& endpoint, const std::string& token,
                      const json& input);
  std::string dump() {
    return *api_.engine()->readers().read<std::string>(
        [](store::Connection& db) { return core::Result<std::string>(test::dump_state(db)); });
  }
  // All that is Alice's.
  std::string dump_alice();
  // What nobody but Alice and the staff may read.
  std::vector<std::string> secrets() const {
    return {alice_.email, "order-of-alice", "424242", hold_token_, "argon2", "password_hash"};
  }

 private:
  json must(const std::string& path, const std::string& token, const json& body = json::object());

  ApiFixture api_;
  const ApiFixture::Person alice_ = api_.make_person("alice.liddell");
  const ApiFixture::Person bob_ = api_.make_person("bob");
  std::string code_;
  std::string hold_token_;
  std::string redemption_;
};

Household::Household() {
  const std::string admin = api_.admin().token;
  const json campaign =
      must("/api/v1/campaigns", admin,
           {{"mode", "pool"}, {"name", "Summer"}, {"slug", "summer"}, {"hold_ttl_s", 3600}});
  const auto made = test::must(
      service::generate(*api_.engine(), service::Caller::cli(),
                        {.campaign_id = {campaign.at("id").get<std::int64_t>()}, .count = 3}));
  const json for_alice = {{"user_id", alice_.uuid}};
  code_ = made.codes[0];
  for (const std::string& code : {made.codes[0], made.codes[1]}) {
    must("/api/v1/coupons/" + code + "/assign", admin, for_alice);
  }
  hold_token_ =
      must("/api/v1/coupons/" + code_ + "/hold", alice_.token).at("hold_token").get<std::string>();
  const json redeemed = must("/api/v1/coupons/" + made.codes[1] + "/redeem", alice_.token,
                             {{"order_id", "order-of-alice"}});
  redemption_ = redeemed.at("redemption").at("id").dump();
  must("/generate-coupon", alice_.token);
  must("/admin/coupons", admin, {{"code", "CLAIM"}, {"available_count", 0}});
  const auto credit = api_.send("PATCH", "/api/v1/users/" + alice_.uuid, admin,
                                R"({"credit":{"add":424242,"reason":"test"}})");
  if (credit.status != 200) throw std::runtime_error(credit.raw.body);
}

json Household::must(const std::string& path, const std::string& token, const json& body) {
  auto reply = api_.post(path, token, body.dump());
  if (reply.status >= 300) throw std::runtime_error(path + " answered " + reply.raw.body);
  return std::move(reply.body);
}

std::string Household::path_to_alice(const std::string& path, bool by_uuid) const {
  const bool of_user =
      path.find("user") != std::string::npos || path.find("subscription") != std::string::npos;
  return filled(path, [&](const std::string& name) -> std::string {
    if (name == "code") return code_;
    if (name == "campaign") return "summer";
    if (of_user) return by_uuid ? alice_.uuid : std::to_string(alice_.id.value);
    return path.find("redemptions") == std::string::npos ? "1" : redemption_;
  });
}

json Household::input_about_alice(const Endpoint& endpoint, bool by_uuid) const {
  json input = json::object();
  if (endpoint.input == nullptr) return input;
  for (const http::FieldSpec& field : endpoint.input->fields) {
    if (is_path_field(endpoint, field.name)) continue;
    if (field.name == "user_id" || field.name == "userId") {
      const bool number = !by_uuid && field.value.type == http::Type::kInteger;
      input[field.name] = number ? json(alice_.id.value) : json(alice_.uuid);
      if (!number && !by_uuid) input[field.name] = std::to_string(alice_.id.value);
    } else if (field.name == "code" || field.name == "card_code") {
      input[field.name] = code_;
    } else if (field.required) {
      input[field.name] = sample_of(field);
    }
  }
  return input;
}

test::ApiReply Household::send(const Target& target, const Endpoint& endpoint,
                               const std::string& token, const json& input) {
  const bool in_body = target.method != "GET" && target.method != "DELETE";
  if (!endpoint.body_types.empty()) {
    return api_.send(target.method, target.path, token, "code\nX\n",
                     {{"Content-Type", endpoint.body_types.front()}});
  }
  if (in_body) return api_.send(target.method, target.path, token, input.dump());
  std::string query;
  for (const auto& [name, value] : input.items()) {
    query += (query.empty() ? "?" : "&") + name + "=";
    query += value.is_string() ? value.get<std::string>() : value.dump();
  }
  return api_.send(target.method, target.path + query, token);
}

std::string Household::dump_alice() {
  return *api_.engine()->readers().read<std::string>(
      [](store::Connection& db) -> core::Result<std::string> {
        constexpr const char* kTables[] = {
            "SELECT quote(id) || quote(email) || quote(name) || quote(role) || quote(active) ||"
            " quote(password_hash) || quote(token_epoch) || quote(credit) ||"
            " quote(subscription_ends_at) FROM users JOIN balances ON user_id = id"
            " WHERE email LIKE 'alice%'",
            "SELECT quote(c.id) || c.state || c.uses || c.last_seq FROM coupons c"
            " JOIN users u ON u.id = c.user_id AND u.email LIKE 'alice%'",
            "SELECT quote(coupon_id) || quote(h.user_id) || quote(expires_at) FROM holds h",
            "SELECT quote(r.id) || quote(r.user_id) || quote(rolled_back_at) FROM redemptions r"
            " JOIN users u ON u.id = r.user_id AND u.email LIKE 'alice%'",
            "SELECT max(seq) || '' FROM ledger l JOIN users u ON u.id = l.user_id"
            " AND u.email LIKE 'alice%'"};
        std::string text;
        for (const char* table : kTables) {
          store::Query query(db, table);
          while (query.next()) text += query.text(0) + '\n';
        }
        return text;
      });
}

// Calls `check(endpoint, route)` for every route of every endpoint.
template <class Check>
void for_every_route(const ApiFixture& api, Check&& check) {
  for (const auto& endpoint : api.api().endpoints()) {
    for (const Target& route : routes_of(*endpoint)) {
      INFO(route.method << ' ' << route.path);
      check(*endpoint, route);
    }
  }
}

}  // namespace

TEST_CASE("every route that needs a session refuses whoever has none", "[authorization]") {
  ApiFixture api;
  int routes = 0;
  for_every_route(api, [&](const Endpoint& endpoint, const Target& route) {
    if (!needs_session(endpoint)) return;
    ++routes;
    CHECK(api.send(route.method, with_ones(route.path)).status == 401);
    CHECK(api.send(route.method, with_ones(route.path), "not a token").status == 401);
  });
  CHECK(routes > 50);
}

TEST_CASE("every route of staff and administrators refuses everybody else", "[authorization]") {
  ApiFixture api;
  const std::string user = api.make_person("user").token;
  const std::string staff = api.make_person("staff", domain::Role::kStaff).token;
  int routes = 0;
  for_every_route(api, [&](const Endpoint& endpoint, const Target& route) {
    if (endpoint.auth != Auth::kAdmin && endpoint.auth != Auth::kStaff) return;
    ++routes;
    CHECK(api.send(route.method, with_ones(route.path), user).status == 403);
    if (endpoint.auth != Auth::kAdmin) return;
    CHECK(api.send(route.method, with_ones(route.path), staff).status == 403);
  });
  CHECK(routes > 25);
}

TEST_CASE("an API key gets no further than its scope", "[authorization]") {
  ApiFixture api;
  for (const std::string scope : {"issue", "redeem", "read", "till", "admin"}) {
    const auto made = api.post("/api/v1/api-keys", api.admin().token,
                               R"({"name":"till","scopes":[")" + scope + R"("]})");
    const auto key = made.text("key");
    INFO("key with scope " << scope);
    for_every_route(api, [&](const Endpoint& endpoint, const Target& route) {
      if (!needs_session(endpoint) || endpoint.auth == Auth::kRefresh) return;
      const auto scopes = http::scopes_of(endpoint);
      const bool covers = scope == "admin" || std::count(scopes.begin(), scopes.end(), scope) > 0;
      if (!scopes.empty() && covers) return;
      CHECK(api.send(route.method, with_ones(route.path), key).status == 403);
    });
  }
}

TEST_CASE("nobody reads or changes what is somebody else's, by any route", "[authorization]") {
  Household home;
  const std::string alices = home.dump_alice();
  REQUIRE(alices.find("424242") != std::string::npos);
  for (const bool by_uuid : {false, true}) {
    for_every_route(home.api(), [&](const Endpoint& endpoint, const Target& route) {
      const Target target{route.method, home.path_to_alice(route.path, by_uuid)};
      const json input = home.input_about_alice(endpoint, by_uuid);
      for (const std::string& token : {home.bob().token, std::string()}) {
        const auto reply = home.send(target, endpoint, token, input);
        INFO(target.path << ' ' << input.dump() << " answered " << reply.status << ' '
                         << reply.raw.body);
        for (const std::string& secret : home.secrets()) {
          CHECK(reply.raw.body.find(secret) == std::string::npos);
        }
        CHECK(reply.status < 500);
        CHECK(home.dump_alice() == alices);
      }
    });
  }
  // Bob was somebody until the end, or all this would show nothing.
  CHECK(home.api().get("/api/v1/me", home.bob().token).status == 200);
  CHECK(home.api().is_sound());
}

TEST_CASE("nobody makes themself more than they are by saying so", "[authorization]") {
  Household home;
  const json more = {{"role", "admin"},     {"is_admin", true},        {"admin", true},
                     {"credit", 1'000'000}, {"active", true},          {"issued", 0},
                     {"cap", 1'000'000},    {"max_issued", 1'000'000}, {"scopes", {"admin"}}};
  const auto number = [&](const char* sql) { return home.api().engine().number(sql); };
  constexpr const char* kAdmins = "SELECT count(*) FROM users WHERE role <> 'user'";
  constexpr const char* kCredit = "SELECT sum(credit) FROM balances";
  constexpr const char* kCaps = "SELECT sum(coalesce(max_issued, 0)) FROM campaigns";
  const std::array before{number(kAdmins), number(kCredit), number(kCaps)};
  int strict = 0;
  int people = 0;
  for_every_route(home.api(), [&](const Endpoint& endpoint, const Target& route) {
    if (!endpoint.mutates() || !endpoint.body_types.empty()) return;
    const Target target{route.method, with_ones(route.path)};
    json input = home.input_about_alice(endpoint, true);
    if (input.contains("email")) input["email"] = std::to_string(++people) + "@example.com";
    input.update(more);
    for (const std::string& token : {home.bob().token, std::string()}) {
      const auto reply = home.send(target, endpoint, token, input);
      INFO(target.path << ' ' << input.dump() << " answered " << reply.status << ' '
                       << reply.raw.body);
      CHECK(reply.status < 500);
      if (endpoint.dialect->strict) {
        ++strict;
        CHECK(reply.status >= 400);
      }
      CHECK(number(kAdmins) == before[0]);
      CHECK(number(kCredit) == before[1]);
      CHECK(number(kCaps) == before[2]);
    }
  });
  CHECK(strict > 20);
  CHECK(people > 3);
  CHECK(home.api().is_sound());
}

TEST_CASE("no reply to anybody shows how a password is kept", "[authorization]") {
  Household home;
  int replies = 0;
  for_every_route(home.api(), [&](const Endpoint& endpoint, const Target& route) {
    if (route.method == "DELETE") return;
    const Target target{route.method, home.path_to_alice(route.path, true)};
    const auto reply = home.send(target, endpoint, home.api().admin().token,
                                 home.input_about_alice(endpoint, true));
    INFO(target.path << ' ' << reply.raw.body);
    CHECK(reply.raw.body.find("argon2") == std::string::npos);
    CHECK(reply.raw.body.find("password_hash") == std::string::npos);
    if (reply.status < 300) ++replies;
  });
  CHECK(replies > 30);
}
