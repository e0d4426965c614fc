// Cards on sheets, as a PDF. What stands where is the pages' (src/web/print.js) to the micrometre;
// only lines of text break where the PDF's letters need it.
#pragma once

#include <string>
#include <vector>

#include "coupond/core/result.h"
#include "src/api/print/pdf.h"

namespace coupon::api {

struct PrintedCard {
  std::int64_t number = 0;
  std::string code;  // as displayed
};

struct CardText {
  std::string shop;    // may be empty
  std::string worth;   // the largest letters
  std::string until;   // may be empty
  std::string number;  // with {number} for the card's
};

struct SheetPlan {
  const Sheet& sheet;
  int start = 1;              // the first label used, from 1
  Um move_x = 0, move_y = 0;  // by what the printer is off
};

// Refused (kInvalidRequest) where a letter cannot be printed. At least one card.
core::Result<std::string> cards_pdf(const SheetPlan& plan, const CardText& text,
                                    const std::vector<PrintedCard>& cards);

// What a card's QR code says: without dashes and small letters it is smallest.
std::string scanned_form(const std::string& code);

}  // namespace coupon::api
