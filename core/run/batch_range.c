#include "core/run/batch_range.h"

void lt_batch_range_cap(const struct lt_position *start, const struct lt_position *limit,
                        struct lt_position *end, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (limit != NULL && end[i].offset > limit[i].offset)
            end[i] = limit[i];
        if (end[i].offset <= start[i].offset)
            end[i] = start[i];
    }
}

bool lt_batch_range_is_empty(const struct lt_position *start, const struct lt_position *end,
                             uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (end[i].offset != start[i].offset)
            return false;
    return true;
}

bool lt_batch_range_has_come_to(const struct lt_position *at, const struct lt_position *end,
                                uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (at[i].offset < end[i].offset)
            return false;
    return true;
}
