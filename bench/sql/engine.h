/*
 * A measured query in leat, in process: rows from memory through the compiled pipeline, from source
 * to sink, on the thread that calls.
 *
 *     rows in memory -> [select] -> [filter] -> [select] -> a sink
 *
 * The sink sums over all columns of what comes, or takes rows and does nothing, so that each rival
 * is compared with a query that does as much as its own.
 *
 * The source borrows each row's text where it lies and says how far past its end may be read, as
 * the Kafka source does with messages. Nothing but the source and the sink is the bench's own.
 *
 * on: the thread that created it.
 */
#ifndef LT_BENCH_SQL_ENGINE_H
#define LT_BENCH_SQL_ENGINE_H

#include "bench/sql/queries.h"

struct engine;

/* Builds and starts it; what fails ends the program. `rows` must outlive it. Without `has_sum` only
 * the answer's count is filled. */
struct engine *engine_create(const struct query *query, const struct bench_rows *rows,
                             bool has_sum);
void engine_destroy(struct engine *engine);
/* All rows once. */
struct answer engine_run(struct engine *engine);

#endif
