/*
 * The checkpoint directory, put together from its parts: lock, listing, recovery function, files,
 * publisher.
 *
 * Opening first reads and concludes, and only then changes anything, so that a directory that is
 * refused stays as it was. The changes are those of core/epoch/protocol.h, "recovery": what never
 * was is deleted, and the deletion is durable before a new run uses the numbers again.
 *
 * What this is not: the finishing of epochs that are logged and not done. That takes sinks, and is
 * core/run's; this file tells which, and gives it what to read and write.
 */
#include "core/epoch/checkpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/base/text_buffer.h"
#include "core/base/uuid.h"
#include "core/epoch/directory.h"
#include "core/epoch/files.h"
#include "core/epoch/lock.h"
#include "core/epoch/log.h"
#include "core/epoch/protocol.h"
#include "core/epoch/publisher.h"

/* Entries deleted per call of purge: more than one epoch makes, so that a backlog shrinks. */
enum { PURGE_BATCH = 4 };

/* What a source's log reader acts on. */
struct source_log {
    const struct lt_checkpoint *checkpoint;
    uint32_t source;
};

struct lt_checkpoint {
    struct lt_arena *arena;
    struct lt_directory directory;
    struct lt_checkpoint_options options;
    const char *query_id;
    int lock_fd;
    struct lt_publisher *publisher; /* NULL until use_reactor */
    uint64_t unfinished_next, unfinished_end;
    uint64_t purge_next; /* the oldest entry that may still be there */
    struct source_log source_logs[LT_LIMIT_SINKS];
};

/* Whatever keeps a query from starting on a checkpoint is one code to its caller: what it can do
 * is the same. Only who is in the way (BUSY) and what is damaged (CORRUPT) are codes of their own.
 */
static int refuse(int code, struct lt_error *error)
{
    if (code == 0 || code == LT_E_BUSY || code == LT_E_CORRUPT || code == LT_E_CANCELLED)
        return code;
    if (error != NULL)
        error->code = LT_E_CHECKPOINT;
    return LT_E_CHECKPOINT;
}

/* ---------------------------------------------------------------------------------------- open */

/* Without metadata, only what leat itself may have left before it wrote it may be there. */
static int check_is_checkpoint(struct lt_directory *directory, struct lt_error *error)
{
    struct lt_epoch_names names;
    int code = lt_epoch_folder_list(&directory->root, &names, error);
    if (code != 0)
        return code;
    const char *log = NULL, *foreign = names.has_long ? "a file with a long name" : NULL;
    bool has_metadata = false;
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.names[i];
        if (strcmp(name, "metadata") == 0)
            has_metadata = true;
        else if (strcmp(name, "offsets") == 0 || strcmp(name, "commits") == 0)
            log = name;
        else if (strcmp(name, LT_EPOCH_LOCK_NAME) != 0 && strcmp(name, "lost+found") != 0 &&
                 strcmp(name, "metadata.crc") != 0 && strstr(name, ".leat.tmp") == NULL)
            foreign = name;
    }
    if (!has_metadata && log != NULL)
        code = lt_error_set(error, LT_E_CORRUPT,
                            "damaged: 'metadata' is missing, and '%s' is there; hint: restore it "
                            "from a copy, or start with a new directory",
                            log);
    else if (!has_metadata && foreign != NULL)
        code =
            lt_error_set(error, LT_E_INVALID,
                         "not a checkpoint: it holds '%s' and no 'metadata'; hint: give an empty "
                         "or new directory",
                         foreign);
    free(names.names);
    return code;
}

static int read_metadata(struct lt_checkpoint *checkpoint, struct lt_error *error)
{
    struct lt_text_buffer text, id;
    lt_text_init(&text);
    lt_text_init(&id);
    const struct lt_epoch_folder *root = &checkpoint->directory.root;
    int code =
        lt_epoch_file_read(root, "metadata", checkpoint->options.verify_checksums, &text, error);
    if (code == 0) {
        code = lt_epoch_log_parse_metadata(lt_text_get(&text), text.size_bytes, &id, error);
        if (code != 0)
            lt_error_append(error, "'%s/metadata'", root->path);
    } else if (code == LT_E_NOT_FOUND) {
        char uuid[LT_UUID_SIZE];
        lt_uuid_make(uuid);
        lt_text_append(&id, uuid);
        lt_text_clear(&text);
        lt_epoch_log_format_metadata(&text, uuid);
        code = lt_epoch_file_write(root, "metadata", lt_text_get(&text), text.size_bytes, error);
    }
    code = lt_directory_explain_damage(code, error);
    checkpoint->query_id = lt_arena_text(checkpoint->arena, lt_text_get(&id));
    lt_text_fini(&text);
    lt_text_fini(&id);
    return code;
}

