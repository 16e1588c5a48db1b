/*
 * JSON text, types, errors raised on purpose.
 */
#include <stdlib.h>
#include <string.h>

#include "core/text/json_path.h"
#include "ops/expr/analyser.h"
#include "ops/expr/expr.h"

/* ----------------------------------------------------------------------------- get_json_object */

struct json_lookup {
    struct lt_json_path *path; /* NULL: the text is no path, and the result NULL */
    uint8_t *text;             /* what it was compiled from */
    uint32_t size_bytes, capacity;
    bool is_set;
    struct lt_text_buffer found;
};

static void lookup_set(struct json_lookup *lookup, struct lt_bytes text)
{
    lt_json_path_destroy(lookup->path);
    if (text.size_bytes > lookup->capacity) {
        lookup->capacity = text.size_bytes;
        lookup->text = lt_realloc_array(lookup->text, text.size_bytes, 1);
    }
    if (text.size_bytes > 0)
        memcpy(lookup->text, text.data, text.size_bytes);
    lookup->size_bytes = text.size_bytes;
    lookup->is_set = true;
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
    free(lookup->text);
    free(lookup);
}

static enum lt_kernel get_json_object(struct lt_machine *machine, const struct lt_call *call,
                                      union lt_value *out)
{
    struct json_lookup *lookup = call->state;
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    struct lt_bytes path = lt_argument_bytes(machine, call, 1);
    bool is_same = lookup->is_set && lookup->size_bytes == path.size_bytes &&
                   (path.size_bytes == 0 || memcmp(lookup->text, path.data, path.size_bytes) == 0);
    if (!is_same)
        lookup_set(lookup, path);
    if (lookup->path == NULL ||
        !lt_json_path_get(lookup->path, text.data, text.size_bytes, &lookup->found))
        return LT_KERNEL_NULL;
    return lt_machine_put(machine, call, lookup->found.data, lookup->found.size_bytes, out);
}

/* ---------------------------------------------------------------------------- types and errors */

static enum lt_kernel raise(struct lt_machine *machine, const struct lt_call *call, uint32_t index)
{
    bool is_null = lt_argument_is_null(machine, call, index);
    struct lt_bytes text = lt_argument_bytes(machine, call, index);
    return lt_machine_fault(machine, call, "USER_RAISED_EXCEPTION", "P0001", "%.*s",
                            is_null ? 4 : (int)text.size_bytes,
                            is_null ? "null" : (const char *)text.data);
}

static enum lt_kernel raise_error(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    (void)out;
    return raise(machine, call, 0);
}

static enum lt_kernel assert_true(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    (void)out;
    if (!lt_argument_is_null(machine, call, 0) && lt_argument(machine, call, 0)->i64 != 0)
        return LT_KERNEL_NULL;
    return raise(machine, call, 1);
}

/* Without a text of its own the condition is told. */
static int infer_assert_true(struct lt_analyser *analyser, struct lt_expression *call)
{
    struct lt_arena *arena = analyser->coerce.arena;
    if (call->argument_count != 1)
        return LT_INFER_LETTERS;
    struct lt_expression **arguments = lt_arena_alloc(arena, 2 * sizeof(struct lt_expression *));
    struct lt_expression *text = lt_arena_alloc(arena, sizeof *text);
    const char *shown =
        lt_arena_format(arena, "'%s' is not true!", lt_expr_text(call->arguments[0], arena));
    *text = (struct lt_expression){.kind = LT_EXPR_LITERAL,
                                   .begin = call->begin,
                                   .end = call->end,
                                   .type = lt_type_simple(LT_TYPE_STRING),
                                   .value = lt_value_text(shown),
                                   .index = -1};
    arguments[0] = call->arguments[0];
    arguments[1] = text;
    call->arguments = arguments;
    call->argument_count = 2;
    return LT_INFER_LETTERS;
}

/* JSON is text, or the bytes of a record; nothing is turned into it. */
static int infer_get_json_object(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *type = call->arguments[0]->type;
    if (!lt_letter_accepts('o', type) && type->kind != LT_TYPE_VOID)
        return lt_analyser_unexpected(analyser, call, 0, "a STRING");
    return LT_INFER_LETTERS;
}

#define DETERMINISTIC .is_deterministic = true

static const struct lt_function functions[] = {
    {"get_json_object", NULL, "get_json_object(json, path)",
     "What stands at a path ($.a.b[0], $[*]) of JSON text, as text; NULL if nothing does.",
     "get_json_object('{\"a\":{\"b\":1}}', '$.a.b')", "1", DETERMINISTIC,
     .signatures = {LT_KERNEL("oS", "s", get_json_object)}, .prepare = prepare_lookup,
     .release = release_lookup, .infer = infer_get_json_object},
    {"typeof", NULL, "typeof(a)", "The name of the type.", "typeof(1 + 1L)", "bigint",
     LT_NULL_AWARE, LT_FLOW_REWRITTEN, DETERMINISTIC,
     .signatures = {LT_INLINE("a", "s", LT_OP_MOVE, LT_FAMILY_NONE)}},
    {"raise_error", NULL, "raise_error(text)", "Makes the record fail with this text.",
     "if(false, raise_error('no'), 'fine')", "fine", LT_NULL_AWARE, DETERMINISTIC,
     .signatures = {LT_KERNEL("s", "v", raise_error)}},
    {"assert_true", NULL, "assert_true(condition[, text])",
     "NULL when the condition is true; else the record fails.", "assert_true(1 < 2)", "NULL",
     LT_NULL_AWARE, DETERMINISTIC, .signatures = {LT_KERNEL("P[s]", "v", assert_true)},
     .infer = infer_assert_true},
};

const struct lt_function_group lt_functions_other = {"other", functions,
                                                     sizeof functions / sizeof functions[0]};
