#!/bin/sh
# A short agent in the shell: it logs what it learned, with the nats command line where it is there, else with `commune`.
#
#   ./agent.sh nats://127.0.0.1:4222
set -eu

server=$1
agent=sh
note='---
kind: how-to
---
# Find what fills the disk
Run `du -xh / | sort -h | tail` on the host, and look at the last lines first.'

if command -v nats >/dev/null 2>&1; then
    # the id derives from the text, so that the note is kept once however often it is sent
    id=$(printf %s "$note" | sha256sum | cut -c 1-32)
    answer=$(nats --server "$server" request "commune.agent.$agent.note.$id" "$note" --raw --timeout 5s)
    case $answer in
        *'per subject'*) echo 'logged already' ;;
        *'"error"'* | '') echo "not logged: $answer" >&2 && exit 1 ;;
        *) echo logged ;;
    esac
else
    # it derives the id itself, and answers after the server's acknowledgement
    "${COMMUNE:-commune}" --nats "$server" note "$agent" "$note"
fi
