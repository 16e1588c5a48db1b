#!/usr/bin/env bash
# The reference pages say what the program says: they are as `make docs` would write them. That a planted line is found shows
# that the comparison can fail.
. "$(dirname "$0")/../support/cases.sh"

generated() { tools/reference "$leat" "$1" >"$scratch/${1//\//_}" || echo "tools/reference $leat $1: ended with $?"; }
has_rows() { # PAGE NAME...: each is the first cell of a row
    local page=$1 name
    shift
    for name; do
        grep -qF "| \`$name\` |" "$scratch/${page//\//_}" || { echo "no row for $name"; return 1; }
    done
}
is_as_generated() { # PAGE TEXT
    diff -u --label "$1" --label tools/reference "$2" "$scratch/${1//\//_}"
}
finds_a_planted_line() { ! is_as_generated "$1" <(cat "$1"; echo planted) >/dev/null; }

for page in io/FILES.md io/KAFKA.md io/SOCKETS.md ops/expr/FUNCTIONS.md ops/sql/OPTIONS.md tools/man/leat.1; do
    generated "$page"
    check "$page is as generated; hint: make docs" is_as_generated "$page" "$page"
    check "$page: a planted line is found" finds_a_planted_line "$page"
done
check "options of source and sink are there" \
    has_rows io/KAFKA.md kafka.bootstrap.servers subscribe startingOffsets topic partitioner 'kafka.*'
check "options of files are there" has_rows io/FILES.md path maxFilesPerTrigger cleanSource multiLine maxFileSize
check "options of sockets are there" has_rows io/SOCKETS.md host port spool spoolSize ack maxClients includeSender bufferSize
check "options of tables, of queries and settings are there" \
    has_rows ops/sql/OPTIONS.md trigger watermark checkpointLocation spark.sql.ansi.enabled spark.sql.streaming.checkpointLocation
check "operators and functions are there" \
    has_rows ops/expr/FUNCTIONS.md 'a + b' 'a \| b' 'substring(str, pos[, count])' 'explode(array or map)'
finish
