/*
 * What the files of the source stdin share.
 *
 *   io/stdin.c          options, positions, the spool
 *   io/stdin_reader.c   the reader: reads, polls, ends
 *   io/stdin_spool.c    with a spool: what stands between reading and the feed
 */
#ifndef LT_IO_STDIN_INTERNAL_H
#define LT_IO_STDIN_INTERNAL_H

#include "io/feed.h"
#include "io/spool_records.h"
#include "io/stdin.h"

struct lt_stdin_source {
    struct lt_source base;
    const struct lt_format *format;
    int fd;
    bool has_ended; /* a run that begins again finds the end at once */
    struct lt_spool_settings spool_settings;
    struct lt_spool *spool; /* after connect; NULL: none */
    /* With a spool: what the reader before has read and not put there; free(). */
    char *rest;
    size_t rest_bytes;
    bool lacked_room; /* not for being unfinished, but the spool was full */
};

struct lt_stdin_intake;

struct lt_stdin_reader {
    struct lt_reader base;
    struct lt_stdin_source *source;
    struct lt_reactor *reactor;
    const struct lt_clock *clock;
    struct lt_format_reader *format;
    struct lt_feed *feed;
    struct lt_io read; /* or waiting for something to read */
    int64_t begin;                  /* what the runs before have read */
    struct lt_stdin_intake *intake; /* NULL: no spool */
    bool is_reading, has_failed;
    bool is_terminal;
};

/* ---------------------------------------------------------------------------- io/stdin_reader.c */

int lt_stdin_open_reader(struct lt_source *base, const struct lt_connector_env *env,
                         const uint32_t *partitions, uint32_t partition_count,
                         const struct lt_position *start, const struct lt_position *end,
                         struct lt_reader **out, struct lt_error *error);

/* ----------------------------------------------------------------------------- io/stdin_spool.c */
/* on: the lane's source thread. */

enum { LT_STDIN_PIECES = 64 /* with a spool: blocks that rows may hold */ };

/* The spool is read again from byte `from` to `until`; INT64_MAX: and then stdin is read. `feed` of
 * the reader is made afterwards, with the intake as its context. */
struct lt_stdin_intake *lt_stdin_intake_create(struct lt_stdin_reader *reader, int64_t from,
                                               int64_t until);
/* For lt_feed_options.on_piece_release. */
void lt_stdin_intake_release(void *intake, void *piece);
/* Where to read to; NULL: nothing is to be read now. */
char *lt_stdin_intake_space(struct lt_stdin_intake *intake, uint32_t *size_bytes);
void lt_stdin_intake_filled(struct lt_stdin_intake *intake, size_t size_bytes);
/* Replays, and hands on what has been read, as far as there is room; the source's has_ended says
 * that nothing follows. Returns a work count; -1: *error says why not. */
int lt_stdin_intake_poll(struct lt_stdin_intake *intake, struct lt_error *error);
/* A look before parking: would poll hand something on? */
bool lt_stdin_intake_has_more(const struct lt_stdin_intake *intake);
int64_t lt_stdin_intake_deadline_ns(const struct lt_stdin_intake *intake);
/* All that was wanted has been emitted, and is durable. */
bool lt_stdin_intake_is_over(const struct lt_stdin_intake *intake);
/* Puts the whole records that were read into the spool, if it has room, and makes it durable;
 * leaves what is not there with the source. */
void lt_stdin_intake_stop(struct lt_stdin_intake *intake);
/* After the feed is gone. NULL is a no-op. */
void lt_stdin_intake_destroy(struct lt_stdin_intake *intake);

#endif
