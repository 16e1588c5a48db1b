#!/usr/bin/env bash
# Queries with state are killed with SIGKILL again and again under a constant load, and started again each time with another
# number of partitions: a windowed aggregation of one topic, and a join of two, both into the files of a manifest; one keeps its
# state in memory, the other in RocksDB. LEAT_KILLS (5) says how often, each; every other kill aims behind an entry in offsets
# (killer.c), the others come when they like, as LEAT_SEED (the script's process id) decides. In the end the files must hold what
# is to be computed of the topics' records, each row once.
kills=${LEAT_KILLS:-5}
. "$(dirname "$0")/lib.sh"

killer=$build/tests/killer
topic events 4 && topic clicks 3 && checkpoint of_load || exit 1
RANDOM=$seed
delay_s=180 begin_ms=1577836800000 stores=(memory rocksdb) store=$((RANDOM % 2)) # of the aggregation; the join has the other

# A record is a number, and its event time so many times thirty milliseconds after the beginning (not 1970: no watermark yet is 0, and
# what is not after it is late). Of clicks there is one of three, two seconds later.
start_load() {
    cat >"$scratch/load.sql" <<END
SET spark.sql.streaming.checkpointLocation = $of_load;
CREATE TABLE ticks USING rate OPTIONS (rowsPerSecond '1000');
CREATE TABLE events USING kafka OPTIONS (kafka.bootstrap.servers '$kafka', topic '$events');
CREATE TABLE clicks USING kafka OPTIONS (kafka.bootstrap.servers '$kafka', topic '$clicks');
INSERT INTO events SELECT CAST(value % 17 AS STRING) AS key, CAST(value AS STRING) AS value FROM ticks;
INSERT INTO clicks SELECT CAST(value % 17 AS STRING) AS key, CAST(value AS STRING) AS value FROM ticks WHERE value % 3 = 0;
END
    background "$leat" run "$scratch/load.sql" --quiet
    load=$pid
    wait_for 60 has_begun
}
# There is enough for windows to end from the second batch on. What a partition lags behind, on a busy machine, is less than the
# delay, which is six seconds of the load.
has_begun() { [ "$("$envelopes" count "$kafka" "$events")" -gt 8000 ] && [ "$("$envelopes" count "$kafka" "$clicks")" -gt 0 ]; }
end_load() { kill -INT "$load" && ended "$load" 60 0; }

# job QUERY TRIGGER: what it is at the next start.
job() {
    local read="SELECT CAST(CAST(value AS STRING) AS BIGINT) AS v FROM" name=${stores[store]}
    local partitions=$((1 + RANDOM % 7)) deltas=$((1 + RANDOM % 4)) # drawn here: a here-document has numbers of its own
    local columns='start BIGINT, k BIGINT, n BIGINT, total BIGINT'
    [ "$1" = windows ] || { name=${stores[1 - store]} columns='v BIGINT, w BIGINT'; }
    cat <<END
CREATE TABLE events USING kafka OPTIONS (kafka.bootstrap.servers '$kafka', subscribe '$events', startingOffsets 'earliest');
CREATE TABLE clicks USING kafka OPTIONS (kafka.bootstrap.servers '$kafka', subscribe '$clicks', startingOffsets 'earliest');
CREATE TABLE $1 ($columns) USING json LOCATION '$scratch/$1' OPTIONS (trigger '$2',
    checkpointLocation '$scratch/$1.checkpoint',
    shufflePartitions '$partitions', stateStore '$name', minDeltasForSnapshot '$deltas');
END
    case $1 in
    windows) cat <<END ;;
INSERT INTO windows SELECT unix_millis(window.start) AS start, k, count(*) AS n, sum(v) AS total
FROM (SELECT v, v % 17 AS k, timestamp_millis($begin_ms + v * 30) AS at FROM ($read events)) WATERMARK at DELAY OF INTERVAL $delay_s SECONDS
GROUP BY window(at, '5 seconds'), k;
END
    pairs) cat <<END ;;
