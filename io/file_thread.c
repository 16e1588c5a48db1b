/*
 * Two lists under one lock: operations to do, operations done. A count outside the lock tells the
 * reactor when it is worth taking.
 */
#include "io/file_thread.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/log.h"

struct list {
    struct lt_io *first, **end;
};

struct lt_file_thread {
    /* constant */
    struct lt_reactor_options options;
    /* owner: reactor's thread */
    bool is_running, cannot_start;
    pthread_t thread;
    uint64_t seen;
    uint32_t count; /* operations given and not taken back */
    /* under the lock */
    pthread_mutex_t lock;
    pthread_cond_t given; /* to_do or must_stop has changed */
    struct list to_do, done;
    bool must_stop;
    /* written by the helper, read by the reactor */
    struct lt_signal signal;
};

static void list_init(struct list *list)
{
    list->first = NULL;
    list->end = &list->first;
}

static void list_append(struct list *list, struct lt_io *io)
{
    io->next = NULL;
    *list->end = io;
    list->end = &io->next;
}

static struct lt_io *list_take_first(struct list *list)
{
    struct lt_io *io = list->first;
    if (io != NULL) {
        list->first = io->next;
        if (list->first == NULL)
            list->end = &list->first;
    }
    return io;
}

static void lock(struct lt_file_thread *files)
{
    int result = pthread_mutex_lock(&files->lock);
    lt_assert(result == 0);
}

static void unlock(struct lt_file_thread *files)
{
    int result = pthread_mutex_unlock(&files->lock);
    lt_assert(result == 0);
}

/* long because: one case for each operation there is. */
int64_t lt_file_operation(const struct lt_io *io)
{
    int64_t result;
    do {
        switch (io->kind) {
        case LT_IO_READ:
            result = io->offset < 0 ? read(io->fd, io->buffer, io->size_bytes)
                                    : pread(io->fd, io->buffer, io->size_bytes, io->offset);
            break;
        case LT_IO_WRITE:
            result = io->offset < 0 ? write(io->fd, io->buffer, io->size_bytes)
                                    : pwrite(io->fd, io->buffer, io->size_bytes, io->offset);
            break;
        case LT_IO_FSYNC:
            result = fsync(io->fd);
            break;
        case LT_IO_FDATASYNC:
            result = fdatasync(io->fd);
            break;
        case LT_IO_FTRUNCATE:
            result = ftruncate(io->fd, io->offset);
            break;
        case LT_IO_OPENAT:
            result = openat(io->fd, io->path, io->flags | O_CLOEXEC, io->mode);
            break;
        case LT_IO_CLOSE: /* even an interrupted close has closed: never repeated */
            return close(io->fd) == 0 ? 0 : -errno;
        case LT_IO_RENAMEAT:
            result = renameat2(io->fd, io->path, io->fd2, io->path2, (unsigned)io->flags);
            break;
        case LT_IO_LINKAT:
            result = linkat(io->fd, io->path, io->fd2, io->path2, io->flags);
            break;
        case LT_IO_UNLINKAT:
            result = unlinkat(io->fd, io->path, io->flags);
            break;
        case LT_IO_MKDIRAT:
            result = mkdirat(io->fd, io->path, io->mode);
            break;
        case LT_IO_STATX:
            result = statx(io->fd, io->path != NULL ? io->path : "",
                           io->path != NULL ? io->flags : io->flags | AT_EMPTY_PATH, io->size_bytes,
                           io->buffer);
            break;
        case LT_IO_CALL:
            return io->call(io->call_context);
        default:
            lt_assert(!"not an operation on files");
        }
    } while (result < 0 && errno == EINTR);
    return result >= 0 ? result : -errno;
}

