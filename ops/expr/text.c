/*
 * Trees as text, as Spark prints them and names columns by them: operators in brackets, literals
 * bare, defaults shown.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/text_buffer.h"
#include "core/text/interval.h"
#include "core/text/json_write.h"
#include "core/text/number.h"
#include "core/text/time.h"
#include "ops/expr/expr.h"
#include "ops/expr/functions.h"

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

/* ------------------------------------------------------------------------------------- printing */

/* The lambdas around what is printed, innermost first: their parameters have no names in Spark. */
struct scope {
    const struct scope *outer;
    const struct lt_expression *lambda;
};

struct printer {
    struct lt_text_buffer *out;
    const struct scope *scope;
};

static void print(struct printer *printer, const struct lt_expression *node);

static void put(struct printer *printer, const char *text)
{
    lt_text_append(printer->out, text);
}

static void print_list(struct printer *printer, struct lt_expression *const *items, uint32_t count,
                       const char *between)
{
    for (uint32_t i = 0; i < count; i++) {
        put(printer, i == 0 ? "" : between);
        print(printer, items[i]);
    }
}

static void print_between(struct printer *printer, const char *before,
                          struct lt_expression *const *items, uint32_t count, const char *between,
                          const char *after)
{
    put(printer, before);
    print_list(printer, items, count, between);
    put(printer, after);
}

static bool is_call(const struct lt_expression *node, const char *name, uint32_t count)
{
    return node->kind == LT_EXPR_CALL && strcmp(node->name, name) == 0 &&
           node->argument_count == count;
}

/* ---------------------------------------------------------------------------------- AND and OR */

/* What the parser makes of BETWEEN: two comparisons of one and the same node. */
static bool print_range(struct printer *printer, const struct lt_expression *node)
{
    struct lt_expression *const *sides = node->arguments;
    if (!is_call(node, "and", 2) || !is_call(sides[0], ">=", 2) || !is_call(sides[1], "<=", 2) ||
        sides[0]->arguments[0] != sides[1]->arguments[0])
        return false;
    struct lt_expression *const parts[] = {sides[0]->arguments[0], sides[0]->arguments[1],
                                           sides[1]->arguments[1]};
    print_between(printer, "between(", parts, 3, ", ", ")");
    return true;
}

/* And of LIKE ANY and LIKE ALL, whose patterns Spark does not print. */
static bool print_like_many(struct printer *printer, const struct lt_expression *node)
{
    const struct lt_expression *text = NULL;
    bool is_not = is_call(node->arguments[0], "not", 1);
    for (uint32_t i = 0; i < node->argument_count; i++) {
        const struct lt_expression *like = node->arguments[i];
        if (is_not && is_call(like, "not", 1))
            like = like->arguments[0];
        if (!is_call(like, "like", 2) || (text != NULL && like->arguments[0] != text))
            return false;
        text = like->arguments[0];
    }
    lt_text_format(printer->out, "%slike%s(", is_not ? "not" : "",
                   strcmp(node->name, "and") == 0 ? "all" : "any");
    print(printer, text);
    put(printer, ")");
    return true;
}

static bool print_chain(struct printer *printer, const struct lt_expression *node)
{
    bool is_and = strcmp(node->name, "and") == 0;
    if ((!is_and && strcmp(node->name, "or") != 0) || node->argument_count < 2)
        return false;
    if (print_range(printer, node) || print_like_many(printer, node))
        return true;
    for (uint32_t i = 1; i < node->argument_count; i++)
        put(printer, "(");
    print(printer, node->arguments[0]);
    for (uint32_t i = 1; i < node->argument_count; i++)
        print_between(printer, is_and ? " AND " : " OR ", &node->arguments[i], 1, "", ")");
    return true;
}

/* --------------------------------------------------------------------------------------- calls */

/* Operators, and what else stands otherwise than name(arguments). */
static bool print_operator(struct printer *printer, const struct lt_expression *node)
{
    static const struct {
        const char *name;
        uint32_t count;
        const char *before, *between, *after;
    } forms[] = {
        {"isnull", 1, "(", "", " IS NULL)"},
        {"isnotnull", 1, "(", "", " IS NOT NULL)"},
        {"not", 1, "(NOT ", "", ")"},
        {"negative", 1, "(- ", "", ")"},
        {"positive", 1, "(+ ", "", ")"},
        {"~", 1, "~", "", ""},
        {"[]", 2, "", "[", "]"},
        {"like", 2, "", " LIKE ", ""},
        {"rlike", 2, "RLIKE(", ", ", ")"},
        {"div", 2, "(", " div ", ")"},
        {"||", 2, "concat(", ", ", ")"},
        {"if", 3, "(IF(", ", ", "))"},
        {"trim", 2, "TRIM(BOTH ", " FROM ", ")"},
        {"ltrim", 2, "TRIM(LEADING ", " FROM ", ")"},
        {"rtrim", 2, "TRIM(TRAILING ", " FROM ", ")"},
        {"extract", 2, "extract(", " FROM ", ")"},
        {"datepart", 2, "datepart(", " FROM ", ")"},
        {"log", 1, "LOG(E(), ", "", ")"},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(forms[i].name, node->name) != 0 || forms[i].count != node->argument_count)
            continue;
        print_between(printer, forms[i].before, node->arguments, node->argument_count,
                      forms[i].between, forms[i].after);
        return true;
    }
    bool is_symbol = !lt_ascii_is_letter(node->name[0]) && node->name[0] != '_';
    if (!is_symbol || node->argument_count != 2)
        return false;
    char between[16];
    (void)snprintf(between, sizeof between, " %s ", node->name);
    print_between(printer, "(", node->arguments, 2, between, ")");
    return true;
}

