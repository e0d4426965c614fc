// QR codes as rows of dark modules, for SVG and PDF alike. Pure: safe on any thread.
#pragma once

#include <string>
#include <vector>

namespace coupon::api {

// Light modules that belong around a code.
inline constexpr int kQuietZone = 4;

struct QrCode {
  struct Run {
    int x, y, width;  // dark modules side by side, from the top left corner
  };
  int size = 0;  // modules a side, without the quiet zone
  std::vector<Run> runs;
};

// `text` at level Q, which a scratch or a fold does not make unreadable. At most 256 bytes.
QrCode qr_of(const std::string& text);

// Its dark modules as the path of an SVG, one unit each.
std::string svg_path(const QrCode& code);

}  // namespace coupon::api
