#include "coupond/service/demo.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include "coupond/core/ids.h"
#include "coupond/service/accounts.h"
#include "coupond/service/campaigns.h"
#include "coupond/service/codes.h"
#include "coupond/service/coupons.h"
#include "coupond/store/campaigns.h"
#include "coupond/store/ledger.h"
#include "coupond/store/users.h"

namespace coupon::service {
namespace {

constexpr std::int64_t kMinuteMs = 60 * core::kMsPerSecond;

struct DemoUser {
  const char* email;
  const char* username;  // null: logs in by e-mail only
  const char* name;
  const char* password;
  domain::Role role = domain::Role::kUser;
  core::Credit credit = {};
  const char* uuid = "";  // empty: any
};

constexpr std::array<DemoUser, 9> kUsers = {{
    {"admin@example.com", nullptr, "Admin", "AdminPassword123", domain::Role::kAdmin},
    // By their ids, the book service's clients know these two.
    {"admin@admin.com",
     nullptr,
     "darth vader",
     "Password1",
     domain::Role::kAdmin,
     {},
     "000000000000000000000000"},
    {"user@user.com",
     nullptr,
     "han solo",
     "Password1",
     domain::Role::kUser,
     {},
     "000000000000000000000001"},
    {"a.faghihi@example.com",
     "a.faghihi",
     "Amirhossein Faghihi",
     "password",
     domain::Role::kUser,
     {100}},
    {"user2@example.com", "user2", "User 2", "user2pass", domain::Role::kUser, {500}},
    {"user3@example.com", "user3", "User 3", "user3pass", domain::Role::kUser, {50}},
    {"user4@example.com", "user4", "User 4", "user4pass", domain::Role::kUser, {1500}},
    {"user5@example.com", "user5", "User 5", "user5pass", domain::Role::kUser, {20}},
    {"user6@example.com", "user6", "User 6", "user6pass", domain::Role::kUser, {175}},
}};

struct DemoCoupon {
  const char* name;
  std::int64_t price;
  const char* code;
  std::int64_t left;
  std::int64_t life_ms;
};

constexpr std::array<DemoCoupon, 5> kCoupons = {{
    {"one", 50, "ABC", 5, 10 * core::kMsPerDay},
    {"two", 450, "BCD", 3, core::kMsPerDay},
    {"three", 350, "CDE", 12, 5 * core::kMsPerHour},
    {"four", 250, "DEF", 1, core::kMsPerHour},
    {"five", 150, "EFG", 4, 10 * kMinuteMs},
}};

// The first is the administrator that the card service's clients know as 1.
core::UserId demo_id(const DemoUser& demo) {
  const std::int64_t place = &demo - kUsers.data();
  return {place == 0 ? 0 : store::kOrdinaryIds + place};
}

core::Result<core::Done> add_user(Engine& engine, const DemoUser& demo) {
  auto known = engine.readers().read<bool>([&](store::Connection& db) -> core::Result<bool> {
    return find_login(db, demo.email).has_value();
  });
  if (!known.ok()) return known.error();
  if (*known) return core::Done{};
  // Straight to the hasher: these passwords need not satisfy the rule for people's own.
  auto hash = engine.passwords().hash(demo.password);
  if (!hash.ok()) return hash.error();
  NewUser wanted{.id = demo_id(demo),
                 .uuid = demo.uuid,
                 .email = demo.email,
                 .name = demo.name,
                 .password_hash = std::move(*hash),
                 .role = demo.role,
                 .credit = demo.credit};
  if (demo.username != nullptr) wanted.username = demo.username;
  return engine.writer().run<core::Done>(
      "demo.user", [&](store::Tx& tx) -> core::Result<core::Done> {
        auto made = create_user(tx, engine, Caller::system(), wanted);
        if (!made.ok()) return made.error();
        return core::Done{};
      });
}

core::Result<core::Done> make_coupon(store::Tx& tx, const DemoCoupon& demo, std::string uuid,
                                     const FreshCode& code) {
  domain::Campaign campaign{.uuid = std::move(uuid),
                            .slug = std::string("store-") + demo.name,
                            .mode = domain::Mode::kShared,
                            .name = demo.name};
  campaign.policy.price = {demo.price};
  campaign.policy.max_redemptions_per_coupon = demo.left;
  campaign.policy.max_redemptions_per_user = 1;
  campaign.policy.ends_at = tx.now() + demo.life_ms;
  auto made = create_campaign(tx, Caller::system(), campaign);
  if (!made.ok()) return made.error();
  auto stored = store_codes(tx, Caller::system(), made->campaign.id, std::span(&code, 1));
  if (!stored.ok()) return stored.error();
  return core::Done{};
}

core::Result<core::Done> open_again(store::Tx& tx, const DemoCoupon& demo,
                                    const domain::Campaign& campaign) {
  if (campaign.policy.ends_at && tx.now() < *campaign.policy.ends_at) return core::Done{};
  const auto later = [&](domain::Campaign& target) {
    target.policy.ends_at = tx.now() + demo.life_ms;
  };
  auto changed = change_campaign(tx, Caller::system(), campaign.id, later);
  if (!changed.ok()) return changed.error();
  return core::Done{};
}

// Campaigns of cards, some of them used, so that the pages open on something alive.
struct DemoCards {
  const char* slug;
  const char* name;
  domain::Reward reward;
  std::int64_t count;
  std::int64_t value = 0;  // a balance, spent in parts
};

constexpr std::array<DemoCards, 4> kCards = {{
    {"demo-gift-cards", "Gift card", {domain::RewardKind::kAmountOff, 5000}, 40},
    {"demo-members", "10 % for members", {domain::RewardKind::kPercentOff, 10}, 25},
    {"demo-coffee", "Free coffee", {domain::RewardKind::kNone, 0}, 30},
    {"demo-balance", "Card with a balance", {domain::RewardKind::kNone, 0}, 20, 5000},
}};

core::Result<core::Done> make_cards(store::Tx& tx, const DemoCards& demo, std::string uuid,
                                    const std::vector<FreshCode>& codes) {
  domain::Campaign campaign{
      .uuid = std::move(uuid), .slug = demo.slug, .mode = domain::Mode::kCard, .name = demo.name};
  campaign.policy.reward = demo.reward;
  if (demo.value > 0) {
    campaign.policy.value = demo.value;
    campaign.policy.currency = "EUR";
  }
  auto made = create_campaign(tx, Caller::system(), campaign);
  if (!made.ok()) return made.error();
  auto stored = store_codes(tx, Caller::system(), made->campaign.id, codes);
  if (!stored.ok()) return stored.error();
  return core::Done{};
}

// A use of a card of which a past is told.
core::Result<core::Done> use_card(Engine& engine, const DemoCards& demo, const FreshCode& code) {
  return engine.writer().run<core::Done>(
      "demo.use", [&](store::Tx& tx) -> core::Result<core::Done> {
        const auto user = find_login(tx.db(), "user@user.com");
        if (!user) return core::Reason::kInternal;
        RedeemRequest part{.code = code.hash, .user_id = user->id};
        if (demo.value > 0) part.amount = demo.value / 4;
        auto done = redeem(tx, Caller::system(), part);
        if (!done.ok()) return done.error();
        return core::Done{};
      });
}

// Codes of a campaign that was made just now; none where it was there already.
core::Result<std::vector<FreshCode>> add_cards(Engine& engine, const DemoCards& demo) {
  std::vector<FreshCode> codes;
  for (std::int64_t i = 0; i < demo.count; ++i) {
    auto code = seal_code(engine.vault(), core::make_card_code(engine.random()));
    if (!code.ok()) return code.error();
    codes.push_back(*std::move(code));
  }
  const std::string uuid = core::uuid4(engine.random());
  bool known = false;
  auto made =
      engine.writer().run<core::Done>("demo.cards", [&](store::Tx& tx) -> core::Result<core::Done> {
        known = store::find_campaign_by_slug(tx.db(), demo.slug).has_value();
        return known ? core::Result<core::Done>(core::Done{}) : make_cards(tx, demo, uuid, codes);
      });
  if (!made.ok()) return made.error();
  if (known) codes.clear();
  return codes;
}

// How much of a past there is room for: no entry is older than the one before.
core::Result<std::int64_t> room_for_a_past(Engine& engine, const DemoClock& clock) {
  const auto last = engine.readers().read<core::UnixMs>(
      [](store::Connection& db) -> core::Result<core::UnixMs> { return store::last_entry(db).at; });
  if (!last.ok()) return last.error();
  return std::clamp<std::int64_t>(clock.real().value - last->value, 0, kDemoDaysMs);
}

// The clock is right again, whatever happens.
class Past {
 public:
  Past(DemoClock* clock, std::int64_t ms) : clock_(clock), ms_(ms) { leave(1, 1); }
  ~Past() { end(); }
  Past(const Past&) = delete;
  Past& operator=(const Past&) = delete;

