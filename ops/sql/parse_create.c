/*
 * CREATE TABLE and CREATE VIEW: their options, columns and clauses, and what Spark says of those
 * that do not go together.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "ops/expr/unresolved.h"
#include "ops/sql/parse.h"

enum { OPTIONS_MAX = 256 };

bool lt_sql_at_end(const struct lt_parser *parser)
{
    return lt_parser_peek(parser, 0)->kind == LT_TOKEN_END || lt_parser_is_symbol(parser, 0, ';');
}

/* The text from `begin` to the end of the last token taken. */
const char *lt_sql_text_from(struct lt_parser *parser, uint32_t begin)
{
    return lt_arena_text_n(parser->arena, parser->text + begin,
                           parser->last_end > begin ? parser->last_end - begin : 0);
}

/* ------------------------------------------------------------------------------------- options */

/* A key: a string, or names joined by dots. */
const char *lt_sql_parse_key(struct lt_parser *parser)
{
    if (lt_parser_peek(parser, 0)->kind == LT_TOKEN_STRING)
        return lt_sql_parse_text(parser, "an option's name is missing");
    struct lt_sql_name name;
    if (!lt_sql_parse_name(parser, &name))
        return NULL;
    const char *key = name.parts[0];
    for (uint32_t i = 1; i < name.count; i++)
        key = lt_arena_format(parser->arena, "%s.%s", key, name.parts[i]);
    return key;
}

/* A value: a string, a number, TRUE or FALSE. */
static const char *parse_value(struct lt_parser *parser)
{
    const struct lt_token *token = lt_parser_peek(parser, 0);
    if (token->kind == LT_TOKEN_STRING)
        return lt_sql_parse_text(parser, "an option's value is missing");
    bool is_plain = token->kind == LT_TOKEN_INTEGER || token->kind == LT_TOKEN_NUMBER ||
                    lt_parser_is_word(parser, 0, "true") || lt_parser_is_word(parser, 0, "false");
    if (!is_plain && !lt_parser_is_symbol(parser, 0, '-'))
        return lt_parser_fail(parser, "an option's value is a string, a number or a boolean");
    uint32_t begin = lt_parser_take(parser).begin;
    if (!is_plain)
        (void)lt_parser_take(parser);
    return lt_sql_text_from(parser, begin);
}

/* Spark refuses what is written twice in the same way where a view has options; of a table's, the
 * last one counts. */
static bool check_twice(struct lt_parser *parser, const struct lt_sql_statement *statement,
                        uint32_t begin)
{
    for (uint32_t i = 0; i < statement->option_count && statement->is_view; i++) {
        for (uint32_t j = 0; j < i; j++) {
            const char *key = statement->options[i].key;
            if (strcmp(statement->options[j].key, key) == 0)
                return lt_parser_refuse(parser, LT_E_PARSE, "DUPLICATE_KEY", "23505", begin,
                                        parser->last_end, "Found duplicate keys `%s`.",
                                        key) != NULL;
        }
    }
    return true;
}

/* In `'a' 'b'` the key is 'a', but in `'a' 'b' = 'c'` it is 'ab', as any string. */
static const char *parse_option_key(struct lt_parser *parser)
{
    unsigned strings = 0;
    while (strings + 1 < LT_PARSE_AHEAD &&
           lt_parser_peek(parser, strings)->kind == LT_TOKEN_STRING)
        strings++;
    if (strings < 2 || lt_parser_is_symbol(parser, strings, LT_SYMBOL_EQUAL))
        return lt_sql_parse_key(parser);
    struct lt_expression *key = lt_parse_one_string(parser);
    return key == NULL ? NULL
                       : lt_arena_text_n(parser->arena, (const char *)key->value.bytes.data,
                                         key->value.bytes.size_bytes);
}

static bool parse_options(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    uint32_t begin = lt_parser_peek(parser, 0)->begin;
    if (!lt_parser_expect(parser, '(', "("))
        return false;
    statement->options = lt_arena_alloc(parser->arena, OPTIONS_MAX * sizeof *statement->options);
    do {
        if (statement->option_count == OPTIONS_MAX)
            return lt_parser_fail(parser, "too many options") != NULL;
        struct lt_sql_option *option = &statement->options[statement->option_count++];
        option->begin = lt_parser_peek(parser, 0)->begin;
        option->key = parse_option_key(parser);
        if (option->key == NULL)
            return false;
        (void)lt_parser_try_symbol(parser, LT_SYMBOL_EQUAL);
        if (lt_parser_is_symbol(parser, 0, ')') || lt_parser_is_symbol(parser, 0, ','))
            return lt_sql_refuse_statement(
                parser, statement, "_LEGACY_ERROR_TEMP_0035", "",
                lt_arena_format(parser->arena,
                                "Operation not allowed: A value must be specified for the key: %s.",
                                option->key));
        option->value = parse_value(parser);
        if (option->value == NULL)
            return false;
        option->end = parser->last_end;
    } while (lt_parser_try_symbol(parser, ','));
    return lt_parser_expect(parser, ')', ")") && check_twice(parser, statement, begin);
}

