/*
 * Rows of the state in a checkpoint, for people: which version is meant, which store, and what its
 * rows are, told by what stands beside them (core/state/dump.h). Nothing is written and no lock is
 * taken: a query may be running on it.
 *
 * on: any; waits for the disk.
 */
#ifndef LT_EPOCH_ROWS_H
#define LT_EPOCH_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/text_buffer.h"
#include "core/data/type.h"
#include "core/data/value.h"

struct lt_rows_request {
    const char *path;
    uint32_t operator;
    bool has_partition;
    uint32_t partition;
    const char *store; /* NULL: the operator's only one */
    const char *key;   /* NULL: all */
    bool has_batch;
    uint64_t batch; /* else the last that was committed */
    /* As of lt_state_dump; write may be NULL. */
    int (*write)(void *context, const struct lt_type *type, const union lt_value *value,
                 struct lt_text_buffer *out, struct lt_error *error);
    void *write_context;
    bool (*line)(void *context, const char *json);
    void *context;
};

/* Errors name what there is: operators, stores, partitions, batches. */
int lt_rows_read(const struct lt_rows_request *request, struct lt_error *error) LT_MUST_USE;

#endif
