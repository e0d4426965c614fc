#include "coupond/core/csv.h"

#include <algorithm>

namespace coupon::core {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kFormulaStarts = "=+-@\t'";

bool starts_a_formula(std::string_view text) {
  return !text.empty() && kFormulaStarts.find(text.front()) != std::string_view::npos;
}

}  // namespace

CsvReader::CsvReader(std::string_view text, std::size_t record_max, char separator)
    : text_(text), record_max_(record_max), separator_(separator) {
  if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
}

bool CsvReader::next(CsvRecord& record) {
  skip_empty_lines();
  if (at_ == text_.size()) return false;
  const std::size_t start = at_;
  limit_ = at_ + std::min(record_max_, text_.size() - at_);
  record.line = line_;
  record.fields.clear();
  record.well_formed = read_record(record);
  if (!record.well_formed) {
    // A quote that is never closed must not swallow the file: go on at the very next line.
    at_ = std::min(text_.find_first_of("\r\n", start), text_.size());
    at_ += line_end();
    line_ = record.line + 1;
  }
  return true;
}

void CsvReader::skip_empty_lines() {
  while (const std::size_t length = line_end()) {
    at_ += length;
    ++line_;
  }
}

std::size_t CsvReader::line_end() const {
  const std::string_view rest = text_.substr(at_);
  if (rest.starts_with("\r\n")) return 2;
  return rest.starts_with('\n') || rest.starts_with('\r') ? 1 : 0;
}

bool CsvReader::read_record(CsvRecord& record) {
  while (true) {
    record.fields.emplace_back();
    if (!read_field(record.fields.back())) return false;
    if (at_ == text_.size()) return true;
    if (const std::size_t length = line_end()) {
      at_ += length;
      ++line_;
      return true;
    }
    if (at_ == limit_ || text_[at_] != separator_) return false;
    ++at_;
  }
}

bool CsvReader::read_field(std::string& field) {
  const std::size_t start = at_;
  skip_blanks();
  const std::string_view rest = text_.substr(at_, limit_ - at_);
  const bool marked = rest.starts_with("=\"");  // a spreadsheet's mark of a text
  if (!marked && !rest.starts_with('"')) {
    at_ = start;
    return read_plain(field);
  }
  if (marked) ++at_;
  if (!read_quoted(field)) return false;
  skip_blanks();
  return true;
}

void CsvReader::skip_blanks() {
  while (at_ < limit_ && text_[at_] != separator_ && (text_[at_] == ' ' || text_[at_] == '\t')) {
    ++at_;
  }
}

bool CsvReader::read_plain(std::string& field) {
  const std::size_t start = at_;
  for (; at_ < limit_; ++at_) {
    const char c = text_[at_];
    if (c == separator_ || line_end() != 0) break;
    if (c == '"' || c == '\0') return false;
  }
  field = text_.substr(start, at_ - start);
  return true;
}

bool CsvReader::read_quoted(std::string& field) {
  for (++at_; at_ < limit_; ++at_) {
    const char c = text_[at_];
    if (c == '\0') return false;
    const bool carriage_return = c == '\r' && !text_.substr(at_).starts_with("\r\n");
    if (c == '\n' || carriage_return) ++line_;
    if (c != '"') {
      field += c;
      continue;
    }
    const bool doubled = at_ + 1 < limit_ && text_[at_ + 1] == '"';
    ++at_;
    if (!doubled) return true;
    field += '"';
  }
  return false;
}

std::string csv_field(std::string_view value) {
  std::string text;
  if (starts_a_formula(value)) text += '\'';
  text += value;
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string_view csv_value(std::string_view field) {
  if (field.size() >= 3 && field.starts_with("=\"") && field.ends_with('"')) {
    return field.substr(2, field.size() - 3);
  }
  const bool marked = field.starts_with('\'') && starts_a_formula(field.substr(1));
  return marked ? field.substr(1) : field;
}

}  // namespace coupon::core
