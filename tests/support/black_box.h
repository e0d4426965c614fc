// A data directory with users, campaigns and codes, and the built binary that serves it. Filled
// through the engine, which is quick; everything after start() goes through the binary. One thread,
// but for the clients of the server. Failures throw std::runtime_error.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "coupond/service/engine.h"
#include "tests/support/http_client.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/text.h"

namespace coupon::test {

struct Person {
  std::int64_t id = 0;
  std::string uuid = {};
  std::string token = {};  // a session
  std::string refresh_token = {};
  std::string email = {};  // its password is kPassword
};
// Everybody's.
inline constexpr char kPassword[] = "correct horse 1";

// A reply's status and body; null where there is none.
struct Answer {
  int status = 0;
  nlohmann::json body;

  std::string sentence() const { return body.value("message", std::string()); }
};

// Sends as `person` on the client's connection.
Answer ask(HttpClient& client, const Person& person, std::string_view method, std::string_view path,
           const std::string& json = {});

// What the audit finds wrong with the directory, whose server may be running; empty when all
// agrees.
std::string divergence_of(const std::string& data_dir);

class BlackBox {
 public:
  BlackBox() : BlackBox(std::string()) {}
  // On a directory of the caller's, which outlives this; empty: one of its own.
  explicit BlackBox(const std::string& data_dir);

  // Before start().
  Person add_person(domain::Role role = domain::Role::kUser, std::int64_t credit = 0);
  core::CampaignId add_campaign(const std::string& slug, domain::Mode mode,
                                const domain::Policy& policy);
  core::CampaignId find_campaign(const std::string& slug);
  std::vector<std::string> add_codes(core::CampaignId campaign, std::int64_t count);
  void add_code(core::CampaignId campaign, const std::string& code);

  // Closes the engine and serves, without rate limits unless the flags speak of them. May be called
  // again after a stop.
  ServerProcess& start(std::vector<std::string> flags = {}, std::vector<std::string> wrapper = {});
  // The same, but does not wait until it is ready.
  ServerProcess& launch(std::vector<std::string> flags = {}, std::vector<std::string> wrapper = {});
  ServerProcess& server() { return *server_; }
  const std::string& data_dir() const { return data_dir_; }

  std::string divergence() const { return divergence_of(data_dir_); }

 private:
  TempDir directory_;
  const std::string data_dir_;
  std::unique_ptr<service::Engine> engine_;
  std::unique_ptr<ServerProcess> server_;
  int people_ = 0;
};

std::vector<Person> add_people(BlackBox& box, int count, std::int64_t credit = 0);

// Calls `body(i, client)` for every i below `count` at once, each on a thread and a connection of
// its own that exists already; returns the answers in order. A client that loses its connection
// answers with status 0.
std::vector<Answer> race(int port, int count, const std::function<Answer(int, HttpClient&)>& body);

// How many of the answers have the status.
std::int64_t count_status(const std::vector<Answer>& answers, int status);

// A seed for a test that draws lots: COUPOND_SEED, or a new one. Print it.
std::uint64_t test_seed();

}  // namespace coupon::test
