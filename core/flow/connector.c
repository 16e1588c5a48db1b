/*
 * What every source answers alike when it has nothing better to say.
 */
#include "core/flow/connector.h"

#include <stdio.h>

void lt_source_partition_name(struct lt_source *source, uint32_t partition, char *out,
                              size_t out_size)
{
    if (source->ops->partition_name != NULL) {
        source->ops->partition_name(source, partition, out, out_size);
        return;
    }
    int wanted = snprintf(out, out_size, "%u", partition);
    lt_assert(wanted > 0);
}
