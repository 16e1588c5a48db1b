/*
 * What a source counts of its own, for its metrics in the progress: datagrams that the kernel
 * dropped, files that were truncated, bytes that wait. A source says it by counters (sums and
 * gauges under the prefix that its reader is given); here those of all lanes are added up.
 *
 * on: any thread, while no run is being opened.
 */
#ifndef LT_RUN_PROGRESS_METRICS_H
#define LT_RUN_PROGRESS_METRICS_H

#include "core/base/counters.h"
#include "core/base/text_buffer.h"

/* Appends `,"name":"value"` for each, in the order in which they were added. `part`: of the source,
 * from 0; what every source has (records, lags) is left out. `counters` may be NULL. */
void lt_progress_metrics(const struct lt_counters *counters, uint32_t part,
                         struct lt_text_buffer *json);

#endif
