#!/usr/bin/env bash
# The store service: pay a hidden code from credit. Each user may use a coupon once.
source "$(dirname "$0")/lib.sh"

log_in_as_admin
admin=$token
call POST /api/v1/campaigns "{\"mode\":\"shared\",\"name\":\"Flash $RANDOM$RANDOM\",\"price\":10,
  \"max_redemptions_per_coupon\":2,\"max_redemptions_per_user\":1}"
expect 201
campaign=$(field slug)
code="FLASH$RANDOM$RANDOM"
curl --silent --fail --header "Authorization: Bearer $admin" --header 'Content-Type: text/csv' \
  --data-binary "$code" "$url/api/v1/campaigns/$campaign/codes/import" >/dev/null

token=""
call POST /v1/auth/login '{"username":"user4","password":"user4pass"}'
expect 200
token=$(field access_token)
for _ in 1 2 3 4 5 6 7 8 9 10; do # the import is a job: it takes a moment
  call GET "/v1/coupons/$code"
  [[ $status != 200 ]] || break
  sleep 0.3
done
expect 200
call POST "/v1/coupons/use/$code"
expect 204
call POST "/v1/coupons/use/$code" # each user once
expect 400
call GET /v1/coupons/
expect 200
