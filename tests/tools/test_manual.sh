#!/usr/bin/env bash
# The manual, README and --help say the same: options of each subcommand, subcommands, exit statuses, and leat.3 names every
# function of core/leat.h and core/leat_processor.h. Each comparison is shown to fail by something planted.
. "$(dirname "$0")/../support/cases.sh"

same() { # WHAT A B: two texts, neither empty
    [ -n "$2" ] && [ -n "$3" ] || { echo "$1: nothing to compare"; return 1; }
    diff -u --label "$1: --help" --label "$1: document" <(echo "$2") <(echo "$3")
}
differ() { ! same "$@" >/dev/null; }

help_flags() { # SUBCOMMAND: -q, --quiet
    "$leat" "$1" --help | grep -E '^  -' | grep -oE '^ *(-[a-z], )?--[a-z-]+' | tr -d ' ' | sort
}
section() { # .Sh|.Ss NAME FILE: its lines, up to the next of its rank
    awk -v rank="$1" -v name="$2" '$1 == rank || $1 == ".Sh" { on = $0 == rank " " name; next } on' "$3"
}
man_flags() { # the flags that .It lines on standard input tell about, as help writes them
    sed -nE 's/^\.It Fl/Fl/p' | sed -E 's/^Fl ([a-z]) , Fl -/-\1,--/; s/(^|, )Fl -/\1--/g' |
        grep -oE '(-[a-z],)?--[a-z-]+' | sort
}
in_manual() { # SUBCOMMAND
    case $1 in
        relay) section .Sh OPTIONS tools/man/leat-relay.1 ;;
        *) echo '.It Fl h , Fl -help'; section .Ss "leat $1" tools/man/leat.1 ;;
    esac
}

help_subcommands() { "$leat" help | sed -nE 's/^  ([a-z]+) {2,}[a-z].*/\1/p' | sort; }
manual_subcommands() { section .Sh DESCRIPTION tools/man/leat.1 | sed -nE 's/^\.It Cm ([a-z]+)$/\1/p' | sort; }

help_statuses() { sed -nE '/^Exit status:/,$ s/^  ([0-9]+|128\+n) +(.*)/\1 \2/p'; }
manual_statuses() { # FILE
    section .Sh 'EXIT STATUS' "$1" | awk '/^\.It / { status = $2; next } /^\./ { next } { print status, $0 }' | sed 's/\\-/-/g'
}
readme_statuses() { sed -nE 's/^\| ([0-9]+|128\+n) \| (.*) \|$/\1 \2/p' README.md; }

functions_of_header() { cat core/leat.h core/leat_processor.h | grep -vE '^ \*|^/\*' | grep -oE '\bleat_[a-z_0-9]+\(' | tr -d '(' | sort -u; }
functions_of_manual() { sed -nE 's/^\.Fn (leat_[a-z_0-9]+).*/\1/p' tools/man/leat.3 | sort -u; }

for each in relay sql eval query stat checkpoint state; do
    check "leat $each: the options of --help are those of the manual" \
        same "$each" "$(help_flags "$each")" "$(in_manual "$each" | man_flags)"
    check "leat $each: an option that only the manual has is found" \
        differ "$each" "$(help_flags "$each")" "$({ in_manual "$each"; echo '.It Fl -planted'; } | man_flags)"
    check "leat $each: an option that only --help has is found" \
        differ "$each" "$(help_flags "$each"; echo --planted)" "$(in_manual "$each" | man_flags)"
done
check "leat explain: its help is that of leat relay" same explain "$(help_flags explain)" "$(help_flags relay)"
check "the subcommands of help are those of the manual" \
    same subcommands "$(help_subcommands)" "$(manual_subcommands)"

statuses=$("$leat" help | help_statuses)
check "leat and leat relay tell the same statuses" same statuses "$statuses" "$("$leat" relay --help | help_statuses)"
check "leat.1 tells the same statuses" same statuses "$statuses" "$(manual_statuses tools/man/leat.1)"
check "leat-relay.1 tells the same statuses" same statuses "$statuses" "$(manual_statuses tools/man/leat-relay.1)"
check "README tells the same statuses" same statuses "$statuses" "$(readme_statuses)"
check "a status that is told otherwise is found" \
    differ statuses "$statuses" "$(manual_statuses tools/man/leat.1 | sed 's/nobody/somebody/')"

check "leat.3 names each function of core/leat.h and core/leat_processor.h, and no other" \
    same functions "$(functions_of_header)" "$(functions_of_manual)"
finish
