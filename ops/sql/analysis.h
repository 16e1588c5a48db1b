/*
 * The analyser's own state, shared by its files: analyse.c (queries, selects), analyse_relation.c
 * (what they read) and analyse_set.c (UNION and the like).
 *
 * on: control.
 */
#ifndef LT_OPS_SQL_ANALYSIS_H
#define LT_OPS_SQL_ANALYSIS_H

#include "ops/expr/diagnose.h"
#include "ops/sql/analyse.h"
#include "ops/sql/names.h"
#include "ops/sql/refuse.h"

/* Names of WITH that are visible, innermost first. */
struct lt_sql_ctes {
    const struct lt_sql_cte *items;
    uint32_t count;
    const char *text; /* what they were parsed from */
    const struct lt_sql_ctes *outer;
};

enum { LT_SQL_READS_MAX = 64 };

/* A table is read once, however often the query names it. */
struct lt_sql_read {
    const struct lt_sql_table *table;
    struct lt_plan_node *node; /* with the watermark that it has of itself */
    bool is_bounded, is_known;
};

struct lt_sql_analysis {
    const struct lt_sql_env *env;
    struct lt_error *error;
    struct lt_sql_uses uses;
    bool is_bounded;
    const char *temporary; /* as lt_sql_plan's */
    unsigned depth, relation_count;
    /* What the query being analysed may also name, and the common table expressions it sees. */
    const struct lt_sql_names *outer;
    bool is_correlated; /* it has named some of that */
    bool wants_constants; /* which queries in expressions are none of, whatever they give */
    const struct lt_sql_ctes *ctes;
    struct lt_sql_read reads[LT_SQL_READS_MAX];
    uint32_t read_count;
    uint32_t watermark_count; /* nodes, where env->watermark_count is NULL */
    /* FROM a, b WHERE ...: what the join without a condition may take as its own. */
    const struct lt_sql_relation *joined;
    const struct lt_expression *joined_where;
};

struct lt_sql_grouped;

/* What a relation or query gives. */
struct lt_sql_output {
    struct lt_plan_node *node;
    struct lt_plan_tree *tree; /* of it, where the query is explained (explain.h) */
    struct lt_sql_scope scope;
    struct lt_sql_scope under; /* what its select list saw; no schema: not known */
    const char **written;      /* of a grouped select: its items as they are written */
    uint32_t written_count;    /* 0: not known */
    const struct lt_sql_grouped *grouped; /* how groups made it (lower.h); NULL: none did */
};

/* What of it is refused stands in analysis->uses; it is analysed all the same. */
int lt_sql_analyse_query(struct lt_sql_analysis *analysis, const struct lt_sql_query *query,
                         const char *text, const struct lt_sql_ctes *ctes,
                         struct lt_sql_output *out) LT_MUST_USE;
int lt_sql_analyse_relation(struct lt_sql_analysis *analysis,
                            const struct lt_sql_relation *relation, const char *text,
                            const struct lt_sql_ctes *ctes, struct lt_sql_output *out) LT_MUST_USE;
int lt_sql_analyse_join(struct lt_sql_analysis *analysis, const struct lt_sql_relation *join,
                        const char *text, const struct lt_sql_ctes *ctes,
                        struct lt_sql_output *out) LT_MUST_USE;
/* Over what `out` is. */
int lt_sql_analyse_pivot(struct lt_sql_analysis *analysis, const struct lt_sql_relation *relation,
                         const char *text, struct lt_sql_output *out) LT_MUST_USE;
int lt_sql_analyse_unpivot(struct lt_sql_analysis *analysis, const struct lt_sql_relation *relation,
                           const char *text, struct lt_sql_output *out) LT_MUST_USE;
/* Generators as relations (analyse_generator.c): LATERAL VIEW; a function in FROM, its alias's
 * names for columns applied; the join with LATERAL function(...), where that is a flat map. */
int lt_sql_analyse_lateral_view(struct lt_sql_analysis *analysis,
                                const struct lt_sql_relation *view, const char *text,
                                const struct lt_sql_ctes *ctes,
                                struct lt_sql_output *out) LT_MUST_USE;
int lt_sql_analyse_function(struct lt_sql_analysis *analysis,
                            const struct lt_sql_relation *relation, const char *text,
                            struct lt_sql_output *out) LT_MUST_USE;
