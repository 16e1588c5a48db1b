/*
 * What stands between operators: constants, columns, calls (parse_call.c), CASE, CAST, brackets,
 * and what is hung on them from the right (.field, [index], ::type, :json.path).
 */
#include <stdio.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/text_buffer.h"
#include "ops/expr/parser.h"

/* ----------------------------------------------------------------------------------- CASE, CAST */

/* Is the token one of these words, which end in NULL? */
static bool is_any_word(const struct lt_parser *parser, unsigned ahead, const char *const *words)
{
    while (*words != NULL && !lt_parser_is_word(parser, ahead, *words))
        words++;
    return *words != NULL;
}

/* Does an operand stand behind the token that is next? Where one stands itself, a word is a name,
 * but for NOT. */
static bool leads_operand(const struct lt_parser *parser, bool is_operand)
{
    static const char *const words[] = {"when", "then", "else",    "and",   "or",
                                        "not",  "from", "between", "like",  "ilike",
                                        "div",  "rlike", "regexp", NULL};
    if (lt_parser_peek(parser, 0)->kind == LT_TOKEN_SYMBOL)
        return !lt_parser_is_symbol(parser, 0, ')') && !lt_parser_is_symbol(parser, 0, ']');
    return is_operand ? lt_parser_is_word(parser, 0, "not") : is_any_word(parser, 0, words);
}

/* Behind CASE when: is the WHEN that is next that of the first branch, and no name too? A value
 * begins behind it then. What could go on behind a name as well does, as in Spark. */
static bool is_branch_of_name(const struct lt_parser *parser)
{
    static const char *const tests[] = {"in", "between", "like", "ilike", "rlike", "regexp", NULL};
    static const char *const infixes[] = {"is", "and", "or", "div", "then", "collate", NULL};
    bool goes_on = lt_parser_is_symbol(parser, 1, '(') || lt_parser_is_symbol(parser, 1, '-') ||
                   lt_parser_is_symbol(parser, 1, '+') || lt_parser_is_symbol(parser, 1, ':') ||
                   is_any_word(parser, 1, infixes) || is_any_word(parser, 1, tests) ||
                   (lt_parser_is_word(parser, 1, "not") && is_any_word(parser, 2, tests));
    return lt_parser_is_word(parser, 0, "when") && lt_parser_begins_operand(parser, 1) && !goes_on;
}

/* Behind CASE: is the WHEN that is next a condition's, and not a name in what is compared, as in
 * CASE when(a, b) WHEN c THEN d END? THEN comes before another WHEN. Where an operand stands, WHEN,
 * THEN and END are names, and behind a dot CASE is one. Reads tokens ahead, but for one CASE within
 * another once. */
static bool is_searched_case(const struct lt_parser *parser)
{
    if (!lt_parser_is_word(parser, 0, "when"))
        return false;
    struct lt_parser ahead = *parser;
    (void)lt_parser_take(&ahead);
    unsigned depth = 0; /* of brackets, and of CASE ... END */
    bool is_operand = !is_branch_of_name(&ahead), is_part = false;
    while (lt_parser_peek(&ahead, 0)->kind != LT_TOKEN_END) {
        if (depth == 0 && !is_operand && lt_parser_is_word(&ahead, 0, "when"))
            return false;
        if (depth == 0 && !is_operand && lt_parser_is_word(&ahead, 0, "then"))
            return true;
        bool is_case = !is_part && lt_parser_is_word(&ahead, 0, "case") &&
                       lt_parser_begins_operand(&ahead, 1);
        bool is_end = !is_operand && lt_parser_is_word(&ahead, 0, "end");
        if (is_case || lt_parser_is_symbol(&ahead, 0, '('))
            depth++;
        else if (depth > 0 && (is_end || lt_parser_is_symbol(&ahead, 0, ')')))
            depth--;
        is_operand = is_case || leads_operand(&ahead, is_operand);
        is_part = lt_parser_is_symbol(&ahead, 0, '.') || lt_parser_is_symbol(&ahead, 0, ':');
        (void)lt_parser_take(&ahead);
    }
    return true; /* what is missing is told */
}

