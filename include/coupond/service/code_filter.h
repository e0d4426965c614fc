// Which codes of a campaign: what a bulk change, an export and a print take. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "coupond/core/result.h"
#include "coupond/core/types.h"
#include "coupond/domain/coupon.h"
#include "coupond/service/caller.h"
#include "coupond/service/engine.h"
#include "coupond/store/jobs.h"

namespace coupon::service {

// All conditions must hold. Numbers are those of the campaign, both ends included.
struct CodeFilter {
  std::optional<domain::CouponState> state = {};
  std::optional<std::int64_t> job = {};  // made by that job
  std::int64_t first_number = 1;
  std::optional<std::int64_t> last_number = {};
  std::optional<core::UnixMs> expires_before = {};
  std::optional<std::int64_t> tail = {};  // core::CodeVault::tail() of the last four symbols

  bool is_for_all() const;
};

// A filter with what has to be looked up for it.
class CodeSelection {
 public:
  // kUnknownJob.
  static core::Result<CodeSelection> find(Engine& engine, core::CampaignId campaign,
                                          const CodeFilter& filter);
  bool has(const domain::Coupon& coupon) const;
  const CodeFilter& filter() const { return filter_; }

 private:
  explicit CodeSelection(const CodeFilter& filter) : filter_(filter) {}

  CodeFilter filter_;
  std::vector<store::JobLot> lots_;    // of the job
  std::vector<std::int64_t> of_tail_;  // numbers, ascending
};

// How many codes of the campaign `wanted` takes, among those between the filter's numbers. Reads
// them in pages.
core::Result<std::int64_t> count_codes(Engine& engine, core::CampaignId campaign,
                                       const CodeFilter& filter,
                                       const std::function<bool(const domain::Coupon&)>& wanted);
// The same for all that the filter has. kForbidden without the scope read; kUnknownJob.
core::Result<std::int64_t> count_codes(Engine& engine, const Caller& caller,
                                       core::CampaignId campaign, const CodeFilter& filter);

}  // namespace coupon::service
