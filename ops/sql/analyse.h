/*
 * From a query's tree to plan nodes: tables become READ nodes, views and common table expressions
 * are put in where they are named, WHERE becomes FILTER, a select list PROJECT. Each node comes out
 * analysed, its `schema` filled, its expressions typed.
 *
 * What a table is read by the program around knows (lt_sql_host). What needs state becomes nodes of
 * micro-batches (lower.h). What no mode of this version runs, and what the mode that is asked for
 * does not, is analysed as far as its names go, and refused with Spark's text (refuse.h).
 *
 * on: control.
 */
#ifndef LT_OPS_SQL_ANALYSE_H
#define LT_OPS_SQL_ANALYSE_H

#include "core/flow/plan.h"
#include "core/flow/plan_tree.h"
#include "ops/expr/session.h"
#include "ops/sql/catalog.h"
#include "ops/sql/refuse.h"

struct lt_sql_host {
    void *user;
    /* A READ node for the table, its schema filled; in the arena. *is_bounded: its rows end. */
    int (*read)(void *user, struct lt_sql_table *table, struct lt_arena *arena,
                struct lt_plan_node **out, bool *is_bounded, struct lt_error *error);
    /* The same for one row without columns: a query without FROM. */
    int (*read_one)(void *user, struct lt_arena *arena, struct lt_plan_node **out,
                    struct lt_error *error);
    /* All rows that an analysed node gives whose reads end, as structs of its schema, in the arena:
     * read here and now. More than `limit` are an error. NULL: it cannot be done. */
    int (*collect)(void *user, struct lt_plan_node *node, uint32_t limit, struct lt_arena *arena,
                   struct lt_array *out, struct lt_error *error);
};

struct lt_sql_env {
    const struct lt_sql_catalog *catalog;
    const struct lt_session *session; /* or NULL; outlives the plan */
    const struct lt_sql_host *host;
    struct lt_arena *arena; /* of the plan: of all that comes out */
    enum lt_output_mode mode;
    bool may_batch;    /* what continuous mode does not run may run in micro-batches */
    bool is_open;      /* nothing is refused for its mode yet: what it uses is judged later */
    bool is_explained; /* wanted as a tree too */
    /* Counts the watermarks of all plans that may come together; NULL: there is but this one. */
    uint32_t *watermark_count;
    /* The view that is being defined, which its query must not name; or NULL. */
    const char *defining;
};

struct lt_sql_plan {
    struct lt_sql_refusal refusal; /* where that is why analysis failed */

    const char *temporary; /* the first table or view read that CREATE TEMPORARY made; or NULL */
    struct lt_plan_node *node; /* its schema is the query's */
    struct lt_plan_tree *tree; /* the same for people, with names; NULL: not is_explained */
    bool is_bounded;           /* all that it reads ends */
    struct lt_sql_uses *uses; /* where it may_batch: for lt_sql_refuse; in the arena */
};

/* `text` is what the query was parsed from; both outlive the plan. */
int lt_sql_analyse(const struct lt_sql_env *env, const struct lt_sql_query *query, const char *text,
                   struct lt_sql_plan *out, struct lt_error *error) LT_MUST_USE;

/* What INSERT writes: the query's columns brought to the table's declared ones, by position, by the
 * statement's column list or BY NAME; unchanged where the table declares none. */
int lt_sql_analyse_insert(const struct lt_sql_env *env, const struct lt_sql_statement *statement,
                          const char *text, const struct lt_sql_table *table,
                          struct lt_sql_plan *out, struct lt_error *error) LT_MUST_USE;

/* The columns that a query reads of a table or view: what is declared, else what its format or its
 * query gives. */
int lt_sql_table_columns(const struct lt_sql_env *env, struct lt_sql_table *table,
                         const struct lt_type **out, struct lt_error *error) LT_MUST_USE;

/* Puts a PROJECT over `node` that gives its columns other names. */
struct lt_plan_node *lt_sql_rename(const struct lt_sql_env *env, struct lt_plan_node *node,
                                   const struct lt_sql_columns *columns);

#endif
