// What `prove` does, in a data directory of its own: races for a last unit, kill -9 under load, and
// after each kill a look whether everything acknowledged is there, nothing refused is, and the
// books agree. One thread, which starts the clients' threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "coupond/core/mutex.h"
#include "coupond/core/result.h"
#include "coupond/core/types.h"
#include "coupond/http/client.h"
#include "coupond/store/connection.h"
#include "src/cli/child_server.h"
#include "src/cli/prove/prove_disk.h"

namespace coupon::cli {

// What was seen, summed up over rounds.
struct ProveCounts {
  std::int64_t cycles = 0;         // kill -9 under load, restart, check
  std::int64_t startup_kills = 0;  // kill -9 during the start after that, too
  std::int64_t races = 0;          // for one last unit or one cap
  std::int64_t acknowledged = 0;   // operations answered with 2xx
  std::int64_t refused = 0;        // with 4xx
  std::int64_t unknown = 0;        // never answered, because of a kill
  DiskCheck disk = {};
  std::vector<std::string> violations = {};  // a sentence each
};

class ProveRound {
 public:
  // `data_dir` does not exist yet. Counts into `counts`.
  ProveRound(std::string data_dir, std::uint64_t seed, ProveCounts& counts);

  // Makes the accounts and starts the server. To be called once, first.
  core::Result<core::Done> prepare();
  // Whether answers wait for the disk, races, load, kill, restart, check. Refused only for what the
  // machine lacks; what is found wrong is a violation.
  core::Result<core::Done> cycle();

 private:
  // One request of the load and what came of it.
  struct Intent {
    bool redeems = false;  // else it issues
    core::UserId user = {};
    std::string key;
    int status = 0;
    std::int64_t seq = 0;
  };

  core::Result<core::Done> start();
  // Under `key` as Idempotency-Key. Status 0: there was no answer, and nobody knows what became of
  // the request.
  http::ClientReply post(http::Client& client, const std::string& path, const std::string& key,
                         const std::string& json) const;
  // For a request that must succeed: the campaigns and codes of a cycle.
  core::Result<std::string> set_up(const std::string& path, const std::string& json);
  core::Result<core::Done> set_up_cycle();
  void check_disk();
  void race_for_code(const std::string& code);
  void race_for_cap();
  void load_and_kill();
  void shop(std::size_t shopper, std::uint64_t seed);
  Intent redeem(http::Client& client, std::size_t shopper, const std::string& code);
  Intent issue(http::Client& client, std::size_t shopper, const std::string& slug);
  void note(Intent intent);
  std::vector<Intent> take_intents();
  core::Result<core::Done> check();
  void check_entries(store::Connection& db);
  void check_books(store::Connection& db);
  void violation(std::string what);

  const std::string data_dir_;
  std::mt19937_64 random_;
  ProveCounts& counts_;
  std::string api_key_;
  std::vector<core::UserId> users_;  // one a client
  std::unique_ptr<ChildServer> server_;
  int cycle_ = 0;
  std::vector<std::string> codes_;  // of this cycle; each can be redeemed once
  core::Seq checked_ = {};          // entries up to here were looked at
  core::Mutex mutex_;
  std::vector<Intent> intents_ COUPOND_GUARDED_BY(mutex_);  // of this cycle
  std::atomic<std::int64_t> next_key_ = 0;
};

}  // namespace coupon::cli
