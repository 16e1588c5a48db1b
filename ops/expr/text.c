/*
 * Trees as text, and what a select list looks like from outside: its names, its schema, the columns
 * it reads.
 */
#include <inttypes.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/text_buffer.h"
#include "core/text/interval.h"
#include "core/text/json_write.h"
#include "core/text/number.h"
#include "core/text/time.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/expr.h"
#include "ops/expr/functions.h"

static void append(struct lt_text_buffer *out, const struct lt_expression *node);

static void append_hex(struct lt_text_buffer *out, const struct lt_bytes *bytes)
{
    lt_text_append(out, "X'");
    for (uint32_t i = 0; i < bytes->size_bytes; i++)
        lt_text_format(out, "%02X", bytes->data[i]);
    lt_text_append_char(out, '\'');
}

static void append_literal(struct lt_text_buffer *out, const struct lt_expression *node)
{
    char text[LT_TIME_TEXT_SIZE];
    _Static_assert((int)LT_TIME_TEXT_SIZE >= (int)LT_NUMBER_TEXT_SIZE, "one buffer for both");
    if (node->is_null) {
        lt_text_append(out, "NULL");
        return;
    }
    switch (node->type->kind) {
    case LT_TYPE_BOOLEAN:
        lt_text_append(out, node->value.i64 != 0 ? "true" : "false");
        return;
    case LT_TYPE_FLOAT:
        (void)lt_number_format_float((float)node->value.f64, text);
        break;
    case LT_TYPE_DOUBLE:
        (void)lt_number_format_double(node->value.f64, text);
        break;
    case LT_TYPE_DECIMAL:
        (void)lt_number_format_decimal(node->value.i128, node->type->scale, text);
        break;
    case LT_TYPE_STRING:
        lt_text_append_n(out, node->value.bytes.data, node->value.bytes.size_bytes);
        return;
    case LT_TYPE_BINARY:
        append_hex(out, &node->value.bytes);
        return;
    case LT_TYPE_DATE:
        (void)lt_time_format_date(node->value.i64, text);
        lt_text_format(out, "DATE '%s'", text);
        return;
    case LT_TYPE_TIMESTAMP_NTZ:
        (void)lt_time_format_timestamp(node->value.i64, 0, text);
        lt_text_format(out, "TIMESTAMP_NTZ '%s'", text);
        return;
    case LT_TYPE_INTERVAL_DAY_TIME:
    case LT_TYPE_INTERVAL_YEAR_MONTH:
    case LT_TYPE_INTERVAL_CALENDAR:
        lt_interval_write(out, node->type, &node->value);
        return;
    case LT_TYPE_TIMESTAMP:
        (void)lt_time_format_timestamp(node->value.i64, 0, text);
        lt_text_format(out, "TIMESTAMP '%s'", text);
        return;
    case LT_TYPE_ARRAY:
    case LT_TYPE_MAP:
    case LT_TYPE_STRUCT:
        lt_json_write_value(out, node->type, &node->value,
                            &(struct lt_json_write_options){.keep_null_fields = true});
        return;
    default:
        (void)lt_number_format_i64(node->value.i64, text);
        break;
    }
    lt_text_append(out, text);
}

static void append_list(struct lt_text_buffer *out, struct lt_expression *const *items,
                        uint32_t count, const char *between)
{
    for (uint32_t i = 0; i < count; i++) {
        lt_text_append(out, i == 0 ? "" : between);
        append(out, items[i]);
    }
}

/* Operators that are words between or after their operands. */
static bool append_word_operator(struct lt_text_buffer *out, const struct lt_expression *node)
{
    struct lt_expression *const *arguments = node->arguments;
    if (strcmp(node->name, "isnull") == 0 || strcmp(node->name, "isnotnull") == 0) {
        lt_text_append_char(out, '(');
        append(out, arguments[0]);
        lt_text_append(out, strcmp(node->name, "isnull") == 0 ? " IS NULL)" : " IS NOT NULL)");
    } else if (strcmp(node->name, "in") == 0) {
        lt_text_append_char(out, '(');
        append(out, arguments[0]);
        lt_text_append(out, " IN (");
        append_list(out, arguments + 1, node->argument_count - 1, ", ");
        lt_text_append(out, "))");
    } else if (strcmp(node->name, "not") == 0) {
        lt_text_append(out, "(NOT ");
        append(out, arguments[0]);
        lt_text_append_char(out, ')');
    } else if (strcmp(node->name, "negative") == 0) {
        lt_text_append(out, "(- ");
        append(out, arguments[0]);
        lt_text_append_char(out, ')');
    } else if (strcmp(node->name, "[]") == 0) {
        append(out, arguments[0]);
        lt_text_append_char(out, '[');
        append(out, arguments[1]);
        lt_text_append_char(out, ']');
    } else {
        return false;
    }
    return true;
}

