/*
 * Reading the files of a directory source, one after the other, and looking for new ones.
 *
 * A poll does what can be done now and never waits: it begins the next file if none is open and the
 * epoch's limits allow one more, starts a read if the feed has room, takes rows out of the feed.
 * Everything that waits is an operation of the reactor, and each that completes makes the reader
 * look again (`is_poked`).
 *
 * New files are looked for by one look at a time (io/files_look.h), which runs on the reactor's
 * helper thread: of all the place at the begin, and when a watch cannot say more; else of the paths
 * that the watch has named. Without a watch all is looked at again after each pollInterval.
 *
 * A reader with an end (a replay, availableNow) reads what the log and the first listing have, and
 * looks only when that is not enough.
 *
 * on: the lane's source thread.
 */
#include "io/files_reader_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "io/files_name.h"

enum { FILES_PER_POLL = 64 /* ended in one poll at most, with rows or without */ };

static struct lt_files_reader *reader_of(struct lt_reader *base)
{
    return (struct lt_files_reader *)(void *)base; /* the base is its first member */
}

/* The first ordinal that is not to be begun. */
static uint64_t end_ordinal(const struct lt_files_reader *reader)
{
    return (uint64_t)reader->end.offset +
           (lt_files_reader_has_end(reader) && reader->end.extra > 0);
}

/* Does the end lie within the file that comes next, or is open? */
static bool is_last_file(const struct lt_files_reader *reader)
{
    return lt_files_reader_has_end(reader) && reader->end.extra > 0 &&
           reader->ordinal == (uint64_t)reader->end.offset;
}

bool lt_files_reader_is_at_end(const struct lt_files_reader *reader)
{
    return reader->input.state == LT_FILES_CLOSED &&
           (is_last_file(reader) ? reader->first_byte >= reader->end.extra
                                 : reader->ordinal >= end_ordinal(reader));
}

void lt_files_reader_fail(struct lt_files_reader *reader, const struct lt_error *error)
{
    reader->base.error = *error;
    lt_error_append(&reader->base.error, "source %s", reader->source->base.type->name);
    reader->has_failed = true;
}

static void count(struct lt_shared_u64 *counter)
{
    if (counter != NULL)
        lt_counter_add(counter, 1);
}

/* ---------------------------------------------------------------------------------------- files */

static bool is_within_limits(const struct lt_files_reader *reader, const struct lt_files_item *item)
{
    const struct lt_files_settings *settings = &reader->source->settings;
    if (reader->ordinal < reader->logged_end) /* it has been let in once */
        return true;
    if (settings->max_files >= 0)
        return reader->files_begun < settings->max_files;
    if (settings->max_bytes >= 0 && reader->files_begun > 0)
        return item->size_bytes <= settings->max_bytes - reader->bytes_begun;
    return true;
}

/* What is not in the log yet will have to be, before a position behind it is logged. */
static void admit(struct lt_files_reader *reader)
{
    struct lt_files_source *source = reader->source;
    if (reader->ordinal < reader->logged_end)
        return;
    struct lt_files_item copy = reader->item;
    copy.path = lt_strdup(copy.path);
    lt_files_lock(source);
    lt_files_queue_push(&source->admitted, &copy);
    lt_files_unlock(source);
}

static void leave_file(struct lt_files_reader *reader)
{
    lt_files_input_close(&reader->input);
    free(reader->item.path);
    reader->item.path = NULL;
}

static void next_file(struct lt_files_reader *reader)
{
    leave_file(reader);
    reader->ordinal++;
}

/* All was read of it, or what lies before the end: what comes next begins there, in this file. */
static void end_file(struct lt_files_reader *reader)
{
    if (is_last_file(reader)) {
        leave_file(reader);
        reader->first_byte = reader->end.extra;
        return;
    }
    count(reader->read_count);
    next_file(reader);
}

static void skip_file(struct lt_files_reader *reader, const char *why)
{
    lt_log_warn("source %s: %s: left out", reader->source->base.type->name, why);
    count(reader->skipped_count);
    next_file(reader);
}

/* False: there is no file to begin now. */
static bool begin_file(struct lt_files_reader *reader)
{
    if (reader->queue.count == 0 || lt_files_reader_is_at_end(reader) ||
        !is_within_limits(reader, lt_files_queue_at(&reader->queue, 0)))
        return false;
    struct lt_error error;
    bool has_item = lt_files_queue_pop(&reader->queue, &reader->item);
    lt_assert(has_item);
    admit(reader);
    reader->files_begun++;
    reader->bytes_begun += reader->item.size_bytes > 0 ? reader->item.size_bytes : 0;
    snprintf(reader->stage, sizeof reader->stage, "source %s %s", reader->source->base.type->name,
             lt_files_base_name(reader->item.path));
    int code = lt_files_columns_begin(reader->columns, &reader->item, &error);
    if (code < 0) {
        lt_files_reader_fail(reader, &error);
        return false;
    }
    if (code == 1) {
        lt_error_set(&error, LT_E_INVALID, "file \"%s\" lies in no partition", reader->item.path);
        skip_file(reader, error.text);
        return true;
    }
    lt_feed_begin(reader->feed, reader->first_byte);
    lt_files_input_open(&reader->input, &reader->item, reader->first_byte,
                        is_last_file(reader) ? reader->end.extra : -1);
    reader->first_byte = 0;
    return true;
}

