// /api/v1/sheets and /api/v1/campaigns/{campaign}/print: cards on paper.

#include "coupond/service/reads.h"
#include "src/api/native/code_filter_fields.h"
#include "src/api/native/fields.h"
#include "src/api/native/naming.h"
#include "src/api/native/native.h"
#include "src/api/print/card_sheet.h"
#include "src/api/words.h"

namespace coupon::api {
namespace {

constexpr std::int64_t kCardsMax = 1'000;  // of one PDF, which takes about 2 KB each
constexpr Um kMoveMax = 20'000;

struct SheetReply {
  std::string name = {};
  Um paper_width = 0, paper_height = 0;
  std::int64_t columns = 0, rows = 0;
  Um left = 0, top = 0, width = 0, height = 0, pitch_x = 0, pitch_y = 0;
  bool cut = false, tall = false, tiny = false;
  Um padding = 0, gap = 0, qr_side = 0, large = 0, medium = 0, small = 0;
  static http::Object<SheetReply> shape();
};

http::Object<SheetReply> SheetReply::shape() {
  using S = SheetReply;
  return {"Sheet",
          "A sheet of labels. All lengths are micrometres.",
          {
              text("name", &S::name, "Its name.").example("L7160"),
              integer("paper_width", &S::paper_width, "Of the paper.").example(210'000),
              integer("paper_height", &S::paper_height, "Of the paper.").example(297'000),
              integer("columns", &S::columns, "Labels side by side."),
              integer("rows", &S::rows, "Labels one below the other."),
              integer("left", &S::left, "Of the first label, from the paper's edge."),
              integer("top", &S::top, "Of the first label, from the paper's edge."),
              integer("width", &S::width, "Of a label."),
              integer("height", &S::height, "Of a label."),
              integer("pitch_x", &S::pitch_x, "From a label's left edge to the next one's."),
              integer("pitch_y", &S::pitch_y, "From a label's upper edge to the next one's."),
              boolean("cut", &S::cut, "Whether marks say where to cut."),
              boolean("tall", &S::tall, "Whether the QR code is above the text."),
              boolean("tiny", &S::tiny, "Whether only code and number have room."),
              integer("padding", &S::padding, "From a label's edges to what is on it."),
              integer("gap", &S::gap, "Between QR code and text."),
              integer("qr_side", &S::qr_side, "Of the QR code, with a margin of 4 modules."),
              integer("large", &S::large, "Letters of the worth."),
              integer("medium", &S::medium, "Letters of the shop's name."),
              integer("small", &S::small, "Letters of all else."),
          }};
}

struct SheetsReply {
  std::vector<SheetReply> items = {};
  static http::Object<SheetsReply> shape() {
    return {"Sheets",
            "The sheets there are.",
            {list("items", &SheetsReply::items, "Cards to cut, labels, rolls.")}};
  }
};

Result<SheetsReply> list_sheets(Call&) {
  SheetsReply reply;
  for (const Sheet& s : sheets()) {
    reply.items.push_back({.name = s.name,
                           .paper_width = s.paper_width,
                           .paper_height = s.paper_height,
                           .columns = s.columns,
                           .rows = s.rows,
                           .left = s.left,
                           .top = s.top,
                           .width = s.width,
                           .height = s.height,
                           .pitch_x = s.pitch_x,
                           .pitch_y = s.pitch_y,
                           .cut = s.cut,
                           .tall = s.tall,
                           .tiny = s.tiny(),
                           .padding = s.padding(),
                           .gap = s.gap(),
                           .qr_side = s.qr_side(),
                           .large = s.large(),
                           .medium = s.medium(),
                           .small = s.small()});
  }
  return reply;
}

struct PrintInput {
  std::string campaign = {};
  std::string sheet = {};
  std::int64_t from = 1, to = 1;
  CodeConditions conditions = {};
  std::int64_t start = 1;
  Um move_x = 0, move_y = 0;
  std::string shop = {};
  std::optional<std::string> worth = {};
  std::string until = {};
  std::string number = "No. {number}";
  static http::Object<PrintInput> shape();
};

http::Object<PrintInput> PrintInput::shape() {
  using P = PrintInput;
  return {
      "PrintRequest",
      "What to print, and where.",
      {
          campaign_field(&P::campaign),
          text("sheet", &P::sheet, "A name of GET /api/v1/sheets.", {.min = 1, .max = 32})
              .example("L7160"),
          integer("from", &P::from, "Number of the first card.", {.min = 1}),
          integer("to", &P::to, "Number of the last card; at most 1,000 are printed.", {.min = 1})
              .example(21),
          http::include(&P::conditions),
          integer("start", &P::start, "The first label to use, for a sheet that is partly used.",
                  {.min = 1, .max = 1'000})
              .optional(),
          integer("move_x", &P::move_x, "Micrometres to the right, for a printer that is off.",
                  {.min = -kMoveMax, .max = kMoveMax})
              .optional(),
          integer("move_y", &P::move_y, "Micrometres down.", {.min = -kMoveMax, .max = kMoveMax})
              .optional(),
          text("shop", &P::shop, "The shop's name.", {.max = 60}).optional(),
          text("worth", &P::worth, "In the largest letters; the campaign's name unless said.",
               {.max = 120}),
          text("until", &P::until, "A line below the code.", {.max = 60}).optional(),
          text("number", &P::number, "How the number is written: {number} is in its place.",
               {.max = 40})
              .optional(),
      }};
}

Result<std::vector<PrintedCard>> cards_of(Call& call, const domain::Campaign& campaign,
                                          const PrintInput& in) {
  const auto filter = filter_of(call, in.conditions);
  if (!filter.ok()) return filter.error();
  const auto selection = service::CodeSelection::find(call.engine, campaign.id, *filter);
  if (!selection.ok()) return selection.error();
  return call.read_list([&](store::Connection& db) -> Result<std::vector<PrintedCard>> {
    std::vector<PrintedCard> cards;
    std::optional<std::int64_t> after = in.from - 1;
    while (after && *after < in.to) {
      const auto page = service::list_coupons(db, campaign.id, *after, kCardsMax, filter->state);
      for (const domain::Coupon& coupon : page.coupons) {
        if (coupon.number > in.to) return cards;
        if (!selection->has(coupon)) continue;
        if (static_cast<std::int64_t>(cards.size()) == kCardsMax) {
          return core::wrong_field("to",
                                   "leaves more than 1,000 cards to print: print them in parts");
        }
        cards.push_back({.number = coupon.number, .code = shown_code(call.engine, coupon)});
      }
      after = page.next;
    }
    return cards;
  });
}

Result<http::Reply> print(Call& call, const PrintInput& in) {
  const Sheet* sheet = sheet_named(in.sheet);
  if (sheet == nullptr) {
    return core::wrong_field("sheet", "must be a name that GET /api/v1/sheets lists");
  }
  if (in.to < in.from) return core::wrong_field("to", "must not be before from");
  if (in.start > sheet->labels()) {
    return core::wrong_field(
        "start", "must be a label of the sheet, which has " + std::to_string(sheet->labels()));
  }
  const auto campaign = campaign_named(call, in.campaign);
  if (!campaign.ok()) return campaign.error();
  const auto cards = cards_of(call, *campaign, in);
  if (!cards.ok()) return cards.error();
  if (cards->empty()) return core::wrong_field("from", "and to name no card that could be printed");
  auto pdf = cards_pdf({.sheet = *sheet,
                        .start = static_cast<int>(in.start),
                        .move_x = in.move_x,
                        .move_y = in.move_y},
                       {.shop = in.shop,
                        .worth = in.worth.value_or(campaign->name),
                        .until = in.until,
                        .number = in.number},
                       *cards);
  if (!pdf.ok()) return pdf.error();
  http::Reply reply = http::text_reply(200, *std::move(pdf), "application/pdf");
  reply.headers.emplace_back("Content-Disposition",
                             "attachment; filename=\"" + campaign->slug + ".pdf\"");
  return reply;
}

}  // namespace

void add_print_endpoints(Endpoints& v1) {
  v1.add({.route = "GET /api/v1/sheets",
          .id = "listSheets",
          .summary = "Sheets to print on",
          .doc = "Where the labels are, and what is where on each.",
          .auth = Auth::kStaff,
          .scope = "read"},
         list_sheets);
  v1.add({.route = "POST /api/v1/campaigns/{campaign}/print",
          .id = "printCards",
          .summary = "Cards as a PDF",
          .doc = "To be printed at 100 %. It uses the fonts that every viewer has, so a letter "
                 "that these lack is refused.",
          .auth = Auth::kStaff,
          .scope = "read",
          .refusals = {{404, Reason::kUnknownCampaign},
                       {404, Reason::kUnknownJob},
                       {400, Reason::kInvalidCode}},
          .answers = {{.status = 200, .doc = "The sheets.", .content_type = "application/pdf"}},
          .keyed = false},
         print);
}

}  // namespace coupon::api
