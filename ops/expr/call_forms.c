/*
 * Calls that are read in a form of their own: arguments by name (mask('x', digitChar => '0')), and
 * functions that stand for syntax (when, between, the names of types, COLLATE).
 *
 * The names of a function's parameters stand in its row (functions.h). While the arguments are
 * read, `name => value` is a call of "=>" of the name and the value; the arguments are put in their
 * places here, so that nothing behind the parser knows of names.
 *
 * on: control.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "ops/expr/functions.h"
#include "ops/expr/parser.h"

enum { PARAMETERS_MAX = 8 };

/* One entry of "str!,upperChar=X,otherChar". */
struct parameter {
    const char *name;
    bool is_required;
    const char *text; /* what it is where it is not given; NULL: NULL */
};

struct named_call {
    struct lt_parser *parser;
    const struct lt_expression *call;
    struct parameter parameters[PARAMETERS_MAX];
    struct lt_expression *values[PARAMETERS_MAX];
    uint32_t count, positional;
};

struct lt_expression *lt_parse_argument(struct lt_parser *parser)
{
    bool is_named = lt_parser_peek(parser, 0)->kind == LT_TOKEN_WORD &&
                    lt_parser_is_symbol(parser, 1, LT_SYMBOL_FAT_ARROW);
    if (!is_named)
        return lt_parse_expression(parser);
    struct lt_token token = lt_parser_take(parser);
    struct lt_expression *name = lt_parser_node(parser, LT_EXPR_COLUMN, token.begin, 0);
    name->name = lt_parser_name(parser, &token);
    (void)lt_parser_take(parser);
    struct lt_expression *value = lt_parse_expression(parser);
    return value == NULL ? NULL : lt_parser_call2(parser, "=>", token.begin, name, value);
}

static bool is_named(const struct lt_expression *argument)
{
    return argument->kind == LT_EXPR_CALL && strcmp(argument->name, "=>") == 0;
}

static void *refuse(const struct named_call *named, const struct lt_expression *at,
                    const char *condition, const char *what, const char *name)
{
    return lt_parser_refuse(named->parser, LT_E_ANALYSIS, condition, "4274K", at->begin, at->end,
                            "\"%s\" %s%s%s%s", named->call->name, what, name != NULL ? " \"" : "",
                            name != NULL ? name : "", name != NULL ? "\"" : "");
}

static void read_parameters(struct named_call *named, const char *list)
{
    while (*list != '\0') {
        lt_assert(named->count < PARAMETERS_MAX);
        struct parameter *parameter = &named->parameters[named->count++];
        size_t size = strcspn(list, ","), name_size = strcspn(list, "!=,");
        parameter->name = lt_arena_text_n(named->parser->arena, list, name_size);
        parameter->is_required = list[name_size] == '!';
        if (list[name_size] == '=')
            parameter->text =
                lt_arena_text_n(named->parser->arena, list + name_size + 1, size - name_size - 1);
        list += size + (list[size] == ',');
    }
}

/* Puts the arguments at their places. False: refused. */
static bool place(struct named_call *named)
{
    const struct lt_expression *call = named->call;
    bool has_named = false;
    for (uint32_t i = 0; i < call->argument_count; i++) {
        struct lt_expression *argument = call->arguments[i];
        if (!is_named(argument)) {
            if (has_named)
                return refuse(named, argument, "UNEXPECTED_POSITIONAL_ARGUMENT",
                              "has an argument without a name behind one with a name", NULL);
            named->values[named->positional++] = argument;
            continue;
        }
        has_named = true;
        const char *name = argument->arguments[0]->name;
        uint32_t at = 0;
        while (at < named->count && lt_ascii_compare(named->parameters[at].name, name) != 0)
            at++;
        if (at == named->count)
            return refuse(named, argument, "UNRECOGNIZED_PARAMETER_NAME", "has no parameter", name);
        if (named->values[at] != NULL)
            return refuse(named, argument,
                          at < named->positional
                              ? "DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.BOTH_POSITIONAL_AND_NAMED"
                              : "DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.DOUBLE_NAMED_ARGUMENT_"
                                "REFERENCE",
                          "was given twice the parameter", name);
        named->values[at] = argument->arguments[1];
    }
    return true;
}

static struct lt_expression *default_of(const struct named_call *named, uint32_t index)
{
    const char *text = named->parameters[index].text;
    if (text == NULL)
        return lt_parser_null(named->parser, named->call->begin);
    struct lt_expression *literal =
        lt_parser_node(named->parser, LT_EXPR_LITERAL, named->call->begin, 0);
    literal->type = lt_type_simple(LT_TYPE_STRING);
    literal->value = lt_value_text(text);
    return literal;
}

