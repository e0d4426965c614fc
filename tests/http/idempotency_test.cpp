// Idempotency-Key and dry_run: one effect, one answer, for as long as it is kept, through restarts.
#include <atomic>
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "coupond/service/sessions.h"
#include "tests/support/api_fixture.h"

using namespace coupon;
using test::ApiFixture;
using test::ApiReply;

namespace {

ApiFixture::Headers key(const std::string& value) { return {{"Idempotency-Key", value}}; }

bool is_replay(const ApiReply& reply) { return reply.header("Idempotent-Replayed") == "true"; }

const std::string kNewKey = R"({"name":"till","scopes":["redeem"]})";

std::string credit(int add) {
  return R"({"credit":{"add":)" + std::to_string(add) + R"(,"reason":"test"}})";
}

std::int64_t keys_made(ApiFixture& api) {
  return api.engine().number("SELECT count(*) FROM api_keys");
}

}  // namespace

TEST_CASE("the same key and request get the first answer and no second effect", "[idempotency]") {
  ApiFixture api;
  const std::string admin = api.admin().token;
  const auto first = api.post("/api/v1/api-keys", admin, kNewKey, key("k1"));
  REQUIRE(first.status == 201);
  CHECK_FALSE(is_replay(first));
  const auto again = api.post("/api/v1/api-keys", admin, kNewKey, key("k1"));
  CHECK(again.status == 201);
  CHECK(again.raw.body == first.raw.body);
  CHECK(again.raw.content_type == first.raw.content_type);
  CHECK(is_replay(again));
  CHECK(keys_made(api) == 1);
  CHECK(api.post("/api/v1/api-keys", admin, kNewKey, key("k2")).raw.body != first.raw.body);
  CHECK(keys_made(api) == 2);
}

TEST_CASE("a refusal is the answer too, even when the request would pass by now", "[idempotency]") {
  ApiFixture api;
  const std::string admin = api.admin().token;
  const auto ada = api.make_person("ada");
  const std::string path = "/api/v1/users/" + ada.uuid;
  const auto refused = api.send("PATCH", path, admin, credit(-5), key("k"));
  CHECK(refused.status == 409);
  REQUIRE(api.send("PATCH", path, admin, credit(10)).status == 200);
  const auto again = api.send("PATCH", path, admin, credit(-5), key("k"));
  CHECK(again.status == 409);
  CHECK(again.raw.body == refused.raw.body);
  CHECK(is_replay(again));
  CHECK(api.engine().number("SELECT max(credit) FROM balances") == 10);
}

TEST_CASE("a key says one thing: another body under it is refused", "[idempotency]") {
  ApiFixture api;
  const std::string admin = api.admin().token;
  REQUIRE(api.post("/api/v1/api-keys", admin, kNewKey, key("k")).status == 201);
  const auto other =
      api.post("/api/v1/api-keys", admin, R"({"name":"other","scopes":["read"]})", key("k"));
  CHECK(other.status == 422);
  CHECK(other.code() == "idempotency_mismatch");
  CHECK(keys_made(api) == 1);
}

TEST_CASE("a key belongs to one principal and one endpoint", "[idempotency]") {
  ApiFixture api;
  const auto ada = api.make_person("ada");
  const auto bob = api.make_person("bob");
  const auto adas = api.post("/generate-coupon", ada.token, "", key("k"));
  const auto bobs = api.post("/generate-coupon", bob.token, "", key("k"));
  CHECK(adas.body.at("token_number") == 1);
  CHECK(bobs.body.at("token_number") == 2);
  CHECK_FALSE(is_replay(bobs));
  const auto elsewhere = api.post("/coupons/generate", ada.token, "", key("k"));
  CHECK(elsewhere.body.at("token_number") == 3);
  CHECK(api.post("/generate-coupon", ada.token, "", key("k")).raw.body == adas.raw.body);
}

