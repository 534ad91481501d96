#!/usr/bin/env bash
# A whole night over the small commune of this folder, in a fresh data folder.
#
#   examples/demo.sh            after `cargo build` (`make demo` does both)
#   COMMUNE_HOME=/some/dir examples/demo.sh    keep the data there
#   KEEP=1 examples/demo.sh     leave the commune running at the end, until Ctrl-C
#
# Ends with an exit code other than 0 when anything that it should show is missing.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
bin=${COMMUNE_BIN_DIR:-${CARGO_TARGET_DIR:-$root/target}/debug}
night=2026-02-15
next=2026-02-16
up_pid=
made_home=

# ---------------------------------------------------------------- words

bold= dim= plain=
if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; fi
heading() { printf '\n%s== %s ==%s\n' "$bold" "$1" "$plain"; }
show() { printf '%s$ commune %s%s\n' "$dim" "$*" "$plain"; commune "$@"; }
die() {
    printf 'demo: %s\n' "$1" >&2
    [ -z "$up_pid" ] || { printf 'demo: the last lines of the commune:\n' >&2; tail -n 30 "$log" >&2; }
    exit 1
}

# what was expected, a piece of text that must be there, and where to look for it
expect() {
    grep -qF -- "$2" <<<"$3" || die "$1: \`$2\` is missing in:
$3"
}
# the same, waited for: a command and the text that it comes to say
wait_for() {
    local what=$1 text=$2 deadline=$((SECONDS + 20))
    shift 2
    until grep -qF -- "$text" <<<"$(commune "$@" 2>/dev/null)"; do
        [ "$SECONDS" -lt "$deadline" ] || die "$what: \`$text\` did not come"
        sleep 0.2
    done
}
refuse() {
    if grep -qiF -- "$2" <<<"$3"; then die "$1: \`$2\` must not be in:
$3"; fi
}

commune() { "$bin/commune" --home "$home" "$@"; }

cleanup() {
    local code=$?
    trap - EXIT INT TERM
    if [ -n "$up_pid" ] && kill -0 "$up_pid" 2>/dev/null; then
        kill -TERM "$up_pid" 2>/dev/null || true
        wait "$up_pid" 2>/dev/null || true
    fi
    if [ -n "$made_home" ]; then rm -rf "$made_home"; fi
    exit "$code"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# ---------------------------------------------------------------- steps

start() {
    for program in commune selfcare mutualaid librarian; do
        [ -x "$bin/$program" ] || die "$bin/$program is not there: run \`cargo build\` first"
    done
    if [ -n "${COMMUNE_HOME:-}" ]; then
        home=$COMMUNE_HOME
        if [ -e "$home/nats" ]; then die "$home holds a commune already: give COMMUNE_HOME an empty folder"; fi
        mkdir -p "$home"
    else
        made_home=$(mktemp -d "${TMPDIR:-/tmp}/commune-demo.XXXXXX")
        home=$made_home
    fi
    unset COMMUNE_BIN_DIR COMMUNE_HOME COMMUNE_NATS COMMUNE_LIBRARY COMMUNE_MEMORY COMMUNE_OPERATOR_KEY
    log=$home/up.log
    "$bin/commune" --home "$home" up --free-ports >"$log" 2>&1 &
    up_pid=$!
    printf 'starting NATS and the three services in %s ' "$home"
    local deadline=$((SECONDS + 60))
    until commune status >/dev/null 2>&1; do
        kill -0 "$up_pid" 2>/dev/null || { echo; die "the commune ended before it was ready"; }
        [ "$SECONDS" -lt "$deadline" ] || { echo; die "the commune was not ready within 60 s"; }
        printf '.'
        sleep 0.3
    done
    echo ' ready'
}

heading "A commune of three agents, from an empty folder"
start

heading "What the library holds before the night"
show import "$here/library" --as library --agent ada 2>&1
show articles

heading "A week of notes"
for agent in ada bo chidi; do
    show import "$here/commune/$agent" --agent "$agent" 2>&1
    for file in "$here/notes/$agent"/*.md; do
        commune note "$agent" --file "$file" >/dev/null 2>&1 || die "$file could not be logged"
    done
    printf '%s logged %s more notes by hand\n' "$agent" "$(find "$here/notes/$agent" -name '*.md' | wc -l | tr -d ' ')"
done

heading "Bo asks what nobody has written down; Chidi rests"
question='How is the wildcard certificate renewed?'
show search --as bo "$question" 2>&1 || true
wait_for 'the need of bo' "$question" needs --open --json
show needs --open
show rest chidi --until "$night" 2>&1 >/dev/null

heading "The night: self-care, mutual aid, librarian"
show night run "$night" --details
board=$(commune night status "$night" --details --json)
expect 'the night is done' '"state":"done"' "$board"
expect 'chidi rests' '"outcome":"resting"' "$board"
expect 'a lesson strengthens a page' '"action":"update"' "$board"
expect 'a new page has a reason' '"action":"create"' "$board"
expect 'the password is held' '"rule":"secret:' "$board"

heading "Found: a page with the hands that wrote it"
show search 'old containers fill the disk'
found=$(commune search --json 'old containers fill the disk')
expect 'two agents, one page' '"contributors":["ada","bo"]' "$found"

heading "The need was answered"
show needs --answered
answered=$(commune needs --answered --json)
expect 'the need of bo' "$question" "$answered"
expect 'answered by ada' '"contributors":["ada"]' "$answered"
expect 'the next search finds it' '"status":"found"' "$(commune search --json --as bo "$question")"

heading "Held back, and private"
show held bo
whole=$(commune tail --json --once --from 1 --stream AID; commune tail --json --once --from 1 --stream LIBRARY)
for never in 'Plover-kettle' 'physiotherapy' 'Ifeoma' 'port 9090'; do refuse 'what must stay with its agent' "$never" "$whole"; done
echo 'no password, no private matter: not in any contribution, not in any page'

heading "Nothing was lost in the tidying"
for state in superseded merged; do show memory ada --state "$state" 2>&1; done
expect 'an older fact gave way' 'booking-site' "$(commune memory ada --state superseded --json)"
expect 'two ports, two notes' '8080' "$(commune memory bo --state active --json)"
expect 'two ports, two notes' '9090' "$(commune memory bo --state active --json)"

heading "The brief of Ada: what she reads in the morning"
show memory ada | head -n 24 || true

heading "The next night: Chidi is back, and what waited is shared"
show night run "$next" >/dev/null
show history mutual-aid
expect 'chidi strengthened a page' 'chidi' "$(commune history mutual-aid --json)"
show diff mutual-aid | head -n 20 || true

heading "The history of a page that was strengthened"
show history how-to/restore-a-postgres-backup
history=$(commune history how-to/restore-a-postgres-backup --json)
expect 'a second revision' '"revision":2' "$history"
expect 'by both who learned it' '"bo"' "$history"

heading "Next"
cat <<'WORDS'
  commune up                                    a commune of your own, in ~/.local/share/commune
  commune import PATH --agent NAME              an OpenClaw-style workspace
  nats pub commune.agent.me.note 'A note.'      any NATS client takes part
  commune night run && commune search WORDS     a night by hand, and what it gave
WORDS

if [ -n "${KEEP:-}" ]; then
    printf '\nthe commune still runs; try: %s --home %s search bread\nCtrl-C ends it\n' "$bin/commune" "$home"
    wait "$up_pid"
fi
printf '\nall that was expected is there\n'
