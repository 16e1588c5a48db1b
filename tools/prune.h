/*
 * Counters of the dead are worth a look, and cost memory: a relay that is killed and started again
 * and again must not fill it.
 *
 * on: main.
 */
#ifndef LT_TOOLS_PRUNE_H
#define LT_TOOLS_PRUNE_H

enum { LT_TOOL_DEAD_KEPT = 4 };

/* Removes the automatic counters files of dead processes whose query has that name ("" for none),
 * except for the LT_TOOL_DEAD_KEPT that started last. `path` is what leat_admin_counters_path()
 * gave this one; NULL is a no-op. */
void lt_tool_prune_counters(const char *path, const char *query_name);

#endif
