// A copy elsewhere: what is in it, what it is refused for, and that every moment of it can be had
// again. COUPOND_LONG damages ten times as often.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "coupond/core/time_text.h"
#include "tests/support/copied_shop.h"
#include "tests/support/text.h"

using namespace coupon;
using namespace coupon::test;
namespace fs = std::filesystem;

namespace {

// A shop whose copy is one base and one log of `accounts` changes and a few of the start's.
void fill(CopiedShop& shop, int accounts) {
  REQUIRE(shop.open() == "");
  REQUIRE(shop.wait_for_copy());
  REQUIRE(shop.work(accounts) == accounts);
  REQUIRE(shop.wait_for_copy());
}

}  // namespace

TEST_CASE("a copy holds all, and no key, and goes on after a stop in order", "[copy]") {
  CopiedShop shop;
  fill(shop, 20);
  shop.stop();
  const auto before = parts_of(shop);
  CHECK(before.bases.size() == 1);
  REQUIRE(shop.open() == "");
  REQUIRE(shop.work(5) == 5);
  REQUIRE(shop.wait_for_copy());
  shop.stop();
  CHECK(parts_of(shop).bases.size() == 1);
  CHECK(parts_of(shop).logs.size() == before.logs.size() + 1);
  const std::string key = bytes_of(shop.key()).substr(0, 64);
  for (const auto& entry : fs::recursive_directory_iterator(shop.copy())) {
    CHECK_FALSE(mentions(bytes_of(entry.path().string()), key));
    CHECK((fs::status(entry).permissions() & fs::perms(077)) == fs::perms::none);
  }
  const std::string to = shop.directory() / "restored";
  REQUIRE(restore_copy(shop, to) == "");
  CHECK(users_in(to) == users_in(shop.data()));
}

TEST_CASE("any moment of a copy can be had again, by entry and by time", "[copy]") {
  CopiedShop shop;
  fill(shop, 12);
  const std::int64_t end = shop.entries();
  const core::UnixMs last = shop.clock().now();
  shop.stop();
  for (std::int64_t back = 0; back < 10; back += 3) {
    INFO(back << " before the end");
    store::RestoreReport report;
    const std::string by_seq = shop.directory() / ("seq" + std::to_string(back));
    REQUIRE(restore_copy(shop, by_seq, {.seq = core::Seq{end - back}}, &report) == "");
    CHECK(report.seq.value == end - back);
    CHECK(report.epoch == 1);
    const core::UnixMs moment{last.value - back * 1000};
    const std::string by_time = shop.directory() / ("time" + std::to_string(back));
    REQUIRE(restore_copy(shop, by_time, {.at = core::UnixMs{moment.value + 999}}, &report) == "");
    CHECK(report.seq.value == end - back);
    CHECK(report.until == moment);
    CHECK(users_in(by_seq) == users_in(by_time));
    CHECK(users_in(shop.data()).starts_with(users_in(by_seq)));
  }
  CHECK(mentions(restore_copy(shop, shop.directory() / "no", {.seq = core::Seq{end + 1}}),
                 "ends at ledger entry " + std::to_string(end)));
  CHECK(mentions(restore_copy(shop, shop.directory() / "no", {.at = core::UnixMs{1000}}),
                 "what was before that is no longer in it"));
  CHECK(mentions(restore_copy(shop, shop.directory() / "no", {.seq = core::Seq{0}}),
                 "goes back to ledger entry"));
  const auto one = store::restore(store::DataPaths(shop.directory() / "no"),
                                  parts_of(shop).bases[0].path, {.until = {.seq = core::Seq{1}}});
  CHECK(mentions(one.error().message, "holds one moment only"));
}

TEST_CASE("a restore into an empty directory wants the key, there or named", "[copy]") {
  CopiedShop shop;
  fill(shop, 3);
  shop.stop();
  const std::string to = shop.directory() / "restored";
  const store::DataPaths paths(to);
  const auto without = store::restore(paths, shop.copy(), {});
  REQUIRE_FALSE(without.ok());
  CHECK(mentions(without.error().message, "name it with --key"));
  CHECK_FALSE(store::has_database(paths));
  fs::copy_file(shop.key(), paths.key);
  CHECK(store::restore(paths, shop.copy(), {}).ok());
  CHECK(users_in(to) == users_in(shop.data()));
}

