#include "io/files_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/ascii.h"
#include "core/text/json_tree.h"
#include "core/text/json_write.h"
#include "io/files_name.h"

enum { LINES_PER_ARENA = 256, VERSION = 1 };
static const char compact_suffix[] = ".compact";

struct known_file {
    struct lt_files_log_entry entry;
    uint64_t ordinal; /* ascending; those of forgotten files are missing */
};

struct batch {
    int64_t number;
    uint64_t end; /* the ordinal behind its last file */
};

struct log_file {
    int64_t batch;
    bool is_compact;
};

struct lt_files_log {
    int64_t compact_interval;
    int64_t last_batch; /* that has an entry; -1: none */
    struct known_file *known;
    size_t known_count, known_capacity;
    size_t open_count; /* of those, at the end: of the batch that is being made */
    uint64_t next_ordinal;
    struct batch *batches; /* of the log, ascending */
    size_t batch_count, batch_capacity;
    struct log_file *files; /* that there are on disk, as far as they are not named superfluous */
    size_t file_count, file_capacity;
};

/* Room for one more; `array` is of `size_bytes` each. */
static void *grow(void *array, size_t count, size_t *capacity, size_t size_bytes)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity == 0 ? 16 : *capacity * 2;
    return lt_realloc_array(array, *capacity, size_bytes);
}

struct lt_files_log *lt_files_log_create(int64_t compact_interval)
{
    lt_assert(compact_interval >= 1);
    struct lt_files_log *log = lt_alloc(sizeof *log);
    log->compact_interval = compact_interval;
    log->last_batch = -1;
    return log;
}

void lt_files_log_destroy(struct lt_files_log *log)
{
    if (log == NULL)
        return;
    for (size_t i = 0; i < log->known_count; i++)
        free(log->known[i].entry.path);
    free(log->known);
    free(log->batches);
    free(log->files);
    free(log);
}

/* ------------------------------------------------------------------------------- names of files */

bool lt_files_log_parse_name(const char *name, int64_t *batch, bool *is_compact)
{
    size_t digits = strspn(name, "0123456789");
    const char *rest = name + digits;
    if (digits == 0 || digits > 18 || (name[0] == '0' && digits > 1))
        return false;
    *is_compact = strcmp(rest, compact_suffix) == 0;
    *batch = strtoll(name, NULL, 10);
    return *rest == '\0' || *is_compact;
}

static void write_name(int64_t batch, bool is_compact, char name[LT_FILES_LOG_NAME_SIZE])
{
    snprintf(name, LT_FILES_LOG_NAME_SIZE, "%" PRId64 "%s", batch,
             is_compact ? compact_suffix : "");
}

struct chosen {
    int64_t batch;
    bool is_compact;
    const char *name;
};

static int compare_chosen(const void *a, const void *b)
{
    const struct chosen *left = a, *right = b;
    return left->batch < right->batch ? -1 : left->batch > right->batch;
}

/* Those whose names are of the log, and that the newest compaction does not make superfluous. */
static size_t filter_names(const char *const *names, size_t count, struct chosen *out)
{
    int64_t newest = -1;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct chosen one = {.name = names[i]};
        if (!lt_files_log_parse_name(names[i], &one.batch, &one.is_compact))
            continue;
        if (one.is_compact && one.batch > newest)
            newest = one.batch;
        out[kept++] = one;
    }
    size_t used = 0;
    for (size_t i = 0; i < kept; i++)
        if (out[i].batch > newest || (out[i].batch == newest && out[i].is_compact))
            out[used++] = out[i];
    return used;
}

int lt_files_log_choose(const char **names, size_t *count, struct lt_error *error)
{
    struct chosen *chosen = lt_alloc_array(*count + 1, sizeof chosen[0]);
    size_t kept = filter_names(names, *count, chosen);
    int code = 0;
    qsort(chosen, kept, sizeof chosen[0], compare_chosen);
    int64_t expected = kept > 0 && chosen[0].is_compact ? chosen[0].batch : 0;
    for (size_t i = 0; i < kept && code == 0; i++, expected++) {
        names[i] = chosen[i].name;
        if (chosen[i].batch != expected)
            code = lt_error_set(error, LT_E_CORRUPT,
                                "the file log has \"%s\" and lacks \"%" PRId64
                                "\"; hint: restore the file from a copy of the checkpoint",
                                chosen[i].name, expected);
    }
    *count = kept;
    free(chosen);
    return code;
}