TEST_CASE("somebody without a session is their address", "[idempotency]") {
  ApiFixture api;
  const std::string ada = R"({"email":"ada@example.com","password":"correct horse 1"})";
  const std::string bob = R"({"email":"bob@example.com","password":"correct horse 1"})";
  const auto first = api.post("/api/v1/auth/register", "", ada, key("k"));
  REQUIRE(first.status == 201);
  CHECK(api.post("/api/v1/auth/register", "", ada, key("k")).raw.body == first.raw.body);
  CHECK(api.post("/api/v1/auth/register", "", bob, key("k")).status == 422);
  CHECK(api.post("/api/v1/auth/register", "", ada, key("k2")).status == 409);
}

TEST_CASE("an answer outlives a restart and is forgotten after a day", "[idempotency]") {
  ApiFixture api;
  const std::string admin = api.admin().token;
  const auto first = api.post("/api/v1/api-keys", admin, kNewKey, key("k"));
  api.clock().advance(core::kMsPerDay - 1);
  const auto late =
      service::log_in(*api.engine(), "admin@example.com", test::LiveEngine::kPassword);
  const std::string later = late->access_token;
  CHECK(api.post("/api/v1/api-keys", later, kNewKey, key("k")).raw.body == first.raw.body);
  api.clock().advance(1);
  CHECK(api.post("/api/v1/api-keys", later, kNewKey, key("k")).raw.body != first.raw.body);
  CHECK(keys_made(api) == 2);

  CHECK(*service::purge_expired(*api.engine()) == 0);
  api.clock().advance(core::kMsPerDay);
  CHECK(*service::purge_expired(*api.engine()) == 1);
  CHECK(api.engine().number("SELECT count(*) FROM idempotency") == 0);
}

TEST_CASE("of 16 at once under one key one has the effect, the others hear of it or wait",
          "[idempotency][concurrency]") {
  ApiFixture api;
  const auto ada = api.make_person("ada");
  std::atomic<int> running = 0;
  std::mutex mutex;
  std::multiset<std::string> bodies;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      const auto reply = api.handle("POST", "/generate-coupon", ada.token, "", key("k"));
      if (reply.status == 409) ++running;
      const std::lock_guard lock(mutex);
      if (reply.status == 200) bodies.insert(reply.raw.body);
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(bodies.size() + static_cast<std::size_t>(running) == 16);
  CHECK(bodies.size() >= 1);
  CHECK(std::set<std::string>(bodies.begin(), bodies.end()).size() == 1);
  CHECK(api.engine().number("SELECT count(*) FROM coupons") == 1);
}

TEST_CASE("what never came to the writer is not kept under the key", "[idempotency]") {
  ApiFixture api;
  const std::string admin = api.admin().token;
  CHECK(api.post("/api/v1/api-keys", admin, "{}", key("k")).status == 400);
  CHECK(api.post("/api/v1/api-keys", "", kNewKey, key("k")).status == 401);
  CHECK(api.post("/api/v1/api-keys", admin, kNewKey, key("k")).status == 201);
}

TEST_CASE("a key is 1 to 255 printable characters", "[idempotency]") {
  ApiFixture api;
  const std::string admin = api.admin().token;
  CHECK(api.post("/api/v1/api-keys", admin, kNewKey, key("")).status == 400);
  CHECK(api.post("/api/v1/api-keys", admin, kNewKey, key(std::string(256, 'k'))).status == 400);
  CHECK(api.post("/api/v1/api-keys", admin, kNewKey, key("k\x7f")).status == 400);
  CHECK(api.post("/api/v1/api-keys", admin, kNewKey, key(std::string(255, 'k'))).status == 201);
}

TEST_CASE("an answer that cannot be kept undoes what it is about", "[idempotency]") {
  ApiFixture api;
  const std::string admin = api.admin().token;
  const auto shell = [&](const std::string& sql) {
    const auto changed =
        api.engine().run<core::Done>([&](store::Tx& tx) -> core::Result<core::Done> {
          tx.db().exec(sql);
          return core::Done{};
        });
    REQUIRE(changed.ok());
  };
  shell(
      "CREATE TRIGGER nothing_is_kept BEFORE INSERT ON idempotency "
      "BEGIN SELECT RAISE(ABORT, 'no'); END");
  CHECK(api.post("/api/v1/api-keys", admin, kNewKey, key("k")).status == 500);
  CHECK(keys_made(api) == 0);
  shell("DROP TRIGGER nothing_is_kept");
  const auto made = api.post("/api/v1/api-keys", admin, kNewKey, key("k"));
  CHECK(made.status == 201);
  CHECK_FALSE(is_replay(made));
  CHECK(keys_made(api) == 1);
}

