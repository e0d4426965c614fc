// Signed tokens: compact JWS (RFC 7515) with exactly two kinds, hardened after RFC 8725.
//
// Session tokens: HS256, typ "at+jwt"; only this server reads them. Coupon tokens: HS256, typ
// "JWT", with the four claims that the token service's clients read; or, where a campaign says so,
// EdDSA (Ed25519), typ "coupon+jwt", which a till verifies offline with the key at
// /.well-known/jwks.json (version 0.1.0 made no others). Each has a key of its own, so that the
// algorithm is fixed by the key id. The header is not parsed but compared: we wrote it, so the only
// good one is, byte for byte, the one we write for that kind ({"alg","typ","kid"}). Nothing a
// caller puts there (none, crit, jwk, b64, another kid) is ever looked at. The claims must be
// exactly ours, too, each once. Constant after construction: safe on any thread.
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
  // When the clock had last been put right by then: tells a token made under a fast clock from
  // one made when that day had come. 0, and not in the token, where it never was wrong.
  UnixMs clock_since = {};
  std::string role;  // Empty where it was signed for clients who read other claims.
};

struct CouponClaims {
  std::string campaign_uuid = {};  // EdDSA only,
  std::string code = {};           // and the coupon's code, as the token's `jti`.
  std::int64_t token_number = 0;
  std::string user_id;  // The owner's UUID.
  UnixMs issued_at;
  UnixMs expires_at;
  // HS256 only, 0 to 999: microseconds of issued_at, which tell tokens of one moment apart.
  std::int64_t issued_us = 0;
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

  // HS256, about 2 µs. The same claims make the same token.
  std::string sign_plain_coupon(const CouponClaims& claims) const;
  // EdDSA, about 20 µs.
  std::string sign_coupon(const CouponClaims& claims) const;
  // Either.
  CouponVerdict verify_coupon(std::string_view token, UnixMs now) const;

  // The public key of EdDSA coupon tokens as a JSON web key set. Session and checkpoint keys are
  // not in it: whoever trusts this set trusts it for coupons only.
  std::string jwks_json() const;

 private:
  std::string sign_for(std::string_view audience, const SessionClaims& claims,
                       const FlatJsonWriter& shown) const;
  // One kind of HS256 token: its header, and HMAC-SHA-256 fed with that.
  struct Mac {
    Mac(std::string header, const Block<32>& key);
    Mac(const Mac&) = default;
    Mac& operator=(const Mac&) = delete;
    ~Mac();  // wipes

    std::string sign(const std::string& claims) const;
    // The claims, still base64url, of a token that begins with the header; nothing for a forgery.
    std::optional<std::string_view> verify(std::string_view token) const;

    const std::string header;  // base64url, with its dot

   private:
    // `signed_part` begins with the header.
    Block<32> mac_of(std::string_view signed_part) const;

    alignas(16) std::array<unsigned char, 208> state_;
  };

  Mac session_;
  Mac plain_coupon_;
  SigningKey coupon_key_;
  std::string coupon_header_;
};

}  // namespace coupon::core