/* Takes the lock and learns what stands in the directory; changes nothing but a new directory. */
static int open_directory(struct lt_checkpoint *checkpoint, struct lt_error *error)
{
    struct lt_directory *directory = &checkpoint->directory;
    int code = lt_directory_open(directory, checkpoint->options.path, error);
    if (code == 0)
        code = check_is_checkpoint(directory, error);
    if (code == 0)
        code = lt_epoch_lock_take(&directory->root, &checkpoint->lock_fd, error);
    if (code == 0)
        code = read_metadata(checkpoint, error);
    if (code == 0)
        code =
            lt_epoch_lock_name_owner(&directory->root, checkpoint->lock_fd,
                                     checkpoint->options.query_name, checkpoint->query_id, error);
    if (code == 0)
        code = lt_directory_read(directory, checkpoint->options.verify_checksums, checkpoint->arena,
                                 error);
    return code;
}

static int check_source_count(const struct lt_checkpoint *checkpoint, struct lt_error *error)
{
    const struct lt_directory *directory = &checkpoint->directory;
    uint32_t wanted = checkpoint->options.source_count;
    const struct lt_recovery_conclusion *conclusion = &directory->conclusion;
    const struct lt_epoch_offsets *newest =
        conclusion->last_logged >= 0 ? &directory->last : &directory->pending;
    bool has_newest = conclusion->last_logged >= 0 ||
                      (conclusion->has_pending && checkpoint->options.keeps_pending);
    if (!has_newest || newest->source_count == wanted)
        return 0;
    return lt_error_set(error, LT_E_INVALID,
                        "There are [%" PRIu32 "] sources in the checkpoint offsets and now there "
                        "are [%" PRIu32 "] sources requested by the query. Cannot continue. (By "
                        "'offsets/%" PRId64 "'); hint: sources may not be added, removed or "
                        "reordered, start with a new directory",
                        newest->source_count, wanted,
                        conclusion->last_logged >= 0 ? conclusion->last_logged : 0);
}

/* The offsets of the query's sources in an entry; "-" is NULL, as is what the entry has not. */
static const char **take_offsets(const struct lt_checkpoint *checkpoint,
                                 const struct lt_epoch_offsets *entry)
{
    uint32_t count = checkpoint->options.source_count;
    const char **offsets = lt_arena_alloc(checkpoint->arena, count * sizeof offsets[0]);
    for (uint32_t i = 0; i < count && i < entry->source_count; i++)
        if (strcmp(entry->sources[i], "-") != 0)
            offsets[i] = entry->sources[i];
    return offsets;
}

/* The watermark that the batch behind the last prepared one has: what the newest of them says it
 * is, and never less than what that one had itself. */
static int64_t next_watermark_ms(const struct lt_directory *directory)
{
    const struct lt_recovery_conclusion *conclusion = &directory->conclusion;
    int64_t count = conclusion->last_logged - conclusion->last_commit;
    int64_t told = count > 0 ? directory->unfinished[count - 1].next_watermark_ms
                             : directory->watermark_ms;
    int64_t own = conclusion->last_logged >= 0 ? directory->last.metadata.watermark_ms : 0;
    return told > own ? told : own;
}

static void fill_pending(const struct lt_checkpoint *checkpoint, struct lt_recovery *recovery)
{
    const struct lt_epoch_offsets *pending = &checkpoint->directory.pending;
    recovery->has_pending = true;
    recovery->pending_timestamp_ms = pending->metadata.timestamp_ms;
    recovery->pending_offsets = take_offsets(checkpoint, pending);
    recovery->watermark_ms = pending->metadata.watermark_ms;
    recovery->conf = pending->metadata.read_conf;
}

