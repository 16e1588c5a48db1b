/*
 * States side by side, each at a multiple of 16 in the block of the group.
 *
 * The byte form: version (1 byte: 1), then the form of each aggregate in the order of the node. The
 * forms are told in the files of the kinds.
 */
#include "ops/aggregate/aggregate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/aggregate/kind.h"
#include "ops/expr/functions.h"

enum { VERSION = 1, ALIGNMENT = 16 };

struct lt_aggregates {
    struct lt_arena *arena;
    struct lt_aggregate *list;
    uint32_t count;
    uint32_t size_bytes;
    const char *schema;
    struct lt_aggregate_work work;
};

/* -------------------------------------------------------------------------------------- binding */

static const struct lt_aggregate_kind *kind_of(const char *function, struct lt_error *error)
{
    int32_t index = lt_function_find(function);
    const struct lt_function *row = index < 0 ? NULL : lt_function_at((size_t)index, NULL);
    if (row != NULL && row->aggregate != NULL)
        return row->aggregate;
    (void)lt_error_set(error, LT_E_NOT_FOUND, "no aggregate function \"%s\"", function);
    return NULL;
}

static int bind_one(struct lt_aggregates *aggregates, const struct lt_plan_aggregate *plan,
                    const struct lt_type *input, const struct lt_session *session,
                    struct lt_error *error)
{
    const struct lt_aggregate_kind *kind = kind_of(plan->function, error);
    if (kind == NULL)
        return LT_E_NOT_FOUND;
    if (plan->is_distinct)
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "\"%s\": DISTINCT is not supported by this version", plan->function);
    struct lt_aggregate *aggregate = &aggregates->list[aggregates->count];
    const struct lt_type **types =
        lt_arena_alloc(aggregates->arena, plan->argument_count * sizeof *types);
    for (uint32_t i = 0; i < plan->argument_count; i++) {
        lt_assert(plan->arguments[i] < input->field_count);
        types[i] = input->fields[plan->arguments[i]].type;
    }
    *aggregate = (struct lt_aggregate){.name = plan->function,
                                       .variant = kind->variant,
                                       .ignores_nulls = plan->ignores_nulls,
                                       .is_legacy = session->is_legacy,
                                       .filter = plan->filter,
                                       .argument_count = plan->argument_count,
                                       .columns = plan->arguments,
                                       .types = types,
                                       .type = plan->type,
                                       .offset_bytes = aggregates->size_bytes};
    const struct lt_aggregate_binding binding = {plan, session, aggregates->arena, error};
    int code = kind->bind(aggregate, &binding);
    if (code != LT_OK)
        return lt_error_append(error, "cannot aggregate with \"%s\"", plan->function);
    uint32_t size = (aggregate->state_size_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    aggregates->size_bytes += size;
    aggregates->count++;
    return LT_OK;
}

/* "sum(BIGINT),count()" */
static const char *schema_of(const struct lt_aggregates *aggregates)
{
    const char *text = "";
    for (uint32_t i = 0; i < aggregates->count; i++) {
        const struct lt_aggregate *aggregate = &aggregates->list[i];
        text =
            lt_arena_format(aggregates->arena, "%s%s%s(", text, i == 0 ? "" : ",", aggregate->name);
        for (uint32_t j = 0; j < aggregate->argument_count; j++)
            text = lt_arena_format(aggregates->arena, "%s%s%s", text, j == 0 ? "" : ",",
                                   lt_type_sql(aggregates->arena, aggregate->types[j]));
        text = lt_arena_format(aggregates->arena, "%s)", text);
    }
    return text;
}

int lt_aggregates_create(const struct lt_plan_aggregate *plan, uint32_t count,
                         const struct lt_type *input, const struct lt_session *session,
                         struct lt_aggregates **out, struct lt_error *error)
{
    struct lt_aggregates *aggregates = lt_alloc(sizeof *aggregates);
    aggregates->arena = lt_arena_create();
    aggregates->list = lt_arena_alloc(aggregates->arena, count * sizeof *aggregates->list);
    int code = LT_OK;
    for (uint32_t i = 0; i < count && code == LT_OK; i++)
        code = bind_one(aggregates, &plan[i], input, lt_session_or_default(session), error);
    if (code != LT_OK) {
        lt_aggregates_destroy(aggregates);
        return code;
    }
    aggregates->schema = schema_of(aggregates);
    *out = aggregates;
    return LT_OK;
}

void lt_aggregates_destroy(struct lt_aggregates *aggregates)
{
    if (aggregates == NULL)
        return;
    lt_arena_destroy(aggregates->arena);
    free(aggregates);
}

uint32_t lt_aggregates_size_bytes(const struct lt_aggregates *aggregates)
{
    return aggregates->size_bytes;
}

