#!/usr/bin/env bash
# The example with state of its own (tools/examples/transform_with_state.c) is killed with SIGKILL again and again while files are
# renamed into place, and started again each time. In the end every window of every user must stand in the output's files once, with
# what was spent in it, and numbered without a gap. LEAT_KILLS (20) says how often; LEAT_SEED (the script's process id) decides when.
. "$(dirname "$0")/../support/cases.sh"
kills=${LEAT_KILLS:-20} seed=${LEAT_SEED:-$$}
unset LEAT_KILLS LEAT_SEED
export LEAT_COUNTERS=$scratch/counters

# Puts files of events into IN until there is a file IN.stop, and then one whose time is past all windows. Events are at most a minute
# out of order. IN.windows gets what is to come out.
writer() {
    python3 - "$1" "$seed" <<'END'
import collections, json, os, random, sys, time
into, seed = sys.argv[1], int(sys.argv[2])
random.seed(seed)
start, window = 1767261600, 300
windows = collections.defaultdict(lambda: [0, 0])
now, serial = start + 60, 0
def put(events):
    global serial
    with open(into + "/.new", "w") as file:
        for user, at, amount in events:
            text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
            file.write(json.dumps({"user": user, "at": text, "amount": amount}) + "\n")
    os.rename(into + "/.new", f"{into}/{serial:06d}.json")
    serial += 1
while not os.path.exists(into + ".stop"):
    events = []
    for _ in range(random.choice([0, 1, 10, 100, 1000])):
        now += random.choice([0, 0, 0, 1, 3])
        user, at, amount = f"user{random.randrange(40)}", now - random.randrange(60), random.randrange(100)
        events.append((user, at, amount))
        entry = windows[(user, at - at % window)]
        entry[0] += 1
        entry[1] += amount
    put(events)
    time.sleep(random.random() * 0.05)
put([("the end", now + 86400, 1)])
with open(into + ".windows", "w") as file:
    numbers = collections.Counter()
    for (user, begin), (count, total) in sorted(windows.items(), key=lambda item: item[0][1]):
        numbers[user] += 1
        file.write(json.dumps({"user": user, "number": numbers[user], "begin": begin * 1000, "count": count, "sum": total},
                              separators=(",", ":")) + "\n")
END
}

killed() {
    local round writing pid
    in=$scratch/in out=$scratch/out command=("$scratch/transform_with_state" "$scratch/in" "$scratch/out" "$scratch/checkpoint")
    mkdir -p "$in" || return
    writer "$in" &
    writing=$!
    children+=("$writing")
    RANDOM=$seed
    for ((round = 0; round < kills; round++)); do
        "${command[@]}" >"$scratch/log" 2>&1 &
        pid=$!
        children+=("$pid")
        sleep "0.$((RANDOM % 7))$((RANDOM % 10))"
        kill -KILL "$pid" 2>/dev/null || { cat "$scratch/log"; echo "it ended by itself in round $round"; return 1; }
        wait "$pid" 2>/dev/null
    done
    touch "$in.stop"
    wait "$writing" || return
    "${command[@]}" now >"$scratch/log" 2>&1 || { cat "$scratch/log"; return 1; }
    # What the manifest lists, as any reader of it sees it.
    "$leat" relay "file://$out" "append://$scratch/listed.json" --checkpoint "$scratch/listed.checkpoint" --until-end -q || return
    diff -u <(sort "$in.windows") <(sort "$scratch/listed.json") | head -20
    [ "${PIPESTATUS[0]}" -eq 0 ] && wc -l <"$scratch/listed.json"
}

check "the example compiles" compiles transform_with_state
check "through kill -9 every window is given out once" killed
finish
