/*
 * A look: the parts that a start reads, by the functions that it reads them with, and then every
 * file, for what is wrong with it. What a fault comes to depends on where the file stands: a start
 * reads only what decides something (core/epoch/directory.c), so that an old entry may be damaged
 * without a consequence.
 */
#include "core/epoch/inspect.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/limits.h"
#include "core/epoch/directory.h"
#include "core/epoch/inspect_internal.h"
#include "core/epoch/lock.h"

enum { ATTEMPTS = 20 }; /* at a directory that a query is working on */

#define RESTORE "; hint: restore it from a copy, or start with a new directory"

/* --------------------------------------------------------------------------------------- faults */

void lt_inspect_add_fault(struct lt_inspection *out, const struct lt_inspect_fault *fault)
{
    out->faults =
        lt_realloc_array(out->faults, out->fault_count + 1, sizeof out->faults[0]);
    struct lt_inspect_fault *added = &out->faults[out->fault_count++];
    *added = *fault;
    added->file = lt_arena_text(out->arena, fault->file);
    added->what = lt_arena_text(out->arena, fault->what);
    added->condition = lt_arena_text(out->arena, fault->condition == NULL ? "" : fault->condition);
}

static bool is_refused_for_a_file(const struct lt_inspection *out)
{
    bool is = false;
    for (size_t i = 0; i < out->fault_count; i++)
        is |= out->faults[i].severity == LT_INSPECT_REFUSED;
    return is;
}

/* ------------------------------------------------------------------------------------- the logs */

static void add_numbers(struct lt_inspection *out, const uint64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = out->epoch_count;
        while (at > 0 && out->epochs[at - 1].number > numbers[i])
            at--;
        if (at > 0 && out->epochs[at - 1].number == numbers[i])
            continue;
        out->epochs = lt_realloc_array(out->epochs, out->epoch_count + 1, sizeof out->epochs[0]);
        memmove(out->epochs + at + 1, out->epochs + at,
                (out->epoch_count - at) * sizeof out->epochs[0]);
        out->epochs[at] = (struct lt_inspect_epoch){.number = numbers[i], .metadata = ""};
        out->epoch_count++;
    }
}

struct lt_inspect_epoch *lt_inspect_find_epoch(const struct lt_inspection *inspection,
                                               uint64_t number)
{
    size_t first = 0, end = inspection->epoch_count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (inspection->epochs[middle].number < number)
            first = middle + 1;
        else
            end = middle;
    }
    bool is_there =
        first < inspection->epoch_count && inspection->epochs[first].number == number;
    return is_there ? &inspection->epochs[first] : NULL;
}

/* The numbers in a folder become epochs, if there are none of them yet. The last one, or -1. */
static int list_epochs(struct lt_inspect_look *look, const char *name, int64_t *last,
                       struct lt_error *error)
{
    struct lt_epoch_folder folder = {.fd = -1};
    uint64_t *numbers = NULL;
    size_t count = 0;
    int code = lt_inspect_open(look, name, &folder, error);
    if (code == 0)
        code = lt_directory_numbers(&folder, &numbers, &count, error);
    if (code == 0) {
        add_numbers(look->out, numbers, count);
        *last = count > 0 ? (int64_t)numbers[count - 1] : -1;
    }
    free(numbers);
    lt_epoch_folder_close(&folder);
    return code;
}

/* What the logs of a start conclude, if they do: the same functions read them. */
static void conclude(struct lt_inspect_look *look)
{
    struct lt_inspection *out = look->out;
    struct lt_directory directory;
    lt_directory_init(&directory);
    directory.has_state = directory.keeps_pending = true; /* whatever the query is */
    int code = lt_epoch_folder_open(&directory.root, out->path, false, &out->refusal);
    if (code == 0)
        code = lt_directory_read(&directory, true, out->arena, &out->refusal);
    out->has_conclusion = code == 0;
    out->is_refused = code != 0;
    out->conclusion = directory.conclusion;
    lt_directory_close(&directory);
}

/* Which epochs count, where the logs of a start do not say. */
static void guess(struct lt_inspect_look *look)
{
    struct lt_recovery_conclusion *conclusion = &look->out->conclusion;
    *conclusion = (struct lt_recovery_conclusion){.last_commit = look->last_commit,
                                                  .last_logged = look->last_commit};
}

static void judge_stage(const struct lt_inspection *out, struct lt_inspect_epoch *epoch)
{
    int64_t number = (int64_t)epoch->number;
    bool says_prepared = epoch->has_prepared ||
                         (epoch->is_read && epoch->offsets.metadata.prepared_sinks >= 0);
    if (number <= out->conclusion.last_commit)
        epoch->stage = LT_INSPECT_COMMITTED;
    else if (!epoch->is_read)
        epoch->stage = LT_INSPECT_UNKNOWN;
    else if (says_prepared)
        epoch->stage = LT_INSPECT_PREPARED;
    else if (out->has_conclusion && number != out->conclusion.last_logged + 1)
        epoch->stage = LT_INSPECT_INTENDED;
    else
        epoch->stage = LT_INSPECT_PENDING;
}

/* -------------------------------------------------------------------------------- the directory */

/* Without metadata, and without logs, it is something else. */
static int check_is_checkpoint(const struct lt_inspect_look *look, struct lt_error *error)
{
    struct lt_epoch_names names;
    bool is_one = false;
    int code = lt_epoch_folder_list(&look->root, &names, error);
    if (code != 0)
        return code;
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.names[i];
        is_one |= strcmp(name, "metadata") == 0 || strcmp(name, "offsets") == 0 ||
                  strcmp(name, "commits") == 0;
        look->out->is_leats |= strcmp(name, LT_EPOCH_LOCK_NAME) == 0;
    }
    free(names.names);
    if (is_one)
        return 0;
    return lt_error_set(error, LT_E_INVALID,
                        "'%s' is not a checkpoint: it holds none of 'metadata', 'offsets' and "
                        "'commits'; hint: give the directory that the query calls "
                        "checkpointLocation",
                        look->out->path);
}

