#!/usr/bin/env bash
# Makes tests/data/v0.1.0: a database as the released 0.1.0 leaves it, with something of everything
# in it, for the test that later versions open it. Run once, with that binary:
#
#   tests/data/make_v0.1.0.sh BINARY
#
# Beside coupond.db and secret.key lies known.txt: what the test has to know (NAME=VALUE).
binary=${1:?the coupond of 0.1.0}
here=$(cd "$(dirname "$0")" && pwd)
out=$here/v0.1.0
data=$(mktemp -d)
trap 'kill "$server" 2>/dev/null; rm -rf "$data"' EXIT

export COUPOND_ADMIN_EMAIL=admin@example.com COUPOND_ADMIN_PASSWORD=AdminPassword123
"$binary" serve --data "$data/shop" --listen 127.0.0.1:0 --rate-limits off 2>"$data/log" &
server=$!
until "$binary" health --data "$data/shop" >/dev/null 2>&1; do sleep 0.1; done
COUPOND_URL=$(<"$data/shop/SERVING")
[[ $COUPOND_URL == http* ]] || COUPOND_URL=http://$COUPOND_URL
export COUPOND_URL
source "$here/../../examples/lib.sh"
known=$data/known.txt
know() { printf '%s=%s\n' "$1" "$2" >>"$known"; }

# post PATH BODY [STATUS]: a change, with an Idempotency-Key of its own.
count=0
post() {
  count=$((count + 1))
  headers=(--header "Idempotency-Key: key-$count")
  call POST "$1" "$2"
  expect "${3:-201}"
  headers=()
}
# campaign SLUG MODE [MORE FIELDS]
campaign() {
  post /api/v1/campaigns "{\"slug\":\"$1\",\"mode\":\"$2\",\"name\":\"The $1\"${3:+,$3}}"
}
# The N-th code that codes generate printed.
code() { sed -n "$1p" "$data/codes-$2"; }
generate() { "$binary" codes generate "$1" "$2" --data "$data/shop" >"$data/codes-$1"; }
redeem() { post "/api/v1/coupons/$1/redeem" "$2" "${3:-201}"; }

# Accounts, sessions, keys.
post /api/v1/auth/login '{"email":"admin@example.com","password":"AdminPassword123"}' 200
admin=$(field access_token)
token=$admin
for who in ann ben cleo; do
  post /api/v1/users "{\"email\":\"$who@example.com\",\"username\":\"$who\",
    \"password\":\"hunter22-$who\",\"credit\":100}"
done
post /api/v1/users '{"email":"till@example.com","password":"hunter22-till","role":"staff"}'
post /api/v1/api-keys '{"name":"the till","scopes":["redeem","issue","read"]}'
know api_key "$(field key)"
post /api/v1/api-keys '{"name":"an old one","scopes":["read"]}'
call DELETE "/api/v1/api-keys/$(field id)"
token=""
post /api/v1/auth/login '{"email":"ann@example.com","password":"hunter22-ann"}' 200
ann=$(field access_token)
know refresh_token "$(field refresh_token)"
post /api/v1/auth/login '{"email":"ben@example.com","password":"hunter22-ben"}' 200
ben=$(field access_token)

# A campaign of each mode.
token=$admin
campaign tickets token '"max_per_user":3,"token_ttl_s":null'
campaign pool pool '"max_issued":40,"max_per_user":3,"code_pattern":"POOL-{RANDOM:8}"'
campaign held pool '"hold_required":true,"hold_ttl_s":3600,"max_redemptions_per_coupon":2'
campaign flash shared '"price":10,"max_redemptions_per_coupon":3,"max_redemptions_per_user":1'
campaign cards card '"reward":{"kind":"credit","value":7}'
campaign stock claim '"max_issued":3,"max_per_user":2'
campaign old pool
call DELETE /api/v1/campaigns/old
call PATCH /api/v1/campaigns/pool '{"description":"changed once"}'
generate pool 20
generate held 6
generate cards 10
printf 'FLASHSALE\n' | "$binary" codes import flash --data "$data/shop"

