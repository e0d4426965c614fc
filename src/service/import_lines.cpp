#include "src/service/import_lines.h"

#include <algorithm>
#include <utility>

#include "coupond/core/codes.h"
#include "coupond/core/email.h"
#include "coupond/core/error.h"
#include "coupond/core/limits.h"
#include "coupond/core/text_encoding.h"
#include "coupond/core/trim.h"
#include "coupond/domain/money.h"
#include "src/service/import_json.h"

namespace coupon::service {
namespace {

constexpr std::string_view kMalformed = "malformed_line";
// Uses of one code that an import records, each a redemption of its own: a slice must stay short.
constexpr std::int64_t kUsesRecordedMax = 100;

bool is_blank(std::string_view text) { return core::trimmed(text).empty(); }

// "1.23457E+11": a number of which a spreadsheet has kept some digits.
bool is_shortened(std::string_view code) {
  const std::size_t e = code.find("E+");
  const std::string_view digits = "0123456789";
  return e != std::string_view::npos && e > 0 && e + 2 < code.size() &&
         code.substr(0, e).find_first_not_of("0123456789.,") == std::string_view::npos &&
         code.substr(e + 2).find_first_not_of(digits) == std::string_view::npos;
}

void check_code(ImportLine& line, bool confirmed) {
  const auto canonical = core::canonical(line.code);
  if (!canonical) {
    const core::Error& error = canonical.error();
    line.reason = std::string(core::name(error.reason)) + ": " + error.message;
  } else if (!confirmed && is_shortened(line.code)) {
    line.reason = "shortened_number: a spreadsheet kept only some of its digits";
  }
}

// The one of the name that was said, or named code, else the only one whose name says that it is.
const JsonCell* code_among(const std::vector<JsonCell>& cells,
                           const std::optional<std::string>& named) {
  const std::string wanted = folded_name(named.value_or("code"));
  const JsonCell* found = nullptr;
  for (const JsonCell& cell : cells) {
    if (folded_name(cell.name) == wanted) return &cell;
    if (named || role_of(cell.name) != ColumnRole::kCode) continue;
    if (found != nullptr) return nullptr;
    found = &cell;
  }
  return found;
}

// Promised to somebody of whom nothing is known, a code must not go to another.
void check_owner(ImportLine& line) {
  if (!line.assigned || !line.owner.empty() || !line.reason.empty()) return;
  line.reason = "reserved: it is assigned, and no address says to whom";
}

}  // namespace

ImportReader::ImportReader(std::string_view text, const ImportOptions& options,
                           const domain::Campaign& campaign)
    : options_(options),
      policy_(campaign.policy),
      has_owners_(domain::traits(campaign.mode).drawn),
      csv_({}, 0) {
  core::DecodedText decoded = core::decode_text(text);
  layout_.encoding = decoded.encoding;
  text_ = std::make_unique<const std::string>(std::move(decoded.utf8));
  json_ = *text_;
  // Whoever sends JSON lines as text means them: no code begins so.
  if (begins_as_json(json_)) options_.format = ImportFormat::kJsonLines;
}

core::Result<ImportReader> ImportReader::open(std::string_view text, const ImportOptions& options,
                                              const domain::Campaign& campaign) {
  ImportReader reader(text, options, campaign);
  if (!reader.is_json()) {
    if (auto error = reader.find_layout()) return *std::move(error);
  }
  return reader;
}

std::optional<ImportLine> ImportReader::next() {
  auto line = is_json() ? next_json() : next_csv();
  if (line && line->reason.empty()) {
    if (line->value) money_ = money_.value_or(0) + *line->value;
    if (!line->owner.empty()) ++owned_;
  }
  return line;
}

std::optional<ImportLine> ImportReader::next_csv() {
  core::CsvRecord record;
  while (next_record(record)) {
    auto line = line_of(record);
    if (!line) continue;
    if (!line->reason.empty()) line->code.clear();
    return line;
  }
  return std::nullopt;
}

// Nothing for a row whose cells are all empty.
std::optional<ImportLine> ImportReader::line_of(const core::CsvRecord& record) const {
  ImportLine line{.line = record.line};
  line.reason = record.well_formed ? "" : kMalformed;
  if (!line.reason.empty()) return line;
  if (std::all_of(record.fields.begin(), record.fields.end(), is_blank)) return std::nullopt;
  const std::size_t widest = layout_.has_header ? layout_.columns.size() : layout_.code_column + 1;
  const auto beyond =
      record.fields.begin() + static_cast<std::ptrdiff_t>(std::min(widest, record.fields.size()));
  const bool too_wide = !options_.column && !std::all_of(beyond, record.fields.end(), is_blank);
  if (layout_.code_column >= record.fields.size() || too_wide) {
    line.reason = kMalformed;
    return line;
  }
  line.code = core::csv_value(record.fields[layout_.code_column]);
  check_code(line, options_.confirm);
  for (const Column& column : columns_) {
    if (column.index >= record.fields.size() || !line.reason.empty()) continue;
    read_cell(column, core::trimmed(core::csv_value(record.fields[column.index])), line);
  }
  check_owner(line);
  return line;
}

// What is left counts, where a file says it beside what there was.
void ImportReader::read_value(const Column& column, std::string_view cell, ImportLine& line) const {
  if (column.role == ColumnRole::kValue && line.value) return;
  const auto amount = domain::parse_money(cell, policy_.currency);
  if (!policy_.value) {
    line.reason = "no_balance: " + column.name + " " + std::string(cell);
  } else if (amount.ok()) {
    line.value = *amount;
  } else {
    line.reason = "unreadable_amount: " + column.name + ": " + amount.error().message;
  }
}

void ImportReader::read_state(const Column& column, std::string_view cell, ImportLine& line) const {
  const std::string shown = column.name + " " + std::string(cell);
  std::optional<ImportedState> state = ImportedState::kUsed;
  if (column.role == ColumnRole::kState) state = parse_state(cell);
  if (column.role == ColumnRole::kWorks) state = parse_works(cell);
  // What is left of a used one, its balance says.
  if (column.role == ColumnRole::kUsedBy && policy_.value && says_balance()) return;
  if (!state) line.reason = "unknown_state: " + shown;
  if (state == ImportedState::kReserved) line.reason = "reserved: " + shown;
  if (state == ImportedState::kAssigned) line.assigned = true;
  // The first column that says it is shown.
  const bool ended = state == ImportedState::kUsed || state == ImportedState::kVoid;
  if (ended && line.ended.empty()) line.ended = "before the import: " + shown;
  if (state == ImportedState::kUsed) {
    line.uses = std::max(line.uses, policy_.max_redemptions_per_coupon.value_or(1));
  }
}

void ImportReader::read_uses(const Column& column, std::string_view cell, ImportLine& line) const {
  const std::string shown = column.name + " " + std::string(cell);
  const auto max_uses = policy_.max_redemptions_per_coupon;
  const auto uses = parse_uses(cell);
  if (policy_.value && uses) {
    if (*uses == 0 || says_balance()) return;
    line.reason = "unclear_balance: " + shown + ", and no column says what is left";
  } else if (!uses || *uses > kUsesRecordedMax) {
    line.reason = "unreadable_uses: " + shown;
  } else {
    line.uses = max_uses ? std::min(*uses, *max_uses) : *uses;
    if (max_uses && *uses >= *max_uses) line.ended = "before the import: " + shown;
  }
}

void ImportReader::read_cell(const Column& column, std::string_view cell, ImportLine& line) const {
  if (is_blank(cell)) return;
  const std::string shown = column.name + " " + std::string(cell);
  const auto max_uses = policy_.max_redemptions_per_coupon;
  switch (column.role) {
    case ColumnRole::kState:
    case ColumnRole::kWorks:
    case ColumnRole::kUsedBy:
      return read_state(column, cell, line);
    case ColumnRole::kExpiresAt: {
      if (says_none(cell)) return;
      const auto at = parse_end(cell);
      if (at.ok()) line.expires_at = *at;
      if (!at.ok()) line.reason = "unreadable_time: " + shown + "; write it as 2027-12-31";
      return;
    }
    case ColumnRole::kMaxUses:
      if (max_uses ? parse_uses(cell) != max_uses : !says_none(cell)) {
        line.reason = "other_limit: " + shown;
      }
      return;
    case ColumnRole::kUses:
      return read_uses(column, cell, line);
    case ColumnRole::kValue:
    case ColumnRole::kBalance:
      return read_value(column, cell, line);
    case ColumnRole::kOwner:
      line.owner = cell;
      if (!core::canonical_email(cell).ok()) line.reason = "unreadable_owner: " + shown;
      if (!has_owners_) line.reason = "cannot_keep: " + shown;
      return;
    case ColumnRole::kUnclear:
      line.reason = "cannot_keep: " + shown;
      return;
    case ColumnRole::kCode:
    case ColumnRole::kNote:
      return;
  }
}

bool ImportReader::is_ignored(std::string_view name) const {
  return std::any_of(options_.ignore.begin(), options_.ignore.end(), [&](const std::string& one) {
    return folded_name(one) == folded_name(name);
  });
}

void ImportReader::leave_out(const std::string& name) {
  auto& names = layout_.left_out;
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

std::optional<ImportLine> ImportReader::next_json() {
  while (!json_.empty()) {
    const std::size_t end = std::min(json_.find('\n'), json_.size());
    std::string_view row = json_.substr(0, end);
    json_.remove_prefix(std::min(end + 1, json_.size()));
    ++json_line_;
    if (row.ends_with('\r')) row.remove_suffix(1);
    if (is_blank(row)) continue;
    ImportLine line = line_of_json(row);
    line.line = json_line_;
    if (!line.reason.empty()) line.code.clear();
    return line;
  }
  return std::nullopt;
}

ImportLine ImportReader::line_of_json(std::string_view row) {
  ImportLine line{.reason = std::string(kMalformed)};
  if (row.size() > core::limits::kImportLineMaxBytes) return line;
  const auto cells = cells_of_json(row);
  const JsonCell* code = cells ? code_among(*cells, options_.column) : nullptr;
  if (code == nullptr || !code->is_text) return line;
  line.code = code->value;
  line.reason.clear();
  check_code(line, options_.confirm);
  for (const JsonCell& cell : *cells) {
    if (&cell == code) continue;
    const ColumnRole role = is_ignored(cell.name) ? ColumnRole::kNote : role_of(cell.name);
    if (role == ColumnRole::kNote || role == ColumnRole::kCode) leave_out(cell.name);
    if (!line.reason.empty()) continue;
    read_cell({.index = 0, .role = role, .name = cell.name}, core::trimmed(cell.value), line);
  }
  check_owner(line);
  return line;
}

std::optional<core::Error> over_limits(std::string_view text, std::int64_t lines) {
  using namespace core::limits;
  if (text.size() > kImportBodyMaxBytes) {
    return bad_import("must be at most " + std::to_string(kImportBodyMaxBytes) + " bytes");
  }
  if (lines <= kImportLinesMax) return std::nullopt;
  return bad_import("must have at most " + std::to_string(kImportLinesMax) + " lines");
}

core::Error bad_import(const std::string& problem) {
  return {.reason = core::Reason::kInvalidRequest,
          .message = "The file " + problem,
          .fields = {{.field = "body", .message = problem}}};
}

std::string pack_lines(const std::vector<ImportLine>& lines) {
  std::string text;
  for (const ImportLine& line : lines) {
    core::FlatJsonWriter row;
    row.add("line", line.line).add("code", line.code).add("reason", line.reason);
    row.add("ended", line.ended);
    if (line.uses > 0) row.add("uses", line.uses);
    if (line.expires_at) row.add("expires_at", line.expires_at->value);
    if (line.value) row.add("value", *line.value);
    if (!line.owner.empty()) row.add("owner", line.owner);
    text += row.finish() + '\n';
  }
  return text;
}

std::optional<std::vector<ImportLine>> unpack_lines(std::string_view text) {
  std::vector<ImportLine> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const auto row = core::FlatJson::parse(text.substr(0, end));
    if (!row || !row->number("line")) return std::nullopt;
    ImportLine line{.line = *row->number("line"),
                    .code = row->text("code").value_or(""),
                    .reason = row->text("reason").value_or(""),
                    .ended = row->text("ended").value_or("")};
    line.value = row->number("value");
    line.uses = row->number("uses").value_or(0);
    line.owner = row->text("owner").value_or("");
    if (const auto at = row->number("expires_at")) line.expires_at = core::UnixMs{*at};
    lines.push_back(std::move(line));
    text.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace coupon::service
