#!/usr/bin/env bash
# The prompt of leat sql on a terminal: statements over several lines, errors that do not end the session, history.
. "$(dirname "$0")/../support/cases.sh"

# Keys go through a pipe that stays open, each when the terminal shows what it waits for.
opens() { # NAME: its history is $scratch/NAME
    command -v script >/dev/null || { skip "script is not installed"; return; }
    screen=$scratch/$1.screen from=0
    mkfifo "$scratch/$1.keys" || return
    # exec: a shell in between would end as Ctrl-C had it end, if it is dash
    LEAT_HISTORY=$scratch/$1 TERM=xterm timeout 240 script -qfec "exec $leat sql" "$screen" <"$scratch/$1.keys" \
        >/dev/null 2>&1 &
    session=$!
    exec 3>"$scratch/$1.keys"
    sees 'leat> '
}
sees() { # TEXT [SECONDS]: the terminal shows it, since the last `keys`
    local deadline=$((SECONDS + ${2:-60}))
    until tail -c +$((from + 1)) "$screen" 2>/dev/null | tr -d '\r' | grep -qF -- "$1"; do
        [ $SECONDS -lt $deadline ] || { tail -c +$((from + 1)) "$screen"; echo "does not show: $1"; return 1; }
        sleep 0.1
    done
}
keys() { # KEYS TEXT: typed, they make the terminal show the text
    from=$(stat -c %s "$screen")
    printf '%b' "$1" >&3
    sees "$2"
}
shows() { # TEXT...: after the lines of standard input, of which the last one ends the session
    local line each
    opens history || return
    while read -r line; do
        if [ "$line" != exit ]; then keys "$line\r" '> ' || return; else printf 'exit\r' >&3; fi
    done
    wait "$session" || { echo "status $?"; return 1; }
    exec 3>&-
    for each in "$@"; do
        tr -d '\r' <"$screen" | grep -qF -- "$each" || { cat "$screen"; echo "does not show: $each"; return 1; }
    done
}
defines() {
    keys "CREATE TABLE orders USING rate OPTIONS (rowsPerSecond '100');\r" 'leat> ' &&
        keys 'CREATE TEMPORARY VIEW doubled AS SELECT value AS val, value * 2 AS twice_val FROM orders;\r' 'leat> '
}
completes() {
    keys 'SEL\t' 'ECT' && keys 'tw\t' 'ice_val' && keys 'FROM dou\t' 'bled' && keys 'WHERE uppe\t' 'r' && keys '\003' 'leat> '
}
cancels() { keys 'SELECT 1 AS a,\r' '    > ' && keys '2 AS\003' 'leat> ' && keys "SELECT 'still', 'h;ere';\r" '|still|h;ere|'; }
stops_stream() { keys 'SELECT val FROM doubled;\r' 'Batch: 1' && keys '\003' 'leat> '; }
# It begins when the line has ended on the terminal.
has_begun() { [ "$(tail -c 1 "$screen" | od -An -tx1)" = " 0a" ]; }
stops_table() {
    local i
    keys 'SELECT explode(sequence(1, 20000000)) AS x;\r' 'AS x;' || return
    for ((i = 0; i < 600; i++)); do has_begun && break; sleep 0.1; done
    sleep 1
    keys '\003' 'interrupted'
}
stops_start() {
    keys "CREATE TABLE k USING kafka OPTIONS (kafka.bootstrap.servers '127.0.0.1:1', subscribe 'x');
        CREATE TABLE q USING noop OPTIONS (startupTimeout '3s'); INSERT INTO q SELECT value FROM k;\r" 'no broker' &&
        keys '\003' 'leat> '
}
runs_behind() { # a query of an INSERT goes on while the session does
    keys 'CREATE TABLE n USING noop; INSERT INTO n SELECT val FROM doubled;\r' 'ready query n: rate -> noop' &&
        keys 'SELECT 40 + 2 AS answer;\r' '|42    |' && keys 'INSERT INTO n SELECT val FROM doubled;\r' 'already active'
}
ends() {
    keys '\004' 'ended query n: read ' || return
    wait "$session" || { echo "status $?"; return 1; }
    grep 'h;ere' "$scratch/typed" || { echo "what was typed is not kept"; return 1; }
    stat -c '%a is its mode' "$scratch/typed" | grep '^600'
}
remembers() { grep -qF 'SHOW' "$scratch/history" || { cat "$scratch/history"; return 1; }; }

printf '%s\n' 'SELECT 40 + 2 AS answer;' 'selec;' 'CREATE TABLE s' 'USING rate;' 'SHOW TABLES; -- all' ';' 'exit' >"$scratch/lines"
check "statements are answered, an error is told, and the session goes on" \
    shows '|42    |' "near 'selec'" '    > ' '|s        |' <"$scratch/lines"
check "what was typed is kept" remembers

if check "a session is opened" opens typed && [ -p "$scratch/typed.keys" ]; then
    check "tables and views are made" defines
    check "keywords, columns, tables and functions are completed" completes
    check "Ctrl-C drops what is typed, of all its lines" cancels
    check "Ctrl-C ends a stream, and the session goes on" stops_stream
    check "Ctrl-C ends a long table" stops_table
    check "Ctrl-C while a broker is waited for leaves the session" stops_start
    check "a query of an INSERT runs behind the prompt, once" runs_behind
    check "Ctrl-D ends the session, its queries well; what was typed is the person's alone to read" ends
fi
finish
