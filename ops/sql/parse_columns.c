/*
 * The columns of CREATE TABLE: name type [NOT NULL] [COMMENT text] [DEFAULT expression], in any
 * order behind the type. Constraints, generated and identity columns are read as far as their
 * words, for no table here has them.
 */
#include <string.h>

#include "core/base/limits.h"
#include "ops/expr/unresolved.h"
#include "ops/sql/parse_internal.h"

struct definitions {
    struct lt_parser *parser;
    struct lt_sql_statement *statement;
    struct lt_field *fields;
    const char **defaults;
    uint32_t count;
};

bool lt_sql_refuse_operation(struct lt_parser *parser, const struct lt_sql_statement *statement,
                             const char *operation)
{
    const char *table[] = {"spark_catalog", "default",
                           statement->name.parts[statement->name.count - 1]};
    return lt_parser_refuse(
               parser, LT_E_UNSUPPORTED, "UNSUPPORTED_FEATURE.TABLE_OPERATION", "0A000",
               statement->name.begin, statement->name.end,
               "The feature is not supported: Table %s does not support %s. Please check the "
               "current catalog and namespace to make sure the qualified table name is expected, "
               "and also check the catalog implementation which is configured by "
               "\"spark.sql.catalog\".",
               lt_name_quoted(table, 3, parser->arena), operation) != NULL;
}

/* PRIMARY KEY, UNIQUE, FOREIGN KEY, REFERENCES, CHECK (...). */
static bool is_constraint(const struct lt_parser *parser, unsigned ahead)
{
    static const struct {
        const char *word, *next; /* NULL: a bracket */
    } words[] = {{"primary", "key"}, {"foreign", "key"}, {"unique", NULL}, {"check", NULL}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (lt_parser_is_word(parser, ahead, words[i].word) &&
            (words[i].next != NULL ? lt_parser_is_word(parser, ahead + 1, words[i].next)
                                   : lt_parser_is_symbol(parser, ahead + 1, '(')))
            return true;
    }
    return false;
}

/* In place of a column: [CONSTRAINT name] and what it is. */
static bool is_constraint_next(const struct lt_parser *parser)
{
    return is_constraint(parser, 0) ||
           (lt_parser_is_word(parser, 0, "constraint") && is_constraint(parser, 2));
}

static bool refuse_column(const struct definitions *definitions, uint32_t begin, const char *what)
{
    struct lt_parser *parser = definitions->parser;
    return lt_parser_refuse(
               parser, LT_E_PARSE, "CREATE_TABLE_COLUMN_DESCRIPTOR_DUPLICATE", "42710", begin,
               parser->last_end,
               "CREATE TABLE column %s specifies descriptor \"%s\" more than once, which is "
               "invalid.",
               definitions->fields[definitions->count].name, what) != NULL;
}

/* The rest of the column, for a descriptor that stands twice is shown with it. */
static void take_rest(struct lt_parser *parser)
{
    unsigned depth = 0;
    while (!lt_sql_at_end(parser) && (depth > 0 || !(lt_parser_is_symbol(parser, 0, ',') ||
                                                     lt_parser_is_symbol(parser, 0, ')')))) {
        depth += lt_parser_is_symbol(parser, 0, '(');
        depth -= lt_parser_is_symbol(parser, 0, ')');
        (void)lt_parser_take(parser);
    }
}

static bool parse_not_null(struct definitions *definitions, uint32_t begin)
{
    struct lt_parser *parser = definitions->parser;
    struct lt_field *field = &definitions->fields[definitions->count];
    const struct lt_token *next = lt_parser_peek(parser, 0);
    if (!lt_parser_is_word(parser, 0, "null") && next->kind != LT_TOKEN_END)
        return lt_parser_refuse(parser, LT_E_PARSE, "PARSE_SYNTAX_ERROR", "42601", next->begin,
                                next->end, "Syntax error at or near '%.*s': missing 'NULL'.",
                                (int)(next->end - next->begin), parser->text + next->begin) != NULL;
    if (!lt_parser_expect_word(parser, "null"))
        return false;
    if (!field->nullable) {
        take_rest(parser);
        return refuse_column(definitions, begin, "NOT NULL");
    }
    field->nullable = false;
    return true;
}

