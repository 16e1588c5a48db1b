/*
 * What a relay was told, and by whom. Three layers say the same things under the same names, and a
 * later one wins over an earlier one:
 *
 *     file          relay: {until-end: true}       source: {startingOffsets: earliest}
 *     environment   LEAT_UNTIL_END=true            LEAT_SOURCE_OPTION_STARTINGOFFSETS=earliest
 *     command line  --until-end                    --source-option startingOffsets=earliest
 *
 * Every value keeps its origin ("relay.yaml:3:5", "environment LEAT_DRAIN", "command line"), which
 * errors and --print-config name. A list (--option, --add-header, ...) gathers from all layers.
 *
 * on: main.
 */
#ifndef LT_TOOLS_SETTINGS_H
#define LT_TOOLS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/flags.h"

/* id, name, letter, argument, what it is when nobody says it (NULL: nothing, or the query's and the
 * connectors' options have it), which layers may say it, help. The names are those of the flags, of
 * the keys in the file's section `relay`, and, in capitals, of the environment. */
#define LT_TOOL_SETTINGS(XX)                                                                       \
    XX(WHERE, "where", 0, "EXPR", NULL, ANY, "Pass on the records for which EXPR is true.")        \
    XX(SELECT, "select", 0, "LIST", NULL, ANY,                                                     \
       "Rewrite columns by name: \"upper(cast(value as string)) as value\". Names: key, value, "   \
       "topic, partition, headers, timestamp. What the list does not name stays as it is; a list " \
       "with * except (...) is taken as it stands.")                                               \
    XX(SCHEMA, "schema", 0, "DDL", NULL, ANY,                                                      \
       "Read the value as columns of these names and types: \"sym string, price double\"; "        \
       "--where and --select use them, and the row is written again as JSON. What the record "     \
       "has beside is _key, _topic, _partition, _offset, _timestamp and _headers.")                \
    XX(FORMAT, "format", 0, "FORMAT", NULL, ANY,                                                   \
       "What the value is: json (the default with --schema), csv, or text, which is one column "   \
       "value without --schema.")                                                                  \
    XX(OUT_FORMAT, "out-format", 0, "FORMAT", NULL, ANY,                                           \
       "What the row becomes in Kafka: json (the default), csv, or text, one column as it is.")    \
    XX(FORMAT_OPTION, "format-option", 0, "KEY=VALUE", NULL, ANY,                                  \
       "An option of from_json or from_csv by Spark's name, as timestampFormat or sep, which "     \
       "holds for writing too. Unless mode says otherwise, a value that does not parse is a "      \
       "record that cannot be processed.")                                                         \
    XX(ALSO, "also", 0, "URL", NULL, COMMAND,                                                      \
       "A further sink of the same records, any number of times: --where, --select, "              \
       "--out-format, --partition and --sink-option behind it are of it alone.")                   \
    XX(DROP_HEADER, "drop-header", 0, "NAME", NULL, ANY,                                           \
       "Drop all headers of that name; * drops all.")                                              \
    XX(ADD_HEADER, "add-header", 0, "NAME=VALUE", NULL, ANY,                                       \
       "Add a header at the end; NAME alone: null.")                                               \
    XX(CHECKPOINT, "checkpoint", 0, "DIR", NULL, ANY,                                              \
       "Where the relay keeps how far it is, to go on from there after any end.")                  \
    XX(SPOOL, "spool", 0, "DIR", NULL, ANY,                                                        \
       "Keep what a source gives that cannot be read again - a socket, a pipe - in files of this " \
       "directory until it is committed, so that an end of any kind loses none of it.")            \
    XX(ACK, "ack", 0, NULL, "false", ANY,                                                          \
       "Tell each client the number of its last durable record; goes with --spool.")               \
    XX(FROM, "from", 0, "WHERE", NULL, ANY,                                                        \
       "Where a new relay begins: earliest, latest (the default), committed, or a time as "        \
       "milliseconds or 2026-08-20T12:00:00Z.")                                                    \
    XX(UNTIL_END, "until-end", 0, NULL, "false", ANY,                                              \
       "Stop at what was the end when the relay started.")                                         \
    XX(PARTITION, "partition", 0, "HOW", NULL, ANY,                                                \
       "source (the default: the partition it came from), key (by the key, as Kafka's Java "       \
       "client does), murmur2 (the same: the name of that client's hash), round-robin.")           \
    XX(TIMESTAMP, "timestamp", 0, "HOW", "source", ANY, "source (the default: keep it), or now.")  \
    XX(DLQ, "dlq", 0, "URL", NULL, ANY,                                                            \
       "Where records go that cannot be processed, byte for byte, with what says why: a topic, "   \
       "with headers, or any other sink, as rows of JSON. Without it the first one ends the "      \
       "relay.")                                                                                   \
    XX(OPTION, "option", 0, "KEY=VALUE", NULL, NOT_ENVIRONMENT,                                    \
       "Any option of source, sink or query; kafka.* goes to both sides.")                         \
    XX(SOURCE_OPTION, "source-option", 0, "KEY=VALUE", NULL, NOT_ENVIRONMENT,                      \
       "An option of the source alone.")                                                           \
    XX(SINK_OPTION, "sink-option", 0, "KEY=VALUE", NULL, NOT_ENVIRONMENT,                          \
       "An option of the sink alone.")                                                             \
    XX(CONFIG, "config", 0, "FILE", NULL, NOT_FILE,                                                \
       "YAML file with the sections source, sink, query and relay; the command line and the "      \
       "environment win over it.")                                                                 \
    XX(EPOCH, "epoch", 0, "TIME", "1s", ANY, "How often progress is made durable; default 1s.")    \
    XX(LANES, "lanes", 0, "N", NULL, ANY, "Lanes to run; default: as partitions and CPUs allow.")  \
    XX(STAGES, "stages", 0, "N", NULL, ANY,                                                        \
       "Threads each lane is cut into: 1 (the default), 2 or 3.")                                  \
    XX(CPUS, "cpus", 0, "LIST", NULL, ANY, "CPUs for lanes, as 2,4-6.")                            \
    XX(IDLE, "idle", 0, "HOW", NULL, ANY,                                                          \
       "What a lane does when nothing is there: spin, yield, backoff, "                            \
       "park; default: auto.")                                                                     \
    XX(STARTUP_TIMEOUT, "startup-timeout", 0, "TIME", "10s", ANY,                                  \
       "How long the start waits for brokers to answer; default 10s.")                             \
    XX(DRAIN, "drain", 0, "TIME", NULL, ANY,                                                       \
       "How long a stop waits for what was read to be delivered and committed; default 5s.")       \
    XX(NAME, "name", 0, "NAME", NULL, ANY, "Name in progress, counters and logs.")                 \
    XX(COUNTERS, "counters", 0, "WHERE", "auto", ANY,                                              \
       "auto (the default: a file in shared memory that leat stat finds), off, or a path.")        \
    XX(PROGRESS_INTERVAL, "progress-interval", 0, "TIME", "1s", ANY,                               \
       "How often the live line, or a line of JSON progress, is printed; default 1s.")             \
    XX(PRINT_CONFIG, "print-config", 0, NULL, NULL, COMMAND,                                       \
       "Print each effective value and where it came from, and end.")                              \
    XX(EXPLAIN, "explain", 0, NULL, NULL, COMMAND,                                                 \
       "Check everything without connecting, print the plan, end.")                                \
    XX(QUIET, "quiet", 'q', NULL, "false", ANY, "No live line and no progress.")                   \
    XX(LOG_LEVEL, "log-level", 0, "LEVEL", "info", ANY,                                            \
       "error, warn, info (the default) or debug.")                                                \
    XX(HELP, "help", 'h', NULL, NULL, COMMAND, "Print this and end.")

