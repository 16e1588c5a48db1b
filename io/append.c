/*
 * Options, the lock, and where the file is cut: io/append.h says what for. The rows are written by
 * io/append_writer.c.
 */
#include "io/append.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/text/json_tree.h"
#include "io/file_lock.h"
#include "io/file_text.h"

enum { COMPANION_MAX = 512 };

static const struct lt_option_spec option_table[] = {
    {.name = "fullDiskTimeout",
     .type = LT_OPTION_DURATION,
     .default_text = "5m",
     .doc = "How long a full disk is waited for before the query stops; the source is not polled "
            "meanwhile."},
    {.name = "path",
     .type = LT_OPTION_TEXT,
     .flags = LT_OPTION_REQUIRED,
     .doc = "The file; it is made if it is not there, its directory is not."},
    LT_FORMAT_WRITE_NAME_ROWS LT_FRAME_WRITE_ROWS LT_FORMAT_WRITE_ROWS};
enum { OPTION_COUNT = sizeof option_table / sizeof option_table[0] };

static struct lt_append_sink *append_of(struct lt_sink *sink)
{
    return (struct lt_append_sink *)(void *)sink; /* the base is its first member */
}

/* ---------------------------------------------------------------------------------- the file */

static int refuse_kind(const char *path, mode_t mode, struct lt_error *error)
{
    return lt_error_set(error, LT_E_INVALID, "'%s' is %s and no regular file; hint: %s", path,
                        S_ISDIR(mode) ? "a directory" : "a device, pipe or socket",
                        S_ISDIR(mode) ? "a directory is what the sinks text, json and csv write to"
                                      : "the sink stdout writes to pipes");
}

static int open_file(struct lt_append_sink *sink, struct lt_error *error)
{
    struct stat status;
    /* O_APPEND: where another program cuts the file or adds to it, against the rules, no hole hides
     * the one, and nothing is written over the other; the next epoch sees it by the length. */
    sink->fd = open(sink->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    if (sink->fd < 0) {
        int number = errno;
        if (number == EISDIR)
            return refuse_kind(sink->path, S_IFDIR, error);
        if (number == ENXIO)
            return refuse_kind(sink->path, S_IFIFO, error);
        return lt_error_set_errno(error, number, "cannot open '%s'%s", sink->path,
                                  number == ENOENT ? " (its directory must be there)" : "");
    }
    if (fstat(sink->fd, &status) != 0)
        return lt_error_set_errno(error, errno, "cannot look at '%s'", sink->path);
    if (!S_ISREG(status.st_mode))
        return refuse_kind(sink->path, status.st_mode, error);
    sink->inode = (uint64_t)status.st_ino;
    int number = lt_file_lock(sink->fd);
    if (number == 0)
        return 0;
    if (number != EWOULDBLOCK)
        return lt_error_set_errno(error, number, "cannot lock '%s'", sink->path);
    return lt_error_set(error, LT_E_BUSY,
                        "'%s' is locked by another writer; hint: fuser '%s' names it", sink->path,
                        sink->path);
}

static void close_file(struct lt_append_sink *sink)
{
    if (sink->fd >= 0)
        close(sink->fd);
    sink->fd = -1;
}

/* What was open may have been renamed since: the name is what counts. */
static int append_connect(struct lt_sink *base, const struct lt_connector_env *env,
                          struct lt_error *error)
{
    (void)env;
    struct lt_append_sink *sink = append_of(base);
    uint64_t inode = sink->inode;
    close_file(sink);
    sink->has_resumed = false;
    int code = open_file(sink, error);
    if (code != 0)
        close_file(sink);
    if (sink->inode != inode)
        memset(sink->ends, 0, sizeof sink->ends);
    return code;
}

static int size_of(const struct lt_append_sink *sink, int64_t *size, struct lt_error *error)
{
    struct stat status;
    if (fstat(sink->fd, &status) != 0)
        return lt_error_set_errno(error, errno, "cannot look at '%s'", sink->path);
    *size = (int64_t)status.st_size;
    return 0;
}

/* The file ends at `length`, durably; what stands behind it was never logged. */
static int cut(struct lt_append_sink *sink, int64_t length, struct lt_error *error)
{
    int64_t size = 0;
    int code = size_of(sink, &size, error);
    if (code != 0)
        return code;
    if (size < length)
        return lt_error_set(error, LT_E_DATA_LOSS,
                            "'%s' has %" PRId64 " bytes and had %" PRId64
                            " at the last epoch: rows that were committed are gone; hint: bring "
                            "the file back, or start with a new checkpoint and a new file",
                            sink->path, size, length);
    sink->length = length;
    if (size == length)
        return 0;
    if (ftruncate(sink->fd, length) != 0 || fsync(sink->fd) != 0)
        return lt_error_set_errno(error, errno, "cannot cut '%s' to %" PRId64 " bytes", sink->path,
                                  length);
    lt_log_info("sink append: '%s' was cut back from %" PRId64 " to %" PRId64
                " bytes: what was written after the last epoch is written again",
                sink->path, size, length);
    return 0;
}

/* --------------------------------------------------------------------------------- companion */

/* Directory and name of the companion, in the caller's memory. */
struct companion {
    char *directory; /* free() */
    char name[COMPANION_MAX], temporary[COMPANION_MAX + 4];
};

static int name_companion(const struct lt_append_sink *sink, struct companion *out,
                          struct lt_error *error)
{
    char *whole = lt_strdup(sink->path), *base = lt_strdup(sink->path);
    int size = snprintf(out->name, sizeof out->name, ".%s.leat-base", basename(base));
    snprintf(out->temporary, sizeof out->temporary, "%s.tmp", out->name);
    out->directory = lt_strdup(dirname(whole));
    free(whole);
    free(base);
    if (size < (int)sizeof out->name)
        return 0;
    free(out->directory);
    return lt_error_set(error, LT_E_LIMIT, "the name of '%s' is too long", sink->path);
}

static int fail_companion(const struct companion *companion, int number, const char *what,
                          struct lt_error *error)
{
    return lt_error_set_errno(error, number, "cannot %s '%s/%s'", what, companion->directory,
                              companion->name);
}

static int write_synced(int folder, const char *name, const char *text)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return errno;
    size_t size = strlen(text);
    ssize_t written = write(fd, text, size);
    int number = written < 0 ? errno : (size_t)written < size ? ENOSPC : 0;
    if (number == 0 && fsync(fd) != 0)
        number = errno;
    close(fd);
    return number;
}

