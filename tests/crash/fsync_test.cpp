// Durable means: the disk was asked, and answered, before the client was. Seen from outside: strace
// delays every fsync of the server, and no acknowledged write may be quicker than that.
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "tests/support/black_box.h"
#include "tests/support/text.h"

using namespace coupon;
using test::Answer;
using test::BlackBox;
using test::HttpClient;
using test::Person;

namespace {

using std::chrono::steady_clock;

constexpr int kDelayMs = 500;
constexpr int kWriters = 8;

// Starts the server under strace, which notes every sync in `trace` and delays it. The tracer is
// the server's child, not its parent, so that the server is ours to stop.
std::vector<std::string> slow_disk(const std::string& trace) {
  return {"strace",
          "-D",
          "-f",
          "-o",
          trace,
          "-e",
          "trace=fsync,fdatasync",
          "-e",
          "inject=fsync,fdatasync:delay_enter=" + std::to_string(kDelayMs * 1000)};
}

std::int64_t count_syncs(const std::string& trace) {
  std::ifstream file(trace);
  std::int64_t syncs = 0;
  for (std::string line; std::getline(file, line);) {
    syncs += line.find("sync(") != std::string::npos ? 1 : 0;
  }
  return syncs;
}

Answer generate(HttpClient& client, const Person& person) {
  return test::ask(client, person, "POST", "/generate-coupon");
}

double ms_since(steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(steady_clock::now() - start).count();
}

// Until nothing is left to sync: what came before, and the emptying of the log after a quiet
// second. Else a request might be slow because of somebody else's sync, though it waits for none
// itself.
void wait_until_quiet(const std::string& trace) {
  constexpr double kQuietMs = 1'000 + 2 * kDelayMs;
  std::int64_t seen = -1;
  for (auto since = steady_clock::now(); ms_since(since) < kQuietMs;) {
    const std::int64_t now = count_syncs(trace);
    if (now != seen) since = steady_clock::now();
    seen = now;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

bool is_skipped() {
  if (test::may_trace()) return false;
  WARN("skipped: strace may not trace here");
  SUCCEED("skipped");
  return true;
}

}  // namespace

TEST_CASE("no write is acknowledged before its fsync, and one serves many", "[fsync]") {
  if (is_skipped()) return;
  BlackBox box;
  const auto people = test::add_people(box, kWriters);
  const test::TempDir directory;
  const std::string trace = directory / "trace";
  const int port = box.start({}, slow_disk(trace)).port();

  // One after the other: each waits for a sync of its own.
  for (int i = 0; i < 2; ++i) {
    HttpClient client(port);
    wait_until_quiet(trace);
    const std::int64_t before = count_syncs(trace);
    const auto start = steady_clock::now();
    REQUIRE(generate(client, people[0]).status == 200);
    CHECK(ms_since(start) >= kDelayMs);
    CHECK(count_syncs(trace) > before);
  }

  // Together: the first takes its own, the others share what follows. A checkpoint may come
  // between.
  const std::int64_t before = count_syncs(trace);
  const auto start = steady_clock::now();
  std::vector<double> took(kWriters);
  const auto answers = test::race(port, kWriters, [&](int i, HttpClient& client) {
    const auto sent = steady_clock::now();
    Answer answer = generate(client, people[static_cast<std::size_t>(i)]);
    took[static_cast<std::size_t>(i)] = ms_since(sent);
    return answer;
  });
  const double all = ms_since(start);
  CHECK(test::count_status(answers, 200) == kWriters);
  for (const double ms : took) CHECK(ms >= kDelayMs);
  INFO("all took " << all << " ms");
  CHECK(count_syncs(trace) - before <= 3);

  CHECK(box.divergence() == "");
  box.server().kill();
}

TEST_CASE("a disk that does not answer makes the server not ready, and named as why", "[fsync]") {
  if (is_skipped()) return;
  BlackBox box;
  const auto people = test::add_people(box, kWriters);
  // Of each thread, so that a start is not held up: from the eighth on every sync takes a minute.
  // Several clients, because what one sends alone is synced by whichever worker has it.
  const int port = box.start({}, {"strace", "-D", "-f", "-o", "/dev/null", "-e", "trace=fdatasync",
                                  "-e", "inject=fdatasync:delay_enter=60000000:when=8+"})
                       .port();
  std::vector<std::thread> writers;
  for (const Person& person : people) {
    writers.emplace_back([port, &person] {
      try {
        HttpClient client(port);
        for (int i = 0; i < 100; ++i) static_cast<void>(generate(client, person));
      } catch (const std::runtime_error&) {
        // The server was killed.
      }
    });
  }
  std::string body;
  for (int i = 0; i < 300 && body.empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    HttpClient client(port);
    const auto ready = client.get("/readyz");
    if (ready.status == 503) body = ready.body;
  }
  box.server().kill();
  for (std::thread& writer : writers) writer.join();
  CHECK(body.find("the disk does not answer") != std::string::npos);
}
