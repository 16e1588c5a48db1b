#include "io/manifest.h"

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
#include "core/base/ascii.h"
#include "core/text/json_tree.h"
#include "core/text/json_write.h"
#include "io/file_text.h"

enum {
    BLOCK_SIZE_BYTES = 33554432, /* what Spark writes for a file of this machine */
    DIGITS_MAX = 19,
};

static const char version[] = "v1";
static const char compact_suffix[] = ".compact";

void lt_manifest_init(struct lt_manifest *manifest)
{
    *manifest = (struct lt_manifest){.last = -1, .interval = LT_MANIFEST_INTERVAL};
    lt_text_init(&manifest->lines);
}

void lt_manifest_fini(struct lt_manifest *manifest)
{
    lt_text_fini(&manifest->lines);
    free(manifest->index);
    manifest->index = NULL;
}

/* --------------------------------------------------------------------------------------- names */

void lt_manifest_name(int64_t epoch, bool is_compact, char name[LT_MANIFEST_NAME_SIZE])
{
    snprintf(name, LT_MANIFEST_NAME_SIZE, "%" PRId64 "%s", epoch, is_compact ? compact_suffix : "");
}

int64_t lt_manifest_epoch_of(const char *name, bool *is_compact)
{
    size_t digits = strspn(name, "0123456789");
    *is_compact = strcmp(name + digits, compact_suffix) == 0;
    if (digits == 0 || digits >= DIGITS_MAX || (name[digits] != '\0' && !*is_compact))
        return -1;
    return strtoll(name, NULL, 10);
}

bool lt_manifest_is_compact(uint32_t interval, int64_t epoch)
{
    return (epoch + 1) % interval == 0;
}

int64_t lt_manifest_first_read(uint32_t interval, int64_t epoch)
{
    int64_t first = (epoch + 1) / interval * interval - 1;
    return first < 0 ? 0 : first;
}

/* Compacted files of a directory that was begun with another interval stay where they are, so
 * theirs is kept; of a single one it is the nearest to the usual that it fits. As Spark does. */
static uint32_t fitting_interval(int64_t newest, int64_t before)
{
    int64_t epochs = newest + 1;
    if (before >= 0)
        return (uint32_t)(newest - before);
    for (int64_t interval = LT_MANIFEST_INTERVAL;
         LT_MANIFEST_INTERVAL < epochs / 2 && interval <= epochs / 2; interval++) {
        if (epochs % interval == 0)
            return (uint32_t)interval;
    }
    return (uint32_t)epochs;
}

/* --------------------------------------------------------------------------------------- lines */

static void add_line(struct lt_manifest *manifest, const struct lt_manifest_file *file)
{
    struct lt_text_buffer *lines = &manifest->lines;
    if (manifest->count == manifest->capacity) {
        manifest->capacity = manifest->capacity == 0 ? 64 : 2 * manifest->capacity;
        manifest->index =
            lt_realloc_array(manifest->index, manifest->capacity, sizeof *manifest->index);
    }
    size_t begin = lines->size_bytes;
    lt_text_append(lines, "\n{\"path\":");
    lt_json_write_string(lines, file->uri, strlen(file->uri));
    lt_text_format(lines,
                   ",\"size\":%" PRId64 ",\"isDir\":false,\"modificationTime\":%" PRId64
                   ",\"blockReplication\":1,\"blockSize\":%d,\"action\":\"add\"}",
                   file->size_bytes, file->modified_ms, BLOCK_SIZE_BYTES);
    manifest->index[manifest->count++] = (struct lt_manifest_line){
        .modified_ms = file->modified_ms, .size_bytes = lines->size_bytes - begin};
}

static void drop_old(struct lt_manifest *manifest, int64_t oldest_ms)
{
    struct lt_text_buffer *lines = &manifest->lines;
    size_t kept = 0, from = 0, to = 0;
    for (size_t i = 0; i < manifest->count; i++) {
        struct lt_manifest_line line = manifest->index[i];
        if (line.modified_ms >= oldest_ms) {
            memmove(lines->data + to, lines->data + from, line.size_bytes);
            to += line.size_bytes;
            manifest->index[kept++] = line;
        }
        from += line.size_bytes;
    }
    manifest->count = kept;
    lines->size_bytes = to;
    if (lines->data != NULL)
        lines->data[to] = '\0';
}

