/*
 * Maps made of other things - maps, entries, text - and taken apart into entries; and whether a key
 * is there.
 */
#include "ops/expr/collections.h"
#include "ops/expr/expr.h"
#include "ops/expr/map_build.h"

/* --------------------------------------------------------------------------------------- concat */

static int refuse_maps(struct lt_analyser *analyser, const struct lt_expression *call)
{
    const char *list = "";
    for (uint32_t i = 0; i < call->argument_count; i++)
        list = lt_arena_format(analyser->coerce.arena, "%s%s\"%s\"", list, i == 0 ? "" : ", ",
                               lt_analyser_shown(analyser, call->arguments[i]->type));
    return lt_analyser_mismatch(analyser, call, "DATATYPE_MISMATCH.MAP_CONCAT_DIFF_TYPES",
                                "The `map_concat` should all be of type map, but it's [%s].", list);
}

/* Without arguments it is an empty map of strings. */
static int infer_concat_maps(struct lt_analyser *analyser, struct lt_expression *call)
{
    struct lt_arena *arena = analyser->coerce.arena;
    const struct lt_type *string = lt_type_simple(LT_TYPE_STRING);
    const struct lt_type *common = NULL;
    bool has_null = call->argument_count == 0;
    for (uint32_t i = 0; i < call->argument_count; i++) {
        if (call->arguments[i]->type->kind != LT_TYPE_MAP)
            return refuse_maps(analyser, call);
        has_null = has_null || call->arguments[i]->type->fields[1].nullable;
    }
    common = call->argument_count == 0 ? lt_type_map(arena, string, string, true)
                                       : call->arguments[0]->type;
    for (uint32_t i = 1; i < call->argument_count && common != NULL; i++)
        common = (analyser->coerce.session->is_legacy ? lt_coerce_common : lt_coerce_common_strict)(
            &analyser->coerce, common, call->arguments[i]->type);
    for (uint32_t i = 0; i < call->argument_count && common != NULL; i++) {
        int code = lt_analyser_cast(analyser, &call->arguments[i], common);
        if (code != LT_OK)
            return code;
    }
    if (common == NULL)
        return lt_analyser_refuse_types(analyser, call);
    return lt_collection_finish(
        call, 0, lt_type_map(arena, common->fields[0].type, common->fields[1].type, has_null),
        lt_any_nullable(call->arguments, call->argument_count));
}

static enum lt_kernel map_concat(struct lt_machine *machine, const struct lt_call *call,
                                 union lt_value *out)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < call->argument_count; i++)
        most += lt_argument(machine, call, i)->map->keys.count;
    if (most > INT32_MAX)
        return lt_machine_too_large(machine, call);
    struct lt_map_build build = lt_map_build_start(machine, call, (uint32_t)most);
    for (uint32_t i = 0; i < call->argument_count; i++) {
        const struct lt_map *map = lt_argument(machine, call, i)->map;
        for (uint32_t at = 0; at < map->keys.count; at++) {
            enum lt_kernel result =
                lt_map_build_put(&build, &map->keys.values[at], lt_array_element(&map->values, at));
            if (result != LT_KERNEL_VALUE)
                return result;
        }
    }
    return lt_map_build_finish(&build, out);
}

/* -------------------------------------------------------------------------------------- entries */

static int infer_entries(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = lt_collection_needs_map(analyser, call, 0, true);
    if (code != LT_OK)
        return code;
    struct lt_arena *arena = analyser->coerce.arena;
    const struct lt_type *entry = lt_type_struct(arena, call->arguments[0]->type->fields, 2);
    return lt_collection_finish(call, 0, lt_type_array(arena, entry, false),
                                call->arguments[0]->nullable);
}

