// Coupons of token campaigns as signed tokens, and back.
//
// An HS256 token has four claims and no code. Its coupon's code follows from it: a card code made
// of the keyed hash of the whole token, which is made where number and times are known. So who
// shows a token whose code is in the table shows a genuine one. An EdDSA token, as all of version
// 0.1.0, has its coupon's code among its claims. Any thread.
#pragma once

#include <string>

#include "coupond/service/coupons.h"
#include "coupond/service/engine.h"

namespace coupon::service {

// prepare_issue() for a token campaign, whose coupon will belong to the account with that UUID.
core::Result<IssueRequest> prepare_token(const Engine& engine, const domain::Campaign& campaign,
                                         core::UserId user_id, std::string owner_uuid);

// The token of a coupon that was issued: the same each time. About 2 µs, EdDSA 20.
std::string sign_token(const Engine& engine, const domain::Campaign& campaign,
                       std::string owner_uuid, const Issued& issued);

// When an issued token is over: a token always ends; one of a campaign that says nothing about it,
// in a hundred years.
core::UnixMs token_ends_at(const Issued& issued);

// By what the coupon of a verified token is found. kUnknownCode.
core::Result<domain::CodeHash> coupon_of_token(const Engine& engine, std::string_view token,
                                               const core::CouponClaims& claims);

}  // namespace coupon::service
