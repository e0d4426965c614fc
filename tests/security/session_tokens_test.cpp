// Goal: no token but ours, for this server, now, opens anything. Method: forge with the server's
// own key (read from its data directory), so that what refuses is the rule and not the signature;
// and damage a good token in every way that can be sent.
#include <catch2/catch.hpp>
#include <set>

#include "coupond/core/clock.h"
#include "tests/security/site.h"
#include "tests/unit/jwt_samples.h"

using namespace coupon;
using core::jwt_samples::b64;
using core::jwt_samples::decoded;
using core::jwt_samples::ed25519_token;
using core::jwt_samples::hmac_token;
using core::jwt_samples::replaced;
using core::jwt_samples::segments;
using test::BlackBox;
using test::knock;
using test::Person;

namespace {

// A server, one of its users, and whoever got hold of the server's key.
class Forger {
 public:
  Forger() : alice_(box_.add_person()) {
    box_.start();
    const auto parts = segments(alice_.token);
    header_ = decoded(parts[0]);
    claims_ = decoded(parts[1]);
    REQUIRE(status(alice_.token) == 200);
  }

  const Person& alice() const { return alice_; }
  BlackBox& box() { return box_; }
  int port() { return box_.server().port(); }
  const core::Secrets& keys() const { return keys_; }
  const std::string& header() const { return header_; }
  const std::string& claims() const { return claims_; }

  std::string signed_with(const std::string& header, const std::string& claims) const {
    return hmac_token(header, claims, keys_.session_key());
  }
  std::string with_header(std::string_view from, std::string_view to) const {
    return signed_with(replaced(header_, from, to), claims_);
  }
  std::string with_claim(std::string_view from, std::string_view to) const {
    return signed_with(header_, replaced(claims_, from, to));
  }
  // The number behind "name": as it stands in the claims.
  std::string claim(const std::string& name) const {
    const std::size_t at = claims_.find("\"" + name + "\":");
    return claims_.substr(at, claims_.find_first_of(",}", at) - at);
  }
  std::string expiring_in(std::int64_t seconds) const {
    const std::int64_t now_s = core::system_clock_now().value / 1000;
    return with_claim(claim("exp"), "\"exp\":" + std::to_string(now_s + seconds));
  }
  int status(const std::string& token) { return knock(port(), "GET", "/api/v1/me", token).status; }

  // Refused wherever a session may be shown, with one and the same answer.
  void check_refused(const std::string& token) {
    INFO(token.substr(0, 300));
    for (const test::Headers& shown :
         {test::Headers{{"Authorization", "Bearer " + token}},
          test::Headers{{"Authorization", token}}, test::Headers{{"token", token}}}) {
      const auto reply = test::HttpClient(port()).get("/api/v1/me", shown);
      CHECK(reply.status == 401);
      answers_.insert(lasting(reply).dump());
      ++tried_;
    }
  }
  int tried() const { return tried_; }
  std::size_t different_answers() const { return answers_.size(); }

 private:
  BlackBox box_;
  const Person alice_;
  const core::Secrets keys_ = core::Secrets::load(box_.data_dir() + "/secret.key").value();
  std::string header_;
  std::string claims_;
  int tried_ = 0;
  std::set<std::string> answers_;
};

std::vector<std::string> other_algorithms(const Forger& forger) {
  std::vector<std::string> tokens;
  for (const char* alg : {"none", "None", "nOnE", "NONE", "", "HS384", "HS512", "RS256", "ES256",
                          "PS256", "hs256", "EdDSA", "HS256 "}) {
    const std::string header = replaced(forger.header(), "HS256", alg);
    tokens.push_back(forger.signed_with(header, forger.claims()));
    tokens.push_back(b64(header) + "." + b64(forger.claims()) + ".");
    tokens.push_back(b64(header) + "." + b64(forger.claims()) + ".AA");
  }
  for (const char* extra :
       {R"("crit":["exp"],)", R"("b64":false,)", R"("jwk":{"kty":"oct","k":"AA"},)",
        R"("jku":"https://evil.example/k",)", R"("x5u":"https://evil.example/c",)",
        R"("x5c":["AA"],)", R"("zip":"DEF",)", R"("cty":"JWT",)", R"("alg":"none",)"}) {
    tokens.push_back(forger.with_header("{", std::string("{") + extra));
  }
  return tokens;
}

// Signed with what a stranger can get: the public key of coupon tokens, and well-known secrets.
std::vector<std::string> strangers_keys(const Forger& forger) {
  const auto& coupon_key = forger.keys().token_key();
  const std::string hex = core::to_hex(coupon_key.public_key);
  const std::string text = core::to_base64url(coupon_key.public_key);
  std::vector<std::string> tokens;
  for (const core::ByteView key :
       {core::ByteView(coupon_key.public_key), core::as_bytes(hex), core::as_bytes(text),
        core::as_bytes("change-me"), core::as_bytes("secret"), core::as_bytes("")}) {
    tokens.push_back(hmac_token(forger.header(), forger.claims(), key));
  }
  const std::string eddsa = replaced(forger.header(), "HS256", "EdDSA");
  tokens.push_back(ed25519_token(eddsa, forger.claims(), coupon_key));
  tokens.push_back(ed25519_token(forger.header(), forger.claims(), coupon_key));
  return tokens;
}

std::vector<std::string> damaged(const std::string& token) {
  auto tokens = core::jwt_samples::damaged(token);
  for (const std::string more : {"null", "undefined"}) tokens.push_back(more);
  tokens.push_back(token + std::string(4000, 'A'));
  tokens.push_back(std::string(4000, '.'));
  for (std::size_t at = 3; at < token.size(); at += token.size() / 12) {
    std::string changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    tokens.push_back(changed);
  }
  return tokens;
}

}  // namespace

