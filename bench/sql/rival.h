/*
 * Another engine as a child process that is asked for one run at a time, over its standard input
 * and output: the requests are told in bench/sql/rivals/serve.py.
 *
 * An engine that is not there, because its package is not, is told with the reason and left out;
 * one that fails in a run ends the bench.
 *
 * on: main.
 */
#ifndef LT_BENCH_SQL_RIVAL_H
#define LT_BENCH_SQL_RIVAL_H

#include <stdbool.h>

#include "bench/sql/queries.h"

enum { RIVAL_SPARK, RIVAL_SPARK_STREAM, RIVAL_DUCKDB, RIVAL_JQ, RIVALS };

struct rival;

/* "PySpark local[1]"; how its figures are called. */
const char *rival_name(int which);
/* Starts bench/sql/rivals/run_*.py with this Python, its log in `directory`. NULL: it is not there,
 * and a line has said why. */
struct rival *rival_start(int which, const char *python, const char *directory);
void rival_stop(struct rival *rival); /* NULL is a no-op */

/* Hands it the rows of a file that bench_rows_write wrote. */
void rival_load(struct rival *rival, const struct bench_rows *rows, const char *path);
/* True when it has a text for this query. */
bool rival_knows(int which, const struct query *query);
/* All rows once; *ns gets the CPU time of all its threads. */
struct answer rival_run(struct rival *rival, const struct query *query, double *ns);
/* True when it is faster after some seconds. */
bool rival_warms_up(int which);
/* True when it sums too, and does not only count. */
bool rival_sums(int which);

#endif
