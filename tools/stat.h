/*
 * Printing one counters file, in three ways.
 *
 * on: main.
 */
#ifndef LT_TOOLS_STAT_H
#define LT_TOOLS_STAT_H

#include "core/leat_admin.h"

void lt_tool_stat_table(const leat_admin_counters *counters, const char *path);
/* One object on one line. */
void lt_tool_stat_json(const leat_admin_counters *counters, const char *path);
/* The text format of Prometheus. Names lose their lane or sink, which become labels:
 * lane0.source.records is leat_source_records_total{query="...",lane="0"}. Times are seconds. The
 * same family may come from several files, and its HELP and TYPE may stand only once: so all files
 * are given together. */
void lt_tool_stat_prometheus(leat_admin_counters *const *counters, size_t count);

#endif
