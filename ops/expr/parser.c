/*
 * Operators by precedence, predicates, select lists. From weak to strong:
 *
 *     OR   AND   NOT   predicate (IN, BETWEEN, LIKE, IS)   comparison   |   ^   &
 *     << >> >>>   + - ||   * / % DIV
 *     unary + - ~   postfix .field [i] ::type :path
 *
 * Predicates are rewritten as they are read: `a NOT IN (b)` is not(in(a, b)), `a BETWEEN b AND c`
 * is and(>=(a, b), <=(a, c)) with one node for `a`. AND and OR chains become one call of many
 * arguments, so that a long list of conditions is not a deep tree.
 */
#include "ops/expr/parser.h"

#include <string.h>

#include "core/base/ascii.h"
#include "core/base/limits.h"
#include "core/text/utf8.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/expr.h"

static struct lt_expression *parse_not(struct lt_parser *parser);

static bool enter(struct lt_parser *parser)
{
    if (++parser->depth <=
        3 * LT_LIMIT_EXPRESSION_DEPTH) /* a pair of brackets enters three times */
        return true;
    uint32_t at = lt_parser_peek(parser, 0)->begin;
    (void)lt_parser_refuse(parser, LT_E_LIMIT, "EXPRESSION_TOO_DEEP", "54001", at, at + 1,
                           "the expression is nested more than %d deep",
                           (int)LT_LIMIT_EXPRESSION_DEPTH);
    return false;
}

/* ----------------------------------------------------------------------------- value operators */

struct binary_operator {
    int symbol;       /* 0: a word */
    const char *name; /* of the call; of the word too */
    unsigned level;
};

static const struct binary_operator BINARY[] = {
    {LT_SYMBOL_EQUAL, "=", 1},
    {LT_SYMBOL_NULL_SAFE, "<=>", 1},
    {LT_SYMBOL_NOT_EQUAL, "!=", 1},
    {'<', "<", 1},
    {LT_SYMBOL_LESS_EQUAL, "<=", 1},
    {'>', ">", 1},
    {LT_SYMBOL_GREATER_EQUAL, ">=", 1},
    {'|', "|", 2},
    {'^', "^", 3},
    {'&', "&", 4},
    {LT_SYMBOL_SHIFT_LEFT, "<<", 5},
    {LT_SYMBOL_SHIFT_RIGHT, ">>", 5},
    {LT_SYMBOL_SHIFT_RIGHT_UNSIGNED, ">>>", 5},
    {'+', "+", 6},
    {'-', "-", 6},
    {LT_SYMBOL_CONCAT, "||", 6},
    {'*', "*", 7},
    {'/', "/", 7},
    {'%', "%", 7},
    {0, "div", 7},
};
enum { LEVEL_COMPARISON = 1, LEVEL_TIGHTEST = 7 };

static const struct binary_operator *next_operator(const struct lt_parser *parser)
{
    for (size_t i = 0; i < sizeof BINARY / sizeof BINARY[0]; i++) {
        const struct binary_operator *op = &BINARY[i];
        if (op->symbol == 0
                ? lt_parser_is_word(parser, 0, op->name) && lt_parser_begins_operand(parser, 1)
                : lt_parser_is_symbol(parser, 0, op->symbol))
            return op;
    }
    return NULL;
}

static struct lt_expression *parse_binary(struct lt_parser *parser, unsigned level)
{
    uint32_t begin = lt_parser_peek(parser, 0)->begin;
    struct lt_expression *left = lt_parse_unary(parser);
    while (left != NULL) {
        const struct binary_operator *op = next_operator(parser);
        if (op == NULL || op->level < level)
            return left;
        (void)lt_parser_take(parser);
        struct lt_expression *right = op->level == LEVEL_TIGHTEST
                                          ? lt_parse_unary(parser)
                                          : parse_binary(parser, op->level + 1);
        if (right == NULL)
            return NULL;
        bool is_not = op->symbol == LT_SYMBOL_NOT_EQUAL;
        left = lt_parser_call2(parser, is_not ? "=" : op->name, begin, left, right);
        if (is_not)
            left = lt_parser_call1(parser, "not", begin, left);
    }
    return NULL;
}

