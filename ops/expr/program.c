/*
 * The life of a program: compiled from its expressions, evaluated per record, its faults told.
 *
 * The steps of all expressions stand one after the other, then their results are stored, up to END.
 * If the program has one expression, its steps stand a second time, up to ANSWER, for predicates
 * and single values.
 */
#include "ops/expr/program.h"

#include <stdlib.h>

#include "core/text/datetime.h"
#include "ops/expr/compiler.h"
#include "ops/expr/elements.h"
#include "ops/expr/eval_inline.h"
#include "ops/expr/expr.h"
#include "ops/expr/json_filter.h"
#include "ops/expr/json_group.h"
#include "ops/expr/outcomes.h"
#include "ops/expr/shortcut.h"
#include "ops/expr/together.h"

static bool is_json_sealed(struct lt_compiler *compiler)
{
    for (struct lt_program_json *json = compiler->program->json; json != NULL; json = json->next) {
        if (lt_json_group_seal(json->group, compiler->error) != LT_OK)
            return false;
    }
    return true;
}

/* The column that an expression is, or -1. */
static int32_t plain_column(const struct lt_expression *node)
{
    while (node->kind == LT_EXPR_ALIAS)
        node = node->arguments[0];
    return node->kind == LT_EXPR_COLUMN ? node->index : -1;
}

static struct lt_column_copies *no_copies(struct lt_compiler *compiler, size_t capacity)
{
    struct lt_column_copies *columns = lt_arena_alloc(
        compiler->program->arena, sizeof *columns + capacity * sizeof columns->copies[0]);
    columns->count = 0;
    return columns;
}

static uint32_t column_offset(size_t column)
{
    return (uint32_t)(sizeof(struct lt_row) + column * sizeof(union lt_value));
}

static void add_copy(struct lt_column_copies *columns, uint32_t from, uint32_t from_bytes,
                     size_t to)
{
    columns->copies[columns->count++] =
        (struct lt_column_copy){from, (uint32_t)to, from_bytes, column_offset(to)};
}

/* Columns that are handed on as they are go straight from row to row; what is computed goes there
 * from its registers, when all of it is there. */
static void compile_results(struct lt_compiler *compiler, const struct lt_program_options *options)
{
    bool is_direct = !compiler->session->is_unoptimised && options->count > 1;
    struct lt_column_copies *direct = no_copies(compiler, options->count);
    struct lt_column_copies *computed = no_copies(compiler, options->count);
    for (size_t i = 0; i < options->count; i++) {
        int32_t column = is_direct ? plain_column(options->expressions[i]) : -1;
        compiler->text = options->texts == NULL ? NULL : options->texts[i];
        if (column >= 0) {
            add_copy(direct, (uint32_t)column, column_offset((size_t)column), i);
        } else {
            uint32_t from = lt_compile(compiler, options->expressions[i], LT_REGISTER_ANY);
            add_copy(computed, from, from * (uint32_t)sizeof(union lt_value), i);
        }
    }
    if (computed->count > 0)
        (void)lt_compiler_emit(compiler, (struct lt_step){.op = LT_OP_STORES, .columns = computed});
    if (direct->count > 0)
        (void)lt_compiler_emit(compiler,
                               (struct lt_step){.op = LT_OP_COPY_COLUMNS, .columns = direct});
    if (computed->count == 0 && !compiler->program->use_switch)
        compiler->program->only_copied = direct;
}

/* A comparison whose result is the answer ends by itself. The step ANSWER stays behind it for those
 * who jump there. */
static void answer_at_once(const struct lt_compiler *compiler, uint32_t answer)
{
    const struct lt_program *program = compiler->program;
    if (compiler->session->is_unoptimised || program->step_count == program->answer_start)
        return;
    struct lt_step *last = &program->steps[program->step_count - 1];
    static const struct {
        enum lt_op compared, answered;
    } ends[] = {{LT_OP_EQUAL_I64, LT_OP_ANSWER_EQUAL},
                {LT_OP_LESS_I64, LT_OP_ANSWER_LESS},
                {LT_OP_LESS_EQUAL_I64, LT_OP_ANSWER_LESS_EQUAL},
                {LT_OP_GREATER_I64, LT_OP_ANSWER_GREATER},
                {LT_OP_GREATER_EQUAL_I64, LT_OP_ANSWER_GREATER_EQUAL}};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (last->op != ends[i].compared || last->out != answer)
            continue;
        last->op = ends[i].answered;
        last->code = lt_machine_label(ends[i].answered);
        return;
    }
}

