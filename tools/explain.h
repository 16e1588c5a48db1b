/*
 * What a relay or a job would do, without doing it.
 *
 * on: main.
 */
#ifndef LT_TOOLS_EXPLAIN_H
#define LT_TOOLS_EXPLAIN_H

#include "tools/plan.h"

/* --print-config: every value and where it came from; secrets are not shown. Exit statuses. */
int lt_tool_explain_config(const struct lt_tool_plan *plan,
                           const struct lt_tool_settings *settings);
/* `leat explain FILE | -e SQL ...`: the plans of the queries of SQL texts, which are not run. */
int lt_tool_explain_statements(int count, char **arguments);
/* --explain: the steps with their schemas. */
int lt_tool_explain_plan(const struct lt_tool_plan *plan, const struct lt_tool_settings *settings);

#endif
