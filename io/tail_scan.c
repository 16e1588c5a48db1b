#include "io/tail_scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xxhash.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "io/files_name.h"

enum {
    DIRECTORY_EVENTS = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR,
    FILES_MAX = 4096, /* open at a time */
    LOOKS_MAX = 8,    /* at names that change all the time, or whose inodes are not told */
};

/* Directories that the components of the pattern so far have led to. */
struct paths {
    char **list;
    uint32_t count, capacity;
};

static void paths_add(struct paths *paths, char *path)
{
    if (paths->count == paths->capacity) {
        paths->capacity = paths->capacity == 0 ? 8 : 2 * paths->capacity;
        paths->list = lt_realloc_array(paths->list, paths->capacity, sizeof paths->list[0]);
    }
    paths->list[paths->count++] = path;
}

static void paths_fini(struct paths *paths)
{
    for (uint32_t i = 0; i < paths->count; i++)
        free(paths->list[i]);
    free(paths->list);
    *paths = (struct paths){0};
}

bool lt_tail_is_pattern(const char *path)
{
    return strpbrk(path, "*?[\\") != NULL;
}

static int fail(struct lt_tail_scan *scan, int number, const char *what, const char *path)
{
    const char *hint = "";
    if (number == EACCES || number == EPERM)
        hint = "; hint: let leat's user read it, or take it out of the pattern";
    else if (number == EMFILE || number == ENFILE)
        hint = "; hint: raise the limit of open files (ulimit -n), or narrow the pattern";
    lt_error_set_errno(&scan->error, number, "cannot %s '%s'", what, path);
    if (hint[0] != '\0') {
        struct lt_error cause = scan->error;
        lt_error_set(&scan->error, cause.code, "%.1800s%s", cause.text, hint);
    }
    return scan->error.code;
}

/* -1: it cannot be watched; more than one reason makes no difference: listing finds it, later. */
static int watch(struct lt_tail_scan *scan, const char *path, uint32_t events)
{
    if (scan->inotify_fd < 0)
        return -1;
    int result = inotify_add_watch(scan->inotify_fd, path, events);
    if (result < 0 && (errno == ENOSPC || errno == ENOMEM))
        scan->lacks_watches = true;
    return result;
}

/* NULL and 0: it is not there. */
static int open_directory(struct lt_tail_scan *scan, const char *path, DIR **out)
{
    *out = NULL;
    (void)watch(scan, path, DIRECTORY_EVENTS);
    *out = opendir(path);
    if (*out != NULL || errno == ENOENT || errno == ENOTDIR)
        return 0;
    return fail(scan, errno, "list", path);
}

/* Closes it, `number` being readdir's errno: what was not listed is not to count as removed. */
static int end_directory(struct lt_tail_scan *scan, const char *path, DIR *handle, int number)
{
    closedir(handle);
    return number == 0 ? 0 : fail(scan, number, "list", path);
}

/* ---------------------------------------------------------------------------------------- files */

static int by_inode(const void *left, const void *right)
{
    const struct lt_tail_wanted *a = left, *b = right;
    if (a->inode != b->inode)
        return a->inode < b->inode ? -1 : 1;
    return 0;
}

static const struct lt_tail_wanted *find_wanted(const struct lt_tail_scan *scan, uint64_t inode)
{
    const struct lt_tail_wanted key = {.inode = inode};
    return scan->wanted_count == 0 ? NULL
                                   : bsearch(&key, scan->wanted, scan->wanted_count,
                                             sizeof *scan->wanted, by_inode);
}

static struct lt_tail_found *find_found(struct lt_tail_scan *scan, uint64_t inode)
{
    for (uint32_t i = 0; i < scan->found_count; i++)
        if (scan->found[i].inode == inode)
            return &scan->found[i];
    return NULL;
}

static struct lt_tail_found *add_found(struct lt_tail_scan *scan)
{
    if (scan->found_count == scan->found_capacity) {
        scan->found_capacity = scan->found_capacity == 0 ? 16 : 2 * scan->found_capacity;
        scan->found = lt_realloc_array(scan->found, scan->found_capacity, sizeof *scan->found);
    }
    struct lt_tail_found *found = &scan->found[scan->found_count++];
    *found = (struct lt_tail_found){.fd = -1, .watch = -1};
    return found;
}

static int read_head(struct lt_tail_scan *scan, struct lt_tail_found *found, int fd)
{
    ssize_t size = pread(fd, found->head, sizeof found->head, 0);
    if (size < 0)
        return fail(scan, errno, "read", found->path);
    found->head_bytes = (uint32_t)size;
    return 0;
}

static int64_t born_ns(int fd)
{
    struct statx status;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &status) != 0 ||
        (status.stx_mask & STATX_BTIME) == 0)
        return 0;
    return status.stx_btime.tv_sec * LT_NS_PER_S + status.stx_btime.tv_nsec;
}

