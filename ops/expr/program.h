/*
 * Programs: analysed expressions compiled to flat steps over a register file, and their evaluation.
 *
 * Compile once, evaluate per record without allocation, lock or system call. A program belongs to
 * one thread. Steps are threaded directly (each jumps to the next one's code); a build without
 * computed goto runs the same steps through a switch, and lt_program_options.use_switch asks for
 * that loop in any build.
 *
 * The body of a lambda is a range of the steps, jumped over where it stands and run by the kernel
 * of the function that takes it.
 *
 * NULL is kept beside the value, in one byte for each register. `and`, `or`, `if`, `case`,
 * `coalesce` jump over what they do not need: an operand that is not reached cannot fail.
 *
 * All JSON paths over one column are extracted in one pass over the document, the first time one of
 * them is reached in a record.
 *
 * Memory of computed values: the out row's scratch in lt_program_eval, the program's own in
 * lt_program_eval_predicate (good until the next evaluation).
 */
#ifndef LT_OPS_EXPR_PROGRAM_H
#define LT_OPS_EXPR_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/text_buffer.h"
#include "core/data/row.h"
#include "core/data/type.h"
#include "core/flow/expression.h"
#include "core/flow/fault.h"
#include "core/flow/operator.h"
#include "ops/expr/session.h"

struct lt_json_filter;
struct lt_program;
struct lt_shortcut;

struct lt_program_options {
    struct lt_expression *const *expressions; /* analysed; needed as long as the program */
    const char *const *texts;                 /* what each was parsed from; an entry may be NULL */
    size_t count;
    const struct lt_type *schema;     /* of the rows it reads; NULL: none */
    const struct lt_session *session; /* what they were analysed under; NULL: the defaults */
    bool use_switch;                  /* the portable loop even where computed goto is there */
    size_t withheld_bytes; /* a value may have so many less than LT_LIMIT_VALUE_BYTES */
    /* A predicate of which only TRUE is asked: in place of NULL it may answer FALSE. */
    bool is_filter;
};

int lt_program_create(const struct lt_program_options *options, struct lt_program **out,
                      struct lt_error *error) LT_MUST_USE;
void lt_program_destroy(struct lt_program *program); /* NULL is a no-op */
/* Where current_timestamp() looks; the machine's clock until set. The clock outlives the program.
 */
void lt_program_set_clock(struct lt_program *program, const struct lt_clock *clock);

enum lt_program_answer {
    LT_PROGRAM_FALSE,
    LT_PROGRAM_TRUE,
    LT_PROGRAM_NULL,
    LT_PROGRAM_FAULT, /* see lt_program_fault() */
};

/* Evaluates expression 0, which is boolean. `row` may be NULL if no column is read. */
enum lt_program_answer lt_program_eval_predicate(struct lt_program *program,
                                                 const struct lt_row *row);
/* What answers in place of lt_program_eval_predicate, in line (shortcut.h); NULL: nothing. Good as
 * long as the program. */
const struct lt_shortcut *lt_program_shortcut(const struct lt_program *program);
/* The predicate's first look at a row (json_filter.h); NULL: it has none. Good as long as the
 * program. */
const struct lt_json_filter *lt_program_json_filter(const struct lt_program *program);
/* Evaluates all expressions into the columns of `out`. False: a fault, `out` is undefined. */
bool lt_program_eval(struct lt_program *program, const struct lt_row *row,
                     struct lt_row *out) LT_MUST_USE;

/* Evaluates expression 0 of a program of one, of any type, into the program's own memory: valid
 * until the next evaluation. False: a fault. For single values, tools and constants. */
bool lt_program_eval_value(struct lt_program *program, const struct lt_row *row,
                           union lt_value *out, bool *is_null) LT_MUST_USE;

/* What went wrong in the last evaluation. Valid until the next one. */
/* Has a value been larger than it may be, whatever became of that? */
bool lt_program_lacked_room(const struct lt_program *program);
struct lt_program_fault {
    const char *condition; /* "DIVIDE_BY_ZERO" */
    const char *sqlstate;
    const char *text;        /* Spark's, then the part of the expression and its place */
    unsigned line, position; /* as struct lt_error's */
};
const struct lt_program_fault *lt_program_fault(const struct lt_program *program);
/* The same for the record's fate; `stage` is who noticed. The caller's to destroy. */
struct lt_fault *lt_program_take_fault(const struct lt_program *program, const char *stage);

/* What reading JSON cost so far, over all documents: for explain and for tests. */
struct lt_program_json_counters {
    uint64_t documents;     /* gone through; once for each record that reaches a path */
    uint64_t copies;        /* strings copied: they had escapes, and leave with a row */
    uint64_t fields_parsed; /* values looked into */
};
struct lt_program_json_counters lt_program_json_counters(const struct lt_program *program);

/* Adds what reading documents costs for one row at most, as the program is compiled. */
void lt_program_add_cost(const struct lt_program *program, struct lt_operator_cost *cost);

/* Appends the steps in readable form, one a line: for tests. */
void lt_program_dump(const struct lt_program *program, struct lt_text_buffer *out);

#endif
