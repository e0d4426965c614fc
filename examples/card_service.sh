#!/usr/bin/env bash
# The card service: print codes, and let the first who enters one have thirty days.
source "$(dirname "$0")/lib.sh"

log_in_as_admin
call POST /admin/generate-codes '{"count":3}'
expect 201
code=$(sed -n 's/.*"codes":\["\([^"]*\)".*/\1/p' <<<"$reply")

become_somebody cleo
call POST /redeem "{\"user_id\":$user_id,\"card_code\":\"$code\"}"
expect 200
call POST /redeem "{\"user_id\":$user_id,\"card_code\":\"$code\"}"
expect 409
call GET "/subscription/$user_id"
[[ $(field subscription_status) == active ]]
