#!/usr/bin/env bash
# Where the rows of leat sql go: a reader that has enough, as head, ends it without a word; a disk that is full is told.
. "$(dirname "$0")/../support/cases.sh"

stream="CREATE TABLE s USING rate OPTIONS (rowsPerSecond '100'); SELECT value FROM s"
leaves() { # STATEMENTS: head takes one line; the status is SIGPIPE's
    local status
    timeout 20 "$leat" sql -e "$1" 2>"$scratch/err" | head -1 >"$scratch/out"
    status=${PIPESTATUS[0]}
    [ -s "$scratch/out" ] && [ ! -s "$scratch/err" ] && [ "$status" -eq 141 ] || { cat "$scratch/err"; echo "ended with $status"; return 1; }
}
is_full() { # STATUS TEXT STATEMENTS
    local status=0
    timeout 20 "$leat" sql -e "$3" >/dev/full 2>"$scratch/err" || status=$?
    [ "$status" -eq "$1" ] && [ "$(wc -l <"$scratch/err")" -eq 1 ] && grep -qF -- "$2" "$scratch/err" ||
        { cat "$scratch/err"; echo "ended with $status"; return 1; }
}

check "a stream ends when its reader has enough" leaves "$stream"
check "so does a table that is long" leaves 'SELECT explode(sequence(1, 100000)) AS x'
check "a full disk ends a SELECT" is_full 1 'cannot write to stdout: No space left on device' 'SELECT 1'
check "a full disk ends a stream" is_full 1 'No space left on device' "$stream"
finish