  // So much of it is left.
  void leave(std::int64_t part, std::int64_t of) {
    if (clock_ != nullptr) clock_->set_behind(ms_ * std::max<std::int64_t>(part, 0) / of);
  }
  void end() { leave(0, 1); }

 private:
  DemoClock* const clock_;
  const std::int64_t ms_;
};

// Uses the cards one after the other, from the first of those days to today.
core::Result<core::Done> tell_a_past(Engine& engine, std::array<std::vector<FreshCode>, 4> codes,
                                     Past& past) {
  constexpr std::int64_t kSteps = 18, kPast = 12;
  for (std::int64_t step = 1; step <= kSteps; ++step) {
    past.leave(kPast - step, kPast);
    const auto place = static_cast<std::size_t>(step * 3 + step / 5) % kCards.size();
    if (codes[place].empty()) continue;
    auto used = use_card(engine, kCards[place], codes[place].front());
    if (!used.ok()) return used;
    codes[place].erase(codes[place].begin());
  }
  return core::Done{};
}

core::Result<core::Done> add_coupon(Engine& engine, const DemoCoupon& demo) {
  const auto code = seal_code(engine.vault(), demo.code);
  if (!code.ok()) return code.error();
  const std::string uuid = core::uuid4(engine.random());
  return engine.writer().run<core::Done>("demo.coupon", [&](store::Tx& tx) {
    const auto known = store::find_campaign_by_slug(tx.db(), std::string("store-") + demo.name);
    if (!known) return make_coupon(tx, demo, uuid, *code);
    if (known->archived_at) return core::Result<core::Done>(core::Done{});
    return open_again(tx, demo, *known);
  });
}

}  // namespace

core::Result<core::Done> load_demo(Engine& engine, DemoClock* clock) {
  const auto room =
      clock == nullptr ? core::Result<std::int64_t>(0) : room_for_a_past(engine, *clock);
  if (!room.ok()) return room.error();
  Past past(clock, *room);
  for (const DemoUser& user : kUsers) {
    if (auto done = add_user(engine, user); !done.ok()) return done;
  }
  std::array<std::vector<FreshCode>, kCards.size()> codes;
  for (std::size_t i = 0; i < kCards.size(); ++i) {
    auto made = add_cards(engine, kCards[i]);
    if (!made.ok()) return made.error();
    codes[i] = *std::move(made);
  }
  if (auto done = tell_a_past(engine, std::move(codes), past); !done.ok()) return done;
  past.end();
  for (const DemoCoupon& coupon : kCoupons) {
    if (auto done = add_coupon(engine, coupon); !done.ok()) return done;
  }
  return core::Done{};
}

}  // namespace coupon::service
