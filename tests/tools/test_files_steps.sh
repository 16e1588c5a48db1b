#!/usr/bin/env bash
# A query from a directory into a directory is killed with SIGKILL right before one of its calls that make files last or show
# them - the n-th write, sync, or rename of one of its threads - and started again, so that there is a death between each pair of
# steps of an epoch. In the end every line must stand in the output once. strace does it, on epoll, where each step is a call.
# LEAT_KILLS (5) says how often for each kind of call; LEAT_SEED (the script's process id) decides which.
. "$(dirname "$0")/../support/cases.sh"
kills=${LEAT_KILLS:-5} seed=${LEAT_SEED:-$$}
unset LEAT_KILLS LEAT_SEED
export LEAT_COUNTERS=$scratch/counters
in=$scratch/in out=$scratch/out checkpoint=$scratch/checkpoint files=$((kills * 40 + 10)) lines=50
RANDOM=$seed

make_input() {
    local i
    mkdir -p "$in"
    for ((i = 0; i < files; i++)); do
        seq $((i * lines)) $((i * lines + lines - 1)) | awk '{ printf "{\"id\":%d,\"k\":%d}\n", $1, $1 % 3 }' >"$in/$(printf %04d "$i").json" || return
    done
}

statements() { # TRIGGER FILES: so many files an epoch, and several of each
    echo "CREATE TABLE i (id INT, k INT) USING json OPTIONS (path '$in', maxFilesPerTrigger $2);
        CREATE TABLE o (id INT, k INT) USING json OPTIONS (path '$out', partitionBy 'k', compression 'gzip', maxRecordsPerFile 10,
            checkpointLocation '$checkpoint', io 'epoll', trigger '$1');
        INSERT INTO o SELECT * FROM i"
}

tracer=''
end_traced() {
    [ -n "$tracer" ] || return 0
    # shellcheck disable=SC2046
    kill -KILL $(ps -o pid= --ppid "$tracer") 2>/dev/null
    wait "$tracer"
}
at_end end_traced

# True when it was killed, and did not end by itself or for a fault.
killed_before() { # CALL NUMBER
    local status=0 i
    strace -f -qq -o /dev/null -e trace="$1" -e inject="$1:signal=KILL:when=$2" "$leat" sql -q \
        -e "$(statements "continuous 20 milliseconds" 1)" >"$scratch/log" 2>&1 &
    tracer=$!
    for ((i = 0; i < 2400; i++)); do
        kill -0 "$tracer" 2>/dev/null || break
        sleep 0.05
    done
    [ "$i" -lt 2400 ] || echo "call $2 of $1 never came"
    { end_traced || status=$?; } 2>/dev/null
    tracer=''
    [ "$i" -lt 2400 ] && [ "$status" -eq 137 ] && return
    echo "before call $2 of $1: ended with $status"
    cat "$scratch/log"
    return 1
}

killed_between_all_steps() {
    local round call
    for ((round = 0; round < kills; round++)); do
        for call in pwrite64 fdatasync fsync renameat; do
            killed_before "$call" $((RANDOM % 25 + 1)) || return
        done
    done
}

# The files of the newest manifest, as a reader finds them that goes by it.
manifested() {
    python3 - "$out" <<'END'
import json, os, sys, urllib.parse
folder = os.path.join(sys.argv[1], "_spark_metadata")
names = {int(name.split(".")[0]): name for name in os.listdir(folder) if name[0].isdigit()}
last = max(names)
first = max([number for number, name in names.items() if name.endswith(".compact")], default=0)
for number in range(first, last + 1):
    with open(os.path.join(folder, names[number]), encoding="utf-8") as file:
        for line in file.read().split("\n")[1:]:
            print(urllib.parse.unquote(json.loads(line)["path"])[len("file://"):])
END
}

every_line_once() {
    "$leat" sql -q -e "$(statements availableNow 1000)" >"$scratch/log" 2>&1 || { cat "$scratch/log"; return 1; }
    manifested >"$scratch/files" || return
    diff <(sort "$scratch/files") <(find "$out" -path '*/_spark_metadata' -prune -o -type f -print | sort) ||
        { echo "the directory and its manifest differ"; return 1; }
    xargs zcat <"$scratch/files" | sed 's/[^0-9]//g' | sort -n >"$scratch/lines"
    seq 0 $((files * lines - 1)) | diff "$scratch/lines" - | head -5
    [ "$(wc -l <"$scratch/lines")" -eq $((files * lines)) ] && [ "$(uniq "$scratch/lines" | wc -l)" -eq $((files * lines)) ]
}

command -v strace >/dev/null || { echo "there is no strace; hint: make setup-test"; exit 77; }
make_input || exit 1
check "killed before writes, syncs and renames" killed_between_all_steps
check "then every line stands in the output once, and no other file" every_line_once
finish
