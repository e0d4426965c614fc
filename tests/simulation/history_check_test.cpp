// The checkers checked: histories made by hand, legal ones accepted, each illegal one flagged.
#include <catch2/catch.hpp>

#include "tests/simulation/ledger_check.h"
#include "tests/simulation/object_check.h"

using namespace coupon;
using core::Reason;
using test::Command;
using test::Effect;
using test::Moment;
using test::Record;
using test::RecordedHistory;
using Kind = Command::Kind;

namespace {

constexpr domain::CodeHash kCard{1};
constexpr domain::TokenHash kToken{2};
constexpr domain::TokenHash kOtherToken{3};
constexpr std::int64_t kCards = 1;
constexpr std::int64_t kClaims = 2;  // a campaign with a cap of two
constexpr std::int64_t kFirstSeq = 11;

struct When {
  Moment invoked;
  Moment replied;
};

// A shop with one single-use card at a price of 10, a claim campaign with two coupons, and two
// users with a credit of 15; and what happens in it.
class Story {
 public:
  Story() {
    auto& model = history.start.model;
    model.campaigns[kCards] = {.mode = domain::Mode::kCard, .policy = {.price = {10}}};
    model.campaigns[kClaims] = {.mode = domain::Mode::kClaim,
                                .policy = {.max_issued = 2, .max_per_user = 2}};
    model.coupons[1] = {.campaign = kCards, .max_uses = 1};
    model.users[1].credit = 15;
    model.users[2].credit = 15;
    history.start.coupons[kCard] = 1;
    history.start.last_seq = kFirstSeq - 1;
    history.coupons[kCard] = {};
    history.credit = {{1, 15}, {2, 15}};
  }

  static Command redeem(std::int64_t user) {
    return {.kind = Kind::kRedeem, .user = user, .campaign = kCards, .code = kCard};
  }
  static Command hold(std::int64_t user, const domain::TokenHash& token) {
    return {.kind = Kind::kHold, .user = user, .code = kCard, .token = token, .number = 60};
  }
  static Command claim(std::int64_t user, unsigned char code) {
    Command command{.kind = Kind::kIssue, .user = user, .campaign = kClaims};
    command.codes.push_back({.display = {}, .hash = {code}, .sealed = {}});
    return command;
  }

  // The ledger has it next.
  void enter(const Command& command, const std::string& marker) {
    store::LedgerRow row{
        .seq = {next_seq()}, .actor = marker, .user_id = core::UserId{command.user}};
    row.campaign_id = core::CampaignId{command.kind == Kind::kIssue ? kClaims : kCards};
    row.coupon_id = core::CouponId{1};
    if (command.kind == Kind::kRedeem) {
      row.operation = store::operation::kRedeem;
      row.credit = {-10};
      row.available = -1;
      history.credit[command.user] -= 10;
      ++history.coupons[kCard].uses;
    }
    if (command.kind == Kind::kIssue) {
      row.operation = store::operation::kIssue;
      row.units = 1;
      row.coupon_id = core::CouponId{++coupons_};
      history.coupons[command.codes[0].hash] = {.owner = command.user};
    }
    history.ledger.push_back(row);
  }

