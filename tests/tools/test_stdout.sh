#!/usr/bin/env bash
# Where the rows of leat go: a reader that has enough, as head, ends it without a word; a disk that is full is told; what two
# sinks write to one pipe is whole lines.
. "$(dirname "$0")/../support/cases.sh"

stream="CREATE TABLE s USING rate OPTIONS (rowsPerSecond '100'); SELECT value FROM s"
leaves() { # STATEMENTS: head takes one line; the status is SIGPIPE's
    local status
    timeout 60 "$leat" sql -e "$1" 2>"$scratch/err" | head -1 >"$scratch/out"
    status=${PIPESTATUS[0]}
    [ -s "$scratch/out" ] && [ ! -s "$scratch/err" ] && [ "$status" -eq 141 ] || { cat "$scratch/err"; echo "ended with $status"; return 1; }
}
is_full() { # STATUS TEXT STATEMENTS
    local status=0
    timeout 60 "$leat" sql -e "$3" >/dev/full 2>"$scratch/err" || status=$?
    [ "$status" -eq "$1" ] && [ "$(wc -l <"$scratch/err")" -eq 1 ] && grep -qF -- "$2" "$scratch/err" ||
        { cat "$scratch/err"; echo "ended with $status"; return 1; }
}

stays_whole() { # the reader is slow: the pipe takes parts of what is written
    mkdir "$scratch/in" && seq 200000 | sed 's/$/ abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwxyz/' >"$scratch/in/lines.txt" || return
    timeout 120 "$leat" run "file://$scratch/in" stdout: --also stdout: --format text --until-end --quiet 2>"$scratch/err" |
        { sleep 0.5; cat; } >"$scratch/out"
    cmp <(cat "$scratch/in/lines.txt" "$scratch/in/lines.txt" | sort) <(sort "$scratch/out") || { cat "$scratch/err"; return 1; }
}

check "a stream ends when its reader has enough" leaves "$stream"
check "so does a table that is long" leaves 'SELECT explode(sequence(1, 100000)) AS x'
check "a full disk ends a SELECT" is_full 1 'cannot write to stdout: No space left on device' 'SELECT 1'
check "a full disk ends a stream" is_full 1 'No space left on device' "$stream"
check "two sinks on standard output do not cut each other's lines" stays_whole
finish
