/*
 * The directory sink: text, JSON or CSV files in a directory, exactly once.
 *
 * Every epoch adds whole files, one per lane and partition (`partitionBy`), or several where a
 * file has become too large or too old. They are written under hidden names, and renamed into view
 * when the epoch is committed; then the epoch's entry is added to Spark's manifest
 * (io/manifest.h), which is what makes them count for readers that know it. No file is ever
 * changed once it is in view.
 *
 *   prepare(e)    files written and synced under staged names; their list is the note
 *   commit(e)     renamed into view by the writers; then the manifest file, by the sink
 *   recover(e)    the same again, from the note: idempotent
 *   resume(n)     staged files that no note names are deleted: their epochs never were
 *
 * Crash points, and what is concluded:
 *
 *   before offsets/e        staged files are swept away; the rows are read again
 *   between two renames     recover renames the rest
 *   before the manifest     recover finds all files in view, and publishes it
 *   after it                recover finds the epoch in the manifest: nothing to do
 *   a file is gone          neither staged nor in view: the epoch's files are deleted and it is
 *                           read again (only somebody from outside can bring this about)
 *
 * A directory belongs to one query: its manifest's folder says which (.leat-query), and a lock on
 * the directory keeps a second sink out while one writes.
 */
#ifndef LT_IO_FILES_SINK_H
#define LT_IO_FILES_SINK_H

#include "core/flow/connector.h"

extern const struct lt_sink_type lt_csv_sink_type;
extern const struct lt_sink_type lt_json_sink_type;
extern const struct lt_sink_type lt_text_sink_type;

#endif
