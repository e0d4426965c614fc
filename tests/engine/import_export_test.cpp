#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "coupond/core/limits.h"
#include "coupond/core/time_text.h"
#include "coupond/service/coupons.h"
#include "coupond/service/export.h"
#include "coupond/service/jobs.h"
#include "src/service/import_lines.h"
#include "tests/support/import_engine.h"

using namespace coupon;
using core::Reason;
using domain::Job;
using domain::JobState;
using domain::Mode;
using service::Caller;
using service::ImportFormat;
using test::must;

namespace {

using ImportExportFixture = test::ImportEngine;

using Errors = std::map<std::int64_t, std::string>;

// The first column of every line but the header.
std::vector<std::string> first_column(const std::string& csv) {
  std::vector<std::string> codes;
  core::CsvReader reader(csv, 1024);
  core::CsvRecord record;
  reader.next(record);
  while (reader.next(record)) codes.emplace_back(core::csv_value(record.fields.at(0)));
  return codes;
}

std::vector<service::ImportLine> lines_of(std::string_view text,
                                          ImportFormat format = ImportFormat::kCsv) {
  std::vector<service::ImportLine> lines;
  auto reader = must(service::ImportReader::open(text, {.format = format, .confirm = true}, {}));
  while (auto line = reader.next()) lines.push_back(std::move(*line));
  return lines;
}

}  // namespace

TEST_CASE("a plain list of codes is imported, bad and repeated lines are told", "[import]") {
  ImportExportFixture engine;
  const auto campaign = engine.add_campaign(Mode::kPool);
  const Job job = engine.import_all(campaign, "ALPHA\r\nBETA\n\nal-pha\nb\"ad\na,b\nGAMMA\n\x01\n");
  CHECK(job.state == JobState::kDone);
  CHECK(job.total == 7);
  CHECK(job.done == 7);
  CHECK(job.refused == 4);
  CHECK(engine.errors(job.id) == Errors{{4, "duplicate_code"},
                                        {5, "malformed_line"},
                                        {6, "malformed_line"},
                                        {8, "invalid_code"}});
  CHECK(engine.counters(campaign) == domain::Counters{.issued = 3, .available = 3});
  CHECK(engine.number("SELECT count(*) FROM job_parts") == 0);
  CHECK(first_column(engine.export_all(campaign)) ==
        std::vector<std::string>{"ALPHA", "BETA", "GAMMA"});
}

TEST_CASE("with a header only the column of that name is read", "[import]") {
  const auto lines = lines_of("name,Code,x\nfirst,\"A,1\",\nsecond\n,B,,\n");
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].code == "A,1");
  CHECK(lines[1].reason == "malformed_line");
  CHECK(lines[2].code == "B");
}

TEST_CASE("JSON lines give the code of each object", "[import]") {
  const std::string text =
      "\xef\xbb\xbf{\"code\":\"A1\"}\r\n\n { \"note\" : \"a \\\" b\" , \"code\" : \"B 2\" }\n"
      "{\"code\":3}\n{\"code\":\"\"}\n[\"C3\"]\n{\"kode\":\"D4\"}\n{\"code\":\"E5\"";
  const auto lines = lines_of(text, ImportFormat::kJsonLines);
  REQUIRE(lines.size() == 7);
  CHECK(lines[0].code == "A1");
  CHECK(lines[0].line == 1);
  CHECK(lines[1].code == "B 2");
  CHECK(lines[1].line == 3);
  CHECK(lines[2].reason == "malformed_line");
  CHECK(lines[3].reason.starts_with("invalid_code: "));
  for (std::size_t i : {4, 5, 6}) CHECK(lines[i].reason == "malformed_line");
}

TEST_CASE("packed lines unpack to the same, and nothing else unpacks", "[import]") {
  const std::vector<service::ImportLine> lines{
      {.line = 1, .code = "A B!\n\"", .ended = "used"},
      {.line = 9, .reason = "invalid_code"},
      {.line = 10, .code = "!", .expires_at = core::UnixMs{7}}};
  const auto again = service::unpack_lines(service::pack_lines(lines));
  REQUIRE(again);
  REQUIRE(again->size() == lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CHECK((*again)[i].line == lines[i].line);
    CHECK((*again)[i].code == lines[i].code);
    CHECK((*again)[i].reason == lines[i].reason);
    CHECK((*again)[i].ended == lines[i].ended);
    CHECK((*again)[i].expires_at == lines[i].expires_at);
  }
  for (const char* bad : {"1", "1 A", "x A\n", "1?A\n", "{}\n", "\n"})
    CHECK_FALSE(service::unpack_lines(bad));
}

