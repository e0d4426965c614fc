// Holds replies to their declarations, so that the document cannot drift from what is answered.
// For tests. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "coupond/http/endpoint.h"

namespace coupon::http {

// Everything about a reply that the endpoint does not declare, one sentence each; empty when it
// conforms: the status, the content type, each field of the body (none missing, none extra), and
// the `code` of a refusal.
std::vector<std::string> mismatches(const Endpoint& endpoint, int status,
                                    std::string_view content_type, std::string_view body);

}  // namespace coupon::http
