// What a database must be to be served, apart from what `verify` derives: one list, which a start,
// `verify`, `check`, `backup` and `restore` all go through. So whatever one of them calls good can
// be served.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "coupond/core/secrets.h"
#include "coupond/store/checkpoint.h"
#include "coupond/store/connection.h"
#include "coupond/store/ledger.h"

namespace coupon::store {

// The name of a key and how its signatures are checked.
struct KeyCheck {
  std::string key_id;
  Verifier verifier;
};
KeyCheck key_check(const core::Secrets& secrets);

// Told of each item in order, with what is wrong with it, if anything; false ends the list.
using ItemFunction = std::function<bool(const char* item, const std::optional<std::string>& fault)>;

// Goes through the list in one snapshot. Nothing in it reads all of a large table but the last,
// which reads the ledger from its checkpoint on; what it found goes to `ledger`, where somebody
// wants it. Throws SQLite::Exception.
void check_soundness(Connection& connection, const KeyCheck& key, const ItemFunction& item,
                     LedgerCheck* ledger = nullptr);

// The first fault, as a sentence. Throws SQLite::Exception.
std::optional<std::string> first_fault(Connection& connection, const KeyCheck& key,
                                       LedgerCheck* ledger = nullptr);

// Signs what the database says about itself: instance, key_id, created_at and demo (meta `mark`).
// Part of the transaction that makes them.
void sign_facts(Connection& connection, const core::Secrets& secrets);

}  // namespace coupon::store
