# What the scripts of this folder share: the programs, a scratch directory, topics, cases, and the cleaning up after all.
#
# A script sources this file, gives its cases to `check`, and ends with `finish`. A case is a function; it passes if each of
# its steps does (`&&`, or `|| return`). What it prints is shown only if it fails. Topics come from `topic`, background
# processes from `background`: both are gone when the script ends, however it ends.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root" || exit 2
build=$(cd "${LEAT_TEST_BUILD:-build}" && pwd) || exit 2
kafka=${LEAT_TEST_KAFKA:-}
[ -n "$kafka" ] || { echo "LEAT_TEST_KAFKA is not set; hint: tests/kafka/with-kafka $0"; exit 77; }
leat=$build/leat envelopes=$build/tests/envelopes audit=$build/tests/audit
# leat takes what nearly is a variable of its own for a slip, and these are ours.
envelope_count=${LEAT_ENVELOPES:-60000} kill_count=${LEAT_KILLS:-10}
unset LEAT_ENVELOPES LEAT_KILLS LEAT_TEST_KAFKA LEAT_TEST_KAFKA_PORT LEAT_TEST_BUILD

# Checkpoints belong on a disk: on tmpfs nothing is ever synced, and a window that a test aims at would be too short.
is_memory() { [ "$(stat -f -c %T "$1")" = tmpfs ]; }
scratch_root=${TMPDIR:-/tmp}
is_memory "$scratch_root" && scratch_root=$build
scratch=$(mktemp -d "$scratch_root/leat-relay.XXXXXX") || exit 2
chmod 755 "$scratch"
export LEAT_COUNTERS=$scratch/counters

passed=0 failed=0 serial=0 children=()
run_name=$(basename "$0" .sh)-$$

clean_up() {
    local pid each
    for pid in "${children[@]}"; do kill -KILL "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; done
    [ ! -f "$scratch/topics" ] || while read -r each; do
        "$envelopes" delete "$kafka" "$each" 2>/dev/null
    done <"$scratch/topics"
    type clean_up_more >/dev/null 2>&1 && clean_up_more
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 143' INT TERM

# topic NAME [PARTITIONS]: the variable NAME becomes the name of a new topic; with no PARTITIONS it is not created yet.
topic() {
    serial=$((serial + 1))
    printf -v "$1" '%s' "$run_name-$serial-$1"
    echo "${!1}" >>"$scratch/topics"
    [ $# -eq 1 ] || "$envelopes" create "$kafka" "${!1}" "$2"
}

# checkpoint NAME: the variable NAME becomes the path of a checkpoint that does not exist yet.
checkpoint() {
    serial=$((serial + 1))
    printf -v "$1" '%s' "$scratch/$1-$serial"
}

url() { echo "kafka://$kafka/$1"; }

# relay IN OUT CHECKPOINT ARGUMENT...: from the beginning to what is the end now.
relay() {
    local in=$1 out=$2 directory=$3
    shift 3
    "$leat" relay "$(url "$in")" "$(url "$out")" --checkpoint "$directory" --from earliest --until-end -q "$@"
}

# background COMMAND...: runs it with its output in $log; its process is $pid.
background() {
    serial=$((serial + 1))
    log=$scratch/log-$serial
    "$@" >"$log" 2>&1 &
    pid=$!
    children+=("$pid")
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || { echo "waited in vain for: $*"; return 1; }
        sleep 0.05
    done
}

# ended PID SECONDS STATUS: it ends by itself within that time, with that status.
ended() {
    wait_for "$2" has_ended "$1" || return
    local status=0
    wait "$1" || status=$?
    [ "$status" -eq "$3" ] || { echo "process ended with $status, not $3"; return 1; }
}
has_ended() { ! [ -d "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"; }

is_ready() { grep -q '^ready' "$1"; }

# refused STATUS TEXT COMMAND...: it ends with the status and says the text.
refused() {
    local status=0 wanted=$1 text=$2 said
    shift 2
    said=$("$@" 2>&1) || status=$?
    [ "$status" -eq "$wanted" ] || { echo "$said"; echo "ended with $status, not $wanted"; return 1; }
    grep -qF -- "$text" <<<"$said" || { echo "$said"; echo "does not say: $text"; return 1; }
}

same() { "$envelopes" compare "$kafka" "$@"; }

# records TOPIC: one line for each, without where it lies, sorted.
records() { "$envelopes" dump "$kafka" "$1" | sed -E 's/^partition [0-9]+ offset [0-9]+ //' | sort; }

has_count() { # TOPIC N
    local count
    count=$("$envelopes" count "$kafka" "$1") && [ "$count" -eq "$2" ] || { echo "$1 has $count records, not $2"; return 1; }
}

# check SENTENCE COMMAND...: one case.
check() {
    local sentence=$1 begin took
    shift
    begin=$(date +%s%N)
    if "$@" >"$scratch/case" 2>&1; then
        passed=$((passed + 1))
        took=$(( ($(date +%s%N) - begin) / 1000000 ))
        echo "ok      $sentence ($took ms)"
    else
        failed=$((failed + 1))
        echo "FAILED  $sentence"
        sed 's/^/    /' "$scratch/case" | tail -n 40
        [ -z "${log:-}" ] || { echo "    ---- the last background process said"; tail -n 15 "$log" | sed 's/^/    /'; }
    fi
}

finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}
