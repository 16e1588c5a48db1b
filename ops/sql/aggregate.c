/*
 * One row for each aggregate: how many arguments it takes and by which rule its type follows. The
 * values are nobody's business here.
 */
#include "ops/sql/aggregate.h"

#include <stdio.h>
#include <string.h>

#include "core/data/decimal.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/expr.h"

enum rule {
    BIGINT,
    DOUBLE,
    BOOLEAN,
    STRING,
    BINARY,
    SAME, /* as its argument */
    LIST, /* an array of its argument */
    SUM,
    AVERAGE,
    WINDOW, /* of the time: start and end */
};

enum { ANY_COUNT = 255 };

static const struct {
    const char *name;
    uint8_t fewest, most;
    uint8_t rule;
} rows[] = {
    {"any", 1, 1, BOOLEAN},
    {"any_value", 1, 2, SAME},
    {"approx_count_distinct", 1, 2, BIGINT},
    {"approx_percentile", 2, 3, SAME},
    {"array_agg", 1, 1, LIST},
    {"avg", 1, 1, AVERAGE},
    {"bit_and", 1, 1, SAME},
    {"bit_or", 1, 1, SAME},
    {"bit_xor", 1, 1, SAME},
    {"bitmap_construct_agg", 1, 1, BINARY},
    {"bitmap_or_agg", 1, 1, BINARY},
    {"bool_and", 1, 1, BOOLEAN},
    {"bool_or", 1, 1, BOOLEAN},
    {"collect_list", 1, 1, LIST},
    {"collect_set", 1, 1, LIST},
    {"corr", 2, 2, DOUBLE},
    {"count", 1, ANY_COUNT, BIGINT},
    {"count_if", 1, 1, BIGINT},
    {"count_min_sketch", 4, 4, BINARY},
    {"covar_pop", 2, 2, DOUBLE},
    {"covar_samp", 2, 2, DOUBLE},
    {"every", 1, 1, BOOLEAN},
    {"first", 1, 2, SAME},
    {"first_value", 1, 2, SAME},
    {"grouping", 1, 1, BIGINT},
    {"grouping_id", 0, ANY_COUNT, BIGINT},
    {"histogram_numeric", 2, 2, LIST},
    {"hll_sketch_agg", 1, 2, BINARY},
    {"hll_union_agg", 1, 2, BINARY},
    {"kurtosis", 1, 1, DOUBLE},
    {"last", 1, 2, SAME},
    {"last_value", 1, 2, SAME},
    {"listagg", 1, 2, STRING},
    {"max", 1, 1, SAME},
    {"max_by", 2, 2, SAME},
    {"mean", 1, 1, AVERAGE},
    {"median", 1, 1, DOUBLE},
    {"min", 1, 1, SAME},
    {"min_by", 2, 2, SAME},
    {"mode", 0, 2, SAME},
    {"percentile", 2, 3, DOUBLE},
    {"percentile_approx", 2, 3, SAME},
    {"percentile_cont", 1, 1, DOUBLE},
    {"percentile_disc", 1, 1, DOUBLE},
    {"regr_avgx", 2, 2, DOUBLE},
    {"regr_avgy", 2, 2, DOUBLE},
    {"regr_count", 2, 2, BIGINT},
    {"regr_intercept", 2, 2, DOUBLE},
    {"regr_r2", 2, 2, DOUBLE},
    {"regr_slope", 2, 2, DOUBLE},
    {"regr_sxx", 2, 2, DOUBLE},
    {"regr_sxy", 2, 2, DOUBLE},
    {"regr_syy", 2, 2, DOUBLE},
    {"skewness", 1, 1, DOUBLE},
    {"some", 1, 1, BOOLEAN},
    {"std", 1, 1, DOUBLE},
    {"stddev", 1, 1, DOUBLE},
    {"stddev_pop", 1, 1, DOUBLE},
    {"stddev_samp", 1, 1, DOUBLE},
    {"string_agg", 1, 2, STRING},
    {"sum", 1, 1, SUM},
    {"try_avg", 1, 1, AVERAGE},
    {"try_sum", 1, 1, SUM},
    {"var_pop", 1, 1, DOUBLE},
    {"var_samp", 1, 1, DOUBLE},
    {"variance", 1, 1, DOUBLE},
    /* Not aggregates: made by an operator all the same. */
    {"session_window", 2, 2, WINDOW},
    {"cume_dist", 0, 0, DOUBLE},
    {"dense_rank", 0, ANY_COUNT, BIGINT},
    {"lag", 1, 3, SAME},
    {"lead", 1, 3, SAME},
    {"nth_value", 2, 2, SAME},
    {"ntile", 0, 1, BIGINT},
    {"percent_rank", 0, ANY_COUNT, DOUBLE},
    {"rank", 0, ANY_COUNT, BIGINT},
    {"row_number", 0, 0, BIGINT},
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0], MADE_MORE = 10 };

