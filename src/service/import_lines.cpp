#include "src/service/import_lines.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "coupond/core/bytes.h"
#include "coupond/core/codes.h"
#include "coupond/core/error.h"
#include "coupond/core/flat_json.h"
#include "coupond/core/limits.h"

namespace coupon::service {
namespace {

constexpr std::string_view kMalformed = "malformed_line";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
// What separates a line's number from its code, or from the reason why it has none.
constexpr char kCodeMark = ' ';
constexpr char kReasonMark = '!';
// Before the hexadecimal form of a code with a line end in it.
constexpr char kHexMark = 'x';

ImportLine bad_line(std::int64_t line, std::string_view reason) {
  return {.line = line, .reason = std::string(reason)};
}

ImportLine line_with(std::int64_t line, std::string_view code) {
  const auto canonical = core::canonical(code);
  if (!canonical) {
    const core::Error& error = canonical.error();
    return bad_line(line, std::string(core::name(error.reason)) + ": " + error.message);
  }
  return {.line = line, .code = std::string(code)};
}

bool is_code_column(std::string_view name) {
  return name.size() == 4 && std::equal(name.begin(), name.end(), "code", [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b;
         });
}

// The same JSON without white space between its tokens: FlatJson reads no other.
std::string without_blanks(std::string_view json) {
  std::string out;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (!in_text && (c == ' ' || c == '\t')) continue;
    out += c;
    if (c == '"') in_text = !in_text;
    if (c == '\\' && in_text && i + 1 < json.size()) out += json[++i];
  }
  return out;
}

}  // namespace

ImportReader::ImportReader(std::string_view text, ImportFormat format)
    : format_(format), csv_(text, core::limits::kImportLineMaxBytes), json_(text) {
  if (json_.starts_with(kByteOrderMark)) json_.remove_prefix(kByteOrderMark.size());
  if (format_ == ImportFormat::kCsv) read_header();
}

std::optional<ImportLine> ImportReader::next() {
  return format_ == ImportFormat::kCsv ? next_csv() : next_json();
}

void ImportReader::read_header() {
  core::CsvRecord record;
  if (!csv_.next(record)) return;
  const auto found = std::find_if(record.fields.begin(), record.fields.end(), is_code_column);
  has_header_ = record.well_formed && found != record.fields.end();
  if (has_header_) {
    column_ = static_cast<std::size_t>(found - record.fields.begin());
  } else {
    first_ = std::move(record);
  }
}

std::optional<ImportLine> ImportReader::next_csv() {
  if (first_) return line_of(*std::exchange(first_, std::nullopt));
  core::CsvRecord record;
  if (!csv_.next(record)) return std::nullopt;
  return line_of(record);
}

ImportLine ImportReader::line_of(const core::CsvRecord& record) const {
  if (!record.well_formed) return bad_line(record.line, kMalformed);
  // Without a header there is nothing to tell which of several columns the code is in.
  const bool readable = has_header_ ? column_ < record.fields.size() : record.fields.size() == 1;
  if (!readable) return bad_line(record.line, kMalformed);
  return line_with(record.line, core::csv_value(record.fields[column_]));
}

std::optional<ImportLine> ImportReader::next_json() {
  while (!json_.empty()) {
    const std::size_t end = std::min(json_.find('\n'), json_.size());
    std::string_view line = json_.substr(0, end);
    json_.remove_prefix(std::min(end + 1, json_.size()));
    ++json_line_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    if (line.size() > core::limits::kImportLineMaxBytes) return bad_line(json_line_, kMalformed);
    const auto object = core::FlatJson::parse(without_blanks(line));
    const auto code = object ? object->text("code") : std::nullopt;
    return code ? line_with(json_line_, *code) : bad_line(json_line_, kMalformed);
  }
  return std::nullopt;
}

std::string pack_lines(const std::vector<ImportLine>& lines) {
  std::string text;
  for (const ImportLine& line : lines) {
    text += std::to_string(line.line);
    if (!line.reason.empty()) {
      text += kReasonMark + line.reason;
    } else if (line.code.find('\n') == std::string::npos) {
      text += kCodeMark + line.code;
    } else {
      text += kHexMark + core::to_hex(core::as_bytes(line.code));
    }
    text += '\n';
  }
  return text;
}

std::optional<std::vector<ImportLine>> unpack_lines(std::string_view text) {
  std::vector<ImportLine> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view row = text.substr(0, end);
    ImportLine line;
    const auto [mark, error] = std::from_chars(row.data(), row.data() + row.size(), line.line);
    if (error != std::errc() || mark == row.data() + row.size()) return std::nullopt;
    const auto rest = row.substr(static_cast<std::size_t>(mark - row.data()) + 1);
    if (*mark == kCodeMark) {
      line.code = rest;
    } else if (*mark == kReasonMark) {
      line.reason = rest;
    } else if (const auto code = core::from_hex(rest); *mark == kHexMark && code) {
      line.code = core::as_text(*code);
    } else {
      return std::nullopt;
    }
    lines.push_back(std::move(line));
    text.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace coupon::service
