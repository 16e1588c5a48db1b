/*
 * What tools need to read what people type as leat itself reads it: the nearest known name, and
 * durations.
 */
#include "core/leat_admin.h"

#include <stdio.h>

#include "core/base/error.h"
#include "core/base/nearest.h"
#include "core/base/units.h"

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
