/*
 * The one call is the first of the calls with the struct's type. It gives NULL where the text is
 * NULL, and of a text that has no value at all; the struct is of NULLs then.
 */
#include "ops/expr/together.h"

#include <string.h>

#include "ops/expr/expr.h"
#include "ops/expr/functions.h"
#include "ops/expr/same.h"
#include "ops/expr/use.h"

/* How many of a struct's arguments belong to a field; 0: it is not made of values here. */
static uint32_t arguments_of_field(const struct lt_expression *node)
{
    return lt_is_call_of(node, "struct") ? 1 : lt_is_call_of(node, "named_struct") ? 2 : 0;
}

static const struct lt_expression *value_of(const struct lt_expression *structure, uint32_t each,
                                            uint32_t field)
{
    const struct lt_expression *value = structure->arguments[field * each + each - 1];
    return value->kind == LT_EXPR_ALIAS ? value->arguments[0] : value;
}

/* The call whose fields alone make the struct, under their own names; NULL: there is none. */
static const struct lt_expression *one_reader(const struct lt_expression *structure, uint32_t each)
{
    const struct lt_expression *reader = NULL;
    for (uint32_t i = 0; i < structure->type->field_count; i++) {
        const struct lt_expression *field = value_of(structure, each, i);
        if (field->kind != LT_EXPR_FIELD || !lt_is_call_of(field->arguments[0], "from_json") ||
            !lt_use_is_alone(field->arguments[0]))
            return NULL;
        reader = reader == NULL ? field->arguments[0] : reader;
        const struct lt_type *type = reader->type;
        if (type->kind != LT_TYPE_STRUCT || !lt_expr_same(field->arguments[0], reader) ||
            strcmp(structure->type->fields[i].name, type->fields[field->index].name) != 0)
            return NULL;
    }
    return reader;
}

static bool has_twice(const struct lt_type *structure)
{
    for (uint32_t i = 0; i < structure->field_count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (strcmp(structure->fields[i].name, structure->fields[j].name) == 0)
                return true;
        }
    }
    return false;
}

static struct lt_expression *struct_of_nulls(const struct lt_expression *structure,
                                             struct lt_arena *arena)
{
    uint32_t count = structure->type->field_count;
    size_t size_bytes = ((size_t)count + 63) / 64 * sizeof(uint64_t);
    uint64_t *nulls = lt_arena_alloc(arena, size_bytes);
    memset(nulls, 0xFF, size_bytes);
    struct lt_struct *value = lt_arena_alloc(arena, sizeof *value);
    value->nulls = nulls;
    value->values = lt_arena_alloc(arena, count * sizeof *value->values);
    struct lt_expression *literal = lt_arena_alloc(arena, sizeof *literal);
    *literal = (struct lt_expression){.kind = LT_EXPR_LITERAL,
                                      .begin = structure->begin,
                                      .end = structure->end,
                                      .type = structure->type,
                                      .index = -1};
    literal->value.structure = value;
    return literal;
}

static struct lt_expression *read_once(const struct lt_expression *structure,
                                       const struct lt_expression *reader, struct lt_arena *arena)
{
    struct lt_expression *both = lt_expr_copy_node(structure, arena);
    struct lt_expression *call = lt_expr_copy_node(reader, arena);
    call->type = structure->type;
    call->alone = 0;
    both->name = "coalesce";
    both->index = lt_function_find(both->name);
    both->signature = &lt_function_at((size_t)both->index, NULL)->signatures[0];
    both->arguments = lt_arena_alloc(arena, 2 * sizeof *both->arguments);
    both->argument_count = 2;
    both->arguments[0] = call;
    both->arguments[1] = struct_of_nulls(structure, arena);
    return both;
}

struct lt_expression *lt_expr_read_together(struct lt_expression *node,
                                            const struct lt_expression *above,
                                            struct lt_arena *arena)
{
    bool is_for_field = above != NULL && above->kind == LT_EXPR_FIELD;
    uint32_t each = is_for_field ? 0 : arguments_of_field(node);
    const struct lt_expression *reader = each == 0 ? NULL : one_reader(node, each);
    return reader == NULL || has_twice(node->type) ? node : read_once(node, reader, arena);
}
