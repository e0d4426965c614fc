// Goal: no order of events, however unlucky, makes the engine break a promise. Method: whole runs
// of the engine in one thread, each from a seed (see simulation.h). COUPOND_SEED=n repeats one run
// and tells its story; COUPOND_SEEDS=n runs so many; COUPOND_LONG=1 runs 5,000.
#include "tests/simulation/simulation.h"
#include "tests/support/text.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>

using namespace coupon;
using test::Simulation;

namespace {

constexpr std::uint64_t kFirstSeed = 1;

// Every seed that ever failed, and what it found.
struct Canary {
  std::uint64_t seed;
  bool powersafe;  // the disk
  const char* found;
};
constexpr Canary kCanaries[] = {
    {1343, true, "a log emptied at the start came back at a power cut, over a newer file"},
    {2858, true, "the same"},
    {4163, true, "the same"},
    {53, true, "a commit whose sync failed was moved into the file in part before a power cut"},
    {8, false, "a full disk that SQLite pads the log for: the gathering layer left a hole in it"},
    {44, false, "the same: a stored reply was lost with the log behind the hole"},
    {60, false, "the same: checkpointed, the hole became a damaged database"},
};

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* given = std::getenv(name);
  return given != nullptr ? std::strtoull(given, nullptr, 10) : otherwise;
}

std::uint64_t seeds_to_run() {
  return from_environment("COUPOND_SEEDS", test::long_run() ? 5'000 : 200);
}

void add(Simulation::Counts& sum, const Simulation::Counts& counts) {
  sum.requests += counts.requests;
  sum.acknowledged += counts.acknowledged;
  sum.refused += counts.refused;
  sum.unknown += counts.unknown;
  sum.replayed += counts.replayed;
  sum.batches += counts.batches;
  sum.crashes += counts.crashes;
  sum.power_cuts += counts.power_cuts;
  sum.recoveries += counts.recoveries;
  sum.faults += counts.faults;
  sum.audits += counts.audits;
}

void print(std::uint64_t first, std::uint64_t seeds, const Simulation::Counts& sum) {
  const auto number = [](std::int64_t value) { return static_cast<long long>(value); };
  std::printf(
      "simulator: seeds %llu to %llu, %lld requests, %lld acknowledged, %lld refused, "
      "%lld unknown, %lld replayed, %lld batches, %lld crashes, %lld power cuts, "
      "%lld starts, %lld I/O faults, %lld audits\n",
      static_cast<unsigned long long>(first), static_cast<unsigned long long>(first + seeds - 1),
      number(sum.requests), number(sum.acknowledged), number(sum.refused), number(sum.unknown),
      number(sum.replayed), number(sum.batches), number(sum.crashes), number(sum.power_cuts),
      number(sum.recoveries), number(sum.faults), number(sum.audits));
}

}  // namespace

TEST_CASE("no simulated run breaks a promise", "[simulator]") {
  const bool one = std::getenv("COUPOND_SEED") != nullptr;
  const std::uint64_t first = from_environment("COUPOND_SEED", kFirstSeed);
  const std::uint64_t seeds = one ? 1 : seeds_to_run();
  Simulation::Counts sum;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    Simulation::Options options{.seed = seed};
    if (one) options.story = [](const std::string& what) { std::puts(what.c_str()); };
    Simulation simulation(options);
    const std::string wrong = simulation.run();
    CHECK(wrong == "");
    add(sum, simulation.counts());
  }
  print(first, seeds, sum);
  if (one) return;
  // Runs in which nothing happens show nothing.
  CHECK(sum.acknowledged > std::int64_t(seeds) * 20);
  CHECK(sum.refused > std::int64_t(seeds) * 10);
  CHECK(sum.unknown > 0);
  CHECK(sum.replayed > std::int64_t(seeds));
  CHECK(sum.crashes > std::int64_t(seeds) * 2);
}

TEST_CASE("no seed that ever failed fails again", "[simulator]") {
  for (const Canary& canary : kCanaries) {
    INFO(canary.found);
    Simulation simulation(
        {.seed = canary.seed, .powersafe_overwrite = canary.powersafe, .changes = false});
    CHECK(simulation.run() == "");
  }
}

TEST_CASE("the same seed gives the same run, another seed another", "[simulator]") {
  const auto trace_of = [](std::uint64_t seed) {
    Simulation simulation({.seed = seed});
    static_cast<void>(simulation.run());
    return simulation.trace();
  };
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CHECK(trace_of(seed) == trace_of(seed));
    CHECK(trace_of(seed) != trace_of(seed + 1));
  }
}

// The control: a simulator that finds nothing here would find nothing anywhere.
TEST_CASE("the simulator sees relaxed durability lose what it acknowledged", "[simulator]") {
  int lost = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Simulation simulation({.seed = seed, .durability = store::Durability::kRelaxed});
    if (!simulation.run().empty()) ++lost;
  }
  CHECK(lost > 10);
}
