#include "coupond/core/password.h"

#include <sodium.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>

#include "coupond/core/assert.h"

namespace coupon::core {
namespace {

// The guesses every attack begins with, of those that satisfy the rule. Compared as typed: clients
// of the five services rely on the rule alone, so this list refuses as little beyond it as is of
// use, and the rate limits do the rest. is_common_password() is for where nobody relies on that.
constexpr std::array<std::string_view, 38> kCommon = {
    "123456789a", "12345678a",  "1234567a",   "123qweasd", "1q2w3e4r",  "1q2w3e4r5t", "1qaz2wsx",
    "a1234567",   "a12345678",  "a123456789", "a1b2c3d4",  "aa123456",  "aa12345678", "abc12345",
    "abc123456",  "asdf1234",   "baseball1",  "charlie1",  "football1", "iloveyou1",  "jordan23",
    "letmein1",   "liverpool1", "michael1",   "monkey123", "p@ssw0rd",  "passw0rd",   "password1",
    "princess1",  "q1w2e3r4",   "qwe12345",   "qwer1234",  "qwerty12",  "qwerty123",  "sunshine1",
    "superman1",  "trustno1",   "welcome1"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Letters of other scripts count as well, and telling them from other characters would need tables.
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

bool is_among_first(std::string_view password) {
  return std::find(kCommon.begin(), kCommon.end(), password) != kCommon.end();
}

// A stored text of the right form and cost whose salt and hash are arbitrary.
std::string dummy_for(const PasswordHasher::Params& params) {
  return "$argon2id$v=19$m=" + std::to_string(params.mem_bytes / 1024) +
         ",t=" + std::to_string(params.ops) + ",p=1$" + std::string(22, 'A') + '$' +
         std::string(43, 'A');
}

// Whether so much memory is to be had.
bool has_room_for(std::size_t bytes) {
  void* room = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) return false;
  ::munmap(room, bytes);
  return true;
}

}  // namespace

std::optional<std::string> password_problem(std::string_view password) {
  if (password.size() < limits::kPasswordMinBytes) {
    return "Password must be at least 8 characters long";
  }
  if (password.size() > limits::kPasswordMaxBytes) {
    return "Password must be at most 1024 bytes long";
  }
  if (std::none_of(password.begin(), password.end(), is_letter)) {
    return "Password must contain at least one letter";
  }
  if (std::none_of(password.begin(), password.end(), is_digit)) {
    return "Password must contain at least one number";
  }
  if (is_among_first(password)) return "Password is one of the most common ones";
  return std::nullopt;
}

// The right to hash: waits for its turn, and passes it on at the end of the scope.
class PasswordHasher::Slot {
 public:
  Slot(PasswordHasher& hasher, bool known) : hasher_(hasher) {
    MutexLock lock(hasher_.mutex_);
    if (!is_free(known)) {
      const Params& params = hasher_.params_;
      const int waiting = hasher_.strangers_waiting_ + hasher_.known_waiting_;
      if (waiting >= params.max_waiting) return;
      if (!known && hasher_.strangers_waiting_ >= params.max_waiting - params.for_known) return;
      int& line = known ? hasher_.known_waiting_ : hasher_.strangers_waiting_;
      ++line;
      ConditionVariable& freed = known ? hasher_.freed_for_known_ : hasher_.freed_;
      while (!is_free(known)) freed.wait(lock);
      --line;
    }
    ++hasher_.running_;
    taken_ = true;
    call_next();
  }
  ~Slot() {
    if (!taken_) return;
    const MutexLock lock(hasher_.mutex_);
    --hasher_.running_;
    call_next();
  }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  bool taken() const { return taken_; }

 private:
  // Strangers let those known go first.
  bool is_free(bool known) const COUPOND_REQUIRES(hasher_.mutex_) {
    return hasher_.running_ < hasher_.params_.max_parallel &&
           (known || hasher_.known_waiting_ == 0);
  }

  void call_next() COUPOND_REQUIRES(hasher_.mutex_) {
    if (hasher_.running_ >= hasher_.params_.max_parallel) return;
    (hasher_.known_waiting_ > 0 ? hasher_.freed_for_known_ : hasher_.freed_).notify_one();
  }

  PasswordHasher& hasher_;
  bool taken_ = false;
};

PasswordHasher::PasswordHasher(Params params) : params_(params), dummy_(dummy_for(params)) {
  COUPOND_ASSERT(params.max_parallel >= 1 && params.max_waiting >= 0);
  COUPOND_ASSERT(params.mem_bytes >= crypto_pwhash_MEMLIMIT_MIN);
  COUPOND_ASSERT(params.ops >= crypto_pwhash_OPSLIMIT_MIN);
}

Result<std::string> PasswordHasher::hash(std::string_view password) {
  if (password.size() > limits::kPasswordMaxBytes) {
    return Error{.reason = Reason::kInvalidRequest,
                 .message = "Password must be at most 1024 bytes long"};
  }
  const Slot slot(*this, false);
  if (!slot.taken()) return Reason::kBusy;
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (crypto_pwhash_str_alg(text.data(), password.data(), password.size(), params_.ops,
                            params_.mem_bytes, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return Reason::kBusy;  // it only ever fails for want of memory
  }
  return std::string(text.data());
}

Result<bool> PasswordHasher::verify(const std::string& stored, std::string_view password,
                                    bool known) {
  if (password.size() > limits::kPasswordMaxBytes) return false;  // no such password was stored
  const Slot slot(*this, known);
  if (!slot.taken()) return Reason::kBusy;
  if (crypto_pwhash_str_verify(stored.c_str(), password.data(), password.size()) == 0) return true;
  // To libsodium a password that could not be tried for want of memory is a wrong one.
  if (!has_room_for(params_.mem_bytes)) return Reason::kBusy;
  return false;
}

bool PasswordHasher::needs_rehash(const std::string& stored) const {
  return crypto_pwhash_str_needs_rehash(stored.c_str(), params_.ops, params_.mem_bytes) != 0;
}

Result<bool> PasswordHasher::verify_dummy(std::string_view password, bool known) {
  return verify(dummy_, password, known);
}

}  // namespace coupon::core
