/*
 * What stands behind the call of a function of many rows: FILTER (WHERE ...) and OVER (...). No
 * mode evaluates them. OVER is a call of LT_EXPR_OVER with the function, the expressions that rows
 * are partitioned by and those they are ordered by, whose count is its index; OVER name is one of
 * LT_EXPR_OVER_NAME with the function and the name. Frames are read and forgotten.
 */
#include "ops/expr/expr.h"
#include "ops/expr/parser.h"

bool lt_parser_is_over(const struct lt_parser *parser, const struct lt_expression *base)
{
    enum lt_token_kind next = lt_parser_peek(parser, 1)->kind;
    bool is_bracket = lt_parser_is_symbol(parser, 1, '(');
    if (base->kind != LT_EXPR_CALL)
        return false;
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
    bool is_filter = lt_parser_is_word(parser, 0, "filter");
    (void)lt_parser_take(parser);
    if (is_filter) {
        (void)lt_parser_take(parser);
        (void)lt_parser_take(parser);
        return lt_parse_expression(parser) != NULL && lt_parser_expect(parser, ')', ")") ? base
                                                                                         : NULL;
    }
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
