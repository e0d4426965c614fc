#include "src/api/print/qr.h"

#include <qrcodegen/qrcodegen.hpp>

namespace coupon::api {

QrCode qr_of(const std::string& text) {
  const auto code = qrcodegen::QrCode::encodeText(text.c_str(), qrcodegen::QrCode::Ecc::QUARTILE);
  QrCode made{.size = code.getSize(), .runs = {}};
  for (int y = 0; y < made.size; ++y) {
    for (int x = 0; x < made.size; ++x) {
      const int from = x;
      while (code.getModule(x, y)) ++x;  // beyond the edge all is light
      if (x > from) made.runs.push_back({.x = from, .y = y, .width = x - from});
    }
  }
  return made;
}

std::string svg_path(const QrCode& code) {
  std::string path;
  for (const QrCode::Run& run : code.runs) {
    const std::string width = std::to_string(run.width);
    path += "M" + std::to_string(run.x) + " " + std::to_string(run.y);
    path += "h" + width + "v1h-" + width + "z";
  }
  return path;
}

}  // namespace coupon::api
