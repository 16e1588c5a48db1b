/*
 * What a directory source knows on the control thread: its log, where it stands, what ends there.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/limits.h"
#include "core/base/log.h"
#include "io/files_look.h"
#include "io/files_manifest.h"

enum {
    EVENT_READS_MAX = 1000,
    LOOKS_MAX = 3, /* at a time, while something comes meanwhile */
    RESTS = 10,    /* times as long as it took to list, while a file is open */
};

static const int64_t watched_interval_ns_min = 10 * (int64_t)LT_NS_PER_S;

void lt_files_lock(struct lt_files_source *source)
{
    int result = pthread_mutex_lock(&source->lock);
    lt_assert(result == 0);
}

void lt_files_unlock(struct lt_files_source *source)
{
    int result = pthread_mutex_unlock(&source->lock);
    lt_assert(result == 0);
}

/* What is left to be cleaned up when nobody will poll any more. */
static void clean_rest(struct lt_files_source *source)
{
    struct lt_files_item item;
    while (lt_files_queue_pop(&source->finished, &item)) {
        lt_files_clean_one(&source->settings.cleaning, &item);
        free(item.path);
    }
}

void lt_files_state_fini(struct lt_files_source *source)
{
    clean_rest(source);
    lt_files_log_destroy(source->log);
    lt_files_seen_destroy(source->seen);
    lt_files_seen_destroy(source->told_open);
    lt_files_queue_fini(&source->listed);
    lt_files_queue_fini(&source->admitted);
    lt_files_queue_fini(&source->finished);
    lt_files_watch_destroy(source->watch);
    source->watch = NULL;
}

static void lose_watch(struct lt_files_source *source, const struct lt_error *why)
{
    if (!source->is_watch_lost)
        lt_log_info("source %s: %s; the directories are listed every %" PRId64 " ms",
                    source->base.type->name, why->text,
                    source->settings.poll_interval_ns / LT_NS_PER_MS);
    source->is_watch_lost = true;
}

static void open_watch(struct lt_files_source *source)
{
    struct lt_error error;
    source->watch = lt_files_watch_create(&error);
    source->is_watch_lost = false;
    if (source->watch == NULL)
        lose_watch(source, &error);
}

/* Each time that a run begins, nothing is known but what resume then reads. */
int lt_files_source_connect(struct lt_source *base, const struct lt_connector_env *env,
                            struct lt_error *error)
{
    struct lt_files_source *source = lt_files_source_of(base);
    const struct lt_files_settings *settings = &source->settings;
    lt_files_state_fini(source);
    source->clock = env->clock;
    if (env->in_batches && settings->may_watch)
        open_watch(source);
    source->log = lt_files_log_create(settings->compact_interval);
    source->seen = lt_files_seen_create(settings->max_age_ms, settings->is_name_only);
    source->told_open = lt_files_seen_create(INT64_MAX, false);
    source->manifest_last = -1;
    source->oldest_ms = INT64_MIN;
    source->committed = (struct lt_position){0};
    source->clean_from = -1;
    if (settings->cleaning.mode != LT_FILES_CLEAN_OFF &&
        lt_files_manifest_is_there(&settings->place))
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "Clean up source files is not supported when reading from the output "
                            "directory of FileStreamSink.");
    return 0;
}

/* ---------------------------------------------------------------------------------- its own log */

static int load_file(struct lt_files_source *source, const struct lt_source_log_reader *reader,
                     const char *name, struct lt_error *error)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    int code = reader->read(reader->context, name, &text, error);
    if (code == LT_E_NOT_FOUND)
        lt_error_set(error, code, "file log \"%s\" is gone", name);
    if (code == 0)
        code = lt_files_log_load(source->log, name, lt_text_get(&text), text.size_bytes, error);
    lt_text_fini(&text);
    return code;
}

/* Cuts the list at its line feeds; the names point into it. */
static size_t cut_names(char *list, const char **names)
{
    size_t count = 0;
    for (char *at = list; *at != '\0';) {
        char *feed = strchr(at, '\n');
        lt_assert(feed != NULL);
        *feed = '\0';
        names[count++] = at;
        at = feed + 1;
    }
    return count;
}

/* What the newest compaction holds too: left behind by a death, or by Spark, which lets it lie for
 * a while. */
static int remove_superfluous(const struct lt_source_log_reader *reader, const char *const *names,
                              size_t count, const char *newest, struct lt_error *error)
{
    int64_t last, batch;
    bool is_compact;
    int code = 0;
    if (!lt_files_log_parse_name(newest, &last, &is_compact) || !is_compact)
        return 0;
    for (size_t i = 0; i < count && code == 0; i++)
        if (lt_files_log_parse_name(names[i], &batch, &is_compact) && batch < last)
            code = reader->remove(reader->context, names[i], error);
    return code;
}

