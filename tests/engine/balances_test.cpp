// Goal: a code with a balance gives back exactly what was put on it, whatever is done to it, and
// whoever changes the file by hand is found out. Method: the services by hand, then every column
// that money stands in changed behind the program's back.
#include <SQLiteCpp/Exception.h>

#include <catch2/catch.hpp>
#include <cstdio>

#include "coupond/core/limits.h"
#include "coupond/service/balances.h"
#include "coupond/service/campaigns.h"
#include "coupond/service/coupons.h"
#include "coupond/store/coupons.h"
#include "tests/support/bulk_engine.h"
#include "tests/support/engine_fixture.h"

using namespace coupon;
using core::Reason;
using domain::CouponState;
using service::Caller;
using test::EngineFixture;

namespace {

class Cards {
 public:
  explicit Cards(std::int64_t value = 1000, domain::Mode mode = domain::Mode::kCard) {
    campaign = engine.make_campaign(
        mode, {.max_redemptions_per_coupon = std::nullopt, .value = value, .currency = "EUR"});
    user = engine.make_user();
    for (const auto& code : engine.make_codes(campaign, 3)) codes.push_back(code.hash);
  }

  core::Result<service::Redeemed> spend(std::size_t card, std::optional<std::int64_t> amount) {
    return engine.run<service::Redeemed>([&](store::Tx& tx) {
      return service::redeem(tx, Caller::cli(),
                             {.code = codes[card], .user_id = user, .amount = amount});
    });
  }
  core::Result<service::RolledBack> undo(core::Seq redemption) {
    return engine.run<service::RolledBack>([&](store::Tx& tx) {
      return service::roll_back(tx, Caller::cli(), redemption, std::nullopt);
    });
  }
  core::Result<service::CouponChanged> top_up(std::size_t card, std::int64_t amount) {
    return engine.run<service::CouponChanged>([&](store::Tx& tx) {
      return service::top_up(tx, Caller::cli(), codes[card], amount, std::nullopt);
    });
  }
  core::Result<service::Transferred> move(std::size_t from, std::size_t to,
                                          std::optional<std::int64_t> amount = {}) {
    return engine.run<service::Transferred>([&](store::Tx& tx) {
      return service::transfer(tx, Caller::cli(),
                               {.from = codes[from], .to = codes[to], .amount = amount});
    });
  }
  core::Result<service::Voided> end(std::size_t card) {
    return engine.run<service::Voided>([&](store::Tx& tx) {
      return service::void_coupon(tx, Caller::cli(), codes[card], std::nullopt);
    });
  }
  core::Result<service::CampaignWritten> change(
      const std::function<void(domain::Campaign&)>& change) {
    return engine.run<service::CampaignWritten>([&](store::Tx& tx) {
      return service::change_campaign(tx, Caller::cli(), campaign, change);
    });
  }

  domain::Coupon card(std::size_t i) {
    store::Connection db = engine.open(store::Connection::Access::kReadOnly);
    return store::find_coupon(db, codes[i]).value();
  }
  std::int64_t balance(std::size_t i) { return card(i).funds.value().balance; }
  std::int64_t available() { return engine.number("SELECT available FROM campaigns"); }

  EngineFixture engine;
  core::CampaignId campaign;
  core::UserId user;
  std::vector<domain::CodeHash> codes;
};

}  // namespace

TEST_CASE("a card is spent in parts until nothing is left", "[balances]") {
  Cards cards;
  const auto first = cards.spend(0, 400);
  REQUIRE(first.ok());
  CHECK(first->redemption.taken == 400);
  CHECK(first->coupon.funds->balance == 600);
  CHECK(cards.card(0).state == CouponState::kAvailable);
  const auto too_much = cards.spend(0, 601);
  CHECK(test::reason_of(too_much) == Reason::kInsufficientBalance);
  CHECK(too_much.error().number == 600);
  CHECK(too_much.error().message == "The balance is too small: 6.00 EUR left");
  // Without an amount: all that is left.
  const auto rest = cards.spend(0, std::nullopt);
  REQUIRE(rest.ok());
  CHECK(rest->redemption.taken == 600);
  CHECK(cards.card(0).state == CouponState::kRedeemed);
  CHECK(cards.available() == 2);
  for (const std::optional<std::int64_t> amount : {std::optional<std::int64_t>(1), {}}) {
    const auto empty = cards.spend(0, amount);
    CHECK(test::reason_of(empty) == Reason::kInsufficientBalance);
    CHECK(empty.error().number == 0);
  }
  CHECK(cards.engine.verify().ok());
}

