// /api/v1/auth: registering, logging in, keeping a session, ending it; and /api/v1/setup, which
// makes the first administrator. Only what makes an account takes an Idempotency-Key: repeating a
// login or logout does no harm, and a refresh token is its own key.

#include "coupond/service/setup.h"
#include "src/api/gate/login.h"
#include "src/api/native/account_shapes.h"
#include "src/api/native/native.h"
#include "src/api/words.h"

namespace coupon::api {
namespace {

struct RegisterInput {
  std::string email;
  std::string password;
  std::string name;
  std::optional<std::string> username;
  static http::Object<RegisterInput> shape() {
    using R = RegisterInput;
    return {"RegisterRequest",
            "A new account.",
            {
                text("email", &R::email, "Its address.", email_rule()).example("ada@example.com"),
                text("password", &R::password, "A new one.", native_password_rule())
                    .example("correct horse 1"),
                text("name", &R::name, "What to call you.", {.max = 256}).optional(),
                text("username", &R::username, "Another name to log in by.", {.min = 1, .max = 64}),
            }};
  }
};

struct SetupInput {
  std::string token;
  std::string email;
  std::string password;
  std::string name;
  static http::Object<SetupInput> shape() {
    using S = SetupInput;
    return {"SetupRequest",
            "The first administrator.",
            {
                text("token", &S::token, "What follows the # of the set-up link.",
                     {.min = 1, .max = 128}),
                text("email", &S::email, "The address to log in with.", email_rule())
                    .example("you@example.com"),
                text("password", &S::password, "A new one.", native_password_rule())
                    .example("correct horse 1"),
                text("name", &S::name, "What to call you.", {.max = 256}).optional(),
            }};
  }
};

// The session of a browser: its refresh token is a cookie, which no script can read.
constexpr char kAboutCookie[] =
    "For browsers: the refresh token comes and goes as a cookie (HttpOnly, SameSite=Strict, for "
    "this path only) instead of in the body.";
constexpr char kCookie[] = "coupond_session";
constexpr std::int64_t kCookieLifeS = 30 * 24 * 3600;

struct LoginInput {
  std::string email;
  std::string password;
  bool cookie = false;
  static http::Object<LoginInput> shape() {
    return {"LoginRequest",
            "Who logs in.",
            {
                text("email", &LoginInput::email, "The address, or the username.",
                     {.min = 1, .max = 254})
                    .alias("username")
                    .example("ada@example.com"),
                text("password", &LoginInput::password, "The password.", password_rule())
                    .example("correct horse 1"),
                boolean("cookie", &LoginInput::cookie, kAboutCookie).optional(),
            }};
  }
};

struct RefreshInput {
  std::optional<std::string> refresh_token;
  bool cookie = false;
  static http::Object<RefreshInput> shape() {
    return {"RefreshRequest",
            "Which session: one of the two.",
            {text("refresh_token", &RefreshInput::refresh_token, "Its refresh token.",
                  {.min = 1, .max = 128}),
             boolean("cookie", &RefreshInput::cookie, kAboutCookie).optional()}};
  }
};

struct Registered {
  service::Session session;
  core::Seq seq;
};

Result<Registered> open_first(store::Tx& tx, Call& call, Result<service::UserChange> made) {
  if (!made.ok()) return made.error();
  return Registered{.session = service::start_session(tx, call.engine, made->user),
                    .seq = made->seq};
}

Result<SessionReply> register_account(Call& call, const RegisterInput& in) {
  auto wanted = new_account(call, in.email, in.password, in.name);
  if (!wanted.ok()) return wanted.error();
  wanted->username = in.username;
  return call.write(
      "user.register",
      [&](store::Tx& tx) {
        return open_first(tx, call, service::create_user(tx, call.engine, call.caller, *wanted));
      },
      [&](const Registered& made) { return opened_session(call, made.session, made.seq); });
}

Result<SessionReply> set_up(Call& call, const SetupInput& in) {
  const auto good = service::check_setup_token(call.engine, in.token);
  if (!good.ok()) return good.error();
  const auto wanted = new_account(call, in.email, in.password, in.name);
  if (!wanted.ok()) return wanted.error();
  return call.write(
      "setup.admin",
      [&](store::Tx& tx) {
        return open_first(tx, call, service::set_up(tx, call.engine, in.token, *wanted));
      },
      [&](const Registered& made) { return opened_session(call, made.session, made.seq); });
}

// The value of our cookie, which may stand among others.
std::optional<std::string> cookie_of(const http::Request& request) {
  std::string_view rest = request.header("Cookie").value_or("");
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
    if (!pair.starts_with(kCookie) || pair.substr(sizeof kCookie - 1, 1) != "=") continue;
    return std::string(pair.substr(sizeof kCookie));
  }
  return std::nullopt;
}

void set_cookie(const http::Request& request, http::Reply& reply, const std::string& token,
                std::int64_t life_s) {
  std::string text = std::string(kCookie) + "=" + token +
                     "; Path=/api/v1/auth; Max-Age=" + std::to_string(life_s) +
                     "; HttpOnly; SameSite=Strict";
  if (request.https) text += "; Secure";
  reply.headers.emplace_back("Set-Cookie", std::move(text));
}

Result<http::Reply> opened(Call& call, Result<service::Session> session, bool as_cookie) {
  if (!session.ok()) return session.error();
  SessionReply shown = session_reply(*std::move(session));
  const std::string token = *shown.refresh_token;
  if (as_cookie) shown.refresh_token.reset();
  http::Reply reply = http::json_reply(200, http::to_json(shown));
  if (as_cookie) set_cookie(call.request, reply, token, kCookieLifeS);
  return reply;
}

Result<http::Reply> log_in_native(Call& call, const LoginInput& in) {
  return opened(call, log_in(call, in.email, in.password), in.cookie);
}

Result<std::string> token_of(Call& call, const RefreshInput& in) {
  if (in.cookie) {
    if (auto token = cookie_of(call.request)) return *std::move(token);
    return Reason::kInvalidToken;
  }
  if (in.refresh_token) return *in.refresh_token;
  return core::Error{.reason = Reason::kInvalidRequest,
                     .message = {},
                     .fields = {{.field = "refresh_token", .message = "is required"}}};
}

Result<http::Reply> refresh(Call& call, const RefreshInput& in) {
  const auto token = token_of(call, in);
  if (!token.ok()) return token.error();
  return opened(call, service::refresh_session(call.engine, *token), in.cookie);
}

Result<http::Reply> log_out(Call& call, const RefreshInput& in) {
  const auto token = token_of(call, in);
  if (!token.ok() && !in.cookie) return token.error();
  const auto done = service::log_out(call.engine, token.ok() ? *token : "");
  if (!done.ok()) return done.error();
  http::Reply reply = http::empty_reply();
  if (in.cookie) set_cookie(call.request, reply, "", 0);
  return reply;
}

}  // namespace

