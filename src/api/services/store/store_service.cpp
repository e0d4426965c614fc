// The store service's endpoints: one hidden code a coupon, many buyers, paid from credit. Its
// coupons are campaigns of mode shared; replies come in an envelope, errors too.

#include <cctype>
#include <limits>

#include "coupond/core/bytes.h"
#include "coupond/core/flat_json.h"
#include "coupond/http/problem.h"
#include "coupond/service/accounts.h"
#include "coupond/service/reads.h"
#include "src/api/gate/gate.h"
#include "src/api/gate/login.h"
#include "src/api/services/services.h"
#include "src/api/services/store/store_shapes.h"

namespace coupon::api {
namespace {

using namespace store_shapes;

// The words for a status, of which these clients know six.
std::string status_words(int status) {
  if (status == 401) return "Could not verify";
  if (status == 404) return "NOT_FOUND";
  return status >= 500 ? "INTERNAL_SERVER_ERROR" : "INVALID_REQUEST";
}

// NOT_FOUND for everything that is not there; otherwise the reason in capitals.
std::string store_code(Reason reason, int status) {
  if (status == 404) return "NOT_FOUND";
  std::string code(core::name(reason));
  for (char& c : code) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return code;
}

// Why a token is no session, from what it says of itself. It is the caller's own, so that nothing
// is told by believing it.
std::string token_refusal(const http::Request& request) {
  const std::string_view token = token_of(request).value_or("");
  const std::size_t first = token.find('.') + 1;
  const auto json = core::from_base64url(token.substr(first, token.find('.', first) - first));
  const auto claims = json ? core::FlatJson::parse(core::as_text(*json)) : std::nullopt;
  if (!claims) return "Invalid or expired token";
  const auto ends_s = claims->number("exp");
  if (ends_s && *ends_s * core::kMsPerSecond <= request.received_at.value) {
    return "Token has expired";
  }
  if (claims->text("type") == "refresh") return "Only non-refresh tokens are allowed";
  return "Invalid or expired token";
}

std::string session_body(const http::Request& request, Reason reason) {
  return http::to_json(SessionRefused{
      .msg = reason == Reason::kNotAuthenticated ? kNoSession : token_refusal(request)});
}

http::Reply render_error(const http::Request& request, const core::Error& error, int status) {
  // Headers (Retry-After, WWW-Authenticate) are the same as everywhere.
  http::Reply reply = http::problem_reply(request, error, status);
  reply.content_type = std::string(http::kJson);
  if (error.reason == Reason::kNotAuthenticated || error.reason == Reason::kInvalidToken) {
    reply.body = session_body(request, error.reason);
    return reply;
  }
  const std::string_view sentence =
      error.message.empty() ? core::sentence(error.reason) : std::string_view(error.message);
  reply.body = http::to_json(ErrorEnvelope{
      .http_status_code = status,
      .http_status = status_words(status),
      .error = {.message = std::string(sentence), .code = store_code(error.reason, status)},
      .timestamp_value = request.received_at});
  return reply;
}

const http::Dialect kStoreService{
    .tag = "Store service",
    .doc =
        "One hidden code, many buyers, paid from credit: all four effects of a use, or none. "
        "Replies come in an envelope, errors too; those of login and refresh do not.",
    .invalid_status = 400,
    .render = render_error,
    .error_shape = &http::shape_of<ErrorEnvelope>()};

// What an endpoint behind a session answers where there is none.
const http::Answer kNoSessionAnswer =
    http::answer_of<SessionRefused>(401, "No session, or one that is over.");

// A page past the end is one that does not exist; the first one always does.
std::optional<core::Error> page_refusal(const PageInput& in, std::int64_t total) {
  const bool exists = in.page == 1 || (in.page > 1 && (in.page - 1) * in.per_page < total);
  if (exists) return std::nullopt;
  return core::Error{.reason = Reason::kNotFound, .message = "There is no such page"};
}

// ---- login ----

Result<LoginReply> log_in_by_username(Call& call, const LoginInput& in) {
  if (in.username.value_or("").empty() || in.password.value_or("").empty()) {
    return core::Error{.reason = Reason::kInvalidRequest,
                       .message = "Missing username or password"};
  }
  auto session = log_in(call, *in.username, *in.password, service::SessionKind::kStore);
  if (!session.ok()) return session.error();
  return LoginReply{.user = store_user(session->user),
                    .access_token = std::move(session->access_token),
                    .refresh_token = std::move(session->refresh_token)};
}

// An access token is known by being one; everything else that cannot be refreshed is just invalid.
Result<http::Reply> refresh(Call& call) {
  if (service::authenticate(call.engine, call.token).ok()) {
    return http::json_reply(422, http::to_json(SessionRefused{"Only refresh tokens are allowed"}));
  }
  auto session = service::renew_session(call.engine, call.token);
  if (!session.ok()) return session.error();
  return http::json_reply(
      200, http::to_json(TokensReply{.access_token = std::move(session->access_token),
                                     .refresh_token = std::move(session->refresh_token)}));
}

// ---- accounts ----

Result<Envelope<UserList>> list_users(Call& call, const PageInput& in) {
  return call.read_list([&](store::Connection& db) -> Result<Envelope<UserList>> {
    const bool all = call.caller.is_admin();
    const std::int64_t total = all ? service::count_users(db, {}) : 1;
    if (const auto refusal = page_refusal(in, total)) return *refusal;
    UserList data{.users = {}, .meta = page_meta(in, total)};
    if (all) {
      const service::UserFilter filter{.offset = (in.page - 1) * in.per_page, .limit = in.per_page};
      for (const auto& user : service::list_users(db, filter))
        data.users.push_back(store_user(user));
    } else if (const auto self = service::find_user(db, call.user_id())) {
      data.users.push_back(store_user(*self));
    }
    return wrap(call, std::move(data));
  });
}

Result<Envelope<OneUser>> read_user(Call& call, const AccountId& in) {
  const auto user = user_named(call, in.id);
  if (!user.ok()) return user.error();
  // Somebody else's account is one that does not exist.
  if (!call.caller.is_admin() && !call.caller.is(user->id)) return Reason::kUnknownUser;
  return wrap(call, OneUser{store_user(*user)});
}

// ---- coupons ----

StoreCoupon store_coupon(const Call& call, const domain::Campaign& campaign,
                         const domain::Coupon& coupon) {
  StoreCoupon reply{.id = campaign.id,
                    .name = campaign.name,
                    .value = campaign.policy.price,
                    .number_left = domain::remaining(campaign),
                    .expiration_date = campaign.policy.ends_at,
                    .active = campaign.policy.active};
  if (call.caller.is_admin()) reply.hidden_code = shown_code(call.engine, coupon);
  return reply;
}

Result<Envelope<CouponList>> list_coupons(Call& call, const PageInput& in) {
  return call.read_list([&](store::Connection& db) -> Result<Envelope<CouponList>> {
    service::CampaignFilter offered{.mode = domain::Mode::kShared, .active = true};
    CouponList data;
    const std::int64_t total = service::count_campaigns(db, offered);
    if (const auto refusal = page_refusal(in, total)) return *refusal;
    const std::int64_t first = std::min(total, (in.page - 1) * in.per_page);
    const std::int64_t end = std::min(total, first + in.per_page);
    offered.limit = end;
    const auto campaigns = service::list_campaigns(db, offered);
    for (std::int64_t i = first; i < end; ++i) {
      const domain::Campaign& campaign = campaigns[static_cast<std::size_t>(i)];
      const auto coupon = service::find_coupon(db, campaign.id, 1);
      if (coupon) data.coupons.push_back(store_coupon(call, campaign, *coupon));
    }
    data.meta = page_meta(in, total);
    return wrap(call, std::move(data));
  });
}

Result<Envelope<OneCoupon>> read_coupon(Call& call, const CodeInput& in) {
  const auto code = code_hash(call, in.code);
  if (!code.ok()) return code.error();
  return call.read([&](store::Connection& db) -> Result<Envelope<OneCoupon>> {
    const auto view = service::view_coupon(db, *code, call.now());
    if (!view.ok()) return view.error();
    if (view->campaign.mode != domain::Mode::kShared) return Reason::kUnknownCode;
    return wrap(call, OneCoupon{store_coupon(call, view->campaign, view->coupon)});
  });
}

Result<core::Done> use_coupon(Call& call, const CodeInput& in) {
  const auto code = code_hash(call, in.code);
  if (!code.ok()) return code.error();
  return redeem_as(call, call.caller,
                   {.code = *code, .user_id = call.user_id(), .mode = domain::Mode::kShared},
                   [](const service::Redeemed&) { return core::Done{}; });
}

const http::Refusal kNoPage{404, Reason::kNotFound, "There is no such page"};
const http::Refusal kNoCoupon{404, Reason::kUnknownCode, "Coupon not found"};

void add_login(Endpoints& service) {
  service.add({.route = "POST /v1/auth/login",
               .id = "storeLogIn",
               .summary = "Log in by username",
               .refusals = {{401, Reason::kInvalidCredentials}, {400, Reason::kInvalidRequest}},
               .rate = "login",
               .no_input = "Missing username or password"},
              log_in_by_username);
  for (const char* method : {"GET", "POST"}) {
    const bool is_get = method[0] == 'G';
    service.add(
        {.route = std::string(method) + " /v1/auth/token/refresh",
         .id = is_get ? "storeRefresh" : "storeRefreshByPost",
         .summary = "A new access token for a refresh token",
         .doc = "The refresh token is good for 30 days and is the one returned.",
         .auth = Auth::kRefresh,
         .answers = {http::answer_of<TokensReply>(200, "The next tokens."), kNoSessionAnswer,
                     http::answer_of<SessionRefused>(422, "That was an access token.")}},
        refresh);
  }
}

void add_reads(Endpoints& service) {
  service.add({.route = "GET /v1/user",
               .id = "storeListUsers",
               .summary = "Accounts: all for an administrator, else only one's own",
               .auth = Auth::kSession,
               .refusals = {kNoPage},
               .answers = {kNoSessionAnswer}},
              list_users);
  service.add({.route = "GET /v1/user/{id}",
               .id = "storeGetUser",
               .summary = "One account",
               .auth = Auth::kSession,
               .refusals = {{404, Reason::kUnknownUser, "User not found"}},
               .answers = {kNoSessionAnswer}},
              read_user);
  service.add({.route = "GET /v1/coupons",
               .id = "storeListCoupons",
               .summary = "Active coupons, without their codes",
               .auth = Auth::kSession,
               .refusals = {kNoPage},
               .aliases = {"GET /v1/coupon"},
               .answers = {kNoSessionAnswer}},
              list_coupons);
  service.add({.route = "GET /v1/coupons/{code}",
               .id = "storeGetCoupon",
               .summary = "The coupon with this code",
               .auth = Auth::kSession,
               .refusals = {kNoCoupon},
               .aliases = {"GET /v1/coupon/{code}"},
               .answers = {kNoSessionAnswer},
               .rate = "codes"},
              read_coupon);
}

}  // namespace

void add_store_service(http::Api& api, Gate& gate) {
  Endpoints service = gate.group(api, kStoreService);
  add_login(service);
  add_reads(service);
  service.add(
      {.route = "POST /v1/coupons/use/{code}",
       .id = "storeUseCoupon",
       .summary = "Use a coupon: pay its value from credit",
       .doc = "Credit, number_left, the use and its record change together or not at all.",
       .auth = Auth::kSession,
       .success = 204,
       .refusals = together(
           {alike(404, {Reason::kUnknownCode, Reason::kArchived}, "Coupon not found"),
            alike(400, {Reason::kInactive, Reason::kNotStarted, Reason::kEnded, Reason::kVoid,
                        Reason::kExpired, Reason::kNoCouponsLeft, Reason::kHeldByOther,
                        Reason::kHoldRequired, Reason::kInsufficientCredit,
                        Reason::kBalanceLimitReached, Reason::kUserRedemptionCapReached})}),
       .aliases = {"POST /v1/coupon/use/{code}"},
       .answers = {kNoSessionAnswer},
       .rate = "codes"},
      use_coupon);
}

}  // namespace coupon::api
