/*
 * Reading the folders of a checkpoint, and cleaning them.
 *
 * Entries up to the last commit are not read, but for the last: they decide nothing. So opening
 * costs the same after a day as after a year.
 */
#include "core/epoch/directory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/state/survey.h"

#define DAMAGE_HINT "; hint: restore the directory from a copy, or start with a new one"

void lt_directory_init(struct lt_directory *directory)
{
    *directory =
        (struct lt_directory){.root = {.fd = -1}, .offsets = {.fd = -1}, .commits = {.fd = -1},
                              .prepared = {.fd = -1}};
    for (size_t i = 0; i < LT_LIMIT_SINKS; i++)
        directory->sinks[i].fd = directory->sources[i].fd = -1;
}

int lt_directory_open(struct lt_directory *directory, const char *path, struct lt_error *error)
{
    return lt_epoch_folder_open(&directory->root, path, true, error);
}

void lt_directory_close(struct lt_directory *directory)
{
    lt_epoch_folder_close(&directory->root);
    lt_epoch_folder_close(&directory->offsets);
    lt_epoch_folder_close(&directory->commits);
    lt_epoch_folder_close(&directory->prepared);
    for (size_t i = 0; i < LT_LIMIT_SINKS; i++) {
        lt_epoch_folder_close(&directory->sinks[i]);
        lt_epoch_folder_close(&directory->sources[i]);
    }
}

/* Opens a folder under the root; a missing one stays closed unless it is to be made. */
static int open_below(const struct lt_directory *directory, const char *name, bool create,
                      struct lt_epoch_folder *folder, struct lt_error *error)
{
    if (folder->fd >= 0)
        return 0;
    struct lt_text_buffer path;
    lt_text_init(&path);
    lt_text_format(&path, "%s/%s", directory->root.path, name);
    int code = lt_epoch_folder_open(folder, lt_text_get(&path), create, error);
    lt_text_fini(&path);
    return code == LT_E_NOT_FOUND && !create ? 0 : code;
}

int lt_directory_explain_damage(int code, struct lt_error *error)
{
    if (code != LT_E_CORRUPT || error == NULL)
        return code;
    struct lt_error cause = *error;
    return lt_error_set(error, code, "damaged: %s" DAMAGE_HINT, cause.text);
}

static int open_sink_folder(struct lt_directory *directory, uint32_t sink, bool create,
                            struct lt_error *error)
{
    char name[LT_EPOCH_NAME_SIZE];
    snprintf(name, sizeof name, "sinks/%" PRIu32, sink);
    return open_below(directory, name, create, &directory->sinks[sink], error);
}

int lt_directory_open_source(struct lt_directory *directory, uint32_t source,
                             struct lt_error *error)
{
    char name[LT_EPOCH_NAME_SIZE];
    snprintf(name, sizeof name, "sources/%" PRIu32, source);
    return open_below(directory, name, true, &directory->sources[source], error);
}

/* ------------------------------------------------------------------------------------- listing */