static int load_log(struct lt_files_source *source, const struct lt_source_log_reader *reader,
                    char *list, struct lt_error *error)
{
    const char **names = lt_alloc_array(2 * strlen(list) + 2, sizeof names[0]);
    size_t all_count = cut_names(list, names), count = all_count;
    const char **chosen = names + all_count;
    memcpy(chosen, names, all_count * sizeof names[0]);
    int code = lt_files_log_choose(chosen, &count, error);
    for (size_t i = 0; i < count && code == 0; i++)
        code = load_file(source, reader, chosen[i], error);
    if (code == 0 && count > 0)
        code = remove_superfluous(reader, names, all_count, chosen[0], error);
    free(names);
    return code;
}

static void see_logged(struct lt_files_source *source)
{
    uint64_t end = lt_files_log_end(source->log);
    for (uint64_t i = lt_files_log_first(source->log); i < end; i++) {
        const struct lt_files_log_entry *entry = lt_files_log_at(source->log, i);
        lt_files_seen_add(source->seen, entry->path, entry->timestamp_ms);
    }
    source->oldest_ms = lt_files_seen_purge(source->seen);
}

/* An entry beyond the last logged epoch stays: its files have been taken, and are read first. That
 * is what Spark makes of one, too. */
int lt_files_source_resume(struct lt_source *base, const struct lt_connector_env *env,
                           const struct lt_source_log_reader *reader, struct lt_error *error)
{
    struct lt_files_source *source = lt_files_source_of(base);
    struct lt_text_buffer names;
    (void)env;
    lt_text_init(&names);
    int code = reader->list(reader->context, &names, error);
    char *list = lt_text_take(&names);
    if (code == 0)
        code = load_log(source, reader, list, error);
    free(list);
    if (code == 0)
        see_logged(source);
    return code;
}

/* ------------------------------------------------------------------------------------ positions */

int lt_files_initial(struct lt_source *base, struct lt_position *positions,
                     struct lt_text_buffer *keep, struct lt_error *error)
{
    (void)base, (void)keep, (void)error;
    positions[0] = (struct lt_position){0};
    return 0;
}

void lt_files_drop_admitted(struct lt_files_source *source)
{
    lt_files_lock(source);
    lt_files_unsee(source, &source->admitted);
    lt_files_unlock(source);
}

static void see_no_file(void *context, const char *path, bool is_complete)
{
    (void)context, (void)path, (void)is_complete;
}

static void see_no_directory(void *context, const char *path)
{
    (void)context, (void)path;
}

static void see_nothing(void *context)
{
    (void)context;
}

/* What the watch tells of is found by the listing that follows. */
static void forget_events(struct lt_files_source *source)
{
    static const struct lt_files_watch_visitor visitor = {
        .file = see_no_file, .directory = see_no_directory, .all = see_nothing};
    for (int i = 0; source->watch != NULL && i < EVENT_READS_MAX; i++)
        if (lt_files_watch_read(source->watch, &visitor))
            break;
}

/* When nobody tells, where the watch does not see, and of files that are left out for now: one that
 * stays open is no reason to do nothing but list. What came while the directories were listed, for
 * so long, was told to nobody. */
static int64_t look_interval_ns(const struct lt_files_source *source,
                                const struct lt_files_look *look, int64_t listed_ns)
{
    if (look->has_heard)
        return 0;
    int64_t interval_ns = source->settings.poll_interval_ns;
    if (source->watch == NULL || source->is_watch_lost)
        return interval_ns;
    int64_t rest_ns = look->left_out == 0 || listed_ns > watched_interval_ns_min / RESTS
                          ? watched_interval_ns_min
                          : RESTS * listed_ns;
    return interval_ns > rest_ns ? interval_ns : rest_ns;
}

/* A listing that found nothing is made again if something came meanwhile. */
static int list(struct lt_files_source *source, struct lt_files_look *look)
{
    for (int i = 0; i < LOOKS_MAX; i++) {
        look->watch = source->is_watch_lost ? NULL : source->watch;
        forget_events(source);
        if (lt_files_look_call(look) != 0)
            return look->code;
        if (look->cannot_watch)
            lose_watch(source, &look->error);
        if (!look->has_heard || look->found.count > 0)
            break;
    }
    return 0;
}

/* All files there are now, behind those of the log that are not read yet. */
int lt_files_latest(struct lt_source *base, struct lt_position *positions, struct lt_error *error)
{
    struct lt_files_source *source = lt_files_source_of(base);
    struct lt_files_look look = {.source = source, .is_all = true, .hears = true};
    lt_text_init(&look.paths);
    lt_files_drop_admitted(source);
    lt_files_unsee(source, &source->listed);
    int64_t begun_ns = lt_clock_now_ns(source->clock);
    int code = list(source, &look);
    int64_t listed_ns = lt_clock_now_ns(source->clock) - begun_ns;
    lt_text_fini(&look.open);
    if (code != 0) {
        lt_files_queue_fini(&look.found);
        if (error != NULL)
            *error = look.error;
        return code;
    }
    base->look_interval_ns = look_interval_ns(source, &look, listed_ns);
    lt_files_queue_move(&source->listed, &look.found);
    positions[0] = (struct lt_position){
        .offset = (int64_t)(lt_files_log_end(source->log) + source->listed.count)};
    return 0;
}

/* Of what is in the log and was not read the sizes are not known; such files are few, and were let
 * in before. */