static enum lt_kernel map_entries(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    const struct lt_map *map = lt_argument(machine, call, 0)->map;
    struct lt_array *to = lt_machine_array(machine, map->keys.count);
    for (uint32_t i = 0; to != NULL && i < map->keys.count; i++) {
        struct lt_struct *entry = lt_machine_struct(machine, 2);
        if (entry == NULL)
            return lt_machine_too_large(machine, call);
        lt_writable_values(entry->values)[0] = map->keys.values[i];
        if (lt_bit(map->values.nulls, i))
            lt_bit_set((uint64_t *)(uintptr_t)entry->nulls, 1);
        else
            lt_writable_values(entry->values)[1] = map->values.values[i];
        lt_writable_values(to->values)[i].structure = entry;
    }
    out->array = to;
    return to == NULL ? lt_machine_too_large(machine, call) : LT_KERNEL_VALUE;
}

static int infer_from_entries(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *type = call->arguments[0]->type;
    if (type->kind != LT_TYPE_ARRAY || type->fields[0].type->kind != LT_TYPE_STRUCT ||
        type->fields[0].type->field_count != 2)
        return lt_analyser_mismatch(analyser, call, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                                    "The first parameter requires the \"ARRAY\" of pair \"STRUCT\" "
                                    "type, however \"%s\" has "
                                    "the type \"%s\".",
                                    lt_expr_text(call->arguments[0], analyser->coerce.arena),
                                    lt_analyser_shown(analyser, type));
    const struct lt_field *fields = type->fields[0].type->fields;
    int code = lt_collection_needs_key(analyser, call, fields[0].type);
    return code != LT_OK
               ? code
               : lt_collection_finish(call, 0,
                                      lt_type_map(analyser->coerce.arena, fields[0].type,
                                                  fields[1].type, fields[1].nullable),
                                      call->arguments[0]->nullable || type->fields[0].nullable);
}

static enum lt_kernel map_from_entries(struct lt_machine *machine, const struct lt_call *call,
                                       union lt_value *out)
{
    const struct lt_array *entries = lt_array_argument(machine, call, 0);
    for (uint32_t i = 0; i < entries->count; i++) {
        if (lt_bit(entries->nulls, i))
            return LT_KERNEL_NULL;
    }
    struct lt_map_build build = lt_map_build_start(machine, call, entries->count);
    for (uint32_t i = 0; i < entries->count; i++) {
        const struct lt_struct *entry = entries->values[i].structure;
        enum lt_kernel result =
            lt_map_build_put(&build, lt_bit(entry->nulls, 0) ? NULL : &entry->values[0],
                             lt_bit(entry->nulls, 1) ? NULL : &entry->values[1]);
        if (result != LT_KERNEL_VALUE)
            return result;
    }
    return lt_map_build_finish(&build, out);
}

/* --------------------------------------------------------------------------------- contains_key */

static int infer_contains_key(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *map = call->arguments[0]->type;
    const struct lt_expression *wanted = call->arguments[1];
    bool is_null = wanted->type->kind == LT_TYPE_VOID && !lt_coerce_is_open(wanted);
    if (is_null)
        return lt_analyser_refuse_null(analyser, call);
    const struct lt_type *key =
        map->kind == LT_TYPE_MAP
            ? lt_collection_cast(analyser,
                                 lt_coerce_common_strict(&analyser->coerce, map->fields[0].type,
                                                         wanted->type),
                                 map->fields[0].type, wanted->type)
            : NULL;
    if (key == NULL)
        return lt_analyser_refuse_partner(analyser, call, true, 1);
    const struct lt_field *value = &map->fields[1];
    int code =
        lt_analyser_cast(analyser, &call->arguments[0],
                         lt_type_map(analyser->coerce.arena, key, value->type, value->nullable));
    if (code == LT_OK)
        code = lt_analyser_cast(analyser, &call->arguments[1], key);
    /* To Spark it looks into map_keys(), an array that may hold NULL by its type. */
    return code != LT_OK
               ? code
               : lt_collection_finish(call, 0, lt_type_simple(LT_TYPE_BOOLEAN), true);
}