/* ------------------------------------------------------------------------------- its text, read */

static void append_known(struct lt_files_log *log, char *path, int64_t timestamp_ms, int64_t batch)
{
    log->known = grow(log->known, log->known_count, &log->known_capacity, sizeof log->known[0]);
    log->known[log->known_count++] = (struct known_file){
        .entry = {.path = path, .timestamp_ms = timestamp_ms, .batch = batch},
        .ordinal = log->next_ordinal++,
    };
}

/* The batch ends behind the last file that is known. */
static void end_batch_at(struct lt_files_log *log, int64_t number)
{
    if (log->batch_count == 0 || log->batches[log->batch_count - 1].number != number) {
        log->batches =
            grow(log->batches, log->batch_count, &log->batch_capacity, sizeof log->batches[0]);
        log->batches[log->batch_count++].number = number;
    }
    log->batches[log->batch_count - 1].end = log->next_ordinal;
}

static int64_t newest_known_batch(const struct lt_files_log *log)
{
    return log->batch_count == 0 ? -1 : log->batches[log->batch_count - 1].number;
}

static int load_entry(struct lt_files_log *log, const struct lt_json *json,
                      const struct log_file *file, struct lt_error *error)
{
    const char *uri;
    int64_t timestamp_ms, batch;
    int code = lt_json_get_text(json, "path", &uri, error);
    if (code == 0)
        code = lt_json_get_i64(json, "timestamp", &timestamp_ms, error);
    if (code == 0)
        code = lt_json_get_i64(json, "batchId", &batch, error);
    if (code != 0)
        return code;
    if (file->is_compact ? batch < 0 || batch > file->batch : batch != file->batch)
        return lt_error_set(error, LT_E_CORRUPT, "batch %" PRId64 " does not belong here", batch);
    if (batch < newest_known_batch(log))
        return lt_error_set(error, LT_E_CORRUPT, "batch %" PRId64 " stands behind batch %" PRId64,
                            batch, newest_known_batch(log));
    struct lt_text_buffer path;
    lt_text_init(&path);
    code = lt_files_uri_read(uri, &path, error);
    if (code != 0) {
        lt_text_fini(&path);
        return code;
    }
    append_known(log, lt_text_take(&path), timestamp_ms, batch);
    end_batch_at(log, batch);
    return 0;
}

static int load_line(struct lt_files_log *log, const char *line, size_t size_bytes,
                     const struct log_file *file, struct lt_arena *arena, struct lt_error *error)
{
    const struct lt_json *json;
    int code = lt_json_parse(line, size_bytes, arena, &json, error);
    if (code == 0 && !json->is_object)
        code = lt_error_set(error, LT_E_CORRUPT, "no JSON object");
    return code == 0 ? load_entry(log, json, file, error) : code;
}

/* The next line of the text; its line feed is left out. */
static bool next_line(const char **at, const char *end, const char **line, size_t *size_bytes)
{
    if (*at == end)
        return false;
    const char *feed = memchr(*at, '\n', (size_t)(end - *at));
    *line = *at;
    *size_bytes = (size_t)((feed == NULL ? end : feed) - *at);
    *at = feed == NULL ? end : feed + 1;
    return true;
}

static int check_version(const char *line, size_t size_bytes, struct lt_error *error)
{
    if (size_bytes == 2 && memcmp(line, "v1", 2) == 0)
        return 0;
    return lt_error_set(error, LT_E_CORRUPT,
                        "line 1: \"%.*s\" stands where the version \"v%d\" should",
                        (int)(size_bytes < 40 ? size_bytes : 40), line, VERSION);
}

static int load_lines(struct lt_files_log *log, const char *at, const char *end,
                      const struct log_file *file, struct lt_error *error)
{
    struct lt_arena *arena = lt_arena_create();
    const char *line;
    size_t size_bytes, number = 1;
    int code = 0;
    while (code == 0 && next_line(&at, end, &line, &size_bytes)) {
        if (++number % LINES_PER_ARENA == 0) {
            lt_arena_destroy(arena);
            arena = lt_arena_create();
        }
        code = load_line(log, line, size_bytes, file, arena, error);
        if (code != 0)
            lt_error_append(error, "line %zu", number);
    }
    lt_arena_destroy(arena);
    return code;
}

/* Compactions go on at a distance that suits the one there is, as Spark's do. */
static void suit_interval(struct lt_files_log *log, int64_t compact_batch)
{
    int64_t interval = log->compact_interval, whole = compact_batch + 1;
    if (interval > whole)
        interval = whole;
    while (whole % interval != 0)
        interval++;
    log->compact_interval = interval;
}

