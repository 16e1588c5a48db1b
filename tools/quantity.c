/*
 * Three digits and a unit.
 */
#include "tools/quantity.h"

#include <inttypes.h>
#include <stdio.h>

struct unit {
    double size;
    const char *name;
};

/* The largest unit that leaves at least 1. */
static char *print(double value, const struct unit *units, size_t unit_count, char *out)
{
    size_t i = 0;
    while (i + 1 < unit_count && value < units[i].size)
        i++;
    double shown = value / units[i].size;
    int digits = shown >= 100 || units[i].size <= 1 ? 0 : shown >= 10 ? 1 : 2;
    snprintf(out, LT_TOOL_QUANTITY_SIZE, "%.*f%s", digits, shown, units[i].name);
    return out;
}

char *lt_tool_quantity_count(double count, char out[LT_TOOL_QUANTITY_SIZE])
{
    static const struct unit units[] = {{1e9, " G"}, {1e6, " M"}, {1e3, " k"}, {1, ""}};
    return print(count, units, sizeof units / sizeof units[0], out);
}

char *lt_tool_quantity_duration(int64_t duration_ns, char out[LT_TOOL_QUANTITY_SIZE])
{
    static const struct unit units[] = {{1e9, " s"}, {1e6, " ms"}, {1e3, " us"}, {1, " ns"}};
    if (duration_ns < 0) {
        snprintf(out, LT_TOOL_QUANTITY_SIZE, "-");
        return out;
    }
    return print((double)duration_ns, units, sizeof units / sizeof units[0], out);
}