void add_auth_endpoints(Endpoints& v1) {
  v1.add(
      {.route = "POST /api/v1/setup",
       .id = "setUp",
       .summary = "Make the first administrator, with the set-up link's token",
       .doc = "A first start without an administrator prints a link, whose page calls this. It is "
              "good for one use within 30 minutes, until there is an administrator.",
       .success = 201,
       .refusals = {{401, Reason::kInvalidToken}, {409, Reason::kEmailTaken}},
       .rate = "setup"},
      set_up);
  v1.add({.route = "POST /api/v1/auth/register",
          .id = "register",
          .summary = "Make an account and log in",
          .success = 201,
          .refusals = {{409, Reason::kEmailTaken}, {409, Reason::kUsernameTaken}},
          .rate = "register"},
         register_account);
  v1.add(
      {.route = "POST /api/v1/auth/login",
       .id = "login",
       .summary = "Log in",
       .doc = "An unknown account gets the same answer, after the same time, as a wrong password.",
       .refusals = {{401, Reason::kInvalidCredentials}},
       .answers = {http::answer_of<SessionReply>(200, "The session.")},
       .keyed = false,
       .rate = "login"},
      log_in_native);
  v1.add(
      {.route = "POST /api/v1/auth/refresh",
       .id = "refresh",
       .summary = "The next tokens for a refresh token",
       .doc = "Each refresh token is good for one use. A second use ends the session for all who "
              "hold tokens of it; only within 10 s, and while the next one is unused, is the "
              "same answer given again.",
       .refusals = {{401, Reason::kInvalidToken}},
       .answers = {http::answer_of<SessionReply>(200, "The session.")},
       .keyed = false},
      refresh);
  v1.add(
      {.route = "POST /api/v1/auth/logout",
       .id = "logout",
       .summary = "End a session",
       .doc =
           "Its refresh token is good for nothing afterwards; the access token runs out by itself.",
       .answers = {{.status = 204, .doc = "It is over."}},
       .keyed = false},
      log_out);
}

}  // namespace coupon::api
