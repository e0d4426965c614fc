// The fields in which a request says which codes of a campaign it is about.
#pragma once

#include <optional>
#include <string>

#include "coupond/core/codes.h"
#include "coupond/service/code_filter.h"
#include "src/api/native/coupon_shapes.h"
#include "src/api/native/naming.h"

namespace coupon::api {

struct CodeConditions {
  std::optional<domain::CouponState> state;
  std::optional<std::int64_t> job;
  std::optional<core::UnixMs> expires_before;
  std::optional<std::string> last4;
  static http::Object<CodeConditions> shape() {
    using C = CodeConditions;
    return {"CodeConditions",
            "Which codes; all conditions must hold.",
            {
                http::choice("state", &C::state, "Only those in this state.", state_choices()),
                http::integer("job", &C::job, "Only those that this job made.", {.min = 1}),
                http::timestamp("expires_before", &C::expires_before,
                                "Only those that end before this instant."),
                http::text("last4", &C::last4, "Only those with these last four symbols.",
                           {.min = 1, .max = 64}),
            }};
  }
};

// kInvalidCode where last4 can be of no code.
inline core::Result<service::CodeFilter> filter_of(Call& call, const CodeConditions& in) {
  service::CodeFilter filter{.state = in.state, .job = in.job, .expires_before = in.expires_before};
  if (!in.last4) return filter;
  const auto last4 = core::canonical(*in.last4);
  if (!last4.ok()) return last4.error();
  filter.tail = call.engine.vault().tail(*last4);
  return filter;
}

struct CodeFilterFields {
  CodeConditions conditions;
  std::optional<std::int64_t> first_number, last_number;
  static http::Object<CodeFilterFields> shape() {
    using F = CodeFilterFields;
    return {"CodeFilterFields",
            "Which codes; all conditions must hold.",
            {
                http::include(&F::conditions),
                http::integer("first_number", &F::first_number, "From this number on.", {.min = 1}),
                http::integer("last_number", &F::last_number, "Up to this number.", {.min = 1}),
            }};
  }
};

inline core::Result<service::CodeFilter> filter_of(Call& call, const CodeFilterFields& in) {
  auto filter = filter_of(call, in.conditions);
  if (!filter.ok()) return filter;
  filter->first_number = in.first_number.value_or(1);
  filter->last_number = in.last_number;
  return filter;
}

}  // namespace coupon::api
