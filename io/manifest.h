/*
 * The manifest of a directory that a file sink writes: _spark_metadata, in Spark's exact text.
 *
 * A file sink adds one manifest file per epoch, without gaps: `17` names the files that epoch 17
 * added, and each tenth is `19.compact`, which names all that there are. Its text is a line `v1`
 * and a JSON object per file:
 *
 *   {"path":"file:///out/part-00000-....json","size":211,"isDir":false,
 *    "modificationTime":1795347691085,"blockReplication":1,"blockSize":33554432,"action":"add"}
 *
 * (in one line). An epoch's files are in the output if, and only if, its manifest file is there.
 * Readers that know the manifest take the last `.compact` and what follows it.
 *
 * What is held here is what a writer needs for the next file: the lines of all files so far, and
 * when each was written, since a compacted manifest leaves out those beyond the sink's `retention`.
 *
 * What this is not: how a manifest file is made durable, which is the sink's own business: the
 * entries are found out here, the bytes go to disk there.
 *
 * on: one thread at a time. Paths are URIs (io/files_name.h).
 */
#ifndef LT_IO_MANIFEST_H
#define LT_IO_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/text_buffer.h"

#define LT_MANIFEST_FOLDER "_spark_metadata"

enum {
    LT_MANIFEST_NAME_SIZE = 40,   /* "9223372036854775807.compact" */
    LT_MANIFEST_INTERVAL = 10,    /* Spark's spark.sql.streaming.fileSink.log.compactInterval */
    LT_MANIFEST_KEPT_EPOCHS = 100 /* Spark's minBatchesToRetain: newer files are not deleted */
};

struct lt_manifest_file {
    const char *uri;
    int64_t size_bytes, modified_ms;
};

struct lt_manifest_line {
    int64_t modified_ms;
    size_t size_bytes; /* with its line feed, which stands in front */
};

struct lt_manifest {
    int64_t last;      /* the newest epoch that has a manifest file; -1: none has */
    int64_t oldest;    /* the oldest that lay in the folder when it was read; 0: none */
    uint32_t interval; /* how many epochs from one compacted file to the next */
    struct lt_text_buffer lines;
    struct lt_manifest_line *index; /* of each line */
    size_t count, capacity;
};

/* An empty one. */
void lt_manifest_init(struct lt_manifest *manifest);
void lt_manifest_fini(struct lt_manifest *manifest);

/* Reads what the folder `path` holds; a missing folder is an empty manifest. CORRUPT for a text
 * that is none, or a file that is missing between others, by name. Waits for the disk. */
int lt_manifest_load(struct lt_manifest *manifest, const char *path,
                     struct lt_error *error) LT_MUST_USE;

/* Adds `files` as epoch last + 1: writes the name and appends the text of its manifest file, and
 * counts on. In a compacted one, and from then on, files older than `retention_ms` at `now_ms` are
 * left out; negative: none is. */
void lt_manifest_next(struct lt_manifest *manifest, const struct lt_manifest_file *files,
                      size_t count, int64_t now_ms, int64_t retention_ms,
                      char name[LT_MANIFEST_NAME_SIZE], struct lt_text_buffer *content);

/* An empty manifest of a sink that begins with `epoch`: the next file to add is the first that
 * readers look for, a compacted one, or 0. Those up to `epoch` are to be added without files. */
void lt_manifest_begin_before(struct lt_manifest *manifest, int64_t epoch);

/* What manifest files say, one after the other; a negative answer of `visit` ends it and is
 * returned. `uri` lives as long as the call. */
typedef int lt_manifest_visit_fn(void *context, const struct lt_manifest_file *file,
                                 struct lt_error *error);
/* The text of one manifest file. CORRUPT with the line for what is none. */
int lt_manifest_parse(const char *text, size_t size_bytes, lt_manifest_visit_fn *visit,
                      void *context, struct lt_error *error) LT_MUST_USE;
/* All that is held. */
int lt_manifest_visit(const struct lt_manifest *manifest, lt_manifest_visit_fn *visit,
                      void *context, struct lt_error *error) LT_MUST_USE;

/* The epoch of the name of a manifest file, -1 for other names; *is_compact says which kind. */
int64_t lt_manifest_epoch_of(const char *name, bool *is_compact);
void lt_manifest_name(int64_t epoch, bool is_compact, char name[LT_MANIFEST_NAME_SIZE]);
/* Is the manifest file of this epoch a compacted one? */
bool lt_manifest_is_compact(uint32_t interval, int64_t epoch);
/* Where a reader begins to make its list of the files up to `epoch`: with the newest compacted one,
 * or with 0. */
int64_t lt_manifest_first_read(uint32_t interval, int64_t epoch);

#endif