enum lt_tool_setting {
#define LT_TOOL_SETTING_ID(id, name, letter, argument, fallback, layers, help) LT_TOOL_SET_##id,
    LT_TOOL_SETTINGS(LT_TOOL_SETTING_ID)
#undef LT_TOOL_SETTING_ID
        LT_TOOL_SET_FLAGS, /* how many are flags; the two below are words or sections */
    LT_TOOL_SET_SOURCE = LT_TOOL_SET_FLAGS,
    LT_TOOL_SET_SINK,
    LT_TOOL_SET_COUNT
};

extern const struct lt_tool_flag lt_tool_relay_flags[LT_TOOL_SET_FLAGS];

/* Who beside the command line may say it. */
enum lt_tool_layers {
    LT_TOOL_LAYERS_ANY,
    LT_TOOL_LAYERS_NOT_FILE,        /* a file that names another file */
    LT_TOOL_LAYERS_NOT_ENVIRONMENT, /* there the key is in the variable's name */
    LT_TOOL_LAYERS_COMMAND,         /* ends the program */
};

enum lt_tool_layer {
    LT_TOOL_LAYER_NONE,
    LT_TOOL_LAYER_FILE,
    LT_TOOL_LAYER_ENVIRONMENT,
    LT_TOOL_LAYER_COMMAND,
    LT_TOOL_LAYERS
};

