/*
 * Use trees are made of what stands over a reader in an expression: each field taken of it adds a
 * part. Where a whole value is wanted, its parts do not matter any more.
 */
#include "ops/expr/use.h"

#include "core/base/error.h"
#include "ops/expr/expr.h"
#include "ops/expr/functions.h"
#include "ops/expr/same.h"

struct lt_use *lt_use_create(struct lt_arena *arena, const struct lt_type *type)
{
    struct lt_use *use = lt_arena_alloc(arena, sizeof *use);
    use->type = type;
    use->parts = lt_arena_alloc(arena, type->field_count * sizeof(struct lt_use *));
    return use;
}

static struct lt_use *make_part(struct lt_arena *arena, struct lt_use *use, uint32_t index)
{
    lt_assert(index < use->type->field_count);
    if (use->parts[index] == NULL) {
        use->parts[index] = lt_use_create(arena, use->type->fields[index].type);
        use->parts[index]->position = index;
    }
    return use->parts[index];
}

struct lt_use *lt_use_part(struct lt_arena *arena, struct lt_use *use, uint32_t index)
{
    if (use->type->kind == LT_TYPE_ARRAY)
        use = make_part(arena, use, 0);
    return make_part(arena, use, index);
}

const struct lt_use *lt_use_find(const struct lt_use *use, uint32_t index)
{
    if (use->type->kind == LT_TYPE_ARRAY)
        use = use->parts[0];
    return use == NULL ? NULL : use->parts[index];
}

bool lt_use_has(const struct lt_use *use, uint32_t index)
{
    return use->is_whole || use->parts[index] != NULL;
}

/* Recursion is bounded by the depth of types. */
const struct lt_type *lt_use_prune(struct lt_arena *arena, struct lt_use *use)
{
    const struct lt_type *type = use->type;
    if (use->is_whole || (type->kind != LT_TYPE_STRUCT && type->kind != LT_TYPE_ARRAY))
        return type;
    if (type->kind == LT_TYPE_ARRAY)
        return lt_type_array(arena, lt_use_prune(arena, use->parts[0]), type->fields[0].nullable);
    struct lt_field *fields = lt_arena_alloc(arena, type->field_count * sizeof *fields);
    uint32_t count = 0;
    for (uint32_t i = 0; i < type->field_count; i++) {
        struct lt_use *part = use->parts[i];
        if (part == NULL)
            continue;
        part->position = count;
        fields[count] = type->fields[i];
        fields[count++].type = lt_use_prune(arena, part);
    }
    return lt_type_struct(arena, fields, count);
}

void lt_use_alone(struct lt_expression *field)
{
    struct lt_expression *base = field->arguments[0];
    if (field->kind != LT_EXPR_FIELD || base->kind != LT_EXPR_CALL ||
        lt_function_at((size_t)base->index, NULL)->flow != LT_FLOW_READER)
        return;
    base->alone = base->type->kind == LT_TYPE_ARRAY ? 1 + (uint32_t)field->index : 1;
}

bool lt_use_is_alone(const struct lt_expression *call)
{
    const struct lt_expression *document = call->arguments[0];
    return call->alone != 0 && lt_expr_varies(document);
}
