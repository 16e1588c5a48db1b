/*
 * Coercion: what type two values meet at, and what may be cast to what, by Spark's rules, the ANSI
 * ones or (in a session that says so) the legacy ones.
 *
 * A JSON path whose type is not decided yet has the type void, like NULL: it takes any type it
 * meets, and casting it decides it (lt_coerce_cast) instead of standing a cast on top.
 *
 * on: control. Pure but for the arena.
 */
#ifndef LT_OPS_EXPR_COERCE_H
#define LT_OPS_EXPR_COERCE_H

#include "core/base/arena.h"
#include "core/flow/expression.h"
#include "ops/expr/session.h"

/* What the rules need: the session (not NULL) and where new types are made. */
struct lt_coerce {
    const struct lt_session *session;
    struct lt_arena *arena;
};

/* The least common type (of IF, CASE, coalesce, IN, array elements); NULL if there is none. */
const struct lt_type *lt_coerce_common(const struct lt_coerce *coerce, const struct lt_type *a,
                                       const struct lt_type *b);
/* Brings several types into the order in which they are made one: under the legacy rules those with
 * text in them come first. */
void lt_coerce_put_texts_first(const struct lt_coerce *coerce, const struct lt_type **types,
                               uint32_t count);
/* The least common type of several, which are put in order; NULL if there is none. */
const struct lt_type *lt_coerce_common_all(const struct lt_coerce *coerce,
                                           const struct lt_type **types, uint32_t count);
/* As lt_coerce_common, but a string meets only strings (greatest, least). */
const struct lt_type *lt_coerce_common_strict(const struct lt_coerce *coerce,
                                              const struct lt_type *a, const struct lt_type *b);
/* As lt_coerce_common_strict, but a decimal only takes the integers it can hold, and an integer
 * beside a float becomes one (elements and keys). */
const struct lt_type *lt_coerce_common_tight(const struct lt_coerce *coerce,
                                             const struct lt_type *a, const struct lt_type *b);
/* What the two sides of = < > are brought to: as lt_coerce_common, but under the legacy rules a
 * string becomes what it is compared with. */
const struct lt_type *lt_coerce_compared(const struct lt_coerce *coerce, const struct lt_type *a,
                                         const struct lt_type *b);
/* As lt_coerce_common between numbers; a string beside a number becomes one, two strings are none.
 */
const struct lt_type *lt_coerce_common_number(const struct lt_coerce *coerce,
                                              const struct lt_type *a, const struct lt_type *b);
/* True when a parameter of type `to` takes a `from` by an implicit cast. */
bool lt_coerce_is_implicit(const struct lt_coerce *coerce, const struct lt_type *from,
                           const struct lt_type *to);

/* The decimal that holds every value of an integral type: int is decimal(10,0). */
const struct lt_type *lt_coerce_decimal_of(struct lt_arena *arena, const struct lt_type *integral);
enum lt_cast_verdict {
    LT_CAST_ALLOWED,
    LT_CAST_REFUSED,      /* never, in any mode */
    LT_CAST_USE_FUNCTION, /* there is a function for it */
    LT_CAST_USE_LEGACY,   /* only with spark.sql.ansi.enabled=false */
};
/* What Spark says; whether this version can do it is lt_cast_exists()'s question. */
enum lt_cast_verdict lt_coerce_cast_verdict(const struct lt_session *session,
                                            const struct lt_type *from, const struct lt_type *to);

/* Can a cast give NULL of a value by Spark's word, whatever it does here? Text that is no number, a
 * number that does not fit. */
bool lt_coerce_may_null(const struct lt_type *from, const struct lt_type *to);

/* The same of a try_cast. */
bool lt_coerce_try_may_null(const struct lt_type *from, const struct lt_type *to);

/* `node` as a value of type `to`: itself, a typed NULL, a decided JSON path, or a new CAST over it.
 */
struct lt_expression *lt_coerce_cast(struct lt_expression *node, const struct lt_type *to,
                                     struct lt_arena *arena);
/* A JSON path whose type is still open. */
bool lt_coerce_is_open(const struct lt_expression *node);
/* The type an open path takes beside `other` (a number beside an integer may well have a fraction:
 * it is read as a double, unless the integer needs all 64 bits). */
const struct lt_type *lt_coerce_open_type(const struct lt_expression *other);

#endif