static enum lt_kernel map_contains_key(struct lt_machine *machine, const struct lt_call *call,
                                       union lt_value *out)
{
    const struct lt_map *map = lt_argument(machine, call, 0)->map;
    const struct lt_type *type = call->argument_types[0]->fields[0].type;
    out->i64 = 0;
    for (uint32_t i = 0; i < map->keys.count && out->i64 == 0; i++)
        out->i64 = lt_value_compare(type, &map->keys.values[i], lt_argument(machine, call, 1)) == 0;
    return LT_KERNEL_VALUE;
}

/* ----------------------------------------------------------------------------------- str_to_map */

static struct lt_expression *constant(struct lt_analyser *analyser, const struct lt_expression *at,
                                      const struct lt_type *type, union lt_value value)
{
    struct lt_expression *node = lt_arena_alloc(analyser->coerce.arena, sizeof *node);
    *node = (struct lt_expression){.kind = LT_EXPR_LITERAL,
                                   .begin = at->begin,
                                   .end = at->end,
                                   .type = type,
                                   .value = value,
                                   .index = -1};
    return node;
}

/* split(text, pattern, limit), where the text may be a name. */
static struct lt_expression *split_call(struct lt_analyser *analyser,
                                        const struct lt_expression *at, struct lt_expression *text,
                                        struct lt_expression *pattern, int64_t limit)
{
    struct lt_expression *call = lt_analyser_call(analyser, at, "split", text, pattern);
    struct lt_expression **arguments =
        lt_arena_alloc(analyser->coerce.arena, 3 * sizeof *arguments);
    arguments[0] = text;
    arguments[1] = pattern;
    arguments[2] = constant(analyser, at, lt_type_simple(LT_TYPE_INT), lt_value_i64(limit));
    call->arguments = arguments;
    call->argument_count = 3;
    return call;
}

/* The text becomes transform(split(text, pairs, -1), x -> split(x, keys, 2)): an array of pairs. */
static struct lt_expression *pairs_of(struct lt_analyser *analyser,
                                      const struct lt_expression *call, struct lt_expression *pairs,
                                      struct lt_expression *keys)
{
    static const char parameter[] = "str_to_map's pair";
    struct lt_expression *nodes = lt_arena_alloc(analyser->coerce.arena, 3 * sizeof *nodes);
    struct lt_expression *lambda = &nodes[0], *variable = &nodes[1], *use = &nodes[2];
    *variable = *use = (struct lt_expression){
        .name = parameter, .begin = call->begin, .end = call->end, .index = -1};
    variable->kind = LT_EXPR_VARIABLE;
    use->kind = LT_EXPR_COLUMN;
    *lambda = (struct lt_expression){.kind = LT_EXPR_LAMBDA,
                                     .begin = call->begin,
                                     .end = call->end,
                                     .argument_count = 2,
                                     .index = -1};
    lambda->arguments = lt_arena_alloc(analyser->coerce.arena, 2 * sizeof *lambda->arguments);
    lambda->arguments[0] = split_call(analyser, call, use, keys, 2);
    lambda->arguments[1] = variable;
    return lt_analyser_call(analyser, call, "transform",
                            split_call(analyser, call, call->arguments[0], pairs, -1), lambda);
}