TEST_CASE("a rollback returns what was taken and revives a spent card", "[balances]") {
  Cards cards;
  const auto part = cards.spend(0, 300);
  const auto rest = cards.spend(0, std::nullopt);
  REQUIRE((part.ok() && rest.ok()));
  const auto undone = cards.undo(part->redemption.id);
  REQUIRE(undone.ok());
  CHECK(undone->funds->balance == 300);
  CHECK(cards.card(0).state == CouponState::kAvailable);
  CHECK(cards.available() == 3);
  CHECK(test::reason_of(cards.undo(part->redemption.id)) == Reason::kAlreadyRolledBack);
  CHECK(cards.balance(0) == 300);
  REQUIRE(cards.undo(rest->redemption.id).ok());
  CHECK(cards.balance(0) == 1000);
  CHECK(cards.engine.verify().ok());
}

TEST_CASE("a top-up adds to a card, revives a spent one, and activates a blank one", "[balances]") {
  Cards cards(0);
  CHECK(test::reason_of(cards.spend(0, std::nullopt)) == Reason::kInsufficientBalance);
  REQUIRE(cards.top_up(0, 2500).ok());
  REQUIRE(cards.spend(0, 2500).ok());
  CHECK(cards.card(0).state == CouponState::kRedeemed);
  const auto again = cards.top_up(0, 100);
  REQUIRE(again.ok());
  CHECK(again->coupon.state == CouponState::kAvailable);
  CHECK(again->currency == "EUR");
  CHECK(cards.balance(0) == 100);
  CHECK(test::reason_of(cards.top_up(0, core::limits::kAmountMax)) == Reason::kBalanceLimitReached);
  REQUIRE(cards.end(1).ok());
  CHECK(test::reason_of(cards.top_up(1, 100)) == Reason::kVoid);
  CHECK(cards.engine.verify().ok());
}

TEST_CASE("a transfer moves what is left, and only that", "[balances]") {
  Cards cards;
  REQUIRE(cards.spend(0, 250).ok());
  const auto moved = cards.move(0, 1);
  REQUIRE(moved.ok());
  CHECK(moved->amount == 750);
  CHECK(cards.card(0).state == CouponState::kRedeemed);
  CHECK(cards.balance(1) == 1750);
  CHECK(test::reason_of(cards.move(0, 1)) == Reason::kInsufficientBalance);
  CHECK(test::reason_of(cards.move(1, 2, 1751)) == Reason::kInsufficientBalance);
  CHECK(test::reason_of(cards.move(1, 1)) == Reason::kInvalidRequest);
  // An unused card is blank afterwards: nothing was ever spent of it.
  REQUIRE(cards.move(2, 0).ok());
  CHECK(cards.card(2).state == CouponState::kAvailable);
  CHECK(cards.balance(0) == 1000);
  CHECK(cards.engine.number("SELECT sum(balance) FROM coupons") == 2750);
  CHECK(cards.engine.verify().ok());
}

TEST_CASE("a rollback after a transfer returns to the card that paid", "[balances]") {
  Cards cards;
  const auto part = cards.spend(0, 250);
  REQUIRE(part.ok());
  REQUIRE(cards.move(0, 1).ok());
  REQUIRE(cards.undo(part->redemption.id).ok());
  CHECK(cards.balance(0) == 250);
  CHECK(cards.card(0).state == CouponState::kAvailable);
  CHECK(cards.engine.verify().ok());
}

