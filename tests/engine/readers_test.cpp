#include "coupond/store/readers.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "tests/support/temp_dir.h"

using namespace coupon;
using store::Connection;
using store::Query;
using store::Readers;

namespace {

constexpr char kCount[] = "SELECT count(*) FROM things";
constexpr char kAdd[] = "INSERT INTO things VALUES (1)";
constexpr char kNonsense[] = "SELECT nothing FROM nowhere";

struct ReadersFixture {
  ReadersFixture() : path(dir / "test.db"), writer(path, Connection::Access::kReadWrite) {
    writer.exec("PRAGMA journal_mode = WAL");
    writer.exec("CREATE TABLE things (a INTEGER) STRICT");
  }
  test::TempDir dir;
  std::string path;
  Connection writer;
};

core::Result<std::int64_t> count(Connection& connection) {
  Query query(connection, kCount);
  query.next();
  return query.integer(0);
}

}  // namespace

TEST_CASE("a read sees one snapshot, the next one what was committed since", "[readers]") {
  ReadersFixture fixture;
  Readers readers(fixture.path);
  const auto seen = readers.read<std::int64_t>([&](Connection& connection) {
    const auto before = *count(connection);
    Query(fixture.writer, kAdd).run();
    const auto after = *count(connection);
    return core::Result<std::int64_t>(before * 10 + after);
  });
  REQUIRE(seen.ok());
  CHECK(*seen == 0);
  CHECK(*readers.read<std::int64_t>(count) == 1);
}

TEST_CASE("a reader cannot write", "[readers]") {
  ReadersFixture fixture;
  Readers readers(fixture.path);
  const auto result = readers.read<core::Done>([](Connection& connection) {
    Query(connection, kAdd).run();
    return core::Result<core::Done>(core::Done{});
  });
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().reason == core::Reason::kInternal);
  CHECK(*readers.read<std::int64_t>(count) == 0);
}

TEST_CASE("what SQLite throws becomes an error, told once, and the pool goes on", "[readers]") {
  ReadersFixture fixture;
  std::vector<std::string> notices;
  Readers readers(fixture.path,
                  {.connections = 1, .notice = [&](const auto& what) { notices.push_back(what); }});
  const auto result = readers.read<std::int64_t>([](Connection& connection) {
    Query query(connection, kNonsense);
    return core::Result<std::int64_t>(query.integer(0));
  });
  REQUIRE_FALSE(result.ok());
  CHECK(notices.size() == 1);
  CHECK(readers.read<std::int64_t>(count).ok());
}

TEST_CASE("a body's own error comes back as it is", "[readers]") {
  ReadersFixture fixture;
  Readers readers(fixture.path);
  const auto result = readers.read<std::int64_t>(
      [](Connection&) { return core::Result<std::int64_t>(core::Reason::kUnknownCode); });
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().reason == core::Reason::kUnknownCode);
}

TEST_CASE("no more connections than allowed, and kBusy for who waits in vain", "[readers]") {
  ReadersFixture fixture;
  Readers readers(fixture.path, {.connections = 1, .wait = std::chrono::milliseconds(1)});
  const auto outer = readers.read<core::Done>([&](Connection&) {
    const auto inner = readers.read<std::int64_t>(count);
    return inner.ok() ? core::Result<core::Done>(core::Done{}) : inner.error();
  });
  REQUIRE_FALSE(outer.ok());
  CHECK(outer.error().reason == core::Reason::kBusy);
}

TEST_CASE("a database that cannot be opened is an error of each read", "[readers]") {
  const test::TempDir dir;
  Readers readers(dir / "missing.db", {.connections = 1});
  for (int i = 0; i < 3; ++i) CHECK_FALSE(readers.read<std::int64_t>(count).ok());
}

TEST_CASE("many threads share few connections", "[readers]") {
  ReadersFixture fixture;
  Readers readers(fixture.path, {.connections = 2, .wait = std::chrono::minutes(1)});
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) good += readers.read<std::int64_t>(count).ok() ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == 800);
}

TEST_CASE("lists leave half of the connections to others, however many wait", "[readers]") {
  ReadersFixture fixture;
  Readers readers(fixture.path, {.connections = 4, .lists_waiting = 3});
  std::atomic<int> inside = 0;
  std::atomic<bool> leave = false;
  std::atomic<int> read = 0;
  std::atomic<int> busy = 0;
  std::vector<std::thread> lists;
  for (int i = 0; i < 8; ++i) {
    lists.emplace_back([&] {
      const auto result = readers.read<std::int64_t>(
          [&](Connection& connection) {
            ++inside;
            while (!leave) std::this_thread::yield();
            return count(connection);
          },
          Readers::Use::kList);
      ++(result.ok() ? read : busy);
    });
  }
  // Two have connections, three wait; the others are told at once.
  while (inside < 2 || busy < 3) std::this_thread::yield();
  CHECK(inside == 2);
  CHECK(readers.read<std::int64_t>(count).ok());
  leave = true;
  for (std::thread& thread : lists) thread.join();
  CHECK(busy == 3);
  CHECK(read == 5);
  CHECK(readers.read<std::int64_t>(count, Readers::Use::kList).ok());
}
