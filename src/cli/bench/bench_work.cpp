#include "src/cli/bench/bench_work.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include "coupond/service/campaigns.h"
#include "coupond/service/coupons.h"
#include "src/cli/bench/bench_request.h"

namespace coupon::cli {
namespace {

using core::Done;
using core::Result;
using service::Caller;
using service::Engine;
using std::chrono::steady_clock;

load::Workload healthz(const BenchSupply&) {
  return {.request =
              [](std::uint64_t, std::string& out) {
                write_request(out, "GET /healthz", {}, {});
                return true;
              },
          .accept = expect(200, "")};
}

bool write_redeem(const BenchSupply& supply, std::uint64_t n, std::string& out) {
  const std::string card = supply.card(n);
  if (card.empty()) return false;
  const auto& session = supply.session(n);
  write_request(
      out, "POST /redeem", session.token,
      R"({"user_id":)" + std::to_string(session.user.value) + R"(,"card_code":")" + card + R"("})");
  return true;
}

load::Workload redeem(const BenchSupply& supply) {
  return {.request = [&supply](std::uint64_t n,
                               std::string& out) { return write_redeem(supply, n, out); },
          .accept = expect(200, R"("subscription_extended":true)")};
}

bool write_issue(const BenchSupply& supply, std::uint64_t n, std::string& out) {
  write_request(out, "POST /generate-coupon", supply.session(n).token, {});
  return true;
}

load::Workload issue(const BenchSupply& supply) {
  return {.request = [&supply](std::uint64_t n,
                               std::string& out) { return write_issue(supply, n, out); },
          .accept = expect(200, R"("token_number":)")};
}

load::Workload sold_out(const BenchSupply& supply) {
  return {.request = [&supply](std::uint64_t n,
                               std::string& out) { return write_issue(supply, n, out); },
          .accept = expect(429, "Global token limit reached")};
}

load::Workload claim(const BenchSupply& supply) {
  const std::string path = "POST /coupons/" + std::to_string(supply.stock_campaign()) + "/claim";
  return {.request =
              [&supply, path](std::uint64_t n, std::string& out) {
                write_request(out, path, supply.session(n).token, {});
                return true;
              },
          .accept = expect(200, R"("claim_id":)")};
}

load::Workload assign(const BenchSupply& supply) {
  return {.request =
              [&supply](std::uint64_t n, std::string& out) {
                write_request(out, "POST /api/v1/campaigns/bench-pool/issue",
                              supply.session(n).token, "{}");
                return n < std::uint64_t{kBenchPoolSize};
              },
          .accept = expect(201, R"("assigned")")};
}

bool write_validate(const BenchSupply& supply, std::uint64_t n, std::string& out) {
  write_request(out, "POST /validate-token", {},
                R"({"token":")" + supply.coupon_token(n) + R"("})");
  return true;
}

load::Workload validate(const BenchSupply& supply) {
  return {.request = [&supply](std::uint64_t n,
                               std::string& out) { return write_validate(supply, n, out); },
          .accept = expect(200, R"("valid":true)")};
}

load::Workload login(const BenchSupply& supply) {
  return {.request =
              [&supply](std::uint64_t n, std::string& out) {
                write_request(out, "POST /login", {},
                              R"({"email":")" + bench_email(supply.session(n).user.value - 1) +
                                  R"(","password":")" + std::string(kBenchPassword) + R"("})");
                return true;
              },
          .accept = expect(200, R"("access_token":)")};
}

// A shop at work: of ten requests two redeem, two issue and six look whether a token is good.
load::Workload mixed(const BenchSupply& supply) {
  return {.request =
              [&supply](std::uint64_t n, std::string& out) {
                const std::uint64_t turn = n % 10;
                if (turn < 2) return write_redeem(supply, n / 10 * 2 + turn, out);
                if (turn < 4) return write_issue(supply, n, out);
                return write_validate(supply, n, out);
              },
          .accept = expect(200, "")};
}

Result<Done> prepare_sold_out(Engine& engine) {
  const auto campaign = bench_campaign(engine, kBenchTokens);
  if (!campaign.ok()) return campaign.error();
  return cap_bench_tokens(engine, campaign->counters.issued);
}

struct Tally {
  std::uint64_t right = 0;
  std::uint64_t wrong = 0;
  std::string first_wrong;
  load::Histogram latency;
};

void redeem_one(Engine& engine, const BenchSupply& supply, std::uint64_t n, const std::string& card,
                Tally& tally) {
  const auto start = steady_clock::now();
  const core::UserId user = supply.session(n).user;
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

const std::vector<BenchKind>& bench_kinds() {
  static const std::vector<BenchKind> kinds = {
      {"healthz", "GET /healthz: HTTP alone", nullptr, healthz},
      {"redeem", "POST /redeem: a card, 30 days of subscription", nullptr, redeem},
      {"issue", "POST /generate-coupon: a signed token", nullptr, issue},
      {"sold-out", "POST /generate-coupon: refused, none left", prepare_sold_out, sold_out},
      {"claim", "POST /coupons/{id}/claim: one of a stock", nullptr, claim},
      {"assign", "POST …/issue: one drawn from a pool", fill_bench_pool, assign},
      {"validate", "POST /validate-token: a signature and a look-up", nullptr, validate},
      {"login", "POST /login: one Argon2id each", nullptr, login, 8},
      {"mixed", "2 redeem, 2 issue, 6 validate", nullptr, mixed},
  };
  return kinds;
}

const BenchKind* find_bench_kind(std::string_view name) {
  for (const BenchKind& kind : bench_kinds()) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

load::Outcome redeem_without_http(Engine& engine, const BenchSupply& supply, std::size_t callers,
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
        const std::string card = supply.card(n);
        if (card.empty()) break;
        redeem_one(engine, supply, n, card, tally);
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
