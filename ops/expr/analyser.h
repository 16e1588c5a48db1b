/*
 * The analyser's own state, shared by its files: analyse.c (nodes), resolve.c (calls) and fold.c.
 *
 * on: control.
 */
#ifndef LT_OPS_EXPR_ANALYSER_H
#define LT_OPS_EXPR_ANALYSER_H

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/flow/expression.h"
#include "ops/expr/coerce.h"
#include "ops/expr/functions.h"
#include "ops/expr/session.h"

/* The lambdas around what is analysed, innermost first. */
struct lt_lambda_scope {
    const struct lt_lambda_scope *outer;
    const struct lt_expression *lambda;
};

struct lt_lateral;

struct lt_analyser {
    const char *text;
    const struct lt_type *schema; /* NULL: no columns */
    struct lt_coerce coerce;      /* session and arena */
    struct lt_error *error;
    const struct lt_lambda_scope *scope;
    int32_t variable_count;
    bool is_condition;                 /* what is analysed stands in WHERE */
    bool may_give_rows;                /* and in an operator: a window may slide */
    const struct lt_expression *whole; /* what is analysed, for its text; or NULL */
    struct lt_lateral *lateral;        /* an item of a select list: those further left; or NULL */
    bool is_naming;                    /* only the types are wanted, for a name */
};

