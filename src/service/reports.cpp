#include "coupond/service/reports.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "coupond/store/clock_steps.h"
#include "coupond/store/ledger.h"
#include "coupond/store/redemptions.h"

namespace coupon::service {
namespace {

using core::Reason;
using core::Result;
using store::EntryRange;

// About three seconds on a small machine.
constexpr std::int64_t kEntriesMax = 10'000'000;
constexpr std::size_t kLinesMax = 10'000;
// Read at once: a snapshot must be short. The entries do not change from one to the next.
constexpr std::int64_t kSlice = 50'000;

core::Error too_large(const char* what) {
  return {.reason = Reason::kInvalidRequest,
          .message =
              std::string("The report would have more than ") + what + ": ask for a shorter time"};
}

class Totals {
 public:
  explicit Totals(const ReportRequest& request) : request_(request) {}

  void see(const store::UseEntry& use) {
    if (request_.campaign && use.campaign != *request_.campaign) return;
    if (request_.till && use.actor != *request_.till) return;
    Sums& sums = sums_[{start_of(use.at), use.campaign, use.actor, use.reason}];
    ++(use.undone ? sums.rolled_back : sums.redeemed);
    sums.taken += use.undone ? 0 : -use.value;
    sums.returned += use.undone ? use.value : 0;
    sums.credit += use.credit.value;
  }

  bool too_many() const { return sums_.size() > kLinesMax; }

  std::vector<ReportLine> lines() const {
    std::vector<ReportLine> lines;
    lines.reserve(sums_.size());
    for (const auto& [key, sums] : sums_) {
      const auto& [start, campaign, till, reason] = key;
      lines.push_back({start, campaign, till, reason, sums.redeemed, sums.rolled_back, sums.taken,
                       sums.returned, sums.credit});
    }
    return lines;
  }

 private:
  struct Sums {
    std::int64_t redeemed = 0, rolled_back = 0, taken = 0, returned = 0, credit = 0;
  };
  using Key = std::tuple<core::UnixMs, core::CampaignId, std::string, std::optional<std::string>>;

  // Zones change at full quarters of an hour: one look-up serves all entries of one.
  core::UnixMs start_of(core::UnixMs at) {
    constexpr std::int64_t kQuarterMs = 15 * 60 * core::kMsPerSecond;
    const std::int64_t quarter = at.value / kQuarterMs;
    if (quarter != quarter_) start_ = core::local_start(at, request_.by);
    quarter_ = quarter;
    return start_;
  }

  const ReportRequest& request_;
  std::map<Key, Sums> sums_;
  std::int64_t quarter_ = -1;
  core::UnixMs start_;
};

struct Span {
  std::vector<EntryRange> ranges;
  core::Seq seq;
};

Result<Span> span_of(store::Readers& readers, const ReportRequest& request) {
  return readers.read<Span>([&](store::Connection& db) -> Result<Span> {
    const core::Seq last = store::last_entry(db).seq;
    return Span{.ranges = store::entries_between(db, request.from, request.to, last), .seq = last};
  });
}

}  // namespace

Result<Report> make_report(store::Readers& readers, const Caller& caller,
                           const ReportRequest& request) {
  if (!caller.may(Scope::kRead)) return Reason::kForbidden;
  const auto span = span_of(readers, request);
  if (!span) return span.error();
  std::int64_t entries = 0;
  for (const EntryRange& range : span->ranges) entries += range.last.value - range.first.value + 1;
  if (entries > kEntriesMax) return too_large("10,000,000 ledger entries to read");
  Totals totals(request);
  for (EntryRange range : span->ranges) {
    for (; range.first <= range.last; range.first.value += kSlice) {
      const EntryRange slice{range.first,
                             {std::min(range.last.value, range.first.value + kSlice - 1)}};
      const auto read = readers.read<core::Done>(
          [&](store::Connection& db) -> Result<core::Done> {
            store::for_each_use(db, slice, [&](const store::UseEntry& use) { totals.see(use); });
            return core::Done{};
          },
          store::Readers::Use::kList);
      if (!read) return read.error();
      if (totals.too_many()) return too_large("10,000 lines");
    }
  }
  return Report{.lines = totals.lines(), .seq = span->seq};
}

}  // namespace coupon::service
