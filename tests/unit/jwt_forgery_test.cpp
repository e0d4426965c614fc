// What an attacker may send instead of a token: all of it has to be refused.
#include <catch2/catch.hpp>

#include "coupond/core/jwt.h"
#include "coupond/core/limits.h"
#include "tests/unit/jwt_samples.h"

using namespace coupon::core;
using namespace coupon::core::jwt_samples;

namespace {

// Headers that must not work, whatever signs them.
std::vector<std::string> bad_headers(const std::string& good, const std::string& alg) {
  std::vector<std::string> headers;
  for (const char* other : {"none", "None", "nOnE", "NONE", "", "HS384", "HS512", "RS256", "ES256",
                            "PS256", "HS256 ", "hs256", "eddsa", "Ed25519"}) {
    headers.push_back(replaced(good, alg, other));
  }
  headers.push_back(replaced(good, alg, alg == "HS256" ? "EdDSA" : "HS256"));
  for (const char* extra :
       {R"("crit":["exp"],)", R"("b64":false,)", R"("jwk":{"kty":"oct","k":"AA"},)",
        R"("jku":"https://example.com/k",)", R"("x5u":"https://example.com/c",)",
        R"("x5c":["AA"],)", R"("zip":"DEF",)", R"("cty":"JWT",)", R"("alg":"none",)"}) {
    headers.push_back(replaced(good, "{", std::string("{") + extra));
  }
  const std::string kid = good.substr(good.find("\"kid\":\"") + 7, 18);
  for (const std::string& other :
       {std::string("../../secret.key"), std::string("' OR '1'='1"), std::string(2000, 'k'),
        std::string("\u043a\u0456\u0434"), std::string(), kid + " ", kid.substr(1)}) {
    headers.push_back(replaced(good, kid, other));
  }
  headers.push_back(replaced(good, ",\"kid\":\"" + kid + "\"", ""));
  headers.push_back(replaced(good, "\"kid\":\"" + kid + "\"", "\"kid\":1"));
  for (const char* typ : {"JWT", "jwt", "AT+JWT", "application/at+jwt", "coupon+jwT", ""}) {
    const std::string now = good.find("at+jwt") == std::string::npos ? "coupon+jwt" : "at+jwt";
    headers.push_back(replaced(good, now, typ));
  }
  headers.push_back("");
  headers.push_back("{}");
  headers.push_back("null");
  headers.push_back("[" + good + "]");
  headers.push_back(" " + good);
  headers.push_back(good + "\n");
  headers.push_back(replaced(good, ",", " ,"));
  return headers;
}

// Damage to a token's text that needs no key, also of kinds that HTTP does not let through.
std::vector<std::string> damaged_anyhow(const std::string& token) {
  auto tokens = damaged(token);
  const auto part = segments(token);
  for (const std::string& more :
       {std::string(), token + " ", " " + token, token + "\n", token + std::string(1, '\0'),
        "Bearer " + token, part[0] + " ." + part[1] + "." + part[2],
        std::string(2000, 'A') + "." + part[1] + "." + part[2], token + std::string(1'000'000, 'A'),
        std::string(1'000'000, '.')}) {
    tokens.push_back(more);
  }
  return tokens;
}

}  // namespace

TEST_CASE("tokens with any other header are refused though rightly signed", "[jwt]") {
  const Jwt jwt(secrets());
  const std::string claims = decoded(segments(jwt.sign_session(session_claims()))[1]);
  const std::string of_coupon_claims = decoded(segments(jwt.sign_coupon(coupon_claims()))[1]);
  REQUIRE(
      jwt.verify_session(hmac_token(session_header(), claims, secrets().session_key()), kNow).ok());
  REQUIRE(jwt.verify_coupon(ed25519_token(coupon_header(), of_coupon_claims, secrets().token_key()),
                            kNow)
              .ok());

  std::size_t tried = 0;
  for (const std::string& header : bad_headers(session_header(), "HS256")) {
    CAPTURE(header);
    CHECK_FALSE(jwt.verify_session(hmac_token(header, claims, secrets().session_key()), kNow).ok());
    CHECK_FALSE(jwt.verify_session(b64(header) + "." + b64(claims) + ".", kNow).ok());
    tried += 2;
  }
  for (const std::string& header : bad_headers(coupon_header(), "EdDSA")) {
    CAPTURE(header);
    CHECK_FALSE(
        jwt.verify_coupon(ed25519_token(header, of_coupon_claims, secrets().token_key()), kNow)
            .ok());
    CHECK_FALSE(jwt.verify_coupon(b64(header) + "." + b64(of_coupon_claims) + ".", kNow).ok());
    tried += 2;
  }
  CHECK(tried >= 120);
}

