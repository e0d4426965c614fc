// Passwords: the rule, and Argon2id under a strict budget. One hash takes 64 MiB and about 80 ms,
// so at most two run at once, a few wait, and the rest are told kBusy: a flood of logins may not
// take the memory or the processor from redemptions. Apply rate limits before, not after.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/limits.h"
#include "coupond/core/mutex.h"
#include "coupond/core/result.h"

namespace coupon::core {

// What is wrong with a new password, as a sentence; nothing when it is fine: 8 to 1024 bytes, a
// letter (any non-ASCII character counts as one) and a digit, and not one of the most common.
std::optional<std::string> password_problem(std::string_view password);

// Whether it is one of those that everybody tries first, however it is dressed up: capitals, digits
// that look like letters, a year and a sign ("P@ssw0rd2024!", "Qwerty123").
bool is_common_password(std::string_view password);

// All methods may be called from any thread; they block while two others are hashing.
class PasswordHasher {
 public:
  struct Params {
    unsigned long long ops = limits::kPasswordHashPasses;
    std::size_t mem_bytes = limits::kPasswordHashBytes;
    int max_parallel = limits::kPasswordHashParallel;
    int max_waiting = limits::kPasswordHashWaiting;
    int for_known = limits::kPasswordHashForKnown;  // of those who wait
  };

  explicit PasswordHasher(Params params);
  PasswordHasher() : PasswordHasher(Params{}) {}
  PasswordHasher(const PasswordHasher&) = delete;
  PasswordHasher& operator=(const PasswordHasher&) = delete;

  // The text to store ("$argon2id$…"). kInvalidRequest over 1024 bytes; kBusy when too many wait
  // or memory is short: nothing happened, try again.
  Result<std::string> hash(std::string_view password);
  // Whether the password is the stored one; kBusy as above. A damaged stored text never matches.
  // `known`: of somebody who logged in from there before. They go before strangers, and strangers
  // leave places in the queue to them, so that a flood of guesses does not keep them out.
  Result<bool> verify(const std::string& stored, std::string_view password, bool known = false);
  // Whether the stored text was made with other parameters: hash again at the next login.
  bool needs_rehash(const std::string& stored) const;
  // Takes as long as verify() and is always false: for accounts that do not exist, so that the
  // time of a refusal does not tell which do.
  Result<bool> verify_dummy(std::string_view password, bool known = false);

 private:
  class Slot;

  const Params params_;
  const std::string dummy_;  // A well-formed stored text which no password matches.
  Mutex mutex_;
  ConditionVariable freed_;
  ConditionVariable freed_for_known_;
  int running_ COUPOND_GUARDED_BY(mutex_) = 0;
  int strangers_waiting_ COUPOND_GUARDED_BY(mutex_) = 0;
  int known_waiting_ COUPOND_GUARDED_BY(mutex_) = 0;
};

}  // namespace coupon::core
