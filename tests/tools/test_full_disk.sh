#!/usr/bin/env bash
# A disk that is full when a query begins again: what is told names the file of the checkpoint that could not be written, and
# nobody who did nothing wrong. With room again, nothing is lost.
. "$(dirname "$0")/../support/cases.sh"

small=$scratch/small checkpoint=$scratch/small/checkpoint
unmount_small() { ! mountpoint -q "$small" || umount "$small"; }
at_end unmount_small

job() { # STATUS: runs for a second, unless it cannot
    local status=0
    timeout -s INT 2 "$leat" sql -q -e "CREATE TABLE s USING rate OPTIONS (rowsPerSecond '100');
        CREATE TABLE o USING noop OPTIONS (checkpointLocation '$checkpoint', trigger 'continuous 200 ms');
        INSERT INTO o SELECT value FROM s" 2>"$scratch/err" || status=$?
    [ "$status" -eq "$1" ] || { cat "$scratch/err"; echo "ended with $status"; return 1; }
}
fill() { dd if=/dev/zero of="$small/fill" bs=1k count=4096 2>/dev/null; [ "$(df --output=avail "$small" | tail -1)" -eq 0 ]; }
says() { grep -qF -- "$1" "$scratch/err" && ! grep -qF "source rate" "$scratch/err" || { cat "$scratch/err"; return 1; }; }

before_the_first_epoch() {
    mkdir "$small" || return
    mount -t tmpfs -o size=1m tmpfs "$small" || { skip "no right to mount"; return; }
    fill && job 4 && says "leat sql: query o: cannot start the query: " && says "No space left on device" && says "$checkpoint"
}
# The last commit is taken away, so that the epoch has to be finished.
while_an_epoch_is_finished() {
    mountpoint -q "$small" || { skip "no right to mount"; return; }
    rm "$small/fill" && rm -rf "$checkpoint" && job 124 || return
    local last
    last=$(ls "$checkpoint/commits" | grep -v crc | sort -n | tail -1)
    rm "$checkpoint/commits/$last" "$checkpoint/commits/.$last.crc" 2>/dev/null || rm -f "$checkpoint/commits/$last.crc"
    fill && job 4 && says "cannot write checkpoint file '$checkpoint/commits/$last" &&
        says "; hint: free some space on the disk that holds the checkpoint and start again: nothing is lost"
}
with_room_again() {
    mountpoint -q "$small" || { skip "no right to mount"; return; }
    rm "$small/fill" && job 124
}

check "a full disk before the first epoch is told with the checkpoint's path" before_the_first_epoch
check "a full disk while an epoch is finished is told with the file's path" while_an_epoch_is_finished
check "with room again the query goes on" with_room_again
finish
