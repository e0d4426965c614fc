// Fields that many requests have, each said once.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "coupond/core/clock.h"
#include "coupond/core/error.h"
#include "coupond/http/shape.h"
#include "src/api/native/naming.h"

namespace coupon::api {

template <class T, class M>
http::Field<T> campaign_field(M T::*member) {
  return http::text("campaign", member, "Id, UUID or slug.", {.min = 1, .max = kCampaignNameMax});
}

template <class T, class M>
http::Field<T> code_field(M T::*member, std::string doc = "The code.") {
  return http::text("code", member, std::move(doc), {.min = 1, .max = 128});
}

template <class T, class M>
http::Field<T> reason_field(M T::*member) {
  return http::text("reason", member, "Why; the ledger keeps it.", {.min = 1, .max = 256});
}

struct CampaignName {
  std::string campaign;
  static http::Object<CampaignName> shape() {
    return {"CampaignName",
            "Which campaign.",
            {campaign_field(&CampaignName::campaign).example("tokens")}};
  }
};

// One code, and why something is done to it.
struct CodeAndReason {
  std::string code;
  std::optional<std::string> reason;
  static http::Object<CodeAndReason> shape() {
    return {"CodeAndReason",
            "Which code, and why.",
            {code_field(&CodeAndReason::code), reason_field(&CodeAndReason::reason)}};
  }
};

// Which part of a list.
struct PageQuery {
  std::int64_t limit = 100;
  std::optional<std::string> cursor;
  static http::Object<PageQuery> shape() {
    return {
        "PageQuery",
        "Which page.",
        {
            http::integer("limit", &PageQuery::limit, "Items in a page.", {.min = 1, .max = 1000})
                .optional(),
            http::text("cursor", &PageQuery::cursor, "Where to go on.", {.min = 1, .max = 64}),
        }};
  }
};

// A time to ask for; either end may be left out.
struct Period {
  std::optional<core::UnixMs> from, to;
  static http::Object<Period> shape() {
    return {"Period",
            "From when to when.",
            {
                http::timestamp("from", &Period::from, "Not before."),
                http::timestamp("to", &Period::to, "Before; a date alone is that day, too.").ends(),
            }};
  }
};

// The refusal of a time that ends when it begins or before: nothing would ever be in it.
inline std::optional<core::Error> reversed(core::UnixMs from, core::UnixMs to) {
  if (from < to) return std::nullopt;
  return core::wrong_field("to", "must be later than from");
}

}  // namespace coupon::api
