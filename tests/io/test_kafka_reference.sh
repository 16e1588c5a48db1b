#!/usr/bin/env bash
# io/KAFKA.md says what the program says: it is as `make docs` would write it. That a planted line is found shows that the
# comparison can fail.
. "$(dirname "$0")/../support/cases.sh"

is_complete() { # NAMES: each is a row of a table
    local name
    for name; do
        grep -qF "| \`$name\` |" <<<"$expected" || { echo "no row for $name"; return 1; }
    done
}

is_as_generated() { diff -u --label io/KAFKA.md --label 'tools/reference' "$1" - <<<"$expected"; }

finds_a_planted_line() { ! is_as_generated <(cat io/KAFKA.md; echo planted) >/dev/null; }

expected=$(tools/reference "$leat") || { echo "tools/reference $leat: ended with $?"; exit 1; }
check "both tables are there" is_complete kafka.bootstrap.servers subscribe startingOffsets topic partitioner 'kafka.*'
check "io/KAFKA.md is as generated; hint: make docs" is_as_generated io/KAFKA.md
check "a planted line is found" finds_a_planted_line
finish
