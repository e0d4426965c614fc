// Tills: devices that are given a key of scope till by eight digits, and the cashiers at them.
// Functions with a Tx belong into a body of Writer::run().
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/mutex.h"
#include "coupond/core/result.h"
#include "coupond/service/api_keys.h"
#include "coupond/store/cashiers.h"
#include "coupond/store/till_invitations.h"

namespace coupon::service {

struct TillInvited {
  std::string digits;  // eight
  core::UnixMs expires_at;
};
// As administrator: good for ten minutes, once, and across a restart. kBusy while too many wait.
core::Result<TillInvited> invite_till(store::Tx& tx, const Engine& engine, const Caller& caller,
                                      std::string name);
// The key of a device that shows the digits, made by whoever invited it, who must be an
// administrator still. kUnknownCode.
core::Result<NewApiKey> enrol_till(store::Tx& tx, Engine& engine, const std::string& digits);

// Digits that were wrong. After so many in a row all invitations are void, whoever guessed. Counted
// in memory: nobody who guesses can restart the server. Safe on any thread.
class WrongDigits {
 public:
  // True: it is time to void them.
  bool count();
  void forget();

 private:
  core::Mutex mutex_;
  int count_ COUPOND_GUARDED_BY(mutex_) = 0;
};

// Who did what, by name: the ledger says key:3 or user:7, people say what the API key is called, or
// the account's address. An actor without a name is shown as it is.
std::string till_shown(store::Connection& db, std::string_view actor);
// The actor that is meant, by its name or as the ledger says it. kInvalidRequest: none is, or
// several keys have that name.
core::Result<std::string> till_named(store::Connection& db, std::string_view name);

// As administrator. kInvalidRequest where the PIN is not 4 to 8 digits or is another cashier's.
core::Result<store::Cashier> add_cashier(store::Tx& tx, const Engine& engine, const Caller& caller,
                                         const std::string& name, const std::string& pin);
core::Result<core::Done> remove_cashier(store::Tx& tx, const Caller& caller, const std::string& id);
// Who has that PIN. kUnknownCode: nobody.
core::Result<store::Cashier> cashier_of(store::Connection& db, const Engine& engine,
                                        const std::string& pin);


// Says for twelve hours who is at a till, which sends it along with what it redeems: of this till's
// key and this cashier's PIN, signed with the server's key and kept nowhere.
struct CashierPass {
  std::string pass;
  core::UnixMs expires_at;
};
CashierPass pass_for(const Engine& engine, const Caller& till, const store::Cashier& cashier);
// The id of the cashier whose pass that is; nothing where it is another till's, has ended, or is
// none of ours. Whether there is that cashier still, needs_cashier() looks.
std::optional<std::string> cashier_in(const Engine& engine, const Caller& till,
                                      std::string_view pass);

// Where there are cashiers, a till does nothing to a code without one: its key alone, once stolen,
// is worth nothing. kForbidden, with the field `cashier`.
std::optional<core::Error> needs_cashier(store::Connection& db, const Caller& caller);

}  // namespace coupon::service
