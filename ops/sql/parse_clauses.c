/*
 * The clauses of CREATE TABLE behind its format: OPTIONS, TBLPROPERTIES, COMMENT, and how the rows
 * would lie (PARTITIONED BY, CLUSTERED BY, CLUSTER BY, LOCATION), in any order, each once.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "ops/expr/coerce.h"
#include "ops/expr/expr.h"
#include "ops/expr/unresolved.h"
#include "ops/sql/parse_internal.h"

enum { OPTIONS_MAX = 256 };

bool lt_sql_refuse_twice(struct lt_parser *parser, const struct lt_sql_statement *statement,
                         const char *clause)
{
    /* It is shown with all of the statement. */
    while (!lt_sql_at_end(parser))
        (void)lt_parser_take(parser);
    const char *text = lt_arena_format(
        parser->arena, "Found duplicate clauses: %s. Please, remove one of them.", clause);
    return lt_sql_refuse_statement(parser, statement, "DUPLICATE_CLAUSES", "42614", text);
}

/* ------------------------------------------------------------------------------------- options */

/* A value that is computed: a constant expression. */
static const char *compute_value(struct lt_parser *parser, const char *key)
{
    struct lt_arena *arena = parser->arena;
    uint32_t begin = lt_parser_peek(parser, 0)->begin;
    struct lt_expression *node = lt_sql_parse_expression(parser);
    const struct lt_type *nothing = lt_type_struct(arena, NULL, 0);
    if (node == NULL ||
        lt_expr_analyse(&node, parser->text, nothing, NULL, arena, parser->error) != LT_OK)
        return NULL;
    if (!lt_type_is_nested(node->type)) {
        node = lt_coerce_cast(node, lt_type_simple(LT_TYPE_STRING), arena);
        if (lt_expr_analyse(&node, parser->text, nothing, NULL, arena, parser->error) != LT_OK)
            return NULL;
    }
    if (node->kind == LT_EXPR_LITERAL && !node->is_null && node->type->kind == LT_TYPE_STRING)
        return lt_arena_text_n(arena, (const char *)node->value.bytes.data,
                               node->value.bytes.size_bytes);
    return lt_parser_refuse(parser, LT_E_ANALYSIS, "INVALID_SQL_SYNTAX.OPTION_IS_INVALID", "42000",
                            begin, parser->last_end,
                            "Invalid SQL syntax: option or property key %s is invalid; only "
                            "constant expressions are supported.",
                            key);
}

/* A string, a number or a boolean is its text, as it was written. */
static const char *parse_plain_value(struct lt_parser *parser)
{
    const struct lt_token *token = lt_parser_peek(parser, 0);
    if (token->kind == LT_TOKEN_STRING)
        return lt_sql_parse_text(parser, "a value is missing");
    uint32_t begin = lt_parser_take(parser).begin;
    if (parser->text[begin] == '-')
        (void)lt_parser_take(parser);
    return lt_sql_text_from(parser, begin);
}

static bool is_plain_value(const struct lt_parser *parser)
{
    const struct lt_token *token = lt_parser_peek(parser, 0);
    if (token->kind == LT_TOKEN_STRING)
        return true;
    unsigned ahead = lt_parser_is_symbol(parser, 0, '-') ? 1 : 0;
    enum lt_token_kind kind = lt_parser_peek(parser, ahead)->kind;
    return kind == LT_TOKEN_INTEGER || kind == LT_TOKEN_NUMBER ||
           (ahead == 0 &&
            (lt_parser_is_word(parser, 0, "true") || lt_parser_is_word(parser, 0, "false")));
}

static bool ends_value(const struct lt_parser *parser, unsigned ahead)
{
    return lt_parser_is_symbol(parser, ahead, ',') || lt_parser_is_symbol(parser, ahead, ')');
}

