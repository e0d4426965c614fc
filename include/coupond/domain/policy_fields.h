// The fields of a campaign's policy, each said once. Columns and statements, the ledger's digest,
// JSON shapes, validation and the command line's flags are all made from this table: a new field is
// a member of Policy, a row here, and a column in schema.sql. Constant: safe on any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "coupond/core/limits.h"
#include "coupond/domain/campaign.h"

namespace coupon::domain {

// How the ledger fixes a field. A row of an older ledger must still verify, so a field that came
// after version 0.1.0 counts only where it is not the default.
enum class InDigest { kAlways, kUnlessDefault, kNever };

template <class M>
struct PolicyField {
  std::string_view name;  // in the API and the schema; with dashes on the command line
  M Policy::*member;
  std::string_view doc;  // one sentence
  std::int64_t min = 0;  // of a number: its bounds; of a text: its size in bytes
  std::int64_t max = 0;
  InDigest in_digest = InDigest::kAlways;
};
// g++ finds this by itself; clang 14, which builds the fuzzers, does not.
template <class M, class... Rest>
PolicyField(const char*, M Policy::*, Rest...) -> PolicyField<M>;

inline constexpr std::tuple kPolicyFields{
    PolicyField{"max_issued", &Policy::max_issued, "Coupons at the most; null: no limit.", 0,
                core::limits::kCountMax},
    PolicyField{"max_per_user", &Policy::max_per_user, "Coupons a user may get; null: no limit.", 1,
                core::limits::kUserCapMax},
    PolicyField{"max_redemptions_per_coupon", &Policy::max_redemptions_per_coupon,
                "Uses of one coupon (1 unless said); null: no limit.", 1, core::limits::kCountMax},
    PolicyField{"max_redemptions_per_user", &Policy::max_redemptions_per_user,
                "Redemptions a user may make; null: no limit.", 1, core::limits::kUserCapMax},
    PolicyField{"max_holds_per_user", &Policy::max_holds_per_user,
                "Live holds a user may have at once.", 1, core::limits::kUserCapMax},
    PolicyField{"starts_at", &Policy::starts_at, "Open from this instant on; null: at once."},
    PolicyField{"ends_at", &Policy::ends_at, "Closed from this instant on; null: never."},
    PolicyField{"active", &Policy::active, "Switched off, nothing of it can be issued or used."},
    PolicyField{"hold_required", &Policy::hold_required,
                "Whether only a held coupon can be redeemed."},
    PolicyField{"hold_ttl_s", &Policy::hold_ttl_s, "How long a hold lasts at the most, in seconds.",
                1, core::limits::kHoldMaxSeconds},
    PolicyField{"token_ttl_s", &Policy::token_ttl_s,
                "How long a minted coupon can be used, in seconds; null: for ever.", 1,
                core::limits::kTokenLifeMaxSeconds},
    PolicyField{"code_pattern", &Policy::code_pattern,
                "What codes look like, as in SUMMER-{RANDOM:8}; null: card codes.", 1,
                core::limits::kCodeMaxBytes},
    PolicyField{"token_algorithm", &Policy::token_algorithm,
                "How tokens are signed: HS256, or EdDSA, which doors verify offline; null: HS256.",
                5, 5, InDigest::kUnlessDefault},
    PolicyField{"price", &Policy::price, "Credit a redemption costs.", 0, core::limits::kAmountMax},
    PolicyField{"reward", &Policy::reward, "What a redemption gives."},
    PolicyField{"metadata", &Policy::metadata, "Any JSON object of yours.", 0,
                core::limits::kMetadataMaxBytes, InDigest::kNever},
    PolicyField{"self_service", &Policy::self_service,
                "In the book service, users may assign, lock and redeem for themselves.", 0, 0,
                InDigest::kUnlessDefault},
    PolicyField{"value", &Policy::value,
                "What a code is worth, in minor units (cents): it is spent in parts; null: codes "
                "have no balance.",
                0, core::limits::kAmountMax, InDigest::kUnlessDefault},
    PolicyField{"currency", &Policy::currency, "Of value: three letters of ISO 4217, as in EUR.", 3,
                3, InDigest::kUnlessDefault},
    PolicyField{"one_redemption_per_order", &Policy::one_redemption_per_order,
                "Whether an order_id is good for one redemption: a second is answered with it.", 0,
                0, InDigest::kUnlessDefault},
};

// Calls `visit(field)` for each row, in order.
template <class Visit>
constexpr void for_each_policy_field(Visit&& visit) {
  std::apply([&](const auto&... field) { (visit(field), ...); }, kPolicyFields);
}

// What a member holds: V of std::optional<V>, else the member's own type.
template <class M>
struct MemberOf {
  using Value = M;
  static constexpr bool kOptional = false;
};
template <class V>
struct MemberOf<std::optional<V>> {
  using Value = V;
  static constexpr bool kOptional = true;
};

}  // namespace coupon::domain
