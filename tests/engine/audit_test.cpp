#include "coupond/store/audit.h"

#include <catch2/catch.hpp>

#include "tests/support/engine_fixture.h"

using namespace coupon;
using test::EngineFixture;

TEST_CASE("an empty database verifies", "[audit]") {
  EngineFixture fixture;
  const store::AuditReport report = fixture.verify();
  INFO(report.first_divergence.value_or(""));
  CHECK(report.ok());
  CHECK(report.entries == 0);
}
