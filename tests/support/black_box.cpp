#include "tests/support/black_box.h"

#include <algorithm>
#include <barrier>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <thread>

#include "coupond/core/ids.h"
#include "coupond/core/signing.h"
#include "coupond/service/accounts.h"
#include "coupond/service/campaigns.h"
#include "coupond/service/codes.h"
#include "coupond/service/sessions.h"
#include "coupond/store/audit.h"
#include "tests/support/live_engine.h"

namespace coupon::test {
namespace {

using service::Caller;
using service::Engine;

template <class T>
T good(core::Result<T> result) {
  if (!result.ok()) throw std::runtime_error("refused: " + result.error().message);
  return *std::move(result);
}

// One hash does for all: a cheap one, which the first login replaces.
const std::string& some_hash(Engine& engine) {
  static const std::string hash = good(service::hash_new_password(engine, kPassword));
  return hash;
}

}  // namespace

Answer ask(HttpClient& client, const Person& person, std::string_view method, std::string_view path,
           const std::string& json) {
  Headers headers;
  if (!person.token.empty()) headers.emplace_back("Authorization", "Bearer " + person.token);
  if (!json.empty()) headers.emplace_back("Content-Type", "application/json");
  const HttpResponse response = client.send(method, path, headers, json);
  nlohmann::json body = nlohmann::json::parse(response.body, nullptr, false);
  if (body.is_discarded()) body = nullptr;
  return {.status = response.status, .body = std::move(body)};
}

BlackBox::BlackBox(const std::string& data_dir)
    : data_dir_(data_dir.empty() ? directory_ / "data" : data_dir) {
  engine_ = good(Engine::open({.data_dir = data_dir_, .passwords = cheap_passwords()}));
}

Person BlackBox::add_person(domain::Role role, std::int64_t credit) {
  const std::string email = "p" + std::to_string(++people_) + "@example.com";
  const auto session = engine_->writer().run<service::Session>(
      "test.person", [&](store::Tx& tx) -> core::Result<service::Session> {
        const auto made = service::create_user(tx, *engine_, Caller::cli(),
                                               {.email = email,
                                                .password_hash = some_hash(*engine_),
                                                .role = role,
                                                .credit = {credit}});
        if (!made.ok()) return made.error();
        return service::start_session(tx, *engine_, made->user);
      });
  const service::Session opened = good(session);
  return {.id = opened.user.id.value,
          .uuid = opened.user.uuid,
          .token = opened.access_token,
          .refresh_token = opened.refresh_token,
          .email = email};
}

core::CampaignId BlackBox::add_campaign(const std::string& slug, domain::Mode mode,
                                        const domain::Policy& policy) {
  const domain::Campaign campaign{.uuid = core::uuid4(engine_->random()),
                                  .slug = slug,
                                  .mode = mode,
                                  .name = slug,
                                  .policy = policy};
  return good(engine_->writer().run<service::CampaignWritten>("test.campaign",
                                                              [&](store::Tx& tx) {
                                                                return service::create_campaign(
                                                                    tx, Caller::cli(), campaign);
                                                              }))
      .campaign.id;
}

core::CampaignId BlackBox::find_campaign(const std::string& slug) {
  return good(engine_->readers().read<domain::Campaign>(
                  [&](store::Connection& db) { return service::find_campaign(db, slug); }))
      .id;
}

std::vector<std::string> BlackBox::add_codes(core::CampaignId campaign, std::int64_t count) {
  std::vector<service::FreshCode> fresh;
  std::vector<std::string> shown;
  const domain::Campaign after =
      good(engine_->readers().read<domain::Campaign>([&](store::Connection& db) {
        return service::find_campaign(db, std::to_string(campaign.value));
      }));
  for (std::int64_t i = 0; i < count; ++i) {
    fresh.push_back(good(service::make_code(engine_->vault(), engine_->random(), after)));
    shown.push_back(fresh.back().display);
  }
  good(engine_->writer().run<service::Generated>("test.codes", [&](store::Tx& tx) {
    return service::store_codes(tx, Caller::cli(), campaign, fresh);
  }));
  return shown;
}

void BlackBox::add_code(core::CampaignId campaign, const std::string& code) {
  const std::vector<service::FreshCode> fresh = {good(service::seal_code(engine_->vault(), code))};
  good(engine_->writer().run<service::Generated>("test.code", [&](store::Tx& tx) {
    return service::store_codes(tx, Caller::cli(), campaign, fresh);
  }));
}

ServerProcess& BlackBox::launch(std::vector<std::string> flags, std::vector<std::string> wrapper) {
  engine_.reset();
  server_.reset();
  if (std::find(flags.begin(), flags.end(), "--rate-limits") == flags.end()) {
    flags.insert(flags.end(), {"--rate-limits", "off"});
  }
  server_ = std::make_unique<ServerProcess>(ServerProcess::Options{
      .data_dir = data_dir_, .flags = std::move(flags), .wrapper = std::move(wrapper)});
  return *server_;
}

ServerProcess& BlackBox::start(std::vector<std::string> flags, std::vector<std::string> wrapper) {
  launch(std::move(flags), std::move(wrapper)).wait_until_ready();
  return *server_;
}

std::string divergence_of(const std::string& data_dir) {
  const store::DataPaths paths(data_dir);
  const auto secrets = good(core::Secrets::load(paths.key));
  const core::CodeVault vault(secrets);
  store::Connection connection(paths.database, store::Connection::Access::kReadOnly);
  const auto report = store::verify(
      connection, {.verifier =
                       [&](std::string_view message, const store::Signature& signature) {
                         return core::signature_ok(secrets.checkpoint_key().public_key, message,
                                                   signature);
                       },
                   .vault = &vault});
  return report.first_divergence.value_or("");
}

std::vector<Person> add_people(BlackBox& box, int count, std::int64_t credit) {
  std::vector<Person> people;
  for (int i = 0; i < count; ++i) people.push_back(box.add_person(domain::Role::kUser, credit));
  return people;
}

std::vector<Answer> race(int port, int count, const std::function<Answer(int, HttpClient&)>& body) {
  std::vector<Answer> answers(static_cast<std::size_t>(count));
  std::barrier start(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      HttpClient client(port);
      bool connected = true;
      try {
        connected = client.get("/healthz").status == 200;
      } catch (const std::runtime_error&) {
        connected = false;
      }
      start.arrive_and_wait();
      if (!connected) return;
      try {
        answers[static_cast<std::size_t>(i)] = body(i, client);
      } catch (const std::runtime_error&) {
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return answers;
}

std::int64_t count_status(const std::vector<Answer>& answers, int status) {
  return std::count_if(answers.begin(), answers.end(),
                       [status](const Answer& answer) { return answer.status == status; });
}

std::uint64_t test_seed() {
  const char* given = std::getenv("COUPOND_SEED");
  if (given != nullptr) return std::strtoull(given, nullptr, 10);
  return std::random_device{}();
}

}  // namespace coupon::test