static bool print_listed(struct printer *printer, const struct lt_expression *node)
{
    if (is_call(node, "like", 3)) {
        print_list(printer, node->arguments, 2, " LIKE ");
        print_between(printer, " ESCAPE '", node->arguments + 2, 1, "", "'");
        return true;
    }
    if (strcmp(node->name, "in") != 0 || node->argument_count < 2)
        return false;
    print_between(printer, "(", node->arguments, 1, "", " IN ");
    print_between(printer, "(", node->arguments + 1, node->argument_count - 1, ", ", "))");
    return true;
}

/* Functions that Spark prints by another name than they are called by. */
static const char *shown_name(const struct lt_expression *node)
{
    static const struct {
        const char *name;
        uint32_t count; /* 0: any */
        const char *shown;
    } others[] = {
        {"acos", 0, "ACOS"},
        {"acosh", 0, "ACOSH"},
        {"asin", 0, "ASIN"},
        {"asinh", 0, "ASINH"},
        {"atan", 0, "ATAN"},
        {"atan2", 0, "ATAN2"},
        {"atanh", 0, "ATANH"},
        {"cbrt", 0, "CBRT"},
        {"ceil", 1, "CEIL"},
        {"cos", 0, "COS"},
        {"cosh", 0, "COSH"},
        {"cot", 0, "COT"},
        {"csc", 0, "CSC"},
        {"degrees", 0, "DEGREES"},
        {"e", 0, "E"},
        {"exp", 0, "EXP"},
        {"expm1", 0, "EXPM1"},
        {"floor", 1, "FLOOR"},
        {"hypot", 0, "HYPOT"},
        {"log", 2, "LOG"},
        {"log10", 0, "LOG10"},
        {"log1p", 0, "LOG1P"},
        {"log2", 0, "LOG2"},
        {"pi", 0, "PI"},
        {"power", 0, "POWER"},
        {"radians", 0, "RADIANS"},
        {"regexp", 0, "REGEXP"},
        {"regexp_like", 0, "REGEXP_LIKE"},
        {"rint", 0, "rint"},
        {"sec", 0, "SEC"},
        {"signum", 0, "SIGNUM"},
        {"sin", 0, "SIN"},
        {"sinh", 0, "SINH"},
        {"sqrt", 0, "SQRT"},
        {"tan", 0, "TAN"},
        {"tanh", 0, "TANH"},
        {"dateadd", 2, "date_add"},
        {"to_varchar", 0, "to_char"},
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(others[i].name, node->name) == 0 &&
            (others[i].count == 0 || others[i].count == node->argument_count))
            return others[i].shown;
    }
    return node->name;
}

/* What Spark puts in place of an argument that is missing. */
static const char *shown_default(const struct lt_expression *node)
{
    static const struct {
        const char *name;
        uint32_t count;
        const char *rest;
    } defaults[] = {
        {"substr", 2, ", 2147483647"},
        {"substring", 2, ", 2147483647"},
        {"locate", 2, ", 1"},
        {"position", 2, ", 1"},
        {"overlay", 3, ", -1"},
        {"replace", 2, ", "},
        {"split", 2, ", -1"},
        {"lpad", 2, ",  "},
        {"rpad", 2, ",  "},
        {"unix_timestamp", 1, ", yyyy-MM-dd HH:mm:ss"},
        {"to_unix_timestamp", 1, ", yyyy-MM-dd HH:mm:ss"},
        {"from_unixtime", 1, ", yyyy-MM-dd HH:mm:ss"},
        {"months_between", 2, ", true"},
        {"sort_array", 1, ", true"},
        {"round", 1, ", 0"},
        {"bround", 1, ", 0"},
        {"regexp_replace", 3, ", 1"},
        {"regexp_extract", 2, ", 1"},
        {"regexp_extract_all", 2, ", 1"},
        {"regexp_instr", 2, ", 0"},
        {"mask", 1, ", X, x, n, NULL"},
        {"mask", 2, ", x, n, NULL"},
        {"mask", 3, ", n, NULL"},
        {"mask", 4, ", NULL"},
        {"aggregate", 3, ", lambdafunction(namedlambdavariable(), namedlambdavariable())"},
        {"reduce", 3, ", lambdafunction(namedlambdavariable(), namedlambdavariable())"},
        {"make_interval", 1, ", 0, 0, 0, 0, 0, 0.000000"},
        {"make_interval", 2, ", 0, 0, 0, 0, 0.000000"},
        {"make_interval", 3, ", 0, 0, 0, 0.000000"},
        {"make_interval", 4, ", 0, 0, 0.000000"},
        {"make_interval", 5, ", 0, 0.000000"},
        {"make_interval", 6, ", 0.000000"},
        {"make_dt_interval", 1, ", 0, 0, 0.000000"},
        {"make_dt_interval", 2, ", 0, 0.000000"},
        {"make_dt_interval", 3, ", 0.000000"},
        {"make_ym_interval", 1, ", 0"},
    };
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        if (strcmp(defaults[i].name, node->name) == 0 && defaults[i].count == node->argument_count)
            return defaults[i].rest;
    }
    return "";
}

