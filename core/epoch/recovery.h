/*
 * The recovery function: from what stands in the directory to where the query goes on. Pure: no
 * input or output, so that a table of directory contents can test it. The rules stand in
 * core/epoch/protocol.h.
 *
 * on: any.
 */
#ifndef LT_EPOCH_RECOVERY_H
#define LT_EPOCH_RECOVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

struct lt_recovery_entry {
    uint64_t epoch;
    /* It says "preparedSinks", or prepared/<epoch> is there; looked at only beyond the last
     * commit. */
    bool is_prepared;
};

/* What stands in the directory, ascending. Owned by the caller. */
struct lt_recovery_listing {
    const struct lt_recovery_entry *offsets;
    size_t offsets_count;
    const uint64_t *commits;
    size_t commits_count;
};

struct lt_recovery_conclusion {
    int64_t last_commit; /* c of the protocol; -1: none */
    int64_t last_logged; /* b; -1: a new query */
    size_t stale_count;  /* entries of offsets beyond last_commit that never were: not prepared */
    bool has_pending;    /* the first of them is last_logged + 1: a batch that can be run again */
};

/* Fills `out`, or gives LT_E_CORRUPT with a text that names the entry that is missing. */
int lt_recovery_conclude(const struct lt_recovery_listing *listing,
                         struct lt_recovery_conclusion *out, struct lt_error *error) LT_MUST_USE;

/* True when an entry of offsets is one of `stale_count`. */
static inline bool lt_recovery_is_stale(const struct lt_recovery_conclusion *conclusion,
                                        const struct lt_recovery_entry *entry)
{
    return (int64_t)entry->epoch > conclusion->last_commit && !entry->is_prepared;
}

#endif
