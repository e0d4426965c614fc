#include "coupond/domain/policy.h"

#include <algorithm>
#include <string>

#include "coupond/core/ascii.h"
#include "coupond/core/limits.h"
#include "coupond/core/pattern.h"
#include "coupond/domain/money.h"
#include "coupond/domain/policy_fields.h"

namespace coupon::domain {
namespace {

using core::limits::kNameMaxBytes;
constexpr std::size_t kSlugMaxBytes = 64;

class Problems {
 public:
  void add(std::string_view field, std::string message) {
    found_.push_back({.field = std::string(field), .message = std::move(message)});
  }
  void range(std::string_view field, std::optional<std::int64_t> value, std::int64_t min,
             std::int64_t max) {
    if (!value || (*value >= min && *value <= max)) return;
    add(field, "must be between " + std::to_string(min) + " and " + std::to_string(max));
  }
  void size(std::string_view field, const std::string& text, std::size_t max) {
    if (text.size() > max) add(field, "must be at most " + std::to_string(max) + " bytes long");
  }
  std::vector<core::FieldProblem> take() { return std::move(found_); }

 private:
  std::vector<core::FieldProblem> found_;
};

// Holds each field to the bounds of its row; the reward's depend on its kind.
void check_bounds(Problems& problems, const Policy& policy) {
  for_each_policy_field([&]<class M>(const PolicyField<M>& field) {
    using Value = typename MemberOf<M>::Value;
    const std::optional<Value> value = policy.*field.member;
    if constexpr (std::is_same_v<Value, std::int64_t>) {
      problems.range(field.name, value, field.min, field.max);
    } else if constexpr (std::is_same_v<Value, core::Credit>) {
      problems.range(field.name, value->value, field.min, field.max);
    } else if constexpr (std::is_same_v<Value, std::string>) {
      if (value) problems.size(field.name, *value, static_cast<std::size_t>(field.max));
    }
  });
}

void check_reward(Problems& problems, const Reward& reward) {
  using namespace core::limits;
  switch (reward.kind) {
    case RewardKind::kNone:
      problems.range("reward.value", reward.value, 0, 0);
      return;
    case RewardKind::kSubscription:
      problems.range("reward.value", reward.value, 1, kSubscriptionMaxDays);
      return;
    case RewardKind::kPercentOff:
      problems.range("reward.value", reward.value, 0, 100);
      return;
    case RewardKind::kCredit:
    case RewardKind::kAmountOff:
      problems.range("reward.value", reward.value, 0, kAmountMax);
      return;
  }
}

void check_value(Problems& problems, const Campaign& campaign) {
  const Policy& policy = campaign.policy;
  if (policy.currency && !is_currency(*policy.currency)) {
    problems.add("currency", "must be three capital letters, as in EUR");
  }
  if (policy.currency && !policy.value) {
    problems.add("currency", "is of value: give that, too (0: each code gets its own)");
  }
  if (!policy.value) return;
  if (!traits(campaign.mode).valued) {
    problems.add("value", "is for campaigns of mode pool and card");
  }
  if (policy.price.value != 0) {
    problems.add("price", "must be 0: a code with a value pays, it costs nothing");
  }
  if (policy.reward.kind != RewardKind::kNone) {
    problems.add("reward", "must be none: what a code with a value gives is its value");
  }
  if (policy.max_redemptions_per_coupon) {
    problems.add("max_redemptions_per_coupon",
                 "must be null: a code with a value is used until that is spent");
  }
}

bool is_slug_character(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

std::vector<core::FieldProblem> campaign_problems(const Campaign& campaign) {
  Problems problems;
  const Policy& policy = campaign.policy;
  if (campaign.name.empty()) problems.add("name", "must not be empty");
  problems.size("name", campaign.name, kNameMaxBytes);
  problems.size("description", campaign.description, core::limits::kMetadataMaxBytes);
  if (!is_slug(campaign.slug)) {
    problems.add("slug", "must be 1 to 64 characters of a-z, 0-9 and single dashes between them");
  }
  check_bounds(problems, policy);
  check_reward(problems, policy.reward);
  if (policy.starts_at && policy.ends_at && *policy.ends_at <= *policy.starts_at) {
    problems.add("ends_at", "must be after starts_at");
  }
  if (policy.token_algorithm && !signs_offline(policy) && *policy.token_algorithm != "HS256") {
    problems.add("token_algorithm", "must be HS256 or EdDSA");
  }
  check_value(problems, campaign);
  if (policy.code_pattern) {
    const auto pattern = core::Pattern::parse(*policy.code_pattern);
    if (!pattern) problems.add("code_pattern", pattern.error().message);
  }
  return problems.take();
}

bool is_slug(std::string_view text) {
  if (text.empty() || text.size() > kSlugMaxBytes) return false;
  if (text.front() == '-' || text.back() == '-') return false;
  if (text.find("--") != std::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_slug_character(c) || c == '-'; });
}

std::string slug_of(std::string_view name) {
  std::string slug;
  for (const char c : core::to_lower(name)) {
    if (slug.size() == kSlugMaxBytes) break;
    if (is_slug_character(c)) {
      slug += c;
    } else if (!slug.empty() && slug.back() != '-') {
      slug += '-';
    }
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  return slug;
}

}  // namespace coupon::domain
