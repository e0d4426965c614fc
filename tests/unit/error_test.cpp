#include "coupond/core/error.h"

#include <catch2/catch.hpp>
#include <optional>
#include <set>

#include "coupond/core/result.h"

using namespace coupon::core;

namespace {

std::vector<Reason> all_reasons() {
  std::vector<Reason> reasons;
  for (int i = 0; i <= static_cast<int>(Reason::kInternal); ++i) {
    reasons.push_back(static_cast<Reason>(i));
  }
  return reasons;
}

bool is_snake_case(std::string_view text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == text.npos &&
         text.front() != '_' && text.back() != '_';
}

}  // namespace

TEST_CASE("every reason has a snake_case name of its own and a sentence", "[error]") {
  std::set<std::string_view> names;
  for (const Reason reason : all_reasons()) {
    CAPTURE(name(reason));
    CHECK(is_snake_case(name(reason)));
    CHECK(names.insert(name(reason)).second);
    CHECK(sentence(reason).size() > 3);
    CHECK(sentence(reason).back() != '.');
  }
}

TEST_CASE("the names and kinds clients rely on do not change", "[error]") {
  CHECK(name(Reason::kCampaignCapReached) == "campaign_cap_reached");
  CHECK(kind(Reason::kCampaignCapReached) == Kind::kExhausted);
  CHECK(name(Reason::kHeldByOther) == "held_by_other");
  CHECK(kind(Reason::kHeldByOther) == Kind::kConflict);
  CHECK(name(Reason::kNotStarted) == "not_started");
  CHECK(kind(Reason::kNotStarted) == Kind::kTooEarly);
  CHECK(name(Reason::kOutcomeUnknown) == "outcome_unknown");
  CHECK(kind(Reason::kOutcomeUnknown) == Kind::kUnknown);
  CHECK(sentence(Reason::kInvalidToken) == "Invalid or expired token");
  CHECK(sentence(Reason::kInvalidCredentials) == "Invalid credentials");
  CHECK(sentence(Reason::kEmailTaken) == "Email already registered");
}

TEST_CASE("a result holds a value or an error and says which", "[error]") {
  const Result<int> value = 7;
  REQUIRE(value.ok());
  CHECK(*value == 7);

  const Result<int> refused = Reason::kEnded;
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().reason == Reason::kEnded);
  CHECK_THROWS_AS(refused.value(), std::bad_optional_access);
}
