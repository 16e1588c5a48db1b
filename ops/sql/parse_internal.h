/*
 * Between the parser's files: parse_statement.c, parse_show.c, parse_create.c, parse_columns.c and
 * parse_clauses.c (statements), parse_query.c (queries), parse_relation.c and parse_pivot.c (what
 * they read), and parse_parts.c (the small parts that all of them have).
 *
 * What returns a pointer or a bool, and is no question (is, begins, ends, at), returns NULL or
 * false with parser->error set.
 *
 * on: control.
 */
#ifndef LT_OPS_SQL_PARSE_INTERNAL_H
#define LT_OPS_SQL_PARSE_INTERNAL_H

#include "ops/sql/parse.h"

enum { LT_SQL_PARTITIONS_MAX = 64 };

/* PARTITION (a = 1, b). */
struct lt_sql_partition {
    const char *names[LT_SQL_PARTITIONS_MAX];
    const char *without_value; /* the first such; NULL: none */
    uint32_t count, begin;
};

struct lt_sql_query *lt_sql_parse_query(struct lt_parser *parser);
/* VALUES ..., that word next; with the alias of the relation that it is, where that is not NULL. */
struct lt_sql_query *lt_sql_parse_values(struct lt_parser *parser, struct lt_sql_relation *alias);
/* WITH a AS (...), ..., that word next. */
bool lt_sql_parse_ctes(struct lt_parser *parser, struct lt_sql_cte **out, uint32_t *count);
/* A query that sees these names around its own. */
struct lt_sql_query *lt_sql_query_with(struct lt_parser *parser, struct lt_sql_query *query,
                                       struct lt_sql_cte *ctes, uint32_t count);
struct lt_sql_relation *lt_sql_parse_from(struct lt_parser *parser);
struct lt_sql_relation *lt_sql_parse_lateral_view(struct lt_parser *parser,
                                                  struct lt_sql_relation *left);
/* PIVOT, UNPIVOT and TABLESAMPLE, if they are next. */
struct lt_sql_relation *lt_sql_parse_pivots(struct lt_parser *parser, struct lt_sql_relation *left);
bool lt_sql_parse_alias(struct lt_parser *parser, struct lt_sql_relation *relation);
/* CREATE ..., DESCRIBE ..., SHOW ..., that word next. */
bool lt_sql_parse_create(struct lt_parser *parser, struct lt_sql_statement *statement);
bool lt_sql_parse_describe(struct lt_parser *parser, struct lt_sql_statement *statement);
bool lt_sql_parse_show(struct lt_parser *parser, struct lt_sql_statement *statement);
/* PARTITION (a = 1, b) is next; takes it (parse_statement.c). */
bool lt_sql_is_partition(const struct lt_parser *parser);
bool lt_sql_parse_partition(struct lt_parser *parser, struct lt_sql_partition *out);
/* (name type ..., ...) of CREATE TABLE, the bracket next (parse_columns.c). */
bool lt_sql_parse_definitions(struct lt_parser *parser, struct lt_sql_statement *statement);
/* What may stand behind the format of a table, up to the end or a query (parse_clauses.c). */
bool lt_sql_parse_table_clauses(struct lt_parser *parser, struct lt_sql_statement *statement);
/* OPTIONS (...), TBLPROPERTIES (...), the bracket next. */
bool lt_sql_parse_options(struct lt_parser *parser, struct lt_sql_statement *statement);
bool lt_sql_parse_properties(struct lt_parser *parser, struct lt_sql_statement *statement);
/* DUPLICATE_CLAUSES. Returns false. */
bool lt_sql_refuse_twice(struct lt_parser *parser, const struct lt_sql_statement *statement,
                         const char *clause);
/* COMMENT 'text', that word taken. */
bool lt_sql_parse_comment(struct lt_parser *parser, struct lt_sql_statement *statement);
/* UNSUPPORTED_FEATURE.TABLE_OPERATION: what no table here does. Returns false. */
bool lt_sql_refuse_operation(struct lt_parser *parser, const struct lt_sql_statement *statement,
                             const char *operation);

/* -------------------------------------------------------------------------------- parse_parts.c */

/* The statement ends here. */
bool lt_sql_at_end(const struct lt_parser *parser);
/* The text from `begin` to the end of the last token taken. */
const char *lt_sql_text_from(struct lt_parser *parser, uint32_t begin);
/* A key of an option or setting: a string, or names joined by dots. */
const char *lt_sql_parse_key(struct lt_parser *parser);
/* What Spark says of a statement as a whole. Returns false. */
bool lt_sql_refuse_statement(struct lt_parser *parser, const struct lt_sql_statement *statement,
                             const char *condition, const char *sqlstate, const char *text);
bool lt_sql_parse_name(struct lt_parser *parser, struct lt_sql_name *out);
/* A name of one part; NULL when none is next. */
const char *lt_sql_parse_identifier(struct lt_parser *parser, const char *what);
/* The same where a-b is told to be no name, unless it is `a-b`. */
const char *lt_sql_parse_capturing(struct lt_parser *parser, const char *what);
/* (a, b, c), the bracket next; with COMMENT 'x' behind each where `has_comments`. */
bool lt_sql_parse_columns(struct lt_parser *parser, bool has_comments, struct lt_sql_columns *out);
/* 'text' as a C text. */
const char *lt_sql_parse_text(struct lt_parser *parser, const char *what);
/* An expression that is small enough for analysis to walk. */
struct lt_expression *lt_sql_parse_expression(struct lt_parser *parser);
bool lt_sql_parse_list(struct lt_parser *parser, struct lt_parser_items *out);
/* A word that begins a clause stands next, and something that can follow it behind. */
bool lt_sql_ends_item(const struct lt_parser *parser);
/* The next token can be a name without AS. */
bool lt_sql_is_alias(const struct lt_parser *parser);
/* A query can begin at the token `ahead`. */
bool lt_sql_begins_query(const struct lt_parser *parser, unsigned ahead);

#endif
