/*
 * A relay's settings in a YAML file:
 *
 *     source:
 *       url: kafka://127.0.0.1:9092/in
 *       startingOffsets: earliest
 *       kafka: {client.id: relay}         # nested keys are joined by dots
 *     sink:
 *       url: kafka://127.0.0.1:9092/out
 *     query:
 *       minBatchesToRetain: 10
 *     relay:                              # the flags, by their names
 *       where: value:price > 100
 *       checkpoint: /var/lib/relay
 *       add-header: [origin=relay]
 *
 * Everything wrong with it is told with its place: "relay.yaml:3:5: ...".
 *
 * on: main.
 */
#ifndef LT_TOOLS_CONFIG_H
#define LT_TOOLS_CONFIG_H

#include "tools/settings.h"

/* Adds the file's settings. Returns 0, or LT_TOOL_USAGE after saying what is wrong with it. */
int lt_tool_config_load(const char *path, struct lt_tool_settings *settings);

#endif
