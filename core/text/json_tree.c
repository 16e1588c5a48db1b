/*
 * Building the tree: one pass of the scanner with a stack of open containers, which gather their
 * items in a list of their own until they close. No recursion: depth is the scanner's limit.
 */
#include "core/text/json_tree.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/limits.h"
#include "core/text/json_scan.h"
#include "core/text/number.h"
#include "core/text/utf8.h"

struct level {
    struct lt_json container;
    const char *name; /* of the container in its own parent */
    struct lt_json *items;
    const char **names;
    size_t count, capacity;
};

struct builder {
    struct lt_json_scan scan;
    struct lt_arena *arena;
    struct level *levels;
    size_t level_count, level_capacity;
    const char *name; /* of the value to come */
    struct lt_text_buffer text;
    const struct lt_json *root;
    const uint8_t *placed; /* `line` and `column` are those of this byte */
    size_t line, column;
};

static struct lt_json begin_value(struct builder *b)
{
    for (; b->placed < b->scan.token_begin; b->placed++) {
        b->column = *b->placed == '\n' ? 1 : b->column + 1;
        b->line += *b->placed == '\n';
    }
    return (struct lt_json){.line = b->line, .column = b->column};
}

static void add_item(struct builder *b, const struct lt_json *json, const char *name)
{
    if (b->level_count == 0) {
        struct lt_json *root = lt_arena_alloc(b->arena, sizeof *root);
        *root = *json;
        b->root = root;
        return;
    }
    struct level *level = &b->levels[b->level_count - 1];
    if (level->count == level->capacity) {
        level->capacity = level->capacity != 0 ? 2 * level->capacity : 8;
        level->items = lt_realloc_array(level->items, level->capacity, sizeof *level->items);
        level->names = lt_realloc_array(level->names, level->capacity, sizeof *level->names);
    }
    level->items[level->count] = *json;
    level->names[level->count++] = name;
}

static const char *keep_text(struct builder *b, size_t *size_bytes)
{
    lt_text_clear(&b->text);
    lt_json_scan_text(&b->scan, &b->text);
    *size_bytes = b->text.size_bytes;
    return lt_arena_text_n(b->arena, lt_text_get(&b->text), b->text.size_bytes);
}

static void open_level(struct builder *b, bool is_object)
{
    if (b->level_count == b->level_capacity) {
        b->level_capacity = b->level_capacity != 0 ? 2 * b->level_capacity : 8;
        b->levels = lt_realloc_array(b->levels, b->level_capacity, sizeof *b->levels);
    }
    struct level *level = &b->levels[b->level_count];
    *level = (struct level){.container = begin_value(b), .name = b->name};
    level->container.kind = LT_JSON_RAW;
    level->container.is_object = is_object;
    level->container.is_array = !is_object;
    b->level_count++;
}

static void close_level(struct builder *b)
{
    struct level level = b->levels[--b->level_count];
    struct lt_json *json = &level.container;
    json->count = level.count;
    json->items = lt_arena_alloc(b->arena, level.count * sizeof *level.items);
    if (level.count != 0)
        memcpy(json->items, level.items, level.count * sizeof *level.items);
    if (json->is_object) {
        json->names = lt_arena_alloc(b->arena, level.count * sizeof *level.names);
        if (level.count != 0)
            memcpy(json->names, level.names, level.count * sizeof *level.names);
    }
    free(level.items);
    free(level.names);
    add_item(b, json, level.name);
}

static void read_number(struct builder *b, struct lt_json *json)
{
    json->text = keep_text(b, &json->size_bytes);
    enum lt_number_result result = lt_number_parse_double(json->text, json->size_bytes, &json->f64);
    lt_assert(result == LT_NUMBER_OK);
    json->kind = LT_JSON_FLOAT;
    if (b->scan.token == LT_JSON_TOKEN_INTEGER)
        json->kind = lt_number_parse_i64(json->text, json->size_bytes, INT64_MIN, INT64_MAX,
                                         &json->i64) == LT_NUMBER_OK
                         ? LT_JSON_INTEGER
                         : LT_JSON_BIG;
}

static void add_scalar(struct builder *b)
{
    struct lt_json json = begin_value(b);
    switch (b->scan.token) {
    case LT_JSON_TOKEN_STRING:
        json.kind = LT_JSON_STRING;
        json.text = keep_text(b, &json.size_bytes);
        break;
    case LT_JSON_TOKEN_INTEGER:
    case LT_JSON_TOKEN_FLOAT:
        read_number(b, &json);
        break;
    case LT_JSON_TOKEN_NULL:
        json.kind = LT_JSON_NULL;
        break;
    default:
        json.kind = LT_JSON_BOOLEAN;
        json.i64 = b->scan.token == LT_JSON_TOKEN_TRUE;
    }
    add_item(b, &json, b->name);
}

