#include "core/state/dump.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/row_bytes.h"
#include "core/state/store.h"
#include "core/text/json_tree.h"
#include "core/text/json_write.h"

enum { SCRATCH_BYTES = 4096, STOPPED = 1, INDEX_BYTES = 8 };

/* A schema, and a row to read bytes of it into; no schema: bytes stand as they are. */
struct reader {
    const struct lt_type *schema;
    struct lt_row_pool *pool;
    struct lt_text_buffer json; /* of what was read last */
};

struct dumper {
    const struct lt_state_dump *dump;
    struct lt_arena *arena;
    struct reader key, value;
    const struct lt_json *wanted; /* columns, as an object; NULL: all keys, or one by its text */
    struct lt_text_buffer line;
};

/* ----------------------------------------------------------------------------------------- rows */

static int open_reader(struct reader *reader, const char *ddl, struct lt_arena *arena,
                       struct lt_error *error)
{
    if (ddl == NULL)
        return 0;
    int code = lt_state_schema_parse(ddl, arena, &reader->schema, error);
    if (code != 0)
        return lt_error_append(error, "schema of the state \"%s\"", ddl);
    const struct lt_row_pool_options options = {.column_count = reader->schema->field_count,
                                                .capacity = 1,
                                                .scratch_size_bytes = SCRATCH_BYTES};
    return lt_row_pool_create(&options, &reader->pool, error);
}

static void close_reader(struct reader *reader)
{
    lt_row_pool_destroy(reader->pool);
    lt_text_fini(&reader->json);
}

/* A column's NULL stands as null: what is not there and what is NULL are not the same in state. */
/* A column's NULL stands as null: what is not there and what is NULL are not the same in state. */
static int write_json(const struct lt_state_dump *dump, struct reader *reader,
                      const struct lt_row *row, struct lt_error *error)
{
    static const struct lt_json_write_options options = {.keep_null_fields = true};
    const struct lt_struct structure = {.nulls = lt_row_nulls(row), .values = lt_row_values(row)};
    const union lt_value value = {.structure = &structure};
    if (dump->write != NULL)
        return dump->write(dump->write_context, reader->schema, &value, &reader->json, error);
    lt_json_write_value(&reader->json, reader->schema, &value, &options);
    return 0;
}

static int read_json(const struct lt_state_dump *dump, struct reader *reader,
                     struct lt_state_bytes bytes, struct lt_error *error)
{
    lt_text_clear(&reader->json);
    if (reader->schema == NULL) {
        lt_text_append(&reader->json, "{\"bytes\":\"");
        lt_json_write_base64(&reader->json, bytes.data, bytes.size_bytes);
        lt_text_append(&reader->json, "\"}");
        return 0;
    }
    struct lt_row *row = lt_row_claim(reader->pool);
    lt_assert(row != NULL); /* the one before is home */
    int code = lt_row_bytes_read(reader->schema, bytes.data, bytes.size_bytes, row, error);
    if (code == 0)
        code = write_json(dump, reader, row, error);
    lt_row_release(row);
    return code;
}

/* Puts what stands at the end of a key behind its columns: a number, or more than one as bytes. */
static void add_suffix(struct lt_text_buffer *json, const unsigned char *suffix,
                       uint32_t size_bytes)
{
    uint64_t index = 0;
    struct lt_text_buffer front;
    lt_text_init(&front);
    lt_text_append_n(&front, lt_text_get(json), json->size_bytes - 1);
    lt_text_append(&front, json->size_bytes > 2 ? "," : "");
    if (size_bytes <= INDEX_BYTES) {
        for (uint32_t i = size_bytes; i-- > 0;)
            index = index << 8 | suffix[i];
        lt_text_format(&front, "\"index\":%" PRIu64 "}", index);
    } else {
        lt_text_append(&front, "\"place\":\"");
        for (uint32_t i = 0; i < size_bytes; i++)
            lt_text_format(&front, "%02x", suffix[i]);
        lt_text_append(&front, "\"}");
    }
    lt_text_clear(json);
    lt_text_append(json, lt_text_get(&front));
    lt_text_fini(&front);
}

static int read_key(struct dumper *dumper, struct lt_state_bytes key, struct lt_error *error)
{
    const struct lt_state_metadata_store *store = dumper->dump->store;
    uint32_t suffix_bytes = store == NULL ? 0 : store->key_suffix_bytes;
    if (suffix_bytes > key.size_bytes)
        suffix_bytes = 0; /* the key is damaged, and says so */
    key.size_bytes -= suffix_bytes;
    int code = read_json(dumper->dump, &dumper->key, key, error);
    if (code == 0 && suffix_bytes > 0)
        add_suffix(&dumper->key.json, (const unsigned char *)key.data + key.size_bytes,
                   suffix_bytes);
    return code;
}

/* ------------------------------------------------------------------------------------- matching */

