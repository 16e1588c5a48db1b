/*
 * Making and taking apart the texts of the checkpoint's files.
 */
#include "core/epoch/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/limits.h"
#include "core/text/json_tree.h"

static const char version_line[] = "v1";

/* A line without its line feed; carries the rest of the text along. */
struct lines {
    const char *at, *end;
};

/* Takes the next line; false at the end of the text. */
static bool next_line(struct lines *lines, const char **line, size_t *size_bytes)
{
    if (lines->at == NULL)
        return false;
    *line = lines->at;
    const char *feed = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
    const char *line_end = feed == NULL ? lines->end : feed;
    *size_bytes = (size_t)(line_end - lines->at);
    /* A final line feed ends the last line and begins none. */
    lines->at = feed == NULL || feed + 1 == lines->end ? NULL : feed + 1;
    return true;
}

static int take_version(struct lines *lines, struct lt_error *error)
{
    const char *line;
    size_t size_bytes;
    if (lines->at == lines->end || !next_line(lines, &line, &size_bytes))
        return lt_error_set(error, LT_E_CORRUPT, "it is empty");
    if (size_bytes == strlen(version_line) && memcmp(line, version_line, size_bytes) == 0)
        return 0;
    if (size_bytes > 0 && line[size_bytes - 1] == '\r')
        return lt_error_set(
            error, LT_E_CORRUPT,
            "its lines end in CR LF, and leat ends them in LF: an editor or a copy as "
            "text has changed it");
    if (size_bytes >= 2 && line[0] == 'v' && lt_ascii_is_digit(line[1]))
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "its format version is '%.*s', and only 'v1' is known; hint: a newer "
                            "program wrote it",
                            size_bytes > 20 ? 20 : (int)size_bytes, line);
    return lt_error_set(error, LT_E_CORRUPT, "its first line is not a version such as 'v1'");
}

void lt_epoch_log_format_offsets(struct lt_text_buffer *out,
                                 const struct lt_epoch_metadata *metadata,
                                 const char *const *sources, uint32_t source_count)
{
    lt_text_format(
        out, "%s\n{\"batchWatermarkMs\":%" PRId64 ",\"batchTimestampMs\":%" PRId64 ",\"conf\":%s",
        version_line, metadata->watermark_ms, metadata->timestamp_ms,
        metadata->conf != NULL ? metadata->conf : "{}");
    if (metadata->prepared_sinks >= 0)
        lt_text_format(out, ",\"preparedSinks\":%" PRId64, metadata->prepared_sinks);
    lt_text_append_char(out, '}');
    for (uint32_t i = 0; i < source_count; i++) {
        lt_assert(strchr(sources[i], '\n') == NULL);
        lt_text_format(out, "\n%s", sources[i]);
    }
}

/* True when the text is one JSON value. */
static bool is_json(const char *text, size_t size_bytes)
{
    struct lt_arena *arena = lt_arena_create();
    const struct lt_json *json;
    bool is_valid = lt_json_parse(text, size_bytes, arena, &json, NULL) == 0;
    lt_arena_destroy(arena);
    return is_valid;
}

/* A number that may be missing; false: it is there and is none. */
static bool read_number(const struct lt_json *json, const char *name, int64_t *out)
{
    const struct lt_json *number = lt_json_get(json, name);
    *out = number != NULL && number->kind == LT_JSON_INTEGER ? number->i64 : 0;
    return number == NULL || number->kind == LT_JSON_INTEGER;
}

static int parse_object(const char *text, size_t size_bytes, struct lt_arena *arena,
                        const struct lt_json **out, struct lt_error *error)
{
    if (lt_json_parse(text, size_bytes, arena, out, NULL) == 0 && (*out)->is_object)
        return 0;
    return lt_error_set(error, LT_E_CORRUPT, "its second line is not a JSON object");
}

