/*
 * What stands behind the call of a function of many rows. WITHIN GROUP (ORDER BY ...), FILTER
 * (WHERE
 * ...) and IGNORE NULLS become last arguments of the call (expr.h). OVER (...) no mode evaluates:
 * it is a call of LT_EXPR_OVER with the function, the expressions that rows are partitioned by and
 * those they are ordered by, whose count is its index; OVER name is one of LT_EXPR_OVER_NAME with
 * the function and the name. Frames are read and forgotten.
 */
#include <string.h>

#include "ops/expr/expr.h"
#include "ops/expr/parser.h"

/* ---------------------------------------------------------------------------------------- parts */

bool lt_expr_is_part(const struct lt_expression *argument)
{
    return argument->kind == LT_EXPR_CALL && (strcmp(argument->name, LT_EXPR_FILTER) == 0 ||
                                              strcmp(argument->name, LT_EXPR_IGNORE_NULLS) == 0 ||
                                              strcmp(argument->name, LT_EXPR_WITHIN_GROUP) == 0);
}

/* The call with one more argument. */
static struct lt_expression *with_part(struct lt_parser *parser, struct lt_expression *call,
                                       const char *name, uint32_t begin,
                                       const struct lt_parser_items *items)
{
    struct lt_expression *part = lt_parser_call(parser, name, begin, 0);
    part->arguments = items->items;
    part->argument_count = items->count;
    struct lt_parser_items arguments = {0};
    for (uint32_t i = 0; i < call->argument_count; i++)
        lt_parser_push(parser, &arguments, call->arguments[i]);
    lt_parser_push(parser, &arguments, part);
    call->arguments = arguments.items;
    call->argument_count = arguments.count;
    call->end = parser->last_end;
    return call;
}

/* FILTER (WHERE condition) */
static struct lt_expression *parse_filter(struct lt_parser *parser, struct lt_expression *call)
{
    uint32_t begin = lt_parser_take(parser).begin;
    struct lt_parser_items items = {0};
    (void)lt_parser_take(parser);
    (void)lt_parser_take(parser);
    struct lt_expression *condition = lt_parse_expression(parser);
    if (condition == NULL || !lt_parser_expect(parser, ')', ")"))
        return NULL;
    lt_parser_push(parser, &items, condition);
    return with_part(parser, call, LT_EXPR_FILTER, begin, &items);
}

static bool begins_nulls(const struct lt_parser *parser)
{
    bool is_first =
        lt_parser_is_word(parser, 0, "ignore") || lt_parser_is_word(parser, 0, "respect");
    return is_first && lt_parser_is_word(parser, 1, "nulls");
}

/* IGNORE NULLS; RESPECT NULLS is what holds without it. */
static struct lt_expression *parse_nulls(struct lt_parser *parser, struct lt_expression *call)
{
    const struct lt_parser_items items = {0};
    bool is_ignored = lt_parser_is_word(parser, 0, "ignore");
    uint32_t begin = lt_parser_take(parser).begin;
    (void)lt_parser_take(parser);
    return is_ignored ? with_part(parser, call, LT_EXPR_IGNORE_NULLS, begin, &items) : call;
}

/* ASC or DESC, and where NULLs go: without a word first, or last of what descends. -1: an error. */
static int parse_direction(struct lt_parser *parser)
{
    bool is_descending = lt_parser_try_word(parser, "desc");
    if (!is_descending)
        (void)lt_parser_try_word(parser, "asc");
    bool is_last = is_descending;
    if (lt_parser_try_word(parser, "nulls")) {
        is_last = lt_parser_try_word(parser, "last");
        if (!is_last && !lt_parser_expect_word(parser, "first"))
            return -1;
    }
    return (is_descending ? LT_EXPR_DESCENDING : 0) | (is_last ? LT_EXPR_NULLS_LAST : 0);
}

/* WITHIN GROUP (ORDER BY ...) */
static struct lt_expression *parse_within_group(struct lt_parser *parser,
                                                struct lt_expression *call)
{
    uint32_t begin = lt_parser_take(parser).begin;
    struct lt_parser_items items = {0};
    (void)lt_parser_take(parser);
    (void)lt_parser_take(parser);
    if (!lt_parser_expect_word(parser, "order") || !lt_parser_expect_word(parser, "by"))
        return NULL;
    do {
        struct lt_expression *item = lt_parse_expression(parser);
        int direction = item == NULL ? -1 : parse_direction(parser);
        if (direction < 0)
            return NULL;
        struct lt_expression *literal = lt_parser_node(parser, LT_EXPR_LITERAL, item->begin, 0);
        literal->type = lt_type_simple(LT_TYPE_INT);
        literal->value = lt_value_i64(direction);
        lt_parser_push(parser, &items, item);
        lt_parser_push(parser, &items, literal);
    } while (lt_parser_try_symbol(parser, ','));
    if (!lt_parser_expect(parser, ')', ")"))
        return NULL;
    return with_part(parser, call, LT_EXPR_WITHIN_GROUP, begin, &items);
}

