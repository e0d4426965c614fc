// Cashiers: people at a till, told from each other by a PIN. They are names and no accounts, so
// they are facts of the file (meta `cashier/ID`), not rows of the ledger. The ID is a keyed hash of
// the PIN, which nobody without secret.key can take it back to.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coupond/store/tx.h"

namespace coupon::store {

struct Cashier {
  std::string id;
  std::string name;
};

std::optional<Cashier> find_cashier(Connection& connection, const std::string& id);
// In order of id, at most 1,000.
std::vector<Cashier> list_cashiers(Connection& connection);
bool has_cashiers(Connection& connection);
// Replaces the one of that id.
void put_cashier(Tx& tx, const Cashier& cashier);
// False: there was none.
bool remove_cashier(Tx& tx, const std::string& id);

}  // namespace coupon::store
