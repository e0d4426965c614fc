#include "coupond/store/counter_table.h"

#include <functional>
#include <utility>

namespace coupon::store {

CounterTable::CounterTable(std::size_t users_max) : generation_max_(users_max / 2 + 1) {}

std::size_t CounterTable::UserKeyHash::operator()(const UserKey& key) const {
  constexpr std::uint64_t kOddMultiplier = 0x9E3779B97F4A7C15;
  const auto mixed = static_cast<std::uint64_t>(key.user) * kOddMultiplier ^
                     static_cast<std::uint64_t>(key.campaign);
  return std::hash<std::uint64_t>()(mixed);
}

void CounterTable::publish(const domain::Campaign& campaign, core::Seq as_of) {
  const std::lock_guard lock(mutex_);
  budgets_[campaign.id.value] = {.counters = campaign.counters,
                                 .max_issued = campaign.policy.max_issued,
                                 .max_per_user = campaign.policy.max_per_user,
                                 .as_of = as_of};
}

void CounterTable::publish(core::CampaignId campaign, core::UserId user, std::int64_t coupons) {
  const std::lock_guard lock(mutex_);
  if (young_.size() >= generation_max_) {
    old_ = std::move(young_);
    young_ = {};
  }
  young_[{campaign.value, user.value}] = coupons;
}

void CounterTable::clear() {
  const std::lock_guard lock(mutex_);
  budgets_.clear();
  young_.clear();
  old_.clear();
}

std::optional<core::Error> CounterTable::certain_refusal(core::CampaignId campaign,
                                                         core::UserId user) const {
  const std::lock_guard lock(mutex_);
  const auto found = budgets_.find(campaign.value);
  if (found == budgets_.end()) return std::nullopt;
  const Budget& budget = found->second;
  if (budget.max_per_user) {
    // Without the user's own figure we could not tell which of the two caps to name.
    const auto coupons = user_count({campaign.value, user.value});
    if (!coupons) return std::nullopt;
    if (*coupons >= *budget.max_per_user) {
      return core::Error{
          .reason = core::Reason::kUserCapReached, .message = {}, .number = budget.max_per_user};
    }
  }
  if (budget.max_issued && budget.counters.issued >= *budget.max_issued) {
    return core::Error{
        .reason = core::Reason::kCampaignCapReached, .message = {}, .number = budget.max_issued};
  }
  return std::nullopt;
}

std::optional<CounterTable::Budget> CounterTable::budget(core::CampaignId campaign) const {
  const std::lock_guard lock(mutex_);
  const auto found = budgets_.find(campaign.value);
  if (found == budgets_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::int64_t> CounterTable::user_count(const UserKey& key) const {
  for (const UserCounts* generation : {&young_, &old_}) {
    const auto found = generation->find(key);
    if (found != generation->end()) return found->second;
  }
  return std::nullopt;
}

}  // namespace coupon::store
