/*
 * The small parts that statements, queries and relations are made of: names, texts, lists, and
 * where they end.
 *
 * As in Spark's grammar nearly every keyword may be a name: a word ends a select item, or begins a
 * clause, only where what follows could belong to that clause.
 */
#include <string.h>

#include "core/base/limits.h"
#include "ops/sql/parse_internal.h"

/* ---------------------------------------------------------------------------------------- words */

/* Words that go on with a query after a select item or a relation. */
static const char *const CLAUSES[] = {
    "from",      "where",      "group",   "having",    "order",  "limit",      "union",
    "intersect", "except",     "minus",   "lateral",   "window", "sort",       "cluster",
    "offset",    "distribute", "pivot",   "join",      "inner",  "left",       "right",
    "full",      "cross",      "natural", "semi",      "anti",   "on",         "using",
    "unpivot",   "delay",      "qualify", "watermark", "select", "tablesample"};

bool lt_sql_ends_item(const struct lt_parser *parser)
{
    const struct lt_token *next = lt_parser_peek(parser, 1);
    bool is_last = next->kind == LT_TOKEN_END || lt_parser_is_symbol(parser, 1, ',') ||
                   lt_parser_is_symbol(parser, 1, ')') || lt_parser_is_symbol(parser, 1, ';');
    if (is_last)
        return false; /* `SELECT value FROM` has a column and its alias */
    for (size_t i = 0; i < sizeof CLAUSES / sizeof CLAUSES[0]; i++) {
        if (lt_parser_is_word(parser, 0, CLAUSES[i]))
            return true;
    }
    return false;
}

bool lt_sql_is_alias(const struct lt_parser *parser)
{
    enum lt_token_kind kind = lt_parser_peek(parser, 0)->kind;
    return kind == LT_TOKEN_QUOTED || (kind == LT_TOKEN_WORD && !lt_sql_ends_item(parser));
}

bool lt_sql_begins_query(const struct lt_parser *parser, unsigned ahead)
{
    while (ahead + 1 < LT_PARSE_AHEAD && lt_parser_is_symbol(parser, ahead, '('))
        ahead++;
    return lt_parser_is_word(parser, ahead, "select") || lt_parser_is_word(parser, ahead, "with") ||
           lt_parser_is_word(parser, ahead, "from") || lt_parser_is_word(parser, ahead, "table") ||
           lt_parser_is_word(parser, ahead, "values");
}

bool lt_sql_at_end(const struct lt_parser *parser)
{
    return lt_parser_peek(parser, 0)->kind == LT_TOKEN_END || lt_parser_is_symbol(parser, 0, ';');
}

const char *lt_sql_text_from(struct lt_parser *parser, uint32_t begin)
{
    return lt_arena_text_n(parser->arena, parser->text + begin,
                           parser->last_end > begin ? parser->last_end - begin : 0);
}

const char *lt_sql_upper(const char *text, struct lt_arena *arena)
{
    char *upper = lt_arena_text_n(arena, text, strlen(text));
    for (char *at = upper; *at != '\0'; at++)
        *at = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
    return upper;
}

bool lt_sql_refuse_statement(struct lt_parser *parser, const struct lt_sql_statement *statement,
                             const char *condition, const char *sqlstate, const char *text)
{
    return lt_parser_refuse(parser, LT_E_PARSE, condition, sqlstate, statement->begin,
                            parser->last_end, "%s", text) != NULL;
}

/* --------------------------------------------------------------------------------- names, texts */

const char *lt_sql_parse_identifier(struct lt_parser *parser, const char *what)
{
    enum lt_token_kind kind = lt_parser_peek(parser, 0)->kind;
    if (kind != LT_TOKEN_WORD && kind != LT_TOKEN_QUOTED)
        return lt_parser_fail(parser, what);
    return lt_parse_name(parser);
}

const char *lt_sql_parse_capturing(struct lt_parser *parser, const char *what)
{
    const struct lt_token first = *lt_parser_peek(parser, 0);
    const char *name = lt_sql_parse_identifier(parser, what);
    uint32_t hyphen = lt_parser_peek(parser, 0)->begin;
    if (name == NULL || first.kind != LT_TOKEN_WORD || !lt_parser_try_symbol(parser, '-'))
        return name;
    do {
        enum lt_token_kind kind = lt_parser_peek(parser, 0)->kind;
        if (kind != LT_TOKEN_WORD && kind != LT_TOKEN_QUOTED)
            return lt_parser_fail(parser, "a name goes on behind '-'");
        (void)lt_parser_take(parser);
    } while (lt_parser_try_symbol(parser, '-'));
    return lt_parser_refuse_hyphen(parser, hyphen, parser->last_end,
                                   lt_sql_text_from(parser, first.begin));
}

