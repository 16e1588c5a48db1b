/*
 * The state of each stateful operator: by its metadata and the files of its stores
 * (core/state/survey.h), and what a fault in them comes to. A start opens one version; files that
 * do not make it are of older versions, which are kept for people, or of a batch that was not
 * concluded, which are deleted.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/epoch/inspect_internal.h"

/* An operator's folder, while it is looked through. */
struct visit {
    struct lt_inspect_look *look;
    struct lt_inspect_operator *operator;
    const char *path; /* "state/0" */
    uint64_t version; /* that a start opens */
};

/* ------------------------------------------------------------------------------------- metadata */

static void tell_metadata(const struct visit *visit, const struct lt_error *error)
{
    struct lt_inspect_fault fault = {.severity = LT_INSPECT_REFUSED,
                                     .condition = error->condition,
                                     .then = LT_INSPECT_THEN_REFUSED};
    fault.file = lt_arena_format(visit->look->out->arena, "%s/%s/%s", visit->path,
                                 LT_STATE_METADATA_FOLDER, LT_STATE_METADATA_FILE);
    fault.what = lt_inspect_shorten(visit->look, fault.file, error);
    lt_inspect_add_fault(visit->look->out, &fault);
}

/* Spark has other files there, too, which say nothing that leat asks for. */
static int read_metadata(struct visit *visit, struct lt_error *error)
{
    struct lt_inspection *out = visit->look->out;
    struct lt_epoch_folder folder = {.fd = -1};
    struct lt_text_buffer text;
    struct lt_error damage;
    char *name = lt_arena_format(out->arena, "%s/%s", visit->path, LT_STATE_METADATA_FOLDER);
    int code = lt_inspect_open(visit->look, name, &folder, error);
    if (code != 0 || folder.fd < 0)
        return code;
    lt_text_init(&text);
    int found = lt_epoch_file_read(&folder, LT_STATE_METADATA_FILE, true, &text, &damage);
    if (found == 0)
        found = lt_state_metadata_parse(lt_text_get(&text), text.size_bytes, out->arena,
                                        &visit->operator->metadata, &damage);
    visit->operator->has_metadata = found == 0;
    out->sound_files += found == 0;
    if (found != 0 && found != LT_E_NOT_FOUND && visit->operator->owner != LT_STATE_OF_ANOTHER)
        tell_metadata(visit, &damage);
    lt_text_fini(&text);
    lt_epoch_folder_close(&folder);
    return 0;
}

/* ---------------------------------------------------------------------------------------- files */

static void judge(const struct visit *visit, const struct lt_state_found *found,
                  struct lt_inspect_fault *fault)
{
    bool is_later = found->version > visit->version;
    if (found->is_needed) {
        fault->severity = LT_INSPECT_REFUSED;
        fault->then = LT_INSPECT_THEN_REFUSED;
    } else if (is_later) {
        fault->severity = LT_INSPECT_LEFT;
        fault->then = LT_INSPECT_THEN_DELETED;
    } else {
        fault->severity = LT_INSPECT_DAMAGED;
        fault->then = LT_INSPECT_THEN_UNREAD;
    }
    fault->what = found->damage->text;
    fault->condition = found->damage->condition;
}

/* What is as it was written, but of no version that was. */
static bool is_left(const struct visit *visit, const struct lt_state_found *found,
                    struct lt_inspect_fault *fault)
{
    bool runs = visit->look->out->owner != NULL;
    fault->severity = LT_INSPECT_LEFT;
    fault->then = LT_INSPECT_THEN_DELETED;
    if (found->kind == LT_STATE_FOUND_FOREIGN) {
        fault->what = "it is no file of state";
        fault->then = LT_INSPECT_THEN_LEFT;
        return true;
    }
    fault->what = found->kind == LT_STATE_FOUND_TEMPORARY
                      ? "a crash has left it"
                      : "it is of a batch that was not concluded";
    return !runs && (found->kind == LT_STATE_FOUND_TEMPORARY ||
                     (found->kind == LT_STATE_FOUND_FILE && found->version > visit->version));
}