static struct lt_expression *parse_case(struct lt_parser *parser)
{
    uint32_t begin = lt_parser_take(parser).begin;
    struct lt_expression *subject = NULL;
    if (!is_searched_case(parser)) {
        subject = lt_parse_expression(parser);
        if (subject == NULL)
            return NULL;
    }
    struct lt_parser_items items = {0};
    while (lt_parser_try_word(parser, "when")) {
        struct lt_expression *when = lt_parse_expression(parser);
        if (when == NULL || !lt_parser_expect_word(parser, "then"))
            return NULL;
        struct lt_expression *then = lt_parse_expression(parser);
        if (then == NULL)
            return NULL;
        if (subject != NULL)
            when = lt_parser_call2(parser, "=", when->begin, subject, when);
        lt_parser_push(parser, &items, when);
        lt_parser_push(parser, &items, then);
    }
    if (items.count == 0)
        return lt_parser_fail(parser, "CASE needs WHEN ... THEN");
    if (lt_parser_try_word(parser, "else")) {
        struct lt_expression *otherwise = lt_parse_expression(parser);
        if (otherwise == NULL)
            return NULL;
        lt_parser_push(parser, &items, otherwise);
    }
    if (!lt_parser_expect_word(parser, "end"))
        return NULL;
    struct lt_expression *node = lt_parser_node(parser, LT_EXPR_CASE, begin, 0);
    node->arguments = items.items;
    node->argument_count = items.count;
    return node;
}

struct lt_expression *lt_parser_cast(struct lt_parser *parser, struct lt_expression *operand,
                                     const struct lt_type *target, uint32_t begin)
{
    struct lt_expression *cast = lt_parser_node(parser, LT_EXPR_CAST, begin, 1);
    cast->arguments[0] = operand;
    cast->type = target;
    return cast;
}

static struct lt_expression *parse_cast(struct lt_parser *parser, bool is_try)
{
    uint32_t begin = lt_parser_take(parser).begin;
    (void)lt_parser_take(parser); /* '(' */
    struct lt_expression *operand = lt_parse_expression(parser);
    if (operand != NULL && lt_parser_is_symbol(parser, 0, ')'))
        return lt_parser_refuse(parser, LT_E_ANALYSIS, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "42605",
                                begin, operand->end,
                                "a cast needs a type; hint: usage: CAST(a AS type)");
    if (operand == NULL || !lt_parser_expect_word(parser, "as"))
        return NULL;
    const struct lt_type *target = lt_parse_type(parser, true);
    if (target == NULL || !lt_parser_expect(parser, ')', ")"))
        return NULL;
    struct lt_expression *cast = lt_parser_cast(parser, operand, target, begin);
    cast->is_try = is_try;
    return cast;
}

/* ------------------------------------------------------------------------------ words, columns */

static bool is_string_next(const struct lt_parser *parser)
{
    return lt_parser_peek(parser, 1)->kind == LT_TOKEN_STRING;
}

static bool is_typed_literal(const struct lt_parser *parser)
{
    return is_string_next(parser) &&
           (lt_parser_is_word(parser, 0, "x") || lt_parser_is_word(parser, 0, "timestamp") ||
            lt_parser_is_word(parser, 0, "timestamp_ltz") ||
            lt_parser_is_word(parser, 0, "timestamp_ntz") || lt_parser_is_word(parser, 0, "date"));
}

static struct lt_expression *parse_column(struct lt_parser *parser)
{
    struct lt_token token = lt_parser_take(parser);
    struct lt_expression *column = lt_parser_node(parser, LT_EXPR_COLUMN, token.begin, 0);
    column->name = lt_parser_name(parser, &token);
    return column;
}

/* The parameters read, "->" next. */
static struct lt_expression *parse_lambda(struct lt_parser *parser,
                                          const struct lt_parser_items *parameters, uint32_t begin)
{
    for (uint32_t i = 0; i < parameters->count; i++) {
        if (parameters->items[i]->kind != LT_EXPR_COLUMN)
            return lt_parser_fail(parser, "the parameters of a lambda are names");
        parameters->items[i]->kind = LT_EXPR_VARIABLE;
    }
    (void)lt_parser_take(parser);
    struct lt_expression *body = lt_parse_expression(parser);
    if (body == NULL)
        return NULL;
    struct lt_expression *lambda =
        lt_parser_node(parser, LT_EXPR_LAMBDA, begin, parameters->count + 1);
    lambda->arguments[0] = body;
    for (uint32_t i = 0; i < parameters->count; i++)
        lambda->arguments[i + 1] = parameters->items[i];
    return lambda;
}