TEST_CASE("mutated session tokens are refused, all with the same answer", "[S1][security]") {
  Forger forger;
  for (const auto& list :
       {other_algorithms(forger), strangers_keys(forger), damaged(forger.alice().token)}) {
    for (const std::string& token : list) forger.check_refused(token);
  }
  CHECK(forger.tried() >= 3 * 60);
  CHECK(forger.different_answers() == 1);
  CHECK(forger.status(forger.alice().token) == 200);
  WARN(forger.tried() / 3 << " mutated session tokens, each shown in 3 ways: refused");
}

TEST_CASE("a key id is compared, never looked up, opened or parsed", "[S2][security]") {
  Forger forger;
  const std::string kid = forger.keys().session_kid();
  for (const std::string& other :
       {std::string("../../secret.key"), std::string("/dev/null"), std::string("' OR '1'='1"),
        std::string("1; DROP TABLE users"), std::string("file:///etc/passwd"),
        std::string("http://127.0.0.1/k"), std::string(500, 'k'), std::string("\u043a\u0456\u0434"),
        std::string(), kid + " ", kid.substr(1), forger.keys().token_key().kid}) {
    forger.check_refused(forger.with_header(kid, other));
  }
  forger.check_refused(forger.with_header(",\"kid\":\"" + kid + "\"", ""));
  forger.check_refused(forger.with_header("\"kid\":\"" + kid + "\"", "\"kid\":1"));
  forger.check_refused(forger.with_header("\"kid\":\"" + kid + "\"", "\"kid\":null"));
  CHECK(forger.different_answers() == 1);
  // A megabyte of it is more than any head may have.
  const auto huge = forger.with_header(kid, std::string(1 << 20, 'k'));
  const auto reply = knock(forger.port(), "GET", "/api/v1/me", huge);
  CHECK(reply.status == 431);
  CHECK(forger.status(forger.alice().token) == 200);
}

TEST_CASE("a session token lives an hour, give or take half a minute of skew", "[S3][security]") {
  Forger forger;
  CHECK(forger.status(forger.expiring_in(3600)) == 200);
  // The boundary itself is for jwt_test, whose clock stands still.
  CHECK(forger.status(forger.expiring_in(-20)) == 200);
  forger.check_refused(forger.expiring_in(-31));
  forger.check_refused(forger.expiring_in(-3600));
  const std::string exp = forger.claim("exp");
  const std::string value = exp.substr(6);
  for (const std::string& other :
       {std::string("\"x\":1"), "\"exp\":\"" + value + "\"", "\"exp\":" + value + ".0",
        std::string("\"exp\":1e400"), std::string("\"exp\":null"), std::string("\"exp\":true"),
        std::string("\"exp\":-1"), std::string("\"exp\":9223372036854775808"),
        exp + ",\"exp\":9999999999", exp + ",\"nbf\":9999999999"}) {
    forger.check_refused(forger.with_claim(exp, other));
  }
  const std::int64_t now_s = core::system_clock_now().value / 1000;
  // Only we can have signed it, under a clock that was fast then.
  CHECK(forger.status(forger.with_claim(forger.claim("iat"),
                                        "\"iat\":" + std::to_string(now_s + 3600))) == 200);
  CHECK(forger.different_answers() == 1);
}

TEST_CASE("a token of another kind, issuer or audience is no session", "[S4][security]") {
  Forger forger;
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {R"("iss":"coupond")", R"("iss":"other")"},
           {R"("aud":"coupond")", R"("aud":"other")"},
           {R"("aud":"coupond")", R"("aud":"coupond-till")"},
           {R"("aud":"coupond")", R"("aud":["coupond"])"},
           {R"("aud":"coupond",)", ""}}) {
    forger.check_refused(forger.with_claim(from, to));
  }
  for (const char* typ : {"JWT", "jwt", "AT+JWT", "application/at+jwt", "coupon+jwt", ""}) {
    forger.check_refused(forger.with_header("at+jwt", typ));
  }
  forger.check_refused(forger.alice().refresh_token);
  const auto minted = knock(forger.port(), "POST", "/generate-coupon", forger.alice().token);
  REQUIRE(minted.status == 200);
  const auto coupon_token = nlohmann::json::parse(minted.body).at("token").get<std::string>();
  forger.check_refused(coupon_token);
  CHECK(forger.different_answers() == 1);
  // Nor is a session or a coupon token one to refresh by, and a refresh token is no text to decode.
  for (const std::string& wrong : {forger.alice().token, coupon_token}) {
    const auto body = nlohmann::json{{"refresh_token", wrong}}.dump();
    CHECK(knock(forger.port(), "POST", "/api/v1/auth/refresh", {}, body).status >= 400);
    const int status = knock(forger.port(), "POST", "/v1/auth/token/refresh", wrong).status;
    CHECK(status == (wrong == coupon_token ? 401 : 422));
  }
  CHECK(core::from_base64url(forger.alice().refresh_token).value().size() == 32);
}
