// How an ImportReader decides what it reads. Nothing becomes a code by accident: what would have to
// be guessed is refused with what to say.
#include <algorithm>
#include <array>

#include "coupond/core/codes.h"
#include "coupond/core/limits.h"
#include "coupond/domain/money.h"
#include "src/service/import_lines.h"

namespace coupon::service {
namespace {

using Cells = std::vector<std::string>;

constexpr std::array kSeparators{',', ';', '\t', '|'};
constexpr std::string_view kSeparatorsInCode = ",;|\t";
constexpr std::size_t kSampleRows = 20;
constexpr std::size_t kShownRows = 5;
constexpr std::size_t kShortCodeBytes = 2;

// "# Voucher roll 7" is a comment, "#SALE-9" is a code. So is what Excel writes of the separator.
bool is_comment(const core::CsvRecord& record) {
  if (record.fields.empty()) return false;
  const std::string_view first = record.fields.front();
  if (first.starts_with("sep=") && first.size() <= 5) return true;
  return first == "#" || first.starts_with("# ") || first.starts_with("#\t");
}

bool has_digit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool has_inner_blank(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  const std::size_t last = text.find_last_not_of(" \t");
  return first != std::string_view::npos &&
         text.substr(first, last - first).find_first_of(" \t") != std::string_view::npos;
}

std::size_t count_roles(const Cells& cells, ColumnRole role) {
  return static_cast<std::size_t>(std::count_if(
      cells.begin(), cells.end(), [&](const std::string& cell) { return role_of(cell) == role; }));
}

// Rows of one width, more than one cell each.
bool is_table(const std::vector<core::CsvRecord>& rows) {
  if (rows.empty() || rows.front().fields.size() < 2) return false;
  return std::all_of(rows.begin(), rows.end(), [&](const core::CsvRecord& row) {
    return row.fields.size() == rows.front().fields.size();
  });
}

// A first row that is made unlike all others: words where they have digits, or blanks where they
// have none.
bool looks_like_title(const std::string& first, const std::vector<std::string>& others) {
  if (others.empty()) return has_inner_blank(first) && !has_digit(first);
  const auto all = [&](auto rule) { return std::all_of(others.begin(), others.end(), rule); };
  if (!has_digit(first) && all(has_digit)) return true;
  return has_inner_blank(first) &&
         all([](const std::string& other) { return !has_inner_blank(other); });
}

// `option`: what has to be said.
core::Error unclear(std::string option, std::string message) {
  return {.reason = core::Reason::kInvalidRequest,
          .message = message,
          .fields = {{.field = std::move(option), .message = std::move(message)}}};
}

// A file that is no list of codes at all, by how it begins.
std::optional<core::Error> other_format(std::string_view text, bool confirmed) {
  if (text.starts_with("PK\x03\x04") || text.starts_with("\xc3\x90\xc3\x8f\x11\xc3\xa0")) {
    return unclear("body",
                   "This is a workbook of a spreadsheet program. Save the sheet as CSV (UTF-8) "
                   "there, and import that file.");
  }
  if (text.starts_with("%PDF-")) {
    return unclear("body", "This is a PDF. Codes are imported from text or CSV.");
  }
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (confirmed || first == std::string_view::npos) return std::nullopt;
  const char start = text[first];
  if (start == '<') {
    return unclear("confirm",
                   "This looks like a web page or XML. Save the list as text or CSV. If the codes "
                   "do begin with <, say so (confirm=true, --yes).");
  }
  if (start == '[' || start == '{') {
    return unclear("confirm",
                   "This looks like JSON. Write one object a line, {\"code\": ...}, or save the "
                   "list as CSV. If the codes do begin so, say so (confirm=true, --yes).");
  }
  return std::nullopt;
}

std::string list_of(const Cells& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

}  // namespace

// "Read as UTF-8, separated by tabs, with the codes in Promo Code. Left out: Name."
std::string ImportReader::sentence() const {
  std::string text = "Read as " + std::string(layout_.encoding);
  if (is_json()) text += ", a JSON object in each line";
  if (layout_.separator == ';') text += ", separated by semicolons";
  if (layout_.separator == '\t') text += ", separated by tabs";
  if (layout_.separator == '|') text += ", separated by bars";
  if (layout_.has_header) text += ", with the codes in " + layout_.columns[layout_.code_column];
  text += ".";
  if (layout_.comments > 0) {
    text += " Lines of comment: " + std::to_string(layout_.comments) + ".";
  }
  if (!layout_.left_out.empty()) text += " Left out: " + list_of(layout_.left_out) + ".";
  return text;
}

std::string ImportReader::summary() const {
  std::string text;
  if (money_) text += " On the codes: " + domain::money_text(*money_, policy_.currency) + ".";
  if (owned_ > 0) text += " For customers by address: " + std::to_string(owned_) + ".";
  return text;
}

std::vector<core::CsvRecord> ImportReader::sample(char separator) const {
  core::CsvReader reader(*text_, core::limits::kImportLineMaxBytes, separator);
  std::vector<core::CsvRecord> rows;
  core::CsvRecord record;
  while (rows.size() < kSampleRows && reader.next(record)) {
    if (record.well_formed && !is_comment(record)) rows.push_back(record);
  }
  return rows;
}

// The separator under which a header is known, else the one that makes a table, else none is
// needed.
char ImportReader::find_separator() const {
  for (const char separator : kSeparators) {
    const auto rows = sample(separator);
    if (!rows.empty() && (count_roles(rows.front().fields, ColumnRole::kCode) > 0 ||
                          chosen_column(rows.front().fields))) {
      if (rows.front().fields.size() > 1) return separator;
    }
  }
  for (const char separator : kSeparators) {
    if (is_table(sample(separator))) return separator;
  }
  return ',';
}

// The column that the options name in a header.
std::optional<std::size_t> ImportReader::chosen_column(const Cells& first) const {
  if (!options_.column) return std::nullopt;
  const std::string wanted = folded_name(*options_.column);
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (folded_name(first[i]) == wanted) return i;
  }
  return std::nullopt;
}

std::vector<Cells> ImportReader::first_rows(std::string_view text, const ImportOptions& options,
                                            std::size_t most) {
  std::vector<Cells> rows;
  const ImportReader reader(text, options, domain::Campaign{});
  if (reader.is_json()) return rows;
  for (core::CsvRecord& row : reader.sample(reader.find_separator())) {
    if (rows.size() < most) rows.push_back(std::move(row.fields));
  }
  return rows;
}

std::optional<core::Error> ImportReader::find_layout() {
  if (auto error = other_format(*text_, options_.confirm)) return error;
  layout_.separator = find_separator();
  csv_ = core::CsvReader(*text_, core::limits::kImportLineMaxBytes, layout_.separator);
  const auto rows = sample(layout_.separator);
  if (rows.empty()) return std::nullopt;  // nothing to read: whoever counts the lines says so
  if (auto error = find_columns(rows.front().fields)) return error;
  if (auto error = doubts()) return error;
  if (layout_.has_header) {
    core::CsvRecord header;
    next_record(header);
  }
  return std::nullopt;
}

// Which row is the header, and which column has the codes.
std::optional<core::Error> ImportReader::find_columns(const Cells& first) {
  const auto named = chosen_column(first);
  const std::int64_t number = options_.column ? parse_uses(*options_.column).value_or(-1) : -1;
  const std::size_t known = count_roles(first, ColumnRole::kCode);
  if (options_.column && !named && number < 0) {
    return unclear("column", "There is no column " + *options_.column +
                                 ". The first row is: " + list_of(first) + ".");
  }
  layout_.has_header = options_.header.value_or(named || known > 0);
  if (named) {
    layout_.code_column = *named;
  } else if (number >= 0) {
    if (number < 1 || number > static_cast<std::int64_t>(first.size())) {
      return unclear("column", "There is no column " + *options_.column + ": the rows have " +
                                   std::to_string(first.size()) + ".");
    }
    layout_.code_column = static_cast<std::size_t>(number) - 1;
  } else if (layout_.has_header && known == 1) {
    while (role_of(first[layout_.code_column]) != ColumnRole::kCode) ++layout_.code_column;
  } else if (first.size() > 1) {
    return unclear("column",
                   "Which column has the codes? The first row is: " + list_of(first) +
                       ". Name the column (column=NAME, --column NAME) or give its number.");
  }
  if (!layout_.has_header) return std::nullopt;
  layout_.columns = first;
  // Ids in a file of ours are of the database that wrote it; who has a code, its state says.
  const bool ours = role_of(first.front()) == ColumnRole::kCode && first.size() > 4 &&
                    first[1] == "number" && first[3] == "user" && first[4] == "assigned_at";
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (i == layout_.code_column) continue;
    ColumnRole role = role_of(first[i]);
    // What else stands in a file of ours, its state and uses say too.
    if (ours && (role == ColumnRole::kUnclear || role == ColumnRole::kUsedBy)) {
      role = ColumnRole::kNote;
    }
    if (is_ignored(first[i]) || (ours && i == 3)) role = ColumnRole::kNote;
    if (role == ColumnRole::kNote || role == ColumnRole::kCode) {
      leave_out(first[i].empty() ? std::to_string(i + 1) : first[i]);
    } else {
      columns_.push_back({.index = i, .role = role, .name = first[i]});
    }
  }
  return std::nullopt;
}