/* a -> ... */
static struct lt_expression *parse_named_lambda(struct lt_parser *parser)
{
    uint32_t begin = lt_parser_peek(parser, 0)->begin;
    struct lt_parser_items items = {0};
    lt_parser_push(parser, &items, parse_column(parser));
    return parse_lambda(parser, &items, begin);
}

static struct lt_expression *parse_word(struct lt_parser *parser)
{
    uint32_t begin = lt_parser_peek(parser, 0)->begin;
    bool is_call = lt_parser_is_symbol(parser, 1, '(');
    if (lt_parser_is_word(parser, 0, "case") && lt_parser_begins_operand(parser, 1) &&
        !(lt_parser_is_word(parser, 1, "end") && lt_parser_peek(parser, 2)->kind == LT_TOKEN_END))
        return parse_case(parser);
    if (is_call && lt_parser_is_word(parser, 0, "cast"))
        return parse_cast(parser, false);
    if (is_call && lt_parser_is_word(parser, 0, "try_cast"))
        return parse_cast(parser, true);
    if (lt_parser_is_word(parser, 0, "true") || lt_parser_is_word(parser, 0, "false")) {
        struct lt_token token = lt_parser_take(parser);
        return lt_parser_boolean(parser, token.end - token.begin == 4, begin);
    }
    if (lt_parser_is_word(parser, 0, "null")) {
        (void)lt_parser_take(parser);
        return lt_parser_null(parser, begin);
    }
    if (is_typed_literal(parser))
        return lt_parse_typed_literal(parser);
    if (is_string_next(parser) && lt_parser_is_word(parser, 0, "time"))
        return lt_parser_refuse(parser, LT_E_UNSUPPORTED, "UNSUPPORTED_TIME_TYPE", "0A000", begin,
                                lt_parser_peek(parser, 1)->end, "the type TIME is not supported");
    if (is_string_next(parser) && !lt_parser_is_interval(parser))
        return lt_parser_refuse(parser, LT_E_PARSE, "UNSUPPORTED_TYPED_LITERAL", "0A000", begin,
                                lt_parser_peek(parser, 1)->end,
                                "there are no literals of this type; hint: DATE, TIMESTAMP, "
                                "TIMESTAMP_LTZ, TIMESTAMP_NTZ, INTERVAL and X");
    if (lt_parser_is_interval(parser))
        return lt_parse_interval(parser);
    if (lt_parser_is_word(parser, 0, "select"))
        return lt_parser_fail(parser, "an expression is wanted here, not a query");
    if (lt_parser_is_symbol(parser, 1, LT_SYMBOL_ARROW))
        return parse_named_lambda(parser);
    if (is_call && lt_parser_is_word(parser, 0, "exists") && lt_parser_begins_query(parser, 2)) {
        (void)lt_parser_take(parser);
        (void)lt_parser_take(parser);
        return lt_parse_subquery(parser, "exists", begin, NULL);
    }
    if (lt_parser_is_identifier_clause(parser))
        return lt_parse_identifier_value(parser);
    if (is_call) {
        struct lt_token token = lt_parser_take(parser);
        return lt_parse_call(parser, lt_parser_name(parser, &token), begin);
    }
    return parse_column(parser);
}

/* (a) is a, (a, b) a struct of them, and (a, b) -> ... a lambda. */
static struct lt_expression *parse_brackets(struct lt_parser *parser)
{
    uint32_t begin = lt_parser_take(parser).begin;
    if (lt_parser_begins_query(parser, 0))
        return lt_parse_subquery(parser, "scalarsubquery", begin, NULL);
    struct lt_parser_items items = {0};
    do {
        struct lt_expression *item = lt_parse_named(parser);
        if (item == NULL)
            return NULL;
        lt_parser_push(parser, &items, item);
    } while (lt_parser_try_symbol(parser, ','));
    if (items.count == 1 && items.items[0]->kind == LT_EXPR_ALIAS)
        return lt_parser_fail(parser, "the name of one value stands behind the brackets");
    if (!lt_parser_expect(parser, ')', ")"))
        return NULL;
    if (lt_parser_is_symbol(parser, 0, LT_SYMBOL_ARROW))
        return parse_lambda(parser, &items, begin);
    if (items.count == 1)
        return items.items[0];
    struct lt_expression *call = lt_parser_call(parser, "struct", begin, 0);
    call->arguments = items.items;
    call->argument_count = items.count;
    return call;
}

