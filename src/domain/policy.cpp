#include "coupond/domain/policy.h"

#include <algorithm>
#include <string>

#include "coupond/core/limits.h"
#include "coupond/core/pattern.h"
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
  for (char c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
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
