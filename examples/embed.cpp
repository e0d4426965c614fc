// The engine without HTTP: open a data directory, make a campaign, issue a coupon, redeem it, and
// try to redeem it again. Link against coupond's service library (see CMakeLists.txt).
//
//   embed DIRECTORY

#include <cstdio>
#include <string>

#include "coupond/core/ids.h"
#include "coupond/service/accounts.h"
#include "coupond/service/campaigns.h"
#include "coupond/service/coupons.h"
#include "coupond/service/engine.h"

namespace {

using namespace coupon;

// Stops with a sentence when something was refused.
template <class T>
T need(core::Result<T> result, const char* what) {
  if (result.ok()) return *std::move(result);
  const core::Error& error = result.error();
  const std::string_view sentence =
      error.message.empty() ? core::sentence(error.reason) : std::string_view(error.message);
  std::fprintf(stderr, "%s: %.*s\n", what, static_cast<int>(sentence.size()), sentence.data());
  std::exit(1);
}

domain::User somebody(service::Engine& engine) {
  const std::string hash = need(service::hash_new_password(engine, "a long passphrase 1"), "hash");
  const std::string email = core::uuid4(engine.random()) + "@example.com";
  const auto made = engine.writer().run<service::UserChange>("user.create", [&](store::Tx& tx) {
    return service::create_user(tx, engine, service::Caller::cli(),
                                {.email = email, .password_hash = hash});
  });
  return need(made, "user").user;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: embed DIRECTORY\n"), 2;
  const auto engine = need(service::Engine::open({.data_dir = argv[1]}), "open");
  const domain::User user = somebody(*engine);

  // A campaign of three coupons, minted for whoever asks first.
  domain::Campaign giveaway{.uuid = core::uuid4(engine->random()),
                            .mode = domain::Mode::kClaim,
                            .name = "Giveaway " + user.uuid};
  giveaway.policy.max_issued = 3;
  const auto made = need(
      engine->writer().run<service::CampaignWritten>("campaign.create",
                                                     [&](store::Tx& tx) {
                                                       return service::create_campaign(
                                                           tx, service::Caller::cli(), giveaway);
                                                     }),
      "campaign");

  // Codes are made here, on our thread; only the storing happens on the writer's.
  const service::Mint mint{engine->vault(), engine->random()};
  const auto caller = service::Caller::user(user.id, user.role);
  const auto request = need(service::prepare_issue(mint, made.campaign, user.id), "prepare");
  const auto issued = need(
      engine->writer().run<service::Issued>(
          "coupon.issue", [&](store::Tx& tx) { return service::issue(tx, caller, mint, request); }),
      "issue");
  std::printf("issued %s, %lld left\n", issued.code.c_str(),
              static_cast<long long>(issued.remaining.value_or(-1)));

  const auto redeem = [&] {
    return engine->writer().run<service::Redeemed>("coupon.redeem", [&](store::Tx& tx) {
      return service::redeem(tx, caller, {.code = issued.coupon.code_hash, .user_id = user.id});
    });
  };
  const auto done = need(redeem(), "redeem");
  std::printf("redeemed, ledger entry %lld\n", static_cast<long long>(done.redemption.id.value));

  const auto again = redeem();
  if (again.ok()) return std::fprintf(stderr, "redeemed twice!\n"), 1;
  std::printf("again: %s\n", std::string(core::name(again.error().reason)).c_str());
  return 0;
}
