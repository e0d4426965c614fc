#!/usr/bin/env bash
# Lets systemd read the units of examples/, as far as a machine without a running one can.
# Usage: tests/examples/units.sh COUPOND
set -euo pipefail
coupond=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../../examples"
if ! command -v systemd-analyze >/dev/null; then
  echo "skipped: there is no systemd-analyze here (Debian's package systemd)"
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The executable is not installed where the units expect it.
for unit in *.service *.timer; do
  sed "s|/usr/local/bin/coupond|$coupond|" "$unit" >"$work/$unit"
done
said=$(systemd-analyze verify --man=no "$work"/* 2>&1) || { echo "$said"; exit 1; }
# A setting that systemd does not know is only a warning to it.
[[ -z $said ]] || { echo "$said"; exit 1; }
echo "ok: $(ls "$work" | wc -l) units"
