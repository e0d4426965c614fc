#include "tests/support/local_server.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "coupond/core/random.h"
#include "tests/support/raw_client.h"

namespace coupon::test {

LocalServer::LocalServer(http::Server::Handler handler, http::ServerOptions options)
    : server_(std::move(options), std::move(handler), core::system_clock_now, core::system_random,
              {.on_request =
                   [this](const http::Request& request, int status, std::int64_t) {
                     note("request " + request.method + " " + request.target_path + " " +
                          std::to_string(status));
                   },
               .on_refusal =
                   [this](std::string_view, int status, std::string_view code) {
                     note("refusal " + std::to_string(status) + " " + std::string(code));
                   },
               .on_fault = [this](std::string_view,
                                  std::string_view what) { note("fault " + std::string(what)); }}) {
  const auto bound = server_.bind();
  if (!bound) throw std::runtime_error(bound.error().message);
  thread_ = std::thread([this] { server_.serve(); });
}

void LocalServer::stop() {
  server_.stop();
  if (thread_.joinable()) thread_.join();
}

void LocalServer::note(std::string event) {
  const std::lock_guard lock(mutex_);
  events_.push_back(std::move(event));
}

std::vector<std::string> LocalServer::events() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

std::size_t LocalServer::count(const std::string& event) const {
  const auto all = events();
  return static_cast<std::size_t>(std::ranges::count(all, event));
}

bool eventually(const std::function<bool()>& condition) {
  for (int waited_ms = 0; waited_ms < kPatienceMs; waited_ms += 5) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return condition();
}

}  // namespace coupon::test
