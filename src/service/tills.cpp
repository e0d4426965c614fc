#include "coupond/service/tills.h"

#include <algorithm>
#include <cstdint>

#include "coupond/core/bytes.h"

namespace coupon::service {
namespace {

using core::Reason;

constexpr std::int64_t kWaitMs = 10 * 60 * core::kMsPerSecond;
constexpr std::size_t kWaitingMax = 100;
// Of a hundred million numbers.
constexpr int kWrongMax = 100;
constexpr std::size_t kDigits = 8;
constexpr std::size_t kPinMin = 4, kPinMax = 8;

bool is_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string eight_digits(const core::Random& random) {
  constexpr std::uint64_t kNumbers = 100'000'000;
  core::Block<8> bytes;
  random(bytes);
  std::uint64_t number = 0;
  for (const unsigned char byte : bytes) number = number << 8U | byte;
  std::string text = std::to_string(number % kNumbers);
  return text.insert(0, kDigits - text.size(), '0');
}

// No code begins so: what is hashed for codes is never what is hashed for PINs.
std::string id_of(const Engine& engine, const std::string& pin) {
  return core::to_hex(
      engine.vault().hash("\x1f"
                          "cashier " +
                          pin));
}

core::Error invalid(std::string field, std::string message) {
  return {.reason = Reason::kInvalidRequest,
          .message = field + " " + message,
          .fields = {{.field = field, .message = message}}};
}

}  // namespace

core::Result<TillInvitations::Made> TillInvitations::make(const Engine& engine,
                                                          const Caller& caller, std::string name) {
  const core::UnixMs now = engine.clock()();
  const core::MutexLock lock(mutex_);
  forget_old(now);
  if (waiting_.size() >= kWaitingMax) return Reason::kBusy;
  Made made{.digits = eight_digits(engine.random()), .expires_at = now + kWaitMs};
  waiting_[made.digits] = {
      .name = std::move(name), .inviter = caller, .expires_at = made.expires_at};
  return made;
}

core::Result<TillInvitations::Invitation> TillInvitations::take(std::string_view digits,
                                                                core::UnixMs now) {
  const core::MutexLock lock(mutex_);
  forget_old(now);
  const auto found = waiting_.find(digits);
  if (found == waiting_.end()) {
    if (++wrong_ >= kWrongMax) waiting_.clear();
    if (waiting_.empty()) wrong_ = 0;
    return core::Error{.reason = Reason::kUnknownCode,
                       .message =
                           "No till waits for these digits. They are good for ten minutes, "
                           "once: let the owner make new ones."};
  }
  Invitation invitation = std::move(found->second);
  waiting_.erase(found);
  wrong_ = 0;
  return invitation;
}

void TillInvitations::give_back(std::string digits, Invitation invitation) {
  const core::MutexLock lock(mutex_);
  waiting_[std::move(digits)] = std::move(invitation);
}

void TillInvitations::forget_old(core::UnixMs now) {
  std::erase_if(waiting_, [&](const auto& one) { return one.second.expires_at <= now; });
}

core::Result<store::Cashier> add_cashier(store::Tx& tx, const Engine& engine, const Caller& caller,
                                         const std::string& name, const std::string& pin) {
  if (!caller.is_admin()) return Reason::kForbidden;
  if (pin.size() < kPinMin || pin.size() > kPinMax || !is_digits(pin)) {
    return invalid("pin", "must be 4 to 8 digits");
  }
  store::Cashier cashier{.id = id_of(engine, pin), .name = name};
  if (store::find_cashier(tx.db(), cashier.id)) {
    return invalid("pin", "cannot be taken: choose another");
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
  if (auto cashier = store::find_cashier(db, id_of(engine, pin))) return *std::move(cashier);
  return core::Error{.reason = Reason::kUnknownCode, .message = "No cashier has this PIN."};
}

}  // namespace coupon::service
