/*
 * How a reader of a directory learns of new files, and what it does with those that are committed.
 */
#include "io/files_reader_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"

enum { EVENT_READS_MAX = 16 /* at a time; what is left makes the watch tell again */ };

/* -------------------------------------------------------------------------------------- looking */

bool lt_files_reader_is_polled(const struct lt_files_reader *reader)
{
    return reader->watch == NULL || reader->is_watch_lost;
}

static void see_event(void *context, const char *path, bool is_complete)
{
    struct lt_files_reader *reader = context;
    if (reader->wants_all)
        return;
    lt_text_append_char(&reader->changed, is_complete ? LT_FILES_COMPLETE : LT_FILES_NAMED);
    lt_text_append_n(&reader->changed, path, strlen(path) + 1);
}

static void see_directory(void *context, const char *path)
{
    struct lt_files_reader *reader = context;
    reader->wants_all |= lt_files_may_hold_files(&reader->source->settings.place, path);
}

static void see_all(void *context)
{
    struct lt_files_reader *reader = context;
    reader->wants_all = true;
}

static void watch_done(struct lt_io *io)
{
    struct lt_files_reader *reader = io->context;
    reader->has_events = io->result != -ECANCELED;
    reader->is_poked = true;
}

static void arm_watch(struct lt_files_reader *reader, const struct lt_files_watch *watch)
{
    reader->watch_io = (struct lt_io){
        .kind = LT_IO_POLL,
        .fd = lt_files_watch_fd(watch),
        .flags = POLLIN,
        .done = watch_done,
        .context = reader,
    };
    lt_reactor_submit(reader->reactor, &reader->watch_io);
}

static bool read_some(struct lt_files_reader *reader)
{
    const struct lt_files_watch_visitor visitor = {
        .file = see_event, .directory = see_directory, .all = see_all, .context = reader};
    return lt_files_watch_read(reader->watch, &visitor);
}

/* The kernel keeps events until they are read; that is done when no look adds directories. */
static void read_events(struct lt_files_reader *reader)
{
    if (!reader->has_events || reader->look_io.is_pending || lt_files_reader_is_polled(reader))
        return;
    if (!read_some(reader))
        return; /* there are more: the next poll reads them */
    reader->has_events = false;
    arm_watch(reader, reader->watch);
}

static void lose_watch(struct lt_files_reader *reader, const struct lt_error *why)
{
    if (!reader->is_watch_lost)
        lt_log_info("source %s: %s; the directories are listed every %" PRId64 " ms",
                    reader->source->base.type->name, why->text,
                    reader->source->settings.poll_interval_ns / LT_NS_PER_MS);
    reader->is_watch_lost = true;
    if (reader->watch != NULL)
        lt_reactor_cancel(reader->reactor, &reader->watch_io);
}

/* A file that was found may have been created since the watch was read. */
static void leave_out_open(struct lt_files_reader *reader)
{
    if (lt_files_reader_is_polled(reader) || reader->look.found.count == 0)
        return;
    for (int i = 0; i < EVENT_READS_MAX; i++)
        if (read_some(reader))
            break;
    lt_files_leave_out_open(&reader->look);
}

static void look_done(struct lt_io *io)
{
    struct lt_files_reader *reader = io->context;
    struct lt_files_look *look = &reader->look;
    reader->is_poked = true;
    if (io->result == -ECANCELED)
        return;
    lt_text_clear(&look->paths);
    reader->has_looked = true;
    if (look->code != 0) {
        lt_files_reader_fail(reader, &look->error);
        return;
    }
    leave_out_open(reader);
    if (look->cannot_watch)
        lose_watch(reader, &look->error);
    lt_files_queue_move(&reader->queue, &look->found);
}

/* Does a look at everything have to come soon, by what waits and what may wait? */
static bool is_cache_spent(const struct lt_files_reader *reader)
{
    const struct lt_files_settings *settings = &reader->source->settings;
    double least =
        settings->max_files > 0 ? settings->discard_ratio * (double)settings->max_files : 0;
    return reader->look.is_cut && (reader->queue.count == 0 || (double)reader->queue.count < least);
}

/* Among the files that were left out since they are open may be links, of which no more is told. */
static bool is_open_due(const struct lt_files_reader *reader)
{
    return reader->look.open.size_bytes > 0 &&
           lt_clock_now_ns(reader->clock) >= reader->next_open_ns;
}

/* A look at everything finds them anyway. */
static void look_at_open(struct lt_files_reader *reader)
{
    struct lt_files_look *look = &reader->look;
    if (!look->is_all && !is_open_due(reader))
        return;
    if (!look->is_all)
        lt_text_append_n(&look->paths, look->open.data, look->open.size_bytes);
    lt_text_clear(&look->open);
    reader->next_open_ns =
        lt_clock_now_ns(reader->clock) + reader->source->settings.poll_interval_ns;
}