static void compile_all(struct lt_compiler *compiler, const struct lt_program_options *options)
{
    for (size_t i = 0; i < options->count; i++)
        lt_compiler_find_readers(compiler, options->expressions[i]);
    compile_results(compiler, options);
    (void)lt_compiler_emit(compiler, (struct lt_step){.op = LT_OP_END});
    compiler->program->answer_start = UINT32_MAX;
    if (options->count != 1)
        return;
    compiler->program->answer_start = compiler->program->step_count;
    lt_share_leave(&compiler->share, 0);
    uint32_t answer = options->is_filter
                          ? lt_compile_condition(compiler, options->expressions[0], LT_REGISTER_ANY)
                          : lt_compile(compiler, options->expressions[0], LT_REGISTER_ANY);
    answer_at_once(compiler, answer);
    (void)lt_compiler_emit(compiler, (struct lt_step){.op = LT_OP_ANSWER, .a = answer});
    compiler->program->answer_register = answer;
    if (!compiler->session->is_unoptimised)
        compiler->program->shortcut = lt_shortcut_find(compiler->program);
}

/* What Spark's optimiser makes of the expressions, where that shows in their values: whether they
 * are optimised here or not. */
static struct lt_expression *const *change_all(const struct lt_program_options *options,
                                               struct lt_arena *arena)
{
    struct lt_expression **all = lt_arena_alloc(arena, options->count * sizeof *all);
    for (size_t i = 0; i < options->count; i++) {
        all[i] = lt_expr_change(options->expressions[i], NULL, lt_expr_take_element, arena);
        all[i] = lt_expr_change(all[i], NULL, lt_expr_drop_same_outcomes, arena);
        all[i] = lt_expr_change(all[i], NULL, lt_expr_read_together, arena);
    }
    return all;
}

int lt_program_create(const struct lt_program_options *given, struct lt_program **out,
                      struct lt_error *error)
{
    struct lt_program *program = lt_alloc(sizeof *program);
    program->arena = lt_arena_create();
    struct lt_program_options changed = *given;
    changed.expressions = change_all(given, program->arena);
    const struct lt_program_options *options = &changed;
    const struct lt_session *session = lt_session_or_default(options->session);
    program->use_switch = options->use_switch || session->use_switch;
    program->machine.clock = lt_clock_system();
    program->is_filter = options->is_filter;
    struct lt_error local;
    struct lt_compiler compiler = {
        .program = program, .session = session, .error = error == NULL ? &local : error};
    compiler.share.is_off = session->is_unoptimised;
    compile_all(&compiler, options);
    lt_share_fini(&compiler.share);
    if (options->is_filter && !session->is_unoptimised && !compiler.is_failed)
        program->json_filter = lt_json_filter_create(options->expressions[0]);
    program->machine.steps = program->steps;
    program->machine.use_switch = program->use_switch;
    program->machine.withheld_bytes = options->withheld_bytes;
    if (!compiler.is_failed && is_json_sealed(&compiler)) {
        *out = program;
        return LT_OK;
    }
    lt_program_destroy(program);
    *out = NULL;
    return compiler.error->code;
}

void lt_program_destroy(struct lt_program *program)
{
    if (program == NULL)
        return;
    for (struct lt_prepared *prepared = program->prepared; prepared != NULL;
         prepared = prepared->next)
        prepared->release(prepared->state);
    for (struct lt_program_json *json = program->json; json != NULL; json = json->next)
        lt_json_group_destroy(json->group);
    lt_json_filter_destroy(program->json_filter);
    lt_scratch_fini(&program->machine.scratch);
    if (program->machine.times != NULL)
        lt_zones_destroy(program->machine.times->zones);
    lt_text_fini(&program->machine.text);
    free(program->machine.values);
    free(program->machine.nulls);
    free(program->steps);
    lt_arena_destroy(program->arena);
    free(program);
}

void lt_program_set_clock(struct lt_program *program, const struct lt_clock *clock)
{
    program->machine.clock = clock;
    if (program->machine.times != NULL)
        program->machine.times->clock = clock;
}

static enum lt_machine_end run(struct lt_program *program, const struct lt_row *row,
                               struct lt_row *out, uint32_t start)
{
    struct lt_machine *machine = &program->machine;
    machine->row = row;
    machine->out = out;
    machine->generation++;
    lt_scratch_clear(&machine->scratch);
    return lt_unlikely(program->use_switch) ? lt_machine_run_switch(machine, start)
                                            : lt_machine_run(machine, start);
}

/* Not in line: a shortcut is taken without saving what this needs. */
__attribute__((noinline)) static enum lt_program_answer eval_predicate(struct lt_program *program,
                                                                       const struct lt_row *row)
{
    _Static_assert((int)LT_PROGRAM_FALSE == (int)LT_MACHINE_FALSE, "an end is an answer");
    _Static_assert((int)LT_PROGRAM_TRUE == (int)LT_MACHINE_TRUE, "an end is an answer");
    _Static_assert((int)LT_PROGRAM_NULL == (int)LT_MACHINE_NULL, "an end is an answer");
    _Static_assert((int)LT_PROGRAM_FAULT == (int)LT_MACHINE_FAULTED, "an end is an answer");
    if (program->json_filter != NULL && lt_json_filter_rejects(program->json_filter, row))
        return LT_PROGRAM_FALSE;
    return (enum lt_program_answer)run(program, row, NULL, program->answer_start);
}

