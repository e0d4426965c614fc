#include "coupond/app/describe.h"

namespace coupon::app {

std::string describe(const core::Error& error) {
  std::string text = error.message.empty() ? std::string(sentence(error.reason)) : error.message;
  if (error.reason == core::Reason::kStorageFull) {
    text += ". Nothing was changed. Make room, or delete BALLAST in the data directory for 16 MiB";
  }
  for (const auto& field : error.fields) {
    if (text.find(field.message) == std::string::npos) {
      text += " (" + field.field + ": " + field.message + ")";
    }
  }
  return text;
}

}  // namespace coupon::app
