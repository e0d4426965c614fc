// /api/v1/coupons/{code}/top-up and /transfer: the balance of a code that is spent in parts.

#include "coupond/service/balances.h"
#include "src/api/native/coupon_requests.h"
#include "src/api/native/fields.h"
#include "src/api/native/naming.h"
#include "src/api/native/native.h"
#include "src/api/words.h"

namespace coupon::api {
namespace {

constexpr http::Integer kTopUpAmount{.min = 1, .max = core::limits::kAmountMax};

struct TopUpInput {
  std::string code;
  std::int64_t amount = 0;
  std::optional<std::string> reason;
  static http::Object<TopUpInput> shape() {
    return {"TopUpRequest",
            "Put money on a code.",
            {
                code_field(&TopUpInput::code),
                integer("amount", &TopUpInput::amount, "How much, in minor units.", kTopUpAmount)
                    .example(2500),
                reason_field(&TopUpInput::reason),
            }};
  }
};

struct TransferInput {
  std::string code, to;
  std::optional<std::int64_t> amount;
  std::optional<std::string> reason;
  static http::Object<TransferInput> shape() {
    return {"TransferRequest",
            "Move what is left on a code to another.",
            {
                code_field(&TransferInput::code, "The code it is taken from."),
                text("to", &TransferInput::to, "The code that gets it.", {.min = 1, .max = 128}),
                integer("amount", &TransferInput::amount,
                        "How much, in minor units; unless said, all that is left.", kTopUpAmount),
                reason_field(&TransferInput::reason),
            }};
  }
};

struct BalanceReply {
  CouponReply coupon;
  core::Seq seq;
  static http::Object<BalanceReply> shape() {
    return {"BalanceChanged",
            "The code with its new balance.",
            {
                object("coupon", &BalanceReply::coupon, "The code."),
                integer("seq", &BalanceReply::seq, "The ledger entry."),
            }};
  }
};

struct TransferReply {
  std::int64_t amount = 0;
  CouponReply from, to;
  core::Seq seq;
  static http::Object<TransferReply> shape() {
    return {"Transferred",
            "What was moved, and both codes with their new balances.",
            {
                integer("amount", &TransferReply::amount, "What was moved, in minor units."),
                object("from", &TransferReply::from, "The code it was taken from."),
                object("to", &TransferReply::to, "The code that got it."),
                integer("seq", &TransferReply::seq, "The later of the two ledger entries."),
            }};
  }
};

CouponReply changed_coupon(const Call& call, const service::CouponChanged& changed) {
  return coupon_reply(shown_code(call.engine, changed.coupon), changed.coupon,
                      changed.campaign_slug, changed.currency, {});
}

Result<BalanceReply> top_up(Call& call, const TopUpInput& in) {
  const auto code = code_hash(call, in.code);
  if (!code.ok()) return code.error();
  return call.write(
      "coupon.top_up",
      [&](store::Tx& tx) { return service::top_up(tx, call.caller, *code, in.amount, in.reason); },
      [&](const service::CouponChanged& done) {
        return BalanceReply{.coupon = changed_coupon(call, done), .seq = done.seq};
      });
}

Result<TransferReply> transfer(Call& call, const TransferInput& in) {
  const auto from = code_hash(call, in.code);
  if (!from.ok()) return from.error();
  const auto to = code_hash(call, in.to);
  if (!to.ok()) return to.error();
  const service::TransferRequest request{
      .from = *from, .to = *to, .amount = in.amount, .why = in.reason};
  return call.write(
      "coupon.transfer", [&](store::Tx& tx) { return service::transfer(tx, call.caller, request); },
      [&](const service::Transferred& done) {
        return TransferReply{.amount = done.amount,
                             .from = changed_coupon(call, done.from),
                             .to = changed_coupon(call, done.to),
                             .seq = done.to.seq};
      });
}

const std::vector<http::Refusal> kTopUpRefusals = {
    {404, Reason::kUnknownCode}, {409, Reason::kArchived}, {409, Reason::kNoBalance},
    {409, Reason::kVoid},        {410, Reason::kExpired},  {409, Reason::kBalanceLimitReached}};

std::vector<http::Refusal> transfer_refusals() {
  auto refusals = kTopUpRefusals;
  refusals.insert(refusals.end(), {{409, Reason::kInsufficientBalance},
                                   {409, Reason::kHeldByOther},
                                   {409, Reason::kCurrencyMismatch}});
  return refusals;
}

}  // namespace

void add_balance_endpoints(Endpoints& v1) {
  v1.add({.route = "POST /api/v1/coupons/{code}/top-up",
          .id = "topUpCoupon",
          .summary = "Put money on a code that has a balance",
          .doc = "A code that was spent can be used again.",
          .auth = Auth::kStaff,
          .scope = "issue",
          .refusals = kTopUpRefusals,
          .rate = kCodesRate},
         top_up);
  v1.add({.route = "POST /api/v1/coupons/{code}/transfer",
          .id = "transferBalance",
          .summary = "Move what is left on a code to another",
          .doc = "As when a card is lost: void the old one afterwards. Both codes must be of the "
                 "same currency.",
          .auth = Auth::kStaff,
          .scope = "issue",
          .refusals = transfer_refusals(),
          .rate = kCodesRate},
         transfer);
}

}  // namespace coupon::api
