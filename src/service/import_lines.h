// The lines of an import: read from the file somebody sent, and as they are kept, sealed, until the
// job takes them. Pure: one reader belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/csv.h"
#include "coupond/core/flat_json.h"
#include "coupond/domain/campaign.h"
#include "coupond/service/jobs.h"
#include "src/service/import_columns.h"

namespace coupon::service {

// One line that is not empty: a code as displayed, or why there is none.
struct ImportLine {
  std::int64_t line = 0;  // of the text, from 1
  std::string code = {};
  std::string reason = {};  // empty when the code can be sealed
  std::optional<core::UnixMs> expires_at = {};
  std::string ended = {};  // why it cannot be used any more: it is stored redeemed, or void
  std::int64_t uses = 0;   // of it before the import, to be recorded
  std::optional<std::int64_t> value = {};  // on it, in minor units
  std::string owner = {};                  // the address of whom it is for
  bool assigned = false;                   // its state says that it is somebody's
};

// How a file was understood, for the person who sent it.
struct ImportLayout {
  std::string_view encoding;
  char separator = ',';
  bool has_header = false;
  std::size_t code_column = 0;             // from 0
  std::vector<std::string> columns = {};   // of the header
  std::vector<std::string> left_out = {};  // columns whose cells change nothing; of JSON, so far
  std::int64_t comments = 0;               // lines of comment before the first row
};

class ImportReader {
 public:
  // Decides how to read `text`, and refuses what would have to be guessed: kInvalidRequest with the
  // first rows as they would be stored, and what to say to go on. `campaign`: with its mode
  // and policy, columns of owners, limits and money must agree. `text` may go away.
  static core::Result<ImportReader> open(std::string_view text, const ImportOptions& options,
                                         const domain::Campaign& campaign);

  // The first rows as they are, cell by cell, whatever is unclear about them.
  static std::vector<std::vector<std::string>> first_rows(std::string_view text,
                                                          const ImportOptions& options,
                                                          std::size_t most);

  // The next line; nothing at the end.
  std::optional<ImportLine> next();
  const ImportLayout& layout() const { return layout_; }
  bool is_json() const { return options_.format == ImportFormat::kJsonLines; }
  // How it is read, for a person, and the money and owners of the codes so far.
  std::string sentence() const;
  std::string summary() const;
  // All of it, as UTF-8.
  std::string_view text() const { return *text_; }

 private:
  struct Column {
    std::size_t index;
    ColumnRole role;
    std::string name;
  };

  ImportReader(std::string_view text, const ImportOptions& options,
               const domain::Campaign& campaign);

  std::optional<core::Error> find_layout();
  std::optional<core::Error> find_columns(const std::vector<std::string>& first);
  std::optional<core::Error> cannot_keep(const Column& column) const;
  std::optional<core::Error> doubts() const;
  std::optional<std::size_t> chosen_column(const std::vector<std::string>& first) const;
  std::vector<core::CsvRecord> sample(char separator) const;
  char find_separator() const;
  bool next_record(core::CsvRecord& record);
  std::optional<ImportLine> next_csv();
  std::optional<ImportLine> next_json();
  ImportLine line_of_json(std::string_view row);
  std::optional<ImportLine> line_of(const core::CsvRecord& record) const;
  bool is_ignored(std::string_view name) const;
  void leave_out(const std::string& name);
  bool says_balance() const;  // whether a column does
  void read_value(const Column& column, std::string_view cell, ImportLine& line) const;
  void read_state(const Column& column, std::string_view cell, ImportLine& line) const;
  void read_uses(const Column& column, std::string_view cell, ImportLine& line) const;
  void read_cell(const Column& column, std::string_view cell, ImportLine& line) const;

  ImportOptions options_;
  domain::Policy policy_;
  bool has_owners_;  // codes of the campaign may be somebody's
  std::unique_ptr<const std::string> text_;  // where the readers below look
  ImportLayout layout_;
  std::vector<Column> columns_;  // all but the code's that say something
  core::CsvReader csv_;
  std::optional<std::int64_t> money_;  // on the codes read so far
  std::int64_t owned_ = 0;             // of them, for a customer
  std::string_view json_;              // what is left
  std::int64_t json_line_ = 0;
};

// What is wrong with the file as a whole: "must have at most 100 lines".
core::Error bad_import(const std::string& problem);
// The file's size, and its lines so far.
std::optional<core::Error> over_limits(std::string_view text, std::int64_t lines);
inline constexpr char kNoCode[] = "has no line with a code";

// Lines as one text, and back. Nothing for a text that was not written so.
std::string pack_lines(const std::vector<ImportLine>& lines);
std::optional<std::vector<ImportLine>> unpack_lines(std::string_view text);

}  // namespace coupon::service
