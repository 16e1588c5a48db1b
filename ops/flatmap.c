/*
 * One program computes the values of a record, hidden ones too: what the generators' rows are made
 * of. A cursor for each generator stands at one of its rows; the cursors turn like the wheels of a
 * counter.
 */
#include "ops/flatmap.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "ops/derived_rows.h"
#include "ops/expr/generator.h"
#include "ops/expr/program.h"
#include "ops/read_meter.h"

/* Room in each row of values for computed ones before more is looked for. */
enum { SCRATCH_BYTES_PER_COLUMN = 64 };

struct cursor {
    enum lt_generator_kind kind;
    bool is_outer, is_map;
    uint32_t source;  /* the first hidden column */
    uint32_t sources; /* how many there are */
    uint32_t column;  /* the first of its columns in the rows */
    uint32_t columns;
    uint32_t fixed_count; /* of rows, whatever the record; 0: it depends */
    uint32_t row_count;   /* of the record at hand; 1 with `is_padding` */
    uint32_t row;
    bool is_padding; /* the one row is of NULLs */
};

struct flatmap {
    struct lt_operator base;
    struct lt_program *program;
    struct lt_read_meter meter;
    struct lt_arena *arena;
    struct cursor *cursors;
    uint32_t cursor_count;
    uint32_t *columns; /* of the rows: where each plain value goes */
    uint32_t plain_count, value_count;
    struct lt_row_pool *values, *rows; /* NULL before open */
    struct lt_row *at;                 /* the values of the record at hand; NULL: none is */
    struct lt_shared_u64 *in, *out, *empty;
};

/* -------------------------------------------------------------------------------------- cursors */

static uint32_t count_rows(const struct cursor *cursor, const struct lt_row *values)
{
    if (cursor->fixed_count > 0)
        return cursor->fixed_count;
    if (lt_row_is_null(values, cursor->source))
        return 0;
    const union lt_value *source = &lt_row_values(values)[cursor->source];
    if (cursor->is_map)
        return source->map->keys.count;
    lt_array_materialize(source->array);
    return source->array->count;
}

/* Puts the cursors at the first rows. False: there are none. */
static bool rewind_cursors(struct flatmap *flatmap)
{
    bool has_rows = true;
    for (uint32_t i = 0; i < flatmap->cursor_count; i++) {
        struct cursor *cursor = &flatmap->cursors[i];
        cursor->row = 0;
        cursor->row_count = count_rows(cursor, flatmap->at);
        cursor->is_padding = cursor->row_count == 0 && cursor->is_outer;
        cursor->row_count += cursor->is_padding;
        has_rows = has_rows && cursor->row_count > 0;
    }
    return has_rows;
}

/* False: that was the last combination. */
static bool advance(struct flatmap *flatmap)
{
    for (uint32_t i = flatmap->cursor_count; i > 0; i--) {
        struct cursor *cursor = &flatmap->cursors[i - 1];
        if (++cursor->row < cursor->row_count)
            return true;
        cursor->row = 0;
    }
    return false;
}

static bool is_last(const struct flatmap *flatmap)
{
    bool is_last = true;
    for (uint32_t i = 0; i < flatmap->cursor_count; i++)
        is_last = is_last && flatmap->cursors[i].row + 1 == flatmap->cursors[i].row_count;
    return is_last;
}

/* ----------------------------------------------------------------------------------------- rows */

static void put(struct lt_row *row, uint32_t column, bool is_null, const union lt_value *value)
{
    if (is_null)
        lt_row_set_null(row, column);
    else
        lt_row_values(row)[column] = *value;
}

static void put_element(struct lt_row *row, uint32_t column, const struct lt_array *array,
                        uint32_t index)
{
    put(row, column, lt_bit(array->nulls, index), &array->values[index]);
}

static void put_fields(struct lt_row *row, const struct cursor *cursor,
                       const struct lt_struct *structure)
{
    for (uint32_t i = 0; i < cursor->columns; i++)
        put(row, cursor->column + i, structure == NULL || lt_bit(structure->nulls, i),
            structure == NULL ? NULL : &structure->values[i]);
}

