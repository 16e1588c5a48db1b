/*
 * Several sources as one: what a query reads that unites streams of more than one source. To lanes
 * it is one source, whose partitions are those of its parts one after the other; to the checkpoint
 * and to progress it is its parts, each with offsets of its own, as Spark keeps them.
 *
 * A row keeps the schema of the part it came from. Its source_partition counts over all parts, and
 * tells which part that is: a branch of the query takes the rows of its own part alone
 * (core/run/delivery.h).
 *
 * Any other source is its own only part, so that callers need not ask which kind they have.
 *
 * It is not a source that could be named in a plan: core/run/pipeline.c makes it of the sources
 * that the plan's sinks lead to, and who connects, recovers or describes a query does so part by
 * part.
 */
#ifndef LT_RUN_UNION_SOURCE_H
#define LT_RUN_UNION_SOURCE_H

#include "core/flow/connector.h"

/* Takes the parts, which are bound; they are closed with it. `count` is two or more. on: control.
 */
struct lt_source *lt_union_source_create(struct lt_source *const *parts, uint32_t count,
                                         struct lt_arena *arena);

/* The parts are connected, for the first time or again: their partitions are counted anew. No-op
 * for any other source. on: control, with no reader open. */
void lt_union_source_settle(struct lt_source *source);

/* The parts; `source` itself where it is no union. Valid as long as *source is. on: any. */
struct lt_source *const *lt_source_parts(struct lt_source *const *source, uint32_t *count);

/* All of them say that nothing will come behind what there is. on: control. */
bool lt_source_parts_have_ended(struct lt_source *const *parts, uint32_t count);

/* One of them has its first batch though nothing has come. on: control. */
bool lt_source_parts_start_empty(struct lt_source *const *parts, uint32_t count);

/* The part that has the partition, and in *first (may be NULL) the number of that part's first
 * partition. on: any, after connect. */
struct lt_source *lt_source_part_of(struct lt_source *source, uint32_t partition, uint32_t *first);

/* What this reader of a union counts of a part: the records read, and how far it is behind (-1: not
 * known). They live as long as the counters. NULLs: the source is no union. on: any, once the
 * reader is open. */
struct lt_union_part_counters {
    const struct lt_shared_u64 *records, *lag_records, *lag_ms;
};
struct lt_union_part_counters lt_union_reader_counters(struct lt_source *source,
                                                       struct lt_reader *reader, uint32_t part);

#endif
