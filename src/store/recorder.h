// Recorder: the statements of the batch under way that change rows, with their values, as a change
// record holds them (change_record.h). It knows nothing of what they mean. One to a writer's
// connection and on its thread; a connection without one records nothing and pays nothing.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "coupond/core/bytes.h"

namespace coupon::store {

// Values as they are bound, one behind the other.
void put_null(std::string& to);
void put_integer(std::string& to, std::int64_t value);
void put_text(std::string& to, std::string_view text);
void put_blob(std::string& to, core::ByteView blob);

class Recorder {
 public:
  // How many rows a statement changed that still has rows to return.
  static constexpr std::int64_t kNotTold = -1;

  // Whether the statement is one that may change rows.
  bool records(sqlite3_stmt* statement) { return known(statement).changes_rows; }

  // A batch begins: what was recorded is forgotten.
  void start();
  // Notes a run that changed `rows`; one that changed none leaves nothing behind.
  void ran(sqlite3_stmt* statement, int values, std::string_view encoded, std::int64_t rows);

  // Room for a run's values that need not be asked of the system each time. Empty.
  std::string lend_room() { return std::exchange(room_, {}); }
  void take_room_back(std::string room) {
    room.clear();
    room_ = std::move(room);
  }

  // What is recorded after mark() is forgotten by cut().
  std::size_t mark() const { return runs_.size(); }
  void cut(std::size_t mark) { runs_.resize(mark); }

  bool empty() const { return runs_.empty(); }
  std::size_t bytes() const { return texts_.size() + runs_.size(); }
  // The batch's statements: each text once, then the runs in order.
  std::string statements() const;

 private:
  struct Known {
    bool changes_rows;
    std::uint64_t batch = 0;  // that `number` is of
    std::uint32_t number = 0;
  };
  Known& known(sqlite3_stmt* statement);

  std::unordered_map<sqlite3_stmt*, Known> known_;
  std::uint64_t batch_ = 1;
  std::uint32_t count_ = 0;  // of texts
  std::string texts_;        // never cut: one too many says nothing
  std::string runs_;
  std::string room_;
};

// One run of a record's statements. Views into the record.
struct RecordedRun {
  std::uint32_t text = 0;  // its place among the texts
  std::int64_t rows = 0;   // changed; Recorder::kNotTold
  int values = 0;
  std::string_view encoded = {};
};

// Reads what statements() gave. Every function says false when the bytes are none of ours.
class RecordReader {
 public:
  explicit RecordReader(std::string_view statements) : rest_(statements) {}

  bool read_texts(std::vector<std::string_view>& texts);
  bool done() const { return rest_.empty(); }
  bool read_run(RecordedRun& run);

  // Binds a run's values from the first parameter on.
  static bool bind(sqlite3_stmt* statement, const RecordedRun& run);

 private:
  std::string_view rest_;
};

}  // namespace coupon::store