TEST_CASE("one bit of a copy's changes that is not as it was is found, and named", "[copy]") {
  CopiedShop shop;
  fill(shop, 10);
  shop.stop();
  const std::string log = parts_of(shop).logs.back().path;
  const std::string good = bytes_of(log);
  test::SeededRandom random(20261128);
  const int tries = test::long_run() ? 500 : 50;
  int named = 0;
  for (int i = 0; i < tries; ++i) {
    std::string bad = good;
    const std::size_t at = random.below(bad.size());
    bad[at] = static_cast<char>(bad[at] ^ (1U << random.below(8)));
    write(log, bad);
    INFO("try " << i << ", byte " << at << " of " << bad.size());
    const std::string to = shop.directory() / ("flip" + std::to_string(i));
    store::RestoreReport report;
    const std::string refused = restore_copy(shop, to, {}, &report);
    if (refused.empty()) {
      // Only the last one may be left out, and that is said.
      REQUIRE(report.notes.size() == 1);
      CHECK(mentions(report.notes[0], "is not whole"));
      CHECK(users_in(shop.data()).starts_with(users_in(to)));
    } else {
      const bool found = mentions(refused, "is damaged") || mentions(refused, "is not whole");
      CHECK(found);
      CHECK(mentions(refused, "--until"));
      ++named;
    }
    fs::remove_all(to);
  }
  CHECK(named > tries / 2);
}

// What the disk holds after the power went: all that was synced; of what was written since, each
// block as it was written, as it was before, or neither.
std::string after_power_cut(const std::string& written, std::size_t synced,
                            test::SeededRandom& random) {
  constexpr std::size_t kBlock = 512;
  std::string bytes = written.substr(0, synced);
  const std::size_t size = synced + random.below(written.size() - synced + 1);
  while (bytes.size() < size) {
    const std::size_t end = std::min(size, (bytes.size() / kBlock + 1) * kBlock);
    const std::string block = written.substr(bytes.size(), end - bytes.size());
    const auto kind = random.below(3);
    if (kind == 0) bytes += block;
    if (kind == 1) bytes += std::string(block.size(), '\0');
    if (kind == 2) bytes += std::string(block.size(), static_cast<char>(random.below(256)));
  }
  return bytes;
}

TEST_CASE("after a power cut a copy's log holds what was synced, and nothing that is not whole",
          "[copy]") {
  CopiedShop shop;
  fill(shop, 12);
  shop.stop();
  const std::string log = parts_of(shop).logs.back().path;
  const std::string good = bytes_of(log);
  const auto key = store::change_key(*core::Secrets::load(shop.key()));
  std::vector<std::string> records;
  std::vector<std::size_t> ends;
  const auto read = [&](const std::string& path, const auto& each) {
    store::ChangeLogReader reader(path, key);
    store::ChangeRecord record;
    while (*reader.next(record) == store::ChangeLogReader::Found::kRecord) {
      each(store::encode(record), std::size_t(reader.offset()));
    }
  };
  read(log, [&](std::string record, std::size_t end) {
    records.push_back(std::move(record));
    ends.push_back(end);
  });
  REQUIRE(records.size() >= 12);
  test::SeededRandom random(20261129);
  const int cuts = test::long_run() ? 3000 : 300;
  const std::string cut = shop.directory() / "cut.log";
  for (int i = 0; i < cuts; ++i) {
    INFO("cut " << i);
    const std::size_t synced = random.below(records.size());
    write(cut, after_power_cut(good, synced == 0 ? 0 : ends[synced - 1], random));
    std::size_t held = 0;
    bool same = true;
    read(cut,
         [&](const std::string& record, std::size_t) { same = same && record == records[held++]; });
    CHECK(same);
    CHECK(held >= synced);
  }
}

