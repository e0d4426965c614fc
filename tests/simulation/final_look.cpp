#include "tests/simulation/final_look.h"

#include "coupond/store/campaigns.h"
#include "coupond/store/coupons.h"
#include "coupond/store/users.h"

namespace coupon::test {
namespace {

constexpr std::int64_t kAll = 1'000'000;

void add_coupons(World& world, store::Connection& db) {
  for (World::Id id = 1; id <= store::last_coupon_id(db); ++id) {
    const auto coupon = store::find_coupon(db, core::CouponId{id}).value();
    ReferenceModel::Coupon seen{.campaign = coupon.campaign_id.value,
                                .uses = coupon.uses,
                                .max_uses = coupon.max_uses,
                                .is_void = coupon.state == domain::CouponState::kVoid,
                                .expires_at = coupon.expires_at};
    if (coupon.user_id) seen.owner = coupon.user_id->value;
    if (coupon.funds) {
      seen.put_on = coupon.funds->put_on();
      seen.taken = coupon.funds->put_on() - coupon.funds->balance;
    }
    world.model.coupons[id] = seen;
    world.coupons[coupon.code_hash] = id;
  }
}

}  // namespace

World world_of(store::Connection& db) {
  World world;
  for (const auto& campaign : store::list_campaigns(db, {.archived = true, .limit = kAll})) {
    world.model.campaigns[campaign.id.value] = {.mode = campaign.mode,
                                                .policy = campaign.policy,
                                                .archived = campaign.archived_at.has_value()};
  }
  for (const auto& user : store::list_users(db, {.limit = kAll})) {
    world.model.users[user.id.value] = {.credit = user.credit.value};
  }
  add_coupons(world, db);
  const auto head = store::last_entry(db);
  world.last_seq = head.seq.value;
  world.last_at = head.at;
  return world;
}

void look_at_the_end(RecordedHistory& history, store::Connection& db, Moment now) {
  history.ledger = store::ledger_after(db, {history.start.last_seq}, kAll);
  const World world = world_of(db);
  for (const auto& [code, id] : world.coupons) {
    const auto& coupon = world.model.coupons.at(id);
    history.coupons[code] = {
        .owner = coupon.owner.value_or(0), .uses = coupon.uses, .is_void = coupon.is_void};
    if (coupon.put_on) history.coupons[code].balance = coupon.balance();
  }
  for (const auto& [id, user] : world.model.users) history.credit[id] = user.credit;
  for (const auto& [id, campaign] : history.start.model.campaigns) {
    history.looks.push_back({.campaign = id,
                             .invoked = now,
                             .replied = now,
                             .counters = store::find_campaign(db, core::CampaignId{id})->counters});
  }
}

}  // namespace coupon::test
