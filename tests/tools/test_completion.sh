#!/usr/bin/env bash
# Completion of words that a person has begun, by bash and by zsh, whose own functions are replaced by ones that print what
# they are given.
. "$(dirname "$0")/../support/cases.sh"
PATH=$build:$PATH
unset "${!LEAT_@}"

complete_in_bash() { # WORD ...: the last is being typed
    bash --norc -c '. tools/completion/leat.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _leat; printf "%s\n" "${COMPREPLY[@]}"' \
        bash "$@" | sort | paste -sd ' '
}
complete_in_zsh() {
    zsh -f -c '_describe() { print -rl -- ${found%%:*} }; _files() { :; }
               compadd() { [[ $1 == -a ]] && print -rl -- $found || print -rl -- $@ }
               words=("$@"); CURRENT=$#; PREFIX=${@[-1]}; . ./tools/completion/_leat' zsh "$@" |
        awk -v begun="${!#}" 'index($0, begun) == 1' | sort | paste -sd ' '
}
gives() { # SHELL WANTED WORD ...
    local shell=$1 wanted=$2 given
    shift 2
    command -v "$shell" >/dev/null || { skip "$shell is not installed; hint: make setup-test"; return; }
    given=$("complete_in_$shell" "$@")
    [ "$given" = "$wanted" ] || { echo "given: $given"; return 1; }
}

for shell in bash zsh; do
    check "$shell: a subcommand" gives "$shell" "eval explain" leat e
    check "$shell: what is explained" gives "$shell" relay leat explain ""
    check "$shell: what is done with a checkpoint" gives "$shell" "show" leat checkpoint s
    check "$shell: options of leat checkpoint" gives "$shell" "--batch" leat checkpoint show --b
    check "$shell: options of leat state" gives "$shell" "--partition" leat state --p
    check "$shell: what is asked of a query" gives "$shell" "status stop" leat query st
    check "$shell: options of leat relay" gives "$shell" "--dlq --drain --drop-header" leat relay a b --d
    check "$shell: options of leat explain relay" gives "$shell" "--stages --startup-timeout" leat explain relay --st
    check "$shell: options of leat run with a source and a sink" gives "$shell" "--schema" leat run rate: console: --sc
    check "$shell: options of leat run with a file" gives "$shell" "--set" leat run job.sql --set
    check "$shell: options of leat sql" gives "$shell" "--progress-interval" leat sql --p
    check "$shell: options of leat-relay" gives "$shell" "--lanes --log-level" leat-relay --l
    check "$shell: options of leat stat" gives "$shell" "--prometheus" leat stat --p
    check "$shell: files are left to the shell" gives "$shell" "" leat relay too
done
finish
