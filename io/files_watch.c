#include "io/files_watch.h"

#include <errno.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/text_buffer.h"
#include "io/files_name.h"
#include "io/files_seen.h"

enum { EVENTS_SIZE = 64 * 1024, DIRECTORIES_FIRST = 16 };

static const uint32_t mask = IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF |
                             IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;

struct lt_files_watch {
    int fd;
    pthread_mutex_t lock; /* of what follows */
    char **directories; /* by the kernel's number, which counts up; NULL: watched no more */
    size_t capacity;
    struct lt_files_seen *open; /* names that were created and not closed; no hidden ones */
    struct lt_text_buffer path;
    char events[EVENTS_SIZE] __attribute__((aligned(8)));
};

static void lock(struct lt_files_watch *watch)
{
    int result = pthread_mutex_lock(&watch->lock);
    lt_assert(result == 0);
}

static void unlock(struct lt_files_watch *watch)
{
    int result = pthread_mutex_unlock(&watch->lock);
    lt_assert(result == 0);
}

struct lt_files_watch *lt_files_watch_create(struct lt_error *error)
{
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd < 0) {
        lt_error_set_errno(error, errno, "inotify");
        return NULL;
    }
    struct lt_files_watch *watch = lt_alloc(sizeof *watch);
    watch->fd = fd;
    int result = pthread_mutex_init(&watch->lock, NULL);
    lt_assert(result == 0);
    watch->open = lt_files_seen_create(INT64_MAX, false);
    lt_text_init(&watch->path);
    return watch;
}

void lt_files_watch_destroy(struct lt_files_watch *watch)
{
    if (watch == NULL)
        return;
    for (size_t i = 0; i < watch->capacity; i++)
        free(watch->directories[i]);
    free(watch->directories);
    lt_files_seen_destroy(watch->open);
    lt_text_fini(&watch->path);
    int result = pthread_mutex_destroy(&watch->lock);
    lt_assert(result == 0);
    close(watch->fd);
    free(watch);
}

int lt_files_watch_fd(const struct lt_files_watch *watch)
{
    return watch->fd;
}

/* Does the file system hear of what other machines do? */
static bool is_remote(const char *directory)
{
    static const uint32_t remote[] = {
        NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC,  CIFS_SUPER_MAGIC, SMB2_SUPER_MAGIC, V9FS_MAGIC,
        CEPH_SUPER_MAGIC, FUSE_SUPER_MAGIC, AFS_SUPER_MAGIC,  CODA_SUPER_MAGIC,
    };
    struct statfs status;
    if (statfs(directory, &status) != 0)
        return false;
    for (size_t i = 0; i < sizeof remote / sizeof remote[0]; i++)
        if ((uint32_t)status.f_type == remote[i])
            return true;
    return false;
}

static void forget_open(struct lt_files_watch *watch)
{
    lt_files_seen_destroy(watch->open);
    watch->open = lt_files_seen_create(INT64_MAX, false);
}

static void keep(struct lt_files_watch *watch, size_t number, const char *directory)
{
    size_t old = watch->capacity;
    if (number >= old) {
        watch->capacity = old == 0 ? DIRECTORIES_FIRST : old;
        while (watch->capacity <= number)
            watch->capacity *= 2;
        watch->directories =
            lt_realloc_array(watch->directories, watch->capacity, sizeof watch->directories[0]);
        memset(watch->directories + old, 0, (watch->capacity - old) * sizeof(char *));
    }
    if (watch->directories[number] != NULL && strcmp(watch->directories[number], directory) == 0)
        return;
    if (watch->directories[number] != NULL)
        forget_open(watch); /* they would be closed by another name */
    free(watch->directories[number]);
    watch->directories[number] = lt_strdup(directory);
}