/* The call with its arguments in order; NULL: refused. */
static struct lt_expression *arrange(struct named_call *named, struct lt_expression *call)
{
    if (!place(named))
        return NULL;
    struct lt_parser_items items = {0};
    uint32_t last = 0;
    for (uint32_t i = 0; i < named->count; i++) {
        if (named->values[i] != NULL)
            last = i + 1;
        else if (named->parameters[i].is_required)
            return lt_parser_refuse(
                named->parser, LT_E_ANALYSIS, "REQUIRED_PARAMETER_NOT_FOUND", "4274K", call->begin,
                call->end,
                "Cannot invoke routine `%s` because the parameter named `%s` is required, but the "
                "routine call did not supply a value. Please update the routine call to supply an "
                "argument value (either positionally at index %u or by name) and retry the query "
                "again.",
                call->name, named->parameters[i].name, i);
    }
    for (uint32_t i = 0; i < last; i++)
        lt_parser_push(named->parser, &items,
                       named->values[i] != NULL ? named->values[i] : default_of(named, i));
    call->arguments = items.items;
    call->argument_count = items.count;
    return call;
}

struct lt_expression *lt_parser_named_call(struct lt_parser *parser, struct lt_expression *call)
{
    struct named_call named = {.parser = parser, .call = call};
    bool has_named = false;
    for (uint32_t i = 0; i < call->argument_count; i++)
        has_named = has_named || is_named(call->arguments[i]);
    int32_t index = lt_function_find(call->name);
    const char *names = index < 0 ? NULL : lt_function_at((size_t)index, NULL)->names;
    if (index >= 0 && names == NULL && has_named)
        return refuse(&named, call, "NAMED_PARAMETERS_NOT_SUPPORTED", "takes no arguments by name",
                      NULL);
    if (names != NULL)
        read_parameters(&named, names);
    if (names != NULL && call->argument_count <= named.count)
        return arrange(&named, call);
    for (uint32_t i = 0; i < call->argument_count; i++) { /* analysis says what is wrong */
        if (is_named(call->arguments[i]))
            call->arguments[i] = call->arguments[i]->arguments[1];
    }
    return call;
}

/* ------------------------------------------------------------------------------ forms of syntax */

struct lt_expression *lt_parser_between(struct lt_parser *parser, uint32_t begin,
                                        struct lt_expression *value, struct lt_expression *low,
                                        struct lt_expression *high)
{
    value->once = value;
    return lt_parser_call2(parser, "and", begin, lt_parser_call2(parser, ">=", begin, value, low),
                           lt_parser_call2(parser, "<=", begin, value, high));
}

struct lt_expression *lt_parser_call_form(struct lt_parser *parser, struct lt_expression *call)
{
    if (strcmp(call->name, "when") == 0 && call->argument_count == 0)
        return lt_parser_refuse(parser, LT_E_ANALYSIS,
                                "COMPLEX_EXPRESSION_UNSUPPORTED_INPUT.NO_INPUTS", "42K09",
                                call->begin, call->end,
                                "when() has no arguments; hint: when(condition, a[, b])");
    if (strcmp(call->name, "when") == 0)
        call->kind = LT_EXPR_CASE;
    if (strcmp(call->name, "between") != 0 || call->argument_count != 3)
        return call;
    struct lt_expression **arguments = call->arguments;
    return lt_parser_between(parser, call->begin, arguments[0], arguments[1], arguments[2]);
}

/* x COLLATE [catalog.schema.]name is collate(x, 'name'). */
struct lt_expression *lt_parse_collate(struct lt_parser *parser, struct lt_expression *base)
{
    (void)lt_parser_take(parser);
    const char *name = NULL;
    do {
        struct lt_token token = lt_parser_take(parser);
        if (token.kind != LT_TOKEN_WORD && token.kind != LT_TOKEN_QUOTED)
            return lt_parser_fail(parser, "the name of a collation is missing");
        const char *part = lt_parser_name(parser, &token);
        name = name == NULL ? part : lt_arena_format(parser->arena, "%s.%s", name, part);
    } while (lt_parser_try_symbol(parser, '.'));
    struct lt_expression *literal =
        lt_parser_node(parser, LT_EXPR_LITERAL, lt_parser_peek(parser, 0)->begin, 0);
    literal->type = lt_type_simple(LT_TYPE_STRING);
    literal->value = lt_value_text(name);
    return lt_parser_call2(parser, "collate", base->begin, base, literal);
}

/* -------------------------------------------------------------------------------------- queries */

bool lt_parser_begins_query(const struct lt_parser *parser, unsigned ahead)
{
    return lt_parser_is_word(parser, ahead, "select") ||
           (lt_parser_is_word(parser, ahead, "with") &&
            lt_parser_peek(parser, ahead + 1)->kind == LT_TOKEN_WORD);
}

struct lt_expression *lt_parse_subquery(struct lt_parser *parser, const char *name, uint32_t begin,
                                        struct lt_expression *left)
{
    if (parser->take_query == NULL)
        return lt_parser_later(parser, begin, "a subquery");
    uint32_t query = lt_parser_peek(parser, 0)->begin;
    if (!parser->take_query(parser) || !lt_parser_expect(parser, ')', ")"))
        return NULL;
    struct lt_expression *call = left == NULL ? lt_parser_call(parser, name, begin, 0)
                                              : lt_parser_call1(parser, name, begin, left);
    call->end = parser->last_end;
    call->index = (int32_t)query;
    return call;
}
