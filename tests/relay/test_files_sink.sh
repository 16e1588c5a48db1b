#!/usr/bin/env bash
# A query from a topic into a directory is killed with SIGKILL again and again under a constant load, and started again each
# time. In the end every record must stand once in the files that the manifest names, and there must be
# no other file. LEAT_KILLS (5) says how often; LEAT_SEED (the script's process id) decides when. Every other kill comes when the
# checkpoint gets an entry offsets/N (killer.c), and so while the epoch's files are shown.
LEAT_KILLS=${LEAT_KILLS:-5}
. "$(dirname "$0")/lib.sh"

topic in 3 || exit 1
checkpoint directory
out=$scratch/out killer=$build/tests/killer
RANDOM=$seed

# Lines numbered through, about 5,000 a second, until there is a file STOP; how many is in COUNT then.
generate() { # STOP COUNT
    python3 - "$1" "$2" <<'END'
import os, sys, time
count = 0
while not os.path.exists(sys.argv[1]):
    sys.stdout.write("".join(f"{i}\n" for i in range(count, count + 50)))
    sys.stdout.flush()
    count += 50
    time.sleep(0.01)
with open(sys.argv[2], "w") as file:
    file.write(f"{count}\n")
END
}
load() { generate "$scratch/stop" "$scratch/count" | "$leat" relay - "$(url "$in")" --checkpoint "$scratch/load-checkpoint" -q; }

statements() { # TRIGGER
    echo "CREATE TABLE t USING kafka OPTIONS (kafka.bootstrap.servers '$kafka', subscribe '$in', startingOffsets 'earliest');
        CREATE TABLE o (value STRING, p INT) USING text OPTIONS (path '$out', maxRecordsPerFile 500, checkpointLocation '$directory',
            trigger '$1') PARTITIONED BY (p);
        INSERT INTO o SELECT CAST(value AS STRING) AS value, partition AS p FROM t"
}
start_query() { background "$leat" sql -e "$(statements "continuous 50 milliseconds")"; }

killed_again_and_again() {
    local i
    for ((i = 0; i < kill_count; i++)); do
        start_query
        if [ $((i % 2)) -eq 0 ]; then
            wait_for 60 test -d "$directory/offsets" && "$killer" "$directory" "$pid" 60 >/dev/null || {
                echo "no epoch was logged for a minute after start $i"; return 1; }
        else
            sleep "0.$((RANDOM % 9))$((RANDOM % 10))"
            has_ended "$pid" && { echo "it ended by itself after start $i"; return 1; }
            kill -KILL "$pid"
        fi
        wait "$pid" 2>/dev/null
    done
    return 0
}

manifested() { # DIRECTORY: the files that count
    python3 - "$1" <<'END'
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

every_record_once() {
    touch "$scratch/stop"
    wait "$loading" || { echo "the load ended badly"; cat "$scratch/load"; return 1; }
    "$leat" sql -q -e "$(statements availableNow)" >"$scratch/last" 2>&1 || { cat "$scratch/last"; return 1; }
    manifested "$out" >"$scratch/files" || return
    diff <(sort "$scratch/files") <(find "$out" -path '*/_spark_metadata' -prune -o -type f -print | sort) ||
        { echo "the directory and its manifest differ"; return 1; }
    xargs cat <"$scratch/files" >"$scratch/lines"
    sort -n "$scratch/lines" | diff - <(seq 0 $(($(cat "$scratch/count") - 1))) | head -5
    [ "$(wc -l <"$scratch/lines")" -eq "$(cat "$scratch/count")" ] &&
        [ "$(sort -u "$scratch/lines" | wc -l)" -eq "$(cat "$scratch/count")" ]
}

load >"$scratch/load" 2>&1 &
loading=$!
children+=("$loading")
check "killed again and again under load" killed_again_and_again
check "then every record stands in the directory once, and no other file" every_record_once
finish
