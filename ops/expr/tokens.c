/*
 * The parser's hands: looking at tokens, taking them, making nodes, and saying what is wrong.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/ascii.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/parser.h"

void lt_parser_init(struct lt_parser *parser, const char *text, struct lt_arena *arena,
                    struct lt_error *error)
{
    lt_parser_init_part(parser, text, 0, (uint32_t)strlen(text), arena, error);
}

void lt_parser_init_part(struct lt_parser *parser, const char *text, uint32_t begin, uint32_t end,
                         struct lt_arena *arena, struct lt_error *error)
{
    *parser = (struct lt_parser){.text = text, .arena = arena, .error = error};
    lt_lexer_init(&parser->lexer, text, begin, end);
    for (unsigned i = 0; i < LT_PARSE_AHEAD; i++)
        parser->tokens[i] = lt_lexer_next(&parser->lexer);
}

struct lt_token lt_parser_take(struct lt_parser *parser)
{
    struct lt_token token = parser->tokens[0];
    for (unsigned i = 1; i < LT_PARSE_AHEAD; i++)
        parser->tokens[i - 1] = parser->tokens[i];
    parser->tokens[LT_PARSE_AHEAD - 1] = lt_lexer_next(&parser->lexer);
    parser->last_end = token.end;
    return token;
}

bool lt_parser_is_symbol(const struct lt_parser *parser, unsigned ahead, int symbol)
{
    const struct lt_token *token = &parser->tokens[ahead];
    return token->kind == LT_TOKEN_SYMBOL && token->symbol == symbol;
}

bool lt_parser_is_word(const struct lt_parser *parser, unsigned ahead, const char *word)
{
    const struct lt_token *token = &parser->tokens[ahead];
    if (token->kind != LT_TOKEN_WORD || token->end - token->begin != strlen(word))
        return false;
    for (uint32_t i = 0; word[i] != '\0'; i++) {
        if (lt_ascii_lower(parser->text[token->begin + i]) != word[i])
            return false;
    }
    return true;
}

bool lt_parser_try_symbol(struct lt_parser *parser, int symbol)
{
    if (!lt_parser_is_symbol(parser, 0, symbol))
        return false;
    (void)lt_parser_take(parser);
    return true;
}

bool lt_parser_try_word(struct lt_parser *parser, const char *word)
{
    if (!lt_parser_is_word(parser, 0, word))
        return false;
    (void)lt_parser_take(parser);
    return true;
}

bool lt_parser_expect(struct lt_parser *parser, int symbol, const char *shown)
{
    if (lt_parser_try_symbol(parser, symbol))
        return true;
    char what[64];
    (void)snprintf(what, sizeof what, "missing '%s'", shown);
    (void)lt_parser_fail(parser, what);
    return false;
}

bool lt_parser_expect_word(struct lt_parser *parser, const char *word)
{
    if (lt_parser_try_word(parser, word))
        return true;
    char what[64];
    (void)snprintf(what, sizeof what, "missing \"%s\"", word);
    (void)lt_parser_fail(parser, what);
    return false;
}

const char *lt_parser_name(struct lt_parser *parser, const struct lt_token *token)
{
    const char *from = parser->text + token->begin;
    uint32_t size = token->end - token->begin;
    if (token->kind != LT_TOKEN_QUOTED)
        return lt_arena_text_n(parser->arena, from, size);
    char *name = lt_arena_alloc(parser->arena, size);
    uint32_t used = 0;
    for (uint32_t i = 1; i + 1 < size; i++) {
        name[used++] = from[i];
        i += from[i] == '`'; /* a doubled back-tick is one */
    }
    return name;
}

bool lt_parser_begins_operand(const struct lt_parser *parser, unsigned ahead)
{
    if (ahead >= LT_PARSE_AHEAD)
        return true;
    const struct lt_token *token = &parser->tokens[ahead];
    if (token->kind == LT_TOKEN_END || token->kind == LT_TOKEN_BAD)
        return token->kind == LT_TOKEN_BAD;
    if (token->kind != LT_TOKEN_SYMBOL)
        return true;
    int symbol = token->symbol;
    return symbol == '(' || symbol == '-' || symbol == '+' || symbol == '~' || symbol == '!' ||
           symbol == '?' || symbol == ':';
}

