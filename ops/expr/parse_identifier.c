/*
 * IDENTIFIER(text): a name that is a constant text. The text is evaluated when the statement is
 * parsed, and read as the name it holds, 'a.b' or '`a b`'; what stands around sees the name alone.
 */
#include <string.h>

#include "ops/expr/expr.h"
#include "ops/expr/functions.h"
#include "ops/expr/parser.h"
#include "ops/expr/unresolved.h"

bool lt_parser_is_identifier_clause(const struct lt_parser *parser)
{
    return lt_parser_is_word(parser, 0, "identifier") && lt_parser_is_symbol(parser, 1, '(');
}

/* A column, a query, or chance: no constant, whatever it is. */
static bool is_of_rows(const struct lt_expression *node)
{
    int row = node->kind == LT_EXPR_CALL ? lt_function_find(node->name) : -1;
    if (node->kind == LT_EXPR_COLUMN || node->kind == LT_EXPR_STAR ||
        (row >= 0 && !lt_function_at((size_t)row, NULL)->is_deterministic))
        return true;
    for (uint32_t i = 0; i < node->argument_count; i++) {
        if (is_of_rows(node->arguments[i]))
            return true;
    }
    return false;
}

static void *refuse(struct lt_parser *parser, const struct lt_expression *node,
                    const char *condition, const char *shown, const char *why)
{
    return lt_parser_refuse(
        parser, LT_E_ANALYSIS,
        lt_arena_format(parser->arena, "NOT_A_CONSTANT_STRING.%s", condition), "42601", node->begin,
        node->end,
        "The expression %s used for the routine or clause IDENTIFIER must be a constant STRING "
        "which is NOT NULL.%s",
        shown, why);
}

/* The expression's value, a text; NULL: refused. */
static const char *text_of(struct lt_parser *parser, struct lt_expression *node)
{
    static const char not_constant[] =
        " To be considered constant the expression must not depend on any columns, contain a "
        "subquery, or invoke a non deterministic function such as rand().";
    const char *shown = lt_expr_text(node, parser->arena);
    if (is_of_rows(node))
        return refuse(parser, node, "NOT_CONSTANT", shown, not_constant);
    const struct lt_type *nothing = lt_type_struct(parser->arena, NULL, 0);
    if (lt_expr_analyse(&node, parser->text, nothing, NULL, parser->arena, parser->error) != LT_OK)
        return NULL;
    if (node->type->kind != LT_TYPE_STRING)
        return refuse(parser, node, "WRONG_TYPE", shown,
                      lt_arena_format(parser->arena, " The data type of the expression is %s.",
                                      lt_type_simple_string(parser->arena, node->type)));
    if (node->kind != LT_EXPR_LITERAL)
        return refuse(parser, node, "NOT_CONSTANT", shown, not_constant);
    if (node->is_null)
        return refuse(parser, node, "NULL", shown, " The expression evaluates to NULL.");
    return lt_arena_text_n(parser->arena, (const char *)node->value.bytes.data,
                           node->value.bytes.size_bytes);
}

/* What is wrong with the text stands at the clause. */
static bool bad_text(struct lt_parser *parser, const struct lt_parser *inner, uint32_t begin,
                     const char *problem)
{
    const struct lt_token *next = lt_parser_peek(inner, 0);
    int size = (int)(next->end - next->begin);
    const char *word = inner->text + next->begin;
    return lt_parser_refuse(parser, LT_E_PARSE, "PARSE_SYNTAX_ERROR", "42601", begin,
                            parser->last_end, "Syntax error at or near '%.*s'%s%.*s%s.", size, word,
                            problem, *problem != '\0' ? size : 0, word,
                            *problem != '\0' ? "'" : "") != NULL;
}

static bool is_name_next(const struct lt_parser *parser, unsigned ahead)
{
    enum lt_token_kind kind = lt_parser_peek(parser, ahead)->kind;
    return kind == LT_TOKEN_WORD || kind == LT_TOKEN_QUOTED;
}