static const char *parse_option_value(struct lt_parser *parser, const char *key)
{
    unsigned ahead = lt_parser_is_symbol(parser, 0, '-') ? 2 : 1;
    bool is_string = lt_parser_peek(parser, 0)->kind == LT_TOKEN_STRING &&
                     lt_parser_peek(parser, 1)->kind == LT_TOKEN_STRING;
    return is_plain_value(parser) && (is_string || ends_value(parser, ahead))
               ? parse_plain_value(parser)
               : compute_value(parser, key);
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
    while (strings + 1 < LT_PARSE_AHEAD && lt_parser_peek(parser, strings)->kind == LT_TOKEN_STRING)
        strings++;
    if (strings < 2 || lt_parser_is_symbol(parser, strings, LT_SYMBOL_EQUAL))
        return lt_sql_parse_key(parser);
    struct lt_expression *key = lt_parse_one_string(parser);
    return key == NULL ? NULL
                       : lt_arena_text_n(parser->arena, (const char *)key->value.bytes.data,
                                         key->value.bytes.size_bytes);
}

bool lt_sql_parse_options(struct lt_parser *parser, struct lt_sql_statement *statement)
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
        if (ends_value(parser, 0))
            return lt_sql_refuse_statement(
                parser, statement, "_LEGACY_ERROR_TEMP_0035", "",
                lt_arena_format(parser->arena,
                                "Operation not allowed: A value must be specified for the key: %s.",
                                option->key));
        option->value = parse_option_value(parser, option->key);
        if (option->value == NULL)
            return false;
        option->end = parser->last_end;
    } while (lt_parser_try_symbol(parser, ','));
    return lt_parser_expect(parser, ')', ")") && check_twice(parser, statement, begin);
}

/* ---------------------------------------------------------------------------------- properties */

/* Properties that are a table's own, and how else they are said. */
static bool refuse_reserved(struct lt_parser *parser, const struct lt_sql_statement *statement,
                            const char *key)
{
    static const char *const reserved[][2] = {
        {"provider", "please use the USING clause to specify it"},
        {"location", "please use the LOCATION clause to specify it"},
        {"owner", "it will be set to the current user"},
        {"external", "please use CREATE EXTERNAL TABLE"},
        {"is_managed_location", "please remove it from the TBLPROPERTIES list"}};
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (strcmp(reserved[i][0], key) != 0)
            continue;
        while (!lt_sql_at_end(parser))
            (void)lt_parser_take(parser);
        return lt_sql_refuse_statement(
            parser, statement, "UNSUPPORTED_FEATURE.SET_TABLE_PROPERTY", "0A000",
            lt_arena_format(parser->arena,
                            "The feature is not supported: %s is a reserved table property, %s.",
                            key, reserved[i][1]));
    }
    return true;
}

static bool check_properties(struct lt_parser *parser, const struct lt_sql_statement *statement,
                             uint32_t begin)
{
    const char *without = NULL;
    for (uint32_t i = 0; i < statement->property_count; i++) {
        const struct lt_sql_option *property = &statement->properties[i];
        for (uint32_t j = 0; j < i; j++) {
            if (strcmp(statement->properties[j].key, property->key) == 0)
                return lt_parser_refuse(parser, LT_E_PARSE, "DUPLICATE_KEY", "23505", begin,
                                        parser->last_end, "Found duplicate keys %s.",
                                        lt_name_quoted_one(property->key, parser->arena)) != NULL;
        }
        if (property->value == NULL)
            without = without == NULL
                          ? property->key
                          : lt_arena_format(parser->arena, "%s,%s", without, property->key);
    }
    if (without != NULL)
        return lt_sql_refuse_statement(
            parser, statement, "_LEGACY_ERROR_TEMP_0035", "",
            lt_arena_format(parser->arena,
                            "Operation not allowed: Values must be specified for key(s): [%s].",
                            without));
    for (uint32_t i = 0; i < statement->property_count; i++) {
        if (!refuse_reserved(parser, statement, statement->properties[i].key))
            return false;
    }
    return true;
}

