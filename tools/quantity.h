/*
 * Numbers for people: "12.3 k", "1.50 ms".
 *
 * on: any. Pure.
 */
#ifndef LT_TOOLS_QUANTITY_H
#define LT_TOOLS_QUANTITY_H

#include <stddef.h>
#include <stdint.h>

enum { LT_TOOL_QUANTITY_SIZE = 32 };

/* Both return `out`. */
char *lt_tool_quantity_count(double count, char out[LT_TOOL_QUANTITY_SIZE]);
char *lt_tool_quantity_duration(int64_t duration_ns, char out[LT_TOOL_QUANTITY_SIZE]);

#endif
