#include "core/run/progress_metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/text/json_write.h"

enum { PREFIX_SIZE = 64 };

/* Told by the progress itself, of every source. */
static bool is_common(const char *name)
{
    static const char *const common[] = {"records", "lag_records", "lag_ms"};
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
        if (strcmp(name, common[i]) == 0)
            return true;
    return false;
}

/* A later part's: they stand below the first one's. */
static bool is_of_other_part(const char *name)
{
    return strncmp(name, "part", 4) == 0 && lt_ascii_is_digit(name[4]);
}

/* Behind "lane7.source." or "lane7.source.part2."; NULL: another's. `lane` is filled. */
static const char *own_name(const char *name, uint32_t part, uint32_t *lane)
{
    char prefix[PREFIX_SIZE];
    int used = 0;
    if (sscanf(name, "lane%" SCNu32 ".%n", lane, &used) != 1 || used == 0)
        return NULL;
    if (part == 0)
        snprintf(prefix, sizeof prefix, "source.");
    else
        snprintf(prefix, sizeof prefix, "source.part%" PRIu32 ".", part);
    size_t size_bytes = strlen(prefix);
    if (strncmp(name + used, prefix, size_bytes) != 0)
        return NULL;
    const char *own = name + used + size_bytes;
    return (part == 0 && is_of_other_part(own)) || is_common(own) ? NULL : own;
}

static uint64_t sum_of(const struct lt_counters *counters, uint32_t part, const char *wanted)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < lt_counters_count(counters); i++) {
        struct lt_counter_info info = lt_counters_at(counters, i);
        uint32_t lane;
        const char *name = info.value == NULL ? NULL : own_name(info.name, part, &lane);
        if (name != NULL && strcmp(name, wanted) == 0)
            sum += lt_load_relaxed_u64(info.value); /* a statistic */
    }
    return sum;
}

void lt_progress_metrics(const struct lt_counters *counters, uint32_t part,
                         struct lt_text_buffer *json)
{
    size_t count = counters == NULL ? 0 : lt_counters_count(counters);
    for (size_t i = 0; i < count; i++) {
        struct lt_counter_info info = lt_counters_at(counters, i);
        uint32_t lane;
        const char *name = info.value == NULL ? NULL : own_name(info.name, part, &lane);
        if (name == NULL || lane != 0) /* the others are added to the first one's */
            continue;
        lt_text_append(json, ",");
        lt_json_write_string(json, name, strlen(name));
        lt_text_format(json, ":\"%" PRIu64 "\"", sum_of(counters, part, name));
    }
}