bool lt_files_watch_add(struct lt_files_watch *watch, const char *directory, struct lt_error *error)
{
    if (is_remote(directory)) {
        lt_error_set(error, LT_E_UNSUPPORTED, "\"%s\" lies on a file system of other machines",
                     directory);
        return false;
    }
    lock(watch); /* before an event of it can be read */
    int number = inotify_add_watch(watch->fd, directory, mask), cause = errno;
    if (number >= 0)
        keep(watch, (size_t)number, directory);
    unlock(watch);
    if (number >= 0)
        return true;
    if (cause == ENOENT || cause == ENOTDIR) /* gone meanwhile; the listing will see */
        return true;
    if (cause == ENOSPC)
        lt_error_set(error, LT_E_LIMIT,
                     "\"%s\" cannot be watched: too many watches; hint: raise "
                     "fs.inotify.max_user_watches",
                     directory);
    else
        lt_error_set_errno(error, cause, "\"%s\" cannot be watched", directory);
    return false;
}

static const char *path_of(struct lt_files_watch *watch, const struct inotify_event *event)
{
    size_t number = (size_t)event->wd;
    if (event->wd < 0 || number >= watch->capacity || watch->directories[number] == NULL)
        return NULL;
    const char *directory = watch->directories[number];
    lt_text_clear(&watch->path);
    lt_text_append(&watch->path, directory);
    if (strcmp(directory, "/") != 0)
        lt_text_append_char(&watch->path, '/');
    lt_text_append(&watch->path, event->name);
    return lt_text_get(&watch->path);
}

static void forget(struct lt_files_watch *watch, const struct inotify_event *event)
{
    size_t number = (size_t)event->wd;
    if (event->wd < 0 || number >= watch->capacity)
        return;
    free(watch->directories[number]);
    watch->directories[number] = NULL;
}

static void take_file(struct lt_files_watch *watch, const char *path, bool is_complete,
                      const struct lt_files_watch_visitor *visitor)
{
    if (is_complete)
        lt_files_seen_remove(watch->open, path);
    else if (!lt_files_is_hidden(lt_files_base_name(path)))
        lt_files_seen_add(watch->open, path, 0);
    visitor->file(visitor->context, path, is_complete);
}

static void take_event(struct lt_files_watch *watch, const struct inotify_event *event,
                       const struct lt_files_watch_visitor *visitor)
{
    if (event->mask & IN_IGNORED) {
        forget(watch, event);
        return;
    }
    if (event->mask & (IN_Q_OVERFLOW | IN_UNMOUNT | IN_MOVE_SELF))
        forget_open(watch);
    if (event->mask & (IN_Q_OVERFLOW | IN_UNMOUNT | IN_DELETE_SELF | IN_MOVE_SELF)) {
        visitor->all(visitor->context);
        return;
    }
    const char *path = event->len == 0 ? NULL : path_of(watch, event);
    if (path != NULL && (event->mask & IN_ISDIR))
        visitor->directory(visitor->context, path);
    else if (path != NULL)
        take_file(watch, path, (event->mask & IN_CREATE) == 0, visitor);
}

static bool read_events(struct lt_files_watch *watch, const struct lt_files_watch_visitor *visitor)
{
    ssize_t size = read(watch->fd, watch->events, sizeof watch->events);
    if (size < 0)
        return errno != EINTR;
    for (ssize_t at = 0; at < size;) {
        const struct inotify_event *event = (const void *)(watch->events + at);
        take_event(watch, event, visitor);
        at += (ssize_t)(sizeof *event + event->len);
    }
    return false;
}

bool lt_files_watch_read(struct lt_files_watch *watch, const struct lt_files_watch_visitor *visitor)
{
    lock(watch);
    bool is_all = read_events(watch, visitor);
    unlock(watch);
    return is_all;
}

bool lt_files_watch_is_open(struct lt_files_watch *watch, const char *path)
{
    lock(watch);
    bool is_open = lt_files_seen_count(watch->open) > 0 &&
                   !lt_files_seen_is_new(watch->open, path, 0);
    unlock(watch);
    return is_open;
}

void lt_files_watch_note_whole(struct lt_files_watch *watch, const char *path)
{
    lock(watch);
    lt_files_seen_remove(watch->open, path);
    unlock(watch);
}
