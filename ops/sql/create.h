/*
 * What is wrong with a CREATE that was parsed: how the rows of a table would lie, the defaults of
 * its columns, and what a view that is not temporary may be made of.
 *
 * on: control.
 */
#ifndef LT_OPS_SQL_CREATE_H
#define LT_OPS_SQL_CREATE_H

#include "core/base/error.h"
#include "ops/sql/analyse.h"

/* PARTITIONED BY and its like: what Spark refuses in its words; and the rest too, but LOCATION and
 * PARTITIONED BY columns where the format keeps its rows in directories. 0 where none is given. */
int lt_sql_check_layout(const struct lt_sql_statement *statement, const char *text,
                        bool has_directories, struct lt_arena *arena,
                        struct lt_error *error) LT_MUST_USE;
/* The columns of PARTITIONED BY, checked, as "a,b"; NULL: it is not said. */
const char *lt_sql_partition_columns(const struct lt_sql_layout *layout, struct lt_arena *arena);

/* Are the defaults constants that can be stored in their columns? */
int lt_sql_check_defaults(const struct lt_sql_env *env, const struct lt_sql_statement *statement,
                          const char *text, struct lt_error *error) LT_MUST_USE;

/* The default of a column as an expression of its type, in the arena; NULL is one where none is
 * given. */
int lt_sql_default_value(const struct lt_sql_env *env, const struct lt_type *type,
                         const char *written, struct lt_expression **out,
                         struct lt_error *error) LT_MUST_USE;

/* The text of the first item of the view's query that has no name of its own; NULL: none. Before
 * the query is analysed. */
const char *lt_sql_unnamed_item(const struct lt_sql_statement *statement, struct lt_arena *arena);

/* Can INSERT store values of `from` in a column of `to`, by ANSI store assignment? */
bool lt_sql_can_store(const struct lt_type *from, const struct lt_type *to);

#endif
