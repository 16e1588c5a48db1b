/*
 * The sink's options and life; its epochs once they are prepared.
 */
#include "io/files_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/ascii.h"
#include "core/base/log.h"
#include "io/files_name.h"
#include "io/files_sink_internal.h"
#include "io/format_options.h"

enum { OPEN_MAX = 1024 };

static const struct lt_option_spec option_table[] = {
    {.name = "compression",
     .type = LT_OPTION_TEXT,
     .default_text = "none",
     .doc = "How files are compressed: none, uncompressed, gzip (.gz) or zstd (.zst)."},
    {.name = "maxFileDuration",
     .type = LT_OPTION_DURATION,
     .doc = "A file is ended when it has been written to for so long, if the epoch has not ended "
            "before."},
    {.name = "maxFileSize",
     .type = LT_OPTION_SIZE,
     .min = 1,
     .max = INT64_MAX,
     .doc = "A file is ended when it has grown to this size, what is not compressed yet counted as "
            "it is."},
    {.name = "maxOpenFiles",
     .type = LT_OPTION_I64,
     .default_text = "16",
     .min = 1,
     .max = OPEN_MAX,
     .doc = "Files of a lane that are open at once; a file is open only while a block of it is "
            "written, whatever the number of partitions."},
    {.name = "maxRecordsPerFile",
     .type = LT_OPTION_I64,
     .min = 0,
     .max = INT64_MAX,
     .doc = "A file is ended when it has so many rows; 0: no limit."},
    {.name = "partitionBy",
     .type = LT_OPTION_TEXT,
     .doc = "Columns, separated by commas, whose values make directories k=v; they are left out of "
            "the files."},
    {.name = "path",
     .type = LT_OPTION_TEXT,
     .flags = LT_OPTION_REQUIRED,
     .doc = "The directory; it is made if it is not there."},
    {.name = "retention",
     .type = LT_OPTION_DURATION,
     .doc = "The manifest forgets files that are older than this when it is compacted (the files "
            "stay); unset: never."},
    LT_LINE_WRITE_ROW LT_FORMAT_WRITE_ROWS};
enum { OPTION_COUNT = sizeof option_table / sizeof option_table[0] };

/* ------------------------------------------------------------------------------------- recovery */

static int publish_and_wait(struct lt_files_sink *sink, const struct lt_files_batch *batch,
                            struct lt_error *error)
{
    int code = lt_files_publish(sink, batch, error);
    if (code != 0)
        return code;
    lt_file_jobs_wait(&sink->jobs);
    if (sink->publication.code != 0) {
        if (error != NULL)
            *error = sink->publication.error;
        return sink->publication.code;
    }
    sink->published = sink->manifest.last;
    return 0;
}

/* Is the file there, whole? */
static bool is_there(const struct lt_files_sink *sink, const char *path, int64_t size_bytes)
{
    struct stat status;
    return fstatat(sink->place.fd, path, &status, 0) == 0 && status.st_size == size_bytes;
}

/* False: a file of the epoch is neither staged nor in view. */
static bool find_files(const struct lt_files_sink *sink, struct lt_files_batch *batch)
{
    for (struct lt_files_file *file = batch->first; file != NULL; file = file->next) {
        file->is_shown = is_there(sink, file->path, file->size_bytes);
        if (!file->is_shown && !is_there(sink, file->staged, file->size_bytes)) {
            lt_log_warn("%s: the file '%s/%s' has been removed or changed before its epoch was "
                        "committed: the epoch is read again",
                        sink->stage, sink->place.path, file->path);
            return false;
        }
    }
    return true;
}

static int delete_files(const struct lt_files_sink *sink, const struct lt_files_batch *batch,
                        struct lt_error *error)
{
    for (const struct lt_files_file *file = batch->first; file != NULL; file = file->next) {
        const char *const paths[] = {file->path, file->staged};
        for (size_t i = 0; i < 2; i++) {
            if (unlinkat(sink->place.fd, paths[i], 0) != 0 && errno != ENOENT)
                return lt_error_set_errno(error, errno, "cannot delete '%s/%s'", sink->place.path,
                                          paths[i]);
        }
    }
    return 0;
}

/* Files that are there are shown, and counted. */
static int finish(struct lt_files_sink *sink, struct lt_files_batch *batch, struct lt_error *error)
{
    int code = lt_files_begin_waiting(sink, error);
    if (code != 0)
        return code;
    batch->jobs = &sink->jobs;
    batch->state = LT_FILES_KEPT;
    lt_files_batch_show(batch);
    lt_file_jobs_wait(&sink->jobs);
    if (batch->state == LT_FILES_FAILED && error != NULL)
        *error = batch->error;
    code = batch->state == LT_FILES_FAILED ? batch->error.code
                                           : publish_and_wait(sink, batch, error);
    lt_files_end_waiting(sink);
    return code;
}

