#!/usr/bin/env bash
# The store service: pay a hidden code from credit. Each user may use a coupon once.
source "$(dirname "$0")/lib.sh"

log_in_as_admin
call POST /api/v1/campaigns "{\"mode\":\"shared\",\"name\":\"Flash $RANDOM$RANDOM\",\"price\":10,
  \"max_redemptions_per_coupon\":2,\"max_redemptions_per_user\":1}"
expect 201
campaign=$(field id)
code="FLASH$RANDOM$RANDOM"
call POST "/api/v1/campaigns/$campaign/codes/import" "{\"code\":\"$code\"}"

token=""
call POST /v1/auth/login '{"username":"user4","password":"user4pass"}'
expect 200
token=$(field access_token)
call GET /v1/coupons/
expect 200
call GET /v1/coupons/NO-SUCH-CODE
expect 404
