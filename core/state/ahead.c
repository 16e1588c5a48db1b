/*
 * Four chunks go round: while the first is given out the helper has the others to fill, one after
 * the other, so that it waits for nobody as long as it is the slower one, and hardly if it is not.
 */
#include "core/state/ahead.h"

#include <stdlib.h>

#include "core/base/arena.h"

enum { CHUNKS = 4, CHUNK_BYTES = 1024 * 1024, CHUNK_CHANGES = 16 * 1024 };

struct chunk {
    struct ahead *ahead;
    struct lt_io io;
    struct lt_state_change *changes; /* their bytes: one behind the other in `bytes` */
    unsigned char *bytes;
    size_t count, used_bytes, capacity;
    int code; /* of the stream beneath: 1 there is more, 0 the end, negative failed */
    struct lt_error error;
};

struct ahead {
    struct lt_state_stream stream;
    struct lt_state_stream *beneath;
    struct lt_reactor *reactor;
    struct chunk chunks[CHUNKS];
    uint32_t current; /* the chunk that is given out */
    size_t at;        /* in it */
    bool has_begun;
    bool has_ended; /* nothing is beneath any more. on: the helper */
};

static struct ahead *ahead_of(struct lt_state_stream *stream)
{
    return (struct ahead *)stream; /* its first member */
}

/* --------------------------------------------------------------------------------- the helper's */

static void copy_bytes(struct chunk *chunk, struct lt_state_bytes bytes)
{
    if (bytes.size_bytes > 0)
        memcpy(chunk->bytes + chunk->used_bytes, bytes.data, bytes.size_bytes);
    chunk->used_bytes += bytes.size_bytes;
}

static void add_change(struct chunk *chunk, const struct lt_state_change *change)
{
    size_t needed = chunk->used_bytes + change->key.size_bytes + change->value.size_bytes;
    if (needed > chunk->capacity) {
        chunk->capacity = needed > 2 * chunk->capacity ? needed : 2 * chunk->capacity;
        chunk->bytes = lt_realloc_array(chunk->bytes, chunk->capacity, 1);
    }
    chunk->changes[chunk->count++] = *change;
    copy_bytes(chunk, change->key);
    copy_bytes(chunk, change->value);
}

/* Leads the changes to their bytes, which stay where they are now. */
static void place_bytes(struct chunk *chunk)
{
    const unsigned char *at = chunk->bytes;
    for (size_t i = 0; i < chunk->count; i++) {
        struct lt_state_change *change = &chunk->changes[i];
        change->key.data = at;
        at += change->key.size_bytes;
        change->value.data = at;
        at += change->value.size_bytes;
    }
}

static int64_t fill(void *context)
{
    struct chunk *chunk = context;
    struct ahead *ahead = chunk->ahead;
    struct lt_state_change change;
    chunk->used_bytes = 0;
    chunk->code = ahead->has_ended ? 0 : 1;
    while (chunk->code == 1 && chunk->count < CHUNK_CHANGES && chunk->used_bytes < CHUNK_BYTES) {
        chunk->code = ahead->beneath->next(ahead->beneath, &change, &chunk->error);
        if (chunk->code == 1)
            add_change(chunk, &change);
    }
    ahead->has_ended = chunk->code != 1;
    place_bytes(chunk);
    return 0;
}

/* --------------------------------------------------------------------------- the reactor's side */

static void on_filled(struct lt_io *io)
{
    (void)io; /* that it is not pending any more is all */
}

static void submit(struct ahead *ahead, struct chunk *chunk)
{
    chunk->count = 0;
    chunk->io = (struct lt_io){
        .kind = LT_IO_CALL, .call = fill, .call_context = chunk, .done = on_filled};
    lt_reactor_submit(ahead->reactor, &chunk->io);
}

static void await(struct ahead *ahead, const struct chunk *chunk)
{
    struct lt_reactor *reactor = ahead->reactor;
    while (chunk->io.is_pending) { /* a call ends by itself */
        lt_waker_prepare_to_park(&reactor->waker);
        if (lt_reactor_poll(reactor) == 0)
            lt_reactor_park(reactor, LT_NEVER_NS);
        lt_waker_unpark(&reactor->waker);
    }
}

static int judge(const struct chunk *chunk, struct lt_error *error)
{
    if (chunk->io.result < 0) /* the call was not made */
        return lt_error_set_errno(error, (int)-chunk->io.result,
                                  "An error occurred during loading state. There is no help to "
                                  "read its files");
    if (chunk->code < 0)
        *error = chunk->error;
    return chunk->code;
}

static int next_change(struct lt_state_stream *stream, struct lt_state_change *out,
                       struct lt_error *error)
{
    struct ahead *ahead = ahead_of(stream);
    if (!ahead->has_begun) {
        ahead->has_begun = true;
        for (uint32_t i = 0; i < CHUNKS; i++)
            submit(ahead, &ahead->chunks[i]);
        await(ahead, &ahead->chunks[0]);
    }
    for (;;) { /* ends with the stream */
        struct chunk *chunk = &ahead->chunks[ahead->current];
        if (ahead->at < chunk->count) {
            *out = chunk->changes[ahead->at++];
            return 1;
        }
        int code = judge(chunk, error);
        if (code != 1)
            return code;
        submit(ahead, chunk);
        ahead->at = 0;
        ahead->current = (ahead->current + 1) % CHUNKS;
        await(ahead, &ahead->chunks[ahead->current]);
    }
}

static void destroy(struct lt_state_stream *stream)
{
    struct ahead *ahead = ahead_of(stream);
    for (uint32_t i = 0; i < CHUNKS; i++)
        lt_reactor_cancel_and_wait(ahead->reactor, &ahead->chunks[i].io);
    for (uint32_t i = 0; i < CHUNKS; i++) {
        free(ahead->chunks[i].changes);
        free(ahead->chunks[i].bytes);
    }
    free(ahead);
}

struct lt_state_stream *lt_state_ahead_create(struct lt_state_stream *beneath,
                                              struct lt_reactor *reactor)
{
    struct ahead *ahead = lt_alloc(sizeof *ahead);
    ahead->stream.next = next_change;
    ahead->stream.destroy = destroy;
    ahead->beneath = beneath;
    ahead->reactor = reactor;
    for (uint32_t i = 0; i < CHUNKS; i++) {
        struct chunk *chunk = &ahead->chunks[i];
        chunk->ahead = ahead;
        chunk->changes = lt_realloc_array(NULL, CHUNK_CHANGES, sizeof chunk->changes[0]);
        chunk->capacity = CHUNK_BYTES + CHUNK_BYTES / 4;
        chunk->bytes = lt_realloc_array(NULL, chunk->capacity, 1);
    }
    return &ahead->stream;
}
