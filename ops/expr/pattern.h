/*
 * The pattern of a call: a regular expression that is an argument. A constant one is compiled once;
 * one that changes is compiled when it changes, and the last one is kept (that, and only that,
 * allocates).
 *
 * The pattern is the second argument of the call, and the call's state.
 *
 * on: the program's thread; prepare and release: control.
 */
#ifndef LT_OPS_EXPR_PATTERN_H
#define LT_OPS_EXPR_PATTERN_H

#include "ops/expr/functions.h"
#include "ops/expr/regexp.h"

/* The `prepare` and `release` of functions with a pattern. A constant that is no regular expression
 * is refused. */
int lt_pattern_prepare(const struct lt_prepare *prepare, struct lt_error *error);
void lt_pattern_release(void *state);

/* The compiled pattern of this record; NULL: it is none, and the fault is told. */
struct lt_regexp *lt_pattern_of(struct lt_machine *machine, const struct lt_call *call);
/* The fault of a match that was given up. */
enum lt_kernel lt_pattern_over_limit(struct lt_machine *machine, const struct lt_call *call);
/* The fault of a group that is not there. */
enum lt_kernel lt_pattern_no_group(struct lt_machine *machine, const struct lt_call *call,
                                   const struct lt_regexp *regexp, int64_t group);

/* One match after another in a text. */
struct lt_matches {
    struct lt_regexp *regexp;
    struct lt_bytes text;
    size_t from;       /* where to look next */
    size_t begin, end; /* of the match */
    bool is_under_way;
    /* An empty match within the character beyond U+FFFF at `begin`, which it parts into two halves
     * that are no characters: Java shows each as "?". It has no groups. */
    bool is_within;
    bool is_before_pair; /* the last was empty, and in front of such a character */
    enum lt_regexp_answer answer;
};
/* Moves on to the next match; false when there is none, or when it was given up (`answer`). After
 * an empty match it goes on at the next UTF-16 unit. */
bool lt_matches_next(struct lt_matches *matches);

#endif
