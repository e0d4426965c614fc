// The cursor a client sends back for the next page. Whatever the text is, it is an id that a page
// can begin after, written again as a cursor for the same id, or it is refused as a cursor.
#include <string>

#include "coupond/core/assert.h"
#include "src/api/gate/cursor.h"
#include "tests/fuzz/fuzz.h"

namespace {

using coupon::api::cursor_after;
using coupon::api::id_of_cursor;

void check_cursor(const std::string& text) {
  const auto id = id_of_cursor(text, 7);
  if (!id) {
    COUPOND_ASSERT(id.error().reason == coupon::core::Reason::kInvalidCursor);
    return;
  }
  COUPOND_ASSERT(*id >= 0);
  COUPOND_ASSERT(cursor_after(*id) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = coupon::fuzz::as_text(data, size);
  check_cursor(std::string(text));
  check_cursor(coupon::core::to_base64url(coupon::core::as_bytes(text)));

  coupon::fuzz::Choices choices(text);
  const auto id = static_cast<std::int64_t>(choices.next() >> (1 + choices.below(62)));
  const auto back = id_of_cursor(cursor_after(id));
  COUPOND_ASSERT(back.ok() && *back == id);
  COUPOND_ASSERT(*id_of_cursor(std::nullopt, 7) == 7);
  return 0;
}
