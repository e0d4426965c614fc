#!/usr/bin/env bash
# The book service: a book of coupons, codes for it, one assigned, locked and redeemed.
source "$(dirname "$0")/lib.sh"

log_in_as_admin
admin=$token
call POST /coupons '{"name":"Summer","startDate":"2026-01-01","endDate":"2099-01-01",
  "codePattern":"SUMMER-{RANDOM:8}"}'
expect 201
book=$(field id)
call POST /coupons/random-codes "{\"couponBookId\":\"$book\",\"quantity\":5}"
expect 201

become_somebody ben
token=$admin # assigning, locking and redeeming are the administrator's
call POST /coupons/assign "{\"couponBookId\":\"$book\",\"userId\":\"$user_uuid\"}"
expect 201
code=$(field code)
call POST "/coupons/lock/$code" "{\"userId\":\"$user_uuid\",\"lockDurationSeconds\":60}"
expect 201
call POST "/coupons/lock/$code" "{\"userId\":\"$user_uuid\"}" # it is locked already
expect 409
call POST "/coupons/redeem/$code" "{\"userId\":\"$user_uuid\"}"
expect 201
call POST "/coupons/redeem/$code" "{\"userId\":\"$user_uuid\"}"
expect 400
call GET "/coupons/user/$user_uuid"
expect 201