static int find(const char *name)
{
    for (int i = 0; i < ROW_COUNT; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return i;
    }
    return -1;
}

bool lt_sql_is_aggregate(const char *name)
{
    int row = find(name);
    return row >= 0 && row < ROW_COUNT - MADE_MORE;
}

/* --------------------------------------------------------------------------------------- types */

static const struct lt_type *decimal_of(struct lt_arena *arena, const struct lt_type *type,
                                        unsigned more_digits, unsigned more_scale)
{
    unsigned precision = type->precision + more_digits, scale = type->scale + more_scale;
    precision = precision > LT_DECIMAL_PRECISION_MAX ? LT_DECIMAL_PRECISION_MAX : precision;
    return lt_type_decimal(
        arena, (uint8_t)precision,
        (uint8_t)(scale > LT_DECIMAL_PRECISION_MAX ? LT_DECIMAL_PRECISION_MAX : scale));
}

static const struct lt_type *type_of(enum rule rule, const struct lt_type *argument,
                                     struct lt_arena *arena)
{
    bool is_decimal = argument->kind == LT_TYPE_DECIMAL;
    bool is_interval = argument->kind == LT_TYPE_INTERVAL_DAY_TIME ||
                       argument->kind == LT_TYPE_INTERVAL_YEAR_MONTH;
    switch (rule) {
    case BIGINT:
        return lt_type_simple(LT_TYPE_BIGINT);
    case BOOLEAN:
        return lt_type_simple(LT_TYPE_BOOLEAN);
    case STRING:
        return lt_type_simple(LT_TYPE_STRING);
    case BINARY:
        return lt_type_simple(LT_TYPE_BINARY);
    case SAME:
        return argument;
    case LIST:
        return lt_type_array(arena, argument, false);
    case SUM:
        if (is_decimal)
            return decimal_of(arena, argument, 10, 0);
        if (is_interval)
            return argument;
        return lt_type_simple(lt_type_is_integral(argument) ? LT_TYPE_BIGINT : LT_TYPE_DOUBLE);
    case AVERAGE:
        if (is_decimal)
            return decimal_of(arena, argument, 4, 4);
        return is_interval ? argument : lt_type_simple(LT_TYPE_DOUBLE);
    case WINDOW: {
        struct lt_field *fields = lt_arena_alloc(arena, 2 * sizeof *fields);
        fields[0] = (struct lt_field){.name = "start", .type = argument};
        fields[1] = (struct lt_field){.name = "end", .type = argument};
        return lt_type_struct(arena, fields, 2);
    }
    case DOUBLE:
        break;
    }
    return lt_type_simple(LT_TYPE_DOUBLE);
}

/* ------------------------------------------------------------------------------------- columns */

static int check_count(const struct lt_sql_names *names, const struct lt_expression *call, int row)
{
    uint32_t count = call->argument_count;
    struct lt_expr_place place = {names->text, call->begin, call->end};
    if (count >= rows[row].fewest && count <= rows[row].most)
        return LT_OK;
    char wanted[32];
    if (rows[row].most == ANY_COUNT)
        (void)snprintf(wanted, sizeof wanted, "> %u", rows[row].fewest - 1U);
    else if (rows[row].most == rows[row].fewest)
        (void)snprintf(wanted, sizeof wanted, "%u", rows[row].fewest);
    else
        (void)snprintf(wanted, sizeof wanted, "[%u, %u]", rows[row].fewest, rows[row].most);
    return lt_expr_error(names->error, LT_E_ANALYSIS, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "42605",
                         place,
                         "The `%s` requires %s parameters but the actual number is %u. Please, "
                         "refer to 'https://spark.apache.org/docs/latest/sql-ref-functions.html' "
                         "for a fix.",
                         call->name, wanted, count);
}

