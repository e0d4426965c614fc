// Records a history of clients of the built binary, over HTTP, which is killed with kill -9 in the
// middle and started again; what a client had no answer to it then asks once more under the same
// Idempotency-Key. With etcd two of them are a cluster, and its leader is killed or sleeps: then
// the clients turn to the other. One thread calls; the clients have their own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/simulation/recorded_history.h"

namespace coupon::test {

struct HttpHistoryPlan {
  std::uint64_t seed = 1;
  int clients = 4;
  int requests = 12;               // of each
  std::int64_t kill_after_ms = 0;  // 0: the server is let live
  std::vector<std::string> etcd = {};  // addresses of two of its members; none: no cluster
  bool sleeps = false;                 // the leader, for two leases, instead of being killed
};

// What the audit finds wrong with the file comes back in `audit`; empty when nothing is.
RecordedHistory record_http_history(const HttpHistoryPlan& plan, std::string& audit);

}  // namespace coupon::test