static void fill_recovery(const struct lt_checkpoint *checkpoint, struct lt_recovery *recovery)
{
    const struct lt_directory *directory = &checkpoint->directory;
    *recovery = (struct lt_recovery){
        .is_new = directory->conclusion.last_logged < 0,
        .first_epoch = (uint64_t)(directory->conclusion.last_logged + 1),
        .unfinished_first = checkpoint->unfinished_next,
        .unfinished_count = checkpoint->unfinished_end - checkpoint->unfinished_next,
        .watermark_ms = next_watermark_ms(directory),
        .last_watermark_ms = directory->last.metadata.watermark_ms,
        .conf = directory->last.metadata.read_conf,
    };
    recovery->source_offsets = take_offsets(checkpoint, &directory->last);
    if (directory->conclusion.has_pending && checkpoint->options.keeps_pending)
        fill_pending(checkpoint, recovery);
}

/* A batch that cannot be run again is forgotten; what its sources had received for it went with the
 * process. */
static void warn_of_lost(const struct lt_checkpoint *checkpoint)
{
    const struct lt_recovery_conclusion *conclusion = &checkpoint->directory.conclusion;
    if (!conclusion->has_pending || !checkpoint->options.runs_batches ||
        checkpoint->options.keeps_pending)
        return;
    const struct lt_epoch_offsets *pending = &checkpoint->directory.pending;
    struct lt_text_buffer ends;
    lt_text_init(&ends);
    for (uint32_t i = 0; i < pending->source_count; i++)
        lt_text_format(&ends, "%s%s", i == 0 ? "" : ", ", pending->sources[i]);
    lt_log_warn("batch %" PRId64 " was planned up to %.1000s, and not committed when the query "
                "ended: not all of its sources can be read again, and what those had received for "
                "it is lost; hint: the option \"spool\" of such a source keeps it",
                conclusion->last_logged + 1, lt_text_get(&ends));
    lt_text_fini(&ends);
}

/* Neither Spark nor leat logs a batch before the one in front of it is done. */
static void warn_of_untrailing(const struct lt_directory *directory)
{
    const struct lt_recovery_conclusion *conclusion = &directory->conclusion;
    if (conclusion->stale_count < 2)
        return;
    uint64_t last = directory->entries[directory->entry_count - 1].epoch;
    lt_log_warn("Batch completion log latest batch id is %" PRId64
                ", which is not trailing batchid %" PRIu64 " by one",
                conclusion->last_commit, last);
}

int lt_checkpoint_open(const struct lt_checkpoint_options *options, struct lt_checkpoint **out,
                       struct lt_recovery *recovery, struct lt_error *error)
{
    lt_assert(options->sink_count <= LT_LIMIT_SINKS);
    if (options->min_batches_to_retain == 0)
        return lt_error_set(error, LT_E_INVALID,
                            "minBatchesToRetain is 0, it has to be at least 1");
    struct lt_checkpoint *checkpoint = lt_alloc(sizeof *checkpoint);
    checkpoint->arena = lt_arena_create();
    checkpoint->options = *options;
    checkpoint->options.path = lt_arena_text(checkpoint->arena, options->path);
    checkpoint->lock_fd = -1;
    lt_directory_init(&checkpoint->directory);
    checkpoint->directory.runs_batches = options->runs_batches;
    checkpoint->directory.keeps_pending = options->keeps_pending;
    checkpoint->directory.has_state = options->has_state;
    int code = open_directory(checkpoint, error);
    if (code == 0)
        code = check_source_count(checkpoint, error);
    if (code == 0)
        code = lt_directory_clean(&checkpoint->directory, options->sink_count, error);
    if (code != 0) {
        if (code != LT_E_CANCELLED)
            lt_error_append(error, "checkpoint '%s'", options->path);
        lt_checkpoint_close(checkpoint);
        return refuse(code, error);
    }
    const struct lt_recovery_conclusion *conclusion = &checkpoint->directory.conclusion;
    warn_of_untrailing(&checkpoint->directory);
    warn_of_lost(checkpoint);
    checkpoint->unfinished_next = (uint64_t)(conclusion->last_commit + 1);
    checkpoint->unfinished_end = (uint64_t)(conclusion->last_logged + 1);
    checkpoint->purge_next = checkpoint->directory.oldest;
    fill_recovery(checkpoint, recovery);
    *out = checkpoint;
    return 0;
}

void lt_checkpoint_stop(struct lt_checkpoint *checkpoint)
{
    if (checkpoint == NULL)
        return;
    lt_publisher_destroy(checkpoint->publisher);
    checkpoint->publisher = NULL;
}