  // Acknowledged, and in the ledger next.
  Record& done(const Command& command, When when) {
    Record& record = acknowledged(command, when, next_seq());
    enter(command, record.command.marker);
    if (command.kind == Kind::kIssue) {
      record.effect->coupons.emplace_back(command.codes[0].hash, coupons_);
    }
    if (command.kind == Kind::kRedeem) record.effect->credit = history.credit[command.user];
    return record;
  }
  Record& acknowledged(const Command& command, When when, std::int64_t seq) {
    Record& record = ask(command, when);
    record.effect = Effect{.seq = {seq}};
    if (command.kind == Kind::kHold) record.effect->until = core::UnixMs{60'000};
    return record;
  }
  Record& refused(const Command& command, When when, Reason reason) {
    Record& record = ask(command, when);
    record.reason = reason;
    return record;
  }
  Record& unknown(const Command& command, Moment invoked) {
    return ask(command, {invoked, test::kNever});
  }
  void see(std::int64_t campaign, When when, const domain::Counters& counters) {
    history.looks.push_back({campaign, when.invoked, when.replied, counters});
  }
  std::int64_t next_seq() const { return kFirstSeq + std::int64_t(history.ledger.size()); }

  RecordedHistory history;

 private:
  Record& ask(Command command, When when) {
    command.marker = "m" + std::to_string(history.records.size());
    return history.records.emplace_back(
        Record{.command = command, .invoked = when.invoked, .replied = when.replied});
  }

  std::int64_t coupons_ = 1;
};

bool ledger_accepts(const Story& story) {
  const auto wrong = test::check_by_ledger(story.history);
  INFO((wrong.empty() ? "" : wrong.front()));
  return wrong.empty();
}
bool search_accepts(const Story& story) { return test::check_objects(story.history).wrong.empty(); }

}  // namespace

TEST_CASE("a history in which everything is right is accepted", "[history]") {
  Story story;
  story.done(Story::hold(1, kToken), {1, 6});
  story.refused(Story::hold(2, kOtherToken), {2, 7}, Reason::kHeldByOther);
  story.refused(Story::redeem(2), {8, 9}, Reason::kHeldByOther);
  Command redeem = Story::redeem(1);
  redeem.token = kToken;
  story.done(redeem, {10, 14});
  story.refused(Story::redeem(2), {11, 15}, Reason::kAlreadyRedeemed);
  story.done(Story::claim(1, 7), {12, 16});
  story.done(Story::claim(2, 8), {17, 19});
  story.see(kClaims, {13, 18}, {.issued = 1, .assigned = 1});
  story.refused(Story::claim(2, 9), {20, 21}, Reason::kUserCapReached);
  story.history.records.back().reason = Reason::kCampaignCapReached;
  CHECK(test::check_by_ledger(story.history) == std::vector<std::string>{});
  CHECK(test::check_objects(story.history).wrong == std::vector<std::string>{});
  CHECK(test::check_objects(story.history).searched >= 3);
}

TEST_CASE("what nobody knows the outcome of may have happened or not", "[history]") {
  Story happened;
  happened.unknown(Story::redeem(1), 1);
  happened.enter(Story::redeem(1), "m0");
  CHECK(ledger_accepts(happened));
  CHECK(search_accepts(happened));
  Story not_happened;
  not_happened.unknown(Story::redeem(1), 1);
  not_happened.done(Story::redeem(2), {5, 6});
  CHECK(ledger_accepts(not_happened));
  CHECK(search_accepts(not_happened));
  // But not before it was asked for.
  Story refused_early;
  refused_early.refused(Story::redeem(2), {1, 2}, Reason::kAlreadyRedeemed);
  refused_early.unknown(Story::redeem(1), 3);
  refused_early.enter(Story::redeem(1), "m1");
  CHECK_FALSE(ledger_accepts(refused_early));
  CHECK_FALSE(search_accepts(refused_early));
}

TEST_CASE("a code redeemed twice is flagged", "[history]") {
  Story story;
  story.done(Story::redeem(1), {1, 3});
  story.done(Story::redeem(2), {2, 4});
  CHECK_FALSE(ledger_accepts(story));
  CHECK_FALSE(search_accepts(story));
}

TEST_CASE("a lost acknowledgement is flagged", "[history]") {
  Story story;
  story.acknowledged(Story::redeem(1), {1, 3}, kFirstSeq);
  CHECK_FALSE(ledger_accepts(story));
  CHECK_FALSE(search_accepts(story));
}

TEST_CASE("a refusal that happened nevertheless is flagged", "[history]") {
  Story story;
  story.refused(Story::redeem(1), {1, 3}, Reason::kInsufficientCredit);
  story.enter(Story::redeem(1), "m0");
  CHECK_FALSE(ledger_accepts(story));
  CHECK_FALSE(search_accepts(story));
}

TEST_CASE("one request done twice is flagged", "[history]") {
  Story story;
  story.done(Story::claim(1, 7), {1, 3});
  story.enter(Story::claim(1, 8), "m0");
  CHECK_FALSE(ledger_accepts(story));
}

TEST_CASE("an entry that nobody asked for is flagged", "[history]") {
  Story story;
  story.enter(Story::redeem(1), "nobody");
  CHECK_FALSE(ledger_accepts(story));
  CHECK_FALSE(search_accepts(story));
}

TEST_CASE("one coupon over the cap is flagged", "[history]") {
  Story story;
  story.done(Story::claim(1, 7), {1, 4});
  story.done(Story::claim(2, 8), {2, 5});
  story.done(Story::claim(2, 9), {3, 6});
  CHECK_FALSE(ledger_accepts(story));
  CHECK_FALSE(search_accepts(story));
}

TEST_CASE("one coupon over the user's cap is flagged", "[history]") {
  Story story;
  story.history.start.model.campaigns[kClaims].policy.max_issued.reset();
  story.done(Story::claim(1, 7), {1, 4});
  story.done(Story::claim(1, 8), {2, 5});
  story.done(Story::claim(1, 9), {3, 6});
  CHECK_FALSE(ledger_accepts(story));
  CHECK_FALSE(search_accepts(story));
}

TEST_CASE("a look at what was long past, or not yet, is flagged", "[history]") {
  for (const std::int64_t issued : {0, 2}) {
    Story story;
    story.done(Story::claim(1, 7), {1, 2});
    story.see(kClaims, {3, 4}, {.issued = issued, .assigned = issued});
    story.done(Story::claim(2, 8), {5, 6});
    INFO(issued);
    CHECK_FALSE(ledger_accepts(story));
    CHECK_FALSE(search_accepts(story));
  }
}

TEST_CASE("entries in another order than real time are flagged", "[history]") {
  Story story;
  story.done(Story::claim(1, 7), {5, 6});
  story.done(Story::claim(2, 8), {1, 2});
  CHECK_FALSE(ledger_accepts(story));
}

TEST_CASE("a code in two hands at once is flagged", "[history]") {
  Story story;
  story.done(Story::hold(1, kToken), {1, 2});
  story.done(Story::hold(2, kOtherToken), {3, 4});
  CHECK_FALSE(ledger_accepts(story));
  CHECK_FALSE(search_accepts(story));
}

TEST_CASE("a redemption past somebody's hold is flagged", "[history]") {
  Story story;
  story.done(Story::hold(1, kToken), {1, 2});
  story.done(Story::redeem(2), {3, 4});
  CHECK_FALSE(ledger_accepts(story));
  CHECK_FALSE(search_accepts(story));
}

TEST_CASE("a refusal for which there was never a reason is flagged", "[history]") {
  Story sold_out;
  sold_out.done(Story::claim(1, 7), {1, 2});
  sold_out.refused(Story::claim(2, 8), {3, 4}, Reason::kCampaignCapReached);
  sold_out.done(Story::claim(2, 9), {5, 6});
  CHECK_FALSE(ledger_accepts(sold_out));
  CHECK_FALSE(search_accepts(sold_out));
  Story used;
  used.refused(Story::redeem(2), {1, 2}, Reason::kAlreadyRedeemed);
  used.done(Story::redeem(1), {3, 4});
  CHECK_FALSE(ledger_accepts(used));
  CHECK_FALSE(search_accepts(used));
}

TEST_CASE("a balance that was never there is flagged", "[history]") {
  Story told;
  told.done(Story::redeem(1), {1, 2}).effect->credit = 15;
  CHECK_FALSE(ledger_accepts(told));
  CHECK_FALSE(search_accepts(told));
  Story kept;
  kept.done(Story::redeem(1), {1, 2});
  kept.history.credit[1] = 15;
  CHECK_FALSE(search_accepts(kept));
}

TEST_CASE("a use that the file has forgotten is flagged", "[history]") {
  Story story;
  story.done(Story::redeem(1), {1, 2});
  story.history.coupons[kCard].uses = 0;
  CHECK_FALSE(search_accepts(story));
}
