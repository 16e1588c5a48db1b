#!/usr/bin/env bash
# A disk that is full when a query begins again: what is told names the file of the checkpoint that could not be written, and
# nobody who did nothing wrong. With room again, nothing is lost.
. "$(dirname "$0")/../support/cases.sh"

small=$scratch/small checkpoint=$scratch/small/checkpoint
query=0
end_query() { [ "$query" -eq 0 ] || { kill -KILL "$query"; wait "$query"; } 2>/dev/null; }
unmount_small() { ! mountpoint -q "$small" || umount "$small"; }
at_end end_query
at_end unmount_small

job=("$leat" sql -q -e "CREATE TABLE s USING rate OPTIONS (rowsPerSecond '100');
    CREATE TABLE o USING noop OPTIONS (checkpointLocation '$checkpoint', trigger 'continuous 200 ms');
    INSERT INTO o SELECT value FROM s")
refuses() { # the job begins and ends by itself
    local status=0
    timeout 60 "${job[@]}" 2>"$scratch/err" || status=$?
    [ "$status" -eq 4 ] || { cat "$scratch/err"; echo "ended with $status"; return 1; }
}
last_commit() { ls "$checkpoint/commits" 2>/dev/null | grep -v crc | sort -n | tail -1; }
runs() { # until there is another commit, and ends well when it is told to
    local before i status=0
    before=$(last_commit)
    : >"$scratch/err"
    "${job[@]}" 2>"$scratch/err" &
    query=$!
    for ((i = 0; i < 600; i++)); do grep -q '^ready' "$scratch/err" && [ "$(last_commit)" != "$before" ] && break; sleep 0.1; done
    kill -INT "$query"
    wait "$query" || status=$?
    query=0
    [ "$status" -eq 0 ] && [ "$i" -lt 600 ] || { cat "$scratch/err"; echo "ended with $status"; return 1; }
}
fill() { dd if=/dev/zero of="$small/fill" bs=1k count=4096 2>/dev/null; [ "$(df --output=avail "$small" | tail -1)" -eq 0 ]; }
says() { grep -qF -- "$1" "$scratch/err" && ! grep -qF "source rate" "$scratch/err" || { cat "$scratch/err"; return 1; }; }

before_the_first_epoch() {
    mkdir "$small" || return
    mount -t tmpfs -o size=1m tmpfs "$small" || { skip "no right to mount"; return; }
    fill && refuses && says "leat sql: query o: cannot start the query: " && says "No space left on device" && says "$checkpoint"
}
# The last commit is taken away, so that the epoch has to be finished.
while_an_epoch_is_finished() {
    mountpoint -q "$small" || { skip "no right to mount"; return; }
    rm "$small/fill" && rm -rf "$checkpoint" && runs || return
    local last
    last=$(last_commit)
    rm "$checkpoint/commits/$last" "$checkpoint/commits/.$last.crc" 2>/dev/null || rm -f "$checkpoint/commits/$last.crc"
    fill && refuses && says "cannot write checkpoint file '$checkpoint/commits/$last" &&
        says "; hint: free some space on the disk that holds the checkpoint and start again: nothing is lost"
}
with_room_again() {
    mountpoint -q "$small" || { skip "no right to mount"; return; }
    rm "$small/fill" && runs
}

check "a full disk before the first epoch is told with the checkpoint's path" before_the_first_epoch
check "a full disk while an epoch is finished is told with the file's path" while_an_epoch_is_finished
check "with room again the query goes on" with_room_again
finish
