// A small engine for tests: a database in a directory of its own, a clock that moves when told to,
// randomness from a seed, keys from a constant, a writer, and short ways to make users, campaigns
// and coupons. Made and destroyed on one thread; run() may be called from any.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "coupond/core/clock.h"
#include "coupond/core/codes.h"
#include "coupond/core/random.h"
#include "coupond/core/secrets.h"
#include "coupond/domain/campaign.h"
#include "coupond/service/caller.h"
#include "coupond/service/codes.h"
#include "coupond/store/audit.h"
#include "coupond/store/connection.h"
#include "coupond/store/counter_table.h"
#include "coupond/store/writer.h"
#include "tests/support/shadow.h"
#include "tests/support/temp_dir.h"

namespace coupon::test {

// Starts in 2026 and moves by hand. Any thread.
class FakeClock {
 public:
  core::UnixMs now() const { return {now_.load()}; }
  void advance(std::int64_t ms) { now_ += ms; }
  core::Clock as_clock() {
    return [this] { return now(); };
  }

 private:
  std::atomic<std::int64_t> now_ = 1'790'000'000'000;
};

// The same bytes for the same seed, as long as one thread asks. Any thread.
class SeededRandom {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  core::Random as_random();

 private:
  std::mutex mutex_;  // guards engine_
  std::mt19937_64 engine_;
};

// An empty database, in write-ahead mode. `vfs` may name another file system of SQLite's.
void make_database(const std::string& path, const char* vfs = nullptr);

// The keys of every test database.
const core::Secrets& test_secrets();
store::Signer test_signer();
store::Verifier test_verifier();

class EngineFixture {
 public:
  struct Options {
    store::Writer::Options writer = {};
    std::uint64_t seed = 1;
    std::string path = {};  // of an existing database; empty: a new one
  };

  EngineFixture() : EngineFixture(Options{}) {}
  explicit EngineFixture(Options options);
  ~EngineFixture();

  const std::string& path() const { return path_; }
  store::Writer& writer() { return *writer_; }
  store::CounterTable& counters() { return *counters_; }
  const core::CodeVault& vault() const { return vault_; }
  FakeClock& clock() { return clock_; }
  SeededRandom& random() { return random_; }

  // Ends the writer, and starts one again on what is in the file.
  void stop();
  void restart();

  // What the writer told its observer.
  std::vector<std::string> notices() const;
  std::vector<std::string> fatals() const;
  std::vector<store::BatchReport> batches() const;

  template <class T, class Body>
  core::Result<T> run(Body&& body) {
    return writer_->run<T>("test", std::forward<Body>(body));
  }

  // Each throws std::runtime_error when it is refused.
  core::UserId make_user(std::int64_t credit = 0);
  core::CampaignId make_campaign(domain::Mode mode, const domain::Policy& policy = {});
  std::vector<service::FreshCode> make_codes(core::CampaignId campaign, std::int64_t count);
  // A fresh code, not stored.
  service::FreshCode fresh_code();

  // A connection for looking at the file, and for tampering with it.
  store::Connection open(store::Connection::Access access);
  // Runs SQL as the sqlite3 shell would: with no help from the program.
  void shell(const std::string& sql);
  std::int64_t number(const std::string& sql);

  store::AuditReport verify();

  // What the change records so far make of an empty database, see shadow.h; null for a database
  // that was there before or lies on a faulty disk. Compared at the end of every test.
  Shadow* shadow() { return shadow_.get(); }

 private:
  void start();
  void make_shadow();

  TempDir directory_;
  const Options options_;
  std::string path_;
  FakeClock clock_;
  SeededRandom random_;
  const core::CodeVault vault_;
  std::unique_ptr<store::CounterTable> counters_;
  mutable std::mutex mutex_;  // guards the three below
  std::vector<std::string> notices_;
  std::vector<std::string> fatals_;
  std::vector<store::BatchReport> batches_;
  std::unique_ptr<Shadow> shadow_;  // used by the writer's thread
  std::unique_ptr<store::Writer> writer_;
};

// For tests of what is done, not of whether it lasts.
inline EngineFixture::Options relaxed(std::uint64_t seed = 1) {
  return {.writer = {.durability = store::Durability::kRelaxed}, .seed = seed};
}

// A whole operation: adds to the account's credit, and the ledger says so.
core::Result<core::Done> give_credit(store::Tx& tx, core::UserId user, std::int64_t credit);

}  // namespace coupon::test
