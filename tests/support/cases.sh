# What all test scripts share: the build under test, a scratch directory, processes in the background, cases and their counts, and the
# cleaning up.
#
# A script sources this file, gives its cases to `check`, and ends with `finish`. A case is a function or another command; it
# passes if it ends with 0, is skipped if it ends with 77 (`skip`), and failed otherwise. What it prints is shown if it does
# not pass. The last line is what tests/run counts: `N passed, N failed`, with `, N skipped` if any were.
#
# It sets: root (where the script then is), build, leat, kafka (the broker to use, or nothing), scratch. Processes whose ids stand in
# children are killed when the script ends. The variables LEAT_TEST_* are gone then, since leat takes what nearly is a variable of its own for a slip.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root" || exit 2
build=$(cd "${LEAT_TEST_BUILD:-build}" && pwd) || exit 2
leat=$build/leat kafka=${LEAT_TEST_KAFKA:-}
unset "${!LEAT_TEST_@}"
# A relay that does not say otherwise may start and end on a machine that has no time for it.
export LEAT_STARTUP_TIMEOUT=60s LEAT_DRAIN=60s

# Checkpoints belong on a disk: on tmpfs nothing is ever synced, and a window that a test aims at would be too short.
is_memory() { [ "$(stat -f -c %T "$1")" = tmpfs ]; }
scratch_root=${TMPDIR:-/tmp}
is_memory "$scratch_root" && scratch_root=$build
scratch=$(mktemp -d "$scratch_root/leat-test.XXXXXX") || exit 2
chmod 755 "$scratch"

passed=0 failed=0 skipped=0 children=() at_end=(end_children)

# at_end FUNCTION: it is run when the script ends, however it ends; the first that was said is the first to run.
at_end() { at_end+=("$1"); }
clean_up() {
    local each
    for each in ${at_end[@]+"${at_end[@]}"}; do "$each"; done
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 143' INT TERM

end_children() {
    local pid
    for pid in ${children[@]+"${children[@]}"}; do kill -KILL "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; done
}

forget() { # PID, which is somebody else's from now on
    local each kept=()
    for each in ${children[@]+"${children[@]}"}; do [ "$each" = "$1" ] || kept+=("$each"); done
    children=(${kept[@]+"${kept[@]}"})
}

# wait_for SECONDS COMMAND...: until the command succeeds. What it said last is shown if it never does.
wait_for() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >"$scratch/awaited" 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || { cat "$scratch/awaited"; echo "waited in vain for: $*"; return 1; }
        sleep 0.05
    done
}

has_ended() { ! [ -d "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"; } # PID
# ended PID SECONDS STATUS: it ends by itself within that time, with that status.
ended() {
    wait_for "$2" has_ended "$1" || return
    local status=0
    wait "$1" || status=$?
    forget "$1"
    [ "$status" -eq "$3" ] || { echo "process ended with $status, not $3"; return 1; }
}

# holds WANTED FILE...: together the files have these lines, in any order.
holds() { diff -u <(printf '%s\n' "$1" | sort) <(sort "${@:2}"); }

# free_port: prints a port of 127.0.0.1 that nobody has, for TCP and for UDP. It lies below those that the kernel gives to outgoing
# connections, which could have it before the test listens on it, and below those of tests/kafka/kafka.
free_port() {
    python3 - <<'PYTHON'
import random, socket
while True:
    port = random.randrange(10000, 20000)
    try:
        for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
            with socket.socket(socket.AF_INET, kind) as taken:
                taken.bind(("127.0.0.1", port))
    except OSError:
        continue
    print(port)
    break
PYTHON
}

# compiles NAME: makes $scratch/NAME of tools/examples/NAME.c, as a program of a user's is made; a case.
compiles() {
    ln -sf "$build/libleat.so" "$scratch/libleat.so.0" &&
        cc -std=c11 -Wall -Wextra -Werror -Icore "tools/examples/$1.c" "$build/libleat.so" -Wl,-rpath,"$scratch" -o "$scratch/$1"
}

# skip REASON: how a case says that it cannot be tried here: { skip "no right to mount"; return; }
skip() { echo "$*"; return 77; }

# check SENTENCE COMMAND...: one case. What it printed is in $scratch/case until the next. If $log is set, the end of that file
# is shown with a failure.
check() {
    local sentence=$1 begin took status=0
    shift
    begin=$(date +%s%N)
    "$@" >"$scratch/case" 2>&1 || status=$?
    took=$(( ($(date +%s%N) - begin) / 1000000 ))
    case $status in
        0) passed=$((passed + 1)); echo "ok      $sentence ($took ms)" ;;
        77) skipped=$((skipped + 1)); echo "skipped $sentence: $(tail -n 1 "$scratch/case")" ;;
        *)
            failed=$((failed + 1))
            echo "FAILED  $sentence"
            sed 's/^/    /' "$scratch/case" | tail -n 40
            [ -z "${log:-}" ] || { echo "    ---- the last background process said"; tail -n 15 "$log" | sed 's/^/    /'; } ;;
    esac
}

finish() {
    printf '%d passed, %d failed' "$passed" "$failed"
    [ "$skipped" -eq 0 ] || printf ', %d skipped' "$skipped"
    echo
    [ "$failed" -eq 0 ] || exit 1
    [ "$passed" -eq 0 ] || exit 0
    [ "$skipped" -eq 0 ] || exit 77
    exit 1
}