static int compare_numbers(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

int lt_directory_numbers(const struct lt_epoch_folder *folder, uint64_t **out, size_t *count,
                         struct lt_error *error)
{
    *out = NULL;
    *count = 0;
    if (folder->fd < 0)
        return 0;
    struct lt_epoch_names names;
    int code = lt_epoch_folder_list(folder, &names, error);
    if (code != 0)
        return code;
    *out = lt_alloc_array(names.count + 1, sizeof **out);
    for (size_t i = 0; i < names.count; i++)
        if (lt_epoch_log_parse_name(names.names[i], &(*out)[*count]))
            (*count)++;
    free(names.names);
    qsort(*out, *count, sizeof **out, compare_numbers);
    return 0;
}

/* A stateful query's results live in its state, which a query without any would ignore. */
static int check_no_state(const struct lt_directory *directory, struct lt_error *error)
{
    struct lt_epoch_folder folder = {.fd = -1};
    if (directory->has_state)
        return 0;
    int code = open_below(directory, "state", false, &folder, error);
    if (code != 0 || folder.fd < 0)
        return code;
    struct lt_epoch_names names;
    code = lt_epoch_folder_list(&folder, &names, error);
    if (code == 0 && names.count > 0)
        code = lt_error_set(error, LT_E_INVALID,
                            "another query's: it holds the 'state' of a stateful query, and this "
                            "query has none; hint: start with a new directory");
    if (code == 0 || names.count > 0)
        free(names.names);
    lt_epoch_folder_close(&folder);
    return code;
}

/* ------------------------------------------------------------------------------------- reading */

/* Reads one log file whole; a missing one is damage here. */
static int read_entry(const struct lt_directory *directory, const struct lt_epoch_folder *folder,
                      uint64_t epoch, struct lt_text_buffer *out, struct lt_error *error)
{
    char name[LT_EPOCH_NAME_SIZE];
    snprintf(name, sizeof name, "%" PRIu64, epoch);
    int code = lt_epoch_file_read(folder, name, directory->verify_checksums, out, error);
    if (code == LT_E_NOT_FOUND)
        code = lt_error_set(error, LT_E_CORRUPT, "'%s/%s' is missing", folder->path, name);
    return code;
}

int lt_directory_read_offsets(const struct lt_directory *directory, uint64_t epoch,
                              struct lt_arena *arena, struct lt_epoch_offsets *out,
                              struct lt_error *error)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    int code = read_entry(directory, &directory->offsets, epoch, &text, error);
    if (code == 0) {
        code = lt_epoch_log_parse_offsets(lt_text_get(&text), text.size_bytes, arena, out, error);
        if (code != 0)
            lt_error_append(error, "'%s/%" PRIu64 "'", directory->offsets.path, epoch);
    }
    lt_text_fini(&text);
    return code;
}

int lt_directory_read_notes(const struct lt_directory *directory, uint32_t sink, uint64_t epoch,
                            struct lt_text_buffer *out, struct lt_error *error)
{
    const struct lt_epoch_folder *folder = &directory->sinks[sink];
    if (folder->fd < 0)
        return lt_error_set(error, LT_E_CORRUPT, "'%s/sinks/%" PRIu32 "/%" PRIu64 "' is missing",
                            directory->root.path, sink, epoch);
    struct lt_text_buffer text;
    lt_text_init(&text);
    int code = read_entry(directory, folder, epoch, &text, error);
    if (code == 0) {
        code = lt_epoch_log_parse_notes(lt_text_get(&text), text.size_bytes, out, error);
        if (code != 0)
            lt_error_append(error, "'%s/%" PRIu64 "'", folder->path, epoch);
    }
    lt_text_fini(&text);
    return code;
}

static int read_commit(struct lt_directory *directory, uint64_t epoch, struct lt_error *error)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    int code = read_entry(directory, &directory->commits, epoch, &text, error);
    if (code == 0) {
        code = lt_epoch_log_parse_commit(lt_text_get(&text), text.size_bytes,
                                         &directory->watermark_ms, error);
        if (code != 0)
            lt_error_append(error, "'%s/%" PRIu64 "'", directory->commits.path, epoch);
    }
    lt_text_fini(&text);
    return code;
}

/* What prepared/<epoch> says; LT_E_NOT_FOUND without a text if it is not there. */
static int read_prepared(const struct lt_directory *directory, uint64_t epoch,
                         struct lt_epoch_prepared *out, struct lt_error *error)
{
    struct lt_text_buffer text;
    char name[LT_EPOCH_NAME_SIZE];
    if (directory->prepared.fd < 0)
        return LT_E_NOT_FOUND;
    snprintf(name, sizeof name, "%" PRIu64, epoch);
    lt_text_init(&text);
    int code = lt_epoch_file_read(&directory->prepared, name, directory->verify_checksums, &text,
                                  error);
    if (code == 0) {
        code = lt_epoch_log_parse_prepared(lt_text_get(&text), text.size_bytes, out, error);
        if (code != 0)
            lt_error_append(error, "'%s/%" PRIu64 "'", directory->prepared.path, epoch);
    }
    lt_text_fini(&text);
    return code;
}

