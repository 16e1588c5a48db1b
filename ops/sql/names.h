/*
 * Which column a name means. A scope is what a select list or a condition sees: the columns of the
 * input, and the names of the relations they come from.
 *
 * A qualified name (t.value) becomes the column here; a plain one is left to the analysis of
 * expressions, which knows the input's columns and the items further left in the select list
 * (Spark's lateral column aliases).
 *
 * on: control.
 */
#ifndef LT_OPS_SQL_NAMES_H
#define LT_OPS_SQL_NAMES_H

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/flow/expression.h"
#include "ops/expr/expr.h"

/* Columns first .. first+count-1 belong to the relation of that name. */
struct lt_sql_part {
    const char *qualifier; /* NULL: none */
    uint32_t first, count;
};

struct lt_sql_scope {
    const struct lt_type *schema;
    struct lt_sql_part *parts;
    uint32_t part_count;
};

struct lt_sql_names {
    const struct lt_sql_scope *scope;
    const struct lt_session *session;
    const char *text; /* what the expressions were parsed from */
    struct lt_arena *arena;
    struct lt_error *error;
    /* Select items already resolved, whose names are known. */
    struct lt_expression *const *items;
    uint32_t item_count;
    /* What a query around this one sees, for the names that nothing here bears; NULL: none. */
    const struct lt_sql_names *outer;
    bool *is_correlated; /* set where such a name is met; or NULL */
    bool suggests_none; /* where a name is not known, none is suggested */
    /* Analyses a query in an expression, and makes a value of its type of it. */
    int (*subquery)(void *user, struct lt_sql_names *names, struct lt_expression *node);
    void *user;
};

/* Resolves the names in a tree, in place. */
int lt_sql_resolve_names(struct lt_sql_names *names, struct lt_expression **node) LT_MUST_USE;
/* The same for trees that are not evaluated (a GROUP BY that is refused): every name must be known,
 * also plain ones. */
int lt_sql_check_names(struct lt_sql_names *names, struct lt_expression **node) LT_MUST_USE;

/* The value of a query in an expression (subquery.c): NULL of its type, for it is never run. */
void lt_sql_become_value(struct lt_expression *node, const struct lt_type *type);
bool lt_sql_is_subquery(const struct lt_expression *node);

/* The select list, names resolved; what t.* stands for where t is a relation. */
int lt_sql_resolve_items(struct lt_sql_names *names, struct lt_expression *const *items,
                         uint32_t count, struct lt_expr_list *out) LT_MUST_USE;

/* INVALID_USAGE_OF_STAR_OR_REGEX: a star where no columns can stand; `where` as Spark's plans call
 * it. */
int lt_sql_refuse_star(const struct lt_sql_names *names, const struct lt_expression *star,
                       const char *where);

/* CANNOT_RESOLVE_STAR_EXPAND: nothing that it could be of. */
int lt_sql_refuse_star_base(const struct lt_sql_names *names, const struct lt_expression *star);

/* UNRESOLVED_COLUMN at a place, with the columns that come nearest; `qualifier` may be NULL. */
int lt_sql_unresolved(const struct lt_sql_names *names, uint32_t begin, uint32_t end,
                      const char *qualifier, const char *name);

#endif
