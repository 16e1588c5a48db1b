/*
 * Spark as a child process that is asked for one run at a time, over its standard input and output:
 * the requests are told in bench/files/rivals/run_spark.py.
 *
 * on: main.
 */
#ifndef LT_BENCH_FILES_SPARK_H
#define LT_BENCH_FILES_SPARK_H

#include <stdint.h>

struct spark;

/* Starts it with this Python, its log in `directory`. NULL: it is not there, and a line has said
 * why. */
struct spark *spark_start(const char *python, const char *directory);
/* Filters the files of the directory `in`, of kind "text" or "json", into the directory `out`,
 * which it removes. Returns the CPU seconds of all its threads; *rows gets how many passed. Ends
 * the program when it fails. */
double spark_run(struct spark *spark, const char *kind, const char *in, const char *out,
                 uint64_t *rows);
void spark_stop(struct spark *spark); /* NULL is a no-op */

#endif
