/*
 * A checkpoint directory, looked through for people: what stands in it, what a start would make of
 * it, and what is wrong with it and what that comes to. Nothing is written and no lock is taken: a
 * query may be running on it, whose files come and go meanwhile. What a look finds wrong is looked
 * at again if the query has gone on since.
 *
 * The directory may be leat's or Spark's. State that is not leat's is named, not read.
 *
 * on: any; waits for the disk.
 */
#ifndef LT_EPOCH_INSPECT_H
#define LT_EPOCH_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/base/text_buffer.h"
#include "core/epoch/log.h"
#include "core/epoch/recovery.h"
#include "core/state/metadata.h"
#include "core/state/survey.h"

/* What has become of an epoch, which a batch is, too. */
enum lt_inspect_stage {
    LT_INSPECT_COMMITTED, /* done */
    LT_INSPECT_PREPARED,  /* its range is fixed and its data are durable: a start finishes it */
    LT_INSPECT_PENDING,   /* logged ahead of its work: a run in batches runs it again */
    LT_INSPECT_INTENDED,  /* logged ahead too, behind a pending one: a start deletes the entry */
    LT_INSPECT_UNKNOWN,   /* its entries cannot be read */
    LT_INSPECT_STAGES,
};

struct lt_inspect_epoch {
    uint64_t number;
    enum lt_inspect_stage stage;
    bool has_offsets, has_commit, has_prepared; /* a file, read or not */
    bool is_read;                               /* the entry of offsets could be read */
    struct lt_epoch_offsets offsets;            /* if so */
    const char *metadata;                       /* its JSON as it stands there; "": none */
    int64_t next_watermark_ms;                  /* of the commit; 0: it does not say */
};

/* The notes of a sink, of one epoch. */
struct lt_inspect_note {
    uint64_t epoch;
    uint32_t sink;
    const char *text;
};

struct lt_inspect_operator {
    const char *name; /* of its folder: "0" */
    enum lt_state_owner owner;
    bool has_metadata;
    struct lt_state_metadata metadata; /* if so */
    /* Files of state, all of them and those that make the version that a start opens. */
    uint64_t files, bytes, needed_files, needed_bytes;
    uint64_t oldest_version, newest_version; /* 0: none */
    uint32_t partition_count;                /* of the version; 0: not known */
    bool has_live;                           /* a live copy in RocksDB */
};

enum lt_inspect_severity {
    LT_INSPECT_LEFT,    /* what a crash or a stop leaves: a start clears it away */
    LT_INSPECT_DAMAGED, /* and a start does not need it */
    LT_INSPECT_REFUSED, /* a start refuses the directory */
};

struct lt_inspect_fault {
    enum lt_inspect_severity severity;
    const char *file; /* below the directory; "" where it is the directory itself */
    const char *what;
    const char *condition; /* that the start gives, Spark's; "": none */
    const char *then;      /* what a start does about it */
};

struct lt_inspection {
    struct lt_arena *arena;
    const char *path;
    const char *query_id; /* NULL: it cannot be read */
    const char *owner;    /* of the lock, as it says; NULL: nobody runs on it */
    bool is_leats;        /* leat has run on it; else only Spark has */
    /* What a start makes of it. */
    bool is_refused;
    struct lt_error refusal;
    struct lt_recovery_conclusion conclusion; /* unless it is refused for its logs */
    bool has_conclusion;
    struct lt_inspect_epoch *epochs; /* ascending */
    size_t epoch_count;
    struct lt_inspect_note *notes; /* of the last epochs, whose notes count */
    size_t note_count;
    const char **source_files; /* "sources/0/0", ... */
    size_t source_file_count;
    struct lt_inspect_operator *operators;
    size_t operator_count;
    struct lt_inspect_fault *faults;
    size_t fault_count;
    uint64_t sound_files; /* that were read and are as they were written */
};

struct lt_inspect_options {
    const char *path;
    bool reads_all; /* every file, of state too, is read with its checksums */
};

/* LT_E_NOT_FOUND, or LT_E_INVALID for a directory that is no checkpoint; what is damaged is no
 * error here. lt_inspect_free after success. */
int lt_inspect(const struct lt_inspect_options *options, struct lt_inspection *out,
               struct lt_error *error) LT_MUST_USE;
void lt_inspect_free(struct lt_inspection *inspection);

/* The version of the state that a start opens: the number of the batch that it begins with. */
uint64_t lt_inspect_version(const struct lt_inspection *inspection);

/* What a command shows of it. */
enum lt_inspect_view {
    LT_INSPECT_LIST,   /* the epochs, a line each */
    LT_INSPECT_SHOW,   /* all about the last, or about one */
    LT_INSPECT_VERIFY, /* what is wrong */
};
struct lt_inspect_print {
    enum lt_inspect_view view;
    bool has_epoch; /* SHOW: about this one */
    uint64_t epoch;
};
/* As text for a person, and as one JSON object. LT_E_NOT_FOUND: there is no such epoch. */
int lt_inspect_print_text(const struct lt_inspection *inspection,
                          const struct lt_inspect_print *print, struct lt_text_buffer *out,
                          struct lt_error *error) LT_MUST_USE;
int lt_inspect_print_json(const struct lt_inspection *inspection,
                          const struct lt_inspect_print *print, struct lt_text_buffer *out,
                          struct lt_error *error) LT_MUST_USE;

#endif
