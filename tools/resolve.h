/*
 * One value where several ways of saying it meet. Some options have a long form: --checkpoint is
 * checkpointLocation, --from is startingOffsets or startingTimestamp, a Kafka URL holds
 * kafka.bootstrap.servers and subscribe or topic. Among all of them the layer decides, as it does
 * for each alone (tools/settings.h); two of one layer that disagree are refused by name.
 *
 * What loses is taken out of the settings, so that whoever deals, prints or runs them afterwards
 * sees what holds, with its origin.
 *
 * on: main.
 */
#ifndef LT_TOOLS_RESOLVE_H
#define LT_TOOLS_RESOLVE_H

#include "tools/settings.h"
#include "tools/url.h"

/* Both return 0, or LT_TOOL_USAGE after saying what disagrees. All layers have been read. */

/* Flags and the options that they stand for. Comes first: puts the options in the order in which a
 * later one wins, by layer, and within one a side's own behind those for all sides. */
int lt_tool_resolve_flags(struct lt_tool_settings *settings);
/* The URLs and the options that they stand for. Addresses for all sides go to each that is Kafka's
 * and has none of its own in that layer. A URL becomes what holds: its text is the one that `ready`
 * says. */
int lt_tool_resolve_urls(struct lt_tool_settings *settings, struct lt_tool_url *source,
                         struct lt_tool_url *sink);

#endif
