// One run of every mutating operation on a faulty disk, and the comparison of its replies with what
// is on the disk afterwards. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/fault_vfs.h"
#include "tests/support/history.h"

namespace coupon::test {

class ScriptedRun {
 public:
  // The database is made on the disk before any fault. The same seed makes the same run, as long as
  // nothing fails.
  ScriptedRun(FaultVfs& disk, std::uint64_t seed, store::Durability durability);
  // Whom all engines of the run give their change records, from the next one on.
  void record_to(store::ChangeSink* changes) { changes_ = changes; }

  // Starts the engine, sets up campaigns and runs so many operations, noting every reply; stops in
  // order, unless the engine is dead by then. An engine that cannot start at all is not an error.
  void run(int steps);
  // Campaigns and users, before a fault is planned; then run() does without.
  void set_up();

  // After a restart: opens what is on the disk and says what contradicts the replies, or is not in
  // order by itself. Empty: all is well.
  std::string check();

  // What contradicts the replies in a database that may be another than the run's. Counts lost().
  std::string contradictions(store::Connection& connection);

  int acknowledged() const { return acknowledged_; }
  int refused() const { return refused_; }
  int unknown() const { return unknown_; }
  // Of those acknowledged, how many the last check did not find.
  int lost() const { return lost_; }

 private:
  EngineFixture::Options options(std::uint64_t seed) const;
  void note(const Outcome& outcome);

  FaultVfs& disk_;
  const std::uint64_t seed_;
  const store::Durability durability_;
  store::ChangeSink* changes_ = nullptr;
  std::uint64_t runs_ = 0;
  std::uint64_t checks_ = 0;
  std::unique_ptr<EngineFixture> engine_;
  std::unique_ptr<History> history_;
  std::vector<Outcome> outcomes_;
  int acknowledged_ = 0;
  int refused_ = 0;
  int unknown_ = 0;
  int lost_ = 0;
};

}  // namespace coupon::test
