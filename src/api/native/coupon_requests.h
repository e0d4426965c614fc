// What the endpoints of one coupon take and give.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/api/native/cashier.h"
#include "src/api/native/coupon_shapes.h"
#include "src/api/native/fields.h"
#include "src/api/native/naming.h"

namespace coupon::api {

struct IssueInput {
  std::string campaign;
  CustomerFields customer;
  static http::Object<IssueInput> shape() {
    return {"IssueRequest",
            "Which campaign, and for whom.",
            {
                campaign_field(&IssueInput::campaign).example("tokens"),
                http::include(&IssueInput::customer),
            }};
  }
};

struct IssuedReply {
  CouponReply coupon;
  std::optional<std::string> token;
  std::optional<std::int64_t> remaining;
  core::Seq seq;
  static http::Object<IssuedReply> shape() {
    return {
        "Issued",
        "A coupon that has just got its owner.",
        {
            http::object("coupon", &IssuedReply::coupon, "The coupon."),
            http::text("token", &IssuedReply::token,
                       "Mode token: the coupon as a signed token, which can be verified offline.",
                       {.max = 1024})
                .omit_empty(),
            http::integer("remaining", &IssuedReply::remaining,
                          "Left in the campaign; null: no limit."),
            http::integer("seq", &IssuedReply::seq, "The ledger entry."),
        }};
  }
};

struct CodeName {
  std::string code;
  static http::Object<CodeName> shape() {
    return {"CodeName",
            "Which coupon.",
            {
                code_field(&CodeName::code, "The code, in any case, with or without dashes."),
            }};
  }
};

struct AssignInput {
  std::string code;
  CustomerFields customer;
  static http::Object<AssignInput> shape() {
    return {"AssignRequest",
            "For whom.",
            {
                code_field(&AssignInput::code),
                http::include(&AssignInput::customer),
            }};
  }
};

struct HoldInput {
  std::string code;
  CustomerFields customer;
  std::optional<std::int64_t> ttl_s;
  std::optional<std::string> hold_token, cashier;
  static http::Object<HoldInput> shape() {
    return {
        "HoldRequest",
        "Keep a coupon for one checkout.",
        {
            code_field(&HoldInput::code),
            http::include(&HoldInput::customer),
            http::integer("ttl_s", &HoldInput::ttl_s, "Seconds; at most the campaign's hold_ttl_s.",
                          {.min = 1, .max = 86'400}),
            http::text("hold_token", &HoldInput::hold_token,
                       "Of a hold that is to go on: from now, under the same token.",
                       {.min = 1, .max = 64}),
            cashier_field(&HoldInput::cashier),
        }};
  }
};

struct HoldReply {
  std::string hold_token;
  core::UnixMs expires_at;
  core::Seq seq;
  static http::Object<HoldReply> shape() {
    return {"Hold",
            "A live hold. Only its token redeems or releases the coupon meanwhile.",
            {
                http::text("hold_token", &HoldReply::hold_token, "Keep it until you redeem.",
                           {.max = 64}),
                http::timestamp("expires_at", &HoldReply::expires_at,
                                "It ends by itself at this instant."),
                http::integer("seq", &HoldReply::seq, "The ledger entry."),
            }};
  }
};

struct ReleaseInput {
  std::string code;
  std::optional<std::string> hold_token, cashier;
  CustomerFields customer;
  static http::Object<ReleaseInput> shape() {
    return {"ReleaseRequest",
            "Give a hold back.",
            {
                code_field(&ReleaseInput::code),
                http::text("hold_token", &ReleaseInput::hold_token,
                           "What the hold gave. Staff may leave it out, and end whoever's hold.",
                           {.min = 1, .max = 64}),
                http::include(&ReleaseInput::customer),
                cashier_field(&ReleaseInput::cashier),
            }};
  }
};

struct RedeemInput {
  std::string code;
  CustomerFields customer;
  std::optional<std::string> hold_token, order_id, metadata, cashier;
  std::optional<std::int64_t> amount;
  static http::Object<RedeemInput> shape() {
    return {"RedeemRequest",
            "Use a coupon.",
            {
                code_field(&RedeemInput::code),
                http::include(&RedeemInput::customer),
                http::text("hold_token", &RedeemInput::hold_token, "Needed while a hold is on it.",
                           {.min = 1, .max = 64}),
                http::text("order_id", &RedeemInput::order_id, "Your own order.",
                           {.min = 1, .max = 128})
                    .example("order-4711"),
                http::free_object("metadata", &RedeemInput::metadata, "Any JSON object of yours."),
                http::integer("amount", &RedeemInput::amount,
                              "Of a code with a balance: how much of it, in minor units; unless "
                              "said, all that is left.",
                              {.min = 1, .max = core::limits::kAmountMax}),
                cashier_field(&RedeemInput::cashier),
            }};
  }
};

struct RedeemedReply {
  RedemptionReply redemption;
  static http::Object<RedeemedReply> shape() {
    return {"Redeemed",
            "The redemption that was made.",
            {
                http::object("redemption", &RedeemedReply::redemption, "The redemption."),
            }};
  }
};

struct SeqReply {
  core::Seq seq;
  static http::Object<SeqReply> shape() {
    return {"Recorded",
            "Done, and recorded.",
            {
                http::integer("seq", &SeqReply::seq, "The ledger entry."),
            }};
  }
};

struct Explanation {
  bool valid = false;
  std::optional<CouponReply> coupon;
  std::optional<std::vector<RuleReply>> rules;
  std::optional<std::vector<LedgerEntryReply>> ledger;
  static http::Object<Explanation> shape() {
    return {
        "CouponExplained",
        "Whether a coupon can be used now; for its holder and staff, also why.",
        {
            http::boolean("valid", &Explanation::valid, "Whether it could be redeemed now."),
            http::object("coupon", &Explanation::coupon, "The coupon.").omit_empty(),
            http::list("rules", &Explanation::rules,
                       "Every rule with its figure now, in the order they refuse.")
                .omit_empty(),
            http::list("ledger", &Explanation::ledger, "Its entries, newest first (at most 50).")
                .omit_empty(),
        }};
  }
};

}  // namespace coupon::api
