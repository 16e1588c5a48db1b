#!/usr/bin/env bash
# What the world does to a relay: little permission, few resources, brokers and disks that go away, checkpoints that are not
# what they should be, records that do not fit, signals at bad moments. It works or says why not; it loses nothing.
. "$(dirname "$0")/lib.sh"

topic in
produce_input() { "$envelopes" produce "$kafka" "$in" 10000 --partitions 4 --big 1000 --seed 7; }

# ---------------------------------------------------------------------------------------- little to work with

# crosses_under TEXT COMMAND...: the relay, run by that command, says the text and changes nothing.
crosses_under() {
    local out directory text=$1
    shift
    topic out 4 && checkpoint directory &&
        "$@" "$leat" relay "$(url "$in")" "$(url "$out")" --checkpoint "$directory" --from earliest --until-end -q \
            >"$scratch/said" 2>&1 || { cat "$scratch/said"; return 1; }
    cat "$scratch/said"
    grep -qF "$text" "$scratch/said" && same "$in" "$out"
}
with_few_files() { (ulimit -n 64 && exec "$@"); }
with_too_few_files() {
    local out directory
    topic out 4 && checkpoint directory &&
        (ulimit -n 8 && refused 4 'Too many open files' relay "$in" "$out" "$directory") && has_count "$out" 0
}
without_pinning() {
    [ "$(nproc)" -gt 1 ] || { skip "there is one CPU, nothing is pinned"; return; }
    crosses_under 'threads are not pinned: Operation not permitted' "$build/tests/unpinned"
}

# A user without rights, in a directory of its own; the program is where it can be read.
without_permission() {
    local home=$scratch/nobody
    [ "$(id -u)" -eq 0 ] || { "$@"; return; }
    mkdir -p "$home" && cp "$leat" "$home/leat" && chown -R 65534:65534 "$home" || return
    shift
    local arguments=("$@") i
    for i in "${!arguments[@]}"; do
        [ "${arguments[$i]}" != --checkpoint ] || arguments[i + 1]=$home/checkpoint
    done
    LEAT_COUNTERS=$home/counters setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs \
        "$home/leat" "${arguments[@]}"
}
one_cpu_text="libraries' threads share CPUs with lanes and do not preempt them"
dma_text='cpu_dma_latency is not held'
[ "$(id -u)" -eq 0 ] || dma_text=ready

# ---------------------------------------------------------------------------------------- what is not there

ended_within() { # SECONDS SECONDS COMMAND...
    local begin took low=$1 high=$2
    shift 2
    begin=$(date +%s%N)
    "$@" || return
    took=$(( ($(date +%s%N) - begin) / 1000000 ))
    [ "$took" -ge $((low * 1000)) ] && [ "$took" -le $((high * 1000)) ] || { echo "took $took ms"; return 1; }
}

unreachable_broker() {
    local directory
    checkpoint directory
    ended_within 1 30 refused 3 '"127.0.0.1:9": no broker answered' \
        "$leat" relay kafka://127.0.0.1:9/in kafka://127.0.0.1:9/out --checkpoint "$directory" --startup-timeout 1s
}

missing_topics() {
    local out absent directory
    topic out 4 && topic absent && checkpoint directory &&
        refused 2 "source kafka: topic \"$absent\" does not exist" relay "$absent" "$out" "$directory" &&
        refused 2 "sink kafka: topic \"$absent\" does not exist" relay "$in" "$absent" "$directory" &&
        sed -i "/$absent/d" "$scratch/topics" && relay "$in" "$out" "$directory" && same "$in" "$out"
}

# A broker that makes no topics says so; nobody waits for it to change its mind.
missing_topics_at_once() {
    local out directory
    topic out 4 && checkpoint directory &&
        ended_within 0 30 refused 2 "hint: did you mean \"$in\"?" relay "${in}x" "$out" "$directory" &&
        ended_within 0 30 refused 2 "does not exist and the broker does not make it; hint: did you mean \"$out\"?" \
            relay "$in" "${out}x" "$directory" &&
        ended_within 0 30 refused 2 "dead-letter sink kafka: topic \"${out}x\" does not exist" \
            relay "$in" "$out" "$directory" --dlq "$(url "${out}x")"
}

# ---------------------------------------------------------------------------------------- checkpoints

# A sound checkpoint in $kept, of a relay from $in to $kept_out.
keep_checkpoint() { topic kept_out 4 && checkpoint kept && relay "$in" "$kept_out" "$kept"; }

