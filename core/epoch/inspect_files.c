/*
 * Each file of the logs: read with its checksum, parsed as a start parses it, and what a fault in
 * it comes to.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/limits.h"
#include "core/epoch/inspect_internal.h"
#include "core/epoch/lock.h"

enum kind {
    KIND_OFFSETS,
    KIND_COMMITS,
    KIND_PREPARED,
    KIND_SINK,   /* sinks/i */
    KIND_SOURCE, /* sources/i */
};

/* A folder that is looked through. */
struct walk {
    struct lt_inspect_look *look;
    enum kind kind;
    uint32_t index; /* of a sink or a source */
    char name[LT_EPOCH_NAME_SIZE];
    struct lt_epoch_folder folder;
};

int lt_inspect_open(const struct lt_inspect_look *look, const char *name,
                    struct lt_epoch_folder *folder, struct lt_error *error)
{
    struct lt_text_buffer path;
    lt_text_init(&path);
    lt_text_format(&path, "%s/%s", look->out->path, name);
    int code = lt_epoch_folder_open(folder, lt_text_get(&path), false, error);
    lt_text_fini(&path);
    return code == LT_E_NOT_FOUND ? 0 : code;
}

const char *lt_inspect_shorten(const struct lt_inspect_look *look, const char *file,
                               const struct lt_error *error)
{
    char *front = lt_arena_format(look->out->arena, "'%s/%s': ", look->out->path, file);
    size_t front_bytes = strlen(front);
    return strncmp(error->text, front, front_bytes) == 0 ? error->text + front_bytes
                                                         : error->text;
}

/* -------------------------------------------------------------------------------------- entries */

/* The second line of an entry. */
static const char *metadata_line(struct lt_arena *arena, const struct lt_text_buffer *text)
{
    const char *line = strchr(lt_text_get(text), '\n');
    return line == NULL ? "" : lt_arena_text_n(arena, line + 1, strcspn(line + 1, "\n"));
}

static int parse_offsets(struct walk *walk, struct lt_inspect_epoch *epoch,
                         const struct lt_text_buffer *text, struct lt_error *error)
{
    struct lt_arena *arena = walk->look->out->arena;
    int code = lt_epoch_log_parse_offsets(lt_text_get(text), text->size_bytes, arena,
                                          &epoch->offsets, error);
    epoch->is_read = code == 0;
    if (code == 0)
        epoch->metadata = metadata_line(arena, text);
    return code;
}

static void add_note(struct lt_inspection *out, uint32_t sink, uint64_t epoch, const char *text)
{
    out->notes = lt_realloc_array(out->notes, out->note_count + 1, sizeof out->notes[0]);
    out->notes[out->note_count++] = (struct lt_inspect_note){
        .epoch = epoch, .sink = sink, .text = lt_arena_text(out->arena, text)};
}

static int parse_note(struct walk *walk, uint64_t number, const struct lt_text_buffer *text,
                      struct lt_error *error)
{
    struct lt_text_buffer notes;
    lt_text_init(&notes);
    int code = lt_epoch_log_parse_notes(lt_text_get(text), text->size_bytes, &notes, error);
    if (code == 0)
        add_note(walk->look->out, walk->index, number, lt_text_get(&notes));
    lt_text_fini(&notes);
    return code;
}

static int parse_entry(struct walk *walk, uint64_t number, const struct lt_text_buffer *text,
                       struct lt_error *error)
{
    struct lt_inspect_epoch *epoch = lt_inspect_find_epoch(walk->look->out, number);
    struct lt_inspect_epoch none = {0};
    struct lt_epoch_prepared prepared;
    if (epoch == NULL)
        epoch = &none; /* it has come since, or its entry of offsets has gone */
    switch (walk->kind) {
    case KIND_OFFSETS:
        epoch->has_offsets = true;
        return parse_offsets(walk, epoch, text, error);
    case KIND_COMMITS:
        epoch->has_commit = true;
        return lt_epoch_log_parse_commit(lt_text_get(text), text->size_bytes,
                                         &epoch->next_watermark_ms, error);
    case KIND_PREPARED:
        epoch->has_prepared = true;
        return lt_epoch_log_parse_prepared(lt_text_get(text), text->size_bytes, &prepared, error);
    case KIND_SINK:
        return parse_note(walk, number, text, error);
    case KIND_SOURCE:
        break; /* as the source writes it */
    }
    return 0;
}

