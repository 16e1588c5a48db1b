/*
 * From SQL text to statements, one at a time. The parser of expressions (ops/expr/parser.h) does
 * the tokens and everything inside an expression; here stands what is around expressions:
 * statements, queries and what they read (parse_internal.h).
 *
 * on: control.
 */
#ifndef LT_OPS_SQL_PARSE_H
#define LT_OPS_SQL_PARSE_H

#include "ops/sql/syntax.h"

/* Parses the first statement of `text`, which must outlive it; *rest gets what follows its ';', or
 * the end. *out is NULL when nothing but blanks, comments and ';' is left. Errors are Spark's, with
 * the place. */
int lt_sql_parse(const char *text, struct lt_arena *arena, struct lt_sql_statement **out,
                 const char **rest, struct lt_error *error) LT_MUST_USE;

/* Parses a text that is one query and nothing else: a view's. */
int lt_sql_parse_query_text(const char *text, struct lt_arena *arena, struct lt_sql_query **out,
                            struct lt_error *error) LT_MUST_USE;

/* The same for the bytes from `first` to `last` of a text; places are those of the whole text. */
int lt_sql_parse_query_part(const char *text, uint32_t first, size_t last, struct lt_arena *arena,
                            struct lt_sql_query **out, struct lt_error *error) LT_MUST_USE;

/* A text in capitals, as Spark's plans and errors have words. */
const char *lt_sql_upper(const char *text, struct lt_arena *arena);

#endif
