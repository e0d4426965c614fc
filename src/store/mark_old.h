// What 0.1.0 did not pin in its ledger: who an account is and how it logs in, and what a campaign
// is called. Private to the migration.
#pragma once

#include "coupond/core/secrets.h"
#include "coupond/store/connection.h"

namespace coupon::store {

// Adds an entry for each account and each campaign that fixes them as they are, and signs the
// ledger's new end. Inside the migration's transaction. Takes a few microseconds a row.
void mark_accounts_and_campaigns(Connection& connection, const core::Secrets& secrets);

}  // namespace coupon::store
