// A random but repeatable run of every mutating operation of the engine, many of them refused. Each
// carries a marker of its own as the actor, so that the ledger tells which of them happened.
// One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coupond/domain/coupon.h"
#include "coupond/service/coupons.h"
#include "tests/support/engine_fixture.h"

namespace coupon::test {

// What became of one operation.
struct Outcome {
  std::string operation;
  std::string marker;                        // the actor of its ledger entry, if there is one
  std::optional<core::Seq> seq = {};         // acknowledged
  std::optional<core::Reason> refusal = {};  // otherwise why not
};

class History {
 public:
  // Markers are `prefix` and the number of the step.
  explicit History(EngineFixture& fixture, std::uint64_t seed = 1, std::string prefix = "step:")
      : fixture_(fixture), prefix_(std::move(prefix)), random_(seed), bytes_(random_.as_random()) {}

  // Makes a campaign of each mode, with codes, and some users. Throws when one is refused.
  void set_up();
  // One random operation.
  Outcome step();
  // So many, and all outcomes.
  std::vector<Outcome> run(int steps);

 private:
  struct KnownCode {
    domain::CodeHash hash;
    std::optional<domain::TokenHash> hold_token = {};
    core::UserId holder = {};
  };
  using Body = std::function<core::Result<core::Seq>(store::Tx&)>;
  struct Kind;

  Outcome perform(const char* operation, const Body& body);
  service::Caller caller() const;
  service::Mint mint() const { return {.vault = fixture_.vault(), .random = bytes_}; }
  template <class Item>
  Item& pick(std::vector<Item>& items) {
    return items[random_.below(items.size())];
  }

  Outcome create_user();
  Outcome update_user();
  Outcome change_credit();
  Outcome create_campaign();
  Outcome change_campaign();
  Outcome archive_campaign();
  Outcome generate();
  Outcome issue();
  Outcome assign();
  Outcome hold();
  Outcome release();
  Outcome redeem();
  Outcome roll_back();
  Outcome make_void();
  Outcome change_key();

  EngineFixture& fixture_;
  const std::string prefix_;
  SeededRandom random_;
  const core::Random bytes_;  // of random_
  std::vector<core::UserId> users_;
  std::vector<core::CampaignId> campaigns_;
  std::vector<KnownCode> codes_;
  std::vector<core::Seq> redemptions_;
  std::int64_t steps_ = 0;
  std::int64_t keys_ = 0;
};

}  // namespace coupon::test
