/*
 * The measured queries, in each dialect. A query is up to three steps, each the text of a part of
 * a SELECT: `prepare` and `select` are select lists, the second over what the first gives; `where`
 * stands between them.
 *
 *     SELECT <select> FROM (SELECT <prepare> FROM <rows>) WHERE <where>
 *
 * Names begin with their group: (a) a filter on two JSON fields, (b) twelve expressions, (c)
 * regular expressions, (d) queries of the Nexmark benchmark, on bids. Where that has functions of
 * Flink's or of its own, standard ones take their place.
 */
#ifndef LT_BENCH_SQL_QUERIES_H
#define LT_BENCH_SQL_QUERIES_H

#include <stddef.h>

#include "bench/sql/answer.h"
#include "bench/sql/rows.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Patterns that Java, PCRE2 and RE2 read alike. */
#define BENCH_PATTERN_WANTED " /(item|cart)/[0-9]+[?].*&page=1?[0-9] .* (404|503) "
#define BENCH_PATTERN_SESSION "session=([0-9a-f]+)"
#define BENCH_PATTERN_ADDRESS "^([0-9]+[.][0-9]+)[.][0-9]+[.][0-9]+"

/* One dialect's texts; NULL: there is no such step. */
struct query_text {
    const char *prepare, *where, *select;
};

/* By hand: all rows once. */
typedef struct answer by_hand_run(const struct bench_rows *rows);

struct query {
    const char *name;
    const char *what; /* for the table */
    enum row_kind rows;
    const char *columns;     /* a letter for each that comes out (bench/sql/answer.h) */
    struct query_text leat;  /* over row_kind_schema's columns */
    struct query_text spark; /* as leat's if it has no select; duckdb too */
    struct query_text duckdb;
    const char *jq;       /* a program that prints the rows that pass; NULL: not measured */
    by_hand_run *by_hand; /* NULL: not written */
    double of_hand_max;   /* the bar, as a multiple of it; 0: none */
};

/* DDL. */
const char *row_kind_schema(enum row_kind kind);

extern const struct query queries[];
extern const size_t query_count;

#ifdef __cplusplus
}
#endif

#endif
