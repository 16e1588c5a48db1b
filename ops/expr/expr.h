/*
 * Expressions from text to typed tree: the front half of the expression engine.
 *
 *     text -- lexer, parser --> tree of names -- analysis --> typed tree -- program.h --> steps
 *
 * The language is Spark SQL's, and so are the errors: each carries Spark's condition and SQLSTATE,
 * shows the expression with a caret under the place, and the nearest name where there is one. One
 * addition: `column:path` reaches into JSON text (`value:price > 100`); the value takes the type of
 * what it meets, and is NULL where the field is missing or of another kind.
 *
 * Trees are core/flow/expression.h's and live in the arena given; texts must outlive the trees'
 * use.
 *
 * What the session says (session.h) decides which of Spark's rules hold, ANSI or legacy, and what
 * TIMESTAMP '...' means. A lambda is analysed by the function around it (functions_higher.c).
 *
 * on: control. Nothing here is for the record path.
 */
#ifndef LT_OPS_EXPR_EXPR_H
#define LT_OPS_EXPR_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/data/type.h"
#include "core/flow/expression.h"
#include "ops/expr/session.h"

/* How calls are named that stand for OVER (...) and OVER name (parse_over.c). What is written is a
 * name of small letters in the tree. */
#define LT_EXPR_OVER "OVER"
#define LT_EXPR_OVER_NAME "OVER NAME"

/* What stands behind the brackets of an aggregate is a last argument of it, a call of one of these
 * names: of the condition in FILTER (WHERE ...); of nothing; and of what WITHIN GROUP (ORDER BY
 * ...) orders by, behind each of which a literal says how, enum lt_expr_order. */
#define LT_EXPR_FILTER "FILTER"
#define LT_EXPR_IGNORE_NULLS "IGNORE NULLS"
#define LT_EXPR_WITHIN_GROUP "WITHIN GROUP"
enum lt_expr_order { LT_EXPR_DESCENDING = 1, LT_EXPR_NULLS_LAST = 2 };
bool lt_expr_is_part(const struct lt_expression *argument);

/* Parses one expression; as in Spark's selectExpr a trailing name is its alias (then an ALIAS
 * node). */
int lt_expr_parse(const char *text, struct lt_arena *arena, struct lt_expression **out,
                  struct lt_error *error) LT_MUST_USE;

struct lt_expr_list {
    struct lt_expression **expressions;
    size_t count;
};
/* Parses a select list: "key, upper(value) AS value, * EXCEPT (headers)". */
int lt_expr_parse_list(const char *text, struct lt_arena *arena, struct lt_expr_list *out,
                       struct lt_error *error) LT_MUST_USE;

/* Resolves names and types in place, inserts implicit casts, folds constants. `*expression` may be
 * replaced. `text` is what was parsed. `session` (NULL: the defaults) outlives the tree. A STAR at
 * the top is an error here: expand it first. */
int lt_expr_analyse(struct lt_expression **expression, const char *text,
                    const struct lt_type *schema, const struct lt_session *session,
                    struct lt_arena *arena, struct lt_error *error) LT_MUST_USE;

/* As lt_expr_analyse for what stands in WHERE: must be boolean. An alias behind it is passed over,
 * as Spark does. */
int lt_expr_analyse_predicate(struct lt_expression **expression, const char *text,
                              const struct lt_type *schema, const struct lt_session *session,
                              struct lt_arena *arena, struct lt_error *error) LT_MUST_USE;

struct lt_lateral;

/* As lt_expr_analyse for one item of a select list without stars. An expression without a name gets
 * its text as the name (an ALIAS node), as Spark names columns; a name that is no column may be
 * that of an item further left (lateral.h). Refused with `lateral->needed` not -1: that item must
 * be computed by a step before. */
int lt_expr_analyse_item(struct lt_expression **item, const char *text,
                         const struct lt_type *schema, const struct lt_session *session,
                         struct lt_lateral *lateral, struct lt_arena *arena,
                         struct lt_error *error) LT_MUST_USE;

/* Replaces stars by what they stand for (`*`: the schema's columns, `s.*`: the fields of a struct),
 * less the EXCEPT ones. Before analysis. */
int lt_expr_expand_stars(struct lt_expr_list *list, const char *text, const struct lt_type *schema,
                         const struct lt_session *session, struct lt_arena *arena,
                         struct lt_error *error) LT_MUST_USE;

/* `value` AS name, which stands where it does; not analysed. In the arena, as the name must be. */
struct lt_expression *lt_expr_alias(struct lt_expression *value, const char *name,
                                    struct lt_arena *arena);
/* The column of the schema at `index`, analysed. */
struct lt_expression *lt_expr_column(const struct lt_type *schema, uint32_t index,
                                     struct lt_arena *arena);
/* The node with a list of arguments of its own, which are those that it has. */
struct lt_expression *lt_expr_copy_node(const struct lt_expression *node, struct lt_arena *arena);

/* The node as a part of another text: itself where it names one, else a copy that names `text`. */
struct lt_expression *lt_expr_of_text(struct lt_expression *node, const char *text,
                                      struct lt_arena *arena);
/* `by`, a part of what stood below `node`, for its place: a copy where it has to name `node`'s
 * text, or to be evaluated once in all the places where `node` stands. */
struct lt_expression *lt_expr_in_place(struct lt_expression *by, const struct lt_expression *node,
                                       struct lt_arena *arena);
/* NULL of a type, in the place of another node. */
struct lt_expression *lt_expr_null(const struct lt_expression *at, const struct lt_type *type,
                                   struct lt_arena *arena);

/* The tree with what `rule` makes of each of its nodes, from the leaves up: itself, or a copy of
 * what is above the changes. `above` is what the node stands under, NULL at the top. */
struct lt_expression *lt_expr_change(
    struct lt_expression *node, const struct lt_expression *above,
    struct lt_expression *(*rule)(struct lt_expression *node, const struct lt_expression *above,
                                  struct lt_arena *arena),
    struct lt_arena *arena);

/* Does it read a column, or a parameter of a lambda? */
bool lt_expr_has_column(const struct lt_expression *node);

/* Has it a constant that fails, for which the query does not start, whatever stands beside it? */
bool lt_expr_has_failing(const struct lt_expression *node);

/* Sets the bits of the columns an analysed tree reads; `used` is not cleared. */
void lt_expr_columns_used(const struct lt_expression *expression, uint64_t *used);

/* The column name an expression gives: its alias, its column's name, else its text as Spark prints
 * it. */
const char *lt_expr_output_name(const struct lt_expression *expression, struct lt_arena *arena);
/* The schema of a list of analysed expressions. */
const struct lt_type *lt_expr_output_schema(struct lt_expression *const *expressions, size_t count,
                                            struct lt_arena *arena);

/* An expression as text again, fully bracketed as Spark prints it: "(length(value) > 8)". */
const char *lt_expr_text(const struct lt_expression *expression, struct lt_arena *arena);
/* The same without the aliases in struct(a AS b), as Spark shows what it has resolved. */
const char *lt_expr_resolved_text(const struct lt_expression *expression, struct lt_arena *arena);
/* The same as Spark's plans show it: casts too; `is_parsed`: before analysis, with a quote at what
 * is not resolved. */
const char *lt_expr_plan_text(const struct lt_expression *expression, bool is_parsed,
                              struct lt_arena *arena);

#endif
