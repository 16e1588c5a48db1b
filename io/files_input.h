/*
 * One file after the other into a feed, by the reactor: open, look at it, read, close. What a file
 * holds is what it held when it was opened: bytes that are appended later are not seen, and a file
 * that becomes shorter is a fault.
 *
 * Packed files are unpacked on the reactor's helper thread.
 *
 * on: the lane's source thread.
 */
#ifndef LT_IO_FILES_INPUT_H
#define LT_IO_FILES_INPUT_H

#include "core/flow/reactor.h"
#include "io/feed.h"
#include "io/files_inflate.h"
#include "io/files_queue.h"

enum lt_files_input_state {
    LT_FILES_CLOSED,
    LT_FILES_OPENING,
    LT_FILES_READABLE, /* a read may be started */
    LT_FILES_READING,
    LT_FILES_ENDED,  /* all is in the feed, and it knows */
    LT_FILES_FAILED, /* code and error say why; what is in the feed may be read on */
};

struct lt_files_input {
    /* set by the owner before the first open */
    struct lt_reactor *reactor;
    struct lt_feed *feed;
    bool *is_poked; /* set when an operation has completed */
    /* read by the owner */
    enum lt_files_input_state state;
    int code;
    struct lt_error error;
    /* its own */
    const char *path;
    int64_t modified_ms; /* when it was found; what it was begun with is judged by that */
    int64_t begin, end;  /* bytes, unpacked; end -1: to the file's end */
    int64_t at;          /* of the next byte to be read */
    int64_t size_bytes;  /* when it was opened */
    int fd;
    enum lt_files_packing packing;
    struct lt_files_inflate *inflate;
    struct lt_feed_space space; /* that is being read into */
    struct lt_io io;
};

void lt_files_input_init(struct lt_files_input *input, struct lt_reactor *reactor,
                         struct lt_feed *feed, bool *is_poked);
/* Begins a file at byte `begin`, up to `end` if that is not -1. The item's path stays in place
 * until it is closed. */
void lt_files_input_open(struct lt_files_input *input, const struct lt_files_item *item,
                         int64_t begin, int64_t end);
/* Starts a read if the state is READABLE and the feed has room. */
void lt_files_input_read(struct lt_files_input *input);
/* Waits for what is under way. */
void lt_files_input_close(struct lt_files_input *input);

#endif
