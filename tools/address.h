/*
 * Addresses of connectors other than Kafka's, in one word:
 *
 *     -                                    standard input, standard output
 *     file:///data/in                      the files of a directory, or of a glob of them
 *     tail:///var/log/app.log              a growing file; append:///... writes one
 *     tcp://HOST:PORT                      tcp-listen://[HOST]:PORT, udp://HOST:PORT alike
 *     unix:///run/x.sock                   a socket of the file system
 *     http://HOST[:PORT]/PATH              rows go there by POST
 *     foreach:COMMAND                      a process that is given the rows
 *     foreachBatch:COMMAND                 a process that is given them batch by batch
 *
 * Behind a "?" stand options, as `?includeTimestamp=true&maxClients=100`, with %XX for what would
 * end them; an address of http keeps its own. A path without the two slashes is one from where
 * leat runs: `tail:log/app.log`.
 *
 * on: main.
 */
#ifndef LT_TOOLS_ADDRESS_H
#define LT_TOOLS_ADDRESS_H

#include "tools/url.h"

/* Reads `url->text`, whose scheme is none of Kafka's: fills format and options. False: no such
 * scheme here, nothing was done. Else *status is 0, or LT_TOOL_USAGE after saying what is wrong;
 * `what` is "source", "sink" or "dlq". */
bool lt_tool_address_parse(struct lt_tool_url *url, const char *what, int *status);

/* The format that a file's name says: "json" for .json, .jsonl and .ndjson, "csv", "text" for .txt
 * and .log, compressed or not; NULL: it says none. */
const char *lt_tool_address_format(const char *path);

#endif
