/*
 * Reading is core/text's; here is what the two forms must look like. Errors name line and column of
 * what does not fit.
 */
#include "io/kafka_offsets.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/units.h"
#include "core/text/json_tree.h"

struct walk {
    lt_kafka_entry_fn *visit;
    void *context;
    struct lt_error *error;
};

static int fail(const struct walk *walk, const struct lt_json *json, const char *wanted)
{
    return lt_error_set(walk->error, LT_E_PARSE, "line %zu, column %zu: expected %s", json->line,
                        json->column, wanted);
}

static bool is_partition(const struct lt_json *json)
{
    return json->kind == LT_JSON_INTEGER && json->i64 >= 0 && json->i64 <= INT32_MAX;
}

/* -------------------------------------------------------------------------------------- repeats */

struct name {
    const struct lt_json *value; /* with its place in the text */
    const char *text;
    int64_t number;
};

static int compare_names(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    int order = x->text == NULL ? 0 : strcmp(x->text, y->text);
    return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

/* Of two values for one name it cannot be told which was meant. Sorts. */
static int check_repeats(const struct walk *walk, struct name *names, size_t count)
{
    if (count > 1)
        qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 1; i < count; i++) {
        const struct lt_json *place = names[i].value;
        if (compare_names(&names[i - 1], &names[i]) == 0 && names[i].text != NULL)
            return lt_error_set(walk->error, LT_E_PARSE,
                                "line %zu, column %zu: topic \"%s\" is there twice", place->line,
                                place->column, names[i].text);
        if (compare_names(&names[i - 1], &names[i]) == 0)
            return lt_error_set(walk->error, LT_E_PARSE,
                                "line %zu, column %zu: partition %" PRId64 " is there twice",
                                place->line, place->column, names[i].number);
    }
    return 0;
}

static int check_topic_repeats(const struct walk *walk, const struct lt_json *json)
{
    struct name *names = lt_alloc_array(json->count + 1, sizeof *names);
    for (size_t i = 0; i < json->count; i++)
        names[i] = (struct name){&json->items[i], json->names[i], 0};
    int code = check_repeats(walk, names, json->count);
    free(names);
    return code;
}

/* Names that are no numbers are refused where they are read. */
static int check_partition_repeats(const struct walk *walk, const struct lt_json *json)
{
    struct name *names = lt_alloc_array(json->count + 1, sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < json->count; i++) {
        names[count] = (struct name){&json->items[i], NULL, 0};
        count += lt_units_parse_i64(json->names[i], &names[count].number, NULL) == 0;
    }
    int code = check_repeats(walk, names, count);
    free(names);
    return code;
}

/* -------------------------------------------------------------------------------------- walking */

/* {"0":23} */
static int walk_offsets(const struct walk *walk, const char *topic, const struct lt_json *json)
{
    if (!json->is_object)
        return fail(walk, json, "an offset per partition: {\"0\":23}");
    int code = check_partition_repeats(walk, json);
    for (size_t i = 0; i < json->count && code == 0; i++) {
        int64_t partition;
        if (lt_units_parse_i64(json->names[i], &partition, NULL) < 0 || partition < 0 ||
            partition > INT32_MAX)
            return fail(walk, &json->items[i], "a partition number as its name");
        if (json->items[i].kind != LT_JSON_INTEGER)
            return fail(walk, &json->items[i], "an offset");
        code =
            walk->visit(walk->context, topic, (int32_t)partition, json->items[i].i64, walk->error);
    }
    return code;
}

/* [0,1] */
static int walk_partitions(const struct walk *walk, const char *topic, const struct lt_json *json)
{
    if (!json->is_array)
        return fail(walk, json, "partition numbers: [0,1]");
    for (size_t i = 0; i < json->count; i++) {
        if (!is_partition(&json->items[i]))
            return fail(walk, &json->items[i], "a partition number");
        int code = walk->visit(walk->context, topic, (int32_t)json->items[i].i64, 0, walk->error);
        if (code < 0)
            return code;
    }
    return 0;
}

static int walk_topics(const struct walk *walk, const char *text,
                       int (*walk_topic)(const struct walk *, const char *, const struct lt_json *))
{
    struct lt_arena *arena = lt_arena_create();
    const struct lt_json *json;
    int code = lt_json_parse(text, strlen(text), arena, &json, walk->error);
    if (code == 0 && !json->is_object)
        code = fail(walk, json, "an object with a field per topic");
    if (code == 0)
        code = check_topic_repeats(walk, json);
    for (size_t i = 0; code == 0 && i < json->count; i++)
        code = walk_topic(walk, json->names[i], &json->items[i]);
    lt_arena_destroy(arena);
    return code;
}

int lt_kafka_offsets_parse(const char *json, lt_kafka_entry_fn *visit, void *context,
                           struct lt_error *error)
{
    const struct walk walk = {visit, context, error};
    return walk_topics(&walk, json, walk_offsets);
}

int lt_kafka_assign_parse(const char *json, lt_kafka_entry_fn *visit, void *context,
                          struct lt_error *error)
{
    const struct walk walk = {visit, context, error};
    return walk_topics(&walk, json, walk_partitions);
}

int lt_kafka_partition_compare(const struct lt_kafka_partition *a,
                               const struct lt_kafka_partition *b)
{
    int order = strcmp(a->topic, b->topic);
    return order != 0 ? order : (a->id > b->id) - (a->id < b->id);
}

void lt_kafka_offsets_print(const struct lt_kafka_partition *partitions, const int64_t *offsets,
                            size_t stride_bytes, uint32_t count, struct lt_text_buffer *out)
{
    const char *topic = NULL;
    lt_text_append_char(out, '{');
    for (uint32_t i = 0; i < count; i++) {
        int64_t offset;
        memcpy(&offset, (const char *)offsets + i * stride_bytes, sizeof offset);
        if (offset < 0)
            continue;
        if (topic != NULL && strcmp(topic, partitions[i].topic) == 0)
            lt_text_append_char(out, ',');
        else
            lt_text_format(out, "%s\"%s\":{", topic == NULL ? "" : "},", partitions[i].topic);
        topic = partitions[i].topic;
        lt_text_format(out, "\"%" PRId32 "\":%" PRId64, partitions[i].id, offset);
    }
    lt_text_append(out, topic == NULL ? "}" : "}}");
}
