// LoginGuard: slows down guessing at passwords without locking owners out.
//
// The first few wrong passwords for an account cost nothing; each further one doubles the wait
// before the next may be tried, up to five minutes: about two dozen tries an hour. An attempt is
// counted as wrong from the moment it begins, under the mutex, so that a burst in parallel gets no
// more of them than a series; who turns out to be right, or was not tried at all, is given it back.
//
// A place (an address) from which the account was once logged in has a count of its own: strangers
// who guess do not make its owner wait there, and its owner's logins do not give strangers new
// tries. Accounts that do not exist are counted like others. In memory, bounded, gone with the
// process. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "coupond/core/bytes.h"
#include "coupond/core/limits.h"
#include "coupond/core/random.h"
#include "coupond/core/types.h"

namespace coupon::core {

class LoginGuard {
 private:
  struct Key {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    bool operator==(const Key&) const = default;
  };

 public:
  explicit LoginGuard(const Random& random = system_random,
                      std::size_t max_keys = limits::kRateLimitKeysMax);
  LoginGuard(const LoginGuard&) = delete;
  LoginGuard& operator=(const LoginGuard&) = delete;

  // One try. Give it to withdraw() or succeed(), or to nobody when the password was wrong.
  struct Attempt {
    std::optional<UnixMs> retry_at = {};  // set: refused, nothing was counted
    Key counted_under = {};
    Key own = {};  // of the account at this place
  };

  // `account`: its name in one spelling, known or not.
  Attempt begin(std::string_view account, std::string_view place, UnixMs now);
  // No password was compared after all.
  void withdraw(const Attempt& attempt);
  // The password was right: from now on the place has a count of its own, which starts at nothing.
  void succeed(const Attempt& attempt, UnixMs now);

  // How many counts are held: at most `max_keys`.
  std::size_t size() const;

 private:
  struct Count {
    int failures = 0;
    bool known_place = false;
    UnixMs last = {};  // attempt
  };
  struct Low {
    std::size_t operator()(const Key& key) const { return key.low; }
  };

  Key key_of(std::string_view account, std::string_view place) const;
  Count& count_at(const Key& key, UnixMs now);
  void make_room(UnixMs now);

  const std::size_t max_keys_;
  Block<16> sip_key_;         // random, so that nobody can choose keys that collide
  mutable std::mutex mutex_;  // guards counts_
  std::unordered_map<Key, Count, Low> counts_;
};

}  // namespace coupon::core
