// Claims, and forgeries with any header and key, for the tests of jwt.h.
#pragma once

#include <sodium.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "coupond/core/jwt.h"

namespace coupon::core::jwt_samples {

inline constexpr UnixMs kNow{1'795'183'200'000};
inline constexpr std::int64_t kHour = 3'600'000;

inline const Secrets& secrets() {
  static const Secrets keys = Secrets::from_master(Block<32>{1});
  return keys;
}

inline SessionClaims session_claims() {
  return {.user_id = 17,
          .uuid = "0b8c51a6-7f0e-4c55-9d6e-3f2a1b0c9d8e",
          .epoch = 3,
          .issued_at = kNow,
          .expires_at = kNow + kHour,
          .role = "user"};
}

inline CouponClaims coupon_claims() {
  return {.campaign_uuid = "11111111-7f0e-4c55-9d6e-3f2a1b0c9d8e",
          .code = "7ZK2M9QW4XTA-1BHC-E5N8RVD3",
          .token_number = 42,
          .user_id = "0b8c51a6-7f0e-4c55-9d6e-3f2a1b0c9d8e",
          .issued_at = kNow,
          .expires_at = kNow + kHour};
}

inline std::string b64(std::string_view text) { return to_base64url(as_bytes(text)); }

inline std::string decoded(std::string_view base64) {
  const auto bytes = from_base64url(base64);
  REQUIRE(bytes.has_value());
  return std::string(as_text(*bytes));
}

inline std::vector<std::string> segments(const std::string& token) {
  std::vector<std::string> out{""};
  for (const char c : token) {
    if (c == '.') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

// An HS256 token with any header and claims under any key: what a forger with that key could send.
inline std::string hmac_token(std::string_view header, std::string_view claims, ByteView key) {
  const std::string text = b64(header) + '.' + b64(claims);
  crypto_auth_hmacsha256_state state;
  Block<32> mac;
  crypto_auth_hmacsha256_init(&state, key.data(), key.size());
  crypto_auth_hmacsha256_update(&state, as_bytes(text).data(), text.size());
  crypto_auth_hmacsha256_final(&state, mac.data());
  return text + '.' + to_base64url(mac);
}

inline std::string ed25519_token(std::string_view header, std::string_view claims,
                                 const SigningKey& key) {
  const std::string text = b64(header) + '.' + b64(claims);
  Block<64> signature;
  crypto_sign_detached(signature.data(), nullptr, as_bytes(text).data(), text.size(),
                       key.secret_key.data());
  return text + '.' + to_base64url(signature);
}

inline std::string session_header() {
  return R"({"alg":"HS256","typ":"at+jwt","kid":")" + secrets().session_kid() + "\"}";
}
inline std::string coupon_header() {
  return R"({"alg":"EdDSA","typ":"coupon+jwt","kid":")" + secrets().token_key().kid + "\"}";
}

inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

// Damage to a token's text that needs no key.
inline std::vector<std::string> damaged(const std::string& token) {
  const std::vector<std::string> part = segments(token);
  const std::string& head = part[0];
  const std::string& body = part[1];
  const std::string& tail = part[2];
  return {".",
          "..",
          "...",
          head,
          head + "." + body,
          head + "." + body + ".",
          head + ".." + tail,
          "." + body + "." + tail,
          head + "." + tail,
          token + ".",
          token + "." + tail,
          "." + token,
          token + "." + body,
          token + "." + body + "." + tail,
          token + "=",
          token + "A",
          token.substr(0, token.size() - 1),
          token.substr(1),
          head + "." + body + "=." + tail,
          head + "=." + body + "." + tail,
          head + "." + body + "." + tail.substr(0, tail.size() / 2),
          head + "." + body + "." + std::string(tail.size(), 'A'),
          head + "." + body + "." + tail + tail,
          head + "." + body.substr(4) + "." + tail,
          head + "." + body + "AAAA." + tail,
          head + "." + b64("{}") + "." + tail,
          head + "." + body + "." + std::string(1, tail[0] == '-' ? '+' : '/') + tail.substr(1)};
}

}  // namespace coupon::core::jwt_samples
