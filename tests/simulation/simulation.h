// The whole engine, its disk, its clock and its clients in one thread, every choice drawn from one
// seed: clients that retry, repeat, change their mind and give up; batches cut anywhere; a disk
// that fails, fills up and loses what was not synced; a clock that jumps; a process that is killed
// and a machine that loses its power, also while it recovers.
//
// Beside it goes the reference model. Every outcome is held against it at once; after every
// recovery and at the end the file is held against the model and against what each client was told,
// and audited. The same seed gives the same run, to the byte of every write.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/command_source.h"
#include "tests/simulation/process.h"
#include "tests/support/world.h"

namespace coupon::test {

inline constexpr char kSimulatedPath[] = "/coupond.db";

class Simulation {
 public:
  struct Options {
    std::uint64_t seed = 1;
    store::Durability durability = store::Durability::kFull;
    bool powersafe_overwrite = true;  // of the disk; it is, as far as SQLite knows, on Linux
    bool changes = true;  // clients change coupons that are out; the oldest seeds did not
    // Is told what happens, in words.
    std::function<void(const std::string&)> story = [](const std::string&) {};
  };
  struct Counts {
    std::int64_t requests = 0;
    std::int64_t acknowledged = 0;
    std::int64_t refused = 0;  // for good
    std::int64_t unknown = 0;
    std::int64_t replayed = 0;
    std::int64_t batches = 0;
    std::int64_t crashes = 0;
    std::int64_t power_cuts = 0;  // of them, with damage to what was not synced
    std::int64_t recoveries = 0;  // starts tried
    std::int64_t faults = 0;
    std::int64_t audits = 0;
  };

  explicit Simulation(const Options& options);

  // Runs to the end. What is wrong, the first thing found; empty when nothing is.
  std::string run();
  const Counts& counts() const { return counts_; }
  // A digest of all that happened.
  std::uint64_t trace() const { return trace_; }

 private:
  // What is known of a request outside the process.
  enum class Fate { kOpen, kDone, kRefused, kUnknown };
  struct Request {
    Command command;
    std::optional<core::Digest> key = {};
    core::Digest said{};  // digest of the body
    bool dry_run = false;
    bool poisoned = false;  // fails in the middle, after its effects
    Fate fate = Fate::kOpen;
    core::Seq seq = {};  // of what is done
  };
  // A request on its way through one batch.
  struct Attempt {
    std::size_t request;
    std::optional<ReferenceModel::Verdict> verdict = {};  // none: not executed
    core::Seq seq = {};
    std::optional<core::Reason> failed = {};  // by the writer
  };
  struct Client {
    std::optional<std::size_t> waiting_for = {};
    std::vector<std::size_t> to_retry = {};
  };

  // Scheduler.
  void draw_character();
  void set_up();
  void step();
  void end_in_order();
  void pass_time();
  void trouble();
  void wrong(const std::string& what);
  void mix(std::uint64_t value);
  std::int64_t below(std::int64_t bound) {
    return std::int64_t(random_.below(std::uint64_t(bound)));
  }
  bool one_in(std::int64_t n) { return below(n) == 0; }

  // Clients.
  void act(Client& client);
  void ask_anew(Client& client);
  void repeat(Client& client);
  void send(std::size_t at);
  bool is_recalled(Request& request);
  bool is_expired(const Request& request) const;
  void replay(Request& request, const std::string& answer);
  void not_executed(Request& request);
  void check_certain_refusal(const Command& command);

  // The writer.
  void run_batch();
  bool perform(Attempt& attempt, World& tried, store::Tx& tx);
  void judge(Attempt& attempt, World& tried, const core::Result<Effect>& result);
  void keep_reply(const Attempt& attempt, World& tried, store::Tx& tx);
  void conclude(const std::vector<Attempt>& attempts, World tried);
  void answer(const Attempt& attempt);
  void peek();
  void check_table();
  void write_checkpoint();

  // Crashes.
  void recover();
  void come_back();
  void come_back_once();
  bool start();
  void resolve();
  void audit();
  void audit_markers(store::Connection& db);

  const Options options_;
  SeededRandom random_;
  FaultVfs disk_;
  FakeClock clock_;
  const core::CodeVault vault_;
  const core::Random bytes_;  // of random_
  CommandSource source_;
  std::unique_ptr<Process> process_;

  World world_;                 // as of the last commit
  std::optional<World> maybe_;  // if the commit that failed turns out to have happened
  std::deque<Request> requests_;
  std::vector<Client> clients_;
  std::deque<std::size_t> queue_;
  std::map<core::Digest, std::size_t> running_;  // what is in the queue, by key

  // The run's character.
  int steps_left_ = 0;
  int crashes_left_ = 0;
  FaultVfs::Odds odds_;
  int cut_in_steps_ = -1;  // a cut of the power is armed; at the latest in so many steps

  Counts counts_;
  std::uint64_t trace_ = 0;
  std::string wrong_;
};

}  // namespace coupon::test
