/*
 * What tools need to read what people type as leat itself reads it, and to write values for them:
 * the nearest known name, durations, and JSON of what has no text of its own.
 */
#include "core/leat_admin.h"

#include <stdio.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/base/nearest.h"
#include "core/base/units.h"
#include "core/data/type.h"
#include "core/leat_objects.h"
#include "core/text/json_write.h"

const char *leat_admin_nearest(const char *name, const char *const *names, size_t count)
{
    return name == NULL || names == NULL ? NULL : lt_nearest(name, names, count);
}

int leat_admin_duration_ns(const char *text, int64_t *duration_ns, char *error, size_t error_bytes)
{
    struct lt_error own;
    if (text == NULL || duration_ns == NULL)
        return LEAT_ERROR_INVALID;
    int code = lt_units_parse_duration_ns(text, 0, duration_ns, &own);
    if (code != 0 && error != NULL && error_bytes > 0)
        snprintf(error, error_bytes, "%s", own.text);
    return code;
}

char *leat_admin_value_json(const leat_row *row, uint32_t column, const char *type)
{
    const struct lt_row *from = (const struct lt_row *)(const void *)row;
    const struct lt_type *parsed = NULL;
    struct lt_text_buffer json;
    struct lt_error error;
    if (row == NULL || type == NULL || column >= from->column_count || lt_row_is_null(from, column))
        return NULL;
    struct lt_arena *arena = lt_arena_create();
    lt_text_init(&json);
    int code = lt_type_parse(type, arena, &parsed, &error);
    if (code == 0)
        lt_json_write_value(&json, parsed, &lt_row_values(from)[column], NULL);
    lt_arena_destroy(arena);
    if (code == 0)
        return lt_text_take(&json);
    lt_text_fini(&json);
    return NULL;
}
