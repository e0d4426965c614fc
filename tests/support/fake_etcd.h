// FakeEtcd: as much of etcd's JSON gateway as a cluster uses, in this process, where answers can be
// lost and room can end at the very moment a test wants it. Real members are in tests/cluster. Any
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "coupond/http/server.h"

namespace coupon::test {

class FakeEtcd {
 public:
  // What becomes of a transaction.
  enum class Fate {
    kAnswered,
    kDoneUnanswered,  // it is carried out, and nobody is told
    kLost,            // it is not, and nobody is told
    kDoneFull,        // the first one beyond the quota: carried out and refused
    kFull,            // the later ones
  };

  FakeEtcd();
  ~FakeEtcd();

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }
  // Decides on each transaction that writes.
  void on_write(std::function<Fate()> fate);
  // The value of a key that ends so; "" when there is none.
  std::string value_of(const std::string& ending) const;
  std::int64_t count(const std::string& part) const;
  void put(const std::string& ending, const std::string& value);
  void erase(const std::string& part);
  // As if it had not been renewed: its keys go.
  void end_leases();

 private:
  struct Value {
    std::string value;
    std::int64_t changed = 0;
    std::int64_t lease = 0;
  };
  using Json = nlohmann::json;

  http::Reply answer(const http::Request& request);
  http::Reply transact(const Json& request);
  bool holds(const Json& condition) const;
  Json carry_out(const Json& steps);
  Json range(const Json& step) const;

  mutable std::mutex mutex_;  // guards all below but the server
  std::map<std::string, Value> keys_;
  std::map<std::int64_t, bool> leases_;  // whether it goes on
  std::int64_t revision_ = 1;
  std::function<Fate()> fate_;
  std::unique_ptr<http::Server> server_;
  std::thread thread_;
};

}  // namespace coupon::test
