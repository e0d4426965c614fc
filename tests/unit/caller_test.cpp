#include "coupond/service/caller.h"

#include <catch2/catch.hpp>

using namespace coupon;
using service::Caller;
using service::Scope;
using service::Scopes;

TEST_CASE("a user acts on their own, staff for others, an administrator on everything",
          "[caller]") {
  const Caller user = Caller::user({7}, domain::Role::kUser);
  CHECK(user.may_for({7}, Scope::kRedeem));
  CHECK_FALSE(user.may_for({8}, Scope::kRedeem));
  CHECK(user.actor == "user:7");

  const Caller staff = Caller::user({7}, domain::Role::kStaff);
  CHECK(staff.may_for({8}, Scope::kRedeem));
  CHECK_FALSE(staff.is_admin());
  CHECK(Caller::user({7}, domain::Role::kAdmin).may(Scope::kIssue));
}

TEST_CASE("an anonymous caller may nothing, and is nobody", "[caller]") {
  CHECK_FALSE(Caller::anonymous().may(Scope::kRead));
  CHECK_FALSE(Caller::anonymous().is({0}));
  CHECK(Caller::anonymous().actor == "anonymous");
}

TEST_CASE("a key has its scopes and no more", "[caller]") {
  const Caller key = Caller::api_key(3, Scopes().with(Scope::kIssue));
  CHECK(key.may(Scope::kIssue));
  CHECK_FALSE(key.may(Scope::kRedeem));
  CHECK_FALSE(key.is_admin());
  CHECK(key.actor == "key:3");
  CHECK(Caller::cli().is_admin());
  CHECK(Caller::job(2).actor == "job:2");
}

TEST_CASE("scopes are written in one order and read back", "[caller]") {
  const Scopes scopes = Scopes().with(Scope::kRedeem).with(Scope::kRead);
  CHECK(scopes.to_text() == "read redeem");
  CHECK(Scopes::parse("redeem read") == scopes);
  CHECK(Scopes::parse("") == Scopes());
  CHECK_FALSE(Scopes::parse("read everything").has_value());
}
