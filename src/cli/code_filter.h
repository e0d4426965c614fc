// Which codes of a campaign a command is about: the same options for change, export and print.
#pragma once

#include <string>

#include "src/cli/channel_command.h"

namespace coupon::cli {

struct CodeFilterInput {
  std::string state, expires_before, last4;
  std::int64_t job = 0, first = 0, last = 0;
};

void add_code_filter(const Command& command, CodeFilterInput& input);

// The fields of a request that say the same, for a body or (as text) for a query.
core::Result<Json> filter_fields(const CodeFilterInput& input);
// "?state=void&job=7"; empty where everything is meant.
std::string query_of(const Json& fields);

// A time as it was typed: a date alone is a day in the server's zone. kInvalidRequest, with a
// sentence that names the flag.
core::Result<Json> time_in(const char* flag, const std::string& text);

}  // namespace coupon::cli
