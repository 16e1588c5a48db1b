/*
 * CREATE TABLE and CREATE VIEW, and what Spark says of what does not go together in them.
 * Columns and clauses of tables are parse_columns.c's and parse_clauses.c's.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "ops/expr/unresolved.h"
#include "ops/sql/parse_internal.h"

/* -------------------------------------------------------------------------------------- CREATE */

/* The same, shown with all of the statement, of which a part is not read yet. */
static bool refuse_whole(struct lt_parser *parser, const struct lt_sql_statement *statement,
                         const char *condition, const char *sqlstate, const char *text)
{
    while (!lt_sql_at_end(parser))
        (void)lt_parser_take(parser);
    return lt_sql_refuse_statement(parser, statement, condition, sqlstate, text);
}

/* [USING format] clauses [[AS] query], the name and columns of the table taken. */
static bool parse_table(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    struct lt_sql_name format;
    if (lt_parser_is_word(parser, 0, "like"))
        return lt_parser_later(parser, lt_parser_peek(parser, 0)->begin, "CREATE TABLE LIKE") !=
               NULL;
    if (lt_parser_try_word(parser, "using")) {
        if (!lt_sql_parse_name(parser, &format))
            return false;
        statement->format =
            lt_arena_text_n(parser->arena, parser->text + format.begin, format.end - format.begin);
    }
    if (!lt_sql_parse_table_clauses(parser, statement))
        return false;
    bool has_query = !lt_sql_at_end(parser);
    (void)lt_parser_try_word(parser, "as");
    if (has_query && (statement->query = lt_sql_parse_query(parser)) == NULL)
        return false;
    if (has_query && statement->is_temporary)
        return lt_sql_refuse_statement(
            parser, statement, "_LEGACY_ERROR_TEMP_0035", "",
            "Operation not allowed: CREATE TEMPORARY TABLE ... AS ..., use "
            "CREATE TEMPORARY VIEW instead.");
    if (has_query && statement->schema != NULL)
        return lt_sql_refuse_statement(parser, statement, "_LEGACY_ERROR_TEMP_0035", "",
                                       "Operation not allowed: Schema may not be specified in a "
                                       "Create Table As Select (CTAS) statement.");
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

/* WITH SCHEMA BINDING, COMPENSATION, EVOLUTION or TYPE EVOLUTION, those two words taken: views here
 * are read anew at each use. */
static bool parse_view_schema(struct lt_parser *parser)
{
    return lt_parser_try_word(parser, "binding") || lt_parser_try_word(parser, "compensation") ||
           ((void)lt_parser_try_word(parser, "type"), lt_parser_expect_word(parser, "evolution"));
}

/* What may stand between the name of a view and its query. */
static bool parse_view_clauses(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    for (;;) {
        bool is_right;
        if (lt_parser_try_word(parser, "comment"))
            is_right = lt_sql_parse_comment(parser, statement);
        else if (lt_parser_try_word(parser, "tblproperties"))
            is_right = statement->properties != NULL
                           ? lt_sql_refuse_twice(parser, statement, "TBLPROPERTIES")
                           : lt_sql_parse_properties(parser, statement);
        else if (lt_parser_is_word(parser, 0, "with") && lt_parser_is_word(parser, 1, "schema"))
            is_right = lt_parser_try_word(parser, "with") && lt_parser_try_word(parser, "schema") &&
                       parse_view_schema(parser);
        else if (lt_parser_is_word(parser, 0, "partitioned") && lt_parser_is_word(parser, 1, "on"))
            return refuse_whole(parser, statement, "INVALID_STATEMENT_OR_CLAUSE", "42601",
                                "The statement or clause: CREATE VIEW ... PARTITIONED ON "
                                "is not valid.");
        else
            return true;
        if (!is_right)
            return false;
    }
}

static bool parse_view(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    statement->kind = LT_SQL_CREATE_VIEW;
    if (lt_parser_is_symbol(parser, 0, '(') &&
        !lt_sql_parse_columns(parser, true, &statement->columns))
        return false;
    if (!parse_view_clauses(parser, statement))
        return false;
    if (!lt_parser_expect_word(parser, "as"))
        return false;
    statement->query = lt_sql_parse_query(parser);
    return statement->query != NULL;
}

static bool check_view(struct lt_parser *parser, const struct lt_sql_statement *statement)
{
    if (statement->is_temporary && statement->properties != NULL)
        return lt_sql_refuse_statement(parser, statement, "_LEGACY_ERROR_TEMP_0035", "",
                                       "Operation not allowed: TBLPROPERTIES can't coexist with "
                                       "CREATE TEMPORARY VIEW.");
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

/* What Spark takes in the files of its pipelines alone. */
static bool refuse_dataset(struct lt_parser *parser, const struct lt_sql_statement *statement,
                           const char *kind)
{
    return refuse_whole(
        parser, statement, "UNSUPPORTED_FEATURE.CREATE_PIPELINE_DATASET_QUERY_EXECUTION", "0A000",
        lt_arena_format(parser->arena,
                        "The feature is not supported: Direct execution of a CREATE ... %s query. "
                        "To create a pipeline dataset, create and execute a pipeline with a SQL "
                        "file containing your query attached in the pipeline definition.",
                        kind));
}

bool lt_sql_parse_create(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    (void)lt_parser_take(parser);
    if (lt_parser_is_word(parser, 0, "or") && lt_parser_is_word(parser, 1, "replace")) {
        (void)lt_parser_take(parser);
        statement->or_replace = lt_parser_try_word(parser, "replace");
    }
    static const char *const datasets[][2] = {{"materialized", "view"}, {"streaming", "table"}};
    for (size_t i = 0; i < sizeof datasets / sizeof datasets[0]; i++) {
        if (lt_parser_is_word(parser, 0, datasets[i][0]) &&
            lt_parser_is_word(parser, 1, datasets[i][1]))
            return refuse_dataset(parser, statement,
                                  i == 0 ? "MATERIALIZED VIEW" : "STREAMING TABLE");
    }
    if (lt_parser_is_word(parser, 0, "global") && lt_parser_is_word(parser, 1, "temporary"))
        return lt_parser_later(parser, lt_parser_peek(parser, 0)->begin, "a global view") != NULL;
    uint32_t not_begin = 0;
    statement->is_temporary =
        lt_parser_try_word(parser, "temporary") || lt_parser_try_word(parser, "temp");
    bool is_view = lt_parser_try_word(parser, "view");
    statement->is_view = is_view;
    bool is_external =
        !is_view && lt_parser_is_word(parser, 1, "table") && lt_parser_try_word(parser, "external");
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
    if (lt_parser_is_symbol(parser, 0, '(') && !lt_sql_parse_definitions(parser, statement))
        return false;
    if (!parse_table(parser, statement))
        return false;
    if (is_external && statement->layout.location == NULL)
        return lt_sql_refuse_statement(parser, statement, "_LEGACY_ERROR_TEMP_1069", "",
                                       "CREATE EXTERNAL TABLE must be accompanied by LOCATION.");
    return !(statement->is_temporary && statement->if_not_exists) ||
           lt_sql_refuse_statement(
               parser, statement, "INVALID_STATEMENT_OR_CLAUSE", "42601",
               "The statement or clause: CREATE TEMPORARY TABLE ... IF NOT EXISTS is "
               "not valid.");
}
