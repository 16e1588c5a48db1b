/*
 * What the parts of a directory source share.
 *
 * Three threads have to do with one. The control thread keeps the log (settle, commit, positions).
 * The lane's thread reads (io/files_reader.c). A listing runs on the reactor's helper thread, for
 * the lane, one at a time; `seen` is its own, and at start the control thread's. What goes from one
 * to another stands under the lock, which is taken a few times per file and never per record.
 *
 *   listing --found--> reader --admitted--> settle --log--> commit --finished--> reader (cleaning)
 *
 * In micro-batches the control thread lists, and the log is what a batch reads:
 *
 *   latest --listed--> settle --log--> reader, commit --finished--> reader (cleaning)
 *
 * and both threads have the watch: the control thread adds directories to it and reads its events
 * while it lists, and the reader waits for events between two batches, reads them, and says whether
 * one of them may be of a file to read. What is learned of files that are being written stays in
 * the watch, whoever reads it.
 */
#ifndef LT_IO_FILES_SOURCE_INTERNAL_H
#define LT_IO_FILES_SOURCE_INTERNAL_H

#include <pthread.h>

#include "core/flow/connector.h"
#include "core/flow/waker.h"
#include "io/files_clean.h"
#include "io/files_list.h"
#include "io/files_log.h"
#include "io/files_partition.h"
#include "io/files_queue.h"
#include "io/files_seen.h"
#include "io/files_watch.h"
#include "io/format.h"

struct lt_files_settings {
    struct lt_files_place place;
    const char *base_path;        /* NULL: the roots themselves */
    int64_t max_files, max_bytes; /* per epoch; -1: no limit */
    bool is_latest_first, is_name_only;
    int64_t max_age_ms;
    int64_t max_cached_files;
    double discard_ratio;
    struct lt_files_cleaning cleaning;
    bool ignores_missing, ignores_corrupt;
    bool may_watch; /* by inotify */
    int64_t poll_interval_ns;
    int64_t compact_interval;
};

struct lt_files_source {
    struct lt_source base;
    struct lt_files_settings settings;
    const struct lt_format *format;
    struct lt_files_partitions partitions;
    struct lt_zones *zones;
    struct lt_datetime_context times; /* of partitions' values: at bind, then the lane's */
    /* control */
    const struct lt_clock *clock;
    struct lt_files_log *log;
    struct lt_position committed;
    /* the listing's */
    struct lt_files_seen *seen;
    bool has_told_left_out;
    struct lt_files_seen *told_open; /* files that the log says are open */
    int64_t manifest_last; /* the newest entry of _spark_metadata that was taken in; -1: none */
    /* control, until a reader takes it over, or a batch takes it into the log: what was found when
     * it was asked where the source ends */
    struct lt_files_queue listed;
    struct lt_files_watch *watch; /* in batches; NULL: there is none, or it is of no use */
    bool is_watch_lost;
    pthread_mutex_t lock;           /* of what follows */
    struct lt_files_queue admitted; /* begun, and not yet in the log */
    struct lt_files_queue finished; /* committed, and to be cleaned up */
    int64_t clean_from;             /* those behind this ordinal are to come; -1: not known yet */
    struct lt_waker *cleaner;       /* of the lane that cleans up; NULL: there is none */
    int64_t oldest_ms;              /* what is older is never taken again */
};

/* io/files_state.c: a run begins at this file: what is cleaned up begins some batches of the log
 * before it, whose files may have been waiting for that when the process was killed: as many as
 * there can be of epochs that were logged and not committed. Files of earlier batches have been
 * cleaned up, unless the disk was slower with that than the query with so many batches; or they
 * were read when nobody wanted that, and are not to be touched. A later call does nothing. With the
 * lock held. */
void lt_files_clean_from(struct lt_files_source *source, int64_t ordinal);

static inline struct lt_files_source *lt_files_source_of(struct lt_source *source)
{
    return (struct lt_files_source *)(void *)source; /* the base is its first member */
}

/* io/files_options.c: the settings of checked options. Memory of the arena. */
int lt_files_settings_read(const struct lt_options *options, const struct lt_option_spec *specs,
                           size_t count, struct lt_arena *arena, struct lt_files_settings *out,
                           struct lt_error *error) LT_MUST_USE;
/* What of the file's path is the root that its partitions begin behind. 0 with an error: the file
 * does not lie under basePath. */
size_t lt_files_partition_root(const struct lt_files_settings *settings,
                               const struct lt_files_found *found, struct lt_error *error);

/* io/files_state.c: the control thread's part of the contract. */
void lt_files_lock(struct lt_files_source *source);
void lt_files_unlock(struct lt_files_source *source);
int lt_files_source_connect(struct lt_source *base, const struct lt_connector_env *env,
                            struct lt_error *error);
int lt_files_source_resume(struct lt_source *base, const struct lt_connector_env *env,
                           const struct lt_source_log_reader *reader, struct lt_error *error);
int lt_files_initial(struct lt_source *base, struct lt_position *positions,
                     struct lt_text_buffer *keep, struct lt_error *error);
int lt_files_latest(struct lt_source *base, struct lt_position *positions, struct lt_error *error);
int lt_files_admit(struct lt_source *base, const struct lt_position *start,
                   const struct lt_position *latest, struct lt_position *end,
                   struct lt_error *error);
void lt_files_positions_to_json(struct lt_source *base, const struct lt_position *positions,
                                struct lt_text_buffer *out);
int lt_files_positions_from_json(struct lt_source *base, const char *json,
                                 struct lt_position *positions, struct lt_error *error);
int lt_files_settle(struct lt_source *base, uint64_t epoch, const struct lt_position *positions,
                    struct lt_source_log *log, struct lt_error *error);
void lt_files_commit(struct lt_source *base, uint64_t epoch, const struct lt_position *positions);
/* What was begun and never logged counts as not taken. */
void lt_files_drop_admitted(struct lt_files_source *source);
void lt_files_state_fini(struct lt_files_source *source);

/* io/files_reader.c */
int lt_files_open_reader(struct lt_source *base, const struct lt_connector_env *env,
                         const uint32_t *partitions, uint32_t partition_count,
                         const struct lt_position *start, const struct lt_position *end,
                         struct lt_reader **out, struct lt_error *error);

#endif