static int read_sinks(const struct lt_json *json, int64_t *out, struct lt_error *error)
{
    const struct lt_json *count = lt_json_get(json, "preparedSinks");
    if (count->kind != LT_JSON_INTEGER || count->i64 < 0 || count->i64 > LT_LIMIT_SINKS)
        return lt_error_set(error, LT_E_CORRUPT, "its \"preparedSinks\" is not a number of sinks");
    *out = count->i64;
    return 0;
}

/* The metadata line: Spark's JSON, "{}", or nothing (continuous processing). */
static int parse_metadata(const char *line, size_t size_bytes, struct lt_arena *arena,
                          struct lt_epoch_metadata *out, struct lt_error *error)
{
    const struct lt_json *json;
    *out = (struct lt_epoch_metadata){.prepared_sinks = -1};
    if (size_bytes == 0)
        return 0;
    int code = parse_object(line, size_bytes, arena, &json, error);
    if (code != 0)
        return code;
    if (!read_number(json, "batchWatermarkMs", &out->watermark_ms) ||
        !read_number(json, "batchTimestampMs", &out->timestamp_ms))
        return lt_error_set(error, LT_E_CORRUPT,
                            "its \"batchWatermarkMs\" or \"batchTimestampMs\" is no number");
    out->read_conf = lt_json_get(json, "conf");
    return lt_json_get(json, "preparedSinks") == NULL
               ? 0
               : read_sinks(json, &out->prepared_sinks, error);
}

static int check_source_line(const char *line, size_t size_bytes, uint32_t number,
                             struct lt_error *error)
{
    if (size_bytes == 1 && line[0] == '-')
        return 0;
    if (is_json(line, size_bytes))
        return 0;
    return lt_error_set(error, LT_E_CORRUPT, "its line %" PRIu32 " is not JSON", number);
}

int lt_epoch_log_parse_offsets(const char *text, size_t size_bytes, struct lt_arena *arena,
                               struct lt_epoch_offsets *out, struct lt_error *error)
{
    struct lines lines = {text, text + size_bytes};
    int code = take_version(&lines, error);
    if (code != 0)
        return code;
    const char *line;
    size_t line_size;
    if (!next_line(&lines, &line, &line_size))
        return lt_error_set(error, LT_E_CORRUPT, "it ends after the version");
    code = parse_metadata(line, line_size, arena, &out->metadata, error);
    if (code != 0)
        return code;
    struct lines rest = lines;
    out->source_count = 0;
    while (next_line(&rest, &line, &line_size)) {
        code = check_source_line(line, line_size, out->source_count + 3, error);
        if (code != 0)
            return code;
        out->source_count++;
    }
    out->sources = lt_arena_alloc(arena, out->source_count * sizeof out->sources[0]);
    for (uint32_t i = 0; next_line(&lines, &line, &line_size); i++)
        out->sources[i] = lt_arena_text_n(arena, line, line_size);
    return 0;
}

void lt_epoch_log_format_commit(struct lt_text_buffer *out, int64_t next_watermark_ms)
{
    lt_text_format(out, "%s\n{\"nextBatchWatermarkMs\":%" PRId64 "}", version_line,
                   next_watermark_ms);
}

/* Reads a line's watermark, if it has one. */
static int read_watermark(const char *line, size_t size_bytes, int64_t *out, struct lt_error *error)
{
    struct lt_arena *arena = lt_arena_create();
    const struct lt_json *json;
    int code = parse_object(line, size_bytes, arena, &json, error);
    if (code == 0 && !read_number(json, "nextBatchWatermarkMs", out))
        code = lt_error_set(error, LT_E_CORRUPT, "its \"nextBatchWatermarkMs\" is no number");
    lt_arena_destroy(arena);
    return code;
}

int lt_epoch_log_parse_commit(const char *text, size_t size_bytes, int64_t *next_watermark_ms,
                              struct lt_error *error)
{
    struct lines lines = {text, text + size_bytes};
    int code = take_version(&lines, error);
    const char *line;
    size_t line_size;
    *next_watermark_ms = 0;
    /* Old versions of Spark wrote "{}" or nothing at all. */
    while (code == 0 && next_line(&lines, &line, &line_size))
        if (line_size > 0)
            code = read_watermark(line, line_size, next_watermark_ms, error);
    return code;
}

