#!/usr/bin/env bash
# leat query: what runs is found, asked and stopped by its name through the socket of its process; and several queries in one
# process: one that fails stops none of the others.
. "$(dirname "$0")/../support/cases.sh"

control=/dev/shm/leat-$(id -u)/.control
[ -w /dev/shm ] || { echo "no right to write in /dev/shm"; exit 77; }
says() { # STATUS TEXT COMMAND...: it ends with the status and says the text
    local status=0 wanted=$1 text=$2 said
    shift 2
    said=$("$@" 2>&1) || status=$?
    [ "$status" -eq "$wanted" ] && grep -qF -- "$text" <<<"$said" || { echo "$said"; echo "ended with $status, not $wanted: $text"; return 1; }
}

# A name that no other process of this user has.
name() { echo "test-$$-$1"; }
rate="CREATE TABLE ticks USING rate OPTIONS (rowsPerSecond '100', numPartitions '1');"
insert() { # NAME OPTIONS QUERY
    echo "CREATE TABLE \`$1\` USING noop OPTIONS (queryName '$(name "$1")'$2); INSERT INTO \`$1\` $3;"
}
# start WORD STATEMENTS [OPTION...]: a process that runs them; $pid, and $log is what it says.
start() {
    log=$scratch/$1.log
    local word=$1
    printf '%s\n' "$2" >"$scratch/$word.sql"
    shift 2
    "$leat" run "$scratch/$word.sql" --progress-interval 100ms "$@" >"$log" 2>&1 &
    pid=$!
    children+=("$pid")
}
query() { "$leat" query "$@"; }
runs() { query ls --json | grep -qF "\"name\":\"$(name "$1")\""; }

lists() {
    start two "$rate $(insert a "" 'SELECT * FROM ticks') $(insert b ", trigger 'processingTime 1 second'" 'SELECT value FROM ticks')"
    two=$pid
    wait_for 60 runs a && wait_for 60 runs b || return
    says 0 "$(name a)" query ls && says 0 "$pid" query ls &&
        query ls --json | grep -E "^\{\"name\":\"$(name a)\",\"pid\":$pid,\"id\":\"[0-9a-f-]{36}\",\"runId\":\"[0-9a-f-]{36}\",\"message\":\"[^\"]+\"\}$"
}
is_closed() {
    [ "$(stat -c %a "$control")" = 700 ] && [ "$(stat -c '%a %F' "$control/$two")" = '600 socket' ] || stat "$control" "$control/$two"
}
asks() {
    says 0 '{"message":"Running","isDataAvailable":' query status "$(name a)" || return
    wait_for 60 has_progress 3 b || return
    [ "$(query progress "$(name b)" | wc -l)" -eq 1 ] || return
    query progress "$(name b)" | grep -F "\"name\":\"$(name b)\"" | grep -F '"durationMs":{"addBatch":' || return
    # oldest first
    query progress -n 3 "$(name b)" | grep -oE '"batchId":[0-9]+' >"$scratch/order" && sort -c -t: -k2n "$scratch/order" || return
    [ "$(wc -l <"$scratch/order")" -eq 3 ] || return
    query explain "$(name a)" | grep -F 'lanes: '
}
has_progress() { [ "$(query progress -n "$1" "$(name "$2")" | wc -l)" -eq "$1" ]; }
# Of two inputs the one whose delay is longer holds the other back.
tells_who_holds_back() {
    local own='"column":"timestamp","sources":\["RateStreamV2\[[^"]*"\],"watermark":"2[^"]+Z","isIdle":false'
    start held "CREATE TABLE soon USING rate OPTIONS (rowsPerSecond '50', numPartitions '1', watermark 'timestamp 1 second');
        CREATE TABLE later USING rate OPTIONS (rowsPerSecond '50', numPartitions '1', watermark 'timestamp 10 minutes');
        $(insert held "" 'SELECT s.value FROM soon s JOIN later l ON s.value = l.value')"
    wait_for 60 runs held || { cat "$log"; return 1; }
    says_held() {
        query progress -n 100 "$(name held)" |
            grep -E "\"watermarks\":\\[\{\"number\":0,$own,\"holdsBack\":false\},\{\"number\":1,$own,\"holdsBack\":true\}\\],\"latencyMicros\":"
    }
    wait_for 60 says_held || { query progress "$(name held)"; return 1; }
    query stop "$(name held)" && ended "$pid" 60 0
}
by_its_ids() {
    local id run
    id=$(query ls --json | sed -nE "s/.*\"name\":\"$(name a)\".*\"id\":\"([^\"]+)\".*/\1/p")
    run=$(query ls --json | sed -nE "s/.*\"name\":\"$(name a)\".*\"runId\":\"([^\"]+)\".*/\1/p")
    says 0 '"message"' query status "$id" && says 0 '"message"' query status "$run"
}
stops_one() {
    query stop "$(name a)" || return
    ! runs a && runs b && wait_for 60 grep -qF "ended query $(name a): read" "$log"
}
ends_with_the_last() { query stop --no-wait "$(name b)" && ended "$two" 60 0 && [ ! -e "$control/$two" ]; }

