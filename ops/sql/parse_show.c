/*
 * Statements that ask: DESCRIBE and SHOW.
 */
#include "core/base/ascii.h"
#include "ops/expr/unresolved.h"
#include "ops/sql/parse_internal.h"

/* PARTITION (a = 1): tables here have none. A key without a value is told at `begin`. */
static bool parse_no_partition(struct lt_parser *parser, struct lt_sql_statement *statement,
                               uint32_t begin)
{
    struct lt_sql_partition partition;
    if (!lt_sql_parse_partition(parser, &partition))
        return false;
    statement->has_partition = true;
    if (partition.without_value == NULL)
        return true;
    return lt_parser_refuse(parser, LT_E_PARSE, "INVALID_SQL_SYNTAX.EMPTY_PARTITION_VALUE", "42000",
                            begin, parser->last_end,
                            "Invalid SQL syntax: Partition key %s must set value.",
                            lt_name_quoted_one(partition.without_value, parser->arena)) != NULL;
}

/* --------------------------------------------------------------------------------- DESCRIBE ... */

/* Behind the table: a partition, a column. */
static bool parse_described(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    if (lt_sql_is_partition(parser) && !parse_no_partition(parser, statement, statement->begin))
        return false;
    enum lt_token_kind kind = lt_parser_peek(parser, 0)->kind;
    if (kind != LT_TOKEN_WORD && kind != LT_TOKEN_QUOTED)
        return true;
    if (!lt_sql_parse_name(parser, &statement->column))
        return false;
    return !statement->has_partition ||
           lt_sql_refuse_statement(
               parser, statement, "UNSUPPORTED_FEATURE.DESC_TABLE_COLUMN_PARTITION", "0A000",
               "The feature is not supported: DESC TABLE COLUMN for a specific partition.");
}

bool lt_sql_parse_describe(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    (void)lt_parser_take(parser);
    if (lt_parser_is_word(parser, 0, "function") &&
        lt_parser_peek(parser, 1)->kind != LT_TOKEN_END && !lt_parser_is_symbol(parser, 1, ';')) {
        (void)lt_parser_take(parser);
        statement->kind = LT_SQL_DESCRIBE_FUNCTION;
        statement->is_extended = lt_parser_try_word(parser, "extended");
        statement->name.begin = lt_parser_peek(parser, 0)->begin;
        statement->name.end = lt_parser_peek(parser, 0)->end;
        if (lt_parser_peek(parser, 0)->kind == LT_TOKEN_SYMBOL && !lt_sql_at_end(parser)) {
            struct lt_token symbol = lt_parser_take(parser); /* DESCRIBE FUNCTION + */
            statement->key = lt_parser_name(parser, &symbol);
            return true;
        }
        statement->key = lt_sql_parse_key(parser);
        return statement->key != NULL;
    }
    (void)(lt_parser_is_word(parser, 0, "query") && lt_sql_begins_query(parser, 1) &&
           lt_parser_try_word(parser, "query"));
    if (lt_sql_begins_query(parser, 0) && !lt_parser_is_word(parser, 0, "table")) {
        statement->kind = LT_SQL_DESCRIBE_QUERY;
        statement->query = lt_sql_parse_query(parser);
        return statement->query != NULL;
    }
    statement->kind = LT_SQL_DESCRIBE;
    (void)(lt_parser_peek(parser, 1)->kind == LT_TOKEN_WORD && lt_parser_try_word(parser, "table"));
    bool has_more = lt_parser_peek(parser, 1)->kind == LT_TOKEN_WORD ||
                    lt_parser_peek(parser, 1)->kind == LT_TOKEN_QUOTED;
    statement->is_extended = has_more && (lt_parser_try_word(parser, "extended") ||
                                          lt_parser_try_word(parser, "formatted"));
    return lt_sql_parse_name(parser, &statement->name) && parse_described(parser, statement);
}

