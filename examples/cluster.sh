#!/usr/bin/env bash
# A cluster on one machine, to see what it does: three members of etcd, two coupond, a sale; then
# the one that leads is killed, and the sales go on at the other. On three machines it protects from
# the loss of one, which here it does not; docs/cluster.md says how to set those up.
#
# Usage: examples/cluster.sh       needs curl, and etcd (Debian's package etcd-server)
#
#   COUPOND, ETCD    the programs (coupond and etcd of PATH)
#   CLUSTER_PORT     the first of eight free ports (23790)
set -euo pipefail
readonly coupond=${COUPOND:-coupond} etcd=${ETCD:-etcd}
readonly port=${CLUSTER_PORT:-23790}
readonly work=$(mktemp -d)
processes=()
stop() {
  kill -9 "${processes[@]}" 2>/dev/null || true
  rm -rf "$work"
}
trap stop EXIT
die() { echo "cluster.sh: $*" >&2; tail -n 20 "$work"/*.log >&2; exit 1; }

# start NAME COMMAND...: its process is then in $started.
start() {
  "${@:2}" >>"$work/$1.log" 2>&1 &
  started=$!
  disown "$started" # so that bash does not announce its end
  processes+=("$started")
}

# Each member hears clients on one port, and the others on the next.
client() { echo "http://127.0.0.1:$((port + 2 * $1))"; }
peer() { echo "http://127.0.0.1:$((port + 2 * $1 + 1))"; }
for i in 0 1 2; do
  start "etcd$i" "$etcd" --name "m$i" --data-dir "$work/etcd$i" \
    --listen-client-urls "$(client $i)" --advertise-client-urls "$(client $i)" \
    --listen-peer-urls "$(peer $i)" --initial-advertise-peer-urls "$(peer $i)" \
    --initial-cluster "m0=$(peer 0),m1=$(peer 1),m2=$(peer 2)"
done

url() { echo "http://127.0.0.1:$((port + 6 + $([[ $1 == east ]]; echo $?)))"; }
# serve NAME: coupond beside a member of its own. Its process is then in $east or $west.
serve() {
  local member=0
  [[ $1 == east ]] || member=1
  start "$1" "$coupond" serve --data "$work/$1" --listen "$(url "$1" | cut -d/ -f3)" \
    --cluster "$(client $member)" --member "$1"
  declare -g "$1=$started"
}

# until_leads NAME
until_leads() {
  for _ in $(seq 300); do
    curl --silent --fail --output /dev/null "$(url "$1")/readyz" && return 0
    sleep 0.1
  done
  die "$1 does not lead"
}

# ask NAME PATH BODY: prints the answer; fails unless it is a success.
ask() {
  curl --silent --show-error --fail-with-body --max-time 20 --data "$3" "$(url "$1")$2" \
    --header 'Content-Type: application/json' --header "Authorization: Bearer ${token:-}"
}

echo "East begins the shop, and leads."
export COUPOND_ADMIN_EMAIL=you@example.com COUPOND_ADMIN_PASSWORD="correct horse 7"
serve east
until_leads east
unset COUPOND_ADMIN_EMAIL COUPOND_ADMIN_PASSWORD

echo "West is seeded with a backup, and follows."
"$coupond" backup "$work/seed.backup" --with-key --data "$work/east" >/dev/null
"$coupond" restore "$work/seed.backup" --as-copy --data "$work/west"
serve west

token=$(ask east /api/v1/auth/login '{"email":"you@example.com","password":"correct horse 7"}' |
  sed 's/.*"access_token":"\([^"]*\).*/\1/')
ask east /api/v1/campaigns '{"mode":"card","name":"Cards"}' >/dev/null
codes=$(ask east /api/v1/campaigns/cards/codes '{"count":2}' | grep -o '"[0-9A-Z-]\{20,\}"' |
  tr -d '"')
read -r first second <<<"$(tr '\n' ' ' <<<"$codes")"

ask east "/api/v1/coupons/$first/redeem" '{"order_id":"order-1"}' >/dev/null
echo "East redeemed $first."
"$coupond" cluster status --cluster "$(client 2)"

echo "East is killed."
kill -9 "$east"
killed=$(date +%s%N)
until_leads west
echo "West leads, $((($(date +%s%N) - killed) / 1000000)) ms later."

ask west "/api/v1/coupons/$second/redeem" '{"order_id":"order-2"}' >/dev/null
echo "West redeemed $second."
again='{"order_id":"order-3"}'
if ask west "/api/v1/coupons/$first/redeem" "$again" >"$work/again" 2>/dev/null; then
  die "$first was redeemed twice"
fi
grep -q already_redeemed "$work/again" || die "$(cat "$work/again")"
echo "West refuses $first, which East redeemed."

serve east
for _ in $(seq 100); do
  "$coupond" cluster status --cluster "$(client 2)" >"$work/status"
  grep -q '^member *east .*has all' "$work/status" && break
  sleep 0.1
done
cat "$work/status"
grep -q '^member *east .*has all' "$work/status" || die "East does not follow"
