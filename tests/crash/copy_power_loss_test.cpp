// Goal: whenever the power goes, of the database's disk, of the copy's or of both, the copy is an
// exact beginning of the shop: with --copy-sync it holds all that was acknowledged and nothing that
// was refused, and the shop goes on with it; without, it lacks no more than the last second.
// Method: the same scripted run again and again, the power cut at another write, sync or truncate
// of either disk each time. COUPOND_LONG=1 cuts ten times as often.
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "coupond/store/copy_target.h"
#include "tests/crash/faulty_directory.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/scripted_run.h"
#include "tests/support/shadow.h"
#include "tests/support/temp_dir.h"
#include "tests/support/text.h"

using namespace coupon;
using test::FaultVfs;
using test::ScriptedRun;

namespace {

constexpr std::uint64_t kSeed = 20261127;
constexpr int kSteps = 60;
constexpr int kStepsAfter = 8;
constexpr std::int64_t kSecond = 1000;
constexpr char kDatabase[] = "/coupond.db";

enum class Mode { kSync, kLate };
// Which disk's change it is that cuts the power, and whether the other one's goes with it.
enum class Cut { kShopBoth, kCopyBoth, kShop, kCopy };
constexpr int kCuts = 4;

store::ChangeKey key() { return store::change_key(test::test_secrets()); }

// What app::Copier is for the writer, without its thread: its second passes by the batches' clock.
class CopySink : public store::ChangeSink {
 public:
  CopySink(const std::string& directory, const std::string& data, Mode mode)
      : mode_(mode),
        target_(directory, store::DataPaths(data),
                {.instance = "simulated", .key = key(), .complete = mode == Mode::kSync}) {}

  Stored append(const store::ChangeRecord& record) override {
    if (mode_ == Mode::kSync) return target_.append({&record, 1});
    if (record.at.value >= written_at_ + kSecond) write_queue(record.at.value);
    pending_ = record;
    return Stored::kYes;
  }
  void committed() override {
    if (mode_ == Mode::kLate) queue_.push_back(std::move(pending_));
  }
  bool take_back() override { return mode_ == Mode::kLate || target_.take_back(); }

  // How long the oldest change has waited that the copy was not given, by the batches' clock.
  std::int64_t behind() const {
    return queue_.empty() ? 0 : queue_.back().at.value - queue_.front().at.value;
  }

 private:
  void write_queue(std::int64_t now) {
    if (!queue_.empty() && target_.append(queue_) != Stored::kYes) return;
    written_at_ = now;
    queue_.clear();
  }

  const Mode mode_;
  store::CopyTarget target_;
  store::ChangeRecord pending_;
  std::vector<store::ChangeRecord> queue_;
  std::int64_t written_at_ = 0;
};

// A shop on one disk and its copy on another.
class Shop {
 public:
  Shop(Mode mode, std::uint64_t seed)
      : mode_(mode),
        disk_(seed),
        run_(disk_, kSeed, store::Durability::kFull),
        data_(files_ / "data"),
        path_(files_ / "copy"),
        copy_(prepared(), seed) {
    start();
    run_.set_up();
  }

  void start() {
    sink_ = std::make_unique<CopySink>(path_, data_, mode_);
    run_.record_to(sink_.get());
  }
  // Without power nothing runs.
  void cut_at(Cut cut, std::int64_t change) {
    const bool both = cut == Cut::kShopBoth || cut == Cut::kCopyBoth;
    if (cut == Cut::kShopBoth || cut == Cut::kShop) {
      disk_.cut_power_at(change);
      shop_cuts_both_ = both;
    } else {
      copy_alone_ = !both;
      copy_.cut_power_at(change, both ? std::function<void()>([this] { disk_.cut_power(); })
                                      : std::function<void()>());
    }
  }
  void work(int steps) {
    run_.run(steps);
    if (shop_cuts_both_ && disk_.is_off()) copy_.cut_power();
  }
  void restart(FaultVfs::Damage damage) {
    disk_.restart(damage);
    copy_.restart(damage);
    shop_cuts_both_ = false;
  }

  // Plays the copy back, and says what is wrong with what comes of it.
  std::string check_copy() {
    const std::string back = files_ / "back.db";
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(back + end);
    std::filesystem::copy(store::base_path(path_, 0, 0), back);
    store::Connection restored(back, store::Connection::Access::kReadWrite);
    restored.exec("PRAGMA synchronous = OFF");
    store::ChangeApplier applier(restored, test::test_verifier());
    store::CopyReader reader(path_, key(), 0, 0);
    store::ChangeRecord record;
    while (*reader.next(record) == store::CopyReader::Found::kRecord) {
      const auto applied = applier.apply(record);
      if (!applied.ok()) return "the copy cannot be played back: " + applied.error().message;
    }
    std::string wrong = run_.contradictions(restored);
    lost_ = run_.lost();
    if (mode_ == Mode::kLate) wrong = late_copy(wrong);
    return wrong + compare(restored);
  }
  // The database's own promise; then the shop and its copy go on together.
  std::string check_shop() {
    start();
    std::string wrong = run_.check();
    if (mode_ == Mode::kLate) return wrong;
    const int before = run_.acknowledged();
    run_.run(kStepsAfter);
    if (run_.acknowledged() == before) wrong += "nothing is accepted any more\n";
    return wrong + check_copy();
  }

  ScriptedRun& run() { return run_; }
  test::FaultyDirectory& copy() { return copy_; }
  FaultVfs& disk() { return disk_; }
  int lost() const { return lost_; }

