#!/usr/bin/env bash
# Usage: tests/mutants/run.sh [NUMBER...]
# The test of the tests: plants the bugs of this folder one by one, each a patch with the sentence
# that says what it does and the test that has to notice, and shows that it does. Works on a copy of
# the tree in build/mutants, so that the program itself has no switch for being wrong. First every
# named test must pass without a bug, then each must fail with its own. Exit 0 when all are caught.
# Most of the time goes into the first build; CMAKE_CXX_COMPILER_LAUNCHER=ccache shortens it.
set -euo pipefail
export LC_ALL=C.UTF-8
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$root/build/mutants
tree=$work/tree
. "$root/tests/mutants/patches.sh"

# make_tree: a fresh copy. What a patch touches is marked as changed: an earlier run may have been
# ended with a bug in it, and built it.
make_tree() {
  mkdir -p "$tree"
  tar -C "$root" --exclude=./build --exclude=./.git --exclude=./coupond-data --exclude=./.deps \
    -cf - . | tar -C "$tree" -xf -
  ln -sfn "$root/.deps" "$tree/.deps"
  local patch
  for patch in "$root"/tests/mutants/*.patch; do
    files_of "$patch" | (cd "$tree" && xargs touch)
  done
}

# build TARGETS...: quiet unless it fails.
build() {
  cmake --build "$tree/build/debug" --parallel "$(nproc)" --target "$@" >"$work/build.log" 2>&1
}

# passes LABEL NAME: whether that test passes.
passes() {
  if [[ $1 == cluster ]]; then
    local words
    read -ra words <<<"$2"
    timeout 300 python3 -B "$tree/tests/cluster/${words[0]}" "$tree/build/debug/coupond" \
      "${words[1]}" >"$work/test.log" 2>&1
    return
  fi
  local program=$tree/build/debug/coupond_$1_tests
  local name=${2//,/\\,}
  (cd "$work" && COUPOND_BINARY=$tree/build/debug/coupond timeout 300 "$program" "$name" \
    --warn NoTests >"$work/test.log" 2>&1)
}

# targets_of LABEL: what has to be built for its tests.
targets_of() {
  [[ $1 == cluster ]] || echo "coupond_$1_tests"
  case $1 in cli | crash | concurrency | cluster) echo coupond ;; esac
}

baseline() {
  local patch targets=()
  for patch in "$@"; do
    mapfile -t -O "${#targets[@]}" targets < <(targets_of "$(label_of "$patch")")
  done
  build "${targets[@]}" || { tail -20 "$work/build.log" >&2; return 1; }
  for patch in "$@"; do
    passes "$(label_of "$patch")" "$(test_of "$patch")" && continue
    tail -20 "$work/test.log" >&2
    echo "fails without any bug: $(test_of "$patch")" >&2
    return 1
  done
}

# restore PATCH: puts what it touched back as it is in the tree that is tested. (Reversing a patch
# that moves lines may find them in another place.)
restore() {
  local file
  for file in $(files_of "$1"); do cp "$root/$file" "$tree/$file"; done
}

# try PATCH: one row of the table; not 0 when the bug is not caught.
try() {
  local label test verdict=caught targets
  label=$(label_of "$1") test=$(test_of "$1")
  mapfile -t targets < <(targets_of "$label")
  if ! patch -d "$tree" -p1 -s --no-backup-if-mismatch <"$1"; then
    verdict="DOES NOT APPLY"
  elif ! build "${targets[@]}"; then
    verdict="DOES NOT BUILD"
    tail -20 "$work/build.log" >&2
  elif passes "$label" "$test"; then
    verdict="NOT CAUGHT"
  fi
  restore "$1"
  printf '%-10s %s\n%-10s   by "%s: %s"\n' "$verdict" "$(bug_of "$1")" "" "$label" "$test"
  [[ $verdict == caught ]]
}

mapfile -t patches < <(chosen "$@")
make_tree
(cd "$tree" && cmake --preset debug >/dev/null)
echo "${#patches[@]} bugs; first without any"
baseline "${patches[@]}"
caught=0
for patch in "${patches[@]}"; do
  if try "$patch"; then caught=$((caught + 1)); fi
done
echo "$caught of ${#patches[@]} caught"
[[ $caught -eq ${#patches[@]} ]]
