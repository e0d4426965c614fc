// A live engine and the shortest ways to what tests of bulk work need. What should succeed throws
// when it does not, so that a test's own assertions are about its own matter.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "coupond/core/ids.h"
#include "coupond/service/campaigns.h"
#include "coupond/store/audit.h"
#include "coupond/store/campaigns.h"
#include "tests/support/live_engine.h"

namespace coupon::test {

template <class T>
T must(core::Result<T> result) {
  if (!result) {
    throw std::runtime_error(std::string(core::name(result.error().reason)) + ": " +
                             result.error().message);
  }
  return *std::move(result);
}

// Why it was refused, as it must have been.
template <class T>
core::Reason reason_of(const core::Result<T>& result) {
  REQUIRE_FALSE(result.ok());
  return result.error().reason;
}

struct BulkEngine : LiveEngine {
  template <class T, class Body>
  core::Result<T> read(Body&& body) {
    return (*this)->readers().read<T>(std::forward<Body>(body));
  }

  core::CampaignId add_campaign(domain::Mode mode, domain::Policy policy = {},
                                const std::string& name = "Summer") {
    domain::Campaign campaign{.uuid = core::uuid4(core::system_random),
                              .mode = mode,
                              .name = name,
                              .policy = std::move(policy)};
    return must(run<service::CampaignWritten>([&](store::Tx& tx) {
             return service::create_campaign(tx, service::Caller::cli(), campaign);
           }))
        .campaign.id;
  }

  domain::Counters counters(core::CampaignId id) {
    return must(read<domain::Counters>([&](store::Connection& db) {
      return core::Result<domain::Counters>(store::find_campaign(db, id)->counters);
    }));
  }
};

}  // namespace coupon::test
