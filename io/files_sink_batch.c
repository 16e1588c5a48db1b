#include "io/files_sink_batch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "core/base/arena.h"
#include "core/text/json_tree.h"
#include "core/text/json_write.h"
#include "io/files_name.h"

static const char staged_suffix[] = ".leat";
static const char note_begin[] = "{\"directory\":";

/* A directory that is synced. */
struct lt_files_sync {
    struct lt_files_batch *batch;
    char *path;
    struct lt_file_job job;
    struct lt_files_sync *next;
};

struct lt_files_batch *lt_files_batch_create(const struct lt_files_place *place,
                                             struct lt_file_jobs *jobs,
                                             struct lt_files_known *known)
{
    struct lt_files_batch *batch = lt_alloc(sizeof *batch);
    batch->place = place;
    batch->jobs = jobs;
    batch->known = known;
    batch->last = &batch->first;
    lt_error_clear(&batch->error);
    return batch;
}

static void free_syncs(struct lt_files_batch *batch)
{
    while (batch->syncs != NULL) {
        struct lt_files_sync *sync = batch->syncs;
        batch->syncs = sync->next;
        free(sync->path);
        free(sync);
    }
}

void lt_files_batch_destroy(struct lt_files_batch *batch)
{
    if (batch == NULL)
        return;
    free_syncs(batch);
    while (batch->first != NULL) {
        struct lt_files_file *file = batch->first;
        batch->first = file->next;
        free(file->directory);
        free(file->path);
        free(file->staged);
        free(file);
    }
    free(batch);
}

/* --------------------------------------------------------------------------------------- names */

struct lt_files_file *lt_files_batch_add(struct lt_files_batch *batch, const char *directory,
                                         const char *name)
{
    const char *slash = directory[0] == '\0' ? "" : "/";
    struct lt_text_buffer text;
    struct lt_files_file *file = lt_alloc(sizeof *file);
    file->batch = batch;
    file->directory = lt_strdup(directory);
    lt_text_init(&text);
    lt_text_format(&text, "%s%s%s", directory, slash, name);
    file->path = lt_text_take(&text);
    lt_text_format(&text, "%s%s.%s.%s%s", directory, slash, name, batch->place->query_id,
                   staged_suffix);
    file->staged = lt_text_take(&text);
    *batch->last = file;
    batch->last = &file->next;
    batch->file_count++;
    return file;
}

bool lt_files_is_staged(const char *name, const char *query_id)
{
    size_t size = strlen(name), suffix_size = sizeof staged_suffix - 1, id_size = strlen(query_id);
    if (name[0] != '.' || size < suffix_size + id_size + 2)
        return false;
    const char *id = name + size - suffix_size - id_size;
    return strcmp(name + size - suffix_size, staged_suffix) == 0 && id[-1] == '.' &&
           memcmp(id, query_id, id_size) == 0;
}

/* --------------------------------------------------------------------------------------- steps */

void lt_files_batch_fail(struct lt_files_batch *batch, const struct lt_io *failed, const char *path)
{
    if (batch->state == LT_FILES_FAILED)
        return;
    batch->state = LT_FILES_FAILED;
    (void)lt_file_job_fail(failed, batch->place->path, path, &batch->error);
}

/* True when it was the last that is waited for, and none has failed. */
static bool has_come(struct lt_files_batch *batch)
{
    lt_assert(batch->waiting_count > 0);
    return --batch->waiting_count == 0 && batch->state != LT_FILES_FAILED;
}

static uint64_t hash_directory(const struct lt_files_file *file)
{
    return XXH64(file->directory, strlen(file->directory), 0);
}

static bool is_known(const struct lt_files_batch *batch, const struct lt_files_file *file)
{
    uint64_t hash = hash_directory(file);
    return !file->made_directory && hash != 0 &&
           batch->known->hashes[hash & (LT_FILES_KNOWN - 1)] == hash;
}

static void end_syncing(struct lt_files_batch *batch)
{
    free_syncs(batch);
    bool was_kept = batch->state == LT_FILES_KEEPS;
    batch->state = was_kept ? LT_FILES_KEPT : LT_FILES_SHOWN;
    for (const struct lt_files_file *file = batch->first; was_kept && file != NULL;
         file = file->next) {
        uint64_t hash = hash_directory(file);
        batch->known->hashes[hash & (LT_FILES_KNOWN - 1)] = hash;
    }
}

static void on_synced(struct lt_file_job *job, const struct lt_io *failed)
{
    struct lt_files_sync *sync = job->context;
    struct lt_files_batch *batch = sync->batch;
    if (failed != NULL)
        lt_files_batch_fail(batch, failed, sync->path);
    if (has_come(batch))
        end_syncing(batch);
}

static void on_all_synced(struct lt_file_job *job, const struct lt_io *failed)
{
    struct lt_files_batch *batch = job->context;
    if (failed != NULL)
        lt_files_batch_fail(batch, failed, "");
    if (has_come(batch))
        end_syncing(batch);
}

