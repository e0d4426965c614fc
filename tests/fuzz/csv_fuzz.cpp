// Files of codes somebody uploads, as CSV and as JSON lines. Whatever the text is,
// * records come in the order of their lines, none beyond the text, none longer than allowed;
// * a record, written again, is read as the same fields;
// * every line of an import is a code that can be stored or a reason why not, and the lines are the
//   same after they were kept.
#include <algorithm>
#include <string>
#include <vector>

#include "coupond/core/assert.h"
#include "coupond/core/codes.h"
#include "coupond/core/csv.h"
#include "coupond/core/limits.h"
#include "src/service/import_lines.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace coupon::core;
using coupon::service::ImportFormat;
using coupon::service::ImportLine;

std::size_t bytes_in(const CsvRecord& record) {
  std::size_t bytes = record.fields.size() - 1;  // the commas
  for (const std::string& field : record.fields) bytes += field.size();
  return bytes;
}

void check_writing(const CsvRecord& record) {
  if (record.fields.size() == 1 && record.fields[0].empty()) return;  // an empty line, skipped
  // Behind a header: at the start of a text a byte order mark would be taken for one.
  std::string text = "header\n";
  for (const std::string& field : record.fields) {
    if (&field != &record.fields.front()) text += ',';
    text += csv_field(field);
  }
  CsvReader reader(text, text.size());
  CsvRecord again;
  COUPOND_ASSERT(reader.next(again) && again.fields == std::vector<std::string>{"header"});
  COUPOND_ASSERT(reader.next(again) && again.well_formed && again.line == 2);
  COUPOND_ASSERT(again.fields.size() == record.fields.size());
  for (std::size_t i = 0; i < again.fields.size(); ++i) {
    COUPOND_ASSERT(csv_value(again.fields[i]) == record.fields[i]);
  }
  CsvRecord none;
  COUPOND_ASSERT(!reader.next(none));
}

void check_records(std::string_view text, std::size_t record_max) {
  const auto lines =
      1 + std::count_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; });
  CsvReader reader(text, record_max);
  CsvRecord record;
  std::int64_t last = 0;
  while (reader.next(record)) {
    COUPOND_ASSERT(record.line > last && record.line <= lines);
    last = record.line;
    if (!record.well_formed) continue;
    COUPOND_ASSERT(!record.fields.empty() && bytes_in(record) <= record_max);
    check_writing(record);
  }
}

std::vector<ImportLine> import_of(std::string_view text, ImportFormat format) {
  auto reader = coupon::service::ImportReader::open(text, {.format = format}, {});
  std::vector<ImportLine> lines;
  while (auto line = reader ? reader->next() : std::nullopt) lines.push_back(*std::move(line));
  return lines;
}

void check_import_lines(std::string_view text, ImportFormat format) {
  const std::vector<ImportLine> lines = import_of(text, format);
  for (const ImportLine& line : lines) {
    COUPOND_ASSERT(line.code.empty() != line.reason.empty());
    if (line.reason.empty()) COUPOND_ASSERT(canonical(line.code).ok());
  }
  const auto kept = coupon::service::unpack_lines(coupon::service::pack_lines(lines));
  COUPOND_ASSERT(kept && kept->size() == lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const ImportLine& a = lines[i];
    const ImportLine& b = (*kept)[i];
    COUPOND_ASSERT(a.line == b.line && a.code == b.code && a.reason == b.reason &&
                   a.expires_at == b.expires_at && a.ended == b.ended);
  }
}

// Kept lines are sealed, but a disk may still give back anything.
void check_unpacking(std::string_view text) {
  const auto lines = coupon::service::unpack_lines(text);
  if (lines) COUPOND_ASSERT(lines->size() <= text.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = coupon::fuzz::as_text(data, size);
  check_records(text, limits::kImportLineMaxBytes);
  check_records(text, 16);
  check_import_lines(text, ImportFormat::kCsv);
  check_import_lines(text, ImportFormat::kJsonLines);
  check_unpacking(text);
  return 0;
}