bool ImportReader::says_balance() const {
  return std::any_of(columns_.begin(), columns_.end(),
                     [](const Column& column) { return column.role == ColumnRole::kBalance; });
}

// What the codes of this campaign cannot carry.
std::optional<core::Error> ImportReader::cannot_keep(const Column& column) const {
  if (column.role == ColumnRole::kUnclear) {
    return unclear("ignore",
                   "The column " + column.name +
                       " may say whether, how long or for what a code is good, and its name is "
                       "not known. Call it state, expires_at, max_uses, uses, value, balance or "
                       "active, whichever it is, or leave it out by name (ignore=" +
                       column.name + ", --ignore " + column.name + ").");
  }
  const bool money = column.role == ColumnRole::kValue || column.role == ColumnRole::kBalance;
  const bool owner = column.role == ColumnRole::kOwner;
  if (!(money && !policy_.value) && !(owner && !has_owners_)) return std::nullopt;
  const std::string why =
      money ? " says what a code is worth, and this campaign's codes have no balance: give the "
              "campaign a value (0: each code brings its own) and a currency before it has codes. "
              "Or leave"
            : " says whose a code is, and only codes of a pool have owners. Leave";
  return unclear("ignore", "The column " + column.name + why +
                               " it out by name (ignore=" + column.name + ", --ignore " +
                               column.name + ") if the codes shall be stored without it.");
}