static int analyse_argument(struct lt_sql_names *names, struct lt_expression **argument)
{
    struct lt_expression **inner = argument;
    if ((*inner)->kind == LT_EXPR_CALL && strcmp((*inner)->name, "distinct") == 0 &&
        (*inner)->argument_count == 1)
        inner = &(*inner)->arguments[0];
    if ((*inner)->kind == LT_EXPR_STAR)
        return LT_OK;
    const struct lt_expression *nested = lt_sql_find_aggregate(*inner);
    if (nested != NULL) {
        struct lt_expr_place place = {names->text, nested->begin, nested->end};
        return lt_expr_error(names->error, LT_E_ANALYSIS, "NESTED_AGGREGATE_FUNCTION", "42607",
                             place,
                             "It is not allowed to use an aggregate function in the argument of "
                             "another aggregate function. Please use the inner aggregate function "
                             "in a sub-query.");
    }
    int code = lt_sql_resolve_names(names, inner);
    if (code == LT_OK)
        code = lt_expr_analyse(inner, names->text, names->scope->schema, names->session,
                               names->arena, names->error);
    if (code == LT_OK)
        (*argument)->type = (*inner)->type;
    return code;
}

/* Sums and averages are of numbers and intervals, and of texts that become numbers. */
static int check_number(const struct lt_sql_names *names, const struct lt_expression *call, int row,
                        const char *printed)
{
    bool is_number = rows[row].rule == SUM || rows[row].rule == AVERAGE;
    const struct lt_type *type = is_number ? call->arguments[0]->type : NULL;
    if (type == NULL || !(lt_type_is_nested(type) || lt_type_is_datetime(type) ||
                          type->kind == LT_TYPE_BOOLEAN || type->kind == LT_TYPE_BINARY))
        return LT_OK;
    struct lt_expr_place place = {names->text, call->begin, call->end};
    return lt_expr_error(
        names->error, LT_E_ANALYSIS, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "42K09", place,
        "Cannot resolve \"%s\" due to data type mismatch: The first parameter "
        "requires the \"NUMERIC\" or \"ANSI INTERVAL\" type, however \"%s\" has "
        "the type \"%s\".",
        printed, lt_expr_text(call->arguments[0], names->arena), lt_type_sql(names->arena, type));
}

/* The call becomes the column that the operator gives for it. */
static int become_column(struct lt_sql_names *names, struct lt_expression *call, int row,
                         uint32_t first, struct lt_sql_made *made)
{
    static const struct lt_type *none;
    none = lt_type_simple(LT_TYPE_VOID);
    int code = check_count(names, call, row);
    const char *name = lt_expr_text(call, names->arena);
    for (uint32_t i = 0; i < call->argument_count && code == LT_OK; i++)
        code = analyse_argument(names, &call->arguments[i]);
    if (code != LT_OK)
        return code;
    code = check_number(names, call, row, name);
    if (code != LT_OK)
        return code;
    bool has_type = call->argument_count > 0 && call->arguments[0]->type != NULL;
    const struct lt_type *type = type_of((enum rule)rows[row].rule,
                                         has_type ? call->arguments[0]->type : none, names->arena);
    if (made->count == made->capacity) {
        uint32_t capacity = made->capacity == 0 ? 16 : 2 * made->capacity;
        struct lt_field *fields = lt_arena_alloc(names->arena, capacity * sizeof *fields);
        if (made->count > 0)
            memcpy(fields, made->fields, made->count * sizeof *fields);
        made->fields = fields;
        made->capacity = capacity;
    }
    made->fields[made->count] = (struct lt_field){.name = name, .type = type, .nullable = true};
    *call = (struct lt_expression){.kind = LT_EXPR_COLUMN,
                                   .begin = call->begin,
                                   .end = call->end,
                                   .name = name,
                                   .type = type,
                                   .nullable = true,
                                   .index = (int32_t)(first + made->count)};
    made->count++;
    return LT_OK;
}

int lt_sql_make_aggregates(struct lt_sql_analysis *analysis, struct lt_sql_names *names,
                           struct lt_expression *node, uint32_t first, struct lt_sql_made *made)
{
    int row = node->kind == LT_EXPR_CALL && node->type == NULL ? find(node->name) : -1;
    if (row >= 0)
        return become_column(names, node, row, first, made);
    bool is_over = lt_sql_is_over(node);
    for (uint32_t i = 0; i < node->argument_count && node->kind != LT_EXPR_STAR; i++) {
        int code = i > 0 && is_over
                       ? analyse_argument(names, &node->arguments[i])
                       : lt_sql_make_aggregates(analysis, names, node->arguments[i], first, made);
        if (code != LT_OK)
            return code;
    }
    if (is_over)
        *node = *node->arguments[0];
    return LT_OK;
}
