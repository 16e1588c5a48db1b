/*
 * Counters for tools: where a process keeps them, how another one reads them, and the latency of a
 * running query between two looks.
 *
 * The folder is the user's own in shared memory, one file per query, named after the query and the
 * process. Files stay when their process dies, for a look afterwards.
 */
#include "core/leat_admin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/ascii.h"
#include "core/base/log.h"
#include "core/leat_objects.h"

struct leat_admin_counters {
    struct lt_counters *counters;
};

struct leat_admin_window {
    struct lt_histogram before, now;
};

/* --------------------------------------------------------------------------------------- paths */

char *leat_admin_counters_folder(void)
{
    struct lt_text_buffer path;
    lt_text_init(&path);
    lt_text_format(&path, "/dev/shm/leat-%u", (unsigned)getuid());
    return lt_text_take(&path);
}

/* The folder is in a place that everybody may write to: it must be ours, and closed to others. */
static bool make_folder(const char *path)
{
    struct stat status;
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        lt_log_warn("cannot make folder \"%s\": %s", path, strerror(errno));
        return false;
    }
    if (lstat(path, &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != getuid()) {
        lt_log_warn("\"%s\" is no folder of this user: nothing is kept there", path);
        return false;
    }
    return true;
}

char *leat_admin_control_folder(void)
{
    char *folder = leat_admin_counters_folder();
    struct lt_text_buffer path;
    lt_text_init(&path);
    lt_text_format(&path, "%s/.control", folder);
    bool is_there = make_folder(folder) && make_folder(lt_text_get(&path));
    free(folder);
    if (is_there)
        return lt_text_take(&path);
    lt_text_fini(&path);
    return NULL;
}

char *leat_admin_counters_path(const char *query_name)
{
    static struct lt_shared_u64 made_count; /* two queries of one name in one process */
    char *folder = leat_admin_counters_folder();
    struct lt_text_buffer path;
    lt_text_init(&path);
    if (make_folder(folder)) {
        lt_text_format(&path, "%s/", folder);
        for (const char *c = query_name != NULL ? query_name : "query"; *c != '\0'; c++) {
            bool is_plain = lt_ascii_is_letter(*c) || lt_ascii_is_digit(*c) || *c == '-';
            lt_text_append_char(&path, is_plain ? *c : '_');
        }
        lt_text_format(&path, ".%d", (int)getpid());
        uint64_t number = lt_add_u64(&made_count, 1);
        if (number > 0)
            lt_text_format(&path, ".%llu", (unsigned long long)number);
    }
    free(folder);
    if (path.size_bytes > 0)
        return lt_text_take(&path);
    lt_text_fini(&path);
    return NULL;
}

/* ------------------------------------------------------------------------------------- reading */

static int tell(const struct lt_error *from, char *error, size_t error_bytes)
{
    if (error != NULL && error_bytes > 0)
        snprintf(error, error_bytes, "%s", from->text);
    return from->code;
}

leat_admin_counters *leat_admin_counters_open(const char *path, char *error, size_t error_bytes)
{
    struct lt_error own;
    struct lt_counters *counters = NULL;
    int code = path == NULL ? lt_error_set(&own, LT_E_INVALID, "counters need a path")
                            : lt_counters_open(path, &counters, &own);
    if (code != 0) {
        (void)tell(&own, error, error_bytes); /* NULL says that there is an error */
        return NULL;
    }
    leat_admin_counters *opened = lt_alloc(sizeof *opened);
    opened->counters = counters;
    return opened;
}

int leat_admin_counters_refresh(leat_admin_counters *counters, char *error, size_t error_bytes)
{
    struct lt_error own;
    if (counters == NULL)
        return LEAT_ERROR_INVALID;
    int code = lt_counters_refresh(counters->counters, &own);
    return code == 0 ? LEAT_OK : tell(&own, error, error_bytes);
}

void leat_admin_counters_close(leat_admin_counters *counters)
{
    if (counters == NULL)
        return;
    lt_counters_close(counters->counters);
    free(counters);
}

