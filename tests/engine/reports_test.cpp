// Goal: reports are exact. Method: redemptions and rollbacks at random times are counted beside the
// engine and held against the report by hour and by day, in three zones and under a clock that goes
// back; then what reports rest on is taken away, which the audit must see.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>
#include <map>
#include <tuple>

#include "coupond/service/campaigns.h"
#include "coupond/service/coupons.h"
#include "coupond/service/reports.h"
#include "coupond/store/redemptions.h"
#include "tests/support/live_engine.h"

using namespace coupon;
using core::LocalPeriod;
using core::UnixMs;
using service::Caller;
using test::LiveEngine;

namespace {

constexpr std::int64_t kHour = 3'600'000;

// The shop's zone for one scope.
class Zone {
 public:
  explicit Zone(const char* name) {
    const char* before = std::getenv("TZ");
    if (before != nullptr) before_ = before;
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~Zone() {
    if (before_.empty()) {
      ::unsetenv("TZ");
    } else {
      ::setenv("TZ", before_.c_str(), 1);
    }
    ::tzset();
  }

 private:
  std::string before_;
};

struct ReportsShop : LiveEngine {
  core::CampaignId make_cards(const std::string& name) {
    domain::Campaign campaign{
        .uuid = name, .slug = name, .mode = domain::Mode::kCard, .name = name};
    campaign.policy.value = 1000;
    return run<service::CampaignWritten>(
               [&](store::Tx& tx) { return service::create_campaign(tx, Caller::cli(), campaign); })
        .value()
        .campaign.id;
  }
  domain::CodeHash make_code(core::CampaignId campaign) {
    const auto code = service::seal_code((*this)->vault(), "CARD-" + std::to_string(++made_));
    REQUIRE(run<service::Generated>([&](store::Tx& tx) {
              return service::store_codes(tx, Caller::cli(), campaign, {&*code, 1});
            }).ok());
    return code->hash;
  }
  core::Seq redeem(const Caller& who, const domain::CodeHash& code, std::int64_t amount) {
    const auto done = run<service::Redeemed>([&](store::Tx& tx) {
      return service::redeem(tx, who, {.code = code, .walk_in = true, .amount = amount});
    });
    REQUIRE(done.ok());
    return done->redemption.id;
  }
  void roll_back(const Caller& who, core::Seq id, const std::optional<std::string>& why) {
    REQUIRE(run<service::RolledBack>([&](store::Tx& tx) {
              return service::roll_back(tx, who, id, why);
            }).ok());
  }
  service::Report report(const service::ReportRequest& request) {
    auto made = service::make_report((*this)->readers(), Caller::cli(), request);
    REQUIRE(made.ok());
    return *made;
  }
  std::size_t listed_from(UnixMs from) {
    return (*this)
        ->readers()
        .read<std::size_t>([&](store::Connection& db) -> core::Result<std::size_t> {
          return store::list_redemptions(db, {.from = from, .limit = 100}).redemptions.size();
        })
        .value();
  }
  std::int64_t redeemed_between(UnixMs from, UnixMs to) {
    std::int64_t sum = 0;
    for (const auto& line : report({.from = from, .to = to}).lines) sum += line.redeemed;
    return sum;
  }
  store::AuditReport verify() {
    store::Connection db(directory().path() + "/data/coupond.db",
                         store::Connection::Access::kReadOnly);
    return store::verify(db, store::audit_options((*this)->secrets()));
  }
  void shell(const char* sql) {
    store::Connection db(directory().path() + "/data/coupond.db",
                         store::Connection::Access::kReadWrite);
    db.exec(sql);
  }