TEST_CASE("changes that are missing, doubled or swapped in a copy are refused by name", "[copy]") {
  CopiedShop shop;
  fill(shop, 6);
  shop.stop();
  const store::CopyPart log = parts_of(shop).logs.back();
  const auto secrets = core::Secrets::load(shop.key());
  std::vector<std::string> records;
  {
    store::ChangeLogReader reader(log.path, store::change_key(*secrets));
    store::ChangeRecord record;
    const std::string all = bytes_of(log.path);
    for (std::int64_t from = 0; *reader.next(record) == store::ChangeLogReader::Found::kRecord;
         from = reader.offset()) {
      records.push_back(all.substr(std::size_t(from), std::size_t(reader.offset() - from)));
    }
  }
  REQUIRE(records.size() >= 6);
  const auto joined = [](const std::vector<std::string>& list) {
    std::string all;
    for (const std::string& one : list) all += one;
    return all;
  };
  const std::string to = shop.directory() / "restored";
  const std::size_t at = records.size() - 3;
  auto changed = records;
  changed.erase(changed.begin() + std::ptrdiff_t(at));
  write(log.path, joined(changed));
  CHECK(mentions(restore_copy(shop, to), "is missing, and later ones are there"));
  changed = records;
  std::swap(changed[at], changed[at + 1]);
  write(log.path, joined(changed));
  CHECK(mentions(restore_copy(shop, to), "is missing, and later ones are there"));
  changed = records;
  changed.insert(changed.begin() + std::ptrdiff_t(at), changed[at]);  // once more: no harm
  write(log.path, joined(changed));
  CHECK(restore_copy(shop, to) == "");
  CHECK(users_in(to) == users_in(shop.data()));
}

TEST_CASE("a record that was cut off is left out, and said", "[copy]") {
  CopiedShop shop;
  fill(shop, 4);
  const std::int64_t end = shop.entries();
  shop.crash();
  const store::CopyPart log = parts_of(shop).logs.back();
  for (const std::int64_t cut : {1, 30, 100}) {
    fs::resize_file(log.path, std::uintmax_t(log.bytes - cut));
    store::RestoreReport report;
    const std::string to = shop.directory() / ("cut" + std::to_string(cut));
    REQUIRE(restore_copy(shop, to, {}, &report) == "");
    CHECK(report.seq.value == end - 1);
    REQUIRE(report.notes.size() == 1);
    CHECK(mentions(report.notes[0], "is not whole"));
  }
  // The shop goes on with a new base: the copy does not lead to where it is.
  REQUIRE(shop.open() == "");
  REQUIRE(shop.work(1) == 1);
  REQUIRE(shop.wait_for_copy());
  shop.stop();
  CHECK(parts_of(shop).bases.size() == 2);
  const std::string to = shop.directory() / "whole";
  REQUIRE(restore_copy(shop, to) == "");
  CHECK(users_in(to) == users_in(shop.data()));
}

TEST_CASE("after a kill, and after work without a copy, there is a new base, and two are kept",
          "[copy]") {
  CopiedShop shop;
  fill(shop, 3);
  for (int i = 0; i < 4; ++i) {
    if (i % 2 == 0) {
      shop.crash();
    } else {
      shop.stop();
      REQUIRE(shop.open_without_copy() == "");
      REQUIRE(shop.work(1) == 1);
      shop.stop();
    }
    REQUIRE(shop.open() == "");
    REQUIRE(shop.work(2) == 2);
    REQUIRE(shop.wait_for_copy());
    CHECK(parts_of(shop).bases.size() == 2);
  }
  shop.stop();
  const std::string to = shop.directory() / "restored";
  REQUIRE(restore_copy(shop, to) == "");
  CHECK(users_in(to) == users_in(shop.data()));
  // Nothing that is there is of no use.
  const auto parts = parts_of(shop);
  CHECK(parts.logs.front().position <= parts.bases.front().position + 1);
  CHECK(parts.logs.size() <= 4);
}