static int64_t modified_ns(const struct stat *status)
{
    return (int64_t)status->st_mtim.tv_sec * LT_NS_PER_S + status->st_mtim.tv_nsec;
}

/* A hard link, or another way to one directory: one file is read once, under the name that the
 * pattern knows. */
static void merge_link(struct lt_tail_found *found, char *path, bool matches)
{
    if (!matches || found->matches) {
        free(path);
        return;
    }
    free(found->path);
    found->path = path;
    found->matches = true;
}

/* Takes the path. `fd` is closed unless the file is new. */
static bool is_recent(const struct lt_tail_scan *scan, const struct stat *status)
{
    return scan->relatives_since_ns > 0 && modified_ns(status) >= scan->relatives_since_ns;
}

static int add_file(struct lt_tail_scan *scan, char *path, int fd, const struct stat *status,
                    bool matches)
{
    uint64_t inode = (uint64_t)status->st_ino;
    struct lt_tail_found *found = find_found(scan, inode);
    const struct lt_tail_wanted *wanted = find_wanted(scan, inode);
    if (found != NULL || (!matches && wanted == NULL && !is_recent(scan, status))) {
        close(fd);
        if (found != NULL)
            merge_link(found, path, matches);
        else
            free(path);
        return 0;
    }
    found = add_found(scan);
    found->path = path;
    found->inode = inode;
    found->matches = matches;
    found->modified_ns = modified_ns(status);
    found->born_ns = born_ns(fd);
    if (wanted != NULL && wanted->file != NULL) {
        found->file = wanted->file;
        found->size_bytes = (int64_t)status->st_size;
        int code = read_head(scan, found, fd);
        close(fd);
        return code;
    }
    found->fd = fd;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    found->watch = watch(scan, link, IN_MODIFY); /* first, so that no growth is missed */
    struct stat now;
    found->size_bytes = (int64_t)(fstat(fd, &now) == 0 ? now.st_size : status->st_size);
    return read_head(scan, found, fd);
}

/* Looks at one name. `is_exact`: the pattern names it without wildcards. */
static int look_at(struct lt_tail_scan *scan, const char *directory, const struct dirent *entry,
                   bool matches, bool is_exact)
{
    char *path = lt_files_join(directory, entry->d_name);
    struct stat status = {0};
    /* Not to wait for the other end of a pipe; regular files do not mind. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int number = fd < 0 ? errno : 0, code = 0;
    bool is_file = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    /* The name was another file's when it was listed: that one would be missed. */
    if (number == ENOENT || (is_file && entry->d_type != DT_LNK && status.st_ino != entry->d_ino))
        scan->names++;
    if (is_file && scan->found_count < FILES_MAX)
        return add_file(scan, path, fd, &status, matches);
    if (is_file)
        code = lt_error_set(&scan->error, LT_E_LIMIT,
                            "more than %d files match '%s'; hint: narrow the pattern, or read the "
                            "directory (sources text, json, csv)",
                            FILES_MAX, scan->pattern);
    else if (fd >= 0 && is_exact)
        code = lt_error_set(&scan->error, LT_E_INVALID, "'%s' is no regular file; hint: %s", path,
                            S_ISDIR(status.st_mode) ? "a pattern, such as DIR/*.log"
                                                    : "pipes are read by the source stdin");
    else if (fd < 0 && matches && number != ENOENT && number != ENXIO && number != ELOOP)
        code = fail(scan, number, "open", path);
    if (fd >= 0)
        close(fd);
    free(path);
    return code;
}

/* A name that a file was given by rotation, if it had the other before. */
static bool is_relative(const char *name, const char *other)
{
    static const char *const compressed[] = {".gz", ".zst", ".bz2", ".xz"};
    size_t size = strlen(other), name_size = strlen(name);
    if (strncmp(name, other, size) != 0 || (name[size] != '.' && name[size] != '-'))
        return false;
    for (size_t i = 0; i < sizeof compressed / sizeof compressed[0]; i++) {
        size_t suffix_size = strlen(compressed[i]);
        if (name_size >= suffix_size &&
            strcmp(name + name_size - suffix_size, compressed[i]) == 0)
            return false;
    }
    return true;
}

