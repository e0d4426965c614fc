#include "src/api/native/coupon_shapes.h"

#include <utility>

#include "coupond/core/bytes.h"
#include "src/api/words.h"

namespace coupon::api {

using http::free_object;

http::Choices<domain::CouponState> state_choices() {
  return {{"available", domain::CouponState::kAvailable},
          {"assigned", domain::CouponState::kAssigned},
          {"redeemed", domain::CouponState::kRedeemed},
          {"void", domain::CouponState::kVoid},
          {"freed", domain::CouponState::kFreed}};
}

http::Object<CouponReply> CouponReply::shape() {
  using R = CouponReply;
  return {
      "Coupon",
      "One code of a campaign.",
      {
          text("code", &R::code, "The code as shown to people.", {.max = 128})
              .example("7ZK2M9QW4XTA-1BHC-E5N8RVD3"),
          integer("campaign_id", &R::campaign_id, "Its campaign."),
          text("campaign", &R::campaign, "The campaign's slug.", {.max = 64}),
          integer("number", &R::number, "1, 2, 3 … within the campaign."),
          choice("state", &R::state, "Where it stands.", state_choices()),
          integer("user_id", &R::user_id, "Its owner; null: nobody's, or a bearer code."),
          integer("uses", &R::uses, "Redemptions that stand."),
          integer("max_uses", &R::max_uses, "Uses it has; null: no limit."),
          timestamp("assigned_at", &R::assigned_at, "When its owner got it."),
          timestamp("expires_at", &R::expires_at, "Worthless from this instant on."),
          timestamp("held_until", &R::held_until, "When the live hold on it ends."),
          integer("value", &R::value, "Put on it in all, in minor units; null: it has no balance."),
          integer("balance", &R::balance, "What is left of value; null: it has no balance."),
          text("currency", &R::currency, "Of value and balance, where the campaign says.",
               {.max = 3}),
      }};
}

CouponReply coupon_reply(std::string code, const domain::Coupon& coupon, const std::string& slug,
                         const std::optional<std::string>& currency,
                         std::optional<core::UnixMs> held_until) {
  CouponReply reply{.code = std::move(code),
                    .campaign_id = coupon.campaign_id,
                    .campaign = slug,
                    .number = coupon.number,
                    .state = coupon.state,
                    .user_id = coupon.user_id,
                    .uses = coupon.uses,
                    .max_uses = coupon.max_uses,
                    .assigned_at = coupon.assigned_at,
                    .expires_at = coupon.expires_at,
                    .held_until = held_until,
                    .currency = currency};
  if (coupon.funds) {
    reply.value = coupon.funds->put_on();
    reply.balance = coupon.funds->balance;
  }
  return reply;
}

http::Object<RedemptionReply> RedemptionReply::shape() {
  using R = RedemptionReply;
  return {"Redemption",
          "One use of a coupon.",
          {
              integer("id", &R::id, "Its id: the ledger entry that made it."),
              text("coupon", &R::coupon, "The code.", {.max = 128}),
              integer("campaign_id", &R::campaign_id, "The campaign."),
              text("campaign", &R::campaign, "The campaign's slug.", {.max = 64}),
              integer("user_id", &R::user_id, "For whose account; null: nobody's."),
              integer("amount", &R::amount,
                      "What it paid: from the code's balance, in minor units; of a code without a "
                      "balance, the credit that it cost."),
              integer("balance", &R::balance,
                      "Left on the code after it; null: it has no balance, or not known any more."),
              text("currency", &R::currency, "Of a code with a balance, where the campaign says.",
                   {.max = 3}),
              object("reward", &R::reward, "What it gave."),
              integer("remaining_uses", &R::remaining_uses,
                      "Uses the coupon had left after it; null: no limit, or not known any more."),
              text("order_id", &R::order_id, "The caller's own order.", {.max = 128}),
              free_object("metadata", &R::metadata, "Whatever the caller attached."),
              timestamp("redeemed_at", &R::redeemed_at, "When."),
              timestamp("rolled_back_at", &R::rolled_back_at, "When it was rolled back."),
              integer("seq", &R::seq, "The ledger entry of the operation that answers."),
          }};
}

RedemptionReply redemption_reply(const domain::Redemption& redemption, const std::string& slug,
                                 const std::optional<std::string>& currency,
                                 std::optional<std::string> code) {
  return {.id = redemption.id,
          .coupon = std::move(code),
          .campaign_id = redemption.campaign_id,
          .campaign = slug,
          .user_id = redemption.user_id,
          .amount = redemption.taken.value_or(redemption.amount.value),
          .currency = currency,
          .reward = {.kind = redemption.reward.kind, .value = redemption.reward.value},
          .remaining_uses = std::nullopt,
          .order_id = redemption.order_id,
          .metadata = redemption.metadata,
          .redeemed_at = redemption.redeemed_at,
          .rolled_back_at = redemption.rolled_back_at,
          .seq = redemption.id};
}

http::Object<LedgerEntryReply> LedgerEntryReply::shape() {
  using R = LedgerEntryReply;
  return {
      "LedgerEntry",
      "One effect, as recorded for ever.",
      {
          integer("seq", &R::seq, "Its number: 1, 2, 3 … without gaps."),
          timestamp("at", &R::at, "When."),
          text("operation", &R::operation, "What was done.", {.max = 64}).example("coupon.redeem"),
          text("actor", &R::actor, "Who did it.", {.max = 64}).example("user:7"),
          integer("campaign_id", &R::campaign_id, "To which campaign."),
          integer("coupon_id", &R::coupon_id, "To which coupon; of several, the first."),
          integer("user_id", &R::user_id, "For which user."),
          integer("units", &R::units,
                  "Coupons made, the redemption rolled back, or the hold used, renewed or ended."),
          integer("credit", &R::credit, "Added to the user's credit.",
                  {.min = -http::kMaxJsonInteger}),
          integer("days", &R::days, "Added to the user's subscription.",
                  {.min = -http::kMaxJsonInteger}),
          integer("available", &R::available, "Added to the campaign's available coupons.",
                  {.min = -http::kMaxJsonInteger}),
          integer("value", &R::value, "Added to balances of coupons, in minor units.",
                  {.min = -http::kMaxJsonInteger}),
          text("detail", &R::detail, "A reason or an order number.", {.max = 4096}),
          text("hash", &R::hash, "BLAKE2b-256 over this entry and the hash before it, in hex.",
               {.min = 64, .max = 64}),
      }};
}

LedgerEntryReply ledger_entry_reply(const service::LedgerRow& row) {
  return {.seq = row.seq,
          .at = row.at,
          .operation = row.operation,
          .actor = row.actor,
          .campaign_id = row.campaign_id,
          .coupon_id = row.coupon_id,
          .user_id = row.user_id,
          .units = row.units,
          .credit = row.credit,
          .days = row.days,
          .available = row.available,
          .value = row.value,
          .detail = row.detail,
          .hash = core::to_hex(row.hash)};
}

http::Object<RuleReply> RuleReply::shape() {
  using R = RuleReply;
  return {"Rule",
          "One rule a redemption is judged by, as it stands.",
          {
              text("rule", &R::rule, "The reason a refusal by it has.", {.max = 64})
                  .example("not_started"),
              boolean("pass", &R::pass, "Whether it lets the redemption through."),
              integer("value", &R::value, "The figure it looks at."),
              integer("limit", &R::limit, "What the figure is held against."),
              timestamp("passes_at", &R::passes_at, "When it will pass by itself."),
          }};
}

std::vector<RuleReply> rule_replies(const domain::Rules& rules) {
  std::vector<RuleReply> replies;
  replies.reserve(rules.size());
  for (const domain::Rule& rule : rules) {
    replies.push_back({.rule = std::string(core::name(rule.reason)),
                       .pass = rule.pass,
                       .value = rule.value,
                       .limit = rule.limit,
                       .passes_at = rule.pass ? std::nullopt : rule.passes_at});
  }
  return replies;
}

}  // namespace coupon::api
