// The token service's endpoints: signed single-use tokens under a hard cap. The tokens are coupons
// of the campaign `tokens`, mode token; caps and lifetime are that campaign's. /register and /login
// are the claim service's too.

#include <atomic>
#include <memory>

#include "coupond/service/campaigns.h"
#include "coupond/service/reads.h"
#include "coupond/service/tokens.h"
#include "src/api/gate/login.h"
#include "src/api/services/services.h"
#include "src/api/services/token/token_shapes.h"

namespace coupon::api {
namespace {

using core::TokenProblem;
using service::SessionKind;

const http::Dialect kTokenService{
    .tag = "Token service",
    .doc =
        "Tokens under a hard cap: 77 ever, 5 a user, each used once, whatever the concurrency. "
        "The caps are those of the campaign `tokens`.",
    .invalid_status = 422};

constexpr const char* kSlug = "tokens";
constexpr const char* kUsed = "Token has already been used";
constexpr const char* kInvalid = "Invalid or expired token";
constexpr const char* kWrongKind = "Invalid token format";

// ---- Accounts ----

TokenUser token_user(const domain::User& user) {
  return {.id = user.id,
          .user_id = user.uuid,
          .email = user.email,
          .name = user.name,
          .role = user.role,
          .created_at = user.created_at};
}

TokenSession token_session(const service::Session& session) {
  const domain::User& user = session.user;
  return {.access_token = session.access_token,
          .expires_in = session.expires_in_s,
          .refresh_token = session.refresh_token,
          .token = session.access_token,
          .user = token_user(user),
          .id = user.id,
          .email = user.email,
          .role = user.role};
}

Result<TokenSession> register_account(Call& call, const TokenRegisterInput& in) {
  const auto wanted = new_account(call, in.email, in.password, in.name);
  if (!wanted.ok()) return wanted.error();
  return call.write(
      "user.register",
      [&](store::Tx& tx) { return open_account(tx, call, *wanted, SessionKind::kToken); },
      token_session);
}

// What later clients expect: they log in next.
Result<TokenUser> register_only(Call& call, const TokenRegisterInput& in) {
  const auto wanted = new_account(call, in.email, in.password, in.name);
  if (!wanted.ok()) return wanted.error();
  return call.write(
      "user.register",
      [&](store::Tx& tx) { return service::create_user(tx, call.engine, call.caller, *wanted); },
      [](const service::UserChange& made) { return token_user(made.user); });
}

Result<TokenSession> log_in_by_email(Call& call, const TokenLoginInput& in) {
  const auto session = log_in(call, in.email, in.password, SessionKind::kToken);
  if (!session.ok()) return session.error();
  return token_session(*session);
}

// ---- Issuing ----

Result<domain::Campaign> tokens_campaign(Call& call) {
  return call.read([](store::Connection& db) -> Result<domain::Campaign> {
    auto campaign = service::find_campaign_by_slug(db, kSlug);
    if (!campaign) return Reason::kUnknownCampaign;
    return *std::move(campaign);
  });
}

class Generate {
 public:
  Result<IssuedToken> operator()(Call& call) const {
    // A keyed refusal has to be stored, so it goes through the writer.
    if (!call.keyed) {
      const auto refused =
          call.engine.counters().certain_refusal({last_id_->load()}, call.user_id());
      if (refused) return *refused;
    }
    const auto campaign = find(call);
    if (!campaign.ok()) return campaign.error();
    return issue(call, **campaign);
  }

 private:
  using CampaignPtr = std::shared_ptr<const domain::Campaign>;

  // As of the last commit, if the table knows it: whether a token may be had, the writer decides.
  Result<CampaignPtr> find(Call& call) const {
    const auto known = call.engine.counters().find({last_id_->load()});
    if (known && known->campaign.slug == kSlug) return CampaignPtr(known, &known->campaign);
    auto campaign = tokens_campaign(call);
    if (!campaign.ok()) return campaign.error();
    last_id_->store(campaign->id.value);
    return std::make_shared<const domain::Campaign>(*std::move(campaign));
  }

  static Result<IssuedToken> issue(Call& call, const domain::Campaign& campaign) {
    const auto uuid = service::user_uuid(call.engine, call.user_id());
    if (!uuid.ok()) return uuid.error();
    const auto request = service::prepare_token(call.engine, campaign, call.user_id(), *uuid);
    if (!request.ok()) return request.error();
    return call.write(
        "token.generate",
        [&](store::Tx& tx) { return service::issue(tx, call.caller, mint_of(call), *request); },
        [&](const service::Issued& issued) {
          return IssuedToken{.token = service::sign_token(call.engine, campaign, *uuid, issued),
                             .expires_at = service::token_ends_at(issued),
                             .token_number = issued.coupon.number,
                             .remaining_tokens = issued.remaining,
                             .user_id = *uuid};
        });
  }

