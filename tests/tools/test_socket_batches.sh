#!/usr/bin/env bash
# Queries that read sockets: a union of one with a directory in micro-batches, over a restart; a batch that was planned and never
# written when leat was killed; and what progress tells of a socket in either mode.
. "$(dirname "$0")/../support/cases.sh"
[ -w /dev/shm ] || { echo "no right to write in /dev/shm"; exit 77; }
children=()
end_children() { for pid in ${children[@]+"${children[@]}"}; do kill -KILL "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; done; }
at_end end_children

wait_for() { # COMMAND...: for twenty seconds
    local deadline=$((SECONDS + 20))
    until "$@" >"$scratch/awaited" 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || { cat "$scratch/awaited"; echo "waited in vain for: $*"; return 1; }
        sleep 0.05
    done
}
holds() { diff -u <(printf '%s\n' "$1" | sort) <(sort "$2"); } # WANTED FILE: these lines, in any order
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
name="test-$$"
# start STATEMENTS: a process that runs them; $pid, and $log is what it says.
start() {
    log=$scratch/log
    : >"$log"
    echo "$1" >"$scratch/job.sql"
    "$leat" run "$scratch/job.sql" --progress-interval 100ms --quiet >>"$scratch/out" 2>"$log" &
    pid=$!
    children+=("$pid")
    wait_for grep -q ^ready "$log"
}
stop() { # SIGNAL STATUS
    local status=0
    kill "-$1" "$pid"
    wait "$pid" 2>/dev/null || status=$?
    [ "$status" -eq "$2" ] || { echo "ended with $status, not $2"; return 1; }
}
send() { printf '%s\n' "$@" >"/dev/tcp/127.0.0.1/$port"; }
file() { printf '%s\n' "${@:2}" >"$scratch/.new" && mv "$scratch/.new" "$scratch/in/$1"; }
last_source() { "$leat" query progress "$name" | grep -F "\"$1\":$2,\"latestOffset\":$2,"; }

# ------------------------------------------------------------ a union
mkdir "$scratch/in"
port=$(free_port)
tables="CREATE TABLE peers USING \`tcp-listen\` OPTIONS (host '127.0.0.1', port '$port');
    CREATE TABLE files (value STRING) USING text OPTIONS (path '$scratch/in');"
both="SELECT concat('peer ', value) AS value FROM peers UNION ALL SELECT concat('file ', value) AS value FROM files"
union="$tables CREATE TABLE o USING stdout OPTIONS (checkpointLocation '$scratch/union', trigger 'processingTime 20 milliseconds');
    INSERT INTO o $both"
comes_from_both() {
    start "$union" && send one && file a one && wait_for holds $'peer one\nfile one' "$scratch/out" &&
        send two three && wait_for holds $'peer one\nfile one\npeer two\npeer three' "$scratch/out" && file b two &&
        wait_for holds $'peer one\nfile one\npeer two\npeer three\nfile two' "$scratch/out" && stop TERM 0
}
goes_on() {
    file c three && start "$union" && send four && wait_for holds $'peer one\nfile one\npeer two\npeer three\nfile two\nfile three\npeer four' \
        "$scratch/out" && stop TERM 0
}
has_one_writer() { # TABLE OPTIONS: its sink is not written to by both sides
    local said
    said=$("$leat" run <(echo "$tables CREATE TABLE o USING $1 OPTIONS ($2, checkpointLocation '$scratch/none'); INSERT INTO o $both") 2>&1) &&
        { echo "taken"; return 1; }
    grep -F "each side is written by itself, and sink $1 has one writer; hint: an INSERT for each side, each into a place of its own" <<<"$said" ||
        { echo "$said"; return 1; }
}

# ------------------------------------------------------------ a batch that was planned
planned() { # COMMAND: the process that batches go to
    start "CREATE TABLE peers USING \`tcp-listen\` OPTIONS (host '127.0.0.1', port '$port');
        CREATE TABLE o USING foreachBatch OPTIONS (command '$1', checkpointLocation '$scratch/planned');
        INSERT INTO o SELECT value FROM peers"
}
is_planned() { [ -f "$scratch/planned/offsets/$1" ] && grep -q "$2" "$scratch/taken"; }
is_told() {
    planned 'cat >>'"$scratch/taken" && send one two && wait_for is_planned 0 two && stop KILL 137 && answers &&
        planned "$scratch/answer" && grep -F 'batch 0 was planned up to 1, and not committed when the query ended: not all of its sources can be read again, and what those had received for it is lost; hint: the option "spool" of such a source keeps it' "$log"
}
answers() { # a process that keeps what it is given, and says so
    printf '%s\n' '#!/bin/sh' "tee -a $scratch/answered | sed -un 's/,\"event\":\"end\"//p'" >"$scratch/answer" && chmod +x "$scratch/answer"
}
is_gone_on_without() {
    send three && wait_for test -f "$scratch/planned/commits/0" && wait_for grep -q three "$scratch/answered" && ! grep -q two "$scratch/answered" &&
        stop TERM 0 && planned "$scratch/answer" && ! grep -F 'was planned up to' "$log" && stop TERM 0
}

# ------------------------------------------------------------ progress
tells() { # TRIGGER
    start "CREATE TABLE peers USING \`tcp-listen\` OPTIONS (host '127.0.0.1', port '$port');
        CREATE TABLE o USING noop OPTIONS (queryName '$name', trigger '$1');
        INSERT INTO o SELECT value FROM peers" && send one two three && wait_for last_source endOffset 2 && stop TERM 0
}

check "rows of a socket and of a directory come in batches" comes_from_both
check "and go on where they were" goes_on
check "a union does not go to one file" has_one_writer append "path '$scratch/one'"
check "nor to one directory" has_one_writer json "path '$scratch/one'"
check "nor to one process that is given batches" has_one_writer foreachBatch "command 'cat'"
check "a batch of a socket that was planned when leat was killed is told as lost" is_told
check "and is gone on without" is_gone_on_without
check "in micro-batches a socket ends where it was read to" tells 'processingTime 50 milliseconds'
check "in continuous mode, too" tells 'continuous 50 milliseconds'
finish