static void put_exploded(struct lt_row *row, const struct cursor *cursor,
                         const union lt_value *source)
{
    uint32_t column = cursor->column;
    if (cursor->kind == LT_GENERATOR_POSEXPLODE)
        lt_row_values(row)[column++].i64 = cursor->row;
    if (!cursor->is_map) {
        put_element(row, column, source->array, cursor->row);
        return;
    }
    put_element(row, column, &source->map->keys, cursor->row);
    put_element(row, column + 1, &source->map->values, cursor->row);
}

static void put_stacked(struct lt_row *row, const struct cursor *cursor,
                        const struct lt_row *values)
{
    for (uint32_t i = 0; i < cursor->columns; i++) {
        uint64_t index = (uint64_t)cursor->row * cursor->columns + i;
        uint32_t source = index < cursor->sources ? cursor->source + (uint32_t)index : 0;
        bool is_null = index >= cursor->sources || lt_row_is_null(values, source);
        put(row, cursor->column + i, is_null, &lt_row_values(values)[source]);
    }
}

/* The columns of one generator's row. */
static void put_generated(struct lt_row *row, const struct cursor *cursor,
                          const struct lt_row *values)
{
    const union lt_value *source = &lt_row_values(values)[cursor->source];
    if (cursor->is_padding) {
        put_fields(row, cursor, NULL);
        return;
    }
    switch (cursor->kind) {
    case LT_GENERATOR_EXPLODE:
    case LT_GENERATOR_POSEXPLODE:
        put_exploded(row, cursor, source);
        return;
    case LT_GENERATOR_INLINE:
        put_fields(row, cursor,
                   lt_bit(source->array->nulls, cursor->row)
                       ? NULL
                       : source->array->values[cursor->row].structure);
        return;
    case LT_GENERATOR_STACK:
        put_stacked(row, cursor, values);
        return;
    case LT_GENERATOR_TUPLE:
        put_fields(row, cursor, source->structure);
        return;
    }
}

static void emit_row(struct flatmap *flatmap, struct lt_row *row, struct lt_row *record,
                     struct lt_out *out)
{
    const struct lt_row *values = flatmap->at;
    for (uint32_t i = 0; i < flatmap->plain_count; i++)
        put(row, flatmap->columns[i], lt_row_is_null(values, i), &lt_row_values(values)[i]);
    for (uint32_t i = 0; i < flatmap->cursor_count; i++)
        put_generated(row, &flatmap->cursors[i], values);
    lt_row_hold(flatmap->at);
    lt_derived_row_adopt(row, record);
    row->parent = flatmap->at; /* which has the record as its own */
    if (!is_last(flatmap))
        row->flags &= (uint8_t)~LT_ROW_END_OF_BATCH;
    lt_counter_add(flatmap->out, 1);
    out->emit(out, row);
}

/* ------------------------------------------------------------------------------------- operator */

/* Computes the values of a record, and places the cursors. */
static enum lt_process begin(struct flatmap *flatmap, struct lt_row *record, struct lt_out *out,
                             bool *has_rows)
{
    *has_rows = false;
    struct lt_row *values = lt_row_claim(flatmap->values);
    if (lt_unlikely(values == NULL))
        return LT_PROCESS_RETRY;
    lt_counter_add(flatmap->in, 1);
    if (lt_unlikely(!lt_program_eval(flatmap->program, record, values))) {
        lt_derived_row_abandon(values);
        out->fail(out, record, lt_program_take_fault(flatmap->program, "flatmap"));
        return LT_PROCESS_DONE;
    }
    /* The record stays the caller's until its last row is out: it may be handed in again. */
    lt_row_hold(record);
    lt_derived_row_adopt(values, record);
    flatmap->at = values;
    *has_rows = rewind_cursors(flatmap);
    if (*has_rows)
        return LT_PROCESS_DONE;
    lt_counter_add(flatmap->empty, 1);
    flatmap->at = NULL;
    lt_row_release(values);
    lt_row_release(record);
    return LT_PROCESS_DONE;
}

