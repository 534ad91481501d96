#!/usr/bin/env bash
# Builds the commune broken on purpose, once for each patch of this folder, and lets the chaos checker judge it: an
# unbroken build must pass, each broken one must fail with a violation that names what was broken.
#
#   tests/chaos/mutations/run.sh [patch...]     such as `run.sh acknowledge-first`; all of them without a name
#   SEED=7 MINUTES=1                            the seeded run that judges
#   STORIES="night:: recordings::"              stories of the e2e tests to be asked as well (they do not decide)
#
# It works on the last commit, in a worktree below target/, and keeps its build there.
set -euo pipefail

root=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
cd "$root"
seed=${SEED:-7}
minutes=${MINUTES:-1}
stories=${STORIES:-}
tree=$root/target/mutations-tree
logs=$root/target/mutations-logs
export CARGO_TARGET_DIR=$root/target/mutations
if [ -z "${NATS_SERVER:-}" ] && [ -x .tools/bin/nats-server ]; then
    export NATS_SERVER=$root/.tools/bin/nats-server
fi
patches=("$@")
if [ ${#patches[@]} -eq 0 ]; then
    for patch in tests/chaos/mutations/*.patch; do patches+=("$(basename "$patch" .patch)"); done
fi
# the patches as they are now, the rest as it was committed
folder=$root/tests/chaos/mutations

git worktree prune
[ -e "$tree" ] || git worktree add --quiet --detach "$tree" HEAD
commit=$(git rev-parse HEAD)
mkdir -p "$logs"

clean() {
    git -C "$tree" checkout --quiet --force --detach "$commit"
    git -C "$tree" clean --quiet -fd
}
trap clean EXIT

build() {
    local targets=(--bins --test chaos)
    [ -z "$stories" ] || targets+=(--test e2e)
    (cd "$tree" && cargo build --quiet --locked --workspace "${targets[@]}") >"$logs/$1.build" 2>&1
}

# Runs the checker; says `passed`, or `failed` and the rules that were broken.
judge() {
    local log=$logs/$1.chaos
    if (cd "$tree" && CHAOS_SEED=$seed CHAOS_MINUTES=$minutes \
        cargo test --quiet --locked -p commune-tests --test chaos nothing_is_lost -- --nocapture) >"$log" 2>&1; then
        echo passed
    else
        echo failed
        sed -n 's/^violation of \([^:]*\): .*/\1/p' "$log" | sort | uniq -c | sort -rn
    fi
}

ask_stories() {
    local story
    for story in $stories; do
        (cd "$tree" && cargo test --quiet --locked -p commune-tests --test e2e "$story") >"$logs/$1.e2e" 2>&1 || true
        sed -n "s/^test result: \([a-zA-Z]*\)\. \(.*\) ignored.*/    stories $story \1, \2 ignored/p" "$logs/$1.e2e"
        sed -n 's/^    \([a-z_]*::[a-z_:]*\)$/      failed: \1/p' "$logs/$1.e2e" | sort -u
    done
}

begun=$SECONDS
clean
echo "commit ${commit:0:12}, seed $seed, $minutes min"
build unbroken || { tail -40 "$logs/unbroken.build"; exit 1; }
verdict=$(judge unbroken)
echo "unbroken: $verdict"
[ "$verdict" = passed ] || { echo "the unbroken build must pass before a broken one can tell anything: $logs/unbroken.chaos"; exit 1; }

survived=0
for name in "${patches[@]}"; do
    clean
    patch=$folder/$name.patch
    echo
    echo "$name: $(head -n 1 "$patch")"
    git -C "$tree" apply --3way "$patch" >"$logs/$name.apply" 2>&1 || { cat "$logs/$name.apply"; exit 1; }
    build "$name" || { tail -40 "$logs/$name.build"; exit 1; }
    verdict=$(judge "$name")
    case $verdict in
    passed)
        echo "  NOT CAUGHT"
        survived=$((survived + 1))
        ;;
    failed)
        # a panic and no violation: it was noticed, but not by the checker
        echo "  failed without a violation: $(grep -m 1 -A 1 'panicked at' "$logs/$name.chaos" | tail -n 1)"
        ;;
    *)
        echo "  caught, violations by rule:"
        tail -n +2 <<<"$verdict" | sed 's/^/  /'
        sed -n 's/^violation of /    e.g. /p' "$logs/$name.chaos" | cut -c 1-200 | sort -u -t: -k1,1 | head -n 6
        ;;
    esac
    [ -z "$stories" ] || ask_stories "$name"
done
echo
echo "$((${#patches[@]} - survived)) of ${#patches[@]} caught, $survived not, in $((SECONDS - begun)) s; logs in $logs"
[ "$survived" -eq 0 ]
