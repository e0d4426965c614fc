// Every endpoint over a LiveEngine, without sockets: requests go where the server would hand them.
// Each reply is held to its declaration at once. send() may be called from any thread, but checks
// only on the thread that made the fixture; use handle() in others.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coupond/http/request.h"
#include "src/api/http_api.h"
#include "tests/support/live_engine.h"

namespace coupon::test {

struct ApiReply {
  int status = 0;
  http::Reply raw;
  nlohmann::json body;  // null where there is none, or it is not JSON

  // The first header of that name in any case; empty when there is none.
  std::string header(std::string_view name) const;
  // A field of the body that is a text.
  std::string text(const char* name) const { return body.at(name).get<std::string>(); }
  // The sentence of an error.
  std::string sentence() const { return body.value("message", std::string()); }
  std::string code() const { return body.value("code", std::string()); }
};

class ApiFixture {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  // `rate_limits` on only for tests about them: the others send more than people do.
  explicit ApiFixture(bool rate_limits = false);

  // Sends a request and checks that the reply is one its endpoint declares. `target` may have a
  // query. A body is sent as JSON unless the headers say otherwise. The header Client-Address says
  // where the request comes from; without it, 127.0.0.1.
  ApiReply send(std::string_view method, std::string_view target, std::string_view token = {},
                std::string_view body = {}, Headers headers = {});
  ApiReply get(std::string_view target, std::string_view token = {}) {
    return send("GET", target, token);
  }
  ApiReply post(std::string_view target, std::string_view token = {}, std::string_view body = {},
                Headers headers = {}) {
    return send("POST", target, token, body, std::move(headers));
  }
  // The same without a check: for threads.
  ApiReply handle(std::string_view method, std::string_view target, std::string_view token = {},
                  std::string_view body = {}, Headers headers = {});

  // An account and its session.
  struct Person {
    core::UserId id;
    std::string uuid;
    std::string email;
    std::string token;
  };
  Person make_person(const std::string& name, domain::Role role = domain::Role::kUser);
  const Person& admin() const { return admin_; }

  LiveEngine& engine() { return engine_; }
  FakeClock& clock() { return engine_.clock(); }
  const http::Api& api() const { return surface_->api(); }

  // The ledger, counters and states agree.
  bool is_sound();

 private:
  store::Verifier engine_verifier();

  LiveEngine engine_;
  std::unique_ptr<service::JobRunner> jobs_;
  std::unique_ptr<api::HttpApi> surface_;
  Person admin_;
};

}  // namespace coupon::test
