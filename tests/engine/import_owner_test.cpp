// Whose an imported code is: the customer with that address, or nobody.
#include <catch2/catch.hpp>

#include "coupond/core/csv.h"
#include "coupond/core/email.h"
#include "coupond/service/coupons.h"
#include "coupond/store/coupons.h"
#include "coupond/store/users.h"
#include "tests/support/import_engine.h"

using namespace coupon;
using domain::Job;
using domain::Mode;
using service::Caller;
using test::must;
using Fixture = test::ImportEngine;
using Errors = std::map<std::int64_t, std::string>;

TEST_CASE("an import gives codes to customers by their address, made where nobody has it",
          "[import]") {
  Fixture engine;
  // Not open yet: a shop moves before it opens.
  const auto later = engine.clock().now() + 1000 * core::kMsPerDay;
  const auto campaign = engine.add_campaign(
      Mode::kPool, {.max_per_user = 2, .max_redemptions_per_coupon = 2, .starts_at = later});
  const auto known = engine.make_user("bob@example.com").id;
  const Job job = engine.import_all(campaign,
                                    "code,owner,state,uses\nOWN-1,Ann@Example.com,,\nOWN-2,BOB@"
                                    "example.com,,\nOWN-3,bob@example.com,,\n"
                                    "OWN-4,bob@example.com,,\nOWN-5,,,\nOWN-6,eve@example.com,void,"
                                    "\nOWN-7,dora@example.com,,1\n");
  const auto coupon = [&](const char* code) {
    const auto hash = engine->vault().hash(must(core::canonical(code)));
    return must(engine.read<domain::Coupon>([&](store::Connection& db) {
      return core::Result<domain::Coupon>(*store::find_coupon(db, hash));
    }));
  };
  const auto customer = [&](const char* email) {
    return must(engine.read<std::optional<domain::User>>([&](store::Connection& db) {
      return core::Result<std::optional<domain::User>>(
          store::find_user_by_email(db, *core::canonical_email(email)));
    }));
  };
  const auto ann = customer("ann@example.com");
  REQUIRE(ann);
  CHECK(!domain::has_password(*ann));
  CHECK(coupon("OWN-1").user_id == ann->id);
  CHECK(coupon("OWN-1").state == domain::CouponState::kAssigned);
  CHECK(coupon("OWN-2").user_id == known);
  CHECK(coupon("OWN-3").user_id == known);
  // The third is more than the campaign lets one have: it must not go to anybody else.
  CHECK(coupon("OWN-4").state == domain::CouponState::kVoid);
  CHECK(coupon("OWN-5").state == domain::CouponState::kAvailable);
  CHECK(coupon("OWN-6").state == domain::CouponState::kVoid);
  CHECK(coupon("OWN-6").user_id == customer("eve@example.com")->id);
  CHECK(engine.errors(job.id) ==
        Errors{{5, "stored void"}, {8, "stored void"}});  // its use cannot be recorded yet
  CHECK(job.message.find("For customers by address: 6.") != std::string::npos);
  CHECK(engine.counters(campaign) ==
        domain::Counters{.issued = 7, .assigned = 5, .available = 1, .voided = 3});
}

TEST_CASE("a shop that moves keeps whose codes are, used or not", "[import]") {
  Fixture old;
  const auto from = old.add_campaign(Mode::kPool, {.max_redemptions_per_coupon = 2});
  old.import_all(from, "code,email\nMOVE-1,ann@example.com\nMOVE-2,bob@example.com\nMOVE-3,\n");
  const auto use = [&](const char* code) {
    const auto hash = old->vault().hash(must(core::canonical(code)));
    must(old.run<service::Redeemed>(
        [&](store::Tx& tx) { return service::redeem(tx, Caller::cli(), {.code = hash}); }));
  };
  use("MOVE-1");
  use("MOVE-2");
  use("MOVE-2");
  const std::string file = old.export_all(from);
  Fixture other;
  const auto to = other.add_campaign(Mode::kPool, {.max_redemptions_per_coupon = 2});
  const Job job = other.import_all(to, file);
  CHECK(other.errors(job.id) == Errors{});
  const std::string again = other.export_all(to);
  core::CsvReader reader(again, 1 << 16);
  std::vector<std::string> seen;
  for (core::CsvRecord row; reader.next(row);) {
    if (row.line > 1) {
      seen.push_back(row.fields[0] + " " + row.fields[2] + " " + row.fields[6] + " " +
                     row.fields[12]);
    }
  }
  CHECK(seen == std::vector<std::string>{"MOVE-1 assigned 1 ann@example.com",
                                         "MOVE-2 redeemed 2 bob@example.com",
                                         "MOVE-3 available 0 "});
}
