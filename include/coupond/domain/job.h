// A job: work too long for one request, done in slices in the background. Values only: safe on any
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/types.h"

namespace coupon::domain {

enum class JobKind { kGenerate, kImport, kChange };
std::string_view name(JobKind kind);
std::optional<JobKind> parse_job_kind(std::string_view text);

enum class JobState {
  kReceiving,  // an import whose lines are still being stored
  kQueued,
  kRunning,
  kDone,
  kFailed,     // `message` says why; what it had stored by then stays
  kCancelled,  // likewise
};
std::string_view name(JobState state);
std::optional<JobState> parse_job_state(std::string_view text);

// Not yet in one of the last three states.
bool is_unfinished(JobState state);

struct Job {
  std::int64_t id = 0;
  JobKind kind = JobKind::kGenerate;
  core::CampaignId campaign_id = {};
  std::string actor = {};  // who started it
  JobState state = JobState::kQueued;
  std::int64_t total = 0;       // codes to make or to look at, or lines of the import
  std::int64_t done = 0;        // of these
  std::int64_t refused = 0;     // not stored or not changed, counted in `done` too
  std::string parameters = {};  // for the runner: where it stands
  std::string message = {};
  core::UnixMs created_at = {};
  core::UnixMs updated_at = {};
};

// A line of an import that was not stored, or a coupon that was not changed.
struct JobError {
  std::int64_t line = 0;    // of the file, from 1; of a change, the coupon's number
  std::string reason = {};  // stable, in snake_case
};

}  // namespace coupon::domain
