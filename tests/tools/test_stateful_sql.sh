#!/usr/bin/env bash
# The jobs of tools/examples that keep state run over directories of files: what they have written after the first files, and after
# more of them, which they go on with where they were.
. "$(dirname "$0")/../support/cases.sh"

data=$scratch/data
# script NAME: the example, with the paths of this test.
script() {
    sed -e "s,/data/,$data/,g; s,/var/lib/leat,$scratch/job,g" "tools/examples/$1" >"$scratch/$1"
    "$leat" run "$scratch/$1" --quiet --log-level error 2>"$scratch/said" || { cat "$scratch/said"; return 1; }
}
file() { # NAME LINE...: a file of these lines
    local name=$1
    shift
    mkdir -p "$data/${name%/*}"
    printf '%s\n' "$@" >"$data/.new" && mv "$data/.new" "$data/$name"
}

# The last line of a query: what it read, and what it wrote.
is_told() { grep -E "^ended query [^:]+: $1, dead-lettered 0, uncommitted 0\$" "$scratch/said" || { cat "$scratch/said"; return 1; }; }
counts_words() {
    file lines/1.txt 'to be or' 'not to be'
    script word_count.sql && holds $'{"word":"be","n":2}\n{"word":"not","n":1}\n{"word":"or","n":1}\n{"word":"to","n":2}' "$data/counts" &&
        is_told 'read 2, delivered 4, filtered 0' && file lines/2.txt 'to do' && script word_count.sql &&
        is_told 'read 1, delivered 2, filtered 0' &&
        holds $'{"word":"do","n":1}\n{"word":"to","n":3}' <(tail -n 2 "$data/counts")
}
# As Spark's first example, which counts the words that a netcat is told.
counts_words_of_a_socket() {
    local server query status=0
    rm -f "$scratch/port"
    python3 -c 'import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
open(sys.argv[1] + ".new", "w").write(str(s.getsockname()[1]))
import os; os.rename(sys.argv[1] + ".new", sys.argv[1])
c, _ = s.accept(); c.sendall(b"to be or\nnot to "); time.sleep(0.3); c.sendall(b"be\n"); c.recv(1)' "$scratch/port" &
    server=$!
    wait_for 60 test -s "$scratch/port" || return
    sed -e "s,/var/lib/leat,$scratch/socket,; s,/data/,$data/socket-,; s,9999,$(cat "$scratch/port")," tools/examples/socket_word_count.sql \
        >"$scratch/socket.sql"
    "$leat" run "$scratch/socket.sql" --quiet --log-level error 2>"$scratch/said" &
    query=$!
    are_counted() {
        diff -u <(printf '%s\n' 'be 2' 'not 1' 'or 1' 'to 2') \
            <(sed -nE 's/.*"word":"([a-z]+)","n":([0-9]+).*/\1 \2/p' "$data/socket-counts" | awk '{ n[$1] = $2 } END { for (w in n) print w, n[w] }' | sort)
    }
    wait_for 60 are_counted || status=1
    kill "$query"
    wait "$query" || status=1
    kill "$server" 2>/dev/null
    [ "$status" -eq 0 ] || cat "$scratch/said"
    return "$status"
}
counts_windows() {
    local at='"2026-01-01T10:' rows
    file readings/1.json "{\"at\":${at}01:00Z\",\"sensor\":\"a\",\"celsius\":20}" "{\"at\":${at}04:00Z\",\"sensor\":\"a\",\"celsius\":22}" \
        "{\"at\":${at}03:00Z\",\"sensor\":\"b\",\"celsius\":5}"
    script windowed_count.sql && ! compgen -G "$data/averages/*.csv" &&
        file readings/2.json "{\"at\":${at}20:00Z\",\"sensor\":\"b\",\"celsius\":6}" && script windowed_count.sql &&
        holds $'2026-01-01T10:00:00.000Z,a,2,21.0\n2026-01-01T10:00:00.000Z,b,1,5.0' "$data"/averages/*.csv
}
finds_visits() {
    local at='"2026-01-01T'
    file clicks/1.json "{\"at\":${at}10:00:00Z\",\"user\":\"u\",\"page\":\"a\"}" "{\"at\":${at}10:20:00Z\",\"user\":\"u\",\"page\":\"b\"}" \
        "{\"at\":${at}11:00:00Z\",\"user\":\"u\",\"page\":\"a\"}" "{\"at\":${at}12:00:00Z\",\"user\":\"v\",\"page\":\"a\"}"
    script sessions.sql &&
        holds "{\"user\":\"u\",\"begin\":${at}10:00:00.000Z\",\"end\":${at}10:50:00.000Z\",\"clicks\":2}
{\"user\":\"u\",\"begin\":${at}11:00:00.000Z\",\"end\":${at}11:30:00.000Z\",\"clicks\":1}" "$data"/visits/*.json
}
drops_duplicates() {
    local at='"2026-01-01T10:'
    file events/1.json "{\"id\":\"1\",\"at\":${at}00:00Z\",\"text\":\"one\"}" "{\"id\":\"1\",\"at\":${at}01:00Z\",\"text\":\"again\"}" \
        "{\"id\":\"2\",\"at\":${at}02:00Z\",\"text\":\"two\"}"
    script deduplicate.sql && file events/2.json "{\"id\":\"2\",\"at\":${at}05:00Z\",\"text\":\"again\"}" && script deduplicate.sql &&
        holds $'{"id":"1","text":"one"}\n{"id":"2","text":"two"}' "$data"/once/*.json
}
looks_up() {
    file symbols/1.json '{"sym":"A","name":"Alpha"}'
    file orders/1.json '{"sym":"A","price":2.5,"amount":2}' '{"sym":"B","price":1,"amount":3}'
    script enrich.sql && holds $'{"name":"Alpha","total":5.0}\n{"name":"B","total":3.0}' "$data"/named/*.json
}
joins_streams() {
    local at='"2026-01-01T'
    file shown/1.json "{\"ad\":1,\"shown_at\":${at}10:00:00Z\"}" "{\"ad\":2,\"shown_at\":${at}10:01:00Z\"}"
    file clicked/1.json "{\"click\":1,\"clicked_at\":${at}10:05:00Z\"}" "{\"click\":2,\"clicked_at\":${at}10:30:00Z\"}"
    script join.sql && holds "{\"ad\":1,\"shown_at\":${at}10:00:00.000Z\",\"clicked_at\":${at}10:05:00.000Z\"}" "$data"/pairs/*.json &&
        file shown/2.json "{\"ad\":3,\"shown_at\":${at}12:00:00Z\"}" &&
        file clicked/2.json "{\"click\":9,\"clicked_at\":${at}12:00:00Z\"}" && script join.sql &&
        holds "{\"ad\":1,\"shown_at\":${at}10:00:00.000Z\",\"clicked_at\":${at}10:05:00.000Z\"}
{\"ad\":2,\"shown_at\":${at}10:01:00.000Z\"}" "$data"/pairs/*.json
}

check "word counts are written again as they change" counts_words
check "words that come over a socket are counted" counts_words_of_a_socket
check "a window is written once, when the watermark has passed it" counts_windows
check "clicks become visits" finds_visits
check "a repeated event is read once, over two runs" drops_duplicates
check "a stream is joined with a table" looks_up
check "two streams are joined, and what has no partner comes out in the end" joins_streams
finish
