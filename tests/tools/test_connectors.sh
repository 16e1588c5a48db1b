#!/usr/bin/env bash
# Each connector beside Kafka works from the command line, from SQL (the files in tools/examples) and from leat.h
# (tools/examples/connect.c).
. "$(dirname "$0")/../support/cases.sh"

orders=$scratch/orders
mkdir "$orders"
printf '%s\n' '{"sym":"A","price":150,"amount":2}' '{"sym":"B","price":90,"amount":3}' >"$orders/1.json"
printf '%s\n' '{"sym":"B","price":200.5,"amount":1}' >"$orders/2.json"
printf '%s\n' 'INFO one' 'ERROR two' 'ERROR three' >"$scratch/app.log"

run() { "$leat" run "$@" --quiet --log-level error 2>"$scratch/said" || { cat "$scratch/said"; return 1; }; }
# connect CONDITION COLUMNS SOURCE ...: the example, with a checkpoint of its own.
connect() {
    "$scratch/connect" "$(mktemp -d "$scratch/checkpoint.XXXXXX")" "$@" >"$scratch/said" 2>&1 || { cat "$scratch/said"; return 1; }
}
# connect_until DONE CONDITION COLUMNS SOURCE ...: the same of a source that has no end; it is told to stop when DONE holds.
connect_until() {
    local done=$1 pid status=0
    shift
    "$scratch/connect" "$(mktemp -d "$scratch/checkpoint.XXXXXX")" "$@" >"$scratch/said" 2>&1 &
    pid=$!
    wait_for 60 "$done" || status=1
    kill "$pid"
    wait "$pid" || status=1
    [ "$status" -eq 0 ] || cat "$scratch/said"
    return "$status"
}
# script FILE [now]: the example, with the paths and ports of this test.
script() {
    sed -e "s,/data/orders,$orders,; s,/var/log/app.log,$scratch/app.log,; s,/data/,$scratch/out-,; s,/var/lib/leat,$scratch/job," \
        -e "s,127.0.0.1:8080,127.0.0.1:${port:-8080}," "tools/examples/$1" >"$scratch/$1"
    [ -z "${2:-}" ] || sed -i "s,checkpointLocation,trigger 'availableNow'\, checkpointLocation," "$scratch/$1"
    run "$scratch/$1"
}

check "the example compiles" compiles connect

