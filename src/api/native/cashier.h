// Who is at a till: where there are cashiers, its requests name one by the pass that a PIN gave.
#pragma once

#include <optional>
#include <string>

#include "coupond/http/shape.h"
#include "coupond/service/tills.h"
#include "src/api/gate/call.h"

namespace coupon::api {

template <class T>
http::Field<T> cashier_field(std::optional<std::string> T::*member) {
  return http::text("cashier", member,
                    "Of a till, where there are cashiers: the pass that "
                    "POST /api/v1/tills/cashier gave.",
                    {.min = 1, .max = 256});
}

// Lets the services know who is at the till. A pass that is not good says nobody.
void identify(Call& call, const std::optional<std::string>& pass);

// The metadata of a till's redemption: they name till and cashier, whatever the till said itself.
std::optional<std::string> named_by_till(store::Tx& tx, const Call& call,
                                         const std::optional<std::string>& metadata);

}  // namespace coupon::api