TEST_CASE("a public key is no HMAC key and a key of another purpose no key at all", "[jwt]") {
  const Jwt jwt(secrets());
  const Secrets others = Secrets::from_master(Block<32>{2});
  const std::string claims = decoded(segments(jwt.sign_session(session_claims()))[1]);
  const std::string of_coupon_claims = decoded(segments(jwt.sign_coupon(coupon_claims()))[1]);
  const std::string confused = replaced(coupon_header(), "EdDSA", "HS256");
  const std::string public_hex = to_hex(secrets().token_key().public_key);
  for (const ByteView key : {ByteView(secrets().token_key().public_key), as_bytes(public_hex),
                             ByteView(others.session_key()), as_bytes(""), as_bytes("change-me")}) {
    CHECK_FALSE(jwt.verify_session(hmac_token(session_header(), claims, key), kNow).ok());
    CHECK_FALSE(jwt.verify_session(hmac_token(confused, claims, key), kNow).ok());
    CHECK_FALSE(jwt.verify_coupon(hmac_token(coupon_header(), of_coupon_claims, key), kNow).ok());
    CHECK_FALSE(jwt.verify_coupon(hmac_token(confused, of_coupon_claims, key), kNow).ok());
  }
  for (const SigningKey& key : {secrets().checkpoint_key(), others.token_key()}) {
    CHECK(jwt.verify_coupon(ed25519_token(coupon_header(), of_coupon_claims, key), kNow).problem ==
          TokenProblem::kBadSignature);
  }
}

TEST_CASE("every damage to a token is refused", "[jwt]") {
  const Jwt jwt(secrets());
  const std::string token = jwt.sign_session(session_claims());
  const std::string coupon_token = jwt.sign_coupon(coupon_claims());
  for (const std::string& wrong : damaged_anyhow(token)) {
    CAPTURE(wrong.substr(0, 500));
    const Result<SessionClaims> read = jwt.verify_session(wrong, kNow);
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().reason == Reason::kInvalidToken);
    CHECK(read.error().message.empty());
  }
  for (const std::string& wrong : damaged_anyhow(coupon_token)) {
    CAPTURE(wrong.substr(0, 500));
    CHECK_FALSE(jwt.verify_coupon(wrong, kNow).ok());
  }
}

TEST_CASE("a change of any one character is refused", "[jwt]") {
  const Jwt jwt(secrets());
  const std::string tokens[] = {jwt.sign_session(session_claims()),
                                jwt.sign_coupon(coupon_claims())};
  int accepted = 0;
  for (const std::string& token : tokens) {
    for (std::size_t at = 0; at < token.size(); ++at) {
      for (const char c : {'A', 'B', 'z', '_', '.', '=', '\0'}) {
        if (token[at] == c) continue;
        std::string changed = token;
        changed[at] = c;
        accepted += jwt.verify_session(changed, kNow).ok() ? 1 : 0;
        accepted += jwt.verify_coupon(changed, kNow).ok() ? 1 : 0;
      }
    }
  }
  CHECK(accepted == 0);
}

TEST_CASE("rightly signed claims that are not exactly ours are refused", "[jwt]") {
  const Jwt jwt(secrets());
  const std::string good = decoded(segments(jwt.sign_session(session_claims()))[1]);
  const std::string exp = R"("exp":1795186800)";
  for (const std::string& claims : {replaced(good, R"("iss":"coupond")", R"("iss":"other")"),
                                    replaced(good, R"("aud":"coupond")", R"("aud":"other")"),
                                    replaced(good, R"("aud":"coupond")", R"("aud":"coupond-till")"),
                                    replaced(good, R"("aud":"coupond")", R"("aud":["coupond"])"),
                                    replaced(good, "," + exp, ""),
                                    replaced(good, exp, R"("exp":"1795186800")"),
                                    replaced(good, exp, R"("exp":1795186800.0)"),
                                    replaced(good, exp, R"("exp":1e400)"),
                                    replaced(good, exp, R"("exp":null)"),
                                    replaced(good, exp, R"("exp":-1)"),
                                    replaced(good, exp, R"("exp":9223372036854775807)"),
                                    replaced(good, exp, exp + ",\"exp\":9999999999"),
                                    replaced(good, exp, exp + ",\"nbf\":1"),
                                    replaced(good, exp, exp + ",\"nbf\":9999999999"),
                                    replaced(good, exp, exp + ",\"admin\":1"),
                                    replaced(good, "\"uid\":17", "\"uid\":\"17\""),
                                    replaced(good, "\"uid\":17,", ""),
                                    replaced(good, ",\"role\":\"user\"", ""),
                                    replaced(good, "\"role\":\"user\"", "\"role\":1"),
                                    replaced(good, "{", "{ "),
                                    replaced(good, "\"epoch\":3", "\"epoch\":true"),
                                    std::string("{}"),
                                    std::string("[]"),
                                    std::string(),
                                    std::string("null"),
                                    good + " ",
                                    good + good}) {
    CAPTURE(claims);
    CHECK_FALSE(
        jwt.verify_session(hmac_token(session_header(), claims, secrets().session_key()), kNow)
            .ok());
  }
}
