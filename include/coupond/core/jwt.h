// Signed tokens: compact JWS (RFC 7515) with exactly two kinds, hardened after RFC 8725.
//
// Session tokens: HS256, typ "at+jwt"; only this server reads them. Coupon tokens: EdDSA (Ed25519),
// typ "coupon+jwt"; a till verifies them offline with the key at /.well-known/jwks.json.
// The header is not parsed but compared: we wrote it, so the only good one is, byte for byte, the
// one we write for that kind ({"alg","typ","kid"}). Nothing a caller puts there (none, crit, jwk,
// b64, another kid) is ever looked at. The claims must be exactly ours, too, each once.
// Constant after construction: safe on any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/bytes.h"
#include "coupond/core/flat_json.h"
#include "coupond/core/result.h"
#include "coupond/core/secrets.h"
#include "coupond/core/types.h"

namespace coupon::core {

// Times in tokens have whole seconds: signing drops the milliseconds.
struct SessionClaims {
  std::int64_t user_id = 0;
  std::string uuid;
  std::int64_t epoch = 0;  // The account's token epoch: raising it ends all its sessions.
  UnixMs issued_at;
  UnixMs expires_at;
  std::string role;  // Empty where it was signed for clients who read other claims.
};

struct CouponClaims {
  std::string campaign_uuid;
  std::string code;  // The coupon's code, as the token's `jti`.
  std::int64_t token_number = 0;
  std::string user_id;  // The owner's UUID.
  UnixMs issued_at;
  UnixMs expires_at;
};

enum class TokenProblem {
  kMalformed,     // Not a compact JWS with a header and claims of ours.
  kWrongKind,     // Ours by its header, but a token of the other kind.
  kBadSignature,  // Changed, or signed with another key.
  kExpired,       // Genuine, but over (or from the future).
};

// `claims` can be relied on when there is no problem, and when the problem is kExpired.
struct CouponVerdict {
  std::optional<TokenProblem> problem;
  CouponClaims claims;
  bool ok() const { return !problem.has_value(); }
};

class Jwt {
 public:
  explicit Jwt(const Secrets& secrets);
  Jwt(const Jwt&) = default;
  Jwt& operator=(const Jwt&) = delete;
  ~Jwt();  // wipes

  // `shown`: what else the session's clients read in its payload. With any, the account's UUID is
  // the claim `acc`, which leaves `sub` and `role` to them.
  std::string sign_session(const SessionClaims& claims, const FlatJsonWriter& shown = {}) const;
  // Like a session's but for another audience, so that it is none. Its holder and the database know
  // what it is good for.
  std::string sign_refresh(const SessionClaims& claims, const FlatJsonWriter& shown) const;
  // kInvalidToken whatever is wrong: a caller learns no more. Expired means more than 30 s ago. The
  // epoch is the caller's to check. About 2 µs.
  Result<SessionClaims> verify_session(std::string_view token, UnixMs now) const;

  std::string sign_coupon(const CouponClaims& claims) const;
  CouponVerdict verify_coupon(std::string_view token, UnixMs now) const;

  // The public key of coupon tokens as a JSON web key set. Session and checkpoint keys are not in
  // it: whoever trusts this set trusts it for coupons only.
  std::string jwks_json() const;

 private:
  std::string sign_for(std::string_view audience, const SessionClaims& claims,
                       const FlatJsonWriter& shown) const;
  // `signed_part` begins with session_header_.
  Block<32> session_mac(std::string_view signed_part) const;

  alignas(16) std::array<unsigned char, 208> session_state_;  // HMAC-SHA-256, fed with the header
  SigningKey coupon_key_;
  std::string session_header_;  // base64url, with its dot
  std::string coupon_header_;
};

}  // namespace coupon::core
