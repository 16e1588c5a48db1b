/*
 * Partitions are the folders whose names are numbers; in each are the files of the operator's only
 * store, or a folder for each store.
 */
#include "core/state/survey.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/folder.h"
#include "core/base/text_buffer.h"
#include "core/state/file_writer.h"
#include "core/state/folder.h"
#include "core/state/metadata.h"

#define LIVE_FOLDER "rocksdb"

/* The folder of one partition of one store, while it is looked through. */
struct place {
    const struct lt_state_survey *survey;
    uint32_t partition;
    const char *store; /* or NULL */
    char *folder;
    struct lt_state_files files;
    struct lt_state_inputs chain; /* what makes the version */
};

/* -------------------------------------------------------------------------------------- listing */

static int is_listed(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* Shorter names first, then as bytes: 9 before 10, 9.delta before 10.delta. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
    size_t left = strlen((*a)->d_name), right = strlen((*b)->d_name);
    if (left != right)
        return left < right ? -1 : 1;
    return strcmp((*a)->d_name, (*b)->d_name);
}

struct names {
    struct dirent **list;
    int count;
};

static int list_names(const char *folder, struct names *out, struct lt_error *error)
{
    out->count = scandir(folder, &out->list, is_listed, compare_names);
    if (out->count >= 0)
        return 0;
    *out = (struct names){0};
    return errno == ENOENT || errno == ENOTDIR ? 0 : lt_folder_failed("list", folder, errno, error);
}

static void free_names(struct names *names)
{
    for (int i = 0; i < names->count; i++)
        free(names->list[i]);
    free(names->list);
}

static bool is_folder(const char *folder, const char *name)
{
    struct stat status;
    char *path = lt_state_join(folder, name);
    bool is = stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    free(path);
    return is;
}

static bool parse_partition(const char *name, uint32_t *out)
{
    char *end, again[16];
    unsigned long number = strtoul(name, &end, 10);
    snprintf(again, sizeof again, "%lu", number);
    *out = (uint32_t)number;
    return *end == '\0' && number < LT_STATE_ALL_PARTITIONS && strcmp(again, name) == 0;
}

/* -------------------------------------------------------------------------------------- telling */

static void tell(const struct lt_state_survey *survey, const struct place *place, const char *name,
                 struct lt_state_found *found)
{
    struct lt_text_buffer path;
    lt_text_init(&path);
    if (place != NULL) {
        found->partition = place->partition;
        found->store = place->store;
        lt_text_format(&path, "%" PRIu32 "/", place->partition);
        if (place->store != NULL)
            lt_text_format(&path, "%s/", place->store);
    }
    lt_text_append(&path, name);
    found->path = lt_text_get(&path);
    survey->found(survey->context, found);
    lt_text_fini(&path);
}

static void tell_kind(const struct place *place, const char *name, enum lt_state_found_kind kind)
{
    struct lt_state_found found = {.kind = kind};
    tell(place->survey, place, name, &found);
}

/* -------------------------------------------------------------------------------------- reading */

/* All there is to be compared. LT_E_NOT_FOUND without a text: it is gone. */
static int read_file(const char *path, const struct lt_state_expected *expected,
                     struct lt_state_found *found, struct lt_error *error)
{
    struct lt_state_reader *reader;
    struct lt_state_change change;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return LT_E_NOT_FOUND;
    int code =
        lt_state_reader_open(path, expected, 0, LT_STATE_KEY_GROUPS, &reader, error);
    if (code != 0)
        return access(path, F_OK) != 0 && errno == ENOENT ? LT_E_NOT_FOUND : code;
    struct lt_state_stream *stream = lt_state_reader_stream(reader);
    do
        code = stream->next(stream, &change, error);
    while (code == 1); /* ends with the file */
    found->entries = lt_state_reader_trailer(reader)->entry_count;
    found->removals = lt_state_reader_trailer(reader)->removal_count;
    lt_state_reader_close(reader);
    return code;
}

/* What the chain expects of it, if it is part of it. */
static const struct lt_state_expected *expected_by_chain(const struct place *place,
                                                         const struct lt_state_file *file)
{
    for (size_t i = 0; i < place->chain.count; i++) {
        const struct lt_state_expected *expected = &place->chain.list[i].expected;
        if (expected->version == file->version && expected->kind == file->kind)
            return expected;
    }
    return NULL;
}