/* Every field of `wanted` is in `has`, and the same. Recursion ends: the parser bounds depth. */
static bool is_like(const struct lt_json *wanted, const struct lt_json *has)
{
    bool is = has != NULL && wanted->is_object == has->is_object &&
              wanted->is_array == has->is_array && wanted->kind == has->kind;
    if (is && wanted->is_object) {
        for (size_t i = 0; is && i < wanted->count; i++)
            is = is_like(&wanted->items[i], lt_json_get(has, wanted->names[i]));
        return is;
    }
    if (is && wanted->is_array) {
        is = wanted->count == has->count;
        for (size_t i = 0; is && i < wanted->count; i++)
            is = is_like(&wanted->items[i], &has->items[i]);
        return is;
    }
    if (is && wanted->kind == LT_JSON_BOOLEAN)
        return wanted->i64 == has->i64;
    return is && (wanted->kind == LT_JSON_NULL ||
                  (wanted->size_bytes == has->size_bytes &&
                   memcmp(wanted->text, has->text, has->size_bytes) == 0));
}

/* The only column of a key, by its text. */
static bool is_called(const struct lt_json *column, const char *text)
{
    if (column->kind == LT_JSON_BOOLEAN)
        return strcmp(text, column->i64 != 0 ? "true" : "false") == 0;
    if (column->kind == LT_JSON_NULL)
        return strcmp(text, "null") == 0;
    return !column->is_object && !column->is_array && strlen(text) == column->size_bytes &&
           memcmp(text, column->text, column->size_bytes) == 0;
}

static bool is_wanted(const struct dumper *dumper)
{
    const struct lt_json *has;
    const struct lt_text_buffer *json = &dumper->key.json;
    if (dumper->dump->key == NULL)
        return true;
    struct lt_arena *arena = lt_arena_create();
    bool is = lt_json_parse(lt_text_get(json), json->size_bytes, arena, &has, NULL) == 0;
    if (is && dumper->wanted != NULL)
        is = is_like(dumper->wanted, has);
    else if (is)
        is = has->count > 0 && is_called(&has->items[0], dumper->dump->key);
    lt_arena_destroy(arena);
    return is;
}

static int read_wanted(struct dumper *dumper, struct lt_error *error)
{
    const char *key = dumper->dump->key;
    const struct lt_type *schema = dumper->key.schema;
    const struct lt_json *json;
    if (key == NULL)
        return 0;
    if (lt_json_parse(key, strlen(key), dumper->arena, &json, NULL) == 0 && json->is_object) {
        dumper->wanted = json;
        return 0;
    }
    if (schema == NULL || schema->field_count == 1)
        return 0;
    return lt_error_set(error, LT_E_INVALID,
                        "the key \"%s\" is no JSON object, and this state's keys have %u columns: "
                        "%s; hint: {\"column\":value}, with some of them or all",
                        key, (unsigned)schema->field_count,
                        lt_type_ddl(dumper->arena, schema));
}

/* ----------------------------------------------------------------------------------------- dump */

static int dump_entry(void *context, uint32_t partition, const struct lt_state_entry *entry,
                      struct lt_error *error)
{
    struct dumper *dumper = context;
    int code = read_key(dumper, entry->key, error);
    if (code != 0 || !is_wanted(dumper))
        return code == 0 ? 0 : lt_error_append(error, "a key of partition %" PRIu32, partition);
    code = read_json(dumper->dump, &dumper->value, entry->value, error);
    if (code != 0)
        return lt_error_append(error, "the value of key %s of partition %" PRIu32,
                               lt_text_get(&dumper->key.json), partition);
    lt_text_clear(&dumper->line);
    lt_text_format(&dumper->line, "{\"key\":%s,\"value\":%s,\"partition_id\":%" PRIu32 "}",
                   lt_text_get(&dumper->key.json), lt_text_get(&dumper->value.json), partition);
    return dumper->dump->line(dumper->dump->context, lt_text_get(&dumper->line)) ? 0 : STOPPED;
}

int lt_state_dump(const struct lt_state_dump *dump, struct lt_error *error)
{
    struct dumper dumper = {.dump = dump, .arena = lt_arena_create()};
    const struct lt_state_scan scan = {.root = dump->root,
                                       .name = dump->store_name,
                                       .version = dump->version,
                                       .partition = dump->partition,
                                       .each = dump_entry,
                                       .context = &dumper};
    int code = 0;
    if (dump->store != NULL) {
        code = open_reader(&dumper.key, dump->store->key, dumper.arena, error);
        if (code == 0)
            code = open_reader(&dumper.value, dump->store->value, dumper.arena, error);
    }
    if (code == 0)
        code = read_wanted(&dumper, error);
    if (code == 0)
        code = lt_state_scan(&scan, error);
    close_reader(&dumper.key);
    close_reader(&dumper.value);
    lt_text_fini(&dumper.line);
    lt_arena_destroy(dumper.arena);
    return code == STOPPED ? 0 : code;
}