int lt_directory_read_prepared(const struct lt_directory *directory, uint64_t epoch,
                               struct lt_epoch_prepared *out, struct lt_error *error)
{
    struct lt_arena *arena = lt_arena_create();
    struct lt_epoch_offsets offsets;
    int code = lt_directory_read_offsets(directory, epoch, arena, &offsets, error);
    if (code == 0 && offsets.metadata.prepared_sinks >= 0)
        *out = (struct lt_epoch_prepared){(uint32_t)offsets.metadata.prepared_sinks,
                                          offsets.metadata.watermark_ms};
    else if (code == 0)
        code = read_prepared(directory, epoch, out, error);
    lt_arena_destroy(arena);
    return code;
}

/* Reads the entries beyond the last commit: only these can be other than done. */
static int read_entries(struct lt_directory *directory, int64_t last_commit, struct lt_arena *arena,
                        struct lt_error *error)
{
    int code = 0;
    uint32_t prepared_count = 0;
    directory->unfinished =
        lt_arena_alloc(arena, directory->entry_count * sizeof directory->unfinished[0]);
    for (size_t i = 0; code == 0 && i < directory->entry_count; i++) {
        struct lt_recovery_entry *entry = &directory->entries[i];
        if ((int64_t)entry->epoch <= last_commit)
            continue;
        struct lt_epoch_prepared *prepared = &directory->unfinished[prepared_count];
        code = lt_directory_read_prepared(directory, entry->epoch, prepared, error);
        entry->is_prepared = code == 0;
        prepared_count += entry->is_prepared;
        code = code == LT_E_NOT_FOUND ? 0 : code;
    }
    return code;
}

/* Every sink that took part in an unfinished epoch has left readable notes. */
static int check_notes(const struct lt_directory *directory, struct lt_error *error)
{
    const struct lt_recovery_conclusion *conclusion = &directory->conclusion;
    int code = 0;
    for (int64_t epoch = conclusion->last_commit + 1; code == 0 && epoch <= conclusion->last_logged;
         epoch++) {
        uint32_t sinks = directory->unfinished[epoch - conclusion->last_commit - 1].sinks;
        for (uint32_t sink = 0; code == 0 && sink < sinks && sink < LT_LIMIT_SINKS; sink++) {
            struct lt_text_buffer notes;
            lt_text_init(&notes);
            code = lt_directory_read_notes(directory, sink, (uint64_t)epoch, &notes, error);
            lt_text_fini(&notes);
        }
    }
    return code;
}

static int read_logs(struct lt_directory *directory, const uint64_t *commits, size_t commits_count,
                     struct lt_arena *arena, struct lt_error *error)
{
    int64_t last_commit = commits_count == 0 ? -1 : (int64_t)commits[commits_count - 1];
    int code = read_entries(directory, last_commit, arena, error);
    if (code != 0)
        return code;
    struct lt_recovery_listing listing = {
        .offsets = directory->entries,
        .offsets_count = directory->entry_count,
        .commits = commits,
        .commits_count = commits_count,
    };
    code = lt_recovery_conclude(&listing, &directory->conclusion, error);
    if (code == 0 && last_commit >= 0)
        code = read_commit(directory, (uint64_t)last_commit, error);
    if (code == 0 && directory->conclusion.last_logged >= 0)
        code = lt_directory_read_offsets(directory, (uint64_t)directory->conclusion.last_logged,
                                         arena, &directory->last, error);
    if (code == 0 && directory->conclusion.has_pending)
        code =
            lt_directory_read_offsets(directory, (uint64_t)(directory->conclusion.last_logged + 1),
                                      arena, &directory->pending, error);
    return code == 0 ? check_notes(directory, error) : code;
}

static bool has_state_of(const struct lt_directory *directory, const char *name)
{
    struct lt_text_buffer path;
    lt_text_init(&path);
    lt_text_format(&path, "%s/state/%s", directory->root.path, name);
    bool has = lt_state_owner_of(lt_text_get(&path)) != LT_STATE_OF_NOBODY;
    lt_text_fini(&path);
    return has;
}

/* Files of state without any entry of offsets: the logs that they belong to are gone, and a query
 * that begins anew would have what it never read. Folders without files are what a first start
 * leaves that came to nothing. Where a batch cannot be run again, its state may be left. */
