// A disk of 16 MiB that is filled at random moments while clients work, and freed again: nothing
// acknowledged is lost, what was answered 507 did not happen, reads go on, the server lives, and
// the first change after there is room again is accepted.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <random>
#include <set>
#include <thread>

#include "tests/support/black_box.h"
#include "tests/support/shopper.h"
#include "tests/support/temp_dir.h"
#include "tests/support/text.h"

using namespace coupon;
using test::BlackBox;
using test::HttpClient;
using test::Shopper;
using test::sleep_ms;

namespace {

constexpr int kClients = 4;
constexpr std::uint64_t kDiskBytes = std::uint64_t{16} << 20;

// A file system in memory, mounted for as long as this lives.
class SmallDisk {
 public:
  SmallDisk() {
    std::filesystem::create_directory(path_);
    mounted_ = ::mount("none", path_.c_str(), "tmpfs", 0, "size=16m,mode=0700") == 0;
    if (!mounted_) why_ = std::strerror(errno);
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  const std::string& why_not() const { return why_; }
  const std::string& path() const { return path_; }
  std::uint64_t free_bytes() const {
    struct statvfs disk = {};
    ::statvfs(path_.c_str(), &disk);
    return std::uint64_t{disk.f_bavail} * disk.f_frsize;
  }
  // To the last byte.
  void fill() {
    const int fd = ::open(filler_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    for (std::size_t piece = std::size_t{1} << 20; piece > 0; piece /= 16) {
      const std::string bytes(piece, 'x');
      while (::write(fd, bytes.data(), bytes.size()) > 0) {
      }
    }
    ::close(fd);
  }
  void make_room() { ::unlink(filler_.c_str()); }
  // After fill().
  void give_back(std::uint64_t bytes) {
    std::filesystem::resize_file(filler_, std::filesystem::file_size(filler_) - bytes);
  }

 private:
  test::TempDir parent_;
  const std::string path_ = parent_ / "data";
  const std::string filler_ = path_ + "/filler";
  bool mounted_ = false;
  std::string why_;
};

struct Tally {
  int fills = 0;
  std::int64_t acknowledged = 0;
  std::int64_t refused_for_space = 0;
  std::int64_t unknown = 0;
  std::int64_t longest_recovery_ms = 0;
  std::vector<std::string> wrong = {};
};

// One disk, one server, a few fills.
class Till {
 public:
  Till(SmallDisk& disk, std::mt19937_64& random, Tally& tally)
      : disk_(disk),
        random_(random),
        tally_(tally),
        box_(disk.path()),
        mall_(test::open_mall(box_, 300, 100, 100)),
        visitor_(box_.add_person()) {
    for (int i = 0; i < kClients; ++i) {
      shoppers_.emplace_back(box_.add_person(), mall_, random_());
    }
    box_.start();
  }

  // Load, full, room again. While anybody works, only this thread looks at the disk.
  void fill_once() {
    ++tally_.fills;
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    const int port = box_.server().port();
    for (Shopper& shopper : shoppers_) {
      threads.emplace_back([&shopper, &stop, port] { shopper.shop(port, stop); });
    }
    sleep_ms(random_() % 200);
    disk_.fill();
    read_while_full(port);
    sleep_ms(random_() % 300);
    disk_.make_room();
    write_again(port);
    sleep_ms(random_() % 50);
    stop = true;
    for (std::thread& thread : threads) thread.join();
  }
  bool has_room() const { return disk_.free_bytes() > kDiskBytes / 2; }

  // Ends the server and holds what the clients were told against what is there.
  void judge() {
    test::Ledger ledger;
    test::read_ledger(box_.server().port(), mall_.admin_token, ledger);
    const test::Verdict verdict = test::judge(shoppers_, ledger);
    tally_.acknowledged += verdict.acknowledged;
    add(verdict.violations);
    judge_refusals(ledger);
    if (box_.server().terminate() != 0) add({"the server died: " + box_.server().output()});
    if (const auto divergence = box_.divergence(); !divergence.empty()) add({divergence});
  }

 private:
  void add(const std::vector<std::string>& wrong) {
    tally_.wrong.insert(tally_.wrong.end(), wrong.begin(), wrong.end());
  }

  // 507 means: certainly not executed.
  void judge_refusals(const test::Ledger& ledger) {
    std::set<std::string> orders;
    for (const auto& [seq, entry] : ledger) orders.insert(entry.detail);
    for (const Shopper& shopper : shoppers_) {
      for (const test::Intent& intent : shopper.intents()) {
        tally_.refused_for_space += intent.status == 507 ? 1 : 0;
        tally_.unknown += intent.status == 0 || intent.status == 503 ? 1 : 0;
        if (intent.status == 507 && orders.count(intent.key) != 0) {
          add({"answered 507 and done: order " + intent.key});
        }
      }
    }
  }

  void read_while_full(int port) {
    HttpClient client(port);
    for (const char* path : {"/api/v1/me", "/api/v1/me/coupons", "/healthz"}) {
      const int status = test::ask(client, visitor_, "GET", path).status;
      if (status != 200) add({std::string(path) + " answered " + std::to_string(status)});
    }
  }

  // The first change that is asked for when there is room again.
  void write_again(int port) {
    using std::chrono::steady_clock;
    HttpClient client(port);
    const auto start = steady_clock::now();
    const auto answer = test::ask(client, visitor_, "POST", "/api/v1/campaigns/till/issue");
    const auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - start);
    tally_.longest_recovery_ms = std::max<std::int64_t>(tally_.longest_recovery_ms, took.count());
    if (answer.status != 201) {
      add({"with room again a change was answered " + std::to_string(answer.status)});
    }
  }

  SmallDisk& disk_;
  std::mt19937_64& random_;
  Tally& tally_;
  BlackBox box_;
  const test::Mall mall_;
  const test::Person visitor_;
  std::vector<Shopper> shoppers_;
};

}  // namespace

TEST_CASE("a disk that fills up under load costs nothing acknowledged, and no restart", "[disk]") {
  const int fills = test::long_run() ? 50 : 4;
  const std::uint64_t seed = test::test_seed();
  INFO("COUPOND_SEED=" << seed);
  std::mt19937_64 random(seed);
  Tally tally;
  while (tally.fills < fills) {
    SmallDisk disk;
    if (!disk.mounted()) {
      WARN("skipped: no file system can be mounted here (" << disk.why_not() << ")");
      return;
    }
    Till till(disk, random, tally);
    do {
      till.fill_once();
    } while (tally.fills < fills && till.has_room());
    till.judge();
    REQUIRE(tally.wrong == std::vector<std::string>{});
  }
  std::cout << "full disk: seed " << seed << ", " << tally.fills << " fills, " << tally.acknowledged
            << " acknowledged, " << tally.refused_for_space << " answered 507, " << tally.unknown
            << " unknown, slowest first change after it " << tally.longest_recovery_ms << " ms\n";
  CHECK(tally.acknowledged > fills);
  CHECK(tally.refused_for_space > 0);
  CHECK(tally.unknown == 0);
}

TEST_CASE("a job on a full disk says why it waits, and goes on when there is room", "[disk]") {
  SmallDisk disk;
  if (!disk.mounted()) {
    WARN("skipped: no file system can be mounted here (" << disk.why_not() << ")");
    return;
  }
  BlackBox box(disk.path());
  const test::Person admin = box.add_person(domain::Role::kAdmin);
  box.add_campaign("cards", domain::Mode::kCard, {});
  box.start();
  HttpClient client(box.server().port());
  const auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  disk.fill();
  disk.give_back(600 << 10);  // for some of the codes
  const auto queued = test::ask(client, admin, "POST", "/api/v1/campaigns/cards/codes",
                                R"({"count":20000})");
  CAPTURE(queued.body.dump());
  REQUIRE(queued.status == 202);
  const auto job = [&] { return test::ask(client, admin, "GET", "/api/v1/jobs/1").body.dump(); };
  for (int i = 0; i < 600 && !has(job(), "disk is full"); ++i) sleep_ms(100);
  const std::string waiting = job();
  CAPTURE(waiting);
  CHECK(has(waiting, "disk is full"));
  CHECK(has(waiting, "\"running\""));
  CHECK(has(box.server().output(), "disk is full"));

  disk.make_room();
  for (int i = 0; i < 600 && !has(job(), "\"done\":20000"); ++i) sleep_ms(100);
  CHECK(has(job(), "\"done\":20000"));
  CHECK_FALSE(has(job(), "disk is full"));
  CHECK(box.server().terminate() == 0);
  CHECK(box.divergence() == "");
}
