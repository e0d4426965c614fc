// What the five services' endpoints have in common: names, refusals, and the operations on coupons.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coupond/core/trim.h"
#include "coupond/http/shape.h"
#include "coupond/service/coupons.h"
#include "src/api/native/naming.h"
#include "src/api/words.h"

namespace coupon::api {

// How the token, card and claim services' clients read times: no zone, microseconds.
inline constexpr core::TimeStyle kNaive = core::TimeStyle::kNaiveMicros;

// How many rows of a list that is an array: where there are more, a Link header says where.
inline constexpr http::Integer kRows{.min = 1, .max = 10'000};
inline constexpr std::int64_t kRowsUnlessSaid = 1'000;

// Without the blanks at both ends, which people paste along.
inline std::string_view trimmed(std::string_view text) { return core::trimmed(text, " \t\r\n"); }

struct AccountId {
  std::string id;
  static http::Object<AccountId> shape() {
    return {"AccountId",
            "Which account.",
            {http::text("id", &AccountId::id, "Id or UUID.", {.min = 1, .max = 36})}};
  }
};

// Several reasons that are answered alike.
inline std::vector<http::Refusal> alike(int status, std::initializer_list<core::Reason> reasons,
                                        const std::string& sentence = {}) {
  std::vector<http::Refusal> refusals;
  for (const core::Reason reason : reasons) refusals.push_back({status, reason, sentence});
  return refusals;
}

inline std::vector<http::Refusal> together(
    std::initializer_list<std::vector<http::Refusal>> tables) {
  std::vector<http::Refusal> all;
  for (const auto& table : tables) all.insert(all.end(), table.begin(), table.end());
  return all;
}

inline service::Mint mint_of(const Call& call) {
  return {call.engine.vault(), call.engine.random()};
}

// A coupon for a user: minted, or drawn from the pool.
template <class Render>
auto issue_for(Call& call, const domain::Campaign& campaign, core::UserId user, Render&& render)
    -> core::Result<std::invoke_result_t<Render, const service::Issued&>> {
  const auto request = service::prepare_issue(mint_of(call), campaign, user);
  if (!request.ok()) return request.error();
  return call.write(
      "coupon.issue",
      [&](store::Tx& tx) { return service::issue(tx, call.caller, mint_of(call), *request); },
      std::forward<Render>(render));
}

template <class Render>
auto redeem_as(Call& call, const service::Caller& actor, const service::RedeemRequest& request,
               Render&& render) {
  return call.write(
      "coupon.redeem",
      [&](store::Tx& tx) { return told(call, service::redeem(tx, actor, request)); },
      std::forward<Render>(render));
}

}  // namespace coupon::api