/* -------------------------------------------------------------------------------------- CREATE */

/* (column type, ...): the text between the brackets is DDL. */
static bool parse_schema(struct lt_parser *parser, const struct lt_type **out)
{
    uint32_t begin = lt_parser_take(parser).end;
    unsigned depth = 1;
    while (!(depth == 1 && lt_parser_is_symbol(parser, 0, ')'))) {
        if (lt_parser_peek(parser, 0)->kind == LT_TOKEN_END)
            return lt_parser_expect(parser, ')', ")");
        depth += lt_parser_is_symbol(parser, 0, '(');
        depth -= lt_parser_is_symbol(parser, 0, ')');
        (void)lt_parser_take(parser);
    }
    uint32_t end = lt_parser_take(parser).begin;
    const char *text = lt_arena_text_n(parser->arena, parser->text + begin, end - begin);
    struct lt_error inner;
    lt_error_clear(&inner);
    if (lt_type_parse_ddl(text, parser->arena, out, &inner) == LT_OK)
        return true;
    /* The end of the list is a bracket here. */
    bool is_short = strstr(inner.text, "end of input") != NULL || text[strspn(text, " \n")] == '\0';
    if (is_short)
        return lt_parser_refuse(parser, LT_E_PARSE, "PARSE_SYNTAX_ERROR", "42601", end, end + 1,
                                "Syntax error at or near ')'.") != NULL;
    uint32_t at = begin;
    for (unsigned line = 1; line < inner.line && parser->text[at] != '\0'; at++)
        line += parser->text[at] == '\n';
    const char *said = strncmp(inner.text, "schema: ", 8) == 0 ? inner.text + 8 : inner.text;
    return lt_parser_refuse(parser, inner.code, inner.condition, inner.sqlstate,
                            at + inner.position, end, "%s", said) != NULL;
}

/* INVALID_SQL_SYNTAX and the like: what Spark says of a statement as a whole. */
bool lt_sql_refuse_statement(struct lt_parser *parser, const struct lt_sql_statement *statement,
                             const char *condition, const char *sqlstate, const char *text)
{
    return lt_parser_refuse(parser, LT_E_PARSE, condition, sqlstate, statement->begin,
                            parser->last_end, "%s", text) != NULL;
}

static bool refuse_twice(struct lt_parser *parser, const struct lt_sql_statement *statement,
                         const char *clause)
{
    const char *text = lt_arena_format(
        parser->arena, "Found duplicate clauses: %s. Please, remove one of them.", clause);
    return lt_sql_refuse_statement(parser, statement, "DUPLICATE_CLAUSES", "42614", text);
}

/* What may stand behind the name of a table, in any order. */
static bool parse_table_clauses(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    while (!lt_sql_at_end(parser)) {
        if (lt_parser_try_word(parser, "using")) {
            if (statement->format != NULL)
                return refuse_twice(parser, statement, "USING");
            statement->format = lt_sql_parse_key(parser);
            if (statement->format == NULL)
                return false;
        } else if (lt_parser_try_word(parser, "options")) {
            if (statement->options != NULL)
                return refuse_twice(parser, statement, "OPTIONS");
            if (!parse_options(parser, statement))
                return false;
        } else if (lt_parser_try_word(parser, "comment")) {
            if (statement->comment != NULL)
                return refuse_twice(parser, statement, "COMMENT");
            statement->comment = lt_sql_parse_text(parser, "a comment is a string");
            if (statement->comment == NULL)
                return false;
        } else if (lt_parser_is_word(parser, 0, "as") && statement->is_temporary) {
            return lt_sql_refuse_statement(
                parser, statement, "_LEGACY_ERROR_TEMP_0035", "",
                "Operation not allowed: CREATE TEMPORARY TABLE ... AS ..., use "
                "CREATE TEMPORARY VIEW instead.");
        } else if (lt_parser_is_word(parser, 0, "as")) {
            return lt_parser_later(parser, lt_parser_peek(parser, 0)->begin,
                                   "CREATE TABLE ... AS SELECT") != NULL;
        } else if (lt_parser_is_word(parser, 0, "partitioned") ||
                   lt_parser_is_word(parser, 0, "clustered") ||
                   lt_parser_is_word(parser, 0, "location") ||
                   lt_parser_is_word(parser, 0, "tblproperties")) {
            const struct lt_token *word = lt_parser_peek(parser, 0);
            return lt_parser_later(parser, word->begin,
                                   lt_arena_text_n(parser->arena, parser->text + word->begin,
                                                   word->end - word->begin)) != NULL;
        } else {
            return lt_parser_fail(parser, "USING, OPTIONS or COMMENT can follow") != NULL;
        }
    }
    if (statement->format != NULL)
        return true;
    if (statement->is_temporary)
        return lt_sql_refuse_statement(parser, statement, "_LEGACY_ERROR_TEMP_0046", "",
                                       "CREATE TEMPORARY TABLE without a provider is not allowed.");
    return lt_parser_fail(parser, "a table needs USING and the name of a format") != NULL;
}

