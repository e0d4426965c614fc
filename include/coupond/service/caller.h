// Who asks for something: the one word of identity that every service function takes, and what the
// ledger writes down as the actor. Made by the API from a session or key, by the command line and
// by background work; a service never finds out by itself. Values only: safe on any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/types.h"
#include "coupond/domain/user.h"

namespace coupon::service {

// What a caller may do to things that are not their own. Users act on their own without any.
enum class Scope {
  kRead,    // see anybody's coupons, redemptions and history
  kIssue,   // issue and assign to anybody
  kRedeem,  // hold, release and redeem for anybody, and roll back
  kAdmin,   // everything, the others included
  kTill,    // what a till needs: explain one code, hold, release and redeem it for anybody, and
            // roll back what it redeemed itself in the last 15 minutes
};
// Names as in API keys: "read", "issue", "redeem", "admin", "till".
std::string_view name(Scope scope);
std::optional<Scope> parse_scope(std::string_view text);

// A set of scopes.
class Scopes {
 public:
  constexpr Scopes() = default;
  constexpr Scopes with(Scope scope) const {
    return Scopes(static_cast<unsigned char>(bits_ | bit(scope)));
  }
  // Whether `scope` is in the set, or kAdmin, which covers all.
  constexpr bool allow(Scope scope) const {
    return (bits_ & (bit(scope) | bit(Scope::kAdmin))) != 0;
  }
  constexpr bool empty() const { return bits_ == 0; }
  // Whether whoever has `others` may do all that this set allows.
  constexpr bool is_within(const Scopes& others) const {
    return (bits_ & ~others.bits_) == 0 || others.allow(Scope::kAdmin);
  }

  // As stored and shown: names with one space between, in the order of the enumeration.
  std::string to_text() const;
  // Nothing when a word is not a scope.
  static std::optional<Scopes> parse(std::string_view text);

  friend constexpr bool operator==(const Scopes&, const Scopes&) = default;

 private:
  explicit constexpr Scopes(unsigned char bits) : bits_(bits) {}
  static constexpr unsigned char bit(Scope scope) {
    return static_cast<unsigned char>(1U << static_cast<unsigned>(scope));
  }

  unsigned char bits_ = 0;
};

struct Caller {
  enum class Kind { kAnonymous, kUser, kApiKey, kCli, kSystem, kJob };

  Kind kind = Kind::kAnonymous;
  std::optional<core::UserId> user_id = {};  // of kUser only
  domain::Role role = domain::Role::kUser;   // of kUser only
  Scopes scopes = {};
  std::optional<std::int64_t> key_id = {};  // of kApiKey only
  // Of kApiKey only: its own limit of wrong codes a minute.
  std::optional<std::int64_t> guesses = {};
  // Of a till only: the id of the cashier who is at it, as a pass has shown (tills.h).
  std::optional<std::string> cashier = {};
  std::string actor = "anonymous";  // as the ledger has it: "user:7", "key:3", "cli", "job:2"

  static Caller anonymous() { return {}; }
  // Staff read, issue and redeem for anybody; administrators do everything.
  static Caller user(core::UserId id, domain::Role role);
  static Caller api_key(std::int64_t id, Scopes scopes);
  // Whoever has a shell beside the data directory owns it.
  static Caller cli();
  // coupond itself: what it makes at its first start.
  static Caller system();
  // Background work, which somebody entitled to it has started.
  static Caller job(std::int64_t id);

  bool may(Scope scope) const { return scopes.allow(scope); }
  bool is_admin() const { return may(Scope::kAdmin); }
  // May use any one code, and be told all of it.
  bool may_redeem() const { return may(Scope::kRedeem) || may(Scope::kTill); }
  // Redeems by nothing but being a till.
  bool is_till() const { return may(Scope::kTill) && !may(Scope::kRedeem); }
  bool may_explain() const { return may(Scope::kRead) || may(Scope::kTill); }
  bool is(core::UserId id) const { return user_id == id; }
  // May see (kRead) or do (the others) this to something of that user's.
  bool may_for(core::UserId id, Scope scope) const { return is(id) || may(scope); }
  bool may_redeem_for(core::UserId id) const { return is(id) || may_redeem(); }
};

}  // namespace coupon::service
