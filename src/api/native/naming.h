// Finding what a request names: users, campaigns and coupons. What a name means is decided in
// service/naming.h. Used by all endpoint files, on the worker that runs the request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/result.h"
#include "coupond/domain/coupon.h"
#include "coupond/domain/user.h"
#include "coupond/http/shape.h"
#include "coupond/service/accounts.h"
#include "coupond/service/coupons.h"
#include "src/api/gate/call.h"

namespace coupon::api {

// The keyed hash of a code as typed: of the code itself where there is one, else of one that it is
// taken for (I and L for 1, O for 0). A text that cannot be a code is an unknown one.
core::Result<domain::CodeHash> code_hash(Call& call, std::string_view code);

// The longest name of a campaign: "slug:" and a slug. Of an account: "user:" and an address.
inline constexpr std::int64_t kCampaignNameMax = 5 + 64;
inline constexpr std::int64_t kAccountNameMax = 5 + 254;

core::Result<domain::Campaign> campaign_named(Call& call, std::string_view name);
// By number or UUID: what programs keep.
core::Result<domain::User> user_named(Call& call, std::string_view id_or_uuid);
// By whatever a person calls it.
core::Result<domain::User> account_named(Call& call, std::string_view name);

// The fields in which a request names a customer: at most one of them.
struct CustomerFields {
  std::optional<std::string> user_id, email, external_id;
  bool none() const { return !user_id && !email && !external_id; }
  static http::Object<CustomerFields> shape();
};
// The one named, who must be there: for questions. kUnknownUser.
core::Result<domain::User> customer_named(Call& call, const CustomerFields& fields);

// Whom a request is about. Somebody unknown, whom staff or a program names by address or
// external_id, becomes a customer without a password together with what is done for them.
struct Subject {
  core::UserId id = {};
  std::string uuid;
  std::optional<service::NewUser> fresh = {};
};
// The one named or, when none is, the customer who asks. kInvalidRequest when staff or a key names
// none: they are never the customer by default.
core::Result<Subject> subject(Call& call, const CustomerFields& fields);
// The same without making anybody: for what only somebody known can have. kUnknownUser.
core::Result<Subject> known_subject(Call& call, const CustomerFields& fields);
// The subject's account, made now if it must be. Within the request's write operation.
core::Result<Subject> account_of(store::Tx& tx, Call& call, const Subject& subject);

// A value, or the refusal as this caller may hear it: somebody else's coupon is an unknown one,
// unless the caller may see everybody's. For use within the write operation, so that what is stored
// for a repeated request is what the first one heard.
core::Error as_told(Call& call, core::Error error);
template <class T>
core::Result<T> told(Call& call, core::Result<T> result) {
  if (result.ok()) return result;
  return as_told(call, std::move(result.error()));
}

// The code of a coupon, as displayed.
std::string shown_code(const service::Engine& engine, const domain::Coupon& coupon);

// 192 random bits as text: for hold tokens.
std::string random_token(const service::Engine& engine);

}  // namespace coupon::api
