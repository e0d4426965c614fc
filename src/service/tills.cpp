#include "coupond/service/tills.h"

#include <algorithm>
#include <cstdint>

#include "coupond/core/ascii.h"
#include "coupond/core/bytes.h"
#include "coupond/core/email.h"
#include "coupond/core/ids.h"
#include "coupond/store/users.h"

namespace coupon::service {
namespace {

using core::Reason;

constexpr std::int64_t kWaitMs = 10 * 60 * core::kMsPerSecond;
constexpr std::size_t kWaitingMax = 100;
// Of a hundred million numbers.
constexpr int kWrongMax = 100;
constexpr std::int64_t kShiftMs = 12 * 60 * 60 * core::kMsPerSecond;
constexpr std::size_t kDigits = 8;
constexpr std::size_t kPinMin = 4, kPinMax = 8;

std::string eight_digits(const core::Random& random) {
  constexpr std::uint64_t kNumbers = 100'000'000;
  core::Block<8> bytes;
  random(bytes);
  std::uint64_t number = 0;
  for (const unsigned char byte : bytes) number = number << 8U | byte;
  std::string text = std::to_string(number % kNumbers);
  return text.insert(0, kDigits - text.size(), '0');
}

constexpr std::string_view kCashier = "cashier ";
constexpr std::string_view kInvitation = "till ";
constexpr std::string_view kPass = "pass ";

// No code begins so: what is hashed for codes is never what is hashed for these, nor is one of them
// another.
std::string keyed_id(const Engine& engine, std::string_view kind, std::string_view text) {
  std::string marked("\x1f");
  marked.append(kind).append(text);
  return core::to_hex(engine.vault().hash(marked));
}

// Nothing where whoever invited the till may do so no more.
std::optional<Caller> inviter_of(store::Connection& db, const store::TillInvitation& invitation) {
  if (!invitation.inviter) return Caller::cli();
  const auto user = store::find_user(db, *invitation.inviter);
  if (!user || !user->active || user->role != domain::Role::kAdmin) return std::nullopt;
  return Caller::user(user->id, user->role);
}

// A pass is "until.cashier.signature".
std::string signature_of(const Engine& engine, const Caller& till, std::string_view signed_text) {
  std::string text = till.actor;
  text.append(" ").append(signed_text);
  return keyed_id(engine, kPass, text);
}

}  // namespace

core::Result<TillInvited> invite_till(store::Tx& tx, const Engine& engine, const Caller& caller,
                                      std::string name) {
  if (!caller.is_admin()) return Reason::kForbidden;
  std::size_t waiting = 0;
  for (const auto& one : store::list_till_invitations(tx.db())) {
    if (one.expires_at <= tx.now()) {
      store::remove_till_invitation(tx, one.id);
    } else {
      ++waiting;
    }
  }
  if (waiting >= kWaitingMax) return Reason::kBusy;
  TillInvited made{.digits = eight_digits(engine.random()), .expires_at = tx.now() + kWaitMs};
  store::put_till_invitation(tx, {.id = keyed_id(engine, kInvitation, made.digits),
                                  .name = std::move(name),
                                  .inviter = caller.user_id,
                                  .expires_at = made.expires_at});
  return made;
}

core::Result<NewApiKey> enrol_till(store::Tx& tx, Engine& engine, const std::string& digits) {
  const auto found = store::find_till_invitation(tx.db(), keyed_id(engine, kInvitation, digits));
  const auto inviter = found ? inviter_of(tx.db(), *found) : std::nullopt;
  if (!inviter || found->expires_at <= tx.now()) {
    return core::Error{.reason = Reason::kUnknownCode,
                       .message =
                           "No till waits for these digits. They are good for ten minutes, "
                           "once: let the owner make new ones."};
  }
  store::remove_till_invitation(tx, found->id);
  return create_api_key(tx, engine, *inviter, found->name, Scopes().with(Scope::kTill));
}

bool WrongDigits::count() {
  const core::MutexLock lock(mutex_);
  if (++count_ < kWrongMax) return false;
  count_ = 0;
  return true;
}

void WrongDigits::forget() {
  const core::MutexLock lock(mutex_);
  count_ = 0;
}

std::string till_shown(store::Connection& db, std::string_view actor) {
  const std::size_t colon = std::min(actor.find(':'), actor.size());
  const auto id = core::parse_id(actor.substr(std::min(colon + 1, actor.size())));
  if (id && actor.starts_with("key:")) {
    if (auto key = store::find_api_key(db, *id)) return std::move(key->name);
  }
  if (id && actor.starts_with("user:")) {
    const auto user = store::find_user(db, core::UserId{*id});
    if (user && !user->email.empty()) return user->email;
  }
  return std::string(actor);
}

core::Result<std::string> till_named(store::Connection& db, std::string_view name) {
  constexpr std::int64_t kAtOnce = 1000;
  if (till_shown(db, name) != name) return std::string(name);
  std::string found;
  for (std::int64_t after = 0;;) {
    const auto keys = store::list_api_keys(db, after, kAtOnce);
    if (keys.empty()) break;
    after = keys.back().id;
    for (const store::ApiKey& key : keys) {
      if (key.name != name) continue;
      const std::string actor = "key:" + std::to_string(key.id);
      if (!found.empty()) {
        return core::wrong_field("till",
                                 "is the name of several API keys: say " + found + " or " + actor);
      }
      found = actor;
    }
  }
  if (!found.empty()) return found;
  if (const auto email = core::canonical_email(name); email.ok()) {
    const auto user = store::find_user_by_email(db, *email);
    if (user) return "user:" + std::to_string(user->id.value);
  }
  return core::wrong_field("till",
                           "names no API key and no account: say its name, or key:3, or user:7");
}

core::Result<store::Cashier> add_cashier(store::Tx& tx, const Engine& engine, const Caller& caller,
                                         const std::string& name, const std::string& pin) {
  if (!caller.is_admin()) return Reason::kForbidden;
  if (pin.size() < kPinMin || pin.size() > kPinMax || !core::is_digits(pin)) {
    return core::wrong_field("pin", "must be 4 to 8 digits");
  }
  store::Cashier cashier{.id = keyed_id(engine, kCashier, pin), .name = name};
  if (store::find_cashier(tx.db(), cashier.id)) {
    return core::wrong_field("pin", "cannot be taken: choose another");
  }
  store::put_cashier(tx, cashier);
  return cashier;
}

core::Result<core::Done> remove_cashier(store::Tx& tx, const Caller& caller,
                                        const std::string& id) {
  if (!caller.is_admin()) return Reason::kForbidden;
  if (!store::remove_cashier(tx, id)) return Reason::kNotFound;
  return core::Done{};
}

core::Result<store::Cashier> cashier_of(store::Connection& db, const Engine& engine,
                                        const std::string& pin) {
  auto cashier = store::find_cashier(db, keyed_id(engine, kCashier, pin));
  if (cashier) return *std::move(cashier);
  return core::Error{.reason = Reason::kUnknownCode, .message = "No cashier has this PIN."};
}

CashierPass pass_for(const Engine& engine, const Caller& till, const store::Cashier& cashier) {
  CashierPass made{.pass = {}, .expires_at = engine.clock()() + kShiftMs};
  made.pass = std::to_string(made.expires_at.value);
  made.pass.append(".").append(cashier.id);
  const std::string signature = signature_of(engine, till, made.pass);
  made.pass.append(".").append(signature);
  return made;
}

std::optional<std::string> cashier_in(const Engine& engine, const Caller& till,
                                      std::string_view pass) {
  const auto first = pass.find('.');
  const auto last = pass.rfind('.');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  const std::string wanted = signature_of(engine, till, pass.substr(0, last));
  if (!core::same_bytes(wanted, pass.substr(last + 1))) return std::nullopt;
  // Signed by us: what follows is as we wrote it.
  if (std::stoll(std::string(pass.substr(0, first))) <= engine.clock()().value) return std::nullopt;
  return std::string(pass.substr(first + 1, last - first - 1));
}

std::optional<core::Error> needs_cashier(store::Connection& db, const Caller& caller) {
  if (!caller.is_till() || !store::has_cashiers(db)) return std::nullopt;
  if (caller.cashier && store::find_cashier(db, *caller.cashier)) return std::nullopt;
  const std::string why = "is required: this till asks for the PIN of a cashier";
  return core::Error{.reason = Reason::kForbidden,
                     .message = "cashier " + why,
                     .fields = {{.field = "cashier", .message = why}}};
}

}  // namespace coupon::service
