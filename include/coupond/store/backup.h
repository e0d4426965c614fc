// Backups: one file that holds the whole database as of one moment, checked before it gets its
// name. It can be made beside a running server, whose writes go on, and is an ordinary database of
// ours; packed with the key it holds that too, in a fact of its own (meta `secret_key`).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "coupond/core/result.h"
#include "coupond/core/secrets.h"
#include "coupond/store/audit.h"
#include "coupond/store/data_dir.h"

namespace coupon::store {

// Called now and then with steps done and in total. What it throws ends the work and comes out.
using ProgressFunction = std::function<void(std::int64_t done, std::int64_t total)>;

struct BackupOptions {
  bool with_key = false;
  bool noted = true;  // as the owner's last backup, see upkeep_notes.h
  ProgressFunction copying = {};
  ProgressFunction checking = {};
  // What an owner should know besides.
  std::function<void(const std::string&)> notice = [](const std::string&) {};
};

struct BackupReport {
  core::Seq seq;  // the last ledger entry in it
  std::int64_t bytes = 0;
  AuditReport audit;
};

// Where a backup grows until it is whole: this name with each of the endings. back_up() removes
// what an interrupted one left there, and what others left in the same directory.
std::string draft_of(const std::string& file);
inline constexpr std::array kDraftEndings{"", "-wal", "-shm", "-journal"};

// Copies the database of `paths` to `file`, verifies the copy and makes it durable. Every operation
// acknowledged before the call is in it. `file` must not exist; it appears only when it is whole,
// readable by its owner alone. Refused with one sentence.
core::Result<BackupReport> back_up(const DataPaths& paths, const std::string& file,
                                   const BackupOptions& options);

// Verifies a database with the keys it belongs to. For backup and restore; see audit.h.
core::Result<AuditReport> verify_file(const std::string& database, const core::Secrets& secrets,
                                      const ProgressFunction& progress);

}  // namespace coupon::store