TEST_CASE("a directory that is another's, newer or the data's own is refused", "[copy]") {
  CopiedShop shop;
  fill(shop, 3);
  shop.stop();
  SECTION("another shop's") {
    CopiedShop other;
    other.use_copy(shop.copy());
    const std::string refused = other.open();
    CHECK(mentions(refused, "is the copy of another shop"));
    CHECK(mentions(refused, "name another one with --copy"));
    CHECK(restore_copy(shop, shop.directory() / "restored") == "");
  }
  SECTION("from after a restore") {
    const std::string old = shop.directory() / "old";
    fs::copy(shop.data(), old);
    REQUIRE(store::restore(store::DataPaths(shop.data()), shop.copy(), {}).ok());
    REQUIRE(shop.open() == "");
    REQUIRE(shop.work(2) == 2);
    REQUIRE(shop.wait_for_copy());
    shop.stop();
    CHECK(parts_of(shop).bases.back().epoch == 1);
    fs::remove_all(shop.data());
    fs::rename(old, shop.data());
    const std::string refused = shop.open();
    CHECK(mentions(refused, "is from after a restore (epoch 1)"));
    CHECK(mentions(refused, "serve the restored one"));
  }
  SECTION("the data's own") {
    shop.use_copy(shop.data());
    CHECK(mentions(shop.open(), "names the data directory itself"));
  }
  SECTION("nowhere") {
    shop.use_copy(shop.directory() / "not/there");
    CHECK(mentions(shop.open(), "cannot be made"));
  }
}

TEST_CASE("a copy that goes on where the database ends is kept, and refused", "[copy]") {
  CopiedShop shop;
  fill(shop, 3);
  shop.stop();
  const std::string old = shop.directory() / "old";
  fs::copy(shop.data(), old);
  REQUIRE(shop.open() == "");
  REQUIRE(shop.work(4) == 4);
  REQUIRE(shop.wait_for_copy());
  const std::int64_t end = shop.entries();
  shop.stop();
  fs::remove_all(shop.data());
  fs::rename(old, shop.data());
  const std::string refused = shop.open();
  CHECK(mentions(refused, "goes on behind change"));
  CHECK(mentions(refused, "coupond restore " + shop.copy()));
  CHECK(last_seq_in(shop.data()) < end);
  // What is set aside is all there.
  REQUIRE(shop.open(false, false, true) == "");
  REQUIRE(shop.work(1) == 1);
  REQUIRE(shop.wait_for_copy());
  shop.stop();
  std::string aside;
  for (const auto& entry : fs::directory_iterator(shop.copy())) {
    if (entry.is_directory()) aside = entry.path().string();
  }
  const std::string to = shop.directory() / "aside";
  REQUIRE(store::restore(store::DataPaths(to), aside, {.key_file = shop.key()}).ok());
  CHECK(last_seq_in(to) == end + 1);
}

TEST_CASE("a directory that is gone for a while costs the shop nothing", "[copy]") {
  CopiedShop shop;
  fill(shop, 3);
  const std::string away = shop.directory() / "away";
  const int rounds = test::long_run() ? 20 : 5;
  for (int i = 0; i < rounds; ++i) {
    INFO("round " << i);
    fs::rename(shop.copy(), away);
    if (i % 2 == 1) write(shop.copy(), "in the way");
    REQUIRE(shop.work(3) == 3);
    REQUIRE(shop.wait_for_word("LOOK"));
    CHECK(shop.copier().check().ok);  // selling goes on
    CHECK_FALSE(shop.copier().figures().healthy);
    REQUIRE(shop.work(3) == 3);
    fs::remove_all(shop.copy());
    if (i == rounds - 1) {
      fs::remove_all(away);  // another, empty one is as good
    } else {
      fs::rename(away, shop.copy());
    }
    REQUIRE(shop.wait_for_copy());
    const std::string to = shop.directory() / ("restored" + std::to_string(i));
    REQUIRE(restore_copy(shop, to) == "");
    CHECK(users_in(to) == users_in(shop.data()));
  }
}
