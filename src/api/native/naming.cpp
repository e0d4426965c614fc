#include "src/api/native/naming.h"

#include "coupond/core/ids.h"
#include "coupond/core/limits.h"
#include "coupond/service/naming.h"
#include "coupond/service/reads.h"
#include "src/api/native/account_shapes.h"
#include "src/api/words.h"

namespace coupon::api {

core::Result<domain::CodeHash> code_hash(Call& call, std::string_view code) {
  const auto canonical = core::canonical(code);
  if (!canonical.ok()) return Reason::kUnknownCode;
  const core::CodeVault& vault = call.engine.vault();
  const auto hash = vault.hash(*canonical);
  const std::string folded = core::fold_lookalikes(*canonical);
  if (folded == *canonical) return hash;
  return call.read([&](store::Connection& db) -> core::Result<domain::CodeHash> {
    if (service::code_exists(db, hash)) return hash;
    const auto second = vault.hash(folded);
    return service::code_exists(db, second) ? second : hash;
  });
}

core::Result<domain::Campaign> campaign_named(Call& call, std::string_view name) {
  return call.read([&](store::Connection& db) { return service::find_campaign(db, name); });
}

core::Result<domain::User> user_named(Call& call, std::string_view id_or_uuid) {
  return call.read([&](store::Connection& db) { return service::find_user_by_id(db, id_or_uuid); });
}

core::Result<domain::User> account_named(Call& call, std::string_view name) {
  return call.read([&](store::Connection& db) { return service::find_user_named(db, name); });
}

http::Object<CustomerFields> CustomerFields::shape() {
  return {"CustomerFields",
          "Who a customer is: one of the three.",
          {
              http::text("user_id", &CustomerFields::user_id,
                         "The customer: id or UUID. Unless one is named, a customer who asks for "
                         "themselves.",
                         {.min = 1, .max = 36})
                  .or_integer(),
              http::text("email", &CustomerFields::email,
                         "The customer: their address. Staff and programs can name one who has no "
                         "account yet.",
                         email_rule()),
              http::text("external_id", &CustomerFields::external_id,
                         "The customer: what your own system calls them. As with email.",
                         {.min = 1, .max = core::limits::kExternalIdMaxBytes}),
          }};
}

namespace {

// Asks for more than one's own: staff and programs.
bool acts_for_others(const service::Caller& caller) {
  return caller.kind != service::Caller::Kind::kUser || !caller.scopes.empty();
}

core::Error invalid_user(std::string_view message) {
  return {.reason = Reason::kInvalidRequest,
          .message = {},
          .fields = {{.field = "user_id", .message = std::string(message)}}};
}

std::optional<core::Error> named_twice(const CustomerFields& fields) {
  const int named = int(fields.user_id.has_value()) + int(fields.email.has_value()) +
                    int(fields.external_id.has_value());
  if (named <= 1) return std::nullopt;
  return invalid_user("name the customer once: by user_id, email or external_id");
}

Subject known(const domain::User& user) { return {.id = user.id, .uuid = user.uuid}; }

}  // namespace

core::Result<domain::User> customer_named(Call& call, const CustomerFields& fields) {
  if (auto error = named_twice(fields)) return *std::move(error);
  if (fields.user_id) return user_named(call, *fields.user_id);
  return call.read([&](store::Connection& db) {
    return service::find_customer(db, {fields.email, fields.external_id});
  });
}

core::Result<Subject> subject(Call& call, const CustomerFields& fields) {
  if (fields.none()) {
    if (acts_for_others(call.caller)) {
      return invalid_user(
          "is required, or email or external_id: staff and API keys are never the customer unless "
          "they are named");
    }
    const auto self = user_named(call, std::to_string(call.user_id().value));
    if (!self.ok()) return self.error();
    return known(*self);
  }
  const auto user = customer_named(call, fields);
  if (user.ok()) {
    // Nobody finds out by asking who else is a customer.
    if (!fields.user_id && !acts_for_others(call.caller) && !call.caller.is(user->id)) {
      return Reason::kForbidden;
    }
    return known(*user);
  }
  if (user.error().reason != Reason::kUnknownUser || fields.user_id) return user.error();
  if (!acts_for_others(call.caller)) return Reason::kForbidden;
  Subject made{.uuid = core::uuid4(call.engine.random())};
  made.fresh = service::NewUser{
      .uuid = made.uuid, .email = fields.email.value_or(""), .external_id = fields.external_id};
  return made;
}

core::Result<Subject> known_subject(Call& call, const CustomerFields& fields) {
  auto found = subject(call, fields);
  if (found.ok() && found->fresh) return Reason::kUnknownUser;
  return found;
}

core::Result<Subject> account_of(store::Tx& tx, Call& call, const Subject& subject) {
  if (!subject.fresh) return subject;
  const service::NewUser& fresh = *subject.fresh;
  const auto since = service::find_customer(
      tx.db(),
      {fresh.email.empty() ? std::nullopt : std::optional(fresh.email), fresh.external_id});
  if (since.ok()) return known(*since);
  const auto made = service::create_user(tx, call.engine, call.caller, fresh);
  if (!made.ok()) return made.error();
  return known(made->user);
}

core::Error as_told(Call& call, core::Error error) {
  const bool of_another = error.reason == Reason::kNotOwner || error.reason == Reason::kNotAssigned;
  if (!of_another || call.caller.may_explain()) return error;
  call.code_exists = true;
  return {.reason = Reason::kUnknownCode, .message = {}};
}

std::string shown_code(const service::Engine& engine, const domain::Coupon& coupon) {
  auto code = engine.vault().open(coupon.code_sealed, domain::hash_of_code(coupon));
  return code.ok() ? *std::move(code) : std::string();
}

std::string random_token(const service::Engine& engine) {
  core::Block<24> bytes{};
  engine.random()(bytes);
  return core::to_base64url(bytes);
}

}  // namespace coupon::api
