/*
 * Calls that read documents (from_json, from_csv) to steps.
 *
 * Before anything is compiled, all expressions of the program are looked through: calls that read
 * the same text in the same way become one *reader*, and what is used of its value is noted
 * (use.h). The first call of a reader that is reached in an evaluation reads; the others take what
 * it has read. A field is then taken from where the reader has put it.
 *
 * In the body of a lambda a reader is a call's own, and reads each time: what it reads may be
 * another element.
 */
#include <string.h>

#include "ops/expr/compiler.h"

/* -------------------------------------------------------------------------------------- sameness
 */

static bool is_same_value(const struct lt_type *type, const union lt_value *a,
                          const union lt_value *b)
{
    if (type->kind != LT_TYPE_MAP)
        return lt_value_compare(type, a, b) == 0;
    const struct lt_array *parts[2][2] = {{&a->map->keys, &a->map->values},
                                          {&b->map->keys, &b->map->values}};
    if (parts[0][0]->count != parts[1][0]->count)
        return false;
    for (uint32_t part = 0; part < 2; part++) {
        for (uint32_t i = 0; i < parts[0][part]->count; i++) {
            bool is_null = lt_bit(parts[0][part]->nulls, i);
            if (is_null != lt_bit(parts[1][part]->nulls, i) ||
                (!is_null && !is_same_value(type->fields[part].type, &parts[0][part]->values[i],
                                            &parts[1][part]->values[i])))
                return false;
        }
    }
    return true;
}

static bool is_comparable(const struct lt_type *type)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (type->fields[i].type->kind == LT_TYPE_MAP || !is_comparable(type->fields[i].type))
            return false;
    }
    return type->kind != LT_TYPE_VARIANT;
}

static bool is_same_literal(const struct lt_expression *a, const struct lt_expression *b)
{
    if (a->is_null || b->is_null)
        return a->is_null && b->is_null;
    return is_comparable(a->type) && is_same_value(a->type, &a->value, &b->value);
}

/* Do both always have the same value in one evaluation? Recursion is bounded: the parser refused
 * deeper trees. */
static bool is_same(const struct lt_expression *a, const struct lt_expression *b)
{
    if (a->kind != b->kind || a->index != b->index || a->argument_count != b->argument_count ||
        a->is_try != b->is_try || !lt_type_equal(a->type, b->type))
        return false;
    switch (a->kind) {
    case LT_EXPR_LITERAL:
        return is_same_literal(a, b);
    case LT_EXPR_JSON_PATH:
        if (strcmp(a->name, b->name) != 0)
            return false;
        break;
    case LT_EXPR_CALL:
        if (!lt_function_at((size_t)a->index, NULL)->is_deterministic)
            return false;
        break;
    case LT_EXPR_LAMBDA:
    case LT_EXPR_STAR:
        return false;
    default:
        break;
    }
    for (uint32_t i = 0; i < a->argument_count; i++) {
        if (!is_same(a->arguments[i], b->arguments[i]))
            return false;
    }
    return true;
}

/* -------------------------------------------------------------------------------------- readers */

static bool is_reader(const struct lt_expression *node)
{
    return node->kind == LT_EXPR_CALL &&
           lt_function_at((size_t)node->index, NULL)->flow == LT_FLOW_READER;
}

/* The reader whose fields are taken here; NULL: none. */
static const struct lt_expression *reader_below(const struct lt_expression *node)
{
    while (node->kind == LT_EXPR_FIELD)
        node = node->arguments[0];
    return is_reader(node) ? node : NULL;
}

static struct lt_program_reader *find(const struct lt_program *program,
                                      const struct lt_expression *node, bool is_own)
{
    struct lt_program_reader *reader = program->readers;
    while (reader != NULL && reader->node != node)
        reader = reader->next;
    if (reader != NULL || is_own)
        return reader;
    for (reader = program->readers; reader != NULL; reader = reader->next) {
        if (reader->is_shared && is_same(reader->node, node))
            return reader;
    }
    return NULL;
}

static struct lt_program_reader *find_or_add(struct lt_program *program,
                                             const struct lt_expression *node, bool is_own)
{
    struct lt_program_reader *reader = find(program, node, is_own);
    if (reader == NULL) {
        reader = lt_arena_alloc(program->arena, sizeof *reader);
        reader->node = node;
        reader->function = lt_function_at((size_t)node->index, NULL);
        reader->use = lt_use_create(program->arena, node->type);
        reader->is_shared = true;
        reader->next = program->readers;
        program->readers = reader;
    }
    reader->is_shared = reader->is_shared && !is_own;
    return reader;
}

/* Notes the path of fields from the reader up to `node`. */
static struct lt_use *note(struct lt_program *program, struct lt_program_reader *reader,
                           const struct lt_expression *node, bool is_last)
{
    struct lt_use *use = reader->use;
    if (node->kind == LT_EXPR_FIELD) {
        use = note(program, reader, node->arguments[0], false);
        use = lt_use_part(program->arena, use, (uint32_t)node->index);
    }
    use->is_whole = use->is_whole || is_last;
    return use;
}

static void look_through(struct lt_program *program, const struct lt_expression *node,
                         bool is_in_lambda)
{
    const struct lt_expression *below = reader_below(node);
    if (below != NULL) {
        (void)note(program, find_or_add(program, below, is_in_lambda), node, true);
        node = below;
    }
    is_in_lambda = is_in_lambda || node->kind == LT_EXPR_LAMBDA;
    for (uint32_t i = 0; i < node->argument_count; i++)
        look_through(program, node->arguments[i], is_in_lambda);
}

void lt_compiler_find_readers(struct lt_compiler *compiler, const struct lt_expression *root)
{
    look_through(compiler->program, root, false);
}

/* ----------------------------------------------------------------------------------------- steps
 */

static const struct lt_use *use_of(const struct lt_program *program,
                                   const struct lt_expression *node)
{
    if (node->kind != LT_EXPR_FIELD)
        return find(program, node, false)->use;
    const struct lt_use *use = use_of(program, node->arguments[0]);
    return use->is_whole ? use : lt_use_find(use, (uint32_t)node->index);
}

uint32_t lt_compiler_field_position(const struct lt_compiler *compiler,
                                    const struct lt_expression *node)
{
    if (reader_below(node) == NULL)
        return (uint32_t)node->index;
    const struct lt_use *base = use_of(compiler->program, node->arguments[0]);
    return base->is_whole ? (uint32_t)node->index
                          : lt_use_find(base, (uint32_t)node->index)->position;
}

uint32_t lt_compile_reader(struct lt_compiler *compiler, const struct lt_expression *node,
                           uint32_t want)
{
    struct lt_program_reader *reader = find(compiler->program, node, false);
    struct lt_call *call = lt_compiler_call(compiler, node, node->argument_count);
    for (uint32_t i = 0; i < node->argument_count; i++)
        lt_call_arguments(call)[i] = lt_compile(compiler, node->arguments[i], LT_REGISTER_ANY);
    call->kernel = node->signature->kernel;
    if (!reader->is_prepared) {
        const struct lt_prepare request = {.call = call,
                                           .expression = node,
                                           .arena = compiler->program->arena,
                                           .use = reader->use,
                                           .is_shared = reader->is_shared};
        lt_compiler_prepare(compiler, &request, reader->function);
        reader->state = call->state;
        reader->is_prepared = true;
    }
    call->state = reader->state;
    uint32_t out = want == LT_REGISTER_ANY ? lt_compiler_register(compiler) : want;
    lt_compiler_emit_call(compiler, LT_OP_CALL, call, out);
    return out;
}
