#include "tests/support/random_walk.h"

#include <array>

#include "coupond/domain/decide.h"
#include "coupond/service/balances.h"
#include "coupond/service/campaigns.h"
#include "coupond/store/campaigns.h"
#include "coupond/store/coupons.h"
#include "coupond/store/redemptions.h"
#include "coupond/store/users.h"
#include "tests/support/random_policy.h"
#include "tests/support/world.h"

namespace coupon::test {
namespace {

using core::Reason;
using core::Result;
using service::Caller;

std::string text(const ReferenceModel::Verdict& verdict) {
  return verdict ? std::string(core::name(*verdict)) : "accepted";
}

}  // namespace

RandomWalk::RandomWalk(std::uint64_t seed)
    : fixture_({.writer = {.durability = store::Durability::kRelaxed}, .seed = seed}),
      random_(seed),
      bytes_(random_.as_random()) {
  for (int i = 0; i < kUsers; ++i) {
    const auto credit = std::int64_t(random_.below(200));
    model_.users[fixture_.make_user(credit).value].credit = credit;
  }
  for (int i = 0; i < 10; ++i) open_campaign();
}

std::string RandomWalk::differs(const char* operation, const Model::Verdict& expected,
                                const Model::Verdict& verdict) {
  ++outcomes_[std::string(operation) + " " + text(verdict)];
  if (verdict == expected) return {};
  return std::string(operation) + ": " + text(verdict) + " instead of " + text(expected);
}

struct RandomWalk::Kind {
  int weight;
  std::string (RandomWalk::*run)();
};

std::string RandomWalk::step() {
  static constexpr std::array<Kind, 18> kKinds{{{6, &RandomWalk::generate},
                                                {2, &RandomWalk::switch_campaign},
                                                {2, &RandomWalk::set_cap},
                                                {1, &RandomWalk::archive},
                                                {16, &RandomWalk::issue},
                                                {8, &RandomWalk::assign},
                                                {20, &RandomWalk::hold},
                                                {8, &RandomWalk::release},
                                                {30, &RandomWalk::redeem},
                                                {8, &RandomWalk::roll_back},
                                                {3, &RandomWalk::make_void},
                                                {4, &RandomWalk::restore},
                                                {2, &RandomWalk::free},
                                                {4, &RandomWalk::set_terms},
                                                {4, &RandomWalk::reassign},
                                                {5, &RandomWalk::top_up},
                                                {5, &RandomWalk::transfer},
                                                {4, &RandomWalk::add_credit}}};
  // Mostly little time passes; now and then holds, tokens and campaigns run out.
  fixture_.clock().advance(below(one_in(20) ? 90'000 : 500));
  model_.now = fixture_.clock().now();
  if (one_in(150)) open_campaign();
  int total = 0;
  for (const Kind& kind : kKinds) total += kind.weight;
  Id left = below(total);
  for (const Kind& kind : kKinds) {
    left -= kind.weight;
    if (left < 0) return (this->*kind.run)();
  }
  return "no kind of step has that weight";
}

void RandomWalk::open_campaign() {
  constexpr std::array kModes{domain::Mode::kToken, domain::Mode::kPool, domain::Mode::kShared,
                              domain::Mode::kCard, domain::Mode::kClaim};
  const domain::Mode mode = kModes[model_.campaigns.size() % kModes.size()];
  const domain::Policy policy = random_policy(random_, mode, fixture_.clock().now());
  const Id id = fixture_.make_campaign(mode, policy).value;
  model_.campaigns[id] = {.mode = mode, .policy = policy};
  model_.now = fixture_.clock().now();
}

std::string RandomWalk::generate() {
  const Id campaign = any_campaign();
  const bool shared = model_.campaigns.at(campaign).mode == domain::Mode::kShared;
  std::vector<service::FreshCode> codes(std::size_t(shared ? 1 : 1 + below(6)));
  for (auto& code : codes) code = fixture_.fresh_code();
  const auto expected = model_.may_generate(campaign, Id(codes.size()));
  std::vector<Id> ids;
  const auto made = fixture_.run<service::Generated>([&](store::Tx& tx) {
    auto stored = service::store_codes(tx, Caller::system(), {campaign}, codes);
    if (!stored.ok()) return stored;
    for (const auto& code : codes) ids.push_back(store::find_coupon(tx.db(), code.hash)->id.value);
    return stored;
  });
  for (std::size_t i = 0; i < ids.size(); ++i) {
    model_.made(campaign, ids[i], std::nullopt);
    hashes_[ids[i]] = codes[i].hash;
  }
  return judge("generate", expected, made);
}

std::string RandomWalk::switch_campaign() {
  const Id id = any_campaign();
  Model::Campaign& campaign = model_.campaigns.at(id);
  const bool active = !campaign.policy.active;
  const auto changed = fixture_.run<service::CampaignWritten>([&](store::Tx& tx) {
    return service::change_campaign(tx, Caller::system(), {id},
                                    [&](domain::Campaign& c) { c.policy.active = active; });
  });
  const auto expected = campaign.archived ? Model::Verdict(Reason::kArchived) : std::nullopt;
  if (changed.ok()) campaign.policy.active = active;
  return judge("switch", expected, changed);
}

std::string RandomWalk::set_cap() {
  const Id id = any_campaign();
  Model::Campaign& campaign = model_.campaigns.at(id);
  if (campaign.mode == domain::Mode::kShared) return {};
  const Id cap = below(90);
  const auto expected = model_.may_set_cap(id, cap);
  const auto changed = fixture_.run<service::CampaignWritten>([&](store::Tx& tx) {
    return service::change_campaign(tx, Caller::system(), {id},
                                    [&](domain::Campaign& c) { c.policy.max_issued = cap; });
  });
  if (changed.ok()) campaign.policy.max_issued = cap;
  return judge("cap", expected, changed);
}

std::string RandomWalk::archive() {
  if (!one_in(3)) return {};
  const Id id = any_campaign();
  Model::Campaign& campaign = model_.campaigns.at(id);
  const auto done = fixture_.run<service::CampaignWritten>(
      [&](store::Tx& tx) { return service::archive_campaign(tx, Caller::system(), {id}); });
  const auto expected = campaign.archived ? Model::Verdict(Reason::kArchived) : std::nullopt;
  campaign.archived = true;
  return judge("archive", expected, done);
}

std::string RandomWalk::issue() {
  const Id campaign = any_campaign();
  const Id user = any_user();
  const Who who = any_who(12);
  const auto expected = model_.may_issue(who, campaign, user);
  service::IssueRequest request{.campaign_id = {campaign}, .user_id = {user}};
  request.code = fixture_.fresh_code();
  request.draw = random_.next();
  const auto issued = fixture_.run<service::Issued>(
      [&](store::Tx& tx) { return service::issue(tx, caller(who, user), mint(), request); });
  if (!issued.ok() || expected) return judge("issue", expected, issued);
  const Id coupon = issued->coupon.id.value;
  if (model_.campaigns.at(campaign).mode == domain::Mode::kPool) {
    Model::Coupon& drawn = model_.coupons.at(coupon);
    if (drawn.state() != domain::CouponState::kAvailable) return "drew one that was not available";
    drawn.owner = user;
  } else {
    model_.made(campaign, coupon, user);
    hashes_[coupon] = issued->coupon.code_hash;
  }
  return judge("issue", expected, issued);
}

std::string RandomWalk::assign() {
  if (model_.coupons.empty()) return {};
  const Id coupon = any_coupon();
  const Id user = any_user();
  const Who who = any_who(12);
  const auto expected = model_.may_assign(who, coupon, user);
  const auto assigned = fixture_.run<service::Issued>([&](store::Tx& tx) {
    return service::assign(tx, caller(who, user), mint(), hash_of(coupon), {user});
  });
  if (assigned.ok()) model_.coupons.at(coupon).owner = user;
  return judge("assign", expected, assigned);
}

std::string RandomWalk::hold() {
  if (model_.coupons.empty()) return {};
  const Id coupon = any_coupon();
  const Id user = user_for(coupon);
  const Who who = any_who(12);
  const auto expected = model_.may_hold(who, coupon, user);
  const domain::TokenHash shown = token();
  const Id ttl_s = 1 + below(200);
  const auto held = fixture_.run<service::Held>([&](store::Tx& tx) {
    return service::hold(
        tx, caller(who, user),
        {.code = hash_of(coupon), .user_id = {user}, .token_hash = shown, .ttl_s = ttl_s});
  });
  if (held.ok()) {
    Model::Coupon& target = model_.coupons.at(coupon);
    const Id longest_s = model_.campaigns.at(target.campaign).policy.hold_ttl_s;
    const core::UnixMs until = model_.now + std::min(ttl_s, longest_s) * core::kMsPerSecond;
    model_.held(coupon, {.user = user, .token = shown, .until = until});
    if (held->until != until) return "a hold ends at another time";
  }
  return judge("hold", expected, held);
}

std::string RandomWalk::release() {
  if (model_.coupons.empty()) return {};
  const Id coupon = coupon_that([&](Id id) { return model_.is_held(model_.coupons.at(id)); });
  Model::Coupon& target = model_.coupons.at(coupon);
  const bool held = model_.is_held(target);
  const Id user = held && !one_in(8) ? model_.last_hold(target).user : user_for(coupon);
  const domain::TokenHash shown = held && !one_in(6) ? model_.last_hold(target).token : token();
  const Who who = any_who(12);
  const auto expected = model_.may_release(who, coupon, user, shown);
  const auto released = fixture_.run<service::Held>([&](store::Tx& tx) {
    return service::release(tx, caller(who, user), hash_of(coupon), {user}, {.token_hash = shown});
  });
  if (released.ok()) model_.released(coupon, shown);
  return judge("release", expected, released);
}

std::string RandomWalk::redeem() {
  if (model_.coupons.empty()) return {};
  // Few can be redeemed by who has no account: now and then one is looked for.
  const bool seeks = one_in(4);
  const Id coupon = coupon_that(
      [&](Id id) { return !seeks || !model_.may_redeem(Who::kClerk, id, Model::kNobody, {}, {}); });
  const Model::Coupon& target = model_.coupons.at(coupon);
  // What has an owner is theirs, also when nobody is named.
  const bool walks_in = !target.owner && (seeks || one_in(2));
  const Id user = walks_in ? Model::kNobody : user_for(coupon);
  // Staff serve who walks in.
  const Who who = walks_in ? any_clerk() : any_who(12);
  std::optional<domain::TokenHash> shown;
  if (model_.is_held(target) && !one_in(4)) shown = model_.last_hold(target).token;
  if (one_in(12)) shown = token();
  std::optional<std::int64_t> amount;
  if (target.put_on || one_in(30)) amount = any_amount(target);
  const auto expected = model_.may_redeem(who, coupon, user, shown, amount);
  const auto redeemed = fixture_.run<service::Redeemed>([&](store::Tx& tx) {
    service::RedeemRequest request{.code = hash_of(coupon), .walk_in = walks_in};
    request.amount = amount;
    if (!walks_in) request.user_id = core::UserId{user};
    request.proof.token_hash = shown;
    return service::redeem(tx, caller(who, user), request);
  });
  if (!redeemed.ok() || expected) return judge("redeem", expected, redeemed);
  model_.redeemed(coupon, user, redeemed->redemption.id.value, amount, shown);
  if (target.put_on && redeemed->coupon.funds->balance != target.balance()) {
    return "a redemption leaves another balance on its code";
  }
  if (walks_in) return judge("walk-in", expected, redeemed);
  const Model::User& account = model_.users.at(user);
  if (redeemed->balance.credit.value != account.credit ||
      redeemed->balance.subscription_ends_at != account.subscription_ends_at) {
    return "a redemption leaves another balance";
  }
  return judge("redeem", expected, redeemed);
}

std::string RandomWalk::roll_back() {
  if (model_.redemptions.empty()) return {};
  const Id redemption = last_of(model_.redemptions, 60);
  const Id user = model_.redemptions.at(redemption).user;
  const Who who = any_clerk();
  const auto expected = model_.may_roll_back(who, redemption);
  const auto done = fixture_.run<service::RolledBack>([&](store::Tx& tx) {
    return service::roll_back(tx, caller(who, user), {redemption}, std::nullopt);
  });
  if (done.ok() && !expected) model_.rolled_back(redemption);
  return judge("rollback", expected, done);
}

std::string RandomWalk::make_void() {
  if (model_.coupons.empty()) return {};
  const Id coupon = any_coupon();
  const Who who = any_clerk();
  const auto expected = model_.may_void(who, coupon);
  const auto done = fixture_.run<service::Voided>([&](store::Tx& tx) {
    return service::void_coupon(tx, caller(who, any_user()), hash_of(coupon), std::nullopt);
  });
  if (done.ok()) {
    model_.coupons.at(coupon).is_void = true;
    model_.coupons.at(coupon).holds.clear();
  }
  return judge("void", expected, done);
}

std::optional<std::int64_t> RandomWalk::any_amount(const Model::Coupon& coupon) {
  if (one_in(5)) return std::nullopt;
  return 1 + below(one_in(3) ? coupon.balance() + 2 : 1 + coupon.balance() / 3);
}

std::string RandomWalk::top_up() {
  if (model_.coupons.empty()) return {};
  const Id coupon = any_coupon();
  const Id amount = 1 + below(300);
  const Who who = any_clerk();
  const auto expected = model_.may_top_up(who, coupon, amount);
  const auto done = fixture_.run<service::CouponChanged>([&](store::Tx& tx) {
    return service::top_up(tx, caller(who, any_user()), hash_of(coupon), amount, std::nullopt);
  });
  if (done.ok() && !expected) model_.topped_up(coupon, amount);
  return judge("top up", expected, done);
}

std::string RandomWalk::transfer() {
  if (model_.coupons.empty()) return {};
  const bool seeks = one_in(2);
  const Id from = coupon_that([&](Id id) { return !seeks || model_.coupons.at(id).balance() > 0; });
  const Id to = coupon_that(
      [&](Id id) { return !seeks || !model_.may_transfer(Who::kClerk, from, id, std::nullopt); });
  const auto amount = any_amount(model_.coupons.at(from));
  const Who who = any_clerk();
  const auto expected = model_.may_transfer(who, from, to, amount);
  const auto done = fixture_.run<service::Transferred>([&](store::Tx& tx) {
    return service::transfer(tx, caller(who, any_user()),
                             {.from = hash_of(from), .to = hash_of(to), .amount = amount});
  });
  if (done.ok() && !expected && done->amount != model_.transferred(from, to, amount)) {
    return "a transfer moves another amount";
  }
  return judge("transfer", expected, done);
}

// What service::change_credit() does, which needs a whole engine.
std::string RandomWalk::add_credit() {
  const Id user = any_user();
  const Id credit = below(2) == 0 ? 1 + below(50) : -1 - below(50);
  const auto expected = model_.may_add_credit(user, credit);
  const auto done = fixture_.run<core::Seq>([&](store::Tx& tx) -> Result<core::Seq> {
    if (!store::add_credit(tx, {user}, {credit})) return Reason::kInsufficientCredit;
    return tx.append({.operation = store::operation::kUserCredit,
                      .actor = "system",
                      .user_id = core::UserId{user},
                      .credit = {credit},
                      .detail = "walk"});
  });
  if (done.ok()) model_.users.at(user).credit += credit;
  return judge("credit", expected, done);
}

std::string RandomWalk::compare() {
  store::Connection db = fixture_.open(store::Connection::Access::kReadOnly);
  store::Readers readers(fixture_.path());
  return compare_campaigns(db) + compare_coupons(db) + compare_users(db) +
         report_differs(readers, model_);
}

std::string RandomWalk::compare_campaigns(store::Connection& db) {
  for (const auto& [id, campaign] : model_.campaigns) {
    const auto stored = store::find_campaign(db, core::CampaignId{id});
    if (stored->counters != model_.counters(id)) {
      return "the counters of campaign " + std::to_string(id) + " differ ";
    }
    if (stored->archived_at.has_value() != campaign.archived) return "archived differs ";
  }
  return {};
}

std::string RandomWalk::compare_coupons(store::Connection& db) {
  for (const auto& [id, coupon] : model_.coupons) {
    const auto stored = store::find_coupon(db, core::CouponId{id});
    std::int64_t held = 0;
    for (const domain::Hold& hold : store::find_holds(db, core::CouponId{id})) {
      held += domain::is_live(hold, model_.now) ? 1 : 0;
      if (domain::is_live(hold, model_.now) && !model_.hold_with(coupon, hold.token_hash)) {
        return "coupon " + std::to_string(id) + " has another hold ";
      }
    }
    const auto owner = stored->user_id ? std::optional(stored->user_id->value) : std::nullopt;
    const bool same = stored->state == coupon.state() && stored->uses == coupon.uses &&
                      stored->max_uses == coupon.max_uses &&
                      stored->expires_at == coupon.expires_at &&
                      stored->funds.has_value() == coupon.put_on.has_value() &&
                      (!stored->funds || (stored->funds->put_on() == coupon.put_on &&
                                          stored->funds->balance == coupon.balance())) &&
                      owner == coupon.owner && held == model_.live_holds(coupon);
    if (!same) return "coupon " + std::to_string(id) + " differs ";
  }
  return store::last_coupon_id(db) == Id(model_.coupons.size()) ? "" : "there are other coupons ";
}

std::string RandomWalk::compare_users(store::Connection& db) {
  for (const auto& [id, user] : model_.users) {
    const auto balance = store::find_balance(db, {id});
    if (balance->credit.value != user.credit ||
        balance->subscription_ends_at != user.subscription_ends_at) {
      return "the balance of user " + std::to_string(id) + " differs ";
    }
  }
  return {};
}

}  // namespace coupon::test
