#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "coupond/core/bytes.h"
#include "coupond/core/limits.h"
#include "coupond/core/mutex.h"
#include "coupond/core/random.h"
#include "src/cli/bench/bench_supply.h"
#include "src/cli/bench/bench_work.h"

namespace coupon::cli {
namespace {

using core::Done;
using core::Reason;
using core::Result;
using http::Json;

constexpr std::size_t kGoodTokens = 64;
// Of what a run uses up, beside cards; more would take longer to make than to use.
constexpr std::size_t kReadyMax = 100'000;
// Uses what neighbours have far apart.
constexpr std::uint64_t kSupplyStep = 7919;
// Beyond the end of a run.
constexpr double kSpareSeconds = 60;
// A supply that no run uses up.
constexpr std::int64_t kStock = 1'000'000'000;

template <std::size_t kBytes>
std::string random_hex() {
  std::array<unsigned char, kBytes> bytes{};
  core::system_random(bytes);
  return core::to_hex(bytes);
}

core::Error not_let_in(const std::string& why) {
  return {.reason = Reason::kInvalidCredentials,
          .message = why +
                     " COUPOND_ADMIN_EMAIL and COUPOND_ADMIN_PASSWORD have to name an "
                     "administrator of that server."};
}

}  // namespace

BenchSupply::BenchSupply(BenchPlace place, app::FirstAdmin admin, BenchSize size,
                         std::optional<BenchData> data)
    : api_(std::move(place)),
      admin_(std::move(admin)),
      size_(size),
      data_(std::move(data)),
      name_("bench-" + random_hex<4>()),
      password_(data_ ? std::string(kBenchPassword) : random_hex<16>() + " a1") {
  if (!data_) return;
  for (const BenchData::Account& account : data_->accounts) {
    users_.push_back({.id = std::to_string(account.id.value),
                      .is_ours = false,
                      .email = account.email,
                      .session = {.token = account.session,
                                  .refresh_token = {},
                                  .good_until = std::chrono::steady_clock::time_point::max()}});
  }
}

std::string BenchSupply::customer(std::uint64_t n) const {
  return Json{{"user_id", user(n).id}}.dump();
}

const BenchSupply::User& BenchSupply::user(std::uint64_t n) const {
  return users_[n * kSupplyStep % users_.size()];
}

Result<Done> BenchSupply::load(const ShowProgress& progress) {
  if (auto done = log_in_admin(); !done.ok()) return done;
  if (auto done = make_campaigns(); !done.ok()) return done;
  for (std::int64_t i = 0; !data_ && i < size_.users; ++i) {
    if (auto done = make_user(i); !done.ok()) return done;
    progress("Making accounts", i + 1, size_.users);
  }
  return make_good_tokens();
}

Result<Done> BenchSupply::log_in_admin() {
  auto session = api_.log_in(admin_.email, admin_.password);
  if (!session.ok()) {
    const bool wrong = session.error().reason == Reason::kInvalidCredentials;
    return wrong ? not_let_in(place().url + " does not let " + admin_.email + " in.")
                 : session.error();
  }
  admin_session_ = *std::move(session);
  if (admin_session_.is_admin) return Done{};
  return not_let_in(admin_.email + " is no administrator.");
}

// A day of subscription for each card: accounts are few here, and redeem often.
Result<Done> BenchSupply::make_campaigns() {
  const Json day = {{"kind", "subscription"}, {"value", 1}};
  const std::vector<std::pair<std::string, Json>> wanted = {
      {"tokens", {{"mode", "token"}, {"token_ttl_s", 86'400}}},
      {"sold-out", {{"mode", "token"}, {"max_issued", 0}}},
      {"cards", {{"mode", "card"}, {"reward", day}}},
      {"pool", {{"mode", "pool"}}},
      {"stock", {{"mode", "claim"}, {"max_issued", kStock}}}};
  for (auto [campaign, body] : wanted) {
    body["slug"] = body["name"] = slug(campaign);
    const auto made = api_.call("POST /api/v1/campaigns", admin_session_.token, body);
    if (!made.ok()) return made.error();
    campaigns_.push_back(slug(campaign));
    if (campaign == "stock") stock_id_ = made->at("id").get<std::int64_t>();
  }
  return Done{};
}

Result<Done> BenchSupply::make_user(std::int64_t number) {
  const std::string email = slug(std::to_string(number)) + "@example.com";
  const auto made = api_.call("POST /api/v1/users", admin_session_.token,
                              {{"email", email}, {"password", password_}, {"name", name_}});
  if (!made.ok()) return made.error();
  users_.push_back({.id = made->at("user_id").get<std::string>(), .email = email, .session = {}});
  auto session = api_.log_in(email, password_);
  if (!session.ok()) return session.error();
  users_.back().session = *std::move(session);
  return Done{};
}

Result<Done> BenchSupply::make_good_tokens() {
  const std::string issue = "POST /api/v1/campaigns/" + slug("tokens") + "/issue";
  for (std::size_t i = 0; i < kGoodTokens; ++i) {
    const auto issued = api_.call(issue, session(i), {{"user_id", user(i).id}});
    if (!issued.ok()) return issued.error();
    good_tokens_.push_back(issued->at("token").get<std::string>());
  }
  return Done{};
}

Result<Done> BenchSupply::ready(BenchNeed need, double seconds, const ShowProgress& progress) {
  const std::chrono::duration<double> how_long(seconds + kSpareSeconds);
  if (auto kept = api_.keep(admin_session_, how_long); !kept.ok()) return kept;
  for (User& user : users_) {
    if (auto kept = api_.keep(user.session, how_long); !kept.ok()) return kept;
  }
  switch (need) {
    case BenchNeed::kNothing:
      return Done{};
    case BenchNeed::kCards:
      return fill_cards(progress);
    case BenchNeed::kPool:
      return fill_pool(progress);
    case BenchNeed::kTokens:
      return fill_tokens(progress);
  }
  return Done{};
}

// As many at a time as come with the reply: a job would keep them for an export.
Result<Done> BenchSupply::make_codes(std::string_view campaign, std::size_t count,
                                     std::vector<std::string>* codes,
                                     const ShowProgress& progress) {
  constexpr std::size_t kAtOnce = core::limits::kCodesPerOperationMax;
  const std::string path = "POST /api/v1/campaigns/" + slug(campaign) + "/codes";
  for (std::size_t made = 0; made < count;) {
    const std::size_t slice = std::min(kAtOnce, count - made);
    const auto reply = api_.call(path, admin_session_.token, {{"count", slice}});
    if (!reply.ok()) return reply.error();
    if (codes != nullptr) {
      for (const Json& code : reply->at("codes")) codes->push_back(code.get<std::string>());
    }
    made += slice;
    progress("Making codes", static_cast<std::int64_t>(made), static_cast<std::int64_t>(count));
  }
  return Done{};
}

Result<Done> BenchSupply::fill_cards(const ShowProgress& progress) {
  if (data_) return Done{};
  const std::size_t taken = std::min(cards_taken_.exchange(0), cards_.size());
  cards_.erase(cards_.begin(), cards_.begin() + static_cast<std::ptrdiff_t>(taken));
  return make_codes("cards", static_cast<std::size_t>(size_.codes) - cards_.size(), &cards_,
                    progress);
}

Result<Done> BenchSupply::fill_pool(const ShowProgress& progress) {
  const std::size_t wanted = std::min(kReadyMax, static_cast<std::size_t>(size_.codes));
  pool_ -= std::min(draws_taken_.exchange(0), pool_);
  auto made = make_codes("pool", wanted - pool_, nullptr, progress);
  if (made.ok()) pool_ = wanted;
  return made;
}

// By the load generator: tokens are made one a request.
Result<Done> BenchSupply::fill_tokens(const ShowProgress& progress) {
  const std::size_t wanted = std::min(kReadyMax, static_cast<std::size_t>(size_.codes));
  const std::size_t taken = std::min(tokens_taken_.exchange(0), tokens_.size());
  tokens_.erase(tokens_.begin(), tokens_.begin() + static_cast<std::ptrdiff_t>(taken));
  progress("Making tokens", 0, 1);
  load::Workload workload = find_bench_kind("issue")->workload(*this);
  core::Mutex mutex;
  workload.accept = [&](int status, std::string_view body) {
    constexpr std::string_view kMark = R"("token":")";
    const std::size_t at = body.find(kMark);
    if (status != 201 || at == std::string_view::npos) return false;
    const std::size_t start = at + kMark.size();
    const core::MutexLock lock(mutex);
    tokens_.emplace_back(body.substr(start, body.find('"', start) - start));
    return true;
  };
  const auto made = load::run({.address = place().address,
                               .port = place().port,
                               .seconds = kSpareSeconds,
                               .requests_max = wanted - tokens_.size()},
                              workload);
  if (!made.ok()) return made.error();
  if (made->wrong == 0) return Done{};
  return core::Error{.reason = Reason::kInternal,
                     .message = "Tokens could not be made: " + made->first_wrong};
}

std::string BenchSupply::take_card() {
  const std::size_t place = cards_taken_.fetch_add(1);
  if (data_) return data_->card(place);
  return place < cards_.size() ? cards_[place] : std::string();
}

std::string BenchSupply::take_token() {
  const std::size_t place = tokens_taken_.fetch_add(1);
  return place < tokens_.size() ? tokens_[place] : std::string();
}

BenchLeft BenchSupply::tidy() {
  BenchLeft left{.url = place().url, .name = name_};
  left.campaigns = static_cast<std::int64_t>(campaigns_.size());
  left.users = data_ ? 0 : static_cast<std::int64_t>(users_.size());
  const auto note = [&](const auto& done) {
    if (!done.ok() && left.untidy.empty()) left.untidy = done.error().message;
  };
  if (!campaigns_.empty()) note(api_.keep(admin_session_, std::chrono::duration<double>(60)));
  for (const std::string& campaign : campaigns_) {
    note(api_.call("DELETE /api/v1/campaigns/" + campaign, admin_session_.token, Json()));
  }
  for (const User& user : users_) {
    if (!user.is_ours) continue;
    note(api_.call("PATCH /api/v1/users/" + user.id, admin_session_.token, {{"active", false}}));
  }
  if (!admin_session_.refresh_token.empty()) {
    note(api_.call("POST /api/v1/auth/logout", {},
                   {{"refresh_token", std::exchange(admin_session_, {}).refresh_token}}));
  }
  campaigns_.clear();
  users_.clear();
  return left;
}

}  // namespace coupon::cli