static int files_recover(struct lt_sink *base, uint64_t epoch, const char *notes,
                         bool *must_replay, struct lt_error *error)
{
    struct lt_files_sink *sink = lt_files_sink_of(base);
    if ((int64_t)epoch <= sink->published || !lt_files_is_note(notes))
        return 0;
    struct lt_files_batch *batch = lt_files_batch_create(&sink->place, &sink->jobs, NULL);
    int code = lt_files_batch_read(batch, notes, error);
    if (code == 0 && (int64_t)epoch != sink->published + 1)
        code = lt_error_set(error, LT_E_CORRUPT,
                            "the manifest '%s/" LT_MANIFEST_FOLDER "' ends with epoch %" PRId64
                            "; hint: files of it were removed or put back from a copy",
                            sink->place.path, sink->published);
    bool is_lost = code == 0 && !find_files(sink, batch);
    if (is_lost)
        code = delete_files(sink, batch, error);
    else if (code == 0)
        code = finish(sink, batch, error);
    *must_replay = sink->is_replaying = is_lost && code == 0;
    lt_files_batch_destroy(batch);
    return code;
}

/* --------------------------------------------------------------------------------------- commit */

/* The manifest file of `epoch` is begun, or waited for. */
static int advance(struct lt_files_sink *sink, int64_t epoch, const char *notes,
                   struct lt_error *error)
{
    struct lt_files_publication *publication = &sink->publication;
    if (publication->code != 0) {
        if (error != NULL)
            *error = publication->error;
        return publication->code;
    }
    if (publication->is_busy)
        return 1;
    sink->published = sink->manifest.last;
    if (epoch <= sink->published)
        return 0;
    lt_assert(epoch == sink->published + 1);
    struct lt_files_batch *batch = lt_files_batch_create(&sink->place, &sink->jobs, NULL);
    int code = lt_files_batch_read(batch, notes, error);
    if (code == 0)
        code = lt_files_publish(sink, batch, error);
    lt_files_batch_destroy(batch);
    return code == 0 ? 1 : code;
}

static int files_commit(struct lt_sink *base, uint64_t epoch, const char *notes,
                        struct lt_error *error)
{
    struct lt_files_sink *sink = lt_files_sink_of(base);
    bool waits = sink->jobs.reactor == NULL; /* a replay, which may */
    int code = waits ? lt_files_begin_waiting(sink, error) : 0;
    if (code == 0)
        code = advance(sink, (int64_t)epoch, notes, error);
    if (waits && code == 1) {
        lt_file_jobs_wait(&sink->jobs);
        code = advance(sink, (int64_t)epoch, notes, error);
    }
    if (waits)
        lt_files_end_waiting(sink);
    return code < 0 ? lt_error_append(error, "%s", sink->stage) : code;
}

static void files_use_reactor(struct lt_sink *base, struct lt_reactor *reactor)
{
    struct lt_files_sink *sink = lt_files_sink_of(base);
    if (sink->jobs.reactor != NULL)
        lt_file_jobs_stop(&sink->jobs);
    lt_file_jobs_init(&sink->jobs, reactor, LT_FILES_WAITING_JOBS);
}

/* ----------------------------------------------------------------------------------------- life */

static void files_close(struct lt_sink *base)
{
    struct lt_files_sink *sink = lt_files_sink_of(base);
    if (sink->jobs.reactor != NULL)
        lt_file_jobs_stop(&sink->jobs);
    lt_files_place_close(sink);
    lt_manifest_fini(&sink->manifest);
    lt_text_fini(&sink->publication.content);
    free(sink->compactions);
    lt_zones_destroy(sink->zones);
    lt_options_destroy(sink->options);
    free(sink);
}

/* -------------------------------------------------------------------------------------- binding */

static const char *text(const struct lt_files_sink *sink, const char *name)
{
    return lt_options_text(sink->options, option_table, OPTION_COUNT, name);
}

static int64_t number(const struct lt_files_sink *sink, const char *name)
{
    return lt_options_i64(sink->options, option_table, OPTION_COUNT, name);
}

int lt_files_sink_format(const struct lt_files_sink *sink, struct lt_format_writer **out,
                         struct lt_error *error)
{
    const struct lt_format_write_setup setup = {
        .name = sink->base.type->name,
        .options = sink->options,
        .schema = sink->base.schema,
        .left_out = sink->layout.left_out,
        .owner = sink->stage,
        .default_frame = LT_FRAME_LINE,
    };
    return lt_format_writer_create(&setup, out, error);
}

/* As Spark, by its rule that case does not count. */
static int check_names(const struct lt_type *schema, struct lt_error *error)
{
    for (uint32_t i = 0; i < schema->field_count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            if (lt_ascii_compare(schema->fields[i].name, schema->fields[k].name) != 0)
                continue;
            (void)lt_error_set(error, LT_E_ANALYSIS,
                               "The column `%s` already exists. Choose another name or rename the "
                               "existing column.",
                               schema->fields[i].name);
            return lt_error_condition(error, "COLUMN_ALREADY_EXISTS", "42711");
        }
    }
    return 0;
}

