// Amounts as people write them: read exactly, or refused.
#include <catch2/catch.hpp>

#include "coupond/domain/money.h"

using namespace coupon::domain;

namespace {

std::int64_t read(const char* text, const char* currency) {
  const auto amount = parse_money(text, std::string(currency));
  return amount.ok() ? *amount : -1;
}

}  // namespace

TEST_CASE("an amount is written with its currency's places", "[money]") {
  CHECK(money_text(1250, "EUR") == "12.50 EUR");
  CHECK(money_text(5, "EUR") == "0.05 EUR");
  CHECK(money_text(0, "EUR") == "0.00 EUR");
  CHECK(money_text(1250, "JPY") == "1250 JPY");
  CHECK(money_text(1250, "KWD") == "1.250 KWD");
  CHECK(money_text(1250, {}) == "1250");
}

TEST_CASE("an amount is read as people write it", "[money]") {
  for (const char* text : {"12.50", "12,50", "12.5", " 12.50 EUR", "12,50EUR"}) {
    CAPTURE(text);
    CHECK(read(text, "EUR") == 1250);
  }
  CHECK(read("25", "EUR") == 2500);
  CHECK(read("1.250,00", "EUR") == 125'000);
  CHECK(read("1,234,567.89", "EUR") == 123'456'789);
  CHECK(read("25", "JPY") == 25);
  CHECK(read("1.250", "KWD") == 1250);
  CHECK(parse_money("1250", {}).value() == 1250);
}

TEST_CASE("what could be another amount is refused", "[money]") {
  for (const char* text : {"", "1.250", "1,250", "12.505", "12.", ".50", "-5", "12.50 USD", "1e3",
                           "12 50", "1.2.3", "12,34.5", "ten", "1..2", "99999999999999999999"}) {
    CAPTURE(text);
    CHECK(read(text, "EUR") == -1);
  }
  CHECK(read("12.50", "JPY") == -1);
  CHECK_FALSE(parse_money("12.50", {}).ok());
}
