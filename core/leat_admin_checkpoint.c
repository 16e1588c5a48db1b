/*
 * Checkpoints for tools: core/epoch looks through them, ops shows what aggregates hold, this file
 * hands in what was asked.
 */
#include "core/leat_admin.h"

#include <stdio.h>

#include "core/epoch/inspect.h"
#include "core/epoch/rows.h"
#include "core/leat_objects.h"
#include "ops/stateful/shown.h"

static void put_error(const struct lt_error *from, char *error, size_t error_bytes)
{
    if (error != NULL && error_bytes > 0)
        snprintf(error, error_bytes, "%s%s%s%s", from->condition[0] != '\0' ? "[" : "",
                 from->condition, from->condition[0] != '\0' ? "] " : "", from->text);
}

/* What a request has to say. */
static int check_given(const void *given, const char *what, struct lt_error *error)
{
    return given != NULL ? 0 : lt_error_set(error, LT_E_INVALID, "the request has no %s", what);
}

static enum leat_admin_checkpoint_verdict verdict_of(const struct lt_inspection *inspection)
{
    enum leat_admin_checkpoint_verdict verdict = LEAT_ADMIN_CHECKPOINT_SOUND;
    for (size_t i = 0; i < inspection->fault_count; i++)
        if (inspection->faults[i].severity == LT_INSPECT_DAMAGED)
            verdict = LEAT_ADMIN_CHECKPOINT_DAMAGED;
    return inspection->is_refused ? LEAT_ADMIN_CHECKPOINT_REFUSED : verdict;
}

static enum lt_inspect_view view_of(enum leat_admin_checkpoint_view view)
{
    return view == LEAT_ADMIN_CHECKPOINT_LIST   ? LT_INSPECT_LIST
           : view == LEAT_ADMIN_CHECKPOINT_SHOW ? LT_INSPECT_SHOW
                                                : LT_INSPECT_VERIFY;
}

char *leat_admin_checkpoint(const leat_admin_checkpoint_request *request,
                            enum leat_admin_checkpoint_verdict *verdict, char *error,
                            size_t error_bytes)
{
    leat_admin_checkpoint_request asked = {0};
    struct lt_inspection inspection;
    struct lt_text_buffer out;
    struct lt_error fault;
    int code = lt_door_copy_struct("leat_admin_checkpoint_request", request, &asked, sizeof asked,
                                   sizeof asked, &fault);
    const struct lt_inspect_options options = {
        .path = asked.path, .reads_all = asked.view == LEAT_ADMIN_CHECKPOINT_VERIFY};
    if (code == 0)
        code = check_given(asked.path, "path", &fault);
    if (code == 0)
        code = lt_inspect(&options, &inspection, &fault);
    if (code != 0) {
        put_error(&fault, error, error_bytes);
        return NULL;
    }
    const struct lt_inspect_print print = {
        .view = view_of(asked.view), .has_epoch = asked.has_batch, .epoch = asked.batch};
    lt_text_init(&out);
    code = asked.json ? lt_inspect_print_json(&inspection, &print, &out, &fault)
                      : lt_inspect_print_text(&inspection, &print, &out, &fault);
    if (verdict != NULL)
        *verdict = verdict_of(&inspection);
    lt_inspect_free(&inspection);
    if (code == 0)
        return lt_text_take(&out);
    put_error(&fault, error, error_bytes);
    lt_text_fini(&out);
    return NULL;
}

static int write_shown(void *context, const struct lt_type *type, const union lt_value *value,
                       struct lt_text_buffer *out, struct lt_error *error)
{
    return lt_shown_write(context, type, value, out, error);
}

int leat_admin_state(const leat_admin_state_request *request, char *error, size_t error_bytes)
{
    leat_admin_state_request asked = {0};
    struct lt_error fault;
    int code = lt_door_copy_struct("leat_admin_state_request", request, &asked, sizeof asked,
                                   sizeof asked, &fault);
    if (code == 0)
        code = check_given(asked.path, "path", &fault);
    if (code == 0)
        code = check_given(asked.row != NULL ? &asked : NULL, "row", &fault);
    struct lt_shown *shown = lt_shown_create();
    const struct lt_rows_request rows = {
        .path = asked.path,
        .operator = asked.operator_id,
        .has_partition = asked.partition >= 0,
        .partition = (uint32_t)asked.partition,
        .store = asked.store,
        .key = asked.key,
        .has_batch = asked.batch >= 0,
        .batch = (uint64_t)asked.batch,
        .write = write_shown,
        .write_context = shown,
        .line = asked.row,
        .context = asked.user,
    };
    if (code == 0)
        code = lt_rows_read(&rows, &fault);
    lt_shown_destroy(shown);
    if (code != 0)
        put_error(&fault, error, error_bytes);
    return code;
}