/* The file cannot be read on: that ends the query, unless the user has said otherwise. */
static void take_failure(struct lt_files_reader *reader, const struct lt_error *error)
{
    const struct lt_files_settings *settings = &reader->source->settings;
    struct lt_error failure = *error;
    if (failure.code == LT_E_NOT_FOUND && settings->ignores_missing) {
        skip_file(reader, failure.text);
        return;
    }
    /* What cannot be opened (no permission, too many files) is not damaged. */
    bool is_damaged = reader->input.fd >= 0 || failure.code == LT_E_UNSUPPORTED;
    if (is_damaged && settings->ignores_corrupt) {
        skip_file(reader, failure.text);
        return;
    }
    if (failure.code == LT_E_NOT_FOUND) {
        lt_error_set(&failure, LT_E_NOT_FOUND,
                     "[FAILED_READ_FILE.FILE_NOT_EXIST] file \"%s\" vanished before it was read; "
                     "hint: ignoreMissingFiles goes on without it",
                     reader->item.path);
        lt_error_condition(&failure, "FAILED_READ_FILE.FILE_NOT_EXIST", "KD001");
    }
    lt_files_reader_fail(reader, &failure);
}

/* Takes rows of the open file; true when another turn may find more. */
static bool take_rows(struct lt_files_reader *reader, struct lt_out *out, uint32_t limit,
                      uint32_t *count_out)
{
    enum lt_poll_status status;
    struct lt_files_input *input = &reader->input;
    if (input->state == LT_FILES_CLOSED || input->state == LT_FILES_OPENING)
        return false;
    *count_out += lt_feed_poll(reader->feed, out, limit - *count_out, &status);
    if (status == LT_POLL_ENDED) {
        end_file(reader);
        return true;
    }
    if (status == LT_POLL_FAILED) {
        struct lt_error error = *lt_feed_error(reader->feed);
        lt_error_append(&error, "file \"%s\"", reader->item.path);
        take_failure(reader, &error);
        return true;
    }
    if (status != LT_POLL_IDLE || lt_feed_is_starved(reader->feed))
        return false;
    if (input->state == LT_FILES_FAILED) {
        take_failure(reader, &input->error);
        return true;
    }
    /* Only now: what lies unread in the feed would have to be moved to make room behind it. */
    lt_files_input_read(input);
    return false;
}

static bool has_limit(const struct lt_files_settings *settings)
{
    return settings->max_files >= 0 || settings->max_bytes >= 0;
}

static enum lt_poll_status reader_poll(struct lt_reader *base, struct lt_out *out, uint32_t limit,
                                       uint32_t *count_out)
{
    struct lt_files_reader *reader = reader_of(base);
    *count_out = 0;
    reader->is_poked = false;
    lt_files_reader_look(reader);
    for (int turn = 0; turn < FILES_PER_POLL && !reader->has_failed && *count_out < limit; turn++) {
        bool has_begun = reader->input.state == LT_FILES_CLOSED && begin_file(reader);
        if (!take_rows(reader, out, limit, count_out) && !has_begun)
            break;
    }
    if (reader->has_failed)
        return LT_POLL_FAILED;
    if (lt_files_reader_is_at_end(reader))
        return LT_POLL_ENDED;
    return *count_out >= limit ? LT_POLL_MORE : LT_POLL_IDLE;
}

/* --------------------------------------------------------------------------------- the contract */

static bool reader_is_ready(struct lt_reader *base)
{
    struct lt_files_reader *reader = reader_of(base);
    return reader->has_looked || lt_files_reader_has_end(reader);
}

static bool reader_is_idle(struct lt_reader *base)
{
    struct lt_files_reader *reader = reader_of(base);
    return !reader->is_poked;
}

static int64_t reader_deadline_ns(struct lt_reader *base)
{
    struct lt_files_reader *reader = reader_of(base);
    if (lt_feed_is_starved(reader->feed))
        return lt_clock_now_ns(reader->clock) + LT_FEED_RETRY_NS;
    if (lt_files_reader_has_end(reader) || reader->look_io.is_pending)
        return LT_NEVER_NS;
    int64_t open_ns = reader->look.open.size_bytes > 0 ? reader->next_open_ns : LT_NEVER_NS;
    return lt_files_reader_is_polled(reader) && reader->next_look_ns < open_ns
               ? reader->next_look_ns
               : open_ns;
}