  // The campaign's id as last seen, to know it again without a look at the file.
  std::shared_ptr<std::atomic<std::int64_t>> last_id_ =
      std::make_shared<std::atomic<std::int64_t>>(0);
};

// ---- Using ----

const char* sentence_for(TokenProblem problem) {
  return problem == TokenProblem::kWrongKind ? kWrongKind : kInvalid;
}

// What could be read of a token before anything was looked up.
struct ReadToken {
  core::CouponClaims claims;
  domain::CodeHash code{};
};

// An EdDSA token names its code, which version 0.1.0 may have stored as one that looks alike.
Result<domain::CodeHash> coupon_of(Call& call, const std::string& token,
                                   const core::CouponClaims& claims) {
  if (!claims.code.empty()) return code_hash(call, claims.code);
  return service::coupon_of_token(call.engine, token, claims);
}

Result<ReadToken> read_token(Call& call, const std::string& token) {
  core::CouponVerdict verdict = call.engine.tokens().verify_coupon(token, call.now());
  if (!verdict.ok()) {
    return core::Error{.reason = Reason::kInvalidCode, .message = sentence_for(*verdict.problem)};
  }
  const auto code = coupon_of(call, token, verdict.claims);
  if (!code.ok()) return code.error();
  return ReadToken{.claims = std::move(verdict.claims), .code = *code};
}

// Genuine by its signature; what the file says of it decides.
Result<TokenValidity> judge(Call& call, store::Connection& db, const core::CouponClaims& claims,
                            const domain::CodeHash& code) {
  TokenValidity validity{
      .message = kInvalid, .token_number = claims.token_number, .user_id = claims.user_id};
  const auto view = service::view_coupon(db, code, call.now());
  if (!view.ok() || !view->coupon.user_id) return validity;
  const auto rules = service::explain_redeem(db, *view, *view->coupon.user_id, call.now());
  const auto owner = service::find_user(db, *view->coupon.user_id);
  validity.valid = owner && owner->active && !domain::first_refusal(rules);
  if (validity.valid) validity.message = "Token is valid and unused";
  if (view->coupon.state == domain::CouponState::kRedeemed) validity.message = kUsed;
  return validity;
}

Result<TokenValidity> validate(Call& call, const TokenInput& in) {
  const core::CouponVerdict verdict = call.engine.tokens().verify_coupon(in.token, call.now());
  if (!verdict.ok()) {
    TokenValidity validity{.message = sentence_for(*verdict.problem)};
    if (*verdict.problem == TokenProblem::kExpired) {
      validity.token_number = verdict.claims.token_number;
      validity.user_id = verdict.claims.user_id;
    }
    return validity;
  }
  const auto code = coupon_of(call, in.token, verdict.claims);
  if (!code.ok()) return TokenValidity{.message = kInvalid};
  return call.read([&](store::Connection& db) { return judge(call, db, verdict.claims, *code); });
}

Result<UsedToken> use(Call& call, const TokenInput& in) {
  const auto token = read_token(call, in.token);
  if (!token.ok()) return token.error();
  return call.write(
      "token.use",
      [&](store::Tx& tx) {
        return service::redeem(tx, call.caller,
                               {.code = token->code, .mode = domain::Mode::kToken});
      },
      [&](const service::Redeemed& done) {
        return UsedToken{.token_number = done.coupon.number,
                         .user_id = token->claims.user_id,
                         .used_at = done.redemption.redeemed_at};
      });
}

// ---- Figures ----

std::optional<std::int64_t> left(std::optional<std::int64_t> limit, std::int64_t used) {
  if (!limit) return std::nullopt;
  return std::max<std::int64_t>(0, *limit - used);
}

Result<TokenStats> stats(Call& call) {
  const auto campaign = tokens_campaign(call);
  if (!campaign.ok()) return campaign.error();
  const domain::Policy& policy = campaign->policy;
  const auto remaining = left(policy.max_issued, campaign->counters.issued);
  return TokenStats{.tokens_issued = campaign->counters.issued,
                    .tokens_remaining = remaining,
                    .max_tokens = policy.max_issued,
                    .max_tokens_per_user = policy.max_per_user,
                    .limit_reached = remaining == 0,
                    .timestamp = call.now()};
}

Result<TokenUserStats> user_stats(Call& call) {
  auto uuid = service::user_uuid(call.engine, call.user_id());
  if (!uuid.ok()) return uuid.error();
  return call.read_list([&](store::Connection& db) -> Result<TokenUserStats> {
    const auto campaign = service::find_campaign_by_slug(db, kSlug);
    if (!campaign) return Reason::kUnknownCampaign;
    const std::int64_t issued = service::count_coupons(db, campaign->id, call.user_id());
    const auto remaining = left(campaign->policy.max_per_user, issued);
    return TokenUserStats{.user_id = *std::move(uuid),
                          .user_tokens_issued = issued,
                          .user_tokens_remaining = remaining,
                          .max_tokens_per_user = campaign->policy.max_per_user,
                          .user_limit_reached = remaining == 0,
                          .timestamp = call.now()};
  });
}

Result<http::Reply> health(Call& call) {
  const bool healthy = call.engine.writer().healthy();
  const TokenHealth body{.status = healthy ? "healthy" : "unhealthy",
                         .redis_connected = healthy,
                         .timestamp = call.now()};
  return http::json_reply(healthy ? 200 : 503, http::to_json(body));
}

// ---- Declarations ----

void add_accounts(Endpoints& tokens) {
  tokens.add({.route = "POST /register",
              .id = "tokenRegister",
              .summary = "Make an account and log in",
              .refusals = {{409, Reason::kEmailTaken}},
              .rate = "register"},
             register_account);
  tokens.add({.route = "POST /auth/register",
              .id = "tokenRegisterOnly",
              .summary = "Make an account",
              .success = 201,
              .refusals = {{409, Reason::kEmailTaken}},
              .rate = "register"},
             register_only);
  tokens.add({.route = "POST /login",
              .id = "tokenLogin",
              .summary = "Log in",
              .refusals = {{401, Reason::kInvalidCredentials}},
              .aliases = {"POST /auth/login"},
              .keyed = false,
              .rate = "login"},
             log_in_by_email);
}

void add_issuing(Endpoints& tokens) {
  tokens.add({.route = "POST /generate-coupon",
              .id = "tokenGenerate",
              .summary = "A token for me",
              .auth = Auth::kSession,
              .refusals = together(
                  {{{429, Reason::kUserCapReached,
                     "User token limit reached. Maximum of {number} tokens per user allowed."},
                    {429, Reason::kCampaignCapReached,
                     "Global token limit reached. Maximum of {number} tokens allowed. 0 tokens "
                     "remaining."},
                    // What an administrator can make of the campaign by the native API.
                    {404, Reason::kUnknownCampaign}},
                   alike(409, {Reason::kInactive, Reason::kWrongMode, Reason::kNoCouponsLeft,
                               Reason::kPatternExhausted}),
                   alike(410, {Reason::kEnded, Reason::kArchived}),
                   {{403, Reason::kNotStarted}}}),
              .aliases = {"POST /coupons/generate"}},
             Generate());
  tokens.add({.route = "GET /stats",
              .id = "tokenStats",
              .summary = "How many tokens there are",
              .aliases = {"GET /coupons/stats"}},
             stats);
  tokens.add({.route = "GET /user-stats",
              .id = "tokenUserStats",
              .summary = "How many tokens I have had",
              .auth = Auth::kSession,
              .aliases = {"GET /coupons/user-stats"}},
             user_stats);
}

void add_using(Endpoints& tokens) {
  tokens.add({.route = "POST /validate-token",
              .id = "tokenValidate",
              .summary = "What a token is worth",
              .doc = "Always 200: the answer is in `valid` and `message`.",
              .aliases = {"POST /coupons/validate"},
              .keyed = false},
             validate);
  tokens.add(
      {.route = "POST /use-token",
       .id = "tokenUse",
       .summary = "Use a token",
       .doc = "For whoever holds it. Of any number of simultaneous uses exactly one succeeds.",
       // Forbidden: its owner is deactivated.
       .refusals = together(
           {{{409, Reason::kAlreadyRedeemed, kUsed},
             {400, Reason::kInvalidCode},
             {409, Reason::kBalanceLimitReached}},
            alike(400,
                  {Reason::kUnknownCode, Reason::kForbidden, Reason::kExpired, Reason::kVoid,
                   Reason::kArchived, Reason::kInactive, Reason::kNotStarted, Reason::kEnded},
                  kInvalid)}),
       .aliases = {"POST /coupons/use"}},
      use);
}

}  // namespace

void add_token_service(http::Api& api, Gate& gate) {
  Endpoints tokens = gate.group(api, kTokenService);
  add_accounts(tokens);
  add_issuing(tokens);
  add_using(tokens);
  tokens.add(
      {.route = "GET /health",
       .id = "tokenHealth",
       .summary = "Whether the service works",
       .doc = "`redis_connected` tells of the in-process counter table, which took the place "
              "of Redis.",
       .answers = {http::answer_of<TokenHealth>(200),
                   http::answer_of<TokenHealth>(503, "Not now.")}},
      health);
}

}  // namespace coupon::api
