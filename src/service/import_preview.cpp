#include "coupond/service/import_preview.h"

#include <set>
#include <utility>

#include "coupond/core/limits.h"
#include "src/service/bulk.h"
#include "src/service/import_lines.h"

namespace coupon::service {
namespace {

using core::Reason;
using Row = ImportPreview::Row;

constexpr std::size_t kRows = 5;
constexpr std::size_t kProblems = 100;
// Goes through an import's lines; finds the codes that are stored already, some at a time.
class Inspection {
 public:
  Inspection(Engine& engine, ImportPreview& preview) : engine_(engine), preview_(preview) {}

  core::Result<core::Done> add(const ImportLine& line) {
    ++preview_.lines;
    Row row{.line = line.line,
            .code = line.code,
            .reason = line.reason,
            .ended = line.ended,
            .expires_at = line.expires_at};
    FreshCode code;
    if (row.reason.empty()) {
      auto sealed = seal_code(engine_.vault(), line.code);
      if (!sealed) return sealed.error();
      code = *std::move(sealed);
      if (!seen_.insert(code.hash).second) row.reason = "duplicate_code: it comes twice";
    }
    const bool fresh = row.reason.empty();
    waiting_.push_back({.row = std::move(row), .code = std::move(code), .fresh = fresh});
    return waiting_.size() < kLookUps ? core::Result<core::Done>(core::Done{}) : settle();
  }

  core::Result<core::Done> settle() {
    auto looked =
        engine_.readers().read<core::Done>([&](store::Connection& db) -> core::Result<core::Done> {
          for (Waiting& one : waiting_) {
            const bool stored = one.fresh && holder_of(db, one.code);
            if (stored) one.row.reason = "duplicate_code: it is stored already";
          }
          return core::Done{};
        });
    if (!looked) return looked;
    for (Waiting& one : std::exchange(waiting_, {})) tell(std::move(one.row));
    return core::Done{};
  }

 private:
  struct Waiting {
    Row row;
    FreshCode code;
    bool fresh;  // neither bad nor twice in the file
  };

  void tell(Row row) {
    const bool bad = !row.reason.empty();
    if (bad) ++preview_.bad_lines;
    if (bad && preview_.problems.size() < kProblems) preview_.problems.push_back(row);
    if (preview_.rows.size() < kRows) preview_.rows.push_back(std::move(row));
  }

  Engine& engine_;
  ImportPreview& preview_;
  std::set<core::CodeVault::CodeHash> seen_;
  std::vector<Waiting> waiting_;
};

}  // namespace

core::Result<ImportPreview> preview_import(Engine& engine, const Caller& caller,
                                           core::CampaignId campaign_id, std::string_view text,
                                           const ImportOptions& options) {
  const auto campaign = campaign_for_import(engine, caller, campaign_id);
  if (!campaign) return campaign.error();
  if (auto error = over_limits(text, 0)) return *std::move(error);
  ImportPreview preview{.first_rows = ImportReader::first_rows(text, options, kRows + 1)};
  auto reader = ImportReader::open(text, options, *campaign);
  if (!reader) {
    if (reader.error().fields.empty()) return reader.error();
    preview.question = reader.error().message;
    preview.question_about = reader.error().fields.front().field;
    return preview;
  }
  Inspection inspection(engine, preview);
  while (const auto line = reader->next()) {
    if (auto added = inspection.add(*line); !added) return added.error();
    if (auto error = over_limits(text, preview.lines)) return *std::move(error);
  }
  if (auto settled = inspection.settle(); !settled) return settled.error();
  if (preview.lines == 0) return bad_import(kNoCode);
  preview.has_header = reader->layout().has_header;
  preview.code_column = reader->layout().code_column;
  preview.layout = reader->sentence() + reader->summary();
  return preview;
}

}  // namespace coupon::service