static void read_query_id(struct lt_inspect_look *look)
{
    struct lt_inspection *out = look->out;
    struct lt_text_buffer text, id;
    struct lt_error error;
    lt_text_init(&text);
    lt_text_init(&id);
    int code = lt_epoch_file_read(&look->root, "metadata", true, &text, &error);
    if (code == 0)
        code = lt_epoch_log_parse_metadata(lt_text_get(&text), text.size_bytes, &id, &error);
    if (code == LT_E_NOT_FOUND)
        lt_error_set(&error, code, "it is missing" RESTORE);
    const struct lt_inspect_fault fault = {.severity = LT_INSPECT_REFUSED,
                                           .file = "metadata",
                                           .what = lt_inspect_shorten(look, "metadata", &error),
                                           .then = LT_INSPECT_THEN_REFUSED};
    if (code != 0)
        lt_inspect_add_fault(out, &fault);
    else
        out->query_id = lt_arena_text(out->arena, lt_text_get(&id));
    out->sound_files += code == 0;
    lt_text_fini(&text);
    lt_text_fini(&id);
}

static void read_owner(struct lt_inspect_look *look)
{
    char owner[LT_EPOCH_OWNER_SIZE];
    if (lt_epoch_lock_owner(&look->root, owner))
        look->out->owner = lt_arena_text(look->out->arena, owner);
}

/* A refusal that no file above explains: something is missing, or does not fit together. */
static void tell_refusal(struct lt_inspection *out)
{
    if (out->is_refused && !is_refused_for_a_file(out)) {
        const struct lt_inspect_fault fault = {.severity = LT_INSPECT_REFUSED,
                                               .file = "",
                                               .what = out->refusal.text,
                                               .condition = out->refusal.condition,
                                               .then = LT_INSPECT_THEN_REFUSED};
        lt_inspect_add_fault(out, &fault);
    }
    for (size_t i = 0; i < out->fault_count && !out->is_refused; i++) {
        const struct lt_inspect_fault *fault = &out->faults[i];
        if (fault->severity != LT_INSPECT_REFUSED)
            continue;
        out->is_refused = true;
        (void)lt_error_set(&out->refusal, LT_E_CORRUPT, "'%s': %s", fault->file, fault->what);
        if (fault->condition[0] != '\0')
            (void)lt_error_condition(&out->refusal, fault->condition, NULL);
    }
}

static int look_once(struct lt_inspect_look *look, struct lt_error *error)
{
    struct lt_inspection *out = look->out;
    int64_t ignored;
    int code = lt_epoch_folder_open(&look->root, out->path, false, error);
    if (code == LT_E_NOT_FOUND)
        return lt_error_set(error, code, "there is no directory '%s'", out->path);
    if (code == 0)
        code = check_is_checkpoint(look, error);
    if (code == 0)
        code = list_epochs(look, "commits", &look->last_commit, error);
    if (code == 0)
        code = list_epochs(look, "offsets", &ignored, error);
    if (code != 0)
        return code;
    read_owner(look);
    conclude(look);
    if (!out->has_conclusion)
        guess(look);
    read_query_id(look);
    code = lt_inspect_files(look, error);
    for (size_t i = 0; i < out->epoch_count; i++)
        judge_stage(out, &out->epochs[i]);
    if (code == 0)
        code = lt_inspect_state(look, error);
    tell_refusal(out);
    return code;
}

/* Has the query that runs here gone on since the look began? */
static bool has_gone_on(struct lt_inspect_look *look)
{
    struct lt_epoch_folder folder = {.fd = -1};
    uint64_t *numbers = NULL;
    size_t count = 0;
    bool has = lt_inspect_open(look, "commits", &folder, NULL) == 0 &&
               lt_directory_numbers(&folder, &numbers, &count, NULL) == 0 && count > 0 &&
               (int64_t)numbers[count - 1] != look->last_commit;
    free(numbers);
    lt_epoch_folder_close(&folder);
    return has;
}

static bool is_worth_another_look(struct lt_inspect_look *look)
{
    bool has_damage = false;
    for (size_t i = 0; i < look->out->fault_count; i++)
        has_damage |= look->out->faults[i].severity != LT_INSPECT_LEFT;
    return has_damage && look->out->owner != NULL && has_gone_on(look);
}

int lt_inspect(const struct lt_inspect_options *options, struct lt_inspection *out,
               struct lt_error *error)
{
    for (int attempt = 1;; attempt++) { /* ends after ATTEMPTS */
        *out = (struct lt_inspection){.arena = lt_arena_create()};
        out->path = lt_arena_text(out->arena, options->path);
        struct lt_inspect_look look = {.options = options, .out = out, .root = {.fd = -1}};
        int code = look_once(&look, error);
        bool again = code == 0 && attempt < ATTEMPTS && is_worth_another_look(&look);
        lt_epoch_folder_close(&look.root);
        if (code != 0 || again)
            lt_inspect_free(out);
        if (!again)
            return code;
    }
}

void lt_inspect_free(struct lt_inspection *inspection)
{
    free(inspection->faults);
    free(inspection->epochs);
    free(inspection->notes);
    free(inspection->source_files);
    free(inspection->operators);
    lt_arena_destroy(inspection->arena);
    *inspection = (struct lt_inspection){0};
}

uint64_t lt_inspect_version(const struct lt_inspection *inspection)
{
    return (uint64_t)(inspection->conclusion.last_logged + 1);
}