bool lt_sql_parse_properties(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    const struct lt_token *bracket = lt_parser_peek(parser, 0);
    uint32_t begin = bracket->begin;
    if (!lt_parser_is_symbol(parser, 0, '(') && bracket->kind != LT_TOKEN_END)
        return lt_parser_refuse(parser, LT_E_PARSE, "PARSE_SYNTAX_ERROR", "42601", begin,
                                bracket->end, "Syntax error at or near '%.*s': missing '('.",
                                (int)(bracket->end - begin), parser->text + begin) != NULL;
    if (!lt_parser_expect(parser, '(', "("))
        return false;
    statement->properties =
        lt_arena_alloc(parser->arena, OPTIONS_MAX * sizeof *statement->properties);
    do {
        if (statement->property_count == OPTIONS_MAX)
            return lt_parser_fail(parser, "too many properties") != NULL;
        struct lt_sql_option *property = &statement->properties[statement->property_count++];
        property->begin = lt_parser_peek(parser, 0)->begin;
        property->key = parse_option_key(parser);
        if (property->key == NULL)
            return false;
        bool has_sign = lt_parser_try_symbol(parser, LT_SYMBOL_EQUAL);
        if (is_plain_value(parser))
            property->value = parse_plain_value(parser);
        else if (has_sign)
            return lt_parser_fail(parser, "a property's value is a string, a number or a "
                                          "boolean") != NULL;
        property->end = parser->last_end;
    } while (lt_parser_try_symbol(parser, ','));
    return lt_parser_expect(parser, ')', ")") && check_properties(parser, statement, begin);
}

bool lt_sql_parse_comment(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    bool was_given = statement->comment != NULL;
    statement->comment = lt_sql_parse_text(parser, "a comment is a string");
    return statement->comment != NULL &&
           (!was_given || lt_sql_refuse_twice(parser, statement, "COMMENT"));
}

/* -------------------------------------------------------------------------------------- layout */

static void note_layout(struct lt_parser *parser, struct lt_sql_layout *layout, const char *clause,
                        uint32_t begin)
{
    if (layout->clause != NULL)
        return;
    layout->clause = clause;
    layout->begin = begin;
    layout->end = parser->last_end;
}

/* (a, b) as names; the bracket next. */
static bool parse_names(struct lt_parser *parser, struct lt_sql_columns *out)
{
    const struct lt_token *next = lt_parser_peek(parser, 0);
    if (!lt_parser_is_symbol(parser, 0, '(') && next->kind != LT_TOKEN_END)
        return lt_parser_refuse(parser, LT_E_PARSE, "PARSE_SYNTAX_ERROR", "42601", next->begin,
                                next->end, "Syntax error at or near '%.*s': missing '('.",
                                (int)(next->end - next->begin), parser->text + next->begin) != NULL;
    return lt_parser_is_symbol(parser, 0, '(') ? lt_sql_parse_columns(parser, false, out)
                                               : lt_parser_expect(parser, '(', "(");
}

static bool expect_by(struct lt_parser *parser)
{
    const struct lt_token *next = lt_parser_peek(parser, 0);
    if (lt_parser_is_symbol(parser, 0, '('))
        return lt_parser_refuse(parser, LT_E_PARSE, "PARSE_SYNTAX_ERROR", "42601", next->begin,
                                next->end, "Syntax error at or near '(': missing 'BY'.") != NULL;
    return lt_parser_expect_word(parser, "by");
}

enum { FIELDS_MAX = 64 }; /* of PARTITIONED BY and of SORTED BY */

/* a, years(a) or a field: what rows are dealt by. */
static bool parse_transform(struct lt_parser *parser, struct lt_sql_layout *layout)
{
    struct lt_expression *item = lt_sql_parse_expression(parser);
    if (item == NULL)
        return false;
    if (item->kind != LT_EXPR_COLUMN && item->kind != LT_EXPR_FIELD && item->kind != LT_EXPR_CALL)
        return lt_parser_fail(parser, "a column, or a transform of one, is wanted") != NULL;
    lt_parser_push(parser, &layout->partitions, item);
    return true;
}

/* a: column, or a INT: a column that the table gets by this. */
static bool parse_partition_field(struct lt_parser *parser, struct lt_field *fields,
                                  uint32_t *count)
{
    fields[*count] = (struct lt_field){.nullable = true};
    fields[*count].name = lt_sql_parse_identifier(parser, "a column's name is missing");
    if (fields[*count].name == NULL || (fields[*count].type = lt_parse_type(parser, false)) == NULL)
        return false;
    ++*count;
    return true;
}

static bool is_partition_field(const struct lt_parser *parser)
{
    enum lt_token_kind name = lt_parser_peek(parser, 0)->kind;
    return (name == LT_TOKEN_WORD || name == LT_TOKEN_QUOTED) &&
           lt_parser_peek(parser, 1)->kind == LT_TOKEN_WORD;
}

