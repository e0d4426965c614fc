// Totals of redemptions by hour or day, campaign, till and reason. They come from the ledger, which
// is never changed: nothing has to be kept while redeeming, and a report is exact at the entry it
// names, for ever. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coupond/core/result.h"
#include "coupond/core/time_text.h"
#include "coupond/core/types.h"
#include "coupond/service/caller.h"
#include "coupond/store/readers.h"

namespace coupon::service {

struct ReportRequest {
  core::LocalPeriod by = core::LocalPeriod::kDay;  // of the shop's zone
  core::UnixMs from;
  core::UnixMs to;  // excluded
  std::optional<core::CampaignId> campaign = {};
  std::optional<std::string> till = {};  // as the ledger names who did it: key:3, user:7
};

struct ReportLine {
  core::UnixMs start;  // of the hour or day
  core::CampaignId campaign;
  std::string till;                   // as in the request
  std::optional<std::string> reason;  // of rollbacks, where one was given
  std::int64_t redeemed = 0;          // redemptions made then, whatever became of them
  std::int64_t rolled_back = 0;       // rollbacks made then, of redemptions from whenever
  std::int64_t taken = 0;             // by these redemptions from balances, in minor units
  std::int64_t returned = 0;          // by these rollbacks to balances
  std::int64_t credit = 0;            // added to accounts by both; negative: taken
};

struct Report {
  std::vector<ReportLine> lines;  // by start, campaign, till, reason
  core::Seq seq;                  // exact at this ledger entry
};

// Refuses kForbidden without the scope read, and kInvalidRequest where the time has more than
// 10,000,000 ledger entries or the report more than 10,000 lines.
core::Result<Report> make_report(store::Readers& readers, const Caller& caller,
                                 const ReportRequest& request);

}  // namespace coupon::service
