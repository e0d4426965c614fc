// Comma-separated values after RFC 4180: a reader that takes one record at a time from text in
// memory, and what a writer needs to make a field that reads back the same and that no spreadsheet
// takes for a formula. The reader is for hostile input: it never throws, allocates no more than the
// text, and reads each byte a bounded number of times. One reader belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace coupon::core {

struct CsvRecord {
  std::int64_t line = 0;                 // where it begins, from 1
  bool well_formed = false;              // false: `fields` say nothing
  std::vector<std::string> fields = {};  // one at least, when well formed
};

// Strict: a quote only around a whole field and doubled inside it, nothing but blanks between a
// closing quote and the next separator, no NUL, and a record of at most `record_max` bytes. What
// breaks that is given as a record that is not well formed, and reading goes on at the next line
// after the one it began on. Lines end with CR LF, LF or CR, the last one may lack it. Empty lines
// are skipped; a byte order mark at the start is too. A cell that a spreadsheet marked as text
// (="00012") is read as what it shows.
class CsvReader {
 public:
  // `text` must outlive the reader.
  CsvReader(std::string_view text, std::size_t record_max, char separator = ',');

  // False at the end of the text; `record` is then unchanged.
  bool next(CsvRecord& record);

 private:
  void skip_empty_lines();
  bool read_record(CsvRecord& record);
  bool read_field(std::string& field);
  void skip_blanks();  // beside a quoted cell
  bool read_quoted(std::string& field);
  bool read_plain(std::string& field);
  // The length of the line end at the cursor: 0, 1 (LF, CR) or 2 (CR LF).
  std::size_t line_end() const;

  std::string_view text_;
  std::size_t record_max_;
  char separator_;
  std::size_t at_ = 0;     // the cursor
  std::size_t limit_ = 0;  // where the current record must have ended
  std::int64_t line_ = 1;  // of the cursor
};

// `value` as a field: quoted where it has to be. One that a spreadsheet would run as a formula
// (it begins with = + - @ or a tab) or that begins with an apostrophe gets an apostrophe in front,
// which spreadsheets read as "this is text".
std::string csv_field(std::string_view value);

// The inverse for a field that was read: takes that apostrophe away again, and a spreadsheet's
// ="…" around a text.
std::string_view csv_value(std::string_view field);

}  // namespace coupon::core
