#include "coupond/service/code_filter.h"

#include <algorithm>
#include <limits>

#include "coupond/store/coupons.h"

namespace coupon::service {
namespace {

using core::Reason;
using core::Result;
using store::JobLot;

// Codes looked at in one read: a snapshot must be short.
constexpr std::int64_t kPage = 2000;

bool is_of(const std::vector<JobLot>& lots, std::int64_t number) {
  auto after =
      std::upper_bound(lots.begin(), lots.end(), number,
                       [](std::int64_t n, const JobLot& lot) { return n < lot.first_number; });
  if (after == lots.begin()) return false;
  const JobLot& lot = *--after;
  return number < lot.first_number + lot.units;
}

std::vector<std::int64_t> numbers_of_tail(store::Connection& db, core::CampaignId campaign,
                                          std::int64_t tail) {
  std::vector<std::int64_t> numbers;
  core::CouponId before{std::numeric_limits<std::int64_t>::max()};
  while (true) {
    const auto found = store::coupons_ending_in(db, tail, before, kPage);
    if (found.empty()) break;
    before = found.back().id;
    for (const domain::Coupon& coupon : found) {
      if (coupon.campaign_id == campaign) numbers.push_back(coupon.number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace

bool CodeFilter::is_for_all() const {
  return !state && !job && first_number == 1 && !last_number && !expires_before && !tail;
}

Result<CodeSelection> CodeSelection::find(Engine& engine, core::CampaignId campaign,
                                          const CodeFilter& filter) {
  CodeSelection selection(filter);
  if (!filter.job && !filter.tail) return selection;
  const auto found = engine.readers().read<core::Done>(
      [&](store::Connection& db) -> Result<core::Done> {
        if (filter.job) {
          if (!store::find_job(db, *filter.job)) return Reason::kUnknownJob;
          selection.lots_ = store::lots_of_job(db, *filter.job);
        }
        if (filter.tail) selection.of_tail_ = numbers_of_tail(db, campaign, *filter.tail);
        return core::Done{};
      },
      store::Readers::Use::kList);
  if (!found) return found.error();
  return selection;
}

bool CodeSelection::has(const domain::Coupon& coupon) const {
  const std::int64_t number = coupon.number;
  return number >= filter_.first_number &&
         (!filter_.last_number || number <= *filter_.last_number) &&
         (!filter_.state || coupon.state == *filter_.state) &&
         (!filter_.job || is_of(lots_, number)) &&
         (!filter_.expires_before ||
          (coupon.expires_at && *coupon.expires_at < *filter_.expires_before)) &&
         (!filter_.tail || std::binary_search(of_tail_.begin(), of_tail_.end(), number));
}

Result<std::int64_t> count_codes(Engine& engine, core::CampaignId campaign,
                                 const CodeFilter& filter,
                                 const std::function<bool(const domain::Coupon&)>& wanted) {
  std::int64_t count = 0;
  const std::int64_t last = filter.last_number.value_or(std::numeric_limits<std::int64_t>::max());
  for (std::int64_t at = filter.first_number - 1; at < last;) {
    const auto page = engine.readers().read<std::vector<domain::Coupon>>(
        [&](store::Connection& db) -> Result<std::vector<domain::Coupon>> {
          return store::list_coupons(db, campaign, at, std::min(kPage, last - at)).coupons;
        },
        store::Readers::Use::kList);
    if (!page) return page.error();
    if (page->empty()) break;
    at = page->back().number;
    count += std::count_if(page->begin(), page->end(), wanted);
  }
  return count;
}

Result<std::int64_t> count_codes(Engine& engine, const Caller& caller, core::CampaignId campaign,
                                 const CodeFilter& filter) {
  if (!caller.may(Scope::kRead)) return Reason::kForbidden;
  const auto selection = CodeSelection::find(engine, campaign, filter);
  if (!selection) return selection.error();
  return count_codes(engine, campaign, filter,
                     [&](const domain::Coupon& coupon) { return selection->has(coupon); });
}

}  // namespace coupon::service
