#include "coupond/core/email.h"

#include <catch2/catch.hpp>

using namespace coupon::core;

TEST_CASE("an address is trimmed and put in lower case", "[email]") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"user@user.com", "user@user.com"},
      {" \tUser.Name+Tag@Example.COM\r\n", "user.name+tag@example.com"},
      {"a@b.co", "a@b.co"},
      {"o'brien_{x}~@sub.sub-domain.example.museum", "o'brien_{x}~@sub.sub-domain.example.museum"},
      {"1@2.3d", "1@2.3d"},
      {"x@xn--bcher-kva.example", "x@xn--bcher-kva.example"}};
  for (const auto& [text, expected] : cases) {
    const Result<std::string> email = canonical_email(text);
    INFO(text);
    REQUIRE(email.ok());
    CHECK(*email == expected);
    CHECK(*canonical_email(*email) == *email);
  }
}

TEST_CASE("an account's address loses its +tag where those are ignored", "[email]") {
  CHECK(account_email("ann+shop@example.com") == "ann+shop@example.com");
  ignore_plus_tags(true);
  CHECK(account_email("ann+shop@example.com") == "ann@example.com");
  CHECK(account_email("ann+a+b@example.com") == "ann@example.com");
  CHECK(account_email("ann@example.com") == "ann@example.com");
  CHECK(account_email("+@example.com") == "+@example.com");
  CHECK(account_email("") == "");
  ignore_plus_tags(false);
  CHECK(account_email("ann+shop@example.com") == "ann+shop@example.com");
}

TEST_CASE("what is not an address is refused with the field and the sentence", "[email]") {
  for (const std::string& text : {std::string(),
                                  std::string(" "),
                                  std::string("user"),
                                  std::string("@"),
                                  std::string("user@"),
                                  std::string("@example.com"),
                                  std::string("user@example"),
                                  std::string("user@localhost"),
                                  std::string("a b@example.com"),
                                  std::string("a@exam ple.com"),
                                  std::string("a@@example.com"),
                                  std::string("a@b@example.com"),
                                  std::string(".a@example.com"),
                                  std::string("a.@example.com"),
                                  std::string("a..b@example.com"),
                                  std::string("a@.example.com"),
                                  std::string("a@example..com"),
                                  std::string("a@example.com."),
                                  std::string("a@-example.com"),
                                  std::string("a@example-.com"),
                                  std::string("a@exa_mple.com"),
                                  std::string("a@example.c"),
                                  std::string("a@10.0.0.11"),
                                  std::string("a@[10.0.0.1]"),
                                  std::string("\"a b\"@example.com"),
                                  std::string("<a@example.com>"),
                                  std::string("a@example.com,b@example.com"),
                                  std::string("a@example.com\nBcc: x"),
                                  std::string("a\0@example.com", 14),
                                  std::string("caf\xc3\xa9@example.com"),
                                  std::string("a@ex\xc3\xa4mple.com"),
                                  std::string("a\x7f@example.com")}) {
    CAPTURE(text);
    const Result<std::string> email = canonical_email(text);
    REQUIRE_FALSE(email.ok());
    CHECK(email.error().reason == Reason::kInvalidRequest);
    CHECK(email.error().message == "Invalid email format");
    REQUIRE(email.error().fields.size() == 1);
    CHECK(email.error().fields[0].field == "email");
  }
}

TEST_CASE("lengths are refused from one byte over the limit on", "[email]") {
  const std::string label(63, 'd');
  const std::string domain = label + "." + label + "." + std::string(54, 'd') + ".example";
  const std::string longest_local(64, 'a');
  CHECK(canonical_email(longest_local + "@example.com").ok());
  CHECK_FALSE(canonical_email("a" + longest_local + "@example.com").ok());
  CHECK(canonical_email("a@" + label + ".com").ok());
  CHECK_FALSE(canonical_email("a@d" + label + ".com").ok());
  const std::string local(254 - 1 - domain.size(), 'a');
  CHECK(canonical_email(local + "@" + domain).ok());
  CHECK_FALSE(canonical_email("a" + local + "@" + domain).ok());
}
