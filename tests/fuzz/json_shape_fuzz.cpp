// JSON bodies, and what the real endpoints read out of them. Whatever the text is,
// * what parses is written and parsed again as the same value;
// * what a shape accepts, it writes and accepts again, and that is a fixed point;
// * what a shape writes is strict JSON, and any bytes at all can be written as a JSON string.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "coupond/core/assert.h"
#include "src/api/native/campaign_shapes.h"
#include "src/api/native/coupon_requests.h"
#include "src/api/services/book/book_shapes.h"
#include "src/api/services/store/store_shapes.h"
#include "src/api/services/token/token_shapes.h"
#include "tests/fuzz/fuzz.h"

namespace {

using coupon::http::Json;
using coupon::http::Reader;

std::size_t depth(const Json& json) {
  std::size_t deepest = 0;
  if (!json.is_structured()) return 0;
  for (const Json& item : json) deepest = std::max(deepest, depth(item));
  return deepest + 1;
}

void check_shape_error(const coupon::core::Error& error) {
  COUPOND_ASSERT(!error.message.empty());
  COUPOND_ASSERT(!error.fields.empty() && error.fields.size() <= 20);
}

template <class T>
void check_shape(const Json& json, Reader::Mode mode) {
  const auto value = coupon::http::read<T>(json, mode);
  if (!value) return check_shape_error(value.error());
  const std::string text = coupon::http::to_json(*value);
  const auto parsed = coupon::http::parse_json(text, {.bytes_max = text.size()});
  COUPOND_ASSERT(parsed.ok());
  // What was left out is written as null, which some fields do not take when strict.
  const auto again = coupon::http::read<T>(*parsed, Reader::Mode::kLenient);
  COUPOND_ASSERT(again.ok());
  COUPOND_ASSERT(coupon::http::to_json(*again) == text);
}

template <class... T>
void check_shapes(const Json& json) {
  (check_shape<T>(json, Reader::Mode::kStrict), ...);
  (check_shape<T>(json, Reader::Mode::kLenient), ...);
}

void check_string(std::string_view bytes) {
  std::string text;
  coupon::http::append_json_string(text, bytes);
  const auto parsed = coupon::http::parse_json(text, {.bytes_max = text.size()});
  const bool has_nul = bytes.find('\0') != std::string_view::npos;
  COUPOND_ASSERT(parsed.ok() == !has_nul);  // The reader takes no NUL, not even escaped.
  if (!parsed || !coupon::core::is_utf8(bytes)) return;
  COUPOND_ASSERT(parsed->get_ref<const std::string&>() == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = coupon::fuzz::as_text(data, size);
  check_string(text);
  const auto json = coupon::http::parse_json(text);
  if (!json) {
    COUPOND_ASSERT(json.error().reason == coupon::core::Reason::kInvalidJson);
    return 0;
  }
  COUPOND_ASSERT(depth(*json) <= coupon::http::JsonLimits{}.depth_max);
  const std::string written = json->dump();
  const auto again = coupon::http::parse_json(written, {.bytes_max = written.size()});
  COUPOND_ASSERT(again.ok() && *again == *json);

  using namespace coupon::api;
  check_shapes<NewCampaign, CampaignPatch, RewardShape, IssueInput, HoldInput, RedeemInput,
               book_shapes::BookFields, TokenRegisterInput, store_shapes::PageInput>(*json);
  return 0;
}
