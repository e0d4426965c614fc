// What the hot parts of a request cost by themselves: nanoseconds of processor time each, the
// median of several rounds. Not a test. coupond_shape_bench has the shapes, `coupond bench` the
// whole write operation.
#include <sodium.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "coupond/core/codes.h"
#include "coupond/core/hash.h"
#include "coupond/core/jwt.h"
#include "coupond/core/signing.h"
#include "coupond/store/ledger.h"
#include "src/cli/bench/bench_data.h"

namespace {

using namespace coupon;

constexpr core::UnixMs kNow{1'800'000'000'000};
constexpr const char* kUuid = "00000000-0000-4000-8000-000000000007";
constexpr const char* kCode = "7ZK2M9QW4XTA1BHCE5N8RVD3";

void measure(const char* what, int times, const std::function<bool()>& once) {
  constexpr int kRounds = 9;
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const std::clock_t start = std::clock();
    for (int i = 0; i < times; ++i) {
      if (!once()) {
        std::printf("%-28s failed\n", what);
        return;
      }
    }
    rounds.push_back(static_cast<double>(std::clock() - start) * 1e9 / CLOCKS_PER_SEC / times);
  }
  std::nth_element(rounds.begin(), rounds.begin() + kRounds / 2, rounds.end());
  std::printf("%-28s %8.0f ns\n", what, rounds[kRounds / 2]);
}

void measure_codes(const core::Secrets& secrets) {
  const core::CodeVault vault(secrets);
  const std::string code = std::string(kCode);
  const std::string canonical = core::canonical(code).value();
  measure("canonical code", 200'000, [&] { return core::canonical(code).ok(); });
  measure("check symbol", 200'000, [&] { return core::card_check_ok(canonical); });
  measure("keyed hash of a code", 100'000,
          [&] { return vault.hash(canonical) != core::CodeVault::CodeHash{}; });
  measure("seal a code", 100'000, [&] { return !vault.seal(code).empty(); });
}

void measure_tokens(const core::Secrets& secrets) {
  const core::Jwt jwt(secrets);
  const std::string session = jwt.sign_session({.user_id = 7,
                                                .uuid = std::string(kUuid),
                                                .epoch = 1,
                                                .issued_at = kNow,
                                                .expires_at = kNow + 3'600'000,
                                                .role = "user"});
  const core::CouponClaims claims{.campaign_uuid = std::string(kUuid),
                                  .code = std::string(kCode),
                                  .token_number = 7,
                                  .user_id = std::string(kUuid),
                                  .issued_at = kNow,
                                  .expires_at = kNow + 3'600'000};
  const std::string token = jwt.sign_coupon(claims);
  measure("hash a session (cache key)", 100'000,
          [&] { return core::hash_of(session) != core::Digest{}; });
  measure("verify a session", 50'000, [&] { return jwt.verify_session(session, kNow).ok(); });
  measure("sign a coupon token", 3'000, [&] { return !jwt.sign_coupon(claims).empty(); });
  measure("verify a coupon token", 3'000, [&] { return jwt.verify_coupon(token, kNow).ok(); });
}

void measure_ledger(const core::Secrets& secrets) {
  const store::Entry entry{.operation = store::operation::kRedeem,
                           .actor = "user:12345",
                           .campaign_id = core::CampaignId{2},
                           .coupon_id = core::CouponId{1'234'567},
                           .user_id = core::UserId{12'345},
                           .days = 30,
                           .available = -1,
                           .coupon_prev = core::Seq{42}};
  core::Digest hash{};
  measure("chain a ledger entry", 100'000, [&] {
    hash = store::chain(hash, {1'234'567}, kNow, entry);
    return true;
  });
  const std::string message = store::signed_message({.seq = {1'234'567}, .at = kNow, .hash = hash});
  measure("sign the ledger's head", 3'000,
          [&] { return core::sign(secrets.checkpoint_key(), message)[63] < 128; });
}

}  // namespace

int main() {
  if (sodium_init() < 0) return 1;
  const core::Secrets secrets = core::Secrets::from_master(core::Block<32>{7});
  measure_codes(secrets);
  measure_tokens(secrets);
  measure_ledger(secrets);
  return 0;
}
