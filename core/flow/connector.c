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

struct lt_shared_u64 *lt_connector_counter(const struct lt_connector_env *env,
                                           enum lt_counter_kind kind, const char *name,
                                           const char *unit, const char *help)
{
    if (env->counters == NULL)
        return NULL;
    struct lt_text_buffer full;
    lt_text_init(&full);
    lt_text_format(&full, "%s%s", env->counter_prefix, name);
    struct lt_shared_u64 *counter =
        lt_counters_add(env->counters, kind, lt_text_get(&full), unit, help);
    lt_text_fini(&full);
    return counter;
}
