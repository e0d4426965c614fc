// /api/v1/campaigns/{campaign}/codes and /api/v1/jobs.
#include <catch2/catch.hpp>
#include <chrono>
#include <set>
#include <thread>

#include "tests/support/api_fixture.h"

using namespace coupon;
using test::ApiFixture;

namespace {

// The path of a new campaign's codes.
std::string make_campaign(ApiFixture& api, const std::string& more = "") {
  const auto made = api.post("/api/v1/campaigns", api.admin().token,
                             R"({"mode":"pool","name":"Summer")" + more + "}");
  REQUIRE(made.status == 201);
  return "/api/v1/campaigns/" + made.text("slug") + "/codes";
}

std::string job_path(const test::ApiReply& job) {
  return "/api/v1/jobs/" + std::to_string(job.body.at("job").at("id").get<std::int64_t>());
}

// The job as it is once it has ended.
nlohmann::json finished(ApiFixture& api, const test::ApiReply& job) {
  while (true) {
    auto now = api.get(job_path(job), api.admin().token).body;
    const std::string state = now.at("state").get<std::string>();
    if (state != "queued" && state != "running") return now;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

std::string streamed(const http::Reply& reply) {
  std::string all;
  std::string chunk;
  while (reply.stream(chunk)) {
    all += chunk;
    chunk.clear();
  }
  return all;
}

test::ApiReply import(ApiFixture& api, const std::string& codes, const std::string& body,
                      const std::string& query = "", const std::string& type = "text/csv") {
  return api.post(codes + "/import" + query, api.admin().token, body, {{"Content-Type", type}});
}

}  // namespace

TEST_CASE("codes: up to 1,000 are answered at once, and listed by state", "[codes]") {
  ApiFixture api;
  const std::string codes = make_campaign(api);
  const std::string& admin = api.admin().token;
  const auto made = api.post(codes, admin, R"({"count":3,"pattern":"SUN-{NUMERIC:4}"})");
  REQUIRE(made.status == 201);
  CHECK(made.body["codes"].size() == 3);
  CHECK(made.body["first_number"] == 1);
  const auto page = api.get(codes + "?state=available&limit=2", admin);
  REQUIRE(page.status == 200);
  REQUIRE(page.body["items"].size() == 2);
  CHECK(page.body["items"][0]["code"] == made.body["codes"][0]);
  const auto rest = api.get(codes + "?limit=2&cursor=" + page.text("next_cursor"), admin);
  CHECK(rest.body["items"].size() == 1);
  CHECK(rest.body["next_cursor"].is_null());
  CHECK(api.get(codes + "?state=void", admin).body["items"].empty());
}

TEST_CASE("codes: only staff see them and only administrators make them", "[codes]") {
  ApiFixture api;
  const std::string codes = make_campaign(api);
  const auto staff = api.make_person("sam", domain::Role::kStaff).token;
  const auto user = api.make_person("ann").token;
  for (const std::string& path : {codes, codes + "/export", std::string("/api/v1/jobs")}) {
    CAPTURE(path);
    CHECK(api.get(path, staff).status == 200);
    CHECK(api.get(path, user).status == 403);
    CHECK(api.get(path).status == 401);
  }
  CHECK(api.post(codes, staff, R"({"count":1})").status == 403);
  CHECK(api.post(codes + "/import", staff, "A", {{"Content-Type", "text/csv"}}).status == 403);
}

TEST_CASE("codes: refusals", "[codes]") {
  ApiFixture api;
  const std::string& admin = api.admin().token;
  const std::string codes = make_campaign(api, R"(,"max_issued":5)");
  CHECK(api.post(codes, admin, R"({"count":0})").status == 400);
  CHECK(api.post(codes, admin, R"({"count":6})").code() == "campaign_cap_reached");
  CHECK(api.post(codes, admin, R"({"count":1,"pattern":"x"})").code() == "invalid_pattern");
  CHECK(api.post(make_campaign(api), admin, R"({"count":11,"pattern":"{NUMERIC:1}"})").code() ==
        "pattern_exhausted");
  CHECK(api.post("/api/v1/campaigns/nope/codes", admin, R"({"count":1})").status == 404);
  CHECK(import(api, codes, "").status == 400);
  CHECK(import(api, codes, "{}", "", "application/json").status == 415);
  CHECK(api.get("/api/v1/jobs/99", admin).code() == "unknown_job");
}

TEST_CASE("codes: a dry run makes none, and a key makes them once", "[codes]") {
  ApiFixture api;
  const std::string& admin = api.admin().token;
  const std::string codes = make_campaign(api);
  CHECK(api.post(codes + "?dry_run=true", admin, R"({"count":2})").status == 201);
  CHECK(api.get(codes, admin).body["items"].empty());
  const auto check = import(api, codes, "AAA\nBBB\n\x01\n", "?dry_run=true");
  CHECK(check.status == 202);
  CHECK(check.body["job"]["total"] == 3);
  CHECK(check.body["job"]["errors"] == 1);
  CHECK(api.get("/api/v1/jobs", admin).body["items"].empty());

  const ApiFixture::Headers key{{"Idempotency-Key", "once"}};
  const auto first = api.post(codes, admin, R"({"count":2})", key);
  const auto again = api.post(codes, admin, R"({"count":2})", key);
  CHECK(first.body["codes"] == again.body["codes"]);
  CHECK(api.get(codes, admin).body["items"].size() == 2);
}

TEST_CASE("codes: more than 1,000 are a job that can be followed", "[codes]") {
  ApiFixture api;
  const std::string codes = make_campaign(api);
  const auto job = api.post(codes, api.admin().token, R"({"count":1001})");
  REQUIRE(job.status == 202);
  CHECK(job.body["job"]["kind"] == "generate");
  const auto done = finished(api, job);
  CHECK(done["state"] == "done");
  CHECK(done["done"] == 1001);
  const auto late = api.send("DELETE", job_path(job), api.admin().token);
  CHECK(late.status == 409);
  CHECK(late.code() == "job_finished");
  CHECK(api.is_sound());
}

TEST_CASE("codes: an import tells of each bad line, and its export imports again", "[codes]") {
  ApiFixture api;
  const std::string& admin = api.admin().token;
  const std::string codes = make_campaign(api);
  const auto job = import(api, codes, "code\r\nA11\r\n\"b\r\nA11\r\nA22\r\n");
  REQUIRE(job.status == 202);
  const auto done = finished(api, job);
  CHECK(done["state"] == "done");
  CHECK(done["errors"] == 2);
  const auto errors = api.get(job_path(job) + "/errors", admin).body["items"];
  REQUIRE(errors.size() == 2);
  CHECK(errors[0] == nlohmann::json{{"line", 3}, {"reason", "malformed_line"}});
  CHECK(errors[1] == nlohmann::json{{"line", 4}, {"reason", "duplicate_code: it comes twice"}});
  const auto first = api.get(job_path(job) + "/errors?limit=1", admin).body;
  CHECK(first["items"].size() == 1);
  const std::string cursor = first["next_cursor"].get<std::string>();
  const auto second = api.get(job_path(job) + "/errors?cursor=" + cursor, admin).body;
  CHECK(second["items"] == nlohmann::json::array({errors[1]}));

  const auto file = api.get(codes + "/export", admin);
  REQUIRE(file.status == 200);
  const std::string csv = streamed(file.raw);
  CHECK(
      csv.starts_with("code,number,state,user,assigned_at,redeemed_at,uses,max_uses,expires_at,"
                      "value,balance,campaign,owner,order_id,till,cashier,rolled_back_at\r\n"
                      "A11,1,available,"));
  const auto again = finished(api, import(api, codes, csv));
  CHECK(again["total"] == 2);
  CHECK(again["errors"] == 2);  // they are all there
  const auto json =
      finished(api, import(api, codes, "{\"code\": \"A3\"}\n", "", "application/x-ndjson"));
  CHECK(json["errors"] == 0);
  CHECK(api.get("/api/v1/jobs", admin).body["items"].size() == 3);
  CHECK(api.is_sound());
}

TEST_CASE("codes: an import honours states and ends, and asks where it would have to guess",
          "[codes]") {
  ApiFixture api;
  const std::string& admin = api.admin().token;
  const std::string codes = make_campaign(api);
  const auto moved = finished(
      api, import(api, codes,
                  "Code;Status;Ends\nOLD-1;USED;\nOLD-2;VALID;2101-01-01\nOLD-3;RESERVED;\n"));
  CHECK(moved["errors"] == 1);
  CHECK(api.get(codes + "?state=void", admin).body["items"].size() == 1);
  CHECK(api.get(codes + "?state=available", admin).body["items"].size() == 1);
  CHECK(api.is_sound());

  const std::string title = "Codes of autumn\nHRB-001\nHRB-002\n";
  const auto asked = import(api, codes, title);
  CHECK(asked.status == 400);
  CHECK(asked.body["detail"].get<std::string>().find("looks like a title") != std::string::npos);
  CHECK(finished(api, import(api, codes, title, "?header=true"))["done"] == 2);
  CHECK(import(api, codes, title, "?header=perhaps").status == 400);
  const auto money = import(api, codes, "code,value\nGC-1,10.00\n");
  CHECK(money.status == 400);
  CHECK(finished(api, import(api, codes, "code,value\nGC-1,10.00\n", "?ignore=value"))["done"] ==
        1);

  const auto rehearsed = import(api, codes, "HRB-001\nNEW-001\nNEW-001\n", "?dry_run=true");
  CHECK(rehearsed.body["job"]["total"] == 3);
  CHECK(rehearsed.body["job"]["errors"] == 2);
}
