/*
 * Looking into JSON text without a schema: what stands at a path, the length of an array, the names
 * of an object. What follows the outermost value is not read.
 */
#include <stdlib.h>
#include <string.h>

#include "core/text/json_path.h"
#include "core/text/json_scan.h"
#include "ops/expr/codec_arguments.h"
#include "ops/expr/kept_text.h"

/* As Spark reads JSON here: single quotes and control characters in strings are taken. */
enum { SCAN_FLAGS = LT_JSON_SCAN_SPARK | LT_JSON_SCAN_CONTROL };

static enum lt_json_token begin(struct lt_json_scan *scan, struct lt_bytes text)
{
    lt_json_scan_init(scan, text.data, text.size_bytes, SCAN_FLAGS);
    return lt_json_scan_next(scan);
}

/* ---------------------------------------------------------------------------- json_array_length */

static enum lt_kernel json_array_length(struct lt_machine *machine, const struct lt_call *call,
                                        union lt_value *out)
{
    struct lt_json_scan scan;
    out->i64 = 0;
    if (begin(&scan, lt_argument_bytes(machine, call, 0)) != LT_JSON_TOKEN_ARRAY_BEGIN)
        return LT_KERNEL_NULL;
    for (;;) {
        enum lt_json_token token = lt_json_scan_next(&scan);
        if (token == LT_JSON_TOKEN_ARRAY_END)
            return LT_KERNEL_VALUE;
        if (token == LT_JSON_TOKEN_INVALID || token == LT_JSON_TOKEN_END ||
            lt_json_scan_skip(&scan) == LT_JSON_TOKEN_INVALID)
            return LT_KERNEL_NULL;
        out->i64++;
    }
}

/* ----------------------------------------------------------------------------- json_object_keys */

/* Goes through the fields of the object and past their values; the count of its fields, -1 when it
 * is malformed. `each` is called at a name. */
typedef bool name_fn(void *context, const struct lt_json_scan *scan, uint32_t index);

static int64_t each_name(struct lt_json_scan *scan, name_fn *each, void *context)
{
    uint32_t count = 0;
    for (;;) {
        enum lt_json_token token = lt_json_scan_next(scan);
        if (token == LT_JSON_TOKEN_OBJECT_END)
            return count;
        if (token != LT_JSON_TOKEN_NAME || (each != NULL && !each(context, scan, count)) ||
            lt_json_scan_skip(scan) == LT_JSON_TOKEN_INVALID)
            return -1;
        count++;
    }
}

struct names {
    struct lt_machine *machine;
    struct lt_array *array;
};

static bool put_name(void *context, const struct lt_json_scan *scan, uint32_t index)
{
    struct names *names = context;
    struct lt_text_buffer *text = &names->machine->text;
    lt_text_clear(text);
    lt_json_scan_text(scan, text);
    uint8_t *copy = lt_machine_alloc(names->machine, text->size_bytes);
    if (copy == NULL)
        return false;
    if (text->size_bytes > 0)
        memcpy(copy, text->data, text->size_bytes);
    const union lt_value name = lt_value_bytes(copy, (uint32_t)text->size_bytes);
    lt_array_put(names->array, index, false, &name);
    return true;
}

static enum lt_kernel json_object_keys(struct lt_machine *machine, const struct lt_call *call,
                                       union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    struct lt_json_scan scan;
    if (begin(&scan, text) != LT_JSON_TOKEN_OBJECT_BEGIN)
        return LT_KERNEL_NULL;
    int64_t count = each_name(&scan, NULL, NULL);
    if (count < 0)
        return LT_KERNEL_NULL;
    struct names names = {machine, lt_machine_array(machine, (uint32_t)count)};
    (void)begin(&scan, text);
    if (names.array == NULL || each_name(&scan, put_name, &names) != count)
        return lt_machine_too_large(machine, call);
    out->array = names.array;
    return LT_KERNEL_VALUE;
}

static int infer_keys(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = lt_infer_string(analyser, call, 0);
    const struct lt_type *type =
        lt_type_array(analyser->coerce.arena, lt_type_simple(LT_TYPE_STRING), true);
    return code == LT_OK ? lt_infer_done(call, type, true) : code;
}

/* ----------------------------------------------------------------------------- get_json_object */

struct json_lookup {
    struct lt_json_path *path; /* NULL: the text is no path, and the result NULL */
    struct lt_kept_text text;  /* what it was compiled from */
    struct lt_text_buffer found;
};

static void lookup_set(struct json_lookup *lookup, struct lt_bytes text)
{
    lt_json_path_destroy(lookup->path);
    lt_kept_text_set(&lookup->text, text);
    lookup->path = lt_json_path_create((const char *)text.data, text.size_bytes);
}

static int prepare_lookup(const struct lt_prepare *prepare, struct lt_error *error)
{
    const struct lt_expression *path = prepare->expression->arguments[1];
    struct json_lookup *lookup = lt_alloc(sizeof *lookup);
    (void)error;
    lt_text_init(&lookup->found);
    if (path->kind == LT_EXPR_LITERAL && !path->is_null)
        lookup_set(lookup, path->value.bytes);
    prepare->call->state = lookup;
    return LT_OK;
}

static void release_lookup(void *state)
{
    struct json_lookup *lookup = state;
    lt_json_path_destroy(lookup->path);
    lt_text_fini(&lookup->found);
    lt_kept_text_fini(&lookup->text);
    free(lookup);
}

static enum lt_kernel get_json_object(struct lt_machine *machine, const struct lt_call *call,
                                      union lt_value *out)
{
    struct json_lookup *lookup = call->state;
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    struct lt_bytes path = lt_argument_bytes(machine, call, 1);
    if (!lt_kept_text_is(&lookup->text, path))
        lookup_set(lookup, path);
    if (lookup->path == NULL ||
        !lt_json_path_get(lookup->path, text.data, text.size_bytes, &lookup->found))
        return LT_KERNEL_NULL;
    return lt_machine_put(machine, call, lookup->found.data, lookup->found.size_bytes, out);
}

/* JSON is text, or the bytes of a record; nothing is turned into it. */
static int infer_get_json_object(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *type = call->arguments[0]->type;
    if (!lt_letter_accepts('o', type) && type->kind != LT_TYPE_VOID)
        return lt_analyser_unexpected(analyser, call, 0, "a STRING");
    return LT_INFER_LETTERS;
}

static const struct lt_function functions[] = {
    {"get_json_object", NULL, "get_json_object(json, path)",
     "What stands at a path ($.a.b[0], $[*]) of JSON text, as text; NULL if nothing does.",
     "get_json_object('{\"a\":{\"b\":1}}', '$.a.b')", "1", .is_deterministic = true,
     .decodes_texts = true, .signatures = {LT_KERNEL("oS", "s", get_json_object)},
     .prepare = prepare_lookup, .release = release_lookup, .infer = infer_get_json_object},
    {"json_array_length", NULL, "json_array_length(json)",
     "How many elements the outermost array has; NULL when the text is none.",
     "json_array_length('[1,[2,3]]')", "2", .is_deterministic = true,
     .signatures = {LT_KERNEL("S", "i", json_array_length)}},
    {"json_object_keys", NULL, "json_object_keys(json)",
     "The names in the outermost object, in their order; NULL when the text is none.",
     "json_object_keys('{\"a\":1,\"b\":2}')", "[a, b]", .is_deterministic = true,
     .infer = infer_keys, .decodes_texts = true,
     .signatures = {LT_KERNEL("S", "a", json_object_keys)}},
};

const struct lt_function_group lt_functions_json_text = {"json_text", functions,
                                                         sizeof functions / sizeof functions[0]};
