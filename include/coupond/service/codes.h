// Making codes: the part that needs randomness and keys, done on the caller's thread before the
// writer is asked, and the part that stores them, inside one write operation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/codes.h"
#include "coupond/core/random.h"
#include "coupond/core/result.h"
#include "coupond/domain/campaign.h"
#include "coupond/service/caller.h"
#include "coupond/store/tx.h"

namespace coupon::service {

// A code ready to be stored. `display` is what people see; the other two are what is stored.
struct FreshCode {
  std::string display;
  core::CodeVault::CodeHash hash{};
  std::string sealed;
  // What version 0.1.0 stored the code under, which took I and L for 1 and O for 0, where that is
  // another hash; `vault` then tells its coupon from that of a code which only looks alike.
  std::optional<core::CodeVault::CodeHash> folded = {};
  const core::CodeVault* vault = nullptr;
  std::optional<core::UnixMs> expires_at = {};  // an end of its own
  std::optional<std::int64_t> tail = {};        // CodeVault::tail()
  std::optional<std::int64_t> value = {};       // another than the campaign's, in minor units
};

// Seals a code somebody chose. kInvalidCode when it is not one. Any thread.
core::Result<FreshCode> seal_code(const core::CodeVault& vault, std::string_view display);

// A new random code after the campaign's pattern (a card code when it has none). Any thread.
core::Result<FreshCode> make_code(const core::CodeVault& vault, const core::Random& random,
                                  const domain::Campaign& campaign);

// The campaign that has the code already, if one has.
std::optional<core::CampaignId> holder_of(store::Connection& connection, const FreshCode& code);

// What generating did. Codes come in the order given; their coupons are numbered without gaps.
struct Generated {
  std::int64_t first_number = 0;
  std::int64_t count = 0;
  core::Seq seq;
};

// Stores coupons nobody owns yet: the campaign must be one of pool, card or shared (at most one
// code), and their number within its cap. Refuses kDuplicateCode, and then stores none, when one of
// the codes exists already or is given twice; Error::number is its position in `codes`, from 0.
core::Result<Generated> store_codes(store::Tx& tx, const Caller& caller,
                                    core::CampaignId campaign_id, std::span<const FreshCode> codes);

// A code that was left out, and why: kDuplicateCode or kCampaignCapReached.
struct LeftOut {
  std::size_t position = 0;  // in the codes given, from 0
  core::Reason reason = {};
  // Of kDuplicateCode, the campaign that has the code; nothing when it comes twice.
  std::optional<core::CampaignId> holder = {};
};
struct StoredSome {
  Generated generated;            // without a ledger entry of its own when `count` is 0
  std::vector<LeftOut> left_out;  // in order of position
};

// Where a duplicate is, in words: "it is in campaign X", or "it comes twice".
std::string where_code_is(store::Connection& connection, const LeftOut& left);

// The same, but a code that cannot be stored is left out and the others are stored.
core::Result<StoredSome> store_new_codes(store::Tx& tx, const Caller& caller,
                                         core::CampaignId campaign_id,
                                         std::span<const FreshCode> codes);

}  // namespace coupon::service