last_offsets() { find "$1/offsets" -type f -name '[0-9]*' ! -name '*.crc' | sort -V | tail -n 1; }

# damaged TEXT COMMAND...: a copy that the command was run on is refused with the text, and left as it is.
damaged() {
    local copy text=$1
    shift
    checkpoint copy && cp -a "$kept" "$copy" && "$@" "$(last_offsets "$copy")" && cp -a "$copy" "$copy.before" &&
        refused 4 "$text" relay "$in" "$kept_out" "$copy" && rm -f "$copy"*/.leat.lock && diff -r "$copy.before" "$copy"
}
cut_short() { truncate -s 20 "$1"; }
change_a_digit() { sed -i -E '3s/"0":([0-9]*)[0-9]\b/"0":\10/;3s/"1":([0-9]*)[0-9]\b/"1":\11/;3s/$/ /' "$1"; truncate -s -1 "$1"; }
drop_metadata() { rm "$(dirname "$1")/../metadata" "$(dirname "$1")/../metadata.crc"; }

foreign_directory() {
    local other
    checkpoint other && mkdir "$other" && echo precious >"$other/notes" &&
        refused 4 "not a checkpoint: it holds 'notes' and no 'metadata'" relay "$in" "$kept_out" "$other" &&
        [ "$(cat "$other/notes")" = precious ] && [ ! -e "$other/offsets" ]
}

# The directory, of somebody else, is fine but for that.
no_right_to_write() {
    local home=$scratch/foreign
    [ "$(id -u)" -eq 0 ] || { skip "only root can make a directory of somebody else"; return; }
    mkdir -p "$home" && cp "$leat" "$home/leat" && cp -a "$kept" "$home/checkpoint" && chmod -R go+rX "$home" &&
        cp -a "$home/checkpoint" "$home/before" &&
        refused 4 'hint: the user that runs the query needs to own the checkpoint directory' \
            setpriv --reuid 65534 --regid 65534 --clear-groups env LEAT_COUNTERS=off "$home/leat" relay "$(url "$in")" \
            "$(url "$kept_out")" --checkpoint "$home/checkpoint" --until-end &&
        diff -r "$home/before" "$home/checkpoint"
}

another_querys_topics() {
    local third out directory before=$scratch/before-topics
    topic third 4 && topic out 4 && checkpoint directory && cp -a "$kept" "$directory" && cp -a "$kept" "$before" &&
        refused 4 "the checkpoint is another query's: it has offsets of \"$in\", and this query reads \"$third\"; hint: give" \
            relay "$third" "$out" "$directory" &&
        refused 4 "it has offsets of \"$in\", and this query reads topics that match \"$third.*\"" \
            relay "" "$out" "$directory" --option failOnDataLoss=false --source-option "subscribePattern=$third.*" &&
        diff -r -x .leat.lock "$before" "$directory" && relay "$in,$third" "$out" "$directory"
}

# Where no folder can be, and where one may not be made.
impossible_directories() {
    local each
    touch "$scratch/file"
    for each in "$scratch/file" "$scratch/file/below" /proc/leat/below "$scratch/$(printf 'x%.0s' {1..300})"; do
        refused 4 "checkpoint '$each': cannot " relay "$in" "$kept_out" "$each" &&
            refused 4 '; hint: ' relay "$in" "$kept_out" "$each" || return
    done
}

in_use_without_a_name() {
    local id
    background "$leat" relay "$(url "$in")" "$(url "$kept_out")" --checkpoint "$kept" -q
    id=$(sed -n 's/.*"id":"\([^"]*\)".*/\1/p' "$kept/metadata") && [ "${#id}" -eq 36 ] && wait_for 60 is_ready "$log" &&
        refused 4 "in use by pid $pid, query $id, host " relay "$in" "$kept_out" "$kept" &&
        kill -TERM "$pid" && ended "$pid" 60 0
}

in_use() {
    background "$leat" relay "$(url "$in")" "$(url "$kept_out")" --checkpoint "$kept" --name first -q
    wait_for 60 is_ready "$log" && refused 4 "in use by pid $pid, query \"first\"" relay "$in" "$kept_out" "$kept" &&
        kill -TERM "$pid" && ended "$pid" 60 0 && relay "$in" "$kept_out" "$kept" && same "$in" "$kept_out"
}

# ---------------------------------------------------------------------------------------- a disk that is full