static void survey_file(const struct place *place, const struct lt_state_file *file)
{
    char name[LT_STATE_FILE_NAME_SIZE];
    struct lt_error damage;
    const struct lt_state_expected *by_chain = expected_by_chain(place, file);
    struct lt_state_expected expected = {.kind = file->kind,
                                         .version = file->version,
                                         .partition = place->partition,
                                         .partition_count = file->partition_count,
                                         .key_suffix_bytes = file->key_suffix_bytes};
    struct lt_state_found found = {.kind = LT_STATE_FOUND_FILE,
                                   .is_snapshot = file->kind == LT_STATE_SNAPSHOT,
                                   .is_needed = by_chain != NULL,
                                   .version = file->version,
                                   .base = file->base,
                                   .size_bytes = file->size_bytes,
                                   .partition_count = file->partition_count};
    if (by_chain != NULL)
        expected = *by_chain;
    lt_state_file_name(file->kind, file->version, name);
    int code = 0;
    char *path = lt_state_join(place->folder, name);
    if (place->survey->reads_all || !file->is_sound)
        code = read_file(path, &expected, &found, &damage);
    if (code == LT_E_NOT_FOUND && by_chain != NULL) {
        found.kind = LT_STATE_FOUND_MISSING;
        code = lt_state_file_missing(path, file->kind, &damage);
    }
    if (code != 0)
        found.damage = &damage;
    if (code != LT_E_NOT_FOUND) /* else the query that runs has deleted it meanwhile */
        tell(place->survey, place, name, &found);
    free(path);
}

/* Finds what makes the version. What is missing of it is told. */
static void find_chain(struct place *place)
{
    uint64_t version = place->survey->version;
    const struct lt_state_file *file = lt_state_files_find(&place->files, version);
    struct lt_state_expected expected = {.partition = place->partition};
    struct lt_error damage;
    char name[LT_STATE_FILE_NAME_SIZE];
    if (version == 0)
        return;
    if (file != NULL) {
        expected.partition_count = file->partition_count;
        expected.key_suffix_bytes = file->key_suffix_bytes;
    }
    if (lt_state_files_chain(&place->files, place->folder, version, &expected, &place->chain,
                             &damage) == 0)
        return;
    /* The chain breaks off behind what was found of it. */
    struct lt_state_found found = {.kind = LT_STATE_FOUND_MISSING,
                                   .is_needed = true,
                                   .version = version,
                                   .damage = &damage};
    if (place->chain.count > 0) {
        const struct lt_state_expected *last =
            &place->chain.list[place->chain.count - 1].expected;
        const struct lt_state_file *broken = lt_state_files_find(&place->files, last->version);
        found.version = broken == NULL ? 0 : broken->base;
    }
    tell(place->survey, place, lt_state_file_name(LT_STATE_DELTA, found.version, name), &found);
}

static int survey_names(struct place *place, struct lt_error *error)
{
    struct names names;
    enum lt_state_file_kind kind;
    uint64_t version;
    int code = list_names(place->folder, &names, error);
    for (int i = 0; code == 0 && i < names.count; i++) {
        const char *name = names.list[i]->d_name;
        if (lt_state_file_name_parse(name, &kind, &version))
            continue;
        if (lt_state_is_temporary_name(name))
            tell_kind(place, name, LT_STATE_FOUND_TEMPORARY);
        else if (strcmp(name, LIVE_FOLDER) == 0)
            tell_kind(place, name, LT_STATE_FOUND_LIVE);
        else if (place->store != NULL || !is_folder(place->folder, name))
            tell_kind(place, name, LT_STATE_FOUND_FOREIGN);
    }
    free_names(&names);
    return code;
}

/* One store of one partition. A folder that holds stores only has no version of its own. */
static int survey_place(const struct lt_state_survey *survey, uint32_t partition, const char *store,
                        bool has_stores, struct lt_error *error)
{
    struct place place = {.survey = survey, .partition = partition, .store = store};
    place.chain = (struct lt_state_inputs){.end_group = LT_STATE_KEY_GROUPS};
    place.folder = lt_state_folder_path(survey->root, partition, store);
    int code = lt_state_files_read(place.folder, UINT64_MAX, &place.files, error);
    if (code == 0) {
        if (!has_stores || place.files.count > 0)
            find_chain(&place);
        for (size_t i = 0; i < place.files.count; i++)
            survey_file(&place, &place.files.list[i]);
        code = survey_names(&place, error);
    }
    lt_state_inputs_fini(&place.chain);
    lt_state_files_fini(&place.files);
    free(place.folder);
    return code;
}

/* A folder in a partition's is a store's if there are files of state in it. */
static bool is_store(const char *folder, const char *name)
{
    struct lt_state_files files = {0};
    if (name[0] == '.' || strcmp(name, LIVE_FOLDER) == 0 || !is_folder(folder, name))
        return false;
    char *path = lt_state_join(folder, name);
    bool is = lt_state_files_read(path, UINT64_MAX, &files, NULL) == 0 && files.count > 0;
    lt_state_files_fini(&files);
    free(path);
    return is;
}

/* Those that the operator is said to have, else those that are found. */
static int survey_partition(const struct lt_state_survey *survey, uint32_t partition,
                            struct lt_error *error)
{
    struct names names;
    bool has_stores = survey->store_count > 0;
    char *folder = lt_state_folder_path(survey->root, partition, NULL);
    int code = list_names(folder, &names, error);
    for (int i = 0; i < names.count && !has_stores; i++)
        has_stores = is_store(folder, names.list[i]->d_name);
    if (code == 0)
        code = survey_place(survey, partition, NULL, has_stores, error);
    for (size_t i = 0; code == 0 && i < survey->store_count; i++)
        code = survey_place(survey, partition, survey->stores[i], false, error);
    for (int i = 0; code == 0 && i < names.count; i++)
        if (survey->store_count == 0 && is_store(folder, names.list[i]->d_name))
            code = survey_place(survey, partition, names.list[i]->d_name, false, error);
    free_names(&names);
    free(folder);
    return code;
}