 private:
  int made_ = 0;
};

using Key = std::tuple<std::int64_t, std::int64_t, std::string, std::string>;
using Sums = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>;
using Table = std::map<Key, Sums>;

Table table_of(const service::Report& report) {
  Table table;
  for (const auto& line : report.lines) {
    table[{line.start.value, line.campaign.value, line.till, line.reason.value_or("-")}] = {
        line.redeemed, line.rolled_back, line.taken, line.returned};
  }
  CHECK(table.size() == report.lines.size());
  return table;
}

// The start of the hour or day by the zone's offset, which does not change in the test's days.
std::int64_t start_of(std::int64_t at, std::int64_t period, std::int64_t offset) {
  return at - (at + offset) % period;
}

struct Event {
  UnixMs at;
  core::CampaignId campaign;
  std::string till, reason;
  bool undone;
  std::int64_t amount;
};

Table counted(const std::vector<Event>& events, std::int64_t period, std::int64_t offset,
              UnixMs from, UnixMs to) {
  Table table;
  for (const Event& event : events) {
    if (event.at < from || event.at >= to) continue;
    auto& [redeemed, rolled_back, taken, returned] = table[{
        start_of(event.at.value, period, offset), event.campaign.value, event.till, event.reason}];
    ++(event.undone ? rolled_back : redeemed);
    (event.undone ? returned : taken) += event.amount;
  }
  return table;
}

}  // namespace

TEST_CASE("a report counts each redemption and rollback where it was made", "[report]") {
  const auto [name, offset] = GENERATE(std::pair<const char*, std::int64_t>{"UTC0", 0},
                                       std::pair<const char*, std::int64_t>{"<+0530>-5:30", 19'800},
                                       std::pair<const char*, std::int64_t>{"<-08>8", -28'800});
  CAPTURE(name);
  const Zone zone(name);
  ReportsShop shop;
  test::SeededRandom random(7);
  const std::vector campaigns{shop.make_cards("red"), shop.make_cards("blue")};
  const std::vector tills{Caller::cli(), Caller::system()};
  std::vector<Event> events;
  std::vector<std::pair<core::Seq, Event>> standing;
  for (int i = 0; i < 300; ++i) {
    // Now and then the clock was two hours fast until here.
    shop.clock().advance(i % 60 == 59 ? -2 * kHour : std::int64_t(random.below(kHour)));
    const Caller& till = tills[random.below(2)];
    if (standing.empty() || random.below(4) != 0) {
      const auto campaign = campaigns[random.below(2)];
      const auto code = shop.make_code(campaign);
      const auto amount = std::int64_t(1 + random.below(1000));
      const Event event{shop.clock().now(), campaign, till.actor, "-", false, amount};
      standing.emplace_back(shop.redeem(till, code, amount), event);
      events.push_back(event);
    } else {
      const auto [id, made] = standing.back();
      standing.pop_back();
      const auto why = random.below(2) == 0 ? std::nullopt : std::optional<std::string>("damaged");
      shop.roll_back(till, id, why);
      events.push_back(
          {shop.clock().now(), made.campaign, till.actor, why.value_or("-"), true, made.amount});
    }
  }
  const UnixMs begin{0};
  const UnixMs end = shop.clock().now() + 24 * kHour;
  const UnixMs middle = events[150].at;
  for (const auto& [from, to] : {std::pair{begin, end}, std::pair{begin, middle},
                                 std::pair{middle, end}, std::pair{middle, middle + 5 * kHour}}) {
    CHECK(table_of(shop.report({.by = LocalPeriod::kHour, .from = from, .to = to})) ==
          counted(events, kHour, offset * 1000, from, to));
    CHECK(table_of(shop.report({.by = LocalPeriod::kDay, .from = from, .to = to})) ==
          counted(events, 24 * kHour, offset * 1000, from, to));
  }
  const auto of_one =
      shop.report({.from = begin, .to = end, .campaign = campaigns[0], .till = tills[1].actor});
  REQUIRE(!of_one.lines.empty());
  for (const auto& line : of_one.lines) {
    CHECK(line.campaign == campaigns[0]);
    CHECK(line.till == "system");
  }
  CHECK(of_one.seq == shop->writer().committed_seq());
  INFO(shop.verify().first_divergence.value_or(""));
  CHECK(shop.verify().ok());
}

TEST_CASE("what was redeemed under a fast clock is found where the ledger has it", "[report]") {
  ReportsShop shop;
  const auto campaign = shop.make_cards("red");
  const UnixMs right = shop.clock().now();
  shop.clock().advance(10 * kHour);
  shop.redeem(Caller::cli(), shop.make_code(campaign), 1);
  shop.clock().advance(-10 * kHour);
  for (int i = 0; i < 40; ++i) {
    shop.clock().advance(1000);
    shop.redeem(Caller::cli(), shop.make_code(campaign), 1);
  }
  CHECK(shop.redeemed_between(right + 9 * kHour, right + 11 * kHour) == 1);
  CHECK(shop.redeemed_between(right, right + kHour) == 40);
  CHECK(shop.verify().steps_back == 1);
  // A list from a time on has it too, behind forty that are newer and of an earlier time.
  CHECK(shop.listed_from(right + 9 * kHour) == 1);
  CHECK(shop.listed_from(right + 11 * kHour) == 0);
  CHECK(shop.listed_from(right + 30'500) == 11);

  // Without the note a search by time would pass over the one: the audit says so.
  shop.shell("DELETE FROM meta WHERE name LIKE 'clock_step/%'");
  const auto report = shop.verify();
  REQUIRE(!report.ok());
  CHECK(report.first_divergence->find("meta clock_step/") == 0);

  // A file of a version that noted nothing is read once, at the next start.
  shop.shell("DELETE FROM meta WHERE name = 'clock_steps_noted'");
  CHECK(shop.verify().ok());
  shop.restart();
  CHECK(shop.number("SELECT count(*) FROM meta WHERE name LIKE 'clock_step/%'") == 1);
  CHECK(shop.redeemed_between(right + 9 * kHour, right + 11 * kHour) == 1);
  CHECK(shop.verify().ok());
}

TEST_CASE("the lines of a time that is over stay as they are", "[report]") {
  ReportsShop shop;
  const auto campaign = shop.make_cards("red");
  const UnixMs from = shop.clock().now();
  const auto first = shop.redeem(Caller::cli(), shop.make_code(campaign), 250);
  shop.clock().advance(3 * kHour);
  const UnixMs to = shop.clock().now();
  const service::ReportRequest past{.from = from, .to = to};
  const auto before = shop.report(past);
  REQUIRE(before.lines.size() == 1);
  shop.roll_back(Caller::cli(), first, "returned");
  const auto after = shop.report(past);
  CHECK(table_of(after) == table_of(before));
  CHECK(after.seq > before.seq);
  const auto now = shop.report({.from = to, .to = to + kHour});
  REQUIRE(now.lines.size() == 1);
  CHECK(now.lines[0].rolled_back == 1);
  CHECK(now.lines[0].returned == 250);
  CHECK(now.lines[0].reason == "returned");
  const auto stranger = Caller::user(core::UserId{1}, domain::Role::kUser);
  CHECK(service::make_report(shop->readers(), stranger, past).error().reason ==
        core::Reason::kForbidden);
}
