/*
 * Which files a directory source reads: the options that say so, and the walk that finds them.
 *
 * A place is a directory, a file, or a glob of either. What it names are its *roots*. A root's own
 * files are read; those of the directories below it only where these are partitions (`k=v`) or the
 * user wants them (recursiveFileLookup). Hidden names (io/files_name.h) are left out, also of
 * directories below a root.
 *
 * The same rules judge a whole walk and the one path that a watch reports.
 *
 * on: any; a walk waits for the disk, so it is for helper threads and the control plane.
 */
#ifndef LT_IO_FILES_LIST_H
#define LT_IO_FILES_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "io/files_glob.h"

/* A plain pattern, cut at its slashes. */
struct lt_files_pattern {
    const char **components; /* still with their backslashes */
    size_t count;
    size_t first_glob; /* the first component that is a glob; count: none is */
};

struct lt_files_place {
    const char *text; /* absolute; as the user wrote it otherwise */
    struct lt_files_pattern *patterns;
    size_t pattern_count;
    bool is_glob;
    bool has_filter;
    struct lt_globs filter; /* pathGlobFilter, on the file's name */
    bool is_recursive;      /* recursiveFileLookup */
    bool is_deep;           /* directories below a root are read too; set by whoever knows */
};

/* `path` is the option's text; `filter` may be NULL. Memory of the arena. */
int lt_files_place_init(struct lt_files_place *place, const char *path, const char *filter,
                        bool is_recursive, struct lt_arena *arena,
                        struct lt_error *error) LT_MUST_USE;

struct lt_files_found {
    const char *path;
    size_t root_size; /* bytes of it that are the root's; of the directory if the root is a file */
    int64_t modified_ms, size_bytes;
};

struct lt_files_visitor {
    /* A directory is about to be read. Optional. */
    int (*directory)(void *context, const char *path, struct lt_error *error);
    int (*file)(void *context, const struct lt_files_found *found, struct lt_error *error);
    /* A directory that looks like a partition, where none was known of when the query was made: it
     * is not read. Optional. */
    void (*left_out)(void *context, const char *path);
    void *context;
    /* Times and sizes are not asked for, and may be 0: as much as the directories say is enough. */
    bool wants_names_only;
};

/* Walks all of the place, in no order; ends with the first code that is not 0. NOT_FOUND
 * (PATH_NOT_FOUND) when a place that is no glob is not there, INVALID when it is a device or pipe.
 * What vanishes meanwhile is left out. */
int lt_files_walk(const struct lt_files_place *place, const struct lt_files_visitor *visitor,
                  struct lt_error *error) LT_MUST_USE;

/* Would a walk visit this path if it is a file? */
bool lt_files_is_wanted(const struct lt_files_place *place, const char *path);
/* Bytes of the path that are its root's, whatever its name; 0 if it is under none. */
size_t lt_files_root_size(const struct lt_files_place *place, const char *path);
/* What of a file the walk would say; NOT_FOUND when there is no regular file. */
int lt_files_look_at(const struct lt_files_place *place, const char *path,
                     struct lt_files_found *out, struct lt_error *error) LT_MUST_USE;

#endif
