#include "core/state/metadata.h"

#include <inttypes.h>
#include <string.h>

#include "core/text/json_tree.h"
#include "core/text/json_write.h"

static const char version_line[] = "v1\n";

/* ------------------------------------------------------------------------------------- writing */

static void put_text(struct lt_text_buffer *out, const char *front, const char *text)
{
    if (text == NULL)
        return;
    lt_text_append(out, front);
    lt_json_write_string(out, text, strlen(text));
}

static void put_store(struct lt_text_buffer *out, const struct lt_state_metadata_store *store)
{
    put_text(out, "{\"storeName\":", store->name);
    lt_text_format(out, ",\"numColsPrefixKey\":0,\"numPartitions\":%" PRIu32,
                   store->partition_count);
    put_text(out, ",\"keySchema\":", store->key);
    put_text(out, ",\"valueSchema\":", store->value);
    lt_text_format(out, ",\"keySuffixBytes\":%" PRIu32 "}", store->key_suffix_bytes);
}

void lt_state_metadata_format(struct lt_text_buffer *out, const struct lt_state_metadata *metadata)
{
    lt_text_format(out, "%s{\"operatorInfo\":{\"operatorId\":%" PRIu64, version_line,
                   metadata->number);
    put_text(out, ",\"operatorName\":", metadata->operator_name);
    lt_text_append(out, "},\"stateStoreInfo\":[");
    for (size_t i = 0; i < metadata->store_count; i++) {
        if (i > 0)
            lt_text_append_char(out, ',');
        put_store(out, &metadata->stores[i]);
    }
    lt_text_append(out, "]}");
}

/* ------------------------------------------------------------------------------------- reading */

static const char *optional_text(const struct lt_json *object, const char *name)
{
    const char *text;
    return lt_json_get_text(object, name, &text, NULL) == 0 ? text : NULL;
}

/* A number that may be missing, and is 0 then. */
static uint32_t optional_number(const struct lt_json *object, const char *name)
{
    int64_t number;
    if (lt_json_get_i64(object, name, &number, NULL) != 0 || number < 0 || number > INT32_MAX)
        return 0;
    return (uint32_t)number;
}

static int read_stores(const struct lt_json *list, struct lt_arena *arena,
                       struct lt_state_metadata *out, struct lt_error *error)
{
    if (list == NULL || !list->is_array)
        return lt_error_set(error, LT_E_CORRUPT, "it has no \"stateStoreInfo\"");
    struct lt_state_metadata_store *stores =
        lt_arena_alloc(arena, list->count * sizeof *stores);
    for (size_t i = 0; i < list->count; i++) {
        const struct lt_json *item = &list->items[i];
        stores[i] = (struct lt_state_metadata_store){
            .name = optional_text(item, "storeName"),
            .partition_count = optional_number(item, "numPartitions"),
            .key_suffix_bytes = optional_number(item, "keySuffixBytes"),
            .key = optional_text(item, "keySchema"),
            .value = optional_text(item, "valueSchema"),
        };
        if (stores[i].name == NULL)
            return lt_error_set(error, LT_E_CORRUPT, "its store %zu has no \"storeName\"", i);
    }
    out->stores = stores;
    out->store_count = list->count;
    return 0;
}

int lt_state_metadata_parse(const char *text, size_t size_bytes, struct lt_arena *arena,
                            struct lt_state_metadata *out, struct lt_error *error)
{
    const struct lt_json *json;
    size_t front = strlen(version_line);
    int64_t number;
    if (size_bytes < 2 || text[0] != 'v')
        return lt_error_set(error, LT_E_CORRUPT, "its first line is not a version such as 'v1'");
    if (size_bytes < front || memcmp(text, version_line, front) != 0)
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "its format version is not 'v1', which is the only one known");
    if (lt_json_parse(text + front, size_bytes - front, arena, &json, NULL) != 0 ||
        !json->is_object)
        return lt_error_set(error, LT_E_CORRUPT, "its second line is not a JSON object");
    const struct lt_json *info = lt_json_get(json, "operatorInfo");
    *out = (struct lt_state_metadata){.operator_name = optional_text(info, "operatorName")};
    if (out->operator_name == NULL || lt_json_get_i64(info, "operatorId", &number, NULL) != 0 ||
        number < 0)
        return lt_error_set(error, LT_E_CORRUPT,
                            "it has no \"operatorInfo\" with an id and a name");
    out->number = (uint64_t)number;
    return read_stores(lt_json_get(json, "stateStoreInfo"), arena, out, error);
}

const struct lt_state_metadata_store *
lt_state_metadata_find(const struct lt_state_metadata *metadata, const char *store)
{
    const char *name = store == NULL ? LT_STATE_DEFAULT_STORE : store;
    for (size_t i = 0; i < metadata->store_count; i++)
        if (strcmp(metadata->stores[i].name, name) == 0)
            return &metadata->stores[i];
    return NULL;
}

/* ----------------------------------------------------------------------------------- comparing */

int lt_state_schema_parse(const char *ddl, struct lt_arena *arena, const struct lt_type **out,
                          struct lt_error *error)
{
    if (ddl[0] != '\0')
        return lt_type_parse_ddl(ddl, arena, out, error);
    *out = lt_type_struct(arena, NULL, 0);
    return 0;
}

bool lt_state_is_same_key(const struct lt_type *a, const struct lt_type *b)
{
    bool is_same = a->field_count == b->field_count;
    for (uint32_t i = 0; is_same && i < a->field_count; i++)
        is_same = lt_type_equal(a->fields[i].type, b->fields[i].type);
    return is_same;
}

bool lt_state_is_same_value(const struct lt_type *a, const struct lt_type *b)
{
    bool is_same = lt_state_is_same_key(a, b);
    for (uint32_t i = 0; is_same && i < a->field_count; i++)
        is_same = a->fields[i].type->kind != LT_TYPE_BINARY ||
                  strcmp(a->fields[i].name, b->fields[i].name) == 0;
    return is_same;
}
