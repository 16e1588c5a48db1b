#!/usr/bin/env bash
# `make help` has a line for each target that stands behind .PHONY. A planted target without one is found, so the
# comparison can fail.
. "$(dirname "$0")/../support/cases.sh"
unset MAKEFLAGS MAKELEVEL

# Targets behind .PHONY, in make's own files and those given, that help has no line for.
untold() { # MAKEFILE: the one to run
    local listed
    listed=$(make -s -f "$1" help | awk 'NF > 1 { print $1 }') || { echo "make help ended badly"; return; }
    grep -hE '^\.PHONY:' Makefile ./*/*.mk ./*/*/*.mk "$1" | cut -d: -f2 | tr -s ' ' '\n' | sort -u |
        grep . | grep -vxF "$listed"
}

each_is_told() {
    local names
    names=$(untold Makefile)
    [ -z "$names" ] || { echo "no line for: $names; hint: write \"## what it does\" behind the rule"; return 1; }
}

finds_a_planted_target() {
    printf 'include Makefile\n.PHONY: planted\nplanted:\n' >"$scratch/planted.mk"
    [ "$(untold "$scratch/planted.mk")" = planted ]
}

takes_a_planted_line() {
    printf 'include Makefile\n.PHONY: planted\nplanted: all ## of no use\n' >"$scratch/planted.mk"
    make -s -f "$scratch/planted.mk" help | grep -qxE '  planted +of no use' && [ -z "$(untold "$scratch/planted.mk")" ]
}

check "each target behind .PHONY has a line" each_is_told
check "a planted target without a line is found" finds_a_planted_target
check "a planted line is printed" takes_a_planted_line
finish
