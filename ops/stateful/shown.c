#include "ops/stateful/shown.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/text/json_write.h"
#include "ops/aggregate/aggregate.h"
#include "ops/aggregate/calls.h"
#include "ops/expr/expr.h"

enum { FUNCTIONS_MAX = 64, ARGUMENTS_MAX = 16, SCRATCH_BYTES = 4096 };

/* The aggregates of one column, which are known by its name. */
struct shown_column {
    struct shown_column *next;
    const char *schema;
    struct lt_aggregates *aggregates; /* NULL: they cannot be made of it */
    uint32_t count;
    const char *names[FUNCTIONS_MAX];
    const struct lt_type *types[FUNCTIONS_MAX];
    struct lt_row_pool *pool; /* one row for their results */
};

struct lt_shown {
    struct lt_arena *arena;
    struct shown_column *columns;
    struct lt_scratch memory;
};

struct lt_shown *lt_shown_create(void)
{
    struct lt_shown *shown = lt_alloc(sizeof *shown);
    shown->arena = lt_arena_create();
    return shown;
}

void lt_shown_destroy(struct lt_shown *shown)
{
    if (shown == NULL)
        return;
    for (struct shown_column *column = shown->columns; column != NULL; column = column->next) {
        lt_aggregates_destroy(column->aggregates);
        lt_row_pool_destroy(column->pool);
    }
    lt_scratch_fini(&shown->memory);
    lt_arena_destroy(shown->arena);
    free(shown);
}

/* ------------------------------------------------------------------------------------- the name */

/* Where the text up to a comma or the end of the brackets around it ends: those inside are passed
 * over. */
static const char *end_of_part(const char *at)
{
    int depth = 0;
    for (bool is_quoted = false; *at != '\0'; at++) { /* ends with the text */
        is_quoted = is_quoted != (*at == '`');
        if (is_quoted)
            continue;
        if (depth == 0 && (*at == ',' || *at == ')'))
            break;
        depth += (*at == '(' || *at == '<') - (*at == ')' || *at == '>');
    }
    return at;
}

/* The columns that a function gets, of "INT,STRING)": c0, c1. */
static const struct lt_type *parse_arguments(struct lt_arena *arena, const char *at)
{
    struct lt_field fields[ARGUMENTS_MAX];
    struct lt_error ignored;
    uint32_t count = 0;
    for (const char *end; *at != ')' && *at != '\0'; at = *end == ',' ? end + 1 : end) {
        end = end_of_part(at);
        char *text = lt_arena_text_n(arena, at, (size_t)(end - at));
        struct lt_field *field = &fields[count];
        *field = (struct lt_field){.name = lt_arena_format(arena, "c%u", count), .nullable = true};
        if (count + 1 == ARGUMENTS_MAX || lt_type_parse(text, arena, &field->type, &ignored) != 0)
            return NULL;
        count++;
    }
    return lt_type_struct(arena, fields, count);
}

/* "sum(c0)" of "sum(INT)" and the columns. */
static const char *call_text(struct lt_arena *arena, const char *name, const struct lt_type *input)
{
    const char *text = lt_arena_format(arena, "%.*s(", (int)strcspn(name, "("), name);
    for (uint32_t i = 0; i < input->field_count; i++)
        text = lt_arena_format(arena, "%s%s%s", text, i > 0 ? "," : "", input->fields[i].name);
    return lt_arena_format(arena, "%s%s)", text, input->field_count == 0 ? "*" : "");
}