static enum lt_process flatmap_process(struct lt_operator *op, struct lt_row *record,
                                       struct lt_out *out)
{
    struct flatmap *flatmap = (struct flatmap *)op;
    bool has_rows = flatmap->at != NULL;
    lt_debug_assert(!has_rows || flatmap->at->parent == record);
    if (!has_rows) {
        enum lt_process result = begin(flatmap, record, out, &has_rows);
        if (!has_rows)
            return result;
    }
    do {
        struct lt_row *row = lt_row_claim(flatmap->rows);
        if (lt_unlikely(row == NULL))
            return LT_PROCESS_RETRY;
        emit_row(flatmap, row, record, out);
    } while (advance(flatmap));
    struct lt_row *values = flatmap->at;
    flatmap->at = NULL;
    lt_row_release(values);
    lt_row_release(record);
    return LT_PROCESS_DONE;
}

static int open_pool(uint32_t columns, uint32_t scratch_bytes, const struct lt_operator_env *env,
                     struct lt_row_pool **out, struct lt_error *error)
{
    const struct lt_row_pool_options options = {.column_count = columns,
                                                .capacity = env->rows_in_flight,
                                                .scratch_size_bytes = scratch_bytes,
                                                .is_shared = env->is_shared};
    int code = lt_row_pool_create(&options, out, error);
    return code != LT_OK ? lt_error_append(error, "cannot open the flat-map") : LT_OK;
}

static struct lt_shared_u64 *add_counter(const struct lt_operator_env *env, const char *name,
                                         const char *help)
{
    char full[128];
    (void)snprintf(full, sizeof full, "%s%s", env->counter_prefix, name);
    return lt_counters_add(env->counters, LT_COUNTER_SUM, full, "records", help);
}

static int flatmap_open(struct lt_operator *op, const struct lt_operator_env *env,
                        struct lt_error *error)
{
    struct flatmap *flatmap = (struct flatmap *)op;
    uint32_t columns = flatmap->value_count;
    int code = open_pool(columns, columns * SCRATCH_BYTES_PER_COLUMN, env, &flatmap->values, error);
    if (code == LT_OK)
        code = open_pool(flatmap->base.output_schema->field_count, 0, env, &flatmap->rows, error);
    if (code != LT_OK)
        return code;
    flatmap->in = add_counter(env, "in", "records taken apart");
    flatmap->out = add_counter(env, "out", "rows made of them");
    flatmap->empty = add_counter(env, "empty", "records that gave no row");
    flatmap->base.left_out = flatmap->empty;
    lt_program_set_clock(flatmap->program, env->clock);
    lt_read_meter_init(&flatmap->meter, flatmap->program, env);
    return LT_OK;
}

static void flatmap_close(struct lt_operator *op)
{
    struct flatmap *flatmap = (struct flatmap *)op;
    if (flatmap->at != NULL)
        lt_row_release(flatmap->at);
    lt_row_pool_destroy(flatmap->rows);
    lt_row_pool_destroy(flatmap->values);
    lt_program_destroy(flatmap->program);
    lt_arena_destroy(flatmap->arena);
    free(flatmap);
}

static void flatmap_on_batch_end(struct lt_operator *op, struct lt_out *out)
{
    const struct flatmap *flatmap = (const struct flatmap *)op;
    (void)out;
    lt_read_meter_update(&flatmap->meter);
}

static void flatmap_add_cost(const struct lt_operator *op, struct lt_operator_cost *cost)
{
    const struct flatmap *flatmap = (const struct flatmap *)op;
    cost->rows += 2; /* of its values, and at least one of the generator */
    lt_program_add_cost(flatmap->program, cost);
}

static const struct lt_operator_ops flatmap_ops = {.name = "flatmap",
                                                   .open = flatmap_open,
                                                   .process = flatmap_process,
                                                   .add_cost = flatmap_add_cost,
                                                   .close = flatmap_close};
/* What reads no documents has nothing to do at the end of a batch. */
static const struct lt_operator_ops reading_ops = {.name = "flatmap",
                                                   .open = flatmap_open,
                                                   .process = flatmap_process,
                                                   .on_batch_end = flatmap_on_batch_end,
                                                   .add_cost = flatmap_add_cost,
                                                   .close = flatmap_close};

/* ------------------------------------------------------------------------------------- creation */

