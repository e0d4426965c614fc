#include "src/store/migrate.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "coupond/core/bytes.h"
#include "coupond/core/hash.h"
#include "coupond/core/limits.h"
#include "coupond/store/backup.h"
#include "coupond/store/database.h"
#include "coupond/store/idempotency.h"
#include "coupond/store/sessions.h"
#include "coupond/store/soundness.h"
#include "coupond_schema.h"
#include "src/store/files.h"
#include "src/store/mark_old.h"
#include "src/store/settle.h"
#include "src/store/tag_old.h"

namespace coupon::store {
namespace {

using core::refuse;

using std::chrono::steady_clock;

// What a plain copy of rows does not do, in this order.
struct Step {
  std::int64_t before;  // for files of a schema older than this
  const char* table;    // in place of this table's copy; null: after all tables
  const char* sql;      // statements, or
  void (*run)(Connection&, const core::Secrets&);  // a function
};
// It was columns of the account's own row.
constexpr char kBalanceRows[] = R"(
  INSERT INTO main.balances (user_id, credit, subscription_ends_at)
  SELECT id, credit, subscription_ends_at FROM old.users ORDER BY id)";
// A checkpoint's rows did not say since when they count.
constexpr char kCheckpointRows[] = R"(
  INSERT INTO main.checkpoint_campaigns (campaign_id, seq, issued, assigned, available, redeemed,
    rolled_back, voided)
  SELECT campaign_id, (SELECT seq FROM old.checkpoint), issued, assigned, available, redeemed,
    rolled_back, voided FROM old.checkpoint_campaigns)";

// A hold did not say which entry made it: it is the coupon's latest of the kind.
constexpr char kHoldRows[] = R"(
  INSERT INTO main.holds (id, coupon_id, campaign_id, user_id, token_hash, expires_at)
  SELECT max(l.seq), h.coupon_id, h.campaign_id, h.user_id, h.token_hash, h.expires_at
    FROM old.ledger AS l CROSS JOIN old.holds AS h ON h.coupon_id = l.coupon_id
   WHERE l.operation = 'coupon.hold' GROUP BY h.coupon_id)";

// Accounts that keys made, from the entry that made them. Accounts made by those are not told.
constexpr char kWhoseKey[] = R"(
  UPDATE main.users SET made_by_key = CAST(substr(l.actor, 5) AS INTEGER)
    FROM (SELECT user_id, actor FROM main.ledger
           WHERE operation = 'user.create' AND actor GLOB 'key:*') AS l
   WHERE l.user_id = main.users.id)";

// Each names the one before of its user, and the account the latest.
constexpr char kUserChain[] = R"(
  INSERT INTO main.redemptions (id, coupon_id, campaign_id, user_id, amount, reward_kind,
    reward_value, order_id, metadata, redeemed_at, rolled_back_at, user_prev)
  SELECT id, coupon_id, campaign_id, user_id, amount, reward_kind, reward_value, order_id, metadata,
    redeemed_at, rolled_back_at, lag(id) OVER (PARTITION BY user_id ORDER BY id)
    FROM old.redemptions ORDER BY id)";
constexpr char kLatestOfUser[] = R"(
  UPDATE main.balances SET last_redemption = r.latest
    FROM (SELECT user_id, max(id) AS latest FROM main.redemptions GROUP BY user_id) AS r
   WHERE r.user_id = main.balances.user_id)";
constexpr char kCountOfUser[] = R"(
  INSERT INTO main.user_redemptions (campaign_id, user_id, standing)
  SELECT r.campaign_id, r.user_id, count(*)
    FROM old.redemptions AS r JOIN old.campaigns AS c ON c.id = r.campaign_id
   WHERE c.max_redemptions_per_user IS NOT NULL AND r.rolled_back_at IS NULL
   GROUP BY r.campaign_id, r.user_id)";

// What each job made, from its entries.
constexpr char kJobLots[] = R"(
  INSERT INTO main.job_lots (job_id, first_number, units)
  SELECT CAST(substr(l.actor, 5) AS INTEGER), c.number, l.units
    FROM main.ledger AS l JOIN main.coupons AS c ON c.id = l.coupon_id
   WHERE l.operation = 'coupon.generate' AND l.actor GLOB 'job:*')";

