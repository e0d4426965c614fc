#!/usr/bin/env bash
# Takes the ledger into a table of PostgreSQL and goes on with each new entry, for reports beside
# the rest of your data, or for the system that replaces this one. It may be stopped or killed at
# any moment and started again: each page of entries is one transaction, and an entry that is there
# is left alone.
#
#   COUPOND_TOKEN=… examples/ledger_to_postgres.sh [--once]     --once: until there are no more
#
#   COUPOND_URL     where coupond listens (http://127.0.0.1:8080); of a cluster, the load balancer
#   COUPOND_TOKEN   an API key of scope read
#   PGHOST, PGDATABASE, PGSERVICE …  which database, as psql understands them
#
# Needs curl and psql. It stops when the ledger is not the one that it began with, as after a
# restore of a backup: then begin with an empty table.
set -euo pipefail
readonly url=${COUPOND_URL:-http://127.0.0.1:8080}
readonly token=${COUPOND_TOKEN:?an API key of scope read}
readonly page_entries=${PAGE_ENTRIES:-1000}
case ${1:-} in
  "" | --once) readonly once=${1:-} ;;
  *) echo "usage: ledger_to_postgres.sh [--once]" >&2; exit 2 ;;
esac

page=$(mktemp)
export page # psql reads it, so that no page is too long for a command line
trap 'rm -f "$page"' EXIT
sql() { psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 "$@"; }

sql <<'SQL'
SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS coupond_ledger (
  seq         bigint PRIMARY KEY,
  at          timestamptz NOT NULL,
  operation   text NOT NULL,
  actor       text NOT NULL,
  campaign_id bigint,
  coupon_id   bigint,
  user_id     bigint,
  units       bigint NOT NULL,
  credit      bigint NOT NULL,
  days        bigint NOT NULL,
  available   bigint NOT NULL,
  value       bigint NOT NULL,
  detail      text,
  hash        text NOT NULL
);
SQL

# fetch QUERY: that part of the feed into $page. Waits for a server that is busy or away.
fetch() {
  local status
  while true; do
    status=$(curl --silent --max-time 60 --output "$page" --write-out '%{http_code}' \
      --header "Authorization: Bearer $token" "$url/api/v1/ledger?$1") || true
    case $status in
      200) return 0 ;;
      000 | 429 | 502 | 503 | 504) sleep 1 ;;
      *) echo "ledger_to_postgres: $url answers $status: $(cat "$page")" >&2; exit 1 ;;
    esac
  done
}

# store LAST: the page, where it begins with entry LAST as it is in the table. Prints whether it
# did, the last entry now, and the newest that there is.
store() {
  sql --field-separator ' ' --set last="$1" <<'SQL'
\set page `cat "$page"`
WITH page AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset(:'page'::jsonb -> 'items') AS entry (
    seq bigint, at timestamptz, operation text, actor text, campaign_id bigint, coupon_id bigint,
    user_id bigint, units bigint, credit bigint, days bigint, available bigint, value bigint,
    detail text, hash text)
), same AS (
  SELECT :last = 0 OR EXISTS (
    SELECT FROM page JOIN coupond_ledger USING (seq, hash) WHERE seq = :last) AS ledger
), added AS (
  INSERT INTO coupond_ledger SELECT page.* FROM page, same WHERE same.ledger
  ON CONFLICT (seq) DO NOTHING
)
SELECT CASE WHEN ledger THEN 'same' ELSE 'other' END,
       coalesce((SELECT max(seq) FROM page), 0), :'page'::jsonb ->> 'last_seq'
FROM same;
SQL
}

last=$(sql --command 'SELECT coalesce(max(seq), 0) FROM coupond_ledger')
while true; do
  # From the last entry that the table has, to see that it is still the same.
  fetch "after=$((last > 0 ? last - 1 : 0))&limit=$page_entries"
  stored=$(store "$last")
  read -r ledger end newest <<<"$stored"
  if [[ $ledger != same ]]; then
    echo "ledger_to_postgres: entry $last is not there, or another; was a backup restored?" >&2
    exit 1
  fi
  last=$end
  [[ $last -ge $newest ]] || continue
  [[ -z $once ]] || exit 0
  fetch "after=$last&limit=1&wait=30"
done
