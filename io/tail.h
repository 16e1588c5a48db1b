/*
 * The source `tail`: files that grow, followed by name pattern and known by identity.
 *
 * A file is its inode and the first bytes that were seen in it (its fingerprint), never its name.
 * So a file that was renamed (rotation) is read to its end under its new name, also when that
 * happened while the query was down: it is looked for among all files of the directory. A file of
 * the pattern that is new begins at byte 0. A file that has become shorter than what was read of
 * it, or has other first bytes, was truncated (copytruncate): it begins at 0 again, which the log
 * says and a counter counts.
 *
 * A pattern that names one file says nothing of what it is renamed to. A file that was made and
 * renamed again before anybody looked is found all the same: as one of the directory's whose name
 * begins with that name and a dot or hyphen (x.log.1, x.log-20260115), that was written since the
 * last look, and that nobody knows. Where rotated files have other names, a pattern that covers
 * them does the same. Compressed ones (.gz, .zst, .bz2, .xz) are left alone.
 *
 * A record is read when it is complete. What stands behind the last line break waits; it becomes a
 * record when the file has ended: it was removed, or was renamed out of the pattern and has not
 * grown for `rotatedTimeout`.
 *
 * There is one partition, for the set of files changes while the query runs. A position of the
 * engine's, which is two words, is then the number of a *place*: a list of all files and how far
 * each was read, which the source keeps (io/tail_place.c) and writes into the checkpoint:
 *
 *   {"time":1,"files":[{"path":"/var/x.log","inode":123,"offset":4096,"fingerprint":"256:9a..."}]}
 *
 * Threads: the source is the control plane's; the reader is the lane's (io/tail_reader.c); the
 * directories are listed on the reactor's helper thread (io/tail_scan.c). Places are handed over
 * under a lock.
 *
 * What wakes it is inotify, through the reactor; every `pollInterval` the directories are listed
 * all the same, for file systems that tell nothing (NFS) and writers that map the file.
 */
#ifndef LT_IO_TAIL_H
#define LT_IO_TAIL_H

#include "core/flow/connector.h"
#include "io/ahead.h"
#include "io/format.h"
#include "io/tail_place.h"

extern const struct lt_source_type lt_tail_source_type;

/* ---------------------------------------------------------------- between the files of the tail */

struct lt_tail_source {
    struct lt_source base;
    const struct lt_format *format;
    const struct lt_clock *clock; /* after connect */
    char *pattern; /* absolute */
    bool starts_at_end, fails_on_data_loss;
    int64_t rotated_timeout_ns, poll_interval_ns;
    char *kept; /* the place of a first start that got no further; NULL: none */
    int64_t begun; /* the place that this run begins at */
    struct lt_tail_places places;
    bool in_batches;       /* the query runs in micro-batches: its rows are read ahead */
    struct lt_ahead ahead;
};

/* Files written to since a look at that time, on the clock that file systems stamp with: it may be
 * a tick behind. 0: there was no look. */
int64_t lt_tail_since_ns(int64_t time_us);

int lt_tail_open_reader(struct lt_source *base, const struct lt_connector_env *env,
                        const uint32_t *partitions, uint32_t partition_count,
                        const struct lt_position *start, const struct lt_position *end,
                        struct lt_reader **out, struct lt_error *error);
/* Has the reader let go of a file that its last position speaks of? From there no query could go on
 * when the file is gone: so another is to be taken, though no row came. on: source thread. */
bool lt_tail_has_let_go(struct lt_reader *base);

#endif
