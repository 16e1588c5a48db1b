/*
 * Reading a spool again: blocks of a segment, from its begin, and the chunks in them. A chunk that
 * a block does not hold whole is read again into the next block, which is as large as it has to be.
 *
 * A block lives as long as one of its chunks is held. Blocks are allocated: this is the way back
 * after a restart and not the record path.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "io/spool_internal.h"

enum { BLOCK_SIZE_BYTES = 1024 * 1024, READ_SIZE_MAX = 1 << 30 };

struct block {
    uint32_t references; /* the lane's only */
    size_t size_bytes, filled_size_bytes;
    unsigned char bytes[];
};

struct lt_spool_replay {
    struct lt_spool *spool;
    struct lt_spool_place at, until;
    uint64_t seed; /* of the segment */
    struct lt_spool_place segment_end;
    int fd;         /* -1: the next segment is to be opened */
    int64_t offset; /* of the file, behind the block */
    uint64_t from;  /* byte */
    struct block *block;
    size_t used_size_bytes; /* of the block */
    struct lt_io io;
    bool is_reading;
    struct lt_error error;
};

static struct block *block_create(size_t size_bytes)
{
    struct block *block = lt_alloc(sizeof *block + size_bytes);
    block->references = 1;
    block->size_bytes = size_bytes;
    return block;
}

void lt_spool_replay_release(void *hold)
{
    struct block *block = hold;
    if (block != NULL && --block->references == 0)
        free(block);
}

struct lt_spool_replay *lt_spool_replay_create(struct lt_spool *spool, uint64_t from)
{
    struct lt_spool_place begin = lt_spool_begin(spool);
    lt_assert(from >= begin.byte);
    lt_assert(from <= spool->end.byte);
    struct lt_spool_replay *replay = lt_alloc(sizeof *replay);
    replay->spool = spool;
    replay->at = begin;
    replay->until = spool->end;
    replay->from = from;
    replay->fd = -1;
    return replay;
}

void lt_spool_replay_destroy(struct lt_spool_replay *replay)
{
    if (replay == NULL)
        return;
    struct lt_reactor *reactor = replay->spool->reactor;
    while (replay->is_reading) { /* a file's read ends by itself */
        lt_waker_prepare_to_park(&reactor->waker);
        lt_reactor_park(reactor, LT_NEVER_NS);
        lt_waker_unpark(&reactor->waker);
    }
    lt_spool_replay_release(replay->block);
    if (replay->fd >= 0)
        close(replay->fd);
    free(replay);
}

static int fail(struct lt_spool_replay *replay)
{
    return lt_error_append(&replay->error, "spool \"%s\"", replay->spool->options.directory);
}

static int fail_errno(struct lt_spool_replay *replay, int error_number)
{
    lt_error_set_errno(&replay->error, error_number, "cannot read record %" PRIu64 " again",
                       replay->at.record);
    return fail(replay);
}

static int fail_damaged(struct lt_spool_replay *replay)
{
    lt_error_set(&replay->error, LT_E_CORRUPT,
                 "record %" PRIu64 " is damaged; hint: it was whole when the spool was opened: "
                 "look at the disk",
                 replay->at.record);
    return fail(replay);
}

/* The first segment that ends behind where the replay is and begins; the last, if none does. */
static const struct lt_spool_file *next_file(const struct lt_spool_replay *replay)
{
    const struct lt_spool *spool = replay->spool;
    uint32_t i = 0;
    while (i + 1 < spool->file_count && (spool->files[i].end.record <= replay->at.record ||
                                         spool->files[i].end.byte < replay->from))
        i++;
    return &spool->files[i];
}

static int open_segment(struct lt_spool_replay *replay)
{
    const struct lt_spool_file *file = next_file(replay);
    char name[LT_SPOOL_NAME_SIZE];
    lt_spool_file_name(file->segment.first.record, name);
    replay->fd = openat(replay->spool->directory_fd, name, O_RDONLY | O_CLOEXEC);
    if (replay->fd < 0)
        return fail_errno(replay, errno);
    replay->at = file->segment.first;
    replay->segment_end = file->end;
    replay->seed = file->segment.seed;
    replay->offset = LT_SPOOL_SEGMENT_BYTES;
    lt_spool_replay_release(replay->block);
    replay->block = block_create(BLOCK_SIZE_BYTES);
    replay->used_size_bytes = 0;
    return 0;
}