enum lt_tool_side { LT_TOOL_ANY_SIDE, LT_TOOL_SOURCE_SIDE, LT_TOOL_SINK_SIDE, LT_TOOL_QUERY_SIDE };

struct lt_tool_value {
    char *text; /* NULL: not set; a switch: "true" */
    char *origin;
    enum lt_tool_layer layer;
};

/* An option of a connector or of the query. */
struct lt_tool_pair {
    enum lt_tool_side side;
    char *key, *value, *origin;
    enum lt_tool_layer layer;
};

/* An element of another list: a header to drop or to add. */
struct lt_tool_item {
    enum lt_tool_setting setting;
    char *text, *origin;
    enum lt_tool_layer layer;
};

struct lt_tool_settings {
    struct lt_tool_value values[LT_TOOL_SET_COUNT];
    struct lt_tool_pair *pairs;
    size_t pair_count;
    struct lt_tool_item *items;
    size_t item_count;
    /* Further sinks (tools/also.h): of each only what is its own. */
    struct lt_tool_settings *also;
    size_t also_count;
};

void lt_tool_settings_fini(struct lt_tool_settings *settings);

/* All setters copy, and return 0 or LT_TOOL_USAGE after saying what is wrong, with `origin`. */
int lt_tool_settings_set(struct lt_tool_settings *settings, enum lt_tool_setting setting,
                         const char *text, enum lt_tool_layer layer, const char *origin);
int lt_tool_settings_pair(struct lt_tool_settings *settings, enum lt_tool_side side,
                          const char *key, const char *value, enum lt_tool_layer layer,
                          const char *origin);

/* A further sink, whose own settings are set in what is returned, until the next is added. NULL
 * after saying what is wrong. */
struct lt_tool_settings *lt_tool_settings_also(struct lt_tool_settings *settings, const char *url,
                                               enum lt_tool_layer layer, const char *origin);

/* Reads the command line: flags, and two words for source and sink. */
int lt_tool_settings_command(struct lt_tool_settings *settings, int count, char **arguments);
/* Reads the variables that begin with LEAT_. */
int lt_tool_settings_environment(struct lt_tool_settings *settings, char *const *environment);

/* The value; where nobody said one, the default, or NULL if there is none here. The origin, or
 * "default". */
const char *lt_tool_settings_text(const struct lt_tool_settings *settings,
                                  enum lt_tool_setting setting);
const char *lt_tool_settings_origin(const struct lt_tool_settings *settings,
                                    enum lt_tool_setting setting);
bool lt_tool_settings_switch(const struct lt_tool_settings *settings, enum lt_tool_setting setting);
/* True when that layer may say the flag. */
bool lt_tool_settings_may(enum lt_tool_setting setting, enum lt_tool_layer layer);
/* The index of the flag of that name, or -1. */
int lt_tool_settings_find(const char *name);

#endif
