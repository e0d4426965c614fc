#include "src/store/recorder.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "src/store/packing.h"

namespace coupon::store {
namespace {

// What a value is. Part of the format.
enum Kind : unsigned char { kNull = 0, kInteger = 1, kText = 2, kBlob = 3 };

void put_kind(std::string& to, Kind kind) { to += static_cast<char>(kind); }

// sqlite3_stmt_readonly() alone will not do: it is false for BEGIN IMMEDIATE, too.
bool may_change_rows(sqlite3_stmt* statement) {
  if (sqlite3_stmt_readonly(statement) != 0) return false;
  std::string_view sql(sqlite3_sql(statement));
  const auto begin =
      std::find_if(sql.begin(), sql.end(), [](unsigned char c) { return std::isspace(c) == 0; });
  sql.remove_prefix(static_cast<std::size_t>(begin - sql.begin()));
  constexpr std::array<std::string_view, 5> kWords{"INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"};
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
    return sql.size() > word.size() && ::strncasecmp(sql.data(), word.data(), word.size()) == 0;
  });
}

}  // namespace

void put_null(std::string& to) { put_kind(to, kNull); }

void put_integer(std::string& to, std::int64_t value) {
  put_kind(to, kInteger);
  pack_signed(to, value);
}

void put_text(std::string& to, std::string_view text) {
  put_kind(to, kText);
  pack(to, text);
}

void put_blob(std::string& to, core::ByteView blob) {
  put_kind(to, kBlob);
  pack(to, core::as_text(blob));
}

Recorder::Known& Recorder::known(sqlite3_stmt* statement) {
  const auto found = known_.find(statement);
  if (found != known_.end()) return found->second;
  return known_.emplace(statement, Known{.changes_rows = may_change_rows(statement)}).first->second;
}

void Recorder::start() {
  ++batch_;
  count_ = 0;
  texts_.clear();
  runs_.clear();
}

void Recorder::ran(sqlite3_stmt* statement, int values, std::string_view encoded,
                   std::int64_t rows) {
  if (rows == 0) return;
  Known& one = known(statement);
  if (one.batch != batch_) {
    one.batch = batch_;
    one.number = count_++;
    pack(texts_, std::string_view(sqlite3_sql(statement)));
  }
  pack(runs_, std::uint64_t{one.number});
  pack_signed(runs_, rows);
  pack(runs_, static_cast<std::uint64_t>(values));
  pack(runs_, encoded);
}

std::string Recorder::statements() const {
  std::string all;
  all.reserve(bytes() + 8);
  pack(all, std::uint64_t{count_});
  return all.append(texts_).append(runs_);
}

bool RecordReader::read_texts(std::vector<std::string_view>& texts) {
  std::uint64_t count = 0;
  if (!unpack(rest_, count) || count > rest_.size()) return false;
  texts.resize(static_cast<std::size_t>(count));
  return std::all_of(texts.begin(), texts.end(),
                     [&](std::string_view& text) { return unpack(rest_, text); });
}

bool RecordReader::read_run(RecordedRun& run) {
  std::uint64_t text = 0;
  std::uint64_t values = 0;
  if (!unpack(rest_, text) || !unpack_signed(rest_, run.rows) || !unpack(rest_, values) ||
      !unpack(rest_, run.encoded) || values > run.encoded.size()) {
    return false;
  }
  run.text = static_cast<std::uint32_t>(text);
  run.values = static_cast<int>(values);
  return true;
}

bool RecordReader::bind(sqlite3_stmt* statement, const RecordedRun& run) {
  std::string_view rest = run.encoded;
  std::string_view bytes;
  std::int64_t number = 0;
  for (int i = 1; i <= run.values; ++i) {
    if (rest.empty()) return false;
    const auto kind = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    int code = SQLITE_MISUSE;
    if (kind == kNull) code = sqlite3_bind_null(statement, i);
    if (kind == kInteger && unpack_signed(rest, number)) {
      code = sqlite3_bind_int64(statement, i, number);
    }
    // The record outlives the run.
    if (kind == kText && unpack(rest, bytes)) {
      code =
          sqlite3_bind_text64(statement, i, bytes.data(), bytes.size(), SQLITE_STATIC, SQLITE_UTF8);
    }
    if (kind == kBlob && unpack(rest, bytes)) {
      code = sqlite3_bind_blob64(statement, i, bytes.data(), bytes.size(), SQLITE_STATIC);
    }
    if (code != SQLITE_OK) return false;
  }
  return rest.empty();
}

}  // namespace coupon::store