constexpr std::array kSteps{Step{2, "balances", kBalanceRows, nullptr},
                            Step{2, "job_lots", kJobLots, nullptr},
                            Step{2, "holds", kHoldRows, nullptr},
                            Step{2, "checkpoint_campaigns", kCheckpointRows, nullptr},
                            Step{2, "refresh_tokens", nullptr, copy_marked_tokens},
                            Step{2, "redemptions", kUserChain, nullptr},
                            Step{2, "user_redemptions", kCountOfUser, nullptr},
                            Step{2, nullptr, kLatestOfUser, nullptr},
                            Step{2, "idempotency", nullptr, copy_bound_replies},
                            Step{2, nullptr, kWhoseKey, nullptr},
                            Step{2, nullptr, nullptr, mark_accounts_and_campaigns},
                            Step{2, nullptr, nullptr, sign_facts},
                            Step{2, nullptr, nullptr, tag_coupons}};

// The text of each schema that was released: one that differs was changed by somebody else.
struct Released {
  std::int64_t version;
  std::string_view digest;  // of schema_text()
};
constexpr Released kReleased[] = {
    {1, "f0a0c87a18ee1b8485aec17f0f5e6314b1e680a3850b4a87e8dba83baff89112"}};

constexpr char kVersion[] = "PRAGMA user_version";
constexpr char kOldVersion[] = "PRAGMA old.user_version";
constexpr char kApplicationIdOf[] = "PRAGMA application_id";
constexpr char kAttach[] = "ATTACH ? AS old";
constexpr char kLeaveLog[] = "PRAGMA journal_mode = DELETE";
// A new file has no page to go back to, so its journal in memory stays empty.
constexpr char kDraftSettings[] = R"(
  PRAGMA journal_mode = MEMORY;
  PRAGMA foreign_keys = OFF;
  PRAGMA synchronous = OFF;
  PRAGMA temp_store = FILE;
  PRAGMA cache_size = -65536;
)";
// As schema.sql makes them: what holds rows, then what finds and guards them.
constexpr char kTables[] =
    "SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY rowid";
constexpr char kIndexesAndTriggers[] = R"(
  SELECT name, sql FROM sqlite_schema
   WHERE type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY type, rowid)";
constexpr char kCommonColumns[] = R"(
  SELECT name FROM pragma_table_info(?1, 'main') WHERE name IN
    (SELECT name FROM pragma_table_info(?1, 'old')) ORDER BY cid)";

// Virtual-machine steps between two looks at the time, and the time between two notices.
constexpr int kLookSteps = 100'000;
constexpr std::chrono::seconds kNoticeEvery{10};

std::int64_t number(Connection& connection, const char* sql) {
  Query query(connection, sql);
  query.next();
  return query.integer(0);
}