/* One function of the name; false: it says not enough. `plan`'s arguments begin at `first`. */
static bool plan_call(struct lt_arena *arena, const char *name, uint32_t first,
                      struct lt_plan_aggregate *plan, const struct lt_type **input)
{
    struct lt_expression *call;
    struct lt_aggregate_call analysed;
    struct lt_error ignored;
    const struct lt_session *session = lt_session_or_default(NULL);
    *input = parse_arguments(arena, name + strcspn(name, "(") + 1);
    if (*input == NULL)
        return false;
    const char *text = call_text(arena, name, *input);
    if (lt_expr_parse(text, arena, &call, &ignored) != LT_OK || lt_aggregate_base(call) == NULL ||
        lt_aggregate_analyse(call, text, *input, session, arena, &analysed, &ignored) != LT_OK ||
        analysed.input_count != (*input)->field_count || analysed.parameter_count > 0)
        return false;
    uint32_t *arguments = lt_arena_alloc(arena, analysed.input_count * sizeof *arguments);
    for (uint32_t i = 0; i < analysed.input_count; i++)
        arguments[i] = first + i;
    *plan = (struct lt_plan_aggregate){.function = analysed.function,
                                       .arguments = arguments,
                                       .argument_count = analysed.input_count,
                                       .filter = -1,
                                       .type = analysed.type};
    return true;
}

/* Splits the name, and plans its functions over one schema of all their columns. */
static bool plan_all(struct lt_arena *arena, struct shown_column *column,
                     struct lt_plan_aggregate *plans, const struct lt_type **input)
{
    struct lt_field fields[FUNCTIONS_MAX * ARGUMENTS_MAX];
    uint32_t field_count = 0;
    const char *end;
    for (const char *at = column->schema; *at != '\0'; at = *end == ',' ? end + 1 : end) {
        const struct lt_type *own;
        struct lt_plan_aggregate *plan = &plans[column->count];
        end = end_of_part(at);
        const char *name = lt_arena_text_n(arena, at, (size_t)(end - at));
        if (column->count == FUNCTIONS_MAX || strchr(name, '(') == NULL || *end == ')' ||
            !plan_call(arena, name, field_count, plan, &own))
            return false;
        for (uint32_t i = 0; i < own->field_count; i++)
            fields[field_count++] = own->fields[i];
        column->types[column->count] = plan->type;
        column->names[column->count++] =
            own->field_count == 0 ? call_text(arena, name, own) : name;
    }
    *input = lt_type_struct(arena, fields, field_count);
    return column->count > 0;
}

/* What comes out must call itself as the column is called: else it would read other bytes. */
static void make_aggregates(struct lt_shown *shown, struct shown_column *column)
{
    struct lt_plan_aggregate *plans =
        lt_arena_alloc(shown->arena, FUNCTIONS_MAX * sizeof *plans);
    const struct lt_type *input;
    struct lt_error ignored;
    if (!plan_all(shown->arena, column, plans, &input) ||
        lt_aggregates_create(plans, column->count, input, NULL, &column->aggregates, &ignored) !=
            LT_OK)
        return;
    const struct lt_row_pool_options options = {.column_count = column->count,
                                                .capacity = 1,
                                                .scratch_size_bytes = SCRATCH_BYTES};
    if (strcmp(lt_aggregates_schema(column->aggregates), column->schema) == 0 &&
        lt_row_pool_create(&options, &column->pool, &ignored) == LT_OK)
        return;
    lt_aggregates_destroy(column->aggregates);
    column->aggregates = NULL;
}

static struct shown_column *column_of(struct lt_shown *shown, const char *schema)
{
    for (struct shown_column *column = shown->columns; column != NULL; column = column->next)
        if (strcmp(column->schema, schema) == 0)
            return column;
    struct shown_column *column = lt_arena_alloc(shown->arena, sizeof *column);
    column->schema = lt_arena_text(shown->arena, schema);
    column->next = shown->columns;
    shown->columns = column;
    make_aggregates(shown, column);
    return column;
}

/* ------------------------------------------------------------------------------------ the value */

static const struct lt_json_write_options with_nulls = {.keep_null_fields = true};

