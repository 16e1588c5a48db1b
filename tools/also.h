/*
 * Further sinks of a relay: `--also URL`, each with what it is given of the records.
 *
 *     leat relay SOURCE SINK --where A  --also URL --where B --select LIST  --also URL ...
 *
 * The source is read once. What stands behind an --also - --where, --select, --out-format,
 * --partition, --sink-option - is of that sink alone, as what stands before the first is of the
 * first sink; everything else is of all. In the file they are the list `also`, whose elements have
 * the key `url`, those four names, and the sink's options.
 *
 * A branch is built as a relay of its own is, from settings in which its sink stands in the place
 * of the first one, over the stream that the relay reads.
 *
 * on: main.
 */
#ifndef LT_TOOLS_ALSO_H
#define LT_TOOLS_ALSO_H

#include "tools/plan.h"

/* The settings of a branch: those of the relay, with its own in the place of the first sink's. */
void lt_tool_also_settings(const struct lt_tool_settings *relay, size_t index,
                           struct lt_tool_settings *out);
/* Leaves out of a branch's settings the options that the relay's other sinks alone know: dealing
 * them would refuse them. Comes after its URL is parsed. */
void lt_tool_also_drop_others(const struct lt_tool_plan *branch, struct lt_tool_settings *settings);

#endif