bool lt_aggregates_are_plain(const struct lt_aggregates *aggregates)
{
    bool are_plain = true;
    for (uint32_t i = 0; i < aggregates->count; i++)
        are_plain =
            are_plain && aggregates->list[i].calls->write == lt_aggregate_write_plain;
    return are_plain;
}

const char *lt_aggregates_schema(const struct lt_aggregates *aggregates)
{
    return aggregates->schema;
}

/* --------------------------------------------------------------------------------------- states */

static bool is_left_out(const struct lt_aggregate *aggregate, const struct lt_row *row)
{
    if (aggregate->filter < 0)
        return false;
    uint32_t column = (uint32_t)aggregate->filter;
    return lt_row_is_null(row, column) || lt_row_values(row)[column].i64 == 0;
}

bool lt_aggregates_update(struct lt_aggregates *aggregates, void *state, const struct lt_row *row,
                          struct lt_scratch *memory)
{
    aggregates->work.memory = memory;
    aggregates->work.row = NULL;
    for (uint32_t i = 0; i < aggregates->count; i++) {
        const struct lt_aggregate *aggregate = &aggregates->list[i];
        void *own = (char *)state + aggregate->offset_bytes;
        if (!is_left_out(aggregate, row) &&
            lt_unlikely(!aggregate->calls->update(aggregate, own, row, &aggregates->work)))
            return false;
    }
    return true;
}

bool lt_aggregates_merge(struct lt_aggregates *aggregates, void *state, const void *other,
                         struct lt_scratch *memory)
{
    aggregates->work.memory = memory;
    aggregates->work.row = NULL;
    for (uint32_t i = 0; i < aggregates->count; i++) {
        const struct lt_aggregate *aggregate = &aggregates->list[i];
        uint32_t offset = aggregate->offset_bytes;
        if (!aggregate->calls->merge(aggregate, (char *)state + offset,
                                     (const char *)other + offset, &aggregates->work))
            return false;
    }
    return true;
}

bool lt_aggregates_evaluate(struct lt_aggregates *aggregates, const void *state, struct lt_row *out,
                            uint32_t first_column)
{
    aggregates->work.memory = NULL;
    aggregates->work.row = out;
    for (uint32_t i = 0; i < aggregates->count; i++) {
        const struct lt_aggregate *aggregate = &aggregates->list[i];
        const void *own = (const char *)state + aggregate->offset_bytes;
        enum lt_aggregate_result result = aggregate->calls->evaluate(
            aggregate, own, &aggregates->work, &lt_row_values(out)[first_column + i]);
        if (result == LT_AGGREGATE_FAULT)
            return false;
        if (result == LT_AGGREGATE_NULL)
            lt_row_set_null(out, first_column + i);
    }
    return true;
}

static void *alloc_of_row(void *context, size_t size_bytes)
{
    return lt_row_scratch(context, size_bytes);
}

bool lt_aggregates_evaluate_copied(struct lt_aggregates *aggregates, const void *state,
                                   struct lt_row *out, uint32_t first_column)
{
    if (!lt_aggregates_evaluate(aggregates, state, out, first_column))
        return false;
    const struct lt_value_memory memory = {alloc_of_row, out};
    for (uint32_t i = 0; i < aggregates->count; i++) {
        const struct lt_aggregate *aggregate = &aggregates->list[i];
        if (!lt_row_is_null(out, first_column + i) &&
            !lt_value_copy(aggregate->type, &memory, &lt_row_values(out)[first_column + i]))
            return lt_aggregate_no_memory(aggregate, &aggregates->work);
    }
    return true;
}

/* ------------------------------------------------------------------------------------ byte form */

void lt_aggregates_write(const struct lt_aggregates *aggregates, const void *state,
                         struct lt_text_buffer *out)
{
    lt_text_append_char(out, VERSION);
    for (uint32_t i = 0; i < aggregates->count; i++) {
        const struct lt_aggregate *aggregate = &aggregates->list[i];
        aggregate->calls->write(aggregate, (const char *)state + aggregate->offset_bytes, out);
    }
}

int lt_aggregates_read(struct lt_aggregates *aggregates, const void *data, size_t size_bytes,
                       void *state, struct lt_scratch *memory, struct lt_error *error)
{
    struct lt_aggregate_reader reader = {
        .at = data, .end = (const uint8_t *)data + size_bytes, .memory = memory, .error = error};
    uint8_t version = 0;
    int code = lt_aggregate_read_bytes(&reader, &version, sizeof version);
    if (code == LT_OK && version != VERSION)
        code = lt_error_set(error, LT_E_CORRUPT, "version %u; this release reads version %d",
                            version, VERSION);
    for (uint32_t i = 0; i < aggregates->count && code == LT_OK; i++) {
        const struct lt_aggregate *aggregate = &aggregates->list[i];
        code = aggregate->calls->read(aggregate, &reader, (char *)state + aggregate->offset_bytes);
        if (code != LT_OK)
            (void)lt_error_append(error, "\"%s\"", aggregate->name);
    }
    if (code == LT_OK && reader.at != reader.end)
        code = lt_aggregate_damaged(&reader, "there are bytes after its end");
    return code == LT_OK ? LT_OK : lt_error_append(error, "stored aggregates");
}

