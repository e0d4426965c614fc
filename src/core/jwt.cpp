#include "coupond/core/jwt.h"

#include <sodium.h>

#include "coupond/core/assert.h"
#include "coupond/core/limits.h"
#include "coupond/core/time_text.h"

namespace coupon::core {
namespace {

static_assert(sizeof(crypto_auth_hmacsha256_state) == 208);
static_assert(alignof(crypto_auth_hmacsha256_state) <= 16);

constexpr std::string_view kIssuer = "coupond";
constexpr std::string_view kSessionAudience = "coupond";
constexpr std::string_view kRefreshAudience = "coupond-refresh";
constexpr std::string_view kCouponAudience = "coupond-till";

constexpr std::size_t kMacSize = 32;
constexpr std::size_t kMicrosDigits = 3;
constexpr std::size_t kSignatureSize = 64;
constexpr std::size_t kMacTextSize = 43;
constexpr std::size_t kSignatureTextSize = 86;

std::string header(std::string_view alg, std::string_view typ, std::string_view kid) {
  const std::string json =
      FlatJsonWriter().add("alg", alg).add("typ", typ).add("kid", kid).finish();
  return to_base64url(as_bytes(json)) + '.';
}

std::string payload(const std::string& claims) { return to_base64url(as_bytes(claims)); }

// A token whose header is ours, taken apart.
struct Parts {
  std::string_view signed_part;  // header and claims with the dot between, as signed
  std::string_view claims;
  std::string_view signature;
};

// Three segments, neither claims nor signature empty. `header` is already known to be in front.
std::optional<Parts> split(std::string_view token, std::string_view header) {
  const std::size_t dot = token.find('.', header.size());
  if (dot == std::string_view::npos || dot == header.size()) return std::nullopt;
  Parts parts{.signed_part = token.substr(0, dot),
              .claims = token.substr(header.size(), dot - header.size()),
              .signature = token.substr(dot + 1)};
  if (parts.signature.empty() || parts.signature.find('.') != std::string_view::npos) {
    return std::nullopt;
  }
  return parts;
}

std::optional<FlatJson> claims_in(std::string_view base64, std::string_view audience) {
  const std::optional<Bytes> json = from_base64url(base64);
  if (!json) return std::nullopt;
  std::optional<FlatJson> claims = FlatJson::parse(as_text(*json));
  if (!claims || claims->text("iss") != kIssuer || claims->text("aud") != audience) {
    return std::nullopt;
  }
  return claims;
}

// Seconds of a token as a time; nothing outside 1970 to 9999.
std::optional<UnixMs> time_in(const FlatJson& claims, std::string_view name) {
  constexpr std::int64_t kLastSecond = 253'402'300'799;
  const std::optional<std::int64_t> seconds = claims.number(name);
  if (!seconds || *seconds < 0 || *seconds > kLastSecond) return std::nullopt;
  return UnixMs{*seconds * kMsPerSecond};
}

std::int64_t seconds(UnixMs at) { return at.value / kMsPerSecond; }

// When it was issued is not asked: the signature says that we did it, and a time to come only that
// the clock was put right since.
bool in_force(UnixMs expires_at, UnixMs now) { return now < expires_at + limits::kTokenSkewMs; }

std::optional<SessionClaims> session_claims_in(std::string_view base64) {
  const std::optional<FlatJson> read = claims_in(base64, kSessionAudience);
  if (!read) return std::nullopt;
  auto uuid = read->text("acc");
  const bool plain = !uuid;
  const auto clock_since = read->number("clk");
  if (plain && read->size() != (clock_since ? 9 : 8)) return std::nullopt;
  if (plain) uuid = read->text("sub");
  auto role = plain ? read->text("role") : std::string();
  const auto user_id = read->number("uid");
  const auto epoch = read->number("epoch");
  const auto issued_at = time_in(*read, "iat");
  const auto expires_at = time_in(*read, "exp");
  if (!user_id || !uuid || !epoch || !role || !issued_at || !expires_at) return std::nullopt;
  return SessionClaims{.user_id = *user_id,
                       .uuid = *std::move(uuid),
                       .epoch = *epoch,
                       .issued_at = *issued_at,
                       .expires_at = *expires_at,
                       .clock_since = {clock_since.value_or(0)},
                       .role = *std::move(role)};
}

std::optional<CouponClaims> coupon_claims_in(std::string_view base64) {
  const std::optional<FlatJson> read = claims_in(base64, kCouponAudience);
  if (!read || read->size() != 8) return std::nullopt;
  auto campaign_uuid = read->text("campaign");
  auto code = read->text("jti");
  const auto token_number = read->number("token_number");
  auto user_id = read->text("user_id");
  const auto issued_at = time_in(*read, "issued_at");
  const auto expires_at = time_in(*read, "exp");
  if (!campaign_uuid || !code || !token_number || !user_id || !issued_at || !expires_at) {
    return std::nullopt;
  }
  return CouponClaims{.campaign_uuid = *std::move(campaign_uuid),
                      .code = *std::move(code),
                      .token_number = *token_number,
                      .user_id = *std::move(user_id),
                      .issued_at = *issued_at,
                      .expires_at = *expires_at};
}

std::optional<CouponClaims> plain_coupon_claims_in(std::string_view base64) {
  const std::optional<Bytes> bytes = from_base64url(base64);
  const auto read = bytes ? FlatJson::parse(as_text(*bytes)) : std::nullopt;
  if (!read || read->size() != 4) return std::nullopt;
  const auto token_number = read->number("token_number");
  auto user_id = read->text("user_id");
  const auto issued_at = parse_time(read->text("issued_at").value_or("") + 'Z');
  const auto expires_at = time_in(*read, "exp");
  if (!token_number || !user_id || !issued_at.ok() || !expires_at) return std::nullopt;
  return CouponClaims{.token_number = *token_number,
                      .user_id = *std::move(user_id),
                      .issued_at = *issued_at,
                      .expires_at = *expires_at};
}

CouponVerdict refuse(TokenProblem problem) { return {.problem = problem, .claims = {}}; }

// Of a token whose signature is right.
CouponVerdict judge(std::optional<CouponClaims> claims, UnixMs now) {
  if (!claims) return refuse(TokenProblem::kMalformed);
  CouponVerdict verdict{.problem = std::nullopt, .claims = *std::move(claims)};
  if (!in_force(verdict.claims.expires_at, now)) {
    verdict.problem = TokenProblem::kExpired;
  }
  return verdict;
}

}  // namespace

Jwt::Mac::Mac(std::string its_header, const Block<32>& key) : header(std::move(its_header)) {
  auto* state = reinterpret_cast<crypto_auth_hmacsha256_state*>(state_.data());
  crypto_auth_hmacsha256_init(state, key.data(), key.size());
  crypto_auth_hmacsha256_update(state, as_bytes(header).data(), header.size());
}

Jwt::Mac::~Mac() { sodium_memzero(state_.data(), state_.size()); }

Block<32> Jwt::Mac::mac_of(std::string_view signed_part) const {
  const std::string_view claims = signed_part.substr(header.size());
  alignas(16) auto bytes = state_;  // a copy: starting anew would double the cost
  auto* state = reinterpret_cast<crypto_auth_hmacsha256_state*>(bytes.data());
  Block<kMacSize> mac;
  crypto_auth_hmacsha256_update(state, as_bytes(claims).data(), claims.size());
  crypto_auth_hmacsha256_final(state, mac.data());
  return mac;
}

std::string Jwt::Mac::sign(const std::string& claims) const {
  std::string token = header + payload(claims);
  const Block<kMacSize> mac = mac_of(token);
  token += '.' + to_base64url(mac);
  COUPOND_ASSERT(token.size() <= limits::kTokenMaxBytes);
  return token;
}

std::optional<std::string_view> Jwt::Mac::verify(std::string_view token) const {
  const std::optional<Parts> parts = split(token, header);
  Block<kMacSize> mac;
  const bool genuine = parts && parts->signature.size() == kMacTextSize &&
                       from_base64url(parts->signature, mac) &&
                       same_bytes(mac, mac_of(parts->signed_part));
  if (!genuine) return std::nullopt;
  return parts->claims;
}

Jwt::Jwt(const Secrets& secrets)
    : session_(header("HS256", "at+jwt", secrets.session_kid()), secrets.session_key()),
      plain_coupon_(header("HS256", "JWT", secrets.token_mac_kid()), secrets.token_mac_key()),
      coupon_key_(secrets.token_key()),
      coupon_header_(header("EdDSA", "coupon+jwt", secrets.token_key().kid)) {}

Jwt::~Jwt() { sodium_memzero(coupon_key_.secret_key.data(), coupon_key_.secret_key.size()); }

std::string Jwt::sign_session(const SessionClaims& claims, const FlatJsonWriter& shown) const {
  return sign_for(kSessionAudience, claims, shown);
}

std::string Jwt::sign_refresh(const SessionClaims& claims, const FlatJsonWriter& shown) const {
  return sign_for(kRefreshAudience, claims, shown);
}

std::string Jwt::sign_for(std::string_view audience, const SessionClaims& claims,
                          const FlatJsonWriter& shown) const {
  FlatJsonWriter json;
  json.add("iss", kIssuer).add("aud", audience);
  if (shown.empty()) {
    json.add("sub", claims.uuid).add("uid", claims.user_id).add("role", claims.role);
  } else {
    json.add("acc", claims.uuid).add("uid", claims.user_id).add_members(shown);
  }
  json.add("epoch", claims.epoch);
  json.add("iat", seconds(claims.issued_at)).add("exp", seconds(claims.expires_at));
  if (claims.clock_since.value != 0) json.add("clk", claims.clock_since.value);
  return session_.sign(json.finish());
}

Result<SessionClaims> Jwt::verify_session(std::string_view token, UnixMs now) const {
  if (token.size() > limits::kTokenMaxBytes || !token.starts_with(session_.header)) {
    return Reason::kInvalidToken;
  }
  const auto genuine = session_.verify(token);
  std::optional<SessionClaims> claims = genuine ? session_claims_in(*genuine) : std::nullopt;
  if (!claims || !in_force(claims->expires_at, now)) {
    return Reason::kInvalidToken;
  }
  return *std::move(claims);
}

std::string Jwt::sign_plain_coupon(const CouponClaims& claims) const {
  std::string issued_at = to_text(claims.issued_at, TimeStyle::kNaiveMicros);
  const std::string micros = std::to_string(claims.issued_us);
  COUPOND_ASSERT(claims.issued_us >= 0 && micros.size() <= kMicrosDigits);
  issued_at.replace(issued_at.size() - micros.size(), micros.size(), micros);
  return plain_coupon_.sign(FlatJsonWriter()
                                .add("token_number", claims.token_number)
                                .add("user_id", claims.user_id)
                                .add("issued_at", issued_at)
                                .add("exp", seconds(claims.expires_at))
                                .finish());
}

std::string Jwt::sign_coupon(const CouponClaims& claims) const {
  std::string token = coupon_header_ + payload(FlatJsonWriter()
                                                   .add("iss", kIssuer)
                                                   .add("aud", kCouponAudience)
                                                   .add("jti", claims.code)
                                                   .add("campaign", claims.campaign_uuid)
                                                   .add("token_number", claims.token_number)
                                                   .add("user_id", claims.user_id)
                                                   .add("issued_at", seconds(claims.issued_at))
                                                   .add("exp", seconds(claims.expires_at))
                                                   .finish());
  Block<kSignatureSize> signature;
  crypto_sign_detached(signature.data(), nullptr, as_bytes(token).data(), token.size(),
                       coupon_key_.secret_key.data());
  token += '.' + to_base64url(signature);
  COUPOND_ASSERT(token.size() <= limits::kTokenMaxBytes);
  return token;
}

CouponVerdict Jwt::verify_coupon(std::string_view token, UnixMs now) const {
  if (token.size() > limits::kTokenMaxBytes) return refuse(TokenProblem::kMalformed);
  if (token.starts_with(session_.header)) return refuse(TokenProblem::kWrongKind);
  if (token.starts_with(plain_coupon_.header)) {
    const auto genuine = plain_coupon_.verify(token);
    if (!genuine) return refuse(TokenProblem::kBadSignature);
    return judge(plain_coupon_claims_in(*genuine), now);
  }
  if (!token.starts_with(coupon_header_)) return refuse(TokenProblem::kMalformed);
  const std::optional<Parts> parts = split(token, coupon_header_);
  if (!parts) return refuse(TokenProblem::kMalformed);

  Block<kSignatureSize> signature;
  if (parts->signature.size() != kSignatureTextSize ||
      !from_base64url(parts->signature, signature) ||
      crypto_sign_verify_detached(signature.data(), as_bytes(parts->signed_part).data(),
                                  parts->signed_part.size(), coupon_key_.public_key.data()) != 0) {
    return refuse(TokenProblem::kBadSignature);
  }
  return judge(coupon_claims_in(parts->claims), now);
}

std::string Jwt::jwks_json() const {
  const std::string key = FlatJsonWriter()
                              .add("kty", "OKP")
                              .add("crv", "Ed25519")
                              .add("use", "sig")
                              .add("alg", "EdDSA")
                              .add("kid", coupon_key_.kid)
                              .add("x", to_base64url(coupon_key_.public_key))
                              .finish();
  return "{\"keys\":[" + key + "]}";
}

}  // namespace coupon::core