static bool is_look_due(struct lt_files_reader *reader)
{
    if (lt_files_reader_has_end(reader))
        return reader->queue.count == 0 && reader->input.state == LT_FILES_CLOSED &&
               !lt_files_reader_is_at_end(reader) && !reader->has_looked;
    if (reader->wants_all || reader->changed.size_bytes > 0 || is_open_due(reader))
        return true;
    if (is_cache_spent(reader) || (lt_files_reader_is_polled(reader) &&
                                   lt_clock_now_ns(reader->clock) >= reader->next_look_ns))
        reader->wants_all = true;
    return reader->wants_all;
}

static void start_look(struct lt_files_reader *reader)
{
    struct lt_files_look *look = &reader->look;
    if (reader->look_io.is_pending || !is_look_due(reader))
        return;
    look->is_all = reader->wants_all || lt_files_reader_has_end(reader);
    if (reader->starts_over && reader->ordinal >= reader->logged_end) {
        lt_files_unsee(reader->source, &reader->queue);
        look->is_all = true;
    }
    reader->starts_over = reader->wants_all = false;
    if (!look->is_all)
        lt_text_append_n(&look->paths, reader->changed.data, reader->changed.size_bytes);
    lt_text_clear(&reader->changed);
    look_at_open(reader);
    reader->next_look_ns =
        lt_clock_now_ns(reader->clock) + reader->source->settings.poll_interval_ns;
    look->watch = reader->is_watch_lost ? NULL : reader->watch;
    reader->look_io = (struct lt_io){.kind = LT_IO_CALL,
                                     .call = lt_files_look_call,
                                     .call_context = look,
                                     .done = look_done,
                                     .context = reader};
    lt_reactor_submit(reader->reactor, &reader->look_io);
}

/* ------------------------------------------------------------------------------------- cleaning */

static void clean_done(struct lt_io *io)
{
    struct lt_files_reader *reader = io->context;
    if (io->result == -ECANCELED) {
        lt_files_lock(reader->source);
        lt_files_queue_push(&reader->source->finished, &reader->cleaning);
        lt_files_unlock(reader->source);
    } else {
        free(reader->cleaning.path);
    }
    reader->cleaning.path = NULL;
    reader->is_poked = true;
}

static int64_t clean_call(void *context)
{
    struct lt_files_reader *reader = context;
    lt_files_clean_one(&reader->source->settings.cleaning, &reader->cleaning);
    return 0;
}

static void start_cleaning(struct lt_files_reader *reader)
{
    struct lt_files_source *source = reader->source;
    if (source->settings.cleaning.mode == LT_FILES_CLEAN_OFF || reader->cleaning.path != NULL)
        return;
    lt_files_lock(source);
    bool is_there = lt_files_queue_pop(&source->finished, &reader->cleaning);
    lt_files_unlock(source);
    if (!is_there)
        return;
    reader->clean_io = (struct lt_io){.kind = LT_IO_CALL,
                                      .call = clean_call,
                                      .call_context = reader,
                                      .done = clean_done,
                                      .context = reader};
    lt_reactor_submit(reader->reactor, &reader->clean_io);
}

void lt_files_reader_open_watch(struct lt_files_reader *reader)
{
    struct lt_error error;
    if (lt_files_reader_has_end(reader) || !reader->source->settings.may_watch)
        return;
    reader->watch = lt_files_watch_create(&error);
    if (reader->watch == NULL)
        lose_watch(reader, &error);
    else
        arm_watch(reader, reader->watch);
}

void lt_files_reader_look(struct lt_files_reader *reader)
{
    read_events(reader);
    start_look(reader);
    start_cleaning(reader);
}

/* ----------------------------------------------------------------------------------- in batches */

void lt_files_reader_listen(struct lt_files_reader *reader)
{
    if (reader->source->watch == NULL || reader->watch_io.is_pending)
        return;
    reader->has_events = reader->has_news = false;
    arm_watch(reader, reader->source->watch);
}

bool lt_files_reader_has_news(struct lt_files_reader *reader)
{
    start_cleaning(reader);
    if (!reader->has_events)
        return reader->has_news;
    reader->has_events = false;
    reader->has_news |= lt_files_hear(reader->source->watch, &reader->source->settings.place,
                                      EVENT_READS_MAX);
    if (!reader->has_news)
        arm_watch(reader, reader->source->watch);
    return reader->has_news;
}
