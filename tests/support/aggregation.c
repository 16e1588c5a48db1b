/*
 * The rows are one constant: an array of structs, whose fields are the columns.
 */
#include "tests/support/aggregation.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/text/json_write.h"
#include "ops/expr/expr.h"
#include "ops/expr/program.h"

#define VALUES " FROM VALUES "
#define RANGE " FROM RANGE "
enum { SCRATCH_BYTES = 4096 };

/* ----------------------------------------------------------------------------------------- rows */

/* "(1, 'a'), (2, 'b')" as "array(struct(1, 'a'), struct(2, 'b'))". */
static const char *array_of(struct aggregation *a, const char *rows, size_t size)
{
    struct lt_text_buffer text;
    int depth = 0;
    bool is_quoted = false;
    lt_text_init(&text);
    lt_text_append(&text, "array(");
    for (size_t i = 0; i < size; i++) {
        is_quoted = is_quoted != (rows[i] == '\'');
        if (!is_quoted && rows[i] == '(' && depth++ == 0)
            lt_text_append(&text, "struct");
        if (!is_quoted && rows[i] == ')')
            depth--;
        lt_text_append_char(&text, rows[i]);
    }
    lt_text_append(&text, ")");
    const char *copy = lt_arena_text(a->arena, lt_text_get(&text));
    lt_text_fini(&text);
    return copy;
}

/* Names the fields of the rows: "a, b)". */
static void name_columns(struct aggregation *a, const struct lt_type *row, const char *names)
{
    struct lt_field *fields = lt_arena_alloc(a->arena, row->field_count * sizeof *fields);
    for (uint32_t i = 0; i < row->field_count; i++) {
        size_t size = strcspn(names, ",)");
        fields[i] = (struct lt_field){.name = lt_arena_text_n(a->arena, names, size),
                                      .type = row->fields[i].type,
                                      .nullable = true};
        names += size + strspn(names + size, ", )");
    }
    a->schema = lt_type_struct(a->arena, fields, row->field_count);
}

static int read_rows(struct aggregation *a, const char *begin, const char *end)
{
    const char *text = array_of(a, begin, (size_t)(end - begin));
    struct lt_expression *rows;
    int code = lt_expr_parse(text, a->arena, &rows, &a->error);
    if (code == LT_OK)
        code = lt_expr_analyse(&rows, text, NULL, a->session, a->arena, &a->error);
    if (code != LT_OK)
        return code;
    assert_int_equal(rows->kind, LT_EXPR_LITERAL);
    a->rows = rows->value.array;
    a->count = a->rows->count;
    name_columns(a, rows->type->fields[0].type, strstr(end, "t(") + 2);
    return LT_OK;
}

/* ----------------------------------------------------------------------------------------- call */

static int read_call(struct aggregation *a, const char *text)
{
    struct lt_expression *call;
    int code = lt_expr_parse(text, a->arena, &call, &a->error);
    if (code != LT_OK)
        return code;
    assert_int_equal(call->kind, LT_EXPR_CALL);
    assert_true(lt_aggregate_is_name(call->name));
    a->name = lt_expr_text(call, a->arena);
    return lt_aggregate_analyse(call, text, a->schema, a->session, a->arena, &a->call, &a->error);
}

static int bind(struct aggregation *a, struct lt_expression **columns, uint32_t count)
{
    struct lt_field *fields = lt_arena_alloc(a->arena, count * sizeof *fields);
    uint32_t *arguments = lt_arena_alloc(a->arena, count * sizeof *arguments);
    for (uint32_t i = 0; i < count; i++) {
        fields[i] = (struct lt_field){.name = "x", .type = columns[i]->type, .nullable = true};
        arguments[i] = i;
    }
    a->input_schema = lt_type_struct(a->arena, fields, count);
    a->plan = (struct lt_plan_aggregate){
        .function = a->call.function,
        .arguments = arguments,
        .argument_count = a->call.input_count,
        .filter = a->call.filter != NULL ? (int32_t)a->call.input_count : -1,
        .ignores_nulls = a->call.ignores_nulls,
        .is_distinct = a->call.is_distinct,
        .parameters = a->call.parameters,
        .parameter_count = a->call.parameter_count,
        .type = a->call.type};
    return lt_aggregates_create(&a->plan, 1, a->input_schema, a->session, &a->aggregates,
                                &a->error);
}

/* --------------------------------------------------------------------------------------- inputs */

/* The columns that a PROJECT would make: the inputs, then the filter. */
static int open_program(struct aggregation *a, struct lt_expression **columns, uint32_t count)
{
    const struct lt_program_options options = {
        .expressions = columns,
        .texts = lt_arena_alloc(a->arena, (count + 1) * sizeof(const char *)),
        .count = count,
        .schema = a->schema,
        .session = a->session};
    return count == 0 ? LT_OK : lt_program_create(&options, &a->program, &a->error);
}

static int open_rows(struct aggregation *a)
{
    uint32_t count = a->call.input_count + (a->call.filter != NULL);
    struct lt_expression **columns = lt_arena_alloc(a->arena, (count + 1) * sizeof *columns);
    for (uint32_t i = 0; i < a->call.input_count; i++)
        columns[i] = a->call.inputs[i];
    if (a->call.filter != NULL)
        columns[count - 1] = a->call.filter;
    int code = bind(a, columns, count);
    if (code != LT_OK)
        return code;
    const struct lt_row_pool_options from = {.column_count = a->schema->field_count, .capacity = 1};
    const struct lt_row_pool_options made = {
        .column_count = count == 0 ? 1 : count, .capacity = 2, .scratch_size_bytes = SCRATCH_BYTES};
    assert_int_equal(lt_row_pool_create(&from, &a->from, &a->error), LT_OK);
    assert_int_equal(lt_row_pool_create(&made, &a->pool, &a->error), LT_OK);
    return open_program(a, columns, count);
}