void lt_epoch_log_format_prepared(struct lt_text_buffer *out,
                                  const struct lt_epoch_prepared *prepared)
{
    lt_text_format(out,
                   "%s\n{\"preparedSinks\":%" PRIu32 ",\"nextBatchWatermarkMs\":%" PRId64 "}",
                   version_line, prepared->sinks, prepared->next_watermark_ms);
}

int lt_epoch_log_parse_prepared(const char *text, size_t size_bytes, struct lt_epoch_prepared *out,
                                struct lt_error *error)
{
    struct lines lines = {text, text + size_bytes};
    int code = take_version(&lines, error);
    if (code != 0)
        return code;
    const char *line;
    size_t line_size;
    const struct lt_json *json;
    int64_t sinks = 0;
    if (!next_line(&lines, &line, &line_size))
        return lt_error_set(error, LT_E_CORRUPT, "it ends after the version");
    struct lt_arena *arena = lt_arena_create();
    code = parse_object(line, line_size, arena, &json, error);
    if (code == 0 && lt_json_get(json, "preparedSinks") == NULL)
        code = lt_error_set(error, LT_E_CORRUPT, "it has no \"preparedSinks\"");
    if (code == 0)
        code = read_sinks(json, &sinks, error);
    if (code == 0 && !read_number(json, "nextBatchWatermarkMs", &out->next_watermark_ms))
        code = lt_error_set(error, LT_E_CORRUPT, "its \"nextBatchWatermarkMs\" is no number");
    out->sinks = (uint32_t)sinks;
    lt_arena_destroy(arena);
    return code;
}

void lt_epoch_log_format_metadata(struct lt_text_buffer *out, const char *query_id)
{
    lt_text_format(out, "{\"id\":\"%s\"}", query_id);
}

int lt_epoch_log_parse_metadata(const char *text, size_t size_bytes,
                                struct lt_text_buffer *query_id, struct lt_error *error)
{
    struct lt_arena *arena = lt_arena_create();
    const struct lt_json *json;
    const char *id;
    int code = 0;
    if (size_bytes == 0)
        code = lt_error_set(error, LT_E_CORRUPT, "it is empty");
    else if (lt_json_parse(text, size_bytes, arena, &json, NULL) != 0)
        code = lt_error_set(error, LT_E_CORRUPT, "it is not JSON");
    else if (lt_json_get_text(json, "id", &id, NULL) != 0 || id[0] == '\0')
        code = lt_error_set(error, LT_E_CORRUPT, "it has no \"id\"");
    else
        lt_text_append(query_id, id);
    lt_arena_destroy(arena);
    return code;
}

void lt_epoch_log_join_notes(struct lt_text_buffer *out, const char *const *notes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        lt_assert(strchr(notes[i], '\n') == NULL);
        if (i > 0)
            lt_text_append_char(out, '\n');
        lt_text_append(out, notes[i]);
    }
}

void lt_epoch_log_format_notes(struct lt_text_buffer *out, const char *joined_notes)
{
    lt_text_format(out, "%s\n%s", version_line, joined_notes);
}

int lt_epoch_log_parse_notes(const char *text, size_t size_bytes, struct lt_text_buffer *out,
                             struct lt_error *error)
{
    struct lines lines = {text, text + size_bytes};
    int code = take_version(&lines, error);
    if (code == 0 && lines.at != NULL)
        lt_text_append_n(out, lines.at, (size_t)(lines.end - lines.at));
    return code;
}

bool lt_epoch_log_parse_name(const char *name, uint64_t *epoch)
{
    size_t count = strspn(name, "0123456789");
    if (count == 0 || count > 18 || name[count] != '\0' || (name[0] == '0' && count > 1))
        return false;
    *epoch = 0;
    for (size_t i = 0; i < count; i++)
        *epoch = 10 * *epoch + (uint64_t)(name[i] - '0');
    return true;
}
