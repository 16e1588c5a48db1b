#include "core/run/confluence.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "core/run/item_queue.h"

int lt_confluence_add(struct lt_confluence *confluence, bool is_right, struct lt_ring **out,
                      struct lt_error *error)
{
    int code = lt_ring_create(LT_LIMIT_RING_SLOTS, out, error);
    if (code != 0)
        return code;
    confluence->inflows = lt_realloc_array(confluence->inflows, confluence->count + 1,
                                           sizeof *confluence->inflows);
    confluence->inflows[confluence->count++] =
        (struct lt_inflow){.ring = *out, .is_right = is_right};
    return 0;
}

void lt_inflow_tell(struct lt_inflow *inflow, struct lt_operator *op)
{
    struct lt_row *rows[LT_LIMIT_EXPECTED_ROWS];
    uint32_t count = 0;
    while (count < LT_LIMIT_EXPECTED_ROWS) {
        const struct lt_item *item = lt_ring_peek_behind(inflow->ring, count);
        if (item == NULL || item->kind != LT_ITEM_ROW)
            break;
        rows[count++] = item->row;
    }
    if (count > 1) /* of one alone nothing is gained */
        op->ops->expect(op, rows, count, inflow->is_right);
    inflow->expected = count;
}

void lt_confluence_fini(struct lt_confluence *confluence)
{
    for (uint32_t i = 0; i < confluence->count; i++)
        lt_item_ring_destroy(confluence->inflows[i].ring);
    free(confluence->inflows);
    *confluence = (struct lt_confluence){0};
}

void lt_confluence_pass(struct lt_confluence *confluence)
{
    for (uint32_t i = 0; i < confluence->count; i++)
        confluence->inflows[i].is_marked = false;
    confluence->marked_count = 0;
    confluence->has_begun = false;
}
