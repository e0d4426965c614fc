// The audit behind `coupond verify`: derives every counter, balance, state and owner from the
// ledger and compares it with what the tables hold, in both directions. It trusts nothing in the
// file but what the checkpoint key signed; the ledger's entries are trusted once their chain leads
// to the signed head.
//
// Called by the command line, by restore and backup, and by tests; on any connection, by the thread
// that holds it. It reads in one snapshot and writes nothing. Work is one walk over the ledger and
// one over each table; memory is bounded by AuditOptions::window.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "coupond/core/codes.h"
#include "coupond/core/secrets.h"
#include "coupond/store/connection.h"
#include "coupond/store/ledger.h"

namespace coupon::store {

// What GET /api/v1/ledger/checkpoint answered once.
struct KeptHead {
  core::Seq seq;
  core::Digest hash{};
  Signature signature{};
};

struct AuditOptions {
  // Checks signatures with the checkpoint key of this database's secret.key.
  Verifier verifier;
  // The name of that secret.key. When given, the list of soundness.h comes first.
  std::string key_id = {};
  // When given, every sealed code is opened and compared with its hash, too.
  const core::CodeVault* vault = nullptr;
  // When given, the marks of sessions and of stored replies are checked, too.
  const core::Secrets* secrets = nullptr;
  // When given, the ledger must be a continuation of what this says of it: a checkpoint that the
  // owner kept.
  std::optional<KeptHead> kept = {};
  // SQLite's own integrity_check and foreign_key_check, first.
  bool check_file = true;
  // Coupons, and users, whose derived state is held in memory at once (40 and 24 bytes each). When
  // there are more, the ledger is walked again for the next window of ids.
  std::int64_t window = 4'000'000;
  // Called now and then with steps done and in total (entries and rows).
  std::function<void(std::int64_t done, std::int64_t total)> progress = {};
};

struct AuditReport {
  std::int64_t entries = 0;
  std::int64_t campaigns = 0;
  std::int64_t users = 0;
  std::int64_t coupons = 0;
  std::int64_t holds = 0;
  std::int64_t redemptions = 0;
  // Entries whose time is before that of the entry before, as after a clock was put right, and by
  // how much at most. No divergence: order is the ledger's number.
  std::int64_t steps_back = 0;
  std::int64_t longest_step_back_ms = 0;
  // The first thing found wrong: a sentence naming the table and row, what is stored there and what
  // the ledger says. The figures above are complete only when there is none.
  std::optional<std::string> first_divergence;

  bool ok() const { return !first_divergence.has_value(); }
};

// For the database that this key belongs to.
AuditOptions audit_options(const core::Secrets& secrets);

// Throws SQLite::Exception when the file cannot be read.
AuditReport verify(Connection& connection, const AuditOptions& options);

}  // namespace coupon::store
