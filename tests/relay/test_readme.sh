#!/usr/bin/env bash
# Each command of README.md's sh blocks is run as it stands there, in order; blocks of other kinds (console, c) are not. Only
# what belongs to the reader is put in: this broker for 127.0.0.1:9092, topics and checkpoints of this test, and no `make test`
# within `make test`. The directory is the tree's, seen through links, with the build under test as build.
. "$(dirname "$0")/lib.sh"

here=$scratch/leat
mkdir "$here" || exit 2
for each in "$root"/*; do
    case ${each##*/} in
        build | build-*) ;;
        *) ln -s "$each" "$here/" ;;
    esac
done
ln -s "$build" "$here/build"
unset LEAT_COUNTERS

topic in && topic out 4 && topic dead 4 || exit 1
"$envelopes" produce "$kafka" "$in" 2000 --partitions 4 || exit 1

commands() {
    awk '/^```sh$/ { on = 1; next } /^```/ { on = 0 } on && NF' README.md | sed -E 's/ +# .*//' |
        sed -E ':more /\\$/ { N; s/\\\n */ /; b more }'
}
put_in() {
    sed -E "s#kafka://127\.0\.0\.1:9092/in\b#$(url "$in")#g; s#kafka://127\.0\.0\.1:9092/out\b#$(url "$out")#g
            s#kafka://127\.0\.0\.1:9092/dead\b#$(url "$dead")#g; s#/tmp/#$scratch/#g"
}
run() {
    (cd "$here" && env -u BUILD -u MAKELEVEL MAKEFLAGS='' bash -euo pipefail -c "$1")
}
demo_lost_nothing() { grep -q 'lost 0, duplicated 0' <<<"$1"; }
is_filtered() { same "$in" "$out" --where 'length>8'; }

while IFS= read -r each <&3; do
    [ "$each" != "make test" ] || continue
    check "$each" run "$(put_in <<<"$each")"
    case $each in
        "make demo") check "the demo lost and repeated nothing" demo_lost_nothing "$(cat "$scratch/case")" ;;
        *'--where "length(value) > 8"'*) check "the records that README's filter keeps are in the out topic" is_filtered ;;
    esac
done 3< <(commands)
check "README has commands, among them make demo and a relay" \
    awk '/^make demo/ { demo = 1 } /^build\/leat relay kafka:/ { relay = 1 } END { exit !(demo && relay) }' <(commands)
check "no line of README is longer than 128 columns" \
    awk 'length > 128 { print FILENAME ":" FNR ": " length " columns"; wide = 1 } END { exit wide }' README.md
finish