/* There is one schema: spark_catalog.default. */
static bool check_schema(struct lt_parser *parser, const struct lt_sql_name *name)
{
    const char *last = name->parts[name->count - 1];
    if (lt_ascii_compare(last, "default") == 0 || lt_ascii_compare(last, "spark_catalog") == 0)
        return true;
    return lt_parser_refuse(
               parser, LT_E_ANALYSIS, "SCHEMA_NOT_FOUND", "42704", name->begin, name->end,
               "The schema `spark_catalog`.%s cannot be found. Verify the spelling and correctness "
               "of the schema and catalog.\nIf you did not qualify the name with a catalog, verify "
               "the current_schema() output, or qualify the name with the correct catalog.\nTo "
               "tolerate the error on drop use DROP SCHEMA IF EXISTS.",
               lt_name_quoted_one(last, parser->arena)) != NULL;
}

/* CREATE TABLE name, and PARTITIONS name; that word next. */
static bool parse_show_create(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    (void)lt_parser_take(parser);
    statement->kind = LT_SQL_SHOW_CREATE;
    if (!lt_parser_expect_word(parser, "table"))
        return false;
    if (lt_sql_at_end(parser))
        return lt_sql_refuse_statement(parser, statement, "INVALID_STATEMENT_OR_CLAUSE", "42601",
                                       "The statement or clause: SHOW CREATE TABLE is not valid.");
    if (!lt_sql_parse_name(parser, &statement->name))
        return false;
    statement->is_extended = lt_parser_try_word(parser, "as"); /* AS SERDE, of Hive's tables */
    return !statement->is_extended || lt_parser_expect_word(parser, "serde");
}

static bool parse_show_partitions(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    (void)lt_parser_take(parser);
    statement->kind = LT_SQL_SHOW_PARTITIONS;
    if (!lt_sql_parse_name(parser, &statement->name))
        return false;
    return !lt_sql_is_partition(parser) ||
           parse_no_partition(parser, statement, lt_parser_peek(parser, 0)->begin);
}

bool lt_sql_parse_show(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    (void)lt_parser_take(parser);
    (void)(lt_parser_is_word(parser, 1, "functions") &&
           (lt_parser_try_word(parser, "all") || lt_parser_try_word(parser, "system")));
    if (lt_parser_is_word(parser, 0, "create"))
        return parse_show_create(parser, statement);
    if (lt_parser_is_word(parser, 0, "partitions"))
        return parse_show_partitions(parser, statement);
    if (lt_parser_try_word(parser, "tables"))
        statement->kind = LT_SQL_SHOW_TABLES;
    else if (lt_parser_try_word(parser, "views"))
        statement->kind = LT_SQL_SHOW_VIEWS;
    else if (lt_parser_try_word(parser, "functions"))
        statement->kind = LT_SQL_SHOW_FUNCTIONS;
    else if (lt_parser_try_word(parser, "columns"))
        statement->kind = LT_SQL_SHOW_COLUMNS;
    else if (lt_parser_try_word(parser, "tblproperties"))
        statement->kind = LT_SQL_SHOW_PROPERTIES;
    else
        return lt_parser_fail(parser, "TABLES, VIEWS, COLUMNS, TBLPROPERTIES, FUNCTIONS, "
                                      "PARTITIONS or CREATE TABLE can be shown") != NULL;
    if (statement->kind == LT_SQL_SHOW_PROPERTIES)
        return lt_sql_parse_name(parser, &statement->name) &&
               (!lt_parser_try_symbol(parser, '(') ||
                ((statement->key = lt_sql_parse_key(parser)) != NULL &&
                 lt_parser_expect(parser, ')', ")")));
    if (statement->kind == LT_SQL_SHOW_COLUMNS)
        return (lt_parser_try_word(parser, "from") || lt_parser_expect_word(parser, "in")) &&
               lt_sql_parse_name(parser, &statement->name);
    if (lt_parser_is_word(parser, 0, "in") || lt_parser_is_word(parser, 0, "from")) {
        (void)lt_parser_take(parser);
        if (!lt_sql_parse_name(parser, &statement->name) ||
            (statement->kind != LT_SQL_SHOW_FUNCTIONS && !check_schema(parser, &statement->name)))
            return false;
    }
    if (lt_sql_at_end(parser))
        return true;
    (void)lt_parser_try_word(parser, "like");
    statement->pattern = lt_parser_peek(parser, 0)->kind == LT_TOKEN_STRING
                             ? lt_sql_parse_text(parser, "a pattern is a string")
                             : lt_sql_parse_identifier(parser, "a pattern is a string");
    return statement->pattern != NULL;
}
