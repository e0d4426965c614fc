#include "coupond/store/counter_table.h"

#include <catch2/catch.hpp>

using namespace coupon;
using core::CampaignId;
using core::Reason;
using core::UserId;
using store::CounterTable;

namespace {

domain::Campaign campaign(std::int64_t issued, std::optional<std::int64_t> max_issued,
                          std::optional<std::int64_t> max_per_user) {
  domain::Campaign campaign;
  campaign.id = {1};
  campaign.policy.max_issued = max_issued;
  campaign.policy.max_per_user = max_per_user;
  campaign.counters.issued = issued;
  return campaign;
}

std::optional<Reason> refusal(const CounterTable& table, std::int64_t user = 7) {
  const auto error = table.certain_refusal({1}, {user});
  if (!error) return std::nullopt;
  return error->reason;
}

}  // namespace

TEST_CASE("nothing is refused for a campaign that is not known", "[counter_table]") {
  const CounterTable table;
  CHECK(refusal(table) == std::nullopt);
  CHECK(table.find({1}) == nullptr);
}

TEST_CASE("the campaigns remembered are bounded, and one in use stays", "[counter_table]") {
  CounterTable table(100, 100);
  const auto numbered = [](std::int64_t id) {
    domain::Campaign one = campaign(1, 1, std::nullopt);
    one.id = {id};
    return one;
  };
  for (std::int64_t id = 1; id <= 1000; ++id) {
    table.publish(numbered(id), {id});
    CHECK(table.find({1}) != nullptr);
  }
  int known = 0;
  for (std::int64_t id = 1; id <= 1000; ++id) known += table.find({id}) != nullptr;
  CHECK(known >= 40);
  CHECK(known <= 110);
}

TEST_CASE("the sums over all campaigns follow every change and survive a clearing",
          "[counter_table]") {
  CounterTable table;
  table.set_totals({.issued = 10, .redeemed = 4});
  table.add_change({.issued = 3, .redeemed = 1}, {.issued = 5, .redeemed = 0});
  table.clear();
  CHECK(table.totals() == domain::Counters{.issued = 12, .redeemed = 3});
}

TEST_CASE("a sold-out campaign is refused, one with a unit left is not", "[counter_table]") {
  CounterTable table;
  table.publish(campaign(76, 77, std::nullopt), {5});
  CHECK(refusal(table) == std::nullopt);
  table.publish(campaign(77, 77, std::nullopt), {6});
  CHECK(refusal(table) == Reason::kCampaignCapReached);
  CHECK(table.certain_refusal({1}, {7})->number == 77);
  CHECK(table.find({1})->as_of == core::Seq{6});
}

TEST_CASE("a raised cap ends the refusals", "[counter_table]") {
  CounterTable table;
  table.publish(campaign(77, 77, std::nullopt), {1});
  table.publish(campaign(77, 78, std::nullopt), {2});
  CHECK(refusal(table) == std::nullopt);
  table.publish(campaign(1000, std::nullopt, std::nullopt), {3});
  CHECK(refusal(table) == std::nullopt);
}

TEST_CASE("the user's own cap is told before the campaign's", "[counter_table]") {
  CounterTable table;
  table.publish(campaign(77, 77, 3), {1});
  // Which of the two it is, is not known yet: the writer will tell.
  CHECK(refusal(table) == std::nullopt);
  table.publish(CampaignId{1}, UserId{7}, 3);
  CHECK(refusal(table) == Reason::kUserCapReached);
  table.publish(CampaignId{1}, UserId{7}, 2);
  CHECK(refusal(table) == Reason::kCampaignCapReached);
  CHECK(refusal(table, 8) == std::nullopt);
}

TEST_CASE("what a user has had in one campaign says nothing of another", "[counter_table]") {
  CounterTable table;
  table.publish(campaign(1, 77, 3), {1});
  table.publish(CampaignId{2}, UserId{7}, 3);
  CHECK(refusal(table) == std::nullopt);
}

TEST_CASE("clear() forgets everything", "[counter_table]") {
  CounterTable table;
  table.publish(campaign(77, 77, 3), {1});
  table.publish(CampaignId{1}, UserId{7}, 3);
  table.clear();
  CHECK(refusal(table) == std::nullopt);
  CHECK(table.find({1}) == nullptr);
}

TEST_CASE("old users are forgotten, never mixed up", "[counter_table]") {
  constexpr std::int64_t kUsers = 1000;
  CounterTable table(100);
  table.publish(campaign(5, std::nullopt, 3), {1});
  for (std::int64_t user = 1; user <= kUsers; ++user) {
    table.publish(CampaignId{1}, UserId{user}, user % 4);
  }
  std::int64_t known = 0;
  for (std::int64_t user = 1; user <= kUsers; ++user) {
    if (refusal(table, user) == std::nullopt) continue;
    CHECK(user % 4 == 3);
    ++known;
  }
  CHECK(known >= 10);
  CHECK(known <= 26);
  CHECK(refusal(table, kUsers - 1) == Reason::kUserCapReached);
}
