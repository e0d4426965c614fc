// Codes and redemptions as CSV, page by page, so that memory stays bounded and no page keeps a
// snapshot longer than it takes to read. What is made or changed meanwhile may or may not be seen
// changed. Each belongs to one thread at a time; the engine must outlive it.
//
// A cell that a spreadsheet would run as a formula has an apostrophe in front (core/csv.h). Times
// are RFC 3339, amounts as in 12.50 where the campaign has a currency.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/result.h"
#include "coupond/domain/campaign.h"
#include "coupond/service/caller.h"
#include "coupond/service/code_filter.h"
#include "coupond/service/engine.h"
#include "coupond/store/redemptions.h"

namespace coupon::service {

// A campaign's codes. `user` is the id of the owner or, for a bearer code, of whoever redeemed it
// last; `owner` the owner's address. redeemed_at, order_id, till, cashier and rolled_back_at are of
// the last redemption. `value` is what was put on the code, `balance` what is left. An import reads
// the file again and stores the same codes.
class CodeExport {
 public:
  // The header line, with its line end.
  static std::string_view header();

  // kForbidden without the read scope, kUnknownCampaign, kUnknownJob.
  static core::Result<CodeExport> open(Engine& engine, const Caller& caller,
                                       core::CampaignId campaign_id, const CodeFilter& filter = {});

  // The next lines, the first ones after the header; about 64 KiB. An empty text: that was all.
  core::Result<std::string> next();

 private:
  CodeExport(Engine& engine, domain::Campaign campaign, CodeSelection selection)
      : engine_(&engine),
        campaign_(std::move(campaign)),
        selection_(std::move(selection)),
        after_(selection_.filter().first_number - 1) {}

  Engine* engine_;
  domain::Campaign campaign_;
  CodeSelection selection_;
  std::int64_t after_;  // the number of the last coupon looked at
};

// Redemptions, newest first; the code's columns say what it is now. `owner` is the address of the
// code's owner, `customer` of whoever it was redeemed for; `amount` what it took from the balance
// or, of a code without one, the credit that it cost.
class RedemptionExport {
 public:
  static std::string_view header();

  // kForbidden without the read scope. The filter's `before` and `limit` do not matter.
  static core::Result<RedemptionExport> open(Engine& engine, const Caller& caller,
                                             store::RedemptionFilter filter);
  core::Result<std::string> next();

 private:
  RedemptionExport(Engine& engine, store::RedemptionFilter filter)
      : engine_(&engine), filter_(std::move(filter)) {}

  Engine* engine_;
  store::RedemptionFilter filter_;
  bool done_ = false;
};

}  // namespace coupon::service