void lt_aggregate_write_bytes(struct lt_text_buffer *out, const void *data, size_t size_bytes)
{
    lt_text_append_n(out, data, size_bytes);
}

int lt_aggregate_read_bytes(struct lt_aggregate_reader *reader, void *out, size_t size_bytes)
{
    if ((size_t)(reader->end - reader->at) < size_bytes)
        return lt_aggregate_damaged(reader, "it ends inside a value");
    if (size_bytes > 0)
        memcpy(out, reader->at, size_bytes);
    reader->at += size_bytes;
    return LT_OK;
}

static void *alloc_of_scratch(void *context, size_t size_bytes)
{
    return lt_scratch_alloc(context, size_bytes);
}

int lt_aggregate_read_value(struct lt_aggregate_reader *reader, const struct lt_type *type,
                            union lt_value *out)
{
    const struct lt_value_memory memory = {alloc_of_scratch, reader->memory};
    return lt_value_bytes_read(type, &reader->at, reader->end, &memory, out, reader->error);
}

int lt_aggregate_read_count(struct lt_aggregate_reader *reader, size_t least_bytes, uint32_t *out)
{
    int code = lt_aggregate_read_bytes(reader, out, sizeof *out);
    if (code == LT_OK && *out > (size_t)(reader->end - reader->at) / least_bytes)
        code = lt_aggregate_damaged(reader, "it ends inside a list");
    return code;
}

void *lt_aggregate_read_alloc(struct lt_aggregate_reader *reader, size_t size_bytes)
{
    void *memory = lt_scratch_alloc(reader->memory, size_bytes);
    if (memory == NULL)
        (void)lt_error_set(reader->error, LT_E_NO_MEMORY, "no memory for %zu bytes", size_bytes);
    return memory;
}

int lt_aggregate_damaged(struct lt_aggregate_reader *reader, const char *what)
{
    return lt_error_set(reader->error, LT_E_CORRUPT, "%s", what);
}

void lt_aggregate_write_plain(const struct lt_aggregate *aggregate, const void *state,
                              struct lt_text_buffer *out)
{
    lt_aggregate_write_bytes(out, state, aggregate->state_size_bytes);
}

int lt_aggregate_read_plain(const struct lt_aggregate *aggregate,
                            struct lt_aggregate_reader *reader, void *state)
{
    return lt_aggregate_read_bytes(reader, state, aggregate->state_size_bytes);
}

/* --------------------------------------------------------------------------------------- faults */

bool lt_aggregate_fault(struct lt_aggregate_work *work, const char *condition, const char *sqlstate,
                        const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(work->text, sizeof work->text, format, arguments);
    va_end(arguments);
    work->condition = condition;
    work->sqlstate = sqlstate;
    return false;
}

bool lt_aggregate_no_memory(const struct lt_aggregate *aggregate, struct lt_aggregate_work *work)
{
    return lt_aggregate_fault(work, "RECORD_TOO_LARGE", "",
                              "\"%s\": there is no memory for what the group holds, or it is over "
                              "the limit of one value",
                              aggregate->name);
}

void *lt_aggregate_alloc(const struct lt_aggregate *aggregate, struct lt_aggregate_work *work,
                         size_t size_bytes)
{
    void *memory = work->row != NULL ? lt_row_scratch(work->row, size_bytes)
                                     : lt_scratch_alloc(work->memory, size_bytes);
    if (memory == NULL)
        (void)lt_aggregate_no_memory(aggregate, work);
    return memory;
}

bool lt_aggregate_keep(const struct lt_aggregate *aggregate, struct lt_aggregate_work *work,
                       const struct lt_type *type, union lt_value *value)
{
    if (!lt_type_holds_memory(type))
        return true;
    const struct lt_value_memory memory = {alloc_of_scratch, work->memory};
    return lt_value_copy(type, &memory, value) || lt_aggregate_no_memory(aggregate, work);
}

struct lt_fault *lt_aggregates_take_fault(const struct lt_aggregates *aggregates, const char *stage)
{
    const struct lt_aggregate_work *work = &aggregates->work;
    return lt_fault_create(stage, work->condition, work->sqlstate, "%s", work->text);
}