/* What was mixed: "Expressions: a\nColumns: c int". */
static bool refuse_mixed(struct lt_parser *parser, const struct lt_sql_statement *statement,
                         const struct lt_field *fields, uint32_t count)
{
    const struct lt_sql_layout *layout = &statement->layout;
    const char *items = "", *columns = "";
    for (uint32_t i = 0; i < layout->partitions.count; i++)
        items = lt_arena_format(parser->arena, "%s%s%s", items, i == 0 ? "" : ", ",
                                lt_expr_text(layout->partitions.items[i], parser->arena));
    for (uint32_t i = 0; i < count; i++)
        columns =
            lt_arena_format(parser->arena, "%s%s%s %s", columns, i == 0 ? "" : ", ", fields[i].name,
                            lt_type_simple_string(parser->arena, fields[i].type));
    return lt_sql_refuse_statement(
        parser, statement, "_LEGACY_ERROR_TEMP_0035", "",
        lt_arena_format(parser->arena,
                        "Operation not allowed: PARTITION BY: Cannot mix partition expressions and "
                        "partition columns:\nExpressions: %s\nColumns: %s.",
                        items, columns));
}

/* PARTITIONED taken: BY (...) */
static bool parse_partitioned(struct lt_parser *parser, struct lt_sql_statement *statement,
                              uint32_t begin)
{
    struct lt_sql_layout *layout = &statement->layout;
    struct lt_field fields[FIELDS_MAX];
    uint32_t count = 0;
    bool was_given = layout->is_partitioned;
    if (!expect_by(parser))
        return false;
    if (!lt_parser_is_symbol(parser, 0, '(')) {
        struct lt_sql_columns none;
        return parse_names(parser, &none);
    }
    (void)lt_parser_take(parser);
    do {
        if (count == FIELDS_MAX)
            return lt_parser_fail(parser, "too many columns") != NULL;
        if (is_partition_field(parser) ? !parse_partition_field(parser, fields, &count)
                                       : !parse_transform(parser, layout))
            return false;
    } while (lt_parser_try_symbol(parser, ','));
    if (!lt_parser_expect(parser, ')', ")"))
        return false;
    if (was_given)
        return lt_sql_refuse_twice(parser, statement, "PARTITIONED BY");
    if (count > 0 && layout->partitions.count > 0)
        return refuse_mixed(parser, statement, fields, count);
    if (count > 0)
        layout->partition_fields = lt_type_struct(parser->arena, fields, count);
    layout->is_partitioned = true;
    note_layout(parser, layout, "PARTITIONED BY", begin);
    return true;
}

/* SORTED taken: BY (a [ASC], ...) */
static bool parse_sorted(struct lt_parser *parser, const struct lt_sql_statement *statement,
                         struct lt_sql_columns *sorted)
{
    if (!expect_by(parser) || !lt_parser_expect(parser, '(', "("))
        return false;
    sorted->names = lt_arena_alloc(parser->arena, FIELDS_MAX * sizeof *sorted->names);
    do {
        if (sorted->count == FIELDS_MAX)
            return lt_parser_fail(parser, "too many columns") != NULL;
        const char *name = lt_sql_parse_identifier(parser, "a column's name is missing");
        if (name == NULL)
            return false;
        sorted->names[sorted->count++] = name;
        if (lt_parser_try_word(parser, "desc"))
            return lt_sql_refuse_statement(
                parser, statement, "_LEGACY_ERROR_TEMP_0035", "",
                "Operation not allowed: Column ordering must be ASC, was 'DESC'.");
        (void)lt_parser_try_word(parser, "asc");
    } while (lt_parser_try_symbol(parser, ','));
    return lt_parser_expect(parser, ')', ")");
}

/* CLUSTERED taken: BY (a) [SORTED BY (b)] INTO n BUCKETS */
static bool parse_clustered(struct lt_parser *parser, struct lt_sql_statement *statement,
                            uint32_t begin)
{
    struct lt_sql_layout *layout = &statement->layout;
    bool was_given = layout->is_bucketed;
    if (!expect_by(parser) || !parse_names(parser, &layout->buckets))
        return false;
    if (lt_parser_try_word(parser, "sorted") && !parse_sorted(parser, statement, &layout->sorted))
        return false;
    if (!lt_parser_expect_word(parser, "into"))
        return false;
    if (lt_parser_peek(parser, 0)->kind != LT_TOKEN_INTEGER)
        return lt_parser_fail(parser, "the number of buckets is missing") != NULL;
    struct lt_token number = lt_parser_take(parser);
    layout->bucket_count = strtoll(parser->text + number.begin, NULL, 10);
    if (!lt_parser_expect_word(parser, "buckets"))
        return false;
    if (was_given)
        return lt_sql_refuse_twice(parser, statement, "CLUSTERED BY");
    layout->is_bucketed = true;
    note_layout(parser, layout, "CLUSTERED BY", begin);
    return true;
}

