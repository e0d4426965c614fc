#include "coupond/store/database.h"

#include <SQLiteCpp/Exception.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>

#include "coupond/core/descriptor.h"
#include "coupond/core/ids.h"
#include "coupond/store/inspect.h"
#include "coupond/store/schema_check.h"
#include "coupond/store/soundness.h"
#include "coupond_schema.h"
#include "src/store/clean_stop.h"
#include "src/store/migrate.h"

namespace coupon::store {
namespace {

using core::refuse;

using std::chrono::steady_clock;

// How long a start may read through a file that was not closed in order: about 1 GB. A larger one
// is read by `coupond check`, while the server works.
constexpr std::chrono::seconds kCheckBudget{2};
// Virtual-machine steps between two looks at the time.
constexpr int kCheckSteps = 10'000;

constexpr char kApplicationIdOf[] = "PRAGMA application_id";
constexpr char kUserVersionOf[] = "PRAGMA user_version";
constexpr char kUseWal[] = "PRAGMA journal_mode = WAL";
constexpr char kQuickCheck[] = "PRAGMA quick_check(1)";
constexpr char kObjects[] = "SELECT count(*) FROM sqlite_schema";
constexpr char kObjectTexts[] = R"(
  SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
   ORDER BY type, name)";
constexpr char kFact[] = "SELECT value FROM meta WHERE name = ?";
constexpr char kAddFact[] = "INSERT INTO meta (name, value) VALUES (?, ?)";

core::Error damaged(const std::string& path, std::string_view what) {
  return refuse("The database " + path + " is damaged (" +
                std::string(what.substr(0, what.find('\n'))) +
                "). Restore a backup with `coupond restore FILE`.");
}

core::Error cannot_open(const std::string& path, const SQLite::Exception& error) {
  switch (error.getErrorCode()) {
    case SQLITE_NOTADB:
      return refuse("The file " + path +
                    " is not a database of coupond, or its first page is damaged. Restore a backup "
                    "with `coupond restore FILE`, or name another directory with --data.");
    case SQLITE_CORRUPT:
      return damaged(path, error.what());
    case SQLITE_FULL:
      return refuse("There is no space left for the database " + path + ". Free some.");
    case SQLITE_BUSY:
      return refuse("The database " + path + " is locked by another program. End that one first.");
    default:
      return refuse("The database " + path + " cannot be opened: " + error.what() +
                    ". Check its owner, its mode and the disk it is on.");
  }
}

std::int64_t number(Connection& connection, const char* sql) {
  Query query(connection, sql);
  query.next();
  return query.integer(0);
}

std::string fact(Connection& connection, const char* name) {
  Query query(connection, kFact, name);
  return query.next() ? query.text(0) : std::string();
}

void add_fact(Connection& connection, const char* name, const std::string& value) {
  Query(connection, kAddFact, name, value).run();
}

// Made by us, so that it is readable by its owner only whatever the umask; SQLite gives the files
// it puts beside it the same mode.
std::optional<core::Error> make_file(const std::string& path) {
  const core::Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.is_open() && errno != EEXIST) {
    return refuse("The file " + path + " cannot be made: " + std::strerror(errno) +
                  ". Make its directory writable for this user.");
  }
  return std::nullopt;
}

// New, or left by a first start that was cut off before its one transaction.
bool is_blank(Connection& connection) {
  return number(connection, kApplicationIdOf) == 0 && number(connection, kUserVersionOf) == 0 &&
         number(connection, kObjects) == 0;
}

std::optional<core::Error> not_ours(Connection& connection, const std::string& path) {
  if (number(connection, kApplicationIdOf) != kApplicationId) {
    return refuse("The file " + path +
                  " is not a database of coupond. Move it away, or name another directory with "
                  "--data.");
  }
  const std::int64_t version = number(connection, kUserVersionOf);
  if (version > kSchemaVersion) {
    return refuse("The database " + path + " is from a newer coupond: its schema is " +
                  std::to_string(version) + ", this program knows " +
                  std::to_string(kSchemaVersion) + ". Use the newer program.");
  }
  return std::nullopt;
}

core::Error too_old(const std::string& path) {
  return refuse("The database " + path +
                " is from an older coupond. Start `coupond serve` on its directory once, which "
                "brings it up to date and keeps the old file; a backup is brought up to date by "
                "`coupond restore FILE`.");
}

std::optional<core::Error> use_wal(Connection& connection, const std::string& path) {
  Query query(connection, kUseWal);
  query.next();
  if (query.text(0) == "wal") return std::nullopt;
  return refuse("The database " + path +
                " cannot use a write-ahead log where it lies. Put the data directory on a local "
                "disk.");
}

core::Error emptied(const DataPaths& paths) {
  return refuse("The database " + paths.database +
                " is empty, but the directory was in use. Restore a backup with `coupond restore "
                "FILE`, or name a new directory with --data for a new shop.");
}

void create(Connection& connection, const PrepareOptions& options) {
  connection.exec("BEGIN IMMEDIATE");
  connection.exec(std::string(kSchemaSql));
  connection.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
  connection.exec("PRAGMA user_version = " + std::to_string(kSchemaVersion));
  add_fact(connection, "instance", core::uuid4(options.random));
  add_fact(connection, "key_id", options.secrets.key_id());
  add_fact(connection, "created_at", std::to_string(options.clock().value));
  add_fact(connection, "restore_epoch", "0");
  add_fact(connection, "demo", options.demo ? "1" : "0");
  sign_facts(connection, options.secrets);
  connection.exec("COMMIT");
}

