#include "coupond/service/balances.h"

#include <utility>

#include "coupond/domain/decide.h"
#include "src/service/insufficient.h"
#include "src/service/loading.h"

namespace coupon::service {
namespace {

using core::Reason;
using domain::CouponState;

// One coupon's part: its entry, its row and the campaign's count.
CouponChanged put(store::Tx& tx, const Caller& caller, LoadedCoupon& loaded,
                  std::string_view operation, std::int64_t amount, std::int64_t units,
                  const std::optional<std::string>& why) {
  domain::Coupon& coupon = loaded.coupon;
  domain::Funds& funds = coupon.funds.value();
  funds.topped_up += amount;
  funds.balance += amount;
  COUPOND_ASSERT(funds.balance >= 0 && funds.balance <= funds.put_on());
  const bool was_available = coupon.state == CouponState::kAvailable;
  coupon.state = domain::state_in_use(coupon);
  const bool is_available = coupon.state == CouponState::kAvailable;
  const std::int64_t available = std::int64_t{is_available} - std::int64_t{was_available};
  coupon.last_seq = tx.append({.operation = operation,
                               .actor = caller.actor,
                               .campaign_id = coupon.campaign_id,
                               .coupon_id = coupon.id,
                               .user_id = coupon.user_id,
                               .units = units,
                               .available = available,
                               .value = amount,
                               .coupon_prev = coupon.last_seq,
                               .detail = why});
  store::put_on(tx, coupon, amount, coupon.last_seq);
  const domain::Campaign& campaign = *loaded.campaign;
  CouponChanged changed{.coupon = std::move(coupon),
                        .campaign_slug = campaign.slug,
                        .currency = campaign.policy.currency,
                        .seq = tx.last_seq()};
  tx.count(changed.coupon.campaign_id, {.available = available});
  return changed;
}

}  // namespace

core::Result<CouponChanged> top_up(store::Tx& tx, const Caller& caller,
                                   const domain::CodeHash& code, std::int64_t amount,
                                   const std::optional<std::string>& why) {
  if (!caller.may(Scope::kIssue)) return Reason::kForbidden;
  auto loaded = load_coupon(tx, code);
  if (!loaded) return Reason::kUnknownCode;
  const auto rules = domain::top_up_rules(*loaded->campaign, loaded->coupon, amount, tx.now());
  if (auto error = domain::first_refusal(rules)) return *error;
  return put(tx, caller, *loaded, store::operation::kTopUp, amount, 0, why);
}

core::Result<Transferred> transfer(store::Tx& tx, const Caller& caller,
                                   const TransferRequest& request) {
  if (!caller.may(Scope::kIssue)) return Reason::kForbidden;
  auto from = load_coupon(tx, request.from);
  auto to = load_coupon(tx, request.to);
  if (!from || !to) return Reason::kUnknownCode;
  if (from->coupon.id == to->coupon.id) {
    return core::Error{.reason = Reason::kInvalidRequest,
                       .message = {},
                       .fields = {{.field = "to", .message = "must be another code"}}};
  }
  domain::CouponFacts facts = from->facts({}, tx.now());
  facts.amount = request.amount;
  if (auto error = domain::first_refusal(domain::move_rules(facts))) {
    return explain_insufficient(*std::move(error), *from);
  }
  const std::int64_t amount = request.amount.value_or(from->coupon.funds->balance);
  const auto rules = domain::top_up_rules(*to->campaign, to->coupon, amount, tx.now());
  if (auto error = domain::first_refusal(rules)) return *error;
  if (from->campaign->policy.currency != to->campaign->policy.currency) {
    return Reason::kCurrencyMismatch;
  }
  const std::int64_t target = to->coupon.id.value;
  auto taken = put(tx, caller, *from, store::operation::kMoveOut, -amount, target, request.why);
  const std::int64_t source = taken.coupon.id.value;
  to->campaign = tx.campaign(to->coupon.campaign_id);
  auto given = put(tx, caller, *to, store::operation::kMoveIn, amount, source, request.why);
  return Transferred{.amount = amount, .from = std::move(taken), .to = std::move(given)};
}

}  // namespace coupon::service
