#!/usr/bin/env bash
# A query that reads a directory is killed with SIGKILL again and again while files are renamed into place, packed ones and large
# ones among them, and started again each time. In the end every line must stand in the output once: in the file of the sink
# append, and in the directory of a file sink; in Kafka, where there is one, at least once. LEAT_KILLS (5) says how often; LEAT_SEED (the script's process id) decides when.
. "$(dirname "$0")/../support/cases.sh"
kills=${LEAT_KILLS:-5} seed=${LEAT_SEED:-$$}
unset LEAT_KILLS LEAT_SEED
export LEAT_COUNTERS=$scratch/counters

# Puts files into IN until there is a file IN.stop; their lines, numbered through, are all that there ever will be.
writer() {
    python3 - "$1" "$seed" <<'END'
import gzip, os, random, sys, time
into, seed = sys.argv[1], int(sys.argv[2])
random.seed(seed)
line = serial = 0
while not os.path.exists(into + ".stop"):
    count = random.choice([0, 1, 3, 10, 200, 20000])
    text = "".join(f"line {line + i} {'x' * random.randrange(60)}\n" for i in range(count)).encode()
    line += count
    packed = random.random() < 0.3
    name = f"{into}/{random.choice('abc')}{serial:06d}.txt" + (".gz" if packed else "")
    with open(into + "/.new", "wb") as file:
        file.write(gzip.compress(text) if packed else text)
    os.rename(into + "/.new", name)
    serial += 1
    time.sleep(random.random() * 0.05)
with open(into + ".count", "w") as file:
    file.write(f"{line}\n")
END
}

start_query() { # ARGUMENT...
    "$leat" relay "file://$in" "$out" --checkpoint "$checkpoint" --epoch 20ms -q "$@" >"$scratch/log" 2>&1 &
    query=$!
    children+=("$query")
}

# Every line, once unless it may come twice, and no other: the numbers are 0 .. count - 1.
verify() { # COMMAND...: prints the output
    "$@" | awk -v count="$(cat "$in.count")" -v twice="$may_be_twice" '
        { if ($1 != "line" || (!twice && ($2 in seen))) { wrong++; print "twice, or torn: " $0 }
          if (!($2 in seen)) n++; seen[$2] = 1 }
        END { if (n != count) { print n " lines of " count; wrong++ } exit wrong > 0 }' | head -5
    return "${PIPESTATUS[1]}"
}

killed_while_it_reads() { # NAME SINK COMMAND...
    local name=$1 round
    in=$scratch/$name.in out=$2 checkpoint=$scratch/$name.checkpoint
    shift 2
    mkdir -p "$in" || return
    writer "$in" &
    local writing=$!
    children+=("$writing")
    RANDOM=$seed
    for ((round = 0; round < kills; round++)); do
        start_query
        sleep "0.$((RANDOM % 9))$((RANDOM % 10))"
        kill -KILL "$query" 2>/dev/null || { cat "$scratch/log"; echo "it ended by itself in round $round"; return 1; }
        wait "$query" 2>/dev/null
    done
    touch "$in.stop"
    wait "$writing" || return
    start_query --until-end
    wait "$query" || { cat "$scratch/log"; return 1; }
    verify "$@"
}

listed_files() { # what a reader that knows the manifest reads: of each file the lines
    "$leat" relay "file://$1" "append://$scratch/listed.txt" --checkpoint "$scratch/listed.checkpoint" --until-end -q >&2 &&
        cat "$scratch/listed.txt"
}

topic=leat-files-kill9-$$
into_kafka() {
    [ -n "$kafka" ] || { skip "there is no Kafka"; return; }
    may_be_twice=1
    "$build/tests/envelopes" create "$kafka" "$topic" 2 &&
        killed_while_it_reads kafka "kafka://$kafka/$topic" sent_records
}
sent_records() {
    "$leat" relay "kafka://$kafka/$topic" "append://$scratch/sent.txt" --from earliest --checkpoint "$scratch/sent.checkpoint" \
        --select "CAST(value AS STRING) AS value" --until-end -q >&2 && cat "$scratch/sent.txt"
}
delete_topic() { [ -z "$kafka" ] || "$build/tests/envelopes" delete "$kafka" "$topic" 2>/dev/null; }
at_end delete_topic

may_be_twice=0
check "a directory into an appended file: every line once" \
    killed_while_it_reads append "append://$scratch/out.txt" cat "$scratch/out.txt"
check "a directory into a directory: every line once" \
    killed_while_it_reads directory "file://$scratch/out" listed_files "$scratch/out"
check "a directory into Kafka: no line is lost" into_kafka
finish
