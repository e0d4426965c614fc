#include "src/api/print/card_sheet.h"

#include <algorithm>

namespace coupon::api {
namespace {

constexpr Um kCutLength = 5'000, kCutWidth = 200, kCutGap = 1'000;
constexpr int kCutGrey = 50;
constexpr std::int64_t kThousandths = 1'000;

struct Line {
  PdfFont font;
  Um size;
  std::string text;  // encoded
  Um height() const { return size * 5 / 4; }
};

struct Place {
  Um x, y;
};

// Draws the cards of one document.
class Painter {
 public:
  Painter(const SheetPlan& plan, const CardText& text)
      : plan_(plan), sheet_(plan.sheet), text_(text) {}

  core::Result<std::string> paint(const std::vector<PrintedCard>& cards) {
    int label = plan_.start - 1;
    bool first = true;
    for (const PrintedCard& card : cards) {
      if (first || label == sheet_.labels()) begin_page();
      if (label == sheet_.labels()) label = 0;
      first = false;
      if (auto error = paint_card(card, place_of(label++))) return *std::move(error);
    }
    return std::move(pdf_).finish();
  }

 private:
  Place place_of(int label) const {
    return {sheet_.left + plan_.move_x + label % sheet_.columns * sheet_.pitch_x,
            sheet_.top + plan_.move_y + label / sheet_.columns * sheet_.pitch_y};
  }

  void begin_page() {
    pdf_.begin_page(sheet_.paper_width, sheet_.paper_height);
    if (!sheet_.cut) return;
    const Place from = place_of(0);
    const Um right = from.x + sheet_.columns * sheet_.pitch_x;
    const Um bottom = from.y + sheet_.rows * sheet_.pitch_y;
    for (Um x = from.x; x <= right; x += sheet_.pitch_x) {
      for (const Um y : {from.y - kCutGap - kCutLength, bottom + kCutGap}) {
        pdf_.rectangle(x - kCutWidth / 2, y, kCutWidth, kCutLength, kCutGrey);
      }
    }
    for (Um y = from.y; y <= bottom; y += sheet_.pitch_y) {
      for (const Um x : {from.x - kCutGap - kCutLength, right + kCutGap}) {
        pdf_.rectangle(x, y - kCutWidth / 2, kCutLength, kCutWidth, kCutGrey);
      }
    }
  }

  std::optional<core::Error> paint_card(const PrintedCard& card, Place at) {
    const Um side = sheet_.qr_side();
    const Um inner = sheet_.width - 2 * sheet_.padding();
    const Place qr = sheet_.tall
                         ? Place{at.x + (sheet_.width - side) / 2, at.y + sheet_.padding()}
                         : Place{at.x + sheet_.padding(), at.y + (sheet_.height - side) / 2};
    pdf_.qr(qr_of(scanned_form(card.code)), qr.x, qr.y, side);
    const Um width = sheet_.tall ? inner : inner - side - sheet_.gap();
    lines_.clear();
    if (auto error = add_lines(card, width)) return error;
    Um height = 0;
    for (const Line& line : lines_) height += line.height();
    Um y = sheet_.tall ? qr.y + side + sheet_.gap() : at.y + (sheet_.height - height) / 2;
    const Um x = sheet_.tall ? at.x + sheet_.padding() : qr.x + side + sheet_.gap();
    for (const Line& line : lines_) {
      const Um shift = sheet_.tall ? (width - width_of(line.font, line.size, line.text)) / 2 : 0;
      pdf_.text(line.font, line.size, x + std::max<Um>(shift, 0), y + line.size, line.text);
      y += line.height();
    }
    return std::nullopt;
  }

  std::optional<core::Error> add_lines(const PrintedCard& card, Um width) {
    std::string number = text_.number;
    if (const auto at = number.find("{number}"); at != std::string::npos) {
      number.replace(at, 8, std::to_string(card.number));
    }
    if (!sheet_.tiny()) {
      if (auto error = add(PdfFont::kBold, sheet_.medium(), text_.shop, width)) return error;
      if (auto error = add(PdfFont::kBold, sheet_.large(), text_.worth, width)) return error;
    }
    if (auto error = add(PdfFont::kCode, sheet_.small(), card.code, width)) return error;
    if (!sheet_.tiny() && !text_.until.empty()) number.insert(0, text_.until + "   ");
    return add(PdfFont::kPlain, sheet_.small(), number, width);
  }

  // As many lines as it takes; they break behind a space or a dash, or anywhere if there is none.
  std::optional<core::Error> add(PdfFont font, Um size, const std::string& text, Um width) {
    const auto encoded = pdf_.letters().encode(text);
    if (!encoded.ok()) return encoded.error();
    std::string_view rest = *encoded;
    while (!rest.empty()) {
      std::size_t fits = 1;
      while (fits < rest.size() && width_of(font, size, rest.substr(0, fits + 1)) <= width) ++fits;
      if (fits < rest.size()) {
        const std::size_t gap = rest.substr(0, fits).find_last_of(" -");
        if (gap != std::string_view::npos && gap > 0) fits = gap + 1;
      }
      lines_.push_back({font, size, std::string(rest.substr(0, fits))});
      rest.remove_prefix(fits);
    }
    return std::nullopt;
  }

  Um width_of(PdfFont font, Um size, std::string_view text) {
    return pdf_.letters().width(font, text) * size / kThousandths;
  }

  const SheetPlan& plan_;
  const Sheet& sheet_;
  const CardText& text_;
  Pdf pdf_;
  std::vector<Line> lines_;  // of the card that is being painted
};

}  // namespace

std::string scanned_form(const std::string& code) {
  std::string plain;
  for (const char symbol : code) {
    if (symbol == '-' || symbol == ' ') continue;
    plain += symbol >= 'a' && symbol <= 'z' ? static_cast<char>(symbol - 'a' + 'A') : symbol;
  }
  return plain;
}

core::Result<std::string> cards_pdf(const SheetPlan& plan, const CardText& text,
                                    const std::vector<PrintedCard>& cards) {
  return Painter(plan, text).paint(cards);
}

}  // namespace coupon::api
