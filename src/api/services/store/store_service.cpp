// The store service's endpoints: one hidden code a coupon, many buyers, paid from credit. Its
// coupons are campaigns of mode shared; replies come in an envelope, errors too.

#include <cctype>
#include <limits>

#include "coupond/core/time_text.h"
#include "coupond/http/problem.h"
#include "coupond/service/accounts.h"
#include "coupond/service/reads.h"
#include "src/api/gate/login.h"
#include "src/api/native/naming.h"
#include "src/api/services/services.h"
#include "src/api/services/store/store_shapes.h"

namespace coupon::api {
namespace {

using core::Reason;
using core::Result;
using http::Auth;
using namespace store_shapes;

// NOT_FOUND for everything that is not there; otherwise the reason in capitals.
std::string store_code(Reason reason, int status) {
  if (status == 404) return "NOT_FOUND";
  std::string code(core::name(reason));
  for (char& c : code) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return code;
}

http::Reply render_error(const http::Request& request, const core::Error& error, int status) {
  // Headers (Retry-After, WWW-Authenticate) are the same as everywhere.
  http::Reply reply = http::problem_reply(request, error, status);
  const std::string_view sentence =
      error.message.empty() ? core::sentence(error.reason) : std::string_view(error.message);
  const ErrorEnvelope body{
      .http_status_code = status,
      .http_status = std::string(http::reason_phrase(status)),
      .error = {.message = std::string(sentence), .code = store_code(error.reason, status)},
      .timestamp_value = core::system_clock_now()};
  reply.body = http::to_json(body);
  reply.content_type = std::string(http::kJson);
  return reply;
}

const http::Dialect kStoreService{
    .tag = "Store service",
    .doc = "One hidden code, many buyers, paid from credit: all four effects of a use, or none.",
    .invalid_status = 400,
    .render = render_error,
    .error_shape = &http::shape_of<ErrorEnvelope>()};

// Login and refresh speak plainly.
const http::Dialect kStoreLogin{.tag = "Store service"};

// ---- login ----

Result<LoginReply> log_in_by_username(Call& call, const LoginInput& in) {
  if (in.username.value_or("").empty() || in.password.value_or("").empty()) {
    return core::Error{.reason = Reason::kInvalidRequest,
                       .message = "Missing username or password"};
  }
  auto session = log_in(call, *in.username, *in.password);
  if (!session.ok()) return session.error();
  return LoginReply{.user = store_user(session->user),
                    .access_token = std::move(session->access_token),
                    .refresh_token = std::move(session->refresh_token)};
}

// An access token is known by being one; everything else that cannot be refreshed is just invalid.
Result<http::Reply> refresh(Call& call) {
  if (service::authenticate(call.engine, call.token).ok()) {
    return http::json_reply(422, http::to_json(RefreshRefused{}));
  }
  auto session = service::refresh_session(call.engine, call.token);
  if (!session.ok()) return session.error();
  return http::json_reply(
      200, http::to_json(TokensReply{.access_token = std::move(session->access_token),
                                     .refresh_token = std::move(session->refresh_token)}));
}

// ---- accounts ----

Result<Envelope<UserList>> list_users(Call& call, const PageInput& in) {
  return call.read([&](store::Connection& db) -> Result<Envelope<UserList>> {
    UserList data;
    if (call.caller.is_admin()) {
      const service::UserFilter filter{.offset = (in.page - 1) * in.per_page, .limit = in.per_page};
      for (const auto& user : service::list_users(db, filter))
        data.users.push_back(store_user(user));
      data.meta = page_meta(in, service::count_users(db, {}));
    } else {
      const auto self = service::find_user(db, call.user_id());
      if (self && in.page == 1) data.users.push_back(store_user(*self));
      data.meta = page_meta(in, 1);
    }
    return wrap(call, std::move(data));
  });
}

Result<Envelope<OneUser>> read_user(Call& call, const UserName& in) {
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
  return call.read([&](store::Connection& db) -> Result<Envelope<CouponList>> {
    constexpr std::int64_t kCampaignsMax = 10'000;
    const auto campaigns =
        service::list_campaigns(db, {.mode = domain::Mode::kShared, .limit = kCampaignsMax});
    CouponList data;
    const auto total = static_cast<std::int64_t>(campaigns.size());
    const std::int64_t first = std::min(total, (in.page - 1) * in.per_page);
    const std::int64_t end = std::min(total, first + in.per_page);
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
  const service::RedeemRequest request{
      .code = *code, .user_id = call.user_id(), .mode = domain::Mode::kShared};
  return call.write(
      "coupon.redeem", [&](store::Tx& tx) { return service::redeem(tx, call.caller, request); },
      [](const service::Redeemed&) { return core::Done{}; });
}

const http::Refusal kNoCoupon{404, Reason::kUnknownCode, "Coupon not found"};

void add_login(Endpoints& plain) {
  plain.add({.route = "POST /v1/auth/login",
             .id = "storeLogIn",
             .summary = "Log in by username",
             .refusals = {{401, Reason::kInvalidCredentials}, {400, Reason::kInvalidRequest}},
             .trailing_slash = true,
             .rate = "login",
             .no_input = "Missing username or password"},
            log_in_by_username);
  for (const char* method : {"GET", "POST"}) {
    const bool is_get = method[0] == 'G';
    plain.add({.route = std::string(method) + " /v1/auth/token/refresh",
               .id = is_get ? "storeRefresh" : "storeRefreshByPost",
               .summary = "The next tokens for a refresh token",
               .auth = Auth::kRefresh,
               .refusals = {{401, Reason::kInvalidToken}},
               .answers = {http::answer_of<TokensReply>(200, "The next tokens."),
                           http::answer_of<RefreshRefused>(422, "That was an access token.")},
               .trailing_slash = true},
              refresh);
  }
}

void add_reads(Endpoints& service) {
  service.add({.route = "GET /v1/user",
               .id = "storeListUsers",
               .summary = "Accounts: all for an administrator, else only one's own",
               .auth = Auth::kSession,
               .trailing_slash = true},
              list_users);
  service.add({.route = "GET /v1/user/{id}",
               .id = "storeGetUser",
               .summary = "One account",
               .auth = Auth::kSession,
               .refusals = {{404, Reason::kUnknownUser, "User not found"}},
               .trailing_slash = true},
              read_user);
  service.add({.route = "GET /v1/coupons",
               .id = "storeListCoupons",
               .summary = "Coupons, without their codes",
               .auth = Auth::kSession,
               .aliases = {"GET /v1/coupon"},
               .trailing_slash = true},
              list_coupons);
  service.add({.route = "GET /v1/coupons/{code}",
               .id = "storeGetCoupon",
               .summary = "The coupon with this code",
               .auth = Auth::kSession,
               .refusals = {kNoCoupon},
               .aliases = {"GET /v1/coupon/{code}"},
               .trailing_slash = true,
               .rate = "codes"},
              read_coupon);
}

}  // namespace

void add_store_service(http::Api& api, Gate& gate) {
  Endpoints plain = gate.group(api, kStoreLogin);
  add_login(plain);
  Endpoints service = gate.group(api, kStoreService);
  add_reads(service);
  service.add({.route = "POST /v1/coupons/use/{code}",
               .id = "storeUseCoupon",
               .summary = "Use a coupon: pay its value from credit",
               .doc = "Credit, number_left, the use and its record change together or not at all.",
               .auth = Auth::kSession,
               .success = 204,
               .refusals = {kNoCoupon,
                            {404, Reason::kArchived, "Coupon not found"},
                            {400, Reason::kInactive},
                            {400, Reason::kNotStarted},
                            {400, Reason::kEnded},
                            {400, Reason::kVoid},
                            {400, Reason::kExpired},
                            {400, Reason::kNoCouponsLeft},
                            {400, Reason::kHeldByOther},
                            {400, Reason::kHoldRequired},
                            {400, Reason::kInsufficientCredit},
                            {400, Reason::kUserRedemptionCapReached}},
               .aliases = {"POST /v1/coupon/use/{code}"},
               .trailing_slash = true,
               .rate = "codes"},
              use_coupon);
}

}  // namespace coupon::api
