#include "src/api/services/book/book_coupons.h"

#include <algorithm>
#include <limits>
#include <span>

#include "coupond/service/reads.h"
#include "src/api/services/book/book_shapes.h"

namespace coupon::api {
namespace {

using namespace book_shapes;

AssignedReply assigned_reply(const service::Issued& issued, const std::string& user_uuid,
                             const std::string& book_uuid) {
  return {.user = user_uuid,
          .coupon_id = std::to_string(issued.coupon.id.value),
          .book = book_uuid,
          .code = issued.code,
          .assigned_at = issued.at};
}

// Staff and keys of scope issue do everything here, for anybody. Others only what a book says they
// may do by themselves, and only for themselves.
bool is_in_charge(const Call& call) { return call.caller.may(service::Scope::kIssue); }

// Who is in charge here may redeem too, whatever the rest of the API asks for that.
service::Caller actor_of(const Call& call) {
  service::Caller actor = call.caller;
  if (is_in_charge(call)) actor.scopes = actor.scopes.with(service::Scope::kRedeem);
  return actor;
}

// The user an operation is for. Nobody learns here whether somebody else exists.
Result<domain::User> user_served(Call& call, const std::string& name) {
  auto user = user_named(call, name);
  if (!is_in_charge(call) && !(user.ok() && call.caller.is(user->id))) return Reason::kForbidden;
  return user;
}

Result<AssignedReply> assign_random(Call& call, const AssignInput& in) {
  const auto user = user_served(call, in.user);
  if (!user.ok()) return user.error();
  const auto book = book_named(call, in.book);
  if (!is_in_charge(call) && !(book.ok() && book->policy.self_service)) return Reason::kForbidden;
  if (!book.ok()) return book.error();
  return issue_for(call, *book, user->id, [&](const service::Issued& issued) {
    return assigned_reply(issued, user->uuid, book->uuid);
  });
}

// The coupon, its book and the user: what every operation on a code needs.
struct Named {
  domain::CodeHash code{};
  domain::Campaign book;
  domain::User user;
};

Result<Named> name_both(Call& call, const std::string& code, const std::string& user) {
  const auto found = user_served(call, user);
  if (!found.ok()) return found.error();
  const auto hash = code_hash(call, code);
  if (!hash.ok()) return hash.error();
  const auto view =
      call.read([&](store::Connection& db) { return service::view_coupon(db, *hash, call.now()); });
  if (!view.ok()) return view.error();
  call.code_exists = true;  // so whatever is refused from here on was no guess
  if (view->campaign.mode != domain::Mode::kPool) return Reason::kUnknownCode;
  if (!is_in_charge(call) && !view->campaign.policy.self_service) return Reason::kForbidden;
  return Named{.code = *hash, .book = view->campaign, .user = *found};
}

Result<AssignedReply> assign_code(Call& call, const CodeInput& in) {
  const auto named = name_both(call, in.code, in.user);
  if (!named.ok()) return named.error();
  return call.write(
      "coupon.assign",
      [&](store::Tx& tx) {
        return told(call,
                    service::assign(tx, call.caller, mint_of(call), named->code, named->user.id));
      },
      [&](const service::Issued& issued) {
        return assigned_reply(issued, named->user.uuid, named->book.uuid);
      });
}

Result<LockReply> lock(Call& call, const LockInput& in) {
  const auto named = name_both(call, in.code, in.user);
  if (!named.ok()) return named.error();
  const service::HoldRequest request{.code = named->code,
                                     .user_id = named->user.id,
                                     .token_hash = core::hash_of(random_token(call.engine)),
                                     .ttl_s = in.seconds};
  return call.write(
      "coupon.hold",
      [&](store::Tx& tx) { return told(call, service::hold(tx, actor_of(call), request)); },
      [&](const service::Held& held) {
        return LockReply{.code = in.code,
                         .user = named->user.uuid,
                         .locked_until = held.until,
                         .transaction_id = std::to_string(held.seq.value)};
      });
}

Result<UnlockReply> unlock(Call& call, const CodeInput& in) {
  const auto named = name_both(call, in.code, in.user);
  if (!named.ok()) return named.error();
  return call.write(
      "coupon.release",
      [&](store::Tx& tx) {
        return told(call, service::release(tx, actor_of(call), named->code, named->user.id,
                                           {.by_name = true}));
      },
      [&](const service::Held&) { return UnlockReply{.code = in.code, .user = named->user.uuid}; });
}

Result<RedeemReply> redeem(Call& call, const CodeInput& in) {
  const auto named = name_both(call, in.code, in.user);
  if (!named.ok()) return named.error();
  return redeem_as(call, actor_of(call),
                   {.code = named->code,
                    .user_id = named->user.id,
                    .proof = {.by_name = true},
                    .mode = domain::Mode::kPool},
                   [&](const service::Redeemed& done) {
                     return RedeemReply{.code = in.code,
                                        .user = named->user.uuid,
                                        .redeemed_at = done.redemption.redeemed_at,
                                        .transaction_id = std::to_string(done.redemption.id.value),
                                        .remaining = done.remaining_uses};
                   });
}

CouponRow coupon_row(Call& call, store::Connection& db, const domain::Coupon& coupon,
                     const domain::Campaign& book) {
  constexpr std::size_t kUsesMax = 1000;
  CouponRow row{.coupon_id = std::to_string(coupon.id.value),
                .book = book.uuid,
                .code = shown_code(call.engine, coupon),
                .book_name = book.name,
                .assigned_at = coupon.assigned_at.value(),
                .is_redeemed = coupon.uses > 0,
                .redemptions = {}};
  for (const auto& redemption : service::redemptions_of_coupon(db, coupon, kUsesMax)) {
    if (redemption.rolled_back_at) continue;
    row.redemptions.push_back({.redeemed_at = redemption.redeemed_at,
                               .transaction_id = std::to_string(redemption.id.value)});
  }
  return row;
}

Result<std::vector<CouponRow>> coupons_of_user(Call& call, const UserName& in) {
  const auto user = user_named(call, in.id);
  // Whether the id exists is nobody else's business.
  if (!call.caller.is_admin() && (!user.ok() || !call.caller.is(user->id))) {
    return Reason::kForbidden;
  }
  if (!user.ok()) return user.error();
  return call.read_list([&](store::Connection& db) -> Result<std::vector<CouponRow>> {
    std::vector<CouponRow> rows;
    const auto coupons = service::list_coupons_of_user(db, user->id, in.before, in.limit + 1);
    for (const auto& coupon :
         std::span(coupons).first(std::min(coupons.size(), static_cast<std::size_t>(in.limit)))) {
      const auto book = service::find_campaign(db, coupon.campaign_id);
      if (!book || book->mode != domain::Mode::kPool) continue;
      rows.push_back(coupon_row(call, db, coupon, *book));
    }
    if (static_cast<std::int64_t>(coupons.size()) > in.limit) {
      call.more("before=" + std::to_string(coupons[coupons.size() - 2].id.value) +
                "&limit=" + std::to_string(in.limit));
    }
    return rows;
  });
}

void add_assigning(Endpoints& service) {
  const std::vector<http::Refusal> refusals = {
      kNoBook,
      {404, Reason::kNoCouponsLeft, "No coupons available"},
      {403, Reason::kForbidden},
      {404, Reason::kUnknownUser},
      {404, Reason::kUnknownCode},
      {400, Reason::kInactive, "Cannot assign coupons from an inactive coupon book"},
      {400, Reason::kVoid},
      {410, Reason::kEnded, "Coupon book expired"},
      {410, Reason::kArchived, "Coupon book expired"},
      {403, Reason::kNotStarted, "The coupon book is not yet available for assignment"},
      {409, Reason::kAlreadyAssigned, "Coupon is already assigned"},
      {422, Reason::kUserCapReached, "User has reached max coupon limit"}};
  service.add({.route = "POST /coupons/assign",
               .id = "bookAssignRandom",
               .summary = "A random coupon of a book for a user",
               .auth = Auth::kSession,
               .scope = "issue",
               .success = 201,
               .refusals = refusals},
              assign_random);
  service.add({.route = "POST /coupons/assign/{code}",
               .id = "bookAssignCode",
               .summary = "A certain coupon for a user",
               .auth = Auth::kSession,
               .scope = "issue",
               .success = 201,
               .refusals = refusals,
               .rate = "codes"},
              assign_code);
}

constexpr const char* kNotTheirs = "Coupon not found for user";
constexpr const char* kOver = "Coupons from an expired book cannot be redeemed";

// Refusals that locking and redeeming share.
std::vector<http::Refusal> use_refusals() {
  return together(
      {{{403, Reason::kForbidden},
        {404, Reason::kUnknownUser},
        {400, Reason::kInactive, "Coupons from an inactive book cannot be redeemed"},
        {400, Reason::kAlreadyRedeemed, "Already redeemed"},
        {400, Reason::kCouponRedemptionCapReached,
         "The maximum redemptions for this coupon have been reached"}},
       alike(404, {Reason::kUnknownCode, Reason::kNotOwner, Reason::kNotAssigned}, kNotTheirs),
       alike(400, {Reason::kEnded, Reason::kArchived}, kOver),
       alike(400, {Reason::kNotStarted, Reason::kExpired, Reason::kVoid})});
}

void add_using(Endpoints& service) {
  service.add({.route = "POST /coupons/lock/{code}",
               .id = "bookLock",
               .summary = "Lock a coupon for a while",
               .auth = Auth::kSession,
               .scope = "issue",
               .success = 201,
               .refusals = together({{{409, Reason::kHeldByOther, "Coupon already locked"},
                                      {409, Reason::kHoldLimitReached}},
                                     use_refusals()}),
               .rate = "codes"},
              lock);
  service.add(
      {.route = "POST /coupons/unlock/{code}",
       .id = "bookUnlock",
       .summary = "Give a lock back",
       .auth = Auth::kSession,
       .scope = "issue",
       .success = 201,
       .refusals = together(
           {{{403, Reason::kForbidden}, {404, Reason::kUnknownCode}, {404, Reason::kUnknownUser}},
            alike(409,
                  {Reason::kNotHeld, Reason::kHeldByOther, Reason::kNotOwner, Reason::kNotAssigned},
                  "Coupon is not locked by this user")}),
       .rate = "codes"},
      unlock);
  service.add(
      {.route = "POST /coupons/redeem/{code}",
       .id = "bookRedeem",
       .summary = "Use a coupon",
       .auth = Auth::kSession,
       .scope = "issue",
       .success = 201,
       .refusals = together({{{409, Reason::kHeldByOther, "Coupon is locked by another process"},
                              {409, Reason::kHoldRequired, "Coupon is not locked"}},
                             alike(400, {Reason::kInsufficientCredit, Reason::kBalanceLimitReached,
                                         Reason::kUserRedemptionCapReached}),
                             use_refusals()}),
       .rate = "codes"},
      redeem);
  service.add({.route = "GET /coupons/user/{id}",
               .id = "bookCouponsOfUser",
               .summary = "A user's coupons, newest first",
               .auth = Auth::kSession,
               .success = 201,  // as its clients expect
               .refusals = {{403, Reason::kForbidden}, {404, Reason::kUnknownUser}}},
              coupons_of_user);
}

}  // namespace

core::Result<domain::Campaign> book_named(Call& call, const std::string& id) {
  auto book = campaign_named(call, id);
  if (book.ok() && book->mode != domain::Mode::kPool) return Reason::kUnknownCampaign;
  return book;
}

void add_book_coupons(Endpoints& service) {
  add_assigning(service);
  add_using(service);
}

}  // namespace coupon::api