INSERT INTO pairs SELECT a.v AS v, b.v AS w
FROM (SELECT v, timestamp_millis($begin_ms + v * 30) AS at FROM ($read events)) WATERMARK at DELAY OF INTERVAL $delay_s SECONDS AS a
JOIN (SELECT v, timestamp_millis($begin_ms + v * 30 + 2000) AS clicked FROM ($read clicks)) WATERMARK clicked DELAY OF INTERVAL $delay_s SECONDS AS b
ON a.v = b.v AND clicked >= at AND clicked <= at + INTERVAL 5 SECONDS;
END
    esac
}

begins() { [ -d "$scratch/$1.checkpoint/offsets" ] || has_ended "$pid"; } # QUERY
kill_at_entry() { # QUERY
    wait_for 60 begins "$1" && ! has_ended "$pid" && "$killer" "$scratch/$1.checkpoint" "$pid" 60
}
kill_at_will() {
    sleep "0.$((RANDOM % 9))$((RANDOM % 10))"
    ! has_ended "$pid" || { cat "$log"; return 1; }
    kill -KILL "$pid"
}
killed_again_and_again() { # QUERY
    local i
    for ((i = 0; i < kills; i++)); do
        job "$1" 'processingTime 20 milliseconds' >"$scratch/job.sql"
        background "$leat" run "$scratch/job.sql" --quiet
        if [ $((i % 2)) -eq 0 ]; then kill_at_entry "$1"; else kill_at_will; fi || { cat "$log"; return 1; }
        wait "$pid" 2>/dev/null
    done
    return 0
}
ends() { # QUERY: all there is is read
    job "$1" availableNow >"$scratch/job.sql"
    "$leat" run "$scratch/job.sql" --quiet
}

# equals QUERY: the rows that the manifest names, against those that the records make.
equals() {
    "$envelopes" dump "$kafka" "$events" >"$scratch/events" && "$envelopes" dump "$kafka" "$clicks" >"$scratch/clicks" || return
    python3 - "$1" "$scratch" "$delay_s" "$begin_ms" <<'END'
import collections, glob, json, os, re, sys
query, folder, delay_ms, begin_ms = sys.argv[1], sys.argv[2], int(sys.argv[3]) * 1000, int(sys.argv[4])
def numbers(topic):
    found = collections.Counter(int(n) for n in re.findall(r' value \d+:"(\d+)" headers', open(f"{folder}/{topic}").read()))
    assert found and max(found.values()) == 1, f"{topic} has records twice, or none"
    return set(found)
def wanted_windows():
    groups = collections.defaultdict(list)
    events = numbers("events")
    for v in events:
        groups[begin_ms + v * 30 // 5000 * 5000, v % 17].append(v)
    watermark_ms = begin_ms + max(events) * 30 - delay_ms
    return {(start, k, len(vs), sum(vs)) for (start, k), vs in groups.items() if start + 5000 <= watermark_ms}
def manifest():
    entries = {int(os.path.basename(path).split(".")[0]): path for path in glob.glob(f"{folder}/{query}/_spark_metadata/[0-9]*")}
    compacts = [n for n, path in entries.items() if path.endswith(".compact")]
    for n in sorted(n for n in entries if n >= max(compacts, default=0)):
        for line in open(entries[n]).read().splitlines()[1:]:
            yield json.loads(line)["path"].removeprefix("file://")
got = [tuple(json.loads(line).values()) for path in manifest() for line in open(path)]
wanted = wanted_windows() if query == "windows" else {(v, v) for v in numbers("events") & numbers("clicks")}
twice = [row for row, count in collections.Counter(got).items() if count > 1]
missing, foreign = wanted - set(got), set(got) - wanted
print(f"{query}: {len(got)} rows, {len(wanted)} wanted, {len(twice)} twice, {len(missing)} missing, {len(foreign)} foreign")
for name, rows in ("twice", twice), ("missing", missing), ("foreign", foreign):
    print(name, sorted(rows)[:5])
sys.exit(not wanted or len(got) < 100 or bool(twice or missing or foreign))
END
}

echo "LEAT_SEED=$seed"
check "the load begins" start_load
check "a windowed aggregation goes on after each of $kills kills" killed_again_and_again windows
check "a join of two topics goes on after each of $kills kills" killed_again_and_again pairs
check "the load ends in order" end_load
check "the aggregation comes to the end of the topic" ends windows
check "the join comes to the end of both" ends pairs
check "each window is in the files once, as it is to be" equals windows
check "each pair is in the files once" equals pairs
finish