static void append_call(struct lt_text_buffer *out, const struct lt_expression *node)
{
    if (append_word_operator(out, node))
        return;
    bool is_chain = strcmp(node->name, "and") == 0 || strcmp(node->name, "or") == 0;
    bool is_between = is_chain || strcmp(node->name, "div") == 0 ||
                      strcmp(node->name, "like") == 0 ||
                      (!lt_ascii_is_letter(node->name[0]) && node->name[0] != '_');
    if (is_between && node->argument_count >= 2 && strcmp(node->name, "||") != 0) {
        const char *between = is_chain ? (node->name[0] == 'a' ? " AND " : " OR ") : NULL;
        char word[16] = " ";
        if (between == NULL) {
            (void)strncat(word, node->name, sizeof word - 3);
            (void)strncat(word, " ", 2);
            between = word;
        }
        lt_text_append_char(out, '(');
        append_list(out, node->arguments, node->argument_count, between);
        lt_text_append_char(out, ')');
        return;
    }
    lt_text_append(out, strcmp(node->name, "||") == 0 ? "concat" : node->name);
    lt_text_append_char(out, '(');
    append_list(out, node->arguments, node->argument_count, ", ");
    lt_text_append_char(out, ')');
}

static void append_case(struct lt_text_buffer *out, const struct lt_expression *node)
{
    lt_text_append(out, "CASE");
    for (uint32_t i = 0; i < node->argument_count; i++) {
        bool is_else = i % 2 == 0 && i + 1 == node->argument_count;
        lt_text_append(out, is_else ? " ELSE " : i % 2 == 0 ? " WHEN " : " THEN ");
        append(out, node->arguments[i]);
    }
    lt_text_append(out, " END");
}

static void append(struct lt_text_buffer *out, const struct lt_expression *node)
{
    switch (node->kind) {
    case LT_EXPR_LITERAL:
        append_literal(out, node);
        return;
    case LT_EXPR_COLUMN:
        lt_text_append(out, node->name);
        return;
    case LT_EXPR_CALL:
        append_call(out, node);
        return;
    case LT_EXPR_CAST: {
        struct lt_arena *arena = lt_arena_create();
        lt_text_append(out, node->is_try ? "TRY_CAST(" : "CAST(");
        append(out, node->arguments[0]);
        lt_text_format(out, " AS %s)", lt_type_sql(arena, node->type));
        lt_arena_destroy(arena);
        return;
    }
    case LT_EXPR_CASE:
        append_case(out, node);
        return;
    case LT_EXPR_FIELD:
        append(out, node->arguments[0]);
        lt_text_format(out, ".%s", node->name);
        return;
    case LT_EXPR_JSON_PATH:
        append(out, node->arguments[0]);
        lt_text_format(out, ":%s", node->name);
        return;
    case LT_EXPR_ALIAS:
        append(out, node->arguments[0]);
        lt_text_format(out, " AS %s", node->name);
        return;
    case LT_EXPR_STAR:
        lt_text_append_char(out, '*');
        return;
    case LT_EXPR_VARIABLE:
        lt_text_append(out, node->name);
        return;
    case LT_EXPR_LAMBDA:
        lt_text_append(out, "lambdafunction(");
        append_list(out, node->arguments, node->argument_count, ", ");
        lt_text_append_char(out, ')');
        return;
    }
}

const char *lt_expr_text(const struct lt_expression *expression, struct lt_arena *arena)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    append(&text, expression);
    const char *copy = lt_arena_text(arena, lt_text_get(&text));
    lt_text_fini(&text);
    return copy;
}

/* -------------------------------------------------------------------------------- select lists */

const char *lt_expr_output_name(const struct lt_expression *expression, struct lt_arena *arena)
{
    bool has_name = expression->kind == LT_EXPR_ALIAS || expression->kind == LT_EXPR_COLUMN ||
                    expression->kind == LT_EXPR_FIELD;
    return has_name ? expression->name : lt_expr_text(expression, arena);
}

