// The sheets that cards are printed on. The pages ask for this table, and the PDF is made by it, so
// that both put a card at the same place. Constant: safe on any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace coupon::api {

using Um = std::int64_t;  // micrometres: 1,000 of them are a millimetre

struct Sheet {
  const char* name;
  Um paper_width, paper_height;
  int columns, rows;
  Um left, top;  // of the first label
  Um width, height;
  Um pitch_x, pitch_y;
  bool cut = false;   // marks say where to cut
  bool tall = false;  // the QR code is above the text, not beside it

  int labels() const { return columns * rows; }
  bool tiny() const { return height < 15'000; }  // no room but for code and number

  // What is on a label, from its edges.
  Um padding() const { return tiny() ? 500 : 2'500; }
  Um gap() const { return tiny() ? 800 : 2'500; }  // between QR code and text
  Um qr_side() const;                              // with its quiet zone
  // Letters: of the worth, of shop and of everything else.
  Um large() const;
  Um medium() const { return 2'650; }
  Um small() const { return tiny() ? 1'200 : height < 30'000 ? 1'940 : 2'300; }
};

std::span<const Sheet> sheets();
// Null where there is none of that name.
const Sheet* sheet_named(std::string_view name);

}  // namespace coupon::api
