#include <catch2/catch.hpp>

#include "coupond/core/jwt.h"
#include "tests/unit/jwt_samples.h"

using namespace coupon::core;
using namespace coupon::core::jwt_samples;

TEST_CASE("a session token brings back what was signed", "[jwt]") {
  const Jwt jwt(secrets());
  const std::string token = jwt.sign_session(session_claims());
  const Result<SessionClaims> read = jwt.verify_session(token, kNow);
  REQUIRE(read.ok());
  CHECK(read->user_id == 17);
  CHECK(read->uuid == session_claims().uuid);
  CHECK(read->epoch == 3);
  CHECK(read->issued_at == kNow);
  CHECK(read->expires_at == kNow + kHour);
  CHECK(read->role == "user");
  CHECK(token.size() < 400);
}

TEST_CASE("a coupon token brings back what was signed whatever is in its code", "[jwt]") {
  const Jwt jwt(secrets());
  for (const std::string& code :
       {coupon_claims().code, std::string(R"(a"b\c)"), std::string(128, '\\'), std::string("1")}) {
    CouponClaims claims = coupon_claims();
    claims.code = code;
    const CouponVerdict read = jwt.verify_coupon(jwt.sign_coupon(claims), kNow);
    REQUIRE(read.ok());
    CHECK(read.claims.code == code);
    CHECK(read.claims.campaign_uuid == claims.campaign_uuid);
    CHECK(read.claims.token_number == 42);
    CHECK(read.claims.user_id == claims.user_id);
    CHECK(read.claims.issued_at == kNow);
    CHECK(read.claims.expires_at == kNow + kHour);
  }
}

TEST_CASE("headers and claims are those the tokens are documented to have", "[jwt]") {
  const Jwt jwt(secrets());
  const auto of_session = segments(jwt.sign_session(session_claims()));
  REQUIRE(of_session.size() == 3);
  CHECK(decoded(of_session[0]) == session_header());
  CHECK(decoded(of_session[1]) ==
        R"({"iss":"coupond","aud":"coupond","sub":"0b8c51a6-7f0e-4c55-9d6e-3f2a1b0c9d8e",)"
        R"("uid":17,"role":"user","epoch":3,"iat":1795183200,"exp":1795186800})");
  const auto of_coupon = segments(jwt.sign_coupon(coupon_claims()));
  REQUIRE(of_coupon.size() == 3);
  CHECK(decoded(of_coupon[0]) == coupon_header());
  CHECK(decoded(of_coupon[1]) ==
        R"({"iss":"coupond","aud":"coupond-till","jti":"7ZK2M9QW4XTA-1BHC-E5N8RVD3",)"
        R"("campaign":"11111111-7f0e-4c55-9d6e-3f2a1b0c9d8e","token_number":42,)"
        R"("user_id":"0b8c51a6-7f0e-4c55-9d6e-3f2a1b0c9d8e","issued_at":1795183200,)"
        R"("exp":1795186800})");
}

TEST_CASE("a coupon token can be verified with nothing but the published key", "[jwt]") {
  const Jwt jwt(secrets());
  const std::string token = jwt.sign_coupon(coupon_claims());
  const std::string set = jwt.jwks_json();
  const std::string before =
      R"({"keys":[{"kty":"OKP","crv":"Ed25519","use":"sig","alg":"EdDSA","kid":")" +
      secrets().token_key().kid + R"(","x":")";
  REQUIRE(set.starts_with(before));
  REQUIRE(set.ends_with("\"}]}"));
  Block<32> key;
  REQUIRE(from_base64url(std::string_view(set).substr(before.size(), 43), key));
  Block<64> signature;
  const std::size_t dot = token.rfind('.');
  REQUIRE(from_base64url(std::string_view(token).substr(dot + 1), signature));
  CHECK(crypto_sign_verify_detached(signature.data(), as_bytes(token).data(), dot, key.data()) ==
        0);
  CHECK(set.find(to_base64url(secrets().session_key())) == std::string::npos);
}

