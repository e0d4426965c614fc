// The claim service's endpoints: limited stock, first come. A "coupon" of its clients is a campaign
// of mode claim, named by its code; each claim mints a coupon of it. POST /register and /login are
// shared with the token service and declared there.

#include <limits>
#include <memory>

#include "coupond/core/ids.h"
#include "coupond/core/mutex.h"
#include "coupond/service/campaigns.h"
#include "coupond/service/reads.h"
#include "src/api/services/services.h"
#include "src/api/services/shared.h"

namespace coupon::api {
namespace {

const http::Dialect kClaimService{
    .tag = "Claim service",
    .doc = "Limited stock, first come: N in stock, N claims, never one more.",
    .invalid_status = 422};

enum class Status { kActive, kInactive };
http::Choices<Status> status_choices() {
  return {{"ACTIVE", Status::kActive}, {"INACTIVE", Status::kInactive}};
}

constexpr http::Text kCode{.min = 1, .max = 128};
// A user may claim the same coupon again, but not without end: each claim is kept for ever. The
// administrator may set another cap, or none (PATCH /api/v1/campaigns/{campaign}: max_per_user).
constexpr std::int64_t kClaimsPerUser = 1'000;
constexpr http::Integer kStock{.min = 0, .max = 1'000'000'000};

struct StockReply {
  core::CampaignId id;
  std::string code;
  std::int64_t available_count = 0;
  Status status = Status::kActive;
  static http::Object<StockReply> shape() {
    return {"ClaimStock",
            "A coupon and how many are left of it.",
            {
                integer("id", &StockReply::id, "Its id.").example(1),
                text("code", &StockReply::code, "Its code.", kCode).example("SAVE10"),
                integer("available_count", &StockReply::available_count, "Left to claim."),
                choice("status", &StockReply::status, "Only ACTIVE ones can be claimed.",
                       status_choices()),
            }};
  }
};

StockReply stock_reply(const domain::Campaign& campaign) {
  return {.id = campaign.id,
          .code = campaign.name,
          .available_count = domain::remaining(campaign).value_or(kStock.max),
          .status = campaign.policy.active ? Status::kActive : Status::kInactive};
}

struct NewStock {
  std::string code;
  std::int64_t available_count = 0;
  static http::Object<NewStock> shape() {
    return {"ClaimNewStock",
            "A coupon to be claimed.",
            {
                text("code", &NewStock::code, "Its code, unique.", kCode).example("SAVE10"),
                integer("available_count", &NewStock::available_count, "How many.", kStock),
            }};
  }
};

struct StockPage {
  core::CampaignId after = {};
  std::int64_t limit = kRowsUnlessSaid;
  static http::Object<StockPage> shape() {
    return {"ClaimStockPage",
            "Which coupons.",
            {
                integer("after", &StockPage::after, "Those with greater ids.").optional(),
                integer("limit", &StockPage::limit, "How many at the most.", kRows).optional(),
            }};
  }
};

struct HistoryPage {
  core::CouponId before = {std::numeric_limits<std::int64_t>::max()};
  std::int64_t limit = kRowsUnlessSaid;
  static http::Object<HistoryPage> shape() {
    return {"ClaimHistoryPage",
            "Which claims.",
            {
                integer("before", &HistoryPage::before, "Those with smaller ids.").optional(),
                integer("limit", &HistoryPage::limit, "How many at the most.", kRows).optional(),
            }};
  }
};

struct StockName {
  core::CampaignId id;
  static http::Object<StockName> shape() {
    return {
        "ClaimStockName", "Which coupon.", {integer("id", &StockName::id, "Its id.", {.min = 1})}};
  }
};

struct StockChange {
  core::CampaignId id;
  std::optional<std::string> code;
  std::optional<std::int64_t> available_count;
  std::optional<Status> status;
  static http::Object<StockChange> shape() {
    return {
        "ClaimStockChange",
        "What to change; what is left out stays.",
        {
            integer("id", &StockChange::id, "Which coupon.", {.min = 1}),
            text("code", &StockChange::code, "Its new code; empty: as it is.", {.max = kCode.max}),
            integer("available_count", &StockChange::available_count,
                    "How many are left from now on.", kStock),
            choice("status", &StockChange::status, "Whether it can be claimed.", status_choices()),
        }};
  }
};

struct ClaimReply {
  std::string message = "Coupon claimed successfully";
  std::string code;
  core::CouponId claim_id;
  static http::Object<ClaimReply> shape() {
    return {"Claim",
            "A claim that was granted.",
            {
                text("message", &ClaimReply::message, "Says so."),
                text("code", &ClaimReply::code, "The code that was claimed.", kCode),
                integer("claim_id", &ClaimReply::claim_id, "The claim's id."),
            }};
  }
};

struct HistoryRow {
  std::string code;
  core::UnixMs claimed_at;
  static http::Object<HistoryRow> shape() {
    return {"ClaimHistoryRow",
            "One claim.",
            {
                text("code", &HistoryRow::code, "The code that was claimed.", kCode),
                timestamp("claimed_at", &HistoryRow::claimed_at, "When.", kNaive),
            }};
  }
};

struct DeletedReply {
  std::string detail = "Coupon deleted";
  static http::Object<DeletedReply> shape() {
    return {"ClaimDeleted", "Gone.", {text("detail", &DeletedReply::detail, "Says so.")}};
  }
};

// The live claim campaign of that id.
Result<domain::Campaign> stock_named(Call& call, core::CampaignId id) {
  return call.read([&](store::Connection& db) -> Result<domain::Campaign> {
    auto campaign = service::find_campaign(db, id);
    if (!campaign || campaign->mode != domain::Mode::kClaim || campaign->archived_at) {
      return Reason::kUnknownCampaign;
    }
    return std::move(*campaign);
  });
}

struct StockList {
  std::vector<StockReply> rows;
  std::optional<std::string> next;
};

Result<StockList> read_stock(Call& call, const StockPage& in) {
  return call.read_list([&](store::Connection& db) -> Result<StockList> {
    StockList list;
    std::int64_t read = 0;
    core::CampaignId last{};
    for (const auto& campaign : service::list_campaigns(
             db, {.mode = domain::Mode::kClaim, .after = in.after, .limit = in.limit + 1})) {
      if (read == in.limit) {
        list.next = "after=" + std::to_string(last.value) + "&limit=" + std::to_string(in.limit);
        break;
      }
      ++read;
      last = campaign.id;
      if (campaign.policy.active) list.rows.push_back(stock_reply(campaign));
    }
    return list;
  });
}

// The first page, which anybody may ask for: made once for each state of the database, however many
// ask at once. Whoever asks sees what was committed before.
class FirstPage {
 public:
  Result<StockList> get(Call& call) {
    const core::Seq asked_at = call.engine.writer().committed_seq();
    const core::MutexLock lock(mutex_);
    if (!list_ || as_of_ < asked_at) {
      const core::Seq now = call.engine.writer().committed_seq();
      auto list = read_stock(call, {});
      if (!list.ok()) return list.error();
      list_ = *std::move(list);
      as_of_ = now;
    }
    return *list_;
  }

 private:
  core::Mutex mutex_;  // held while the list is made
  std::optional<StockList> list_ COUPOND_GUARDED_BY(mutex_);
  core::Seq as_of_ COUPOND_GUARDED_BY(mutex_);
};

Result<std::vector<StockReply>> list(Call& call, const StockPage& in, FirstPage& first) {
  const bool is_first = in.after.value == 0 && in.limit == kRowsUnlessSaid;
  auto list = is_first ? first.get(call) : read_stock(call, in);
  if (!list.ok()) return list.error();
  if (list->next) call.more(*list->next);
  return std::move(list->rows);
}

Result<ClaimReply> claim(Call& call, const StockName& in) {
  const auto campaign = stock_named(call, in.id);
  if (!campaign.ok()) return campaign.error();
  // The counter table knows figures only: an inactive campaign has its own sentence.
  if (!call.keyed && campaign->policy.active) {
    const auto refused = call.engine.counters().certain_refusal(in.id, call.user_id());
    if (refused) return *refused;
  }
  return issue_for(call, *campaign, call.user_id(), [&](const service::Issued& issued) {
    return ClaimReply{.code = campaign->name, .claim_id = issued.coupon.id};
  });
}

Result<std::vector<HistoryRow>> history(Call& call, const HistoryPage& in) {
  return call.read_list([&](store::Connection& db) -> Result<std::vector<HistoryRow>> {
    std::vector<HistoryRow> rows;
    const auto claims = service::list_claims_of_user(db, call.user_id(), in.before, in.limit + 1);
    for (const auto& claim : claims) {
      if (static_cast<std::int64_t>(rows.size()) == in.limit) {
        call.more("before=" + std::to_string(claims[rows.size() - 1].id.value) +
                  "&limit=" + std::to_string(in.limit));
        break;
      }
      rows.push_back({.code = claim.name, .claimed_at = claim.at});
    }
    return rows;
  });
}

Result<StockReply> create(Call& call, const NewStock& in) {
  domain::Campaign campaign{
      .uuid = core::uuid4(call.engine.random()), .mode = domain::Mode::kClaim, .name = in.code};
  campaign.policy.max_issued = in.available_count;
  campaign.policy.max_per_user = kClaimsPerUser;
  return call.write(
      "campaign.create",
      [&](store::Tx& tx) { return service::create_campaign(tx, call.caller, campaign); },
      [](const service::CampaignWritten& written) { return stock_reply(written.campaign); });
}

Result<StockReply> change(Call& call, const StockChange& in) {
  const auto campaign = stock_named(call, in.id);
  if (!campaign.ok()) return campaign.error();
  const auto apply = [&](domain::Campaign& target) {
    if (in.code && !in.code->empty()) target.name = *in.code;
    if (in.status) target.policy.active = *in.status == Status::kActive;
    // What is left from now on comes on top of what has been claimed.
    if (in.available_count) {
      target.policy.max_issued = target.counters.issued + *in.available_count;
    }
  };
  return call.write(
      "campaign.update",
      [&](store::Tx& tx) { return service::change_campaign(tx, call.caller, in.id, apply); },
      [](const service::CampaignWritten& written) { return stock_reply(written.campaign); });
}

Result<DeletedReply> remove(Call& call, const StockName& in) {
  const auto campaign = stock_named(call, in.id);
  if (!campaign.ok()) return campaign.error();
  return call.write(
      "campaign.archive",
      [&](store::Tx& tx) { return service::archive_campaign(tx, call.caller, in.id); },
      [](const service::CampaignWritten&) { return DeletedReply{}; });
}

const http::Refusal kNotFound{404, Reason::kUnknownCampaign, "Coupon not found"};
const http::Refusal kNoAdmin{403, Reason::kForbidden, "Admin access required"};
const http::Refusal kTaken{400, Reason::kSlugTaken, "Coupon code already exists"};

}  // namespace

void add_claim_service(http::Api& api, Gate& gate) {
  Endpoints service = gate.group(api, kClaimService);
  service.add(
      {.route = "GET /coupons",
       .id = "claimListStock",
       .summary = "Coupons that can be claimed",
       .doc = "1,000 at a time; where there are more, the header Link says where they are."},
      [first = std::make_shared<FirstPage>()](Call& call, const StockPage& in)
          -> Result<std::vector<StockReply>> { return list(call, in, *first); });
  service.add({.route = "POST /coupons/{id}/claim",
               .id = "claimCoupon",
               .summary = "Claim one",
               .auth = Auth::kSession,
               .refusals = {kNotFound,
                            {409, Reason::kCampaignCapReached, "No coupons available"},
                            {409, Reason::kUserCapReached},
                            {409, Reason::kInactive, "Coupon is not active"},
                            {409, Reason::kNotStarted},
                            {409, Reason::kEnded},
                            {404, Reason::kArchived, "Coupon not found"}},
               .shown_path = "/coupons/{id}/{action}"},
              claim);
  service.add({.route = "GET /users/me/history",
               .id = "claimHistory",
               .summary = "My claims, newest first",
               .doc = "1,000 at a time; where there are more, the header Link says where they are.",
               .auth = Auth::kSession},
              history);
  service.add(
      {.route = "POST /admin/coupons",
       .id = "claimCreateStock",
       .summary = "Put a coupon up for claiming",
       .doc = "One user may claim it 1,000 times; PATCH /api/v1/campaigns/{campaign} changes "
              "that (`max_per_user`; null: without end).",
       .auth = Auth::kAdmin,
       .refusals = {kNoAdmin, kTaken}},
      create);
  service.add(
      {.route = "PUT /admin/coupons/{id}",
       .id = "claimChangeStock",
       .summary = "Change code, stock or status",
       .auth = Auth::kAdmin,
       .refusals = {kNoAdmin, kNotFound, kTaken, {404, Reason::kArchived, "Coupon not found"}}},
      change);
  service.add({.route = "DELETE /admin/coupons/{id}",
               .id = "claimDeleteStock",
               .summary = "Take a coupon down",
               .doc = "Claims already made stay in their owners' history.",
               .auth = Auth::kAdmin,
               .refusals = {kNoAdmin, kNotFound, {404, Reason::kArchived, "Coupon not found"}}},
              remove);
}

}  // namespace coupon::api