TEST_CASE("what is stored of an answer cannot be read without the key file", "[idempotency]") {
  ApiFixture api;
  const auto made = api.post("/api/v1/api-keys", api.admin().token, kNewKey, key("k"));
  const auto secret = made.body.at("key").get<std::string>();
  const auto found = api.engine()->readers().read<std::string>(
      [](store::Connection& db) -> core::Result<std::string> {
        store::Query query(db, "SELECT reply FROM idempotency");
        query.next();
        return query.blob(0);
      });
  CHECK(found->size() > made.raw.body.size());
  CHECK(found->find(secret.substr(10)) == std::string::npos);
}

TEST_CASE("a dry run answers as the real thing would and does nothing", "[idempotency]") {
  ApiFixture api;
  const std::string admin = api.admin().token;
  const auto ledger = api.engine().number("SELECT max(seq) FROM ledger");
  const auto rehearsed = api.post("/api/v1/api-keys?dry_run=true", admin, kNewKey, key("k"));
  CHECK(rehearsed.status == 201);
  CHECK(rehearsed.body.at("dry_run") == true);
  CHECK(rehearsed.body.at("name") == "till");
  CHECK(keys_made(api) == 0);
  CHECK(api.engine().number("SELECT max(seq) FROM ledger") == ledger);
  CHECK(api.engine().number("SELECT count(*) FROM idempotency") == 0);

  const auto ada = api.make_person("ada");
  const std::string path = "/api/v1/users/" + ada.uuid;
  CHECK(api.send("PATCH", path + "?dry_run=true", admin, credit(-5)).status == 409);
  CHECK(api.send("PATCH", path + "?dry_run=true", admin, R"({"active":false})").status == 200);
  CHECK(api.get("/api/v1/me", ada.token).status == 200);
  CHECK(api.post("/api/v1/api-keys?dry_run=maybe", admin, kNewKey).status == 400);
  for (const char* both : {"dry_run=false&dry_run=true", "dry_run=true&dry_run=false"}) {
    CHECK(api.post("/api/v1/api-keys?" + std::string(both), admin, kNewKey).status == 400);
  }
  CHECK(keys_made(api) == 0);
  CHECK(api.post("/api/v1/api-keys?dry_run=false", admin, kNewKey).status == 201);
}

TEST_CASE("a dry run of a registration gives no token that a later account would answer to",
          "[idempotency]") {
  ApiFixture api;
  const std::string eve = R"({"email":"eve@example.com","password":"correct horse 1"})";
  const std::string bob = R"({"email":"bob@example.com","password":"correct horse 1"})";
  const auto rehearsed = api.post("/api/v1/auth/register?dry_run=true", "", eve);
  REQUIRE(rehearsed.status == 201);
  const auto made = api.post("/api/v1/auth/register", "", bob);
  REQUIRE(rehearsed.body.at("user").at("id") == made.body.at("user").at("id"));
  CHECK(api.get("/api/v1/me", rehearsed.body.at("access_token").get<std::string>()).status == 401);
  CHECK(rehearsed.raw.body.find("eyJ") == std::string::npos);
}

