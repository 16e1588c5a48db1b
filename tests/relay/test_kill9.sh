#!/usr/bin/env bash
# A relay is killed with SIGKILL again and again under a constant load, and started again each time. LEAT_KILLS (10) says how
# often. Every other kill aims between offsets/N and commits/N (killer.c); the others come when they like, also while the
# relay starts: LEAT_SEED (the script's process id) decides when. In the end an audit says what became of each record; what may
# have been sent twice is bounded by what each death left behind (marks.c).
. "$(dirname "$0")/lib.sh"

killer=$build/tests/killer marks=$build/tests/marks
topic in 4 && topic out 4 || exit 1
checkpoint directory
between=0 idle=0 highest=()
RANDOM=$seed
: >"$scratch/marks"

start_load() { background "$audit" produce "$kafka" "$in" --rate 5000 --seconds 7200 --partitions 4; }

start_relay() {
    background "$leat" relay "$(url "$in")" "$(url "$out")" --checkpoint "$directory" --from earliest --epoch 100ms -q "$@"
}

last_entry() { find "$directory/$1" -maxdepth 1 -type f -name '[0-9]*' ! -name '*.crc' -printf '%f\n' 2>/dev/null | sort -n | tail -n 1; }

# Adds to the marks what the process that has just died may send again, and counts where it died.
note_death() { # DIED_NS
    local entry file=- partition restart until line
    entry=$(last_entry offsets)
    [ -z "$entry" ] || file=$directory/offsets/$entry
    [ -z "$entry" ] || [ -e "$directory/commits/$entry" ] || between=$((between + 1))
    "$marks" "$kafka" "$in" "$out" "$file" "$1" >"$scratch/death" || return
    while read -r partition restart until; do
        if [ "$partition" = outstanding ]; then
            [ "$restart" -gt 0 ] || idle=$((idle + 1))
            continue
        fi
        line=${highest[$partition]:-0}
        [ "$until" -gt "$line" ] && line=$until
        highest[$partition]=$line
        echo "$partition $restart $line" >>"$scratch/marks"
    done <"$scratch/death"
}

kill_at_entry() {
    local died
    wait_for 60 test -d "$directory/offsets" && died=$("$killer" "$directory" "$pid" 60) || {
        echo "no epoch was logged for a minute after start $1"; return 1; }
    wait "$pid" 2>/dev/null
    note_death "${died#* }"
}

kill_at_will() {
    local died
    [ $((RANDOM % 3)) -eq 0 ] || wait_for 60 is_ready "$log" || return
    sleep "0.$((RANDOM % 4))$((RANDOM % 10))"
    has_ended "$pid" && { echo "the relay ended by itself after start $1"; return 1; }
    died=$(date +%s%N)
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
    note_death "$died"
}

# Kills take turns with all ways to cut a lane.
kill_again_and_again() {
    local i ways=("" "--stages 3" "--lanes 2 --stages 2")
    for ((i = 0; i < kill_count; i++)); do
        # shellcheck disable=SC2086
        start_relay ${ways[$((i % 3))]}
        if [ $((i % 2)) -eq 0 ]; then kill_at_entry "$i"; else kill_at_will "$i"; fi || return
    done
}

# The window between both entries is short, and a busy machine lets the killer come late: then it aims again.
aim_until_enough() {
    local i
    for ((i = 0; i < 50 && between < enough; i++)); do
        start_relay && kill_at_entry "$i" || return
        kill_count=$((kill_count + 1))
    done
}

end_load() {
    kill -INT "$load" && ended "$load" 60 0
}

nothing_lost() {
    local status=0
    relay "$in" "$out" "$directory" || return
    "$audit" verify "$kafka" "$in" "$out" --checkpoint-marks "$scratch/marks" >"$scratch/verdict" || status=$?
    cat "$scratch/verdict"
    return $status
}

enough=$(((kill_count + 9) / 10))
died_between() { aim_until_enough && [ "$between" -ge "$enough" ] || { echo "only $between of $kill_count"; return 1; }; }
# The load is a process too, and may have had no turn.
seldom_idle() { [ $((idle * 5)) -le "$kill_count" ] || { echo "$idle of $kill_count had nothing outstanding"; return 1; }; }

echo "LEAT_SEED=$seed"
if is_memory "$scratch"; then echo "note: the checkpoint is in memory, there is no disk to write"; fi
has_begun() { [ "$("$envelopes" count "$kafka" "$in")" -gt 0 ]; }
start_load
load=$pid
check "the load begins" wait_for 60 has_begun
check "a relay goes on after each of $kill_count kills" kill_again_and_again
check "one kill in ten came between offsets and commits" died_between
check "records were outstanding at four kills of five" seldom_idle
check "the load ends in order" end_load
check "nothing is lost, in order, and no more is repeated than was sent after the last epoch" nothing_lost
echo "kills $kill_count, between offsets and commits $between"
grep '^partition' "$scratch/verdict"
finish
