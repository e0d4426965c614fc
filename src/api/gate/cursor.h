// Cursors of list endpoints: opaque to clients, the last item's id to us. Pure functions.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/bytes.h"
#include "coupond/core/result.h"

namespace coupon::api {

// What to send as next_cursor after the item `id`.
inline std::string cursor_after(std::int64_t id) {
  return core::to_base64url(core::as_bytes(std::to_string(id)));
}

// The id to continue after; `start` where no cursor was sent. kInvalidCursor.
inline core::Result<std::int64_t> id_of_cursor(const std::optional<std::string>& cursor,
                                               std::int64_t start = 0) {
  if (!cursor) return start;
  const auto bytes = core::from_base64url(*cursor);
  if (!bytes) return core::Reason::kInvalidCursor;
  const std::string_view digits = core::as_text(*bytes);
  std::int64_t id = 0;
  const auto problem = std::from_chars(digits.data(), digits.data() + digits.size(), id).ec;
  // Only what we gave out: no sign, no leading zero.
  if (problem != std::errc() || id < 0 || cursor_after(id) != *cursor) {
    return core::Reason::kInvalidCursor;
  }
  return id;
}

}  // namespace coupon::api
