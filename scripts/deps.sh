#!/usr/bin/env bash
# Usage: scripts/deps.sh [--fuzz]
# Install what coupond is built and tested with, from Debian's own packages; with --fuzz, clang too,
# which only scripts/fuzz.sh needs. A second run does nothing.
#
# Packages are installed with apt (as root, or through sudo). cpp-httplib is needed in its one-header
# form, which Debian has in its source package: it is fetched into .deps through source entries derived
# from this machine's apt configuration and kept in a private directory, so the system's configuration,
# lists and keys stay as they are, and apt checks the signatures as always. Servers that only tests
# start (etcd, PostgreSQL) are downloaded with apt and unpacked into .deps, so that none is installed
# and no service starts.
set -euo pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly build_packages=(
  g++ cmake ninja-build dpkg-dev patch xz-utils
  libsqlitecpp-dev libsqlite3-dev nlohmann-json3-dev libsodium-dev libutf8proc-dev
  libqrcodegencpp-dev libcli11-dev catch2
)
readonly test_packages=(
  sqlite3 strace curl python3 chromium chromium-driver restic rsync iproute2
  # what PostgreSQL's programs are linked with
  libgssapi-krb5-2 libicu72 libldap-2.5-0 liblz4-1 libpam0g libpq5 libreadline8 libssl3 libsystemd0
  libxml2 libzstd1 tzdata
)
readonly fuzz_packages=(clang-14 libclang-rt-14-dev)
readonly header=.deps/cpp-httplib/httplib.h

say() { printf 'deps: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# as_root COMMAND...: runs it as root, or says how to help.
as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@" </dev/null
  elif command -v sudo >/dev/null; then
    sudo "$@" </dev/null
  else
    die "not root and no sudo. Run as root:  apt-get install ${missing[*]}"
  fi
}

# install PACKAGES...: installs the ones that are not installed.
install() {
  local package
  missing=()
  for package in "$@"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  say "installing ${missing[*]}"
  as_root apt-get -q update >&2 || say "apt-get update had trouble; trying with the lists there are"
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -q install -y --no-install-recommends "${missing[@]}" >&2 ||
    die "apt-get could not install: ${missing[*]}"
}

# source_entries DIRECTORY: this machine's apt sources, rewritten to ask for source packages.
source_entries() {
  local list parts file
  eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
  for file in "$list" "$parts"/*.list; do
    [[ ! -r $file ]] ||
      sed -n 's/^[[:space:]]*deb\([[:space:]]\)/deb-src\1/p' "$file" >"$1/$(basename "$file" .list).list"
  done
  for file in "$parts"/*.sources; do
    [[ ! -r $file ]] || sed 's/^Types:.*/Types: deb-src/' "$file" >"$1/$(basename "$file")"
  done
}

# fetch_httplib DIRECTORY: unpacks Debian's source package of cpp-httplib, patches applied, into
# DIRECTORY/source. An apt source without source packages is no error as long as one has this one.
fetch_httplib() {
  local private=$1
  mkdir -p "$private"/{entries,lists/partial,cache/archives/partial}
  source_entries "$private/entries"
  local apt=(apt-get -q
    -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$private/entries"
    -o Dir::State::lists="$private/lists" -o Dir::Cache="$private/cache"
    -o APT::Sandbox::User=root)
  "${apt[@]}" update </dev/null || true
  (cd "$private" && "${apt[@]}" source --download-only cpp-httplib </dev/null &&
    dpkg-source --no-check -x cpp-httplib_*.dsc source)
}

# install_httplib: .deps/cpp-httplib/httplib.h, or the shared library when it cannot be had.
install_httplib() {
  [[ ! -s $header ]] || return 0
  say "fetching the one-header form of cpp-httplib from Debian's source package"
  mkdir -p .deps
  local private
  private=$(mktemp -d "$PWD/.deps/apt.XXXXXX")
  if fetch_httplib "$private" >"$private/log" 2>&1 && [[ -s $private/source/httplib.h ]]; then
    mkdir -p "$(dirname "$header")"
    mv "$private/source/httplib.h" "$header"
    rm -rf "$private"
    return 0
  fi
  sed 's/^/deps: | /' "$private/log" >&2
  rm -rf "$private"
  say "no source package: falling back to the shared library; coupond will not be self-contained"
  install libcpp-httplib-dev pkg-config
}

# unpack NAME PACKAGES...: the files of these packages under .deps/NAME, without installing them.
unpack() {
  local name=$1 private package
  shift
  [[ ! -d .deps/$name ]] || return 0
  say "unpacking $* into .deps/$name"
  mkdir -p .deps
  private=$(mktemp -d "$PWD/.deps/$name.XXXXXX")
  if ! download "$private" "$@" 2>"$private/log"; then
    missing=("$@")
    as_root apt-get -q update >&2 || say "apt-get update had trouble; trying with the lists there are"
    download "$private" "$@" 2>"$private/log" || {
      sed 's/^/deps: | /' "$private/log" >&2
      rm -rf "$private"
      die "apt-get could not download: $*"
    }
  fi
  for package in "$private"/*.deb; do
    dpkg -x "$package" "$private/files"
  done
  chmod 755 "$private/files"
  # Complete or not there: a run that is stopped before this begins anew.
  mv -T "$private/files" ".deps/$name"
  rm -rf "$private"
}

# download DIRECTORY PACKAGES...
download() {
  (cd "$1" && apt-get -q -o APT::Sandbox::User=root download "${@:2}" </dev/null >&2)
}

install "${build_packages[@]}" "${test_packages[@]}"
[[ ${1:-} != --fuzz ]] || install "${fuzz_packages[@]}"
install_httplib
unpack etcd etcd-server
unpack postgresql postgresql-15 postgresql-client-15