struct lt_expression *lt_parse_value(struct lt_parser *parser)
{
    return parse_binary(parser, LEVEL_COMPARISON);
}

static struct lt_expression *parse_signed(struct lt_parser *parser)
{
    uint32_t begin = lt_parser_peek(parser, 0)->begin;
    static const struct {
        int symbol;
        const char *name;
    } signs[] = {{'-', "negative"}, {'+', "positive"}, {'~', "~"}};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (!lt_parser_try_symbol(parser, signs[i].symbol))
            continue;
        enum lt_token_kind next = lt_parser_peek(parser, 0)->kind;
        if (signs[i].symbol == '-' && (next == LT_TOKEN_INTEGER || next == LT_TOKEN_NUMBER)) {
            parser->minus_begin_plus_1 = begin + 1;
            return lt_parse_primary(parser);
        }
        struct lt_expression *operand = lt_parse_unary(parser);
        return operand == NULL ? NULL : lt_parser_call1(parser, signs[i].name, begin, operand);
    }
    return lt_parse_primary(parser);
}

struct lt_expression *lt_parse_unary(struct lt_parser *parser)
{
    if (!enter(parser))
        return NULL;
    struct lt_expression *operand = parse_signed(parser);
    parser->depth--;
    return operand;
}

/* ---------------------------------------------------------------------------------- predicates */

static struct lt_expression *parse_in(struct lt_parser *parser, uint32_t begin,
                                      struct lt_expression *left)
{
    if (!lt_parser_expect(parser, '(', "("))
        return NULL;
    if (lt_parser_begins_query(parser, 0))
        return lt_parse_subquery(parser, "insubquery", begin, left);
    struct lt_parser_items items = {0};
    lt_parser_push(parser, &items, left);
    do {
        struct lt_expression *item = lt_parse_expression(parser);
        if (item == NULL)
            return NULL;
        lt_parser_push(parser, &items, item);
    } while (lt_parser_try_symbol(parser, ','));
    if (!lt_parser_expect(parser, ')', ")"))
        return NULL;
    struct lt_expression *call = lt_parser_call(parser, "in", begin, 0);
    call->arguments = items.items;
    call->argument_count = items.count;
    return call;
}

static struct lt_expression *parse_between(struct lt_parser *parser, uint32_t begin,
                                           struct lt_expression *left)
{
    struct lt_expression *low = lt_parse_value(parser);
    if (low == NULL || !lt_parser_expect_word(parser, "and"))
        return NULL;
    struct lt_expression *high = lt_parse_value(parser);
    if (high == NULL)
        return NULL;
    return lt_parser_between(parser, begin, left, low, high);
}

static struct lt_expression *parse_escape(struct lt_parser *parser, struct lt_expression *call)
{
    if (!lt_parser_is_word(parser, 0, "escape") ||
        lt_parser_peek(parser, 1)->kind != LT_TOKEN_STRING)
        return call;
    (void)lt_parser_take(parser);
    struct lt_expression *escape = lt_parse_string(parser);
    if (escape == NULL)
        return NULL;
    const struct lt_bytes *text = &escape->value.bytes;
    if (lt_utf8_count_units(text->data, text->size_bytes) != 1)
        return lt_parser_refuse(
            parser, LT_E_PARSE, "INVALID_ESC", "42604", call->begin, escape->end,
            "Found an invalid escape string: '%.*s'. The escape string must "
            "contain only one character.",
            (int)escape->value.bytes.size_bytes, (const char *)escape->value.bytes.data);
    struct lt_expression *three = lt_parser_call(parser, call->name, call->begin, 3);
    three->arguments[0] = call->arguments[0];
    three->arguments[1] = call->arguments[1];
    three->arguments[2] = escape;
    return three;
}

