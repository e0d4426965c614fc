// The native API of a running server on this machine, as an administrator uses it to set up a
// benchmark. One request at a time, each on a connection of its own. One thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "coupond/core/result.h"
#include "coupond/http/json.h"

namespace coupon::cli {

struct BenchPlace {
  std::string url;  // "http://127.0.0.1:8080"
  std::string address;
  int port = 0;
};

// Where a URL of the form http://HOST:PORT leads. kInvalidRequest with a sentence for anything but
// a loopback address: what measures by overload must never reach somebody else's server.
core::Result<BenchPlace> find_place(std::string url);

class BenchApi {
 public:
  struct Session {
    std::string token;
    std::string refresh_token;
    std::chrono::steady_clock::time_point good_until;
    bool is_admin = false;
  };

  explicit BenchApi(BenchPlace place) : place_(std::move(place)) {}
  const BenchPlace& place() const { return place_; }

  // The reply's JSON; null when it has none. `body` may be null. Refused with a sentence when
  // nothing answers, and when the answer is a refusal: kInvalidCredentials for a status of 401.
  core::Result<http::Json> call(std::string_view method_and_path, const std::string& token,
                                const http::Json& body) const;

  core::Result<Session> log_in(const std::string& email, const std::string& password) const;
  // Renews the session unless it is good for so long anyway.
  core::Result<core::Done> keep(Session& session, std::chrono::duration<double> how_long) const;

 private:
  core::Result<Session> session_of(const core::Result<http::Json>& reply) const;

  const BenchPlace place_;
};

}  // namespace coupon::cli
