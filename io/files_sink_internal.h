/*
 * What the two halves of the directory sink share: the sink (io/files_sink.c, one per query) and
 * its writers (io/files_sink_writer.c, one per lane).
 */
#ifndef LT_IO_FILES_SINK_INTERNAL_H
#define LT_IO_FILES_SINK_INTERNAL_H

#include "core/base/uuid.h"
#include "core/flow/connector.h"
#include "io/file_jobs.h"
#include "io/files_sink_batch.h"
#include "io/files_sink_compress.h"
#include "io/files_sink_layout.h"
#include "io/format_write.h"
#include "io/manifest.h"

enum {
    /* Directories synced, or files renamed, at once by a thread that waits for them. */
    LT_FILES_WAITING_JOBS = 16,
    LT_FILES_NAME_SIZE = 96, /* part-00000-<uuid>.c000.json.zst */
};

/* A manifest file on its way to the disk. */
struct lt_files_publication {
    struct lt_file_job job;
    bool is_busy;
    int code; /* of the last one; negative for good */
    struct lt_error error;
    char name[LT_MANIFEST_NAME_SIZE], temporary[LT_MANIFEST_NAME_SIZE + 16];
    struct lt_text_buffer content;
};

/* A compacted manifest file that was published, and when. */
struct lt_files_compaction {
    int64_t epoch, wall_ms;
};

struct lt_files_sink {
    struct lt_sink base;
    /* constant after bind */
    struct lt_options *options;
    struct lt_zones *zones;
    struct lt_files_layout layout;
    enum lt_compression compression;
    const char *suffix; /* ".json.gz" */
    char stage[32];     /* "sink json" */
    int64_t rows_max, bytes_max, duration_max_ns; /* of a file; -1: no limit */
    int64_t retention_ms;                         /* -1: for ever */
    uint32_t open_max;
    /* constant after connect */
    struct lt_files_place place; /* fd -1: not connected */
    int manifest_fd;             /* of its folder */
    const struct lt_clock *clock;
    /* owner: the thread that starts the query, then the control thread */
    struct lt_manifest manifest;
    int64_t published; /* the newest epoch whose manifest file is durable; -1: none */
    char owner[LT_UUID_SIZE]; /* the query that the manifest's folder belongs to; "": nobody's */
    bool is_replaying;        /* an epoch is about to be replayed */
    struct lt_file_jobs jobs; /* of the control thread's reactor; reactor NULL: there is none */
    bool has_own_reactor;     /* for as long as it waits */
    struct lt_files_publication publication;
    struct lt_files_compaction *compactions; /* oldest first */
    size_t compaction_count;
    int64_t first_kept; /* manifest files below are deleted */
};

static inline struct lt_files_sink *lt_files_sink_of(struct lt_sink *sink)
{
    return (struct lt_files_sink *)(void *)sink; /* the base is its first member */
}

/* The format's writer of a lane. */
int lt_files_sink_format(const struct lt_files_sink *sink, struct lt_format_writer **out,
                         struct lt_error *error) LT_MUST_USE;

int lt_files_open_writer(struct lt_sink *sink, const struct lt_connector_env *env,
                         struct lt_writer **out, struct lt_error *error) LT_MUST_USE;

/* io/files_sink_resume.c: ops of the sink, and the end of its place. */
int lt_files_connect(struct lt_sink *sink, const struct lt_connector_env *env,
                     struct lt_error *error) LT_MUST_USE;
int lt_files_resume(struct lt_sink *sink, const struct lt_connector_env *env,
                    const struct lt_sink_resume *at, struct lt_error *error) LT_MUST_USE;
void lt_files_place_close(struct lt_files_sink *sink);

/* What follows is io/files_sink_publish.c's, on the thread that starts the query, or the control
 * thread. */

/* Begins to publish the manifest file of epoch published + 1, with the files of a batch; NULL:
 * none. It is done when the publication is no longer busy. */
int lt_files_publish(struct lt_files_sink *sink, const struct lt_files_batch *batch,
                     struct lt_error *error) LT_MUST_USE;
/* The same for the text `content` under any name: whose folder it is. */
void lt_files_publish_text(struct lt_files_sink *sink, const char *name, const char *content);
/* Runs jobs where waiting is allowed: with the reactor that there is, or with one of its own. Ends
 * with lt_files_end_waiting. */
int lt_files_begin_waiting(struct lt_files_sink *sink, struct lt_error *error) LT_MUST_USE;
void lt_files_end_waiting(struct lt_files_sink *sink);

#endif
