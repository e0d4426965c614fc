// Backups beside a server under full write load: each is whole, passes the audit, and holds every
// operation that was acknowledged before it began.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <random>
#include <thread>

#include "coupond/core/secrets.h"
#include "coupond/store/backup.h"
#include "coupond/store/connection.h"
#include "tests/support/black_box.h"
#include "tests/support/shopper.h"
#include "tests/support/temp_dir.h"

using namespace coupon;
using std::chrono::steady_clock;
using test::BlackBox;
using test::Shopper;

namespace {

constexpr int kClients = 8;
// After so many the database is a new one: each backup verifies all of it.
constexpr int kBackupsPerServer = 20;

struct Backup {
  std::string file;
  steady_clock::time_point began;
};

struct Tally {
  int backups = 0;
  std::int64_t acknowledged = 0;
  std::int64_t held = 0;   // acknowledged before a backup and found in it, over all backups
  std::int64_t later = 0;  // acknowledged after it began and not in it: that is no loss
  std::vector<std::string> wrong = {};
};

test::Ledger ledger_of(const std::string& file) {
  store::Connection connection(file, store::Connection::Access::kReadOnly);
  static constexpr char kRows[] =
      "SELECT seq, operation, coalesce(user_id, 0), coalesce(detail, '') FROM ledger";
  test::Ledger ledger;
  store::Query rows(connection, kRows);
  while (rows.next()) {
    ledger[rows.integer(0)] = {.operation = std::string(rows.text(1)),
                               .user_id = rows.integer(2),
                               .detail = std::string(rows.text(3))};
  }
  return ledger;
}

class Shop {
 public:
  explicit Shop(std::uint64_t seed, Tally& tally)
      : tally_(tally), mall_(test::open_mall(box_, 2'000, 1'000, 1'000)) {
    for (int i = 0; i < kClients; ++i) {
      shoppers_.emplace_back(box_.add_person(), mall_, seed + static_cast<std::uint64_t>(i));
    }
    box_.start();
  }

  void back_up_under_load(int count) {
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    const int port = box_.server().port();
    for (Shopper& shopper : shoppers_) {
      threads.emplace_back([&shopper, &stop, port] { shopper.shop(port, stop); });
    }
    for (int i = 0; i < count; ++i) back_up(files_ / std::to_string(i));
    stop = true;
    for (std::thread& thread : threads) thread.join();
  }

  void judge() {
    for (const Shopper& shopper : shoppers_) {
      for (const test::Intent& intent : shopper.intents()) {
        tally_.acknowledged += intent.acknowledged() ? 1 : 0;
      }
    }
    const auto secrets = core::Secrets::load(store::DataPaths(box_.data_dir()).key);
    REQUIRE(secrets.ok());
    for (const Backup& backup : backups_) {
      ++tally_.backups;
      const auto audit = store::verify_file(backup.file, *secrets, {});
      if (!audit.ok() || !audit->ok()) add(backup.file + " does not pass the audit");
      judge_contents(backup);
    }
  }

 private:
  void add(std::string wrong) { tally_.wrong.push_back(std::move(wrong)); }

  void back_up(std::string file) {
    const auto began = steady_clock::now();
    const auto done = test::run_coupond({"backup", file, "--data", box_.data_dir()});
    if (done.code != 0) add("a backup failed: " + done.output);
    if (done.code == 0) backups_.push_back({.file = std::move(file), .began = began});
  }

  void judge_contents(const Backup& backup) {
    const test::Ledger ledger = ledger_of(backup.file);
    for (const Shopper& shopper : shoppers_) {
      for (const test::Intent& intent : shopper.intents()) {
        if (!intent.acknowledged()) continue;
        const auto entry = ledger.find(intent.seq);
        const bool held = entry != ledger.end() && entry->second.operation == intent.operation &&
                          entry->second.user_id == shopper.user_id();
        if (intent.answered_at >= backup.began) {
          tally_.later += held ? 0 : 1;
          continue;
        }
        tally_.held += held ? 1 : 0;
        if (!held) add(backup.file + " lacks " + intent.operation + " " + intent.key);
      }
    }
  }

  Tally& tally_;
  const test::TempDir files_;
  BlackBox box_;
  const test::Mall mall_;
  std::vector<Shopper> shoppers_;
  std::vector<Backup> backups_;
};

}  // namespace

TEST_CASE("backups under full write load hold all that was acknowledged before them", "[backup]") {
  const int backups = test::long_run() ? 200 : 8;
  const std::uint64_t seed = test::test_seed();
  INFO("COUPOND_SEED=" << seed);
  Tally tally;
  while (tally.backups < backups) {
    Shop shop(seed + static_cast<std::uint64_t>(tally.backups), tally);
    shop.back_up_under_load(std::min(kBackupsPerServer, backups - tally.backups));
    shop.judge();
    REQUIRE(tally.wrong == std::vector<std::string>{});
  }
  std::cout << "backups: seed " << seed << ", " << tally.backups << " backups, "
            << tally.acknowledged << " operations acknowledged meanwhile, " << tally.held
            << " times one found in a backup begun after it\n";
  CHECK(tally.backups == backups);
  CHECK(tally.acknowledged > backups);
  CHECK(tally.held > backups);
  CHECK(tally.later > backups);  // or the look-up could not tell one from the other
}
