// What the writer watches besides its batches: other programs that write the file, and the clock.
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <cstdlib>

#include "coupond/store/clock_steps.h"
#include "coupond/store/schema_check.h"
#include "coupond/store/writer.h"

namespace coupon::store {
namespace {

constexpr char kDataVersion[] = "PRAGMA data_version";

// A clock that was fast left times that are too late. A hold lasts no longer than its campaign
// lets it from now on, and what is kept for a time is kept for that time from now on.
constexpr char kShortenHolds[] = R"(
  UPDATE holds SET expires_at = ?1 + c.hold_ttl_s * 1000 FROM campaigns AS c
   WHERE holds.campaign_id = c.id AND holds.expires_at > ?1 + c.hold_ttl_s * 1000)";
constexpr char kAgeReplies[] = "UPDATE idempotency SET created_at = ?1 WHERE created_at > ?1";
// Who logged in under such a clock logs in again: a session could not be told later from one that
// was opened when that day had come.
constexpr char kEndSessions[] =
    "DELETE FROM refresh_tokens WHERE expires_at > ?1 AND created_at > ?1";
// Access tokens say themselves from when to when they hold; this says how to read that.
constexpr char kRightSince[] = "SELECT value FROM meta WHERE name = 'clock_right_since'";
constexpr char kSetRightSince[] = R"(
  INSERT INTO meta (name, value) VALUES ('clock_right_since', ?1)
  ON CONFLICT (name) DO UPDATE SET value = ?1)";

}  // namespace

std::int64_t Writer::read_data_version() {
  Query query(connection_, kDataVersion);
  query.next();
  return query.integer(0);
}

void Writer::read_right_since() {
  Query query(connection_, kRightSince);
  if (query.next()) time_.set_right_since({std::atoll(query.text(0).c_str())});
}

void Writer::detect_foreign_write() {
  const std::int64_t version = read_data_version();
  if (version == data_version_) return;
  tell_of_foreign_write(version);
  data_version_ = version;
  unrecorded_ = true;
  right_since_.reset();
  const core::Digest before = tx_.head_.hash;
  tx_.rebuild();
  table_.clear();
  if (tx_.head_.hash != before) {
    // Going on would put our signature under somebody else's ledger.
    die({}, "the ledger was changed by another program while we were running");
    throw BatchDead{SQLITE_CORRUPT};
  }
  observer_.notice("the database was changed by another program: counters are read again");
}

void Writer::tell_of_foreign_write(std::int64_t version) {
  if (version == told_version_) return;
  told_version_ = version;
  look_at_schema();
  observer_.foreign_write();
}

// Without a batch nothing is decided that rests on the counters; sessions are, on other threads.
void Writer::look_for_foreign_write() noexcept {
  try {
    tell_of_foreign_write(read_data_version());
  } catch (const SQLite::Exception&) {
    // The next batch will find out, and can tell somebody.
  }
}

// In the batch's transaction, before its first operation. Once is enough: what comes later is made
// by the clock as it is now, unless that goes back once more.
void Writer::put_times_right() {
  const core::UnixMs now = tx_.now();
  if (tx_.head_.at <= now) {
    right_since_.reset();
    return;
  }
  if (right_since_ && *right_since_ <= now) return;
  if (const auto odd = time_.oddity()) observer_.notice(*odd);
  Query(connection_, kShortenHolds, now).run();
  Query(connection_, kAgeReplies, now).run();
  Query(connection_, kEndSessions, now + kSmoothedStepMs).run();
  Query(connection_, kSetRightSince, std::to_string(now.value)).run();
  note_clock_step(connection_, {tx_.head_.seq.value + 1});
  time_.set_right_since(now);
  right_since_ = now;
}

// Read anew each time: whoever adds tables may take them away again.
void Writer::look_at_schema() {
  const std::string trouble = schema_differences(connection_);
  {
    const core::MutexLock lock(mutex_);
    if (trouble == schema_trouble_) return;
    schema_trouble_ = trouble;
  }
  observer_.notice(trouble.empty() ? "the schema of the database is as coupond made it again"
                                   : "another program changed the database's schema: " + trouble);
}

std::string Writer::schema_trouble() const {
  const core::MutexLock lock(mutex_);
  return schema_trouble_;
}

}  // namespace coupon::store
