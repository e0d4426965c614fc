#!/usr/bin/env bash
# examples/ledger_to_postgres.sh with PostgreSQL 15: killed again and again while the shop sells, it
# brings every entry over, once; and it notices a ledger that was set back. As root the database
# runs as nobody, for it refuses root. Usage: tests/examples/postgres.sh COUPOND
set -euo pipefail
export LC_ALL=C.UTF-8
coupond=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../../examples"
readonly unpacked=../.deps/postgresql
if [[ ! -x $unpacked/usr/lib/postgresql/15/bin/postgres ]]; then
  echo "skipped: there is no PostgreSQL in .deps (scripts/deps.sh unpacks it)"
  exit 0
fi

source ../tests/examples/server.sh
feed=""
as_user=()
port=0
also_stop() {
  [[ -z $feed ]] || kill "$feed" 2>/dev/null || true
  [[ ! -s $work/sql/data/postmaster.pid ]] ||
    "${as_user[@]}" "$bin/pg_ctl" -D "$work/sql/data" -m immediate stop >/dev/null 2>&1 || true
}

# The programs find their files beside themselves; nobody may not be able to read the tree.
start_postgres() {
  chmod 755 "$work"
  mkdir "$work/sql"
  cp -r "$unpacked/usr" "$work/usr"
  bin=$work/usr/lib/postgresql/15/bin
  if [[ $EUID -eq 0 ]]; then
    as_user=(setpriv --reuid nobody --regid nogroup --clear-groups)
    chown nobody "$work/sql"
  fi
  (cd / && "${as_user[@]}" "$bin/initdb" -D "$work/sql/data" -U shop -A trust --no-sync) \
    >"$work/said" 2>&1 || fail "initdb"
  (cd / && "${as_user[@]}" "$bin/pg_ctl" -D "$work/sql/data" -l "$work/sql/log" -w -t 60 \
    -o "-c listen_addresses= -c fsync=off -k $work/sql" start) >"$work/said" 2>&1 || fail "pg_ctl"
  export PATH=$bin:$PATH PGHOST=$work/sql PGUSER=shop PGDATABASE=postgres
}

open_shop() {
  serve --demo --data "$work/shop" --listen "127.0.0.1:$port" --rate-limits off
  port=${COUPOND_URL##*:}
}

# What the shop itself has, and what the table has.
there() { sqlite3 -readonly "$work/shop/coupond.db" \
  "SELECT seq, operation, coalesce(detail, ''), lower(hex(hash)) FROM ledger ORDER BY seq"; }
here() { psql -XqtA -c "SELECT seq, operation, coalesce(detail, ''), hash FROM coupond_ledger
  ORDER BY seq"; }

start_postgres
open_shop
source ./lib.sh >"$work/said"
log_in_as_admin >"$work/said"
export COUPOND_TOKEN=$token
export PAGE_ENTRIES=7

# Redeems cards of its own, so many; what they are called has quotes and other letters.
sell() {
  local i
  call POST "/api/v1/campaigns/$1/codes" "{\"count\":$2}" >"$work/said"
  expect 201
  sed 's/.*"codes":\[\([^]]*\)\].*/\1/; s/"//g' <<<"$reply" | tr ',' '\n' >"$work/codes"
  while read -r i; do
    call POST "/api/v1/coupons/$i/redeem" "{\"order_id\":\"O'Neill \\\\ Ä $i\"}" >"$work/said"
    expect 201
  done <"$work/codes"
}
call POST /api/v1/campaigns '{"mode":"card","name":"Feed","value":500,"currency":"EUR"}' \
  >"$work/said"
expect 201

sell feed 20
bash ledger_to_postgres.sh --once || fail "the first run"
cmp <(there) <(here) || fail "the table is not the ledger"

(for _ in 1 2 3 4; do sell feed 20; done) &
seller=$!
for i in $(seq 12); do
  timeout 120 bash ledger_to_postgres.sh &
  feed=$!
  sleep "0.$((i * 37 % 50 + 5))"
  # With the shell goes what it has just started, at any moment.
  kill -9 $(pgrep -P "$feed") "$feed" 2>/dev/null || true
  wait "$feed" 2>/dev/null || true
  feed=""
done
wait "$seller" || fail "the sales"
bash ledger_to_postgres.sh --once || fail "the run after the kills"
cmp <(there) <(here) || fail "after kills the table is not the ledger"
[[ $(here | wc -l) -gt 100 ]] || fail "only $(here | wc -l) entries"
echo "ok: $(here | wc -l) entries, each once"

# An older backup goes on with other sales: the table must not mix two ledgers.
"$coupond" backup "$work/old.backup" --data "$work/shop" >"$work/said" 2>&1 || fail "backup"
sell feed 5
bash ledger_to_postgres.sh --once || fail "the run before the restore"
here >"$work/before"
quit "the shop"
"$coupond" restore "$work/old.backup" --data "$work/shop" >"$work/said" 2>&1 || fail "restore"
open_shop
log_in_as_admin >"$work/said"
export COUPOND_TOKEN=$token
bash ledger_to_postgres.sh --once >"$work/said" 2>&1 && fail "a shorter ledger was taken"
sell feed 10
bash ledger_to_postgres.sh --once >"$work/said" 2>&1 && fail "another ledger was taken"
grep -q 'was a backup restored' "$work/said" || fail "it does not say why"
cmp "$work/before" <(here) || fail "the table was changed"
echo "ok: a ledger that was set back"
