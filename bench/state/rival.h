/*
 * Another engine: a program that is asked for one run at a time, over its standard input and
 * output, a line each, fields between tabs.
 *
 *     at the start   ready VERSION | missing REASON
 *     run ID STORE BOOTSTRAP CHECKPOINT ROWS BATCH-ROWS SQL COLUMNS MODE, ROWS those of all topics,
 *         and for each input VIEW TOPIC SCHEMA COLUMNS WATERMARK DELAY DISTINCT ("-": none)
 *                    answer COUNT SUM NANOSECONDS | unknown REASON
 *     the end of the input ends the program
 *
 * COUNT and SUM are those of bench/sql/answer.h, NANOSECONDS is the CPU time of all threads of the
 * engine from the start of the query to its end. One that is not there is told with the reason and
 * left out; one that ends in a run, or is not done within the time for it, is told, ended, and
 * started again for the next.
 *
 * on: main.
 */
#ifndef LT_BENCH_STATE_RIVAL_H
#define LT_BENCH_STATE_RIVAL_H

#include <stdbool.h>

#include "bench/state/engine.h"

struct rival;

/* Runs `command` by a shell, its logs in `log` and, when it is started again, in files whose names
 * begin so; all three are kept by pointer. NULL: it is not there, and a line has said why. */
struct rival *rival_start(const char *name, const char *command, const char *log);
void rival_stop(struct rival *rival); /* NULL is a no-op */
const char *rival_name(const struct rival *rival);
/* False: it does not know this query, refuses it, or has failed, and a line has said why. */
bool rival_run(struct rival *rival, const struct state_run *run, struct answer *answer, double *ns);

#endif
