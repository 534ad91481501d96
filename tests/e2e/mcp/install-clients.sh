#!/bin/sh
# Installs what stories and examples drive the commune with, into the workspace's .tools/clients: the official client libraries of
# MCP, NATS clients and gRPC, for Python and for Node, and what looks at pages in a browser. All of it is locked by hash
# (requirements.txt, package-lock.json). Needs no root.
#
# Run it as often as you like: it does nothing when the right ones are there. Where Python's pip or npm is missing, or no registry can
# be reached, it says so and goes on: the stories that need them are skipped. A download with another hash is an error.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
workspace=$(cd "$here/../../.." && pwd)
target=$workspace/.tools/clients
log=$(mktemp)
trap 'rm -rf "$log" "$target"/*.$$' EXIT INT TERM

say() {
    printf 'install-clients: %s\n' "$*" >&2
}

# what it is, and how the last command failed: with another hash, or because it could not be had
failed() {
    if grep -qE 'DO NOT MATCH THE HASHES|EINTEGRITY' "$log"; then
        cat "$log" >&2
        say "$1: a download has another hash than the lock says. Nothing was installed: do not use it."
        exit 1
    fi
    say "skipped: $1 cannot be installed here ($(tail -n 1 "$log"))"
}

# which one, and the folder in which it was made: it appears whole, also when two installers run at once
place() {
    rm -rf "${target:?}/$1"
    mv -T "$target/$1.$$" "$target/$1" 2>/dev/null || true
    say "installed the clients for $1 in $target/$1"
}

for_python() {
    if ! python3 -m pip --version >/dev/null 2>&1; then
        say "skipped: Python's pip is missing (apt-get install python3-pip)"
        return
    fi
    # compiled wheels are of one release of Python
    stamp="$(python3 -c 'import sys; print(sys.version_info[:2])') $(cksum <"$here/requirements.txt")"
    if [ "$(cat "$target/python/stamp" 2>/dev/null)" = "$stamp" ]; then
        say "the clients for Python are already in $target/python"
        return
    fi
    if python3 -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
        --root-user-action ignore --requirement "$here/requirements.txt" --target "$target/python.$$" >"$log" 2>&1; then
        printf '%s\n' "$stamp" >"$target/python.$$/stamp"
        place python
    else
        failed "what Python needs"
    fi
}

for_node() {
    if ! command -v npm >/dev/null 2>&1; then
        say "skipped: npm is missing (apt-get install npm)"
        return
    fi
    stamp=$(cksum <"$here/package-lock.json")
    if [ "$(cat "$target/node/stamp" 2>/dev/null)" = "$stamp" ]; then
        say "the clients for Node are already in $target/node"
        return
    fi
    mkdir -p "$target/node.$$"
    cp "$here/package.json" "$here/package-lock.json" "$target/node.$$/"
    # no script of a package is run
    if (cd "$target/node.$$" && npm ci --ignore-scripts --no-audit --no-fund --loglevel error) >"$log" 2>&1; then
        printf '%s\n' "$stamp" >"$target/node.$$/stamp"
        place node
    else
        failed "what Node needs"
    fi
}

mkdir -p "$target"
for_python
for_node
