#include "coupond/service/generate.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "coupond/core/limits.h"
#include "coupond/service/upload.h"
#include "coupond/store/coupons.h"
#include "tests/support/bulk_engine.h"

using namespace coupon;
using core::Reason;
using domain::Mode;
using service::Caller;
using test::must;

namespace {

struct GenerateFixture : test::BulkEngine {
  core::Result<service::MadeCodes> generate(core::CampaignId campaign, std::int64_t count,
                                            std::optional<std::string> pattern = {}) {
    return service::generate(**this, Caller::cli(), {campaign, count, std::move(pattern)});
  }
  Reason refusal(core::CampaignId campaign, std::int64_t count,
                 std::optional<std::string> pattern = {}) {
    const auto made = generate(campaign, count, std::move(pattern));
    REQUIRE_FALSE(made.ok());
    return made.error().reason;
  }
  core::Result<service::Uploaded> upload(core::CampaignId campaign,
                                         const std::vector<std::string>& codes) {
    service::CodeList list;
    for (const std::string& code : codes) list.add(code);
    return run<service::Uploaded>([&](store::Tx& tx) {
      return service::upload(tx, Caller::cli(), (*this)->vault(), campaign, list);
    });
  }
  std::int64_t coupons() { return number("SELECT count(*) FROM coupons"); }
};

std::size_t distinct(const std::vector<std::string>& codes) {
  return std::set<std::string>(codes.begin(), codes.end()).size();
}

}  // namespace

TEST_CASE("generated codes are distinct, numbered, counted and found again", "[generate]") {
  GenerateFixture engine;
  const auto campaign = engine.add_campaign(Mode::kPool);
  const auto made = must(engine.generate(campaign, 500));
  CHECK(made.codes.size() == 500);
  CHECK(distinct(made.codes) == 500);
  CHECK(made.generated.first_number == 1);
  CHECK(must(engine.generate(campaign, 1)).generated.first_number == 501);
  CHECK(engine.counters(campaign) == domain::Counters{.issued = 501, .available = 501});
  CHECK(engine.coupons() == 501);
  const auto hash = engine->vault().hash(*core::canonical(made.codes[7]));
  const auto coupon = must(engine.read<domain::Coupon>([&](store::Connection& db) {
    return core::Result<domain::Coupon>(*store::find_coupon(db, hash));
  }));
  CHECK(coupon.number == 8);
  CHECK(*engine->vault().open(coupon.code_sealed, hash) == made.codes[7]);
}

TEST_CASE("more codes than one operation stores come in several", "[generate]") {
  GenerateFixture engine;
  const auto campaign = engine.add_campaign(Mode::kCard);
  const auto made = must(engine.generate(campaign, 2500));
  CHECK(distinct(made.codes) == 2500);
  CHECK(made.generated.first_number == 1);
  CHECK(made.generated.count == 2500);
  CHECK(engine.number("SELECT count(*) FROM ledger WHERE operation = 'coupon.generate'") == 3);
  CHECK(engine.number("SELECT max(units) FROM ledger") == 1000);
}

