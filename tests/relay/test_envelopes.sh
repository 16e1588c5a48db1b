#!/usr/bin/env bash
# Awkward envelopes cross real topics, byte for byte: null and empty keys and values, repeated and null headers, tombstones,
# values of 900 KiB, timestamps that go back. LEAT_ENVELOPES (60000) says how many.
. "$(dirname "$0")/lib.sh"

topic in
big_every=$((envelope_count / 40 > 1000 ? 1000 : envelope_count / 40 + 1))
produce_input() { "$envelopes" produce "$kafka" "$in" "$envelope_count" --partitions 4 --big "$big_every"; }

crosses() { # ARGUMENT...
    local out directory
    topic out 4 && checkpoint directory && relay "$in" "$out" "$directory" "$@" && same "$in" "$out" || return
    "$envelopes" delete "$kafka" "$out"
}

filtered() {
    local out directory
    topic out 4 && checkpoint directory && relay "$in" "$out" "$directory" --where 'length(value) > 8' &&
        same "$in" "$out" --where 'length>8' || return
    "$envelopes" delete "$kafka" "$out"
}

# The rest needs no mass: it is about which records go where.
topic few
few_count=4000
produce_few() { "$envelopes" produce "$kafka" "$few" $few_count --partitions 4 --seed 2; }

goes_on_without_repeating() {
    local out directory
    topic out 4 && checkpoint directory && relay "$few" "$out" "$directory" &&
        "$envelopes" produce "$kafka" "$few" 1000 --seed 3 && few_count=$((few_count + 1000)) &&
        relay "$few" "$out" "$directory" --stages 2 && same "$few" "$out"
}

refuses_another_count() {
    local out directory
    topic out 3 && checkpoint directory &&
        refused 2 "KafkaSource[Subscribe[$few]] has 4 partitions and KafkaSink[$out] has 3: the source partition cannot be kept; \
hint: --partition key, murmur2 or round-robin (sink option partitioner) says where records go" \
            relay "$few" "$out" "$directory" && has_count "$out" 0
}

# All records are there, whatever partition they are in.
same_but_for_places() { # IN OUT
    cmp <(records "$1") <(records "$2")
}

# Sent a second time, each key goes where it went before, as the key decides; what the keyless do is not told.
keys_stay_together() { # HOW TOPIC
    local twice directory
    checkpoint directory && relay "$few" "$2" "$directory" --partition "$1" --stages 2 &&
        has_count "$2" $((2 * few_count)) || return
    twice=$("$envelopes" dump "$kafka" "$2" | sed -nE 's/^partition ([0-9]+) .* key ([0-9]+:".*"|empty) value .*/\2 \1/p' |
        sort -u | sed -E 's/ [0-9]+$//' | uniq -d)
    [ -z "$twice" ] || { echo "keys in several partitions: $twice"; return 1; }
}

spreads_evenly() { # TOPIC PARTITIONS COUNT
    "$envelopes" dump "$kafka" "$1" | awk -v n="$2" -v all="$3" '
        { count[$2]++ }
        END {
            for (p = 0; p < n; p++)
                if (count[p] < all / n - n || count[p] > all / n + n) { print "partition " p " has " count[p]; bad = 1 }
            exit bad
        }'
}

by_partition() { # HOW CHECK...
    local out directory how=$1
    shift
    topic out 3 && checkpoint directory && relay "$few" "$out" "$directory" --partition "$how" &&
        same_but_for_places "$few" "$out" && "$@" "$out"
}
# What the Java client's murmur2 makes of some keys; the partition is that without its sign, modulo the number of partitions.
murmur2_of_keys='21 -973932308
foobar -790332482
abc 479470107
a-little-bit-long-string -985981536
a-little-bit-longer-string -1486304829'

# Records get one of these keys each, by their offset.
as_java_does() { # HOW
    local out directory key hash cases='' i=0 wanted
    topic out 7 && checkpoint directory || return
    while read -r key hash; do
        cases+=" when offset % 5 = $i then '$key'" i=$((i + 1))
    done <<<"$murmur2_of_keys"
    wanted=$(while read -r key hash; do echo "$(((hash & 0x7fffffff) % 7)) ${#key}:\"$key\""; done <<<"$murmur2_of_keys" | sort)
    relay "$few" "$out" "$directory" --partition "$1" --select "*, case$cases end as key" && has_count "$out" "$few_count" &&
        diff <(echo "$wanted") <("$envelopes" dump "$kafka" "$out" | sed -nE 's/^partition ([0-9]+) .* key ([0-9]+:"[^"]*") .*/\1 \2/p' | sort -u)
}

