#include "src/service/first_start.h"

#include "coupond/core/ids.h"
#include "coupond/service/campaigns.h"

namespace coupon::service {
namespace {

// The token service: 77 tokens, 5 for each user, each good for a day.
domain::Campaign tokens(Engine& engine) {
  domain::Campaign campaign{.uuid = core::uuid4(engine.random()),
                            .slug = "tokens",
                            .mode = domain::Mode::kToken,
                            .name = "Tokens"};
  campaign.policy.max_issued = 77;
  campaign.policy.max_per_user = 5;
  campaign.policy.token_ttl_s = 86'400;
  return campaign;
}

// The card service: each card extends a subscription by 30 days.
domain::Campaign subscription_cards(Engine& engine) {
  domain::Campaign campaign{.uuid = core::uuid4(engine.random()),
                            .slug = "subscription-cards",
                            .mode = domain::Mode::kCard,
                            .name = "Subscription cards"};
  campaign.policy.reward = {.kind = domain::RewardKind::kSubscription, .value = 30};
  return campaign;
}

}  // namespace

core::Result<core::Done> make_default_campaigns(Engine& engine) {
  if (engine.writer().committed_seq().value > 0) return core::Done{};
  return engine.writer().run<core::Done>(
      "engine.first_start", [&](store::Tx& tx) -> core::Result<core::Done> {
        for (auto& campaign : {tokens(engine), subscription_cards(engine)}) {
          const auto made = create_campaign(tx, Caller::system(), campaign);
          if (!made.ok()) return made.error();
        }
        return core::Done{};
      });
}

}  // namespace coupon::service
