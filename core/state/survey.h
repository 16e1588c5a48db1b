/*
 * What stands in the folder of one stateful operator, looked through for people: every file, of
 * every partition and store, which of them make a version, and what is wrong with them. Nothing is
 * changed, and a query may be running on it: files come and go meanwhile.
 *
 * State that is not leat's (Spark's files have the same names) is told from it by the first bytes
 * of its files, and is named, not read.
 *
 * on: any; waits for the disk.
 */
#ifndef LT_STATE_SURVEY_H
#define LT_STATE_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

enum lt_state_found_kind {
    LT_STATE_FOUND_FILE,      /* a delta or a snapshot */
    LT_STATE_FOUND_MISSING,   /* one that the version needs and that is not there */
    LT_STATE_FOUND_TEMPORARY, /* was being written, or is */
    LT_STATE_FOUND_LIVE,      /* the folder of a live copy in RocksDB */
    LT_STATE_FOUND_FOREIGN,   /* neither of these */
};

struct lt_state_found {
    enum lt_state_found_kind kind;
    const char *path;  /* below the operator's folder: "0/17.delta" */
    const char *store; /* NULL: the operator's only one */
    uint32_t partition;
    /* of a file */
    bool is_snapshot;
    bool is_needed; /* makes the version, or would; else it is of an older one, or a later */
    uint64_t version, base, size_bytes;
    uint64_t entries, removals;      /* where it was read */
    uint32_t partition_count;        /* of the run that wrote it; 0: not known */
    const struct lt_error *damage; /* NULL: none was found */
};

struct lt_state_survey {
    const char *root; /* the checkpoint's state/<operator> */
    uint64_t version; /* that is looked for; 0: none is */
    const char *const *stores; /* that the operator has, by name; none: one, or those found */
    size_t store_count;
    bool reads_all;   /* every byte of every file is compared with its checksum */
    /* Called for each thing found, by partition and store; what it gets is valid during the call.
     */
    void (*found)(void *context, const struct lt_state_found *found);
    void *context;
};

enum lt_state_owner { LT_STATE_OF_NOBODY, LT_STATE_OF_LEAT, LT_STATE_OF_ANOTHER };

/* Whose state it is: that of another program is not to be surveyed. */
enum lt_state_owner lt_state_owner_of(const char *root);

/* An error only if folders cannot be listed: damage is told of the file. A folder that is missing
 * has nothing in it. */
int lt_state_survey(const struct lt_state_survey *survey, struct lt_error *error) LT_MUST_USE;

#endif
