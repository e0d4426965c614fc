// What codes at once and jobs have in common.
#pragma once

#include <cstddef>
#include <cstdint>

#include "coupond/core/limits.h"
#include "coupond/core/result.h"
#include "coupond/domain/campaign.h"
#include "coupond/domain/job.h"
#include "coupond/service/engine.h"
#include "coupond/service/generate.h"
#include "src/service/code_source.h"

namespace coupon::service {

// The words of all files about jobs.
using core::Done;
using core::Reason;
using core::Result;
using domain::Job;
using domain::JobState;
namespace limits = core::limits;

// Codes looked up in one read: a snapshot must be short.
inline constexpr std::size_t kLookUps = 1000;

// The campaign, when the caller may make `count` codes in it and it has room for them.
core::Result<domain::Campaign> campaign_for_codes(Engine& engine, const Caller& caller,
                                                  core::CampaignId id, std::int64_t count,
                                                  std::int64_t count_max);

// The campaign, when the caller may store codes in it at all.
core::Result<domain::Campaign> campaign_for_import(Engine& engine, const Caller& caller,
                                                   core::CampaignId id);

// Which of the codes are stored nowhere yet, as of now.
core::Result<std::vector<FreshCode>> unknown_of(Engine& engine, std::vector<FreshCode> codes);

// Notes which coupons a job has made.
void note_lot(store::Tx& tx, std::int64_t job, const Generated& made);

core::Error pattern_exhausted();

// kPatternExhausted unless the source still has `count` codes that are stored nowhere. Free when
// that follows from how many coupons there are at all, otherwise it walks through the source, which
// must be a fresh one.
core::Result<core::Done> check_room(Engine& engine, CodeSource source, std::int64_t count);

}  // namespace coupon::service
