// Is this engine fit to work? What /readyz, `coupond health` and a load balancer want to know. Any
// thread; reads no table.
#pragma once

#include <string>
#include <vector>

#include "coupond/service/engine.h"

namespace coupon::service {

struct Check {
  std::string name;
  bool ok = true;
  std::string detail;  // how it stands, in a few words
};

// All checks, good ones too: writer, queue, disk, durability, clock, schema, ledger.
std::vector<Check> readiness(const Engine& engine);
bool all_ok(const std::vector<Check>& checks);

}  // namespace coupon::service