int aggregation_open(struct aggregation *a, const char *text, const struct lt_session *session)
{
    static const struct lt_field id = {.name = "id"};
    const char *values = strstr(text, VALUES), *range = strstr(text, RANGE);
    const char *from = values != NULL ? values : range;
    *a =
        (struct aggregation){.arena = lt_arena_create(), .session = lt_session_or_default(session)};
    lt_error_clear(&a->error);
    assert_non_null(from);
    int code = LT_OK;
    if (values != NULL) {
        code = read_rows(a, values + strlen(VALUES), strstr(values, " AS t("));
    } else {
        struct lt_field field = id;
        field.type = lt_type_simple(LT_TYPE_BIGINT);
        a->schema = lt_type_struct(a->arena, &field, 1);
        a->count = (uint32_t)strtoul(range + strlen(RANGE), NULL, 10);
    }
    if (code == LT_OK)
        code = read_call(a, lt_arena_text_n(a->arena, text, (size_t)(from - text)));
    return code == LT_OK ? open_rows(a) : code;
}

void aggregation_close(struct aggregation *a)
{
    if (a->out != NULL)
        lt_row_release(a->out);
    lt_row_pool_destroy(a->from);
    lt_row_pool_destroy(a->pool);
    lt_program_destroy(a->program);
    lt_aggregates_destroy(a->aggregates);
    lt_scratch_fini(&a->memory);
    lt_arena_destroy(a->arena);
}

static struct lt_row *row_at(const struct aggregation *a, uint32_t index)
{
    struct lt_row *row = lt_row_claim(a->from);
    if (a->rows == NULL) {
        lt_row_values(row)[0] = lt_value_i64(index);
        return row;
    }
    const struct lt_struct *from = a->rows->values[index].structure;
    for (uint32_t i = 0; i < a->schema->field_count; i++) {
        lt_row_values(row)[i] = from->values[i];
        if (lt_bit(from->nulls, i))
            lt_row_set_null(row, i);
    }
    return row;
}

static bool make_input(struct aggregation *a, uint32_t index, struct lt_row *out)
{
    if (a->program == NULL)
        return true;
    struct lt_row *row = row_at(a, index);
    bool is_made = lt_program_eval(a->program, row, out);
    if (!is_made) {
        const struct lt_program_fault *fault = lt_program_fault(a->program);
        (void)lt_error_set(&a->error, LT_E_RECORD, "%s", fault->text);
        (void)lt_error_condition(&a->error, fault->condition, fault->sqlstate);
    }
    lt_row_release(row);
    return is_made;
}

/* --------------------------------------------------------------------------------------- states */

void *aggregation_state(struct aggregation *a)
{
    return lt_arena_alloc(a->arena, lt_aggregates_size_bytes(a->aggregates));
}

static bool take_fault(struct aggregation *a, bool is_done)
{
    if (is_done)
        return true;
    struct lt_fault *fault = lt_aggregates_take_fault(a->aggregates, "test");
    (void)lt_error_set(&a->error, LT_E_RECORD, "%s", fault->text);
    (void)lt_error_condition(&a->error, fault->condition, fault->sqlstate);
    lt_fault_destroy(fault);
    return false;
}

bool aggregation_add(struct aggregation *a, void *state, uint32_t first, uint32_t end)
{
    bool is_added = true;
    for (uint32_t i = first; i < end && is_added; i++) {
        struct lt_row *row = lt_row_claim(a->pool);
        is_added = make_input(a, i, row) &&
                   take_fault(a, lt_aggregates_update(a->aggregates, state, row, &a->memory));
        lt_row_release(row);
    }
    return is_added;
}

bool aggregation_merge(struct aggregation *a, void *state, const void *other)
{
    return take_fault(a, lt_aggregates_merge(a->aggregates, state, other, &a->memory));
}

void *aggregation_reread(struct aggregation *a, const void *state)
{
    struct lt_text_buffer bytes;
    void *copy = aggregation_state(a);
    lt_text_init(&bytes);
    lt_aggregates_write(a->aggregates, state, &bytes);
    void *kept = lt_arena_alloc(a->arena, bytes.size_bytes);
    memcpy(kept, bytes.data, bytes.size_bytes);
    int code =
        lt_aggregates_read(a->aggregates, kept, bytes.size_bytes, copy, &a->memory, &a->error);
    if (code != LT_OK)
        fail_msg("%s", a->error.text);
    lt_text_fini(&bytes);
    return copy;
}

void aggregation_result(struct aggregation *a, const void *state, struct lt_text_buffer *out)
{
    const struct lt_json_write_options options = {.keep_null_fields = true};
    if (a->out != NULL)
        lt_row_release(a->out);
    a->out = lt_row_claim(a->pool);
    if (!take_fault(a, lt_aggregates_evaluate_copied(a->aggregates, state, a->out, 0)))
        lt_text_append(out, a->error.condition);
    else if (lt_row_is_null(a->out, 0))
        lt_text_append(out, "NULL");
    else
        lt_json_write_value(out, a->call.type, &lt_row_values(a->out)[0], &options);
}