start_load() { background "$audit" produce "${2:-$kafka}" "$1" --rate 5000 --seconds 3600 --partitions 4; load=$pid; }
stop_load() { kill -INT "$load" && ended "$load" 60 0; }

unmount_small() { ! mountpoint -q "$scratch/small" || umount "$scratch/small"; }
stop_other_broker() { [ -z "${other_port:-}" ] || tests/kafka/kafka stop --port "$other_port" >/dev/null 2>&1; }
at_end unmount_small
at_end stop_other_broker

full_disk() {
    local from to
    mkdir "$scratch/small" || return
    mount -t tmpfs -o size=200k tmpfs "$scratch/small" || { skip "no right to mount"; return; }
    topic from 4 && topic to 4 && start_load "$from" || return
    background "$leat" relay "$(url "$from")" "$(url "$to")" --checkpoint "$scratch/small/checkpoint" --from earliest \
        --epoch 50ms -q
    ended "$pid" 60 1 && grep -q 'cannot write checkpoint file .*No space left on device.*free some space' "$log" &&
        stop_load && mount -o remount,size=16m "$scratch/small" && relay "$from" "$to" "$scratch/small/checkpoint" &&
        "$audit" verify "$kafka" "$from" "$to"
}

# ---------------------------------------------------------------------------------------- records that do not fit

# In a topic that takes batches of 100 kB, the big envelopes are too large, and nothing else is.
topic_of_small_records() { serial=$((serial + 1)); printf -v "$1" '%s' "$run_name-$serial-$1"; echo "${!1}" >>"$scratch/topics"
    "$envelopes" create "$kafka" "${!1}" 4 100000; }

too_large_stops() {
    local out directory
    topic_of_small_records out && checkpoint directory &&
        refused 1 "sink kafka: topic \"$out\": the record takes 92" relay "$in" "$out" "$directory" &&
        checkpoint directory && refused 1 "hint: a dead-letter sink (dlq)" relay "$in" "$out" "$directory"
}

# The dead letters without their reasons are the big envelopes of the input, as the reference relay copies them.
too_large_goes_to_dlq() {
    local out dead plain expected directory name drops=()
    topic_of_small_records out && topic dead 4 && topic plain 4 && topic expected 4 && checkpoint directory &&
        relay "$in" "$out" "$directory" --dlq "$(url "$dead")" --where 'value is not null' && same "$in" "$out" --where 'length<=50000' || return
    "$envelopes" copy "$kafka" "$in" "$expected" --where 'length>50000' && checkpoint directory || return
    for name in condition message stage source partition offset timestamp; do
        "$envelopes" dump "$kafka" "$dead" | grep -vF "\"leat.error.$name\"=" && { echo "no $name"; return 1; }
        drops+=(--drop-header "leat.error.$name")
    done
    relay "$dead" "$plain" "$directory" "${drops[@]}" && cmp <(records "$expected") <(records "$plain") &&
        [ "$("$envelopes" count "$kafka" "$plain")" -gt 5 ]
}

# Where the topic is chosen by record its limit is not known: the broker refuses whole batches, and only the record that is
# too large may be dead-lettered for it.
bystanders_are_delivered() {
    local out dead directory in_count out_count dead_count big_count
    topic_of_small_records out && topic dead 4 && checkpoint directory &&
        relay "$in" "$out" "$directory" --dlq "$(url "$dead")" --select "'$out' as topic" || return
    big_count=$("$envelopes" dump "$kafka" "$dead" | grep -c '"leat.error.condition"=16:"RECORD_TOO_LARGE"')
    in_count=$("$envelopes" count "$kafka" "$in") out_count=$("$envelopes" count "$kafka" "$out")
    dead_count=$("$envelopes" count "$kafka" "$dead")
    echo "in $in_count, out $out_count, dead letters $dead_count, of them $big_count too large"
    [ "$((out_count + dead_count))" -eq "$in_count" ] && [ "$big_count" -eq "$dead_count" ] &&
        [ "$dead_count" -gt 5 ] && [ "$dead_count" -le 20 ]
}

