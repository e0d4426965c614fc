// The database file as a whole: made at the first start, recognised and checked at every other.
// Called by whoever holds the directory's lock, before any other connection exists. Every refusal
// is one sentence that names the path and the remedy.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "coupond/core/clock.h"
#include "coupond/core/random.h"
#include "coupond/core/result.h"
#include "coupond/core/secrets.h"
#include "coupond/domain/campaign.h"
#include "coupond/store/connection.h"
#include "coupond/store/data_dir.h"

namespace coupon::store {

// "Coup", in the file's header: what tells our database from any other.
constexpr std::int32_t kApplicationId = 0x436f7570;
// The schema this program writes. How to change it: src/store/migrate.h.
constexpr std::int32_t kSchemaVersion = 2;

// Half of SQLite's usual size. A redemption changes three pages anywhere in the file, a few bytes
// each, and each goes to the log whole: smaller pages are less to copy, to sum and to sync. Still
// smaller ones would share the disk's blocks and make the trees deeper.
constexpr int kPageBytes = 2048;

// What the file says about itself.
struct DatabaseFacts {
  std::string instance;  // a UUID, for ever this database's
  std::string key_id;    // of the secret.key its codes belong to
  core::UnixMs created_at;
  std::int64_t restore_epoch = 0;  // how often it was restored from a backup
  bool demo = false;
};

struct PrepareOptions {
  const core::Secrets& secrets;  // what it belongs to
  core::Clock clock = core::system_clock_now;
  core::Random random = core::system_random;
  const char* vfs = nullptr;
  bool demo = false;  // what a new database is marked as
  // What an owner should know but that does not prevent a start.
  std::function<void(const std::string&)> notice = [](const std::string&) {};
};

struct Prepared {
  DatabaseFacts facts;
  domain::Counters totals = {};  // of all campaigns, as the ledger says
};

// Makes the database or readies an existing one for connections: refuses a file that is not ours,
// is newer than this program, belongs to another key, has a changed schema or a damaged page; one
// from an older program is brought up to date (src/store/migrate.h). A file that nobody touched
// since a clean stop is not read through.
core::Result<Prepared> prepare_database(const DataPaths& paths, const PrepareOptions& options);

// Notes that everything is in the database file and it was closed in order. Last thing before the
// lock is given back. Failure costs a check at the next start and nothing else.
void mark_clean_stop(const DataPaths& paths) noexcept;

// The facts of a prepared database. Throws SQLite::Exception.
DatabaseFacts read_facts(Connection& connection);

// The text of every table, index and trigger, in order: two files with the same text have the same
// schema. Throws SQLite::Exception.
std::string schema_text(Connection& connection);

}  // namespace coupon::store