/* Sets the error with the node's place. Returns `code`. */
int lt_analyser_fail(struct lt_analyser *analyser, int code, const struct lt_expression *node,
                     const char *condition, const char *sqlstate, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* A type for a message: "BIGINT". */
const char *lt_analyser_shown(struct lt_analyser *analyser, const struct lt_type *type);

/* What this version cannot do yet. */
int lt_analyser_later(struct lt_analyser *analyser, const struct lt_expression *node,
                      const char *what);
/* A DATATYPE_MISMATCH: `Cannot resolve "<call>" due to data type mismatch: ` and the text. */
int lt_analyser_mismatch(struct lt_analyser *analyser, const struct lt_expression *call,
                         const char *condition, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* UNEXPECTED_INPUT_TYPE for one argument, counted from 0; `words`: "an INT", "an array or a map".
 */
int lt_analyser_unexpected(struct lt_analyser *analyser, const struct lt_expression *call,
                           uint32_t index, const char *words);
/* The same, of what the function's signatures want there. */
int lt_analyser_refuse_argument(struct lt_analyser *analyser, const struct lt_function *function,
                                const struct lt_expression *call, uint32_t index);
/* DATA_DIFF_TYPES: the arguments have no common type. */
/* The arguments of concat, or of ||. */
int lt_analyser_refuse_concat(struct lt_analyser *analyser, const struct lt_expression *call);
/* The results of a CASE. */
int lt_analyser_refuse_results(struct lt_analyser *analyser, const struct lt_expression *node);
/* The keys, or the values, of map(...). */
int lt_analyser_refuse_map(struct lt_analyser *analyser, const struct lt_expression *call,
                           bool is_of_keys);
/* A map, or an array, and the argument `value` that is no key or element of it. */
int lt_analyser_refuse_partner(struct lt_analyser *analyser, const struct lt_expression *call,
                               bool is_map, uint32_t value);
/* Values that have no order; keys that a map cannot have; a NULL without a type. */
int lt_analyser_refuse_order(struct lt_analyser *analyser, const struct lt_expression *call,
                             const struct lt_type *type);
int lt_analyser_refuse_key(struct lt_analyser *analyser, const struct lt_expression *call,
                           const struct lt_type *type);
int lt_analyser_refuse_null(struct lt_analyser *analyser, const struct lt_expression *call);
int lt_analyser_refuse_types(struct lt_analyser *analyser, const struct lt_expression *call);
/* NON_FOLDABLE_INPUT: the argument must be a constant. */
int lt_analyser_refuse_constant(struct lt_analyser *analyser, const struct lt_expression *call,
                                uint32_t index);
/* "2", "[2, 3]", "> 0": counts of arguments as Spark tells them; UINT32_MAX: no bound. */
const char *lt_accepted_counts(uint32_t fewest, uint32_t most, struct lt_arena *arena);
/* WRONG_NUM_ARGS: no signature takes so many arguments. */
int lt_analyser_refuse_count(struct lt_analyser *analyser, const struct lt_function *function,
                             const struct lt_expression *call);

/* INVALID_USAGE_OF_STAR_OR_REGEX. */
int lt_analyser_refuse_star(struct lt_analyser *analyser, const struct lt_expression *node);
/* Refuses a generator that stands where a value is wanted. */
int lt_analyser_refuse_generator(struct lt_analyser *analyser, const struct lt_expression *call);
/* Refuses an operator for the types of its two sides. */
int lt_analyser_refuse_pair(struct lt_analyser *analyser, const struct lt_expression *call);

/* Refuses types that have strings of another collation than UTF8_BINARY. */
int lt_analyser_refuse_collation(struct lt_analyser *analyser, const struct lt_expression *node,
                                 const struct lt_type *type);

/* Resolves names and types of a tree. Trees that are analysed stay as they are. */
int lt_analyse(struct lt_analyser *analyser, struct lt_expression *node);
/* Resolves a CALL whose arguments are analysed. */
int lt_resolve_call(struct lt_analyser *analyser, struct lt_expression *call);
/* The same for an aggregate, whose place this is. */
int lt_resolve_aggregate(struct lt_analyser *analyser, struct lt_expression *call);
/* Puts in place of a CALL of LT_FLOW_REWRITTEN what it stands for (rewrite.c). */
int lt_rewrite_call(struct lt_analyser *analyser, struct lt_expression *call);
/* A new CALL, not analysed; `b` may be NULL. */
struct lt_expression *lt_analyser_call(struct lt_analyser *analyser, const struct lt_expression *at,
                                       const char *name, struct lt_expression *a,
                                       struct lt_expression *b);
/* A cast over *node where its type is another; refused where Spark or this version cannot. */
int lt_analyser_cast(struct lt_analyser *analyser, struct lt_expression **node,
                     const struct lt_type *to);
/* Brings the arguments first..last-1 to their common type, `*out`; strings are promoted. NULL in
 * `*out` when there is none, or when there are no arguments. */
int lt_analyser_bring_together(struct lt_analyser *analyser, struct lt_expression *call,
                               uint32_t first, uint32_t step, const struct lt_type **out);
/* INVALID_EXTRACT_BASE_FIELD_TYPE: the first argument of `node` has no parts; `end` ends the text.
 */
int lt_analyser_refuse_base(struct lt_analyser *analyser, const struct lt_expression *node,
                            const char *end);
/* Refuses a[b] by what a is, before b is looked at; LT_OK: it may be sound. */
int lt_analyser_subscript_base(struct lt_analyser *analyser, const struct lt_expression *call);
/* Refuses a lambda of another number of parameters. */
int lt_analyser_lambda_count(struct lt_analyser *analyser, const struct lt_expression *lambda,
                             uint32_t count);
/* Analyses the body of a LAMBDA whose parameters have these types. Any other expression becomes a
 * lambda that does not look at its parameters. */
int lt_analyser_lambda(struct lt_analyser *analyser, struct lt_expression **argument,
                       const struct lt_field *parameters, uint32_t count);
/* Analyses what s.* is taken of; refused where that is no struct. `*` has no base. */
int lt_analyser_star_base(struct lt_analyser *analyser, const struct lt_expression *star);
/* Puts what the stars among a call's arguments stand for in their place (select_list.c). */
int lt_analyser_expand_arguments(struct lt_analyser *analyser, struct lt_expression *call);
/* An item of a select list under an alias, the name that Spark gives it, if it has no name. */
struct lt_expression *lt_analyser_named(struct lt_analyser *analyser, struct lt_expression *item);
/* Can any of the nodes be NULL? */
bool lt_any_nullable(struct lt_expression *const *nodes, uint32_t count);
/* Does Spark's analysis take it for a constant? It may fail all the same. */
bool lt_expr_is_foldable(const struct lt_expression *node);
/* Evaluates what Spark's analysis takes for a constant, which becomes a literal; all else stays as
 * it is. Refused with its own fault where it fails. */
int lt_analyser_fold(struct lt_analyser *analyser, struct lt_expression **node);
/* The same for one argument, which is refused where it is no constant. */
int lt_analyser_constant(struct lt_analyser *analyser, struct lt_expression *call, uint32_t index);
/* Replaces constant parts by their values; what fails stays, and fails when it is reached. */
void lt_fold(struct lt_expression **node, const char *text, const struct lt_session *session,
             struct lt_arena *arena);
/* The same for what no condition stands above: what fails there is marked, `is_failing`. */
void lt_fold_whole(struct lt_expression **node, const char *text, const struct lt_session *session,
                   struct lt_arena *arena);
/* The error of a node that is marked. Returns its code. */
int lt_fold_refuse(const struct lt_expression *node, const char *text,
                   const struct lt_session *session, struct lt_error *error);

#endif
