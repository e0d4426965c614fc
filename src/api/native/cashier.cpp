#include "src/api/native/cashier.h"

#include <nlohmann/json.hpp>

#include "coupond/http/json.h"

namespace coupon::api {

void identify(Call& call, const std::optional<std::string>& pass) {
  if (!pass || !call.caller.is_till()) return;
  call.caller.cashier = service::cashier_in(call.engine, call.caller, *pass);
}

std::optional<std::string> named_by_till(store::Tx& tx, const Call& call,
                                         const std::optional<std::string>& metadata) {
  if (!call.caller.cashier || !call.caller.key_id) return metadata;
  const auto cashier = store::find_cashier(tx.db(), *call.caller.cashier);
  const auto key = store::find_api_key(tx.db(), *call.caller.key_id);
  auto json = http::parse_json(metadata.value_or("{}"));
  if (!cashier || !key || !json.ok()) return metadata;
  (*json)["till"] = key->name;
  (*json)["cashier"] = cashier->name;
  return json->dump();
}

}  // namespace coupon::api
