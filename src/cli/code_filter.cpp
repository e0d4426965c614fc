#include "src/cli/code_filter.h"

#include "coupond/core/time_text.h"

namespace coupon::cli {

void add_code_filter(const Command& command, CodeFilterInput& input) {
  command.add_option("--state", input.state, "Only available, assigned, redeemed or void ones");
  command.add_option("--job", input.job, "Only those that this job made");
  command.add_option("--from", input.first, "From this number on");
  command.add_option("--to", input.last, "Up to this number");
  command.add_option("--expires-before", input.expires_before,
                     "Only those that end before this date or time");
  command.add_option("--last4", input.last4, "Only those with these last four symbols");
}

core::Result<Json> time_in(const char* flag, const std::string& text) {
  const auto at = core::parse_local_time(text, core::DateMeans::kLastMoment);
  if (at.ok()) return Json(text);
  return core::Error{.reason = core::Reason::kInvalidRequest,
                     .message = std::string(flag) +
                                " takes a date or a time as 2027-12-31T18:00:00+01:00, not \"" +
                                text + "\"."};
}

core::Result<Json> filter_fields(const CodeFilterInput& input) {
  Json fields = Json::object();
  if (!input.expires_before.empty()) {
    auto before = time_in("--expires-before", input.expires_before);
    if (!before.ok()) return before.error();
    fields["expires_before"] = *std::move(before);
  }
  if (!input.state.empty()) fields["state"] = input.state;
  if (!input.last4.empty()) fields["last4"] = input.last4;
  if (input.job > 0) fields["job"] = input.job;
  if (input.first > 0) fields["first_number"] = input.first;
  if (input.last > 0) fields["last_number"] = input.last;
  return fields;
}

std::string query_of(const Json& fields) {
  std::string query;
  for (const auto& [name, value] : fields.items()) {
    query.append(query.empty() ? "?" : "&").append(name).append("=");
    query += http::percent_encode(value.is_string() ? value.get<std::string>() : value.dump());
  }
  return query;
}

}  // namespace coupon::cli
