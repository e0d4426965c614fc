// Writes a PDF: pages of rectangles, QR codes and text at exact places. Nothing is compressed and
// no font comes along, so that the file is small and can be read with the naked eye. Lengths are
// micrometres from the top left corner. One thread at a time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/api/print/pdf_text.h"
#include "src/api/print/qr.h"
#include "src/api/print/sheets.h"

namespace coupon::api {

class Pdf {
 public:
  PdfLetters& letters() { return letters_; }

  void begin_page(Um width, Um height);
  // Each of these goes on the page begun last. Grey: 0 is black, 100 white.
  void rectangle(Um x, Um y, Um width, Um height, int grey = 0);
  // With its quiet zone it fills the square of `side`.
  void qr(const QrCode& code, Um x, Um y, Um side);
  // `encoded` by letters(), standing on the line `base`.
  void text(PdfFont font, Um size, Um x, Um base, std::string_view encoded);

  // The file; nothing may be added any more.
  std::string finish() &&;

 private:
  struct Page {
    Um width, height;
    std::string content;
  };
  std::vector<Page> pages_;
  PdfLetters letters_;
};

}  // namespace coupon::api
