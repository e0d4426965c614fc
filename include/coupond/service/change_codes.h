// One change of many codes of a campaign, as a job: which codes, and what. Planned on any thread;
// JobRunner does it in slices, and writes a ledger entry for each code, or says why not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/domain/job.h"
#include "coupond/service/changes.h"
#include "coupond/service/code_filter.h"
#include "coupond/service/engine.h"
#include "coupond/store/tx.h"

namespace coupon::service {

enum class ChangeAction { kVoid, kRestore, kFree, kTerms };
std::string_view name(ChangeAction action);
std::optional<ChangeAction> parse_change_action(std::string_view text);

struct ChangeRequest {
  core::CampaignId campaign_id;
  ChangeAction action = ChangeAction::kVoid;
  CodeFilter filter = {};
  Terms terms = {};  // of kTerms
  std::optional<std::string> why = {};

  // As a job's row keeps it, but for the campaign.
  std::string to_text() const;
  static std::optional<ChangeRequest> parse(core::CampaignId campaign, std::string_view text);
};

// Counts the codes that match and makes the job, which goes through all codes between the filter's
// numbers. Its message says how many match. Refuses kForbidden without the scope admin,
// kUnknownCampaign, kUnknownJob, kArchived, and kInvalidRequest for what cannot be: no code
// matches, terms that say nothing. With uses for all codes of the campaign, the campaign's own
// max_redemptions_per_coupon becomes that too.
core::Result<domain::Job> plan_change(Engine& engine, const Caller& caller,
                                      const ChangeRequest& request);

// Takes back what a job has made: ends its codes and gives them free, but for those that were used,
// which the new job names. kUnknownJob; kJobRunning while it has not ended; kInvalidRequest for a
// job that made no codes.
core::Result<domain::Job> plan_undo(Engine& engine, const Caller& caller, std::int64_t job);

// Inside one operation: fails an upload (upload.h) that was not finished, and queues the job that
// gives its codes free, but for those that have an owner or were used. kJobFinished when it was
// finished.
core::Result<core::Done> begin_taking_back(store::Tx& tx, std::int64_t upload,
                                           const std::string& why);

}  // namespace coupon::service
