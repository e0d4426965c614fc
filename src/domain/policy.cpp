#include "coupond/domain/policy.h"

#include <algorithm>
#include <string>

#include "coupond/core/limits.h"
#include "coupond/core/pattern.h"

namespace coupon::domain {
namespace {

using core::limits::kNameMaxBytes;
constexpr std::size_t kSlugMaxBytes = 64;

class Problems {
 public:
  void add(std::string field, std::string message) {
    found_.push_back({.field = std::move(field), .message = std::move(message)});
  }
  void range(const char* field, std::optional<std::int64_t> value, std::int64_t min,
             std::int64_t max) {
    if (!value || (*value >= min && *value <= max)) return;
    add(field, "must be between " + std::to_string(min) + " and " + std::to_string(max));
  }
  void size(const char* field, const std::string& text, std::size_t max) {
    if (text.size() > max) add(field, "must be at most " + std::to_string(max) + " bytes long");
  }
  std::vector<core::FieldProblem> take() { return std::move(found_); }

 private:
  std::vector<core::FieldProblem> found_;
};

void check_caps(Problems& problems, const Policy& policy) {
  using namespace core::limits;
  problems.range("max_issued", policy.max_issued, 0, kCountMax);
  problems.range("max_per_user", policy.max_per_user, 1, kUserCapMax);
  problems.range("max_redemptions_per_coupon", policy.max_redemptions_per_coupon, 1, kCountMax);
  problems.range("max_redemptions_per_user", policy.max_redemptions_per_user, 1, kUserCapMax);
  problems.range("max_holds_per_user", policy.max_holds_per_user, 1, kUserCapMax);
  problems.range("hold_ttl_s", policy.hold_ttl_s, 1, kHoldMaxSeconds);
  problems.range("token_ttl_s", policy.token_ttl_s, 1, kTokenLifeMaxSeconds);
  problems.range("price", policy.price.value, 0, kAmountMax);
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
  problems.size("metadata", policy.metadata, core::limits::kMetadataMaxBytes);
  if (!is_slug(campaign.slug)) {
    problems.add("slug", "must be 1 to 64 characters of a-z, 0-9 and single dashes between them");
  }
  check_caps(problems, policy);
  check_reward(problems, policy.reward);
  if (policy.starts_at && policy.ends_at && *policy.ends_at <= *policy.starts_at) {
    problems.add("ends_at", "must be after starts_at");
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