std::uint64_t size_of(const std::string& path) {
  struct stat info = {};
  return ::stat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

bool same_file(const std::string& a, const std::string& b) {
  struct stat first = {};
  struct stat second = {};
  return ::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 &&
         first.st_ino == second.st_ino && first.st_dev == second.st_dev;
}

std::string mib(std::uint64_t bytes) { return std::to_string((bytes >> 20) + 1) + " MiB"; }

// Tells now and then how far it is.
class Teller {
 public:
  Teller(std::string what, const std::function<void(const std::string&)>& notice)
      : what_(std::move(what)), notice_(notice) {}
  void tell(std::uint64_t done, std::uint64_t total) {
    const auto now = steady_clock::now();
    if (now - told_at_ < kNoticeEvery) return;
    told_at_ = now;
    const std::uint64_t percent = total == 0 ? 0 : std::min<std::uint64_t>(done * 100 / total, 99);
    notice_(what_ + ": " + std::to_string(percent) + " %");
  }

 private:
  const std::string what_;
  const std::function<void(const std::string&)>& notice_;
  steady_clock::time_point told_at_ = steady_clock::now();
};

// Half-made, under a name of its own; gone at the end of the scope unless it took the other name.
class Draft {
 public:
  explicit Draft(std::string path) : path_(std::move(path)) { remove(); }
  ~Draft() { remove(); }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  const std::string& path() const { return path_; }

 private:
  void remove() {
    for (const char* ending : {"", "-journal"}) ::unlink((path_ + ending).c_str());
  }
  const std::string path_;
};

// Where SQLite sorts what an index holds: on the disk that was found to have room.
class SortingPlace {
 public:
  explicit SortingPlace(const std::string& directory) {
    sqlite3_temp_directory = sqlite3_mprintf("%s", directory.c_str());
  }
  ~SortingPlace() {
    sqlite3_free(sqlite3_temp_directory);
    sqlite3_temp_directory = nullptr;
  }
  SortingPlace(const SortingPlace&) = delete;
  SortingPlace& operator=(const SortingPlace&) = delete;
};

struct Object {
  std::string name;
  std::string sql;
};

// Of the schema this program writes.
std::vector<Object> objects(const char* which) {
  Connection fresh(":memory:", Connection::Access::kReadWrite);
  fresh.exec(std::string(kSchemaSql));
  std::vector<Object> all;
  Query query(fresh, which);
  while (query.next()) all.push_back({query.text(0), query.text(1)});
  return all;
}

void run(const Step& step, Connection& draft, const core::Secrets& secrets) {
  if (step.sql != nullptr) draft.exec(step.sql);
  if (step.run != nullptr) step.run(draft, secrets);
}

// By the names both have. A table that is new, or shares no column, stays empty.
void copy_rows(Connection& draft, const std::string& table) {
  std::string columns;
  Query query(draft, kCommonColumns, table);
  while (query.next()) columns += (columns.empty() ? "" : ", ") + query.text(0);
  if (columns.empty()) return;
  draft.exec("INSERT INTO main." + table + " (" + columns + ") SELECT " + columns + " FROM old." +
             table);
}

void fill_table(Connection& draft, const std::string& table, std::int64_t version,
                const core::Secrets& secrets) {
  bool filled = false;
  for (const Step& step : kSteps) {
    if (step.before <= version || step.table == nullptr || step.table != table) continue;
    run(step, draft, secrets);
    filled = true;
  }
  if (!filled) copy_rows(draft, table);
}

void fill(Connection& draft, std::int64_t version, const core::Secrets& secrets) {
  const std::vector<Object> tables = objects(kTables);
  for (const Object& table : tables) draft.exec(table.sql);
  for (const Object& table : tables) fill_table(draft, table.name, version, secrets);
  for (const Step& step : kSteps) {
    if (step.before > version && step.table == nullptr) run(step, draft, secrets);
  }
  for (const Object& object : objects(kIndexesAndTriggers)) draft.exec(object.sql);
}

// What SQLite calls now and then while it copies.
struct Watch {
  const std::string& path;
  std::uint64_t expected;
  Teller teller;
};

int look(void* watch) {
  auto* seen = static_cast<Watch*>(watch);
  seen->teller.tell(size_of(seen->path), seen->expected);
  return 0;
}

void make_draft(const std::string& path, const std::string& old, const MigrateOptions& options) {
  const SortingPlace place(directory_of(path));
  Watch watch{path, size_of(old), Teller("bringing the database up to date", options.notice)};
  Connection draft(path, Connection::Access::kReadWrite, options.vfs);
  draft.exec("PRAGMA page_size = " + std::to_string(kPageBytes));
  draft.exec(kDraftSettings);
  Query(draft, kAttach, old).run();
  sqlite3_progress_handler(draft.handle(), kLookSteps, look, &watch);
  draft.exec("BEGIN IMMEDIATE");
  fill(draft, number(draft, kOldVersion), options.secrets);
  draft.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
  draft.exec("PRAGMA user_version = " + std::to_string(kSchemaVersion));
  draft.exec("COMMIT");
}

// The same checks as a backup passes, on every row.
std::optional<core::Error> check_draft(const std::string& draft, const std::string& path,
                                       const MigrateOptions& options) {
  Teller teller("checking what was brought up to date", options.notice);
  const auto audit =
      verify_file(draft, options.secrets, [&](std::int64_t done, std::int64_t total) {
        teller.tell(static_cast<std::uint64_t>(done), static_cast<std::uint64_t>(total));
      });
  if (!audit.ok()) return audit.error();
  if (audit->ok()) return std::nullopt;
  return refuse("The database " + path +
                " contradicts its own ledger, so it was not brought up to date and is as it was: " +
                *audit->first_divergence +
                " Restore a backup with `coupond restore FILE`, or go on with the coupond that "
                "made it.");
}

std::optional<core::Error> changed_schema(Connection& connection, const std::string& path) {
  const std::int64_t version = number(connection, kVersion);
  const std::string digest = core::to_hex(core::hash_of(schema_text(connection)));
  for (const Released& released : kReleased) {
    if (released.version == version && released.digest == digest) return std::nullopt;
  }
  return refuse("The schema of the database " + path +
                " was changed: a table, index or trigger is not as coupond made it. Undo that, or "
                "restore a backup with `coupond restore FILE`.");
}

// Moves its log into the old file and holds it to be ours alone.
std::optional<core::Error> settle(const std::string& path, const MigrateOptions& options) {
  Connection old(path, Connection::Access::kReadWrite, options.vfs);
  if (auto error = changed_schema(old, path)) return error;
  const std::string key_id = read_facts(old).key_id;
  if (key_id != options.secrets.key_id()) {
    return refuse("The key file (key " + options.secrets.key_id() +
                  ") does not belong to the database " + path + " (key " + key_id +
                  "). Put back the one that was kept with it.");
  }
  settle_log(old);
  Query(old, kLeaveLog).next();
  return std::nullopt;
}

// The new file, and room to sort the largest index; beyond what a server needs to accept changes.
std::optional<core::Error> no_room(const std::string& path) {
  const std::uint64_t wanted = size_of(path) + size_of(path) / 2 + core::limits::kDiskFreeMinBytes;
  const auto room = free_bytes(directory_of(path));
  if (!room || *room >= wanted) return std::nullopt;
  return refuse("The database " + path + " must be brought up to date once, which needs " +
                mib(wanted) + " of room beside it; " + mib(*room) +
                " are free. Make room and start again. Nothing was changed.");
}

// A second name for the old file: "coupond.db.v1", with a number where another file has that.
std::optional<core::Error> keep(const std::string& path, std::int64_t version,
                                const MigrateOptions& options) {
  const std::string name = path + ".v" + std::to_string(version);
  std::string kept = name;
  for (int i = 2; ::access(kept.c_str(), F_OK) == 0 && !same_file(path, kept); ++i) {
    kept = name + "-" + std::to_string(i);
  }
  if (!same_file(path, kept) && ::link(path.c_str(), kept.c_str()) != 0) {
    // A file system without second names.
    if (auto error = copy_private_file(path, kept)) return error;
  }
  if (auto error = sync_path(directory_of(path))) return error;
  options.notice("the old database is kept as " + kept + ": delete it when all is well");
  return std::nullopt;
}

std::optional<core::Error> put_in_place(const Draft& draft, const std::string& path,
                                        std::int64_t version, const MigrateOptions& options) {
  if (auto error = sync_path(draft.path())) return error;
  if (options.keep_old) {
    if (auto error = keep(path, version, options)) return error;
  }
  if (auto error = rename_file(draft.path(), path)) return error;
  return sync_path(directory_of(path));
}

std::int64_t version_of(const std::string& path, const MigrateOptions& options) {
  Connection connection(path, Connection::Access::kReadOnly, options.vfs);
  return number(connection, kVersion);
}

}  // namespace

bool is_older(Connection& connection) {
  const std::int64_t version = number(connection, kVersion);
  return number(connection, kApplicationIdOf) == kApplicationId && version > 0 &&
         version < kSchemaVersion;
}

std::optional<core::Error> migrate(const std::string& path, const MigrateOptions& options) {
  const std::int64_t version = version_of(path, options);
  const Draft draft(path + ".v" + std::to_string(kSchemaVersion) + "-draft");
  if (auto error = no_room(path)) return error;
  if (auto error = settle(path, options)) return error;
  options.notice("the database " + path + " (" + mib(size_of(path)) + ") is of schema " +
                 std::to_string(version) + ": bringing it to schema " +
                 std::to_string(kSchemaVersion) + ", once");
  if (auto error = make_private_file(draft.path())) return error;
  make_draft(draft.path(), path, options);
  if (auto error = check_draft(draft.path(), path, options)) return error;
  if (auto error = put_in_place(draft, path, version, options)) return error;
  options.notice("the database " + path + " is of schema " + std::to_string(kSchemaVersion) +
                 " now, and agrees with its ledger");
  return std::nullopt;
}

}  // namespace coupon::store
