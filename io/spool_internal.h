/*
 * What the files of the spool share: the spool itself, whose parts belong to one of three of them.
 */
#ifndef LT_IO_SPOOL_INTERNAL_H
#define LT_IO_SPOOL_INTERNAL_H

#include "core/base/shared.h"
#include "io/spool.h"

enum { LT_SPOOL_NAME_SIZE = 32 }; /* "00000000000000000000.spool" */

struct lt_spool_file {
    struct lt_spool_segment segment;
    struct lt_spool_place end; /* of what is believed of it */
    int64_t size_bytes;        /* on the disk */
};

struct lt_spool {
    /* constant after open */
    struct lt_spool_options options; /* its texts are copies */
    int64_t segment_size_bytes;
    int directory_fd;
    /* the control thread's while it is not attached, then the lane's */
    struct lt_spool_file *files; /* in order; the last may be written to */
    uint32_t file_count, file_capacity;
    int64_t total_size_bytes;  /* of the files */
    struct lt_spool_place end; /* of what was appended */
    /* the lane's */
    struct lt_reactor *reactor;
    const struct lt_clock *clock;
    int fd;                         /* of the last file; -1: the next group begins a new one */
    struct lt_text_buffer gathered; /* the next group */
    uint64_t gathered_record;       /* its first record */
    bool gathered_is_new;           /* it begins a segment: the last file is its, not the one being
                                       written to */
    struct lt_text_buffer writing;  /* the group on its way */
    struct lt_spool_place writing_end;
    size_t written_size_bytes; /* of it */
    bool is_new_file;          /* its name is not durable yet */
    int64_t write_begun_ns;
    uint32_t outstanding; /* operations of the group */
    struct lt_io open_io, write_io, sync_io, directory_io;
    char segment_name[LT_SPOOL_NAME_SIZE];
    struct lt_io unlink_io;
    char unlink_name[LT_SPOOL_NAME_SIZE];
    bool is_unlinking;
    struct lt_error error; /* code 0: none */
    /* written by the lane, read by the control thread; and the other way round */
    struct lt_shared_u64 durable, released;
};

/* Reads the folder into files, total_size_bytes and end. */
int lt_spool_recover(struct lt_spool *spool, struct lt_error *error) LT_MUST_USE;

void lt_spool_file_name(uint64_t first_record, char out[LT_SPOOL_NAME_SIZE]);
/* Adds a file at the end. */
struct lt_spool_file *lt_spool_add_file(struct lt_spool *spool);

#endif
