// One SQLite connection and the statements prepared on it. Used by one thread at a time: the writer
// owns one, the reader pool lends the others. Every failure of SQLite is thrown as
// SQLite::Exception and stops at the writer or the reader pool.
#pragma once

#include <SQLiteCpp/Database.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "coupond/core/types.h"

struct sqlite3_stmt;

namespace coupon::store {

class Recorder;

class Connection {
 public:
  enum class Access { kReadWrite, kReadOnly };

  // Opens `path`, creating it only for kReadWrite, and sets what every connection needs: foreign
  // keys on, schema not trusted, no automatic checkpoints. Throws.
  Connection(const std::string& path, Access access, const char* vfs = nullptr);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs statements that return nothing.
  void exec(const std::string& sql);

  // The statement for `sql`, prepared at its first use. `sql` must be a constant: its address is
  // the key.
  sqlite3_stmt* prepared(const char* sql);

  sqlite3* handle() const { return database_.getHandle(); }

  // From now on every Query that changes rows is noted there. Null, as at first: none is.
  void record_to(Recorder* recorder) { recorder_ = recorder; }
  Recorder* recorder() const { return recorder_; }

  // Moves the write-ahead log into the file. `mode` and the code that comes back are SQLite's. Only
  // the writer and its WalCheckpointer may.
  enum class Wait { kNever, kForReaders };
  struct Moved {
    int code;
    int pages_in_log;  // when it began; negative when that is not known
  };
  Moved checkpoint(int mode, Wait wait);
  // Makes what was moved durable; SQLite itself does so only when it has moved all there is.
  int sync_file();
  // Makes durable what the write-ahead log is now, its length too. Throws.
  void sync_log();
  // Writes the bytes of the write-ahead log over themselves and syncs them: after a sync that
  // failed, the system thinks them on the disk, and no sync alone would put them there.
  void rewrite_log();

  std::int64_t changes() const;
  bool in_transaction() const;

 private:
  SQLite::Database database_;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
  Recorder* recorder_ = nullptr;
};

using Blob = std::span<const unsigned char>;

// One run of a prepared statement: binds on construction, steps on next(), and on destruction
// resets it, because a statement left mid-row pins the write-ahead log.
class Query {
 public:
  template <class... Args>
  Query(Connection& connection, const char* sql, const Args&... args)
      : connection_(connection), statement_(connection.prepared(sql)) {
    if (connection.recorder() != nullptr) see_recorder();
    add(args...);
  }
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // Binds the next parameters: for statements with too many to name at once.
  template <class... Args>
  void add(const Args&... args) {
    (bind(++bound_, args), ...);
  }

  // True when there is a row to read. Throws.
  bool next();
  // Runs a statement that returns no rows and says how many it changed. Throws.
  std::int64_t run();

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  bool boolean(int column) const { return integer(column) != 0; }
  std::string text(int column) const;
  std::string blob(int column) const;
  // The first N bytes of a blob that the schema holds to that length.
  template <std::size_t N>
  std::array<unsigned char, N> block(int column) const {
    std::array<unsigned char, N> out{};
    copy_blob(column, out);
    return out;
  }
  std::optional<std::int64_t> maybe_integer(int column) const;
  std::optional<std::string> maybe_text(int column) const;
  core::UnixMs time(int column) const { return {integer(column)}; }
  std::optional<core::UnixMs> maybe_time(int column) const;

 private:
  void bind(int index, std::int64_t value);
  void bind(int index, int value) { bind(index, std::int64_t{value}); }
  void bind(int index, bool value) { bind(index, std::int64_t{value}); }
  void bind(int index, std::string_view text);
  void bind(int index, const char* text) { bind(index, std::string_view(text)); }
  void bind(int index, const std::string& text) { bind(index, std::string_view(text)); }
  void bind(int index, Blob blob);
  template <std::size_t N>
  void bind(int index, const std::array<unsigned char, N>& block) {
    bind(index, Blob(block));
  }
  void bind(int index, std::nullopt_t);
  void bind(int index, core::UnixMs time) { bind(index, time.value); }
  void bind(int index, core::Credit credit) { bind(index, credit.value); }
  void bind(int index, core::UserId id) { bind(index, id.value); }
  void bind(int index, core::CampaignId id) { bind(index, id.value); }
  void bind(int index, core::CouponId id) { bind(index, id.value); }
  void bind(int index, core::Seq seq) { bind(index, seq.value); }
  template <class T>
  void bind(int index, const std::optional<T>& value) {
    if (value) {
      bind(index, *value);
    } else {
      bind(index, std::nullopt);
    }
  }

  void check(int code) const;
  void copy_blob(int column, std::span<unsigned char> out) const;
  void see_recorder();
  void record(bool done);

  Connection& connection_;
  sqlite3_stmt* statement_;
  int bound_ = 0;                 // parameters that have their value
  Recorder* recorder_ = nullptr;  // while this changes rows, is recorded and has not run yet
  std::string values_;            // then: those bound so far, as a record holds them
};

}  // namespace coupon::store