# ------------------------------------------------------------ directories
of_line() {
    run "file://$orders" "file://$scratch/line" --schema "sym string, price double, amount int" --where "price > 100" \
        --select "sym, amount" --checkpoint "$scratch/c1" --until-end &&
        holds $'{"sym":"A","amount":2}\n{"sym":"B","amount":1}' "$scratch"/line/*.json
}
of_sql() { script files.sql && holds $'total\ntotal\n200.5\n300.0' "$scratch"/out-large/sym=?/*.csv; }
of_program() {
    are_there() { holds $'A,150.0\nB,200.5' "$scratch"/program/*.csv; }
    connect_until are_there "price > 100" "sym string, price double" json "path=$orders" to csv "path=$scratch/program" && are_there
}

# ------------------------------------------------------------ growing files
follows() {
    run "tail://$scratch/app.log" "append://$scratch/errors" --where "contains(value, 'ERROR')" --checkpoint "$scratch/c2" --until-end &&
        holds $'ERROR two\nERROR three' "$scratch/errors"
}
follows_by_sql() { script follow.sql now && holds $'ERROR two\nERROR three' "$scratch/out-errors.log"; }
follows_in_program() {
    is_copied() { cmp "$scratch/app.log" "$scratch/copy"; }
    connect_until is_copied "" "" tail "path=$scratch/app.log" to append "path=$scratch/copy"
}

# ------------------------------------------------------------ pipes and processes
pipes() { printf '%s\n' b a c | run - - --where "value > 'a'" >"$scratch/piped" && holds $'b\nc' "$scratch/piped"; }
pipes_by_sql() {
    echo "CREATE TABLE i USING stdin; CREATE TABLE o USING stdout; INSERT INTO o SELECT upper(value) AS value FROM i" >"$scratch/pipe.sql"
    printf '%s\n' b a | run "$scratch/pipe.sql" >"$scratch/piped" && holds $'B\nA' "$scratch/piped"
}
pipes_in_program() { printf '%s\n' b a | connect "value <> 'a'" "" stdin to stdout to append "path=$scratch/beside" && holds b "$scratch/beside"; }
a_process() { # it answers each epoch's line, and keeps the rest
    run "file://$orders" "foreach:tee $scratch/fed | grep --line-buffered epoch" --schema "sym string, price double" --where "price > 100" \
        --checkpoint "$scratch/c4" --until-end && holds $'{"sym":"A","price":150.0}\n{"sym":"B","price":200.5}' <(grep -v epoch "$scratch/fed")
}
a_process_by_sql() {
    echo "CREATE TABLE i USING stdin;
        CREATE TABLE o USING foreach OPTIONS (command 'tee $scratch/fed.sql | grep --line-buffered epoch');
        INSERT INTO o SELECT value FROM i" >"$scratch/process.sql"
    printf '%s\n' b a | run "$scratch/process.sql" && holds $'{"value":"a"}\n{"value":"b"}' <(grep -v epoch "$scratch/fed.sql")
}
a_process_in_program() {
    printf '%s\n' b a | connect "value <> 'a'" "" stdin to foreach "command=tee $scratch/fed.c | grep --line-buffered epoch" &&
        holds '{"value":"b"}' <(grep -v epoch "$scratch/fed.c")
}

# ------------------------------------------------------------ web servers
web() {
    "$(dirname "$0")/post_server.py" "$scratch/port" >>"$scratch/posted" &
    server=$!
    at_end stop_server
    wait_for 60 test -s "$scratch/port" && port=$(cat "$scratch/port")
}
stop_server() { kill "$server" 2>/dev/null; }
posts() {
    run "file://$orders" "http://127.0.0.1:$port/x" --schema "sym string, price double" --where "price > 100" --checkpoint "$scratch/c5" \
        --until-end && holds $'{"sym":"A","price":150.0}\n{"sym":"B","price":200.5}' "$scratch/posted"
}
posts_by_sql() { : >"$scratch/posted"; script web.sql && holds $'{"sym":"A","price":150.0}\n{"sym":"B","price":90.0}' "$scratch/posted"; }
posts_in_program() {
    are_posted() { holds $'{"sym":"A"}\n{"sym":"B"}\n{"sym":"B"}' "$scratch/posted"; }
    : >"$scratch/posted"
    connect_until are_posted "" "sym string" json "path=$orders" to http "url=http://127.0.0.1:$port/y"
}

# ------------------------------------------------------------ sockets
# listen FILE SOURCE [OPTION]...: what arrives there goes to FILE, until `hang_up`.
listen() {
    local file=$1
    shift
    : >"$scratch/listener" # what another said is not what is waited for
    "$leat" run "$1" "append://$file" --checkpoint "$(mktemp -d "$scratch/checkpoint.XXXXXX")" --quiet "${@:2}" 2>"$scratch/listener" &
    listener=$!
    wait_for 60 grep -q ^ready "$scratch/listener" || { cat "$scratch/listener"; return 1; }
}
# hang_up WANTED FILE: when the lines are there the listener is told to stop, and ends well.
hang_up() {
    local status=0
    wait_for 60 holds "$@" || status=1
    kill "$listener"
    wait "$listener" || { status=1; cat "$scratch/listener"; }
    return "$status"
}
# across SOURCE SINK: lines go into the sink by one program, and come out of the source of another.
across() {
    local file
    file=$(mktemp "$scratch/across.XXXXXX")
    listen "$file" "$1" && printf '%s\n' one two three | run - "$2" --where "value <> 'two'" && hang_up $'one\nthree' "$file"
}
over_tcp() { local at; at=$(free_port); across "tcp-listen://127.0.0.1:$at" "tcp://127.0.0.1:$at"; }
over_udp() { local at; at=$(free_port); across "udp://127.0.0.1:$at" "udp://127.0.0.1:$at"; }
over_unix() { across "unix://$scratch/stream.sock" "unix://$scratch/stream.sock"; }
over_unix_datagrams() { across "unix://$scratch/dgram.sock?type=datagram" "unix://$scratch/dgram.sock?type=datagram"; }
spooled() {
    local at
    at=$(free_port)
    listen "$scratch/spooled" "tcp-listen://127.0.0.1:$at" --spool "$scratch/spool" --ack || return
    exec 3<>"/dev/tcp/127.0.0.1/$at"
    printf 'one\ntwo\n' >&3
    read -r -t 60 told <&3 || { echo "no acknowledgement"; return 1; }
    [ "${told% *}" = ack ] || { echo "told: $told"; return 1; }
    exec 3>&-
    hang_up $'one\ntwo' "$scratch/spooled"
}
from_a_server() { # Spark's socket source
    python3 -c 'import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
open(sys.argv[1], "w").write(str(s.getsockname()[1]) + "\n")
c, _ = s.accept(); c.sendall(b"one\ntwo\n"); c.recv(1)' "$scratch/serves" &
    local server=$!
    wait_for 60 grep -q . "$scratch/serves" && listen "$scratch/served" "tcp://127.0.0.1:$(cat "$scratch/serves")" && hang_up $'one\ntwo' "$scratch/served"
    local status=$?
    wait "$server"
    return "$status"
}
sockets_by_sql() {
    local in out pid status=0
    in=$(free_port) out=$(free_port)
    listen "$scratch/datagrams" "udp://127.0.0.1:$out" || return
    sed -e "s,/var/lib/leat,$scratch/job,; s,'9000','$in',; s,'9001','$out'," tools/examples/sockets.sql >"$scratch/sockets.sql"
    mkdir -p "$scratch/job"
    : >"$scratch/said"
    "$leat" run "$scratch/sockets.sql" --quiet 2>"$scratch/said" &
    pid=$!
    wait_for 60 grep -q ^ready "$scratch/said" && printf 'ABC,1.5\nDEF,2\nABC,3\n' >"/dev/tcp/127.0.0.1/$in" || status=1
    hang_up $'{"sym":"ABC","price":1.5}\n{"sym":"ABC","price":3.0}' "$scratch/datagrams" || status=1
    kill "$pid"
    wait "$pid" || { status=1; cat "$scratch/said"; }
    return "$status"
}
# A source with a spool and a sink, both of a Unix socket.
unix_by_sql() {
    local pid status=0
    echo "CREATE TABLE i USING unix OPTIONS (path '$scratch/by.sock', spool '$scratch/by.spool');
        CREATE TABLE o USING append OPTIONS (path '$scratch/by.out', checkpointLocation '$scratch/by.checkpoint');
        INSERT INTO o SELECT upper(value) AS value FROM i" >"$scratch/receive.sql"
    echo "CREATE TABLE i USING stdin; CREATE TABLE o USING unix OPTIONS (path '$scratch/by.sock');
        INSERT INTO o SELECT value FROM i" >"$scratch/send.sql"
    "$leat" run "$scratch/receive.sql" --quiet 2>"$scratch/received" &
    pid=$!
    wait_for 60 grep -q ^ready "$scratch/received" && echo one | run "$scratch/send.sql" && wait_for 60 holds ONE "$scratch/by.out" || status=1
    kill "$pid"
    wait "$pid" || status=1
    [ "$status" -eq 0 ] || cat "$scratch/received"
    return "$status"
}
datagrams_in_program() {
    local at
    at=$(free_port)
    has_come() { echo one | run - "udp://127.0.0.1:$at" && grep -qx one "$scratch/by.udp"; } # sent until somebody is there
    connect_until has_come "" "" udp host=127.0.0.1 "port=$at" to append "path=$scratch/by.udp"
}
sockets_in_program() {
    local at
    at=$(free_port)
    listen "$scratch/programmed" "tcp-listen://127.0.0.1:$at" && echo one | connect "" "" stdin to tcp host=127.0.0.1 "port=$at" &&
        hang_up one "$scratch/programmed"
}

for each in of_line of_sql of_program; do check "directories: $each" "$each"; done
for each in follows follows_by_sql follows_in_program; do check "growing files: $each" "$each"; done
for each in pipes pipes_by_sql pipes_in_program a_process a_process_by_sql a_process_in_program; do check "pipes: $each" "$each"; done
check "a web server is there" web
for each in posts posts_by_sql posts_in_program; do check "web: $each" "$each"; done
for each in over_tcp over_udp over_unix over_unix_datagrams spooled from_a_server sockets_by_sql unix_by_sql datagrams_in_program \
    sockets_in_program; do
    check "sockets: $each" "$each"
done
finish
