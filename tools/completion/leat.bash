# Completion of leat and leat-relay in bash. The words come from the program's own help, and so from its
# option tables: nothing here goes stale.
_leat() {
    local word=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]} words="" ask
    ask=("$program")
    if [ "${program##*/}" = leat ]; then
        if [ "$COMP_CWORD" -eq 1 ]; then
            words=$("$program" help 2>/dev/null | sed -nE 's/^  ([a-z]+) {2,}[a-z].*/\1/p')
        elif [ "$COMP_CWORD" -eq 2 ] && [ "${COMP_WORDS[1]}" = explain ]; then
            words=relay
        elif [ "$COMP_CWORD" -eq 2 ] && [ "${COMP_WORDS[1]}" = checkpoint ]; then
            words="ls show verify"
        elif [ "$COMP_CWORD" -eq 2 ] && [ "${COMP_WORDS[1]}" = query ]; then
            words="ls status progress stop explain"
        elif [ "$COMP_CWORD" -eq 3 ] && [ "${COMP_WORDS[1]}" = query ]; then
            words=$("$program" query ls --json 2>/dev/null | sed -nE 's/^\{"name":"([^"]+)".*/\1/p')
        fi
        ask+=("${COMP_WORDS[1]}")
    fi
    case $word in
        -*) words=$(
            "${ask[@]}" --help 2>/dev/null | sed -nE 's/^  (-[a-z], )?(--[a-z-]+).*/\2/p'
            # With a source and a sink, run takes what relay takes.
            [ "${ask[1]}" != run ] || "$program" relay --help 2>/dev/null | sed -nE 's/^  (-[a-z], )?(--[a-z-]+).*/\2/p'
        ) ;;
    esac
    # Nothing of ours: files, which is what readline does by itself then.
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _leat leat leat-relay