static int check_new(const struct lt_directory *directory, struct lt_error *error)
{
    struct lt_epoch_folder folder = {.fd = -1};
    struct lt_epoch_names names = {0};
    if (!directory->has_state || !directory->keeps_pending || directory->entry_count > 0)
        return 0;
    int code = open_below(directory, "state", false, &folder, error);
    if (code == 0 && folder.fd >= 0)
        code = lt_epoch_folder_list(&folder, &names, error);
    bool has_files = false;
    for (size_t i = 0; i < names.count && !has_files; i++)
        has_files = has_state_of(directory, names.names[i]);
    free(names.names);
    lt_epoch_folder_close(&folder);
    if (code != 0 || !has_files)
        return code;
    (void)lt_error_set(error, LT_E_CHECKPOINT,
                       "The checkpoint location %s should be empty on batch 0 Please either use a "
                       "new checkpoint location, or delete the existing data in the checkpoint "
                       "location. (There is state in it, and nothing in 'offsets')",
                       directory->root.path);
    return lt_error_condition(error, "STATE_STORE_CHECKPOINT_LOCATION_NOT_EMPTY", "42K03");
}

int lt_directory_read(struct lt_directory *directory, bool verify_checksums, struct lt_arena *arena,
                      struct lt_error *error)
{
    directory->verify_checksums = verify_checksums;
    int code = check_no_state(directory, error);
    if (code == 0)
        code = open_below(directory, "offsets", false, &directory->offsets, error);
    if (code == 0)
        code = open_below(directory, "commits", false, &directory->commits, error);
    if (code == 0)
        code = open_below(directory, "prepared", false, &directory->prepared, error);
    for (uint32_t sink = 0; code == 0 && sink < LT_LIMIT_SINKS; sink++)
        code = open_sink_folder(directory, sink, false, error);
    if (code != 0)
        return code;

    uint64_t *offsets = NULL, *commits = NULL;
    size_t offsets_count, commits_count;
    /* Of a query that runs, and is looked at, this sees no commit whose entry it does not see. */
    code = lt_directory_numbers(&directory->commits, &commits, &commits_count, error);
    if (code == 0)
        code = lt_directory_numbers(&directory->offsets, &offsets, &offsets_count, error);
    if (code == 0) {
        directory->entry_count = offsets_count;
        directory->entries = lt_arena_alloc(arena, offsets_count * sizeof directory->entries[0]);
        for (size_t i = 0; i < offsets_count; i++)
            directory->entries[i].epoch = offsets[i];
        code = lt_directory_explain_damage(
            read_logs(directory, commits, commits_count, arena, error), error);
    }
    directory->oldest = code == 0 ? lt_directory_next_offsets(directory, 0) : 0;
    free(offsets);
    free(commits);
    return code == 0 ? check_new(directory, error) : code;
}

uint64_t lt_directory_next_offsets(const struct lt_directory *directory, uint64_t epoch)
{
    if ((int64_t)epoch > directory->conclusion.last_logged)
        return epoch;
    size_t first = 0, end = directory->entry_count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (directory->entries[middle].epoch < epoch)
            first = middle + 1;
        else
            end = middle;
    }
    lt_assert(first < directory->entry_count); /* the last logged is among them */
    return directory->entries[first].epoch;
}

/* ------------------------------------------------------------------------------------ cleaning */

static bool is_kept(const struct lt_directory *directory, const struct lt_recovery_entry *entry)
{
    const struct lt_recovery_conclusion *conclusion = &directory->conclusion;
    return !lt_recovery_is_stale(conclusion, entry) ||
           (directory->keeps_pending && (int64_t)entry->epoch == conclusion->last_logged + 1);
}

/* Deletes the entries of offsets that never were, the newest first. */
static int delete_stale_offsets(struct lt_directory *directory, struct lt_error *error)
{
    int code = 0;
    for (size_t i = directory->entry_count; code == 0 && i-- > 0;) {
        const struct lt_recovery_entry *entry = &directory->entries[i];
        if (is_kept(directory, entry))
            continue;
        char name[LT_EPOCH_NAME_SIZE];
        snprintf(name, sizeof name, "%" PRIu64, entry->epoch);
        code = lt_epoch_file_delete_all(&directory->offsets, name, error);
    }
    if (code == 0 && directory->conclusion.stale_count > 0)
        code = lt_epoch_folder_sync(&directory->offsets, error);
    return code;
}