/* An epoch ends here: its limits begin anew. */
static void reader_position(struct lt_reader *base, struct lt_position *positions)
{
    struct lt_files_reader *reader = reader_of(base);
    const struct lt_files_settings *settings = &reader->source->settings;
    bool is_open = reader->input.state != LT_FILES_CLOSED;
    positions[0] = (struct lt_position){
        .offset = (int64_t)reader->ordinal,
        .extra = is_open ? lt_feed_position(reader->feed) : reader->first_byte,
    };
    reader->files_begun = reader->bytes_begun = 0;
    if (settings->is_latest_first && has_limit(settings) && !lt_files_reader_has_end(reader))
        reader->starts_over = reader->wants_all = true;
    reader->is_poked = true;
}

static int64_t rest_of_file(const struct lt_files_reader *reader)
{
    int64_t rest = reader->item.size_bytes - lt_feed_position(reader->feed);
    return rest > 0 ? rest : 0; /* of a compressed one there may be more */
}

/* Records are not counted before they are read; files and bytes are told by counters of the
 * source's. In time it is as far behind as the next file is old. */
static void reader_lag(struct lt_reader *base, int64_t *records, int64_t *ms)
{
    struct lt_files_reader *reader = reader_of(base);
    bool is_open = reader->input.state != LT_FILES_CLOSED;
    size_t files = reader->queue.count + is_open;
    int64_t bytes = is_open ? rest_of_file(reader) : 0;
    for (size_t i = 0; i < reader->queue.count && reader->bytes_behind != NULL; i++) {
        int64_t size_bytes = lt_files_queue_at(&reader->queue, i)->size_bytes;
        bytes += size_bytes > 0 ? size_bytes : 0;
    }
    if (reader->files_behind != NULL) {
        lt_counter_set(reader->files_behind, files);
        lt_counter_set(reader->bytes_behind, (uint64_t)bytes);
    }
    *records = files == 0 && reader->has_looked ? 0 : -1;
    *ms = *records;
    if (files > 0) {
        const struct lt_files_item *next =
            is_open ? &reader->item : lt_files_queue_at(&reader->queue, 0);
        int64_t age_ms = lt_clock_wall_us(reader->clock) / 1000 - next->modified_ms;
        *ms = age_ms > 0 ? age_ms : 0;
    }
}

static void set_cleaner(struct lt_files_source *source, struct lt_waker *waker)
{
    lt_files_lock(source);
    source->cleaner = waker;
    lt_files_unlock(source);
}

static void reader_stop(struct lt_reader *base)
{
    struct lt_files_reader *reader = reader_of(base);
    if (reader->input.state != LT_FILES_CLOSED)
        reader->first_byte = lt_feed_position(reader->feed); /* where it stands, if it is asked */
    lt_files_input_close(&reader->input);
    lt_reactor_cancel_and_wait(reader->reactor, &reader->look_io);
    lt_reactor_cancel_and_wait(reader->reactor, &reader->watch_io);
    lt_reactor_cancel_and_wait(reader->reactor, &reader->clean_io);
    set_cleaner(reader->source, NULL);
    reader->is_stopped = true;
}

static void reader_close(struct lt_reader *base)
{
    struct lt_files_reader *reader = reader_of(base);
    if (!reader->is_stopped) /* it was opened, and never ran on a worker */
        reader_stop(base);
    if (reader->ordinal >= reader->logged_end)
        lt_files_unsee(reader->source, &reader->queue);
    lt_files_unsee(reader->source, &reader->look.found);
    lt_files_queue_fini(&reader->queue);
    lt_files_watch_destroy(reader->watch);
    lt_text_fini(&reader->look.paths);
    lt_text_fini(&reader->look.open);
    lt_text_fini(&reader->changed);
    lt_feed_destroy(reader->feed);
    lt_format_reader_destroy(reader->format);
    lt_files_columns_destroy(reader->columns);
    free(reader->item.path);
    free(reader);
}

/* ----------------------------------------------------------------------------------------- open */

/* What the log holds behind the position is read first, then what was listed when the query was
 * asked for its end. */
static int fill_queue(struct lt_files_reader *reader, struct lt_error *error)
{
    struct lt_files_source *source = reader->source;
    uint64_t end =
        reader->logged_end < end_ordinal(reader) ? reader->logged_end : end_ordinal(reader);
    for (uint64_t i = reader->ordinal; i < end; i++) {
        const struct lt_files_log_entry *entry = lt_files_log_at(source->log, i);
        if (entry == NULL)
            return lt_error_set(error, LT_E_CORRUPT,
                                "the file log has forgotten a file that is to be read again");
        const struct lt_files_item item = {
            .path = lt_strdup(entry->path), .modified_ms = entry->timestamp_ms, .size_bytes = -1};
        lt_files_queue_push(&reader->queue, &item);
    }
    if (lt_files_reader_has_end(reader) && end_ordinal(reader) > reader->logged_end)
        lt_files_queue_move(&reader->queue, &source->listed);
    return 0;
}