# has_committed CHECKPOINT: some epochs. adds_up LOG CHECKPOINT: the last line of a relay that began with this checkpoint: each record read is told once, and what
# is told as done is what the checkpoint says.
has_committed() { wait_for 60 test -e "$1/commits/3"; }
adds_up() {
    local line last done_by_checkpoint read delivered filtered dead uncommitted
    line=$(grep '^ended: ' "$1" | tr -cd '0-9 ') && read -r read delivered filtered dead uncommitted <<<"$line" || return
    last=$(find "$2/commits" -type f -name '[0-9]*' ! -name '*.crc' -printf '%f\n' | sort -n | tail -n 1)
    done_by_checkpoint=$(tail -n 1 "$2/offsets/$last" | grep -o ':[0-9]\+' | tr -d : | paste -sd +)
    echo "$line; committed $done_by_checkpoint"
    [ "$read" -eq $((delivered + filtered + dead + uncommitted)) ] &&
        [ $((done_by_checkpoint)) -eq $((delivered + filtered + dead)) ] && [ "$delivered" -gt 0 ]
}

# A topic that is gone is no record's fault: nothing goes to the dead letters for it.
# The broker says it, or the client, which may have heard of it first.
sink_topic_deleted() {
    local from to dead directory
    topic from 4 && topic to 4 && topic dead 4 && checkpoint directory && start_load "$from" || return
    background "$leat" relay "$(url "$from")" "$(url "$to")" --checkpoint "$directory" --from earliest --epoch 100ms \
        --dlq "$(url "$dead")" -q
    wait_for 60 is_ready "$log" && has_committed "$directory" && "$envelopes" delete "$kafka" "$to" && ended "$pid" 60 1 &&
        grep -qE "sink kafka: topic \"$to\": (Broker: Unknown topic or partition|Local: Unknown topic)" "$log" && adds_up "$log" "$directory" &&
        has_count "$dead" 0 && stop_load
}

# ---------------------------------------------------------------------------------------- signals

sigterm_repeats_nothing() {
    local from to directory
    topic from 4 && topic to 4 && checkpoint directory && start_load "$from" || return
    for _ in 1 2 3; do
        background "$leat" relay "$(url "$from")" "$(url "$to")" --checkpoint "$directory" --from earliest --epoch 600s -q
        wait_for 60 is_ready "$log" && sleep 0.3 && kill -TERM "$pid" && ended "$pid" 60 0 &&
            grep -q 'uncommitted 0$' "$log" || return
    done
    stop_load && relay "$from" "$to" "$directory" && "$audit" verify "$kafka" "$from" "$to" --max-replay 0
}

# ---------------------------------------------------------------------------------------- a broker that goes away

