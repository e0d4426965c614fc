// Shapes: every field is read, limited, complained about and written as its declaration says.
#include "coupond/http/shape.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace coupon;
using namespace coupon::http;

namespace {

enum class State { kActive, kVoid };

struct Reward {
  std::int64_t days = 0;
  static Object<Reward> shape() {
    return {"Reward", "What a use gives.", {integer("days", &Reward::days, "Days.", {.max = 366})}};
  }
};

struct Order {
  std::string code;
  std::int64_t count = 0;
  bool active = false;
  State state = State::kActive;
  core::UnixMs at;
  core::UserId user;
  std::optional<std::string> note;
  std::vector<std::string> tags;
  std::vector<Reward> rewards;
  std::optional<Reward> bonus;
  std::string metadata;

  static Object<Order> shape() {
    const Choices<State> states = {{"active", State::kActive}, {"void", State::kVoid}};
    return {
        "Order",
        "An order.",
        {
            text("code", &Order::code, "Code.", {.min = 2, .max = 4}).alias("card_code"),
            integer("count", &Order::count, "How many.", {.min = 1, .max = 10'000}),
            boolean("active", &Order::active, "Whether it counts."),
            choice("state", &Order::state, "State.", states),
            timestamp("at", &Order::at, "When."),
            integer("user", &Order::user, "Whose.", {.min = 1}),
            text("note", &Order::note, "Anything.", {.max = 3}),
            list("tags", &Order::tags, "Tags.", {.max = 2}, Text{.min = 1, .max = 3}),
            list("rewards", &Order::rewards, "Rewards.").optional(),
            object("bonus", &Order::bonus, "Bonus.").omit_empty(),
            free_object("metadata", &Order::metadata, "Yours.", 20).optional(),
        },
    };
  }
};

const char* const kWhole = R"({"code":"abc","count":5,"active":true,"state":"void",
    "at":"2026-01-31T12:00:00Z","user":7,"note":"é","tags":["a"],"rewards":[{"days":3}],
    "bonus":{"days":1},"metadata":{"k":[1]}})";

Json changed(const std::string& field, const std::string& json_text) {
  Json json = *parse_json(kWhole);
  json[field] = *parse_json(json_text);
  return json;
}

// The complaint about one changed field: "field: message", several joined with a bar.
std::string complaint(const std::string& field, const std::string& json_text,
                      Reader::Mode mode = Reader::Mode::kStrict) {
  const auto order = read<Order>(changed(field, json_text), mode);
  if (order.ok()) return "accepted";
  CHECK(order.error().reason == core::Reason::kInvalidRequest);
  std::string all;
  for (const auto& problem : order.error().fields) {
    if (!all.empty()) all += " | ";
    all += problem.field + ": " + problem.message;
  }
  return all;
}

}  // namespace

TEST_CASE("a whole object is read into its struct", "[shape]") {
  const auto order = read<Order>(*parse_json(kWhole));
  REQUIRE(order.ok());
  CHECK(order->code == "abc");
  CHECK(order->count == 5);
  CHECK(order->active);
  CHECK(order->state == State::kVoid);
  CHECK(order->at.value == 1'769'860'800'000);
  CHECK(order->user.value == 7);
  CHECK(order->note == "é");
  CHECK(order->tags == std::vector<std::string>{"a"});
  REQUIRE(order->rewards.size() == 1);
  CHECK(order->rewards[0].days == 3);
  REQUIRE(order->bonus);
  CHECK(order->metadata == R"({"k":[1]})");
}

TEST_CASE("what is written is what was read, in declared order", "[shape]") {
  const auto order = read<Order>(*parse_json(kWhole));
  REQUIRE(order.ok());
  CHECK(to_json(*order) ==
        R"({"code":"abc","count":5,"active":true,"state":"void","at":"2026-01-31T12:00:00Z",)"
        R"("user":7,"note":"é","tags":["a"],"rewards":[{"days":3}],"bonus":{"days":1},)"
        R"("metadata":{"k":[1]}})");
  CHECK(to_json(Order{}) ==
        R"({"code":"","count":0,"active":false,"state":"active","at":"1970-01-01T00:00:00Z",)"
        R"("user":0,"note":null,"tags":[],"rewards":[],"metadata":{}})");
  CHECK(to_json(std::vector<Reward>{{1}, {2}}) == R"([{"days":1},{"days":2}])");
  CHECK(to_json(std::vector<Reward>{}) == "[]");
}

TEST_CASE("an integer is an integer", "[shape]") {
  const std::string no = "count: must be an integer between 1 and 10000";
  const std::vector<std::string> bad = {
      "3.9",
      "3.0",
      "1e3",
      "true",
      "\"5\"",
      "-1",
      "0",
      "10001",
      "9223372036854775808",
      "18446744073709551616",
      "1e308",
      "[]",
      "{}",
      "-9223372036854775808",
  };
  for (const std::string& text : bad) {
    INFO(text);
    CHECK(complaint("count", text) == no);
  }
  CHECK(complaint("count", "1") == "accepted");
  CHECK(complaint("count", "10000") == "accepted");
  CHECK(complaint("user", "0") == "user: must be an integer of at least 1");
  CHECK(complaint("user", "9007199254740992") == "user: must be an integer of at least 1");
}

