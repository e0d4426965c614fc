#include "coupond/service/jobs.h"

#include <utility>
#include <vector>

#include "coupond/core/limits.h"
#include "coupond/core/seal.h"
#include "coupond/store/jobs.h"
#include "src/service/bulk.h"
#include "src/service/import_lines.h"
#include "src/service/job_parameters.h"

namespace coupon::service {
namespace {

using core::Reason;
using domain::Job;
using domain::JobState;
namespace limits = core::limits;

// Stores an import's lines part by part, as they are read.
class Receiver {
 public:
  Receiver(Engine& engine, std::int64_t job) : engine_(engine), job_(job) {}

  core::Result<core::Done> add(ImportLine line) {
    if (lines_.empty()) first_line_ = line.line;
    lines_.push_back(std::move(line));
    ++total_;
    const bool full = static_cast<std::int64_t>(lines_.size()) == limits::kImportPartLines;
    return full ? flush() : core::Result<core::Done>(core::Done{});
  }

  core::Result<core::Done> flush() {
    if (lines_.empty()) return core::Done{};
    const store::JobPart part{.job_id = job_,
                              .part = (total_ - 1) / limits::kImportPartLines,
                              .first_line = first_line_,
                              .sealed = core::seal(engine_.secrets().record_seal_key(),
                                                   pack_lines(lines_), engine_.random())};
    lines_.clear();
    return engine_.writer().run<core::Done>("job.receive",
                                            [&](store::Tx& tx) -> core::Result<core::Done> {
                                              store::insert_job_part(tx, part);
                                              return core::Done{};
                                            });
  }

  std::int64_t total() const { return total_; }

 private:
  Engine& engine_;
  const std::int64_t job_;
  std::vector<ImportLine> lines_;
  std::int64_t first_line_ = 0;
  std::int64_t total_ = 0;
};

// How the text is read, in a sentence; refuses what an import cannot be.
core::Result<std::string> check_import(const domain::Campaign& campaign, std::string_view text,
                                       const ImportOptions& options) {
  if (auto error = over_limits(text, 0)) return *std::move(error);
  auto reader = ImportReader::open(text, options, campaign);
  if (!reader) return reader.error();
  std::int64_t lines = 0;
  while (reader->next()) {
    if (auto error = over_limits(text, ++lines)) return *std::move(error);
  }
  if (lines == 0) return bad_import(kNoCode);
  return reader->sentence() + reader->summary();
}

core::Result<Job> begin_import(Engine& engine, const Caller& caller, core::CampaignId campaign) {
  Job job{.kind = domain::JobKind::kImport,
          .campaign_id = campaign,
          .actor = caller.actor,
          .state = JobState::kReceiving};
  return engine.writer().run<Job>("job.create", [&](store::Tx& tx) -> core::Result<Job> {
    job.id = store::insert_job(tx, job);
    return job;
  });
}

}  // namespace

core::Result<Job> plan_generation(Engine& engine, const Caller& caller,
                                  const GenerateRequest& request) {
  const auto campaign =
      campaign_for_codes(engine, caller, request.campaign_id, request.count, limits::kJobCodesMax);
  if (!campaign) return campaign.error();
  if (request.value && !campaign->policy.value) return Reason::kNoBalance;
  auto parameters = GenerationParameters::fresh(
      request.pattern ? request.pattern : campaign->policy.code_pattern, engine.random());
  parameters.value = request.value;
  auto source = CodeSource::open(engine.vault(), engine.random(), parameters.pattern,
                                 parameters.walk(engine.secrets()));
  if (!source) return source.error();
  if (auto room = check_room(engine, std::move(*source), request.count); !room) return room.error();
  return Job{.kind = domain::JobKind::kGenerate,
             .campaign_id = request.campaign_id,
             .actor = caller.actor,
             .total = request.count,
             .parameters = parameters.to_text()};
}

core::Result<ImportShape> shape_of_import(std::string_view text, const ImportOptions& options) {
  auto reader = ImportReader::open(text, options, {.policy = {.value = 0}});
  if (!reader) return reader.error();
  if (!reader->next()) return bad_import(kNoCode);  // past the comments
  const ImportLayout& layout = reader->layout();
  return ImportShape{.utf8 = std::string(reader->text()),
                     .is_json = reader->is_json(),
                     .has_header = layout.has_header,
                     .comments = layout.comments,
                     .code_column = layout.code_column,
                     .separator = layout.separator,
                     .sentence = reader->sentence()};
}

core::Result<Job> receive_import(Engine& engine, const Caller& caller, core::CampaignId campaign_id,
                                 std::string_view text, const ImportOptions& options) {
  // Lines beyond the campaign's cap are refused one by one, so there need be no room for all.
  const auto campaign = campaign_for_import(engine, caller, campaign_id);
  if (!campaign) return campaign.error();
  const auto sentence = check_import(*campaign, text, options);
  if (!sentence) return sentence.error();
  auto job = begin_import(engine, caller, campaign_id);
  if (!job) return job.error();
  Receiver receiver(engine, job->id);
  auto reader = ImportReader::open(text, options, *campaign);
  if (!reader) return reader.error();
  while (auto line = reader->next()) {
    if (auto added = receiver.add(std::move(*line)); !added) return added.error();
  }
  if (auto flushed = receiver.flush(); !flushed) return flushed.error();
  job->total = receiver.total();
  job->message = *sentence;
  return job;
}

core::Result<Job> queue_job(store::Tx& tx, Job job) {
  job.state = JobState::kQueued;
  if (job.id == 0) {
    job.id = store::insert_job(tx, job);
  } else {
    const auto received = store::find_job(tx.db(), job.id);
    if (!received || received->state != JobState::kReceiving) return Reason::kJobFinished;
    store::update_job(tx, job);
  }
  return *store::find_job(tx.db(), job.id);
}

core::Result<Job> find_job(store::Connection& connection, const Caller& caller, std::int64_t id) {
  if (!caller.may(Scope::kRead)) return Reason::kForbidden;
  auto job = store::find_job(connection, id);
  if (!job) return Reason::kUnknownJob;
  return std::move(*job);
}

core::Result<Job> cancel_job(store::Tx& tx, const Caller& caller, std::int64_t id) {
  if (!caller.is_admin()) return Reason::kForbidden;
  auto job = store::find_job(tx.db(), id);
  if (!job) return Reason::kUnknownJob;
  if (!domain::is_unfinished(job->state)) return Reason::kJobFinished;
  job->state = JobState::kCancelled;
  job->message = "Cancelled by " + caller.actor;
  store::update_job(tx, *job);
  return *store::find_job(tx.db(), id);
}

// A new trouble is told once, and its end.
void JobRunner::note_trouble(std::int64_t job, const std::string& why) {
  {
    const core::MutexLock lock(mutex_);
    if (why == trouble_) return;
    trouble_ = why;
    troubled_ = job;
  }
  const std::string name = job == 0 ? "jobs" : "job " + std::to_string(job);
  options_.notice(name + ": " + (why.empty() ? "goes on" : why));
}

std::string JobRunner::trouble(std::int64_t id) const {
  const core::MutexLock lock(mutex_);
  return id == troubled_ ? trouble_ : std::string();
}

}  // namespace coupon::service
