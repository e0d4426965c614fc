// Limits on failures under bursts: never one failure more than the limit is heard, and nobody is
// refused for what others have in flight. Each burst waits far longer than it takes, so that only
// the outcome of the others decides.
#include "src/api/gate/waiting_room.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "src/api/gate/rates.h"
#include "tests/support/engine_fixture.h"

using namespace coupon;
using api::Bucket;
using api::Rates;
using api::WaitingRoom;
using test::FakeClock;

namespace {

constexpr std::chrono::hours kForever{1};
constexpr std::int64_t kMinute = 60'000;

Bucket bucket(const std::string& key, std::int64_t limit) { return {key, {limit, kMinute}}; }

struct Room {
  explicit Room(std::chrono::milliseconds patience = kForever)
      : clock(time.as_clock()), room(limiter, clock, patience) {}

  // A thread that enters, tells whether it was let in, and ends as `failed` says. Returns when it
  // waits, as one of `waiting`, or need not.
  std::thread enter(std::vector<Bucket> buckets, std::atomic<int>& status, std::size_t waiting,
                    bool failed = false) {
    std::thread thread([this, buckets = std::move(buckets), &status, failed] {
      auto turn = room.enter(buckets);
      status = turn.refused_until() ? 429 : 200;
      turn.end(failed);
    });
    while (room.waiting() < waiting && status == 0) std::this_thread::yield();
    return thread;
  }

