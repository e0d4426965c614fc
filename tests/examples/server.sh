# A server for the scripts here, in a directory of its own, $work; both go with the script. They
# source this. Theirs to define: also_stop, for what else they started.
work=$(mktemp -d)
server=""
also_stop() { :; }
stop() {
  [[ -z $server ]] || kill "$server" 2>/dev/null || true
  also_stop
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap stop EXIT
fail() { echo "FAILED: $*"; cat "$work"/log* "$work"/said "$work"/sql/log 2>/dev/null; exit 1; }

# serve FLAG...: until it says where it serves, which is COUPOND_URL then.
serve() {
  : >"$work/banner"
  timeout 600 "$coupond" serve "$@" >"$work/banner" 2>"$work/log" &
  server=$!
  for _ in $(seq 600); do
    COUPOND_URL=$(sed -n 's/^ *serving *\(http:[^ ]*\).*/\1/p' "$work/banner")
    [[ -z $COUPOND_URL ]] || break
    sleep 0.1
  done
  [[ -n $COUPOND_URL ]] || fail "the server did not start"
  export COUPOND_URL
}

# quit WHAT: ends it, which must be well.
quit() { kill "$server"; wait "$server" || fail "the stop of $1"; server=""; }