/* -------------------------------------------------------------------------------------- verdict */

/* Does a start read the entry of this number? See core/epoch/directory.c. */
static bool is_read_by_a_start(const struct walk *walk, uint64_t epoch)
{
    const struct lt_recovery_conclusion *conclusion = &walk->look->out->conclusion;
    int64_t number = (int64_t)epoch, commit = conclusion->last_commit;
    bool is_known = walk->look->out->has_conclusion;
    switch (walk->kind) {
    case KIND_OFFSETS: /* also of the last that was logged, which the sinks are told of */
        return number >= commit;
    case KIND_COMMITS:
        return number == commit;
    case KIND_PREPARED:
        return number > commit;
    case KIND_SINK: /* the last notes are what the sink goes on by */
        return number > commit || number == conclusion->last_logged ||
               (!is_known && number == commit);
    case KIND_SOURCE:
        break;
    }
    return true;
}

static bool is_deleted_by_a_start(const struct walk *walk, uint64_t epoch)
{
    const struct lt_inspection *out = walk->look->out;
    return walk->kind == KIND_SINK && out->has_conclusion &&
           (int64_t)epoch > out->conclusion.last_logged;
}

static void judge_damage(struct walk *walk, const char *name, const uint64_t *epoch,
                         const struct lt_error *error)
{
    struct lt_inspect_fault fault = {.severity = LT_INSPECT_REFUSED,
                                     .condition = error->condition,
                                     .then = LT_INSPECT_THEN_REFUSED};
    fault.file = lt_arena_format(walk->look->out->arena, "%s/%s", walk->name, name);
    fault.what = lt_inspect_shorten(walk->look, fault.file, error);
    if (epoch != NULL && is_deleted_by_a_start(walk, *epoch)) {
        fault.severity = LT_INSPECT_LEFT;
        fault.then = LT_INSPECT_THEN_DELETED;
    } else if (epoch != NULL && !is_read_by_a_start(walk, *epoch)) {
        fault.severity = LT_INSPECT_DAMAGED;
        fault.then = LT_INSPECT_THEN_UNREAD;
    }
    lt_inspect_add_fault(walk->look->out, &fault);
}

/* What is left of a crash; while a query runs it may be what it is writing. */
static void tell_left(struct lt_inspect_look *look, const char *folder, const char *name,
                      const char *what, const char *then)
{
    const struct lt_inspect_fault fault = {
        .severity = LT_INSPECT_LEFT,
        .file = lt_arena_format(look->out->arena, "%s%s%s", folder, *folder == '\0' ? "" : "/",
                                name),
        .what = what,
        .then = then};
    lt_inspect_add_fault(look->out, &fault);
}

static void tell_stranger(struct lt_inspect_look *look, const char *folder, const char *name)
{
    tell_left(look, folder, name, "it is no file of a checkpoint", LT_INSPECT_THEN_LEFT);
}

/* ----------------------------------------------------------------------------------------- walk */

static void read_entry(struct walk *walk, const char *name, const uint64_t *epoch)
{
    struct lt_text_buffer text;
    struct lt_error error;
    lt_text_init(&text);
    int code = lt_epoch_file_read(&walk->folder, name, true, &text, &error);
    if (code == 0 && epoch != NULL)
        code = parse_entry(walk, *epoch, &text, &error);
    walk->look->out->sound_files += code == 0;
    if (code != 0 && code != LT_E_NOT_FOUND) /* else it has been purged since it was listed */
        judge_damage(walk, name, epoch, &error);
    lt_text_fini(&text);
}

static void add_source_file(struct walk *walk, const char *name)
{
    struct lt_inspection *out = walk->look->out;
    out->source_files = lt_realloc_array(out->source_files, out->source_file_count + 1,
                                         sizeof out->source_files[0]);
    out->source_files[out->source_file_count++] =
        lt_arena_format(out->arena, "%s/%s", walk->name, name);
}

