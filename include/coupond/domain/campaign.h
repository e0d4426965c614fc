// A campaign: a policy (what is allowed) and a budget (what has been used). Values only, no SQL, no
// clock: safe on any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/types.h"

namespace coupon::domain {

// How a coupon reaches its owner. Everything else is the same for all.
enum class Mode { kToken, kPool, kShared, kCard, kClaim };

// What sets a mode apart. Rules ask for a trait, never for a mode by name.
struct ModeTraits {
  Mode mode;
  std::string_view name;
  std::string_view doc;   // one sentence
  bool minted = false;    // a coupon is made when somebody asks for it, not beforehand
  bool bearer = false;    // redeemed without an owner: by whoever enters the code
  bool drawn = false;     // one is drawn at random from those made beforehand
  bool valued = false;    // a coupon may have a balance, which is spent in parts
  bool one_code = false;  // one code for everybody; the campaign's cap is that code's uses
  bool token = false;     // the code is a signed token
  bool named = false;     // clients name the campaign by a code of its own, unique while it lives
};

// A new mode is a row here, its word in schema.sql's CHECK, and the rule that is its own.
inline constexpr std::array kModes{
    ModeTraits{.mode = Mode::kToken,
               .name = "token",
               .doc = "Minted on demand as a signed token; whoever holds it uses it.",
               .minted = true,
               .token = true},
    ModeTraits{.mode = Mode::kPool,
               .name = "pool",
               .doc = "Made beforehand, assigned at random or by code.",
               .drawn = true,
               .valued = true},
    ModeTraits{.mode = Mode::kShared,
               .name = "shared",
               .doc = "One hidden code for everybody; each user redeems it for credit.",
               .bearer = true,
               .one_code = true},
    ModeTraits{.mode = Mode::kCard,
               .name = "card",
               .doc = "Bearer codes on paper; the first to enter one redeems it.",
               .bearer = true,
               .valued = true},
    ModeTraits{.mode = Mode::kClaim,
               .name = "claim",
               .doc = "A stock count; each claim mints a code for the claimer.",
               .minted = true,
               .named = true},
};
// In the order of the enumerators.
constexpr const ModeTraits& traits(Mode mode) { return kModes[static_cast<std::size_t>(mode)]; }
std::string_view name(Mode mode);
std::optional<Mode> parse_mode(std::string_view text);

enum class RewardKind { kNone, kSubscription, kCredit, kPercentOff, kAmountOff };
std::string_view name(RewardKind kind);
std::optional<RewardKind> parse_reward_kind(std::string_view text);

// What a redemption gives. `value` is days, credits, percent (0..100) or minor currency units.
struct Reward {
  RewardKind kind = RewardKind::kNone;
  std::int64_t value = 0;
  friend bool operator==(const Reward&, const Reward&) = default;
};

// Absent limits are unlimited. Caps per user are at most limits::kUserCapMax, so that counting a
// user's coupons stays cheap.
struct Policy {
  std::optional<std::int64_t> max_issued = {};
  std::optional<std::int64_t> max_per_user = {};
  std::optional<std::int64_t> max_redemptions_per_coupon = 1;
  std::optional<std::int64_t> max_redemptions_per_user = {};
  std::int64_t max_holds_per_user = 10;
  std::optional<core::UnixMs> starts_at = {};
  std::optional<core::UnixMs> ends_at = {};
  bool active = true;
  bool hold_required = false;
  std::int64_t hold_ttl_s = 300;
  std::optional<std::int64_t> token_ttl_s = {};
  std::optional<std::string> code_pattern = {};     // absent: card codes
  std::optional<std::string> token_algorithm = {};  // "HS256", as when absent, or "EdDSA"
  core::Credit price = {};
  Reward reward = {};
  std::string metadata = "{}";  // a JSON object, for the owner
  // Users may assign, lock and redeem for themselves through the book service, not only staff.
  bool self_service = false;
  // What a coupon made under it is worth, in minor units; absent: it has no balance. Of the modes
  // whose traits say so; then there is no price, no reward and no limit of a coupon's uses.
  std::optional<std::int64_t> value = {};
  std::optional<std::string> currency = {};  // ISO 4217, of `value`
  // Of an order_id one redemption stands at a time: a second is answered with the first.
  bool one_redemption_per_order = false;
  friend bool operator==(const Policy&, const Policy&) = default;
};

// Exact at every commit. `assigned` counts coupons that have an owner, redeemed or not.
struct Counters {
  std::int64_t issued = 0;  // coupons that exist; Policy::max_issued caps it
  std::int64_t assigned = 0;
  std::int64_t available = 0;    // coupons in state available
  std::int64_t redeemed = 0;     // redemptions that stand
  std::int64_t rolled_back = 0;  // redemptions undone
  std::int64_t voided = 0;       // coupons in state void
  friend bool operator==(const Counters&, const Counters&) = default;
};
Counters operator+(const Counters& a, const Counters& b);
Counters operator-(const Counters& a, const Counters& b);

struct Campaign {
  core::CampaignId id = {};
  std::string uuid = {};
  std::string slug = {};
  Mode mode = Mode::kPool;
  std::string name = {};
  std::string description = {};
  Policy policy = {};
  Counters counters = {};
  core::Seq last_seq = {};  // the ledger entry that fixed the policy
  core::UnixMs created_at = {};
  core::UnixMs updated_at = {};
  std::optional<core::UnixMs> archived_at = {};
};

// Whether its tokens can be verified by who has only the public key.
bool signs_offline(const Policy& policy);

// How many more people can get (token, claim, pool) or redeem (card, shared) one; absent:
// unlimited.
std::optional<std::int64_t> remaining(const Campaign& campaign);

}  // namespace coupon::domain
