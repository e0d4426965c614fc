// Tills: devices that are given a key of scope till by eight digits, and the cashiers at them.
// Functions with a Tx belong into a body of Writer::run().
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/mutex.h"
#include "coupond/core/result.h"
#include "coupond/service/api_keys.h"
#include "coupond/store/cashiers.h"

namespace coupon::service {

// Invitations that wait for their device. They are held in memory: after a restart the owner makes
// another. Safe on any thread.
class TillInvitations {
 public:
  struct Invitation {
    std::string name;  // the till's
    Caller inviter;
    core::UnixMs expires_at = {};
  };
  struct Made {
    std::string digits;  // eight
    core::UnixMs expires_at = {};
  };

  // Ten minutes, once. kBusy while too many wait.
  core::Result<Made> make(const Engine& engine, const Caller& caller, std::string name);
  // Takes it away: nobody else can. kUnknownCode; after so many of these all that wait are void,
  // whoever guessed.
  core::Result<Invitation> take(std::string_view digits, core::UnixMs now);
  // Gives it back to its digits where nothing came of it.
  void give_back(std::string digits, Invitation invitation);

 private:
  void forget_old(core::UnixMs now) COUPOND_REQUIRES(mutex_);

  core::Mutex mutex_;
  std::map<std::string, Invitation, std::less<>> waiting_ COUPOND_GUARDED_BY(mutex_);  // by digits
  int wrong_ COUPOND_GUARDED_BY(mutex_) = 0;  // guesses since the last that was right
};

// As administrator. kInvalidRequest where the PIN is not 4 to 8 digits or is another cashier's.
core::Result<store::Cashier> add_cashier(store::Tx& tx, const Engine& engine, const Caller& caller,
                                         const std::string& name, const std::string& pin);
core::Result<core::Done> remove_cashier(store::Tx& tx, const Caller& caller, const std::string& id);
// Who has that PIN. kUnknownCode: nobody.
core::Result<store::Cashier> cashier_of(store::Connection& db, const Engine& engine,
                                        const std::string& pin);

}  // namespace coupon::service
