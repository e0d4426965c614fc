// /api/v1/campaigns/{campaign}/codes/import/preview: what a file of codes would become.

#include "coupond/service/import_preview.h"
#include "src/api/native/coupon_shapes.h"
#include "src/api/native/fields.h"
#include "src/api/native/import_options.h"
#include "src/api/native/naming.h"
#include "src/api/native/native.h"
#include "src/api/words.h"

namespace coupon::api {
namespace {

constexpr std::int64_t kCellMax = 65'536;

struct CellsReply {
  std::vector<std::string> cells = {};
  static http::Object<CellsReply> shape() {
    return {"ImportCells",
            "A row of the file.",
            {list("cells", &CellsReply::cells, "As they are in the file.", {.max = kCellMax},
                  http::Text{.max = kCellMax})}};
  }
};

struct PreviewRow {
  std::int64_t line = 0;
  std::string code = {}, reason = {}, ended = {};
  std::optional<core::UnixMs> expires_at = {};
  static http::Object<PreviewRow> shape() {
    using R = PreviewRow;
    return {"ImportPreviewRow",
            "A line of the file, as it would be stored.",
            {integer("line", &R::line, "Of the file, from 1."),
             text("code", &R::code, "As it would be displayed.", {.max = kCellMax}),
             text("reason", &R::reason, "Why it would not be stored; empty: it would be.",
                  {.max = kCellMax}),
             text("ended", &R::ended, "Why it cannot be used any more; empty: it would be good.",
                  {.max = kCellMax}),
             http::timestamp("expires_at", &R::expires_at, "An end of its own.")}};
  }
};

struct PreviewReply {
  std::vector<CellsReply> first_rows = {};
  std::string question = {}, question_about = {};
  std::vector<PreviewRow> rows = {}, problems = {};
  std::int64_t lines = 0, bad_lines = 0;
  bool has_header = false;
  std::int64_t code_column = 0;
  std::string layout = {};
  static http::Object<PreviewReply> shape() {
    using P = PreviewReply;
    return {"ImportPreview",
            "What an import would store. Nothing is stored.",
            {list("first_rows", &P::first_rows, "The file's first rows, cell by cell."),
             text("question", &P::question,
                  "What must be said before it can be stored; empty: nothing. Then all below is "
                  "empty.",
                  {.max = kCellMax}),
             text("question_about", &P::question_about,
                  "The parameter that says it: column, header, confirm or ignore."),
             list("rows", &P::rows, "The first lines, as they would be stored."),
             list("problems", &P::problems, "The first lines that would not be stored."),
             integer("lines", &P::lines, "Lines with a code, or what should be one."),
             integer("bad_lines", &P::bad_lines, "Of these, the ones that would not be stored."),
             boolean("has_header", &P::has_header, "Whether the first row is one."),
             integer("code_column", &P::code_column, "Where the codes are, from 1."),
             text("layout", &P::layout, "How the file was read.", {.max = kCellMax})}};
  }
};

std::vector<PreviewRow> rows_of(const std::vector<service::ImportPreview::Row>& rows) {
  std::vector<PreviewRow> shown;
  for (const auto& row : rows) {
    shown.push_back({row.line, row.code, row.reason, row.ended, row.expires_at});
  }
  return shown;
}

Result<PreviewReply> preview(Call& call, const CampaignName& in) {
  const auto campaign = campaign_named(call, in.campaign);
  if (!campaign.ok()) return campaign.error();
  const auto options = import_options(call.request);
  if (!options.ok()) return options.error();
  auto seen =
      service::preview_import(call.engine, call.caller, campaign->id, call.request.body, *options);
  if (!seen.ok()) return seen.error();
  PreviewReply reply{.question = seen->question,
                     .question_about = seen->question_about,
                     .rows = rows_of(seen->rows),
                     .problems = rows_of(seen->problems),
                     .lines = seen->lines,
                     .bad_lines = seen->bad_lines,
                     .has_header = seen->has_header,
                     .code_column = static_cast<std::int64_t>(seen->code_column) + 1,
                     .layout = seen->layout};
  for (auto& cells : seen->first_rows) reply.first_rows.push_back({std::move(cells)});
  return reply;
}

}  // namespace

void add_import_preview_endpoint(Endpoints& v1) {
  v1.add({.route = "POST /api/v1/campaigns/{campaign}/codes/import/preview",
          .id = "previewImport",
          .summary = "What an import would store",
          .doc = "Takes the same body and query as the import. What would have to be guessed is "
                 "asked, not refused.",
          .auth = http::Auth::kAdmin,
          .scope = "admin",
          .refusals = {{404, Reason::kUnknownCampaign},
                       {409, Reason::kWrongMode},
                       {409, Reason::kArchived}},
          .keyed = false,
          .query_names = {"column", "header", "ignore", "confirm"},
          .body_types = {"text/csv", "application/x-ndjson"}},
         preview);
}

}  // namespace coupon::api