  FakeClock time;
  core::RateLimiter limiter;
  const core::Clock clock;
  WaitingRoom room;
};

std::vector<WaitingRoom::Turn> enter_all(WaitingRoom& room, const Bucket& one, int count) {
  std::vector<WaitingRoom::Turn> turns;
  for (int i = 0; i < count; ++i) turns.push_back(room.enter({one}));
  return turns;
}

// Who asks, and what the answer will be if it is heard.
struct Guess {
  service::Caller caller;
  int status;
};

http::Request from_one_address() {
  http::Request request;
  request.client_address = "203.0.113.1";
  return request;
}

// The answers to `count` guesses at once, all from one address.
std::vector<int> burst(Rates& rates, int count, const std::function<Guess(int)>& guess) {
  const http::Request request = from_one_address();
  std::vector<int> statuses(static_cast<std::size_t>(count));
  std::latch start(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      const auto [caller, status] = guess(i);
      start.arrive_and_wait();
      auto taken = rates.take("codes", request, caller);
      // Long enough for the others to come meanwhile.
      if (!taken.refusal()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
      statuses[static_cast<std::size_t>(i)] = taken.refusal() ? 429 : status;
      taken.settle(status);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return statuses;
}

std::int64_t count(const std::vector<int>& statuses, int status) {
  return std::count(statuses.begin(), statuses.end(), status);
}

service::Caller key(std::int64_t id) { return service::Caller::api_key(id, {}); }

// How many wrong guesses, one after the other, are heard.
int heard(Rates& rates, const service::Caller& caller) {
  int passed = 0;
  for (int i = 0; i < 40; ++i) {
    auto taken = rates.take("codes", from_one_address(), caller);
    passed += taken.refusal() ? 0 : 1;
    taken.settle(404);
  }
  return passed;
}

struct Limits {
  FakeClock time;
  const core::Clock clock = time.as_clock();
  Rates rates{true, clock, kForever};
};

}  // namespace

TEST_CASE("of two hundred wrong guesses at once exactly the limit is heard", "[waiting_room]") {
  Limits limits;
  const auto one_key = burst(limits.rates, 200, [](int) { return Guess{key(1), 404}; });
  CHECK(count(one_key, 404) == 10);
  CHECK(count(one_key, 429) == 190);
  // Ten of the address's thirty are gone.
  const auto nobody = burst(limits.rates, 200, [](int) {
    return Guess{service::Caller::anonymous(), 404};
  });
  CHECK(count(nobody, 404) == 20);
  CHECK(count(nobody, 429) == 180);
  CHECK(heard(limits.rates, key(2)) == 0);
}

TEST_CASE("of two hundred right codes at once none is refused", "[waiting_room]") {
  Limits limits;
  const auto callers = GENERATE(0, 1, 7);
  CAPTURE(callers);
  const auto statuses = burst(limits.rates, 200, [&](int i) {
    return Guess{callers == 0 ? service::Caller::anonymous() : key(i % callers), 200};
  });
  CHECK(count(statuses, 200) == 200);
  // And nothing of it counts.
  CHECK(heard(limits.rates, key(1)) == 10);
  CHECK(heard(limits.rates, service::Caller::anonymous()) == 20);
}

TEST_CASE("wrong guesses within the limit refuse no right code beside them", "[waiting_room]") {
  Limits limits;
  const auto statuses = burst(limits.rates, 200, [](int i) {
    return Guess{key(1), i % 25 == 0 ? 404 : 200};
  });
  CHECK(count(statuses, 404) == 8);
  CHECK(count(statuses, 200) == 192);
  CHECK(heard(limits.rates, key(1)) == 2);
}

TEST_CASE("right codes in flight let no wrong guess beyond the limit pass", "[waiting_room]") {
  Limits limits;
  const auto statuses = burst(limits.rates, 200, [](int i) {
    return Guess{key(1), i % 2 == 0 ? 404 : 200};
  });
  CHECK(count(statuses, 404) == 10);
  CHECK(heard(limits.rates, key(1)) == 0);

  // Four at one address, each with a limit of its own, and one for all.
  limits.time.advance(kMinute);
  const auto four = burst(limits.rates, 240, [](int i) {
    return Guess{key(i % 4), i % 12 < 8 ? 400 : 201};
  });
  CHECK(count(four, 400) == 30);
  for (std::size_t caller = 0; caller < 4; ++caller) {
    int wrong = 0;
    for (std::size_t i = caller; i < four.size(); i += 4) wrong += four[i] == 400 ? 1 : 0;
    CHECK(wrong <= 10);
  }
}

TEST_CASE("who waits is refused when those in flight turn out to be failures", "[waiting_room]") {
  Room room;
  auto turns = enter_all(room.room, bucket("a", 3), 3);
  std::atomic<int> status = 0;
  std::thread thread = room.enter({bucket("a", 3)}, status, 1);
  turns[0].end(true);
  turns[1].end(true);
  CHECK(room.room.waiting() == 1);
  turns[2].end(true);
  thread.join();
  CHECK(status == 429);
  CHECK(room.room.waiting() == 0);
  // Nobody is in flight any more: at once, and with the time when one will pass.
  const auto turn = room.room.enter({bucket("a", 3)});
  REQUIRE(turn.refused_until());
  CHECK(*turn.refused_until() == room.time.now() + kMinute / 3);
}

TEST_CASE("what one gives back goes to who has waited longest", "[waiting_room]") {
  Room room;
  auto turns = enter_all(room.room, bucket("a", 2), 2);
  std::atomic<int> first = 0;
  std::atomic<int> second = 0;
  std::thread one = room.enter({bucket("a", 2)}, first, 1, true);
  std::thread two = room.enter({bucket("a", 2)}, second, 2);
  turns[0].end(true);
  turns[1].end(false);  // the first takes it, and fails: nothing is left for the second
  one.join();
  two.join();
  CHECK(first == 200);
  CHECK(second == 429);
}

TEST_CASE("a turn that nobody ends gives back what it took", "[waiting_room]") {
  Room room;
  std::atomic<int> status = 0;
  std::thread thread;
  try {
    const auto turn = room.room.enter({bucket("a", 1)});
    thread = room.enter({bucket("a", 1)}, status, 1);
    throw std::runtime_error("the handler's fault");
  } catch (const std::runtime_error&) {
  }
  thread.join();
  CHECK(status == 200);
  CHECK_FALSE(room.room.enter({bucket("a", 1)}).refused_until());

  Limits limits;
  const auto give_up = [&] {
    auto taken = limits.rates.take("codes", from_one_address(), key(1));
    throw std::runtime_error("the handler's fault");
  };
  for (int i = 0; i < 50; ++i) CHECK_THROWS(give_up());
  CHECK(heard(limits.rates, key(1)) == 10);
}

TEST_CASE("a turn ended twice has ended once", "[waiting_room]") {
  Room room;
  auto turn = room.room.enter({bucket("a", 2)});
  turn.end(true);
  turn.end(false);
  auto moved = std::move(turn);
  moved.end(false);
  CHECK_FALSE(room.room.enter({bucket("a", 2)}).refused_until());
  room.room.enter({bucket("a", 2)}).end(true);
  CHECK(room.room.enter({bucket("a", 2)}).refused_until());
}

TEST_CASE("who waits for one bucket holds nothing of the other", "[waiting_room]") {
  Room room;
  const Bucket address = bucket("address", 3);
  auto held = enter_all(room.room, bucket("x", 2), 2);
  std::atomic<int> x = 0;
  std::thread waits = room.enter({address, bucket("x", 2)}, x, 1);
  // All three of the address are there for others.
  auto others = enter_all(room.room, address, 3);
  for (const auto& other : others) CHECK_FALSE(other.refused_until());
  // Something for x comes back, but now the address has nothing: it goes on waiting there.
  held[0].end(false);
  CHECK(room.room.waiting() == 1);
  CHECK_FALSE(room.room.enter({bucket("x", 2)}).refused_until());
  others[0].end(true);
  others[1].end(true);
  CHECK(room.room.waiting() == 1);
  others[2].end(false);
  waits.join();
  CHECK(x == 200);
}

TEST_CASE("crossing pairs of buckets lock nobody up", "[waiting_room]") {
  Room room;
  constexpr int kThreads = 40;
  std::vector<int> passed(kThreads);
  std::latch start(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      std::vector<Bucket> pair = {bucket("a", 1), bucket("b", 1)};
      if (i % 2 == 0) std::swap(pair[0], pair[1]);
      if (i % 5 == 0) pair.pop_back();
      start.arrive_and_wait();
      for (int round = 0; round < 25; ++round) {
        auto turn = room.room.enter(pair);
        passed[static_cast<std::size_t>(i)] += turn.refused_until() ? 0 : 1;
        std::this_thread::yield();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(count(passed, 25) == kThreads);
}

TEST_CASE("nobody waits longer than the room has patience", "[waiting_room]") {
  Room room(std::chrono::milliseconds(1));
  auto turn = room.room.enter({bucket("a", 1)});
  const auto late = room.room.enter({bucket("a", 1)});
  REQUIRE(late.refused_until());
  CHECK(*late.refused_until() == room.time.now() + kMinute);
  CHECK(room.room.waiting() == 0);
  turn.end(false);
  CHECK_FALSE(room.room.enter({bucket("a", 1)}).refused_until());
}

TEST_CASE("a bucket that time refills lets pass who waits in vain", "[waiting_room]") {
  FakeClock time;
  std::int64_t step = 0;
  const core::Clock clock = [&] {
    time.advance(step);
    return time.now();
  };
  core::RateLimiter limiter;
  WaitingRoom room(limiter, clock, std::chrono::milliseconds(1));
  const auto held = enter_all(room, bucket("a", 2), 2);
  step = kMinute / 4;  // half of what one takes: not yet when it comes, but when it gives up
  CHECK_FALSE(room.enter({bucket("a", 2)}).refused_until());
}

TEST_CASE("only guesses of codes wait, and without limits nothing does", "[waiting_room]") {
  Limits limits;
  const http::Request request = from_one_address();
  const auto in_flight_before_refusal = [&](Rates& rates, const char* rule) {
    std::vector<Rates::Taken> taken;
    while (taken.size() < 200) {
      taken.push_back(rates.take(rule, request, key(1)));
      if (taken.back().refusal()) break;
    }
    return taken.size() - 1;
  };
  CHECK(in_flight_before_refusal(limits.rates, "login") == 60);
  CHECK(in_flight_before_refusal(limits.rates, "login") == 60);  // all were given back
  CHECK(in_flight_before_refusal(limits.rates, "card-redeem") == 10);
  CHECK(in_flight_before_refusal(limits.rates, "card-redeem") == 0);
  Rates off(false, limits.clock, kForever);
  CHECK(in_flight_before_refusal(off, "codes") == 199);
  CHECK_THROWS_AS(limits.rates.take("no such rule", request, key(1)), std::logic_error);
}
