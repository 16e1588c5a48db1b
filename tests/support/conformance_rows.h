/*
 * The rows that columns.tsv and pipelines.tsv are about: input.jsonl, read with the schema in
 * input.schema.
 */
#ifndef LT_TESTS_SUPPORT_CONFORMANCE_ROWS_H
#define LT_TESTS_SUPPORT_CONFORMANCE_ROWS_H

#include "core/base/arena.h"
#include "core/data/row.h"
#include "core/data/type.h"

struct conformance_rows {
    struct lt_arena *arena;
    const struct lt_type *schema;
    struct lt_row_pool *pool;
    struct lt_row **rows;
    unsigned count;
};

/* False: the folder has no such files, or they cannot be read (said on standard output). */
bool conformance_rows_open(const char *folder, struct conformance_rows *out);
void conformance_rows_close(struct conformance_rows *rows);

#endif