bool lt_sql_is_lateral_function(const struct lt_sql_relation *join);
int lt_sql_analyse_lateral_function(struct lt_sql_analysis *analysis,
                                    const struct lt_sql_relation *join, const char *text,
                                    const struct lt_sql_ctes *ctes,
                                    struct lt_sql_output *out) LT_MUST_USE;
/* WHERE, over what `out` is. */
int lt_sql_analyse_where(struct lt_sql_analysis *analysis, struct lt_expression *where,
                         const char *text, struct lt_sql_output *out) LT_MUST_USE;
/* ORDER BY, LIMIT and so on, behind what `out` is. */
int lt_sql_analyse_tail(struct lt_sql_analysis *analysis, const struct lt_sql_query *query,
                        const char *text, struct lt_sql_output *out) LT_MUST_USE;
/* "ASC NULLS FIRST", or what is written in the text from `end` on, behind an item. */
const char *lt_sql_order_text(const char *text, uint32_t end);
/* Hints that are operators: REPARTITION and the like. */
int lt_sql_use_hints(struct lt_sql_analysis *analysis, const struct lt_sql_select *select,
                     const char *text, const struct lt_sql_output *out) LT_MUST_USE;
/* The query and what stands to its left are UNION ALL both, as in `a UNION ALL b UNION ALL c`: one
 * chain, which nests nothing and may be long. */
bool lt_sql_goes_on_left(const struct lt_sql_query *query);
int lt_sql_analyse_set(struct lt_sql_analysis *analysis, const struct lt_sql_query *query,
                       const char *text, const struct lt_sql_ctes *ctes,
                       struct lt_sql_output *out) LT_MUST_USE;

/* What Spark refuses of VALUES. */
int lt_sql_check_values(struct lt_sql_analysis *analysis, const struct lt_sql_query *query,
                        const char *text) LT_MUST_USE;
/* Rows with maps cannot be compared: none where there is DISTINCT, INTERSECT or EXCEPT. */
int lt_sql_refuse_maps(struct lt_sql_analysis *analysis, const struct lt_type *schema,
                       struct lt_expr_place place) LT_MUST_USE;

/* Reads a table; NULL for the one row that a query without FROM reads. */
int lt_sql_read_table(struct lt_sql_analysis *analysis, struct lt_sql_table *table,
                      struct lt_sql_output *out) LT_MUST_USE;
int lt_sql_resolve_subquery(void *user, struct lt_sql_names *names,
                            struct lt_expression *node) LT_MUST_USE;
/* A node with room for `count` expressions, all of `text`. */
struct lt_plan_node *lt_sql_node_over(struct lt_sql_analysis *analysis, enum lt_plan_kind kind,
                                      struct lt_plan_node *input, const char *text, uint32_t count);
/* SELECT *, item: a projection over what `out` is, of `text`. */
struct lt_plan_node *lt_sql_node_with(struct lt_sql_analysis *analysis,
                                      const struct lt_sql_output *out, const char *text,
                                      struct lt_expression *item);
/* The number of a new watermark. */
uint32_t lt_sql_next_watermark(struct lt_sql_analysis *analysis);
/* Types the node's expressions and fills its schema. */
int lt_sql_complete(struct lt_sql_analysis *analysis, struct lt_plan_node *node) LT_MUST_USE;
/* What an operator gives that no mode of this version runs: only its columns are known. */
struct lt_plan_node *lt_sql_unrun(struct lt_sql_analysis *analysis, enum lt_plan_kind kind,
                                  const struct lt_type *schema);
/* One part of that name with all the columns. */
struct lt_sql_scope lt_sql_scope_of(struct lt_sql_analysis *analysis, const struct lt_type *schema,
                                    const char *qualifier);
struct lt_sql_names lt_sql_names_in(struct lt_sql_analysis *analysis,
                                    const struct lt_sql_scope *scope, const char *text);
/* column AS name, the column of `input` by its place, cast to `type` if that is another. */
struct lt_expression *lt_sql_pick(struct lt_sql_analysis *analysis, const struct lt_type *input,
                                  uint32_t index, const char *name, const struct lt_type *type);

#endif