static void *run(void *argument)
{
    struct lt_file_thread *files = argument;
    lock(files);
    while (!files->must_stop) {
        struct lt_io *io = list_take_first(&files->to_do);
        if (io == NULL) {
            int result = pthread_cond_wait(&files->given, &files->lock);
            lt_assert(result == 0);
            continue;
        }
        unlock(files);
        io->result = lt_file_operation(io);
        lock(files);
        list_append(&files->done, io);
        lt_signal_raise(&files->signal);
    }
    unlock(files);
    return NULL;
}

struct lt_file_thread *lt_file_thread_create(const struct lt_reactor_options *options,
                                             struct lt_waker *waker)
{
    struct lt_file_thread *files = lt_alloc(sizeof *files);
    files->options = *options;
    files->signal.waker = waker;
    list_init(&files->to_do);
    list_init(&files->done);
    int result = pthread_mutex_init(&files->lock, NULL);
    lt_assert(result == 0);
    result = pthread_cond_init(&files->given, NULL);
    lt_assert(result == 0);
    return files;
}

void lt_file_thread_destroy(struct lt_file_thread *files)
{
    lt_assert(files->count == 0);
    if (files->is_running) {
        lock(files);
        files->must_stop = true;
        int result = pthread_cond_signal(&files->given);
        lt_assert(result == 0);
        unlock(files);
        result = pthread_join(files->thread, NULL);
        lt_assert(result == 0);
    }
    int result = pthread_cond_destroy(&files->given);
    lt_assert(result == 0);
    result = pthread_mutex_destroy(&files->lock);
    lt_assert(result == 0);
    free(files);
}

/* Lazily: most lanes never touch a file. */
static void start(struct lt_file_thread *files)
{
    const struct lt_reactor_options *options = &files->options;
    struct lt_error error;
    lt_error_clear(&error);
    if (options->start_thread != NULL &&
        options->start_thread(options->start_thread_context, "leat-files", run, files,
                              &files->thread, &error) == 0) {
        files->is_running = true;
        return;
    }
    files->cannot_start = true;
    if (options->start_thread != NULL)
        lt_log_warn("no helper thread for files: %s; lanes will wait for the disk", error.text);
    else
        lt_log_debug("files are read and written by the caller's own thread");
}

void lt_file_thread_give(struct lt_file_thread *files, struct lt_io *io)
{
    if (!files->is_running && !files->cannot_start)
        start(files);
    files->count++;
    lock(files);
    list_append(&files->to_do, io);
    int result = pthread_cond_signal(&files->given);
    lt_assert(result == 0);
    unlock(files);
}

bool lt_file_thread_withdraw(struct lt_file_thread *files, struct lt_io *io)
{
    bool found = false;
    lock(files);
    for (struct lt_io **link = &files->to_do.first; *link != NULL && !found;) {
        if (*link != io) {
            link = &(*link)->next;
            continue;
        }
        found = true;
        *link = io->next;
        if (*link == NULL)
            files->to_do.end = link;
    }
    unlock(files);
    files->count -= found;
    return found;
}

/* Without a thread: what is to be done now, and no more than that. */
static struct lt_io *do_all(struct lt_file_thread *files)
{
    struct lt_io *first = files->to_do.first;
    list_init(&files->to_do);
    for (struct lt_io *io = first; io != NULL; io = io->next) {
        io->result = lt_file_operation(io);
        files->count--;
    }
    return first;
}

struct lt_io *lt_file_thread_take(struct lt_file_thread *files)
{
    if (!files->is_running)
        return do_all(files);
    if (!lt_signal_take(&files->signal, &files->seen))
        return NULL;
    lock(files);
    struct lt_io *first = files->done.first;
    list_init(&files->done);
    unlock(files);
    for (struct lt_io *io = first; io != NULL; io = io->next)
        files->count--;
    return first;
}

bool lt_file_thread_is_ready(const struct lt_file_thread *files)
{
    if (!files->is_running)
        return files->to_do.first != NULL;
    /* acquire: pairs with the add in lt_signal_raise */
    return lt_load_acquire_u64(&files->signal.count) != files->seen;
}