/* x LIKE ANY (a, b) is (x LIKE a) OR (x LIKE b); ALL is AND; NOT goes to each LIKE. */
static struct lt_expression *parse_like_many(struct lt_parser *parser, uint32_t begin,
                                             struct lt_expression *left, const char *name,
                                             bool is_all, bool is_not)
{
    if (!lt_parser_expect(parser, '(', "("))
        return NULL;
    struct lt_parser_items items = {0};
    if (lt_parser_is_symbol(parser, 0, ')'))
        return lt_parser_refuse(parser, LT_E_PARSE, "_LEGACY_ERROR_TEMP_0064", "", begin,
                                lt_parser_peek(parser, 0)->end,
                                "Expected something between '(' and ')'.");
    do {
        struct lt_expression *pattern = lt_parse_expression(parser);
        if (pattern == NULL)
            return NULL;
        struct lt_expression *one = lt_parser_call2(parser, name, begin, left, pattern);
        lt_parser_push(parser, &items, is_not ? lt_parser_call1(parser, "not", begin, one) : one);
    } while (lt_parser_try_symbol(parser, ','));
    if (!lt_parser_expect(parser, ')', ")"))
        return NULL;
    if (items.count == 1)
        return items.items[0];
    struct lt_expression *call = lt_parser_call(parser, is_all ? "and" : "or", begin, 0);
    call->arguments = items.items;
    call->argument_count = items.count;
    return call;
}

static struct lt_expression *parse_like(struct lt_parser *parser, uint32_t begin,
                                        struct lt_expression *left, const char *name, bool is_not)
{
    bool is_all = lt_parser_is_word(parser, 0, "all");
    bool is_any = lt_parser_is_word(parser, 0, "any") || lt_parser_is_word(parser, 0, "some");
    if ((is_all || is_any) && lt_parser_is_symbol(parser, 1, '(') && strcmp(name, "rlike") != 0) {
        (void)lt_parser_take(parser);
        return parse_like_many(parser, begin, left, name, is_all, is_not);
    }
    struct lt_expression *pattern = lt_parse_value(parser);
    if (pattern == NULL)
        return NULL;
    struct lt_expression *call = lt_parser_call2(parser, name, begin, left, pattern);
    if (strcmp(name, "rlike") != 0)
        call = parse_escape(parser, call);
    return call != NULL && is_not ? lt_parser_call1(parser, "not", begin, call) : call;
}

/* After IS [NOT]. */
static struct lt_expression *parse_is(struct lt_parser *parser, uint32_t begin,
                                      struct lt_expression *left)
{
    bool is_not = lt_parser_try_word(parser, "not");
    bool is_unknown = lt_parser_try_word(parser, "unknown");
    /* Spark looks at the type of a constant only. */
    if (is_unknown && left->kind == LT_EXPR_LITERAL && left->type->kind > LT_TYPE_BOOLEAN)
        return lt_parser_refuse(parser, LT_E_ANALYSIS, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                                "42K09", left->begin, left->end, "IS UNKNOWN takes a BOOLEAN");
    if (is_unknown || lt_parser_try_word(parser, "null"))
        return lt_parser_call1(parser, is_not ? "isnotnull" : "isnull", begin, left);
    struct lt_expression *same = NULL;
    if (lt_parser_is_word(parser, 0, "true") || lt_parser_is_word(parser, 0, "false")) {
        struct lt_token token = lt_parser_take(parser);
        bool value = token.end - token.begin == 4;
        same = lt_parser_boolean(parser, value, token.begin);
    } else if (lt_parser_try_word(parser, "distinct")) {
        if (!lt_parser_expect_word(parser, "from"))
            return NULL;
        same = lt_parse_value(parser);
        is_not = !is_not;
    } else {
        return lt_parser_fail(parser, "IS needs NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM");
    }
    if (same == NULL)
        return NULL;
    struct lt_expression *call = lt_parser_call2(parser, "<=>", begin, left, same);
    return is_not ? lt_parser_call1(parser, "not", begin, call) : call;
}