/* -------------------------------------------------------------------------------------- windows */

bool lt_parser_is_over(const struct lt_parser *parser, const struct lt_expression *base)
{
    enum lt_token_kind next = lt_parser_peek(parser, 1)->kind;
    bool is_bracket = lt_parser_is_symbol(parser, 1, '(');
    if (base->kind != LT_EXPR_CALL)
        return false;
    if (begins_nulls(parser))
        return true;
    if (lt_parser_is_word(parser, 0, "within") && lt_parser_is_word(parser, 1, "group"))
        return lt_parser_is_symbol(parser, 2, '(');
    if (lt_parser_is_word(parser, 0, "over"))
        return is_bracket || next == LT_TOKEN_QUOTED ||
               (next == LT_TOKEN_WORD && !lt_parser_is_word(parser, 1, "from"));
    return is_bracket && lt_parser_is_word(parser, 0, "filter") &&
           lt_parser_is_word(parser, 2, "where");
}

/* Expressions up to the next clause, behind its BY. */
static bool parse_by(struct lt_parser *parser, bool is_order, struct lt_parser_items *items)
{
    (void)lt_parser_take(parser);
    if (!lt_parser_expect_word(parser, "by"))
        return false;
    do {
        struct lt_expression *item = lt_parse_expression(parser);
        if (item == NULL)
            return false;
        lt_parser_push(parser, items, item);
        if (is_order)
            (void)(lt_parser_try_word(parser, "asc") || lt_parser_try_word(parser, "desc"));
        if (is_order && lt_parser_try_word(parser, "nulls") &&
            !lt_parser_try_word(parser, "first") && !lt_parser_expect_word(parser, "last"))
            return false;
    } while (lt_parser_try_symbol(parser, ','));
    return true;
}

static bool parse_bound(struct lt_parser *parser)
{
    if (lt_parser_try_word(parser, "current"))
        return lt_parser_expect_word(parser, "row");
    if (!lt_parser_try_word(parser, "unbounded") && lt_parse_value(parser) == NULL)
        return false;
    return lt_parser_try_word(parser, "preceding") || lt_parser_expect_word(parser, "following");
}

/* ROWS|RANGE bound, ROWS|RANGE BETWEEN bound AND bound */
static bool parse_frame(struct lt_parser *parser)
{
    if (!lt_parser_try_word(parser, "rows") && !lt_parser_try_word(parser, "range"))
        return true;
    if (!lt_parser_try_word(parser, "between"))
        return parse_bound(parser);
    return parse_bound(parser) && lt_parser_expect_word(parser, "and") && parse_bound(parser);
}

bool lt_parse_window(struct lt_parser *parser, struct lt_expression *over)
{
    struct lt_parser_items items = {0};
    if (over->argument_count > 0)
        lt_parser_push(parser, &items, over->arguments[0]);
    if (!lt_parser_expect(parser, '(', "("))
        return false;
    bool is_partitioned =
        lt_parser_is_word(parser, 0, "partition") || lt_parser_is_word(parser, 0, "distribute");
    if (is_partitioned && !parse_by(parser, false, &items))
        return false;
    uint32_t before = items.count;
    bool is_ordered = lt_parser_is_word(parser, 0, "order") || lt_parser_is_word(parser, 0, "sort");
    if (is_ordered && !parse_by(parser, true, &items))
        return false;
    over->index = (int32_t)(items.count - before);
    over->arguments = items.items;
    over->argument_count = items.count;
    return parse_frame(parser) && lt_parser_expect(parser, ')', ")");
}

struct lt_expression *lt_parse_over(struct lt_parser *parser, struct lt_expression *base)
{
    if (lt_parser_is_word(parser, 0, "filter"))
        return parse_filter(parser, base);
    if (lt_parser_is_word(parser, 0, "within"))
        return parse_within_group(parser, base);
    if (begins_nulls(parser))
        return parse_nulls(parser, base);
    (void)lt_parser_take(parser);
    if (!lt_parser_is_symbol(parser, 0, '(')) {
        struct lt_token token = lt_parser_take(parser);
        struct lt_expression *name = lt_parser_node(parser, LT_EXPR_LITERAL, token.begin, 0);
        name->type = lt_type_simple(LT_TYPE_STRING);
        name->value = lt_value_text(lt_parser_name(parser, &token));
        return lt_parser_call2(parser, LT_EXPR_OVER_NAME, base->begin, base, name);
    }
    struct lt_expression *over = lt_parser_call1(parser, LT_EXPR_OVER, base->begin, base);
    if (!lt_parse_window(parser, over))
        return NULL;
    over->end = parser->last_end;
    return over;
}