static void print_call(struct printer *printer, const struct lt_expression *node)
{
    if (print_chain(printer, node) || print_operator(printer, node) || print_listed(printer, node))
        return;
    bool is_reader = strcmp(node->name, "from_json") == 0 || strcmp(node->name, "from_csv") == 0;
    uint32_t count = is_reader && node->argument_count > 1 ? 1 : node->argument_count;
    lt_text_format(printer->out, "%s(", shown_name(node));
    print_list(printer, node->arguments, count, ", ");
    lt_text_format(printer->out, "%s)", shown_default(node));
}

/* -------------------------------------------------------------------------------------- others */

static void print_case(struct printer *printer, const struct lt_expression *node)
{
    put(printer, "CASE");
    for (uint32_t i = 0; i < node->argument_count; i++) {
        bool is_else = i % 2 == 0 && i + 1 == node->argument_count;
        put(printer, is_else ? " ELSE " : i % 2 == 0 ? " WHEN " : " THEN ");
        print(printer, node->arguments[i]);
    }
    put(printer, " END");
}

static void print_cast(struct printer *printer, const struct lt_expression *node)
{
    struct lt_arena *arena = lt_arena_create();
    print_between(printer, node->is_try ? "TRY_CAST(" : "CAST(", node->arguments, 1, "", "");
    lt_text_format(printer->out, " AS %s)", lt_type_sql(arena, node->type));
    lt_arena_destroy(arena);
}

/* Before analysis what reads a parameter is a column of its name. */
static bool is_parameter(const struct printer *printer, const struct lt_expression *node)
{
    for (const struct scope *scope = printer->scope; scope != NULL; scope = scope->outer) {
        for (uint32_t i = 1; i < scope->lambda->argument_count; i++) {
            if (lt_ascii_compare(scope->lambda->arguments[i]->name, node->name) == 0)
                return true;
        }
    }
    return false;
}

static void print_lambda(struct printer *printer, const struct lt_expression *node)
{
    const struct scope scope = {printer->scope, node};
    struct printer inner = {printer->out, &scope};
    print_between(&inner, "lambdafunction(", node->arguments, node->argument_count, ", ", ")");
}

/* Recursion is bounded: the parser refused deeper trees. */
static void print(struct printer *printer, const struct lt_expression *node)
{
    switch (node->kind) {
    case LT_EXPR_LITERAL:
        append_literal(printer->out, node);
        return;
    case LT_EXPR_COLUMN:
        put(printer, is_parameter(printer, node) ? "namedlambdavariable()" : node->name);
        return;
    case LT_EXPR_CALL:
        print_call(printer, node);
        return;
    case LT_EXPR_CAST:
        print_cast(printer, node);
        return;
    case LT_EXPR_CASE:
        print_case(printer, node);
        return;
    case LT_EXPR_FIELD:
        print(printer, node->arguments[0]);
        lt_text_format(printer->out, ".%s", node->name);
        return;
    case LT_EXPR_JSON_PATH:
        print(printer, node->arguments[0]);
        lt_text_format(printer->out, ":%s", node->name);
        return;
    case LT_EXPR_ALIAS:
        print(printer, node->arguments[0]);
        lt_text_format(printer->out, " AS %s", node->name);
        return;
    case LT_EXPR_STAR:
        lt_text_append(printer->out, node->name == NULL ? "" : node->name);
        put(printer, node->name == NULL ? "*" : ".*");
        return;
    case LT_EXPR_VARIABLE:
        put(printer, "namedlambdavariable()");
        return;
    case LT_EXPR_LAMBDA:
        print_lambda(printer, node);
        return;
    }
}

const char *lt_expr_text(const struct lt_expression *expression, struct lt_arena *arena)
{
    struct lt_text_buffer text;
    struct printer printer = {&text, NULL};
    lt_text_init(&text);
    print(&printer, expression);
    const char *copy = lt_arena_text(arena, lt_text_get(&text));
    lt_text_fini(&text);
    return copy;
}
