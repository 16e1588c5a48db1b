#!/usr/bin/env bash
# What a lane asks of the kernel while records pass: with io_uring it enters its ring, and neither reads, receives, accepts,
# writes nor sends beside it; but for appends to a file, which the reactor writes at once (LT_IO_AT_ONCE). Waking another
# thread writes an eventfd, which is no record's way. Looked at by strace, after the start; the same query on epoll shows that
# strace would tell.
. "$(dirname "$0")/../support/cases.sh"

rows=200
pid='' tracer='' peer=''
end_all() {
    [ -z "$peer" ] || kill "$peer" 2>/dev/null
    [ -z "$tracer" ] || kill -INT "$tracer" 2>/dev/null
    [ -z "$pid" ] || kill "$pid" 2>/dev/null
    wait
    pid='' tracer='' peer=''
}
at_end end_all

has_lines() { [ "$(cat "$1" 2>/dev/null | wc -l)" -ge "$2" ]; } # FILE COUNT
starts() { grep -q '^ready' "$scratch/err" || has_ended "$pid"; }
is_attached() { grep -q 'attached' "$scratch/strace" || has_ended "$tracer"; }

# begins STATEMENTS: a query, until it is ready
begins() {
    "$leat" sql -q -e "$1" 2>"$scratch/err" &
    pid=$!
    wait_for 60 starts || return
    has_ended "$pid" || return 0
    if grep -q 'for input and output' "$scratch/err"; then skip "there is no io_uring here"; else cat "$scratch/err"; false; fi
}
lanes() { # its lanes, each as an option of strace's
    local task
    for task in /proc/"$pid"/task/*; do
        case $(cat "$task/comm") in leat-lane*) echo "-p ${task##*/}" ;; esac
    done
}
# traces ARGUMENT...: strace, attached
traces() {
    : >"$scratch/strace"
    strace -y -o "$scratch/trace" "$@" 2>"$scratch/strace" &
    tracer=$!
    wait_for 60 is_attached || return
    has_ended "$tracer" || return 0
    tracer=''
    if grep -q 'not permitted' "$scratch/strace"; then skip "strace may not look"; else cat "$scratch/strace"; false; fi
}
ends() {
    kill -INT "$tracer"
    wait "$tracer"
    tracer=''
    kill "$pid"
    wait "$pid"
    pid=''
}
# What carried records beside the ring.
beside() { grep -E '(^|[0-9] +)p?(read|write)v?(64)?2?\(|(recv|send)[a-z]*\(|accept4?\(' "$scratch/trace" | grep -v 'anon_inode:\[eventfd\]'; }
beside_appends() { beside | grep -v "pwrite64([0-9]*<$scratch/out>"; }

new_files() {
    end_all # a case before may have failed
    rm -rf "$scratch/in" "$scratch/out" "$scratch/ports" "$scratch/checkpoint"
    : >"$scratch/in"
}
# The ways of the rows: a query on the reactor that is named.
through_files() {
    new_files
    begins "CREATE TABLE lines (n BIGINT) USING tail OPTIONS (path '$scratch/in', format 'json');
        CREATE TABLE kept USING append OPTIONS (path '$scratch/out', format 'json', checkpointLocation '$scratch/checkpoint',
            trigger 'continuous 100 ms', io '$1');
        INSERT INTO kept SELECT n * 2 AS n FROM lines"
}
# The far ends of both connections: what is appended to IN goes out by one, what comes by the other is appended to OUT.
far_ends='
import os, socket, sys, threading, time
sent, received = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))
def collect():
    connection = received.accept()[0]
    with open(sys.argv[2], "ab", 0) as out:
        while data := connection.recv(65536):
            out.write(data)
threading.Thread(target=collect, daemon=True).start()
with open(sys.argv[3] + ".new", "w") as ports:
    ports.write(f"{sent.getsockname()[1]} {received.getsockname()[1]}")
os.rename(sys.argv[3] + ".new", sys.argv[3])
connection = sent.accept()[0]
with open(sys.argv[1], "rb") as rows:
    while True:
        data = rows.read()
        connection.sendall(data) if data else time.sleep(0.01)
'
through_sockets() {
    local ports
    new_files
    python3 -c "$far_ends" "$scratch/in" "$scratch/out" "$scratch/ports" &
    peer=$!
    wait_for 60 test -s "$scratch/ports" || return
    ports=($(cat "$scratch/ports"))
    begins "CREATE TABLE lines (n BIGINT) USING tcp OPTIONS (host '127.0.0.1', port ${ports[0]}, format 'json');
        CREATE TABLE kept USING tcp OPTIONS (host '127.0.0.1', port ${ports[1]}, format 'json',
            checkpointLocation '$scratch/checkpoint', trigger 'continuous 100 ms', io '$1');
        INSERT INTO kept SELECT n * 2 AS n FROM lines"
}
append_rows() {
    local i
    for i in $(seq "$1"); do echo "{\"n\":$i}" >>"$scratch/in"; done
}
# All the way, past the start.
is_warm() { append_rows 1 && wait_for 60 has_lines "$scratch/out" 1; }

by_the_ring() { # THROUGH
    "$1" io_uring && is_warm && traces $(lanes) || return
    append_rows "$rows" && wait_for 60 has_lines "$scratch/out" $((rows + 1)) || return
    ends
    grep -q 'io_uring_enter(' "$scratch/trace" || { echo "the lanes did nothing"; return 1; }
    ! beside_appends
}
without_it() { # THROUGH WHAT...: of each there is something to be seen
    local what
    "$1" epoll && is_warm && traces -f -p "$pid" || return
    append_rows "$rows" && wait_for 60 has_lines "$scratch/out" $((rows + 1)) || return
    ends
    beside >"$scratch/seen"
    shift
    for what; do grep -q -- "$what" "$scratch/seen" || { echo "not seen: $what"; return 1; }; done
}

command -v strace >/dev/null || { echo "strace is not installed: make setup-test"; exit 77; }
check "on io_uring a lane reads and appends files by its ring alone" by_the_ring through_files
check "on epoll the calls are seen" without_it through_files "read.*$scratch/in" "write.*$scratch/out"
check "on io_uring a lane receives and sends by its ring alone" by_the_ring through_sockets
check "on epoll these calls are seen, too" without_it through_sockets 'recv[a-z]*(.*socket:' 'send[a-z]*(.*socket:'
finish