static int64_t size_of(const struct lt_files_source *source, uint64_t ordinal)
{
    uint64_t logged_end = lt_files_log_end(source->log);
    if (ordinal < logged_end)
        return 0;
    int64_t size_bytes =
        lt_files_queue_at(&source->listed, (size_t)(ordinal - logged_end))->size_bytes;
    return size_bytes > 0 ? size_bytes : 0;
}

/* As many files as the limits allow, one at least. A file that was begun in continuous mode counts
 * as one. */
int lt_files_admit(struct lt_source *base, const struct lt_position *start,
                   const struct lt_position *latest, struct lt_position *end,
                   struct lt_error *error)
{
    const struct lt_files_source *source = lt_files_source_of(base);
    const struct lt_files_settings *settings = &source->settings;
    int64_t bytes = 0, at = start[0].offset;
    (void)error;
    for (; at < latest[0].offset; at++) {
        int64_t count = at - start[0].offset;
        bytes += size_of(source, (uint64_t)at);
        if ((settings->max_files >= 0 && count >= settings->max_files) ||
            (settings->max_bytes >= 0 && count > 0 && bytes > settings->max_bytes))
            break;
    }
    end[0] = (struct lt_position){.offset = at};
    return 1;
}

void lt_files_positions_to_json(struct lt_source *base, const struct lt_position *positions,
                                struct lt_text_buffer *out)
{
    lt_files_log_to_json(lt_files_source_of(base)->log, &positions[0], out);
}

int lt_files_positions_from_json(struct lt_source *base, const char *json,
                                 struct lt_position *positions, struct lt_error *error)
{
    return lt_files_log_from_json(lt_files_source_of(base)->log, json, &positions[0], error);
}

/* --------------------------------------------------------------------------------------- epochs */

static void append_name(void *context, const char *name)
{
    struct lt_text_buffer *names = context;
    lt_text_append(names, name);
    lt_text_append_char(names, '\n');
}

/* Takes the files into the log that the epoch has read of, or that the batch will read; returns how
 * many. */
static uint64_t log_admitted(struct lt_files_source *source, uint64_t end)
{
    uint64_t count = 0;
    lt_files_lock(source);
    while (lt_files_log_end(source->log) < end) {
        struct lt_files_item item;
        bool is_known = lt_files_queue_pop(&source->admitted, &item) ||
                        lt_files_queue_pop(&source->listed, &item);
        lt_assert(is_known); /* a position is behind nothing that was not begun or listed */
        lt_files_log_add(source->log, item.path, item.modified_ms);
        free(item.path);
        count++;
    }
    lt_files_unlock(source);
    return count;
}

int lt_files_settle(struct lt_source *base, uint64_t epoch, const struct lt_position *positions,
                    struct lt_source_log *log, struct lt_error *error)
{
    struct lt_files_source *source = lt_files_source_of(base);
    uint64_t end = (uint64_t)positions[0].offset + (positions[0].extra > 0);
    (void)epoch, (void)error;
    if (log_admitted(source, end) == 0)
        return 1;
    lt_files_lock(source);
    int64_t oldest_ms = source->oldest_ms;
    lt_files_unlock(source);
    _Static_assert(sizeof log->name >= LT_FILES_LOG_NAME_SIZE, "the name is written there");
    lt_files_log_end_batch(source->log, oldest_ms,
                           lt_files_log_batch_before(source->log, &source->committed), log->name,
                           &log->content);
    lt_files_log_visit_superfluous(source->log, append_name, &log->deleted);
    return 1;
}

void lt_files_clean_from(struct lt_files_source *source, int64_t ordinal)
{
    if (source->clean_from >= 0)
        return;
    const struct lt_files_log_entry *last = NULL, *entry;
    int batches = 0;
    for (source->clean_from = ordinal; source->clean_from > 0; source->clean_from--) {
        entry = lt_files_log_at(source->log, (uint64_t)source->clean_from - 1);
        if (entry == NULL)
            return;
        batches += last == NULL || entry->batch != last->batch;
        if (batches > LT_LIMIT_EPOCHS_IN_FLIGHT)
            return;
        last = entry;
    }
}

void lt_files_commit(struct lt_source *base, uint64_t epoch, const struct lt_position *positions)
{
    struct lt_files_source *source = lt_files_source_of(base);
    (void)epoch;
    source->committed = positions[0];
    if (source->settings.cleaning.mode == LT_FILES_CLEAN_OFF)
        return;
    lt_files_lock(source);
    lt_files_clean_from(source, positions[0].offset);
    for (; source->clean_from < positions[0].offset; source->clean_from++) {
        const struct lt_files_log_entry *entry =
            lt_files_log_at(source->log, (uint64_t)source->clean_from);
        if (entry == NULL)
            continue;
        const struct lt_files_item item = {.path = lt_strdup(entry->path),
                                           .modified_ms = entry->timestamp_ms};
        lt_files_queue_push(&source->finished, &item);
    }
    if (source->cleaner != NULL && source->finished.count > 0)
        lt_waker_wake(source->cleaner);
    lt_files_unlock(source);
}