TEST_CASE("lines beyond the campaign's cap are refused one by one", "[import]") {
  ImportExportFixture engine;
  const auto campaign = engine.add_campaign(Mode::kCard, {.max_issued = 2});
  const Job job = engine.import_all(campaign, "A1\nA1\nA2\nA3\nA4\n");
  CHECK(job.state == JobState::kDone);
  CHECK(job.refused == 3);
  CHECK(engine.errors(job.id) ==
        Errors{{2, "duplicate_code"}, {4, "campaign_cap_reached"}, {5, "campaign_cap_reached"}});
  CHECK(engine.counters(campaign).issued == 2);
}

TEST_CASE("an import is refused as a whole for its size, its campaign or its caller", "[import]") {
  ImportExportFixture engine;
  const auto pool = engine.add_campaign(Mode::kPool);
  const auto claim = engine.add_campaign(Mode::kClaim, {}, "Claims");
  CHECK(engine.import(pool, "").error().reason == Reason::kInvalidRequest);
  CHECK(engine.import(pool, "code\n").error().reason == Reason::kInvalidRequest);
  CHECK(engine.import(claim, "A\n").error().reason == Reason::kWrongMode);
  CHECK(engine.import({99}, "A\n").error().reason == Reason::kUnknownCampaign);
  const std::string many(2 * static_cast<std::size_t>(core::limits::kImportLinesMax) + 2, '\n');
  std::string too_many = many;
  for (std::size_t i = 0; i < too_many.size(); i += 2) too_many[i] = 'A';
  CHECK(engine.import(pool, too_many).error().reason == Reason::kInvalidRequest);
  const auto staff = Caller::user({1}, domain::Role::kStaff);
  CHECK(service::receive_import(*engine, staff, pool, "ABC", {}).error().reason ==
        Reason::kForbidden);
  CHECK(engine.number("SELECT count(*) FROM jobs") == 0);
}

TEST_CASE("an import that was not received in full fails at the next start", "[import]") {
  ImportExportFixture engine;
  const auto campaign = engine.add_campaign(Mode::kPool);
  const Job received =
      must(service::receive_import(*engine, Caller::cli(), campaign, "AAA\nBBB\n", {}));
  CHECK(received.state == JobState::kReceiving);
  engine.restart();
  engine.run_all({});
  CHECK(engine.job(received.id).state == JobState::kFailed);
  CHECK(engine.number("SELECT count(*) FROM job_parts") == 0);
  CHECK(engine.number("SELECT count(*) FROM coupons") == 0);
  CHECK(engine.queue(received).error().reason == Reason::kJobFinished);
}

TEST_CASE("no code of a waiting import is readable in the database", "[import]") {
  ImportExportFixture engine;
  const auto campaign = engine.add_campaign(Mode::kPool);
  must(engine.import(campaign, "SECRETCODE1\nSECRETCODE2\n"));
  CHECK(engine.number("SELECT count(*) FROM job_parts") == 1);
  CHECK(engine.number("SELECT max(instr(sealed, x'534543524554')) FROM job_parts") == 0);
}

TEST_CASE("a cancelled import forgets its lines", "[import]") {
  ImportExportFixture engine;
  const auto campaign = engine.add_campaign(Mode::kPool);
  const Job job = must(engine.import(campaign, "A\nB\n"));
  must(engine.cancel(job.id));
  engine.run_all({});
  CHECK(engine.job(job.id).state == JobState::kCancelled);
  CHECK(engine.number("SELECT count(*) FROM job_parts") == 0);
  CHECK(engine.number("SELECT count(*) FROM coupons") == 0);
}

TEST_CASE("an import cut off at any slice goes on and tells of each line once", "[import]") {
  ImportExportFixture engine;
  const auto campaign = engine.add_campaign(Mode::kPool);
  std::string text;
  Errors expected;
  for (int i = 1; i <= 2500; ++i) {
    const bool repeated = i % 10 == 0;
    text += "CODE-" + std::to_string(repeated ? i - 1 : i) + "\n";
    if (repeated) expected[i] = "duplicate_code";
  }
  const Job job = must(engine.import(campaign, text));
  int starts = 0;
  while (domain::is_unfinished(engine.job(job.id).state)) {
    REQUIRE(++starts < 100);
    test::Pause pause(2);
    service::JobRunner runner(*engine, pause.options({.slice_codes_max = 190}));
    pause.wait(engine, job.id);
    pause.kill(engine, runner);
  }
  CHECK(starts > 3);
  const Job done = engine.job(job.id);
  CHECK(done.done == 2500);
  CHECK(done.refused == 250);
  CHECK(engine.errors(job.id) == expected);
  CHECK(engine.counters(campaign) == domain::Counters{.issued = 2250, .available = 2250});
}