void lt_checkpoint_close(struct lt_checkpoint *checkpoint)
{
    if (checkpoint == NULL)
        return;
    lt_checkpoint_stop(checkpoint);
    lt_directory_close(&checkpoint->directory);
    if (checkpoint->lock_fd >= 0)
        close(checkpoint->lock_fd);
    lt_arena_destroy(checkpoint->arena);
    free(checkpoint);
}

const char *lt_checkpoint_query_id(const struct lt_checkpoint *checkpoint)
{
    return checkpoint->query_id;
}

/* ------------------------------------------------------------------------------------ recovery */

static bool is_unfinished(const struct lt_checkpoint *checkpoint, uint64_t epoch)
{
    return epoch >= checkpoint->unfinished_next && epoch < checkpoint->unfinished_end;
}

int lt_checkpoint_read_notes(struct lt_checkpoint *checkpoint, uint32_t sink, uint64_t epoch,
                             struct lt_text_buffer *out, struct lt_error *error)
{
    lt_assert(epoch < checkpoint->unfinished_end);
    lt_assert(sink < checkpoint->options.sink_count);
    struct lt_epoch_prepared prepared;
    int code = lt_directory_read_prepared(&checkpoint->directory, epoch, &prepared, error);
    if (code == LT_E_NOT_FOUND || (code == 0 && sink >= prepared.sinks))
        return LT_E_NOT_FOUND;
    if (code == 0)
        code = lt_directory_read_notes(&checkpoint->directory, sink, epoch, out, error);
    return refuse(lt_directory_explain_damage(code, error), error);
}

int lt_checkpoint_write_notes(struct lt_checkpoint *checkpoint, uint32_t sink, uint64_t epoch,
                              const char *notes, struct lt_error *error)
{
    lt_assert(is_unfinished(checkpoint, epoch));
    lt_assert(sink < checkpoint->options.sink_count);
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_epoch_log_format_notes(&text, notes);
    char name[LT_EPOCH_NAME_SIZE];
    snprintf(name, sizeof name, "%" PRIu64, epoch);
    int code = lt_epoch_file_write(&checkpoint->directory.sinks[sink], name, lt_text_get(&text),
                                   text.size_bytes, error);
    lt_text_fini(&text);
    return refuse(code, error);
}

int lt_checkpoint_read_offsets(struct lt_checkpoint *checkpoint, uint64_t epoch, uint32_t source,
                               struct lt_text_buffer *out, struct lt_error *error)
{
    lt_assert(source < checkpoint->options.source_count);
    struct lt_arena *arena = lt_arena_create();
    struct lt_epoch_offsets offsets;
    int code = lt_directory_read_offsets(&checkpoint->directory, epoch, arena, &offsets, error);
    if (code == 0 && source >= offsets.source_count)
        code = lt_error_set(
            error, LT_E_CORRUPT,
            "'%s/%" PRIu64 "' has %" PRIu32 " sources, and source %" PRIu32 " is asked for",
            checkpoint->directory.offsets.path, epoch, offsets.source_count, source);
    if (code == 0)
        lt_text_append(out, offsets.sources[source]);
    lt_arena_destroy(arena);
    return code;
}

int lt_checkpoint_finish(struct lt_checkpoint *checkpoint, uint64_t epoch, struct lt_error *error)
{
    lt_assert(is_unfinished(checkpoint, epoch));
    lt_assert(epoch == checkpoint->unfinished_next);
    const struct lt_directory *directory = &checkpoint->directory;
    uint64_t index = epoch - (uint64_t)(directory->conclusion.last_commit + 1);
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_epoch_log_format_commit(&text, directory->unfinished[index].next_watermark_ms);
    char name[LT_EPOCH_NAME_SIZE];
    snprintf(name, sizeof name, "%" PRIu64, epoch);
    int code = lt_epoch_file_write(&checkpoint->directory.commits, name, lt_text_get(&text),
                                   text.size_bytes, error);
    lt_text_fini(&text);
    if (code == 0)
        checkpoint->unfinished_next++;
    return refuse(code, error);
}