/* All that the next batch reads is in the log by now. A file that continuous mode had begun waits
 * in the queue since the reader was opened. */
static int reader_extend(struct lt_reader *base, const struct lt_position *end,
                         struct lt_error *error)
{
    struct lt_files_reader *reader = reader_of(base);
    lt_files_queue_fini(&reader->queue);
    reader->end = end[0];
    reader->logged_end = lt_files_log_end(reader->source->log);
    lt_assert(end_ordinal(reader) <= reader->logged_end);
    reader->is_poked = true;
    lt_files_reader_listen(reader);
    return fill_queue(reader, error);
}

static bool reader_has_more(struct lt_reader *base)
{
    return lt_files_reader_has_news(reader_of(base));
}

static void reader_listen(struct lt_reader *base)
{
    lt_files_reader_listen(reader_of(base));
}

static int open_feed(struct lt_files_reader *reader, const struct lt_connector_env *env,
                     struct lt_error *error)
{
    struct lt_files_source *source = reader->source;
    int code = lt_format_reader_create(source->format, source->base.used_columns, reader->stage,
                                       &reader->format, error);
    if (code != 0)
        return code;
    uint32_t count = lt_files_columns_count(reader->columns);
    struct lt_feed_options options = lt_feed_options_of(env, reader->format, count);
    if (count > source->format->schema->field_count)
        options.complete = lt_files_columns_complete;
    options.context = reader->columns;
    return lt_feed_create(&options, &reader->feed, error);
}

static void add_counters(struct lt_files_reader *reader, const struct lt_connector_env *env)
{
    reader->read_count = lt_connector_counter(env, LT_COUNTER_SUM, "files.read", "files",
                                              "files that were read to their end");
    reader->skipped_count =
        lt_connector_counter(env, LT_COUNTER_SUM, "files.skipped", "files",
                             "files that were left out: missing, damaged, in no partition");
    reader->files_behind =
        lt_connector_counter(env, LT_COUNTER_GAUGE, "files.behind", "files",
                             "files that were found and not read to their end");
    reader->bytes_behind = lt_connector_counter(env, LT_COUNTER_GAUGE, "files.bytes_behind",
                                                "bytes", "of those files that were not read");
}

int lt_files_open_reader(struct lt_source *base, const struct lt_connector_env *env,
                         const uint32_t *partitions, uint32_t partition_count,
                         const struct lt_position *start, const struct lt_position *end,
                         struct lt_reader **out, struct lt_error *error)
{
    static const struct lt_reader_ops ops = {
        .poll = reader_poll,
        .is_ready = reader_is_ready,
        .is_idle = reader_is_idle,
        .deadline_ns = reader_deadline_ns,
        .position = reader_position,
        .lag = reader_lag,
        .extend = reader_extend,
        .has_more = reader_has_more,
        .listen = reader_listen,
        .stop = reader_stop,
        .close = reader_close,
    };
    struct lt_files_source *source = lt_files_source_of(base);
    (void)partitions;
    lt_assert(partition_count == 1);
    struct lt_files_reader *reader = lt_alloc(sizeof *reader);
    reader->base.ops = &ops;
    reader->source = source;
    reader->reactor = env->reactor;
    reader->clock = env->clock;
    reader->ordinal = (uint64_t)start[0].offset;
    reader->first_byte = start[0].extra;
    reader->end = end != NULL ? end[0] : (struct lt_position){.offset = INT64_MAX};
    reader->logged_end = lt_files_log_end(source->log);
    reader->look.source = source;
    reader->wants_all = true;
    lt_files_drop_admitted(source);
    lt_files_lock(source);
    lt_files_clean_from(source, start[0].offset);
    lt_files_unlock(source);
    reader->columns = lt_files_columns_create(source, &reader->input.size_bytes);
    int code = open_feed(reader, env, error);
    if (code == 0)
        code = fill_queue(reader, error);
    lt_files_input_init(&reader->input, reader->reactor, reader->feed, &reader->is_poked);
    if (code != 0) {
        reader_close(&reader->base);
        *out = NULL;
        return lt_error_append(error, "source %s", base->type->name);
    }
    add_counters(reader, env);
    set_cleaner(source, env->waker);
    lt_files_reader_open_watch(reader);
    if (env->in_batches && end != NULL)
        lt_files_reader_listen(reader);
    *out = &reader->base;
    return 0;
}
