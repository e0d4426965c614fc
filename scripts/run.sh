#!/usr/bin/env bash
# Usage: scripts/run.sh [ARGUMENTS OF coupond...]
# Build coupond and run it: with the arguments given, else a demo on loopback (`serve --demo`).
set -euo pipefail
binary=$("$(dirname "${BASH_SOURCE[0]}")/build.sh")
if [[ $# -eq 0 ]]; then
  set -- serve --demo
fi
exec "$binary" "$@"
