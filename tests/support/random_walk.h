// A random walk of the engine beside the reference model, the same for the same seed: each step
// does one thing to both and holds the outcomes against each other. One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>

#include "coupond/service/coupons.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/reference_model.h"

namespace coupon::test {

class RandomWalk {
 public:
  explicit RandomWalk(std::uint64_t seed);

  // One random operation on both. What differed; empty when nothing did.
  std::string step();
  // Every figure of both. What differed; empty when nothing did.
  std::string compare();
  bool is_sound() { return fixture_.verify().ok(); }
  const std::map<std::string, int>& outcomes() const { return outcomes_; }

 private:
  using Model = ReferenceModel;
  using Who = Model::Who;
  using Id = Model::Id;
  struct Kind;
  static constexpr Id kUsers = 6;

  Id below(Id bound) { return Id(random_.below(std::uint64_t(bound))); }
  bool one_in(Id n) { return below(n) == 0; }
  Id any_user() { return 1 + below(kUsers); }
  Id any_campaign() { return last_of(model_.campaigns, 12); }
  Id any_coupon() { return last_of(model_.coupons, one_in(4) ? 400 : 40); }
  // One that `fits`, where there is one among forty.
  template <class Condition>
  Id coupon_that(Condition fits) {
    Id coupon = any_coupon();
    for (int i = 1; i < 40 && !fits(coupon); ++i) coupon = any_coupon();
    return coupon;
  }
  // The key of one of the last `n` entries.
  template <class Map>
  Id last_of(const Map& map, Id n) {
    auto it = map.rbegin();
    std::advance(it, below(std::min(n, Id(map.size()))));
    return it->first;
  }
  // Whoever acts for `user`: mostly the one who may.
  Who any_who(Id strangers) {
    if (one_in(strangers)) return Who::kStranger;
    return one_in(2) ? Who::kThemself : Who::kClerk;
  }
  Who any_clerk() { return one_in(12) ? Who::kStranger : Who::kClerk; }
  service::Caller caller(Who who, Id user) const {
    if (who == Who::kClerk) return service::Caller::system();
    const Id id = who == Who::kThemself ? user : 1 + user % kUsers;
    return service::Caller::user({id}, domain::Role::kUser);
  }
  // The user whose coupon it is, or mostly so.
  Id user_for(Id coupon) {
    const auto& owner = model_.coupons.at(coupon).owner;
    return owner && !one_in(10) ? *owner : any_user();
  }
  domain::CodeHash hash_of(Id coupon) const { return hashes_.at(coupon); }
  service::Mint mint() const { return {.vault = fixture_.vault(), .random = bytes_}; }
  domain::TokenHash token() {
    domain::TokenHash token{};
    bytes_(token);
    return token;
  }

  // Holds the engine's outcome against the model's.
  template <class T>
  std::string judge(const char* operation, const Model::Verdict& expected,
                    const core::Result<T>& result) {
    return differs(operation, expected,
                   result.ok() ? Model::Verdict() : Model::Verdict(result.error().reason));
  }
  std::string differs(const char* operation, const Model::Verdict& expected,
                      const Model::Verdict& verdict);

  void open_campaign();
  std::string generate();
  std::string switch_campaign();
  std::string set_cap();
  std::string archive();
  std::string issue();
  std::string assign();
  std::string hold();
  std::string release();
  std::string redeem();
  std::string roll_back();
  std::string make_void();
  std::string restore();
  std::string free();
  std::string set_terms();
  std::string reassign();
  std::string top_up();
  std::string transfer();
  std::string add_credit();
  // An amount that is mostly there; now and then none is said.
  std::optional<std::int64_t> any_amount(const Model::Coupon& coupon);
  std::string compare_campaigns(store::Connection& db);
  std::string compare_coupons(store::Connection& db);
  std::string compare_users(store::Connection& db);

  EngineFixture fixture_;
  SeededRandom random_;
  const core::Random bytes_;  // of random_
  Model model_;
  std::map<Id, domain::CodeHash> hashes_;
  std::map<std::string, int> outcomes_;
};

}  // namespace coupon::test
