#!/usr/bin/env bash
# Usage: scripts/test.sh [--long]
# Build the release executable and every test, and run them all; exit 0 when all pass. The tests link
# the same libraries as the executable, so each source is compiled once.
# --long runs the tests with their large counts (COUPOND_LONG=1), then under ASan+UBSan and TSan, and
# compiles twice more: clang checks what each mutex guards, and the linker that each name means one
# thing.
set -euo pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "${BASH_SOURCE[0]}")/.."
limit=()  # of seconds a test may take: the preset's
case "${1:-}" in
  "") ;;
  --long)
    export COUPOND_LONG=1
    limit=(--timeout 14400)
    ;;
  *) echo "usage: scripts/test.sh [--long]" >&2; exit 2 ;;
esac

# run_suite PRESET: builds everything and runs every test.
run_suite() {
  echo "== $1: build"
  cmake --preset "$1" >/dev/null
  cmake --build --preset "$1" --parallel "$(nproc)"
  echo "== $1: test"
  # Tests wait for disks and leases half of their time.
  ctest --preset "$1" --parallel "$(($(nproc) + 1))" --no-tests=error "${limit[@]}" </dev/null
}

scripts/deps.sh
run_suite release
if [[ -n ${COUPOND_LONG:-} ]]; then
  unset COUPOND_LONG
  run_suite asan
  run_suite tsan
  scripts/deps.sh --fuzz
  for preset in fuzz odr; do
    echo "== $preset: build"
    cmake --preset "$preset" >/dev/null
    cmake --build --preset "$preset" --parallel "$(nproc)"
  done
fi