bool lt_flatmap_is_needed(struct lt_expression *const *expressions, size_t count)
{
    bool is_needed = false;
    for (size_t i = 0; i < count; i++)
        is_needed = is_needed || lt_generator_call(expressions[i]) != NULL;
    return is_needed;
}

/* The expressions of the program: plain items first, then what the generators need. */
struct values {
    struct lt_expression **expressions;
    const char **texts;
    uint32_t count, capacity;
};

static void add_value(struct values *values, struct lt_expression *expression, const char *text)
{
    if (values->count == values->capacity) {
        values->capacity = values->capacity == 0 ? 16 : 2 * values->capacity;
        values->expressions =
            lt_realloc_array(values->expressions, values->capacity, sizeof(struct lt_expression *));
        values->texts = lt_realloc_array(values->texts, values->capacity, sizeof(const char *));
    }
    values->expressions[values->count] = expression;
    values->texts[values->count++] = text;
}

static void add_generator(struct flatmap *flatmap, struct values *values,
                          const struct lt_expression *call, const char *text, uint32_t column)
{
    struct cursor *cursor = &flatmap->cursors[flatmap->cursor_count++];
    *cursor = (struct cursor){.kind = lt_generator_kind_of(call),
                              .is_outer = lt_generator_is_outer(call),
                              .source = values->count,
                              .sources = 1,
                              .column = column,
                              .columns = call->type->field_count};
    if (cursor->kind == LT_GENERATOR_STACK)
        cursor->fixed_count = lt_generator_rows(call);
    if (cursor->kind == LT_GENERATOR_TUPLE) {
        cursor->fixed_count = 1;
        add_value(values, (struct lt_expression *)(uintptr_t)call, text);
        return;
    }
    struct lt_expression *const *sources = lt_generator_sources(call, &cursor->sources);
    cursor->is_map = sources[0]->type->kind == LT_TYPE_MAP;
    for (uint32_t i = 0; i < cursor->sources; i++)
        add_value(values, sources[i], text);
}

/* Lays out values, cursors and columns. */
static void lay_out(struct flatmap *flatmap, const struct lt_flatmap_options *options,
                    struct values *values)
{
    uint32_t column = 0;
    flatmap->cursors = lt_arena_alloc(flatmap->arena, options->count * sizeof *flatmap->cursors);
    flatmap->columns = lt_arena_alloc(flatmap->arena, options->count * sizeof *flatmap->columns);
    for (size_t i = 0; i < options->count; i++) {
        const struct lt_expression *call = lt_generator_call(options->expressions[i]);
        if (call == NULL) {
            flatmap->columns[flatmap->plain_count++] = column++;
            add_value(values, options->expressions[i], options->texts[i]);
        } else {
            column += call->type->field_count;
        }
    }
    column = 0;
    for (size_t i = 0; i < options->count; i++) {
        const struct lt_expression *call = lt_generator_call(options->expressions[i]);
        if (call != NULL)
            add_generator(flatmap, values, call, options->texts[i], column);
        column += call == NULL ? 1 : call->type->field_count;
    }
    flatmap->value_count = values->count;
    lt_assert(column == options->output_schema->field_count);
}

int lt_flatmap_create(const struct lt_flatmap_options *options, struct lt_operator **out,
                      struct lt_error *error)
{
    struct flatmap *flatmap = lt_alloc(sizeof *flatmap);
    struct values values = {0};
    *flatmap = (struct flatmap){.base = {.ops = &flatmap_ops,
                                         .input_schema = options->input_schema,
                                         .output_schema = options->output_schema},
                                .arena = lt_arena_create()};
    lay_out(flatmap, options, &values);
    const struct lt_program_options program_options = {.expressions = values.expressions,
                                                       .texts = values.texts,
                                                       .count = values.count,
                                                       .schema = options->input_schema,
                                                       .session = options->session,
                                                       .use_switch = options->use_switch};
    int code = lt_program_create(&program_options, &flatmap->program, error);
    free(values.expressions);
    free(values.texts);
    if (code != LT_OK) {
        flatmap_close(&flatmap->base);
        return lt_error_append(error, "cannot make the flat-map");
    }
    if (lt_read_meter_is_needed(flatmap->program))
        flatmap->base.ops = &reading_ops;
    *out = &flatmap->base;
    return LT_OK;
}