TEST_CASE("100,000 lines, a result per bad one, and the export opens as the same import",
          "[import]") {
  ImportExportFixture engine;
  const auto campaign = engine.add_campaign(Mode::kPool);
  std::string text = "number,code\r\n";
  std::set<std::string> good;
  Errors expected;
  for (int i = 2; i <= 100'001; ++i) {
    std::string code = "=BULK-" + std::to_string(i);
    std::string reason;
    if (i % 100 == 0) {
      code = "=bulk " + std::to_string(i - 1);
      reason = "duplicate_code";
    } else if (i % 100 == 50) {
      code =
          "b\x01"
          "ad";
      reason = "invalid_code";
    } else if (i % 100 == 75) {
      code = "\"open";
      reason = "malformed_line";
    }
    text += std::to_string(i) + "," + code + "\r\n";
    if (reason.empty()) {
      good.insert(code);
    } else {
      expected[i] = reason;
    }
  }
  const Job job = engine.import_all(campaign, text);
  CHECK(job.state == JobState::kDone);
  CHECK(job.total == 100'000);
  CHECK(job.refused == static_cast<std::int64_t>(expected.size()));
  CHECK(engine.errors(job.id) == expected);
  const auto stored = static_cast<std::int64_t>(good.size());
  CHECK(engine.counters(campaign) == domain::Counters{.issued = stored, .available = stored});

  const std::string exported = engine.export_all(campaign);
  const auto codes = first_column(exported);
  CHECK(std::set<std::string>(codes.begin(), codes.end()) == good);
  CHECK(codes.size() == good.size());
  CHECK(exported.find("\n=") == std::string::npos);  // begins no formula

  ImportExportFixture other;
  const auto copy = other.add_campaign(Mode::kCard);
  const Job again = other.import_all(copy, exported);
  CHECK(again.state == JobState::kDone);
  CHECK(again.refused == 0);
  CHECK(first_column(other.export_all(copy)) == codes);
}

TEST_CASE("an export shows owner, state and times of each code", "[export]") {
  ImportExportFixture engine;
  const auto campaign = engine.add_campaign(Mode::kPool, {.reward = {}});
  engine.import_all(campaign, "A1\nA2\nA3\n");
  const auto user = engine.make_user("owner@example.com").id;
  const auto hash = [&](const char* code) {
    return engine->vault().hash(must(core::canonical(code)));
  };
  const service::Mint mint{engine->vault(), engine->random()};
  for (const char* code : {"A2", "A3"}) {
    must(engine.run<service::Issued>(
        [&](store::Tx& tx) { return service::assign(tx, Caller::cli(), mint, hash(code), user); }));
  }
  must(engine.run<service::Redeemed>([&](store::Tx& tx) {
    return service::redeem(tx, Caller::cli(), {.code = hash("A3"), .user_id = user});
  }));
  const std::string id = std::to_string(user.value);
  const std::string now = core::to_rfc3339(engine.clock().now());
  CHECK(engine.export_all(campaign) ==
        "code,number,state,user,assigned_at,redeemed_at,uses,max_uses,expires_at,value,balance,"
        "campaign,owner,order_id,till,cashier,rolled_back_at\r\n"
        "A1,1,available,,,,0,1,,,,summer,,,,,\r\n"
        "A2,2,assigned," +
            id + "," + now + ",,0,1,,,,summer,owner@example.com,,,,\r\n" + "A3,3,redeemed," + id +
            "," + now + "," + now + ",1,1,,,,summer,owner@example.com,,cli,,\r\n");
  const auto stranger = Caller::user(user, domain::Role::kUser);
  CHECK(service::CodeExport::open(*engine, stranger, campaign).error().reason ==
        Reason::kForbidden);
}

TEST_CASE("what was used where it comes from stays used, and an end of its own ends a code",
          "[import]") {
  ImportExportFixture engine;
  const auto campaign = engine.add_campaign(Mode::kPool);
  const Job job = engine.import_all(campaign,
                                    "code,state,ends\nUSED-1,used,\nENDED-2,,2001-01-01T00:00:00Z\n"
                                    "GOOD-3,,2101-01-01T00:00:00Z\nGOOD-4,,\n");
  CHECK(job.refused == 0);
  CHECK(engine.counters(campaign) == domain::Counters{.issued = 4, .available = 3, .voided = 1});
  const auto user = engine.make_user("owner@example.com").id;
  const auto redeem = [&](const char* code) {
    const auto hash = engine->vault().hash(must(core::canonical(code)));
    const service::Mint mint{engine->vault(), engine->random()};
    return engine.run<service::Redeemed>([&](store::Tx& tx) -> core::Result<service::Redeemed> {
      const auto given = service::assign(tx, Caller::cli(), mint, hash, user);
      if (!given) return given.error();
      return service::redeem(tx, Caller::cli(), {.code = hash, .user_id = user});
    });
  };
  CHECK(redeem("USED-1").error().reason == Reason::kVoid);
  CHECK(redeem("ENDED-2").error().reason == Reason::kExpired);
  CHECK(redeem("GOOD-3").ok());
  CHECK(redeem("GOOD-4").ok());
}