/* One of what may stand behind the type; *is_done: nothing of it does. */
static bool parse_descriptor(struct definitions *definitions, uint32_t begin, bool *is_done)
{
    struct lt_parser *parser = definitions->parser;
    struct lt_field *field = &definitions->fields[definitions->count];
    const char **value = &definitions->defaults[definitions->count];
    if (lt_parser_try_word(parser, "not"))
        return parse_not_null(definitions, begin);
    if (lt_parser_try_word(parser, "comment")) {
        bool was_given = field->comment != NULL;
        field->comment = lt_sql_parse_text(parser, "a comment is a string");
        if (was_given && field->comment != NULL)
            take_rest(parser);
        return field->comment != NULL &&
               (!was_given || refuse_column(definitions, begin, "COMMENT"));
    }
    if (lt_parser_try_word(parser, "default")) {
        bool was_given = *value != NULL;
        uint32_t from = lt_parser_peek(parser, 0)->begin;
        if (lt_sql_parse_expression(parser) == NULL)
            return false;
        *value = lt_sql_text_from(parser, from);
        if (was_given)
            take_rest(parser);
        return !was_given || refuse_column(definitions, begin, "DEFAULT");
    }
    if (lt_parser_is_word(parser, 0, "generated") && lt_parser_is_word(parser, 1, "always"))
        return lt_sql_refuse_operation(
            parser, definitions->statement,
            lt_parser_is_word(parser, 3, "identity") ? "identity columns" : "generated columns");
    if (is_constraint_next(parser) || lt_parser_is_word(parser, 0, "unique") ||
        lt_parser_is_word(parser, 0, "references"))
        return lt_sql_refuse_operation(parser, definitions->statement, "CONSTRAINT");
    *is_done = true;
    return true;
}

static bool parse_definition(struct definitions *definitions)
{
    struct lt_parser *parser = definitions->parser;
    uint32_t begin = lt_parser_peek(parser, 0)->begin;
    struct lt_field *field = &definitions->fields[definitions->count];
    if (is_constraint_next(parser))
        return lt_sql_refuse_operation(parser, definitions->statement, "CONSTRAINT");
    *field = (struct lt_field){.nullable = true};
    field->name = lt_sql_parse_capturing(parser, "a column's name is missing");
    if (field->name == NULL || (field->type = lt_parse_type(parser, false)) == NULL)
        return false;
    if (field->type->kind == LT_TYPE_TIME)
        return lt_parser_refuse(parser, LT_E_UNSUPPORTED, "UNSUPPORTED_TIME_TYPE", "0A000", begin,
                                parser->last_end, "The data type TIME is not supported.") != NULL;
    bool is_done = false;
    while (!is_done) {
        if (!parse_descriptor(definitions, begin, &is_done))
            return false;
    }
    definitions->count++;
    return true;
}

bool lt_sql_parse_definitions(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    struct definitions definitions = {.parser = parser, .statement = statement};
    definitions.fields =
        lt_arena_alloc(parser->arena, LT_LIMIT_COLUMNS * sizeof *definitions.fields);
    definitions.defaults =
        lt_arena_alloc(parser->arena, LT_LIMIT_COLUMNS * sizeof *definitions.defaults);
    (void)lt_parser_take(parser);
    do {
        if (definitions.count == LT_LIMIT_COLUMNS)
            return lt_parser_fail(parser, "too many columns") != NULL;
        if (!parse_definition(&definitions))
            return false;
    } while (lt_parser_try_symbol(parser, ','));
    statement->schema = lt_type_struct(parser->arena, definitions.fields, definitions.count);
    statement->defaults = definitions.defaults;
    return lt_parser_expect(parser, ')', ")");
}