/* How many partitions the version has: what partition 0 says in any of its stores' files. 0: it
 * does not say. */
static uint32_t count_of(const struct lt_state_survey *survey, const char *store)
{
    struct lt_state_files files = {0};
    uint32_t count = 0;
    char *folder = lt_state_folder_path(survey->root, 0, store);
    if (lt_state_files_read(folder, survey->version, &files, NULL) == 0) {
        const struct lt_state_file *file = lt_state_files_find(&files, survey->version);
        count = file != NULL && file->is_sound ? file->partition_count : 0;
    }
    lt_state_files_fini(&files);
    free(folder);
    return count;
}

static uint32_t find_count(const struct lt_state_survey *survey)
{
    struct names names;
    uint32_t count = survey->version == 0 ? 0 : count_of(survey, NULL);
    char *folder = lt_state_folder_path(survey->root, 0, NULL);
    if (survey->version > 0 && count == 0 && list_names(folder, &names, NULL) == 0) {
        for (int i = 0; count == 0 && i < names.count; i++)
            if (is_store(folder, names.list[i]->d_name))
                count = count_of(survey, names.list[i]->d_name);
        free_names(&names);
    }
    free(folder);
    return count;
}

int lt_state_survey(const struct lt_state_survey *survey, struct lt_error *error)
{
    struct names names;
    /* Folders of partitions that a run before had, and the version has not, hold older ones. Any
     * version has a partition 0. */
    uint32_t partition, next = 0, count = find_count(survey);
    uint32_t least = count == 0 && survey->version > 0 ? 1 : count;
    struct lt_state_survey older = *survey;
    older.version = 0;
    int code = list_names(survey->root, &names, error);
    for (int i = 0; code == 0 && i < names.count; i++) {
        const char *name = names.list[i]->d_name;
        struct lt_state_found found = {.kind = LT_STATE_FOUND_FOREIGN};
        if (!parse_partition(name, &partition) || !is_folder(survey->root, name)) {
            if (strcmp(name, LT_STATE_METADATA_FOLDER) != 0)
                tell(survey, NULL, name, &found);
            continue;
        }
        for (; code == 0 && next < partition && next < least; next++)
            code = survey_partition(survey, next, error); /* it has no folder */
        next = partition + 1;
        if (code == 0)
            code = survey_partition(count != 0 && partition >= count ? &older : survey, partition,
                                    error);
    }
    for (; code == 0 && next < least; next++)
        code = survey_partition(survey, next, error);
    free_names(&names);
    return code;
}

/* ---------------------------------------------------------------------------------------- whose */

static bool begins_as_ours(const char *folder, const char *name)
{
    char *path = lt_state_join(folder, name), bytes[LT_STATE_MAGIC_BYTES] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool is = fd >= 0 && pread(fd, bytes, sizeof bytes, 0) == sizeof bytes &&
              lt_state_is_magic(bytes);
    if (fd >= 0)
        close(fd);
    free(path);
    return is;
}

/* As files of state are called, by leat and by Spark's two stores. */
static bool is_called_state(const char *name)
{
    static const char *const suffixes[] = {".delta", ".snapshot", ".changelog", ".zip"};
    const char *suffix = name + strspn(name, "0123456789");
    bool is = false;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0] && suffix > name; i++)
        is |= strcmp(suffix, suffixes[i]) == 0;
    return is;
}

/* Adds what the files of a folder say of whose they are; looks into the folders below it, `depth`
 * deep. Recursion ends: partitions have stores, and stores files. */
static void look_for_owner(const char *folder, int depth, enum lt_state_owner *out)
{
    struct names names;
    if (list_names(folder, &names, NULL) != 0)
        return;
    for (int i = 0; i < names.count && *out != LT_STATE_OF_LEAT; i++) {
        const char *name = names.list[i]->d_name;
        if (name[0] == '.' || strcmp(name, LT_STATE_METADATA_FOLDER) == 0)
            continue;
        if (is_folder(folder, name)) {
            char *path = lt_state_join(folder, name);
            if (depth > 0 && strcmp(name, LIVE_FOLDER) != 0)
                look_for_owner(path, depth - 1, out);
            free(path);
        } else if (is_called_state(name)) {
            *out = begins_as_ours(folder, name) ? LT_STATE_OF_LEAT : LT_STATE_OF_ANOTHER;
        }
    }
    free_names(&names);
}

enum lt_state_owner lt_state_owner_of(const char *root)
{
    enum lt_state_owner owner = LT_STATE_OF_NOBODY;
    look_for_owner(root, 2, &owner);
    return owner;
}
