// Changing codes that are out: one by /api/v1/coupons/{code}, many by
// /api/v1/campaigns/{campaign}/codes/change, an import or generation by /api/v1/jobs/{id}/undo.

#include <limits>

#include "coupond/service/change_codes.h"
#include "coupond/service/reads.h"
#include "src/api/gate/cursor.h"
#include "src/api/native/code_filter_fields.h"
#include "src/api/native/coupon_requests.h"
#include "src/api/native/fields.h"
#include "src/api/native/job_shapes.h"
#include "src/api/native/naming.h"
#include "src/api/native/native.h"
#include "src/api/words.h"

namespace coupon::api {
namespace {

using service::ChangeAction;

constexpr http::Integer kUses{.min = 1, .max = core::limits::kCountMax};

struct CouponPatch {
  std::string code;
  http::Patch<std::int64_t> max_uses;
  http::Patch<core::UnixMs> expires_at;
  std::optional<std::string> reason;
  static http::Object<CouponPatch> shape() {
    using P = CouponPatch;
    return {"CouponPatch",
            "What to change of a code; what is left out stays.",
            {
                code_field(&P::code),
                integer("max_uses", &P::max_uses, "Uses it has; null: no limit.", kUses),
                timestamp("expires_at", &P::expires_at,
                          "Worthless from this instant on; null: it has no end.")
                    .ends(),
                reason_field(&P::reason),
            }};
  }
};

struct ReassignInput {
  std::string code, user_id;
  std::optional<std::string> reason;
  static http::Object<ReassignInput> shape() {
    return {"ReassignRequest",
            "Who shall have the code.",
            {
                code_field(&ReassignInput::code),
                text("user_id", &ReassignInput::user_id, "Id or UUID.", {.min = 1, .max = 36})
                    .or_integer(),
                reason_field(&ReassignInput::reason),
            }};
  }
};

struct ChangedReply {
  CouponReply coupon;
  core::Seq seq;
  static http::Object<ChangedReply> shape() {
    return {"CouponChanged",
            "The code as it is now.",
            {
                object("coupon", &ChangedReply::coupon, "The code."),
                integer("seq", &ChangedReply::seq, "The ledger entry."),
            }};
  }
};

struct ChangeCodesInput {
  std::string campaign;
  ChangeAction action = ChangeAction::kVoid;
  CodeFilterFields filter;
  http::Patch<std::int64_t> max_uses;
  http::Patch<core::UnixMs> expires_at;
  std::optional<std::string> reason;
  static http::Object<ChangeCodesInput> shape() {
    using I = ChangeCodesInput;
    return {
        "ChangeCodesRequest",
        "What to do with which codes of a campaign; all conditions must hold.",
        {
            campaign_field(&I::campaign),
            choice("action", &I::action,
                   "void ends them; restore takes that back for those that were never used; "
                   "free ends those that were never used, and their codes may be stored anew; "
                   "terms sets max_uses or expires_at.",
                   {{"void", ChangeAction::kVoid},
                    {"restore", ChangeAction::kRestore},
                    {"free", ChangeAction::kFree},
                    {"terms", ChangeAction::kTerms}}),
            http::include(&I::filter),
            integer("max_uses", &I::max_uses, "Uses they shall have; null: no limit.", kUses),
            timestamp("expires_at", &I::expires_at, "The instant they shall end at; null: none.")
                .ends(),
            reason_field(&I::reason),
        }};
  }
};

struct UndoInput {
  std::int64_t id = 0;
  static http::Object<UndoInput> shape() {
    return {"UndoRequest", "Which job.", {integer("id", &UndoInput::id, "Its id.", {.min = 1})}};
  }
};

template <class V>
std::optional<std::optional<V>> wanted(const http::Patch<V>& patch) {
  if (patch.has_value()) return std::optional<V>(patch.value);
  if (patch.is_null()) return std::optional<V>();
  return std::nullopt;
}

// One change of one code, named as it is typed.
template <class Change>
Result<ChangedReply> change_one(Call& call, const char* operation, const std::string& code,
                                const Change& change) {
  const auto hash = code_hash(call, code);
  if (!hash.ok()) return hash.error();
  return call.write(
      operation,
      [&](store::Tx& tx) -> Result<service::CouponChanged> {
        const auto id = service::coupon_of(tx, *hash);
        if (!id.ok()) return id.error();
        return change(tx, *id);
      },
      [&](const service::CouponChanged& done) {
        return ChangedReply{
            .coupon = coupon_reply(shown_code(call.engine, done.coupon), done.coupon,
                                   done.campaign_slug, done.currency, {}),
            .seq = done.seq};
      });
}

Result<ChangedReply> update(Call& call, const CouponPatch& in) {
  const service::Terms terms{.max_uses = wanted(in.max_uses), .expires_at = wanted(in.expires_at)};
  if (!terms.max_uses && !terms.expires_at) {
    return core::Error{.reason = Reason::kInvalidRequest,
                       .message = "Say what to change: max_uses or expires_at"};
  }
  return change_one(call, "coupon.terms", in.code, [&](store::Tx& tx, core::CouponId id) {
    return service::change_terms(tx, call.caller, id, terms, in.reason);
  });
}

Result<ChangedReply> restore(Call& call, const CodeAndReason& in) {
  return change_one(call, "coupon.restore", in.code, [&](store::Tx& tx, core::CouponId id) {
    return service::restore_coupon(tx, call.caller, id, in.reason);
  });
}

Result<ChangedReply> free_one(Call& call, const CodeAndReason& in) {
  return change_one(call, "coupon.free", in.code, [&](store::Tx& tx, core::CouponId id) {
    return service::free_coupon(tx, call.caller, id, in.reason);
  });
}

Result<ChangedReply> reassign(Call& call, const ReassignInput& in) {
  const auto user = user_named(call, in.user_id);
  if (!user.ok()) return user.error();
  return change_one(call, "coupon.reassign", in.code, [&](store::Tx& tx, core::CouponId id) {
    return service::reassign(tx, call.caller, id, user->id, in.reason);
  });
}

// Rehearsed, it only counts.
Result<http::Reply> start(Call& call, service::JobRunner& jobs, const Result<domain::Job>& job) {
  if (!job.ok()) return job.error();
  if (call.dry_run) return http::json_reply(202, http::to_json(JobQueued{job_reply(*job)}));
  return queue(call, jobs, *job);
}

Result<http::Reply> change_codes(Call& call, service::JobRunner& jobs, const ChangeCodesInput& in) {
  const auto campaign = campaign_named(call, in.campaign);
  if (!campaign.ok()) return campaign.error();
  const auto filter = filter_of(call, in.filter);
  if (!filter.ok()) return filter.error();
  const service::ChangeRequest request{
      .campaign_id = campaign->id,
      .action = in.action,
      .filter = *filter,
      .terms = {.max_uses = wanted(in.max_uses), .expires_at = wanted(in.expires_at)},
      .why = in.reason};
  return start(call, jobs, service::plan_change(call.engine, call.caller, request));
}

const std::vector<http::Refusal> kChangeRefusals = {{404, Reason::kUnknownCode},
                                                    {409, Reason::kArchived},
                                                    {409, Reason::kVoid},
                                                    {409, Reason::kAlreadyRedeemed}};

std::vector<http::Refusal> refusals(std::vector<http::Refusal> more) {
  more.insert(more.end(), kChangeRefusals.begin(), kChangeRefusals.end());
  return more;
}

void add_one(Endpoints& v1) {
  v1.add({.route = "PATCH /api/v1/coupons/{code}",
          .id = "updateCoupon",
          .summary = "Change how often a code can be used, or when it ends",
          .doc = "More uses revive a used-up code.",
          .auth = Auth::kStaff,
          .scope = "issue",
          .refusals = refusals({{409, Reason::kCapBelowUsed}, {409, Reason::kWrongMode}}),
          .rate = kCodesRate},
         update);
  v1.add({.route = "POST /api/v1/coupons/{code}/restore",
          .id = "restoreCoupon",
          .summary = "Take a void back",
          .doc = "Only of a code that was never used.",
          .auth = Auth::kStaff,
          .scope = "issue",
          .refusals = refusals({{409, Reason::kNotVoid}}),
          .rate = kCodesRate},
         restore);
  v1.add({.route = "POST /api/v1/coupons/{code}/free",
          .id = "freeCoupon",
          .summary = "End a code, and let it be stored anew",
          .doc = "Only a code that was never used. It may then be imported elsewhere.",
          .auth = Auth::kStaff,
          .scope = "issue",
          .refusals = kChangeRefusals,
          .rate = kCodesRate},
         free_one);
  v1.add({.route = "POST /api/v1/coupons/{code}/reassign",
          .id = "reassignCoupon",
          .summary = "Give an assigned code to another user",
          .auth = Auth::kStaff,
          .scope = "issue",
          .refusals = refusals({{404, Reason::kUnknownUser},
                                {409, Reason::kNotAssigned},
                                {409, Reason::kUserCapReached},
                                {409, Reason::kWrongMode}}),
          .rate = kCodesRate},
         reassign);
}

struct FindQuery {
  std::string last4;
  std::optional<std::string> campaign;
  PageQuery page;
  static http::Object<FindQuery> shape() {
    return {"FindCouponsQuery",
            "Which codes.",
            {
                text("last4", &FindQuery::last4, "The last four symbols of the code.",
                     {.min = 1, .max = 64}),
                text("campaign", &FindQuery::campaign, "Only of this campaign: id, UUID or slug.",
                     {.min = 1, .max = kCampaignNameMax}),
                http::include(&FindQuery::page),
            }};
  }
};

Result<http::Page<CouponReply>> find(Call& call, const FindQuery& in) {
  const auto before = id_of_cursor(in.page.cursor, std::numeric_limits<std::int64_t>::max());
  if (!before.ok()) return before.error();
  const auto last4 = core::canonical(in.last4);
  if (!last4.ok()) return last4.error();
  std::optional<core::CampaignId> campaign;
  if (in.campaign) {
    const auto named = campaign_named(call, *in.campaign);
    if (!named.ok()) return named.error();
    campaign = named->id;
  }
  const std::int64_t tail = call.engine.vault().tail(*last4);
  return call.read_list([&](store::Connection& db) -> Result<http::Page<CouponReply>> {
    http::Page<CouponReply> page;
    const auto found = service::coupons_ending_in(db, tail, {*before}, in.page.limit);
    for (const domain::Coupon& coupon : found) {
      if (campaign && coupon.campaign_id != *campaign) continue;
      const auto of = service::find_campaign(db, coupon.campaign_id);
      const auto held = domain::held_until(service::find_holds(db, coupon.id), call.now());
      page.items.push_back(coupon_reply(shown_code(call.engine, coupon), coupon, of ? of->slug : "",
                                        of ? of->policy.currency : std::nullopt, held));
    }
    if (static_cast<std::int64_t>(found.size()) == in.page.limit) {
      page.next_cursor = cursor_after(found.back().id.value);
    }
    return page;
  });
}

}  // namespace

void add_change_endpoints(Endpoints& v1, service::JobRunner& jobs) {
  add_one(v1);
  v1.add({.route = "GET /api/v1/coupons",
          .id = "findCoupons",
          .summary = "Find codes by their last four symbols, newest first",
          .doc = "For staff who have no more than a fragment. A page may be short although there "
                 "are more: go on while next_cursor is there.",
          .auth = Auth::kStaff,
          .scope = "read",
          .refusals = {{400, Reason::kInvalidCursor},
                       {400, Reason::kInvalidCode},
                       {404, Reason::kUnknownCampaign}}},
         find);
  v1.add({.route = "POST /api/v1/campaigns/{campaign}/codes/change",
          .id = "changeCodes",
          .summary = "Void, restore, free or change many codes",
          .doc = "A job goes through them; its errors name each code, by number, that could not be "
                 "changed. Rehearse it (dry_run) to count them first.",
          .auth = Auth::kAdmin,
          .scope = "admin",
          .success = 202,
          .refusals = {{404, Reason::kUnknownCampaign},
                       {404, Reason::kUnknownJob},
                       {400, Reason::kInvalidCode},
                       {409, Reason::kArchived}},
          .answers = {http::answer_of<JobQueued>(202, "The job that changes them.")}},
         [&jobs](Call& call, const ChangeCodesInput& in) { return change_codes(call, jobs, in); });
  v1.add({.route = "POST /api/v1/jobs/{id}/undo",
          .id = "undoJob",
          .summary = "Take back the codes that a job has made",
          .doc = "Ends them and lets them be stored anew, but for those that were used, which the "
                 "new job names.",
          .auth = Auth::kAdmin,
          .scope = "admin",
          .success = 202,
          .refusals = {{404, Reason::kUnknownJob},
                       {409, Reason::kJobRunning},
                       {409, Reason::kArchived}},
          .answers = {http::answer_of<JobQueued>(202, "The job that takes them back.")}},
         [&jobs](Call& call, const UndoInput& in) {
           return start(call, jobs, service::plan_undo(call.engine, call.caller, in.id));
         });
}

}  // namespace coupon::api
