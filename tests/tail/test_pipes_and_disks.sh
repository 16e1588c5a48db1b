#!/usr/bin/env bash
# leat in a shell's pipe; a process that is fed; a log that may not be read; and a disk that is full in the middle of a query,
# which is waited for: not a row is lost or cut.
. "$(dirname "$0")/../support/cases.sh"
export LEAT_COUNTERS=$scratch/counters
small=$scratch/small pid=0

end_all() {
    [ "$pid" -eq 0 ] || { kill -KILL "$pid"; wait "$pid"; } 2>/dev/null
    ! mountpoint -q "$small" || umount "$small"
}
at_end end_all
says() { grep -qF -- "$1" "$scratch/err" || { cat "$scratch/err"; return 1; }; }

a_pipe() {
    seq 1 50000 >"$scratch/in"
    printf 'no line feed at the end' >>"$scratch/in"
    "$leat" run - - -q <"$scratch/in" 2>"$scratch/err" >"$scratch/out" || { cat "$scratch/err"; return 1; }
    { cat "$scratch/in"; echo; } | cmp - "$scratch/out" || return
    cat "$scratch/in" | "$leat" run - - -q --where "value like '%7'" 2>"$scratch/err" | cmp - <(grep '7$' "$scratch/in")
}
head_has_enough() {
    local status
    yes | timeout 120 "$leat" run - - -q 2>"$scratch/err" | head -1 >"$scratch/out"
    status=${PIPESTATUS[1]}
    [ "$(cat "$scratch/out")" = y ] && [ "$status" -eq 141 ] || { cat "$scratch/err"; echo "ended with $status"; return 1; }
}
a_process() {
    seq 1 1000 >"$scratch/in"
    rm -rf "$scratch/checkpoint"
    "$leat" run "tail:$scratch/in" "foreach:tee -a $scratch/fed | grep --line-buffered epoch" --until-end -q \
        --checkpoint "$scratch/checkpoint" 2>"$scratch/err" || { cat "$scratch/err"; return 1; }
    grep -v epoch "$scratch/fed" | cmp - <(seq 1 1000 | sed 's/.*/{"value":"&"}/') && grep -q '^{"epoch":0}$' "$scratch/fed"
}
a_process_that_fails() {
    local status=0
    "$leat" run "tail:$scratch/in" "foreach:read line; echo out of luck >&2; exit 3" --until-end -q 2>"$scratch/err" || status=$?
    [ "$status" -eq 1 ] && says "the process ended with status 3 before the query did; it said: out of luck"
}
# as_nobody TEXT SOURCE SINK OPTION...: is refused with that text, and with $hint somewhere behind it.
as_nobody() {
    local text=$1 become="setpriv --reuid 65534 --clear-groups"
    shift
    [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null || { skip "only root can become nobody"; return; }
    # By way of another program: setpriv itself may still search closed directories.
    $become timeout 30 "$leat" --version >/dev/null 2>&1 || { skip "nobody may not run leat here"; return; }
    rm -rf "$scratch/closed" "$scratch/open" "$scratch/nobodys"
    mkdir -m 700 "$scratch/closed" && mkdir -m 755 "$scratch/open" "$scratch/nobodys" && chown 65534 "$scratch/nobodys" || return
    echo secret >"$scratch/open/hidden" && chmod 600 "$scratch/open/hidden" || return
    ! env -u LEAT_COUNTERS $become timeout 60 "$leat" run "$@" -q --checkpoint "$scratch/nobodys/checkpoint" 2>"$scratch/err" </dev/null &&
        says "$text" && says "${hint-}"
}
ends_with_a_row() { [ ! -s "$small/out" ] || [ "$(tail -c 1 "$small/out" | wc -l)" -eq 1 ]; }
a_full_disk() {
    mkdir "$small" && mount -t tmpfs -o size=1m tmpfs "$small" || { skip "no right to mount"; return; }
    dd if=/dev/zero of="$small/fill" bs=1k count=700 2>/dev/null
    seq 1 80000 >"$scratch/in" # 469 kB
    rm -rf "$scratch/checkpoint"
    "$leat" run "tail:$scratch/in" "append:$small/out" -q --epoch 100ms --checkpoint "$scratch/checkpoint" 2>"$scratch/err" &
    pid=$!
    wait_for 60 grep -q "No space left on device: waiting for room" "$scratch/err" || { cat "$scratch/err"; return 1; }
    wait_for 60 ends_with_a_row || return # but for the moment in which the disk is tried again
    rm "$small/fill"
    wait_for 60 cmp "$scratch/in" "$small/out" || return
    wait_for 60 says "there is room for '$small/out' again" || return
    kill -INT "$pid"
    wait "$pid"
    pid=0
    cmp "$scratch/in" "$small/out"
}
# It is opened while the query starts, or just after: the text is that of a start, or that of a query that failed.
a_file_in_a_directory() {
    hint="; hint: let leat's user read it, or take it out of the directory" \
        as_nobody "$scratch/open/hidden\": cannot be opened: Permission denied" "file://$scratch/open" stdout:
}
check "leat is a filter in a pipe" a_pipe
check "a reader that has enough ends it without a word" head_has_enough
check "a process is fed rows and sees where epochs end" a_process
check "a process that fails ends the query with its last words" a_process_that_fails
check "a log that may not be read is told with its name" as_nobody \
    "cannot open '$scratch/open/hidden': Permission denied; hint: let leat's user read it" "tail:$scratch/open/hidden" stdout:
check "so is a directory" as_nobody "$scratch/closed\": permission denied; hint: " "file://$scratch/closed" stdout:
check "so is a file in one" a_file_in_a_directory
check "so is a file that may not be made" as_nobody "'$scratch/closed/out'" "file://$scratch/nobodys" "append://$scratch/closed/out"
check "so is a directory that may not be made" as_nobody "'$scratch/closed/out'" "file://$scratch/nobodys" "file://$scratch/closed/out"
check "so is a spool" as_nobody "\"$scratch/closed/spool\"" - stdout: --spool "$scratch/closed/spool"
check "so is a Unix socket" as_nobody "$scratch/closed/sock" "unix://$scratch/closed/sock" stdout:
check "a disk that is full is waited for" a_full_disk
finish
