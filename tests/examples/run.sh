#!/usr/bin/env bash
# Runs every walk-through of examples/ against a demo of its own, the till with a lost answer on the
# way, and the embedding program. Usage: tests/examples/run.sh COUPOND EMBED
set -euo pipefail
export LC_ALL=C.UTF-8
coupond=$(realpath "$1")
embed=$(realpath "$2")
cd "$(dirname "${BASH_SOURCE[0]}")/../../examples"
source ../tests/examples/server.sh

serve --demo --data "$work/demo" --listen 127.0.0.1:0 --rate-limits off

# run NAME COMMAND...: shows what a failing example printed.
run() {
  local name=$1
  shift
  if ! "$@" >"$work/output" 2>&1; then
    echo "FAILED: $name"
    cat "$work/output"
    exit 1
  fi
  echo "ok: $name"
}

for script in token book store card claim; do
  run "${script}_service.sh" bash "${script}_service.sh"
done
for script in gift_cards move_shop cancel_order; do
  run "$script.sh" bash "$script.sh"
done

# A code for the till: a campaign of one member, who gets it.
source ./lib.sh >/dev/null
till_code() {
  become_somebody member
  log_in_as_admin
  call POST /api/v1/campaigns '{"mode":"pool","name":"Till"}'
  call POST /api/v1/campaigns/till/codes '{"count":1}'
  call POST /api/v1/campaigns/till/issue "{\"user_id\":$user_id}"
  expect 201
  code=$(field code)
}
till_code >/dev/null
export COUPOND_TOKEN=$token COUPOND_USER=$user_id
run till.sh bash till.sh "$code" order-1
grep -q 'order order-1: redeemed' "$work/output" || { cat "$work/output"; exit 1; }
# The same sale again, as after a crash of the till: the same answers, no second redemption.
run "till.sh again" bash till.sh "$code" order-1
call GET "/api/v1/redemptions?order_id=order-1" >/dev/null
[[ $(grep -o '"order_id":"order-1"' <<<"$reply" | wc -l) == 1 ]] || { echo "$reply"; exit 1; }

run embed "$embed" "$work/embedded"
grep -q 'again: already_redeemed' "$work/output" || { cat "$work/output"; exit 1; }

quit "the demo"
run verify "$coupond" verify --data "$work/demo"