/* As in Spark, what a predicate says stands from its word on, behind its operand. */
static struct lt_expression *parse_predicate_of(struct lt_parser *parser,
                                                struct lt_expression *left)
{
    static const struct {
        const char *word, *name;
    } likes[] = {{"like", "like"}, {"ilike", "ilike"}, {"rlike", "rlike"}, {"regexp", "rlike"}};
    uint32_t begin = lt_parser_peek(parser, 0)->begin;
    unsigned ahead = lt_parser_is_word(parser, 0, "not") ? 1 : 0;
    bool is_not = ahead == 1;
    const struct lt_token *word = lt_parser_peek(parser, ahead);
    if (word->kind != LT_TOKEN_WORD)
        return left;
    if (!is_not && lt_parser_is_word(parser, 0, "is") && lt_parser_begins_operand(parser, 1)) {
        (void)lt_parser_take(parser);
        return parse_is(parser, begin, left);
    }
    for (size_t i = 0; i < sizeof likes / sizeof likes[0]; i++) {
        if (!lt_parser_is_word(parser, ahead, likes[i].word) ||
            !lt_parser_begins_operand(parser, ahead + 1))
            continue;
        for (unsigned taken = 0; taken <= ahead; taken++)
            (void)lt_parser_take(parser);
        return parse_like(parser, begin, left, likes[i].name, is_not);
    }
    bool is_in = lt_parser_is_word(parser, ahead, "in");
    bool is_between = lt_parser_is_word(parser, ahead, "between");
    if ((!is_in && !is_between) || !lt_parser_begins_operand(parser, ahead + 1))
        return left;
    for (unsigned taken = 0; taken <= ahead; taken++)
        (void)lt_parser_take(parser);
    struct lt_expression *call =
        is_in ? parse_in(parser, begin, left) : parse_between(parser, begin, left);
    return call != NULL && is_not ? lt_parser_call1(parser, "not", begin, call) : call;
}

static struct lt_expression *parse_predicate(struct lt_parser *parser)
{
    struct lt_expression *left = lt_parse_value(parser);
    return left == NULL ? NULL : parse_predicate_of(parser, left);
}

/* -------------------------------------------------------------------------------- NOT, AND, OR */

static struct lt_expression *parse_not_depth(struct lt_parser *parser)
{
    uint32_t begin = lt_parser_peek(parser, 0)->begin;
    bool is_word = lt_parser_is_word(parser, 0, "not") && lt_parser_begins_operand(parser, 1) &&
                   !lt_parser_is_symbol(parser, 1, '.');
    if (!is_word && !lt_parser_is_symbol(parser, 0, '!'))
        return parse_predicate(parser);
    (void)lt_parser_take(parser);
    struct lt_expression *operand = parse_not(parser);
    return operand == NULL ? NULL : lt_parser_call1(parser, "not", begin, operand);
}

static struct lt_expression *parse_not(struct lt_parser *parser)
{
    if (!enter(parser))
        return NULL;
    struct lt_expression *result = parse_not_depth(parser);
    parser->depth--;
    return result;
}

static struct lt_expression *parse_chain(struct lt_parser *parser, const char *word,
                                         struct lt_expression *(*operand)(struct lt_parser *))
{
    uint32_t begin = lt_parser_peek(parser, 0)->begin;
    struct lt_expression *first = operand(parser);
    if (first == NULL || !lt_parser_is_word(parser, 0, word) ||
        !lt_parser_begins_operand(parser, 1))
        return first;
    struct lt_parser_items items = {0};
    lt_parser_push(parser, &items, first);
    while (lt_parser_is_word(parser, 0, word) && lt_parser_begins_operand(parser, 1)) {
        (void)lt_parser_take(parser);
        struct lt_expression *next = operand(parser);
        if (next == NULL)
            return NULL;
        lt_parser_push(parser, &items, next);
    }
    struct lt_expression *call = lt_parser_call(parser, word, begin, 0);
    call->arguments = items.items;
    call->argument_count = items.count;
    return call;
}

static struct lt_expression *parse_and(struct lt_parser *parser)
{
    return parse_chain(parser, "and", parse_not);
}

struct lt_expression *lt_parse_expression(struct lt_parser *parser)
{
    if (!enter(parser))
        return NULL;
    struct lt_expression *result = parse_chain(parser, "or", parse_and);
    parser->depth--;
    return result;
}

