// The part of JobRunner that stores the lines of an import.
#include <algorithm>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "coupond/core/limits.h"
#include "coupond/core/seal.h"
#include "coupond/service/jobs.h"
#include "coupond/store/jobs.h"
#include "src/service/bulk.h"
#include "src/service/import_past.h"

namespace coupon::service {
namespace {

// A part of an import, ready to be stored.
struct Part {
  std::vector<ImportLine> lines;
  std::vector<FreshCode> codes;        // of the good lines
  std::vector<std::size_t> code_line;  // where each of them is in `lines`
};

Result<Part> read_part(Engine& engine, std::int64_t job, std::int64_t number) {
  const core::Error unreadable{.reason = Reason::kInternal,
                               .message = "The lines of the import cannot be read"};
  const auto stored =
      engine.readers().read<store::JobPart>([&](store::Connection& db) -> Result<store::JobPart> {
        auto part = store::find_job_part(db, job, number);
        if (!part) return unreadable;
        return std::move(*part);
      });
  if (!stored) return stored.error();
  const auto text = core::unseal(engine.secrets().record_seal_key(), stored->sealed);
  auto lines = text ? unpack_lines(*text) : std::nullopt;
  if (!lines) return unreadable;
  Part part{.lines = std::move(*lines), .codes = {}, .code_line = {}};
  for (std::size_t i = 0; i < part.lines.size(); ++i) {
    if (!part.lines[i].reason.empty()) continue;
    auto code = seal_code(engine.vault(), part.lines[i].code);
    if (!code) return unreadable;
    code->expires_at = part.lines[i].expires_at;
    code->value = part.lines[i].value;
    part.codes.push_back(std::move(*code));
    part.code_line.push_back(i);
  }
  return part;
}

// Stores the lines [from, to) of a part and a row for each that cannot be; gives how many those
// are.
Result<std::int64_t> store_lines(store::Tx& tx, Engine& engine, const Job& job, const Part& part,
                                 std::size_t from, std::size_t to) {
  const auto first = std::lower_bound(part.code_line.begin(), part.code_line.end(), from);
  const auto last = std::lower_bound(first, part.code_line.end(), to);
  const auto skipped = static_cast<std::size_t>(first - part.code_line.begin());
  const auto count = static_cast<std::size_t>(last - first);
  const auto some = store_new_codes(tx, Caller::job(job.id), job.campaign_id,
                                    std::span(part.codes).subspan(skipped, count));
  if (!some) return some.error();
  note_lot(tx, job.id, some->generated);
  std::int64_t refused = 0;
  for (std::size_t i = from; i < to; ++i) {
    const ImportLine& line = part.lines[i];
    if (line.reason.empty()) continue;
    store::insert_job_error(tx, job.id, {.line = line.line, .reason = line.reason});
    ++refused;
  }
  std::set<std::size_t> left_out;
  for (const LeftOut& left : some->left_out) {
    const ImportLine& line = part.lines[part.code_line[skipped + left.position]];
    std::string reason(core::name(left.reason));
    if (left.reason == Reason::kDuplicateCode) reason += ": " + where_code_is(tx.db(), left);
    store::insert_job_error(tx, job.id, {.line = line.line, .reason = std::move(reason)});
    left_out.insert(left.position);
    ++refused;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const ImportLine& line = part.lines[part.code_line[skipped + i]];
    if (left_out.contains(i)) continue;
    if (line.ended.empty() && line.uses == 0 && line.owner.empty()) continue;
    const auto kept = keep_past(tx, engine, job, part.codes[skipped + i].hash, line);
    if (!kept) return kept.error();
    if (kept->empty()) continue;
    store::insert_job_error(tx, job.id, {.line = line.line, .reason = *kept});
    ++refused;
  }
  return refused;
}

}  // namespace

Result<Done> JobRunner::run_import(Job job) {
  while (job.done < job.total) {
    const std::int64_t number = job.done / limits::kImportPartLines;
    const auto part = read_part(engine_, job.id, number);
    if (!part) return part.error();
    auto at = static_cast<std::size_t>(job.done % limits::kImportPartLines);
    while (at < part->lines.size()) {
      const std::size_t end =
          std::min(at + static_cast<std::size_t>(slice_size_.codes()), part->lines.size());
      const auto count = static_cast<std::int64_t>(end - at);
      const auto stored = slice(job.id, count, [&](store::Tx& tx, Job& row) -> Result<Done> {
        const auto refused = store_lines(tx, engine_, row, *part, at, end);
        if (!refused) return refused.error();
        row.done += count;
        row.refused += *refused;
        if (end == part->lines.size()) store::delete_job_part(tx, row.id, number);
        return Done{};
      });
      if (!stored) return stored.error();
      job = *stored;
      at = end;
    }
  }
  return Done{};
}

}  // namespace coupon::service
