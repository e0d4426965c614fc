#!/usr/bin/env bash
# A copy carried off-site with examples/offsite.sh and back, and a standby that is fed by rsync and
# takes over. Usage: tests/examples/copy.sh COUPOND
set -euo pipefail
export LC_ALL=C.UTF-8
coupond=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../../examples"
source ../tests/examples/server.sh
for tool in restic rsync; do
  command -v "$tool" >/dev/null && continue
  echo "skipped: there is no $tool here (scripts/deps.sh installs it)"
  exit 0
done

make_admin() {
  echo "correct horse 7" |
    "$coupond" admin create "$1@example.com" --data "$work/shop" >"$work/said" 2>&1 ||
    fail "admin create $1"
}
admins() { "$coupond" admin list --data "$1"; }

mkdir "$work/nas"
serve --data "$work/shop" --listen 127.0.0.1:0 --copy "$work/nas/shop"
for name in one two three; do
  make_admin "$name"
done
for _ in $(seq 600); do
  "$coupond" health --data "$work/shop" >"$work/said" || fail "health"
  grep -q 'copy: .* holds change' "$work/said" && break
  sleep 0.1
done
grep -q 'copy: .* holds change' "$work/said" || fail "the copy is not whole"
sleep 2 # at most a second behind
admins "$work/shop" >"$work/sold"

export RESTIC_REPOSITORY=$work/offsite RESTIC_PASSWORD_FILE=$work/password
export RESTIC_CACHE_DIR=$work/cache
echo secret >"$work/password"
bash offsite.sh "$work/nas/shop" >"$work/said" 2>&1 || fail "offsite.sh"
bash offsite.sh "$work/nas/shop" >"$work/said" 2>&1 || fail "offsite.sh again"
restic restore latest --quiet --target "$work/back"
"$coupond" restore "$work/back$work/nas/shop" --data "$work/fresh" --key "$work/shop/secret.key" \
  >"$work/said" 2>&1 || fail "restore"
cmp <(admins "$work/fresh") "$work/sold" || fail "what came back is not what was sold"
echo "ok: offsite.sh"

rsync -a --delay-updates "$work/nas/shop/" "$work/carried/"
"$coupond" follow "$work/carried" --data "$work/standby" --key "$work/shop/secret.key" --once \
  >"$work/said" 2>&1 || fail "follow"
make_admin four
quit "the shop"
rsync -a --delay-updates "$work/nas/shop/" "$work/carried/"
"$coupond" follow "$work/carried" --data "$work/standby" --once >"$work/said" 2>&1 || fail "follow"
admins "$work/standby" >"$work/said" 2>&1 && fail "a command made the standby a shop"
serve --data "$work/standby" --listen 127.0.0.1:0
grep -q four@example.com <(admins "$work/standby") || fail "the standby lacks what was sold"
quit "the standby"
# The old machine comes back and sells.
make_admin five
"$coupond" verify --data "$work/standby" --against "$work/shop" >"$work/said" && fail "no fork"
grep -q 'fork at entry .*here it is database.restore' "$work/said" || fail "the fork is not named"
echo "ok: a standby that takes over"
