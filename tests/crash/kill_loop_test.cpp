// kill -9 at random instants while 16 clients work: what was acknowledged is there afterwards, what
// was refused is not, nothing happened twice, and the books agree.
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <iostream>
#include <random>
#include <thread>

#include "tests/support/black_box.h"
#include "tests/support/shopper.h"
#include "tests/support/text.h"

using namespace coupon;
using test::BlackBox;
using test::Shopper;
using test::sleep_ms;

namespace {

constexpr int kClients = 16;

class KillLoop {
 public:
  KillLoop(std::uint64_t seed, int cycles)
      : random_(seed), mall_(test::open_mall(box_, 50 * cycles, 20 * cycles, 20 * cycles)) {
    for (int i = 0; i < kClients; ++i) {
      shoppers_.emplace_back(box_.add_person(), mall_, random_());
    }
    box_.start();
  }

  // Load, kill, start again; every tenth time the start is killed, too. Gives what is wrong.
  std::vector<std::string> cycle(int number) {
    load_and_kill();
    if (number % 10 == 9) {
      box_.launch();
      sleep_ms(random_() % 300);
      box_.server().kill();
    }
    const int port = box_.start().port();
    test::read_ledger(port, mall_.admin_token, ledger_);
    verdict_ = test::judge(shoppers_, ledger_);
    std::vector<std::string> wrong = verdict_.violations;
    if (const std::string divergence = box_.divergence(); !divergence.empty()) {
      wrong.push_back(divergence);
    }
    return wrong;
  }

  const test::Verdict& verdict() const { return verdict_; }
  std::size_t entries() const { return ledger_.size(); }

 private:
  void load_and_kill() {
    const int port = box_.server().port();
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    for (Shopper& shopper : shoppers_) {
      threads.emplace_back([&shopper, &stop, port] { shopper.shop(port, stop); });
    }
    sleep_ms(5 + random_() % 696);
    box_.server().kill();
    stop = true;
    for (std::thread& thread : threads) thread.join();
  }

  std::mt19937_64 random_;
  BlackBox box_;
  const test::Mall mall_;
  std::vector<Shopper> shoppers_;
  test::Ledger ledger_;
  test::Verdict verdict_;
};

}  // namespace

TEST_CASE("kill -9 under load loses nothing acknowledged and keeps nothing refused", "[kill]") {
  const int cycles = test::long_run() ? 300 : 30;
  const std::uint64_t seed = test::test_seed();
  INFO("COUPOND_SEED=" << seed);
  KillLoop loop(seed, cycles);
  for (int i = 0; i < cycles; ++i) {
    INFO("cycle " << i);
    REQUIRE(loop.cycle(i) == std::vector<std::string>{});
  }
  const test::Verdict& verdict = loop.verdict();
  std::cout << "kill loop: seed " << seed << ", " << cycles << " cycles, " << verdict.acknowledged
            << " acknowledged, " << verdict.refused << " refused, " << verdict.unknown
            << " unknown, " << loop.entries() << " ledger entries\n";
  CHECK(verdict.acknowledged > cycles);
  CHECK(verdict.refused > 0);
}

TEST_CASE("what the kill loop looks for, it finds", "[kill]") {
  BlackBox box;
  const test::Mall mall = test::open_mall(box, 50, 5, 1);
  std::vector<Shopper> shoppers;
  for (std::uint64_t i = 0; i < 2; ++i) shoppers.emplace_back(box.add_person(), mall, i);
  const int port = box.start().port();
  for (Shopper& shopper : shoppers) {
    std::atomic<bool> stop = false;
    std::thread thread([&] { shopper.shop(port, stop); });
    sleep_ms(1'000);
    stop = true;
    thread.join();
  }
  test::Ledger ledger;
  test::read_ledger(port, mall.admin_token, ledger);
  REQUIRE(test::judge(shoppers, ledger).violations.empty());

  for (const test::Intent& intent : shoppers[0].intents()) {
    test::Ledger changed = ledger;
    if (intent.acknowledged()) {
      changed.erase(intent.seq);
    } else {
      changed[ledger.rbegin()->first + 1] = {
          .operation = intent.operation, .user_id = shoppers[0].user_id(), .detail = intent.key};
    }
    INFO(intent.operation << " " << intent.status);
    REQUIRE_FALSE(test::judge(shoppers, changed).violations.empty());
  }
}
