#!/usr/bin/env bash
# Usage: scripts/fuzz.sh [RUNS [TARGET...]]
# Build the fuzzers of tests/fuzz with clang (installing it if need be) and give each RUNS inputs, a
# million unless said; all targets unless some are named. Exit 0 when nothing was found. An input
# that fails is left in build/fuzz/found/TARGET; once it is mended, the input belongs into
# tests/fuzz/corpus/TARGET, which the test suite replays.
set -euo pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "${BASH_SOURCE[0]}")/.."
runs=${1:-1000000}
[[ $runs =~ ^[0-9]+$ ]] || { echo "usage: scripts/fuzz.sh [RUNS [TARGET...]]" >&2; exit 2; }
shift || true
targets=("$@")
if [[ ${#targets[@]} -eq 0 ]]; then
  mapfile -t targets < <(basename -s _fuzz.cpp -a tests/fuzz/*_fuzz.cpp)
fi

scripts/deps.sh --fuzz
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --parallel "$(nproc)"

failed=()
for target in "${targets[@]}"; do
  echo "== $target: $runs runs"
  seen=build/fuzz/seen/$target  # what it learns, kept for the next time
  mkdir -p "$seen" "build/fuzz/found/$target"
  options=(-seed=1 -runs="$runs" -max_len=8192 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1)
  "build/fuzz/coupond_fuzz_$target" "${options[@]}" -artifact_prefix="build/fuzz/found/$target/" \
    "$seen" "tests/fuzz/corpus/$target" >"build/fuzz/$target.log" 2>&1 || failed+=("$target")
  grep -E 'ERROR|broken|SUMMARY|Test unit|^stat::number|^stat::peak' "build/fuzz/$target.log" || true
done
[[ ${#failed[@]} -eq 0 ]] || { echo "found something: ${failed[*]}" >&2; exit 1; }
echo "nothing found"
