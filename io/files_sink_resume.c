/*
 * Where the directory sink goes on: the directory and whose it is, the manifest and where it ends,
 * and what is swept away.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "io/file_lock.h"
#include "io/file_text.h"
#include "io/files_sink_internal.h"

enum { DIRECTORY_MODE = 0777 };

static const char owner_name[] = ".leat-query";

/* --------------------------------------------------------------------------------- directories */

static void on_synced(struct lt_file_job *job, const struct lt_io *failed)
{
    int *number = job->context;
    *number = failed == NULL ? 0 : lt_file_job_errno(failed);
}

static int sync_directory(struct lt_files_sink *sink, const char *path)
{
    struct lt_file_job job;
    int number;
    lt_file_job_init(&job, on_synced, &number);
    lt_file_job_sync_directory(&job, AT_FDCWD, path);
    lt_file_jobs_submit(&sink->jobs, &job);
    lt_file_jobs_wait(&sink->jobs);
    return number;
}

/* Makes it and all above it, durably. An errno. `path` is as it was. */
static int make_directory(struct lt_files_sink *sink, char *path)
{
    int number = 0;
    for (char *end = path; number == 0 && end != NULL;) {
        end = strchr(end + 1, '/');
        if (end != NULL)
            *end = '\0';
        char *slash = strrchr(path, '/');
        if (mkdir(path, DIRECTORY_MODE) == 0) {
            *slash = '\0';
            number = sync_directory(sink, slash == path ? "/" : path);
            *slash = '/';
        } else if (errno != EEXIST) {
            number = errno;
        }
        if (end != NULL)
            *end = '/';
    }
    return number;
}

static int open_directory(struct lt_files_sink *sink, const char *path, int *fd,
                          struct lt_error *error)
{
    char *copy = lt_strdup(path);
    int number = strcmp(path, "/") == 0 ? 0 : make_directory(sink, copy);
    free(copy);
    if (number != 0)
        return lt_error_set_errno(error, number, "cannot make the directory '%s'", path);
    *fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *fd >= 0 ? 0
                    : lt_error_set_errno(error, errno, "cannot open the directory '%s'", path);
}

static int lock(const struct lt_files_sink *sink, struct lt_error *error)
{
    int number = lt_file_lock(sink->place.fd);
    if (number == 0)
        return 0;
    if (number != EWOULDBLOCK)
        return lt_error_set_errno(error, number, "cannot lock the directory '%s'",
                                  sink->place.path);
    return lt_error_set(error, LT_E_BUSY,
                        "another sink is writing to the directory '%s'; hint: each sink needs a "
                        "directory of its own",
                        sink->place.path);
}

