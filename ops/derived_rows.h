/*
 * New rows made from old ones: what project and map share. A derived row has the old row as its
 * parent and goes where the old one would have gone: same source partition, offset, time of arrival
 * and flags.
 *
 * on: the operator's thread.
 */
#ifndef LT_OPS_DERIVED_ROWS_H
#define LT_OPS_DERIVED_ROWS_H

#include "core/data/row.h"

/* Makes `derived`, just claimed, stand in for `row`. Takes the caller's reference to `row`. */
static inline void lt_derived_row_adopt(struct lt_row *derived, struct lt_row *row)
{
    /* By halves: what the source has written by halves, a moment ago, is not yet there to be read
     * in one piece. */
    int64_t source_offset = row->source_offset, ingest_ns = row->ingest_ns;
    __asm__("" : "+r"(source_offset), "+r"(ingest_ns));
    derived->parent = row;
    derived->kind = LT_ROW_RECORD;
    derived->flags = row->flags;
    derived->source_partition = row->source_partition;
    derived->source_offset = source_offset;
    derived->ingest_ns = ingest_ns;
}

/* Gives `derived` back unused; the caller keeps its reference to the row it was made for. */
static inline void lt_derived_row_abandon(struct lt_row *derived)
{
    lt_debug_assert(derived->parent == NULL);
    lt_row_release(derived);
}

#endif
