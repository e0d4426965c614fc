#include "coupond/store/ledger.h"

#include <catch2/catch.hpp>
#include <set>

#include "tests/support/engine_fixture.h"

using namespace coupon;
using store::Entry;
using store::LedgerRow;
using test::EngineFixture;

namespace {

const std::string kDigest(32, 'd');

// One with every field filled.
LedgerRow full_row() {
  LedgerRow row{.seq = {9},
                .at = {1000},
                .operation = "coupon.redeem",
                .actor = "user:7",
                .campaign_id = core::CampaignId{1},
                .coupon_id = core::CouponId{2},
                .user_id = core::UserId{3},
                .units = 4,
                .credit = {5},
                .days = 6,
                .available = 7,
                .coupon_prev = core::Seq{8},
                .digest = kDigest,
                .detail = "why"};
  return row;
}

core::Seq append(EngineFixture& fixture, const Entry& entry) {
  const auto seq = fixture.run<core::Seq>(
      [&](store::Tx& tx) -> core::Result<core::Seq> { return tx.append(entry); });
  return *seq;
}

}  // namespace

TEST_CASE("an entry's hash covers every field and the entry before it", "[ledger]") {
  const core::Digest before{1};
  std::set<core::Digest> hashes{store::chain(before, full_row())};
  std::size_t different = 1;
  const auto differs = [&](auto change) {
    LedgerRow row = full_row();
    change(row);
    hashes.insert(store::chain(before, row));
    CHECK(hashes.size() == ++different);
  };
  differs([](LedgerRow& row) { row.seq.value = 10; });
  differs([](LedgerRow& row) { row.at.value = 1001; });
  differs([](LedgerRow& row) { row.operation = "coupon.hold"; });
  differs([](LedgerRow& row) { row.actor = "user:8"; });
  differs([](LedgerRow& row) { row.campaign_id->value = 2; });
  differs([](LedgerRow& row) { row.campaign_id.reset(); });
  differs([](LedgerRow& row) { row.coupon_id->value = 3; });
  differs([](LedgerRow& row) { row.coupon_id.reset(); });
  differs([](LedgerRow& row) { row.user_id->value = 4; });
  differs([](LedgerRow& row) { row.user_id.reset(); });
  differs([](LedgerRow& row) { row.units = 5; });
  differs([](LedgerRow& row) { row.credit.value = 6; });
  differs([](LedgerRow& row) { row.days = 7; });
  differs([](LedgerRow& row) { row.available = 8; });
  differs([](LedgerRow& row) { row.coupon_prev->value = 9; });
  differs([](LedgerRow& row) { row.coupon_prev.reset(); });
  differs([](LedgerRow& row) { row.digest->back() = 'e'; });
  differs([](LedgerRow& row) { row.digest.reset(); });
  differs([](LedgerRow& row) { row.detail = "why not"; });
  differs([](LedgerRow& row) { row.detail = ""; });
  differs([](LedgerRow& row) { row.detail.reset(); });
  hashes.insert(store::chain(core::Digest{2}, full_row()));
  CHECK(hashes.size() == ++different);
}

TEST_CASE("a row read back has the hash it was stored with", "[ledger]") {
  EngineFixture fixture;
  const core::UserId user = fixture.make_user();
  append(fixture, {.operation = "a", .actor = "cli"});
  append(fixture, {.operation = "b",
                   .actor = "user:1",
                   .user_id = user,
                   .units = 1,
                   .credit = {-5},
                   .days = 30,
                   .available = -1,
                   .digest = core::as_bytes(kDigest),
                   .detail = ""});
  auto connection = fixture.open(store::Connection::Access::kReadOnly);
  const auto rows = store::ledger_after(connection, {0}, 100);
  REQUIRE(rows.size() == 3);
  core::Digest previous{};
  for (const LedgerRow& row : rows) {
    CHECK(store::chain(previous, row) == row.hash);
    previous = row.hash;
  }
  CHECK(rows[2].detail == "");
  CHECK(rows[1].detail == std::nullopt);
  CHECK(rows[2].digest == kDigest);
  CHECK(rows[2].credit.value == -5);
}

TEST_CASE("the ledger is read in parts, in order", "[ledger]") {
  EngineFixture fixture;
  for (int i = 0; i < 10; ++i) append(fixture, {.operation = "a", .actor = "cli", .units = i});
  auto connection = fixture.open(store::Connection::Access::kReadOnly);
  const auto part = store::ledger_after(connection, {3}, 4);
  REQUIRE(part.size() == 4);
  CHECK(part.front().seq.value == 4);
  CHECK(part.back().seq.value == 7);
  CHECK(store::ledger_after(connection, {10}, 4).empty());
  CHECK(store::ledger_row(connection, {5})->units == 4);
  CHECK_FALSE(store::ledger_row(connection, {11}).has_value());
  CHECK(store::last_entry(connection).seq.value == 10);
  int visited = 0;
  store::for_each_entry(connection, {2}, {8}, [&](const LedgerRow& row) {
    ++visited;
    return row.seq.value < 6;
  });
  CHECK(visited == 4);
}

TEST_CASE("a coupon's own history is found by following its entries back", "[ledger]") {
  EngineFixture fixture;
  const core::Seq first = append(fixture, {.operation = "a", .actor = "cli"});
  append(fixture, {.operation = "other", .actor = "cli"});
  const core::Seq second =
      append(fixture, {.operation = "b", .actor = "cli", .coupon_prev = first});
  const core::Seq third =
      append(fixture, {.operation = "c", .actor = "cli", .coupon_prev = second});
  auto connection = fixture.open(store::Connection::Access::kReadOnly);
  const auto rows = store::ledger_of_coupon(connection, third, 10);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].operation == "c");
  CHECK(rows[2].operation == "a");
  CHECK(store::ledger_of_coupon(connection, third, 2).size() == 2);
}

TEST_CASE("a small step back of the clock is smoothed in the ledger, a larger one is not",
          "[ledger]") {
  EngineFixture fixture;
  append(fixture, {.operation = "a", .actor = "cli"});
  fixture.clock().advance(-60'000);
  append(fixture, {.operation = "b", .actor = "cli"});
  fixture.clock().advance(-1);
  append(fixture, {.operation = "c", .actor = "cli"});
  fixture.clock().advance(3'600'000);
  append(fixture, {.operation = "d", .actor = "cli"});
  auto connection = fixture.open(store::Connection::Access::kReadOnly);
  const auto rows = store::ledger_after(connection, {0}, 4);
  CHECK(rows[1].at == rows[0].at);
  CHECK(rows[2].at == rows[0].at - 60'001);
  CHECK(rows[3].at == rows[2].at + 3'600'000);
}

TEST_CASE("the head that is signed is the last entry, after every batch", "[ledger]") {
  EngineFixture fixture;
  for (int i = 0; i < 3; ++i) {
    append(fixture, {.operation = "a", .actor = "cli"});
    auto connection = fixture.open(store::Connection::Access::kReadOnly);
    const store::LedgerHead last = store::last_entry(connection);
    store::Query query(connection, "SELECT seq, hash, signature FROM ledger_head");
    REQUIRE(query.next());
    CHECK(query.integer(0) == last.seq.value);
    CHECK(query.block<32>(1) == last.hash);
    CHECK(test::test_verifier()(store::signed_message(last), query.block<64>(2)));
  }
}
