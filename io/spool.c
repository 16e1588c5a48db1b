/*
 * Writing the spool: groups, one at a time, and the removal of segments that nobody needs.
 *
 * A group is one write, then fdatasync, and for the first group of a segment an fsync of the
 * folder, as one chain of the reactor. A write that was short is gone on with; any other failure
 * ends the spool, since after a failed sync nobody knows what the disk has.
 */
#include "io/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/folder.h"
#include "io/file_lock.h"
#include "io/spool_internal.h"

enum {
    GROUP_SIZE_MAX = 4 * 1024 * 1024, /* gathered before the source has to wait */
    WRITE_SIZE_BYTES = 1 << 30,       /* at most, in one operation */
    SEGMENTS = 16,                    /* that a full spool has */
    SEGMENT_SIZE_MAX = 64 * 1024 * 1024,
};

/* ----------------------------------------------------------------------------------------- life */

void lt_spool_file_name(uint64_t first_record, char out[LT_SPOOL_NAME_SIZE])
{
    int size_bytes = snprintf(out, LT_SPOOL_NAME_SIZE, "%020" PRIu64 ".spool", first_record);
    lt_assert(size_bytes < LT_SPOOL_NAME_SIZE);
}

struct lt_spool_file *lt_spool_add_file(struct lt_spool *spool)
{
    if (spool->file_count == spool->file_capacity) {
        spool->file_capacity = spool->file_capacity == 0 ? 2 * SEGMENTS : 2 * spool->file_capacity;
        spool->files = lt_realloc_array(spool->files, spool->file_capacity, sizeof *spool->files);
    }
    return &spool->files[spool->file_count++];
}