int lt_checkpoint_withdraw(struct lt_checkpoint *checkpoint, uint64_t epoch,
                           struct lt_error *error)
{
    const struct lt_epoch_folder *folder = &checkpoint->directory.prepared;
    char name[LT_EPOCH_NAME_SIZE];
    lt_assert(epoch + 1 == checkpoint->unfinished_end);
    snprintf(name, sizeof name, "%" PRIu64, epoch);
    int code = lt_epoch_file_delete_all(folder, name, error);
    return refuse(code == 0 ? lt_epoch_folder_sync(folder, error) : code, error);
}

/* ------------------------------------------------------------------------------------- running */

void lt_checkpoint_use_reactor(struct lt_checkpoint *checkpoint, struct lt_reactor *reactor)
{
    lt_assert(checkpoint->publisher == NULL);
    lt_assert(checkpoint->unfinished_next == checkpoint->unfinished_end);
    checkpoint->publisher = lt_publisher_create(reactor);
}

/* The folder of "offsets/17"; *file is then "17". */
static const struct lt_epoch_folder *find_folder(const struct lt_checkpoint *checkpoint,
                                                 const char *name, const char **file)
{
    const struct lt_directory *directory = &checkpoint->directory;
    const char *slash = strrchr(name, '/');
    lt_assert(slash != NULL);
    *file = slash + 1;
    if (strncmp(name, "offsets/", 8) == 0)
        return &directory->offsets;
    if (strncmp(name, "commits/", 8) == 0)
        return &directory->commits;
    if (strncmp(name, "prepared/", 9) == 0) {
        lt_assert(directory->prepared.fd >= 0);
        return &directory->prepared;
    }
    unsigned index;
    if (sscanf(name, "sources/%u/", &index) == 1) {
        lt_assert(index < checkpoint->options.source_count);
        lt_assert(directory->sources[index].fd >= 0);
        return &directory->sources[index];
    }
    int count = sscanf(name, "sinks/%u/", &index);
    lt_assert(count == 1);
    lt_assert(index < checkpoint->options.sink_count);
    return &directory->sinks[index];
}

void lt_checkpoint_publish(struct lt_checkpoint *checkpoint, const char *name, const char *content,
                           lt_checkpoint_done_fn *done, void *context)
{
    lt_assert(checkpoint->publisher != NULL);
    const char *file;
    const struct lt_epoch_folder *folder = find_folder(checkpoint, name, &file);
    struct lt_error error;
    int code = lt_epoch_lock_check(&checkpoint->directory.root, checkpoint->lock_fd, &error);
    if (code != 0) {
        refuse(code, &error);
        lt_error_append(&error, "checkpoint '%s'", checkpoint->options.path);
        lt_publisher_refuse(checkpoint->publisher, folder, file, &error, done, context);
        return;
    }
    lt_publisher_write(checkpoint->publisher, folder, file, content, done, context);
}

void lt_checkpoint_write_ahead(struct lt_checkpoint *checkpoint, const char *name,
                               const char *content)
{
    const char *file;
    const struct lt_epoch_folder *folder = find_folder(checkpoint, name, &file);
    lt_publisher_write_ahead(checkpoint->publisher, folder, file, content);
}

void lt_checkpoint_purge(struct lt_checkpoint *checkpoint, uint64_t newest_done_epoch)
{
    lt_assert(checkpoint->publisher != NULL);
    const struct lt_directory *directory = &checkpoint->directory;
    uint64_t retain = checkpoint->options.min_batches_to_retain;
    for (int i = 0; i < PURGE_BATCH; i++) {
        char name[LT_EPOCH_NAME_SIZE];
        /* What else lies in a gap of offsets goes at the next start. */
        checkpoint->purge_next = lt_directory_next_offsets(directory, checkpoint->purge_next);
        if (checkpoint->purge_next + retain > newest_done_epoch)
            break;
        snprintf(name, sizeof name, "%" PRIu64, checkpoint->purge_next++);
        lt_publisher_delete(checkpoint->publisher, &directory->offsets, name);
        lt_publisher_delete(checkpoint->publisher, &directory->commits, name);
        for (uint32_t sink = 0; sink < LT_LIMIT_SINKS; sink++)
            if (directory->sinks[sink].fd >= 0)
                lt_publisher_delete(checkpoint->publisher, &directory->sinks[sink], name);
        if (directory->prepared.fd >= 0)
            lt_publisher_delete(checkpoint->publisher, &directory->prepared, name);
    }
    lt_publisher_catch_up(checkpoint->publisher);
}

