#include "coupond/store/restore.h"

#include <SQLiteCpp/Exception.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "coupond/core/signing.h"
#include "coupond/core/time_text.h"
#include "coupond/store/counter_table.h"
#include "coupond/store/database.h"
#include "coupond/store/inspect.h"
#include "coupond/store/writer.h"
#include "src/store/files.h"
#include "src/store/migrate.h"

namespace coupon::store {
namespace {

constexpr char kPackedKey[] = "SELECT value FROM meta WHERE name = 'secret_key'";
constexpr char kForgetKey[] = "DELETE FROM meta WHERE name = 'secret_key'";
constexpr char kSetEpoch[] = "UPDATE meta SET value = ? WHERE name = 'restore_epoch'";
// Later than any epoch a session was made under: those only ever count up by one from the last
// time.
constexpr char kEndSessions[] = "UPDATE users SET token_epoch = max(token_epoch + 1, ?)";
constexpr char kEndRefreshTokens[] = "DELETE FROM refresh_tokens";
constexpr char kEndSetupLinks[] = "DELETE FROM setup_tokens";
constexpr char kEndHolds[] = "DELETE FROM holds";

core::Error refuse(std::string message) {
  return {.reason = core::Reason::kInternal, .message = std::move(message)};
}

void remove_database(const std::string& path) {
  for (const char* ending : {"", "-wal", "-shm", "-journal"}) ::unlink((path + ending).c_str());
}

// What becomes the database: a copy of the backup inside the directory, gone again when it fails.
struct Candidate {
  explicit Candidate(const DataPaths& paths)
      : database(paths.database + ".restoring"), key(paths.key + ".restoring") {
    clear();
  }
  ~Candidate() { clear(); }
  Candidate(const Candidate&) = delete;
  Candidate& operator=(const Candidate&) = delete;
  void clear() {
    remove_database(database);
    ::unlink(key.c_str());
  }

