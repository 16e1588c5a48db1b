#include "core/flow/connector.h"

#include <stdio.h>

void lt_source_partition_name(struct lt_source *source, uint32_t partition, char *out,
                              size_t out_size)
{
    if (source->ops->partition_name != NULL)
        source->ops->partition_name(source, partition, out, out_size);
    else
        snprintf(out, out_size, "%s partition %u", source->type->name, partition);
}