static int infer_from_text(struct lt_analyser *analyser, struct lt_expression *call)
{
    static const char *const defaults[] = {",", ":"};
    const struct lt_type *string = lt_type_simple(LT_TYPE_STRING);
    const struct lt_type *type = lt_type_map(analyser->coerce.arena, string, string, true);
    struct lt_expression *patterns[2];
    bool has_null = false;
    for (uint32_t i = 0; i < call->argument_count; i++) {
        enum lt_type_kind kind = call->arguments[i]->type->kind;
        if (kind != LT_TYPE_VOID && (kind < LT_TYPE_STRING || kind > LT_TYPE_VARCHAR))
            return lt_analyser_unexpected(analyser, call, i, "a STRING");
        int code = lt_analyser_cast(analyser, &call->arguments[i], string);
        if (code != LT_OK)
            return code;
        has_null = has_null ||
                   (call->arguments[i]->kind == LT_EXPR_LITERAL && call->arguments[i]->is_null);
    }
    if (has_null) { /* whatever the others would do */
        *call = *lt_expr_null(call, type, analyser->coerce.arena);
        return LT_OK;
    }
    for (uint32_t i = 0; i < 2; i++)
        patterns[i] = i + 1 < call->argument_count
                          ? call->arguments[i + 1]
                          : constant(analyser, call, string, lt_value_text(defaults[i]));
    bool is_nullable = lt_any_nullable(call->arguments, call->argument_count);
    struct lt_expression *pairs = pairs_of(analyser, call, patterns[0], patterns[1]);
    int code = lt_analyse(analyser, pairs);
    if (code != LT_OK)
        return code;
    call->arguments = lt_arena_alloc(analyser->coerce.arena, sizeof *call->arguments);
    call->arguments[0] = pairs;
    call->argument_count = 1;
    return lt_collection_finish(call, 0, type, is_nullable);
}

/* Of pairs, each an array of the key and, where there is one, the value. */
static enum lt_kernel str_to_map(struct lt_machine *machine, const struct lt_call *call,
                                 union lt_value *out)
{
    const struct lt_array *pairs = lt_array_argument(machine, call, 0);
    struct lt_map_build build = lt_map_build_start(machine, call, pairs->count);
    for (uint32_t i = 0; i < pairs->count; i++) {
        if (lt_bit(pairs->nulls, i))
            return LT_KERNEL_NULL; /* the second pattern is NULL */
        const struct lt_array *pair = pairs->values[i].array;
        enum lt_kernel result =
            lt_map_build_put(&build, &pair->values[0], pair->count > 1 ? &pair->values[1] : NULL);
        if (result != LT_KERNEL_VALUE)
            return result;
    }
    return lt_map_build_finish(&build, out);
}

static const struct lt_function functions[] = {
    {"map_concat", NULL, "map_concat(map, ...)", "The entries of all maps in one.",
     "map_concat(map('a', 1), map('b', 2))", "{a -> 1, b -> 2}", .is_deterministic = true,
     .signatures = {LT_KERNEL("a*", "M", map_concat)}, .infer = infer_concat_maps},
    {"map_entries", NULL, "map_entries(map)", "The entries as an array of structs.",
     "map_entries(map('a', 1))", "[{a, 1}]", .is_deterministic = true,
     .signatures = {LT_KERNEL("a", "A", map_entries)}, .infer = infer_entries},
    {"map_from_entries", NULL, "map_from_entries(entries)",
     "A map of an array of structs, each a key and a value.",
     "map_from_entries(array(struct('a', 1)))", "{a -> 1}", .is_deterministic = true,
     .signatures = {LT_KERNEL("a", "M", map_from_entries)}, .infer = infer_from_entries},
    {"map_contains_key", NULL, "map_contains_key(map, key)", "Is there a value under the key?",
     "map_contains_key(map('a', 1), 'a')", "true", .is_deterministic = true,
     .signatures = {LT_KERNEL("aa", "B", map_contains_key)}, .infer = infer_contains_key},
    {"str_to_map", NULL, "str_to_map(text[, pairs[, keys]])",
     "A map of text: the first pattern, a comma, parts the pairs, the second, a colon, parts key "
     "and value.",
     "str_to_map('a:1,b:2')", "{a -> 1, b -> 2}", .is_deterministic = true, .decodes_texts = true,
     .signatures = {LT_KERNEL("a[a][a]", "M", str_to_map)}, .infer = infer_from_text},
};

const struct lt_function_group lt_functions_map_change = {"map", functions,
                                                          sizeof functions / sizeof functions[0]};