static void write_results(const struct shown_column *column, const struct lt_row *row,
                          struct lt_text_buffer *out)
{
    for (uint32_t i = 0; i < column->count; i++) {
        lt_text_append_char(out, i == 0 ? '{' : ',');
        lt_json_write_string(out, column->names[i], strlen(column->names[i]));
        lt_text_append_char(out, ':');
        if (lt_row_is_null(row, i))
            lt_text_append(out, "null");
        else
            lt_json_write_value(out, column->types[i], &lt_row_values(row)[i], &with_nulls);
    }
    lt_text_append_char(out, '}');
}

static int write_aggregates(struct lt_shown *shown, struct shown_column *column,
                            const struct lt_bytes *bytes, struct lt_text_buffer *out,
                            struct lt_error *error)
{
    lt_scratch_clear(&shown->memory);
    uint32_t size_bytes = lt_aggregates_size_bytes(column->aggregates);
    void *state = lt_scratch_alloc(&shown->memory, size_bytes);
    if (state == NULL)
        return lt_error_set(error, LT_E_NO_MEMORY, "out of memory");
    memset(state, 0, size_bytes);
    int code = lt_aggregates_read(column->aggregates, bytes->data, bytes->size_bytes, state,
                                  &shown->memory, error);
    if (code != LT_OK)
        return code;
    struct lt_row *row = lt_row_claim(column->pool);
    lt_assert(row != NULL); /* the one before is home */
    if (lt_aggregates_evaluate_copied(column->aggregates, state, row, 0)) {
        write_results(column, row, out);
    } else { /* a sum that has overflown gives nothing */
        lt_fault_destroy(lt_aggregates_take_fault(column->aggregates, "state"));
        lt_text_append(out, "null");
    }
    lt_row_release(row);
    return LT_OK;
}

static int write_field(struct lt_shown *shown, const struct lt_field *field,
                       const union lt_value *value, struct lt_text_buffer *out,
                       struct lt_error *error)
{
    if (field->type->kind == LT_TYPE_BINARY && strchr(field->name, '(') != NULL) {
        struct shown_column *column = column_of(shown, field->name);
        if (column->aggregates != NULL)
            return write_aggregates(shown, column, &value->bytes, out, error);
    }
    return lt_shown_write(shown, field->type, value, out, error);
}

static int write_struct(struct lt_shown *shown, const struct lt_type *type,
                        const struct lt_struct *value, struct lt_text_buffer *out,
                        struct lt_error *error)
{
    int code = LT_OK;
    lt_text_append_char(out, '{');
    for (uint32_t i = 0; i < type->field_count && code == LT_OK; i++) {
        const struct lt_field *field = &type->fields[i];
        lt_text_append(out, i > 0 ? "," : "");
        lt_json_write_string(out, field->name, strlen(field->name));
        lt_text_append_char(out, ':');
        if (lt_bit(value->nulls, i))
            lt_text_append(out, "null");
        else
            code = write_field(shown, field, &value->values[i], out, error);
    }
    lt_text_append_char(out, '}');
    return code;
}

/* Recursion ends: types are at most LT_LIMIT_TYPE_DEPTH deep. */
int lt_shown_write(struct lt_shown *shown, const struct lt_type *type, const union lt_value *value,
                   struct lt_text_buffer *out, struct lt_error *error)
{
    if (type->kind == LT_TYPE_STRUCT)
        return write_struct(shown, type, value->structure, out, error);
    if (type->kind != LT_TYPE_ARRAY || type->fields[0].type->kind != LT_TYPE_STRUCT) {
        lt_json_write_value(out, type, value, &with_nulls);
        return LT_OK;
    }
    int code = LT_OK;
    const struct lt_array *array = value->array;
    lt_text_append_char(out, '[');
    for (uint32_t i = 0; i < array->count && code == LT_OK; i++) {
        lt_text_append(out, i > 0 ? "," : "");
        if (lt_bit(array->nulls, i))
            lt_text_append(out, "null");
        else
            code = write_struct(shown, type->fields[0].type, array->values[i].structure, out,
                                error);
    }
    lt_text_append_char(out, ']');
    return code;
}
