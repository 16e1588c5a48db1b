/*
 * From a query's tree to plan nodes: tables become READ nodes, views and common table expressions
 * are put in where they are named, WHERE becomes FILTER, a select list PROJECT. Each node comes out
 * analysed, its `schema` filled, its expressions typed.
 *
 * What a table is read by the program around knows (lt_sql_host). What no mode of this version runs
 * is analysed as far as its names go, and refused with Spark's text (refuse.h).
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
};

struct lt_sql_env {
    const struct lt_sql_catalog *catalog;
    const struct lt_session *session; /* or NULL; outlives the plan */
    const struct lt_sql_host *host;
    struct lt_arena *arena; /* of the plan: of all that comes out */
    enum lt_output_mode mode;
    bool is_explained; /* wanted as a tree too */
    /* The view that is being defined, which its query must not name; or NULL. */
    const char *defining;
};

struct lt_sql_plan {
    struct lt_sql_refusal refusal; /* where that is why analysis failed */

    const char *temporary; /* the first table or view read that CREATE TEMPORARY made; or NULL */
    struct lt_plan_node *node; /* its schema is the query's */
    struct lt_plan_tree *tree; /* the same for people, with names; NULL: not is_explained */
    bool is_bounded;           /* all that it reads ends */
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
