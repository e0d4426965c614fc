#include "coupond/store/replica.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <utility>

#include "coupond/store/restore.h"
#include "coupond/store/soundness.h"
#include "src/store/settle.h"

namespace coupon::store {
namespace {

using core::refuse;

}  // namespace

core::Result<std::unique_ptr<Replica>> Replica::open(const DataPaths& paths,
                                                     const Options& options) {
  auto lock = DataLock::take(paths);
  if (!lock.ok()) return lock.error();
  if (auto error = finish_restore(paths)) return *error;
  auto secrets = core::Secrets::load(paths.key);
  if (!secrets.ok()) return secrets.error();
  if (options.prepare) {
    const auto prepared = prepare_database(paths, {.secrets = *secrets, .notice = options.notice});
    if (!prepared.ok()) return prepared.error();
  }
  try {
    return std::unique_ptr<Replica>(
        new Replica(std::move(lock.value()), paths, std::move(secrets.value())));
  } catch (const SQLite::Exception& error) {
    if ((error.getExtendedErrorCode() & 0xff) == SQLITE_BUSY) {
      return refuse("Another program reads the database " + paths.database +
                    ", which has to be put in order first. End that one, and repeat.");
    }
    return refuse("The database " + paths.database + " cannot be opened: " + error.what() +
                  ". Remove it and begin again.");
  }
}

Replica::Replica(DataLock lock, const DataPaths& paths, core::Secrets secrets)
    : paths_(paths),
      lock_(std::move(lock)),
      secrets_(std::move(secrets)),
      connection_(std::make_unique<Connection>(paths.database, Connection::Access::kReadWrite)),
      facts_(read_facts(*connection_)),
      applier_(std::make_unique<ChangeApplier>(*connection_, key_check(secrets_).verifier)),
      position_(change_position(*connection_)),
      head_(last_entry(*connection_)) {
  connection_->exec("PRAGMA journal_mode = WAL");
  // A power cut takes what sync() was not called for, and it is taken again.
  connection_->exec("PRAGMA synchronous = NORMAL");
  connection_->exec("PRAGMA wal_autocheckpoint = 4000");
  settle_log(*connection_);  // what a process that ended at once left is durable from here on
}

Replica::~Replica() {
  try {
    connection_->exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (const SQLite::Exception&) {
    return;  // Somebody reads it: what is in the log stays there.
  }
  applier_.reset();
  connection_.reset();
  mark_clean_stop(paths_);
}

core::Result<core::Done> Replica::apply(const ChangeRecord& record) {
  auto applied = applier_->apply(record);
  if (!applied.ok()) return applied;
  position_ = record.position;
  head_ = record.after;
  return applied;
}

core::Result<core::Done> Replica::sync() {
  try {
    connection_->sync_log();
    return core::Done{};
  } catch (const SQLite::Exception& error) {
    return refuse("The database " + paths_.database + " cannot be made durable: " + error.what() +
                  ".");
  }
}

}  // namespace coupon::store
