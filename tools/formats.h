/*
 * Connectors of bytes - files, sockets, pipes - read and write formats themselves, where Kafka's
 * value is taken apart and put together by expressions (tools/shape.h). For those of bytes
 * --format, --schema, --out-format and --format-option are options of their own.
 *
 *   reading   --format; else, with --schema, what the file's name ends in, else json; else text
 *   writing   --out-format; else text, where lines are read without a --schema; else what the
 *             file's name ends in; else json for columns of a --schema, and for a directory
 *
 * on: main.
 */
#ifndef LT_TOOLS_FORMATS_H
#define LT_TOOLS_FORMATS_H

#include "tools/plan.h"

/* Whether the connector reads or writes formats itself. */
bool lt_tool_is_of_bytes(enum leat_admin_kind kind, const char *connector);

/* Turns "file" into the connector of its format, and notes in the plan who is of bytes. Returns
 * 0, or LT_TOOL_USAGE after saying what is wrong. Comes before a connector is asked for by name. */
int lt_tool_plan_name_files(struct lt_tool_plan *plan, const struct lt_tool_settings *settings);
/* The same for where dead letters go: CSV if its name says so, else JSON. */
void lt_tool_plan_name_letters(struct lt_tool_plan *plan);
/* Puts format and its options among those of the two sides. */
int lt_tool_plan_deal_formats(struct lt_tool_plan *plan, const struct lt_tool_settings *settings);

#endif
