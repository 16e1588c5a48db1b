/*
 * Directories as sources: files that appear in them are read once each, as Spark's file source
 * does, under its names: text, json, csv; and raw, which is leat's own.
 *
 * The idea. A file is taken when it has come into its place whole (renamed, linked, or closed by
 * its writer), oldest first. Files are read one after the other on the lane's thread through the
 * reactor, and their bytes go through a feed (io/feed.h). Which files were taken stands in the
 * source's own log in the checkpoint (io/files_log.h), and the position says how far into the log,
 * and into a file, an epoch has come: so an epoch can end within a file of any size, and a query
 * goes on at the byte where it was. The checkpoint of a Spark query is taken over as it is.
 *
 * There is one partition: the order of files is the order of the log.
 */
#ifndef LT_IO_FILES_SOURCE_H
#define LT_IO_FILES_SOURCE_H

#include "core/flow/connector.h"

extern const struct lt_source_type lt_files_csv_source_type;
extern const struct lt_source_type lt_files_json_source_type;
extern const struct lt_source_type lt_files_raw_source_type;
extern const struct lt_source_type lt_files_text_source_type;

#endif
