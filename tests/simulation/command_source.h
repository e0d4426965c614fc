// Draws commands: mostly such as may succeed in the world as it is, some that must be refused. The
// same for the same randomness. One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>

#include "tests/support/command.h"
#include "tests/support/engine_fixture.h"

namespace coupon::test {

class CommandSource {
 public:
  // `changes`: coupons that are out are changed, too.
  CommandSource(SeededRandom& random, const core::CodeVault& vault, bool changes = false)
      : random_(random), bytes_(random.as_random()), vault_(vault), changes_(changes) {}

  // A campaign, in the modes' turn.
  Command open_campaign(core::UnixMs now);
  // Anything, for a user of the world.
  Command next(const World& world, core::UnixMs now);
  // The same request said differently: another body under the same key.
  Command altered(const Command& command);

  service::FreshCode fresh_code();

 private:
  using Id = World::Id;
  using Kind = Command::Kind;
  using Who = Command::Who;
  struct Kinds;

  Id below(Id bound) { return Id(random_.below(std::uint64_t(bound))); }
  bool one_in(Id n) { return below(n) == 0; }
  template <class Map>
  const auto& last_of(const Map& map, Id n) {
    auto it = map.rbegin();
    std::advance(it, below(std::min(n, Id(map.size()))));
    return *it;
  }
  std::string marker() { return "c:" + std::to_string(++drawn_); }
  Kind any_kind();
  Who any_who();
  domain::TokenHash token();
  void about_campaign(Command& command, const World& world);
  void about_coupon(Command& command, const World& world);
  void choose_terms(Command& command, const World& world);
  void choose_amount(Command& command, const ReferenceModel::Coupon& coupon);
  void show_token(Command& command, const World& world, const ReferenceModel::Coupon& coupon);

  SeededRandom& random_;
  const core::Random bytes_;  // of random_
  const core::CodeVault& vault_;
  const bool changes_;
  std::int64_t drawn_ = 0;
  std::size_t opened_ = 0;
};

}  // namespace coupon::test