void lt_manifest_next(struct lt_manifest *manifest, const struct lt_manifest_file *files,
                      size_t count, int64_t now_ms, int64_t retention_ms,
                      char name[LT_MANIFEST_NAME_SIZE], struct lt_text_buffer *content)
{
    size_t begin = manifest->lines.size_bytes;
    bool is_compact = lt_manifest_is_compact(manifest->interval, manifest->last + 1);
    for (size_t i = 0; i < count; i++)
        add_line(manifest, &files[i]);
    if (is_compact && retention_ms >= 0)
        drop_old(manifest, now_ms - retention_ms);
    if (is_compact)
        begin = 0;
    manifest->last++;
    lt_manifest_name(manifest->last, is_compact, name);
    lt_text_append(content, version);
    lt_text_append_n(content, lt_text_get(&manifest->lines) + begin,
                     manifest->lines.size_bytes - begin);
}

void lt_manifest_begin_before(struct lt_manifest *manifest, int64_t epoch)
{
    lt_assert(manifest->last == -1);
    lt_assert(epoch >= 0);
    manifest->last = epoch == 0 ? -1 : lt_manifest_first_read(manifest->interval, epoch - 1) - 1;
}

/* --------------------------------------------------------------------------------------- texts */

static int parse_line(const char *line, size_t size_bytes, struct lt_arena *arena,
                      struct lt_manifest_file *out, struct lt_error *error)
{
    const struct lt_json *json;
    const char *action;
    int code = lt_json_parse(line, size_bytes, arena, &json, error);
    if (code == 0)
        code = lt_json_get_text(json, "path", &out->uri, error);
    if (code == 0)
        code = lt_json_get_i64(json, "size", &out->size_bytes, error);
    if (code == 0)
        code = lt_json_get_i64(json, "modificationTime", &out->modified_ms, error);
    if (code == 0)
        code = lt_json_get_text(json, "action", &action, error);
    if (code != 0)
        return code;
    if (strcmp(action, "add") != 0)
        return lt_error_set(error, LT_E_UNSUPPORTED, "the action \"%.40s\" is not known", action);
    return out->size_bytes < 0 ? lt_error_set(error, LT_E_PARSE, "the size is below 0") : 0;
}

int lt_manifest_parse(const char *text, size_t size_bytes, lt_manifest_visit_fn *visit,
                      void *context, struct lt_error *error)
{
    const char *end = text + size_bytes;
    const char *line_end = size_bytes == 0 ? end : memchr(text, '\n', size_bytes);
    line_end = line_end == NULL ? end : line_end;
    if ((size_t)(line_end - text) != sizeof version - 1 ||
        memcmp(text, version, sizeof version - 1) != 0)
        return lt_error_set(error, LT_E_CORRUPT, "the first line is not \"v1\"");
    for (size_t number = 2; line_end < end; number++) {
        const char *line = line_end + 1;
        line_end = memchr(line, '\n', (size_t)(end - line));
        line_end = line_end == NULL ? end : line_end;
        if (line == end)
            break; /* a line feed at the end, which neither Spark nor leat writes */
        struct lt_arena *arena = lt_arena_create();
        struct lt_manifest_file file;
        int code = parse_line(line, (size_t)(line_end - line), arena, &file, error);
        if (code != 0)
            code = lt_error_append(error, "line %zu", number);
        if (code == LT_E_PARSE || code == LT_E_NOT_FOUND || code == LT_E_INVALID)
            code = error == NULL ? LT_E_CORRUPT : (error->code = LT_E_CORRUPT);
        if (code == 0)
            code = visit(context, &file, error);
        lt_arena_destroy(arena);
        if (code != 0)
            return code;
    }
    return 0;
}