// What only a person can say: a first row that may be a title, codes so short that they may be
// numbers of rows, and columns of money, which codes cannot carry yet.
std::optional<core::Error> ImportReader::doubts() const {
  auto rows = sample(layout_.separator);
  if (layout_.has_header) rows.erase(rows.begin());
  Cells codes;
  for (const core::CsvRecord& row : rows) {
    if (layout_.code_column < row.fields.size()) codes.push_back(row.fields[layout_.code_column]);
    for (const Column& column : columns_) {
      if (column.index >= row.fields.size() || row.fields[column.index].empty()) continue;
      if (auto error = cannot_keep(column)) return error;
    }
  }
  if (options_.confirm || codes.empty()) return std::nullopt;
  const Cells shown(codes.begin(), codes.begin() + static_cast<std::ptrdiff_t>(
                                                       std::min(codes.size(), kShownRows)));
  const std::string preview = " The first codes would be: " + list_of(shown) + ". ";
  if (!options_.header && !layout_.has_header &&
      looks_like_title(codes.front(), Cells(codes.begin() + 1, codes.end()))) {
    return unclear("header", "The first row looks like a title: " + codes.front() + "." + preview +
                                 "Say that it is one (header=true, --header) or that it is a code "
                                 "(header=false, --no-header).");
  }
  const auto some = [&](auto rule) { return std::any_of(codes.begin(), codes.end(), rule); };
  if (some([](const std::string& code) {
        return code.find_first_of(kSeparatorsInCode) != std::string::npos;
      })) {
    return unclear(
        "confirm",
        "Some codes contain a separator, as if the rows had several cells." + preview +
            "Say that they are right (confirm=true, --yes), or which column has the codes "
            "(column=NAME, --column NAME).");
  }
  if (some([](const std::string& code) { return code.find("://") != std::string::npos; })) {
    return unclear("confirm",
                   "Some codes are addresses of pages, and a till takes the code out of such an "
                   "address." + preview +
                       "Store the codes alone, or say that they are right (confirm=true, --yes).");
  }
  if (some([](const std::string& code) {
        return code.size() <= kShortCodeBytes && core::canonical(code).ok();
      })) {
    return unclear(
        "confirm",
        "Some codes have only one or two characters." + preview +
            "Say that they are right (confirm=true, --yes), or which column has the codes "
            "(column=NAME, --column NAME).");
  }
  return std::nullopt;
}

// The next row that is no comment.
bool ImportReader::next_record(core::CsvRecord& record) {
  while (csv_.next(record)) {
    if (!record.well_formed || !is_comment(record)) return true;
    ++layout_.comments;
  }
  return false;
}

}  // namespace coupon::service
