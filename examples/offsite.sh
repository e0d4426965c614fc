#!/usr/bin/env bash
# Carries a copy of the shop, as `coupond serve --copy DIR` keeps it, to another place with restic:
# encrypted, and a month of nights is kept. Run it every night; nothing has to stop meanwhile.
#
# Usage: RESTIC_REPOSITORY=sftp:user@host:/shop RESTIC_PASSWORD_FILE=FILE offsite.sh DIR
#
# Back again:  restic restore latest --target /tmp/back
#              coupond restore /tmp/back/DIR --data NEW --key secret.key
# The copy does not hold secret.key: keep that, and the password of the repository, elsewhere.
set -euo pipefail
copy=${1:?"usage: offsite.sh DIR, the directory of serve --copy"}
[[ -f $copy/COPY ]] || { echo "offsite: $copy is no copy of a shop" >&2; exit 1; }

restic cat config >/dev/null 2>&1 || restic init --quiet
# A base that is still being made is of no use to anybody.
restic backup --quiet --exclude 'base.new*' "$copy"
restic forget --quiet --keep-daily 30 --prune
echo "offsite: $copy carried to $RESTIC_REPOSITORY"
