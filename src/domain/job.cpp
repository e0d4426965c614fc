#include "coupond/domain/job.h"

#include "src/domain/names.h"

namespace coupon::domain {
namespace {

constexpr Names<JobKind, 3> kKinds{{{{JobKind::kGenerate, "generate"},
                                     {JobKind::kImport, "import"},
                                     {JobKind::kChange, "change"}}}};

constexpr Names<JobState, 6> kStates{{{{JobState::kReceiving, "receiving"},
                                       {JobState::kQueued, "queued"},
                                       {JobState::kRunning, "running"},
                                       {JobState::kDone, "done"},
                                       {JobState::kFailed, "failed"},
                                       {JobState::kCancelled, "cancelled"}}}};

}  // namespace

std::string_view name(JobKind kind) { return kKinds.name(kind); }
std::optional<JobKind> parse_job_kind(std::string_view text) { return kKinds.parse(text); }

std::string_view name(JobState state) { return kStates.name(state); }
std::optional<JobState> parse_job_state(std::string_view text) { return kStates.parse(text); }

bool is_unfinished(JobState state) {
  return state == JobState::kReceiving || state == JobState::kQueued || state == JobState::kRunning;
}

}  // namespace coupon::domain
