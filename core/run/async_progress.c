#include "core/run/async_progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/epoch/entry.h"
#include "core/run/batch_control.h"

enum { NAME_SIZE = 64, FIRST_ROOM = 16 };

struct entry {
    bool is_there, is_logged;
    uint64_t epoch;
    struct lt_position *positions;
    int64_t watermark_ms, timestamp_ms, next_watermark_ms;
    struct lt_source_log *superfluous; /* by source; only `deleted` is used */
};

struct lt_async_progress {
    struct lt_checkpoint *checkpoint;
    const struct lt_clock *clock;
    struct lt_source *const *sources;
    uint32_t source_count, partition_count;
    const char *conf;
    uint64_t first_epoch;
    int64_t interval_ns;
    struct entry newest, written;
    bool is_durable; /* `written` is */
    bool is_closing;
    int64_t due_ns;
    /* Numbers of this run's entries on the disk, oldest first: a ring once it is full. */
    uint64_t *retained;
    uint32_t retained_first, retained_count, retained_room, retained_most;
    struct lt_error failure; /* code 0: none */
};

/* ----------------------------------------------------------------------------------- life span */

static void entry_init(const struct lt_async_progress *progress, struct entry *entry)
{
    uint32_t source_count = progress->source_count;
    entry->positions = lt_alloc_array(progress->partition_count + 1u, sizeof *entry->positions);
    entry->superfluous = lt_alloc_array(source_count + 1u, sizeof *entry->superfluous);
    for (uint32_t i = 0; i < source_count; i++)
        lt_text_init(&entry->superfluous[i].deleted);
}

static void entry_fini(const struct lt_async_progress *progress, struct entry *entry)
{
    for (uint32_t i = 0; i < progress->source_count; i++)
        lt_text_fini(&entry->superfluous[i].deleted);
    free(entry->superfluous);
    free(entry->positions);
}

struct lt_async_progress *lt_async_progress_create(const struct lt_batches_options *batches,
                                                   const struct lt_batch_settings *settings)
{
    if (batches->checkpoint == NULL || !lt_batch_settings_are_async(settings))
        return NULL;
    struct lt_async_progress *progress = lt_alloc(sizeof *progress);
    lt_assert(settings->min_batches_to_retain > 0);
    progress->checkpoint = batches->checkpoint;
    progress->clock = batches->clock;
    progress->sources = batches->sources;
    progress->source_count = batches->source_count;
    for (uint32_t i = 0; i < batches->source_count; i++)
        progress->partition_count += batches->sources[i]->partition_count;
    progress->conf = settings->conf;
    progress->first_epoch = batches->first_epoch;
    progress->interval_ns = settings->async_interval_ns;
    progress->retained_most = settings->min_batches_to_retain;
    entry_init(progress, &progress->newest);
    entry_init(progress, &progress->written);
    progress->due_ns = INT64_MIN; /* the first batch of a run has its entries at once */
    return progress;
}

void lt_async_progress_destroy(struct lt_async_progress *progress)
{
    if (progress == NULL)
        return;
    entry_fini(progress, &progress->newest);
    entry_fini(progress, &progress->written);
    free(progress->retained);
    free(progress);
}

/* ------------------------------------------------------------------------------------- entries */

void lt_async_progress_done(struct lt_async_progress *progress,
                            const struct lt_async_batch *batch)
{
    if (progress == NULL)
        return;
    struct entry *entry = &progress->newest;
    entry->is_there = true;
    entry->is_logged = batch->is_logged;
    entry->epoch = batch->epoch;
    entry->watermark_ms = batch->watermark_ms;
    entry->timestamp_ms = batch->timestamp_ms;
    entry->next_watermark_ms = batch->next_watermark_ms;
    memcpy(entry->positions, batch->positions,
           progress->partition_count * sizeof *entry->positions);
    /* What a batch without entries has made superfluous is so only with those of a later one. */
    for (uint32_t i = 0; i < progress->source_count; i++)
        lt_text_append(&entry->superfluous[i].deleted, lt_text_get(&batch->logs[i].deleted));
}

/* The first failure counts. */
static void keep_failure(struct lt_async_progress *progress, const struct lt_error *error)
{
    if (progress->failure.code == 0)
        progress->failure = *error;
}

static void on_offsets(void *context, int code, const struct lt_error *error)
{
    if (code != 0)
        keep_failure(context, error);
}

static void on_commit(void *context, int code, const struct lt_error *error)
{
    struct lt_async_progress *progress = context;
    progress->is_durable = code == 0;
    if (code != 0)
        keep_failure(progress, error);
}

