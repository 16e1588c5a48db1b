/*
 * A batch as the program's function sees it: the rows of all lanes, behind one cursor.
 *
 * on: the thread that calls the function.
 */
#ifndef LT_LEAT_BATCH_H
#define LT_LEAT_BATCH_H

#include "core/base/limits.h"
#include "core/flow/fault.h"
#include "core/leat.h"
#include "core/data/row_list.h"

struct leat_batch {
    uint64_t id, row_count;
    uint64_t call; /* counts calls of the function and their ends: streams are of one call */
    const struct lt_type *schema;
    const struct lt_row_list *parts[LT_LIMIT_LANES]; /* good during the call */
    uint32_t part_count;
    uint32_t part; /* of the cursor */
    struct lt_row_list_cursor cursor;
    struct lt_row_pool *pool; /* of one row */
    struct lt_row *row;       /* that was given last, or NULL */
    char reason[LT_FAULT_TEXT_MAX];
};

/* The function has returned: lets go of the row that was given last. */
void lt_door_batch_end(leat_batch *batch);

#endif