static void read_done(struct lt_io *io)
{
    struct lt_spool_replay *replay = io->context;
    replay->is_reading = false;
    if (io->result == -EINTR || io->result == -EAGAIN)
        return;
    if (io->result <= 0) {
        (void)(io->result == 0 ? fail_damaged(replay) : fail_errno(replay, (int)-io->result));
        return;
    }
    replay->block->filled_size_bytes += (size_t)io->result;
    replay->offset += io->result;
}

/* A block with room for a chunk of this size, which begins where the old one was used up to. */
static void make_room(struct lt_spool_replay *replay, size_t wanted)
{
    struct block *old = replay->block;
    if (replay->used_size_bytes + wanted <= old->size_bytes)
        return;
    struct block *block = block_create(wanted > BLOCK_SIZE_BYTES ? wanted : BLOCK_SIZE_BYTES);
    block->filled_size_bytes = old->filled_size_bytes - replay->used_size_bytes;
    memcpy(block->bytes, old->bytes + replay->used_size_bytes, block->filled_size_bytes);
    lt_spool_replay_release(old);
    replay->block = block;
    replay->used_size_bytes = 0;
}

static void read_more(struct lt_spool_replay *replay, size_t wanted)
{
    make_room(replay, wanted);
    struct block *block = replay->block;
    size_t room = block->size_bytes - block->filled_size_bytes;
    replay->io = (struct lt_io){
        .kind = LT_IO_READ,
        .fd = replay->fd,
        .buffer = block->bytes + block->filled_size_bytes,
        .size_bytes = room > READ_SIZE_MAX ? READ_SIZE_MAX : (uint32_t)room,
        .offset = replay->offset,
        .done = read_done,
        .context = replay,
    };
    replay->is_reading = true;
    lt_reactor_submit(replay->spool->reactor, &replay->io);
}

/* Steps over the chunk; true when it has records that are wanted. */
static bool take(struct lt_spool_replay *replay, const struct lt_spool_chunk *chunk, size_t size)
{
    replay->used_size_bytes += size;
    replay->at.record += chunk->record_count;
    replay->at.byte += chunk->size_bytes;
    if (replay->at.record == replay->segment_end.record) {
        close(replay->fd);
        replay->fd = -1;
    }
    return replay->at.byte > replay->from;
}

/* False: the answer is in *status. */
static bool step(struct lt_spool_replay *replay, struct lt_spool_chunk *chunk,
                 enum lt_spool_replayed *status)
{
    size_t size;
    *status = LT_REPLAY_FAILED;
    if (replay->error.code != 0 || (replay->fd < 0 && open_segment(replay) != 0))
        return false;
    const struct block *block = replay->block;
    switch (lt_spool_read_chunk(block->bytes + replay->used_size_bytes,
                                block->filled_size_bytes - replay->used_size_bytes, replay->seed,
                                replay->at, chunk, &size)) {
    case LT_SPOOL_CHUNK:
        *status = LT_REPLAY_CHUNK;
        return !take(replay, chunk, size);
    case LT_SPOOL_NEED_MORE:
        *status = LT_REPLAY_WAIT;
        read_more(replay, size);
        return false;
    case LT_SPOOL_TORN:
        break;
    }
    fail_damaged(replay);
    return false;
}

enum lt_spool_replayed lt_spool_replay_next(struct lt_spool_replay *replay,
                                            struct lt_spool_chunk *chunk, void **hold,
                                            struct lt_error *error)
{
    enum lt_spool_replayed status = LT_REPLAY_WAIT;
    if (replay->is_reading)
        return LT_REPLAY_WAIT;
    do { /* bounded by the chunks of a block, and then of those before the wanted record */
        if (replay->error.code == 0 && replay->at.record >= replay->until.record)
            return LT_REPLAY_END;
    } while (step(replay, chunk, &status));
    if (status == LT_REPLAY_FAILED)
        *error = replay->error;
    if (status != LT_REPLAY_CHUNK)
        return status;
    replay->block->references++;
    *hold = replay->block;
    return LT_REPLAY_CHUNK;
}
