#include "src/cli/bench/bench_data.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#include "coupond/core/ids.h"
#include "coupond/service/campaigns.h"
#include "coupond/service/codes.h"
#include "coupond/service/coupons.h"
#include "coupond/store/campaigns.h"
#include "coupond/store/users.h"

namespace coupon::cli {
namespace {

using core::Done;
using core::Reason;
using core::Result;
using service::Caller;
using service::Engine;
using std::chrono::steady_clock;

// Rows in one operation: few enough to prepare while the last ones are being stored.
constexpr std::int64_t kSlice = 250;
constexpr std::string_view kCards = "bench-cards";
// Accounts that are active in one run. More would measure how fast the load generator makes
// sessions.
constexpr std::int64_t kAccountsMax = 20'000;
constexpr std::uint64_t kStep = 7919;  // keeps neighbours apart
constexpr core::Block<16> kOrderKey{'b', 'e', 'n', 'c', 'h'};

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

Result<domain::Campaign> cards_campaign(Engine& engine) {
  return engine.readers().read<domain::Campaign>(
      [&](store::Connection& db) { return service::find_campaign(db, kCards); });
}

Result<Done> put_campaign(Engine& engine) {
  domain::Campaign campaign{.uuid = core::uuid4(engine.random()),
                            .slug = std::string(kCards),
                            .mode = domain::Mode::kCard,
                            .name = std::string(kCards),
                            .policy = {}};
  campaign.policy.reward = {.kind = domain::RewardKind::kSubscription, .value = 30};
  const auto put = engine.writer().run<service::CampaignWritten>(
      "bench.campaign",
      [&](store::Tx& tx) { return service::create_campaign(tx, Caller::cli(), campaign); });
  return put.ok() ? Result<Done>(Done{}) : Result<Done>(put.error());
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

// The next slice is made while the last is being stored.
Result<Done> put_cards(Engine& engine, std::int64_t count, const ShowProgress& progress) {
  progress("Loading codes, in order", 0, count);
  const auto order = codes_by_hash(engine, count);
  const auto campaign = cards_campaign(engine);
  if (!campaign.ok()) return campaign.error();
  const auto slice_from = [&](std::int64_t first) {
    std::vector<service::FreshCode> codes;
    for (std::int64_t i = first; i < std::min(count, first + kSlice); ++i) {
      const auto& [hash, number] = order[static_cast<std::size_t>(i)];
      codes.push_back({.display = bench_code(number), .hash = hash, .sealed = {}});
      codes.back().sealed = engine.vault().seal(codes.back().display, hash);
    }
    return codes;
  };
  auto next = std::async(std::launch::async, slice_from, 0);
  for (std::int64_t first = 0; first < count; first += kSlice) {
    const auto codes = next.get();
    next = std::async(std::launch::async, slice_from, first + kSlice);
    const auto put = engine.writer().run<service::Generated>("bench.codes", [&](store::Tx& tx) {
      return service::store_codes(tx, Caller::cli(), campaign->id, codes);
    });
    if (!put.ok()) return put.error();
    progress("Loading codes", std::min(count, first + kSlice), count);
  }
  return Done{};
}

core::Error other_size() {
  return {.reason = Reason::kInvalidRequest,
          .message =
              "The directory holds benchmark data of another size: say the same --users and "
              "--codes, or name another directory."};
}

struct Tally {
  std::uint64_t right = 0;
  std::uint64_t wrong = 0;
  std::string first_wrong;
  load::Histogram latency;
};

void redeem_one(Engine& engine, const BenchData& data, std::uint64_t n, const std::string& card,
                Tally& tally) {
  const auto start = steady_clock::now();
  const core::UserId user = data.accounts[n * kStep % data.accounts.size()].id;
  const Caller caller = Caller::user(user, domain::Role::kUser);
  const auto code = core::canonical(card);
  const service::RedeemRequest request{.code = engine.vault().hash(code.value()), .user_id = user};
  const auto redeemed = engine.writer().run<service::Redeemed>(
      "bench.redeem", [&](store::Tx& tx) { return service::redeem(tx, caller, request); });
  if (redeemed.ok()) {
    ++tally.right;
    tally.latency.record(
        std::chrono::duration_cast<std::chrono::nanoseconds>(steady_clock::now() - start).count());
  } else if (tally.wrong++ == 0) {
    tally.first_wrong = core::name(redeemed.error().reason);
  }
}

}  // namespace

Result<Done> fill(Engine& engine, const BenchSize& size, const ShowProgress& progress) {
  const auto cards = cards_campaign(engine);
  if (cards.ok()) {
    const auto same = engine.readers().read<bool>([&](store::Connection& db) -> Result<bool> {
      return store::find_user(db, bench_user(size.users - 1)) &&
             !store::find_user(db, bench_user(size.users)) && cards->counters.issued == size.codes;
    });
    if (!same.ok()) return same.error();
    return *same ? Result<Done>(Done{}) : Result<Done>(other_size());
  }
  if (auto put = put_campaign(engine); !put.ok()) return put;
  if (auto put = put_users(engine, size.users, progress); !put.ok()) return put;
  return put_cards(engine, size.codes, progress);
}

Result<BenchData> read_bench_data(Engine& engine, const BenchSize& size) {
  constexpr std::int64_t kWeekMs = 7 * core::kMsPerDay;
  const auto cards = cards_campaign(engine);
  if (!cards.ok()) return cards.error();
  BenchData data{.accounts = {},
                 .codes = size.codes,
                 .redeemed = cards->counters.redeemed,
                 .order = core::Permutation(static_cast<std::uint64_t>(size.codes), kOrderKey)};
  const std::int64_t count = std::min(size.users, kAccountsMax);
  const core::UnixMs now = engine.clock()();
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t number = i * size.users / count;
    const core::UserId id = bench_user(number);
    data.accounts.push_back(
        {.id = id,
         .email = bench_email(number),
         .session = engine.tokens().sign_session({.user_id = id.value,
                                                  .uuid = bench_uuid(number),
                                                  .epoch = 1,
                                                  .issued_at = now,
                                                  .expires_at = now + kWeekMs,
                                                  .role = number == 0 ? "admin" : "user"})});
  }
  return data;
}

std::string BenchData::card(std::uint64_t n) const {
  const std::uint64_t place = static_cast<std::uint64_t>(redeemed) + n;
  if (place >= static_cast<std::uint64_t>(codes)) return {};
  return bench_code(static_cast<std::int64_t>(order.at(place)));
}

load::Outcome redeem_without_http(Engine& engine, const BenchData& data, std::size_t callers,
                                  double seconds) {
  std::vector<Tally> tallies(callers);
  std::vector<std::thread> threads;
  std::atomic<std::uint64_t> next{0};
  const auto start = steady_clock::now();
  const auto end = start + std::chrono::duration<double>(seconds);
  for (Tally& tally : tallies) {
    threads.emplace_back([&] {
      while (steady_clock::now() < end) {
        const std::uint64_t n = next.fetch_add(1);
        const std::string card = data.card(n);
        if (card.empty()) break;
        redeem_one(engine, data, n, card, tally);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  load::Outcome outcome{.least = ~0ULL};
  outcome.seconds = std::chrono::duration<double>(steady_clock::now() - start).count();
  for (const Tally& tally : tallies) {
    outcome.right += tally.right;
    outcome.wrong += tally.wrong;
    if (outcome.first_wrong.empty()) outcome.first_wrong = tally.first_wrong;
    outcome.latency.merge(tally.latency);
    outcome.least = std::min(outcome.least, tally.right);
    outcome.most = std::max(outcome.most, tally.right);
  }
  return outcome;
}

}  // namespace coupon::cli