/* :name, or ?, which Spark names by its place. */
static struct lt_expression *refuse_parameter(struct lt_parser *parser, uint32_t begin)
{
    struct lt_token mark = lt_parser_take(parser), name = *lt_parser_peek(parser, 0);
    const char *shown = mark.symbol == '?' ? lt_arena_format(parser->arena, "_%u", begin)
                                           : lt_parser_name(parser, &name);
    return lt_parser_refuse(parser, LT_E_ANALYSIS, "UNBOUND_SQL_PARAMETER", "42P02", begin,
                            mark.symbol == '?' ? mark.end : name.end,
                            "Found the unbound parameter: %s. Please, fix `args` and provide a "
                            "mapping of the parameter to either a SQL literal or collection "
                            "constructor functions such as `map()`, `array()`, `struct()`.",
                            shown);
}

static struct lt_expression *parse_plain(struct lt_parser *parser)
{
    const struct lt_token *token = lt_parser_peek(parser, 0);
    uint32_t begin = token->begin;
    switch (token->kind) {
    case LT_TOKEN_INTEGER:
    case LT_TOKEN_NUMBER: {
        bool is_negative = parser->minus_begin_plus_1 > 0;
        uint32_t from = is_negative ? parser->minus_begin_plus_1 - 1 : begin;
        return lt_parse_number(parser, is_negative, from);
    }
    case LT_TOKEN_STRING:
        return lt_parse_string(parser);
    case LT_TOKEN_QUOTED:
        if (lt_parser_is_symbol(parser, 1, '(')) {
            struct lt_token name = lt_parser_take(parser);
            return lt_parse_call(parser, lt_parser_name(parser, &name), begin);
        }
        return lt_parser_is_symbol(parser, 1, LT_SYMBOL_ARROW) ? parse_named_lambda(parser)
                                                               : parse_column(parser);
    case LT_TOKEN_WORD:
        return parse_word(parser);
    case LT_TOKEN_SYMBOL:
        break;
    case LT_TOKEN_END:
    case LT_TOKEN_BAD:
        return lt_parser_fail(parser, "an expression is missing");
    }
    if (token->symbol == '(')
        return parse_brackets(parser);
    if (token->symbol == '*')
        return lt_parse_star(parser, NULL, NULL);
    if (token->symbol == '?' ||
        (token->symbol == ':' && lt_parser_peek(parser, 1)->kind == LT_TOKEN_WORD))
        return refuse_parameter(parser, begin);
    return lt_parser_fail(parser, "an expression is missing");
}

/* ----------------------------------------------------------------------------------- postfixes */

static bool is_plain_name(const char *name)
{
    if (*name == '\0' || lt_ascii_is_digit(*name))
        return false;
    for (; *name != '\0'; name++) {
        if (!lt_ascii_is_letter(*name) && !lt_ascii_is_digit(*name) && *name != '_')
            return false;
    }
    return true;
}

/* One step of a JSON path, appended in the form of core/text/json.h. */
static bool append_path_name(struct lt_parser *parser, struct lt_text_buffer *path,
                             const char *name)
{
    if (is_plain_name(name))
        lt_text_format(path, "%s%s", path->size_bytes > 0 ? "." : "", name);
    else if (strchr(name, '\'') == NULL && *name != '\0')
        lt_text_format(path, "['%s']", name);
    else
        return lt_parser_fail(parser, "a JSON field's name cannot be empty or hold a quote here") !=
               NULL;
    return true;
}

static bool parse_path_step(struct lt_parser *parser, struct lt_text_buffer *path)
{
    if (lt_parser_try_symbol(parser, '[')) {
        const struct lt_token *token = lt_parser_peek(parser, 0);
        if (token->kind == LT_TOKEN_INTEGER && token->suffix == '\0') {
            lt_text_format(path, "[%.*s]", (int)(token->end - token->begin),
                           parser->text + token->begin);
            (void)lt_parser_take(parser);
        } else if (token->kind == LT_TOKEN_STRING) {
            struct lt_expression *name = lt_parse_string(parser);
            if (name == NULL ||
                !append_path_name(parser, path,
                                  lt_arena_text_n(parser->arena,
                                                  (const char *)name->value.bytes.data,
                                                  name->value.bytes.size_bytes)))
                return false;
        } else {
            return lt_parser_fail(parser, "a JSON path has a number or a name in [ ]") != NULL;
        }
        return lt_parser_expect(parser, ']', "]");
    }
    enum lt_token_kind kind = lt_parser_peek(parser, 0)->kind;
    if (kind != LT_TOKEN_WORD && kind != LT_TOKEN_QUOTED)
        return lt_parser_fail(parser, "a JSON field's name is missing") != NULL;
    struct lt_token token = lt_parser_take(parser);
    return append_path_name(parser, path, lt_parser_name(parser, &token));
}