/* Which query the manifest belongs to; "" if nobody has said so. */
static int read_owner(struct lt_files_sink *sink, struct lt_error *error)
{
    int fd = openat(sink->manifest_fd, owner_name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return 0;
    struct lt_text_buffer text;
    lt_text_init(&text);
    int number = fd < 0 ? errno : lt_file_read_text(fd, sizeof sink->owner - 1, &text);
    snprintf(sink->owner, sizeof sink->owner, "%s", lt_text_get(&text));
    lt_text_fini(&text);
    if (fd >= 0)
        close(fd);
    if (number != 0)
        return lt_error_set_errno(error, number, "cannot read '%s/" LT_MANIFEST_FOLDER "/%s'",
                                  sink->place.path, owner_name);
    if (strcmp(sink->owner, sink->place.query_id) == 0)
        return 0;
    return lt_error_set(error, LT_E_EXISTS,
                        "the directory '%s' holds what query %s has written; hint: give another "
                        "directory, or that query's checkpoint",
                        sink->place.path, sink->owner);
}

void lt_files_place_close(struct lt_files_sink *sink)
{
    if (sink->manifest_fd >= 0)
        close(sink->manifest_fd);
    if (sink->place.fd >= 0)
        close(sink->place.fd);
    sink->manifest_fd = sink->place.fd = -1;
}

static int connect_all(struct lt_files_sink *sink, struct lt_error *error)
{
    struct lt_text_buffer folder;
    lt_text_init(&folder);
    lt_text_format(&folder, "%s/%s", sink->place.path, LT_MANIFEST_FOLDER);
    const char *path = lt_text_get(&folder);
    int code = open_directory(sink, sink->place.path, &sink->place.fd, error);
    if (code == 0)
        code = lock(sink, error);
    if (code == 0)
        code = open_directory(sink, path, &sink->manifest_fd, error);
    if (code == 0)
        code = read_owner(sink, error);
    if (code == 0)
        code = lt_manifest_load(&sink->manifest, path, error);
    sink->published = sink->manifest.last;
    sink->first_kept = sink->manifest.oldest;
    lt_text_fini(&folder);
    return code;
}

int lt_files_connect(struct lt_sink *base, const struct lt_connector_env *env,
                     struct lt_error *error)
{
    struct lt_files_sink *sink = lt_files_sink_of(base);
    if (sink->manifest_fd >= 0) /* the query begins again */
        return 0;
    sink->clock = env->clock;
    sink->place.query_id = env->query_id;
    int code = lt_files_begin_waiting(sink, error);
    if (code == 0) {
        code = connect_all(sink, error);
        lt_files_end_waiting(sink);
    }
    if (code == 0)
        return 0;
    lt_files_place_close(sink);
    return lt_error_append(error, "%s", sink->stage);
}

/* ------------------------------------------------------------------------------------- sweeping */

/* Deletes what the query has staged, here and in `depth` levels of partitions' directories. */
static int sweep(const struct lt_files_sink *sink, int fd, uint32_t depth, uint64_t *count)
{
    DIR *directory = fdopendir(fd);
    if (directory == NULL) {
        int number = errno;
        close(fd);
        return number;
    }
    int number = 0;
    errno = 0;
    for (struct dirent *found; number == 0 && (found = readdir(directory)) != NULL; errno = 0) {
        const char *name = found->d_name;
        if (lt_files_is_staged(name, sink->place.query_id)) {
            number = unlinkat(dirfd(directory), name, 0) == 0 || errno == ENOENT ? 0 : errno;
            *count += 1;
        } else if (depth > 0 && strchr(name, '=') != NULL) {
            int inner = openat(dirfd(directory), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            number = inner >= 0 ? sweep(sink, inner, depth - 1, count)
                                : errno == ENOTDIR || errno == ENOENT ? 0 : errno;
        }
    }
    number = number != 0 ? number : errno;
    closedir(directory);
    return number;
}

static int sweep_all(const struct lt_files_sink *sink, struct lt_error *error)
{
    uint64_t count = 0;
    int fd = openat(sink->place.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int number = fd < 0 ? errno : sweep(sink, fd, sink->layout.count, &count);
    if (number != 0)
        return lt_error_set_errno(error, number,
                                  "cannot delete the staged files of epochs that never were in "
                                  "'%s'",
                                  sink->place.path);
    if (count > 0)
        lt_log_info("%s: deleted %" PRIu64 " staged files of epochs that never were", sink->stage,
                    count);
    return 0;
}

/* ------------------------------------------------------------------------------------- going on */

static int fail_history(const struct lt_files_sink *sink, int64_t next, struct lt_error *error)
{
    return lt_error_set(error, LT_E_CHECKPOINT,
                        "the manifest '%s/" LT_MANIFEST_FOLDER "' ends with epoch %" PRId64
                        ", and the checkpoint with %" PRId64
                        "; hint: the two belong together: give the directory's own checkpoint, or "
                        "a new directory",
                        sink->place.path, sink->published, next - 1);
}

/* Adds entries without files up to `next`: epochs that the query had before it had this sink. */
static int fill(struct lt_files_sink *sink, int64_t next, struct lt_error *error)
{
    int code = 0;
    if (sink->manifest.last < 0 && next > 0)
        lt_manifest_begin_before(&sink->manifest, next);
    while (code == 0 && sink->manifest.last < next - 1) {
        code = lt_files_publish(sink, NULL, error);
        lt_file_jobs_wait(&sink->jobs);
        if (code == 0 && sink->publication.code != 0) {
            code = sink->publication.code;
            if (error != NULL)
                *error = sink->publication.error;
        }
    }
    sink->published = sink->manifest.last;
    return code;
}

static int take_over(struct lt_files_sink *sink, struct lt_error *error)
{
    if (sink->owner[0] != '\0')
        return 0;
    lt_files_publish_text(sink, owner_name, sink->place.query_id);
    lt_file_jobs_wait(&sink->jobs);
    if (sink->publication.code != 0) {
        if (error != NULL)
            *error = sink->publication.error;
        return sink->publication.code;
    }
    snprintf(sink->owner, sizeof sink->owner, "%s", sink->place.query_id);
    return 0;
}

static int go_on(struct lt_files_sink *sink, const struct lt_sink_resume *at,
                 struct lt_error *error)
{
    int64_t next = (int64_t)at->next_epoch;
    bool is_known = at->notes != NULL && lt_files_is_note(at->notes);
    bool is_foreign = sink->owner[0] == '\0' && sink->published >= 0;
    bool is_behind = sink->published < next - 1;
    if (sink->published >= next || (is_behind && (is_known || is_foreign)) ||
        (is_foreign && !at->has_checkpoint))
        return fail_history(sink, next, error);
    int code = take_over(sink, error);
    return code == 0 ? fill(sink, next, error) : code;
}

int lt_files_resume(struct lt_sink *base, const struct lt_connector_env *env,
                    const struct lt_sink_resume *at, struct lt_error *error)
{
    struct lt_files_sink *sink = lt_files_sink_of(base);
    (void)env;
    if (sink->is_replaying) { /* what later epochs have staged is needed still */
        sink->is_replaying = false;
        return 0;
    }
    int code = lt_files_begin_waiting(sink, error);
    if (code != 0)
        return code;
    code = go_on(sink, at, error);
    lt_files_end_waiting(sink);
    if (code == 0)
        code = sweep_all(sink, error);
    return code == 0 ? 0 : lt_error_append(error, "%s", sink->stage);
}
