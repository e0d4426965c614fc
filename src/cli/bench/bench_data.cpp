#include "src/cli/bench/bench_data.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <future>
#include <utility>
#include <vector>

#include "coupond/core/ids.h"
#include "coupond/service/campaigns.h"
#include "coupond/service/codes.h"
#include "coupond/store/campaigns.h"
#include "coupond/store/users.h"

namespace coupon::cli {
namespace {

using core::Done;
using core::Reason;
using core::Result;
using service::Caller;
using service::Engine;

// Rows in one operation: few enough to prepare while the last ones are being stored.
constexpr std::int64_t kSlice = 250;
// A supply that no run uses up.
constexpr std::int64_t kStock = 1'000'000'000;

// Numbers that follow from a seed (splitmix64), for codes that follow from their number.
class Sequence {
 public:
  explicit Sequence(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t mixed = state_ += 0x9E3779B97F4A7C15;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
    return mixed ^ (mixed >> 31);
  }

 private:
  std::uint64_t state_;
};

Result<Done> done(bool fine) {
  if (fine) return Done{};
  return Reason::kInternal;
}

domain::Campaign wanted(std::string_view slug, domain::Mode mode, domain::Reward reward) {
  domain::Campaign campaign{
      .slug = std::string(slug), .mode = mode, .name = std::string(slug), .policy = {}};
  campaign.policy.reward = reward;
  if (mode == domain::Mode::kToken) campaign.policy.token_ttl_s = 86'400;
  if (mode == domain::Mode::kClaim) campaign.policy.max_issued = kStock;
  return campaign;
}

// Makes the campaign, or takes the caps off the one that is there.
Result<Done> put_campaign(Engine& engine, domain::Campaign campaign) {
  campaign.uuid = core::uuid4(engine.random());
  const auto written = engine.writer().run<Done>("bench.campaign", [&](store::Tx& tx) {
    const auto found = store::find_campaign_by_slug(tx.db(), campaign.slug);
    const auto put = found ? service::change_campaign(
                                 tx, Caller::cli(), found->id,
                                 [&](domain::Campaign& there) { there.policy = campaign.policy; })
                           : service::create_campaign(tx, Caller::cli(), campaign);
    return put.ok() ? Result<Done>(Done{}) : Result<Done>(put.error());
  });
  return written;
}

Result<Done> put_campaigns(Engine& engine) {
  const domain::Reward month{.kind = domain::RewardKind::kSubscription, .value = 30};
  for (const auto& campaign : {wanted(kBenchTokens, domain::Mode::kToken, {}),
                               wanted(kBenchCards, domain::Mode::kCard, month),
                               wanted(kBenchPool, domain::Mode::kPool, {}),
                               wanted(kBenchStock, domain::Mode::kClaim, {})}) {
    if (const auto put = put_campaign(engine, campaign); !put.ok()) return put;
  }
  return Done{};
}

// service::create_user() with the look-ups left out that keep strangers apart: these are all new.
// The first is an administrator.
void put_user(store::Tx& tx, std::int64_t i, const std::string& password_hash) {
  domain::User user{.uuid = bench_uuid(i),
                    .email = bench_email(i),
                    .role = i == 0 ? domain::Role::kAdmin : domain::Role::kUser,
                    .password_hash = password_hash,
                    .created_at = tx.now()};
  user.id = store::insert_user(tx, user);
  const core::Digest digest = store::user_digest(user);
  tx.append({.operation = store::operation::kUserCreate,
             .actor = "cli",
             .user_id = user.id,
             .digest = digest});
}

Result<Done> put_users(Engine& engine, std::int64_t count, const ShowProgress& progress) {
  // One password for all: a hash each would take a day for a million.
  const auto hash = engine.passwords().hash(kBenchPassword);
  if (!hash.ok()) return hash.error();
  for (std::int64_t first = 0; first < count; first += kSlice) {
    const std::int64_t end = std::min(count, first + kSlice);
    const auto put = engine.writer().run<Done>("bench.users", [&](store::Tx& tx) {
      for (std::int64_t i = first; i < end; ++i) put_user(tx, i, *hash);
      return done(store::find_user(tx.db(), bench_user(end - 1)).has_value());
    });
    if (!put.ok()) return put;
    progress("Loading users", end, count);
  }
  return Done{};
}

using NumberedHash = std::pair<core::CodeVault::CodeHash, std::uint32_t>;

// All codes in the order of their hashes: so the index of codes grows at its end only, which makes
// ten million a matter of minutes.
std::vector<NumberedHash> codes_by_hash(const Engine& engine, std::int64_t count) {
  std::vector<NumberedHash> codes(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto code = core::canonical(bench_code(static_cast<std::int64_t>(i)));
    codes[i] = {engine.vault().hash(code.value()), static_cast<std::uint32_t>(i)};
  }
  std::sort(codes.begin(), codes.end());
  return codes;
}

using Slice = Result<std::vector<service::FreshCode>>;

// `make(i)` gives the i-th code. The next slice is made while the last is being stored.
template <class Make>
Result<Done> put_codes(Engine& engine, std::string_view slug, std::int64_t count, const Make& make,
                       const ShowProgress& progress) {
  const auto campaign = bench_campaign(engine, slug);
  if (!campaign.ok()) return campaign.error();
  const auto slice_from = [&](std::int64_t first) -> Slice {
    std::vector<service::FreshCode> codes;
    for (std::int64_t i = first; i < std::min(count, first + kSlice); ++i) {
      auto code = make(i);
      if (!code.ok()) return code.error();
      codes.push_back(*std::move(code));
    }
    return codes;
  };
  auto next = std::async(std::launch::async, slice_from, 0);
  for (std::int64_t first = 0; first < count; first += kSlice) {
    const Slice codes = next.get();
    if (!codes.ok()) return codes.error();
    next = std::async(std::launch::async, slice_from, first + kSlice);
    const auto put = engine.writer().run<service::Generated>("bench.codes", [&](store::Tx& tx) {
      return service::store_codes(tx, Caller::cli(), campaign->id, *codes);
    });
    if (!put.ok()) return put.error();
    progress("Loading " + std::string(slug), std::min(count, first + kSlice), count);
  }
  return Done{};
}

Result<Done> put_cards(Engine& engine, std::int64_t count, const ShowProgress& progress) {
  progress("Loading codes, in order", 0, count);
  const auto order = codes_by_hash(engine, count);
  const auto make = [&](std::int64_t i) {
    const auto& [hash, number] = order[static_cast<std::size_t>(i)];
    service::FreshCode code{.display = bench_code(number), .hash = hash, .sealed = {}};
    code.sealed = engine.vault().seal(code.display, hash);
    return Result<service::FreshCode>(std::move(code));
  };
  return put_codes(engine, kBenchCards, count, make, progress);
}

core::Error other_size() {
  return {.reason = Reason::kInvalidRequest,
          .message =
              "The directory holds benchmark data of another size: say the same --users and "
              "--codes, or name another directory."};
}

}  // namespace

core::UserId bench_user(std::int64_t i) { return {i + 1}; }

std::string bench_email(std::int64_t i) {
  char text[40];
  std::snprintf(text, sizeof text, "bench%09lld@example.com", static_cast<long long>(i));
  return text;
}

// In order, like the e-mail addresses: random ones would take most of the time it takes to load.
std::string bench_uuid(std::int64_t i) {
  char text[40];
  std::snprintf(text, sizeof text, "be9c0000-0000-4000-8000-%012llx", static_cast<long long>(i));
  return text;
}

std::string bench_code(std::int64_t i) {
  Sequence sequence(static_cast<std::uint64_t>(i) * 4);
  return core::make_card_code([&](std::span<unsigned char> out) {
    for (std::size_t at = 0; at < out.size(); at += sizeof(std::uint64_t)) {
      const std::uint64_t number = sequence.next();
      std::memcpy(out.data() + at, &number, std::min(sizeof number, out.size() - at));
    }
  });
}

Result<Done> cap_bench_tokens(Engine& engine, std::optional<std::int64_t> max_issued) {
  const auto campaign = bench_campaign(engine, kBenchTokens);
  if (!campaign.ok()) return campaign.error();
  if (campaign->policy.max_issued == max_issued) return Done{};
  const auto put = engine.writer().run<service::CampaignWritten>("bench.cap", [&](store::Tx& tx) {
    return service::change_campaign(tx, Caller::cli(), campaign->id, [&](domain::Campaign& there) {
      there.policy.max_issued = max_issued;
    });
  });
  return put.ok() ? Result<Done>(Done{}) : Result<Done>(put.error());
}

Result<domain::Campaign> bench_campaign(Engine& engine, std::string_view slug) {
  return engine.readers().read<domain::Campaign>(
      [&](store::Connection& db) { return service::find_campaign(db, slug); });
}

Result<Done> fill(Engine& engine, const BenchSize& size, const ShowProgress& progress) {
  if (bench_campaign(engine, kBenchPool).ok()) {
    const auto cards = bench_campaign(engine, kBenchCards);
    if (!cards.ok()) return cards.error();
    const auto same = engine.readers().read<bool>([&](store::Connection& db) -> Result<bool> {
      return store::find_user(db, bench_user(size.users - 1)) &&
             !store::find_user(db, bench_user(size.users)) && cards->counters.issued == size.codes;
    });
    if (!same.ok()) return same.error();
    return *same ? Result<Done>(Done{}) : Result<Done>(other_size());
  }
  if (auto put = put_campaigns(engine); !put.ok()) return put;
  if (auto put = put_users(engine, size.users, progress); !put.ok()) return put;
  return put_cards(engine, size.codes, progress);
}

Result<Done> fill_bench_pool(Engine& engine) {
  const auto campaign = bench_campaign(engine, kBenchPool);
  if (!campaign.ok()) return campaign.error();
  const auto make = [&](std::int64_t) {
    return service::make_code(engine.vault(), engine.random(), *campaign);
  };
  return put_codes(engine, kBenchPool, kBenchPoolSize - campaign->counters.available, make,
                   [](std::string_view, std::int64_t, std::int64_t) {});
}

}  // namespace coupon::cli
