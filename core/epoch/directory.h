/*
 * The folders of a checkpoint directory: what stands in them, what that means
 * (core/epoch/recovery.h), and the deletion of what never was.
 *
 * on: the caller of start; constant afterwards.
 */
#ifndef LT_EPOCH_DIRECTORY_H
#define LT_EPOCH_DIRECTORY_H

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/text_buffer.h"
#include "core/epoch/files.h"
#include "core/epoch/log.h"
#include "core/epoch/recovery.h"

struct lt_directory {
    /* closed where missing */
    struct lt_epoch_folder root, offsets, commits, prepared, sinks[LT_LIMIT_SINKS];
    struct lt_epoch_folder sources[LT_LIMIT_SINKS]; /* closed but for those that keep a log */
    bool verify_checksums;
    /* set before lt_directory_read */
    bool runs_batches;  /* the folder prepared is made */
    bool keeps_pending; /* the pending batch stays */
    bool has_state;     /* of the query: state/ may hold some */
    /* filled by lt_directory_read; memory of the arena */
    struct lt_recovery_conclusion conclusion;
    struct lt_epoch_offsets last; /* of conclusion.last_logged, if that is not -1 */
    struct lt_epoch_offsets pending; /* of last_logged + 1, if conclusion.has_pending */
    int64_t watermark_ms;            /* what commits/<last_commit> says; 0 without one */
    struct lt_epoch_prepared *unfinished; /* of last_commit + 1 .. last_logged */
    struct lt_recovery_entry *entries;
    size_t entry_count;
    uint64_t oldest; /* the first entry of offsets that counts; 0 if there is none */
};

void lt_directory_init(struct lt_directory *directory);
/* Opens the root, and creates it if it is missing. */
int lt_directory_open(struct lt_directory *directory, const char *path,
                      struct lt_error *error) LT_MUST_USE;
void lt_directory_close(struct lt_directory *directory);

/* Reads the logs and concludes; changes nothing. LT_E_CORRUPT names the file and the damage. */
int lt_directory_read(struct lt_directory *directory, bool verify_checksums, struct lt_arena *arena,
                      struct lt_error *error) LT_MUST_USE;
/* The first epoch from `epoch` on that offsets had an entry of when they were read, or that has
 * come since; so that a purge need not walk a gap number by number. */
uint64_t lt_directory_next_offsets(const struct lt_directory *directory, uint64_t epoch);
/* Deletes stale entries and what a crash or an interrupted purge left, also of sources' own files;
 * creates the folders that a run needs. Idempotent. */
int lt_directory_clean(struct lt_directory *directory, uint32_t sink_count,
                       struct lt_error *error) LT_MUST_USE;

/* Opens the folder of a source that keeps a log in it, and creates it if it is missing. Open
 * already: a no-op. */
int lt_directory_open_source(struct lt_directory *directory, uint32_t source,
                             struct lt_error *error) LT_MUST_USE;

/* The numbers that name files in a folder, ascending; free() them. A closed folder has none. */
int lt_directory_numbers(const struct lt_epoch_folder *folder, uint64_t **out, size_t *count,
                         struct lt_error *error) LT_MUST_USE;
/* Says of LT_E_CORRUPT that it is damage, and what to do; other codes pass. Returns `code`. */
int lt_directory_explain_damage(int code, struct lt_error *error);

/* One entry of offsets; LT_E_CORRUPT if it is missing. */
int lt_directory_read_offsets(const struct lt_directory *directory, uint64_t epoch,
                              struct lt_arena *arena, struct lt_epoch_offsets *out,
                              struct lt_error *error) LT_MUST_USE;
/* What is said of an epoch that is prepared, by its entry or by prepared/<epoch>; LT_E_NOT_FOUND
 * without a text: neither, the epoch was Spark's or is pending. */
int lt_directory_read_prepared(const struct lt_directory *directory, uint64_t epoch,
                               struct lt_epoch_prepared *out, struct lt_error *error) LT_MUST_USE;
/* Appends the notes of one sink; LT_E_CORRUPT if they are missing. */
int lt_directory_read_notes(const struct lt_directory *directory, uint32_t sink, uint64_t epoch,
                            struct lt_text_buffer *out, struct lt_error *error) LT_MUST_USE;

#endif
