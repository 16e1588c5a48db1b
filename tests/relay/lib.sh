# What the scripts of this folder share beyond tests/support/cases.sh: programs, topics, checkpoints, and background processes.
#
# A case passes if each of its steps does (`&&`, or `|| return`). Topics come from `topic`, background processes from
# `background`: both are gone when the script ends, however it ends.
. "$(dirname "${BASH_SOURCE[0]}")/../support/cases.sh"
[ -n "$kafka" ] || { echo "LEAT_TEST_KAFKA is not set; hint: tests/kafka/with-kafka $0"; exit 77; }
envelopes=$build/tests/envelopes audit=$build/tests/audit
# leat would take these for slips, too.
envelope_count=${LEAT_ENVELOPES:-60000} kill_count=${LEAT_KILLS:-10} seed=${LEAT_SEED:-$$}
unset LEAT_ENVELOPES LEAT_KILLS LEAT_SEED
export LEAT_COUNTERS=$scratch/counters

serial=0
run_name=$(basename "$0" .sh)-$$

delete_topics() {
    local each
    [ ! -f "$scratch/topics" ] || while read -r each; do
        "$envelopes" delete "$kafka" "$each" 2>/dev/null
    done <"$scratch/topics"
}
at_end delete_topics

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