enum lt_program_answer lt_program_eval_predicate(struct lt_program *program,
                                                 const struct lt_row *row)
{
    lt_debug_assert(program->answer_start != UINT32_MAX);
    if (program->shortcut != NULL)
        return lt_shortcut_answer(program->shortcut, row);
    return eval_predicate(program, row);
}

const struct lt_shortcut *lt_program_shortcut(const struct lt_program *program)
{
    return program->shortcut;
}

const struct lt_json_filter *lt_program_json_filter(const struct lt_program *program)
{
    return program->json_filter;
}

bool lt_program_eval(struct lt_program *program, const struct lt_row *row, struct lt_row *out)
{
    if (program->only_copied != NULL) {
        copy_columns(program->only_copied, row, out);
        return true;
    }
    return run(program, row, out, 0) != LT_MACHINE_FAULTED;
}

bool lt_program_eval_value(struct lt_program *program, const struct lt_row *row,
                           union lt_value *out, bool *is_null)
{
    lt_assert(program->answer_start != UINT32_MAX);
    enum lt_machine_end end = run(program, row, NULL, program->answer_start);
    if (end == LT_MACHINE_FAULTED)
        return false;
    *is_null = end == LT_MACHINE_NULL;
    *out = program->machine.values[program->answer_register];
    return true;
}

bool lt_program_lacked_room(const struct lt_program *program)
{
    return program->machine.lacked_room;
}

const struct lt_program_fault *lt_program_fault(const struct lt_program *program)
{
    struct lt_program_fault *fault = (struct lt_program_fault *)(uintptr_t)&program->fault;
    const struct lt_machine *machine = &program->machine;
    *fault = (struct lt_program_fault){machine->fault_condition, machine->fault_sqlstate,
                                       machine->fault_text, machine->fault_line,
                                       machine->fault_position};
    return fault;
}

struct lt_fault *lt_program_take_fault(const struct lt_program *program, const char *stage)
{
    const struct lt_program_fault *from = lt_program_fault(program);
    struct lt_fault *fault =
        lt_fault_create(stage, from->condition, from->sqlstate, "%s", from->text);
    fault->line = from->line;
    fault->position = from->position;
    return fault;
}

struct lt_program_json_counters lt_program_json_counters(const struct lt_program *program)
{
    struct lt_program_json_counters sum = {0};
    for (struct lt_program_json *json = program->json; json != NULL; json = json->next)
        lt_json_group_count(json->group, &sum.documents, &sum.copies, &sum.fields_parsed);
    for (const struct lt_program_reader *reader = program->readers; reader != NULL;
         reader = reader->next) {
        if (reader->function->count != NULL && reader->state != NULL)
            reader->function->count(reader->state, &sum.documents, &sum.fields_parsed);
    }
    return sum;
}

/* Texts that leave with a row are copied where they have escapes; those of a predicate do not. */
static uint32_t count_texts(const struct lt_program *program)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < program->step_count && i < program->answer_start; i++) {
        const struct lt_step *step = &program->steps[i];
        count += step->op == LT_OP_JSON_FIELD && step->json->kind == LT_TYPE_STRING;
    }
    return program->is_filter ? 0 : count;
}

void lt_program_add_cost(const struct lt_program *program, struct lt_operator_cost *cost)
{
    for (struct lt_program_json *json = program->json; json != NULL; json = json->next) {
        uint32_t fields = lt_json_group_field_count(json->group);
        cost->documents++;
        cost->fields_parsed += fields;
        cost->fields_declared += fields;
    }
    for (const struct lt_program_reader *reader = program->readers; reader != NULL;
         reader = reader->next) {
        if (reader->function->add_cost != NULL && reader->state != NULL)
            reader->function->add_cost(reader->state, cost);
    }
    cost->texts_copied += count_texts(program);
}

void lt_program_dump(const struct lt_program *program, struct lt_text_buffer *out)
{
    static const char *const names[LT_OP_COUNT] = {
#define NAME(name) [LT_OP_##name] = #name,
        LT_OP_MAP(NAME)
#undef NAME
    };
    for (uint32_t i = 0; i < program->step_count; i++) {
        const struct lt_step *step = &program->steps[i];
        lt_text_format(out, "%u: %s r%u <- r%u, r%u", i, names[step->op], step->out, step->a,
                       step->b);
        if (step->op >= LT_OP_CALL && step->op <= LT_OP_CALL_WITH_NULLS)
            lt_text_format(out, " %s", step->call->name);
        else if (step->op >= LT_OP_JUMP && step->op <= LT_OP_JUMP_IF_NOT_NULL)
            lt_text_format(out, " +%u", step->target);
        lt_text_append_char(out, '\n');
    }
}