static struct lt_expression *with_name(struct lt_expression *expression, struct lt_arena *arena)
{
    if (expression->kind == LT_EXPR_ALIAS || expression->kind == LT_EXPR_COLUMN)
        return expression;
    struct lt_expression *alias = lt_arena_alloc(arena, sizeof *alias);
    *alias = (struct lt_expression){.kind = LT_EXPR_ALIAS,
                                    .begin = expression->begin,
                                    .end = expression->end,
                                    .name = lt_expr_output_name(expression, arena),
                                    .argument_count = 1,
                                    .index = -1};
    alias->arguments = lt_arena_alloc(arena, sizeof *alias->arguments);
    alias->arguments[0] = expression;
    return alias;
}

const struct lt_type *lt_expr_output_schema(struct lt_expression *const *expressions, size_t count,
                                            struct lt_arena *arena)
{
    struct lt_field *fields = lt_arena_alloc(arena, count * sizeof *fields);
    for (size_t i = 0; i < count; i++)
        fields[i] = (struct lt_field){.name = lt_expr_output_name(expressions[i], arena),
                                      .type = expressions[i]->type,
                                      .nullable = expressions[i]->nullable};
    return lt_type_struct(arena, fields, count);
}

/* The EXCEPT columns of a star as positions; all must be there. */
static int mark_excepted(const struct lt_expression *star, const char *text,
                         const struct lt_type *schema, bool *is_excepted, struct lt_error *error)
{
    for (uint32_t i = 0; i < star->argument_count; i++) {
        const struct lt_expression *column = star->arguments[i];
        struct lt_expr_place place = {text, column->begin, column->end};
        int index = column->kind == LT_EXPR_COLUMN ? lt_type_field_index(schema, column->name) : -1;
        if (index < 0)
            return lt_expr_error(error, LT_E_ANALYSIS, "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703",
                                 place, "EXCEPT names \"%s\", which is no column here",
                                 column->kind == LT_EXPR_COLUMN ? column->name : "an expression");
        is_excepted[index] = true;
    }
    return LT_OK;
}

static int expand_star(const struct lt_expression *star, const char *text,
                       const struct lt_type *schema, struct lt_arena *arena,
                       struct lt_expr_list *out, struct lt_error *error)
{
    struct lt_expr_place place = {text, star->begin, star->end};
    if (star->name != NULL)
        return lt_expr_error(error, LT_E_ANALYSIS, "CANNOT_RESOLVE_STAR_EXPAND", "42704", place,
                             "cannot expand \"%s.*\": there is no such struct or input",
                             star->name);
    bool *is_excepted = lt_arena_alloc(arena, schema->field_count);
    int code = mark_excepted(star, text, schema, is_excepted, error);
    for (uint32_t i = 0; i < schema->field_count && code == LT_OK; i++) {
        if (is_excepted[i])
            continue;
        struct lt_expression *column = lt_arena_alloc(arena, sizeof *column);
        *column = (struct lt_expression){.kind = LT_EXPR_COLUMN,
                                         .begin = star->begin,
                                         .end = star->end,
                                         .name = schema->fields[i].name,
                                         .type = schema->fields[i].type,
                                         .nullable = schema->fields[i].nullable,
                                         .index = (int32_t)i};
        out->expressions[out->count++] = column;
    }
    return code;
}

int lt_expr_expand_stars(struct lt_expr_list *list, const char *text, const struct lt_type *schema,
                         struct lt_arena *arena, struct lt_error *error)
{
    size_t most = list->count;
    for (size_t i = 0; i < list->count; i++)
        most += list->expressions[i]->kind == LT_EXPR_STAR ? schema->field_count : 0;
    struct lt_expr_list expanded = {.expressions =
                                        lt_arena_alloc(arena, most * sizeof *list->expressions)};
    for (size_t i = 0; i < list->count; i++) {
        struct lt_expression *item = list->expressions[i];
        if (item->kind != LT_EXPR_STAR) {
            expanded.expressions[expanded.count++] = with_name(item, arena);
            continue;
        }
        int code = expand_star(item, text, schema, arena, &expanded, error);
        if (code != LT_OK)
            return code;
    }
    *list = expanded;
    return LT_OK;
}

void lt_expr_columns_used(const struct lt_expression *expression, uint64_t *used)
{
    if (expression->kind == LT_EXPR_COLUMN)
        lt_bit_set(used, (uint32_t)expression->index);
    for (uint32_t i = 0; i < expression->argument_count; i++)
        lt_expr_columns_used(expression->arguments[i], used);
}