static void walk_name(struct walk *walk, const char *name)
{
    uint64_t epoch;
    bool is_number = lt_epoch_log_parse_name(name, &epoch);
    enum lt_epoch_name_kind kind = lt_epoch_name_kind(&walk->folder, name);
    bool is_ours = walk->kind == KIND_SOURCE ||
                   (walk->kind == KIND_SINK && strcmp(name, "start") == 0);
    if (kind == LT_EPOCH_NAME_COMPANION)
        return;
    if (kind == LT_EPOCH_NAME_LITTER) {
        if (walk->look->out->owner == NULL)
            tell_left(walk->look, walk->name, name, "a crash has left it", LT_INSPECT_THEN_DELETED);
    } else if (!is_number && !is_ours) {
        tell_stranger(walk->look, walk->name, name);
    } else {
        if (walk->kind == KIND_SOURCE)
            add_source_file(walk, name);
        read_entry(walk, name, is_number && walk->kind != KIND_SOURCE ? &epoch : NULL);
    }
}

/* 9 before 10. */
static int compare_names(const void *a, const void *b)
{
    size_t left = strlen(a), right = strlen(b);
    return left != right ? (left < right ? -1 : 1) : strcmp(a, b);
}

static int walk_folder(struct walk *walk, struct lt_error *error)
{
    struct lt_epoch_names names;
    walk->folder.fd = -1;
    int code = lt_inspect_open(walk->look, walk->name, &walk->folder, error);
    if (code != 0 || walk->folder.fd < 0)
        return code;
    code = lt_epoch_folder_list(&walk->folder, &names, error);
    if (code == 0) {
        qsort(names.names, names.count, sizeof names.names[0], compare_names);
        for (size_t i = 0; i < names.count; i++)
            walk_name(walk, names.names[i]);
        if (names.has_long)
            tell_stranger(walk->look, walk->name, "...");
        free(names.names);
    }
    lt_epoch_folder_close(&walk->folder);
    return code;
}

/* The folders of sinks, or of sources. */
static int walk_numbered(struct lt_inspect_look *look, const char *name, enum kind kind,
                         struct lt_error *error)
{
    struct lt_epoch_folder folder = {.fd = -1};
    struct lt_epoch_names names;
    int code = lt_inspect_open(look, name, &folder, error);
    if (code != 0 || folder.fd < 0)
        return code;
    code = lt_epoch_folder_list(&folder, &names, error);
    if (code == 0)
        qsort(names.names, names.count, sizeof names.names[0], compare_names);
    for (size_t i = 0; code == 0 && i < names.count; i++) {
        struct walk walk = {.look = look, .kind = kind};
        uint64_t index;
        if (!lt_epoch_log_parse_name(names.names[i], &index) || index >= LT_LIMIT_SINKS) {
            tell_stranger(look, name, names.names[i]);
            continue;
        }
        walk.index = (uint32_t)index;
        snprintf(walk.name, sizeof walk.name, "%s/%" PRIu32, name, walk.index);
        code = walk_folder(&walk, error);
    }
    free(names.names);
    lt_epoch_folder_close(&folder);
    return code;
}

static int walk_root(struct lt_inspect_look *look, struct lt_error *error)
{
    static const char *const known[] = {"metadata", "offsets", "commits", "prepared",
                                        "sinks",    "sources", "state",   LT_EPOCH_LOCK_NAME,
                                        "lost+found"};
    struct lt_epoch_names names;
    int code = lt_epoch_folder_list(&look->root, &names, error);
    if (code != 0)
        return code;
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.names[i];
        enum lt_epoch_name_kind kind = lt_epoch_name_kind(&look->root, name);
        bool is_known = kind != LT_EPOCH_NAME_FILE;
        for (size_t j = 0; j < sizeof known / sizeof known[0] && !is_known; j++)
            is_known = strcmp(name, known[j]) == 0;
        if (kind == LT_EPOCH_NAME_LITTER && look->out->owner == NULL)
            tell_left(look, "", name, "a crash has left it", LT_INSPECT_THEN_DELETED);
        else if (!is_known)
            tell_stranger(look, "", name);
    }
    free(names.names);
    return 0;
}

int lt_inspect_files(struct lt_inspect_look *look, struct lt_error *error)
{
    struct walk logs[] = {{.look = look, .kind = KIND_OFFSETS, .name = "offsets"},
                          {.look = look, .kind = KIND_COMMITS, .name = "commits"},
                          {.look = look, .kind = KIND_PREPARED, .name = "prepared"}};
    int code = walk_root(look, error);
    for (size_t i = 0; i < sizeof logs / sizeof logs[0] && code == 0; i++)
        code = walk_folder(&logs[i], error);
    if (code == 0)
        code = walk_numbered(look, "sinks", KIND_SINK, error);
    return code == 0 ? walk_numbered(look, "sources", KIND_SOURCE, error) : code;
}
