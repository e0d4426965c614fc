// /api/v1/redemptions and what is mine: /api/v1/me/coupons, /api/v1/me/redemptions.

#include <limits>
#include <memory>

#include "coupond/service/campaigns.h"
#include "coupond/service/export.h"
#include "coupond/service/reads.h"
#include "src/api/gate/cursor.h"
#include "src/api/native/cashier.h"
#include "src/api/native/coupon_shapes.h"
#include "src/api/native/csv_reply.h"
#include "src/api/native/fields.h"
#include "src/api/native/naming.h"
#include "src/api/native/native.h"
#include "src/api/words.h"

namespace coupon::api {
namespace {

struct WhichRedemptions {
  std::optional<std::string> campaign, code, order_id;
  CustomerFields customer;
  Period period;
  static http::Object<WhichRedemptions> shape() {
    using Q = WhichRedemptions;
    return {"WhichRedemptions",
            "Which redemptions; all conditions must hold.",
            {
                campaign_field(&Q::campaign),
                http::include(&Q::customer),
                code_field(&Q::code, "Of this coupon."),
                text("order_id", &Q::order_id, "Of this order.", {.min = 1, .max = 128}),
                http::include(&Q::period),
            }};
  }
};

struct RedemptionQuery {
  WhichRedemptions which;
  PageQuery page;
  static http::Object<RedemptionQuery> shape() {
    return {"RedemptionQuery",
            "Which redemptions, and which page.",
            {http::include(&RedemptionQuery::which), http::include(&RedemptionQuery::page)}};
  }
};

struct RedemptionName {
  core::Seq id;
  static http::Object<RedemptionName> shape() {
    return {"RedemptionName",
            "Which redemption.",
            {integer("id", &RedemptionName::id, "Its id.", {.min = 1})}};
  }
};

struct RollbackInput {
  core::Seq id;
  std::optional<std::string> reason, cashier;
  bool ends_code = false;
  static http::Object<RollbackInput> shape() {
    return {"RollbackRequest",
            "Undo a redemption.",
            {
                integer("id", &RollbackInput::id, "Its id.", {.min = 1}),
                reason_field(&RollbackInput::reason),
                http::boolean("void", &RollbackInput::ends_code,
                              "Whether the code ends with it: a refund without return.")
                    .optional(),
                cashier_field(&RollbackInput::cashier),
            }};
  }
};

// The names a redemption's row has only as ids.
RedemptionReply named_in(Call& call, store::Connection& db, const domain::Redemption& redemption) {
  const auto campaign = service::find_campaign(db, redemption.campaign_id);
  const auto coupon = service::find_coupon(db, redemption.coupon_id);
  std::optional<std::string> code;
  if (coupon) code = shown_code(call.engine, *coupon);
  return redemption_reply(redemption, campaign ? campaign->slug : "",
                          campaign ? campaign->policy.currency : std::nullopt, std::move(code));
}

Page<RedemptionReply> page_of(Call& call, store::Connection& db,
                              const service::RedemptionFilter& filter) {
  const auto found = service::list_redemptions(db, filter);
  Page<RedemptionReply> page;
  for (const auto& redemption : found.redemptions) {
    page.items.push_back(named_in(call, db, redemption));
  }
  if (found.next) page.next_cursor = cursor_after(found.next->value);
  return page;
}

// A filter by something that does not exist is refused, not answered with an empty list: it is more
// often a typing error.
Result<service::RedemptionFilter> filter_of(Call& call, const WhichRedemptions& in) {
  const auto& [from, to] = in.period;
  if (from && to) {
    if (auto error = reversed(*from, *to)) return *std::move(error);
  }
  service::RedemptionFilter filter{.order_id = in.order_id, .from = from, .to = to};
  if (in.campaign) {
    const auto campaign = campaign_named(call, *in.campaign);
    if (!campaign.ok()) return campaign.error();
    filter.campaign = campaign->id;
  }
  if (!in.customer.none()) {
    const auto user = customer_named(call, in.customer);
    if (!user.ok()) return user.error();
    filter.user = user->id;
  }
  if (!in.code) return filter;
  const auto hash = code_hash(call, *in.code);
  if (!hash.ok()) return hash.error();
  return call.read([&](store::Connection& db) -> Result<service::RedemptionFilter> {
    const auto coupon = service::find_coupon(db, *hash);
    if (!coupon) return Reason::kUnknownCode;
    filter.coupon = coupon->id;
    return filter;
  });
}

Result<Page<RedemptionReply>> list_redemptions(Call& call, const RedemptionQuery& in) {
  auto filter = filter_of(call, in.which);
  if (!filter.ok()) return filter.error();
  const auto before = id_of_cursor(in.page.cursor);
  if (!before.ok()) return before.error();
  filter->before = {*before};
  filter->limit = in.page.limit;
  return call.read_list([&](store::Connection& db) -> Result<Page<RedemptionReply>> {
    return page_of(call, db, *filter);
  });
}

Result<http::Reply> export_redemptions(Call& call, const WhichRedemptions& in) {
  auto filter = filter_of(call, in);
  if (!filter.ok()) return filter.error();
  auto opened = service::RedemptionExport::open(call.engine, call.caller, *std::move(filter));
  if (!opened.ok()) return opened.error();
  auto pages = std::make_shared<service::RedemptionExport>(*std::move(opened));
  return csv_reply("redemptions", std::string(service::RedemptionExport::header()),
                   [pages] { return pages->next(); });
}

Result<RedemptionReply> read_one_redemption(Call& call, const RedemptionName& in) {
  return call.read([&](store::Connection& db) -> Result<RedemptionReply> {
    const auto redemption = service::find_redemption(db, in.id);
    if (!redemption) return Reason::kUnknownRedemption;
    return named_in(call, db, *redemption);
  });
}

Result<RedemptionReply> roll_back(Call& call, const RollbackInput& in) {
  identify(call, in.cashier);
  const auto before = read_one_redemption(call, {in.id});
  if (!before.ok()) return before.error();
  return call.write(
      "coupon.rollback",
      [&](store::Tx& tx) {
        return in.ends_code ? service::roll_back_and_void(tx, call.caller, in.id, in.reason)
                            : service::roll_back(tx, call.caller, in.id, in.reason);
      },
      [&](const service::RolledBack& done) {
        RedemptionReply reply =
            redemption_reply(done.redemption, before->campaign, done.currency, before->coupon);
        if (done.funds) reply.balance = done.funds->balance;
        reply.seq = done.seq;
        return reply;
      });
}

Result<Page<RedemptionReply>> my_redemptions(Call& call, const PageQuery& in) {
  const auto before = id_of_cursor(in.cursor);
  if (!before.ok()) return before.error();
  return call.read_list([&](store::Connection& db) -> Result<Page<RedemptionReply>> {
    return page_of(call, db, {.user = call.user_id(), .before = {*before}, .limit = in.limit});
  });
}

Result<Page<CouponReply>> my_coupons(Call& call, const PageQuery& in) {
  const auto before = id_of_cursor(in.cursor, std::numeric_limits<std::int64_t>::max());
  if (!before.ok()) return before.error();
  return call.read_list([&](store::Connection& db) -> Result<Page<CouponReply>> {
    const auto coupons = service::list_coupons_of_user(db, call.user_id(), {*before}, in.limit + 1);
    Page<CouponReply> page;
    for (const domain::Coupon& coupon : coupons) {
      if (static_cast<std::int64_t>(page.items.size()) == in.limit) {
        page.next_cursor = cursor_after(coupons[page.items.size() - 1].id.value);
        break;
      }
      const auto view = service::view_coupon(db, coupon.code_hash, call.now());
      if (!view.ok()) return view.error();
      const auto held = domain::held_until(view->holds, call.now());
      page.items.push_back(coupon_reply(shown_code(call.engine, coupon), coupon,
                                        view->campaign.slug, view->campaign.policy.currency, held));
    }
    return page;
  });
}

}  // namespace

void add_redemption_endpoints(Endpoints& v1) {
  v1.add({.route = "GET /api/v1/redemptions",
          .id = "listRedemptions",
          .summary = "List redemptions, newest first",
          .doc = "A page may be short although there are more: go on while next_cursor is there.",
          .auth = Auth::kStaff,
          .scope = "read",
          .refusals = {{400, Reason::kInvalidCursor},
                       {404, Reason::kUnknownCampaign},
                       {404, Reason::kUnknownUser},
                       {404, Reason::kUnknownCode}}},
         list_redemptions);
  v1.add({.route = "GET /api/v1/redemptions/export",
          .id = "exportRedemptions",
          .summary = "Export redemptions as CSV, newest first",
          .doc = "With what their codes are now: number, state, uses, balance, end and owner.",
          .auth = Auth::kStaff,
          .scope = "read",
          .refusals = {{404, Reason::kUnknownCampaign},
                       {404, Reason::kUnknownUser},
                       {404, Reason::kUnknownCode}},
          .answers = {{.status = 200, .doc = "The redemptions.", .content_type = "text/csv"}}},
         export_redemptions);
  v1.add({.route = "GET /api/v1/redemptions/{id}",
          .id = "getRedemption",
          .summary = "Read a redemption",
          .auth = Auth::kStaff,
          .scope = "read",
          .refusals = {{404, Reason::kUnknownRedemption}}},
         read_one_redemption);
  v1.add({.route = "POST /api/v1/redemptions/{id}/rollback",
          .id = "rollBackRedemption",
          .summary = "Roll a redemption back, once",
          .doc = "Returns the use, and the price or what it took from the code's balance, and "
                 "takes back the credit or days it gave. A key of "
                 "scope till undoes what it redeemed itself, within 15 minutes.",
          .auth = Auth::kStaff,
          .scope = "redeem till",
          .refusals = {{404, Reason::kUnknownRedemption},
                       {409, Reason::kAlreadyRolledBack},
                       {409, Reason::kInsufficientCredit},
                       {409, Reason::kBalanceLimitReached}}},
         roll_back);
  v1.add({.route = "GET /api/v1/me/redemptions",
          .id = "listMyRedemptions",
          .summary = "My redemptions, newest first",
          .auth = Auth::kSession,
          .refusals = {{400, Reason::kInvalidCursor}}},
         my_redemptions);
  v1.add({.route = "GET /api/v1/me/coupons",
          .id = "listMyCoupons",
          .summary = "My coupons, newest first",
          .doc = "Coupons given to me. Bearer codes I redeemed are among my redemptions.",
          .auth = Auth::kSession,
          .refusals = {{400, Reason::kInvalidCursor}}},
         my_coupons);
}

}  // namespace coupon::api
