/*
 * Trees as text.
 */
#include <inttypes.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/text_buffer.h"
#include "core/text/interval.h"
#include "core/text/json_write.h"
#include "core/text/number.h"
#include "core/text/time.h"
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
