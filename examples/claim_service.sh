#!/usr/bin/env bash
# The claim service: three in stock, four claims.
source "$(dirname "$0")/lib.sh"

log_in_as_admin
call POST "/admin/coupons?code=FLASH-$RANDOM$RANDOM&available_count=3"
expect 200
id=$(field id)
call GET /coupons

become_somebody dora
for _ in 1 2 3; do
  call POST "/coupons/$id/claim"
  expect 200
done
call POST "/coupons/$id/claim"
expect 409
call GET /users/me/history
expect 200