start_other_broker() { other=$(tests/kafka/kafka start) && other_port=${other##*:}; }

restarted_broker() {
    local directory relay_pid
    checkpoint directory && start_load from "$other" && load_log=$log || return
    wait_for 60 "$envelopes" count "$other" from && "$envelopes" create "$other" to 4 || return
    background "$leat" relay "kafka://$other/from" "kafka://$other/to" --checkpoint "$directory" --from earliest --epoch 200ms -q
    relay_pid=$pid
    wait_for 60 is_ready "$log" && sleep 1 && tests/kafka/kafka restart --port "$other_port" &&
        sleep 1 && tests/kafka/kafka restart --hard --port "$other_port" && sleep 1 && stop_load &&
        wait_for 60 caught_up && kill -TERM "$relay_pid" && ended "$relay_pid" 60 0 &&
        grep -q 'no broker answers' "$log" && "$audit" verify "$other" from to --max-replay 0
}
caught_up() { [ "$("$envelopes" count "$other" from)" -eq "$("$envelopes" count "$other" to)" ]; }

# The broker of the sink is gone while that of the source goes on; so something is outstanding for sure.
start_between_brokers() { # DRAIN
    background "$leat" relay "$(url "$from")" "kafka://$other/away" --checkpoint "$away" --from earliest --drain "$1" \
        --epoch 200ms -q
    wait_for 60 is_ready "$log" && sleep 0.5
}

# More has come into $from than there was.
grows() { [ "$("$envelopes" count "$kafka" "$from")" -gt "$1" ]; }
stopped_without_broker() {
    topic from 4 && topic back 4 && checkpoint away && start_load "$from" && "$envelopes" create "$other" away 4 &&
        start_between_brokers 1s && has_committed "$away" && tests/kafka/kafka kill --port "$other_port" &&
        wait_for 60 grows "$("$envelopes" count "$kafka" "$from")" && sleep 0.5 && kill -TERM "$pid" &&
        ended_within 0 30 ended "$pid" 60 6 && grep -q 'drain timeout' "$log" && adds_up "$log" "$away" &&
        ! grep -q 'uncommitted 0$' "$log" && tests/kafka/kafka start --port "$other_port"
}

# Not the drain's time but the delivery's: a failure, whose account is told as well.
failed_without_broker() {
    local directory
    checkpoint directory && topic from 4 && start_load "$from" && sleep 1 || return
    background "$leat" relay "$(url "$from")" "kafka://$other/away" --checkpoint "$directory" --from earliest --epoch 100ms \
        --sink-option kafka.delivery.timeout.ms=4000 --where 'length(value) > 0 and offset % 3 <> 0' -q
    wait_for 60 is_ready "$log" && has_committed "$directory" && tests/kafka/kafka kill --port "$other_port" &&
        ended "$pid" 60 1 && grep -q 'Message timed out' "$log" && adds_up "$log" "$directory" && ! grep -q 'filtered 0,' "$log" &&
        stop_load
}

# Signals that are pending together are one: the second has to wait until the first was heard.
is_heard() { [ $((0x$(sed -n 's/^ShdPnd:[^0-9a-f]*//p' "/proc/$pid/status") & 0x4000)) -eq 0 ]; } # SIGTERM
stopped_twice() {
    local broker
    broker=$(tests/kafka/kafka status --port "$other_port" | sed -n 's/.*running, pid \([0-9]*\).*/\1/p')
    [ -n "$broker" ] && start_between_brokers 600s && kill -STOP "$broker" && sleep 0.5 && kill -TERM "$pid" &&
        wait_for 60 is_heard && sleep 1 && ! has_ended "$pid" && kill -TERM "$pid" && ended_within 0 60 ended "$pid" 60 143
    local status=$?
    kill -CONT "$broker" && return $status
}

nothing_lost_between_brokers() {
    local second
    checkpoint second && stop_load &&
        "$leat" relay "$(url "$from")" "kafka://$other/away" --checkpoint "$away" --until-end -q &&
        "$leat" relay "kafka://$other/away" "$(url "$back")" --checkpoint "$second" --from earliest --until-end -q &&
        "$audit" verify "$kafka" "$from" "$back"
}

# ----------------------------------------------------------------------------------------

check "awkward envelopes are made" produce_input
check "it works on epoll" crosses_under 'input and output through epoll' env LEAT_IO=epoll
check "it works on one CPU, and says what it does about that" crosses_under "$one_cpu_text" taskset -c 0
check "it works on one CPU, on epoll, with 64 file descriptors" \
    crosses_under epoll with_few_files taskset -c 0 env LEAT_IO=epoll
check "it works with 64 file descriptors" crosses_under ready with_few_files
check "with too few file descriptors it says so, and begins nothing" with_too_few_files
check "it works without permissions, and says what it does without" crosses_under "$dma_text" without_permission
check "it works without permission to pin threads, and says so" without_pinning
check "a broker that is not there is said within the start-up timeout" unreachable_broker
check "missing topics are named, and leave nothing behind" missing_topics
check "missing topics are told at once, with the nearest name" missing_topics_at_once
check "a checkpoint is made" keep_checkpoint
check "a truncated entry is refused" damaged "it has 20 bytes, its .crc companion says" cut_short
check "a changed entry is refused" damaged "its .crc companion says" change_a_digit
check "a checkpoint without metadata is refused" damaged "damaged: 'metadata' is missing" drop_metadata
check "a directory of something else is refused and left alone" foreign_directory
check "a checkpoint that may not be written is refused" no_right_to_write
check "a checkpoint in use is refused, and its owner named" in_use
check "an owner without a name is told by its query id" in_use_without_a_name
check "a checkpoint of other topics is another query's, and left alone" another_querys_topics
check "a checkpoint that cannot be a folder is refused with folder, cause and hint" impossible_directories
check "a full disk ends it, and nothing is lost when there is space again" full_disk
check "a record too large for the sink stops it" too_large_stops
check "with --dlq it is kept byte for byte, and the others go on" too_large_goes_to_dlq
check "what travelled with it in a refused batch is delivered" bystanders_are_delivered
check "a sink topic that is deleted ends it, and makes no dead letters" sink_topic_deleted
check "SIGTERM commits the last epoch: nothing is sent again" sigterm_repeats_nothing
check "a second broker starts" start_other_broker
check "a broker that is restarted in mid-stream, in order and by SIGKILL, costs nothing" restarted_broker
check "without a broker SIGTERM ends it within --drain, and says that not all was delivered" stopped_without_broker
check "a second signal ends it at once" stopped_twice
check "what these two did not deliver is delivered later" nothing_lost_between_brokers
check "a delivery that times out is a failure, and the account adds up" failed_without_broker
finish