/* on: the reactor's helper. */
static int64_t sync_file_system(void *context)
{
    const struct lt_files_batch *batch = context;
    return syncfs(batch->place->fd) == 0 ? 0 : -errno;
}

static void sync_all(struct lt_files_batch *batch)
{
    lt_file_job_init(&batch->sync_all, on_all_synced, batch);
    batch->sync_all.call_does = "sync";
    struct lt_io *io = lt_file_job_add(&batch->sync_all, LT_IO_CALL, -1, NULL);
    io->call = sync_file_system;
    io->call_context = batch;
    batch->waiting_count++;
    lt_file_jobs_submit(batch->jobs, &batch->sync_all);
}

static void add_sync(struct lt_files_batch *batch, const char *directory, size_t size)
{
    struct lt_files_sync *sync = lt_alloc(sizeof *sync);
    sync->batch = batch;
    sync->path = size == 0 ? lt_strdup(".") : strndup(directory, size);
    lt_assert(sync->path != NULL);
    sync->next = batch->syncs;
    batch->syncs = sync;
}

static int compare_paths(const void *a, const void *b)
{
    const struct lt_files_sync *const *first = a, *const *second = b;
    return strcmp((*first)->path, (*second)->path);
}

/* Leaves each directory once. */
static void sort_syncs(struct lt_files_batch *batch)
{
    size_t count = 0, at = 0;
    for (struct lt_files_sync *sync = batch->syncs; sync != NULL; sync = sync->next)
        count++;
    struct lt_files_sync **all = lt_alloc_array(count, sizeof(struct lt_files_sync *));
    for (struct lt_files_sync *sync = batch->syncs; sync != NULL; sync = sync->next)
        all[at++] = sync;
    qsort(all, count, sizeof all[0], compare_paths);
    batch->syncs = NULL;
    for (size_t i = count; i-- > 0;) {
        if (i > 0 && strcmp(all[i]->path, all[i - 1]->path) == 0) {
            free(all[i]->path);
            free(all[i]);
            continue;
        }
        all[i]->next = batch->syncs;
        batch->syncs = all[i];
    }
    free(all);
}

/* `with_above`: those above directories that are not known, too, which hold their names. */
static void sync_directories(struct lt_files_batch *batch, bool with_above)
{
    if (lt_files_batch_is_large(batch)) {
        sync_all(batch);
        return;
    }
    for (const struct lt_files_file *file = batch->first; file != NULL; file = file->next) {
        size_t size = strlen(file->directory);
        add_sync(batch, file->directory, size);
        bool is_above_synced = !with_above || is_known(batch, file);
        while (!is_above_synced && size > 0) {
            while (size > 0 && file->directory[--size] != '/')
                ;
            add_sync(batch, file->directory, size);
        }
    }
    sort_syncs(batch);
    for (struct lt_files_sync *sync = batch->syncs; sync != NULL; sync = sync->next)
        batch->waiting_count++;
    for (struct lt_files_sync *sync = batch->syncs, *next; sync != NULL; sync = next) {
        next = sync->next;
        lt_file_job_init(&sync->job, on_synced, sync);
        lt_file_job_sync_directory(&sync->job, batch->place->fd, sync->path);
        lt_file_jobs_submit(batch->jobs, &sync->job);
    }
}

void lt_files_batch_keep(struct lt_files_batch *batch)
{
    lt_assert(batch->state == LT_FILES_OPEN);
    batch->state = batch->file_count == 0 ? LT_FILES_KEPT : LT_FILES_KEEPS;
    sync_directories(batch, true);
}

static void on_renamed(struct lt_file_job *job, const struct lt_io *failed)
{
    struct lt_files_file *file = job->context;
    struct lt_files_batch *batch = file->batch;
    if (failed != NULL)
        lt_files_batch_fail(batch, failed, file->staged);
    if (!has_come(batch))
        return;
    batch->state = LT_FILES_SHOWS;
    sync_directories(batch, false);
}

void lt_files_batch_show(struct lt_files_batch *batch)
{
    lt_assert(batch->state == LT_FILES_KEPT);
    batch->state = LT_FILES_RENAMES;
    for (const struct lt_files_file *file = batch->first; file != NULL; file = file->next)
        batch->waiting_count += !file->is_shown;
    if (batch->waiting_count == 0) {
        batch->state = batch->file_count == 0 ? LT_FILES_SHOWN : LT_FILES_SHOWS;
        sync_directories(batch, false);
        return;
    }
    for (struct lt_files_file *file = batch->first; file != NULL; file = file->next) {
        if (file->is_shown)
            continue;
        lt_file_job_init(&file->job, on_renamed, file);
        struct lt_io *io =
            lt_file_job_add(&file->job, LT_IO_RENAMEAT, batch->place->fd, file->staged);
        io->fd2 = batch->place->fd;
        io->path2 = file->path;
        lt_file_jobs_submit(batch->jobs, &file->job);
    }
}

