#!/usr/bin/env bash
# Cancel an order that a code was used for: give the use back, or refund without giving it back.
source "$(dirname "$0")/lib.sh"

log_in_as_admin
shop=spring-$RANDOM$RANDOM
order=order-$RANDOM$RANDOM
call POST /api/v1/campaigns "{\"mode\":\"card\",\"name\":\"Spring\",\"slug\":\"$shop\"}"
expect 201
call POST "/api/v1/campaigns/$shop/codes" '{"count":1}'
expect 201
code=$(sed -n 's/.*"codes":\["\([^"]*\)".*/\1/p' <<<"$reply")

# redemption: the number of the redemption that the last call made or found.
redemption() { sed -n 's/.*{"id":\([0-9]*\),"coupon".*/\1/p' <<<"$reply" | head -n 1; }

call POST "/api/v1/coupons/$code/redeem" "{\"order_id\":\"$order\"}"
expect 201

# The customer sends the goods back: find the redemption by the order, and undo it.
call GET "/api/v1/redemptions?order_id=$order"
expect 200
call POST "/api/v1/redemptions/$(redemption)/rollback" '{"reason":"goods returned"}'
expect 200
call POST "/api/v1/redemptions/$(field id)/rollback" '{}'
expect 409 # only once

# The code is good again. This time the order goes wrong for another reason: money back, code gone.
call POST "/api/v1/coupons/$code/redeem" "{\"order_id\":\"$order-2\"}"
expect 201
call POST "/api/v1/redemptions/$(redemption)/rollback" '{"reason":"refunded","void":true}'
expect 200
call POST "/api/v1/coupons/$code/redeem" '{}'
expect 409