cleans_up() {
    start killed "$rate $(insert k "" 'SELECT * FROM ticks')"
    wait_for 60 runs k || return
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
    [ -S "$control/$pid" ] || { echo "no socket was left"; return 1; }
    ! runs k && [ ! -e "$control/$pid" ]
}
# What bears the number of a process when it begins: exec keeps the number.
start_over() { # WORD COMMAND: the command makes the file $1 first
    log=$scratch/$1.log
    echo "$rate $(insert "$1" "" 'SELECT * FROM ticks')" >"$scratch/$1.sql"
    bash -c "$2"' "$0/$$"; exec "$1" run "$2" --quiet' "$control" "$leat" "$scratch/$1.sql" >"$log" 2>&1 &
    pid=$!
    children+=("$pid")
}
takes_over() {
    start_over over 'touch'
    wait_for 60 runs over && [ -S "$control/$pid" ] && query stop "$(name over)" && ended "$pid" 60 0
}
takes_no_living_ones() {
    start first "$rate $(insert first "" 'SELECT * FROM ticks')"
    local first=$pid
    wait_for 60 runs first || return
    start_over second "ln $control/$first"
    wait_for 60 runs second && [ -S "$control/$pid-1" ] && rm "$control/$pid" && query stop "$(name second)" && ended "$pid" 60 0 &&
        query stop "$(name first)" && ended "$first" 60 0
}
tells_two_of_one_name() {
    start one "$rate $(insert same "" 'SELECT * FROM ticks')"
    local one=$pid
    start other "$rate $(insert same "" 'SELECT * FROM ticks')"
    wait_for 60 has_two || return
    says 2 "is more than one query; hint: give the run's id" query status "$(name same)" &&
        query stop "$one" && ended "$one" 60 0 && query stop "$(name same)" && ended "$pid" 60 0
}
has_two() { [ "$(query ls --json | grep -cF "\"name\":\"$(name same)\"")" -eq 2 ]; }

# A process that is asked to stop and never answers who asked again; everybody else is told that it has no query. It stands in the
# folder that all processes of this user share.
start_mute() {
    python3 - "$control" "$(name mute)" <<'END' &
import os, socket, struct, sys

server, asked, kept = socket.socket(socket.AF_UNIX), 0, []
server.bind(f"{sys.argv[1]}/{os.getpid()}")
server.listen(64)
while True:
    client, _ = server.accept()
    peer = struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    if peer == asked:
        kept.append(client)
        continue
    verb = client.recv(200).split()[1]
    if verb == b"stop":
        asked = peer
    client.sendall(b"ok\n" + (f"id\trun\t{sys.argv[2]}\tx\n".encode() if verb == b"ls" and not asked else b""))
    client.close()
END
    pid=$!
    children+=("$pid")
}
ends_without_answers() {
    start_mute
    wait_for 60 runs mute || return
    says 1 "process $pid does not answer; waiting" query stop "$(name mute)" || return
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
    [ $? -eq 137 ]
}

fails_alone() {
    start alone "$rate $(insert bad "" 'SELECT 10 / (value - 30) AS x FROM ticks') $(insert good "" 'SELECT * FROM ticks')"
    wait_for 60 grep -qF 'DIVIDE_BY_ZERO' "$log" && runs good && ! runs bad || { cat "$log"; return 1; }
    query stop "$(name good)" && ended "$pid" 60 1
}
names_are_one_querys() {
    start twice "$rate $(insert t "" 'SELECT * FROM ticks') $(insert u ", queryName '$(name t)'" 'SELECT value FROM ticks')"
    ended "$pid" 60 2 && grep -F "Cannot start query with name $(name t) as a query with that name is already active in this SparkSession" "$log"
}
checkpoints_are_one_querys() {
    local same=", checkpointLocation '$scratch/checkpoint'"
    start shared "$rate $(insert v "$same" 'SELECT * FROM ticks') $(insert w "$same" 'SELECT value FROM ticks')"
    ended "$pid" 60 4 && grep -F 'as another query with same id is already active' "$log"
}

serve() { # PORT: a web server; $server, and $scratch/port is there
    tests/tools/post_server.py "$scratch/port" "$@" >>"$scratch/posted" &
    server=$!
    children+=("$server")
    wait_for 60 test -s "$scratch/port"
}
posted() { grep -oE '"value":[0-9]+' "$scratch/posted" | cut -d: -f2 | sort -nu; }
has_all() { # up to N, from the beginning
    diff <(seq 0 "$1") <(posted | head -n $(($1 + 1)))
}
goes_on() {
    local port
    port=$(free_port) # one that stays so, while nobody listens at it
    start again "$rate CREATE TABLE web USING http OPTIONS (url 'http://127.0.0.1:$port/', retryTimeout '100ms',
        queryName '$(name web)', checkpointLocation '$scratch/web'); INSERT INTO web SELECT value FROM ticks;
        $(insert beside "" 'SELECT * FROM ticks')"
    wait_for 60 grep -qF "query $(name web): what made it fail may pass: it is started again in 1 s" "$log" && runs beside &&
        serve "$port" && wait_for 60 has_all 50 && runs web || { cat "$log"; return 1; }
    query stop "$(name web)" && query stop "$(name beside)" && ended "$pid" 60 0
}
gives_up() {
    start gone "$rate CREATE TABLE gone USING http OPTIONS (url 'http://127.0.0.1:1/', retryTimeout '100ms',
        queryName '$(name gone)', checkpointLocation '$scratch/gone'); INSERT INTO gone SELECT value FROM ticks;" --restarts 1
    ended "$pid" 60 1 && grep -F 'retryTimeout' "$log" && [ "$(grep -c 'it is started again' "$log")" -eq 1 ]
}

