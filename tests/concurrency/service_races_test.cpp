// The last unit of each service's supply, raced for on the built binary: nobody gets one too many,
// nobody pays for nothing.
#include <catch2/catch.hpp>
#include <set>

#include "tests/support/black_box.h"

using namespace coupon;
using namespace coupon::test;

namespace {

using Json = nlohmann::json;

const Person& at(const std::vector<Person>& people, int i) {
  return people[static_cast<std::size_t>(i)];
}

Answer get(int port, const Person& person, const std::string& path) {
  HttpClient client(port);
  return test::ask(client, person, "GET", path);
}

std::string for_user(const Person& person) { return Json{{"userId", person.uuid}}.dump(); }

// Answers that are neither.
std::int64_t others(const std::vector<Answer>& answers, int one, int two) {
  return static_cast<std::int64_t>(answers.size()) - test::count_status(answers, one) -
         test::count_status(answers, two);
}

}  // namespace

TEST_CASE("a pool of 10 codes reaches exactly 10 of 24 who draw at once", "[pool][race]") {
  constexpr int kCodes = 10;
  constexpr int kDrawers = 24;
  BlackBox box;
  const auto book =
      box.add_campaign("book", domain::Mode::kPool, {.max_per_user = 1, .self_service = true});
  const auto codes = box.add_codes(book, kCodes);
  const auto people = add_people(box, kDrawers);
  const Person admin = box.add_person(domain::Role::kAdmin);
  const int port = box.start().port();
  const auto id = get(port, admin, "/api/v1/campaigns/book").body["uuid"].get<std::string>();
  const auto answers = test::race(port, kDrawers, [&](int i, HttpClient& client) {
    const Person& person = at(people, i);
    return test::ask(client, person, "POST", "/coupons/assign",
                     Json{{"couponBookId", id}, {"userId", person.uuid}}.dump());
  });
  CHECK(test::count_status(answers, 201) == kCodes);
  CHECK(test::count_status(answers, 404) == kDrawers - kCodes);
  std::set<std::string> drawn;
  for (const Answer& answer : answers) {
    if (answer.status == 201) drawn.insert(answer.body["code"].get<std::string>());
    if (answer.status == 404) CHECK(answer.sentence() == "No coupons available");
  }
  CHECK(drawn == std::set<std::string>(codes.begin(), codes.end()));
  CHECK(get(port, admin, "/api/v1/campaigns/book").body["available"] == 0);
  CHECK(box.divergence() == "");
}

TEST_CASE("of 20 who lock one coupon at once one holds it", "[pool][race]") {
  BlackBox box;
  const auto book =
      box.add_campaign("book", domain::Mode::kPool, {.hold_required = true, .self_service = true});
  const std::string code = box.add_codes(book, 1).at(0);
  const Person owner = box.add_person();
  const int port = box.start().port();
  HttpClient client(port);
  REQUIRE(test::ask(client, owner, "POST", "/api/v1/campaigns/book/issue", "{}").status == 201);
  const auto locks = test::race(port, 20, [&](int, HttpClient& racer) {
    return test::ask(racer, owner, "POST", "/coupons/lock/" + code, for_user(owner));
  });
  CHECK(test::count_status(locks, 201) == 1);
  CHECK(others(locks, 201, 409) == 0);
  const auto redemptions = test::race(port, 20, [&](int, HttpClient& racer) {
    return test::ask(racer, owner, "POST", "/coupons/redeem/" + code, for_user(owner));
  });
  CHECK(test::count_status(redemptions, 201) == 1);
  CHECK(others(redemptions, 201, 400) == 0);
  CHECK(box.divergence() == "");
}

TEST_CASE("the last use of a shared code goes to one of 16 buyers, who pays", "[shared][race]") {
  constexpr int kBuyers = 16;
  constexpr std::int64_t kCredit = 300;
  constexpr std::int64_t kPrice = 250;
  BlackBox box;
  const auto four = box.add_campaign(
      "four", domain::Mode::kShared,
      {.max_redemptions_per_coupon = 1, .max_redemptions_per_user = 1, .price = {kPrice}});
  box.add_code(four, "DEF");
  const auto people = add_people(box, kBuyers, kCredit);
  const int port = box.start().port();
  const auto answers = test::race(port, kBuyers, [&](int i, HttpClient& client) {
    return test::ask(client, at(people, i), "POST", "/v1/coupons/use/DEF");
  });
  CHECK(test::count_status(answers, 204) == 1);
  CHECK(test::count_status(answers, 400) == kBuyers - 1);
  std::int64_t credit = 0;
  for (int i = 0; i < kBuyers; ++i) {
    const auto left = get(port, at(people, i), "/api/v1/me").body["credit"].get<std::int64_t>();
    const bool won = answers[static_cast<std::size_t>(i)].status == 204;
    CHECK(left == (won ? kCredit - kPrice : kCredit));
    credit += left;
  }
  CHECK(credit == kBuyers * kCredit - kPrice);
  CHECK(box.divergence() == "");
}

