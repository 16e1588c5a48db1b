#!/usr/bin/env bash
# Queries that read sockets: a union of one with a directory in micro-batches, over a restart; a batch that was planned and never
# written when leat was killed; and what progress tells of a socket in either mode.
. "$(dirname "$0")/../support/cases.sh"
[ -w /dev/shm ] || { echo "no right to write in /dev/shm"; exit 77; }

name="test-$$"
# start STATEMENTS: a process that runs them; $pid, and $log is what it says.
start() {
    log=$scratch/log
    : >"$log"
    echo "$1" >"$scratch/job.sql"
    "$leat" run "$scratch/job.sql" --progress-interval 100ms --quiet >>"$scratch/out" 2>"$log" &
    pid=$!
    children+=("$pid")
    wait_for 60 grep -q ^ready "$log"
}
stop() { # SIGNAL STATUS
    local status=0
    kill "-$1" "$pid"
    wait "$pid" 2>/dev/null || status=$?
    [ "$status" -eq "$2" ] || { echo "ended with $status, not $2"; return 1; }
}
# In one piece: of what comes in two, the first may be a batch of its own.
send() { printf '%s\n' "$@" >"$scratch/.send" && cat "$scratch/.send" >"/dev/tcp/127.0.0.1/$port"; }
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
    start "$union" && send one && file a one && wait_for 60 holds $'peer one\nfile one' "$scratch/out" &&
        send two three && wait_for 60 holds $'peer one\nfile one\npeer two\npeer three' "$scratch/out" && file b two &&
        wait_for 60 holds $'peer one\nfile one\npeer two\npeer three\nfile two' "$scratch/out" && stop TERM 0
}
goes_on() {
    file c three && start "$union" && send four && wait_for 60 holds $'peer one\nfile one\npeer two\npeer three\nfile two\nfile three\npeer four' \
        "$scratch/out" && stop TERM 0
}
into() { # NAME TABLE OPTIONS: to what takes one writer, in micro-batches though nobody says so, over a kill
    local table="$tables CREATE TABLE o USING $2 OPTIONS ($3, checkpointLocation '$scratch/$1-checkpoint'); INSERT INTO o $both"
    mkdir -p "$scratch/$1"
    start "$table" && send one && wait_for 60 reaches "$1" 'peer one' && file "$1-a" two && wait_for 60 reaches "$1" 'file two' && stop KILL 137 &&
        start "$table" && send three && file "$1-b" four && wait_for 60 reaches "$1" 'peer three' && wait_for 60 reaches "$1" 'file four' &&
        stop TERM 0
}
reaches() { grep -rqF --include='[!.]*' "$2" "$scratch/$1"; }
holds_all() { # NAME [COMMAND]: what came, by default once each
    diff -u <(printf '%s\n' 'file four' 'file two' 'peer one' 'peer three') \
        <(grep -rhoE --include='[!.]*' '(peer|file) [a-z]+' "$scratch/$1" | sort | "${2:-cat}")
}
goes_to_a_file() { into file append "path '$scratch/file/rows'" && holds_all file; }
goes_to_a_directory() { into directory json "path '$scratch/directory'" && holds_all directory; }
goes_to_a_process() { # a batch that was not yet told as taken comes again
    answers && into batches foreachBatch "command '$scratch/answer $scratch/batches/rows'" && holds_all batches uniq
}
not_continuous() { # TABLE OPTIONS
    local said
    said=$("$leat" run <(echo "$tables CREATE TABLE o USING $1 OPTIONS ($2, checkpointLocation '$scratch/none', trigger 'continuous 1 second');
        INSERT INTO o $both") 2>&1) && { echo "taken"; return 1; }
    grep -F "sink $1 has one writer, and in continuous mode each side of a union has one of its own; hint: the trigger processingTime" \
        <<<"$said" || { echo "$said"; return 1; }
}

# ------------------------------------------------------------ a batch that was planned
planned() { # COMMAND: the process that batches go to
    start "CREATE TABLE peers USING \`tcp-listen\` OPTIONS (host '127.0.0.1', port '$port');
        CREATE TABLE o USING foreachBatch OPTIONS (command '$1', checkpointLocation '$scratch/planned');
        INSERT INTO o SELECT value FROM peers"
}
is_planned() { [ -f "$scratch/planned/offsets/$1" ] && grep -q "$2" "$scratch/taken"; }
is_told() {
    planned 'cat >>'"$scratch/taken" && send one two && wait_for 60 is_planned 0 two && stop KILL 137 && answers &&
        planned "$scratch/answer $scratch/answered" && grep -F 'batch 0 was planned up to 1, and not committed when the query ended: not all of its sources can be read again, and what those had received for it is lost; hint: the option "spool" of such a source keeps it' "$log"
}
answers() { # makes a command: what is given is kept in the file it names, and that is said
    printf '%s\n' '#!/bin/sh' "tee -a \"\$1\" | sed -un 's/,\"event\":\"end\"//p'" >"$scratch/answer" && chmod +x "$scratch/answer"
}
is_gone_on_without() {
    send three && wait_for 60 test -f "$scratch/planned/commits/0" && wait_for 60 grep -q three "$scratch/answered" && ! grep -q two "$scratch/answered" &&
        stop TERM 0 && planned "$scratch/answer $scratch/answered" && ! grep -F 'was planned up to' "$log" && stop TERM 0
}

# ------------------------------------------------------------ progress
tells() { # TRIGGER
    start "CREATE TABLE peers USING \`tcp-listen\` OPTIONS (host '127.0.0.1', port '$port');
        CREATE TABLE o USING noop OPTIONS (queryName '$name', trigger '$1');
        INSERT INTO o SELECT value FROM peers" && send one two three && wait_for 60 last_source endOffset 2 && stop TERM 0
}

check "rows of a socket and of a directory come in batches" comes_from_both
check "and go on where they were" goes_on
rm "$scratch"/in/*
check "a union goes to one file" goes_to_a_file
rm "$scratch"/in/*
check "to one directory" goes_to_a_directory
rm "$scratch"/in/*
check "to one process that is given batches" goes_to_a_process
check "but not in continuous mode" not_continuous append "path '$scratch/one'"
check "a batch of a socket that was planned when leat was killed is told as lost" is_told
check "and is gone on without" is_gone_on_without
check "in micro-batches a socket ends where it was read to" tells 'processingTime 50 milliseconds'
check "in continuous mode, too" tells 'continuous 50 milliseconds'
finish