void *lt_parser_refuse_hyphen(struct lt_parser *parser, uint32_t begin, uint32_t end,
                              const char *name)
{
    return lt_parser_refuse(
        parser, LT_E_PARSE, "INVALID_IDENTIFIER", "42602", begin, end,
        "The unquoted identifier %s is invalid and must be back quoted as: %s.\nUnquoted "
        "identifiers can only contain ASCII letters ('a' - 'z', 'A' - 'Z'), digits ('0' - '9'), "
        "and underbar ('_').\nUnquoted identifiers must also not start with a digit.\nDifferent "
        "data sources and meta stores may impose additional restrictions on valid identifiers.",
        name, lt_name_quoted_one(name, parser->arena));
}

static bool read_parts(struct lt_parser *parser, const char *text, uint32_t begin,
                       struct lt_name_parts *out)
{
    struct lt_parser inner;
    struct lt_error ignored;
    lt_error_clear(&ignored);
    lt_parser_init(&inner, text, parser->arena, &ignored);
    if (lt_parser_peek(&inner, 0)->kind == LT_TOKEN_END)
        return lt_parser_refuse(parser, LT_E_PARSE, "PARSE_EMPTY_STATEMENT", "42617", begin,
                                parser->last_end,
                                "Syntax error, unexpected empty statement.") != NULL;
    do {
        if (!is_name_next(&inner, 0) || out->count == LT_NAME_PARTS_MAX)
            return bad_text(parser, &inner, begin, "");
        struct lt_token token = lt_parser_take(&inner);
        out->parts[out->count++] = lt_parser_name(&inner, &token);
    } while (is_name_next(&inner, 1) && lt_parser_try_symbol(&inner, '.'));
    if (lt_parser_is_symbol(&inner, 0, '-') && is_name_next(&inner, 1))
        return lt_parser_refuse_hyphen(parser, begin, parser->last_end, text) != NULL;
    return lt_parser_peek(&inner, 0)->kind == LT_TOKEN_END ||
           bad_text(parser, &inner, begin, ": extra input '");
}

bool lt_parse_identifier_clause(struct lt_parser *parser, struct lt_name_parts *out)
{
    uint32_t begin = lt_parser_take(parser).begin;
    (void)lt_parser_take(parser); /* '(' */
    out->count = 0;
    struct lt_expression *node = lt_parse_expression(parser);
    if (node == NULL || !lt_parser_expect(parser, ')', ")"))
        return false;
    const char *text = text_of(parser, node);
    return text != NULL && read_parts(parser, text, begin, out);
}

const char *lt_parse_identifier_part(struct lt_parser *parser)
{
    struct lt_name_parts name;
    uint32_t begin = lt_parser_peek(parser, 0)->begin;
    if (!lt_parse_identifier_clause(parser, &name))
        return NULL;
    if (name.count == 1)
        return name.parts[0];
    return lt_parser_refuse(parser, LT_E_PARSE, "IDENTIFIER_TOO_MANY_NAME_PARTS", "42601", begin,
                            parser->last_end,
                            "%s is not a valid identifier as it has more than 1 name parts.",
                            lt_name_quoted(name.parts, name.count, parser->arena));
}

struct lt_expression *lt_parse_identifier_value(struct lt_parser *parser)
{
    struct lt_name_parts name;
    uint32_t begin = lt_parser_peek(parser, 0)->begin;
    if (!lt_parse_identifier_clause(parser, &name))
        return NULL;
    if (lt_parser_is_symbol(parser, 0, '(') && name.count > 2)
        return lt_parser_refuse(parser, LT_E_ANALYSIS, "IDENTIFIER_TOO_MANY_NAME_PARTS", "42601",
                                begin, parser->last_end,
                                "%s is not a valid identifier as it has more than 2 name parts.",
                                lt_name_quoted(name.parts, name.count, parser->arena));
    if (lt_parser_is_symbol(parser, 0, '('))
        return lt_parse_call(
            parser,
            name.count == 1 ? name.parts[0]
                            : lt_arena_format(parser->arena, "%s.%s", name.parts[0], name.parts[1]),
            begin);
    struct lt_expression *node = lt_parser_node(parser, LT_EXPR_COLUMN, begin, 0);
    node->name = name.parts[0];
    for (uint32_t i = 1; i < name.count; i++) {
        struct lt_expression *field = lt_parser_node(parser, LT_EXPR_FIELD, begin, 1);
        field->arguments[0] = node;
        field->name = name.parts[i];
        node = field;
    }
    return node;
}
