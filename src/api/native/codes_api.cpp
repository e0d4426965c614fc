// /api/v1/campaigns/{campaign}/codes: generate, list, import, export.

#include <memory>

#include "coupond/service/export.h"
#include "coupond/service/generate.h"
#include "coupond/service/import_preview.h"
#include "coupond/service/reads.h"
#include "src/api/gate/cursor.h"
#include "src/api/native/code_filter_fields.h"
#include "src/api/native/coupon_shapes.h"
#include "src/api/native/csv_reply.h"
#include "src/api/native/fields.h"
#include "src/api/native/import_options.h"
#include "src/api/native/job_shapes.h"
#include "src/api/native/naming.h"
#include "src/api/native/native.h"
#include "src/api/words.h"

namespace coupon::api {
namespace {

struct CodesInput {
  std::string campaign = {};
  std::int64_t count = 1;
  std::optional<std::string> pattern = {};
  std::optional<std::int64_t> value = {};
  static http::Object<CodesInput> shape() {
    return {
        "GenerateRequest",
        "Codes to be made.",
        {
            campaign_field(&CodesInput::campaign),
            integer("count", &CodesInput::count, "How many.",
                    {.min = 1, .max = core::limits::kJobCodesMax})
                .example(100),
            text("pattern", &CodesInput::pattern,
                 "What they look like; the campaign's own unless said.", {.min = 1, .max = 128}),
            integer("value", &CodesInput::value,
                    "What each is worth, in minor units; the campaign's value unless said.",
                    {.min = 0, .max = core::limits::kAmountMax}),
        }};
  }
};

struct CodesReply {
  std::vector<std::string> codes = {};
  std::int64_t first_number = 0;
  core::Seq seq = {};
  static http::Object<CodesReply> shape() {
    return {"GeneratedCodes",
            "Codes that were made.",
            {
                list("codes", &CodesReply::codes, "The codes, in order of number.", {.max = 1000},
                     http::Text{.max = 128}),
                integer("first_number", &CodesReply::first_number, "The first one's number."),
                integer("seq", &CodesReply::seq, "The ledger entry."),
            }};
  }
};

struct CodesQuery {
  std::string campaign = {};
  std::optional<domain::CouponState> state = {};
  std::optional<std::int64_t> number = {};
  PageQuery page = {};
  static http::Object<CodesQuery> shape() {
    return {"CodesQuery",
            "Which coupons.",
            {
                campaign_field(&CodesQuery::campaign),
                choice("state", &CodesQuery::state, "Only in this state.", state_choices()),
                integer("number", &CodesQuery::number, "Only the one of this number.", {.min = 1}),
                http::include(&CodesQuery::page),
            }};
  }
};

struct SelectedCodes {
  std::string campaign = {};
  CodeFilterFields filter = {};
  static http::Object<SelectedCodes> shape() {
    return {"SelectedCodes",
            "Which codes of a campaign.",
            {campaign_field(&SelectedCodes::campaign), http::include(&SelectedCodes::filter)}};
  }
};

struct CountReply {
  std::int64_t count = 0;
  static http::Object<CountReply> shape() {
    return {"CodeCount",
            "How many codes there are of that kind.",
            {integer("count", &CountReply::count, "Codes.")}};
  }
};

Result<http::Reply> generate_now(Call& call, const service::GenerateRequest& request) {
  auto lot = service::CodeLot::make(call.engine, call.caller, request);
  if (!lot.ok()) return lot.error();
  return call.write(
      "coupon.generate", [&](store::Tx& tx) { return lot->store(tx, call.caller); },
      [&](const service::Generated& made) {
        CodesReply reply{.first_number = made.first_number, .seq = made.seq};
        for (const service::FreshCode& code : lot->codes()) reply.codes.push_back(code.display);
        return http::json_reply(201, http::to_json(reply));
      });
}

// More than one reply holds is a job.
Result<http::Reply> generate_later(Call& call, service::JobRunner& jobs,
                                   const service::GenerateRequest& request) {
  const auto planned = service::plan_generation(call.engine, call.caller, request);
  if (!planned.ok()) return planned.error();
  return queue(call, jobs, *planned);
}

Result<Page<CouponReply>> list_codes(Call& call, const CodesQuery& in) {
  const auto after = id_of_cursor(in.page.cursor);
  if (!after.ok()) return after.error();
  const auto campaign = campaign_named(call, in.campaign);
  if (!campaign.ok()) return campaign.error();
  return call.read_list([&](store::Connection& db) -> Result<Page<CouponReply>> {
    const auto found =
        in.number ? service::list_coupons(db, campaign->id, *in.number - 1, 1, in.state)
                  : service::list_coupons(db, campaign->id, *after, in.page.limit, in.state);
    Page<CouponReply> page;
    for (const domain::Coupon& coupon : found.coupons) {
      if (in.number && coupon.number != *in.number) return page;
      const auto held = domain::held_until(service::find_holds(db, coupon.id), call.now());
      page.items.push_back(coupon_reply(shown_code(call.engine, coupon), coupon, campaign->slug,
                                        campaign->policy.currency, held));
    }
    if (found.next && !in.number) page.next_cursor = cursor_after(*found.next);
    return page;
  });
}

Result<http::Reply> import_codes(Call& call, service::JobRunner& jobs, const CampaignName& in) {
  const auto campaign = campaign_named(call, in.campaign);
  if (!campaign.ok()) return campaign.error();
  const auto options = import_options(call.request);
  if (!options.ok()) return options.error();
  if (call.dry_run) {
    const auto seen = service::preview_import(call.engine, call.caller, campaign->id,
                                              call.request.body, *options);
    if (!seen.ok()) return seen.error();
    if (!seen->question.empty()) {
      return core::Error{.reason = Reason::kInvalidRequest,
                         .message = seen->question,
                         .fields = {{seen->question_about, seen->question}}};
    }
    const domain::Job dry_run{.kind = domain::JobKind::kImport,
                              .campaign_id = campaign->id,
                              .total = seen->lines,
                              .refused = seen->bad_lines,
                              .message = seen->layout};
    return http::json_reply(202, http::to_json(JobQueued{job_reply(dry_run)}));
  }
  const auto received =
      service::receive_import(call.engine, call.caller, campaign->id, call.request.body, *options);
  if (!received.ok()) return received.error();
  return queue(call, jobs, *received);
}

// What export and count begin with.
struct Selected {
  domain::Campaign campaign;
  service::CodeFilter filter;
};
Result<Selected> selected(Call& call, const SelectedCodes& in) {
  auto campaign = campaign_named(call, in.campaign);
  if (!campaign.ok()) return campaign.error();
  const auto filter = filter_of(call, in.filter);
  if (!filter.ok()) return filter.error();
  return Selected{*std::move(campaign), *filter};
}

Result<http::Reply> export_codes(Call& call, const SelectedCodes& in) {
  const auto which = selected(call, in);
  if (!which.ok()) return which.error();
  auto opened =
      service::CodeExport::open(call.engine, call.caller, which->campaign.id, which->filter);
  if (!opened.ok()) return opened.error();
  auto pages = std::make_shared<service::CodeExport>(*std::move(opened));
  return csv_reply(which->campaign.slug, std::string(service::CodeExport::header()),
                   [pages] { return pages->next(); });
}

Result<CountReply> count_codes(Call& call, const SelectedCodes& in) {
  const auto which = selected(call, in);
  if (!which.ok()) return which.error();
  const auto count =
      service::count_codes(call.engine, call.caller, which->campaign.id, which->filter);
  if (!count.ok()) return count.error();
  return CountReply{*count};
}

const std::vector<http::Refusal> kMakeRefusals = {
    {404, Reason::kUnknownCampaign},  {409, Reason::kWrongMode},
    {409, Reason::kArchived},         {409, Reason::kCampaignCapReached},
    {409, Reason::kPatternExhausted}, {400, Reason::kInvalidPattern},
    {409, Reason::kDuplicateCode},    {409, Reason::kNoBalance}};

const std::vector<http::Refusal> kSelectRefusals = {
    {404, Reason::kUnknownCampaign}, {404, Reason::kUnknownJob}, {400, Reason::kInvalidCode}};

void add_selection_endpoints(Endpoints& v1) {
  v1.add({.route = "GET /api/v1/campaigns/{campaign}/codes/export",
          .id = "exportCodes",
          .summary = "Export codes as CSV",
          .doc = "All codes, or those that are asked for. The file can be imported again.",
          .auth = Auth::kStaff,
          .scope = "read",
          .refusals = kSelectRefusals,
          .answers = {{.status = 200, .doc = "The codes.", .content_type = "text/csv"}}},
         export_codes);
  v1.add({.route = "GET /api/v1/campaigns/{campaign}/codes/count",
          .id = "countCodes",
          .summary = "How many codes an export or a print would have",
          .auth = Auth::kStaff,
          .scope = "read",
          .refusals = kSelectRefusals},
         count_codes);
}

}  // namespace

core::Result<service::ImportOptions> import_options(const http::Request& request) {
  const std::string_view type = request.header("Content-Type").value_or("");
  service::ImportOptions options;
  if (!type.starts_with("text/csv")) options.format = service::ImportFormat::kJsonLines;
  if (const auto column = request.query_value("column")) options.column = std::string(*column);
  std::string_view ignored = request.query_value("ignore").value_or("");
  while (!ignored.empty()) {
    const std::size_t comma = std::min(ignored.find(','), ignored.size());
    options.ignore.emplace_back(ignored.substr(0, comma));
    ignored.remove_prefix(std::min(comma + 1, ignored.size()));
  }
  for (const char* name : {"header", "confirm"}) {
    const auto value = request.query_value(name);
    if (!value) continue;
    if (*value != "true" && *value != "false") {
      return core::wrong_field(name, "must be true or false");
    }
    const bool is_true = *value == "true";
    if (std::string_view(name) == "header") options.header = is_true;
    if (std::string_view(name) == "confirm") options.confirm = is_true;
  }
  return options;
}

void add_code_endpoints(Endpoints& v1, service::JobRunner& jobs) {
  v1.add({.route = "POST /api/v1/campaigns/{campaign}/codes",
          .id = "generateCodes",
          .summary = "Make codes",
          .doc = "Up to 1,000 come with the reply; more are made by a job.",
          .auth = Auth::kAdmin,
          .scope = "admin",
          .success = 201,
          .refusals = kMakeRefusals,
          .answers = {http::answer_of<CodesReply>(201, "The codes."),
                      http::answer_of<JobQueued>(202, "The job that makes them.")}},
         [&jobs](Call& call, const CodesInput& in) -> Result<http::Reply> {
           const auto campaign = campaign_named(call, in.campaign);
           if (!campaign.ok()) return campaign.error();
           const service::GenerateRequest request{.campaign_id = campaign->id,
                                                  .count = in.count,
                                                  .pattern = in.pattern,
                                                  .value = in.value};
           if (in.count <= core::limits::kCodesPerOperationMax) return generate_now(call, request);
           return generate_later(call, jobs, request);
         });
  v1.add({.route = "GET /api/v1/campaigns/{campaign}/codes",
          .id = "listCodes",
          .summary = "List a campaign's coupons",
          .doc = "A page may be short although there are more: go on while next_cursor is there.",
          .auth = Auth::kStaff,
          .scope = "read",
          .refusals = {{404, Reason::kUnknownCampaign}, {400, Reason::kInvalidCursor}}},
         list_codes);
  v1.add(
      {.route = "POST /api/v1/campaigns/{campaign}/codes/import",
       .id = "importCodes",
       .summary = "Import codes from a file",
       .doc = "CSV (comma, semicolon, tab or bar) with a header, or one code a line; or JSON lines "
              "{\"code\": …}. Good lines are stored by a job, which tells of every other. "
              "Columns of state, limit and end are honoured; what would have to be guessed is "
              "refused. In the query: `column` (name or number of the codes'), `header` "
              "(true, false), `ignore` (columns to leave out), `confirm=true` (short codes are "
              "right).",
       .auth = Auth::kAdmin,
       .scope = "admin",
       .success = 202,
       .refusals = kMakeRefusals,
       .answers = {http::answer_of<JobQueued>(202, "The job that stores them.")},
       .query_names = {"column", "header", "ignore", "confirm"},
       .body_types = {"text/csv", "application/x-ndjson"}},
      [&jobs](Call& call, const CampaignName& in) { return import_codes(call, jobs, in); });
  add_selection_endpoints(v1);
}

}  // namespace coupon::api
