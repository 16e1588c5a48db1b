#include "io/files_look.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "io/files_manifest.h"
#include "io/files_name.h"
#include "io/files_whole.h"
#include "io/manifest.h"

enum { EVENT_READS_MAX = 1000, FILES_HEARD_MAX = 256 /* that are asked about at a time */ };

static bool is_new(const struct lt_files_look *look, const struct lt_files_found *found)
{
    return lt_files_seen_is_new(look->source->seen, found->path, found->modified_ms);
}

/* A file that may have to be read. */
static int consider(void *context, const struct lt_files_found *found, struct lt_error *error)
{
    struct lt_files_look *look = context;
    (void)error;
    if (!is_new(look, found))
        return 0;
    const struct lt_files_item item = {
        .path = lt_strdup(found->path),
        .modified_ms = found->modified_ms,
        .size_bytes = found->size_bytes,
    };
    lt_files_queue_push(&look->found, &item);
    return 0;
}

/* Each is told of once, and with the first one how many there are of its kind. */
static void note_untold(struct lt_files_look *look, const char *path)
{
    struct lt_files_seen *told = look->source->told_open;
    if (!lt_files_seen_is_new(told, path, 0))
        return;
    lt_files_seen_add(told, path, 0);
    if (look->untold++ == 0)
        look->first_untold = lt_strdup(path);
}

static void tell_untold(struct lt_files_look *look)
{
    if (look->untold > 0)
        lt_log_warn("source %s: \"%s\" is open for writing and is not read before it is closed (of "
                    "such files there are %zu more); hint: rename whole files into the directory, "
                    "and read a file that grows by the source tail",
                    look->source->base.type->name, look->first_untold, look->untold - 1);
    free(look->first_untold);
    look->first_untold = NULL;
    look->untold = 0;
}

/* Is it one that the watch need not have told of, and that is being written? The watch remembers it
 * as open first: whatever is told meanwhile counts. */
static bool is_written_untold(struct lt_files_look *look, const char *path)
{
    if (!lt_files_watch_doubts(look->watch, path))
        return false;
    bool is_written = lt_files_is_being_written(path);
    if (is_written)
        note_untold(look, path);
    else
        lt_files_watch_note_whole(look->watch, path);
    return is_written;
}

