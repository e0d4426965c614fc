#include "coupond/store/connection.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "src/store/recorder.h"

namespace coupon::store {
namespace {

// Reads wait this long for a checkpoint or a foreign writer; then the caller is told to come back.
constexpr int kBusyTimeoutMs = 5000;

constexpr char kSettings[] = R"(
  PRAGMA foreign_keys = ON;
  PRAGMA trusted_schema = OFF;
  PRAGMA cell_size_check = ON;
  PRAGMA temp_store = MEMORY;
  PRAGMA mmap_size = 0;
  PRAGMA wal_autocheckpoint = 0;
)";

int open_flags(Connection::Access access) {
  // Each connection is used by one thread at a time, so SQLite need not lock it.
  const int shared = SQLite::OPEN_NOMUTEX;
  if (access == Connection::Access::kReadOnly) return shared | SQLite::OPEN_READWRITE;
  return shared | SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE;
}

// SQLite's count of its own memory takes a lock at every allocation, and nobody reads it. Has to be
// said before SQLite's first use in the process; later it is refused, which costs only time.
const std::string& after_configuration(const std::string& path) {
  static const int configured = ::sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)configured;
  return path;
}

// Null when there is none.
sqlite3_file* log_of(sqlite3* handle) {
  sqlite3_file* log = nullptr;
  sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  return log != nullptr && log->pMethods != nullptr ? log : nullptr;
}

int write_again(sqlite3* handle) {
  constexpr sqlite3_int64 kPiece = 1 << 16;
  sqlite3_file* log = log_of(handle);
  if (log == nullptr) return SQLITE_OK;
  // Where a write may spoil what is there, what is durable already would be put at risk.
  const int traits = log->pMethods->xDeviceCharacteristics(log);
  if ((traits & SQLITE_IOCAP_POWERSAFE_OVERWRITE) == 0) return SQLITE_OK;
  sqlite3_int64 size = 0;
  int code = log->pMethods->xFileSize(log, &size);
  std::string bytes;
  for (sqlite3_int64 at = 0; code == SQLITE_OK && at < size; at += kPiece) {
    bytes.resize(static_cast<std::size_t>(std::min(kPiece, size - at)));
    const int length = static_cast<int>(bytes.size());
    code = log->pMethods->xRead(log, bytes.data(), length, at);
    if (code == SQLITE_OK) code = log->pMethods->xWrite(log, bytes.data(), length, at);
  }
  return code == SQLITE_OK ? log->pMethods->xSync(log, SQLITE_SYNC_FULL) : code;
}

}  // namespace

// A reader opens the file for writing too, because in WAL mode it may have to make the -shm file;
// it is held to reading by query_only.
Connection::Connection(const std::string& path, Access access, const char* vfs)
    : database_(after_configuration(path), open_flags(access), kBusyTimeoutMs, vfs ? vfs : "") {
  sqlite3_db_config(handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle(), SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(handle(), SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  // Closing must not checkpoint: only the writer and its WalCheckpointer do, when it suits them.
  sqlite3_db_config(handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_extended_result_codes(handle(), 1);
  exec(kSettings);
  if (access == Access::kReadOnly) exec("PRAGMA query_only = ON");
}

Connection::~Connection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
}

void Connection::exec(const std::string& sql) { database_.exec(sql); }

sqlite3_stmt* Connection::prepared(const char* sql) {
  sqlite3_stmt*& statement = statements_[sql];
  if (statement == nullptr) {
    const int code =
        sqlite3_prepare_v3(handle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) throw SQLite::Exception(handle(), code);
  }
  return statement;
}

Connection::Moved Connection::checkpoint(int mode, Wait wait) {
  if (wait == Wait::kNever) sqlite3_busy_timeout(handle(), 0);
  Moved moved{.code = SQLITE_OK, .pages_in_log = -1};
  moved.code = sqlite3_wal_checkpoint_v2(handle(), nullptr, mode, &moved.pages_in_log, nullptr);
  sqlite3_busy_timeout(handle(), kBusyTimeoutMs);
  return moved;
}

int Connection::sync_file() {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  return file->pMethods->xSync(file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
}

void Connection::sync_log() {
  sqlite3_file* log = log_of(handle());
  if (log == nullptr) return;
  const int code = log->pMethods->xSync(log, SQLITE_SYNC_FULL);
  if (code != SQLITE_OK) throw SQLite::Exception("the write-ahead log cannot be synced", code);
}

void Connection::rewrite_log() {
  exec("BEGIN IMMEDIATE");  // nobody else writes it meanwhile
  const int code = write_again(handle());
  exec("ROLLBACK");
  if (code != SQLITE_OK) throw SQLite::Exception("the write-ahead log cannot be written", code);
}

std::int64_t Connection::changes() const { return sqlite3_changes(handle()); }

bool Connection::in_transaction() const { return sqlite3_get_autocommit(handle()) == 0; }

Query::~Query() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

bool Query::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW || code == SQLITE_DONE) {
    if (recorder_ != nullptr) record(code == SQLITE_DONE);
    return code == SQLITE_ROW;
  }
  throw SQLite::Exception(connection_.handle(), code);
}

std::int64_t Query::run() {
  next();
  return connection_.changes();
}

bool Query::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Query::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Query::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string Query::blob(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

void Query::copy_blob(int column, std::span<unsigned char> out) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  if (data != nullptr) std::memcpy(out.data(), data, std::min(size, out.size()));
}

std::optional<std::int64_t> Query::maybe_integer(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

std::optional<std::string> Query::maybe_text(int column) const {
  if (is_null(column)) return std::nullopt;
  return text(column);
}

std::optional<core::UnixMs> Query::maybe_time(int column) const {
  if (is_null(column)) return std::nullopt;
  return time(column);
}

void Query::see_recorder() {
  if (!connection_.recorder()->records(statement_)) return;
  recorder_ = connection_.recorder();
  values_ = recorder_->lend_room();
}

// After the first step: all changes are made by then, whatever rows are still to come.
void Query::record(bool done) {
  recorder_->ran(statement_, bound_, values_, done ? connection_.changes() : Recorder::kNotTold);
  recorder_->take_room_back(std::move(values_));
  recorder_ = nullptr;
}

void Query::bind(int index, std::int64_t value) {
  if (recorder_ != nullptr) put_integer(values_, value);
  check(sqlite3_bind_int64(statement_, index, value));
}

void Query::bind(int index, std::string_view text) {
  if (recorder_ != nullptr) put_text(values_, text);
  const char* data = text.empty() ? "" : text.data();
  check(sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Query::bind(int index, Blob blob) {
  if (recorder_ != nullptr) put_blob(values_, blob);
  // A null pointer would bind NULL; an empty blob is not NULL.
  const void* data = blob.empty() ? "" : static_cast<const void*>(blob.data());
  check(sqlite3_bind_blob64(statement_, index, data, blob.size(), SQLITE_TRANSIENT));
}

void Query::bind(int index, std::nullopt_t) {
  if (recorder_ != nullptr) put_null(values_);
  check(sqlite3_bind_null(statement_, index));
}

void Query::check(int code) const {
  if (code != SQLITE_OK) throw SQLite::Exception(connection_.handle(), code);
}

}  // namespace coupon::store