void leat_admin_counters_owner(const leat_admin_counters *counters, leat_admin_owner *owner)
{
    if (counters == NULL || owner == NULL)
        return;
    struct lt_counters_identity identity = lt_counters_identity(counters->counters);
    leat_admin_owner all = {
        .size = owner->size,
        .pid = identity.pid,
        .alive = identity.alive,
        .started_us = identity.started_wall_us,
        .heartbeat_us = identity.heartbeat_wall_us,
        .query_name = identity.query_name,
    };
    memcpy(owner, &all, owner->size < sizeof all ? owner->size : sizeof all);
}

static enum leat_admin_counter_kind public_kind(enum lt_counter_kind kind)
{
    switch (kind) {
    case LT_COUNTER_SUM:
        return LEAT_ADMIN_SUM;
    case LT_COUNTER_GAUGE:
        return LEAT_ADMIN_GAUGE;
    case LT_COUNTER_HISTOGRAM:
        return LEAT_ADMIN_HISTOGRAM;
    case LT_COUNTER_TEXT:
        return LEAT_ADMIN_TEXT;
    }
    return LEAT_ADMIN_GAUGE;
}

static void read_histogram(const struct lt_histogram *histogram, leat_admin_counter *out)
{
    out->value = (int64_t)lt_histogram_count(histogram);
    out->p50 = lt_histogram_quantile(histogram, 0.5);
    out->p99 = lt_histogram_quantile(histogram, 0.99);
    out->p999 = lt_histogram_quantile(histogram, 0.999);
    out->max = lt_histogram_quantile(histogram, 1);
    out->mean = lt_histogram_mean(histogram);
}

bool leat_admin_counter_at(const leat_admin_counters *counters, size_t index,
                           leat_admin_counter *counter)
{
    if (counters == NULL || counter == NULL || index >= lt_counters_count(counters->counters))
        return false;
    struct lt_counter_info info = lt_counters_at(counters->counters, index);
    leat_admin_counter all = {
        .size = counter->size,
        .name = info.name,
        .unit = info.unit,
        .help = info.help,
        .kind = public_kind(info.kind),
    };
    if (info.kind == LT_COUNTER_HISTOGRAM)
        read_histogram(info.histogram, &all);
    else if (info.kind == LT_COUNTER_TEXT)
        lt_counter_text_get(info.text, all.text, sizeof all.text);
    else
        all.value = (int64_t)lt_load_relaxed_u64(info.value); /* relaxed: a statistic */
    memcpy(counter, &all, counter->size < sizeof all ? counter->size : sizeof all);
    return true;
}

/* -------------------------------------------------------------------------------------- window */

bool leat_admin_latency_since(leat_query *query, leat_admin_window **window, int64_t *count,
                              int64_t *p50_ns, int64_t *p99_ns, int64_t *p999_ns, int64_t *max_ns)
{
    if (query == NULL || query->running == NULL || window == NULL)
        return false;
    if (*window == NULL)
        *window = lt_alloc(sizeof **window);
    struct lt_histogram *before = &(*window)->before, *now = &(*window)->now;
    struct lt_progress_totals totals = {.ack_latency_ns = now};
    lt_progress_read_totals(lt_query_progress(query->running), &totals);
    struct lt_histogram *since = lt_alloc(sizeof *since);
    memcpy(since, now, sizeof *since);
    lt_histogram_subtract(since, before);
    memcpy(before, now, sizeof *before);
    *count = (int64_t)lt_histogram_count(since);
    *p50_ns = lt_histogram_quantile(since, 0.5);
    *p99_ns = lt_histogram_quantile(since, 0.99);
    *p999_ns = lt_histogram_quantile(since, 0.999);
    /* The histogram's own maximum is that of the whole run: the highest bucket of the window. */
    *max_ns = lt_histogram_quantile(since, 1);
    free(since);
    return true;
}

void leat_admin_window_destroy(leat_admin_window *window)
{
    free(window);
}