TEST_CASE("who may do less by now does not hear again what took more", "[idempotency]") {
  ApiFixture api;
  const std::string admin = api.admin().token;
  const auto ada = api.make_person("ada");
  const auto staff = api.make_person("till", domain::Role::kStaff);
  const std::string path = "/api/v1/campaigns/tokens/issue";
  const std::string for_ada = R"({"user_id":")" + ada.uuid + R"("})";
  const auto issued = api.post(path, staff.token, for_ada, key("k"));
  REQUIRE(issued.status == 201);
  const auto role = [&](const char* name) {
    const std::string change = R"({"role":")" + std::string(name) + R"("})";
    REQUIRE(api.send("PATCH", "/api/v1/users/" + staff.uuid, admin, change).status == 200);
    return service::log_in(*api.engine(), staff.email, test::LiveEngine::kPassword)
        .value()
        .access_token;
  };
  const auto demoted = api.post(path, role("user"), for_ada, key("k"));
  CHECK(demoted.status == 403);
  CHECK(demoted.raw.body.find("eyJ") == std::string::npos);
  const auto promoted = api.post(path, role("admin"), for_ada, key("k"));
  CHECK(promoted.status == 201);
  CHECK(promoted.raw.body == issued.raw.body);
  CHECK(promoted.header("Stored-Scopes").empty());
}

TEST_CASE("a path with a slash at its end is the same request", "[idempotency]") {
  ApiFixture api;
  const std::string admin = api.admin().token;
  const auto first = api.post("/api/v1/api-keys", admin, kNewKey, key("k"));
  const auto again = api.post("/api/v1/api-keys/", admin, kNewKey, key("k"));
  CHECK(again.raw.body == first.raw.body);
  CHECK(is_replay(again));
  CHECK(api.get("/healthz/").status == 200);
  CHECK(api.get("/coupons/stats/").status == 200);
  CHECK(api.get("/healthz//").status == 404);
}

TEST_CASE("a key says what its JSON means, however it is written", "[idempotency]") {
  ApiFixture api;
  const std::string admin = api.admin().token;
  const auto first = api.post("/api/v1/api-keys", admin, kNewKey, key("k"));
  REQUIRE(first.status == 201);
  for (const char* same : {R"({ "name": "till", "scopes": [ "redeem" ] })",
                           R"({"scopes":["redeem"],"name":"t\u0069ll"})"}) {
    INFO(same);
    const auto again = api.post("/api/v1/api-keys", admin, same, key("k"));
    CHECK(again.raw.body == first.raw.body);
    CHECK(is_replay(again));
  }
  CHECK(api.post("/api/v1/api-keys", admin, R"({"name":"till","scopes":["read"]})", key("k"))
            .status == 422);
  CHECK(keys_made(api) == 1);
}

TEST_CASE("what was refused for a while is tried anew under its key", "[idempotency]") {
  ApiFixture api;
  const std::string admin = api.admin().token;
  const auto ada = api.make_person("ada");
  const auto bob = api.make_person("bob");
  REQUIRE(api.post("/api/v1/campaigns", admin,
                   R"({"mode":"card","name":"Cards","slug":"cards","active":false})")
              .status == 201);
  const auto made = api.post("/api/v1/campaigns/cards/codes", admin, R"({"count":2})");
  const std::string path =
      "/api/v1/coupons/" + made.body.at("codes").at(0).get<std::string>() + "/redeem";
  const auto open = [&](bool active) {
    const std::string change = active ? R"({"active":true})" : R"({"active":false})";
    REQUIRE(api.send("PATCH", "/api/v1/campaigns/cards", admin, change).status == 200);
  };
  CHECK(api.post(path, ada.token, "{}", key("k")).code() == "inactive");
  open(true);
  const std::string hold = path.substr(0, path.rfind('/')) + "/hold";
  const auto held = api.post(hold, bob.token, "{}");
  REQUIRE(held.status == 201);
  CHECK(api.post(path, ada.token, "{}", key("k")).code() == "held_by_other");
  api.clock().advance(3'600'000);
  const auto done = api.post(path, ada.token, "{}", key("k"));
  CHECK(done.status == 201);
  // The effect is kept, and so is a refusal for good.
  CHECK(is_replay(api.post(path, ada.token, "{}", key("k"))));
  CHECK(api.post(path, bob.token, "{}", key("b")).code() == "already_redeemed");
  CHECK(is_replay(api.post(path, bob.token, "{}", key("b"))));
}
