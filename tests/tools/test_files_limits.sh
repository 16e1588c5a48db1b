#!/usr/bin/env bash
# The directory source at its limits: 100,000 files that are there at once, in memory that does not grow with them; a line of 2 GiB,
# and one that is longer (with LEAT_GIANT=true, for they take minutes and 2 GiB of memory: the soak).
. "$(dirname "$0")/../support/cases.sh"
giant=${LEAT_GIANT:-}
unset LEAT_GIANT
export LEAT_COUNTERS=$scratch/counters

# Runs leat over a directory with COUNT files of two lines each; what it needs at most is told in KiB.
many_files() { # COUNT MEMORY_KIB
    python3 - "$leat" "$scratch" "$1" "$2" <<'END'
import os, resource, subprocess, sys
leat, scratch, count, limit = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
into, out = scratch + "/many", scratch + "/many.txt"
os.mkdir(into)
for i in range(count):
    with open(f"{into}/{i:06d}", "w") as file:
        file.write(f"{2 * i}\n{2 * i + 1}\n")
done = subprocess.run([leat, "relay", "file://" + into, "append://" + out, "--checkpoint", scratch + "/many.checkpoint",
                       "--until-end", "-q"], timeout=400, capture_output=True, text=True)
assert done.returncode == 0, done.stderr
with open(out) as file:
    lines = file.read().split()
assert sorted(map(int, lines)) == list(range(2 * count)), f"{len(lines)} lines"
most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
assert most < limit, f"it took {most} KiB"
END
}
is_giant() { [ -n "$giant" ] || { skip "only with LEAT_GIANT"; return; }; }

# A sparse file without a line break.
read_giant() { # BYTES STATUS
    local status=0
    rm -rf "$scratch/giant" && mkdir "$scratch/giant" && truncate -s "$1" "$scratch/giant/line" || return
    "$leat" relay "file://$scratch/giant" noop: --until-end --checkpoint "$scratch/giant/.checkpoint" >"$scratch/log" 2>&1 || status=$?
    [ "$status" -eq "$2" ] || { cat "$scratch/log"; echo "ended with $status"; return 1; }
}
largest_line() { is_giant || return; read_giant 2147483632 0 && grep -q 'read 1, delivered 1' "$scratch/log"; }
longer_line() {
    is_giant || return
    read_giant 2147483633 1 && grep -qF "/giant/line\": at byte 0: a record of more than 2147483632 bytes" "$scratch/log" &&
        grep -qF "; hint: the option maxRecordBytes" "$scratch/log"
}

check "100,000 files at once are read, in bounded memory" many_files 100000 250000
check "a line of 2 GiB, as far as a value reaches, is read" largest_line
check "a longer line ends the query with file, byte and limit" longer_line
finish
