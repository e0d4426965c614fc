# Shared by the walk-throughs in this folder; source it. Needs curl and sed.
#
#   COUPOND_URL   where coupond listens (http://127.0.0.1:8080)
#
# call METHOD PATH [BODY]   sends a request; prints the body, keeps the status in $status
# field NAME                the text or number field NAME of the JSON on standard input
# expect STATUS             stops the walk-through when the last call answered something else
set -euo pipefail

readonly url=${COUPOND_URL:-http://127.0.0.1:8080}
token=""
status=""
reply=""

call() {
  local method=$1 path=$2 body=${3:-}
  local arguments=(--silent --show-error --max-time 30 --request "$method"
    --write-out '\n%{http_code}')
  [[ -z $token ]] || arguments+=(--header "Authorization: Bearer $token")
  [[ -z $body ]] || arguments+=(--header 'Content-Type: application/json' --data "$body")
  reply=$(curl "${arguments[@]}" ${headers[@]+"${headers[@]}"} "$url$path")
  status=${reply##*$'\n'}
  reply=${reply%$'\n'*}
  printf '%s %s -> %s %s\n' "$method" "$path" "$status" "$reply"
}

field() {
  sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" <<<"$reply" | head -n 1
}

expect() {
  [[ $status == "$1" ]] && return 0
  echo "expected $1, got $status" >&2
  exit 1
}

# Logs the demo's administrator in.
log_in_as_admin() {
  call POST /login '{"email":"admin@example.com","password":"AdminPassword123"}'
  expect 200
  token=$(field access_token)
}

# Registers somebody new and logs them in; their id is in $user_id, their UUID in $user_uuid.
become_somebody() {
  token=""
  call POST /register "{\"email\":\"$1-$RANDOM$RANDOM@example.com\",\"password\":\"hunter22x\"}"
  expect 200
  token=$(field access_token)
  user_id=$(sed -n 's/.*"user":{"id":\([0-9]*\).*/\1/p' <<<"$reply")
  user_uuid=$(field user_id)
}
