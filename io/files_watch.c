#include "io/files_watch.h"

#include <errno.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/base/text_buffer.h"
#include "io/files_name.h"
#include "io/files_seen.h"
#include "io/files_whole.h"

enum { EVENTS_SIZE = 64 * 1024, DIRECTORIES_FIRST = 16 };

static const uint32_t mask = IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                             IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;

/* Of a watched directory, which has several where links lead to it: the kernel watches it once, and
 * tells of it by one number. */
struct name {
    struct name *next;
    char path[];
};

struct lt_files_watch {
    int fd;
    pthread_mutex_t lock; /* of what follows */
    struct name **directories; /* by the kernel's number, which counts up; NULL: watched no more */
    size_t capacity;
    bool has_run_over; /* the kernel's queue of events, once */
    uint64_t listing; /* counts up */
    uint64_t doubted; /* the last one of which nothing that it finds is known to be whole */
    struct lt_files_seen *fresh; /* directories that are watched since this listing */
    struct lt_files_seen *open; /* names that were created and not closed; no hidden ones */
    struct lt_files_seen *asked; /* of those, the ones that the kernel was asked about */
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
    watch->asked = lt_files_seen_create(INT64_MAX, false);
    watch->fresh = lt_files_seen_create(INT64_MAX, false);
    lt_text_init(&watch->path);
    return watch;
}

static void forget_names(struct lt_files_watch *watch, size_t number)
{
    struct name *name = watch->directories[number];
    while (name != NULL) {
        struct name *next = name->next;
        free(name);
        name = next;
    }
    watch->directories[number] = NULL;
}

