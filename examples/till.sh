#!/usr/bin/env bash
# What a till does with a code: hold it while the customer pays, then redeem it. Every step carries
# an Idempotency-Key and is repeated until there is an answer, so a lost connection, or a server
# that is restarted in between, neither loses the sale nor counts it twice.
#
#   examples/till.sh CODE ORDER      with COUPOND_TOKEN, a session or an API key (scope till)
#                                    and COUPOND_USER, whose coupon it is (id or UUID)
source "$(dirname "$0")/lib.sh"
token=${COUPOND_TOKEN:?a session or an API key}
code=${1:?the code}
order=${2:?the order number}
user=""
[[ -z ${COUPOND_USER:-} ]] || user="\"user_id\":\"$COUPOND_USER\","

# until_answered KEY PATH BODY: an answer is anything but "try again" (429, 503) and silence.
until_answered() {
  local key=$1 path=$2 body=$3 attempt
  headers=(--header "Idempotency-Key: $key")
  for attempt in 1 2 3 4 5 6 7 8; do
    status=000
    call POST "$path" "$body" || true
    case $status in
      000 | 429 | 503) sleep "0.$((attempt * attempt))" ;;
      *) return 0 ;;
    esac
  done
  echo "no answer; run this again with the same order number" >&2
  exit 1
}

until_answered "$order-hold" "/api/v1/coupons/$code/hold" "{${user}\"ttl_s\":120}"
expect 201
hold=$(field hold_token)

echo "the customer pays"

until_answered "$order-redeem" "/api/v1/coupons/$code/redeem" \
  "{${user}\"hold_token\":\"$hold\",\"order_id\":\"$order\"}"
expect 201
echo "order $order: redeemed"