/* --------------------------------------------------------------------------------------- notes */

/* A path in the directory, with percent signs: its bytes need not be UTF-8. */
static void write_path(struct lt_text_buffer *out, const char *path)
{
    struct lt_text_buffer absolute, uri;
    lt_text_init(&absolute);
    lt_text_init(&uri);
    lt_text_format(&absolute, "/%s", path);
    lt_files_uri_write(&uri, lt_text_get(&absolute));
    const char *relative = lt_text_get(&uri) + strlen("file:///");
    lt_json_write_string(out, relative, strlen(relative));
    lt_text_fini(&uri);
    lt_text_fini(&absolute);
}

void lt_files_batch_note(const struct lt_files_batch *batch, struct lt_text_buffer *out)
{
    struct lt_text_buffer uri;
    lt_text_init(&uri);
    lt_files_uri_write(&uri, batch->place->path);
    lt_text_append(out, note_begin);
    lt_json_write_string(out, lt_text_get(&uri), uri.size_bytes);
    lt_text_append(out, ",\"files\":[");
    for (const struct lt_files_file *file = batch->first; file != NULL; file = file->next) {
        lt_text_append(out, file == batch->first ? "[" : ",[");
        write_path(out, file->path);
        lt_text_format(out, ",%" PRId64 ",%" PRId64 "]", file->size_bytes, file->modified_ms);
    }
    lt_text_append(out, "]}");
    lt_text_fini(&uri);
}

bool lt_files_is_note(const char *notes)
{
    return strncmp(notes, note_begin, sizeof note_begin - 1) == 0;
}

static int fail_note(struct lt_error *error)
{
    return lt_error_set(error, LT_E_CORRUPT, "its note in the checkpoint is damaged");
}

static int read_file(struct lt_files_batch *batch, const struct lt_json *json,
                     struct lt_error *error)
{
    struct lt_text_buffer uri, path;
    if (!json->is_array || json->count != 3 || json->items[0].kind != LT_JSON_STRING ||
        json->items[1].kind != LT_JSON_INTEGER || json->items[2].kind != LT_JSON_INTEGER)
        return fail_note(error);
    lt_text_init(&uri);
    lt_text_init(&path);
    lt_text_format(&uri, "file:///%s", json->items[0].text);
    int code = lt_files_uri_read(lt_text_get(&uri), &path, error);
    if (code == 0) {
        char *relative = path.data + 1, *slash = strrchr(relative, '/');
        const char *name = lt_files_base_name(relative);
        if (slash != NULL)
            *slash = '\0';
        struct lt_files_file *file =
            lt_files_batch_add(batch, slash == NULL ? "" : relative, name);
        file->size_bytes = json->items[1].i64;
        file->modified_ms = json->items[2].i64;
    }
    lt_text_fini(&path);
    lt_text_fini(&uri);
    return code;
}

static int check_directory(const struct lt_files_batch *batch, const char *uri,
                           struct lt_error *error)
{
    struct lt_text_buffer path;
    lt_text_init(&path);
    int code = lt_files_uri_read(uri, &path, error);
    if (code == 0 && strcmp(lt_text_get(&path), batch->place->path) != 0)
        code = lt_error_set(error, LT_E_CHECKPOINT,
                            "the query has written to '%s' so far, and is now told to write to "
                            "'%s'; hint: the directory of a file sink stays the same as long as "
                            "its checkpoint",
                            lt_text_get(&path), batch->place->path);
    lt_text_fini(&path);
    return code;
}

static int read_note(struct lt_files_batch *batch, const char *line, size_t size_bytes,
                     struct lt_arena *arena, struct lt_error *error)
{
    const struct lt_json *json;
    if (lt_json_parse(line, size_bytes, arena, &json, error) != 0)
        return fail_note(error);
    const struct lt_json *directory = lt_json_get(json, "directory");
    const struct lt_json *files = lt_json_get(json, "files");
    if (directory == NULL || directory->kind != LT_JSON_STRING || files == NULL || !files->is_array)
        return fail_note(error);
    int code = check_directory(batch, directory->text, error);
    for (size_t i = 0; i < files->count && code == 0; i++)
        code = read_file(batch, &files->items[i], error);
    return code;
}

int lt_files_batch_read(struct lt_files_batch *batch, const char *notes, struct lt_error *error)
{
    int code = 0;
    while (*notes != '\0' && code == 0) {
        struct lt_arena *arena = lt_arena_create();
        size_t size = strcspn(notes, "\n");
        if (size > 0)
            code = read_note(batch, notes, size, arena, error);
        notes += size + (notes[size] == '\n');
        lt_arena_destroy(arena);
    }
    return code;
}