TEST_CASE("a text has its length in characters", "[shape]") {
  CHECK(complaint("code", "\"éé\"") == "accepted");
  CHECK(complaint("code", "\"éééé\"") == "accepted");
  CHECK(complaint("code", "\"a\"") == "code: must have between 2 and 4 characters");
  CHECK(complaint("code", "\"abcde\"") == "code: must have between 2 and 4 characters");
  CHECK(complaint("code", "\"\"") == "code: must not be empty");
  CHECK(complaint("note", "\"abcd\"") == "note: must have at most 3 characters");
  CHECK(complaint("code", "7") == "code: must be a string");
}

TEST_CASE("every other type is held to", "[shape]") {
  CHECK(complaint("active", "1") == "active: must be true or false");
  CHECK(complaint("active", "\"true\"") == "active: must be true or false");
  CHECK(complaint("state", "\"gone\"") == R"(state: must be one of "active", "void")");
  CHECK(complaint("state", "0") == R"(state: must be one of "active", "void")");
  const std::string time =
      "at: must be a time like 2026-01-31T12:00:00Z or a date, from 1970 on";
  CHECK(complaint("at", "1769860800") == time);
  CHECK(complaint("at", "\"yesterday\"") == time);
  CHECK(complaint("at", "\"2026-02-30T00:00:00Z\"") == time);
  CHECK(complaint("at", "\"2026-01-31\"") == "accepted");
  CHECK(complaint("at", "\"2026-01-31T12:00:00\"") != "accepted");
  CHECK(complaint("at", "\"2026-01-31\"", Reader::Mode::kLenient) == "accepted");
  CHECK(complaint("tags", "\"a\"") == "tags: must be a list");
  CHECK(complaint("tags", R"(["a","b","c"])") == "tags: must have at most 2 items");
  CHECK(complaint("metadata", "[]") == "metadata: must be an object");
  CHECK(complaint("metadata", R"({"key":"0123456789ab"})") ==
        "metadata: must have at most 20 bytes as JSON");
}

TEST_CASE("complaints name the place within lists and objects", "[shape]") {
  CHECK(complaint("tags", R"(["a",""])") == "tags[1]: must not be empty");
  CHECK(complaint("rewards", R"([{"days":1},{"days":367},{}])") ==
        "rewards[1].days: must be an integer between 0 and 366 | rewards[2].days: is required");
  CHECK(complaint("bonus", R"({"days":1,"weeks":2})") ==
        "bonus.weeks: is not a field of this request");
  // Found by the fuzzer: a name of no characters, inside another object.
  CHECK(complaint("bonus", R"({"days":1,"":2})") == "bonus.: is not a field of this request");
  CHECK(complaint("bonus", "3") == "bonus: must be an object");
}

TEST_CASE("all bad fields are reported at once, the first in the message", "[shape]") {
  const auto order = read<Order>(*parse_json(R"({"code":"abc","count":0,"active":3,"x":1})"));
  REQUIRE_FALSE(order.ok());
  CHECK(order.error().message == "count must be an integer between 1 and 10000");
  std::vector<std::string> fields;
  for (const auto& problem : order.error().fields) fields.push_back(problem.field);
  CHECK(fields == std::vector<std::string>{"count", "active", "state", "at", "user", "tags", "x"});
}

TEST_CASE("a thousand bad fields make a short answer", "[shape]") {
  Json json = *parse_json(kWhole);
  for (int i = 0; i < 1000; ++i) json["x" + std::to_string(i)] = 1;
  const auto order = read<Order>(json);
  REQUIRE_FALSE(order.ok());
  CHECK(order.error().fields.size() == 20);
}

TEST_CASE("unknown fields are refused or ignored, as the mode says", "[shape]") {
  CHECK(complaint("is_admin", "true") == "is_admin: is not a field of this request");
  CHECK(complaint("is_admin", "true", Reader::Mode::kLenient) == "accepted");
}

TEST_CASE("null is not absent, except to the lenient", "[shape]") {
  CHECK(complaint("note", "null") == "accepted");
  CHECK(complaint("count", "null") == "count: must not be null");
  CHECK(complaint("count", "null", Reader::Mode::kLenient) == "count: is required");
  CHECK(complaint("metadata", "null") == "metadata: must not be null");
  CHECK(complaint("metadata", "null", Reader::Mode::kLenient) == "accepted");
}

TEST_CASE("what is not an object has no fields", "[shape]") {
  for (const char* text : {"[]", "7", "null", "\"x\""}) {
    const auto order = read<Order>(*parse_json(text));
    REQUIRE_FALSE(order.ok());
    CHECK(order.error().message == "The body must be an object");
  }
}

TEST_CASE("a field is read under its other names, but not under two that differ", "[shape]") {
  Json json = *parse_json(kWhole);
  json.erase("code");
  json["card_code"] = "xyz";
  const auto order = read<Order>(json);
  REQUIRE(order.ok());
  CHECK(order->code == "xyz");
  json["code"] = "xyz";
  CHECK(read<Order>(json).ok());
  json["code"] = "abc";
  const auto two = read<Order>(json);
  REQUIRE_FALSE(two.ok());
  CHECK(two.error().message == "code is given twice, differently");
}

