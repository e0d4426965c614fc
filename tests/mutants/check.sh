#!/usr/bin/env bash
# Usage: tests/mutants/check.sh BUILD_DIRECTORY
# Whether every planted bug can still be planted: its patch applies to the tree as it is, and the
# test that is to catch it exists. run.sh then shows that it does. Changes nothing.
set -euo pipefail
export LC_ALL=C.UTF-8
build=$(cd "$1" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/mutants/patches.sh
readonly least=38  # so many there are; a lost file must not go unnoticed

failed=0
complain() { echo "$1: $2" >&2; failed=1; }

count=0
for file in tests/mutants/*.patch; do
  count=$((count + 1))
  [[ -n $(bug_of "$file") ]] || complain "$file" "says not what the bug is"
  patch -p1 --dry-run -s -f <"$file" >/dev/null || complain "$file" "does not apply any more"
  if [[ $(label_of "$file") == cluster ]]; then
    read -r script name <<<"$(test_of "$file")"
    grep -q "^def $name(" "tests/cluster/$script" ||
      complain "$file" "no test $(catcher_of "$file")"
    continue
  fi
  # Catch gives the number of tests as the exit code.
  names=$("$build/coupond_$(label_of "$file")_tests" --list-test-names-only || true)
  grep -Fxq -- "$(test_of "$file")" <<<"$names" || complain "$file" "no test $(catcher_of "$file")"
done
[[ $count -ge $least ]] || complain tests/mutants "only $count bugs"
echo "$count planted bugs"
exit $failed
