// Policies of campaigns in which every limit is sometimes met. One thread.
#pragma once

#include "coupond/domain/campaign.h"
#include "tests/support/engine_fixture.h"

namespace coupon::test {

// A small campaign's policy: caps of a few, short holds, half of them open to the end of time.
domain::Policy random_policy(SeededRandom& random, domain::Mode mode, core::UnixMs now);

}  // namespace coupon::test