/* a.b, or IDENTIFIER('a.b'). */
static bool parse_parts(struct lt_parser *parser, struct lt_sql_name *out)
{
    struct lt_name_parts name = {.count = 1};
    if (lt_parser_is_identifier_clause(parser)) {
        if (!lt_parse_identifier_clause(parser, &name))
            return false;
    } else if ((name.parts[0] = lt_sql_parse_capturing(parser, "a name is missing")) == NULL) {
        return false;
    }
    if (out->count + name.count > LT_NAME_PARTS_MAX)
        return lt_parser_fail(parser, "the name has too many parts") != NULL;
    memcpy(out->parts + out->count, name.parts, name.count * sizeof *out->parts);
    out->count += name.count;
    return true;
}

bool lt_sql_parse_name(struct lt_parser *parser, struct lt_sql_name *out)
{
    *out = (struct lt_sql_name){.begin = lt_parser_peek(parser, 0)->begin};
    out->parts = lt_arena_alloc(parser->arena, LT_NAME_PARTS_MAX * sizeof *out->parts);
    do {
        if (!parse_parts(parser, out))
            return false;
    } while (lt_parser_try_symbol(parser, '.'));
    out->end = parser->last_end;
    return true;
}

const char *lt_sql_parse_text(struct lt_parser *parser, const char *what)
{
    if (lt_parser_peek(parser, 0)->kind != LT_TOKEN_STRING)
        return lt_parser_fail(parser, what);
    struct lt_expression *literal = lt_parse_string(parser);
    return literal == NULL ? NULL
                           : lt_arena_text_n(parser->arena, (const char *)literal->value.bytes.data,
                                             literal->value.bytes.size_bytes);
}

bool lt_sql_parse_columns(struct lt_parser *parser, bool has_comments, struct lt_sql_columns *out)
{
    out->begin = lt_parser_take(parser).begin;
    out->names = lt_arena_alloc(parser->arena, LT_LIMIT_COLUMNS * sizeof *out->names);
    out->comments = lt_arena_alloc(parser->arena, LT_LIMIT_COLUMNS * sizeof *out->comments);
    do {
        if (out->count == LT_LIMIT_COLUMNS)
            return lt_parser_fail(parser, "too many columns") != NULL;
        const char *name = lt_sql_parse_capturing(parser, "a column's name is missing");
        if (name == NULL)
            return false;
        out->names[out->count] = name;
        if (has_comments && lt_parser_try_word(parser, "comment") &&
            (out->comments[out->count] = lt_sql_parse_text(parser, "a comment is a string")) ==
                NULL)
            return false;
        out->count++;
    } while (lt_parser_try_symbol(parser, ','));
    out->end = lt_parser_peek(parser, 0)->end;
    return lt_parser_expect(parser, ')', ")");
}

const char *lt_sql_parse_key(struct lt_parser *parser)
{
    if (lt_parser_peek(parser, 0)->kind == LT_TOKEN_STRING)
        return lt_sql_parse_text(parser, "an option's name is missing");
    const char *key = NULL;
    do { /* a '-' behind a name is the sign of its value */
        const char *part = lt_sql_parse_identifier(parser, "an option's name is missing");
        if (part == NULL)
            return NULL;
        key = key == NULL ? part : lt_arena_format(parser->arena, "%s.%s", key, part);
    } while (lt_parser_try_symbol(parser, '.'));
    return key;
}

/* ---------------------------------------------------------------------------------- expressions */

struct lt_expression *lt_sql_parse_expression(struct lt_parser *parser)
{
    unsigned budget = LT_PARSE_NODES;
    struct lt_expression *expression = lt_parse_expression(parser);
    return expression != NULL && lt_parse_check_size(parser, expression, &budget) ? expression
                                                                                  : NULL;
}

bool lt_sql_parse_list(struct lt_parser *parser, struct lt_parser_items *out)
{
    do {
        struct lt_expression *item = lt_sql_parse_expression(parser);
        if (item == NULL)
            return false;
        lt_parser_push(parser, out, item);
    } while (lt_parser_try_symbol(parser, ','));
    return true;
}