/* The same of a listing, which may come upon what was begun before the directory was watched. */
static int consider_listed(void *context, const struct lt_files_found *found,
                           struct lt_error *error)
{
    struct lt_files_look *look = context;
    if (look->watch != NULL && is_new(look, found))
        (void)is_written_untold(look, found->path);
    return consider(look, found, error);
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

bool lt_files_has_come(const struct lt_files_place *place, const char *path, bool is_complete)
{
    return lt_files_is_wanted(place, path) && (is_complete || lt_files_is_whole(path));
}

bool lt_files_may_hold_files(const struct lt_files_place *place, const char *directory)
{
    const char *name = lt_files_base_name(directory);
    return place->is_deep || place->is_glob || strchr(name, '=') != NULL ||
           strcmp(name, LT_MANIFEST_FOLDER) == 0;
}

/* -------------------------------------------------------------------------------------- hearing */

struct hearing {
    const struct lt_files_place *place;
    int asked_count;
    bool has_heard, is_news;
};

/* There may be something to read in it: whether it is whole is for the listing to say. */
static bool has_content(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && (S_ISLNK(status.st_mode) || status.st_size > 0);
}

static void hear_file(void *context, const char *path, bool is_complete)
{
    struct hearing *hearing = context;
    hearing->has_heard = true;
    if (hearing->is_news || !lt_files_is_wanted(hearing->place, path))
        return;
    hearing->is_news =
        is_complete || hearing->asked_count++ == FILES_HEARD_MAX || has_content(path);
}

static void hear_directory(void *context, const char *path)
{
    struct hearing *hearing = context;
    hearing->has_heard = true;
    hearing->is_news |= lt_files_may_hold_files(hearing->place, path);
}

static void hear_all(void *context)
{
    ((struct hearing *)context)->is_news = true;
}

bool lt_files_hear(struct lt_files_watch *watch, const struct lt_files_place *place, int reads_max)
{
    struct hearing hearing = {.place = place};
    const struct lt_files_watch_visitor visitor = {
        .file = hear_file, .directory = hear_directory, .all = hear_all, .context = &hearing};
    for (int i = 0; i < reads_max; i++)
        if (lt_files_watch_read(watch, &visitor))
            break;
    return hearing.is_news || (hearing.has_heard && lt_files_manifest_is_there(place));
}

/* -------------------------------------------------------------------------------------- looking */

static void note_open(struct lt_files_look *look, const char *path)
{
    lt_text_append_char(&look->open, LT_FILES_NAMED);
    lt_text_append_n(&look->open, path, strlen(path) + 1);
}

/* True: it can be read. A link that its writer has still open will not be told of again. */
static bool has_come(struct lt_files_look *look, const char *path, bool is_complete)
{
    const struct lt_files_place *place = &look->source->settings.place;
    if (lt_files_has_come(place, path, is_complete)) {
        if (look->watch != NULL && !is_complete)
            lt_files_watch_note_whole(look->watch, path);
        return true;
    }
    if (lt_files_is_wanted(place, path) && look->watch != NULL &&
        lt_files_watch_is_open(look->watch, path) && has_content(path))
        note_open(look, path);
    return false;
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
        if (!has_come(look, path, is_complete))
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
    const struct lt_files_visitor visitor = {.directory = watch_directory,
                                             .file = consider_listed,
                                             .left_out = tell_left_out,
                                             .context = look};
    if (look->watch != NULL)
        lt_files_watch_begin_listing(look->watch);
    int code = lt_files_walk(&look->source->settings.place, &visitor, &look->error);
    tell_untold(look);
    return code;
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
    if (queue->count > 0)
        source->manifest_last = -1; /* it is read only when it has something new */
    for (size_t i = 0; i < queue->count; i++)
        lt_files_seen_remove(source->seen, lt_files_queue_at(queue, i)->path);
    lt_files_queue_fini(queue);
}

static void cut(struct lt_files_look *look)
{
    size_t most = most_that_wait(&look->source->settings);
    look->is_cut = look->found.count > most;
    if (look->is_cut)
        look->source->manifest_last = -1;
    while (look->found.count > most) {
        struct lt_files_item *last = &look->found.items[look->found.first + --look->found.count];
        lt_files_seen_remove(look->source->seen, last->path);
        free(last->path);
    }
}

/* A manifest names what is whole, and names it once. What was known to be open is forgotten when
 * events are lost: those that were lost since the listing are to be asked for here. */
static bool is_left_out(struct lt_files_look *look, const char *path)
{
    if (look->watch == NULL || look->is_by_manifest)
        return false;
    if (!lt_files_watch_is_open(look->watch, path))
        return lt_files_watch_has_lost(look->watch) && is_written_untold(look, path);
    if (!lt_files_is_whole(path))
        return true;
    lt_files_watch_note_whole(look->watch, path);
    return false;
}

/* One path may have been found twice, and several count as one with fileNameOnly. */
static bool take(const struct lt_files_look *look, const struct lt_files_item *item)
{
    struct lt_files_seen *seen = look->source->seen;
    if (!lt_files_seen_is_new(seen, item->path, item->modified_ms))
        return false;
    lt_files_seen_add(seen, item->path, item->modified_ms);
    return true;
}

/* Takes what is closed of what was found; or gives back what is not of what was taken. */
static void keep_closed(struct lt_files_look *look, bool is_taken)
{
    struct lt_files_queue *found = &look->found;
    size_t count = found->count;
    found->count = look->left_out = 0;
    for (size_t i = 0; i < count; i++) {
        struct lt_files_item *item = &found->items[found->first + i];
        bool is_out = is_left_out(look, item->path);
        bool is_due = is_out && has_content(item->path); /* an empty one may be a lock */
        look->left_out += is_due;
        if (is_due)
            note_open(look, item->path);
        if (is_out && is_taken)
            lt_files_seen_remove(look->source->seen, item->path);
        if (!is_out && (is_taken || take(look, item)))
            found->items[found->first + found->count++] = *item;
        else
            free(item->path);
    }
    tell_untold(look);
}

void lt_files_leave_out_open(struct lt_files_look *look)
{
    keep_closed(look, true);
}

int64_t lt_files_look_call(void *context)
{
    struct lt_files_look *look = context;
    struct lt_files_source *source = look->source;
    look->is_cut = look->cannot_watch = look->has_heard = false;
    look->is_by_manifest = lt_files_manifest_is_there(&source->settings.place);
    look->code = look->is_by_manifest ? look_at_manifest(look)
                 : look->is_all       ? look_at_all(look)
                                      : look_at_some(look);
    if (look->code != 0)
        return look->code;
    if (look->hears && look->watch != NULL)
        look->has_heard = lt_files_hear(look->watch, &source->settings.place, EVENT_READS_MAX);
    keep_closed(look, false);
    lt_files_queue_sort(&look->found, source->settings.is_latest_first);
    cut(look);
    int64_t oldest_ms = lt_files_seen_purge(source->seen);
    lt_files_lock(source);
    source->oldest_ms = oldest_ms;
    lt_files_unlock(source);
    return 0;
}
