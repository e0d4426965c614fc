#!/usr/bin/env bash
# examples/cluster.sh, as a reader would run it. Usage: tests/examples/cluster.sh COUPOND
set -euo pipefail
export LC_ALL=C.UTF-8
coupond=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../../examples"
etcd=$(realpath -m ../.deps/etcd/usr/bin/etcd)
if [[ ! -x $etcd ]]; then
  echo "skipped: there is no etcd in .deps (scripts/deps.sh unpacks it)"
  exit 0
fi
said=$(COUPOND=$coupond ETCD=$etcd CLUSTER_PORT=$((20000 + RANDOM % 10000)) timeout 100 \
  bash cluster.sh 2>&1) || { echo "$said"; exit 1; }
for line in '^East redeemed' '^West leads, [0-9]* ms later' '^West redeemed' '^West refuses'; do
  grep -q "$line" <<<"$said" || { echo "no line $line in:"; echo "$said"; exit 1; }
done
echo "$said"