/* CREATE TEMPORARY VIEW v (schema) USING ... is a table, as in Spark; (columns) AS is not. */
static bool is_view_of_source(const struct lt_parser *parser)
{
    return lt_parser_is_word(parser, 0, "using") ||
           (lt_parser_is_symbol(parser, 0, '(') && !lt_parser_is_symbol(parser, 2, ',') &&
            !lt_parser_is_symbol(parser, 2, ')') && !lt_parser_is_word(parser, 2, "comment"));
}

static bool parse_view(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    statement->kind = LT_SQL_CREATE_VIEW;
    if (lt_parser_is_symbol(parser, 0, '(') &&
        !lt_sql_parse_columns(parser, true, &statement->columns))
        return false;
    if (lt_parser_try_word(parser, "comment") &&
        (statement->comment = lt_sql_parse_text(parser, "a comment is a string")) == NULL)
        return false;
    if (!lt_parser_expect_word(parser, "as"))
        return false;
    statement->query = lt_sql_parse_query(parser);
    return statement->query != NULL;
}

static bool check_view(struct lt_parser *parser, const struct lt_sql_statement *statement)
{
    if (statement->if_not_exists && statement->or_replace)
        return lt_sql_refuse_statement(
            parser, statement, "_LEGACY_ERROR_TEMP_0052", "",
            "CREATE VIEW with both IF NOT EXISTS and REPLACE is not allowed.");
    if (statement->if_not_exists && statement->is_temporary)
        return lt_sql_refuse_statement(parser, statement, "_LEGACY_ERROR_TEMP_0053", "",
                                       "It is not allowed to define a TEMPORARY view with IF NOT "
                                       "EXISTS.");
    if (!statement->is_temporary || statement->name.count == 1)
        return true;
    const char *name = lt_name_quoted(statement->name.parts, statement->name.count, parser->arena);
    return lt_sql_refuse_statement(
        parser, statement, "TEMP_VIEW_NAME_TOO_MANY_NAME_PARTS", "428EK",
        lt_arena_format(parser->arena,
                        "CREATE TEMPORARY VIEW or the corresponding Dataset APIs only accept "
                        "single-part view names, but got: %s.",
                        name));
}

bool lt_sql_parse_create(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    (void)lt_parser_take(parser);
    if (lt_parser_is_word(parser, 0, "or") && lt_parser_is_word(parser, 1, "replace")) {
        (void)lt_parser_take(parser);
        statement->or_replace = lt_parser_try_word(parser, "replace");
    }
    if (lt_parser_is_word(parser, 0, "global") && lt_parser_is_word(parser, 1, "temporary"))
        return lt_parser_later(parser, lt_parser_peek(parser, 0)->begin, "a global view") != NULL;
    uint32_t not_begin = 0;
    statement->is_temporary =
        lt_parser_try_word(parser, "temporary") || lt_parser_try_word(parser, "temp");
    bool is_view = lt_parser_try_word(parser, "view");
    statement->is_view = is_view;
    if (!is_view && !lt_parser_expect_word(parser, "table"))
        return false;
    if (lt_parser_is_word(parser, 0, "if") && lt_parser_is_word(parser, 1, "not")) {
        (void)lt_parser_take(parser);
        not_begin = lt_parser_take(parser).begin;
        if (!lt_parser_expect_word(parser, "exists"))
            return false;
        statement->if_not_exists = true;
    }
    if (!is_view && statement->or_replace && statement->if_not_exists)
        return lt_parser_refuse(parser, LT_E_PARSE, "PARSE_SYNTAX_ERROR", "42601", not_begin,
                                not_begin + 3, "Syntax error at or near 'NOT'.") != NULL;
    if (!lt_sql_parse_name(parser, &statement->name))
        return false;
    if (is_view && !is_view_of_source(parser))
        return parse_view(parser, statement) && check_view(parser, statement);
    statement->kind = LT_SQL_CREATE_TABLE;
    if (lt_parser_is_symbol(parser, 0, '(') && !parse_schema(parser, &statement->schema))
        return false;
    if (!parse_table_clauses(parser, statement))
        return false;
    return !(statement->is_temporary && statement->if_not_exists) ||
           lt_sql_refuse_statement(
               parser, statement, "INVALID_STATEMENT_OR_CLAUSE", "42601",
               "The statement or clause: CREATE TEMPORARY TABLE ... IF NOT EXISTS is "
               "not valid.");
}