/* value:a.b[0], the ':' taken. */
static struct lt_expression *parse_json_path(struct lt_parser *parser, struct lt_expression *base)
{
    struct lt_text_buffer path;
    lt_text_init(&path);
    bool is_ok = parse_path_step(parser, &path);
    while (is_ok) {
        bool is_index = lt_parser_is_symbol(parser, 0, '[');
        if (!is_index && !lt_parser_try_symbol(parser, '.'))
            break;
        is_ok = parse_path_step(parser, &path);
    }
    struct lt_expression *node = NULL;
    if (is_ok) {
        node = lt_parser_node(parser, LT_EXPR_JSON_PATH, base->begin, 1);
        node->arguments[0] = base;
        node->name = lt_arena_text(parser->arena, lt_text_get(&path));
    }
    lt_text_fini(&path);
    return node;
}

/* a.b.c as one dotted name, for db.function(...). NULL when it is none. */
static const char *dotted_name(struct lt_parser *parser, const struct lt_expression *node)
{
    if (node->kind == LT_EXPR_COLUMN)
        return node->name;
    if (node->kind != LT_EXPR_FIELD)
        return NULL;
    const char *base = dotted_name(parser, node->arguments[0]);
    return base == NULL ? NULL : lt_arena_format(parser->arena, "%s.%s", base, node->name);
}

static struct lt_expression *parse_field(struct lt_parser *parser, struct lt_expression *base)
{
    if (lt_parser_is_symbol(parser, 0, '*')) {
        const char *name = dotted_name(parser, base);
        return name == NULL ? lt_parser_fail(parser, "only a name can stand before .*")
                            : lt_parse_star(parser, base, name);
    }
    enum lt_token_kind kind = lt_parser_peek(parser, 0)->kind;
    if (kind != LT_TOKEN_WORD && kind != LT_TOKEN_QUOTED)
        return lt_parser_fail(parser, "a field's name is missing");
    struct lt_token token = lt_parser_take(parser);
    struct lt_expression *field = lt_parser_node(parser, LT_EXPR_FIELD, base->begin, 1);
    field->arguments[0] = base;
    field->name = lt_parser_name(parser, &token);
    const char *dotted = lt_parser_is_symbol(parser, 0, '(') ? dotted_name(parser, field) : NULL;
    return dotted == NULL ? field : lt_parse_call(parser, dotted, base->begin);
}

static struct lt_expression *parse_postfix(struct lt_parser *parser, struct lt_expression *base,
                                           bool *is_done)
{
    uint32_t begin = base->begin;
    if (lt_parser_is_over(parser, base))
        return lt_parse_over(parser, base);
    if (lt_parser_try_symbol(parser, '.'))
        return parse_field(parser, base);
    if (lt_parser_try_symbol(parser, '[')) {
        struct lt_expression *index = lt_parse_expression(parser);
        if (index == NULL || !lt_parser_expect(parser, ']', "]"))
            return NULL;
        return lt_parser_call2(parser, "[]", begin, base, index);
    }
    if (lt_parser_try_symbol(parser, LT_SYMBOL_CAST)) {
        const struct lt_type *target = lt_parse_type(parser, true);
        return target == NULL ? NULL : lt_parser_cast(parser, base, target, begin);
    }
    if (lt_parser_is_symbol(parser, 0, ':')) {
        (void)lt_parser_take(parser);
        return parse_json_path(parser, base);
    }
    enum lt_token_kind next = lt_parser_peek(parser, 1)->kind;
    if (lt_parser_is_word(parser, 0, "collate") &&
        (next == LT_TOKEN_WORD || next == LT_TOKEN_QUOTED))
        return lt_parse_collate(parser, base);
    *is_done = true;
    return base;
}

struct lt_expression *lt_parse_primary(struct lt_parser *parser)
{
    struct lt_expression *base = parse_plain(parser);
    parser->minus_begin_plus_1 = 0;
    bool is_done = false;
    while (base != NULL && !is_done)
        base = parse_postfix(parser, base, &is_done);
    return base;
}
