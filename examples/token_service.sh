#!/usr/bin/env bash
# The token service: draw signed tokens until a cap says no, then use one, once.
source "$(dirname "$0")/lib.sh"

become_somebody ann
call POST /generate-coupon
expect 200
coupon=$(field token)

call POST /validate-token "{\"token\":\"$coupon\"}"
[[ $(field message) == "Token is valid and unused" ]]

call POST /use-token "{\"token\":\"$coupon\"}"
expect 200
call POST /use-token "{\"token\":\"$coupon\"}"
expect 409

for _ in 2 3 4 5; do
  call POST /generate-coupon
  expect 200
done
call POST /generate-coupon # the sixth of this user
expect 429
call GET /user-stats
call GET /stats
expect 200
