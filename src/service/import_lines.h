// The lines of an import: read from the text somebody sent, and as they are kept, sealed, until the
// job takes them. Pure: one reader belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/csv.h"
#include "coupond/service/jobs.h"

namespace coupon::service {

// One line that is not empty: a code as displayed, or why there is none.
struct ImportLine {
  std::int64_t line = 0;  // of the text, from 1
  std::string code = {};
  std::string reason = {};  // empty when the code can be sealed
};

class ImportReader {
 public:
  // `text` must outlive the reader.
  ImportReader(std::string_view text, ImportFormat format);

  // The next line; nothing at the end.
  std::optional<ImportLine> next();

 private:
  std::optional<ImportLine> next_csv();
  std::optional<ImportLine> next_json();
  void read_header();
  ImportLine line_of(const core::CsvRecord& record) const;

  const ImportFormat format_;
  core::CsvReader csv_;
  std::optional<core::CsvRecord> first_;  // a first record that was no header
  bool has_header_ = false;
  std::size_t column_ = 0;
  std::string_view json_;  // what is left
  std::int64_t json_line_ = 0;
};

// Lines as one text, and back. Nothing for a text that was not written so.
std::string pack_lines(const std::vector<ImportLine>& lines);
std::optional<std::vector<ImportLine>> unpack_lines(std::string_view text);

}  // namespace coupon::service