static bool parse_cluster_by(struct lt_parser *parser, struct lt_sql_statement *statement,
                             uint32_t begin)
{
    struct lt_sql_layout *layout = &statement->layout;
    bool was_given = layout->is_clustered;
    if (!expect_by(parser) || !parse_names(parser, &layout->clustered))
        return false;
    layout->is_clustered = true;
    note_layout(parser, layout, "CLUSTER BY", begin);
    return !was_given || lt_sql_refuse_twice(parser, statement, "CLUSTER BY");
}

static bool parse_location(struct lt_parser *parser, struct lt_sql_statement *statement,
                           uint32_t begin)
{
    bool was_given = statement->layout.location != NULL;
    statement->layout.location = lt_sql_parse_text(parser, "a location is a string");
    if (statement->layout.location == NULL)
        return false;
    note_layout(parser, &statement->layout, "LOCATION", begin);
    return !was_given || lt_sql_refuse_twice(parser, statement, "LOCATION");
}

/* --------------------------------------------------------------------------------- all of them */

/* What does not go together. */
static bool check_clauses(struct lt_parser *parser, const struct lt_sql_statement *statement)
{
    const struct lt_sql_layout *layout = &statement->layout;
    if (layout->is_clustered && layout->is_partitioned)
        return lt_sql_refuse_statement(
            parser, statement, "SPECIFY_CLUSTER_BY_WITH_PARTITIONED_BY_IS_NOT_ALLOWED", "42908",
            "Cannot specify both CLUSTER BY and PARTITIONED BY.");
    for (uint32_t i = 0; i < statement->option_count && layout->location != NULL; i++) {
        const struct lt_sql_option *option = &statement->options[i];
        if (lt_ascii_compare(option->key, "path") == 0)
            return lt_sql_refuse_statement(
                parser, statement, "_LEGACY_ERROR_TEMP_0032", "",
                lt_arena_format(parser->arena,
                                "Duplicated table paths found: '%s' and '%s'. LOCATION and the "
                                "case insensitive key 'path' in OPTIONS are all used to indicate "
                                "the custom table path, you can only specify one of them.",
                                layout->location, option->value));
    }
    return true;
}

bool lt_sql_parse_table_clauses(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    while (!lt_sql_at_end(parser) && !lt_parser_is_word(parser, 0, "as") &&
           !lt_sql_begins_query(parser, 0)) {
        uint32_t begin = lt_parser_peek(parser, 0)->begin;
        bool is_right;
        if (lt_parser_try_word(parser, "options"))
            is_right = statement->options != NULL
                           ? lt_sql_refuse_twice(parser, statement, "OPTIONS")
                           : lt_sql_parse_options(parser, statement);
        else if (lt_parser_try_word(parser, "tblproperties"))
            is_right = statement->properties != NULL
                           ? lt_sql_refuse_twice(parser, statement, "TBLPROPERTIES")
                           : lt_sql_parse_properties(parser, statement);
        else if (lt_parser_try_word(parser, "comment"))
            is_right = lt_sql_parse_comment(parser, statement);
        else if (lt_parser_try_word(parser, "partitioned"))
            is_right = parse_partitioned(parser, statement, begin);
        else if (lt_parser_try_word(parser, "clustered"))
            is_right = parse_clustered(parser, statement, begin);
        else if (lt_parser_try_word(parser, "cluster"))
            is_right = parse_cluster_by(parser, statement, begin);
        else if (lt_parser_try_word(parser, "location"))
            is_right = parse_location(parser, statement, begin);
        else
            return lt_parser_fail(parser, "OPTIONS, COMMENT or TBLPROPERTIES can follow") != NULL;
        if (!is_right)
            return false;
    }
    return check_clauses(parser, statement);
}
