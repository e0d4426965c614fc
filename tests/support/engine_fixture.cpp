#include "tests/support/engine_fixture.h"

#include <sodium.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <stdexcept>

#include "coupond/core/ids.h"
#include "coupond/core/signing.h"
#include "coupond/service/campaigns.h"
#include "coupond/store/clock_steps.h"
#include "coupond/store/database.h"
#include "coupond/store/users.h"
#include "coupond_schema.h"

namespace coupon::test {
namespace {

template <class T>
T value_of(core::Result<T> result, const char* what) {
  if (result.ok()) return std::move(result).value();
  throw std::runtime_error(std::string(what) + ": " +
                           std::string(core::name(result.error().reason)) + " " +
                           result.error().message);
}

}  // namespace

std::uint64_t SeededRandom::next() {
  const std::lock_guard lock(mutex_);
  return engine_();
}

core::Random SeededRandom::as_random() {
  return [this](std::span<unsigned char> out) {
    for (unsigned char& byte : out) byte = static_cast<unsigned char>(next());
  };
}

void make_database(const std::string& path, const char* vfs) {
  store::Connection connection(path, store::Connection::Access::kReadWrite, vfs);
  connection.exec("PRAGMA journal_mode = WAL");
  connection.exec("BEGIN IMMEDIATE");
  connection.exec("PRAGMA application_id = " + std::to_string(store::kApplicationId));
  connection.exec("PRAGMA user_version = " + std::to_string(store::kSchemaVersion));
  connection.exec(std::string(store::kSchemaSql));
  store::note_old_clock_steps(connection);
  connection.exec("COMMIT");
  connection.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}

const core::Secrets& test_secrets() {
  static const core::Secrets secrets = [] {
    if (sodium_init() < 0) throw std::runtime_error("libsodium does not start");
    return core::Secrets::from_master(core::Block<32>{7});
  }();
  return secrets;
}

store::Signer test_signer() {
  return
      [](std::string_view message) { return core::sign(test_secrets().checkpoint_key(), message); };
}

store::Verifier test_verifier() {
  return [](std::string_view message, const store::Signature& signature) {
    return core::signature_ok(test_secrets().checkpoint_key().public_key, message, signature);
  };
}

EngineFixture::EngineFixture(Options options)
    : options_(std::move(options)),
      path_(options_.path.empty() ? directory_ / "coupond.db" : options_.path),
      random_(options_.seed),
      vault_(test_secrets()) {
  if (options_.path.empty()) make_database(path_, options_.writer.vfs);
  make_shadow();
  start();
}

EngineFixture::~EngineFixture() {
  writer_.reset();
  if (!shadow_) return;
  store::Connection mine(path_, store::Connection::Access::kReadOnly);
  CHECK(shadow_->compare(mine) == "");
}

void EngineFixture::make_shadow() {
  const store::Writer::Options& writer = options_.writer;
  if (!options_.path.empty() || writer.vfs != nullptr || writer.changes != nullptr) return;
  const std::string path = directory_ / "shadow.db";
  make_database(path);
  shadow_ = std::make_unique<Shadow>(path, test_verifier());
}

void EngineFixture::start() {
  counters_ = std::make_unique<store::CounterTable>();
  const auto note = [this](std::vector<std::string>& list, const std::string& text) {
    const std::lock_guard lock(mutex_);
    list.push_back(text);
  };
  store::Writer::Observer observer{
      .batch =
          [this](const store::BatchReport& report) {
            const std::lock_guard lock(mutex_);
            batches_.push_back(report);
          },
      .fatal = [this, note](const std::string& why) { note(fatals_, why); },
      .notice = [this, note](const std::string& what) { note(notices_, what); }};
  store::Writer::Options options = options_.writer;
  if (shadow_) options.changes = shadow_.get();
  writer_ = std::make_unique<store::Writer>(path_, test_signer(), clock_.as_clock(), *counters_,
                                            options, std::move(observer));
}

void EngineFixture::stop() { writer_->stop(); }

void EngineFixture::restart() {
  writer_.reset();
  start();
}

std::vector<std::string> EngineFixture::notices() const {
  const std::lock_guard lock(mutex_);
  return notices_;
}

std::vector<std::string> EngineFixture::fatals() const {
  const std::lock_guard lock(mutex_);
  return fatals_;
}

std::vector<store::BatchReport> EngineFixture::batches() const {
  const std::lock_guard lock(mutex_);
  return batches_;
}

core::UserId EngineFixture::make_user(std::int64_t credit) {
  domain::User user{.uuid = core::uuid4(random_.as_random()), .credit = {credit}};
  user.email = user.uuid + "@example.com";
  user.password_hash = "none";
  user.created_at = clock_.now();
  const auto made = run<core::UserId>([&](store::Tx& tx) -> core::Result<core::UserId> {
    const core::UserId id = store::insert_user(tx, user);
    const core::Digest digest = store::user_digest(user);
    tx.append({.operation = store::operation::kUserCreate,
               .actor = "system",
               .user_id = id,
               .credit = user.credit,
               .digest = digest});
    return id;
  });
  return value_of(made, "make_user");
}

core::CampaignId EngineFixture::make_campaign(domain::Mode mode, const domain::Policy& policy) {
  domain::Campaign campaign{.uuid = core::uuid4(random_.as_random()), .mode = mode};
  campaign.name = std::string(domain::name(mode)) + " " + campaign.uuid;
  campaign.policy = policy;
  const auto made = run<core::CampaignId>([&](store::Tx& tx) -> core::Result<core::CampaignId> {
    const auto written = service::create_campaign(tx, service::Caller::system(), campaign);
    if (!written) return written.error();
    return written->campaign.id;
  });
  return value_of(made, "make_campaign");
}

service::FreshCode EngineFixture::fresh_code() {
  return value_of(service::seal_code(vault_, core::make_card_code(random_.as_random())),
                  "fresh_code");
}

std::vector<service::FreshCode> EngineFixture::make_codes(core::CampaignId campaign,
                                                          std::int64_t count) {
  std::vector<service::FreshCode> codes;
  for (std::int64_t i = 0; i < count; ++i) codes.push_back(fresh_code());
  const auto made = run<service::Generated>([&](store::Tx& tx) {
    return service::store_codes(tx, service::Caller::system(), campaign, codes);
  });
  value_of(made, "make_codes");
  return codes;
}

store::Connection EngineFixture::open(store::Connection::Access access) {
  if (shadow_ && access == store::Connection::Access::kReadWrite) shadow_->lose();
  return store::Connection(path_, access, options_.writer.vfs);
}

void EngineFixture::shell(const std::string& sql) {
  if (shadow_) shadow_->lose();
  store::Connection connection(path_, store::Connection::Access::kReadWrite, options_.writer.vfs);
  connection.exec(sql);
}

std::int64_t EngineFixture::number(const std::string& sql) {
  store::Connection connection(path_, store::Connection::Access::kReadOnly, options_.writer.vfs);
  store::Query query(connection, sql.c_str());
  if (!query.next()) throw std::runtime_error("no row: " + sql);
  return query.integer(0);
}

store::AuditReport EngineFixture::verify() {
  store::Connection connection(path_, store::Connection::Access::kReadOnly, options_.writer.vfs);
  return store::verify(connection, {.verifier = test_verifier(), .vault = &vault_});
}

core::Result<core::Done> give_credit(store::Tx& tx, core::UserId user, std::int64_t credit) {
  CHECK(store::add_credit(tx, user, {credit}));
  tx.append({.operation = store::operation::kUserCredit,
             .actor = "system",
             .user_id = user,
             .credit = {credit}});
  return core::Done{};
}

}  // namespace coupon::test
