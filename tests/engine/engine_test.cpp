#include "coupond/service/engine.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "coupond/core/signing.h"
#include "coupond/store/campaigns.h"
#include "tests/support/temp_dir.h"

using namespace coupon;
using service::Engine;

namespace {

struct OpenEngine {
  test::TempDir parent;
  std::string data = parent / "data";

  core::Result<std::unique_ptr<Engine>> open(bool demo = false) {
    return Engine::open({.data_dir = data, .demo = demo});
  }
  void check_refused(const std::string& part, bool demo = false) {
    const auto engine = open(demo);
    REQUIRE_FALSE(engine.ok());
    CAPTURE(engine.error().message);
    CHECK(engine.error().message.find(data) != std::string::npos);
    CHECK(engine.error().message.find(part) != std::string::npos);
  }
};

core::Result<core::Seq> append(store::Tx& tx) {
  return tx.append({.operation = store::operation::kUserUpdate, .actor = "cli"});
}

core::Result<store::LedgerHead> head(store::Connection& connection) {
  return last_entry(connection);
}

}  // namespace

TEST_CASE("what an engine acknowledged is there when the next one opens", "[engine]") {
  OpenEngine fixture;
  core::Seq written;
  std::string instance;
  {
    const auto engine = fixture.open();
    REQUIRE(engine.ok());
    const auto seq = (*engine)->writer().run<core::Seq>("test.append", append);
    REQUIRE(seq.ok());
    written = *seq;
    instance = (*engine)->facts().instance;
  }
  CHECK(std::filesystem::exists(fixture.data + "/CLEAN"));
  const auto engine = fixture.open();
  REQUIRE(engine.ok());
  CHECK((*engine)->facts().instance == instance);
  CHECK((*engine)->readers().read<store::LedgerHead>(head)->seq == written);
  CHECK_FALSE(std::filesystem::exists(fixture.data + "/CLEAN"));
}

TEST_CASE("the ledger's head is signed with the engine's own key", "[engine]") {
  OpenEngine fixture;
  const auto engine = fixture.open();
  REQUIRE(engine.ok());
  REQUIRE((*engine)->writer().run<core::Seq>("test.append", append).ok());
  static constexpr char kSignature[] = "SELECT signature FROM ledger_head";
  const auto good = (*engine)->readers().read<bool>([&](store::Connection& connection) {
    store::Query query(connection, kSignature);
    query.next();
    return core::Result<bool>(core::signature_ok((*engine)->secrets().checkpoint_key().public_key,
                                                 signed_message(last_entry(connection)),
                                                 query.block<64>(0)));
  });
  REQUIRE(good.ok());
  CHECK(*good);
}

TEST_CASE("the first start makes two campaigns, and only the first", "[engine]") {
  OpenEngine fixture;
  const auto list = [](store::Connection& connection) {
    store::CampaignFilter all;
    all.archived = true;
    return core::Result<std::vector<domain::Campaign>>(list_campaigns(connection, all));
  };
  for (int start = 1; start <= 2; ++start) {
    const auto engine = fixture.open();
    REQUIRE(engine.ok());
    const auto found = (*engine)->readers().read<std::vector<domain::Campaign>>(list);
    REQUIRE(found.ok());
    REQUIRE(found->size() == 2);
    const domain::Campaign& tokens = found->at(0);
    CHECK(tokens.slug == "tokens");
    CHECK(tokens.policy.max_issued == 77);
    CHECK(tokens.policy.max_per_user == 5);
    CHECK(tokens.policy.token_ttl_s == 86'400);
    CHECK(found->at(1).slug == "subscription-cards");
    CHECK(found->at(1).policy.reward == domain::Reward{domain::RewardKind::kSubscription, 30});
    CHECK((*engine)->writer().committed_seq().value == 2);
  }
}

TEST_CASE("after stop() nothing is written and reads still work", "[engine]") {
  OpenEngine fixture;
  const auto engine = fixture.open();
  REQUIRE(engine.ok());
  (*engine)->stop();
  const auto seq = (*engine)->writer().run<core::Seq>("test.append", append);
  REQUIRE_FALSE(seq.ok());
  CHECK(seq.error().reason == core::Reason::kShuttingDown);
  CHECK((*engine)->readers().read<store::LedgerHead>(head).ok());
}

TEST_CASE("a second engine on the directory is refused", "[engine]") {
  OpenEngine fixture;
  const auto engine = fixture.open();
  REQUIRE(engine.ok());
  fixture.check_refused("in use by process " + std::to_string(::getpid()));
}

TEST_CASE("a database whose key is missing or open to others is refused", "[engine]") {
  OpenEngine fixture;
  REQUIRE(fixture.open().ok());
  const std::string key = fixture.data + "/secret.key";
  SECTION("missing") {
    std::filesystem::remove(key);
    fixture.check_refused(key);
    CHECK_FALSE(std::filesystem::exists(key));
  }
  SECTION("readable by others") {
    ::chmod(key.c_str(), 0640);
    fixture.check_refused("chmod 600");
  }
}

TEST_CASE("a key beside which the database is missing is no first start", "[engine]") {
  OpenEngine fixture;
  REQUIRE(fixture.open().ok());
  for (const char* name : {"/coupond.db", "/coupond.db-wal", "/coupond.db-shm"}) {
    std::filesystem::remove(fixture.data + name);
  }
  const std::string key = core::Secrets::load(fixture.data + "/secret.key")->key_id();
  fixture.check_refused("is missing, but");
  fixture.check_refused("coupond restore FILE");
  CHECK_FALSE(std::filesystem::exists(fixture.data + "/coupond.db"));
  CHECK(core::Secrets::load(fixture.data + "/secret.key")->key_id() == key);
}

TEST_CASE("demo and real data never share a directory", "[engine]") {
  OpenEngine fixture;
  SECTION("a demo is a demo") {
    REQUIRE(fixture.open(true).ok());
    CHECK(fixture.open(true).ok());
    fixture.check_refused("--demo");
  }
  SECTION("real data is no demo") {
    REQUIRE(fixture.open().ok());
    fixture.check_refused("--demo", true);
  }
  SECTION("somebody's directory is no place for a demo") {
    std::filesystem::create_directory(fixture.data);
    std::ofstream(fixture.data + "/thesis.tex") << "text";
    fixture.check_refused("not empty", true);
    CHECK(fixture.open().ok());
  }
}
