// A server that runs already, measured through its HTTP API alone: with accounts, campaigns and
// codes of the benchmark's own, whose names all begin with the same unlikely word. The endpoints
// that are bound to one campaign of the server's (/redeem, /generate-coupon) are left alone; the
// native ones do the same work on ours.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "coupond/app/app.h"
#include "src/cli/bench/bench_api.h"
#include "src/cli/bench/bench_target.h"

namespace coupon::cli {

// What requests are made of. What takes from it is for any thread, while nothing else is called.
class RemoteSupply {
 public:
  RemoteSupply(BenchPlace place, app::FirstAdmin admin, std::int64_t users, std::int64_t codes);
  RemoteSupply(const RemoteSupply&) = delete;
  RemoteSupply& operator=(const RemoteSupply&) = delete;

  // Makes all but the codes.
  core::Result<core::Done> load(const ShowProgress& progress);
  // All sessions are good for so long afterwards.
  core::Result<core::Done> keep_sessions(double seconds);
  // Makes up for the codes that were taken.
  core::Result<core::Done> fill_cards(const ShowProgress& progress);
  core::Result<core::Done> fill_pool(const ShowProgress& progress);
  // Archives the campaigns and deactivates the accounts that there still are; says what stays.
  BenchLeft tidy();

  const BenchPlace& place() const { return api_.place(); }
  // The n-th request's session; all are used in turn.
  const std::string& session(std::uint64_t n) const { return user(n).session.token; }
  const std::string& email(std::uint64_t n) const { return user(n).email; }
  const std::string& password() const { return password_; }
  // A card code that nobody has taken; empty when none is left.
  std::string take_card();
  // Whether the pool has a coupon for one request more.
  bool take_draw();
  // The code of a coupon that can be redeemed, again and again.
  const std::string& coupon(std::uint64_t n) const { return coupons_[n % coupons_.size()]; }
  // A campaign's slug: "bench-1a2b3c4d-cards" for "cards".
  std::string slug(std::string_view campaign) const { return name_ + "-" + std::string(campaign); }
  std::int64_t stock_campaign() const { return stock_id_; }

 private:
  struct User {
    std::string id;
    std::string email;
    BenchApi::Session session;
  };

  const User& user(std::uint64_t n) const { return users_[n % users_.size()]; }
  core::Result<core::Done> log_in_admin();
  core::Result<core::Done> make_campaigns();
  core::Result<core::Done> make_user(std::int64_t number);
  core::Result<core::Done> make_coupons();
  // Appends the codes unless `codes` is null.
  core::Result<core::Done> make_codes(std::string_view campaign, std::size_t count,
                                      std::vector<std::string>* codes,
                                      const ShowProgress& progress);

  const BenchApi api_;
  const app::FirstAdmin admin_;
  const std::int64_t users_wanted_;
  const std::size_t codes_wanted_;
  const std::string name_;
  const std::string password_;  // of all accounts; nobody else can guess it
  BenchApi::Session admin_session_;
  std::vector<std::string> campaigns_;  // slugs of those that are not archived
  std::vector<User> users_;             // those that are not deactivated
  std::vector<std::string> coupons_;
  std::vector<std::string> cards_;
  std::size_t pool_ = 0;
  std::atomic<std::size_t> cards_taken_{0};
  std::atomic<std::size_t> draws_taken_{0};
  std::int64_t stock_id_ = 0;
};

class RemoteServer : public BenchTarget {
 public:
  RemoteServer(BenchPlace place, app::FirstAdmin admin, std::int64_t users, std::int64_t codes)
      : supply_(std::move(place), std::move(admin), users, codes) {}

  std::vector<BenchResult> limits() const override {
    return {{.name = "healthz", .about = std::string(about("healthz"))}};
  }
  std::string_view about(std::string_view kind) const override;
  core::Result<core::Done> load(const ShowProgress& progress) override;
  core::Result<load::Outcome> measure(const std::string& kind, load::Plan plan,
                                      const ShowProgress& progress) override;
  core::Result<core::Done> finish(BenchReport& report, const ShowProgress& progress) override;

 private:
  core::Result<load::Outcome> run_kind(const std::string& name, load::Plan plan,
                                       const ShowProgress& progress);
  // Tidies up and adds to the error what could not be.
  core::Error give_up(core::Error error);

  RemoteSupply supply_;
};

}  // namespace coupon::cli
