#include "src/cli/bench/bench_remote.h"

#include <algorithm>
#include <utility>

#include "src/cli/bench/bench_request.h"

namespace coupon::cli {
namespace {

using core::Done;
using core::Result;

struct RemoteKind {
  std::string_view name;
  std::string_view about;
  load::Workload (*workload)(RemoteSupply& supply);
  // Readies what runs use up. May be null.
  Result<Done> (RemoteSupply::*fill)(const ShowProgress& progress) = nullptr;
  // More connections than that are refused or only wait.
  std::size_t connections_max = ~std::size_t{0};
};

load::Workload healthz(RemoteSupply&) {
  return {.request =
              [](std::uint64_t, std::string& out) {
                write_request(out, "GET /healthz", {}, {});
                return true;
              },
          .accept = expect(200, "")};
}

bool write_redeem(RemoteSupply& supply, std::uint64_t n, std::string& out) {
  const std::string card = supply.take_card();
  if (card.empty()) return false;
  write_request(out, "POST /api/v1/coupons/" + card + "/redeem", supply.session(n), "{}");
  return true;
}

load::Workload redeem(RemoteSupply& supply) {
  return {.request = [&supply](std::uint64_t n,
                               std::string& out) { return write_redeem(supply, n, out); },
          .accept = expect(201, R"("redemption":)")};
}

bool write_issue(const RemoteSupply& supply, const char* campaign, std::uint64_t n,
                 std::string& out) {
  write_request(out, "POST /api/v1/campaigns/" + supply.slug(campaign) + "/issue",
                supply.session(n), "{}");
  return true;
}

load::Workload issue(RemoteSupply& supply) {
  return {.request = [&supply](std::uint64_t n,
                               std::string& out) { return write_issue(supply, "tokens", n, out); },
          .accept = expect(201, R"("token":)")};
}

load::Workload sold_out(RemoteSupply& supply) {
  return {
      .request = [&supply](std::uint64_t n,
                           std::string& out) { return write_issue(supply, "sold-out", n, out); },
      .accept = expect(409, "campaign_cap_reached")};
}

load::Workload claim(RemoteSupply& supply) {
  const std::string path = "POST /coupons/" + std::to_string(supply.stock_campaign()) + "/claim";
  return {.request =
              [&supply, path](std::uint64_t n, std::string& out) {
                write_request(out, path, supply.session(n), {});
                return true;
              },
          .accept = expect(200, R"("claim_id":)")};
}

load::Workload assign(RemoteSupply& supply) {
  return {.request =
              [&supply](std::uint64_t n, std::string& out) {
                return supply.take_draw() && write_issue(supply, "pool", n, out);
              },
          .accept = expect(201, R"("assigned")")};
}

bool write_validate(const RemoteSupply& supply, std::uint64_t n, std::string& out) {
  write_request(out, "GET /api/v1/coupons/" + supply.coupon(n), {}, {});
  return true;
}

load::Workload validate(RemoteSupply& supply) {
  return {.request = [&supply](std::uint64_t n,
                               std::string& out) { return write_validate(supply, n, out); },
          .accept = expect(200, R"("valid":true)")};
}

load::Workload login(RemoteSupply& supply) {
  return {.request =
              [&supply](std::uint64_t n, std::string& out) {
                write_request(out, "POST /api/v1/auth/login", {},
                              R"({"email":")" + supply.email(n) + R"(","password":")" +
                                  supply.password() + R"("})");
                return true;
              },
          .accept = expect(200, R"("access_token":)")};
}

// A shop at work: of ten requests two redeem, two issue and six look whether a coupon is good.
load::Workload mixed(RemoteSupply& supply) {
  return {.request =
              [&supply](std::uint64_t n, std::string& out) {
                const std::uint64_t turn = n % 10;
                if (turn < 2) return write_redeem(supply, n, out);
                if (turn < 4) return write_issue(supply, "tokens", n, out);
                return write_validate(supply, n, out);
              },
          .accept = [](int status, std::string_view) { return status == 200 || status == 201; }};
}

const RemoteKind* find_kind(std::string_view name) {
  static const std::vector<RemoteKind> kinds = {
      {"healthz", "GET /healthz: HTTP alone", healthz},
      {"redeem", "POST /api/v1/coupons/…/redeem: a card, a day of subscription", redeem,
       &RemoteSupply::fill_cards},
      {"issue", "POST /api/v1/campaigns/…/issue: a signed token", issue},
      {"sold-out", "POST /api/v1/campaigns/…/issue: refused, none left", sold_out},
      {"claim", "POST /coupons/{id}/claim: one of a stock", claim},
      {"assign", "POST /api/v1/campaigns/…/issue: one drawn from a pool", assign,
       &RemoteSupply::fill_pool},
      {"validate", "GET /api/v1/coupons/…: whether it can be used", validate},
      {"login", "POST /api/v1/auth/login: one Argon2id each", login, nullptr, 8},
      {"mixed", "2 redeem, 2 issue, 6 validate", mixed, &RemoteSupply::fill_cards},
  };
  for (const RemoteKind& kind : kinds) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

}  // namespace

std::string_view RemoteServer::about(std::string_view kind) const {
  const RemoteKind* found = find_kind(kind);
  return found != nullptr ? found->about : std::string_view();
}

Result<Done> RemoteServer::load(const ShowProgress& progress) {
  auto done = supply_.load(progress);
  return done.ok() ? done : give_up(std::move(done.error()));
}

core::Error RemoteServer::give_up(core::Error error) {
  const BenchLeft left = supply_.tidy();
  if (!left.untidy.empty()) {
    error.message +=
        " Campaigns and accounts named " + left.name + "-… are left there as they were.";
  }
  return error;
}

Result<load::Outcome> RemoteServer::measure(const std::string& kind, load::Plan plan,
                                            const ShowProgress& progress) {
  auto outcome = run_kind(kind, std::move(plan), progress);
  return outcome.ok() ? outcome : give_up(std::move(outcome.error()));
}

Result<load::Outcome> RemoteServer::run_kind(const std::string& name, load::Plan plan,
                                             const ShowProgress& progress) {
  const RemoteKind& kind = *find_kind(name);
  if (const auto kept = supply_.keep_sessions(plan.seconds); !kept.ok()) return kept.error();
  if (kind.fill != nullptr) {
    if (const auto filled = (supply_.*kind.fill)(progress); !filled.ok()) return filled.error();
  }
  plan.address = supply_.place().address;
  plan.port = supply_.place().port;
  plan.connections = std::min(plan.connections, kind.connections_max);
  auto outcome = load::run(plan, kind.workload(supply_));
  if (outcome.ok() && outcome->first_wrong.starts_with("status 429")) {
    outcome->first_wrong += " (to be measured, it has to run with --rate-limits off)";
  }
  return outcome;
}

Result<Done> RemoteServer::finish(BenchReport& report, const ShowProgress&) {
  report.left = supply_.tidy();
  return Done{};
}

}  // namespace coupon::cli