TEST_CASE("a user who uses a shared code 16 times at once pays once", "[shared][race]") {
  BlackBox box;
  const auto one = box.add_campaign(
      "one", domain::Mode::kShared,
      {.max_redemptions_per_coupon = 12, .max_redemptions_per_user = 1, .price = {50}});
  box.add_code(one, "ABC");
  const Person buyer = box.add_person(domain::Role::kUser, 1'000);
  const int port = box.start().port();
  const auto answers = test::race(port, 16, [&](int, HttpClient& client) {
    return test::ask(client, buyer, "POST", "/v1/coupons/use/ABC");
  });
  CHECK(test::count_status(answers, 204) == 1);
  CHECK(test::count_status(answers, 400) == 15);
  CHECK(get(port, buyer, "/api/v1/me").body["credit"] == 950);
  CHECK(box.divergence() == "");
}

TEST_CASE("of 24 who enter one card at once one gets exactly 30 days", "[card][race]") {
  constexpr int kRacers = 24;
  BlackBox box;
  const std::string code = box.add_codes(box.find_campaign("subscription-cards"), 1).at(0);
  const auto people = add_people(box, kRacers);
  const int port = box.start().port();
  const auto answers = test::race(port, kRacers, [&](int i, HttpClient& client) {
    const Person& person = at(people, i);
    return test::ask(client, person, "POST", "/redeem",
                     Json{{"user_id", person.id}, {"card_code", code}}.dump());
  });
  CHECK(test::count_status(answers, 200) == 1);
  CHECK(test::count_status(answers, 409) == kRacers - 1);
  int subscribed = 0;
  for (int i = 0; i < kRacers; ++i) {
    const Answer& answer = answers[static_cast<std::size_t>(i)];
    if (answer.status == 409) CHECK(answer.sentence() == "Code has already been used");
    const Person& person = at(people, i);
    const Answer status = get(port, person, "/subscription/" + std::to_string(person.id));
    CHECK(status.body["is_subscribed"] == (answer.status == 200));
    if (status.body["is_subscribed"] != true) continue;
    ++subscribed;
    CHECK(status.body["subscription_expires_at"] == answer.body["new_subscription_expiry"]);
    // 30 days from a moment ago, whole ones counted either way.
    const auto days = status.body["days_remaining"].get<int>();
    CHECK((days == 29 || days == 30));
  }
  CHECK(subscribed == 1);
  CHECK(box.divergence() == "");
}

TEST_CASE("a user who enters one card 24 times at once gets 30 days, not more", "[card][race]") {
  BlackBox box;
  const std::string code = box.add_codes(box.find_campaign("subscription-cards"), 1).at(0);
  const Person person = box.add_person();
  const Person admin = box.add_person(domain::Role::kAdmin);
  const int port = box.start().port();
  const auto answers = test::race(port, 24, [&](int, HttpClient& client) {
    return test::ask(client, person, "POST", "/redeem",
                     Json{{"user_id", person.id}, {"card_code", code}}.dump());
  });
  CHECK(test::count_status(answers, 200) == 1);
  CHECK(test::count_status(answers, 409) == 23);
  std::int64_t days = 0;
  const Answer ledger = get(port, admin, "/api/v1/ledger?limit=1000");
  for (const Json& entry : ledger.body["items"]) {
    days += entry["days"].get<std::int64_t>();
  }
  CHECK(days == 30);
  CHECK(box.divergence() == "");
}

TEST_CASE("3 in stock and 10 claims at once give three 200 and seven 409", "[claim][race]") {
  BlackBox box;
  const auto people = add_people(box, 10);
  const Person admin = box.add_person(domain::Role::kAdmin);
  const int port = box.start().port();
  HttpClient client(port);
  const Answer made =
      test::ask(client, admin, "POST", "/admin/coupons?code=SAVE10&available_count=3");
  REQUIRE(made.status == 200);
  const std::string path = "/coupons/" + std::to_string(made.body["id"].get<int>()) + "/claim";
  const auto answers = test::race(port, 10, [&](int i, HttpClient& racer) {
    return test::ask(racer, at(people, i), "POST", path);
  });
  CHECK(test::count_status(answers, 200) == 3);
  CHECK(test::count_status(answers, 409) == 7);
  std::set<std::string> claims;
  for (const Answer& answer : answers) {
    if (answer.status == 200) claims.insert(answer.body["claim_id"].dump());
    if (answer.status == 409) CHECK(answer.sentence() == "No coupons available");
  }
  CHECK(claims.size() == 3);
  CHECK(get(port, admin, "/coupons").body[0]["available_count"] == 0);
  CHECK(box.divergence() == "");
}

TEST_CASE("20 tills spend one card at once: the sum is exact", "[card][race]") {
  constexpr int kTills = 20;
  constexpr std::int64_t kValue = 1000;
  BlackBox box;
  const auto cards = box.add_campaign(
      "cards", domain::Mode::kCard,
      {.max_redemptions_per_coupon = std::nullopt, .value = kValue, .currency = "EUR"});
  const std::string code = box.add_codes(cards, 1).at(0);
  const auto people = add_people(box, kTills);
  const Person admin = box.add_person(domain::Role::kAdmin);
  const int port = box.start().port();
  // 30 + 35 + ... + 125: more than there is, so that some are refused and one unit too many shows.
  const auto amount = [](int i) { return std::int64_t{30 + 5 * i}; };
  const auto answers = test::race(port, kTills, [&](int i, HttpClient& client) {
    return test::ask(client, at(people, i), "POST", "/api/v1/coupons/" + code + "/redeem",
                     Json{{"amount", amount(i)}}.dump());
  });
  CHECK(others(answers, 201, 409) == 0);
  std::int64_t paid = 0;
  std::int64_t smallest_refused = kValue;
  for (int i = 0; i < kTills; ++i) {
    const Answer& answer = answers[static_cast<std::size_t>(i)];
    if (answer.status == 201) paid += amount(i);
    if (answer.status != 409) continue;
    CHECK(answer.body["code"] == "insufficient_balance");
    smallest_refused = std::min(smallest_refused, amount(i));
  }
  const Json card = get(port, admin, "/api/v1/coupons/" + code).body["coupon"];
  const auto left = card["balance"].get<std::int64_t>();
  CHECK(paid + left == kValue);
  // Nobody was refused what was there at the end.
  CHECK(left < smallest_refused);
  CHECK(box.divergence() == "");
}
