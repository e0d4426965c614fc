// A campaign's codes as CSV, page by page, so that memory stays bounded and no page keeps a
// snapshot longer than it takes to read. Codes made or changed meanwhile may or may not be seen
// changed. Belongs to one thread at a time; the engine must outlive it.
//
// Columns: code, number, state, user (id of the owner or, for a bearer code, of whoever redeemed it
// last), assigned_at, redeemed_at (of the last redemption of a code that is used up; RFC 3339),
// uses, max_uses, expires_at, and of a code with a balance what was put on it and what is left. An
// import reads the file again and stores the same codes; a code that a spreadsheet would run as a
// formula has an apostrophe in front (core/csv.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/result.h"
#include "coupond/domain/campaign.h"
#include "coupond/service/caller.h"
#include "coupond/service/engine.h"

namespace coupon::service {

class CodeExport {
 public:
  // The header line, with its line end.
  static std::string_view header();

  // kForbidden without the read scope, kUnknownCampaign. `after`: goes on behind the coupon of that
  // number, where an earlier export was at after().
  static core::Result<CodeExport> open(Engine& engine, const Caller& caller,
                                       core::CampaignId campaign_id, std::int64_t after = 0);

  // The next lines, the first ones after the header; about 32 KiB. An empty text: that was all.
  core::Result<std::string> next();
  // The number of the last coupon given.
  std::int64_t after() const { return after_; }

 private:
  CodeExport(Engine& engine, const domain::Campaign& campaign, std::int64_t after)
      : engine_(&engine),
        campaign_id_(campaign.id),
        currency_(campaign.policy.currency),
        after_(after) {}

  Engine* engine_;
  core::CampaignId campaign_id_;
  std::optional<std::string> currency_;
  std::int64_t after_;
};

}  // namespace coupon::service
