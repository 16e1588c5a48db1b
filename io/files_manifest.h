/*
 * A directory that a file sink of Spark's kind has written: what is in it stands in its manifest,
 * `_spark_metadata`, and files that are not named there are left over from attempts that failed.
 * So a source that reads such a directory lists the manifest and not the directory.
 *
 * on: as a walk of io/files_list.h.
 */
#ifndef LT_IO_FILES_MANIFEST_H
#define LT_IO_FILES_MANIFEST_H

#include "io/files_list.h"

/* Is the place one directory that has a manifest? */
bool lt_files_manifest_is_there(const struct lt_files_place *place);
/* Visits the files of the entries behind *last, and then moves it; the directory visited is the
 * manifest's own. Entries are read in their order. CORRUPT names what cannot be read. */
int lt_files_manifest_walk(const struct lt_files_place *place, int64_t *last,
                           const struct lt_files_visitor *visitor,
                           struct lt_error *error) LT_MUST_USE;

#endif
