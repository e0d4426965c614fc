// The part of the book service that deals with single coupons: assign, lock, unlock, redeem.
#pragma once

#include <string>

#include "coupond/http/endpoint.h"
#include "src/api/gate/gate.h"

namespace coupon::api {

void add_book_coupons(Endpoints& service);

// The book of that id; kUnknownCampaign for a campaign of another mode too.
core::Result<domain::Campaign> book_named(Call& call, const std::string& id);

inline const http::Refusal kNoBook{404, core::Reason::kUnknownCampaign, "Coupon book not found"};

}  // namespace coupon::api
