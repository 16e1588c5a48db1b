#include "io/stdin.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/text/json_tree.h"
#include "io/stdin_internal.h"

static const struct lt_option_spec option_table[] = {
    LT_SPOOL_ROWS LT_FORMAT_NAME_ROWS LT_FRAME_READ_ROWS LT_FORMAT_READ_ROWS};
enum { OPTION_COUNT = sizeof option_table / sizeof option_table[0] };

static struct lt_stdin_source *stdin_of(struct lt_source *source)
{
    return (struct lt_stdin_source *)(void *)source; /* the base is its first member */
}

/* ------------------------------------------------------------------------------------ positions */

static int stdin_connect(struct lt_source *base, const struct lt_connector_env *env,
                         struct lt_error *error)
{
    (void)env;
    struct lt_stdin_source *source = stdin_of(base);
    if (source->spool != NULL || source->spool_settings.directory == NULL)
        return 0;
    int code = lt_spool_open_settings(&source->spool_settings, &source->format->framing,
                                      &source->spool, error);
    return code == 0 ? 0 : lt_error_append(error, "source stdin");
}

static int64_t begin_of(const struct lt_stdin_source *source)
{
    return source->spool == NULL ? 0 : (int64_t)lt_spool_begin(source->spool).byte;
}

static int stdin_initial(struct lt_source *source, struct lt_position *positions,
                         struct lt_text_buffer *keep, struct lt_error *error)
{
    (void)keep;
    (void)error;
    positions[0] = (struct lt_position){.offset = begin_of(stdin_of(source))};
    return 0;
}

static void stdin_to_json(struct lt_source *source, const struct lt_position *positions,
                          struct lt_text_buffer *out)
{
    bool has_spool = stdin_of(source)->spool_settings.directory != NULL;
    lt_text_format(out, "{\"%s\":%" PRId64 "}", has_spool ? "spooled" : "bytes",
                   positions[0].offset);
}

/* Bytes that were read without a spool are gone: with one that is new it begins at the spool's. */
static int read_position(const struct lt_stdin_source *source, const struct lt_json *json,
                         struct lt_position *position, struct lt_error *error)
{
    int64_t byte;
    bool has_spooled = json->is_object && lt_json_get(json, "spooled") != NULL;
    int code = lt_json_get_i64(json, has_spooled ? "spooled" : "bytes", &byte, error);
    if (code == 0 && has_spooled)
        code = lt_spool_check_byte(source->spool, byte, error);
    position->offset = has_spooled || source->spool == NULL ? byte : begin_of(source);
    return code;
}

static int stdin_from_json(struct lt_source *source, const char *text,
                           struct lt_position *positions, struct lt_error *error)
{
    struct lt_arena *arena = lt_arena_create();
    const struct lt_json *json;
    positions[0] = (struct lt_position){0};
    int code = lt_json_parse(text, strlen(text), arena, &json, error);
    if (code == 0)
        code = read_position(stdin_of(source), json, &positions[0], error);
    lt_arena_destroy(arena);
    return code;
}

static int stdin_settle(struct lt_source *source, uint64_t epoch,
                        const struct lt_position *positions, struct lt_source_log *log,
                        struct lt_error *error)
{
    (void)epoch;
    (void)log; /* the spool is the log */
    (void)error;
    const struct lt_spool *spool = stdin_of(source)->spool;
    return spool == NULL || lt_spool_durable(spool) >= (uint64_t)positions[0].offset;
}

static void stdin_commit(struct lt_source *source, uint64_t epoch,
                         const struct lt_position *positions)
{
    (void)epoch;
    if (stdin_of(source)->spool != NULL)
        lt_spool_release(stdin_of(source)->spool, (uint64_t)positions[0].offset);
}

static void stdin_partition_name(struct lt_source *source, uint32_t partition, char *out,
                                 size_t out_size)
{
    (void)source;
    (void)partition;
    snprintf(out, out_size, "standard input");
}

static void stdin_original(struct lt_source *source, struct lt_row *root, struct lt_row *into,
                           struct lt_original *out)
{
    (void)source;
    lt_feed_original(root, into, out);
}

/* The process will not read it, and nobody else can. */
static void tell_lost(const struct lt_stdin_source *source)
{
    uint64_t appended = lt_spool_end(source->spool).byte,
             failed = appended - lt_spool_durable(source->spool);
    if (source->rest_bytes + failed == 0)
        return;
    lt_log_warn("source stdin: %" PRIu64 " bytes that were read are lost, for they are not in the "
                "spool \"%s\": %s",
                source->rest_bytes + failed, lt_spool_directory(source->spool),
                failed > 0            ? "it could not be written"
                : source->lacked_room ? "it had no room; hint: set \"spoolSize\" higher"
                                      : "they are no whole record");
}

static void stdin_close(struct lt_source *source)
{
    if (stdin_of(source)->spool != NULL)
        tell_lost(stdin_of(source));
    lt_spool_close(stdin_of(source)->spool);
    free(stdin_of(source)->rest);
    free(stdin_of(source));
}

void lt_stdin_set_fd(struct lt_source *source, int fd)
{
    stdin_of(source)->fd = fd;
}

static int stdin_bind(const struct lt_source_type *type, const struct lt_options *options,
                      const struct lt_type *user_schema, struct lt_arena *arena,
                      struct lt_source **out, struct lt_error *error)
{
    static const struct lt_source_ops ops = {
        .connect = stdin_connect,
        .initial = stdin_initial,
        .positions_to_json = stdin_to_json,
        .positions_from_json = stdin_from_json,
        .partition_name = stdin_partition_name,
        .original = stdin_original,
        .settle = stdin_settle,
        .open_reader = lt_stdin_open_reader,
        .commit = stdin_commit,
        .close = stdin_close,
    };
    const struct lt_format *format;
    *out = NULL;
    int code = lt_format_bind_lines("source stdin", option_table, OPTION_COUNT, options,
                                    user_schema, arena, &format, error);
    if (code != 0)
        return code;
    struct lt_spool_settings spool = lt_spool_read_settings(options, option_table, OPTION_COUNT);
    if (spool.directory != NULL) {
        bool has_header = lt_options_get(options, "header") != NULL;
        if (lt_spool_check_frames(&format->framing, has_header, error) != 0)
            return lt_error_append(error, "source stdin");
        spool.directory = lt_arena_text(arena, spool.directory);
    }
    struct lt_stdin_source *source = lt_alloc(sizeof *source);
    source->base.ops = &ops;
    source->base.type = type;
    source->base.schema = format->schema;
    source->base.partition_count = 1;
    source->base.traits = spool.directory != NULL ? LT_SOURCE_REPLAYABLE : 0;
    source->format = format;
    source->spool_settings = spool;
    source->fd = STDIN_FILENO;
    snprintf(source->base.description, sizeof source->base.description, "StdinSource[%s]",
             format->name);
    *out = &source->base;
    return 0;
}

const struct lt_source_type lt_stdin_source_type = {
    .name = "stdin",
    .doc = "What is piped into the program; the query ends with it.",
    .traits = LT_SOURCE_CONTINUOUS,
    .options = option_table,
    .option_count = OPTION_COUNT,
    .bind = stdin_bind,
};
