#include "coupond/core/password.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using namespace coupon::core;

namespace {

// As cheap as libsodium allows: the tests are about who may hash, not how long it takes.
PasswordHasher::Params cheap(int parallel = 2, int waiting = 32) {
  return {.ops = 1, .mem_bytes = 8192, .max_parallel = parallel, .max_waiting = waiting};
}

}  // namespace

TEST_CASE("a hash matches its password and no other", "[password]") {
  PasswordHasher hasher(cheap());
  const Result<std::string> stored = hasher.hash("correct horse 1");
  REQUIRE(stored.ok());
  CHECK(*hasher.verify(*stored, "correct horse 1"));
  CHECK_FALSE(*hasher.verify(*stored, "correct horse 2"));
  CHECK_FALSE(*hasher.verify(*stored, ""));
  CHECK_FALSE(*hasher.verify("", "correct horse 1"));
  CHECK_FALSE(*hasher.verify("$argon2id$damaged", "correct horse 1"));
  CHECK(*stored != *hasher.hash("correct horse 1"));
}

TEST_CASE("long passwords are not cut and longer ones are refused", "[password]") {
  PasswordHasher hasher(cheap());
  const std::string longest(1024, 'x');
  const Result<std::string> stored = hasher.hash(longest);
  REQUIRE(stored.ok());
  CHECK(*hasher.verify(*stored, longest));
  CHECK_FALSE(*hasher.verify(*stored, longest.substr(1)));
  CHECK_FALSE(*hasher.verify(*stored, longest.substr(0, 72)));
  CHECK_FALSE(*hasher.verify(*stored, longest + "x"));
  const Result<std::string> refused = hasher.hash(longest + "x");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().reason == Reason::kInvalidRequest);
}

TEST_CASE("the default is Argon2id with 64 MiB and three passes", "[password]") {
  PasswordHasher hasher;
  const Result<std::string> stored = hasher.hash("correct horse 1");
  REQUIRE(stored.ok());
  CHECK(stored->starts_with("$argon2id$v=19$m=65536,t=3,p=1$"));
  CHECK_FALSE(hasher.needs_rehash(*stored));
  CHECK(PasswordHasher(cheap()).needs_rehash(*stored));
  CHECK(hasher.needs_rehash("garbage"));
}

