// Goal: a code cannot be found by trying. Method: try, through every endpoint that takes a code and
// in every way the count could be slipped; count what gets through.
#include <atomic>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <set>

#include "coupond/core/codes.h"
#include "tests/security/site.h"

using namespace coupon;
using nlohmann::json;
using test::Answer;
using test::BlackBox;
using test::count_status;
using test::knock;
using test::Operation;
using test::Person;

namespace {

const std::vector<std::string> kBehindProxy = {"--rate-limits", "on", "--trusted-proxy",
                                               "127.0.0.1"};

std::string guess(int number) { return "GUESS-" + std::to_string(100'000 + number); }

// Every operation through which somebody could try codes.
std::vector<Operation> code_operations(int port) {
  std::vector<Operation> found;
  for (const Operation& operation : test::operations_of(port)) {
    const bool in_path = operation.path.find("{code}") != std::string::npos;
    if (in_path || operation.path == "/redeem") found.push_back(operation);
  }
  return found;
}

// What the native operation takes beside the code. Staff name themselves: they are not the customer
// by default.
json native_body(const Operation& operation, const Person& person) {
  const auto ends = [&](std::string_view verb) { return operation.path.ends_with(verb); };
  if (ends("/void") || ends("/free") || ends("/restore")) return json::object();
  if (ends("/top-up")) return {{"amount", 1}};
  if (ends("/transfer")) return {{"to", guess(99)}};
  if (ends("/release")) return {{"user_id", person.uuid}, {"hold_token", "x"}};
  if (operation.method == "PATCH") return {{"max_uses", 2}};
  return {{"user_id", person.uuid}};
}

// One guess by `person`, seen as coming from `address`.
test::HttpResponse guess_through(test::HttpClient& client, const Operation& operation,
                                 const Person& person, const std::string& address, int number) {
  json body = {{"userId", person.uuid}, {"hold_token", "x"}};
  if (operation.path.starts_with("/api/v1/")) {
    body = native_body(operation, person);
  }
  if (operation.path == "/redeem") body = {{"user_id", person.id}, {"card_code", guess(number)}};
  test::Headers headers = {{"Authorization", "Bearer " + person.token},
                           {"X-Forwarded-For", address}};
  if (!operation.mutates()) return client.send("GET", filled(operation, guess(number)), headers);
  headers.emplace_back("Content-Type", "application/json");
  return client.send(operation.method, filled(operation, guess(number)), headers, body.dump());
}

// How many of 64 guesses at once are looked up.
std::int64_t looked_up(int port, const std::function<Answer(int, test::HttpClient&)>& one) {
  const auto answers = test::race(port, 64, one);
  const auto passed = count_status(answers, 404);
  CHECK(passed + count_status(answers, 429) == 64);
  return passed;
}

// Pearson's statistic of symbols at one place of many codes, against equal chances of 32.
double chi_square(const std::vector<std::string>& codes, std::size_t place) {
  std::map<char, int> seen;
  for (const std::string& code : codes) ++seen[code[place]];
  const double expected = static_cast<double>(codes.size()) / 32.0;
  double sum = (32.0 - static_cast<double>(seen.size())) * expected;
  for (const auto& [symbol, count] : seen) sum += std::pow(count - expected, 2) / expected;
  return sum;
}

std::string without_dashes(std::string code) {
  std::erase(code, '-');
  return code;
}

int redeem_status(test::HttpClient& client, const Person& person, const std::string& code) {
  const json body = {{"user_id", person.id}, {"card_code", code}};
  return ask(client, person, "POST", "/redeem", body.dump()).status;
}

}  // namespace

TEST_CASE("the eleventh failed guess in a minute is refused on every endpoint that takes a code",
          "[S13][security]") {
  BlackBox box;
  const Person staff = box.add_person(domain::Role::kStaff);
  std::vector<Person> people;
  for (int i = 0; i < 24; ++i) people.push_back(box.add_person(domain::Role::kStaff));
  box.start(kBehindProxy);
  const auto operations = code_operations(box.server().port());
  REQUIRE(operations.size() >= 12);
  REQUIRE(operations.size() <= people.size());
  test::HttpClient client(box.server().port());
  for (std::size_t i = 0; i < operations.size(); ++i) {
    INFO(operations[i].method << ' ' << operations[i].path);
    const std::string address = "203.0.113." + std::to_string(i + 1);
    for (int number = 0; number < 10; ++number) {
      const auto reply = guess_through(client, operations[i], people[i], address, number);
      INFO(reply.body);
      CHECK((reply.status == 404 || reply.status == 400));
    }
    const auto eleventh = guess_through(client, operations[i], people[i], address, 11);
    CHECK(eleventh.status == 429);
    const std::string wait = eleventh.header("Retry-After");
    CHECK(std::stoi("0" + wait) >= 1);
    CHECK(std::stoi("0" + wait) <= 60);
  }
}

TEST_CASE("unknown, void, expired and somebody else's code are one answer to a stranger",
          "[S13][security]") {
  BlackBox box;
  const Person admin = box.add_person(domain::Role::kAdmin);
  const Person alice = box.add_person();
  const Person mallory = box.add_person();
  const auto pool = box.add_campaign("pool", domain::Mode::kPool, {});
  const auto codes = box.add_codes(pool, 3);
  box.start();
  const int port = box.server().port();
  test::HttpClient client(port);
  const std::string for_alice = json{{"user_id", alice.uuid}}.dump();
  for (const int i : {0, 1}) {
    const std::string path = "/api/v1/coupons/" + codes[std::size_t(i)] + "/assign";
    REQUIRE(ask(client, admin, "POST", path, for_alice).status == 201);
  }
  REQUIRE(ask(client, admin, "POST", "/api/v1/coupons/" + codes[1] + "/void", "{}").status == 200);
  for (const char* action : {"hold", "redeem", "release"}) {
    INFO(action);
    const std::string body =
        std::string(action) == "release" ? R"({"hold_token":"x"})" : std::string("{}");
    std::set<std::string> answers;
    for (const std::string& code : {codes[0], codes[1], codes[2], guess(1)}) {
      const auto reply =
          knock(port, "POST", "/api/v1/coupons/" + code + "/" + action, mallory.token, body);
      CHECK(reply.status == 404);
      answers.insert(lasting(reply).dump());
    }
    CHECK(answers.size() == 1);
  }
}

TEST_CASE("a burst of guesses gets no further than one after the other", "[S14][security]") {
  BlackBox box;
  const Person alice = box.add_person();
  const Person bob = box.add_person();
  box.start(kBehindProxy);
  const int port = box.server().port();
  const auto from = [&](const Person& person, const std::string& address) {
    return [&person, address](int i, test::HttpClient& client) {
      const Operation hold{.method = "POST", .path = "/api/v1/coupons/{code}/hold"};
      return Answer{guess_through(client, hold, person, address, i).status, nullptr};
    };
  };
  CHECK(looked_up(port, from(alice, "203.0.113.1")) == 10);
  // Nobody in particular, from one address: thirty, and no more from the /64 it is in.
  const auto stranger = [&](const std::string& address) {
    return [address](int i, test::HttpClient& client) {
      const auto path = "/api/v1/coupons/" + guess(i);
      return Answer{client.get(path, {{"X-Forwarded-For", address}}).status, nullptr};
    };
  };
  CHECK(looked_up(port, stranger("2001:db8:0:7::1")) == 30);
  for (const char* same : {"2001:db8:0:7::1", "2001:db8:0:7:ffff::2", "2001:DB8:0:7::3",
                           "2001:0db8:0000:0007:0:0:0:9", "[2001:db8:0:7::4]:1234"}) {
    INFO(same);
    CHECK(looked_up(port, stranger(same)) == 0);
  }
  CHECK(looked_up(port, stranger("198.51.100.9")) == 30);
  CHECK(looked_up(port, stranger("::ffff:198.51.100.9")) == 0);
  CHECK(looked_up(port, stranger("2001:db8:0:8::1")) == 30);
  CHECK(looked_up(port, from(bob, "203.0.113.77")) == 10);
}

TEST_CASE("right codes in a burst are not taken for guesses", "[S14][security]") {
  BlackBox box;
  const Person shop = box.add_person(domain::Role::kStaff);
  const auto cards = box.add_codes(box.find_campaign("subscription-cards"), 64);
  box.start(test::kGuarded);
  const int port = box.server().port();
  const auto path = [&](int i) { return "/api/v1/coupons/" + cards[std::size_t(i)]; };
  const auto asked = test::race(port, 64, [&](int i, test::HttpClient& client) {
    return ask(client, Person{}, "GET", path(i));
  });
  CHECK(count_status(asked, 200) == 64);
  const auto redeemed = test::race(port, 64, [&](int i, test::HttpClient& client) {
    return ask(client, shop, "POST", path(i) + "/redeem", json{{"user_id", shop.uuid}}.dump());
  });
  CHECK(count_status(redeemed, 201) == 64);
  // All of the limit is still there, and no more.
  const auto wrong = [&](int i, test::HttpClient& client) {
    return ask(client, shop, "POST", "/api/v1/coupons/" + guess(i) + "/redeem", "{}");
  };
  CHECK(looked_up(port, wrong) == 10);
  CHECK(looked_up(port, wrong) == 0);
  CHECK(box.divergence().empty());
}

TEST_CASE("no header and no way of writing the path gives a fresh count", "[S14][security]") {
  BlackBox box;
  const Person alice = box.add_person();
  box.start(test::kGuarded);
  const int port = box.server().port();
  test::HttpClient client(port);
  const json body = {{"user_id", alice.id}, {"card_code", guess(1)}};
  const auto enter = [&](const std::string& path, test::Headers headers = {}) {
    headers.emplace_back("Authorization", "Bearer " + alice.token);
    return client.post(path, body.dump(), headers).status;
  };
  for (int i = 0; i < 10; ++i) REQUIRE(enter("/redeem") == 404);
  REQUIRE(enter("/redeem") == 429);
  for (const char* path :
       {"/redeem", "/redeem/", "//redeem", "/./redeem", "/%72edeem", "/redeem?x=1", "/REDEEM",
        "/Redeem", "/redeem//", "/redeem;x", "/x/../redeem"}) {
    INFO(path);
    const int status = enter(path);
    CHECK((status == 429 || status == 404 || status == 400));
    // Where it is refused as a path, it must be no way to the handler.
    if (status == 400) CHECK(enter(path) == 400);
  }
  int passed = 0;
  for (int i = 0; i < 20; ++i) {
    const std::string address = "203.0.113." + std::to_string(i);
    for (const char* name :
         {"X-Forwarded-For", "X-Real-IP", "Forwarded", "REMOTE_ADDR", "CF-Connecting-IP",
          "True-Client-IP", "X-Client-IP", "X-Original-Forwarded-For"}) {
      const bool standard = std::string(name) == "Forwarded";
      passed += enter("/redeem", {{name, standard ? "for=" + address : address}}) == 429 ? 0 : 1;
    }
    passed += enter("/redeem", {{"X-Request-Id", "r" + std::to_string(i)},
                                {"Idempotency-Key", "k" + std::to_string(i)},
                                {"User-Agent", address}}) == 429
                  ? 0
                  : 1;
  }
  CHECK(passed == 0);
}

TEST_CASE("a mistyped card is refused however it is mistyped, and a well-typed one is not",
          "[S16][security]") {
  BlackBox box;
  const Person alice = box.add_person();
  const auto cards = box.add_codes(box.find_campaign("subscription-cards"), 12);
  box.start();
  test::HttpClient client(box.server().port());
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  int tried = 0;
  for (std::size_t c = 0; c < (test::long_run() ? 6U : 1U); ++c) {
    const std::string code = without_dashes(cards[c]);
    for (std::size_t at = 0; at < code.size(); ++at) {
      std::string typed = code;
      for (const char symbol : kAlphabet) {
        if (symbol == code[at]) continue;
        typed[at] = symbol;
        ++tried;
        if (redeem_status(client, alice, typed) != 404) FAIL_CHECK(typed << " for " << code);
      }
      if (at == 0 || code[at] == code[at - 1]) continue;
      typed = code;
      std::swap(typed[at], typed[at - 1]);
      ++tried;
      if (redeem_status(client, alice, typed) != 404) FAIL_CHECK(typed << " for " << code);
    }
  }
  CHECK(tried >= 24 * 31);
  const auto lower = [](std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
  };
  const auto look_alike = [](std::string text) {
    for (char& c : text) c = c == '1' ? 'l' : (c == '0' ? 'O' : c);
    return text;
  };
  CHECK(redeem_status(client, alice, lower(cards[0])) == 200);
  CHECK(redeem_status(client, alice, look_alike(without_dashes(cards[1]))) == 200);
  CHECK(redeem_status(client, alice, " " + cards[2] + "  ") == 200);
  CHECK(redeem_status(client, alice, cards[2]) == 409);
  WARN(tried << " mistyped cards: none accepted");
}

TEST_CASE("codes are random at every place, and none comes twice", "[S17][security]") {
  const int lots = test::long_run() ? 100 : 2;
  BlackBox box;
  const Person admin = box.add_person(domain::Role::kAdmin);
  box.start();
  test::HttpClient client(box.server().port());
  std::vector<std::string> codes;
  std::set<std::string> different;
  for (int i = 0; i < lots; ++i) {
    const auto made = ask(client, admin, "POST", "/admin/generate-codes", R"({"count":10000})");
    REQUIRE(made.status == 201);
    for (const auto& code : made.body.at("codes")) {
      codes.push_back(without_dashes(code.get<std::string>()));
      different.insert(codes.back());
    }
  }
  CHECK(different.size() == codes.size());
  double worst = 0;
  for (std::size_t place = 0; place < 24; ++place)
    worst = std::max(worst, chi_square(codes, place));
  // 31 degrees of freedom: above 80 once in 300,000 tables of fair symbols.
  CHECK(worst < 80);
  WARN(codes.size() << " codes, worst chi-square of 24 places " << worst << " (31 expected)");
}

TEST_CASE("nobody holds more coupons than the campaign lets them", "[S37][security]") {
  BlackBox box;
  const Person admin = box.add_person(domain::Role::kAdmin);
  const Person mallory = box.add_person();
  constexpr int kCap = 4;
  const auto pool = box.add_campaign("pool", domain::Mode::kPool,
                                     {.max_holds_per_user = kCap, .hold_ttl_s = 600});
  const auto codes = box.add_codes(pool, 32);
  box.start();
  const int port = box.server().port();
  test::HttpClient client(port);
  for (const std::string& code : codes) {
    const std::string body = json{{"user_id", mallory.uuid}}.dump();
    REQUIRE(ask(client, admin, "POST", "/api/v1/coupons/" + code + "/assign", body).status == 201);
  }
  const auto path = [&](int i) { return "/api/v1/coupons/" + codes[std::size_t(i)] + "/hold"; };
  const auto answers = test::race(port, 32, [&](int i, test::HttpClient& one) {
    return ask(one, mallory, "POST", path(i), "{}");
  });
  CHECK(count_status(answers, 201) == kCap);
  CHECK(count_status(answers, 409) == 32 - kCap);
  int more = 0;
  std::int64_t latest = 0;
  for (int i = 0; i < 100; ++i) {
    // Through the book service too, and asking for longer than anybody may.
    const auto native = ask(client, mallory, "POST", path(i % 32), R"({"ttl_s":86400})");
    const json lock = {{"userId", mallory.uuid}, {"lockDurationSeconds", 600}};
    const auto book =
        ask(client, mallory, "POST", "/coupons/lock/" + codes[std::size_t(i % 32)], lock.dump());
    more += (native.status == 201 ? 1 : 0) + (book.status == 201 ? 1 : 0);
    latest = std::max<std::int64_t>(latest, native.status);
  }
  CHECK(more == 0);  // nor can a hold be prolonged by asking for it again
  CHECK(latest == 409);
  const auto counters = ask(client, admin, "GET", "/api/v1/campaigns/pool");
  CHECK(counters.body.at("held") == kCap);
}
