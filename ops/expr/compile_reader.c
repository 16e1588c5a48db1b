/*
 * Calls that read documents (from_json, from_csv) to steps.
 *
 * Before anything is compiled, all expressions of the program are looked through: calls that read
 * the same text in the same way become one *reader*, and what is used of its value is noted
 * (use.h). The first call of a reader that is reached in an evaluation reads; the others take what
 * it has read. A field is then taken from where the reader has put it: from the struct it has made
 * or, where nothing but fields of it are used, from a register.
 *
 * In the body of a lambda a reader reads each time: what it reads may be another element.
 */
#include "ops/expr/compiler.h"
#include "ops/expr/same.h"

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
                                      const struct lt_expression *node)
{
    struct lt_program_reader *reader = program->readers;
    while (reader != NULL && reader->node != node && !lt_expr_same(reader->node, node))
        reader = reader->next;
    return reader;
}

static struct lt_program_reader *find_or_add(struct lt_program *program,
                                             const struct lt_expression *node, bool is_in_lambda)
{
    struct lt_program_reader *reader = find(program, node);
    if (reader == NULL) {
        reader = lt_arena_alloc(program->arena, sizeof *reader);
        reader->node = node;
        reader->function = lt_function_at((size_t)node->index, NULL);
        reader->use = lt_use_create(program->arena, node->type);
        reader->is_shared = true;
        reader->next = program->readers;
        program->readers = reader;
    }
    reader->is_shared = reader->is_shared && !is_in_lambda;
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
    struct lt_program *program = compiler->program;
    look_through(program, root, false);
    if (!compiler->session->is_unoptimised)
        return;
    for (struct lt_program_reader *reader = program->readers; reader != NULL; reader = reader->next)
        reader->use->is_whole = true;
}

/* ---------------------------------------------------------------------------------------- steps */

static const struct lt_use *use_of(const struct lt_program *program,
                                   const struct lt_expression *node)
{
    if (node->kind != LT_EXPR_FIELD)
        return find(program, node)->use;
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

uint32_t lt_compiler_field_register(const struct lt_compiler *compiler,
                                    const struct lt_expression *node)
{
    if (!is_reader(node->arguments[0]))
        return LT_REGISTER_ANY;
    const struct lt_program_reader *reader = find(compiler->program, node->arguments[0]);
    return reader->fills_fields ? reader->first_field + lt_compiler_field_position(compiler, node)
                                : LT_REGISTER_ANY;
}

/* Registers for the fields of a struct that is not used itself; false: it is, or they are many. */
static bool reserve_fields(struct lt_compiler *compiler, struct lt_program_reader *reader)
{
    enum { FIELDS_MAX = 64, IN_ONE_GO = 8 };
    const struct lt_type *type = reader->node->type;
    if (!reader->is_shared || reader->use->is_whole || type->kind != LT_TYPE_STRUCT ||
        type->field_count > FIELDS_MAX)
        return false;
    reader->first_field = compiler->program->register_count;
    for (uint32_t i = 0; i < type->field_count || i % IN_ONE_GO != 0; i++)
        (void)lt_compiler_register(compiler);
    return true;
}

static void prepare(struct lt_compiler *compiler, struct lt_program_reader *reader,
                    struct lt_call *call)
{
    bool may_fill = reserve_fields(compiler, reader);
    const struct lt_prepare request = {.call = call,
                                       .expression = reader->node,
                                       .arena = compiler->program->arena,
                                       .use = reader->use,
                                       .is_shared = reader->is_shared,
                                       .fills_fields = may_fill ? &reader->fills_fields : NULL,
                                       .first_field = reader->first_field};
    lt_compiler_prepare(compiler, &request, reader->function);
    reader->state = call->state;
    reader->kernel = call->kernel;
    reader->is_prepared = true;
}

uint32_t lt_compile_reader(struct lt_compiler *compiler, const struct lt_expression *node,
                           uint32_t want)
{
    struct lt_program_reader *reader = find(compiler->program, node);
    struct lt_call *call = lt_compiler_call(compiler, node, node->argument_count);
    for (uint32_t i = 0; i < node->argument_count; i++)
        lt_call_arguments(call)[i] = lt_compile(compiler, node->arguments[i], LT_REGISTER_ANY);
    lt_compiler_decode_texts(compiler, node, lt_call_arguments(call));
    call->kernel = node->signature->kernel;
    if (!reader->is_prepared)
        prepare(compiler, reader, call);
    call->state = reader->state;
    call->kernel = reader->kernel;
    uint32_t out = lt_compiler_wanted(compiler, want);
    lt_compiler_emit_call(compiler, reader->fills_fields ? LT_OP_CALL_WITH_NULLS : LT_OP_CALL, call,
                          out);
    return out;
}