TEST_CASE("an amount of a code without a balance is refused, and so is money on it", "[balances]") {
  Cards cards;
  const auto plain = cards.engine.make_campaign(domain::Mode::kCard);
  cards.codes.push_back(cards.engine.make_codes(plain, 1).at(0).hash);
  CHECK(test::reason_of(cards.spend(3, 5)) == Reason::kNoBalance);
  CHECK(test::reason_of(cards.top_up(3, 5)) == Reason::kNoBalance);
  CHECK(test::reason_of(cards.move(0, 3)) == Reason::kNoBalance);
  CHECK(cards.spend(3, std::nullopt).ok());
  const auto yen = cards.engine.make_campaign(
      domain::Mode::kCard,
      {.max_redemptions_per_coupon = std::nullopt, .value = 5, .currency = "JPY"});
  cards.codes.push_back(cards.engine.make_codes(yen, 1).at(0).hash);
  CHECK(test::reason_of(cards.move(0, 4)) == Reason::kCurrencyMismatch);
  CHECK(cards.engine.verify().ok());
}

TEST_CASE("a value is for what pays: no price, no reward, no limit of uses", "[balances]") {
  Cards cards;
  const auto make = [&](domain::Mode mode, domain::Policy policy) {
    return cards.engine.run<service::CampaignWritten>([&](store::Tx& tx) {
      return service::create_campaign(tx, Caller::cli(),
                                      {.uuid = "u" + std::to_string(tx.last_seq().value),
                                       .mode = mode,
                                       .name = "n",
                                       .policy = policy});
    });
  };
  const auto made = make(domain::Mode::kPool, {.value = 5});
  REQUIRE(made.ok());
  CHECK_FALSE(made->campaign.policy.max_redemptions_per_coupon.has_value());
  CHECK_FALSE(make(domain::Mode::kToken, {.value = 5}).ok());
  CHECK_FALSE(make(domain::Mode::kShared, {.value = 5}).ok());
  CHECK_FALSE(make(domain::Mode::kCard, {.price = {1}, .value = 5}).ok());
  CHECK_FALSE(make(domain::Mode::kCard, {.max_redemptions_per_coupon = 3, .value = 5}).ok());
  CHECK_FALSE(make(domain::Mode::kCard, {.value = 5, .currency = "eur"}).ok());
  CHECK_FALSE(make(domain::Mode::kCard, {.currency = "EUR"}).ok());
  const domain::Reward gift{domain::RewardKind::kCredit, 5};
  CHECK_FALSE(make(domain::Mode::kCard, {.reward = gift, .value = 5}).ok());
}

TEST_CASE("another value is for codes made from then on, and a currency stays", "[balances]") {
  Cards cards;
  REQUIRE(cards.change([](domain::Campaign& c) { c.policy.value = 50; }).ok());
  const auto later = cards.engine.make_codes(cards.campaign, 1);
  cards.codes.push_back(later.at(0).hash);
  CHECK(cards.balance(0) == 1000);
  CHECK(cards.balance(3) == 50);
  CHECK_FALSE(cards.change([](domain::Campaign& c) { c.policy.currency = "USD"; }).ok());
  const auto none = cards.change([](domain::Campaign& c) {
    c.policy.value.reset();
    c.policy.currency.reset();
  });
  CHECK(test::reason_of(none) == Reason::kInvalidRequest);
  CHECK(cards.engine.verify().ok());
}

TEST_CASE("a card of a pool is held and spent by its owner", "[balances]") {
  Cards cards(800, domain::Mode::kPool);
  const service::Mint mint{.vault = cards.engine.vault(),
                           .random = cards.engine.random().as_random()};
  REQUIRE(cards.engine
              .run<service::Issued>([&](store::Tx& tx) {
                return service::assign(tx, Caller::cli(), mint, cards.codes[0], cards.user);
              })
              .ok());
  REQUIRE(cards.spend(0, 800).ok());
  CHECK(cards.card(0).state == CouponState::kRedeemed);
  REQUIRE(cards.top_up(0, 20).ok());
  CHECK(cards.card(0).state == CouponState::kAssigned);
  CHECK(cards.engine.verify().ok());
}

