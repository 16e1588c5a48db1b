/*
 * Calls with words among their arguments: EXTRACT(field FROM source), and TIMESTAMPADD,
 * TIMESTAMPDIFF and their other names, whose first argument is a unit.
 *
 * A unit is told by its place: before a comma, the first of three arguments. Of two arguments the
 * first is an expression: dateadd(day, 3) adds to a column that is called "day".
 */
#include <string.h>

#include "core/text/datetime_add.h"
#include "ops/expr/parser.h"
#include "ops/expr/unresolved.h"

static struct lt_expression *text_literal(struct lt_parser *parser, const char *text,
                                          uint32_t begin)
{
    struct lt_expression *literal = lt_parser_node(parser, LT_EXPR_LITERAL, begin, 0);
    literal->type = lt_type_simple(LT_TYPE_STRING);
    literal->value = lt_value_text(text);
    return literal;
}

bool lt_parser_is_extract(const struct lt_parser *parser, const char *name)
{
    enum lt_token_kind kind = lt_parser_peek(parser, 0)->kind;
    return strcmp(name, "extract") == 0 && lt_parser_is_word(parser, 1, "from") &&
           (kind == LT_TOKEN_WORD || kind == LT_TOKEN_QUOTED);
}

struct lt_expression *lt_parse_extract(struct lt_parser *parser, uint32_t begin)
{
    struct lt_token token = lt_parser_take(parser);
    struct lt_expression *field = text_literal(parser, lt_parser_name(parser, &token), token.begin);
    (void)lt_parser_take(parser); /* FROM */
    struct lt_expression *source = lt_parse_value(parser);
    if (source == NULL || !lt_parser_expect(parser, ')', ")"))
        return NULL;
    return lt_parser_call2(parser, "extract", begin, field, source);
}

/* ---------------------------------------------------------------------------------------- units */

static const struct {
    const char *written, *name;
    bool is_only_unit; /* no function of other arguments has this name */
} UNIT_CALLS[] = {
    {"timestampadd", "timestampadd", true}, {"dateadd", "timestampadd", false},
    {"date_add", "timestampadd", false},    {"timestampdiff", "timestampdiff", true},
    {"timediff", "timestampdiff", true},    {"datediff", "timestampdiff", false},
    {"date_diff", "timestampdiff", false},
};

/* The unit that a name without quotes stands for. */
static bool is_unit(const struct lt_parser *parser, const struct lt_expression *node)
{
    enum lt_datetime_step step;
    return node->kind == LT_EXPR_COLUMN && parser->text[node->begin] != '`' &&
           lt_datetime_step_find(node->name, strlen(node->name), &step);
}

static struct lt_expression *refuse_text(struct lt_parser *parser, const struct lt_expression *call)
{
    const struct lt_expression *unit = call->arguments[0];
    return lt_parser_refuse(parser, LT_E_PARSE, "INVALID_PARAMETER_VALUE.DATETIME_UNIT", "22023",
                            unit->begin, unit->end,
                            "the unit of \"%s\" is a word, not a text; hint: write DAY, not 'DAY'",
                            call->name);
}

struct lt_expression *lt_parser_unit_call(struct lt_parser *parser, struct lt_expression *call)
{
    size_t row = 0, count = sizeof UNIT_CALLS / sizeof UNIT_CALLS[0];
    while (row < count && strcmp(UNIT_CALLS[row].written, call->name) != 0)
        row++;
    if (row == count)
        return call;
    struct lt_expression *unit = call->argument_count == 3 ? call->arguments[0] : NULL;
    if (unit != NULL && is_unit(parser, unit)) {
        call->arguments[0] = text_literal(parser, unit->name, unit->begin);
        call->arguments[0]->end = unit->end;
        call->name = UNIT_CALLS[row].name;
        return call;
    }
    bool is_text =
        unit != NULL && unit->kind == LT_EXPR_LITERAL && unit->type->kind == LT_TYPE_STRING;
    if (is_text)
        return refuse_text(parser, call);
    if (!UNIT_CALLS[row].is_only_unit)
        return call;
    const struct lt_expr_place place = {parser->text, call->begin, call->end};
    return lt_parser_refuse(parser, LT_E_ANALYSIS, "UNRESOLVED_ROUTINE", "42883", call->begin,
                            call->end,
                            "Cannot resolve routine `%s` on search path [`system`.`builtin`, "
                            "`system`.`session`, `spark_catalog`.`default`]; hint: usage: "
                            "%s(unit, ...), the unit one of YEAR, QUARTER, MONTH, WEEK, DAY, "
                            "DAYOFYEAR, HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND",
                            lt_name_written(place, call->name, parser->arena), call->name);
}
