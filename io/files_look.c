#include "io/files_look.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "io/files_manifest.h"

/* A file that is to be read, unless it was seen. */
static int consider(void *context, const struct lt_files_found *found, struct lt_error *error)
{
    struct lt_files_look *look = context;
    struct lt_files_seen *seen = look->source->seen;
    (void)error;
    if (!lt_files_seen_is_new(seen, found->path, found->modified_ms))
        return 0;
    lt_files_seen_add(seen, found->path, found->modified_ms);
    const struct lt_files_item item = {
        .path = lt_strdup(found->path),
        .modified_ms = found->modified_ms,
        .size_bytes = found->size_bytes,
    };
    lt_files_queue_push(&look->found, &item);
    return 0;
}

/* Before it is listed, so that nothing that comes meanwhile is missed. */
static int watch_directory(void *context, const char *path, struct lt_error *error)
{
    struct lt_files_look *look = context;
    (void)error;
    if (look->watch != NULL && !look->cannot_watch)
        look->cannot_watch = !lt_files_watch_add(look->watch, path, &look->error);
    return 0;
}

/* A name that was created counts when the file is whole already: a link to it. */
static bool is_link(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && (S_ISLNK(status.st_mode) || status.st_nlink > 1);
}

bool lt_files_has_come(const struct lt_files_place *place, const char *path, bool is_complete)
{
    return lt_files_is_wanted(place, path) && (is_complete || is_link(path));
}

static int look_at_some(struct lt_files_look *look)
{
    const struct lt_files_place *place = &look->source->settings.place;
    const char *at = look->paths.data, *end = at + look->paths.size_bytes;
    while (at < end) {
        const char *path = at + 1;
        struct lt_files_found found;
        bool is_complete = *at == LT_FILES_COMPLETE;
        at = path + strlen(path) + 1;
        if (!lt_files_has_come(place, path, is_complete))
            continue;
        int code = lt_files_look_at(place, path, &found, &look->error);
        if (code == 0)
            code = consider(look, &found, &look->error);
        if (code != 0 && code != LT_E_NOT_FOUND) /* it may have gone again */
            return code;
    }
    return 0;
}

/* Said once: the columns of a query cannot change. */
static void tell_left_out(void *context, const char *path)
{
    struct lt_files_source *source = ((struct lt_files_look *)context)->source;
    if (!source->has_told_left_out)
        lt_log_warn(
            "source %s: \"%s\" looks like a partition and is not read, since there were none "
            "when the query was made; hint: start the query again",
            source->base.type->name, path);
    source->has_told_left_out = true;
}

static int look_at_all(struct lt_files_look *look)
{
    const struct lt_files_visitor visitor = {
        .directory = watch_directory, .file = consider, .left_out = tell_left_out, .context = look};
    return lt_files_walk(&look->source->settings.place, &visitor, &look->error);
}

static int look_at_manifest(struct lt_files_look *look)
{
    const struct lt_files_visitor visitor = {
        .directory = watch_directory, .file = consider, .context = look};
    struct lt_files_source *source = look->source;
    return lt_files_manifest_walk(&source->settings.place, &source->manifest_last, &visitor,
                                  &look->error);
}

/* How many may wait: with a limit per epoch, those of one and the cache. */
static size_t most_that_wait(const struct lt_files_settings *settings)
{
    if (settings->max_files < 0 && settings->max_bytes < 0)
        return SIZE_MAX;
    int64_t one = settings->max_files > 0 ? settings->max_files : 1;
    return settings->max_cached_files > INT64_MAX - one
               ? SIZE_MAX
               : (size_t)(one + settings->max_cached_files);
}

void lt_files_unsee(struct lt_files_source *source, struct lt_files_queue *queue)
{
    for (size_t i = 0; i < queue->count; i++)
        lt_files_seen_remove(source->seen, lt_files_queue_at(queue, i)->path);
    lt_files_queue_fini(queue);
}

static void cut(struct lt_files_look *look)
{
    size_t most = most_that_wait(&look->source->settings);
    look->is_cut = look->found.count > most;
    while (look->found.count > most) {
        struct lt_files_item *last = &look->found.items[look->found.first + --look->found.count];
        lt_files_seen_remove(look->source->seen, last->path);
        free(last->path);
    }
}

int64_t lt_files_look_call(void *context)
{
    struct lt_files_look *look = context;
    struct lt_files_source *source = look->source;
    look->is_cut = look->cannot_watch = false;
    look->code = lt_files_manifest_is_there(&source->settings.place) ? look_at_manifest(look)
                 : look->is_all                                      ? look_at_all(look)
                                                                     : look_at_some(look);
    if (look->code != 0)
        return look->code;
    lt_files_queue_sort(&look->found, source->settings.is_latest_first);
    cut(look);
    int64_t oldest_ms = lt_files_seen_purge(source->seen);
    lt_files_lock(source);
    source->oldest_ms = oldest_ms;
    lt_files_unlock(source);
    return 0;
}
