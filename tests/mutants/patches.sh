# What run.sh and check.sh read out of the patches. A patch begins with two lines:
#   Bug: what is wrong with the program then.
#   Caught by: LABEL: the name of the test, which is in coupond_LABEL_tests; of the label cluster,
#              THEME_test.py test_NAME in tests/cluster.

bug_of() { sed -n '1s/^Bug: //p' "$1"; }
catcher_of() { sed -n '2s/^Caught by: //p' "$1"; }
label_of() { catcher_of "$1" | cut -d: -f1; }
files_of() { sed -n 's,^+++ b/,,p' "$1"; }  # that it touches
test_of() { catcher_of "$1" | sed 's/^[^:]*: //'; }

# chosen [NUMBER...]: the patches with these numbers, or all.
chosen() {
  local directory number
  directory=$(dirname "${BASH_SOURCE[0]}")
  [[ $# -gt 0 ]] || { ls "$directory"/*.patch; return; }
  for number in "$@"; do ls "$directory/$(printf '%02d' "$((10#$number))")"-*.patch; done
}
