// Two coupond that are a cluster, on an etcd that is there already, and a client that turns from
// the one to the other. Each object belongs to one thread. Failures throw std::runtime_error.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/black_box.h"
#include "tests/support/http_client.h"
#include "tests/support/server_process.h"

namespace coupon::test {

using Ports = std::vector<int>;

// A client of the one server, or of a cluster's two: then it leaves one that does not lead, or is
// gone, for the other, until it was answered.
class Heads {
 public:
  explicit Heads(const Ports& ports);
  HttpResponse send(std::string_view method, std::string_view path, const Headers& headers,
                    std::string_view body = {});

 private:
  std::deque<HttpClient> clients_;
  std::size_t turn_ = 0;
};

class TwoHeads {
 public:
  // The box's server begins to lead; the other is seeded from it. `etcd`: the member of each.
  TwoHeads(BlackBox& box, const std::vector<std::string>& etcd);
  ~TwoHeads() { wake(); }
  TwoHeads(const TwoHeads&) = delete;
  TwoHeads& operator=(const TwoHeads&) = delete;

  Ports ports() const { return ports_; }
  // Kills the box's server, or lets it sleep for two leases, in which the other takes over.
  void strike(bool sleeps);
  // Kills both, and gives the data directory of the one that led.
  std::string stop();

 private:
  bool leads(std::size_t head) const;
  void until_leads(std::size_t head) const;
  void wake();

  BlackBox& box_;
  TempDir directory_;
  std::unique_ptr<ServerProcess> second_;
  Ports ports_;
  bool sleeps_ = false;
};

}  // namespace coupon::test