static void take_token(struct builder *b)
{
    size_t size_bytes;
    switch (b->scan.token) {
    case LT_JSON_TOKEN_NAME:
        b->name = keep_text(b, &size_bytes);
        break;
    case LT_JSON_TOKEN_OBJECT_BEGIN:
    case LT_JSON_TOKEN_ARRAY_BEGIN:
        open_level(b, b->scan.token == LT_JSON_TOKEN_OBJECT_BEGIN);
        break;
    case LT_JSON_TOKEN_OBJECT_END:
    case LT_JSON_TOKEN_ARRAY_END:
        close_level(b);
        break;
    default:
        add_scalar(b);
    }
}

static int malformed(const struct lt_json_scan *scan, const char *fault, struct lt_error *error)
{
    size_t line, column;
    lt_json_scan_place(scan, &line, &column);
    return lt_error_set(error, LT_E_PARSE, "JSON: line %zu, column %zu: %s", line, column, fault);
}

static int build(struct builder *b, struct lt_error *error)
{
    while (b->root == NULL) {
        enum lt_json_token token = lt_json_scan_next(&b->scan);
        if (token == LT_JSON_TOKEN_END)
            return malformed(&b->scan, "a value is expected", error);
        if (token == LT_JSON_TOKEN_INVALID)
            return malformed(&b->scan, b->scan.fault, error);
        take_token(b);
    }
    if (lt_json_scan_next(&b->scan) != LT_JSON_TOKEN_END)
        return malformed(&b->scan, "something follows the end of the document", error);
    return 0;
}

int lt_json_parse(const char *text, size_t size_bytes, struct lt_arena *arena,
                  const struct lt_json **out, struct lt_error *error)
{
    *out = NULL;
    if (size_bytes > LT_LIMIT_VALUE_BYTES)
        return lt_error_set(error, LT_E_LIMIT, "JSON: a document of %zu bytes", size_bytes);
    if (!lt_utf8_is_valid(text, size_bytes))
        return lt_error_set(error, LT_E_PARSE, "JSON: the document is not UTF-8");
    struct builder builder = {
        .arena = arena, .placed = (const uint8_t *)text, .line = 1, .column = 1};
    lt_json_scan_init(&builder.scan, text, size_bytes, 0);
    int code = build(&builder, error);
    if (code == 0)
        *out = builder.root;
    for (size_t i = 0; i < builder.level_count; i++) {
        free(builder.levels[i].items);
        free(builder.levels[i].names);
    }
    free(builder.levels);
    lt_text_fini(&builder.text);
    return code;
}

const struct lt_json *lt_json_get(const struct lt_json *json, const char *name)
{
    if (json == NULL || !json->is_object)
        return NULL;
    for (size_t i = json->count; i > 0; i--)
        if (strcmp(json->names[i - 1], name) == 0)
            return &json->items[i - 1];
    return NULL;
}

static int find_field(const struct lt_json *object, const char *name, enum lt_json_kind kind,
                      const char *what, const struct lt_json **out, struct lt_error *error)
{
    if (object == NULL || !object->is_object)
        return lt_error_set(error, LT_E_PARSE, "JSON: an object with the field \"%s\" is expected",
                            name);
    *out = lt_json_get(object, name);
    if (*out == NULL)
        return lt_error_set(error, LT_E_NOT_FOUND, "JSON: line %zu, column %zu: no field \"%s\"",
                            object->line, object->column, name);
    if ((*out)->kind != kind)
        return lt_error_set(error, LT_E_PARSE, "JSON: line %zu, column %zu: field \"%s\" is not %s",
                            (*out)->line, (*out)->column, name, what);
    return 0;
}

int lt_json_get_text(const struct lt_json *object, const char *name, const char **out,
                     struct lt_error *error)
{
    const struct lt_json *field = NULL;
    int code = find_field(object, name, LT_JSON_STRING, "a string", &field, error);
    if (code == 0)
        *out = field->text;
    return code;
}

int lt_json_get_i64(const struct lt_json *object, const char *name, int64_t *out,
                    struct lt_error *error)
{
    const struct lt_json *field = NULL;
    int code = find_field(object, name, LT_JSON_INTEGER, "a whole number", &field, error);
    if (code == 0)
        *out = field->i64;
    return code;
}
