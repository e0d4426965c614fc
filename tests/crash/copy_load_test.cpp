// A copy elsewhere beside a server under load: restored to any moment it is an exact beginning of
// the shop that verifies; a kill of a server that waits for it takes nothing that was acknowledged;
// and whatever happens to its directory, nothing is falsely refused.
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <random>
#include <thread>

#include "coupond/store/connection.h"
#include "coupond/store/ledger.h"
#include "tests/support/black_box.h"
#include "tests/support/shopper.h"
#include "tests/support/temp_dir.h"
#include "tests/support/text.h"

using namespace coupon;
using test::BlackBox;
using test::HttpClient;
using test::Shopper;
using test::sleep_ms;
namespace fs = std::filesystem;

namespace {

constexpr int kClients = 4;
// Long: a loaded machine is slow, and nothing is measured here.
constexpr int kTries = 1200;

// A shop with clients, and where its copy is to be.
class Shop {
 public:
  explicit Shop(std::uint64_t seed, int clients = kClients)
      : mall_(test::open_mall(box_, 2'000, 1'000, 1'000)) {
    for (int i = 0; i < clients; ++i) {
      shoppers_.emplace_back(box_.add_person(), mall_, seed + static_cast<std::uint64_t>(i));
    }
  }
  ~Shop() { rest(); }

  void start(std::vector<std::string> flags, std::vector<std::string> wrapper = {}) {
    flags.insert(flags.end(), {"--copy", copy_});
    box_.start(std::move(flags), std::move(wrapper));
  }
  void work() {
    stop_ = false;
    const int port = box_.server().port();
    for (Shopper& shopper : shoppers_) {
      threads_.emplace_back([&shopper, this, port] { shopper.shop(port, stop_); });
    }
  }
  void rest() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  // Until /readyz says it of the copy.
  bool wait_for(const std::string& words) {
    for (int i = 0; i < kTries; ++i) {
      HttpClient client(box_.server().port());
      const auto answer = client.get("/readyz");
      const auto body = nlohmann::json::parse(answer.body, nullptr, false);
      for (const auto& check : body.value("checks", nlohmann::json::array())) {
        const bool told = check.at("name") == "copy" &&
                          check.at("detail").get<std::string>().find(words) != std::string::npos;
        if (told) return true;
      }
      sleep_ms(50);
    }
    return false;
  }
  // Until the copy holds all that was done before.
  bool wait_for_all() {
    const std::int64_t wanted = position();
    for (int i = 0; i < kTries; ++i) {
      HttpClient client(box_.server().port());
      const std::string figures = client.get("/metrics").body;
      if (figure(figures, "coupond_copy_healthy ") == 1 &&
          figure(figures, "coupond_copy_change ") >= wanted) {
        return true;
      }
      sleep_ms(50);
    }
    return false;
  }
  std::int64_t position() {
    store::Connection db(box_.data_dir() + "/coupond.db", store::Connection::Access::kReadOnly);
    return store::change_position(db);
  }

  // Restores the copy into a new directory, which is gone again when the next one is made.
  test::Ended restore(std::vector<std::string> flags = {}) {
    fs::remove_all(restored_);
    flags.insert(flags.begin(),
                 {"restore", copy_, "--data", restored_, "--key", box_.data_dir() + "/secret.key"});
    return test::run_coupond(flags);
  }
  // Whether the restored ledger is that of the shop up to an entry, which it gives back; -1: no.
  std::int64_t common_entries() {
    store::Connection shop(box_.data_dir() + "/coupond.db", store::Connection::Access::kReadOnly);
    store::Connection back(restored_ + "/coupond.db", store::Connection::Access::kReadOnly);
    const core::Seq own = store::last_entry(back).seq;  // the restore's own entry
    const core::Seq last{own.value - 1};
    const auto here = store::ledger_row(shop, last);
    const auto there = store::ledger_row(back, last);
    return here && there && here->hash == there->hash ? last.value : -1;
  }
  std::int64_t acknowledged_last() const {
    std::int64_t last = 0;
    for (const Shopper& shopper : shoppers_) {
      for (const test::Intent& intent : shopper.intents()) {
        if (intent.acknowledged()) last = std::max(last, intent.seq);
      }
    }
    return last;
  }
  // Answers that say that the server was at fault.
  int faults() const {
    int count = 0;
    for (const Shopper& shopper : shoppers_) {
      for (const test::Intent& intent : shopper.intents()) count += intent.status >= 500;
    }
    return count;
  }

  BlackBox& box() { return box_; }
  const std::string& copy() const { return copy_; }

 private:
  static std::int64_t figure(const std::string& figures, const std::string& name) {
    const std::size_t at = figures.find("\n" + name);
    return at == std::string::npos ? -1 : std::atoll(figures.c_str() + at + 1 + name.size());
  }

  const test::TempDir files_;
  const std::string copy_ = files_ / "copy";
  const std::string restored_ = files_ / "restored";
  BlackBox box_;
  const test::Mall mall_;
  std::vector<Shopper> shoppers_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stop_ = false;
};

// A file system in memory over a directory, for as long as this lives.
class Mounted {
 public:
  Mounted(const std::string& path, unsigned long flags, const char* options) : path_(path) {
    fs::create_directories(path);
    good_ = ::mount("none", path.c_str(), "tmpfs", flags, options) == 0;
    if (!good_) WARN("no disk for the copy: " << std::strerror(errno) << ", which root may mount");
  }
  ~Mounted() {
    if (good_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;
  bool good() const { return good_; }

 private:
  const std::string path_;
  bool good_ = false;
};

void fill(const std::string& path) {
  std::string piece(1 << 16, 'x');
  FILE* file = std::fopen(path.c_str(), "w");
  while (std::fwrite(piece.data(), 1, piece.size(), file) == piece.size() &&
         std::fflush(file) == 0) {
  }
  std::fclose(file);
}

// One shop, whose ledger grows under load meanwhile, so that each restore takes longer.
void restore_at_random(std::uint64_t seed, int restores) {
  INFO("COUPOND_SEED=" << seed);
  std::mt19937_64 random(seed);
  Shop shop(seed);
  shop.start({});
  REQUIRE(shop.wait_for("holds change"));
  REQUIRE(shop.restore().code == 0);
  const std::int64_t first = shop.common_entries();
  REQUIRE(first >= 0);
  std::int64_t last = first;
  int exact = 0;
  for (int i = 0; i < restores; ++i) {
    shop.work();
    sleep_ms(random() % 300);
    std::vector<std::string> until;
    const std::int64_t entry = first + static_cast<std::int64_t>(random()) % (last - first + 1);
    const std::int64_t wanted = std::max(first, std::min(last, std::abs(entry)));
    if (i % 4 != 0) until = {"--until", std::to_string(wanted)};
    const auto restored = shop.restore(until);
    shop.rest();
    INFO(restored.output);
    REQUIRE(restored.code == 0);
    const std::int64_t common = shop.common_entries();
    REQUIRE(common >= first);
    if (i % 4 != 0) {
      CHECK(common <= wanted);
      exact += common == wanted;
    }
    last = std::max(last, common);
  }
  CHECK(exact > restores / 4);
  CHECK(last > first);
  CHECK(shop.faults() == 0);
  std::cout << "copy: seed " << seed << ", " << restores << " restores to moments of "
            << last - first << " entries, " << exact << " to the entry asked for" << std::endl;
}

}  // namespace

TEST_CASE("a copy under load can be restored to any moment, exactly", "[copy]") {
  const std::uint64_t seed = test::test_seed(), shops = test::long_run() ? 10 : 1;
  for (std::uint64_t i = 0; i < shops; ++i) restore_at_random(seed + i, 20);
}

TEST_CASE("a kill takes nothing that was acknowledged when answers wait for the copy", "[copy]") {
  const int kills = test::long_run() ? 50 : 5;
  const std::uint64_t seed = test::test_seed();
  INFO("COUPOND_SEED=" << seed);
  std::mt19937_64 random(seed);
  Shop shop(seed);
  std::int64_t acknowledged = 0;
  for (int i = 0; i < kills; ++i) {
    shop.start({"--copy-sync"});
    shop.work();
    sleep_ms(100 + random() % 500);
    shop.box().server().kill();
    shop.rest();
    // The machine is gone: there is only the copy, and the key.
    const auto restored = shop.restore();
    INFO(restored.output);
    REQUIRE(restored.code == 0);
    acknowledged = shop.acknowledged_last();
    store::Connection back(shop.copy() + "/../restored/coupond.db",
                           store::Connection::Access::kReadOnly);
    REQUIRE(store::last_entry(back).seq.value > acknowledged);
  }
  CHECK(acknowledged > 0);
  CHECK(shop.box().divergence() == "");
  std::cout << "copy: seed " << seed << ", " << kills << " kills, acknowledged up to entry "
            << acknowledged << ", none missing in the copy\n";
}

TEST_CASE("a kill takes the last second when they do not", "[copy]") {
  // What shows that the test above can fail.
  Shop shop(7);
  std::int64_t lost = 0;
  for (int i = 0; i < 5 && lost == 0; ++i) {
    shop.start({});
    REQUIRE(shop.wait_for("holds change"));
    shop.work();
    sleep_ms(1500);
    shop.box().server().kill();
    shop.rest();
    REQUIRE(shop.restore().code == 0);
    store::Connection back(shop.copy() + "/../restored/coupond.db",
                           store::Connection::Access::kReadOnly);
    lost += std::max<std::int64_t>(
        0, shop.acknowledged_last() - (store::last_entry(back).seq.value - 1));
  }
  CHECK(lost > 0);
}

TEST_CASE("a copy's disk that is full or read-only costs the shop nothing", "[copy]") {
  const int rounds = test::long_run() ? 20 : 5;
  Shop shop(11);
  const Mounted disk(shop.copy(), 0, "size=64m,mode=0700");
  if (!disk.good()) return;
  shop.start({});
  REQUIRE(shop.wait_for("holds change"));
  const std::string filler = shop.copy() + "/filler";
  for (int i = 0; i < rounds; ++i) {
    INFO("round " << i);
    {
      fill(filler);
      shop.work();
      CHECK(shop.wait_for("LOOK: "));
      shop.rest();
      fs::remove(filler);
      REQUIRE(shop.wait_for_all());
    }
    {
      const Mounted read_only(shop.copy(), MS_RDONLY, "size=1m,mode=0700");
      shop.work();
      CHECK(shop.wait_for("LOOK: "));
      shop.rest();
    }
    REQUIRE(shop.wait_for_all());
    REQUIRE(shop.restore().code == 0);
    CHECK(shop.common_entries() >= shop.acknowledged_last());
  }
  CHECK(shop.faults() == 0);
}

TEST_CASE("a copy that is slow is told of, and nobody waits for it", "[copy]") {
  Shop shop(13, 1);
  // Every sync of a log takes longer than what is told of.
  const std::string delay = "inject=fdatasync:delay_enter=6000000";
  std::vector<std::string> wrapper{"strace", "-f",        "-qq", "--seccomp-bpf",
                                   "-o",     "/dev/null", "-e",  "trace=fdatasync",
                                   "-e",     delay};
  for (int position = 1; position < 10; ++position) {
    wrapper.insert(wrapper.end(),
                   {"-P", shop.copy() + "/changes-0-" + std::to_string(position) + ".log"});
  }
  fs::create_directories(shop.copy());
  shop.start({}, wrapper);
  for (int i = 0; i < (test::long_run() ? 20 : 5); ++i) {
    shop.work();
    REQUIRE(shop.wait_for("does not answer"));
    shop.rest();
    REQUIRE(shop.wait_for("holds change"));
  }
  CHECK(shop.faults() == 0);
  CHECK(shop.acknowledged_last() > 0);
}

TEST_CASE("a copy that is gone stops a shop whose answers wait for it, and only that", "[copy]") {
  const int rounds = test::long_run() ? 20 : 5;
  Shop shop(17);
  shop.start({"--copy-sync"});
  const std::string away = shop.copy() + ".away";
  for (int i = 0; i < rounds; ++i) {
    INFO("round " << i);
    shop.work();
    sleep_ms(100);
    fs::rename(shop.copy(), away);
    REQUIRE(shop.wait_for("changes are refused until"));
    shop.rest();
    HttpClient client(shop.box().server().port());
    CHECK(client.get("/readyz").status == 503);
    CHECK(client.get("/healthz").status == 200);
    fs::rename(away, shop.copy());
    REQUIRE(shop.restore().code == 0);
    const std::int64_t held = shop.common_entries();
    CHECK(held >= shop.acknowledged_last());
    store::Connection db(shop.box().data_dir() + "/coupond.db",
                         store::Connection::Access::kReadOnly);
    CHECK(store::last_entry(db).seq.value == held);
  }
  shop.work();
  REQUIRE(shop.wait_for("holds change"));
  shop.rest();
  CHECK(shop.box().server().terminate() == 0);
  CHECK(shop.box().divergence() == "");
}
