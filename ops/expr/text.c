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
#include "ops/expr/text_calls.h"
#include "ops/expr/twins.h"

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
        lt_text_append(out, "X'");
        for (uint32_t i = 0; i < node->value.bytes.size_bytes; i++)
            lt_text_format(out, "%02X", node->value.bytes.data[i]);
        lt_text_append_char(out, '\'');
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

/* For whom: names of columns, or plans, before analysis with a quote at what is not resolved. */
enum style { AS_NAME, AS_PLAN, AS_PARSED_PLAN };

struct printer {
    struct lt_text_buffer *out;
    const struct scope *scope;
    const struct lt_twins *twins; /* NULL: types are not known */
    enum style style;
    bool hides_aliases; /* struct(a AS b) is struct(a) once Spark has resolved it */
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

/* ----------------------------------------------------------------------------------- AND and OR */

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

/* And of LIKE ANY and LIKE ALL, whose patterns Spark does not print where they are constants. */
static bool print_like_many(struct printer *printer, const struct lt_expression *node)
{
    const struct lt_expression *text = NULL;
    bool is_not = is_call(node->arguments[0], "not", 1);
    for (uint32_t i = 0; i < node->argument_count; i++) {
        const struct lt_expression *like = node->arguments[i];
        if (is_not && is_call(like, "not", 1))
            like = like->arguments[0];
        if (!is_call(like, "like", 2) || (text != NULL && like->arguments[0] != text) ||
            like->arguments[1]->kind != LT_EXPR_LITERAL || like->arguments[1]->is_null)
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

/* ---------------------------------------------------------------------------------------- calls */

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
        if (strcmp(forms[i].name, node->name) != 0 || forms[i].count != node->argument_count ||
            (node->is_call && strcmp(node->name, "negative") == 0))
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

/* ------------------------------------------------------------------------------ what types tell */

static enum lt_type_kind kind_of(const struct printer *printer, const struct lt_expression *node)
{
    const struct lt_type *type = lt_twins_type(printer->twins, node);
    return type == NULL ? LT_TYPE_VOID : type->kind;
}

static bool is_time(enum lt_type_kind kind)
{
    return kind >= LT_TYPE_DATE && kind <= LT_TYPE_TIMESTAMP_NTZ;
}

static bool is_interval(enum lt_type_kind kind)
{
    return kind >= LT_TYPE_INTERVAL_DAY_TIME && kind <= LT_TYPE_INTERVAL_CALENDAR;
}

/* An interval of days alone. */
static bool is_days(const struct printer *printer, const struct lt_expression *node)
{
    const struct lt_type *type = lt_twins_type(printer->twins, node);
    return type != NULL && type->kind == LT_TYPE_INTERVAL_DAY_TIME &&
           type->interval_start == LT_INTERVAL_DAY && type->interval_end == LT_INTERVAL_DAY;
}

/* Can it stand beside what takes an interval? Text can, but not beside years and months. */
static bool is_moved(enum lt_type_kind moved, enum lt_type_kind by)
{
    return is_time(moved) ||
           (moved == LT_TYPE_STRING && is_interval(by) && by != LT_TYPE_INTERVAL_YEAR_MONTH);
}

/* A time moved by days or an interval. */
static bool print_moved(struct printer *printer, struct lt_expression *moved,
                        struct lt_expression *by, bool is_back)
{
    enum lt_type_kind kind = kind_of(printer, moved), by_kind = kind_of(printer, by);
    bool is_date = kind == LT_TYPE_DATE;
    if (is_date && by_kind >= LT_TYPE_TINYINT && by_kind <= LT_TYPE_INT)
        put(printer, is_back ? "date_sub(" : "date_add(");
    else if (is_date && is_days(printer, by))
        put(printer, "date_add(");
    else if (is_moved(kind, by_kind) &&
             (is_interval(by_kind) || (by_kind == LT_TYPE_VOID && !is_back))) {
        struct lt_expression *const sides[] = {moved, by};
        print_list(printer, sides, 2, is_back ? " - " : " + ");
        return true;
    } else
        return false;
    print(printer, moved);
    if (is_interval(by_kind))
        print_between(printer,
                      is_back ? ", (- extractansiintervaldays(" : ", extractansiintervaldays(", &by,
                      1, "", is_back ? ")))" : "))");
    else
        print_between(printer, ", ", &by, 1, "", ")");
    return true;
}

/* An interval times or through a number. */
static bool print_scaled(struct printer *printer, struct lt_expression *interval,
                         struct lt_expression *by, bool is_divided)
{
    struct lt_expression *const sides[] = {interval, by};
    if (!is_interval(kind_of(printer, interval)))
        return false;
    if (kind_of(printer, interval) != LT_TYPE_INTERVAL_CALENDAR)
        print_between(printer, "(", sides, 2, is_divided ? " / " : " * ", ")");
    else
        print_between(printer, is_divided ? "divide_interval(" : "multiply_interval(", sides, 2,
                      ", ", ")");
    return true;
}

/* m['key'] of a struct is its field. */
static bool print_element(struct printer *printer, const struct lt_expression *node)
{
    struct lt_expression *const *sides = node->arguments;
    const struct lt_type *base = lt_twins_type(printer->twins, sides[0]);
    bool is_text = sides[1]->kind == LT_EXPR_LITERAL && sides[1]->type != NULL &&
                   sides[1]->type->kind == LT_TYPE_STRING;
    if (base != NULL && base->kind == LT_TYPE_ARRAY)
        base = base->fields[0].type;
    if (base == NULL || base->kind != LT_TYPE_STRUCT || !is_text)
        return false;
    print_list(printer, sides, 2, ".");
    return true;
}

/* What stands otherwise for the types of its sides. */
static bool print_typed(struct printer *printer, const struct lt_expression *node)
{
    if (printer->twins == NULL || node->argument_count != 2 || node->name[1] != '\0') {
        bool is_element = printer->twins != NULL && is_call(node, "[]", 2);
        return is_element && print_element(printer, node);
    }
    struct lt_expression *a = node->arguments[0], *b = node->arguments[1];
    switch (node->name[0]) {
    case '+':
        return print_moved(printer, a, b, false) || print_moved(printer, b, a, false);
    case '-':
        return print_moved(printer, a, b, true);
    case '*':
        return print_scaled(printer, a, b, false) || print_scaled(printer, b, a, false);
    case '/':
        return print_scaled(printer, a, b, true);
    default:
        return false;
    }
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

/* A value that stands for a lambda is shown as one that does not look at its parameters. */
static void print_argument(struct printer *printer, const struct lt_expression *call,
                           uint32_t index)
{
    const struct lt_expression *argument = call->arguments[index];
    if (is_call(argument, "distinct", 1)) {
        put(printer, index == 0 ? "DISTINCT " : "");
        argument = argument->arguments[0];
    }
    uint32_t parameters = lt_shown_parameters(call, index);
    bool is_wrapped = parameters > 0 && argument->kind != LT_EXPR_LAMBDA;
    put(printer, is_wrapped ? "lambdafunction(" : "");
    print(printer, argument);
    for (uint32_t i = 0; i < parameters && is_wrapped; i++)
        put(printer, ", namedlambdavariable()");
    put(printer, is_wrapped ? ")" : "");
}

/* (a, b) is a struct of them, whose fields have names. */
static void print_row(struct printer *printer, const struct lt_expression *node)
{
    put(printer, "named_struct(");
    for (uint32_t i = 0; i < node->argument_count; i++) {
        const struct lt_expression *value = node->arguments[i];
        bool has_name = value->kind == LT_EXPR_ALIAS || value->kind == LT_EXPR_COLUMN ||
                        value->kind == LT_EXPR_FIELD;
        put(printer, i == 0 ? "" : ", ");
        if (has_name)
            lt_text_format(printer->out, "%s, ", value->name);
        else
            lt_text_format(printer->out, "col%u, ", i + 1);
        print(printer, value->kind == LT_EXPR_ALIAS ? value->arguments[0] : value);
    }
    put(printer, ")");
}

/* What stands behind an aggregate's brackets. */
static void print_part(struct printer *printer, const struct lt_expression *call,
                       const struct lt_expression *part)
{
    bool is_group = strcmp(part->name, LT_EXPR_WITHIN_GROUP) == 0;
    if (strcmp(part->name, LT_EXPR_FILTER) == 0)
        print_between(printer, " FILTER (WHERE ", part->arguments, 1, "", ")");
    for (uint32_t i = 0; i + 1 < part->argument_count && is_group; i += 2)
        print_between(printer, i == 0 ? " WITHIN GROUP (ORDER BY " : ", ", &part->arguments[i], 1,
                      "", lt_shown_order(call, part->arguments[i + 1]->value.i64));
    put(printer, is_group ? ")" : "");
}

static void print_call(struct printer *printer, const struct lt_expression *node)
{
    if (print_chain(printer, node) || print_typed(printer, node) || print_operator(printer, node) ||
        print_listed(printer, node))
        return;
    bool is_map = kind_of(printer, node) == LT_TYPE_MAP;
    if (strcmp(node->name, "window") == 0 || (is_map && strcmp(node->name, "from_json") == 0)) {
        put(printer, is_map ? "entries" : node->name);
        return;
    }
    if (!node->is_call && strcmp(node->name, "struct") == 0) {
        print_row(printer, node);
        return;
    }
    put(printer, printer->style == AS_PARSED_PLAN ? "'" : "");
    lt_text_format(printer->out, "%s(", lt_shown_name(node));
    if (is_call(node, "convert_timezone", 2))
        put(printer, "current_timezone(), ");
    uint32_t count = printer->style == AS_NAME ? lt_shown_count(node) : node->argument_count;
    uint32_t end = node->argument_count;
    while (end > 0 && lt_expr_is_part(node->arguments[end - 1]))
        end--;
    for (uint32_t i = 0; i < count && i < end; i++) {
        bool is_any = node->arguments[i]->kind == LT_EXPR_STAR && strcmp(node->name, "count") == 0;
        put(printer, i == 0 ? "" : ", ");
        if (is_any)
            put(printer, "1"); /* count(*) counts rows, as count(1) does */
        else
            print_argument(printer, node, i);
    }
    lt_text_format(printer->out, "%s)", lt_shown_rest(node));
    if (end == 2 && strcmp(node->name, "mode") == 0)
        print_between(printer, " WITHIN GROUP (ORDER BY ", node->arguments, 1, "", " DESC)");
    for (uint32_t i = end; i < node->argument_count; i++)
        print_part(printer, node, node->arguments[i]);
}

/* --------------------------------------------------------------------------------------- others */

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

/* As a plan shows it. */
static void print_plan_cast(struct printer *printer, const struct lt_expression *node)
{
    struct lt_arena *arena = lt_arena_create();
    print_between(printer, node->is_try ? "try_cast(" : "cast(", node->arguments, 1, "", "");
    lt_text_format(printer->out, " as %s)", lt_type_simple_string(arena, node->type));
    lt_arena_destroy(arena);
}

/* Casts to nested types, and those written as calls, are not shown. */
static void print_cast(struct printer *printer, const struct lt_expression *node)
{
    if (printer->style != AS_NAME) {
        print_plan_cast(printer, node);
        return;
    }
    if (node->is_call || lt_type_is_nested(node->type)) {
        print(printer, node->arguments[0]);
        return;
    }
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

static void print_column(struct printer *printer, const struct lt_expression *node)
{
    if (is_parameter(printer, node))
        put(printer, "namedlambdavariable()");
    else if (lt_twins_is_lateral(printer->twins, node))
        lt_text_format(printer->out, "lateralAliasReference(%s)", node->name);
    else {
        put(printer, printer->style == AS_PARSED_PLAN ? "'" : "");
        put(printer, node->name);
    }
}

static void print_lambda(struct printer *printer, const struct lt_expression *node)
{
    const struct scope scope = {printer->scope, node};
    struct printer inner = {printer->out, &scope, printer->twins, printer->style,
                            printer->hides_aliases};
    print_between(&inner, "lambdafunction(", node->arguments, node->argument_count, ", ", ")");
}

/* m.key of a map is the value under a key. */
static void print_field(struct printer *printer, const struct lt_expression *node)
{
    const struct lt_type *base = lt_twins_type(printer->twins, node->arguments[0]);
    bool is_key = base != NULL && base->kind == LT_TYPE_MAP;
    print(printer, node->arguments[0]);
    lt_text_format(printer->out, is_key ? "[%s]" : ".%s", node->name);
}

/* Recursion is bounded: the parser refused deeper trees. */
static void print(struct printer *printer, const struct lt_expression *node)
{
    switch (node->kind) {
    case LT_EXPR_LITERAL:
        append_literal(printer->out, node);
        return;
    case LT_EXPR_COLUMN:
        print_column(printer, node);
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
        print_field(printer, node);
        return;
    case LT_EXPR_JSON_PATH:
        print(printer, node->arguments[0]);
        lt_text_format(printer->out, ":%s", node->name);
        return;
    case LT_EXPR_ALIAS:
        print(printer, node->arguments[0]);
        if (!printer->hides_aliases)
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
    return lt_expr_text_typed(expression, NULL, arena);
}

static const char *text_of(const struct lt_expression *expression, struct printer printer,
                           struct lt_arena *arena)
{
    struct lt_text_buffer text;
    printer.out = &text;
    lt_text_init(&text);
    print(&printer, expression);
    const char *copy = lt_arena_text(arena, lt_text_get(&text));
    lt_text_fini(&text);
    return copy;
}

const char *lt_expr_text_typed(const struct lt_expression *expression, const struct lt_twins *twins,
                               struct lt_arena *arena)
{
    return text_of(expression, (struct printer){.twins = twins}, arena);
}

const char *lt_expr_plan_text(const struct lt_expression *expression, bool is_parsed,
                              struct lt_arena *arena)
{
    return text_of(expression, (struct printer){.style = is_parsed ? AS_PARSED_PLAN : AS_PLAN},
                   arena);
}

const char *lt_expr_resolved_text(const struct lt_expression *expression, struct lt_arena *arena)
{
    return text_of(expression, (struct printer){.hides_aliases = true}, arena);
}