/* A text without an end is shown by what opens it. */
static int shown_size(const struct lt_token *token)
{
    uint32_t size = token->end - token->begin;
    if (token->kind == LT_TOKEN_BAD)
        return size > 0;
    return (int)(size < 40 ? size : 40);
}

void *lt_parser_fail(struct lt_parser *parser, const char *what)
{
    const struct lt_token *token = &parser->tokens[0];
    struct lt_expr_place place = {parser->text, token->begin, token->end};
    if (token->kind == LT_TOKEN_BAD)
        what = token->problem;
    bool is_comment =
        token->kind == LT_TOKEN_BAD && strcmp(token->problem, LT_LEXER_OPEN_COMMENT) == 0;
    if (parser->text[strspn(parser->text, " \t\r\n")] == '\0')
        (void)lt_expr_error(parser->error, LT_E_PARSE, "PARSE_EMPTY_STATEMENT", "42617", place,
                            "the expression is empty");
    else if (is_comment)
        (void)lt_expr_error(parser->error, LT_E_PARSE, "UNCLOSED_BRACKETED_COMMENT", "42601", place,
                            "%s", what);
    else if (token->kind == LT_TOKEN_END)
        (void)lt_expr_error(parser->error, LT_E_PARSE, "PARSE_SYNTAX_ERROR", "42601", place,
                            "Syntax error at or near end of input; hint: %s", what);
    else
        (void)lt_expr_error(parser->error, LT_E_PARSE, "PARSE_SYNTAX_ERROR", "42601", place,
                            "Syntax error at or near '%.*s'; hint: %s", shown_size(token),
                            parser->text + token->begin, what);
    return NULL;
}

void *lt_parser_refuse(struct lt_parser *parser, int code, const char *condition,
                       const char *sqlstate, uint32_t begin, uint32_t end, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    struct lt_expr_place place = {parser->text, begin, end};
    (void)lt_expr_error(parser->error, code, condition, sqlstate, place, "%s", text);
    return NULL;
}

void *lt_parser_later(struct lt_parser *parser, uint32_t begin, const char *what)
{
    return lt_parser_refuse(parser, LT_E_UNSUPPORTED, "UNSUPPORTED_FEATURE", "0A000", begin,
                            parser->tokens[0].end, "%s is not supported by this version", what);
}

struct lt_expression *lt_parser_node(struct lt_parser *parser, enum lt_expression_kind kind,
                                     uint32_t begin, uint32_t argument_count)
{
    struct lt_expression *node = lt_arena_alloc(parser->arena, sizeof *node);
    node->kind = kind;
    node->begin = begin;
    node->end = parser->last_end;
    node->index = -1;
    node->argument_count = argument_count;
    if (argument_count > 0)
        node->arguments = lt_arena_alloc(parser->arena, argument_count * sizeof *node->arguments);
    return node;
}

struct lt_expression *lt_parser_call(struct lt_parser *parser, const char *name, uint32_t begin,
                                     uint32_t argument_count)
{
    struct lt_expression *call = lt_parser_node(parser, LT_EXPR_CALL, begin, argument_count);
    call->name = name;
    return call;
}

struct lt_expression *lt_parser_call1(struct lt_parser *parser, const char *name, uint32_t begin,
                                      struct lt_expression *argument)
{
    struct lt_expression *call = lt_parser_call(parser, name, begin, 1);
    call->arguments[0] = argument;
    return call;
}

struct lt_expression *lt_parser_call2(struct lt_parser *parser, const char *name, uint32_t begin,
                                      struct lt_expression *a, struct lt_expression *b)
{
    struct lt_expression *call = lt_parser_call(parser, name, begin, 2);
    call->arguments[0] = a;
    call->arguments[1] = b;
    return call;
}

void lt_parser_push(struct lt_parser *parser, struct lt_parser_items *items,
                    struct lt_expression *item)
{
    if (items->count == items->capacity) {
        items->capacity = items->capacity == 0 ? 4 : 2 * items->capacity;
        struct lt_expression **larger =
            lt_arena_alloc(parser->arena, items->capacity * sizeof *larger);
        if (items->count > 0)
            memcpy(larger, items->items, items->count * sizeof *larger);
        items->items = larger;
    }
    items->items[items->count++] = item;
}
