#include "coupond/store/clock_steps.h"

#include <algorithm>
#include <string>

#include "coupond/store/ledger.h"
#include "src/store/row.h"

namespace coupon::store {
namespace {

// '0' follows '/'.
constexpr char kSteps[] = R"(
  SELECT CAST(value AS INTEGER) FROM meta WHERE name > 'clock_step/' AND name < 'clock_step0')";
constexpr char kNote[] = R"(
  INSERT INTO meta (name, value) VALUES ('clock_step/' || ?1, ?1) ON CONFLICT (name) DO NOTHING)";
constexpr char kAreNoted[] = "SELECT value FROM meta WHERE name = 'clock_steps_noted'";
constexpr char kAllNoted[] = R"(
  INSERT INTO meta (name, value) VALUES ('clock_steps_noted', '1') ON CONFLICT (name) DO NOTHING)";
constexpr char kTime[] = "SELECT at FROM ledger WHERE seq = ?";

core::UnixMs time_of(Connection& connection, std::int64_t seq) {
  return {read_integer(connection, kTime, seq)};
}

// The first entry of [first, end) that is not before `at`; `end` where there is none. Their times
// do not step back.
std::int64_t first_from(Connection& connection, std::int64_t first, std::int64_t end,
                        core::UnixMs at) {
  while (first < end) {
    const std::int64_t middle = first + (end - first) / 2;
    if (time_of(connection, middle) < at) {
      first = middle + 1;
    } else {
      end = middle;
    }
  }
  return first;
}

}  // namespace

std::vector<core::Seq> clock_steps(Connection& connection) {
  std::vector<core::Seq> steps;
  Query query(connection, kSteps);
  while (query.next()) steps.push_back({query.integer(0)});
  std::sort(steps.begin(), steps.end());
  return steps;
}

void note_clock_step(Connection& connection, core::Seq entry) {
  Query(connection, kNote, std::to_string(entry.value)).run();
}

bool clock_steps_are_noted(Connection& connection) { return Query(connection, kAreNoted).next(); }

void note_old_clock_steps(Connection& connection) {
  std::vector<core::Seq> steps;
  core::UnixMs before;
  for_each_entry(connection, {0}, last_entry(connection).seq, [&](const LedgerRow& row) {
    if (row.at < before) steps.push_back(row.seq);
    before = row.at;
    return true;
  });
  for (const core::Seq step : steps) note_clock_step(connection, step);
  Query(connection, kAllNoted).run();
}

std::vector<EntryRange> entries_between(Connection& connection, core::UnixMs from, core::UnixMs to,
                                        core::Seq last) {
  std::vector<EntryRange> ranges;
  std::vector<core::Seq> ends = clock_steps(connection);
  ends.push_back({last.value + 1});
  std::int64_t begin = 1;
  for (const core::Seq step : ends) {
    const std::int64_t end = std::min(step.value, last.value + 1);
    const std::int64_t first = first_from(connection, begin, end, from);
    const std::int64_t behind = first_from(connection, first, end, to);
    if (first < behind) ranges.push_back({.first = {first}, .last = {behind - 1}});
    begin = std::max(begin, end);
  }
  return ranges;
}

}  // namespace coupon::store