  const std::string database;
  const std::string key;
  DatabaseFacts facts;
  LedgerHead head;
  bool packed_key = false;
};

// Our identity checks want a directory; a backup can have any name.
core::Result<core::Done> look_at(Candidate& candidate, const std::string& file) {
  DataPaths paths(directory_of(candidate.database));
  paths.database = candidate.database;
  const auto connection = open_for_reading(paths, Versions::kOlderToo);
  if (!connection.ok()) {
    return refuse("The file " + file +
                  " is not a backup of coupond, or is from a newer version. Name another file.");
  }
  try {
    candidate.facts = read_facts(**connection);
    candidate.head = last_entry(**connection);
    Query query(**connection, kPackedKey);
    if (!query.next()) return core::Done{};
    candidate.packed_key = true;
    if (auto error = write_private_file(candidate.key, query.text(0) + "\n")) return *error;
    return core::Done{};
  } catch (const SQLite::Exception& error) {
    return refuse("The backup " + file + " is damaged: " + error.what() + ". Use another one.");
  }
}

core::Result<core::Secrets> find_key(const Candidate& candidate, const DataPaths& paths,
                                     const std::string& file) {
  const std::string wanted = candidate.facts.key_id;
  if (!candidate.packed_key && !exists(paths.key)) {
    return refuse("The backup " + file + " needs its key (" + wanted +
                  "): put the secret.key that "
                  "was kept with it at " +
                  paths.key + " and repeat.");
  }
  auto secrets = core::Secrets::load(candidate.packed_key ? candidate.key : paths.key);
  if (!secrets.ok()) return secrets.error();
  if (secrets->key_id() == wanted) return secrets;
  return refuse("The key file " + paths.key + " (key " + secrets->key_id() +
                ") is not the one of the backup " + file + " (key " + wanted +
                "). Restore into another directory, with the key that was kept with the backup.");
}

// What the directory's own database has that the backup lacks; nothing when it cannot be told: it
// is another database, or cannot be read.
struct Present {
  std::int64_t epoch = 0;
  std::optional<std::int64_t> lacks;
};
Present look_at_present(const DataPaths& paths, const Candidate& candidate) {
  Present present;
  try {
    const auto connection = open_for_reading(paths, Versions::kOlderToo);
    if (!connection.ok()) return present;
    const DatabaseFacts facts = read_facts(**connection);
    if (facts.instance != candidate.facts.instance) return present;
    present.epoch = facts.restore_epoch;
    // Common up to the backup's head, if that entry is the same in both.
    const auto same = ledger_row(**connection, candidate.head.seq);
    if (same && same->hash == candidate.head.hash) {
      present.lacks = last_entry(**connection).seq.value - candidate.head.seq.value;
    }
  } catch (const SQLite::Exception&) {
    // Damaged: a reason to restore.
  }
  return present;
}

// The restore itself is the first thing that happens to the restored database.
core::Result<core::Done> begin_epoch(Tx& tx, std::int64_t epoch) {
  tx.append({.operation = operation::kRestore, .actor = "cli", .units = epoch});
  Query(tx.db(), kSetEpoch, std::to_string(epoch)).run();
  Query(tx.db(), kForgetKey).run();
  Query(tx.db(), kEndSessions, tx.now()).run();
  Query(tx.db(), kEndRefreshTokens).run();
  Query(tx.db(), kEndSetupLinks).run();
  Query(tx.db(), kEndHolds).run();
  return core::Done{};
}

core::Result<core::Done> prepare(const Candidate& candidate, const core::Secrets& secrets,
                                 std::int64_t epoch, const core::Clock& clock) {
  try {
    {
      Connection(candidate.database, Connection::Access::kReadWrite)
          .exec("PRAGMA journal_mode=WAL");
    }
    CounterTable table;
    const auto signer = [&](std::string_view message) {
      return core::sign(secrets.checkpoint_key(), message);
    };
    Writer writer(candidate.database, signer, clock, table, {}, {});
    auto done = writer.run<core::Done>("restore", [&](Tx& tx) { return begin_epoch(tx, epoch); });
    writer.stop();
    return done;
  } catch (const SQLite::Exception& error) {
    return refuse("The backup cannot be made ready in " + candidate.database + ": " + error.what() +
                  ".");
  }
}

// Everything the old database has comes into its one file, as far as that can still be done.
void settle(const DataPaths& paths) {
  try {
    Connection connection(paths.database, Connection::Access::kReadWrite);
    connection.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (const SQLite::Exception&) {
    // Damaged: it is set aside as it is, its log beside it.
  }
}

// The old file keeps its name until the new one takes it, so that no start in between can take the
// directory for an empty one and make a new database.
std::optional<core::Error> set_aside(const DataPaths& paths, const std::string& aside) {
  settle(paths);
  if (::link(paths.database.c_str(), aside.c_str()) != 0) {
    return refuse("The database " + paths.database + " cannot be set aside as " + aside +
                  ": the file system refuses. Move the files coupond.db* away by hand and repeat.");
  }
  for (const char* ending : {"-wal", "-shm"}) {
    if (exists(paths.database + ending)) {
      if (auto error = rename_file(paths.database + ending, aside + ending)) return error;
    }
  }
  return std::nullopt;
}

// A packed key takes the place of another database's key, which is set aside with that.
std::optional<core::Error> put_key_in_place(const Candidate& candidate, const DataPaths& paths,
                                            const std::string& aside) {
  if (!candidate.packed_key) return std::nullopt;
  if (exists(paths.key)) {
    const auto present = core::Secrets::load(paths.key);
    if (present.ok() && present->key_id() == candidate.facts.key_id) return std::nullopt;
    if (auto error = rename_file(paths.key, paths.key + aside)) return error;
  }
  return rename_file(candidate.key, paths.key);
}

std::optional<core::Error> put_in_place(const Candidate& candidate, const DataPaths& paths,
                                        const std::string& aside) {
  if (auto error = put_key_in_place(candidate, paths, aside)) return error;
  ::unlink(paths.clean_stop.c_str());
  if (exists(paths.database)) {
    if (auto error = set_aside(paths, paths.database + aside)) return error;
  }
  for (const char* ending : {"-wal", "-shm"}) ::unlink((candidate.database + ending).c_str());
  if (auto error = sync_path(candidate.database)) return error;
  if (auto error = rename_file(candidate.database, paths.database)) return error;
  return sync_path(paths.directory);
}

// ".before-2026-11-20T14:00:00Z", with a number where a restore in the same second has taken that.
std::string aside_ending(const DataPaths& paths, const core::Clock& clock) {
  const std::string when =
      ".before-" + core::to_rfc3339({clock().value / core::kMsPerSecond * core::kMsPerSecond});
  std::string ending = when;
  for (int i = 2; exists(paths.database + ending) || exists(paths.key + ending); ++i) {
    ending = when + "-" + std::to_string(i);
  }
  return ending;
}

// A backup that an older coupond made; it stays as it is itself.
core::Result<core::Done> bring_up_to_date(const Candidate& candidate, const core::Secrets& secrets,
                                          const std::string& file) {
  try {
    if (!is_older(
            *std::make_unique<Connection>(candidate.database, Connection::Access::kReadOnly))) {
      return core::Done{};
    }
    if (auto error = migrate(candidate.database, {.secrets = secrets, .keep_old = false})) {
      return *error;
    }
    return core::Done{};
  } catch (const SQLite::Exception& error) {
    return refuse("The backup " + file + " is damaged: " + error.what() + ". Use another one.");
  }
}

core::Result<core::Done> verify_candidate(const Candidate& candidate, const core::Secrets& secrets,
                                          const std::string& file,
                                          const ProgressFunction& progress) {
  const auto audit = verify_file(candidate.database, secrets, progress);
  if (!audit.ok()) return audit.error();
  if (audit->ok()) return core::Done{};
  return refuse("The backup " + file + " contradicts its own ledger, so nothing was restored: " +
                *audit->first_divergence);
}

}  // namespace

core::Result<RestoreReport> restore(const DataPaths& paths, const std::string& file,
                                    const RestoreOptions& options) {
  if (!exists(file)) return refuse("There is no file " + file + ". Name a backup.");
  if (const auto made = make_data_dir(paths); !made.ok()) return made.error();
  const auto lock = DataLock::take(paths);
  if (!lock.ok()) return lock.error();
  Candidate candidate(paths);
  if (auto error = copy_private_file(file, candidate.database)) return *error;
  if (const auto seen = look_at(candidate, file); !seen.ok()) return seen.error();
  const auto secrets = find_key(candidate, paths, file);
  if (!secrets.ok()) return secrets.error();
  const auto updated = bring_up_to_date(candidate, *secrets, file);
  if (!updated.ok()) return updated.error();
  const auto good = verify_candidate(candidate, *secrets, file, options.checking);
  if (!good.ok()) return good.error();
  const Present present = look_at_present(paths, candidate);
  const std::int64_t epoch = std::max(present.epoch, candidate.facts.restore_epoch) + 1;
  if (const auto ready = prepare(candidate, *secrets, epoch, options.clock); !ready.ok()) {
    return ready.error();
  }
  const std::string ending = aside_ending(paths, options.clock);
  RestoreReport report{.seq = candidate.head.seq,
                       .epoch = epoch,
                       .key_from_backup = candidate.packed_key,
                       .set_aside = {},
                       .lacks = present.lacks};
  if (exists(paths.database)) report.set_aside = paths.database + ending;
  if (auto error = put_in_place(candidate, paths, ending)) return *error;
  return report;
}

}  // namespace coupon::store
