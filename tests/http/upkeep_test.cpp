// Backup and verification over HTTP.
#include <catch2/catch.hpp>
#include <fstream>

#include "coupond/store/backup.h"
#include "coupond/store/upkeep_notes.h"
#include "tests/support/api_fixture.h"
#include "tests/support/temp_dir.h"

using namespace coupon;
using test::ApiFixture;
using test::ApiReply;

namespace {

// The whole of a streamed body.
std::string taken(const ApiReply& reply) {
  std::string all;
  std::string piece;
  while (reply.raw.stream(piece)) {
    all += piece;
    piece.clear();
  }
  return all;
}

void make_twenty_cards(ApiFixture& api) {
  const std::string& admin = api.admin().token;
  REQUIRE(api.post("/api/v1/campaigns", admin, R"({"mode":"card","name":"C","slug":"c"})").status ==
          201);
  REQUIRE(api.post("/api/v1/campaigns/c/codes", admin, R"({"count":20})").status == 201);
}

}  // namespace

TEST_CASE("a backup over HTTP is a whole database, verified, and noted", "[upkeep]") {
  ApiFixture api;
  make_twenty_cards(api);
  const std::string& admin = api.admin().token;
  CHECK(api.get("/api/v1/upkeep", admin).body.at("last_backup").is_null());
  test::TempDir place;
  for (const bool with_key : {false, true}) {
    const std::string file = place.path() + (with_key ? "/with" : "/without");
    {
      const auto reply =
          api.post("/api/v1/backup", admin, with_key ? R"({"with_key":true})" : "{}");
      REQUIRE(reply.status == 200);
      CHECK(reply.header("Content-Disposition").find(".backup\"") != std::string::npos);
      std::ofstream(file, std::ios::binary) << taken(reply);
    }
    auto audit = store::verify_file(file, api.engine()->secrets(), {});
    REQUIRE(audit.ok());
    CHECK(audit->ok());
    CHECK(audit->coupons == 20);
    std::ifstream in(file, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    CHECK((text.find("secret_key") != std::string::npos) == with_key);
    const auto noted = api.get("/api/v1/upkeep", admin).body.at("last_backup");
    CHECK(noted.at("bytes") == text.size());
    CHECK(noted.at("with_key") == with_key);
  }
  // Nothing of it is left beside the database.
  CHECK_FALSE(store::exists(api.engine()->paths().directory + "/DOWNLOAD"));
}

TEST_CASE("a backup and a verification are made one at a time", "[upkeep]") {
  ApiFixture api;
  const std::string& admin = api.admin().token;
  {
    const auto first = api.post("/api/v1/backup", admin, "{}");
    REQUIRE(first.status == 200);
    CHECK(api.get("/api/v1/upkeep", admin).body.at("running") == "backup");
    CHECK(api.post("/api/v1/backup", admin, "{}").status == 503);
    const auto second = api.post("/api/v1/verify", admin, "{}");
    CHECK(second.status == 503);
    CHECK(second.code() == "busy");
  }
  // Whoever went away in the middle keeps nobody from the next.
  CHECK(api.get("/api/v1/upkeep", admin).body.at("running") == "");
  CHECK(api.post("/api/v1/verify", admin, "{}").status == 200);
}

TEST_CASE("a verification over HTTP tells what it found, and is noted", "[upkeep]") {
  ApiFixture api;
  make_twenty_cards(api);
  const std::string& admin = api.admin().token;
  const auto found = api.post("/api/v1/verify", admin, "{}");
  REQUIRE(found.status == 200);
  CHECK(found.body.at("ok") == true);
  CHECK(found.body.at("coupons") == 20);
  const auto noted = api.get("/api/v1/upkeep", admin).body.at("last_verify");
  CHECK(noted.at("entries") == found.body.at("entries"));
  CHECK(noted.at("divergence") == "");
}

TEST_CASE("only an administrator takes a backup, and only a person its key", "[upkeep]") {
  ApiFixture api;
  const auto staff = api.make_person("staff", domain::Role::kStaff);
  for (const char* path : {"/api/v1/backup", "/api/v1/verify"}) {
    CHECK(api.post(path, "", "{}").status == 401);
    CHECK(api.post(path, staff.token, "{}").status == 403);
  }
  const auto made =
      api.post("/api/v1/api-keys", api.admin().token, R"({"name":"nightly","scopes":["admin"]})");
  const std::string key = made.text("key");
  CHECK(api.post("/api/v1/backup", key, R"({"with_key":true})").status == 403);
  CHECK(api.post("/api/v1/backup", key, "{}").status == 200);
}

TEST_CASE("the key is kept elsewhere once a backup holds it or the owner says so", "[upkeep]") {
  ApiFixture api;
  make_twenty_cards(api);
  const std::string& admin = api.admin().token;
  const auto kept = [&] { return api.get("/api/v1/upkeep", admin).body.at("key_kept"); };
  CHECK(kept().is_null());
  taken(api.post("/api/v1/backup", admin, "{}"));
  CHECK(kept().is_null());
  const auto staff = api.make_person("staff", domain::Role::kStaff);
  CHECK(api.post("/api/v1/upkeep/key-kept", staff.token).status == 403);
  CHECK(kept().is_null());
  CHECK(api.post("/api/v1/upkeep/key-kept", admin).body.at("key_kept").at("in_backup") == false);
  taken(api.post("/api/v1/backup", admin, R"({"with_key":true})"));
  CHECK(kept().at("in_backup") == true);
  taken(api.post("/api/v1/backup", admin, "{}"));  // the older one is still there
  CHECK(kept().at("in_backup") == true);
}