/* --------------------------------------------------------------------------------- whole texts */

struct lt_expression *lt_parse_star(struct lt_parser *parser, struct lt_expression *base,
                                    const char *name)
{
    uint32_t begin = base == NULL ? lt_parser_peek(parser, 0)->begin : base->begin;
    struct lt_expression *star = lt_parser_node(parser, LT_EXPR_STAR, begin, base != NULL);
    (void)lt_parser_take(parser);
    star->name = name;
    star->end = parser->last_end;
    if (base != NULL)
        star->arguments[0] = base;
    bool is_list = parser->ends_item == NULL ||
                   (lt_parser_is_symbol(parser, 1, '(') && !lt_parser_is_word(parser, 2, "select"));
    if (!is_list || !lt_parser_try_word(parser, "except"))
        return star;
    struct lt_parser_items items = {0};
    if (!lt_parser_expect(parser, '(', "("))
        return NULL;
    if (base != NULL)
        lt_parser_push(parser, &items, base);
    do {
        struct lt_expression *column = lt_parse_primary(parser);
        if (column == NULL)
            return NULL;
        lt_parser_push(parser, &items, column);
    } while (lt_parser_try_symbol(parser, ','));
    star->arguments = items.items;
    star->argument_count = items.count;
    return lt_parser_expect(parser, ')', ")") ? star : NULL;
}

/* (a, b) after AS: the names of a generator's columns. */
static struct lt_expression *parse_name_list(struct lt_parser *parser, struct lt_expression *value)
{
    struct lt_parser_items items = {0};
    lt_parser_push(parser, &items, value);
    struct lt_expression *alias = lt_parser_node(parser, LT_EXPR_ALIAS, value->begin, 0);
    alias->is_name_list = true;
    (void)lt_parser_take(parser);
    do {
        enum lt_token_kind kind = lt_parser_peek(parser, 0)->kind;
        if (kind != LT_TOKEN_WORD && kind != LT_TOKEN_QUOTED)
            return lt_parser_fail(parser, "a name must stand here");
        struct lt_token token = lt_parser_take(parser);
        const char *name = lt_parser_name(parser, &token);
        if (alias->name != NULL) {
            struct lt_expression *other = lt_parser_node(parser, LT_EXPR_LITERAL, token.begin, 0);
            other->value = lt_value_text(name);
            other->type = lt_type_simple(LT_TYPE_STRING);
            lt_parser_push(parser, &items, other);
        } else {
            alias->name = name;
        }
    } while (lt_parser_try_symbol(parser, ','));
    if (!lt_parser_expect(parser, ')', ")"))
        return NULL;
    alias->arguments = items.items;
    alias->argument_count = items.count;
    alias->end = parser->last_end;
    return alias;
}

const char *lt_parse_name(struct lt_parser *parser)
{
    if (lt_parser_is_identifier_clause(parser))
        return lt_parse_identifier_part(parser);
    struct lt_token token = lt_parser_take(parser);
    return lt_parser_name(parser, &token);
}

struct lt_expression *lt_parse_named(struct lt_parser *parser)
{
    struct lt_expression *value = lt_parse_expression(parser);
    if (value == NULL)
        return NULL;
    bool has_as =
        lt_parser_is_word(parser, 0, "as") && lt_parser_peek(parser, 1)->kind != LT_TOKEN_END;
    if (has_as)
        (void)lt_parser_take(parser);
    enum lt_token_kind kind = lt_parser_peek(parser, 0)->kind;
    if (has_as && lt_parser_is_symbol(parser, 0, '('))
        return parse_name_list(parser, value);
    if (kind != LT_TOKEN_WORD && kind != LT_TOKEN_QUOTED)
        return has_as ? lt_parser_fail(parser, "a name must follow AS") : value;
    if (!has_as && parser->ends_item != NULL && parser->ends_item(parser))
        return value;
    uint32_t begin = lt_parser_peek(parser, 0)->begin;
    const char *name = lt_parse_name(parser);
    if (name == NULL)
        return NULL;
    bool is_hyphened = kind == LT_TOKEN_WORD && lt_parser_is_symbol(parser, 0, '-') &&
                       (lt_parser_peek(parser, 1)->kind == LT_TOKEN_WORD ||
                        lt_parser_peek(parser, 1)->kind == LT_TOKEN_QUOTED);
    if (is_hyphened) {
        uint32_t hyphen = lt_parser_take(parser).begin;
        uint32_t end = lt_parser_take(parser).end;
        return lt_parser_refuse_hyphen(
            parser, hyphen, end, lt_arena_text_n(parser->arena, parser->text + begin, end - begin));
    }
    struct lt_expression *alias = lt_parser_node(parser, LT_EXPR_ALIAS, value->begin, 1);
    alias->arguments[0] = value;
    alias->name = name;
    alias->end = parser->last_end;
    return alias;
}

