// /api/v1/campaigns/{campaign}/issue and /api/v1/coupons/{code}: everything one coupon goes
// through.

#include <algorithm>

#include "coupond/core/hash.h"
#include "coupond/service/tokens.h"
#include "src/api/native/coupon_requests.h"
#include "src/api/native/naming.h"
#include "src/api/native/native.h"
#include "src/api/words.h"

namespace coupon::api {
namespace {

// "codes": failed look-ups are counted, so that codes cannot be guessed.
const std::vector<http::Refusal> kUseRefusals = {
    {404, Reason::kUnknownCode},
    {404, Reason::kUnknownUser},
    {403, Reason::kNotOwner},
    {409, Reason::kNotAssigned},
    {409, Reason::kArchived},
    {409, Reason::kInactive},
    {403, Reason::kNotStarted},
    {410, Reason::kEnded},
    {409, Reason::kVoid},
    {410, Reason::kExpired},
    {409, Reason::kAlreadyRedeemed},
    {409, Reason::kCouponRedemptionCapReached},
    {409, Reason::kNoCouponsLeft},
    {409, Reason::kHeldByOther},
    {409, Reason::kInsufficientBalance},
};

std::vector<http::Refusal> use_refusals(std::vector<http::Refusal> more) {
  more.insert(more.end(), kUseRefusals.begin(), kUseRefusals.end());
  return more;
}

service::Mint mint_of(const Call& call) { return {call.engine.vault(), call.engine.random()}; }

domain::TokenHash token_hash(std::string_view token) { return core::hash_of(token); }

Result<IssuedReply> issue(Call& call, const IssueInput& in) {
  const auto campaign = campaign_named(call, in.campaign);
  if (!campaign.ok()) return campaign.error();
  const auto user = subject(call, in.customer);
  if (!user.ok()) return user.error();
  // A keyed refusal has to be stored, so it goes through the writer.
  if (!call.keyed && !user->fresh && call.caller.may_for(user->id, service::Scope::kIssue)) {
    const auto refused = call.engine.counters().certain_refusal(campaign->id, user->id);
    if (refused) return *refused;
  }
  auto request = service::prepare_token(call.engine, *campaign, user->id, user->uuid);
  if (!request.ok()) return request.error();
  return call.write(
      "coupon.issue",
      [&](store::Tx& tx) -> Result<service::Issued> {
        const auto owner = account_of(tx, call, *user);
        if (!owner.ok()) return owner.error();
        // Made by another request since: the token would name somebody else.
        if (owner->uuid != user->uuid) return Reason::kBusy;
        request->user_id = owner->id;
        return service::issue(tx, call.caller, mint_of(call), *request);
      },
      [&](const service::Issued& issued) {
        IssuedReply reply{
            .coupon = coupon_reply(issued.code, issued.coupon, campaign->slug, issued.currency, {}),
            .token = std::nullopt,
            .remaining = issued.remaining,
            .seq = issued.seq};
        // A dry run of a draw is undone: its code must not be known to who does not get it.
        if (call.dry_run) reply.coupon.code = "(dry run)";
        if (domain::traits(campaign->mode).token && !call.dry_run) {
          reply.token = service::sign_token(call.engine, *campaign, user->uuid, issued);
        }
        return reply;
      });
}

Result<IssuedReply> assign(Call& call, const AssignInput& in) {
  const auto code = code_hash(call, in.code);
  if (!code.ok()) return code.error();
  const auto user = subject(call, in.customer);
  if (!user.ok()) return user.error();
  return call.write(
      "coupon.assign",
      [&](store::Tx& tx) -> Result<service::Issued> {
        const auto owner = account_of(tx, call, *user);
        if (!owner.ok()) return owner.error();
        return service::assign(tx, call.caller, mint_of(call), *code, owner->id);
      },
      [](const service::Issued& issued) {
        return IssuedReply{.coupon = coupon_reply(issued.code, issued.coupon, issued.campaign_slug,
                                                  issued.currency, {}),
                           .token = std::nullopt,
                           .remaining = issued.remaining,
                           .seq = issued.seq};
      });
}

// The customer of a redemption: the one named; else whoever asks, if they ask for themselves. Staff
// and keys are never the customer, so that a cashier's account does not get the reward.
Result<std::optional<Subject>> customer(Call& call, const CustomerFields& fields) {
  if (fields.none() && call.caller.may_redeem()) return std::optional<Subject>();
  if (fields.none() && call.caller.kind == service::Caller::Kind::kApiKey) {
    return Reason::kForbidden;
  }
  auto user = subject(call, fields);
  if (!user.ok()) return user.error();
  return std::optional(*std::move(user));
}

Result<HoldReply> hold(Call& call, const HoldInput& in) {
  identify(call, in.cashier);
  const auto code = code_hash(call, in.code);
  if (!code.ok()) return code.error();
  const auto user = customer(call, in.customer);
  if (!user.ok()) return user.error();
  if (auto refused = call.limits.take_hold(call.caller)) return *std::move(refused);
  const std::string token = in.hold_token ? *in.hold_token : random_token(call.engine);
  service::HoldRequest request{.code = *code,
                               .user_id = {},
                               .token_hash = token_hash(token),
                               .ttl_s = in.ttl_s,
                               .renews = in.hold_token.has_value()};
  return call.write(
      "coupon.hold",
      [&](store::Tx& tx) -> Result<service::Held> {
        if (*user) {
          const auto holder = account_of(tx, call, **user);
          if (!holder.ok()) return holder.error();
          request.user_id = holder->id;
        }
        return told(call, service::hold(tx, call.caller, request));
      },
      [&](const service::Held& held) {
        return HoldReply{.hold_token = token, .expires_at = held.until, .seq = held.seq};
      });
}

// Staff end anybody's hold; a customer shows the token of their own.
Result<SeqReply> release(Call& call, const ReleaseInput& in) {
  identify(call, in.cashier);
  const auto code = code_hash(call, in.code);
  if (!code.ok()) return code.error();
  const bool any = call.caller.may_redeem() && (!in.hold_token || in.customer.none());
  std::optional<core::UserId> user;
  if (!any || !in.customer.none()) {
    const auto named =
        in.customer.none() ? subject(call, in.customer) : known_subject(call, in.customer);
    if (!named.ok()) return named.error();
    user = named->id;
  }
  std::optional<domain::TokenHash> token;
  if (in.hold_token) token = token_hash(*in.hold_token);
  if (!any && !token) {
    return core::Error{.reason = Reason::kInvalidRequest,
                       .message = {},
                       .fields = {{.field = "hold_token", .message = "is required"}}};
  }
  return call.write(
      "coupon.release",
      [&](store::Tx& tx) {
        if (any) return told(call, service::release_any(tx, call.caller, *code, user, token));
        return told(call, service::release(tx, call.caller, *code, *user, {.token_hash = token}));
      },
      [](const service::Held& held) { return SeqReply{.seq = held.seq}; });
}

Result<RedeemedReply> redeem(Call& call, const RedeemInput& in) {
  identify(call, in.cashier);
  const auto code = code_hash(call, in.code);
  if (!code.ok()) return code.error();
  const auto user = customer(call, in.customer);
  if (!user.ok()) return user.error();
  service::RedeemRequest request{.code = *code, .order_id = in.order_id, .amount = in.amount};
  request.walk_in = !*user;
  if (in.hold_token) request.proof.token_hash = token_hash(*in.hold_token);
  return call.write(
      "coupon.redeem",
      [&](store::Tx& tx) -> Result<service::Redeemed> {
        if (*user) {
          const auto redeemer = account_of(tx, call, **user);
          if (!redeemer.ok()) return redeemer.error();
          request.user_id = redeemer->id;
        }
        request.metadata = named_by_till(tx, call, in.metadata);
        return told(call, service::redeem(tx, call.caller, request));
      },
      [&](const service::Redeemed& done) {
        RedeemedReply reply{redemption_reply(done.redemption, done.campaign_slug, done.currency,
                                             shown_code(call.engine, done.coupon))};
        if (done.coupon.funds) reply.redemption.balance = done.coupon.funds->balance;
        reply.redemption.remaining_uses = done.remaining_uses;
        return reply;
      });
}

Result<SeqReply> void_one(Call& call, const CodeAndReason& in) {
  const auto code = code_hash(call, in.code);
  if (!code.ok()) return code.error();
  return call.write(
      "coupon.void",
      [&](store::Tx& tx) { return service::void_coupon(tx, call.caller, *code, in.reason); },
      [](const service::Voided& done) { return SeqReply{.seq = done.seq}; });
}

// Whether the caller is the one a coupon is for: then they may know all of it.
bool is_holder(const Call& call, const domain::Coupon& coupon) {
  return coupon.user_id && call.caller.is(*coupon.user_id);
}

// Whom a question about a coupon is about: its owner, or else whoever asks.
core::UserId asked_about(const Call& call, const domain::Coupon& coupon) {
  return coupon.user_id.value_or(call.caller.user_id.value_or(core::UserId{}));
}

bool all_pass(const domain::Rules& rules) {
  return std::all_of(rules.begin(), rules.end(),
                     [](const domain::Rule& rule) { return rule.pass; });
}

Explanation explained(Call& call, store::Connection& db, const service::CouponView& view) {
  constexpr std::size_t kEntriesMax = 50;
  const domain::Rules rules =
      service::explain_redeem(db, view, asked_about(call, view.coupon), call.now());
  Explanation reply;
  reply.valid = all_pass(rules);
  if (!call.caller.may_explain() && !is_holder(call, view.coupon)) return reply;
  const auto held_until = domain::held_until(view.holds, call.now());
  reply.coupon = coupon_reply(shown_code(call.engine, view.coupon), view.coupon, view.campaign.slug,
                              view.campaign.policy.currency, held_until);
  reply.rules = rule_replies(rules);
  reply.ledger.emplace();
  for (const auto& row : service::ledger_of_coupon(db, view.coupon.last_seq, kEntriesMax)) {
    reply.ledger->push_back(ledger_entry_reply(row));
  }
  return reply;
}

Result<Explanation> explain(Call& call, const CodeName& in) {
  const auto code = code_hash(call, in.code);
  if (!code.ok()) return code.error();
  return call.read([&](store::Connection& db) -> Result<Explanation> {
    const auto view = service::view_coupon(db, *code, call.now());
    if (!view.ok()) return view.error();
    return explained(call, db, *view);
  });
}

void add_issue_and_explain(Endpoints& v1) {
  v1.add({.route = "POST /api/v1/campaigns/{campaign}/issue",
          .id = "issueCoupon",
          .summary = "Get one coupon",
          .doc = "Modes token and claim mint one, mode pool draws one at random.",
          .auth = Auth::kSession,
          .scope = "issue",
          .success = 201,
          .refusals = {{404, Reason::kUnknownCampaign},
                       {404, Reason::kUnknownUser},
                       {409, Reason::kWrongMode},
                       {409, Reason::kArchived},
                       {409, Reason::kInactive},
                       {403, Reason::kNotStarted},
                       {410, Reason::kEnded},
                       {409, Reason::kUserCapReached},
                       {409, Reason::kCampaignCapReached},
                       {409, Reason::kNoCouponsLeft},
                       {409, Reason::kPatternExhausted}}},
         issue);
  v1.add(
      {.route = "GET /api/v1/coupons/{code}",
       .id = "explainCoupon",
       .summary = "Whether a coupon can be used, and why",
       .doc = "Anybody may ask whether a code is valid. Its holder and staff are told every rule "
              "with its figure now, when it would pass, and the coupon's ledger entries.",
       .auth = Auth::kOptional,
       .scope = "read till",
       .refusals = {{404, Reason::kUnknownCode}},
       .rate = kCodesRate},
      explain);
}

void add_assign_and_holds(Endpoints& v1) {
  v1.add({.route = "POST /api/v1/coupons/{code}/assign",
          .id = "assignCoupon",
          .summary = "Give a certain coupon of a pool to a user",
          .auth = Auth::kStaff,
          .scope = "issue",
          .success = 201,
          .refusals = use_refusals({{409, Reason::kWrongMode},
                                    {409, Reason::kAlreadyAssigned},
                                    {409, Reason::kUserCapReached}}),
          .rate = kCodesRate},
         assign);
  v1.add({.route = "POST /api/v1/coupons/{code}/hold",
          .id = "holdCoupon",
          .summary = "Hold a coupon for one checkout, or go on holding it",
          .auth = Auth::kSession,
          .scope = "redeem till",
          .success = 201,
          .refusals = use_refusals({{409, Reason::kHoldLimitReached},
                                    {409, Reason::kNotHeld},
                                    {409, Reason::kInvalidHoldToken},
                                    {409, Reason::kInsufficientCredit},
                                    {409, Reason::kBalanceLimitReached},
                                    {409, Reason::kUserRedemptionCapReached}}),
          .rate = kCodesRate},
         hold);
  v1.add({.route = "POST /api/v1/coupons/{code}/release",
          .id = "releaseCoupon",
          .summary = "Give a hold back, or end somebody's",
          .auth = Auth::kSession,
          .scope = "redeem till",
          .refusals = {{404, Reason::kUnknownCode},
                       {404, Reason::kUnknownUser},
                       {403, Reason::kNotOwner},
                       {409, Reason::kNotAssigned},
                       {409, Reason::kNotHeld},
                       {409, Reason::kHeldByOther},
                       {409, Reason::kInvalidHoldToken}},
          .rate = kCodesRate},
         release);
}

void add_redeem_and_void(Endpoints& v1) {
  v1.add({.route = "POST /api/v1/coupons/{code}/redeem",
          .id = "redeemCoupon",
          .summary = "Use a coupon",
          .doc = "Takes the use, the price and the hold, and gives the reward, all or none. From a "
                 "code with a balance it takes `amount`, or all that is left. Staff and "
                 "keys redeem for the customer they name, else for the coupon's owner, else for "
                 "nobody's account: then where no price, reward or limit needs one.",
          .auth = Auth::kSession,
          .scope = "redeem till",
          .success = 201,
          .refusals = use_refusals({{409, Reason::kHoldRequired},
                                    {409, Reason::kInvalidHoldToken},
                                    {409, Reason::kInsufficientCredit},
                                    {409, Reason::kNoBalance},
                                    {409, Reason::kBalanceLimitReached},
                                    {409, Reason::kUserRedemptionCapReached}}),
          .rate = kCodesRate},
         redeem);
  v1.add({.route = "POST /api/v1/coupons/{code}/void",
          .id = "voidCoupon",
          .summary = "End a coupon for good",
          .auth = Auth::kStaff,
          .scope = "issue",
          .refusals = {{404, Reason::kUnknownCode},
                       {409, Reason::kVoid},
                       {409, Reason::kAlreadyRedeemed}},
          .rate = kCodesRate},
         void_one);
}

}  // namespace

void add_coupon_endpoints(Endpoints& v1) {
  add_issue_and_explain(v1);
  add_assign_and_holds(v1);
  add_redeem_and_void(v1);
}

}  // namespace coupon::api