by_round_robin() { by_partition round-robin spread_over_three; }
spread_over_three() { spreads_evenly "$1" 3 "$few_count"; }

stamps_now() {
    local out directory begin
    begin=$(date +%s%3N)
    topic out 4 && checkpoint directory && relay "$few" "$out" "$directory" --timestamp now &&
        cmp <(records "$few" | sed -E 's/CreateTime -?[0-9]+//' | sort) <(records "$out" | sed -E 's/CreateTime -?[0-9]+//' | sort) &&
        records "$out" | awk -v begin="$begin" '$2 < begin || $2 > begin + 120000 { print; exit 1 }'
}

tombstones_cross() {
    local out directory nulls
    topic out 4 && checkpoint directory && relay "$few" "$out" "$directory" --where 'value is null and key is not null' || return
    nulls=$(records "$few" | grep -cE ' key ([0-9]+:.*|empty) value null headers')
    [ "$nulls" -gt 100 ] && has_count "$out" "$nulls" &&
        cmp <(records "$few" | grep -E ' key ([0-9]+:.*|empty) value null headers') <(records "$out")
}

# Two topics are read at once, and each record is sent to where the topic it came from says.
two_topics() {
    local one two one_out two_out directory
    topic one && topic two && topic one_out 4 && topic two_out 4 && checkpoint directory &&
        "$envelopes" produce "$kafka" "$one" 3000 --partitions 4 --seed 4 &&
        "$envelopes" produce "$kafka" "$two" 2000 --partitions 4 --seed 5 &&
        "$leat" relay "kafka://$kafka/$one,$two" "kafka://$kafka" --checkpoint "$directory" --from earliest --until-end -q \
            --select "case when topic = '$one' then '$one_out' else '$two_out' end as topic" &&
        same "$one" "$one_out" && same "$two" "$two_out"
}

by_pattern() {
    local out directory
    topic out 4 && checkpoint directory &&
        "$leat" relay "kafka://$kafka" "$(url "$out")" --checkpoint "$directory" --from earliest --until-end -q \
            --source-option "subscribePattern=${few%-*}-f[a-z]w" && same "$few" "$out"
}

by_assignment() {
    local out directory
    topic out 4 && checkpoint directory &&
        "$leat" relay "kafka://$kafka" "$(url "$out")" --checkpoint "$directory" --from earliest --until-end -q \
            --source-option "assign={\"$few\":[1,3]}" || return
    cmp <("$envelopes" dump "$kafka" "$few" | grep -E '^partition [13] ') <("$envelopes" dump "$kafka" "$out")
}

check "a stream of $envelope_count awkward envelopes is made" produce_input
check "envelopes cross unchanged, fused" crosses
check "envelopes cross unchanged, with three stages" crosses --stages 3
check "envelopes cross unchanged, with two lanes of two stages" crosses --lanes 2 --stages 2
check "a filter drops what it should and changes nothing" filtered
"$envelopes" delete "$kafka" "$in"
check "a few envelopes are made" produce_few
check "a relay that ended goes on where it was, and repeats nothing" goes_on_without_repeating
check "another number of partitions is refused until told what to do" refuses_another_count
check "--partition key keeps keys together and loses nothing" by_partition key keys_stay_together key
check "--partition murmur2 keeps keys together and loses nothing" by_partition murmur2 keys_stay_together murmur2
check "--partition key chooses as the Java client does" as_java_does key
check "--partition murmur2 chooses as the Java client does" as_java_does murmur2
check "--partition round-robin spreads evenly and loses nothing" by_round_robin
check "--timestamp now changes nothing but the timestamp" stamps_now
check "tombstones cross alone" tombstones_cross
check "two topics are read, and each record goes where its topic says" two_topics
check "topics are read by a pattern" by_pattern
check "partitions are read by assignment" by_assignment
finish