/* What later walks over the tree cost is bounded here: its depth, and its nodes counted as often as
 * they are reached (BETWEEN, CASE x and LIKE ANY use their operand in several places). */
static bool is_bounded(const struct lt_expression *node, unsigned depth, unsigned *budget)
{
    if (depth == 0 || *budget == 0)
        return false;
    --*budget;
    for (uint32_t i = 0; i < node->argument_count; i++) {
        if (!is_bounded(node->arguments[i], depth - 1, budget))
            return false;
    }
    return true;
}

bool lt_parse_check_size(struct lt_parser *parser, const struct lt_expression *node,
                         unsigned *budget)
{
    if (is_bounded(node, LT_LIMIT_EXPRESSION_DEPTH, budget))
        return true;
    (void)lt_parser_refuse(parser, LT_E_LIMIT, "EXPRESSION_TOO_DEEP", "54001", node->begin,
                           node->begin + 1,
                           "the expression is nested more than %d deep or has more than %d parts",
                           (int)LT_LIMIT_EXPRESSION_DEPTH, (int)LT_PARSE_NODES);
    return false;
}

static int finish(struct lt_parser *parser, struct lt_expression *const *items, size_t count)
{
    if (items[0] == NULL)
        return parser->error->code;
    if (lt_parser_peek(parser, 0)->kind != LT_TOKEN_END) {
        (void)lt_parser_fail(parser, "the expression should end here");
        return parser->error->code;
    }
    unsigned budget = LT_PARSE_NODES;
    for (size_t i = 0; i < count; i++) {
        if (!lt_parse_check_size(parser, items[i], &budget))
            return parser->error->code;
    }
    return LT_OK;
}

static int start(struct lt_parser *parser, const char *text, struct lt_arena *arena,
                 struct lt_error *error)
{
    if (strlen(text) > LT_LIMIT_EXPRESSION_BYTES) {
        (void)lt_error_set(error, LT_E_LIMIT, "the expression has more than %d bytes",
                           (int)LT_LIMIT_EXPRESSION_BYTES);
        return LT_E_LIMIT;
    }
    lt_parser_init(parser, text, arena, error);
    return LT_OK;
}

int lt_expr_parse(const char *text, struct lt_arena *arena, struct lt_expression **out,
                  struct lt_error *error)
{
    struct lt_parser parser;
    struct lt_error local;
    if (error == NULL)
        error = &local;
    if (start(&parser, text, arena, error) != LT_OK)
        return error->code;
    *out = lt_parse_named(&parser);
    return finish(&parser, out, 1);
}

int lt_expr_parse_list(const char *text, struct lt_arena *arena, struct lt_expr_list *out,
                       struct lt_error *error)
{
    struct lt_parser parser;
    struct lt_error local;
    if (error == NULL)
        error = &local;
    if (start(&parser, text, arena, error) != LT_OK)
        return error->code;
    struct lt_parser_items items = {0};
    do {
        struct lt_expression *item = lt_parse_named(&parser);
        if (item == NULL)
            return error->code;
        lt_parser_push(&parser, &items, item);
    } while (lt_parser_try_symbol(&parser, ','));
    *out = (struct lt_expr_list){.expressions = items.items, .count = items.count};
    return finish(&parser, items.items, items.count);
}