// The same within a time that a start can take; a larger file is read by `coupond check`.
std::optional<std::string> find_damage_soon(Connection& connection, const std::string& path,
                                            const PrepareOptions& options) {
  auto deadline = steady_clock::now() + kCheckBudget;
  sqlite3_progress_handler(
      connection.handle(), kCheckSteps,
      [](void* end) {
        return steady_clock::now() > *static_cast<steady_clock::time_point*>(end) ? 1 : 0;
      },
      &deadline);
  std::optional<std::string> found;
  try {
    found = find_damage(connection);
  } catch (const SQLite::Exception& error) {
    found = error.what();
    if (error.getErrorCode() == SQLITE_INTERRUPT) {
      found.reset();
      options.notice("the database " + path +
                     " was not closed in order and is too large to be read through at a start: "
                     "run `coupond check`");
    }
  }
  sqlite3_progress_handler(connection.handle(), 0, nullptr, nullptr);
  return found;
}

std::optional<core::Error> wrong_key(Connection& connection, const DataPaths& paths,
                                     const std::string& key_id) {
  const std::string wanted = fact(connection, "key_id");
  if (wanted == key_id) return std::nullopt;
  return refuse("The key file " + paths.key + " (key " + key_id +
                ") does not belong to the database " + paths.database + " (key " + wanted +
                "). Put back the one that was kept with it.");
}

// Somebody changed the file, or something damaged it: serving it would spread the damage.
std::optional<core::Error> unsound(Connection& connection, const std::string& path,
                                   const PrepareOptions& options, domain::Counters& totals) {
  LedgerCheck ledger;
  const auto fault = first_fault(connection, key_check(options.secrets), &ledger);
  for (const auto& [id, counters] : ledger.sums) totals = totals + counters;
  if (!fault) return std::nullopt;
  return refuse("The database " + path + " must not be served: " + *fault +
                ". Look at it with `coupond verify`, or restore a backup with `coupond restore "
                "FILE`.");
}

std::optional<core::Error> ready_existing(Connection& connection, const DataPaths& paths,
                                          const PrepareOptions& options, bool untouched,
                                          domain::Counters& totals) {
  const std::string& path = paths.database;
  if (auto error = not_ours(connection, path)) return error;
  if (!untouched) {
    if (const auto damage = find_damage_soon(connection, path, options))
      return damaged(path, *damage);
  }
  if (auto error = use_wal(connection, path)) return error;
  if (auto error = wrong_key(connection, paths, options.secrets.key_id())) return error;
  return unsound(connection, path, options, totals);
}

std::optional<core::Error> ready_blank(Connection& connection, const DataPaths& paths,
                                       const PrepareOptions& options) {
  connection.exec("PRAGMA page_size = " + std::to_string(kPageBytes));
  if (auto error = use_wal(connection, paths.database)) return error;
  create(connection, options);
  return std::nullopt;
}

std::unique_ptr<Connection> open(const DataPaths& paths, const PrepareOptions& options) {
  return std::make_unique<Connection>(paths.database, Connection::Access::kReadWrite, options.vfs);
}

}  // namespace

core::Result<Prepared> prepare_database(const DataPaths& paths, const PrepareOptions& options) {
  const bool untouched = take_clean_stop(paths);
  if (auto error = make_file(paths.database)) return *error;
  try {
    auto connection = open(paths, options);
    if (is_older(*connection)) {
      connection.reset();
      const MigrateOptions once{
          .secrets = options.secrets, .vfs = options.vfs, .notice = options.notice};
      if (auto error = migrate(paths.database, once)) return *error;
      connection = open(paths, options);
    }
    const bool blank = is_blank(*connection);
    if (blank && (exists(paths.key) || exists(paths.head))) return emptied(paths);
    domain::Counters totals;
    auto refused = blank ? ready_blank(*connection, paths, options)
                         : ready_existing(*connection, paths, options, untouched, totals);
    if (refused) return *refused;
    return Prepared{.facts = read_facts(*connection), .totals = totals};
  } catch (const SQLite::Exception& error) {
    return cannot_open(paths.database, error);
  }
}

core::Result<std::unique_ptr<Connection>> open_for_reading(const DataPaths& paths,
                                                           Versions versions) {
  if (exists(paths.restore_mark)) {
    return refuse("A restore in " + paths.directory +
                  " was cut off. Start the server or run `coupond restore` again, either of which "
                  "ends it.");
  }
  if (!exists(paths.database)) {
    return refuse("There is no database " + paths.database +
                  ". Name its directory with --data, or make one with `coupond serve`.");
  }
  try {
    auto connection = std::make_unique<Connection>(paths.database, Connection::Access::kReadOnly);
    if (auto error = not_ours(*connection, paths.database)) return *error;
    if (versions == Versions::kCurrent && is_older(*connection)) return too_old(paths.database);
    return connection;
  } catch (const SQLite::Exception& error) {
    return cannot_open(paths.database, error);
  }
}

std::optional<std::string> find_damage(Connection& connection) {
  Query query(connection, kQuickCheck);
  if (query.next() && query.text(0) != "ok") return query.text(0);
  return std::nullopt;
}

DatabaseFacts read_facts(Connection& connection) {
  return {.instance = fact(connection, "instance"),
          .key_id = fact(connection, "key_id"),
          .created_at = {std::atoll(fact(connection, "created_at").c_str())},
          .restore_epoch = std::atoll(fact(connection, "restore_epoch").c_str()),
          .demo = fact(connection, "demo") == "1"};
}

std::string schema_text(Connection& connection) {
  std::string text;
  Query query(connection, kObjectTexts);
  while (query.next()) text += query.text(0) + ";\n";
  return text;
}

}  // namespace coupon::store