TEST_CASE("a pattern is filled to its last code and refuses one more", "[generate]") {
  GenerateFixture engine;
  const auto campaign =
      engine.add_campaign(Mode::kPool, {.code_pattern = "TEN-{NUMERIC:4}"}, "Ten thousand");
  CHECK(engine.refusal(campaign, 10'000, "{NUMERIC:3}") == Reason::kPatternExhausted);
  CHECK(engine.coupons() == 0);
  const auto made = must(engine.generate(campaign, 10'000));
  CHECK(distinct(made.codes) == 10'000);
  CHECK(engine.refusal(campaign, 1) == Reason::kPatternExhausted);
  CHECK(engine.coupons() == 10'000);
  // Another campaign shares the space, because codes are unique across campaigns.
  const auto other = engine.add_campaign(Mode::kPool, {.code_pattern = "TEN-{NUMERIC:4}"}, "Other");
  CHECK(engine.refusal(other, 1) == Reason::kPatternExhausted);
}

TEST_CASE("what exists in a pattern's space is counted before anything is stored", "[generate]") {
  GenerateFixture engine;
  const auto campaign = engine.add_campaign(Mode::kPool);
  must(engine.upload(campaign, {"A-1", "A-3", "A-7"}));
  CHECK(engine.refusal(campaign, 8, "A{NUMERIC:1}") == Reason::kPatternExhausted);
  CHECK(engine.coupons() == 3);
  const auto made = must(engine.generate(campaign, 7, "A{NUMERIC:1}"));
  CHECK(std::set<std::string>(made.codes.begin(), made.codes.end()) ==
        std::set<std::string>{"A0", "A2", "A4", "A5", "A6", "A8", "A9"});
}

TEST_CASE("threads that fill one small space together never meet", "[generate]") {
  GenerateFixture engine;
  const auto campaign = engine.add_campaign(Mode::kPool, {.code_pattern = "{NUMERIC:3}"});
  std::vector<std::vector<std::string>> made(10);
  std::vector<std::thread> threads;
  for (auto& codes : made) {
    threads.emplace_back([&] {
      auto result = engine.generate(campaign, 100);
      if (result) codes = std::move(result->codes);
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<std::string> all;
  for (const auto& codes : made) all.insert(all.end(), codes.begin(), codes.end());
  CHECK(all.size() == 1000);
  CHECK(distinct(all) == 1000);
  CHECK(engine.coupons() == 1000);
}

TEST_CASE("generating is refused by count, caller, campaign, mode, cap and pattern", "[generate]") {
  GenerateFixture engine;
  const auto pool = engine.add_campaign(Mode::kPool, {.max_issued = 10});
  const auto token = engine.add_campaign(Mode::kToken, {}, "Tokens");
  CHECK(engine.refusal(pool, 0) == Reason::kInvalidRequest);
  CHECK(engine.refusal(pool, core::limits::kGenerateAtOnceMax + 1) == Reason::kInvalidRequest);
  CHECK(engine.refusal({99}, 1) == Reason::kUnknownCampaign);
  CHECK(engine.refusal(token, 1) == Reason::kWrongMode);
  CHECK(engine.refusal(pool, 11) == Reason::kCampaignCapReached);
  CHECK(engine.refusal(pool, 1, "no placeholder") == Reason::kInvalidPattern);
  const auto user = Caller::user({1}, domain::Role::kStaff);
  const auto forbidden = service::generate(*engine, user, {pool, 1, {}});
  REQUIRE_FALSE(forbidden.ok());
  CHECK(forbidden.error().reason == Reason::kForbidden);
  must(engine.generate(pool, 10));
  CHECK(engine.refusal(pool, 1) == Reason::kCampaignCapReached);
  CHECK(engine.coupons() == 10);
}

TEST_CASE("an upload with a known code stores nothing and names it", "[generate]") {
  GenerateFixture engine;
  const auto campaign = engine.add_campaign(Mode::kPool);
  CHECK(must(engine.upload(campaign, {"ALPHA", "BETA"})).count == 2);
  const auto refused = engine.upload(campaign, {"GAMMA", "al-pha", "DELTA", "gamma"});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().reason == Reason::kDuplicateCode);
  CHECK(refused.error().message ==
        "These codes cannot be stored: al-pha (it is in campaign summer), gamma (it comes twice)");
  CHECK(refused.error().number == 2);
  CHECK(engine.coupons() == 2);
  CHECK(engine.counters(campaign).issued == 2);
}

TEST_CASE("an upload beyond the cap stores nothing", "[generate]") {
  GenerateFixture engine;
  const auto campaign = engine.add_campaign(Mode::kPool, {.max_issued = 2});
  const auto refused = engine.upload(campaign, {"ALPHA", "BETA", "GAMMA"});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().reason == Reason::kCampaignCapReached);
  CHECK(engine.coupons() == 0);
}

TEST_CASE("texts that are no codes are named one by one", "[generate]") {
  GenerateFixture engine;
  const auto campaign = engine.add_campaign(Mode::kPool);
  const auto refused = engine.upload(campaign, {"GOOD", "", "b\x01", "FINE"});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().reason == Reason::kInvalidRequest);
  REQUIRE(refused.error().fields.size() == 2);
  CHECK(refused.error().fields[0].field == "codes[1]");
  CHECK(refused.error().fields[1].field == "codes[2]");
  CHECK(refused.error().fields[1].message == "Character 2 (U+0001) cannot be part of a code");
  CHECK(engine.coupons() == 0);
}

TEST_CASE("codes that only look alike are two codes", "[generate]") {
  GenerateFixture engine;
  const auto campaign = engine.add_campaign(Mode::kPool);
  CHECK(must(engine.upload(campaign, {"BOLD77X", "B0LD77X", "b01d77x"})).count == 3);
  CHECK_FALSE(engine.upload(campaign, {"bold-77x"}).ok());
  CHECK(engine.coupons() == 3);
}

TEST_CASE("a code that 0.1.0 stored folded cannot be stored again", "[generate]") {
  GenerateFixture engine;
  const auto campaign = engine.add_campaign(Mode::kPool);
  const core::CodeVault& vault = engine->vault();
  const auto hash = vault.hash("B01D77X");
  const std::vector<service::FreshCode> old = {
      {.display = "BOLD77X", .hash = hash, .sealed = vault.seal("BOLD77X", hash)}};
  must(engine->writer().run<service::Generated>("codes", [&](store::Tx& tx) {
    return service::store_codes(tx, Caller::cli(), campaign, old);
  }));
  CHECK_FALSE(engine.upload(campaign, {"Bold-77X"}).ok());
  CHECK_FALSE(engine.upload(campaign, {"B01D77X"}).ok());  // the same hash
  CHECK(must(engine.upload(campaign, {"B0LD77X"})).count == 1);
  CHECK(engine.coupons() == 2);
  // Nor drawn: neither number of the two is free.
  const auto sold = engine.add_campaign(Mode::kPool, {.code_pattern = "BO{NUMERIC:1}"}, "Sold");
  const auto folded = vault.hash("B05");
  const std::vector<service::FreshCode> five = {
      {.display = "BO5", .hash = folded, .sealed = vault.seal("BO5", folded)}};
  must(engine->writer().run<service::Generated>(
      "codes", [&](store::Tx& tx) { return service::store_codes(tx, Caller::cli(), sold, five); }));
  CHECK(engine.refusal(sold, 10) == Reason::kPatternExhausted);
  CHECK(must(engine.generate(sold, 9)).codes.size() == 9);
}