static void count(struct lt_inspect_operator *operator, const struct lt_state_found *found)
{
    operator->has_live |= found->kind == LT_STATE_FOUND_LIVE;
    if (found->kind != LT_STATE_FOUND_FILE)
        return;
    operator->files++;
    operator->bytes += found->size_bytes;
    operator->needed_files += found->is_needed;
    operator->needed_bytes += found->is_needed ? found->size_bytes : 0;
    if (operator->oldest_version == 0 || found->version < operator->oldest_version)
        operator->oldest_version = found->version;
    if (found->version > operator->newest_version)
        operator->newest_version = found->version;
    if (found->is_needed && found->partition_count > operator->partition_count)
        operator->partition_count = found->partition_count;
}

static void on_found(void *context, const struct lt_state_found *found)
{
    struct visit *visit = context;
    struct lt_inspection *out = visit->look->out;
    struct lt_inspect_fault fault = {
        .file = lt_arena_format(out->arena, "%s/%s", visit->path, found->path)};
    count(visit->operator, found);
    if (found->damage != NULL)
        judge(visit, found, &fault);
    else if (!is_left(visit, found, &fault)) {
        out->sound_files += found->kind == LT_STATE_FOUND_FILE && visit->look->options->reads_all;
        return;
    }
    lt_inspect_add_fault(out, &fault);
}

static int survey(struct visit *visit, struct lt_error *error)
{
    struct lt_inspection *out = visit->look->out;
    const struct lt_state_metadata *metadata = &visit->operator->metadata;
    const char **stores = lt_arena_alloc(out->arena, metadata->store_count * sizeof *stores);
    size_t store_count = 0;
    for (size_t i = 0; i < metadata->store_count; i++)
        if (strcmp(metadata->stores[i].name, LT_STATE_DEFAULT_STORE) != 0)
            stores[store_count++] = metadata->stores[i].name;
    const struct lt_state_survey survey = {
        .root = lt_arena_format(out->arena, "%s/%s", out->path, visit->path),
        .version = visit->version,
        .stores = stores,
        .store_count = store_count,
        .reads_all = visit->look->options->reads_all,
        .found = on_found,
        .context = visit,
    };
    return lt_state_survey(&survey, error);
}

/* -------------------------------------------------------------------------------------- folders */

static int visit_operator(struct lt_inspect_look *look, const char *name, struct lt_error *error)
{
    struct lt_inspection *out = look->out;
    struct visit visit = {.look = look, .version = lt_inspect_version(out)};
    out->operators =
        lt_realloc_array(out->operators, out->operator_count + 1, sizeof out->operators[0]);
    visit.operator = &out->operators[out->operator_count++];
    visit.path = lt_arena_format(out->arena, "state/%s", name);
    const char *root = lt_arena_format(out->arena, "%s/%s", out->path, visit.path);
    *visit.operator = (struct lt_inspect_operator){.name = lt_arena_text(out->arena, name),
                                                   .owner = lt_state_owner_of(root)};
    int code = read_metadata(&visit, error);
    if (code == 0 && visit.operator->owner != LT_STATE_OF_ANOTHER)
        code = survey(&visit, error);
    return code;
}

int lt_inspect_state(struct lt_inspect_look *look, struct lt_error *error)
{
    struct lt_epoch_folder folder = {.fd = -1};
    struct lt_epoch_names names;
    int code = lt_inspect_open(look, "state", &folder, error);
    if (code != 0 || folder.fd < 0)
        return code;
    code = lt_epoch_folder_list(&folder, &names, error);
    for (uint64_t next = 0; code == 0; next++) { /* ends: each time a name more is behind it */
        uint64_t number, least = UINT64_MAX;
        for (size_t i = 0; i < names.count; i++)
            if (lt_epoch_log_parse_name(names.names[i], &number) && number >= next &&
                number < least)
                least = number;
        if (least == UINT64_MAX)
            break;
        char name[LT_EPOCH_NAME_SIZE];
        snprintf(name, sizeof name, "%" PRIu64, least);
        code = visit_operator(look, name, error);
        next = least;
    }
    free(names.names);
    lt_epoch_folder_close(&folder);
    return code;
}