/* Deletes a folder's entries of epochs that were never logged, and those that a purge did not come
 * to before it was interrupted: older than any of offsets, where the next purge begins. */
static int delete_strangers(const struct lt_directory *directory,
                            const struct lt_epoch_folder *folder, struct lt_error *error)
{
    uint64_t *epochs;
    size_t count;
    int code = lt_directory_numbers(folder, &epochs, &count, error);
    bool changed = false;
    for (size_t i = count; code == 0 && i-- > 0;) {
        bool is_logged = (int64_t)epochs[i] <= directory->conclusion.last_logged;
        if (is_logged && epochs[i] >= directory->oldest)
            continue;
        char name[LT_EPOCH_NAME_SIZE];
        snprintf(name, sizeof name, "%" PRIu64, epochs[i]);
        code = lt_epoch_file_delete_all(folder, name, error);
        changed = true;
    }
    free(epochs);
    return code == 0 && changed ? lt_epoch_folder_sync(folder, error) : code;
}

/* What a source keeps is written at start, when these folders are not looked at any more. */
static int tidy_sources(const struct lt_directory *directory, struct lt_error *error)
{
    struct lt_epoch_folder sources = {.fd = -1};
    uint64_t *numbers = NULL;
    size_t count = 0;
    int code = open_below(directory, "sources", false, &sources, error);
    if (code == 0)
        code = lt_directory_numbers(&sources, &numbers, &count, error);
    for (size_t i = 0; code == 0 && i < count; i++) {
        struct lt_epoch_folder folder = {.fd = -1};
        char name[LT_EPOCH_NAME_SIZE];
        snprintf(name, sizeof name, "sources/%" PRIu64, numbers[i]);
        code = open_below(directory, name, false, &folder, error);
        if (code == 0 && folder.fd >= 0)
            code = lt_epoch_folder_tidy(&folder, error);
        lt_epoch_folder_close(&folder);
    }
    free(numbers);
    lt_epoch_folder_close(&sources);
    return code;
}

static int tidy_all(struct lt_directory *directory, struct lt_error *error)
{
    int code = lt_epoch_folder_tidy(&directory->root, error);
    if (code == 0 && directory->offsets.fd >= 0)
        code = lt_epoch_folder_tidy(&directory->offsets, error);
    if (code == 0 && directory->commits.fd >= 0)
        code = lt_epoch_folder_tidy(&directory->commits, error);
    if (code == 0 && directory->prepared.fd >= 0)
        code = lt_epoch_folder_tidy(&directory->prepared, error);
    for (uint32_t sink = 0; code == 0 && sink < LT_LIMIT_SINKS; sink++)
        if (directory->sinks[sink].fd >= 0)
            code = lt_epoch_folder_tidy(&directory->sinks[sink], error);
    return code == 0 ? tidy_sources(directory, error) : code;
}

int lt_directory_clean(struct lt_directory *directory, uint32_t sink_count, struct lt_error *error)
{
    int code = 0;
    /* Notes go after the entries that they belong to, as they came before them. */
    if (directory->offsets.fd >= 0)
        code = delete_stale_offsets(directory, error);
    for (uint32_t sink = 0; code == 0 && sink < LT_LIMIT_SINKS; sink++)
        code = delete_strangers(directory, &directory->sinks[sink], error);
    if (code == 0)
        code = delete_strangers(directory, &directory->commits, error);
    if (code == 0)
        code = delete_strangers(directory, &directory->prepared, error);
    if (code == 0)
        code = tidy_all(directory, error);
    if (code == 0)
        code = open_below(directory, "offsets", true, &directory->offsets, error);
    if (code == 0)
        code = open_below(directory, "commits", true, &directory->commits, error);
    if (code == 0 && directory->runs_batches)
        code = open_below(directory, "prepared", true, &directory->prepared, error);
    for (uint32_t sink = 0; code == 0 && sink < sink_count; sink++)
        code = open_sink_folder(directory, sink, true, error);
    return code;
}
