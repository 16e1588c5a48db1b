/*
 * What the two halves of --schema share: shape.c takes a value apart, compose.c puts it together.
 *
 * on: main.
 */
#ifndef LT_TOOLS_SHAPE_H
#define LT_TOOLS_SHAPE_H

#include "tools/plan.h"

/* The format that a setting says, or `fallback`. Returns 0, or LT_TOOL_USAGE after saying why. */
int lt_tool_shape_format(const struct lt_tool_settings *settings, enum lt_tool_setting setting,
                         const char *fallback, const char **out);
/* ", map('mode', 'FAILFAST', ...)" in *out, the caller's to free; "": no options. Returns 0, or
 * LT_TOOL_USAGE after saying which is wrong. */
int lt_tool_shape_options(const struct lt_tool_settings *settings, const char *format,
                          bool for_reading, char **out);
/* Adds to a list with commas; *list NULL: it is empty. The second frees `more`. */
void lt_tool_shape_append(char **list, const char *more);
void lt_tool_shape_append_new(char **list, char *more);
/* "`_key`" of "key"; the caller's to free. */
char *lt_tool_shape_beside(const char *name);
/* Moves the stream on by a projection. Returns 0, or LT_TOOL_USAGE after saying what is wrong. */
int lt_tool_shape_select(struct lt_tool_plan *plan, leat_stream **stream, const char *list,
                         const char *what);

#endif
