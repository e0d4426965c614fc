#!/usr/bin/env bash
# Gift cards: sell one over 50 euros, let it be spent in parts, take a purchase back, put money on a
# card, and give a customer who lost hers a new one.
source "$(dirname "$0")/lib.sh"

log_in_as_admin
admin=$token
shop=gift-cards-$RANDOM$RANDOM
# Amounts are whole cents. Cards bring 50.00 unless one is sold with a value of its own.
call POST /api/v1/campaigns "{\"mode\":\"card\",\"name\":\"Gift cards\",\"slug\":\"$shop\",
  \"value\":5000,\"currency\":\"EUR\"}"
expect 201

# sell [CENTS]: a card for the value said, whose code is then in $card.
sell() {
  call POST "/api/v1/campaigns/$shop/codes" "{\"count\":1${1:+,\"value\":$1}}"
  expect 201
  card=$(sed -n 's/.*"codes":\["\([^"]*\)".*/\1/p' <<<"$reply")
}

sell
first=$card

# She who got it pays 12.50 at the till, and then more than is left.
become_somebody greta
call POST "/api/v1/coupons/$first/redeem" '{"amount":1250,"order_id":"sale-1"}'
expect 201
purchase=$(sed -n 's/.*"redemption":{"id":\([0-9]*\).*/\1/p' <<<"$reply")
[[ $(field balance) == 3750 ]]
call POST "/api/v1/coupons/$first/redeem" '{"amount":4000,"order_id":"sale-2"}'
expect 409
[[ $(field code) == insufficient_balance && $(field number) == 3750 ]]
# So the till takes what is on it, and asks for the rest in cash.
call POST "/api/v1/coupons/$first/redeem" '{"order_id":"sale-2"}'
expect 201
[[ $(field amount) == 3750 && $(field balance) == 0 ]]

# The first purchase comes back: its money is on the card again.
token=$admin
call POST "/api/v1/redemptions/$purchase/rollback" '{"reason":"returned"}'
expect 200
[[ $(field balance) == 1250 ]]

# At the counter she puts 20.00 on it.
call POST "/api/v1/coupons/$first/top-up" '{"amount":2000,"reason":"cash"}'
expect 200
[[ $(field balance) == 3250 ]]

# She loses the card: a new one, without money of its own, gets what was left; the old one is void.
sell 0
call POST "/api/v1/coupons/$first/transfer" "{\"to\":\"$card\",\"reason\":\"lost\"}"
expect 200
[[ $(field amount) == 3250 ]]
call GET "/api/v1/coupons/$card"
[[ $(field balance) == 3250 ]]