 private:
  // The copy begins with a base of the empty shop.
  const std::string& prepared() const {
    std::filesystem::create_directory(data_);
    std::filesystem::create_directory(path_);
    test::make_database(store::base_path(path_, 0, 0));
    return path_;
  }
  // Of a copy that may lack the last second, nothing else can be wrong.
  std::string late_copy(const std::string& wrong) const {
    if (wrong.find("was refused and is there") != std::string::npos) return wrong;
    if (sink_->behind() < kSecond || copy_alone_) return {};
    return "the copy lacks " + std::to_string(sink_->behind()) + " ms\n";
  }
  // Equal to the last row when it holds as many changes. With sync it holds all, and one more at
  // the most: the one of which nobody was told.
  std::string compare(store::Connection& restored) {
    store::Connection shop(kDatabase, store::Connection::Access::kReadOnly, disk_.name());
    const std::int64_t here = store::change_position(shop);
    const std::int64_t there = store::change_position(restored);
    if (here == there) {
      const bool same = test::table_digests(shop) == test::table_digests(restored);
      return same ? "" : "the copy holds something else\n";
    }
    const bool fits = mode_ == Mode::kSync ? there == here + 1 : there < here;
    if (fits) return {};
    return "the copy ends at change " + std::to_string(there) + ", the shop at " +
           std::to_string(here) + "\n";
  }

  const Mode mode_;
  const test::TempDir files_;
  FaultVfs disk_;
  ScriptedRun run_;
  const std::string data_;
  const std::string path_;
  test::FaultyDirectory copy_;
  std::unique_ptr<CopySink> sink_;
  bool shop_cuts_both_ = false;
  bool copy_alone_ = false;  // lost its power, and the shop was told
  int lost_ = 0;
};

struct Totals {
  int points = 0;
  int acknowledged = 0;
  int unknown = 0;
  int lacking = 0;  // acknowledged, and not in the copy
  int wrong = 0;
  std::string first;
};

void cut_at(Mode mode, Cut cut, std::int64_t change, FaultVfs::Damage damage, bool lies,
            Totals& totals) {
  Shop shop(mode, kSeed + static_cast<std::uint64_t>(change));
  if (lies) shop.copy().lie();
  shop.cut_at(cut, change);
  shop.work(kSteps);
  shop.restart(damage);
  std::string wrong = shop.check_copy();
  totals.lacking += shop.lost();
  if (!lies) wrong += shop.check_shop();
  ++totals.points;
  totals.acknowledged += shop.run().acknowledged();
  totals.unknown += shop.run().unknown();
  if (wrong.empty()) return;
  ++totals.wrong;
  if (!totals.first.empty()) return;
  totals.first = "cut " + std::to_string(static_cast<int>(cut)) + " at change " +
                 std::to_string(change) + ", damage " + std::to_string(static_cast<int>(damage)) +
                 ": " + wrong;
}

// How many changes a run makes on either disk.
std::pair<std::int64_t, std::int64_t> changes_of_a_run(Mode mode) {
  Shop shop(mode, kSeed);
  shop.disk().plan({.io = FaultVfs::kChanges});
  shop.copy().cut_power_at(0);
  shop.work(kSteps);
  CHECK(shop.check_copy() == "");
  return {shop.disk().count(), shop.copy().count()};
}

Totals cut_all_over(Mode mode, int points, bool lies = false) {
  const auto [shop_changes, copy_changes] = changes_of_a_run(mode);
  Totals totals;
  for (int i = 0; i < points; ++i) {
    const auto cut = static_cast<Cut>(i % kCuts);
    const bool of_shop = cut == Cut::kShopBoth || cut == Cut::kShop;
    const std::int64_t changes = of_shop ? shop_changes : copy_changes;
    const std::int64_t change = 1 + std::int64_t{i} * changes / points;
    const auto damage = static_cast<FaultVfs::Damage>(i / kCuts % FaultVfs::kDamages);
    cut_at(mode, cut, change, damage, lies, totals);
  }
  std::printf(
      "copy: %d power cuts at %lld changes of the shop and %lld of the copy: "
      "%d acknowledged, %d unknown, %d not in the copy\n",
      totals.points, static_cast<long long>(shop_changes), static_cast<long long>(copy_changes),
      totals.acknowledged, totals.unknown, totals.lacking);
  return totals;
}

int points() { return test::long_run() ? 3000 : 300; }

}  // namespace

TEST_CASE("whatever loses its power, a copy that is waited for holds all", "[copy][power_loss]") {
  const Totals totals = cut_all_over(Mode::kSync, points());
  INFO(totals.first);
  CHECK(totals.wrong == 0);
  CHECK(totals.lacking == 0);
  CHECK(totals.acknowledged > totals.points * 10);
  CHECK(totals.unknown > 0);
}

TEST_CASE("whatever loses its power, a copy lacks the last second at the most",
          "[copy][power_loss]") {
  const Totals totals = cut_all_over(Mode::kLate, points());
  INFO(totals.first);
  CHECK(totals.wrong == 0);
  CHECK(totals.lacking > 0);
  CHECK(totals.acknowledged > totals.points * 10);
}

// The control: a harness that finds nothing here would find nothing anywhere.
TEST_CASE("a copy on a disk that only claims to sync is seen to lose", "[copy][power_loss]") {
  const Totals totals = cut_all_over(Mode::kSync, 60, true);
  CHECK(totals.lacking > 0);
  CHECK(totals.wrong > 0);
}
