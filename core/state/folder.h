/*
 * The files of one partition of a store: which there are, which of them make a version, which are
 * to be merged, and which nobody needs any more.
 *
 * The last three are functions of the list alone.
 *
 * on: one thread at a time; those that take a path wait for the disk.
 */
#ifndef LT_STATE_FOLDER_H
#define LT_STATE_FOLDER_H

#include "core/state/merge.h"

struct lt_state_file {
    enum lt_state_file_kind kind;
    uint64_t version, base, size_bytes;
    uint32_t partition_count, key_suffix_bytes;
    bool is_sound; /* its header is one: what is not in its name is known */
    int number;    /* errno: why its header could not be read; 0: it could */
};

/* By version; of one version the snapshot before the delta. */
struct lt_state_files {
    struct lt_state_file *list;
    size_t count;
};

/* "<root>/<partition>[/<name>]": free(). */
char *lt_state_folder_path(const char *root, uint32_t partition, const char *name);
/* "<folder>/<name>": free(). */
char *lt_state_join(const char *folder, const char *name);
/* Adds the files in a folder up to `version`; a missing folder has none. */
int lt_state_files_read(const char *folder, uint64_t version, struct lt_state_files *out,
                        struct lt_error *error) LT_MUST_USE;
/* Adds a file in its place; one of the same kind and version is replaced. */
void lt_state_files_put(struct lt_state_files *files, const struct lt_state_file *file);
void lt_state_files_remove(struct lt_state_files *files, size_t index);
void lt_state_files_fini(struct lt_state_files *files);
/* The file that a version is read from first: its snapshot, else its delta; NULL if there is none.
 */
const struct lt_state_file *lt_state_files_find(const struct lt_state_files *files,
                                                uint64_t version);

/* Adds the files that make `version`, newest first, as what is to be read. A file that is missing
 * is an error; one that is damaged is found when it is read. */
int lt_state_files_chain(const struct lt_state_files *files, const char *folder, uint64_t version,
                         const struct lt_state_expected *expected, struct lt_state_inputs *inputs,
                         struct lt_error *error) LT_MUST_USE;

/* What to merge into one file that takes the place of the newest of them. */
struct lt_state_merging {
    uint64_t version; /* of the newest */
    uint64_t base;    /* of the oldest: 0 makes it a snapshot */
    size_t count;     /* of files; 0: nothing is to be merged */
};
struct lt_state_merging lt_state_files_plan(const struct lt_state_files *files, uint64_t version,
                                            uint32_t min_deltas);

/* The first file that no version from `oldest` on is made of; `count` if there is none. */
size_t lt_state_files_needless(const struct lt_state_files *files, uint64_t oldest);

/* Deletes what is in a folder of versions above `version`, and what was being written; durable when
 * it returns. A missing folder is no fault. */
int lt_state_folder_clean(const char *folder, uint64_t version, struct lt_error *error) LT_MUST_USE;

#endif