/* The name of a folder that is new: what lies in it is no more durable than that. */
static int sync_name(const struct lt_spool *spool, struct lt_error *error)
{
    int parent = openat(spool->directory_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return lt_error_set_errno(error, errno, "cannot open the folder's parent");
    int code = lt_folder_sync_open(parent, "..", error);
    close(parent);
    return code;
}

static int take_folder(struct lt_spool *spool, struct lt_error *error)
{
    const char *path = spool->options.directory;
    bool is_new = mkdir(path, 0700) == 0;
    if (!is_new && errno != EEXIST)
        return lt_error_set_errno(error, errno, "cannot make the folder");
    spool->directory_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (spool->directory_fd < 0)
        return lt_error_set_errno(error, errno, "cannot open the folder");
    int code = is_new ? sync_name(spool, error) : 0;
    if (code != 0)
        return code;
    int number = lt_file_lock(spool->directory_fd);
    if (number == 0)
        return 0;
    if (number != EWOULDBLOCK)
        return lt_error_set_errno(error, number, "cannot lock the folder");
    return lt_error_set(error, LT_E_BUSY,
                        "another query has it open; hint: give each source a folder of its own");
}

int lt_spool_open(const struct lt_spool_options *options, struct lt_spool **out,
                  struct lt_error *error)
{
    lt_assert(strlen(options->framing) < LT_SPOOL_FRAMING_SIZE);
    struct lt_spool *spool = lt_alloc(sizeof *spool);
    spool->options = *options;
    spool->options.directory = lt_strdup(options->directory);
    spool->options.framing = lt_strdup(options->framing);
    spool->segment_size_bytes = options->size_bytes / SEGMENTS;
    if (spool->segment_size_bytes > SEGMENT_SIZE_MAX)
        spool->segment_size_bytes = SEGMENT_SIZE_MAX;
    spool->directory_fd = -1;
    spool->fd = -1;
    lt_text_init(&spool->gathered);
    lt_text_init(&spool->writing);
    int code = take_folder(spool, error);
    if (code == 0)
        code = lt_spool_recover(spool, error);
    if (code != 0) {
        code = lt_error_append(error, "spool \"%s\"", options->directory);
        lt_spool_close(spool);
        return code;
    }
    lt_store_release_u64(&spool->durable, spool->end.byte); /* pairs with lt_spool_durable */
    lt_store_release_u64(&spool->released, 0);              /* pairs with can_remove */
    *out = spool;
    return 0;
}

void lt_spool_close(struct lt_spool *spool)
{
    if (spool == NULL)
        return;
    lt_assert(spool->reactor == NULL); /* detached */
    if (spool->directory_fd >= 0)
        close(spool->directory_fd); /* and unlocks it */
    lt_text_fini(&spool->gathered);
    lt_text_fini(&spool->writing);
    free(spool->files);
    free((void *)(uintptr_t)spool->options.directory);
    free((void *)(uintptr_t)spool->options.framing);
    free(spool);
}

const char *lt_spool_directory(const struct lt_spool *spool)
{
    return spool->options.directory;
}

struct lt_spool_place lt_spool_begin(const struct lt_spool *spool)
{
    return spool->file_count == 0 ? spool->end : spool->files[0].segment.first;
}

struct lt_spool_place lt_spool_end(const struct lt_spool *spool)
{
    return spool->end;
}

uint64_t lt_spool_durable(const struct lt_spool *spool)
{
    return lt_load_acquire_u64(&spool->durable); /* pairs with finish_group */
}

void lt_spool_release(struct lt_spool *spool, uint64_t byte)
{
    lt_store_release_u64(&spool->released, byte); /* pairs with can_remove */
}

/* --------------------------------------------------------------------------------------- append */

/* Everything in the files is released; then the next group is let in, whatever its size, since only
 * a segment behind the last one lets that one go. */
static bool is_all_released(const struct lt_spool *spool)
{
    return spool->file_count == 0 ||
           spool->files[spool->file_count - 1].end.byte <=
               lt_load_acquire_u64(&spool->released); /* pairs with lt_spool_release */
}

bool lt_spool_has_room(const struct lt_spool *spool, size_t size_bytes)
{
    size_t gathered = spool->gathered.size_bytes;
    size_t group = (size_t)(spool->segment_size_bytes < GROUP_SIZE_MAX ? spool->segment_size_bytes
                                                                       : GROUP_SIZE_MAX);
    if (gathered + spool->writing.size_bytes == 0 && is_all_released(spool))
        return true;
    if (gathered > 0 && gathered + size_bytes > group)
        return false;
    return spool->total_size_bytes + (int64_t)(gathered + spool->writing.size_bytes + size_bytes) <=
           spool->options.size_bytes;
}

/* The file that the group on its way belongs to, or that the last one did. */
static struct lt_spool_file *file_written(const struct lt_spool *spool)
{
    return &spool->files[spool->file_count - (spool->gathered_is_new ? 2 : 1)];
}

/* A group begins a new segment when there is none to go on with, or it is large enough. */
static void begin_group(struct lt_spool *spool)
{
    spool->gathered_record = spool->end.record;
    bool has_file = spool->fd >= 0 || spool->outstanding > 0;
    if (has_file && file_written(spool)->size_bytes + (int64_t)spool->writing.size_bytes <
                        spool->segment_size_bytes)
        return;
    struct lt_spool_file *file = lt_spool_add_file(spool);
    *file = (struct lt_spool_file){
        .segment = {.first = spool->end, .wall_us = lt_clock_wall_us(spool->clock)},
        .end = spool->end,
    };
    memcpy(file->segment.framing, spool->options.framing, strlen(spool->options.framing));
    lt_spool_write_segment(&spool->gathered, &file->segment);
    spool->gathered_is_new = true;
}

void lt_spool_append(struct lt_spool *spool, const struct lt_spool_chunk *chunk)
{
    if (spool->gathered.size_bytes == 0)
        begin_group(spool);
    struct lt_spool_file *file = &spool->files[spool->file_count - 1];
    struct lt_spool_chunk placed = *chunk;
    placed.first = spool->end;
    placed.group_record = spool->gathered_record;
    lt_spool_write_chunk(&spool->gathered, file->segment.seed, &placed);
    spool->end.record += chunk->record_count;
    spool->end.byte += chunk->size_bytes;
    file->end = spool->end;
}

/* ---------------------------------------------------------------------------------------- write */

static int fail(struct lt_spool *spool, int error_number, const char *what)
{
    if (spool->error.code != 0)
        return spool->error.code;
    int code = lt_error_set_errno(&spool->error, error_number, "cannot %s", what);
    if (error_number == ENOSPC || error_number == EDQUOT)
        code = lt_error_set(&spool->error, code,
                            "cannot %s: %s; hint: make room, or set \"spoolSize\" below what the "
                            "disk has; nothing that was acknowledged is lost",
                            what, strerror(error_number));
    (void)code;
    return lt_error_append(&spool->error, "spool \"%s\"", spool->options.directory);
}

static void operation_done(struct lt_io *io);

/* Writes what is left of the group and syncs it; a new file is opened before and its name is synced
 * after. */
static void submit_group(struct lt_spool *spool)
{
    size_t left = spool->writing.size_bytes - spool->written_size_bytes;
    uint16_t fd_from = (uint16_t)(spool->fd < 0); /* the open_io is first */
    spool->open_io = (struct lt_io){
        .kind = LT_IO_OPENAT,
        .fd = spool->directory_fd,
        .path = spool->segment_name,
        .flags = O_WRONLY | O_CREAT | O_TRUNC,
        .mode = 0600,
    };
    spool->write_io = (struct lt_io){
        .kind = LT_IO_WRITE,
        .fd = spool->fd,
        .fd_from = fd_from,
        .buffer = spool->writing.data + spool->written_size_bytes,
        .size_bytes = left > WRITE_SIZE_BYTES ? WRITE_SIZE_BYTES : (uint32_t)left,
        .offset = file_written(spool)->size_bytes,
    };
    spool->sync_io = (struct lt_io){.kind = LT_IO_FDATASYNC, .fd = spool->fd, .fd_from = fd_from};
    spool->directory_io = (struct lt_io){.kind = LT_IO_FSYNC, .fd = spool->directory_fd};
    struct lt_io *chain[4];
    uint32_t count = 0;
    if (spool->fd < 0)
        chain[count++] = &spool->open_io;
    chain[count++] = &spool->write_io;
    chain[count++] = &spool->sync_io;
    if (spool->is_new_file)
        chain[count++] = &spool->directory_io;
    for (uint32_t i = 0; i < count; i++) {
        chain[i]->done = operation_done;
        chain[i]->context = spool;
    }
    spool->outstanding = count;
    lt_reactor_submit_chain(spool->reactor, chain, count);
}

static void begin_segment(struct lt_spool *spool)
{
    lt_spool_file_name(spool->files[spool->file_count - 1].segment.first.record,
                       spool->segment_name);
    if (spool->fd >= 0)
        close(spool->fd); /* all that was written to it has been synced */
    spool->fd = -1;
}

/* The group that was gathered goes on its way. */
static void begin_write(struct lt_spool *spool)
{
    if (spool->gathered_is_new)
        begin_segment(spool);
    struct lt_text_buffer empty = spool->writing;
    spool->writing = spool->gathered;
    spool->gathered = empty;
    spool->is_new_file = spool->gathered_is_new;
    spool->gathered_is_new = false;
    spool->writing_end = spool->end;
    spool->written_size_bytes = 0;
    spool->write_begun_ns = lt_clock_now_ns(spool->clock);
    submit_group(spool);
}

static void finish_group(struct lt_spool *spool)
{
    lt_text_clear(&spool->writing);
    spool->is_new_file = false;
    /* pairs with lt_spool_durable */
    lt_store_release_u64(&spool->durable, spool->writing_end.byte);
}

/* False: the spool has failed. */
static bool take_results(struct lt_spool *spool)
{
    if (spool->fd < 0 && spool->open_io.result < 0) {
        fail(spool, (int)-spool->open_io.result, "make a segment");
        return false;
    }
    if (spool->fd < 0)
        spool->fd = (int)spool->open_io.result;
    int64_t written = spool->write_io.result;
    if (written < 0 && written != -EINTR && written != -EAGAIN) {
        fail(spool, (int)-written, "write");
        return false;
    }
    if (written > 0) {
        spool->written_size_bytes += (size_t)written;
        file_written(spool)->size_bytes += written;
        spool->total_size_bytes += written;
    }
    return true;
}

/* The last operation of the chain has completed. */
static void chain_done(struct lt_spool *spool)
{
    if (!take_results(spool))
        return;
    if (spool->written_size_bytes < spool->writing.size_bytes)
        submit_group(spool);
    else if (spool->sync_io.result < 0)
        fail(spool, (int)-spool->sync_io.result, "sync");
    else if (spool->is_new_file && spool->directory_io.result < 0)
        fail(spool, (int)-spool->directory_io.result, "sync the folder");
    else
        finish_group(spool);
}

static void operation_done(struct lt_io *io)
{
    struct lt_spool *spool = io->context;
    if (--spool->outstanding == 0)
        chain_done(spool);
}

/* --------------------------------------------------------------------------------------- remove */

static void unlink_done(struct lt_io *io)
{
    struct lt_spool *spool = io->context;
    spool->is_unlinking = false;
    if (io->result < 0 && io->result != -ENOENT) {
        fail(spool, (int)-io->result, "remove a segment");
        return;
    }
    spool->total_size_bytes -= spool->files[0].size_bytes;
    spool->file_count--;
    memmove(spool->files, spool->files + 1, spool->file_count * sizeof *spool->files);
}

/* True when all records of the first segment are released, and it is not the last. */
static bool can_remove(const struct lt_spool *spool)
{
    return !spool->is_unlinking && spool->file_count > 1 &&
           spool->files[1].segment.first.byte <=
               lt_load_acquire_u64(&spool->released); /* pairs with lt_spool_release */
}

static void remove_first(struct lt_spool *spool)
{
    spool->is_unlinking = true;
    lt_spool_file_name(spool->files[0].segment.first.record, spool->unlink_name);
    spool->unlink_io = (struct lt_io){
        .kind = LT_IO_UNLINKAT,
        .fd = spool->directory_fd,
        .path = spool->unlink_name,
        .done = unlink_done,
        .context = spool,
    };
    lt_reactor_submit(spool->reactor, &spool->unlink_io);
}

/* ---------------------------------------------------------------------------------------- steps */

static int64_t write_due_ns(const struct lt_spool *spool)
{
    if (spool->outstanding > 0 || spool->gathered.size_bytes == 0 || spool->error.code != 0)
        return LT_NEVER_NS;
    return spool->write_begun_ns + spool->options.sync_interval_ns;
}

int lt_spool_poll(struct lt_spool *spool, struct lt_error *error)
{
    int work = 0;
    if (spool->gathered.size_bytes > 0 && spool->outstanding == 0 && spool->error.code == 0 &&
        write_due_ns(spool) <= lt_clock_now_ns(spool->clock)) {
        begin_write(spool);
        work++;
    }
    if (can_remove(spool) && spool->error.code == 0) {
        remove_first(spool);
        work++;
    }
    if (lt_likely(spool->error.code == 0))
        return work;
    *error = spool->error;
    return -1;
}

int64_t lt_spool_deadline_ns(const struct lt_spool *spool)
{
    return write_due_ns(spool);
}

void lt_spool_attach(struct lt_spool *spool, struct lt_reactor *reactor,
                     const struct lt_clock *clock)
{
    lt_assert(spool->reactor == NULL);
    spool->reactor = reactor;
    spool->clock = clock;
    spool->write_begun_ns = lt_clock_now_ns(clock) - spool->options.sync_interval_ns;
}

static void wait_for_reactor(struct lt_spool *spool)
{
    lt_waker_prepare_to_park(&spool->reactor->waker);
    lt_reactor_park(spool->reactor, LT_NEVER_NS);
    lt_waker_unpark(&spool->reactor->waker);
}

void lt_spool_flush(struct lt_spool *spool)
{
    while (spool->outstanding > 0 || spool->is_unlinking || spool->gathered.size_bytes > 0) {
        if (spool->outstanding == 0 && spool->gathered.size_bytes > 0) {
            if (spool->error.code == 0)
                begin_write(spool);
            if (spool->error.code != 0)
                lt_text_clear(&spool->gathered);
        }
        if (spool->outstanding > 0 || spool->is_unlinking)
            wait_for_reactor(spool);
    }
}

void lt_spool_detach(struct lt_spool *spool)
{
    if (spool->reactor == NULL)
        return;
    lt_spool_flush(spool);
    if (spool->fd >= 0)
        close(spool->fd);
    spool->fd = -1;
    spool->reactor = NULL;
}
