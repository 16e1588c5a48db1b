/*
 * The recovery function of core/epoch/protocol.h.
 */
#include "core/epoch/recovery.h"

#include <inttypes.h>

/* The listing is made by core/epoch/checkpoint.c from a directory: sorted, each number once. */
static void check_listing(const struct lt_recovery_listing *listing)
{
    for (size_t i = 1; i < listing->offsets_count; i++)
        lt_assert(listing->offsets[i - 1].epoch < listing->offsets[i].epoch);
    for (size_t i = 1; i < listing->commits_count; i++)
        lt_assert(listing->commits[i - 1] < listing->commits[i]);
}

static bool has_offsets(const struct lt_recovery_listing *listing, int64_t epoch)
{
    for (size_t i = listing->offsets_count; i-- > 0;)
        if ((int64_t)listing->offsets[i].epoch <= epoch)
            return (int64_t)listing->offsets[i].epoch == epoch;
    return false;
}

static int check_last_commit(const struct lt_recovery_listing *listing, int64_t last_commit,
                             struct lt_error *error)
{
    if (last_commit < 0 || has_offsets(listing, last_commit))
        return 0;
    size_t count = listing->offsets_count;
    if (count == 0)
        return lt_error_set(error, LT_E_CORRUPT,
                            "'commits/%" PRId64 "' is ahead of 'offsets', which is empty",
                            last_commit);
    uint64_t last_offsets = listing->offsets[count - 1].epoch;
    if ((int64_t)last_offsets < last_commit)
        return lt_error_set(error, LT_E_CORRUPT,
                            "'commits/%" PRId64 "' is ahead of 'offsets', which ends with %" PRIu64,
                            last_commit, last_offsets);
    return lt_error_set(error, LT_E_CORRUPT,
                        "batch %" PRId64 " doesn't exist: 'offsets/%" PRId64
                        "' is missing, and 'commits/%" PRId64 "' is there",
                        last_commit, last_commit, last_commit);
}

int lt_recovery_conclude(const struct lt_recovery_listing *listing,
                         struct lt_recovery_conclusion *out, struct lt_error *error)
{
    check_listing(listing);
    int64_t last_commit = -1;
    if (listing->commits_count > 0)
        last_commit = (int64_t)listing->commits[listing->commits_count - 1];
    int code = check_last_commit(listing, last_commit, error);
    if (code != 0)
        return code;

    *out = (struct lt_recovery_conclusion){.last_commit = last_commit, .last_logged = last_commit};
    for (size_t i = 0; i < listing->offsets_count; i++) {
        const struct lt_recovery_entry *entry = &listing->offsets[i];
        if ((int64_t)entry->epoch <= last_commit)
            continue;
        if (lt_recovery_is_stale(out, entry)) {
            out->stale_count++;
            continue;
        }
        if ((int64_t)entry->epoch != out->last_logged + 1)
            return lt_error_set(error, LT_E_CORRUPT,
                                "'offsets/%" PRIu64
                                "' says that it was prepared, and 'offsets/%" PRId64
                                "' before it is missing or was not",
                                entry->epoch, out->last_logged + 1);
        out->last_logged++;
    }
    out->has_pending = out->stale_count > 0 && has_offsets(listing, out->last_logged + 1);
    return 0;
}
