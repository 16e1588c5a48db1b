/*
 * Looking for the files of a tail: which are there under the pattern, and where those are that were
 * renamed.
 *
 * A scan goes over the directories that the pattern names, watches each (inotify) before it is
 * listed, and opens what it finds: so nothing that comes later goes unnoticed. Of a file that the
 * reader has open already, the first bytes and the size are looked at, and no more.
 *
 * A file that is renamed while a directory is listed may be missed by that listing. So the names
 * are looked at twice, and the listing is made again until both looks agree.
 *
 * on: one thread at a time; the reader runs it on the reactor's helper thread.
 */
#ifndef LT_IO_TAIL_SCAN_H
#define LT_IO_TAIL_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "io/tail_place.h"

struct lt_tail_found {
    char *path;
    uint64_t inode;
    int64_t size_bytes, modified_ns;
    int64_t born_ns; /* 0: the file system does not tell */
    void *file;   /* of what was wanted; NULL: it is new */
    bool matches; /* the pattern; else it is one of those wanted, or a relative */
    int fd;       /* of a file that was not known; -1: it was */
    int watch;    /* of inotify, on the file; -1: none */
    uint32_t head_bytes;
    uint8_t head[LT_TAIL_HEAD_BYTES];
};

struct lt_tail_wanted {
    uint64_t inode;
    void *file; /* the reader has it; NULL: a mark speaks of it */
};

struct lt_tail_scan {
    /* in */
    const char *pattern;            /* absolute */
    int inotify_fd;                 /* -1: nothing is watched */
    struct lt_tail_wanted *wanted;  /* found under whatever name; is sorted */
    uint32_t wanted_count;
    /* Files that were written to since then, and whose names are that of the one file that the
     * pattern names with something behind it, are found too; 0: they are not. Wall clock. */
    int64_t relatives_since_ns;
    /* out: by the time of their last change, oldest first; in one tick of the file system's clock
     * by when they were made */
    struct lt_tail_found *found;
    uint32_t found_count, found_capacity;
    bool only_names; /* its own: the names are looked at, and no file */
    uint64_t names;  /* its own: a sum over all names and inodes; another when they changed */
    bool lacks_watches; /* the kernel has no more of them: changes are seen by listing alone */
    struct lt_error error;
};

/* Does the path have wildcards, in any of its parts? */
bool lt_tail_is_pattern(const char *path);

/* 0, or negative with scan->error: a file or directory of the pattern that cannot be read. What is
 * not there is no error. */
int lt_tail_scan_run(struct lt_tail_scan *scan);
/* Closes what nobody has taken (fd set to -1), and forgets what was found and wanted. */
void lt_tail_scan_clear(struct lt_tail_scan *scan);

/* False: the file's first bytes are not those that the mark speaks of, or it is shorter. */
bool lt_tail_found_is(const struct lt_tail_found *found, const struct lt_tail_mark *mark);

#endif
