#!/usr/bin/env bash
# foreachBatch is killed with SIGKILL again and again while files are renamed into place, and started again each time: the example
# program (tools/examples/foreach_batch.c), and a process that `leat run` gives the batches to. Both write under a batch's number, so
# in the end every order must stand there once, and the totals must be those of the orders. LEAT_KILLS (20) says how often; LEAT_SEED
# (the script's process id) decides when.
. "$(dirname "$0")/../support/cases.sh"
kills=${LEAT_KILLS:-20} seed=${LEAT_SEED:-$$}
unset LEAT_KILLS LEAT_SEED
export LEAT_COUNTERS=$scratch/counters

# Puts files of orders into IN until there is a file IN.stop; IN.count is how many orders there are in all.
writer() {
    python3 - "$1" "$seed" <<'END'
import os, random, sys, time
into, seed = sys.argv[1], int(sys.argv[2])
random.seed(seed)
order = serial = 0
while not os.path.exists(into + ".stop"):
    with open(into + "/.new", "w") as file:
        for _ in range(random.choice([0, 1, 10, 200, 3000])):
            price = "null" if order % 7 == 3 else f"{order % 5 + 0.25}"
            file.write('{"id":%d,"sym":"%s","price":%s}\n' % (order, "ABCD"[order % 4], price))
            order += 1
    os.rename(into + "/.new", f"{into}/{serial:06d}.json")
    serial += 1
    time.sleep(random.random() * 0.05)
with open(into + ".count", "w") as file:
    file.write(f"{order}\n")
END
}

# Every order stands in one file, the right one, and each batch's totals are those of its orders.
verify() { # OUT COUNT
    python3 - "$1" "$2" <<'END'
import collections, os, sys
out, count = sys.argv[1], int(sys.argv[2])
orders, batches = [], 0
for name in os.listdir(out):
    if not name.startswith("orders-"):
        continue
    batches += 1
    number = name[len("orders-"):]
    totals = collections.defaultdict(lambda: [0, 0.0])
    for line in open(f"{out}/{name}"):
        id, symbol, price = line.split()
        assert int(id) % 7 != 3 and symbol == "ABCD"[int(id) % 4], line
        orders.append(int(id))
        totals[symbol][0] += 1
        totals[symbol][1] += float(price)
    for line in open(f"{out}/wrong-{number}"):
        assert int(line.split()[0]) % 7 == 3, line
        orders.append(int(line.split()[0]))
    told = {s: [int(n), float(v)] for s, n, v in (line.split() for line in open(f"{out}/totals-{number}"))}
    assert told == totals, (number, told, dict(totals))
assert sorted(orders) == list(range(count)), f"{len(orders)} orders, {len(set(orders))} of them different, of {count}"
print(f"{count} orders in {batches} batches")
END
}

by_program() {
    command=("$scratch/foreach_batch" "$in" "$out" "$checkpoint")
    until_end=now
}
by_relay() {
    command=("$leat" run "file://$in" "foreachBatch:python3 $scratch/load.py $out" --schema "id BIGINT, sym STRING, price DOUBLE"
        --source-option maxFilesPerTrigger=4 --checkpoint "$checkpoint" -q)
    until_end=--until-end
}
# What the example does, as a process. One that a killed leat has left behind may still be at its last batch.
cat >"$scratch/load.py" <<'END'
import collections, json, os, sys
out, rows = sys.argv[1], []
def put(name, lines):
    beside = f"{out}/.{name}-{os.getpid()}"
    with open(beside, "w") as file:
        file.writelines(line + "\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    os.rename(beside, f"{out}/{name}")
for line in sys.stdin:
    row = json.loads(line)
    if row.get("event") == "begin":
        rows = []
    elif row.get("event") == "end":
        number, totals = row["batchId"], collections.defaultdict(lambda: [0, 0.0])
        right = [r for r in rows if "price" in r]
        for r in right:
            totals[r["sym"]][0] += 1
            totals[r["sym"]][1] += r["price"]
        if rows:
            put(f"wrong-{number}", [f'{r["id"]} {r["sym"]} 0' for r in rows if "price" not in r])
            put(f"totals-{number}", [f"{s} {n} {v}" for s, (n, v) in totals.items()])
            put(f"orders-{number}", [f'{r["id"]} {r["sym"]} {r["price"]}' for r in right])
        print(json.dumps({"batchId": number}, separators=(",", ":")), flush=True)
    else:
        rows.append(row)
END

killed() { # NAME COMMAND
    local name=$1 round writing pid
    in=$scratch/$name.in out=$scratch/$name.out checkpoint=$scratch/$name.checkpoint
    mkdir -p "$in" "$out" || return
    "$2"
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
    "${command[@]}" "$until_end" >"$scratch/log" 2>&1 || { cat "$scratch/log"; return 1; }
    verify "$out" "$(cat "$in.count")"
}

check "the example compiles" compiles foreach_batch
check "the example through kill -9: every order once" killed program by_program
check "a process through kill -9 of leat: every order once" killed relay by_relay
finish