check "what runs in a process is listed" lists
check "folder and socket are closed to others" is_closed
check "status, progress and plan are Spark's" asks
check "a query is found by its id and its run id" by_its_ids
check "one that is stopped ends alone" stops_one
check "a process ends with its last query, and its socket is gone" ends_with_the_last
check "of several watermarks progress tells which holds the others back" tells_who_holds_back
check "what a killed process leaves is removed" cleans_up
check "a process takes the place of a dead one of its number" takes_over
check "and not that of a living one" takes_no_living_ones
check "two of one name are told apart" tells_two_of_one_name
check "a process that does not answer is not waited for for ever" ends_without_answers
check "an unknown name is refused" says 2 'no query "nobody-at-all" is running' query status nobody-at-all
check "a verb that is no such is refused with the nearest" says 2 'hint: did you mean "status"?' query statsu x
check "--count belongs to progress" says 2 '--count belongs to progress' query status x --count 3
check "a count that is none is refused" says 2 'is no number from 1 to 100' query progress x --count 0
check "a query that fails stops no other, and is the status" fails_alone
check "one that fails by what may pass goes on, and stops nobody meanwhile" goes_on
check "--restarts says how often" gives_up
check "a name is one query's" names_are_one_querys
check "a checkpoint is one query's" checkpoints_are_one_querys
check "--restarts takes a number" says 2 'is no number from 0 to' "$leat" sql --restarts x -e 'SELECT 1'
finish
