// Tokens raced for on the built binary: never one too many, never one used twice.
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "tests/support/black_box.h"

using namespace coupon;
using namespace coupon::test;

namespace {

constexpr int kCap = 77;
constexpr int kPerUser = 5;

Answer use(HttpClient& client, const std::string& token) {
  return test::ask(client, {}, "POST", "/use-token", nlohmann::json{{"token", token}}.dump());
}

void check_stats(int port, int issued) {
  HttpClient client(port);
  const auto stats = nlohmann::json::parse(client.get("/stats").body);
  CHECK(stats["tokens_issued"] == issued);
  CHECK(stats["tokens_remaining"] == kCap - issued);
  CHECK(stats["limit_reached"] == (issued == kCap));
}

// Exactly one of the racers uses each token.
void race_tokens(int port, const std::vector<std::string>& tokens, int racers) {
  int wrong = 0;
  std::map<std::string, int> winners;
  const int per_round = 32 / racers;
  for (std::size_t at = 0; at < tokens.size(); at += static_cast<std::size_t>(per_round)) {
    const int here = std::min(per_round, static_cast<int>(tokens.size() - at));
    const auto token = [&](int i) { return tokens[at + static_cast<std::size_t>(i / racers)]; };
    const auto answers = test::race(
        port, here * racers, [&](int i, HttpClient& client) { return use(client, token(i)); });
    for (int i = 0; i < here * racers; ++i) {
      const Answer& answer = answers[static_cast<std::size_t>(i)];
      winners[token(i)] += answer.status == 200 ? 1 : 0;
      wrong += answer.status != 200 && answer.sentence() != "Token has already been used" ? 1 : 0;
    }
  }
  CHECK(wrong == 0);
  REQUIRE(winners.size() == tokens.size());
  for (const auto& [token, times] : winners) CHECK(times == 1);
}

}  // namespace

TEST_CASE("200 simultaneous requests of 40 users get exactly the 77 tokens", "[token][race]") {
  BlackBox box;
  const auto people = add_people(box, 40);
  const int port = box.start().port();
  const auto answers = test::race(port, 200, [&](int i, HttpClient& client) {
    return test::ask(client, people[static_cast<std::size_t>(i) % 40], "POST", "/generate-coupon");
  });
  CHECK(test::count_status(answers, 200) == kCap);
  CHECK(test::count_status(answers, 429) == 200 - kCap);
  std::set<int> numbers;
  std::map<std::string, int> per_user;
  for (const Answer& answer : answers) {
    if (answer.status == 200) {
      numbers.insert(answer.body["token_number"].get<int>());
      ++per_user[answer.body["user_id"].get<std::string>()];
    } else {
      CHECK(answer.sentence() ==
            "Global token limit reached. Maximum of 77 tokens allowed. 0 tokens remaining.");
    }
  }
  CHECK(numbers.size() == kCap);
  CHECK((*numbers.begin() == 1 && *numbers.rbegin() == kCap));
  for (const auto& [user, count] : per_user) CHECK(count <= kPerUser);
  check_stats(port, kCap);
  CHECK(box.divergence() == "");
}

TEST_CASE("a user who asks 24 times at once gets exactly 5", "[token][race]") {
  BlackBox box;
  const Person person = box.add_person();
  const int port = box.start().port();
  const auto answers = test::race(port, 24, [&](int, HttpClient& client) {
    return test::ask(client, person, "POST", "/generate-coupon");
  });
  CHECK(test::count_status(answers, 200) == kPerUser);
  for (const Answer& answer : answers) {
    if (answer.status == 200) continue;
    CHECK(answer.status == 429);
    CHECK(answer.sentence() == "User token limit reached. Maximum of 5 tokens per user allowed.");
  }
  check_stats(port, kPerUser);
  CHECK(box.divergence() == "");
}

TEST_CASE("each token is used once, however many use it at once", "[token][race]") {
  const int count = test::long_run() ? 1'000 : 100;
  BlackBox box;
  box.add_campaign("many", domain::Mode::kToken, {.token_ttl_s = 3600});
  const Person person = box.add_person();
  const int port = box.start().port();
  HttpClient client(port);
  std::vector<std::string> tokens;
  for (int i = 0; i < count; ++i) {
    const Answer issued = test::ask(client, person, "POST", "/api/v1/campaigns/many/issue", "{}");
    REQUIRE(issued.status == 201);
    tokens.push_back(issued.body["token"].get<std::string>());
  }
  race_tokens(port, {tokens[0]}, 32);
  tokens.erase(tokens.begin());
  race_tokens(port, tokens, test::long_run() ? 32 : 8);
  CHECK(box.divergence() == "");
}