int lt_manifest_visit(const struct lt_manifest *manifest, lt_manifest_visit_fn *visit,
                      void *context, struct lt_error *error)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_text_append(&text, version);
    lt_text_append_n(&text, lt_text_get(&manifest->lines), manifest->lines.size_bytes);
    int code = lt_manifest_parse(text.data, text.size_bytes, visit, context, error);
    lt_text_fini(&text);
    return code;
}

/* ----------------------------------------------------------------------------------- the folder */

static int take_line(void *context, const struct lt_manifest_file *file, struct lt_error *error)
{
    (void)error;
    add_line(context, file);
    return 0;
}

static int load_file(struct lt_manifest *manifest, const char *path, int64_t epoch,
                     struct lt_error *error)
{
    char name[LT_MANIFEST_NAME_SIZE], *whole = NULL;
    struct lt_text_buffer text;
    lt_manifest_name(epoch, lt_manifest_is_compact(manifest->interval, epoch), name);
    lt_text_init(&text);
    lt_text_format(&text, "%s/%s", path, name);
    whole = lt_text_take(&text);
    lt_text_init(&text);
    int fd = open(whole, O_RDONLY | O_CLOEXEC), number;
    number = fd < 0 ? errno : lt_file_read_text(fd, SIZE_MAX, &text);
    if (fd >= 0)
        close(fd);
    int code;
    if (number == ENOENT)
        code = lt_error_set(error, LT_E_CORRUPT,
                            "the manifest file '%s' is missing, and later ones are there; hint: "
                            "without it nobody knows which files of the directory count",
                            whole);
    else if (number != 0)
        code = lt_error_set_errno(error, number, "cannot read the manifest file '%s'", whole);
    else {
        code = lt_manifest_parse(lt_text_get(&text), text.size_bytes, take_line, manifest, error);
        code = code == 0 ? 0 : lt_error_append(error, "the manifest file '%s' is damaged", whole);
    }
    lt_text_fini(&text);
    free(whole);
    return code;
}

/* The newest manifest file, the two newest compacted ones and the oldest of all; -1 for what is not
 * there. */
struct newest {
    int64_t last, compact, compact_before;
    int64_t oldest;
};

static void note_name(struct newest *newest, const char *name)
{
    bool is_compact;
    int64_t epoch = lt_manifest_epoch_of(name, &is_compact);
    if (epoch > newest->last)
        newest->last = epoch;
    if (epoch >= 0 && (newest->oldest < 0 || epoch < newest->oldest))
        newest->oldest = epoch;
    if (is_compact && epoch > newest->compact) {
        newest->compact_before = newest->compact;
        newest->compact = epoch;
    } else if (is_compact && epoch > newest->compact_before) {
        newest->compact_before = epoch;
    }
}

static int find_newest(const char *path, struct newest *newest, struct lt_error *error)
{
    *newest = (struct newest){-1, -1, -1, -1};
    DIR *folder = opendir(path);
    if (folder == NULL)
        return errno == ENOENT
                   ? 0
                   : lt_error_set_errno(error, errno, "cannot list the manifest '%s'", path);
    errno = 0;
    for (struct dirent *found; (found = readdir(folder)) != NULL; errno = 0)
        note_name(newest, found->d_name);
    int number = errno;
    closedir(folder);
    return number == 0 ? 0
                       : lt_error_set_errno(error, number, "cannot list the manifest '%s'", path);
}

int lt_manifest_load(struct lt_manifest *manifest, const char *path, struct lt_error *error)
{
    struct newest newest;
    int code = find_newest(path, &newest, error);
    if (code != 0 || newest.last < 0)
        return code;
    if (newest.compact >= 0)
        manifest->interval = fitting_interval(newest.compact, newest.compact_before);
    int64_t epoch = lt_manifest_first_read(manifest->interval, newest.last);
    for (; epoch <= newest.last && code == 0; epoch++)
        code = load_file(manifest, path, epoch, error);
    manifest->last = newest.last;
    manifest->oldest = newest.oldest;
    return code;
}
