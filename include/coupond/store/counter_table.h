// CounterTable: the campaigns, their caps and what is used of them, in memory, as of the last
// commit. It lets a sold-out campaign be refused at memory speed and a coupon be prepared without a
// look into the file.
//
// It only ever refuses on committed figures: an operation that might still fit goes to the writer,
// whose decision is the one that counts. So an absent or stale entry costs time, never a promise,
// and nothing has to be reserved or given back. The file is the truth: the writer publishes here
// after each commit, and clears the table when somebody else has written the file.
//
// Safe on any thread; one mutex, held for a look-up.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

#include "coupond/core/error.h"
#include "coupond/core/mutex.h"
#include "coupond/core/types.h"
#include "coupond/domain/campaign.h"

namespace coupon::store {

class CounterTable {
 public:
  struct Known {
    domain::Campaign campaign;
    core::Seq as_of;
  };

  // How many (campaign, user) pairs, and campaigns, to remember at the most, two generations
  // together.
  explicit CounterTable(std::size_t users_max = 400'000, std::size_t campaigns_max = 20'000);

  // By the writer, after a commit.
  void publish(const domain::Campaign& campaign, core::Seq as_of);
  void publish(core::CampaignId campaign, core::UserId user, std::int64_t coupons);
  void clear();

  // The sums over all campaigns: set at the start, and moved by the writer with each commit.
  // clear() leaves them.
  void set_totals(const domain::Counters& totals);
  void add_change(const domain::Counters& before, const domain::Counters& after);
  domain::Counters totals() const;

  // The refusal a mint for this user is certain to get: the user's cap is told before the
  // campaign's. Nothing when it might succeed, or when it is not known here.
  std::optional<core::Error> certain_refusal(core::CampaignId campaign, core::UserId user) const;

  // Null when it is not known here.
  std::shared_ptr<const Known> find(core::CampaignId campaign) const;

 private:
  struct UserKey {
    std::int64_t campaign;
    std::int64_t user;
    friend bool operator==(const UserKey&, const UserKey&) = default;
  };
  struct UserKeyHash {
    std::size_t operator()(const UserKey& key) const;
  };
  using UserCounts = std::unordered_map<UserKey, std::int64_t, UserKeyHash>;

  std::optional<std::int64_t> user_count(const UserKey& key) const COUPOND_REQUIRES(mutex_);

  using Campaigns = std::unordered_map<std::int64_t, std::shared_ptr<const Known>>;

  std::shared_ptr<const Known> known(core::CampaignId campaign) const COUPOND_REQUIRES(mutex_);
  void remember(std::int64_t id, std::shared_ptr<const Known> known) const COUPOND_REQUIRES(mutex_);

  const std::size_t generation_max_;
  const std::size_t campaign_generation_max_;
  mutable core::Mutex mutex_;
  domain::Counters totals_ COUPOND_GUARDED_BY(mutex_);
  // What is looked up moves to the young generation, so that what is in use stays.
  mutable Campaigns young_campaigns_ COUPOND_GUARDED_BY(mutex_);
  mutable Campaigns old_campaigns_ COUPOND_GUARDED_BY(mutex_);
  // When the young generation is full it becomes the old one, and the old one is forgotten.
  UserCounts young_ COUPOND_GUARDED_BY(mutex_);
  UserCounts old_ COUPOND_GUARDED_BY(mutex_);
};

}  // namespace coupon::store