/* The last component: the files, and among all others those that are wanted. */
static int list_files(struct lt_tail_scan *scan, const char *directory, const char *component)
{
    DIR *handle;
    int code = open_directory(scan, directory, &handle);
    if (code != 0 || handle == NULL)
        return code;
    bool is_exact = !lt_tail_is_pattern(component);
    errno = 0;
    for (struct dirent *entry; code == 0 && (entry = readdir(handle)) != NULL; errno = 0) {
        bool matches = is_exact ? strcmp(component, entry->d_name) == 0
                                : fnmatch(component, entry->d_name, FNM_PERIOD) == 0;
        bool is_wanted = find_wanted(scan, (uint64_t)entry->d_ino) != NULL ||
                         (is_exact && scan->relatives_since_ns > 0 &&
                          is_relative(entry->d_name, component));
        if (matches || is_wanted)
            scan->names += XXH64(entry->d_name, strlen(entry->d_name), (uint64_t)entry->d_ino);
        if ((matches || is_wanted) && !scan->only_names)
            code = look_at(scan, directory, entry, matches, is_exact && matches);
    }
    int ended = end_directory(scan, directory, handle, code == 0 ? errno : 0);
    return code != 0 ? code : ended;
}

/* ---------------------------------------------------------------------------------- directories */

static int expand_one(struct lt_tail_scan *scan, const char *directory, const char *component,
                      struct paths *out)
{
    DIR *handle;
    if (!lt_tail_is_pattern(component)) {
        paths_add(out, lt_files_join(directory, component));
        return 0;
    }
    int code = open_directory(scan, directory, &handle);
    if (code != 0 || handle == NULL)
        return code;
    errno = 0;
    for (struct dirent *entry; (entry = readdir(handle)) != NULL; errno = 0) {
        struct stat status;
        if (fnmatch(component, entry->d_name, FNM_PERIOD) == 0 &&
            fstatat(dirfd(handle), entry->d_name, &status, 0) == 0 && S_ISDIR(status.st_mode))
            paths_add(out, lt_files_join(directory, entry->d_name));
    }
    return end_directory(scan, directory, handle, errno);
}

static int expand(struct lt_tail_scan *scan, const char *component, struct paths *directories)
{
    struct paths next = {0};
    int code = 0;
    for (uint32_t i = 0; i < directories->count && code == 0; i++)
        code = expand_one(scan, directories->list[i], component, &next);
    paths_fini(directories);
    *directories = next;
    return code;
}

static int by_age(const void *left, const void *right)
{
    const struct lt_tail_found *a = left, *b = right;
    if (a->modified_ns != b->modified_ns)
        return a->modified_ns < b->modified_ns ? -1 : 1;
    if (a->born_ns != b->born_ns)
        return a->born_ns < b->born_ns ? -1 : 1;
    if (a->matches != b->matches) /* who has the name was made after who had it */
        return a->matches ? 1 : -1;
    return strcmp(a->path, b->path);
}

static int walk(struct lt_tail_scan *scan)
{
    struct paths directories = {0};
    char *pattern = lt_strdup(scan->pattern), *rest = NULL;
    char *component = strtok_r(pattern, "/", &rest);
    int code = 0;
    paths_add(&directories, lt_strdup("/"));
    while (component != NULL && code == 0) {
        char *next = strtok_r(NULL, "/", &rest);
        if (next != NULL)
            code = expand(scan, component, &directories);
        for (uint32_t i = 0; next == NULL && i < directories.count && code == 0; i++)
            code = list_files(scan, directories.list[i], component);
        component = next;
    }
    paths_fini(&directories);
    free(pattern);
    return code;
}

static void forget_found(struct lt_tail_scan *scan)
{
    for (uint32_t i = 0; i < scan->found_count; i++) {
        if (scan->found[i].fd >= 0)
            close(scan->found[i].fd);
        free(scan->found[i].path);
    }
    scan->found_count = 0;
}

int lt_tail_scan_run(struct lt_tail_scan *scan)
{
    if (scan->wanted_count > 1)
        qsort(scan->wanted, scan->wanted_count, sizeof *scan->wanted, by_inode);
    scan->names = 0;
    scan->only_names = true;
    int code = walk(scan);
    scan->only_names = false;
    for (int i = 0; i < LOOKS_MAX && code == 0; i++) {
        uint64_t before = scan->names;
        scan->names = 0;
        forget_found(scan);
        code = walk(scan);
        if (scan->names == before)
            break;
    }
    if (scan->found_count > 1)
        qsort(scan->found, scan->found_count, sizeof *scan->found, by_age);
    return code;
}

void lt_tail_scan_clear(struct lt_tail_scan *scan)
{
    forget_found(scan);
    free(scan->found);
    free(scan->wanted);
    scan->found = NULL;
    scan->wanted = NULL;
    scan->found_capacity = scan->wanted_count = 0;
    scan->lacks_watches = false;
    lt_error_clear(&scan->error);
}

bool lt_tail_found_is(const struct lt_tail_found *found, const struct lt_tail_mark *mark)
{
    return found->inode == mark->inode && found->size_bytes >= mark->offset &&
           found->head_bytes >= mark->head_bytes &&
           lt_tail_head_hash(found->head, mark->head_bytes) == mark->head_hash;
}
