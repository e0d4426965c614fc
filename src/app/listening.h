// Where a server may listen, and for how many clients it has room. Used by app when it starts.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "coupond/app/app.h"
#include "coupond/core/error.h"

namespace coupon::app {

bool is_loopback(const std::string& host);
// Why it may not listen there.
std::optional<core::Error> exposed(const Settings& settings);

// So many clients as leave enough descriptors for the database, jobs and commands.
struct Connections {
  std::size_t fit = 0;
  std::size_t open_files = 0;  // the limit
};
Connections connections_that_fit(std::size_t wanted);

}  // namespace coupon::app
