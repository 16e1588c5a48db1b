/*
 * The source and the sink `memory`: rows from and to the program that holds the engine.
 *
 * Source. One thread of the program claims a row, fills it in place and commits it: the row goes to
 * the lane through a ring, nothing is copied or allocated, and a full pool is an answer, never a
 * wait. Offsets count the rows from 0. What was handed to a lane is gone: the source reads on from
 * where it stands and cannot go back.
 *
 * Sink. Rows are copied out of the lane into the sink's own rows, and one thread of the program
 * takes them, in the order of each lane. With `visibility` "epoch", Spark's, a row shows when its
 * epoch is committed; with "row" at once. At most `capacity` rows per lane are held: then the lane
 * waits for the program. An epoch that alone is larger than that can never show, and stops the
 * query.
 *
 * Rows that the program has not taken stay after the query has stopped, until the sink is closed.
 */
#ifndef LT_IO_MEMORY_H
#define LT_IO_MEMORY_H

#include "core/flow/connector.h"

extern const struct lt_source_type lt_memory_source_type;
extern const struct lt_sink_type lt_memory_sink_type;

/* ---------------------------------------------------------------------------------- the source */

struct lt_memory_source;

/* NULL if it is not of this type. From bind on; until the source is closed. */
struct lt_memory_source *lt_memory_source_of(struct lt_source *source);

/* on: the producer, one thread. A row with as many columns as the schema, none of them NULL, and
 * ingest_ns 0: commit fills it in unless the producer has. Texts and nested values go into
 * lt_row_scratch. NULL: `capacity` rows are on their way. */
struct lt_row *lt_memory_source_claim(struct lt_memory_source *source);
/* Hands the row over and wakes the lane. Returns its offset. on: the producer. */
int64_t lt_memory_source_commit(struct lt_memory_source *source, struct lt_row *row);
/* Takes the claim back. on: the producer. */
void lt_memory_source_abort(struct lt_memory_source *source, struct lt_row *row);
/* No row will follow: the query ends when it has read all. on: the producer. */
void lt_memory_source_end(struct lt_memory_source *source);

/* ------------------------------------------------------------------------------------ the sink */

struct lt_memory_sink;

/* NULL if it is not of this type. */
struct lt_memory_sink *lt_memory_sink_of(struct lt_sink *sink);

/* The next visible row, lanes in turn, or NULL; the caller releases it. on: the consumer, one
 * thread. */
struct lt_row *lt_memory_sink_next(struct lt_memory_sink *sink);

#endif