void lt_files_watch_destroy(struct lt_files_watch *watch)
{
    if (watch == NULL)
        return;
    for (size_t i = 0; i < watch->capacity; i++)
        forget_names(watch, i);
    free(watch->directories);
    lt_files_seen_destroy(watch->open);
    lt_files_seen_destroy(watch->asked);
    lt_files_seen_destroy(watch->fresh);
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

static void clear(struct lt_files_seen **seen)
{
    lt_files_seen_destroy(*seen);
    *seen = lt_files_seen_create(INT64_MAX, false);
}

/* What is being written is not known any more: the next listing has to ask, and one that is under
 * way. */
static void forget_open(struct lt_files_watch *watch)
{
    clear(&watch->open);
    clear(&watch->asked);
    watch->doubted = watch->listing + 1;
}

static bool is_same(const char *one, const char *other)
{
    struct stat left, right;
    return stat(one, &left) == 0 && stat(other, &right) == 0 && left.st_dev == right.st_dev &&
           left.st_ino == right.st_ino;
}

/* Names that lead elsewhere by now: what is open by them would be closed by another. */
static void forget_former(struct lt_files_watch *watch, size_t number, const char *directory)
{
    struct name **at = &watch->directories[number];
    while (*at != NULL) {
        struct name *name = *at;
        if (is_same(name->path, directory)) {
            at = &name->next;
            continue;
        }
        *at = name->next;
        free(name);
        forget_open(watch);
    }
}

static void keep(struct lt_files_watch *watch, size_t number, const char *directory)
{
    size_t old = watch->capacity, size = strlen(directory) + 1;
    if (number >= old) {
        watch->capacity = old == 0 ? DIRECTORIES_FIRST : old;
        while (watch->capacity <= number)
            watch->capacity *= 2;
        watch->directories =
            lt_realloc_array(watch->directories, watch->capacity, sizeof watch->directories[0]);
        memset(watch->directories + old, 0, (watch->capacity - old) * sizeof(struct name *));
    }
    for (const struct name *name = watch->directories[number]; name != NULL; name = name->next)
        if (strcmp(name->path, directory) == 0)
            return;
    forget_former(watch, number, directory);
    struct name *name = lt_alloc(sizeof *name + size);
    memcpy(name->path, directory, size);
    name->next = watch->directories[number];
    watch->directories[number] = name;
    lt_files_seen_add(watch->fresh, directory, 0);
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

static const struct name *names_of(const struct lt_files_watch *watch,
                                   const struct inotify_event *event)
{
    size_t number = (size_t)event->wd;
    return event->wd < 0 || number >= watch->capacity ? NULL : watch->directories[number];
}

static const char *path_of(struct lt_files_watch *watch, const struct name *directory,
                           const struct inotify_event *event)
{
    lt_text_clear(&watch->path);
    lt_text_append(&watch->path, directory->path);
    if (strcmp(directory->path, "/") != 0)
        lt_text_append_char(&watch->path, '/');
    lt_text_append(&watch->path, event->name);
    return lt_text_get(&watch->path);
}

static void forget_file(struct lt_files_watch *watch, const char *path)
{
    lt_files_seen_remove(watch->open, path);
    lt_files_seen_remove(watch->asked, path);
}

/* Of a file that was begun before it could be told of, who has just closed it may be another than
 * who writes it. */
static bool is_still_written(const struct lt_files_watch *watch, const char *path, uint32_t what)
{
    return (what & IN_CLOSE_WRITE) && lt_files_seen_count(watch->asked) > 0 &&
           !lt_files_seen_is_new(watch->asked, path, 0) && lt_files_is_being_written(path);
}

static void take_file(struct lt_files_watch *watch, const char *path, bool is_complete,
                      const struct lt_files_watch_visitor *visitor)
{
    if (is_complete)
        forget_file(watch, path);
    else if (!lt_files_is_hidden(lt_files_base_name(path)))
        lt_files_seen_add(watch->open, path, 0);
    visitor->file(visitor->context, path, is_complete);
}

/* By one of its names. */
static void take_named(struct lt_files_watch *watch, const char *path, uint32_t what,
                       const struct lt_files_watch_visitor *visitor)
{
    bool has_gone = (what & (IN_DELETE | IN_MOVED_FROM)) != 0;
    if (has_gone)
        forget_file(watch, path);
    else if (what & IN_ISDIR)
        visitor->directory(visitor->context, path);
    else
        take_file(watch, path, !(what & IN_CREATE) && !is_still_written(watch, path, what),
                  visitor);
}

static void take_event(struct lt_files_watch *watch, const struct inotify_event *event,
                       const struct lt_files_watch_visitor *visitor)
{
    if ((event->mask & IN_IGNORED) && names_of(watch, event) != NULL)
        forget_names(watch, (size_t)event->wd);
    if (event->mask & IN_Q_OVERFLOW)
        watch->has_run_over = true;
    if (event->mask & (IN_Q_OVERFLOW | IN_UNMOUNT | IN_MOVE_SELF))
        forget_open(watch);
    if (event->mask & (IN_Q_OVERFLOW | IN_UNMOUNT | IN_DELETE_SELF | IN_MOVE_SELF))
        visitor->all(visitor->context);
    else if (event->len > 0)
        for (const struct name *name = names_of(watch, event); name != NULL; name = name->next)
            take_named(watch, path_of(watch, name, event), event->mask, visitor);
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

/* Once: a queue that is too short runs over again. */
static void warn_overflow(void)
{
    lt_log_warn("the kernel's queue of events of watched directories ran over: the directories are "
                "listed, now and whenever it does again; hint: raise fs.inotify.max_queued_events");
}

bool lt_files_watch_read(struct lt_files_watch *watch, const struct lt_files_watch_visitor *visitor)
{
    lock(watch);
    bool had_run_over = watch->has_run_over, is_all = read_events(watch, visitor);
    bool is_first = watch->has_run_over && !had_run_over;
    unlock(watch);
    if (is_first)
        warn_overflow();
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
    forget_file(watch, path);
    unlock(watch);
}

void lt_files_watch_begin_listing(struct lt_files_watch *watch)
{
    lock(watch);
    watch->listing++;
    if (lt_files_seen_count(watch->fresh) > 0)
        clear(&watch->fresh);
    unlock(watch);
}

bool lt_files_watch_has_lost(struct lt_files_watch *watch)
{
    lock(watch);
    bool has_lost = watch->doubted > watch->listing;
    unlock(watch);
    return has_lost;
}

static bool is_fresh(struct lt_files_watch *watch, const char *path)
{
    size_t size = (size_t)(lt_files_base_name(path) - path);
    lt_text_clear(&watch->path);
    lt_text_append_n(&watch->path, path, size > 1 ? size - 1 : size);
    return lt_files_seen_count(watch->fresh) > 0 &&
           !lt_files_seen_is_new(watch->fresh, lt_text_get(&watch->path), 0);
}

bool lt_files_watch_doubts(struct lt_files_watch *watch, const char *path)
{
    lock(watch);
    bool doubts = (watch->doubted >= watch->listing || is_fresh(watch, path)) &&
                  lt_files_seen_is_new(watch->open, path, 0);
    if (doubts) {
        lt_files_seen_add(watch->open, path, 0);
        lt_files_seen_add(watch->asked, path, 0);
    }
    unlock(watch);
    return doubts;
}