void lt_checkpoint_delete(struct lt_checkpoint *checkpoint, const char *name)
{
    lt_assert(checkpoint->publisher != NULL);
    const char *file;
    const struct lt_epoch_folder *folder = find_folder(checkpoint, name, &file);
    lt_publisher_delete(checkpoint->publisher, folder, file);
}

/* ------------------------------------------------------------------------------ sources' files */

/* Opens the folder of "sources/0/0" under the checkpoint; *file is then "0". */
static int open_file_folder(const struct lt_checkpoint *checkpoint, const char *name, bool create,
                            struct lt_epoch_folder *folder, const char **file,
                            struct lt_error *error)
{
    const char *slash = strrchr(name, '/');
    lt_assert(slash != NULL);
    *file = slash + 1;
    struct lt_text_buffer path;
    lt_text_init(&path);
    lt_text_format(&path, "%s/%.*s", checkpoint->options.path, (int)(slash - name), name);
    int code = lt_epoch_folder_open(folder, lt_text_get(&path), create, error);
    lt_text_fini(&path);
    return code;
}

int lt_checkpoint_read_file(const struct lt_checkpoint *checkpoint, const char *name,
                            struct lt_text_buffer *out, struct lt_error *error)
{
    struct lt_epoch_folder folder;
    const char *file;
    int code = open_file_folder(checkpoint, name, false, &folder, &file, error);
    if (code == 0) {
        code = lt_epoch_file_read(&folder, file, checkpoint->options.verify_checksums, out, error);
        lt_epoch_folder_close(&folder);
    }
    if (code == LT_E_NOT_FOUND) /* without a text: there is none */
        return code;
    return refuse(lt_directory_explain_damage(code, error), error);
}

int lt_checkpoint_write_file(const struct lt_checkpoint *checkpoint, const char *name,
                             const void *content, size_t size_bytes, struct lt_error *error)
{
    struct lt_epoch_folder folder;
    const char *file;
    int code = open_file_folder(checkpoint, name, true, &folder, &file, error);
    if (code == 0) {
        code = lt_epoch_file_write(&folder, file, content, size_bytes, error);
        lt_epoch_folder_close(&folder);
    }
    return refuse(code, error);
}

/* ------------------------------------------------------------------------------- sources' logs */

static const struct lt_epoch_folder *folder_of(const struct source_log *log)
{
    return &log->checkpoint->directory.sources[log->source];
}

static bool is_companion(const char *name)
{
    const char *suffix = strrchr(name, '.');
    return name[0] == '.' || (suffix != NULL && strcmp(suffix, ".crc") == 0);
}

static int list_log(void *context, struct lt_text_buffer *out, struct lt_error *error)
{
    struct lt_epoch_names names;
    int code = lt_epoch_folder_list(folder_of(context), &names, error);
    if (code != 0)
        return refuse(code, error);
    for (size_t i = 0; i < names.count; i++)
        if (!is_companion(names.names[i]))
            lt_text_format(out, "%s\n", names.names[i]);
    free(names.names);
    return 0;
}

static int read_log(void *context, const char *name, struct lt_text_buffer *out,
                    struct lt_error *error)
{
    const struct source_log *log = context;
    int code = lt_epoch_file_read(folder_of(log), name, log->checkpoint->options.verify_checksums,
                                  out, error);
    return code == LT_E_NOT_FOUND ? code : refuse(lt_directory_explain_damage(code, error), error);
}

static int remove_from_log(void *context, const char *name, struct lt_error *error)
{
    const struct lt_epoch_folder *folder = folder_of(context);
    int code = lt_epoch_file_delete_all(folder, name, error);
    if (code == 0)
        code = lt_epoch_folder_sync(folder, error);
    return refuse(code, error);
}

int lt_checkpoint_source_log(struct lt_checkpoint *checkpoint, uint32_t source,
                             struct lt_source_log_reader *out, struct lt_error *error)
{
    lt_assert(source < checkpoint->options.source_count);
    int code = lt_directory_open_source(&checkpoint->directory, source, error);
    checkpoint->source_logs[source] = (struct source_log){checkpoint, source};
    *out = (struct lt_source_log_reader){
        .context = &checkpoint->source_logs[source],
        .list = list_log,
        .read = read_log,
        .remove = remove_from_log,
    };
    return refuse(code, error);
}