static int write_companion(const struct companion *companion, const char *text,
                           struct lt_error *error)
{
    int folder = open(companion->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return fail_companion(companion, errno, "open the directory of", error);
    int number = write_synced(folder, companion->temporary, text);
    if (number == 0 && renameat(folder, companion->temporary, folder, companion->name) != 0)
        number = errno;
    if (number == 0 && fsync(folder) != 0) /* the file's own name, too */
        number = errno;
    close(folder);
    return number == 0 ? 0 : fail_companion(companion, number, "write", error);
}

static void remove_companion(const struct companion *companion)
{
    int folder = open(companion->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return;
    if (unlinkat(folder, companion->name, 0) != 0 && errno != ENOENT)
        lt_log_warn("sink append: cannot remove '%s/%s': %s", companion->directory, companion->name,
                    strerror(errno));
    close(folder);
}

/* Appends the text, if there is a companion. */
static int read_companion(const struct companion *companion, struct lt_text_buffer *text,
                          struct lt_error *error)
{
    int folder = open(companion->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return fail_companion(companion, errno, "open the directory of", error);
    int fd = openat(folder, companion->name, O_RDONLY | O_CLOEXEC);
    int number = fd < 0 ? errno : 0;
    close(folder);
    if (number != 0)
        return number == ENOENT ? 0 : fail_companion(companion, number, "read", error);
    number = lt_file_read_text(fd, COMPANION_MAX, text);
    close(fd);
    if (number == EFBIG)
        return lt_error_set(error, LT_E_CORRUPT,
                            "'%s/%s' has more than %d bytes: it is not what this sink wrote there; "
                            "hint: move it away if it is yours",
                            companion->directory, companion->name, COMPANION_MAX);
    return number == 0 ? 0 : fail_companion(companion, number, "read", error);
}

/* Fills the length at which the query's first epoch began; false: the companion is another's. */
static bool is_own(const char *text, const struct lt_sink_resume *at, int64_t *length)
{
    struct lt_arena *arena = lt_arena_create();
    const struct lt_json *json;
    const char *query;
    int64_t epoch;
    bool own = text[0] != '\0' && lt_json_parse(text, strlen(text), arena, &json, NULL) == 0 &&
               lt_json_get_text(json, "query", &query, NULL) == 0 &&
               lt_json_get_i64(json, "epoch", &epoch, NULL) == 0 &&
               lt_json_get_i64(json, "length", length, NULL) == 0 &&
               strcmp(query, at->query_id) == 0 && (uint64_t)epoch == at->next_epoch;
    lt_arena_destroy(arena);
    return own;
}

void lt_append_note_end(struct lt_append_sink *sink, uint64_t epoch, int64_t length)
{
    sink->ends[epoch % LT_APPEND_ENDS] =
        (struct lt_append_end){.epoch = epoch, .length = length, .is_known = true};
}

/* Nothing outlives the process; but a run may begin again within it. */
static int begin_unremembered(struct lt_append_sink *sink, uint64_t epoch, struct lt_error *error)
{
    const struct lt_append_end *end = &sink->ends[epoch % LT_APPEND_ENDS];
    if (end->is_known && end->epoch == epoch)
        return cut(sink, end->length, error);
    int code = size_of(sink, &sink->length, error);
    if (code == 0)
        lt_append_note_end(sink, epoch, sink->length);
    return code;
}

/* The query's first epoch, remembered in the companion: is begun again, or noted. */
static int begin_remembered(struct lt_append_sink *sink, const struct companion *companion,
                            const struct lt_sink_resume *at, struct lt_text_buffer *text,
                            struct lt_error *error)
{
    int code = size_of(sink, &sink->length, error);
    if (code == 0)
        code = read_companion(companion, text, error);
    if (code != 0)
        return code;
    int64_t length;
    if (is_own(lt_text_get(text), at, &length))
        return cut(sink, length, error);
    lt_text_clear(text);
    lt_text_format(text, "{\"query\":\"%s\",\"epoch\":%" PRIu64 ",\"length\":%" PRId64 "}\n",
                   at->query_id, at->next_epoch, sink->length);
    return write_companion(companion, lt_text_get(text), error);
}

/* The query has written to the file in no epoch that was logged. */
static int begin_new(struct lt_append_sink *sink, const struct companion *companion,
                     const struct lt_sink_resume *at, struct lt_error *error)
{
    if (!at->has_checkpoint)
        return begin_unremembered(sink, at->next_epoch, error);
    struct lt_text_buffer text;
    lt_text_init(&text);
    int code = begin_remembered(sink, companion, at, &text, error);
    lt_text_fini(&text);
    return code;
}

/* ------------------------------------------------------------------------------------- resume */

static int read_note(const char *notes, int64_t *length, int64_t *inode, struct lt_error *error)
{
    struct lt_arena *arena = lt_arena_create();
    const struct lt_json *json;
    int code = lt_json_parse(notes, strlen(notes), arena, &json, error);
    if (code == 0)
        code = lt_json_get_i64(json, "length", length, error);
    if (code == 0)
        code = lt_json_get_i64(json, "inode", inode, error);
    if (code == 0 && *length < 0)
        code = lt_error_set(error, LT_E_CORRUPT, "the length is %" PRId64, *length);
    lt_arena_destroy(arena);
    return code == 0 ? 0
                     : lt_error_append(error, "the note '%.200s' is none of sink append", notes);
}

static int go_on(struct lt_append_sink *sink, const char *notes, struct lt_error *error)
{
    int64_t length, inode;
    int code = read_note(notes, &length, &inode, error);
    if (code != 0)
        return code;
    if ((uint64_t)inode != sink->inode)
        return lt_error_set(error, LT_E_DATA_LOSS,
                            "'%s' is not the file that was written up to the last epoch (inode "
                            "%" PRIu64 ", and it was %" PRId64
                            "); hint: move that file back, or start with a new checkpoint",
                            sink->path, sink->inode, inode);
    return cut(sink, length, error);
}

static int append_resume(struct lt_sink *base, const struct lt_connector_env *env,
                         const struct lt_sink_resume *at, struct lt_error *error)
{
    (void)env;
    struct lt_append_sink *sink = append_of(base);
    struct companion companion;
    int code = name_companion(sink, &companion, error);
    if (code != 0)
        return code;
    if (at->notes == NULL) {
        code = begin_new(sink, &companion, at, error);
    } else {
        code = go_on(sink, at->notes, error);
        if (code == 0)
            remove_companion(&companion);
    }
    free(companion.directory);
    sink->has_resumed = code == 0;
    return code;
}

/* --------------------------------------------------------------------------------------- life */

static void append_close(struct lt_sink *base)
{
    struct lt_append_sink *sink = append_of(base);
    close_file(sink);
    lt_format_writer_destroy(sink->format);
    free(sink->path);
    free(sink);
}

static int append_bind(const struct lt_sink_type *type, const struct lt_options *options,
                       const struct lt_type *schema, struct lt_arena *arena, struct lt_sink **out,
                       struct lt_error *error)
{
    static const struct lt_sink_ops ops = {
        .connect = append_connect,
        .resume = append_resume,
        .open_writer = lt_append_open_writer,
        .close = append_close,
    };
    (void)arena;
    *out = NULL;
    struct lt_format_writer *format;
    int code = lt_format_writer_bind_lines("sink append", option_table, OPTION_COUNT, options,
                                           schema, &format, error);
    if (code != 0)
        return code;
    struct lt_append_sink *sink = lt_alloc(sizeof *sink);
    sink->base.ops = &ops;
    sink->base.type = type;
    sink->base.schema = schema;
    sink->base.guarantee = LT_EXACTLY_ONCE;
    sink->base.one_lane = true;
    sink->format = format;
    sink->fd = -1;
    sink->path = lt_strdup(lt_options_text(options, option_table, OPTION_COUNT, "path"));
    sink->full_disk_timeout_ns =
        lt_options_i64(options, option_table, OPTION_COUNT, "fullDiskTimeout");
    snprintf(sink->base.description, sizeof sink->base.description, "AppendSink[%.200s]",
             sink->path);
    *out = &sink->base;
    return 0;
}

const struct lt_sink_type lt_append_sink_type = {
    .name = "append",
    .doc = "One file that grows; cut back to the last epoch when a query begins again.",
    .options = option_table,
    .option_count = OPTION_COUNT,
    .has_one_writer = true,
    .takes_plain_letters = true,
    .bind = append_bind,
};
