#!/usr/bin/env bash
# Usage: scripts/build.sh [release|debug|asan|tsan]
# Build build/PRESET/coupond (release: one static executable) and print its path.
set -euo pipefail
export LC_ALL=C.UTF-8
preset=${1:-release}
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/deps.sh
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset" --parallel "$(nproc)" --target coupond >&2
echo "$PWD/build/$preset/coupond"
