// What a benchmark's requests are made of, on the server that is measured: accounts, campaigns and
// codes of the benchmark's own, made through the native API; their names begin with the same
// unlikely word. Accounts and cards may be there already (bench_data.h). What takes from a supply
// is for any thread, while nothing else is called.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/app/app.h"
#include "src/cli/bench/bench_api.h"
#include "src/cli/bench/bench_data.h"
#include "src/cli/bench/bench_report.h"
#include "src/cli/progress.h"

namespace coupon::cli {

// What a kind of request uses up, so that it is made up for before each run.
enum class BenchNeed { kNothing, kCards, kPool, kTokens };

class BenchSupply {
 public:
  // `admin` sets up. `users` and `codes`: how many to make, unless `data` has them.
  BenchSupply(BenchPlace place, app::FirstAdmin admin, BenchSize size,
              std::optional<BenchData> data = {});
  BenchSupply(const BenchSupply&) = delete;
  BenchSupply& operator=(const BenchSupply&) = delete;

  // Makes all that no run uses up.
  core::Result<core::Done> load(const ShowProgress& progress);
  // Before a run: all sessions are good for so long afterwards, and there is enough of the need.
  core::Result<core::Done> ready(BenchNeed need, double seconds, const ShowProgress& progress);
  // Archives the campaigns and deactivates the accounts that it made; says what stays.
  BenchLeft tidy();

  const BenchPlace& place() const { return api_.place(); }
  // The n-th request's account; all are used, in a mixed order.
  const std::string& session(std::uint64_t n) const { return user(n).session.token; }
  // The body of a request that names them: staff are never the customer unless they are named.
  std::string customer(std::uint64_t n) const;
  const std::string& email(std::uint64_t n) const { return user(n).email; }
  const std::string& password() const { return password_; }
  // A card code that nobody has taken; empty when none is left.
  std::string take_card();
  // A token that nobody has taken; empty when none is left.
  std::string take_token();
  // Whether the pool has a coupon for one request more.
  bool take_draw() { return draws_taken_.fetch_add(1) < pool_; }
  // A token that can be used, and is not: again and again.
  const std::string& good_token(std::uint64_t n) const {
    return good_tokens_[n % good_tokens_.size()];
  }
  // A campaign's slug: "bench-1a2b3c4d-pool" for "pool".
  std::string slug(std::string_view campaign) const { return name_ + "-" + std::string(campaign); }
  std::int64_t stock_campaign() const { return stock_id_; }

 private:
  struct User {
    std::string id;
    bool is_ours = true;  // not there already: closed at the end
    std::string email;
    BenchApi::Session session;
  };

  const User& user(std::uint64_t n) const;
  core::Result<core::Done> log_in_admin();
  core::Result<core::Done> make_campaigns();
  core::Result<core::Done> make_user(std::int64_t number);
  core::Result<core::Done> make_good_tokens();
  core::Result<core::Done> fill_cards(const ShowProgress& progress);
  core::Result<core::Done> fill_pool(const ShowProgress& progress);
  core::Result<core::Done> fill_tokens(const ShowProgress& progress);
  // Appends the codes unless `codes` is null.
  core::Result<core::Done> make_codes(std::string_view campaign, std::size_t count,
                                      std::vector<std::string>* codes,
                                      const ShowProgress& progress);

  const BenchApi api_;
  const app::FirstAdmin admin_;
  const BenchSize size_;
  const std::optional<BenchData> data_;
  const std::string name_;
  const std::string password_;  // of all accounts that are made; nobody else can guess it
  BenchApi::Session admin_session_;
  std::vector<std::string> campaigns_;  // slugs of those that are not archived
  std::vector<User> users_;
  std::vector<std::string> good_tokens_;
  std::vector<std::string> cards_;
  std::vector<std::string> tokens_;
  std::size_t pool_ = 0;
  std::atomic<std::size_t> cards_taken_{0};
  std::atomic<std::size_t> tokens_taken_{0};
  std::atomic<std::size_t> draws_taken_{0};
  std::int64_t stock_id_ = 0;
};

}  // namespace coupon::cli