# Tokens: one used, one not.
token=$ann
post /api/v1/campaigns/tickets/issue '{}'
used=$(field token)
post /api/v1/campaigns/tickets/issue '{}'
know fresh_token "$(field token)"
call POST /use-token "{\"token\":\"$used\"}"
expect 200
know used_token "$used"

# A pool: drawn, given, redeemed, rolled back, voided; left over.
post /api/v1/campaigns/pool/issue '{}'
drawn=$(field code)
know ann_code "$drawn"
post /api/v1/campaigns/pool/issue '{}'
spent=$(field code)
redeem "$spent" '{"order_id":"order-1","metadata":{"till":4}}'
know spent_code "$spent"
token=$admin
for i in $(seq 1 20); do
  call GET "/api/v1/coupons/$(code "$i" pool)"
  [[ $(field state) != available ]] || left+=("$(code "$i" pool)")
done
post "/api/v1/coupons/${left[0]}/assign" '{"user_id":3}'
post "/api/v1/coupons/${left[1]}/void" '{"reason":"misprinted"}' 200
know void_code "${left[1]}"
know free_code "${left[2]}"
token=$ben
redeem "${left[0]}" '{"order_id":"order-2"}'
redemption=$(sed -n 's/.*"redemption":{"id":\([0-9]*\).*/\1/p' <<<"$reply")
token=$admin
post "/api/v1/redemptions/$redemption/rollback" '{"reason":"came back"}' 200
know back_code "${left[0]}"

# Holds: one that stands, one given back, one used.
token=$ann
for i in 1 2 3; do
  post "/api/v1/campaigns/held/issue" '{}'
  codes[i]=$(field code)
  post "/api/v1/coupons/${codes[i]}/hold" '{"ttl_s":3600}'
  holds[i]=$(field hold_token)
done
know held_code "${codes[1]}"
know hold_token "${holds[1]}"
post "/api/v1/coupons/${codes[2]}/release" "{\"hold_token\":\"${holds[2]}\"}" 200
redeem "${codes[3]}" "{\"hold_token\":\"${holds[3]}\"}"
know half_used_code "${codes[3]}"

# Shared, cards, claims.
redeem FLASHSALE '{}'
token=$ben
redeem FLASHSALE '{}'
redeem FLASHSALE '{}' 409
redeem "$(code 1 cards)" '{}'
know spent_card "$(code 1 cards)"
know card "$(code 2 cards)"
for _ in 1 2; do post /api/v1/campaigns/stock/issue '{}'; done
post /api/v1/campaigns/stock/issue '{}' 409
know refused_key "key-$count"

# Jobs: codes made in the background, and an import with a refused line.
token=$admin
campaign bulk card
post /api/v1/campaigns/bulk/codes '{"count":1001}' 202
printf 'IMPORTED-1\nIMPORTED-2\nIMPORTED-1\n' >"$data/import.csv"
curl --silent --fail --header "Authorization: Bearer $admin" --header 'Content-Type: text/csv' \
  --data-binary @"$data/import.csv" "$url/api/v1/campaigns/bulk/codes/import" >/dev/null
# Until there is a signed checkpoint; then something beyond it, and kill -9.
sleep 17
post "/api/v1/users" '{"email":"last@example.com","password":"hunter22-last"}'
post /api/v1/auth/login '{"email":"cleo@example.com","password":"hunter22-cleo"}' 200
kill -9 "$server"
wait "$server" 2>/dev/null || true
# Into one file; what the log held is in it.
sqlite3 "$data/shop/coupond.db" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
"$binary" verify --data "$data/shop"
know verified "$("$binary" verify --data "$data/shop")"
rm -rf "$out" && mkdir "$out"
cp "$data/shop/coupond.db" "$data/shop/secret.key" "$known" "$out/"
ls -l "$out"
