#!/usr/bin/env bash
# Move a shop's codes here from another system: what was used there stays used, what has a balance
# keeps it, and an import that was a mistake is taken back.
source "$(dirname "$0")/lib.sh"

log_in_as_admin
shop=moved-$RANDOM$RANDOM
call POST /api/v1/campaigns "{\"mode\":\"card\",\"name\":\"Moved\",\"slug\":\"$shop\",
  \"value\":0,\"currency\":\"EUR\"}"
expect 201

# What the old system exported. Each run has codes of its own.
old=OLD$RANDOM$RANDOM
file="Gift card code;Status;Balance;Expires
${old}A;active;10,00;2099-12-31
${old}B;active;2,50;
${old}C;used;0,00;"

# import QUERY: sends the file; the job's number is then in $job.
import() {
  reply=$(curl --silent --show-error --max-time 30 --header "Authorization: Bearer $token" \
    --header 'Content-Type: text/csv' --data-binary "$file" --write-out '\n%{http_code}' \
    "$url/api/v1/campaigns/$shop/codes/import$1")
  status=${reply##*$'\n'}
  echo "$reply"
  expect 202
  job=$(field id)
}

# wait_for_job: until $job has ended.
wait_for_job() {
  for _ in $(seq 200); do
    call GET "/api/v1/jobs/$job"
    case $(field state) in queued | running) sleep 0.05 ;; *) return 0 ;; esac
  done
}

import '?dry_run=true' # says what would be stored
import ''
wait_for_job
[[ $(field state) == done && $(field errors) == 0 ]]

call GET "/api/v1/coupons/${old}A"
[[ $(field balance) == 1000 ]]
call POST "/api/v1/coupons/${old}B/redeem" '{"amount":100,"order_id":"first-sale"}'
expect 201
[[ $(field balance) == 150 ]]
call POST "/api/v1/coupons/${old}C/redeem" '{}'
[[ $status == 409 || $status == 410 ]] # it was used before the move

# It was the wrong file? What nobody has used of it can be stored again, elsewhere.
call POST "/api/v1/jobs/$job/undo"
expect 202
job=$(field id)
wait_for_job
[[ $(field errors) == 1 ]] # B was used here
call GET "/api/v1/coupons/${old}A"
expect 404
