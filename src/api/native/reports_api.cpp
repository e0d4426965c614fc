// /api/v1/reports: totals of redemptions.

#include <limits>
#include <map>
#include <utility>

#include "coupond/core/csv.h"
#include "coupond/domain/money.h"
#include "coupond/service/reads.h"
#include "coupond/service/reports.h"
#include "coupond/service/tills.h"
#include "src/api/native/csv_reply.h"
#include "src/api/native/fields.h"
#include "src/api/native/naming.h"
#include "src/api/native/native.h"
#include "src/api/words.h"

namespace coupon::api {
namespace {

using core::LocalPeriod;

http::Choices<LocalPeriod> periods() {
  return {{"hour", LocalPeriod::kHour}, {"day", LocalPeriod::kDay}};
}

struct ReportQuery {
  LocalPeriod by = LocalPeriod::kDay;
  std::optional<core::UnixMs> from, to;
  std::optional<std::string> campaign, till;
  static http::Object<ReportQuery> shape() {
    using Q = ReportQuery;
    return {"ReportQuery",
            "Of what, and how fine.",
            {
                choice("by", &Q::by, "A line for each hour or day of the shop's zone.", periods())
                    .optional(),
                timestamp("from", &Q::from, "Not before; today's first moment unless said."),
                timestamp("to", &Q::to, "Before; a date alone is that day, too.").ends(),
                text("campaign", &Q::campaign, "Only of this one: id, UUID or slug.",
                     {.min = 1, .max = kCampaignNameMax}),
                text("till", &Q::till,
                     "Only by this till or account: its name or address, key:3 or user:7.",
                     {.min = 1, .max = kAccountNameMax}),
            }};
  }
};

struct LineReply {
  std::string period;
  core::UnixMs start;
  std::string campaign, till, actor;
  std::optional<std::string> reason;
  std::int64_t redeemed = 0, rolled_back = 0, taken = 0, returned = 0, credit = 0;
  std::optional<std::string> currency;
  static http::Object<LineReply> shape() {
    using R = LineReply;
    return {
        "ReportLine",
        "What one till did in one hour or day for one campaign.",
        {
            text("period", &R::period, "The day or hour in the shop's zone.").example("2026-11-20"),
            timestamp("start", &R::start, "When it began."),
            text("campaign", &R::campaign, "The campaign's slug.", {.max = 64}),
            text("till", &R::till, "Who did it: the name of an API key, or an address.",
                 {.max = kAccountNameMax}),
            text("actor", &R::actor, "The same as the ledger has it.", {.max = 64})
                .example("key:3"),
            text("reason", &R::reason, "Of rollbacks, where one was given.", {.max = 4096}),
            integer("redeemed", &R::redeemed, "Redemptions made then, whatever became of them."),
            integer("rolled_back", &R::rolled_back,
                    "Rollbacks made then, of redemptions from whenever."),
            integer("taken", &R::taken, "From balances of codes by the redemptions, minor units."),
            integer("returned", &R::returned, "To balances of codes by the rollbacks."),
            integer("credit", &R::credit, "Added to accounts by both; negative: taken.",
                    {.min = -http::kMaxJsonInteger}),
            text("currency", &R::currency, "Of taken and returned, where the campaign says.",
                 {.max = 3}),
        }};
  }
};

struct ReportReply {
  core::Seq seq;
  LocalPeriod by = LocalPeriod::kDay;
  core::UnixMs from;
  std::optional<core::UnixMs> to;
  std::vector<LineReply> lines;
  static http::Object<ReportReply> shape() {
    using R = ReportReply;
    return {"Report",
            "Totals, exact at one ledger entry.",
            {
                integer("seq", &R::seq, "All entries up to this one are in it, and no other."),
                choice("by", &R::by, "As it was asked for.", periods()),
                timestamp("from", &R::from, "Not before."),
                timestamp("to", &R::to, "Before; null: no end."),
                list("lines", &R::lines, "By period, campaign, till and reason.", {.max = 10'000}),
            }};
  }
};

// Names in place of numbers, each looked up once.
Result<ReportReply> named(Call& call, const service::ReportRequest& request,
                          const service::Report& report) {
  return call.read_list([&](store::Connection& db) -> Result<ReportReply> {
    ReportReply reply{
        .seq = report.seq, .by = request.by, .from = request.from, .to = {}, .lines = {}};
    std::map<core::CampaignId, std::optional<domain::Campaign>> campaigns;
    std::map<std::string, std::string> tills;
    for (const service::ReportLine& line : report.lines) {
      const auto [campaign, first] = campaigns.try_emplace(line.campaign);
      if (first) campaign->second = service::find_campaign(db, line.campaign);
      auto& till = tills[line.till];
      if (till.empty()) till = service::till_shown(db, line.till);
      const auto& of = campaign->second;
      reply.lines.push_back({.period = core::local_name(line.start, request.by),
                             .start = line.start,
                             .campaign = of ? of->slug : "",
                             .till = till,
                             .actor = line.till,
                             .reason = line.reason,
                             .redeemed = line.redeemed,
                             .rolled_back = line.rolled_back,
                             .taken = line.taken,
                             .returned = line.returned,
                             .credit = line.credit,
                             .currency = of ? of->policy.currency : std::nullopt});
    }
    return reply;
  });
}

constexpr char kHeader[] =
    "period,campaign,till,reason,redeemed,rolled_back,taken,returned,credit,currency,seq\r\n";

std::string csv_of(const ReportReply& report) {
  std::string lines;
  for (const LineReply& line : report.lines) {
    lines += line.period;
    for (const std::string& cell : {line.campaign, line.till, line.reason.value_or("")}) {
      lines.append(",").append(core::csv_field(cell));
    }
    for (const std::string& cell :
         {std::to_string(line.redeemed), std::to_string(line.rolled_back),
          domain::money_number(line.taken, line.currency),
          domain::money_number(line.returned, line.currency), std::to_string(line.credit),
          line.currency.value_or(""), std::to_string(report.seq.value)}) {
      lines.append(",").append(cell);
    }
    lines += "\r\n";
  }
  return lines;
}

Result<service::ReportRequest> request_of(Call& call, const ReportQuery& in) {
  service::ReportRequest request{
      .by = in.by,
      .from = in.from.value_or(core::local_start(call.now(), LocalPeriod::kDay)),
      .to = in.to.value_or(core::UnixMs{std::numeric_limits<std::int64_t>::max()})};
  if (auto error = reversed(request.from, request.to)) return *std::move(error);
  if (in.campaign) {
    const auto campaign = campaign_named(call, *in.campaign);
    if (!campaign.ok()) return campaign.error();
    request.campaign = campaign->id;
  }
  if (in.till) {
    auto till = call.read([&](store::Connection& db) { return service::till_named(db, *in.till); });
    if (!till.ok()) return till.error();
    request.till = *std::move(till);
  }
  return request;
}

Result<ReportReply> report(Call& call, const ReportQuery& in) {
  const auto request = request_of(call, in);
  if (!request.ok()) return request.error();
  const auto made = service::make_report(call.engine.readers(), call.caller, *request);
  if (!made.ok()) return made.error();
  auto reply = named(call, *request, *made);
  if (reply.ok()) reply->to = in.to;
  return reply;
}

Result<http::Reply> export_report(Call& call, const ReportQuery& in) {
  const auto made = report(call, in);
  if (!made.ok()) return made.error();
  return csv_reply("report-" + std::to_string(made->seq.value), kHeader,
                   [lines = csv_of(*made)]() mutable -> Result<std::string> {
                     return std::exchange(lines, {});
                   });
}

}  // namespace

void add_report_endpoints(Endpoints& v1) {
  v1.add({.route = "GET /api/v1/reports",
          .id = "readReport",
          .summary = "Totals by hour or day, campaign, till and reason",
          .doc = "Counted from the ledger, so the lines of a time that is over never change, and "
                 "`seq` says which entry is the last one counted. A rollback counts when it is "
                 "made. What was refused leaves no entry: GET /api/v1/stats counts it.",
          .auth = Auth::kStaff,
          .scope = "read",
          .refusals = {{404, Reason::kUnknownCampaign}}},
         report);
  v1.add({.route = "GET /api/v1/reports/export",
          .id = "exportReport",
          .summary = "The same totals as CSV",
          .doc = "Amounts are written as in 12.50, and each line has `seq`.",
          .auth = Auth::kStaff,
          .scope = "read",
          .refusals = {{404, Reason::kUnknownCampaign}},
          .answers = {{.status = 200, .doc = "The totals.", .content_type = "text/csv"}}},
         export_report);
}

}  // namespace coupon::api
