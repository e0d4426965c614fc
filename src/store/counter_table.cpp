#include "coupond/store/counter_table.h"

#include <functional>
#include <utility>

#include "coupond/core/assert.h"

namespace coupon::store {

CounterTable::CounterTable(std::size_t users_max, std::size_t campaigns_max)
    : generation_max_(users_max / 2 + 1), campaign_generation_max_(campaigns_max / 2 + 1) {}

std::size_t CounterTable::UserKeyHash::operator()(const UserKey& key) const {
  constexpr std::uint64_t kOddMultiplier = 0x9E3779B97F4A7C15;
  const auto mixed = static_cast<std::uint64_t>(key.user) * kOddMultiplier ^
                     static_cast<std::uint64_t>(key.campaign);
  return std::hash<std::uint64_t>()(mixed);
}

void CounterTable::publish(const domain::Campaign& campaign, core::Seq as_of) {
  COUPOND_ASSERT(campaign.id.value > 0);
  auto known = std::make_shared<const Known>(Known{.campaign = campaign, .as_of = as_of});
  const core::MutexLock lock(mutex_);
  remember(campaign.id.value, std::move(known));
}

void CounterTable::remember(std::int64_t id, std::shared_ptr<const Known> known) const {
  if (young_campaigns_.size() >= campaign_generation_max_ && !young_campaigns_.contains(id)) {
    old_campaigns_ = std::move(young_campaigns_);
    young_campaigns_ = {};
  }
  young_campaigns_.insert_or_assign(id, std::move(known));
  old_campaigns_.erase(id);
}

std::shared_ptr<const CounterTable::Known> CounterTable::known(core::CampaignId campaign) const {
  const auto young = young_campaigns_.find(campaign.value);
  if (young != young_campaigns_.end()) return young->second;
  const auto old = old_campaigns_.find(campaign.value);
  if (old == old_campaigns_.end()) return nullptr;
  auto found = old->second;
  remember(campaign.value, found);
  return found;
}

void CounterTable::set_totals(const domain::Counters& totals) {
  const core::MutexLock lock(mutex_);
  totals_ = totals;
}

void CounterTable::add_change(const domain::Counters& before, const domain::Counters& after) {
  const core::MutexLock lock(mutex_);
  totals_ = totals_ + after - before;
}

domain::Counters CounterTable::totals() const {
  const core::MutexLock lock(mutex_);
  return totals_;
}

void CounterTable::publish(core::CampaignId campaign, core::UserId user, std::int64_t coupons) {
  COUPOND_ASSERT(coupons >= 0);
  const core::MutexLock lock(mutex_);
  if (young_.size() >= generation_max_) {
    old_ = std::move(young_);
    young_ = {};
  }
  young_[{campaign.value, user.value}] = coupons;
}

void CounterTable::clear() {
  const core::MutexLock lock(mutex_);
  young_campaigns_.clear();
  old_campaigns_.clear();
  young_.clear();
  old_.clear();
}

std::optional<core::Error> CounterTable::certain_refusal(core::CampaignId campaign,
                                                         core::UserId user) const {
  const core::MutexLock lock(mutex_);
  const auto found = known(campaign);
  if (found == nullptr) return std::nullopt;
  const domain::Policy& policy = found->campaign.policy;
  if (policy.max_per_user) {
    // Without the user's own figure we could not tell which of the two caps to name.
    const auto coupons = user_count({campaign.value, user.value});
    if (!coupons) return std::nullopt;
    if (*coupons >= *policy.max_per_user) {
      return core::Error{
          .reason = core::Reason::kUserCapReached, .message = {}, .number = policy.max_per_user};
    }
  }
  if (policy.max_issued && found->campaign.counters.issued >= *policy.max_issued) {
    return core::Error{
        .reason = core::Reason::kCampaignCapReached, .message = {}, .number = policy.max_issued};
  }
  return std::nullopt;
}

std::shared_ptr<const CounterTable::Known> CounterTable::find(core::CampaignId campaign) const {
  const core::MutexLock lock(mutex_);
  return known(campaign);
}

std::optional<std::int64_t> CounterTable::user_count(const UserKey& key) const {
  for (const UserCounts* generation : {&young_, &old_}) {
    const auto found = generation->find(key);
    if (found != generation->end()) return found->second;
  }
  return std::nullopt;
}

}  // namespace coupon::store
