// What follows from an endpoint's declaration, for the document and for checking replies. Pure
// functions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "coupond/http/endpoint.h"

namespace coupon::http {

struct DeclaredRefusal {
  std::string code;  // On the wire, as in "campaign_cap_reached".
  std::string sentence;
  bool own = false;  // It has a row; otherwise it follows from the rest of the declaration.
};

// By status.
std::map<int, std::vector<DeclaredRefusal>> declared_refusals(const Endpoint& endpoint);

// The body of problem.h.
const Shape& problem_shape();
// The shape of the error bodies of this endpoint.
const Shape& error_shape_of(const Endpoint& endpoint);
std::string_view error_type_of(const Endpoint& endpoint);

// Where the endpoint's fields that are not in its path come from.
bool reads_body(const Endpoint& endpoint);
bool reads_query(const Endpoint& endpoint);

}  // namespace coupon::http
