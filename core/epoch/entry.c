/*
 * Composing an epoch's entries. The texts are core/epoch/log.h's.
 */
#include "core/epoch/entry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/epoch/log.h"

enum { NAME_SIZE = 64 };

void lt_entry_publish_notes(struct lt_checkpoint *checkpoint, uint32_t sink, uint64_t epoch,
                            const char *const *notes, uint32_t count, lt_checkpoint_done_fn *done,
                            void *context)
{
    struct lt_text_buffer joined, content;
    lt_text_init(&joined);
    lt_text_init(&content);
    lt_epoch_log_join_notes(&joined, notes, count);
    lt_epoch_log_format_notes(&content, lt_text_get(&joined));
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "sinks/%" PRIu32 "/%" PRIu64, sink, epoch);
    lt_checkpoint_publish(checkpoint, name, lt_text_get(&content), done, context);
    lt_text_fini(&content);
    lt_text_fini(&joined);
}

static void name_log_file(char out[NAME_SIZE], uint32_t source, const char *name, size_t size_bytes)
{
    lt_assert(size_bytes > 0 && size_bytes < LT_SOURCE_LOG_NAME_SIZE);
    lt_assert(name[0] != '.' && memchr(name, '/', size_bytes) == NULL);
    snprintf(out, NAME_SIZE, "sources/%" PRIu32 "/%.*s", source, (int)size_bytes, name);
}

void lt_entry_publish_source_log(struct lt_checkpoint *checkpoint, uint32_t source,
                                 const struct lt_source_log *log, lt_checkpoint_done_fn *done,
                                 void *context)
{
    char name[NAME_SIZE];
    if (log->name[0] == '\0')
        return;
    name_log_file(name, source, log->name, strlen(log->name));
    lt_checkpoint_publish(checkpoint, name, lt_text_get(&log->content), done, context);
}

void lt_entry_delete_source_log(struct lt_checkpoint *checkpoint, uint32_t source,
                                const struct lt_source_log *log)
{
    char name[NAME_SIZE];
    const char *at = lt_text_get(&log->deleted);
    for (size_t size_bytes; *at != '\0'; at += size_bytes + 1) {
        size_bytes = strcspn(at, "\n");
        lt_assert(at[size_bytes] == '\n');
        name_log_file(name, source, at, size_bytes);
        lt_checkpoint_delete(checkpoint, name);
    }
}

void lt_entry_publish_offsets(struct lt_checkpoint *checkpoint, uint64_t epoch,
                              const struct lt_entry_offsets *offsets, lt_checkpoint_done_fn *done,
                              void *context)
{
    const struct lt_position *positions = offsets->positions;
    char **sources = lt_alloc_array(offsets->source_count + 1u, sizeof sources[0]);
    for (uint32_t i = 0; i < offsets->source_count; i++) {
        struct lt_source *source = offsets->sources[i];
        struct lt_text_buffer json;
        lt_text_init(&json);
        source->ops->positions_to_json(source, positions, &json);
        positions += source->partition_count;
        sources[i] = lt_text_take(&json);
    }
    struct lt_text_buffer content;
    lt_text_init(&content);
    lt_epoch_log_format_offsets(&content, &offsets->metadata, (const char *const *)sources,
                                offsets->source_count);
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "offsets/%" PRIu64, epoch);
    lt_checkpoint_publish(checkpoint, name, lt_text_get(&content), done, context);
    lt_text_fini(&content);
    for (uint32_t i = 0; i < offsets->source_count; i++)
        free(sources[i]);
    free(sources);
}

void lt_entry_publish_prepared(struct lt_checkpoint *checkpoint, uint64_t epoch,
                               const struct lt_epoch_prepared *prepared,
                               lt_checkpoint_done_fn *done, void *context)
{
    struct lt_text_buffer content;
    lt_text_init(&content);
    lt_epoch_log_format_prepared(&content, prepared);
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "prepared/%" PRIu64, epoch);
    lt_checkpoint_publish(checkpoint, name, lt_text_get(&content), done, context);
    lt_text_fini(&content);
}

/* commits/e: its name, and what it says. */
struct commit {
    char name[NAME_SIZE];
    struct lt_text_buffer content;
};

static void make_commit(struct commit *commit, uint64_t epoch, int64_t next_watermark_ms)
{
    snprintf(commit->name, sizeof commit->name, "commits/%" PRIu64, epoch);
    lt_text_init(&commit->content);
    lt_epoch_log_format_commit(&commit->content, next_watermark_ms);
}

void lt_entry_publish_commit(struct lt_checkpoint *checkpoint, uint64_t epoch,
                             int64_t next_watermark_ms, lt_checkpoint_done_fn *done,
                             void *context)
{
    struct commit commit;
    make_commit(&commit, epoch, next_watermark_ms);
    lt_checkpoint_publish(checkpoint, commit.name, lt_text_get(&commit.content), done, context);
    lt_text_fini(&commit.content);
}

void lt_entry_write_commit_ahead(struct lt_checkpoint *checkpoint, uint64_t epoch,
                                 int64_t next_watermark_ms)
{
    struct commit commit;
    make_commit(&commit, epoch, next_watermark_ms);
    lt_checkpoint_write_ahead(checkpoint, commit.name, lt_text_get(&commit.content));
    lt_text_fini(&commit.content);
}
