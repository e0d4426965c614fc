// Tokens. Whatever the text is,
// * a token that verifies is the one token of its claims: signing them gives it again;
// * claims that somebody with the key signed, in any form, never crash the reader, and what it
//   takes lies within its ranges;
// * base64url and the flat JSON of the claims have one text for each value.
#include <sodium.h>

#include <string>

#include "coupond/core/assert.h"
#include "coupond/core/flat_json.h"
#include "coupond/core/jwt.h"
#include "coupond/core/limits.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace coupon::core;

constexpr UnixMs kNow{1'795'183'200'000};
constexpr UnixMs kEndOfTime{253'402'300'799'000};

const Secrets& secrets() {
  static const Secrets keys = [] {
    COUPOND_ASSERT(sodium_init() >= 0);
    return Secrets::from_master(Block<32>{1});
  }();
  return keys;
}

const Jwt& tokens() {
  static const Jwt jwt(secrets());
  return jwt;
}

void check_range(UnixMs at) { COUPOND_ASSERT(at >= UnixMs{0} && at <= kEndOfTime); }

// Whether `text` verifies as either kind; a token that does is canonical.
bool check_session(std::string_view text, bool ours) {
  const auto claims = tokens().verify_session(text, kNow);
  if (!claims) {
    COUPOND_ASSERT(claims.error().reason == Reason::kInvalidToken);
    return false;
  }
  check_range(claims->issued_at);
  check_range(claims->expires_at);
  COUPOND_ASSERT(text.size() <= limits::kTokenMaxBytes);
  if (ours) COUPOND_ASSERT(tokens().sign_session(*claims) == text);
  COUPOND_ASSERT(tokens().verify_coupon(text, kNow).problem == TokenProblem::kWrongKind);
  return true;
}

bool check_coupon(std::string_view text, bool ours) {
  const CouponVerdict verdict = tokens().verify_coupon(text, kNow);
  if (!verdict.ok() && verdict.problem != TokenProblem::kExpired) return false;
  check_range(verdict.claims.issued_at);
  check_range(verdict.claims.expires_at);
  COUPOND_ASSERT(text.size() <= limits::kTokenMaxBytes);
  if (ours) COUPOND_ASSERT(tokens().sign_coupon(verdict.claims) == text);
  COUPOND_ASSERT(!tokens().verify_session(text, kNow).ok());
  return true;
}

std::string base64(std::string_view text) { return to_base64url(as_bytes(text)); }

std::string signed_session(std::string_view claims) {
  const std::string header = FlatJsonWriter()
                                 .add("alg", "HS256")
                                 .add("typ", "at+jwt")
                                 .add("kid", secrets().session_kid())
                                 .finish();
  const std::string text = base64(header) + '.' + base64(claims);
  Block<32> mac;
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, secrets().session_key().data(), 32);
  crypto_auth_hmacsha256_update(&state, as_bytes(text).data(), text.size());
  crypto_auth_hmacsha256_final(&state, mac.data());
  return text + '.' + to_base64url(mac);
}

// Claims as a client of ours could hold them: signed, verified, and the same again.
void check_signing(std::string_view text) {
  const std::string part(text.substr(0, 64));
  if (!is_utf8(part)) return;
  const CouponClaims claims{.campaign_uuid = "11111111-7f0e-4c55-9d6e-3f2a1b0c9d8e",
                            .code = part,
                            .token_number = static_cast<std::int64_t>(text.size()),
                            .user_id = "0b8c51a6-7f0e-4c55-9d6e-3f2a1b0c9d8e",
                            .issued_at = kNow,
                            .expires_at = kNow + 1000};
  std::string token = tokens().sign_coupon(claims);
  const CouponVerdict verdict = tokens().verify_coupon(token, kNow);
  COUPOND_ASSERT(verdict.ok() && verdict.claims.code == part);
  coupon::fuzz::Choices choices(text);
  char& changed = token[choices.below(token.size())];
  changed = static_cast<char>(changed ^ static_cast<char>(1 + choices.below(255)));
  COUPOND_ASSERT(!check_coupon(token, true));
}

void check_texts(std::string_view text) {
  if (const auto bytes = from_base64url(text)) COUPOND_ASSERT(to_base64url(*bytes) == text);
  const auto back = from_base64url(base64(text));
  COUPOND_ASSERT(back && coupon::core::as_text(*back) == text);
  if (const auto json = FlatJson::parse(text)) {
    COUPOND_ASSERT(json->write() == text);
    COUPOND_ASSERT(json->size() <= limits::kTokenClaimsMax);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = coupon::fuzz::as_text(data, size);
  check_session(text, true);
  check_coupon(text, true);
  check_texts(text);
  check_session(signed_session(text), false);
  check_signing(text);
  return 0;
}