/* Both are queued at once: the checkpoint writes the one after the other. */
static void write_newest(struct lt_async_progress *progress)
{
    struct entry entry = progress->newest;
    progress->newest = progress->written;
    progress->written = entry;
    progress->is_durable = false;
    progress->due_ns = lt_clock_now_ns(progress->clock) + progress->interval_ns;
    const struct lt_entry_offsets offsets = {
        .sources = progress->sources,
        .source_count = progress->source_count,
        .positions = entry.positions,
        .metadata = {.watermark_ms = entry.watermark_ms,
                     .timestamp_ms = entry.timestamp_ms,
                     .prepared_sinks = -1,
                     .conf = progress->conf},
    };
    if (!entry.is_logged)
        lt_entry_publish_offsets(progress->checkpoint, entry.epoch, &offsets, on_offsets, progress);
    lt_entry_publish_commit(progress->checkpoint, entry.epoch, entry.next_watermark_ms, on_commit,
                            progress);
}

/* ----------------------------------------------------------------------------------- retention */

static void delete_entries(const struct lt_async_progress *progress, uint64_t epoch)
{
    static const char *const folders[] = {"offsets", "commits"};
    char name[NAME_SIZE];
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        snprintf(name, sizeof name, "%s/%" PRIu64, folders[i], epoch);
        lt_checkpoint_delete(progress->checkpoint, name);
    }
}

static void make_room(struct lt_async_progress *progress)
{
    uint32_t most = progress->retained_most, room = progress->retained_room;
    if (progress->retained_count < room || room == most)
        return;
    room = room == 0 ? FIRST_ROOM : 2 * room;
    progress->retained_room = room < most ? room : most;
    progress->retained = lt_realloc_array(progress->retained, progress->retained_room,
                                          sizeof *progress->retained);
}

/* Entries are counted here, and not numbers, since those have gaps. Entries of earlier runs go by
 * their numbers, one for each of this run. */
static void retain(struct lt_async_progress *progress, uint64_t epoch)
{
    uint32_t most = progress->retained_most;
    make_room(progress);
    if (progress->retained_count == most) {
        delete_entries(progress, progress->retained[progress->retained_first]);
        progress->retained_first = (progress->retained_first + 1) % most;
        progress->retained_count--;
    }
    uint32_t at = (progress->retained_first + progress->retained_count) % progress->retained_room;
    progress->retained[at] = epoch;
    progress->retained_count++;
    lt_checkpoint_purge(progress->checkpoint,
                        progress->first_epoch + progress->retained_count - 1);
}

/* ----------------------------------------------------------------------------------------- step */

/* The entries are durable: sources may forget what they are of. */
static void conclude(struct lt_async_progress *progress)
{
    struct entry *entry = &progress->written;
    const struct lt_position *positions = entry->positions;
    for (uint32_t i = 0; i < progress->source_count; i++) {
        struct lt_source *source = progress->sources[i];
        if (source->ops->commit != NULL)
            source->ops->commit(source, entry->epoch, positions);
        positions += source->partition_count;
        lt_entry_delete_source_log(progress->checkpoint, i, &entry->superfluous[i]);
        lt_text_clear(&entry->superfluous[i].deleted);
    }
    entry->is_there = progress->is_durable = false;
    retain(progress, entry->epoch);
}

static bool can_write(const struct lt_async_progress *progress)
{
    return progress->newest.is_there && !progress->written.is_there;
}

int lt_async_progress_step(struct lt_async_progress *progress, struct lt_error *error)
{
    int work = 0;
    if (progress == NULL)
        return 0;
    if (progress->failure.code != 0) {
        if (error != NULL)
            *error = progress->failure;
        return progress->failure.code;
    }
    if (progress->is_durable) {
        conclude(progress);
        work++;
    }
    if (can_write(progress) &&
        lt_clock_now_ns(progress->clock) >= lt_async_progress_deadline_ns(progress)) {
        write_newest(progress);
        work++;
    }
    return work;
}

int64_t lt_async_progress_deadline_ns(const struct lt_async_progress *progress)
{
    if (progress == NULL || !can_write(progress))
        return LT_NEVER_NS;
    return progress->is_closing ? INT64_MIN : progress->due_ns;
}

bool lt_async_progress_has_room(const struct lt_async_progress *progress)
{
    return progress == NULL || progress->interval_ns > 0 || !progress->newest.is_there;
}

void lt_async_progress_close(struct lt_async_progress *progress)
{
    if (progress != NULL)
        progress->is_closing = true;
}

bool lt_async_progress_is_settled(const struct lt_async_progress *progress)
{
    return progress == NULL || (!progress->newest.is_there && !progress->written.is_there);
}