TEST_CASE("an unknown account costs a real verification and never matches", "[password]") {
  // The dummy must have the form of a stored text, or verifying it would return at once.
  PasswordHasher hasher({.ops = 2, .mem_bytes = std::size_t{8} << 20});
  const auto time_of = [](auto&& call) {
    timespec before{};
    timespec after{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
    call();
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
    return static_cast<double>(after.tv_sec - before.tv_sec) * 1e9 +
           static_cast<double>(after.tv_nsec - before.tv_nsec);
  };
  const Result<std::string> stored = hasher.hash("correct horse 1");
  REQUIRE(stored.ok());
  bool matched = true;
  const double real = time_of([&] { matched = *hasher.verify(*stored, "wrong horse 1"); });
  CHECK_FALSE(matched);
  const double dummy = time_of([&] { matched = *hasher.verify_dummy("wrong horse 1"); });
  CHECK_FALSE(matched);
  // A factor that separates "does the work" from "returns at once" on any machine.
  CHECK(dummy > real / 20);
}

TEST_CASE("beyond the queue everybody is told to come back", "[password]") {
  // One may hash and none may wait. Rounds of many at once, until some came while one was hashing.
  PasswordHasher hasher(
      {.ops = 2, .mem_bytes = std::size_t{8} << 20, .max_parallel = 1, .max_waiting = 0});
  std::atomic<int> done{0};
  std::atomic<int> busy{0};
  int rounds = 0;
  for (; busy == 0 && rounds < 100; ++rounds) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back([&] {
        const Result<std::string> stored = hasher.hash("correct horse 1");
        done += stored.ok() ? 1 : 0;
        busy += !stored.ok() && stored.error().reason == Reason::kBusy ? 1 : 0;
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  CHECK(done >= 1);
  CHECK(busy >= 1);
  CHECK(done + busy == 16 * rounds);
  CHECK(hasher.hash("correct horse 1").ok());
}

TEST_CASE("whoever may wait is served in the end", "[password]") {
  PasswordHasher::Params params = cheap(2, 30);
  params.for_known = 0;  // places that strangers, as all are here, may not have
  PasswordHasher hasher(params);
  std::atomic<int> served{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 32; ++i) {
    threads.emplace_back([&] { served += hasher.hash("correct horse 1").ok() ? 1 : 0; });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(served == 32);
}

TEST_CASE("the rule asks for length, a letter and a digit", "[password]") {
  CHECK(password_problem("") == "Password must be at least 8 characters long");
  CHECK(password_problem("abcdef1") == "Password must be at least 8 characters long");
  CHECK(password_problem("12345678") == "Password must contain at least one letter");
  CHECK(password_problem("!!!!!!!1") == "Password must contain at least one letter");
  CHECK(password_problem("abcdefgh") == "Password must contain at least one number");
  CHECK(password_problem(std::string(1024, 'a') + "1") ==
        "Password must be at most 1024 bytes long");
  CHECK_FALSE(password_problem(std::string(1023, 'a') + "1").has_value());
  CHECK_FALSE(password_problem("abcdefg1").has_value());
  CHECK_FALSE(password_problem("AdminPassword123").has_value());
  CHECK_FALSE(password_problem("\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c 7").has_value());
}

TEST_CASE("the most common passwords are refused as typed", "[password]") {
  for (const char* common :
       {"password1", "qwerty123", "passw0rd", "1q2w3e4r", "abc12345", "1234567a", "welcome1"}) {
    CAPTURE(common);
    CHECK(password_problem(common) == "Password is one of the most common ones");
  }
}

TEST_CASE("common passwords are known in any dress", "[password]") {
  const char* kWords[] = {"password", "qwerty",   "letmein",  "welcome",   "monkey",
                          "dragon",   "iloveyou", "sunshine", "princess",  "football",
                          "charlie",  "shadow",   "master",   "superman",  "michael",
                          "jordan",   "summer",   "winter",   "liverpool", "admin"};
  const char* kBehind[] = {"1",    "12",   "123",  "1234",  "12345", "123456", "1!",   "!1",
                           "!",    "01",   "07",   "99",    "007",   "666",    "1984", "2000",
                           "2019", "2023", "2024", "2024!", "2025#", "#1"};
  int tried = 0;
  for (const std::string word : kWords) {
    std::string capital = word;
    capital[0] = static_cast<char>(capital[0] - 'a' + 'A');
    std::string leet = word;
    for (char& c : leet)
      c = c == 'a' ? '@' : (c == 'o' ? '0' : (c == 'e' ? '3' : (c == 's' ? '$' : c)));
    for (const std::string behind : kBehind) {
      for (const std::string& password :
           {word + behind, capital + behind, leet + behind, behind + word}) {
        INFO(password);
        CHECK(is_common_password(password));
        ++tried;
      }
    }
  }
  CHECK(tried >= 1500);
  for (const char* walk :
       {"asdfgh12", "1q2w3e4r5t", "zaq12wsx", "aaaaaaa1", "abababab1", "abc12345", "password123456",
        "a1b2c3d4", "qwertzuiop1", "qazwsx123", "dogdog11"}) {
    INFO(walk);
    CHECK(is_common_password(walk));
  }
}

TEST_CASE("a password that takes some finding is none of the common ones", "[password]") {
  for (const char* password :
       {"correct horse 1", "AdminPassword123", "purplewagon7thursday", "tr4velling-Light",
        "kX9#vL2pQz", "my dog ate 3 shoes", "Passwords are 4 people", "blue-otter-81-lamp",
        "h7Gt5rE3wQ1", "wachtmeister9kalt", "\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c 7"}) {
    INFO(password);
    CHECK_FALSE(is_common_password(password));
  }
}
