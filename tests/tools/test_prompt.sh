#!/usr/bin/env bash
# The prompt of leat sql on a terminal: statements over several lines, errors that do not end the session, history.
. "$(dirname "$0")/../support/cases.sh"

type_lines() { # each line, as a person's keys
    sleep 1
    local line
    while read -r line; do printf '%s\r' "$line"; sleep 0.3; done
    sleep 0.5
}
session() { # the lines on standard input; what the terminal shows
    command -v script >/dev/null || { skip "script is not installed"; return; }
    type_lines | LEAT_HISTORY=$scratch/history TERM=xterm timeout 30 script -qc "$leat sql" /dev/null | tr -d '\r' >"$scratch/shown"
}
shows() { # TEXT...
    local each
    session || return
    for each in "$@"; do
        grep -qF -- "$each" "$scratch/shown" || { cat "$scratch/shown"; echo "does not show: $each"; return 1; }
    done
}
remembers() { grep -qF 'SHOW' "$scratch/history" || { cat "$scratch/history"; return 1; }; }

printf '%s\n' 'SELECT 40 + 2 AS answer;' 'selec;' 'CREATE TABLE s' 'USING rate;' 'SHOW TABLES; -- all' ';' 'exit' >"$scratch/lines"
check "statements are answered, an error is told, and the session goes on" \
    shows '|42    |' "near 'selec'" '    > ' '|s        |' <"$scratch/lines"
check "what was typed is kept" remembers
finish