static void add_file(struct lt_files_log *log, const struct log_file *file)
{
    log->files = grow(log->files, log->file_count, &log->file_capacity, sizeof log->files[0]);
    log->files[log->file_count++] = *file;
}

int lt_files_log_load(struct lt_files_log *log, const char *name, const char *text,
                      size_t size_bytes, struct lt_error *error)
{
    struct log_file file;
    const char *at = text, *line = text;
    size_t line_size = 0;
    if (!lt_files_log_parse_name(name, &file.batch, &file.is_compact))
        return lt_error_set(error, LT_E_CORRUPT, "\"%s\" is no name of a file log", name);
    (void)next_line(&at, text + size_bytes, &line, &line_size);
    int code = check_version(line, line_size, error);
    if (code == 0)
        code = load_lines(log, at, text + size_bytes, &file, error);
    if (code != 0) {
        lt_error_append(error, "file log \"%s\"", name);
        return LT_E_CORRUPT;
    }
    if (file.is_compact)
        suit_interval(log, file.batch);
    add_file(log, &file);
    log->last_batch = file.batch;
    return 0;
}

/* ---------------------------------------------------------------------------- its text, written */

static void write_entry(struct lt_text_buffer *text, const struct lt_files_log_entry *entry)
{
    struct lt_text_buffer uri;
    lt_text_init(&uri);
    lt_files_uri_write(&uri, entry->path);
    lt_text_append(text, "\n{\"path\":");
    lt_json_write_string(text, uri.data, uri.size_bytes);
    lt_text_format(text, ",\"timestamp\":%" PRId64 ",\"batchId\":%" PRId64 "}", entry->timestamp_ms,
                   entry->batch);
    lt_text_fini(&uri);
}

void lt_files_log_add(struct lt_files_log *log, const char *path, int64_t timestamp_ms)
{
    append_known(log, lt_strdup(path), timestamp_ms, log->last_batch + 1);
    log->open_count++;
}

/* What is too old to be taken again, and read: it need not be known. */
static void forget(struct lt_files_log *log, int64_t oldest_ms, int64_t settled)
{
    size_t kept = 0, batches = 0;
    for (size_t i = 0; i < log->known_count; i++) {
        struct known_file *known = &log->known[i];
        if (known->entry.batch <= settled && known->entry.timestamp_ms < oldest_ms)
            free(known->entry.path);
        else
            log->known[kept++] = *known;
    }
    log->known_count = kept;
    for (size_t i = 0; i < log->batch_count; i++)
        if (log->batches[i].number >= settled)
            log->batches[batches++] = log->batches[i];
    log->batch_count = batches;
}

void lt_files_log_end_batch(struct lt_files_log *log, int64_t oldest_ms, int64_t settled,
                            char name[LT_FILES_LOG_NAME_SIZE], struct lt_text_buffer *text)
{
    lt_assert(log->open_count > 0);
    struct log_file file = {.batch = log->last_batch + 1};
    file.is_compact = (file.batch + 1) % log->compact_interval == 0;
    end_batch_at(log, file.batch);
    if (file.is_compact)
        forget(log, oldest_ms, settled);
    size_t count = file.is_compact ? log->known_count : log->open_count;
    lt_text_append(text, "v1");
    for (size_t i = log->known_count - count; i < log->known_count; i++)
        write_entry(text, &log->known[i].entry);
    write_name(file.batch, file.is_compact, name);
    add_file(log, &file);
    log->last_batch = file.batch;
    log->open_count = 0;
}

void lt_files_log_visit_superfluous(struct lt_files_log *log,
                                    void (*visit)(void *context, const char *name), void *context)
{
    char name[LT_FILES_LOG_NAME_SIZE];
    size_t newest = log->file_count;
    while (newest > 0 && !log->files[newest - 1].is_compact)
        newest--;
    if (newest <= 1)
        return;
    for (size_t i = 0; i < newest - 1; i++) {
        write_name(log->files[i].batch, log->files[i].is_compact, name);
        visit(context, name);
    }
    log->file_count -= newest - 1;
    memmove(log->files, log->files + newest - 1, log->file_count * sizeof log->files[0]);
}

/* ------------------------------------------------------------------------------------- ordinals */

