#include "src/cli/bench/bench_work.h"

#include <string>

namespace coupon::cli {
namespace {

// Appends a whole request. `session` and `body`, which is JSON, may be empty.
bool write_request(std::string& out, std::string_view method_and_path, std::string_view session,
                   std::string_view body) {
  out.append(method_and_path).append(" HTTP/1.1\r\nHost: localhost\r\n");
  if (!session.empty()) out.append("Authorization: Bearer ").append(session).append("\r\n");
  if (!body.empty()) out.append("Content-Type: application/json\r\n");
  if (!method_and_path.starts_with("GET")) {
    out.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  }
  out.append("\r\n").append(body);
  return true;
}

// How one request is written; false when there is nothing left to make it of.
using Write = bool (*)(BenchSupply& supply, std::uint64_t n, std::string& out);

// The reply must have this status and, somewhere, this text.
load::Workload workload(BenchSupply& supply, Write write, int status, std::string_view text) {
  return {.request = [&supply, write](std::uint64_t n,
                                      std::string& out) { return write(supply, n, out); },
          .accept =
              [status, text](int got, std::string_view body) {
                return got == status && body.find(text) != std::string_view::npos;
              }};
}

std::string with_token(const std::string& token) { return R"({"token":")" + token + R"("})"; }

bool write_healthz(BenchSupply&, std::uint64_t, std::string& out) {
  return write_request(out, "GET /healthz", {}, {});
}

bool write_redeem(BenchSupply& supply, std::uint64_t n, std::string& out) {
  const std::string card = supply.take_card();
  return !card.empty() && write_request(out, "POST /api/v1/coupons/" + card + "/redeem",
                                        supply.session(n), supply.customer(n));
}

bool write_issue_of(BenchSupply& supply, const char* campaign, std::uint64_t n, std::string& out) {
  return write_request(out, "POST /api/v1/campaigns/" + supply.slug(campaign) + "/issue",
                       supply.session(n), supply.customer(n));
}
bool write_issue(BenchSupply& supply, std::uint64_t n, std::string& out) {
  return write_issue_of(supply, "tokens", n, out);
}
bool write_sold_out(BenchSupply& supply, std::uint64_t n, std::string& out) {
  return write_issue_of(supply, "sold-out", n, out);
}
bool write_assign(BenchSupply& supply, std::uint64_t n, std::string& out) {
  return supply.take_draw() && write_issue_of(supply, "pool", n, out);
}

bool write_use(BenchSupply& supply, std::uint64_t, std::string& out) {
  const std::string token = supply.take_token();
  return !token.empty() && write_request(out, "POST /use-token", {}, with_token(token));
}

bool write_claim(BenchSupply& supply, std::uint64_t n, std::string& out) {
  return write_request(out, "POST /coupons/" + std::to_string(supply.stock_campaign()) + "/claim",
                       supply.session(n), {});
}

bool write_validate(BenchSupply& supply, std::uint64_t n, std::string& out) {
  return write_request(out, "POST /validate-token", {}, with_token(supply.good_token(n)));
}

bool write_login(BenchSupply& supply, std::uint64_t n, std::string& out) {
  return write_request(
      out, "POST /api/v1/auth/login", {},
      R"({"email":")" + supply.email(n) + R"(","password":")" + supply.password() + R"("})");
}

// A shop at work: of ten requests two redeem, two issue and six look whether a token is good.
bool write_mixed(BenchSupply& supply, std::uint64_t n, std::string& out) {
  const std::uint64_t turn = n % 10;
  if (turn < 2) return write_redeem(supply, n, out);
  return turn < 4 ? write_issue(supply, n, out) : write_validate(supply, n, out);
}

load::Workload healthz(BenchSupply& supply) { return workload(supply, write_healthz, 200, ""); }
load::Workload redeem(BenchSupply& supply) {
  return workload(supply, write_redeem, 201, R"("redemption":)");
}
load::Workload issue(BenchSupply& supply) {
  return workload(supply, write_issue, 201, R"("token":)");
}
load::Workload use(BenchSupply& supply) {
  return workload(supply, write_use, 200, R"("used_at":)");
}
load::Workload sold_out(BenchSupply& supply) {
  return workload(supply, write_sold_out, 409, "campaign_cap_reached");
}
load::Workload claim(BenchSupply& supply) {
  return workload(supply, write_claim, 200, R"("claim_id":)");
}
load::Workload assign(BenchSupply& supply) {
  return workload(supply, write_assign, 201, R"("assigned")");
}
load::Workload validate(BenchSupply& supply) {
  return workload(supply, write_validate, 200, R"("valid":true)");
}
load::Workload login(BenchSupply& supply) {
  return workload(supply, write_login, 200, R"("access_token":)");
}
load::Workload mixed(BenchSupply& supply) {
  load::Workload mix = workload(supply, write_mixed, 200, "");
  mix.accept = [](int status, std::string_view) { return status == 200 || status == 201; };
  return mix;
}

}  // namespace

const std::vector<BenchKind>& bench_kinds() {
  static const std::vector<BenchKind> kinds = {
      {"healthz", "GET /healthz: HTTP alone", healthz},
      {"redeem", "POST /api/v1/coupons/…/redeem: a card, days of subscription", redeem,
       BenchNeed::kCards},
      {"till", "the same on one connection: what a till waits", redeem, BenchNeed::kCards, 1},
      {"issue", "POST /api/v1/campaigns/…/issue: a signed token", issue},
      {"use", "POST /use-token: a token, once", use, BenchNeed::kTokens},
      {"sold-out", "POST /api/v1/campaigns/…/issue: refused, none left", sold_out},
      {"claim", "POST /coupons/{id}/claim: one of a stock", claim},
      {"assign", "POST /api/v1/campaigns/…/issue: one drawn from a pool", assign, BenchNeed::kPool},
      {"validate", "POST /validate-token: a signature and a look-up", validate},
      {"login", "POST /api/v1/auth/login: one Argon2id each", login, BenchNeed::kNothing, 8},
      {"mixed", "2 redeem, 2 issue, 6 validate", mixed, BenchNeed::kCards},
  };
  return kinds;
}

const BenchKind* find_bench_kind(std::string_view name) {
  for (const BenchKind& kind : bench_kinds()) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

}  // namespace coupon::cli
