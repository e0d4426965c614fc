// What concerns one person: their own address, invitations, all that is kept about them, and its
// erasure: /api/v1/me/email, /api/v1/me/data, /api/v1/users/{id}/..., /api/v1/auth/invitation.

#include <limits>

#include "coupond/service/reads.h"
#include "coupond/service/setup.h"
#include "src/api/gate/login.h"
#include "src/api/native/account_shapes.h"
#include "src/api/native/coupon_shapes.h"
#include "src/api/native/naming.h"
#include "src/api/native/native.h"
#include "src/api/words.h"

namespace coupon::api {
namespace {

struct PersonName {
  std::string id;
  static http::Object<PersonName> shape() {
    return {"PersonName",
            "Which account.",
            {text("id", &PersonName::id, "Id, UUID, e-mail address or username; external:7.",
                  {.min = 1, .max = kAccountNameMax})}};
  }
};

struct NewAddressInput {
  std::string current_password;
  std::string email;
  static http::Object<NewAddressInput> shape() {
    using N = NewAddressInput;
    return {"NewAddress",
            "Another address for the account that is logged in.",
            {
                text("current_password", &N::current_password, "To be sure.", password_rule()),
                text("email", &N::email, "The address from now on.", email_rule()),
            }};
  }
};

struct InvitationReply {
  std::string token;
  core::UnixMs expires_at;
  static http::Object<InvitationReply> shape() {
    using I = InvitationReply;
    return {"Invitation",
            "What lets a customer without a password set one, once.",
            {
                text("token", &I::token, "For the link /setup#invitation=TOKEN. It is shown once.",
                     {.max = 64}),
                timestamp("expires_at", &I::expires_at, "When it runs out."),
            }};
  }
};

struct AcceptInput {
  std::string token;
  std::string password;
  static http::Object<AcceptInput> shape() {
    using A = AcceptInput;
    return {"AcceptInvitation",
            "A first password.",
            {
                text("token", &A::token, "The invitation's token.", {.min = 1, .max = 128}),
                text("password", &A::password, "A new one.", native_password_rule())
                    .example("correct horse 1"),
            }};
  }
};

struct PersonalData {
  UserReply user;
  std::vector<CouponReply> coupons;
  std::vector<RedemptionReply> redemptions;
  bool complete = true;
  static http::Object<PersonalData> shape() {
    using P = PersonalData;
    return {"PersonalData",
            "All that is kept about one person.",
            {
                http::object("user", &P::user, "The account."),
                http::list("coupons", &P::coupons, "Coupons given to them, newest first.",
                           {.max = kRowsMax}),
                http::list("redemptions", &P::redemptions, "What they redeemed, newest first.",
                           {.max = kRowsMax}),
                http::boolean("complete", &P::complete,
                              "False: there are more than 10,000 coupons or redemptions."),
            }};
  }
  static constexpr std::int64_t kRowsMax = 10'000;
};

struct ErasedReply {
  UserReply user;
  std::int64_t emptied = 0;
  std::string stays;
  core::Seq seq;
  static http::Object<ErasedReply> shape() {
    using E = ErasedReply;
    return {"ErasedPerson",
            "What is left of somebody.",
            {
                http::object("user", &E::user, "The account: without name and address, closed."),
                integer("emptied", &E::emptied, "Redemptions whose metadata was taken off."),
                text("stays", &E::stays, "What was not erased, and why.", {.max = 1024}),
                integer("seq", &E::seq, "The ledger entry."),
            }};
  }
};

constexpr char kStays[] =
    "The account's number, UUID and balance, its coupons and redemptions, and the ledger stay: "
    "they "
    "name nobody. Order numbers and reasons stay as they were given. Answers stored for "
    "repetitions are gone within 24 hours; older backups still have everything.";

Result<ChangedUserReply> change_address(Call& call, const NewAddressInput& in) {
  const auto user = service::read_user(call.engine, call.user_id());
  if (!user.ok()) return user.error();
  const auto proven =
      try_password<bool>(call, account_key(user->id), [&](bool known) -> Result<bool> {
        auto matches = service::password_matches(call.engine, *user, in.current_password, known);
        if (matches.ok() && !*matches) return Reason::kInvalidCredentials;
        return matches;
      });
  if (!proven.ok()) return proven.error();
  return call.write(
      "user.email",
      [&](store::Tx& tx) {
        return service::update_user(tx, call.engine, call.caller, user->id, {.email = in.email});
      },
      [](const service::UserChange& done) {
        return ChangedUserReply{.user = user_reply(done.user), .seq = done.seq};
      });
}

Result<InvitationReply> invite(Call& call, const PersonName& in) {
  const auto user = account_named(call, in.id);
  if (!user.ok()) return user.error();
  return call.write(
      "user.invite",
      [&](store::Tx& tx) { return service::invite(tx, call.engine, call.caller, user->id); },
      [&](const service::Invitation& made) {
        return InvitationReply{.token = call.dry_run ? "none: this was a dry run" : made.token,
                               .expires_at = made.expires_at};
      });
}

struct Accepted {
  service::Session session;
  core::Seq seq;
};

Result<SessionReply> accept(Call& call, const AcceptInput& in) {
  const auto good = service::check_invitation(call.engine, in.token);
  if (!good.ok()) return good.error();
  const auto hash = service::hash_new_password(call.engine, in.password);
  if (!hash.ok()) return hash.error();
  return call.write(
      "user.accept",
      [&](store::Tx& tx) -> Result<Accepted> {
        auto done = service::accept_invitation(tx, call.engine, in.token, *hash);
        if (!done.ok()) return done.error();
        return Accepted{.session = service::start_session(tx, call.engine, done->user),
                        .seq = done->seq};
      },
      [&](const Accepted& done) { return opened_session(call, done.session, done.seq); });
}

void add_coupons(Call& call, store::Connection& db, core::UserId user, PersonalData& data) {
  const auto coupons = service::list_coupons_of_user(
      db, user, {std::numeric_limits<std::int64_t>::max()}, PersonalData::kRowsMax + 1);
  for (const domain::Coupon& coupon : coupons) {
    if (data.coupons.size() == PersonalData::kRowsMax) {
      data.complete = false;
      return;
    }
    const auto campaign = service::find_campaign(db, coupon.campaign_id);
    data.coupons.push_back(
        coupon_reply(shown_code(call.engine, coupon), coupon, campaign ? campaign->slug : "",
                     campaign ? campaign->policy.currency : std::nullopt, std::nullopt));
  }
}

void add_redemptions(Call& call, store::Connection& db, core::UserId user, PersonalData& data) {
  const auto found = service::list_redemptions(
      db, {.user = user, .limit = PersonalData::kRowsMax, .scan_max = PersonalData::kRowsMax});
  data.complete = data.complete && !found.next;
  for (const domain::Redemption& redemption : found.redemptions) {
    const auto campaign = service::find_campaign(db, redemption.campaign_id);
    const auto coupon = service::find_coupon(db, redemption.coupon_id);
    std::optional<std::string> code;
    if (coupon) code = shown_code(call.engine, *coupon);
    data.redemptions.push_back(redemption_reply(redemption, campaign ? campaign->slug : "",
                                                campaign ? campaign->policy.currency : std::nullopt,
                                                std::move(code)));
  }
}

Result<PersonalData> data_of(Call& call, core::UserId id) {
  const auto user = service::read_user(call.engine, id);
  if (!user.ok()) return user.error();
  return call.read_list([&](store::Connection& db) -> Result<PersonalData> {
    PersonalData data;
    data.user = user_reply(*user);
    add_coupons(call, db, id, data);
    add_redemptions(call, db, id, data);
    return data;
  });
}

Result<PersonalData> my_data(Call& call) { return data_of(call, call.user_id()); }

Result<PersonalData> read_data(Call& call, const PersonName& in) {
  const auto user = account_named(call, in.id);
  if (!user.ok()) return user.error();
  return data_of(call, user->id);
}

Result<ErasedReply> erase(Call& call, const PersonName& in) {
  const auto user = account_named(call, in.id);
  if (!user.ok()) return user.error();
  return call.write(
      "user.erase",
      [&](store::Tx& tx) { return service::erase_user(tx, call.engine, call.caller, user->id); },
      [](const service::Erased& done) {
        return ErasedReply{.user = user_reply(done.user),
                           .emptied = done.emptied,
                           .stays = kStays,
                           .seq = done.seq};
      });
}

void add_own(Endpoints& v1) {
  v1.add({.route = "POST /api/v1/me/email",
          .id = "changeMyEmail",
          .summary = "Change the address",
          .auth = Auth::kSession,
          .refusals = {{401, Reason::kInvalidCredentials}, {409, Reason::kEmailTaken}},
          .rate = "login"},
         change_address);
  v1.add({.route = "GET /api/v1/me/data",
          .id = "readMyData",
          .summary = "All that is kept about me",
          .auth = Auth::kSession},
         my_data);
  v1.add({.route = "POST /api/v1/auth/invitation",
          .id = "acceptInvitation",
          .summary = "Set a first password, with an invitation's token, and log in",
          .refusals = {{401, Reason::kInvalidToken}},
          .rate = "setup"},
         accept);
}

}  // namespace

void add_people_endpoints(Endpoints& v1) {
  add_own(v1);
  v1.add({.route = "POST /api/v1/users/{id}/invitation",
          .id = "inviteUser",
          .summary = "Invite a customer without a password to set one",
          .doc = "Good for one use within 14 days. Another invitation ends the one before.",
          .auth = Auth::kAdmin,
          .scope = "admin",
          .success = 201,
          .refusals = {{404, Reason::kUnknownUser}}},
         invite);
  v1.add({.route = "GET /api/v1/users/{id}/data",
          .id = "readUserData",
          .summary = "All that is kept about somebody",
          .auth = Auth::kAdmin,
          .scope = "admin",
          .refusals = {{404, Reason::kUnknownUser}}},
         read_data);
  v1.add({.route = "POST /api/v1/users/{id}/erase",
          .id = "eraseUser",
          .summary = "Erase a customer",
          .doc = "Name, addresses, password and the metadata of redemptions are replaced by "
                 "nothing, and the account is closed. This cannot be undone. The reply says what "
                 "stays.",
          .auth = Auth::kAdmin,
          .scope = "admin",
          .refusals = {{404, Reason::kUnknownUser}}},
         erase);
}

}  // namespace coupon::api