uint64_t lt_files_log_first(const struct lt_files_log *log)
{
    return log->known_count == 0 ? log->next_ordinal : log->known[0].ordinal;
}

uint64_t lt_files_log_end(const struct lt_files_log *log)
{
    return log->next_ordinal;
}

int64_t lt_files_log_last_batch(const struct lt_files_log *log)
{
    return log->last_batch;
}

const struct lt_files_log_entry *lt_files_log_at(const struct lt_files_log *log, uint64_t ordinal)
{
    size_t low = 0, high = log->known_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (log->known[middle].ordinal < ordinal)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_known = low < log->known_count && log->known[low].ordinal == ordinal;
    return is_known ? &log->known[low].entry : NULL;
}

/* ------------------------------------------------------------------------------------ positions */

/* How many batches are wholly before the ordinal. */
static size_t batches_before(const struct lt_files_log *log, uint64_t ordinal)
{
    size_t low = 0, high = log->batch_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (log->batches[middle].end <= ordinal)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The newest batch that is wholly before the ordinal; batches of which every file was forgotten
 * have no place in the table. */
static int64_t batch_before(const struct lt_files_log *log, uint64_t ordinal, uint64_t *end)
{
    size_t before = batches_before(log, ordinal);
    *end = before == 0 ? 0 : log->batches[before - 1].end;
    return before == log->batch_count ? log->last_batch : log->batches[before].number - 1;
}

int64_t lt_files_log_batch_before(const struct lt_files_log *log,
                                  const struct lt_position *position)
{
    uint64_t end;
    return batch_before(log, (uint64_t)position->offset, &end);
}

void lt_files_log_to_json(const struct lt_files_log *log, const struct lt_position *position,
                          struct lt_text_buffer *out)
{
    uint64_t end, ordinal = (uint64_t)position->offset;
    lt_text_format(out, "{\"logOffset\":%" PRId64, batch_before(log, ordinal, &end));
    if (ordinal > end || position->extra > 0)
        lt_text_format(out, ",\"files\":%" PRIu64 ",\"byte\":%" PRId64, ordinal - end,
                       position->extra);
    lt_text_append_char(out, '}');
}

static int read_rest(const struct lt_json *json, int64_t *files, int64_t *byte,
                     struct lt_error *error)
{
    *files = *byte = 0;
    if (lt_json_get(json, "files") == NULL && lt_json_get(json, "byte") == NULL)
        return 0;
    int code = lt_json_get_i64(json, "files", files, error);
    if (code == 0)
        code = lt_json_get_i64(json, "byte", byte, error);
    if (code == 0 && (*files < 0 || *byte < 0))
        code = lt_error_set(error, LT_E_CORRUPT, "\"files\" and \"byte\" are counts");
    return code;
}

static int read_position(const struct lt_files_log *log, const struct lt_json *json,
                         struct lt_position *position, struct lt_error *error)
{
    int64_t batch, files, byte;
    int code = lt_json_get_i64(json, "logOffset", &batch, error);
    if (code == 0)
        code = read_rest(json, &files, &byte, error);
    if (code != 0)
        return code;
    if (batch < -1 || batch > log->last_batch)
        return lt_error_set(error, LT_E_CORRUPT,
                            "the file log ends with batch %" PRId64 "; hint: a file of its folder "
                            "is missing: restore it from a copy of the checkpoint",
                            log->last_batch);
    size_t before = 0;
    while (before < log->batch_count && log->batches[before].number <= batch)
        before++;
    uint64_t end = before == 0 ? 0 : log->batches[before - 1].end;
    if ((uint64_t)files + (byte > 0) > log->next_ordinal - end)
        return lt_error_set(error, LT_E_CORRUPT,
                            "the file log has %" PRIu64 " files behind batch %" PRId64,
                            log->next_ordinal - end, batch);
    *position = (struct lt_position){.offset = (int64_t)end + files, .extra = byte};
    return 0;
}

int lt_files_log_from_json(const struct lt_files_log *log, const char *text,
                           struct lt_position *position, struct lt_error *error)
{
    struct lt_arena *arena = lt_arena_create();
    const struct lt_json *json;
    int code = lt_json_parse(text, strlen(text), arena, &json, error);
    if (code == 0 && !json->is_object)
        code = lt_error_set(error, LT_E_CORRUPT, "no JSON object");
    if (code == 0)
        code = read_position(log, json, position, error);
    lt_arena_destroy(arena);
    return code == 0 ? 0 : lt_error_append(error, "positions of a file log");
}