namespace {

struct BalanceTampering {
  const char* sql;
  const char* told;
};

constexpr BalanceTampering kRefused[] = {
    {"UPDATE coupons SET balance = balance + 1 WHERE id = 2", "CHECK"},
    {"UPDATE coupons SET balance = -1 WHERE id = 1", "CHECK"},
    {"UPDATE coupons SET balance = NULL WHERE id = 1", "CHECK"},
    {"UPDATE coupons SET balance = 0 WHERE id = 1", "CHECK"},
    {"UPDATE coupons SET state = 'redeemed' WHERE id = 1", "CHECK"},
    {"UPDATE redemptions SET taken = taken - 1", "only be rolled back"},
    {"UPDATE redemptions SET taken = NULL", "only be rolled back"},
    {"UPDATE campaigns SET price = 1", "CHECK"},
    {"UPDATE campaigns SET max_redemptions_per_coupon = 1", "CHECK"},
    {"INSERT INTO redemptions (id, coupon_id, campaign_id, user_id, amount, reward_kind, "
     "reward_value, redeemed_at, taken) VALUES (1, 1, 1, 1, 0, 'none', 0, 1, 601)",
     "CHECK"},
    {"INSERT INTO redemptions (id, coupon_id, campaign_id, user_id, amount, reward_kind, "
     "reward_value, redeemed_at) VALUES (1, 1, 1, 1, 0, 'none', 0, 1)",
     "cannot be redeemed"},
    {"INSERT INTO redemptions (id, coupon_id, campaign_id, user_id, amount, reward_kind, "
     "reward_value, redeemed_at, taken) VALUES (1, 1, 1, 1, 0, 'none', 0, 1, 0)",
     "CHECK"},
};

// Behind the triggers' back: what the ledger finds out.
constexpr BalanceTampering kFound[] = {
    {"UPDATE coupons SET value = value + 5, balance = balance + 5 WHERE id = 2", "value"},
    {"UPDATE coupons SET topped_up = topped_up + 5, balance = balance + 5 WHERE id = 2",
     "coupons 2: topped_up is 5; the ledger says 0"},
    {"UPDATE coupons SET balance = balance + 5 WHERE id = 1",
     "coupons 1: balance is 605; the ledger says 600"},
    {"UPDATE coupons SET value = NULL, topped_up = NULL, balance = NULL WHERE id = 1", "value"},
    {"UPDATE redemptions SET taken = 399", "taken is 399; the ledger says 400"},
    {"UPDATE ledger SET value = value + 1 WHERE operation = 'coupon.redeem'", "ledger entry"},
    {"UPDATE campaigns SET value = 5", "name or policy"},
    {"UPDATE campaigns SET currency = 'USD'", "name or policy"},
};

}  // namespace

TEST_CASE("the tables refuse to hold more money than there was", "[balances]") {
  Cards cards;
  REQUIRE(cards.spend(0, 400).ok());
  store::Connection shell = cards.engine.open(store::Connection::Access::kReadWrite);
  for (const BalanceTampering& attempt : kRefused) {
    CAPTURE(attempt.sql);
    std::string told;
    shell.exec("SAVEPOINT shell");
    try {
      shell.exec(attempt.sql);
    } catch (const SQLite::Exception& error) {
      told = error.what();
    }
    shell.exec("ROLLBACK TO shell; RELEASE shell");
    CHECK(told.find(attempt.told) != std::string::npos);
  }
  CHECK(cards.engine.verify().ok());
}

TEST_CASE("an audit finds money that was changed in the file", "[balances]") {
  for (const BalanceTampering& tampering : kFound) {
    CAPTURE(tampering.sql);
    Cards cards;
    REQUIRE(cards.spend(0, 400).ok());
    REQUIRE(cards.engine.verify().ok());
    cards.engine.stop();
    store::Connection shell = cards.engine.open(store::Connection::Access::kReadWrite);
    shell.exec(
        "DROP TRIGGER redemptions_end_once; DROP TRIGGER redemptions_give_the_use_back;"
        "DROP TRIGGER ledger_is_never_changed; PRAGMA ignore_check_constraints = ON");
    shell.exec(tampering.sql);
    const auto report = store::verify(
        shell,
        {.verifier = test::test_verifier(), .vault = &cards.engine.vault(), .check_file = false});
    CHECK(report.first_divergence.value_or("").find(tampering.told) != std::string::npos);
  }
}