/* Each lane has so many open at once; a lane needs some others, too. */
static int check_open_files(const struct lt_files_sink *sink, struct lt_error *error)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
        2 * (rlim_t)sink->open_max <= limit.rlim_cur)
        return 0;
    return lt_error_set(error, LT_E_LIMIT,
                        "option \"maxOpenFiles\" is %u, and the process may have %llu files open; "
                        "hint: raise the limit (ulimit -n), or lower the option to half of it",
                        sink->open_max, (unsigned long long)limit.rlim_cur);
}

static int bind_zone(struct lt_files_sink *sink, struct lt_zone *zone, struct lt_error *error)
{
    const char *name = text(sink, "timeZone");
    *zone = lt_zone_utc();
    return name == NULL ? 0 : lt_zones_open(sink->zones, name, zone, error);
}

static int bind_all(struct lt_files_sink *sink, struct lt_arena *arena, struct lt_error *error)
{
    const struct lt_type *schema = sink->base.schema;
    struct lt_zone zone;
    int code = check_names(schema, error);
    if (code == 0)
        code = lt_files_path(text(sink, "path"), arena, &sink->place.path, error);
    if (code == 0)
        code = lt_compression_of(text(sink, "compression"), &sink->compression, error);
    if (code == 0)
        code = check_open_files(sink, error);
    if (code == 0)
        code = bind_zone(sink, &zone, error);
    if (code == 0)
        code = lt_files_layout_bind(text(sink, "partitionBy"), schema, &zone, arena,
                                        &sink->layout, error);
    return code == 0 ? 0 : lt_error_append(error, "%s", sink->stage);
}

/* To see that each lane can make one. */
static int check_format(const struct lt_files_sink *sink, struct lt_error *error)
{
    struct lt_format_writer *format = NULL;
    int code = lt_files_sink_format(sink, &format, error);
    lt_format_writer_destroy(format);
    return code;
}

static int files_bind(const struct lt_sink_type *type, const struct lt_options *options,
                      const struct lt_type *schema, struct lt_arena *arena, struct lt_sink **out,
                      struct lt_error *error)
{
    static const struct lt_sink_ops ops = {
        .connect = lt_files_connect,
        .recover = files_recover,
        .resume = lt_files_resume,
        .open_writer = lt_files_open_writer,
        .use_reactor = files_use_reactor,
        .commit = files_commit,
        .close = files_close,
    };
    *out = NULL;
    struct lt_files_sink *sink = lt_alloc(sizeof *sink);
    sink->base = (struct lt_sink){.ops = &ops,
                                  .type = type,
                                  .schema = schema,
                                  .guarantee = LT_EXACTLY_ONCE,
                                  .shows_at_commit = true};
    snprintf(sink->stage, sizeof sink->stage, "sink %s", type->name);
    sink->place.fd = sink->manifest_fd = -1;
    sink->published = -1;
    sink->options = lt_options_clone(options);
    sink->zones = lt_zones_create();
    lt_manifest_init(&sink->manifest);
    lt_text_init(&sink->publication.content);
    int code = lt_options_check(sink->options, option_table, OPTION_COUNT, sink->stage, error);
    if (code == 0) {
        sink->open_max = (uint32_t)number(sink, "maxOpenFiles");
        sink->bytes_max = number(sink, "maxFileSize");
        sink->rows_max = number(sink, "maxRecordsPerFile");
        sink->rows_max = sink->rows_max == 0 ? -1 : sink->rows_max;
        sink->duration_max_ns = number(sink, "maxFileDuration");
        sink->retention_ms = number(sink, "retention");
        sink->retention_ms = sink->retention_ms < 0 ? -1 : sink->retention_ms / LT_NS_PER_MS;
        code = bind_all(sink, arena, error);
    }
    if (code == 0)
        code = check_format(sink, error);
    if (code != 0) {
        files_close(&sink->base);
        return code;
    }
    sink->suffix =
        lt_arena_format(arena, ".%s%s", strcmp(type->name, "text") == 0 ? "txt" : type->name,
                        lt_compression_suffix(sink->compression));
    snprintf(sink->base.description, sizeof sink->base.description, "FileSink[%s]",
             sink->place.path);
    *out = &sink->base;
    return 0;
}

#define FILES_SINK_TYPE(NAME, DOC)                                                                 \
    {                                                                                              \
        .name = (NAME), .doc = (DOC), .options = option_table, .option_count = OPTION_COUNT,       \
        .needs_checkpoint = true, .only_appends = true, .has_one_writer = true,                    \
        .takes_plain_letters = true, .bind = files_bind,                                           \
    }

const struct lt_sink_type lt_csv_sink_type =
    FILES_SINK_TYPE("csv", "CSV files in a directory, exactly once, with Spark's manifest.");
const struct lt_sink_type lt_json_sink_type = FILES_SINK_TYPE(
    "json", "Files of JSON lines in a directory, exactly once, with Spark's manifest.");
const struct lt_sink_type lt_text_sink_type = FILES_SINK_TYPE(
    "text", "Files of one STRING column's lines in a directory, exactly once, with Spark's "
            "manifest.");