TEST_CASE("expiry has thirty seconds of grace and no more", "[jwt]") {
  const Jwt jwt(secrets());
  const std::string token = jwt.sign_session(session_claims());
  const std::string coupon_token = jwt.sign_coupon(coupon_claims());
  const UnixMs end = kNow + kHour;
  CHECK(jwt.verify_session(token, end + 29'000).ok());
  CHECK_FALSE(jwt.verify_session(token, end + 30'000).ok());
  CHECK_FALSE(jwt.verify_session(token, end + 31'000).ok());
  // Issued in a time to come: our own, from before the clock was put right.
  CHECK(jwt.verify_session(token, kNow - 200 * kMsPerDay).ok());
  CHECK(jwt.verify_coupon(coupon_token, end + 29'000).ok());

  const CouponVerdict over = jwt.verify_coupon(coupon_token, end + 31'000);
  CHECK(over.problem == TokenProblem::kExpired);
  CHECK(over.claims.token_number == 42);
  CHECK(jwt.verify_coupon(coupon_token, kNow - 200 * kMsPerDay).ok());
}

TEST_CASE("a token of another kind is told from one that is not ours", "[jwt]") {
  const Jwt jwt(secrets());
  const Jwt other(Secrets::from_master(Block<32>{2}));
  const std::string of_session = jwt.sign_session(session_claims());
  const std::string of_coupon = jwt.sign_coupon(coupon_claims());
  CHECK(jwt.verify_coupon(of_session, kNow).problem == TokenProblem::kWrongKind);
  CHECK_FALSE(jwt.verify_session(of_coupon, kNow).ok());
  CHECK(jwt.verify_coupon("not a token", kNow).problem == TokenProblem::kMalformed);
  CHECK(jwt.verify_coupon(other.sign_coupon(coupon_claims()), kNow).problem ==
        TokenProblem::kMalformed);
  std::string forged = of_coupon;
  forged[forged.size() - 10] = forged[forged.size() - 10] == 'A' ? 'B' : 'A';
  CHECK(jwt.verify_coupon(forged, kNow).problem == TokenProblem::kBadSignature);

  // Session claims under a coupon's header and key, and the other way round.
  const std::string of_session_claims = decoded(segments(of_session)[1]);
  const std::string of_coupon_claims = decoded(segments(of_coupon)[1]);
  CHECK(jwt.verify_coupon(ed25519_token(coupon_header(), of_session_claims, secrets().token_key()),
                          kNow)
            .problem == TokenProblem::kMalformed);
  CHECK_FALSE(jwt.verify_session(
                     hmac_token(session_header(), of_coupon_claims, secrets().session_key()), kNow)
                  .ok());
}

TEST_CASE("an HS256 coupon token has exactly its four documented claims", "[jwt]") {
  const Jwt jwt(secrets());
  const CouponClaims claims{.token_number = 42,
                            .user_id = coupon_claims().user_id,
                            .issued_at = kNow,
                            .expires_at = kNow + kHour,
                            .issued_us = 7};
  const std::string token = jwt.sign_plain_coupon(claims);
  CHECK(jwt.sign_plain_coupon(claims) == token);
  const auto parts = segments(token);
  REQUIRE(parts.size() == 3);
  const std::string header =
      R"({"alg":"HS256","typ":"JWT","kid":")" + secrets().token_mac_kid() + "\"}";
  CHECK(decoded(parts[0]) == header);
  const std::string payload =
      R"({"token_number":42,"user_id":"0b8c51a6-7f0e-4c55-9d6e-3f2a1b0c9d8e",)"
      R"("issued_at":"2026-11-20T14:00:00.000007","exp":1795186800})";
  CHECK(decoded(parts[1]) == payload);
  CHECK(jwt.jwks_json().find(to_base64url(secrets().token_mac_key())) == std::string::npos);

  const CouponVerdict read = jwt.verify_coupon(token, kNow);
  REQUIRE(read.ok());
  CHECK(read.claims.token_number == 42);
  CHECK(read.claims.user_id == claims.user_id);
  CHECK(read.claims.code.empty());
  CHECK(jwt.verify_coupon(token, kNow + kHour + 31'000).problem == TokenProblem::kExpired);
  CHECK_FALSE(jwt.verify_session(token, kNow).ok());

  const auto& key = secrets().token_mac_key();
  CHECK(jwt.verify_coupon(hmac_token(header, payload, key), kNow).ok());
  CHECK(jwt.verify_coupon(hmac_token(header, payload, secrets().session_key()), kNow).problem ==
        TokenProblem::kBadSignature);
  // The key id fixes the algorithm: neither goes with the other's.
  for (const std::string& other :
       {replaced(header, "HS256", "none"), replaced(header, "HS256", "EdDSA"),
        replaced(coupon_header(), "EdDSA", "HS256"), session_header()}) {
    CHECK_FALSE(jwt.verify_coupon(hmac_token(other, payload, key), kNow).ok());
  }
  CHECK_FALSE(jwt.verify_coupon(ed25519_token(header, payload, secrets().token_key()), kNow).ok());
  for (const std::string& wrong :
       {replaced(payload, "42", "\"42\""), replaced(payload, "}", ",\"a\":1}"),
        replaced(payload, "\"token_number\":42,", ""), replaced(payload, "000007", "00000x"),
        replaced(payload, "2026-11-20T14", "2026-11-20T25")}) {
    CAPTURE(wrong);
    CHECK(jwt.verify_coupon(hmac_token(header, wrong, key), kNow).problem ==
          TokenProblem::kMalformed);
  }
}
