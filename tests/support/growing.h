/*
 * A source to which partitions are added, and a sink that counts what it gets: for tests of a query
 * that begins again, or reads again. Each partition has GROWING_RECORDS records, the numbers from
 * 0; then it has no more. Threads of a query and of a test may use the world at the same time.
 */
#ifndef LT_TESTS_GROWING_H
#define LT_TESTS_GROWING_H

#include "core/base/shared.h"
#include "core/flow/connector.h"

enum { GROWING_PARTITIONS = 8, GROWING_RECORDS = 100 };

struct growing_world {
    struct lt_shared_u32 partitions;               /* that there are */
    struct lt_shared_u64 seen[GROWING_PARTITIONS]; /* by the sink: records, in order */
    struct lt_shared_u32 is_out_of_order;
    struct lt_shared_u32 connects;
    int (*on_reconnect)(struct lt_error *error); /* called by each connect but the first; or NULL */
    /* What a reader that has an end does. */
    enum { GROWING_READS_TO_END, GROWING_ENDS_EARLY, GROWING_IS_SILENT } with_end;
};

extern struct growing_world growing_world;
extern const struct lt_source_type growing_source_type;

/* Nothing has happened yet. */
void growing_begin(uint32_t partitions);

/* Source "growing", sink "seen", and the reactors of this machine. */
const struct lt_catalog *growing_catalog(void);

#endif
