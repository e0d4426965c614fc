// /api/v1/me and /api/v1/users: the own account, and all of them for administrators.

#include "coupond/core/limits.h"
#include "coupond/service/reads.h"
#include "src/api/gate/cursor.h"
#include "src/api/gate/login.h"
#include "src/api/native/account_shapes.h"
#include "src/api/native/fields.h"
#include "src/api/native/naming.h"
#include "src/api/native/native.h"
#include "src/api/words.h"

namespace coupon::api {
namespace {

using service::UserChange;

struct PasswordInput {
  std::string current_password;
  std::string new_password;
  static http::Object<PasswordInput> shape() {
    using P = PasswordInput;
    return {
        "PasswordRequest",
        "A new password for the account that is logged in.",
        {
            text("current_password", &P::current_password, "The one so far.", password_rule()),
            text("new_password", &P::new_password, "The one from now on.", native_password_rule()),
        }};
  }
};

struct UserQuery {
  std::optional<domain::Role> role;
  std::optional<bool> active;
  PageQuery page;
  static http::Object<UserQuery> shape() {
    using Q = UserQuery;
    return {"UserQuery",
            "Which accounts.",
            {
                http::choice("role", &Q::role, "Only of this role.", role_choices()),
                http::boolean("active", &Q::active, "Only active ones, or only others."),
                http::include(&Q::page),
            }};
  }
};

struct NewUserInput {
  std::optional<std::string> email, password, username, external_id;
  std::string name;
  domain::Role role = domain::Role::kUser;
  core::Credit credit;
  static http::Object<NewUserInput> shape() {
    using N = NewUserInput;
    return {"NewUserRequest",
            "An account for somebody.",
            {
                text("email", &N::email, "Its address.", email_rule()).example("bob@example.com"),
                text("password", &N::password,
                     "Its first one; without one nobody can log in, until an invitation is used.",
                     native_password_rule())
                    .example("correct horse 1"),
                text("name", &N::name, "What to call them.", {.max = 256}).optional(),
                text("username", &N::username, "Another name to log in by.", {.min = 1, .max = 64}),
                text("external_id", &N::external_id,
                     "What your own system calls a customer; then they need no address.",
                     {.min = 1, .max = core::limits::kExternalIdMaxBytes}),
                http::choice("role", &N::role, "What it may do.", role_choices()).optional(),
                integer("credit", &N::credit, "To begin with.", {.max = core::limits::kCreditMax})
                    .optional(),
            }};
  }
};

constexpr char kWhichUser[] =
    "Its number, UUID, e-mail address or username; id:7 and user:7 tell a number from a username.";

struct UserName {
  std::string id;
  static http::Object<UserName> shape() {
    return {"UserName",
            "Which account.",
            {text("id", &UserName::id, kWhichUser, {.min = 1, .max = kAccountNameMax})}};
  }
};

struct CreditInput {
  core::Credit add;
  std::string reason;
  static http::Object<CreditInput> shape() {
    constexpr std::int64_t kMax = core::limits::kCreditMax;
    return {"CreditChange",
            "An entry for the balance.",
            {
                integer("add", &CreditInput::add, "What to add; negative: to take.",
                        {.min = -kMax, .max = kMax})
                    .example(100),
                reason_field(&CreditInput::reason).example("welcome"),
            }};
  }
};

struct UserPatchInput {
  std::string id;
  std::optional<std::string> name;
  std::optional<std::string> email;
  std::optional<domain::Role> role;
  std::optional<bool> active;
  std::optional<CreditInput> credit;
  static http::Object<UserPatchInput> shape() {
    using P = UserPatchInput;
    return {"UserPatch",
            "What to change; what is absent stays.",
            {
                text("id", &P::id, kWhichUser, {.min = 1, .max = kAccountNameMax}),
                text("name", &P::name, "What to call them.", {.max = 256}),
                text("email", &P::email, "Their new address.", email_rule()),
                http::choice("role", &P::role, "What it may do.", role_choices()),
                http::boolean("active", &P::active, "Whether it may log in."),
                http::object("credit", &P::credit, "An entry for its balance."),
            }};
  }
};

struct NewPasswordInput {
  std::string id;
  std::string password;
  static http::Object<NewPasswordInput> shape() {
    using N = NewPasswordInput;
    return {"NewPassword",
            "A new password for somebody's account.",
            {
                text("id", &N::id, kWhichUser, {.min = 1, .max = kAccountNameMax}),
                text("password", &N::password, "The one from now on.", native_password_rule())
                    .example("correct horse 1"),
            }};
  }
};

ChangedUserReply changed_reply(const UserChange& change) {
  return {.user = user_reply(change.user), .seq = change.seq};
}

Result<UserReply> me(Call& call) {
  const auto user = service::read_user(call.engine, call.user_id());
  if (!user.ok()) return user.error();
  return user_reply(*user);
}

// Wrong guesses count as logins do: a stolen session must not become a stolen password.
Result<domain::User> proven_self(Call& call, std::string_view password) {
  auto user = service::read_user(call.engine, call.user_id());
  if (!user.ok()) return user;
  return try_password<domain::User>(
      call, account_key(user->id), [&](bool known) -> Result<domain::User> {
        const auto matches = service::password_matches(call.engine, *user, password, known);
        if (!matches.ok()) return matches.error();
        if (!*matches) return Reason::kInvalidCredentials;
        return *user;
      });
}

struct NewPassword {
  service::Session session;
  core::Seq seq;
};

Result<SessionReply> change_password(Call& call, const PasswordInput& in) {
  const auto self = proven_self(call, in.current_password);
  if (!self.ok()) return self.error();
  const auto hash = service::hash_new_password(call.engine, in.new_password);
  if (!hash.ok()) return hash.error();
  return call.write(
      "user.password",
      [&](store::Tx& tx) -> Result<NewPassword> {
        auto changed = service::change_password(tx, call.engine, call.caller, self->id, *hash,
                                                self->password_hash);
        if (!changed.ok()) return changed.error();
        return NewPassword{.session = service::start_session(tx, call.engine, changed->user),
                           .seq = changed->seq};
      },
      [&](const NewPassword& done) { return opened_session(call, done.session, done.seq); });
}

Result<Page<UserReply>> list_users(Call& call, const UserQuery& in) {
  const auto after = id_of_cursor(in.page.cursor);
  if (!after.ok()) return after.error();
  return call.read_list([&](store::Connection& db) -> Result<Page<UserReply>> {
    const auto users = service::list_users(
        db, {.role = in.role, .active = in.active, .after = {*after}, .limit = in.page.limit + 1});
    Page<UserReply> page;
    for (const domain::User& user : users) {
      if (static_cast<std::int64_t>(page.items.size()) == in.page.limit) {
        page.next_cursor = cursor_after(page.items.back().id.value);
        break;
      }
      page.items.push_back(user_reply(user));
    }
    return page;
  });
}

Result<ChangedUserReply> create_user(Call& call, const NewUserInput& in) {
  if (!in.email && !in.external_id) {
    return core::Error{.reason = Reason::kInvalidRequest,
                       .message = {},
                       .fields = {{.field = "email", .message = "is required"}}};
  }
  Result<service::NewUser> wanted =
      service::NewUser{.email = in.email.value_or(""), .name = in.name};
  if (in.password) wanted = new_account(call, wanted->email, *in.password, in.name);
  if (!wanted.ok()) return wanted.error();
  wanted->username = in.username;
  wanted->external_id = in.external_id;
  wanted->role = in.role;
  wanted->credit = in.credit;
  return call.write(
      "user.create",
      [&](store::Tx& tx) { return service::create_user(tx, call.engine, call.caller, *wanted); },
      changed_reply);
}

Result<UserReply> read_one_user(Call& call, const UserName& in) {
  const auto user = account_named(call, in.id);
  if (!user.ok()) return user.error();
  return user_reply(*user);
}

// Both changes or neither.
Result<UserChange> apply(store::Tx& tx, Call& call, core::UserId id, const UserPatchInput& in) {
  Result<UserChange> change = Reason::kInternal;
  if (in.name || in.email || in.role || in.active) {
    change = service::update_user(
        tx, call.engine, call.caller, id,
        {.name = in.name, .email = in.email, .role = in.role, .active = in.active});
    if (!change.ok() || !in.credit) return change;
  }
  return service::change_credit(tx, call.engine, call.caller, id, in.credit->add,
                                in.credit->reason);
}

Result<ChangedUserReply> patch_user(Call& call, const UserPatchInput& in) {
  if (!in.name && !in.email && !in.role && !in.active && !in.credit) {
    return core::Error{.reason = Reason::kInvalidRequest,
                       .message = "Name at least one of name, email, role, active, credit"};
  }
  const auto user = account_named(call, in.id);
  if (!user.ok()) return user.error();
  return call.write(
      "user.update", [&](store::Tx& tx) { return apply(tx, call, user->id, in); }, changed_reply);
}

Result<ChangedUserReply> reset_password(Call& call, const NewPasswordInput& in) {
  const auto user = account_named(call, in.id);
  if (!user.ok()) return user.error();
  // A stolen session must not become a stolen password.
  if (call.caller.is(user->id)) {
    return core::Error{.reason = Reason::kForbidden,
                       .message = "Your own password is changed at /api/v1/me/password"};
  }
  const auto hash = service::hash_new_password(call.engine, in.password);
  if (!hash.ok()) return hash.error();
  return call.write(
      "user.reset_password",
      [&](store::Tx& tx) {
        return service::change_password(tx, call.engine, call.caller, user->id, *hash);
      },
      changed_reply);
}

void add_me(Endpoints& v1) {
  v1.add({.route = "GET /api/v1/me",
          .id = "readMe",
          .summary = "The account that is logged in",
          .auth = Auth::kSession},
         me);
  v1.add({.route = "POST /api/v1/me/password",
          .id = "changeMyPassword",
          .summary = "Change the password",
          .doc = "Ends all sessions of the account and opens a new one.",
          .auth = Auth::kSession,
          .refusals = {{401, Reason::kInvalidCredentials}},
          .rate = "login"},
         change_password);
}

}  // namespace

void add_user_endpoints(Endpoints& v1) {
  add_me(v1);
  v1.add({.route = "GET /api/v1/users",
          .id = "listUsers",
          .summary = "List accounts, oldest first",
          .auth = Auth::kAdmin,
          .scope = "admin",
          .refusals = {{400, Reason::kInvalidCursor}}},
         list_users);
  v1.add({.route = "POST /api/v1/users",
          .id = "createUser",
          .summary = "Make an account for somebody",
          .auth = Auth::kAdmin,
          .scope = "admin",
          .success = 201,
          .refusals = {{409, Reason::kEmailTaken}, {409, Reason::kUsernameTaken}}},
         create_user);
  v1.add({.route = "GET /api/v1/users/{id}",
          .id = "readUser",
          .summary = "One account",
          .auth = Auth::kAdmin,
          .scope = "admin",
          .refusals = {{404, Reason::kUnknownUser}}},
         read_one_user);
  v1.add({.route = "PATCH /api/v1/users/{id}",
          .id = "changeUser",
          .summary = "Change name, e-mail, role, active or credit",
          .doc = "A change of role or active ends the account's sessions. The last active "
                 "administrator stays one.",
          .auth = Auth::kAdmin,
          .scope = "admin",
          .refusals = {{404, Reason::kUnknownUser},
                       {409, Reason::kEmailTaken},
                       {409, Reason::kInsufficientCredit}}},
         patch_user);
  v1.add({.route = "POST /api/v1/users/{id}/password",
          .id = "resetPassword",
          .summary = "Set an account's password",
          .doc = "Ends the account's sessions. An administrator's own password takes the old one, "
                 "at /api/v1/me/password; an API key sets nobody's.",
          .auth = Auth::kAdmin,
          .refusals = {{404, Reason::kUnknownUser}}},
         reset_password);
}

}  // namespace coupon::api
