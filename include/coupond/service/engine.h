// Engine: the whole of coupond without HTTP. Opens a data directory, owns everything in it, and
// lends it to the service functions: writer and readers, counter table, keys, password hasher,
// clock and randomness. One Engine a process and directory; the app holds one, and so can any
// program that links the library (examples/embed.cpp).
//
// What it lends may be used from any thread until stop(). Members are constructed in the order in
// which they need each other and taken down in reverse.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "coupond/core/clock.h"
#include "coupond/core/codes.h"
#include "coupond/core/jwt.h"
#include "coupond/core/mutex.h"
#include "coupond/core/password.h"
#include "coupond/core/random.h"
#include "coupond/core/result.h"
#include "coupond/core/secrets.h"
#include "coupond/service/user_cache.h"
#include "coupond/store/checkpoint.h"
#include "coupond/store/counter_table.h"
#include "coupond/store/data_dir.h"
#include "coupond/store/database.h"
#include "coupond/store/last_head.h"
#include "coupond/store/readers.h"
#include "coupond/store/writer.h"

namespace coupon::service {

class Engine {
 public:
  struct Options {
    std::string data_dir = "./coupond-data";
    store::Writer::Options writer = {};
    // A failed commit is told here once, on the writer's thread: the process must leave.
    store::Writer::Observer observer = {};
    std::size_t readers = 8;
    core::PasswordHasher::Params passwords = {};
    // Marks a new database as a demo's or not, and refuses one that is otherwise; absent: any.
    std::optional<bool> demo = false;
    // Opens a database that lost what it had acknowledged, too.
    bool accept_loss = false;
    // Of the server of a cluster's member: its changes go to the cluster. Nobody else opens one.
    bool in_cluster = false;
    core::Clock clock = core::system_clock_now;
    core::Random random = core::system_random;
  };

  // Takes the directory, makes what is missing, checks what is there. Refused with one sentence
  // that names path and remedy: start no second Engine on the directory, and leave with exit
  // code 3.
  static core::Result<std::unique_ptr<Engine>> open(Options options);

  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();  // stop()

  // Finishes what is queued and refuses what comes after; everything is in the file when it
  // returns. May be called more than once. Reads still work.
  void stop();

  // Checks the ledger since the last signed checkpoint against the counters and signs a new one, so
  // that the next start has that much less to check. About 1 s for a million entries; now and then,
  // on a thread that has the time.
  core::Result<core::Done> checkpoint();
  // What the last checkpoint() found to contradict the ledger; "" when it found nothing.
  std::string divergence() const;
  // How often another program was seen to have written the file.
  std::int64_t foreign_writes() const { return foreign_writes_.load(); }

  store::Writer& writer() { return writer_; }
  const store::Writer& writer() const { return writer_; }
  store::Readers& readers() { return readers_; }
  const store::CounterTable& counters() const { return counters_; }
  const core::CodeVault& vault() const { return vault_; }
  const core::Jwt& tokens() const { return tokens_; }
  const core::Secrets& secrets() const { return secrets_; }
  core::PasswordHasher& passwords() { return passwords_; }
  UserCache& users() { return users_; }
  // The server's time, see store/server_time.h: what writes decide by and replies explain with.
  const core::Clock& clock() const { return now_; }
  const core::Random& random() const { return options_.random; }
  const store::DataPaths& paths() const { return paths_; }
  // Whether the database still is the file that was opened: not when somebody removed it or put
  // another in its place, which does not show in reads and writes. Any thread.
  bool has_its_file() const;
  const store::DatabaseFacts& facts() const { return facts_; }
  store::Durability durability() const { return options_.writer.durability; }

 private:
  core::Result<store::LedgerCheck> check_ledger();
  std::optional<core::Error> note_head();
  core::Result<core::Done> note_clock_steps();
  void note_divergence(const core::Result<store::LedgerCheck>& checked);
  store::Signer signer() const;
  store::Writer::Observer observer();

  Engine(Options options, store::DataLock lock, core::Secrets secrets, store::DatabaseFacts facts);

  const Options options_;
  const core::Clock now_ = [this] { return writer_.time().now(); };
  const store::DataPaths paths_;
  const store::DataLock lock_;
  const core::Secrets secrets_;
  const store::DatabaseFacts facts_;
  const std::string file_id_;
  const core::CodeVault vault_;
  const core::Jwt tokens_;
  core::PasswordHasher passwords_;
  UserCache users_;
  store::CounterTable counters_;
  store::HeadNote head_note_;
  store::Readers readers_;
  std::atomic<std::int64_t> foreign_writes_ = 0;
  mutable core::Mutex mutex_;
  std::string divergence_ COUPOND_GUARDED_BY(mutex_);
  store::Writer writer_;
};

}  // namespace coupon::service