namespace {

struct Change {
  Patch<std::string> name;
  Patch<std::int64_t> cap;
  bool loud = true;
  static Object<Change> shape() {
    return {"Change",
            "A PATCH.",
            {text("name", &Change::name, "Name.", {.min = 1}).not_null(),
             integer("cap", &Change::cap, "Cap; null: none."),
             boolean("loud", &Change::loud, "Loud.").optional()}};
  }
};

}  // namespace

TEST_CASE("a patch tells absent, null and a value apart", "[shape]") {
  const auto change = [](const char* text) { return read<Change>(*parse_json(text)); };
  const auto none = change("{}");
  REQUIRE(none.ok());
  CHECK(none->name.absent());
  CHECK(none->cap.absent());
  CHECK(none->loud);
  const auto both = change(R"({"name":"n","cap":null,"loud":false})");
  REQUIRE(both.ok());
  CHECK(both->name.value == "n");
  CHECK(both->cap.is_null());
  CHECK_FALSE(both->loud);
  CHECK(change(R"({"cap":3})")->cap.value == 3);
  const auto null = change(R"({"name":null})");
  REQUIRE_FALSE(null.ok());
  CHECK(null.error().message == "name must not be null");
  CHECK_FALSE(change(R"({"name":""})").ok());
}

namespace {

struct Card {
  std::string code;
  std::int16_t count = 0;
  std::string owner;
  static Object<Card> shape() {
    return {
        "Card",
        "A card.",
        {text("card_code", &Card::code, "Code.").says("card_code is required", "Bad code"),
         integer("count", &Card::count, "Count.", {.min = 1})
             .says("Count is required", "Count must be a positive integer", "Count is too large"),
         text("owner", &Card::owner, "Owner.").or_integer().optional()}};
  }
};

std::string card_message(const char* text) {
  const auto card = read<Card>(*parse_json(text));
  return card.ok() ? "accepted" : card.error().message;
}

}  // namespace

TEST_CASE("a field's own sentences are used word for word", "[shape]") {
  CHECK(card_message("{}") == "card_code is required");
  CHECK(card_message(R"({"card_code":7})") == "Bad code");
  CHECK(card_message(R"({"card_code":"x"})") == "Count is required");
  CHECK(card_message(R"({"card_code":"x","count":0})") == "Count must be a positive integer");
  CHECK(card_message(R"({"card_code":"x","count":"many"})") == "Count must be a positive integer");
  CHECK(card_message(R"({"card_code":"x","count":40000})") == "Count is too large");
}

TEST_CASE("what an absent field becomes is known, unless that is nothing", "[shape]") {
  CHECK(shape_of<Change>().find("loud")->initial == "true");
  CHECK(shape_of<Change>().find("name")->initial.empty());
  CHECK(shape_of<Order>().find("note")->initial.empty());
  CHECK(shape_of<Order>().find("rewards")->initial == "[]");
}

TEST_CASE("limits are cut to what the member holds", "[shape]") {
  CHECK(shape_of<Card>().find("count")->value.max == INT16_MAX);
  CHECK(card_message(R"({"card_code":"x","count":32767})") == "accepted");
}

TEST_CASE("an id may come as text or as an integer where it says so", "[shape]") {
  const auto owner = [](const char* value) {
    return read<Card>(
        *parse_json(R"({"card_code":"x","count":1,"owner":)" + std::string(value) + "}"));
  };
  CHECK(owner("7")->owner == "7");
  CHECK(owner("\"7\"")->owner == "7");
  CHECK(owner("7.5").error().message == "owner must be a string or an integer");
}

namespace {

struct Session {
  std::string token;
  static Object<Session> shape() {
    return {"Session", "A session.", {text("token", &Session::token, "Token.")}};
  }
};
struct Login {
  Session session;
  std::int64_t id = 0;
  static Object<Login> shape() {
    return {"Login", "Both.", {include(&Login::session), integer("id", &Login::id, "Id.")}};
  }
};

}  // namespace

TEST_CASE("included fields stand beside their own", "[shape]") {
  const auto login = read<Login>(*parse_json(R"({"token":"t","id":3})"));
  REQUIRE(login.ok());
  CHECK(login->session.token == "t");
  CHECK(to_json(*login) == R"({"token":"t","id":3})");
}

TEST_CASE("a page is its items and the next cursor", "[shape]") {
  CHECK(to_json(Page<Reward>{.items = {{5}}, .next_cursor = "c"}) ==
        R"({"items":[{"days":5}],"next_cursor":"c"})");
  CHECK(to_json(Page<Reward>{}) == R"({"items":[],"next_cursor":null})");
}

TEST_CASE("an enumerator without a name is a fault of ours and is not hidden", "[shape]") {
  Order order;
  order.state = static_cast<State>(9);
  CHECK_THROWS_AS(to_json(order), std::logic_error);
}
