#include <utility>

#include "coupond/core/assert.h"
#include "coupond/core/limits.h"
#include "coupond/service/coupons.h"
#include "coupond/service/tills.h"
#include "src/service/insufficient.h"
#include "src/service/loading.h"

namespace coupon::service {
namespace {

using core::Reason;
using domain::RewardKind;

// What one redemption moves of the user's account: the price is taken, the reward given.
struct Effect {
  core::Credit credit;
  std::int64_t days = 0;
};

Effect effect_of(core::Credit price, const domain::Reward& reward) {
  Effect effect{.credit = {-price.value}};
  if (reward.kind == RewardKind::kCredit) effect.credit.value += reward.value;
  if (reward.kind == RewardKind::kSubscription) effect.days = reward.value;
  return effect;
}

bool moves_account(const Effect& effect) { return effect.credit.value != 0 || effect.days != 0; }

store::Balance apply(const store::Balance& before, const Effect& effect, core::UnixMs now) {
  store::Balance after = before;
  after.credit.value += effect.credit.value;
  if (effect.days > 0) {
    after.subscription_ends_at =
        domain::extend_subscription(before.subscription_ends_at, effect.days, now);
  } else if (effect.days < 0 && before.subscription_ends_at) {
    after.subscription_ends_at = *before.subscription_ends_at + effect.days * core::kMsPerDay;
  }
  return after;
}

domain::CouponFacts facts_for(store::Tx& tx, const LoadedCoupon& loaded,
                              const RedeemRequest& request, std::optional<core::UserId> user_id) {
  domain::CouponFacts facts = loaded.facts(user_id.value_or(core::UserId{}), tx.now());
  facts.hold_token = request.proof.token_hash;
  facts.holder_by_name = request.proof.by_name;
  facts.amount = request.amount;
  return facts;
}

std::optional<core::Error> refusal(const LoadedCoupon& loaded, const domain::CouponFacts& facts) {
  auto error = domain::first_refusal(domain::redeem_rules(facts));
  if (!error) return std::nullopt;
  return explain_insufficient(*std::move(error), loaded);
}

// The schema's trigger has done the same to the row.
void take_use(domain::Coupon& coupon, std::int64_t taken, core::Seq seq) {
  ++coupon.uses;
  COUPOND_ASSERT(!coupon.max_uses || coupon.uses <= *coupon.max_uses);
  if (coupon.funds) coupon.funds->balance -= taken;
  COUPOND_ASSERT(!coupon.funds || coupon.funds->balance >= 0);
  coupon.state = domain::state_in_use(coupon);
  coupon.last_seq = seq;
}

std::optional<std::int64_t> uses_left(const domain::Coupon& coupon) {
  if (!coupon.max_uses) return std::nullopt;
  return *coupon.max_uses - coupon.uses;
}

Redeemed carry_out(store::Tx& tx, const Caller& caller, LoadedCoupon& loaded,
                   const RedeemRequest& request, std::optional<core::UserId> user_id,
                   const std::optional<domain::Hold>& hold, const store::Balance& before) {
  const domain::Campaign& campaign = *loaded.campaign;
  domain::Coupon& coupon = loaded.coupon;
  const Effect effect = effect_of(campaign.policy.price, campaign.policy.reward);
  COUPOND_ASSERT(!hold || hold->coupon_id == coupon.id);
  COUPOND_ASSERT(coupon.state != domain::CouponState::kVoid);
  std::optional<std::int64_t> taken;
  if (coupon.funds) taken = request.amount.value_or(coupon.funds->balance);
  const bool last_use = (coupon.max_uses && coupon.uses + 1 == *coupon.max_uses) ||
                        (coupon.funds && coupon.funds->balance == *taken);
  const bool leaves_available = last_use && coupon.state == domain::CouponState::kAvailable;
  const std::int64_t available = leaves_available ? -1 : 0;

  const core::Seq seq = tx.append({.operation = store::operation::kRedeem,
                                   .actor = caller.actor,
                                   .campaign_id = campaign.id,
                                   .coupon_id = coupon.id,
                                   .user_id = user_id,
                                   .units = hold ? hold->id.value : 0,
                                   .credit = effect.credit,
                                   .days = effect.days,
                                   .available = available,
                                   .value = -taken.value_or(0),
                                   .coupon_prev = coupon.last_seq,
                                   .detail = request.order_id});
  domain::Redemption redemption{.id = seq,
                                .coupon_id = coupon.id,
                                .campaign_id = campaign.id,
                                .user_id = user_id,
                                .amount = campaign.policy.price,
                                .taken = taken,
                                .reward = campaign.policy.reward,
                                .order_id = request.order_id,
                                .metadata = request.metadata,
                                .redeemed_at = tx.now()};
  drop_ended_holds(tx, loaded);
  if (hold) store::remove_hold(tx, hold->id);
  store::insert_redemption(tx, redemption, before.last_redemption);
  const store::Balance after = apply(before, effect, tx.now());
  COUPOND_ASSERT(after.credit.value >= 0);
  COUPOND_ASSERT(effect.credit.value <= 0 || after.credit.value <= core::limits::kCreditMax);
  if (user_id && moves_account(effect)) store::store_balance(tx, *user_id, after);
  tx.count(campaign.id, {.available = available, .redeemed = 1});
  take_use(coupon, taken.value_or(0), seq);
  const auto remaining = uses_left(coupon);
  return {.redemption = std::move(redemption),
          .coupon = std::move(coupon),
          .campaign_slug = campaign.slug,
          .remaining_uses = remaining,
          .balance = after,
          .currency = campaign.policy.currency};
}

// Where an order is redeemed once, the one that stands; nothing where this is the first.
std::optional<domain::Redemption> same_order(store::Tx& tx, const LoadedCoupon& loaded,
                                             const RedeemRequest& request) {
  if (!loaded.campaign->policy.one_redemption_per_order || !request.order_id) return std::nullopt;
  return store::find_redemption_of_order(tx.db(), loaded.campaign->id, *request.order_id);
}

// The answer of the first time, with nothing done. Order numbers can be guessed: a customer hears
// of their own only.
core::Result<Redeemed> again(store::Tx& tx, const Caller& caller, domain::Redemption first) {
  const bool own = first.user_id && caller.is(*first.user_id);
  if (!own && !caller.may_redeem()) {
    return core::Error{Reason::kAlreadyRedeemed, "This order has been redeemed already"};
  }
  auto loaded = load_coupon(tx, first.coupon_id);
  if (!loaded) return Reason::kInternal;
  const auto balance = first.user_id ? store::find_balance(tx.db(), *first.user_id) : std::nullopt;
  const auto remaining = uses_left(loaded->coupon);
  return Redeemed{.redemption = std::move(first),
                  .coupon = std::move(loaded->coupon),
                  .campaign_slug = loaded->campaign->slug,
                  .remaining_uses = remaining,
                  .balance = balance.value_or(store::Balance{}),
                  .currency = loaded->campaign->policy.currency};
}

core::Result<Redeemed> redeem_walk_in(store::Tx& tx, const Caller& caller, LoadedCoupon& loaded,
                                      const RedeemRequest& request) {
  if (!caller.may_redeem()) return Reason::kForbidden;
  if (auto first = same_order(tx, loaded, request)) return again(tx, caller, *std::move(first));
  // What is wrong with the code comes first.
  domain::CouponFacts facts = facts_for(tx, loaded, request, std::nullopt);
  store::Balance none;
  load_account(tx, {}, facts, none);
  if (auto error = refusal(loaded, facts)) return *error;
  if (auto error = needs_customer(loaded.campaign->policy)) return *error;
  return carry_out(tx, caller, loaded, request, std::nullopt, domain::hold_shown(facts), none);
}

// A till undoes its own mistakes, soon after.
bool may_roll_back(store::Tx& tx, const Caller& caller, const domain::Redemption& redemption) {
  if (caller.may(Scope::kRedeem)) return true;
  if (redemption.redeemed_at + core::limits::kTillUndoMs < tx.now()) return false;
  const auto made = store::ledger_row(tx.db(), redemption.id);
  return made && made->actor == caller.actor;
}

}  // namespace

std::optional<core::Error> needs_customer(const domain::Policy& policy) {
  const bool pays = policy.price.value > 0 || moves_account(effect_of({}, policy.reward));
  if (!pays && !policy.max_redemptions_per_user) return std::nullopt;
  const std::string why = pays ? "is required: this campaign's price or reward is of an account"
                               : "is required: this campaign counts by customer";
  return core::Error{.reason = Reason::kInvalidRequest,
                     .message = "user_id " + why,
                     .fields = {{.field = "user_id", .message = why}}};
}

// The rules need figures that cost a look-up each; only those that a rule of this campaign reads.
std::optional<core::Error> load_account(store::Tx& tx, core::UserId user,
                                        domain::CouponFacts& facts, store::Balance& balance) {
  const domain::Policy& policy = facts.campaign.policy;
  if (user.value == 0) {
    facts.user_credit = policy.price;
    return std::nullopt;
  }
  const auto found = store::find_balance(tx.db(), user);
  if (!found) return core::Error{.reason = Reason::kUnknownUser, .message = {}};
  balance = *found;
  facts.user_credit = balance.credit;
  facts.subscription_ends_at = balance.subscription_ends_at;
  if (policy.max_redemptions_per_user) {
    facts.user_redemptions = store::count_redemptions(tx.db(), facts.campaign.id, user);
  }
  return std::nullopt;
}

core::Result<Redeemed> redeem(store::Tx& tx, const Caller& caller, const RedeemRequest& request) {
  if (auto error = needs_cashier(tx.db(), caller)) return *error;
  auto loaded = load_coupon(tx, request.code);
  if (!loaded) return Reason::kUnknownCode;
  if (request.mode && loaded->campaign->mode != *request.mode) return Reason::kUnknownCode;
  const auto user_id = request.user_id ? request.user_id : loaded->coupon.user_id;
  if (!user_id && request.walk_in) return redeem_walk_in(tx, caller, *loaded, request);
  if (!user_id) return Reason::kNotAssigned;
  // A token is used by whoever holds it; everything else by its user, or for them.
  const bool bearer_token = !request.user_id && domain::traits(loaded->campaign->mode).token;
  if (!bearer_token && !caller.may_redeem_for(*user_id)) return Reason::kForbidden;
  if (auto first = same_order(tx, *loaded, request)) return again(tx, caller, *std::move(first));
  domain::CouponFacts facts = facts_for(tx, *loaded, request, user_id);
  store::Balance before;
  if (auto error = load_account(tx, *user_id, facts, before)) return *error;
  if (bearer_token && !store::is_active(tx.db(), *user_id)) {
    return core::Error{.reason = Reason::kForbidden,
                       .message = "The account that this token was issued to is deactivated"};
  }
  if (auto error = refusal(*loaded, facts)) return *error;
  return carry_out(tx, caller, *loaded, request, user_id, domain::hold_shown(facts), before);
}

core::Result<RolledBack> roll_back(store::Tx& tx, const Caller& caller, core::Seq redemption_id,
                                   const std::optional<std::string>& why) {
  if (!caller.may_redeem()) return Reason::kForbidden;
  if (auto error = needs_cashier(tx.db(), caller)) return *error;
  auto redemption = store::find_redemption(tx.db(), redemption_id);
  if (!redemption) return Reason::kUnknownRedemption;
  if (!may_roll_back(tx, caller, *redemption)) return Reason::kForbidden;
  if (redemption->rolled_back_at) return Reason::kAlreadyRolledBack;
  const auto loaded = load_coupon(tx, redemption->coupon_id);
  const auto before = redemption->user_id ? store::find_balance(tx.db(), *redemption->user_id)
                                          : std::optional(store::Balance());
  if (!loaded || !before) return Reason::kInternal;

  const Effect given = effect_of(redemption->amount, redemption->reward);
  const Effect effect{.credit = {-given.credit.value}, .days = -given.days};
  const store::Balance after = apply(*before, effect, tx.now());
  if (after.credit.value < 0) {
    return core::Error{
        .reason = Reason::kInsufficientCredit, .message = {}, .number = before->credit.value};
  }
  if (after.credit.value > core::limits::kCreditMax) {
    return core::Error{
        .reason = Reason::kBalanceLimitReached, .message = {}, .number = core::limits::kCreditMax};
  }
  const bool returns =
      loaded->coupon.state == domain::CouponState::kRedeemed && !loaded->coupon.user_id;
  const core::Seq seq = tx.append({.operation = store::operation::kRollback,
                                   .actor = caller.actor,
                                   .campaign_id = redemption->campaign_id,
                                   .coupon_id = redemption->coupon_id,
                                   .user_id = redemption->user_id,
                                   .units = redemption->id.value,
                                   .credit = effect.credit,
                                   .days = effect.days,
                                   .available = returns ? 1 : 0,
                                   .value = redemption->taken.value_or(0),
                                   .coupon_prev = loaded->coupon.last_seq,
                                   .detail = why});
  store::end_redemption(tx, *redemption, seq);
  if (redemption->user_id && moves_account(effect)) {
    store::store_balance(tx, *redemption->user_id, after);
  }
  tx.count(redemption->campaign_id,
           {.available = returns ? 1 : 0, .redeemed = -1, .rolled_back = 1});
  redemption->rolled_back_at = tx.now();
  auto funds = loaded->coupon.funds;
  if (funds) funds->balance += redemption->taken.value_or(0);
  return RolledBack{.redemption = std::move(*redemption),
                    .balance = after,
                    .funds = funds,
                    .currency = loaded->campaign->policy.currency,
                    .seq = seq};
}

core::Result<RolledBack> roll_back_and_void(store::Tx& tx, const Caller& caller,
                                            core::Seq redemption_id,
                                            const std::optional<std::string>& why) {
  auto done = roll_back(tx, caller, redemption_id, why);
  if (!done) return done;
  const auto coupon = store::find_coupon(tx.db(), done->redemption.coupon_id);
  if (!coupon) return Reason::kInternal;
  if (domain::is_ended(*coupon)) return done;
  const auto voided = void_coupon(tx, caller, coupon->code_hash, why);
  if (!voided) return voided.error();
  done->seq = voided->seq;
  return done;
}

}  // namespace coupon::service
