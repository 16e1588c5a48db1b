/*
 * Statements: what begins with CREATE, INSERT, SET, ... and, where nothing of that begins, a query.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/limits.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/unresolved.h"
#include "ops/sql/parse_internal.h"

/* ------------------------------------------------------------------------------ INSERT, queries */

bool lt_sql_is_partition(const struct lt_parser *parser)
{
    return lt_parser_is_word(parser, 0, "partition") && lt_parser_is_symbol(parser, 1, '(');
}

bool lt_sql_parse_partition(struct lt_parser *parser, struct lt_sql_partition *out)
{
    *out = (struct lt_sql_partition){.begin = lt_parser_take(parser).begin};
    (void)lt_parser_take(parser);
    do {
        if (out->count == LT_SQL_PARTITIONS_MAX)
            return lt_parser_fail(parser, "too many partitions") != NULL;
        const char *name = lt_sql_parse_identifier(parser, "a partition's name is missing");
        if (name == NULL)
            return false;
        bool has_value = lt_parser_try_symbol(parser, LT_SYMBOL_EQUAL);
        if (has_value && lt_sql_parse_expression(parser) == NULL)
            return false;
        if (!has_value && out->without_value == NULL)
            out->without_value = name;
        out->names[out->count++] = name;
    } while (lt_parser_try_symbol(parser, ','));
    return lt_parser_expect(parser, ')', ")");
}

/* A name that stands twice is told before that there are no partitions at all. */
static bool refuse_partitions(struct lt_parser *parser, const struct lt_sql_statement *statement,
                              const struct lt_sql_partition *partition)
{
    struct lt_arena *arena = parser->arena;
    const char *const *names = partition->names;
    uint32_t count = partition->count, begin = partition->begin;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (lt_ascii_compare(names[i], names[j]) == 0)
                return lt_parser_refuse(parser, LT_E_PARSE, "DUPLICATE_KEY", "23505", begin,
                                        parser->last_end, "Found duplicate keys %s.",
                                        lt_name_quoted_one(names[j], arena)) != NULL;
        }
    }
    const char *table[] = {"spark_catalog", "default",
                           statement->name.parts[statement->name.count - 1]};
    return lt_parser_refuse(
               parser, LT_E_ANALYSIS, "PARTITIONS_NOT_FOUND", "428FT", begin, parser->last_end,
               "The partition(s) %s cannot be found in table %s.\nVerify the "
               "partition specification and table name.\nTo tolerate the error on "
               "drop use ALTER TABLE … DROP IF EXISTS PARTITION.",
               lt_name_list(names, count, arena), lt_name_quoted(table, 3, arena)) != NULL;
}

/* PARTITION (a = 1, b), IF NOT EXISTS: tables here have no partitions. */
static bool parse_partition(struct lt_parser *parser, const struct lt_sql_statement *statement,
                            uint32_t insert_begin)
{
    struct lt_sql_partition partition = {0};
    if (lt_sql_is_partition(parser) && !lt_sql_parse_partition(parser, &partition))
        return false;
    if (lt_parser_is_word(parser, 0, "if") && lt_parser_is_word(parser, 1, "not")) {
        (void)lt_parser_take(parser);
        (void)lt_parser_take(parser);
        if (!lt_parser_expect_word(parser, "exists"))
            return false;
        return lt_parser_refuse(parser, LT_E_PARSE, "INVALID_STATEMENT_OR_CLAUSE", "42601",
                                insert_begin, parser->last_end,
                                "The statement or clause: INSERT INTO ... IF NOT EXISTS is not "
                                "valid.") != NULL;
    }
    return partition.count == 0 || refuse_partitions(parser, statement, &partition);
}

static bool parse_insert(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    uint32_t begin = lt_parser_take(parser).begin;
    if (lt_parser_is_word(parser, 0, "overwrite"))
        return lt_parser_later(parser, begin, "INSERT OVERWRITE") != NULL;
    if (!lt_parser_expect_word(parser, "into"))
        return false;
    (void)lt_parser_try_word(parser, "table");
    statement->kind = LT_SQL_INSERT;
    if (!lt_sql_parse_name(parser, &statement->name))
        return false;
    if (!parse_partition(parser, statement, begin))
        return false;
    bool has_columns = lt_parser_is_symbol(parser, 0, '(') && !lt_sql_begins_query(parser, 1);
    if (has_columns && !lt_sql_parse_columns(parser, false, &statement->columns))
        return false;
    if (!has_columns && lt_parser_is_word(parser, 0, "by") &&
        lt_parser_is_word(parser, 1, "name")) {
        (void)lt_parser_take(parser);
        statement->is_by_name = lt_parser_try_word(parser, "name");
    }
    statement->query = lt_sql_parse_query(parser);
    return statement->query != NULL;
}

static bool parse_explain(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    static const struct {
        const char *word;
        enum lt_sql_explain kind;
    } words[] = {{"extended", LT_SQL_EXPLAIN_EXTENDED},
                 {"formatted", LT_SQL_EXPLAIN_FORMATTED},
                 {"cost", LT_SQL_EXPLAIN_COST}};
    (void)lt_parser_take(parser);
    enum lt_sql_explain kind = LT_SQL_EXPLAIN_SIMPLE;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (lt_parser_try_word(parser, words[i].word))
            kind = words[i].kind;
    }
    if (lt_parser_is_word(parser, 0, "insert")) {
        if (!parse_insert(parser, statement))
            return false;
        statement->is_insert = true;
    } else if (lt_sql_begins_query(parser, 0)) {
        statement->query = lt_sql_parse_query(parser);
    } else {
        return lt_parser_fail(parser, "a query or INSERT can be explained") != NULL;
    }
    statement->kind = LT_SQL_EXPLAIN;
    statement->explain = kind;
    return statement->query != NULL;
}

/* ----------------------------------------------------------------------------------------- DROP */

static bool parse_drop(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    (void)lt_parser_take(parser);
    statement->kind = LT_SQL_DROP;
    (void)(lt_parser_try_word(parser, "temporary") || lt_parser_try_word(parser, "temp"));
    statement->is_view = lt_parser_try_word(parser, "view");
    if (!statement->is_view && !lt_parser_expect_word(parser, "table"))
        return false;
    if (lt_parser_is_word(parser, 0, "if") && lt_parser_is_word(parser, 1, "exists")) {
        (void)lt_parser_take(parser);
        statement->if_exists = lt_parser_try_word(parser, "exists");
    }
    return lt_sql_parse_name(parser, &statement->name);
}

/* ----------------------------------------------------------------------------------- SET, RESET */

static void *bad_set(struct lt_parser *parser, uint32_t begin)
{
    return lt_parser_refuse(parser, LT_E_PARSE, "INVALID_SET_SYNTAX", "42000", begin,
                            parser->last_end,
                            "Expected format is 'SET', 'SET key', or 'SET key=value'. If you want "
                            "to include special characters in key, or include semicolon in value, "
                            "please use backquotes, e.g., SET `key`=`value`.");
}

/* A value is any text up to the statement's end; one in quotes or back-ticks loses them. */
static const char *parse_set_value(struct lt_parser *parser)
{
    const struct lt_token *first = lt_parser_peek(parser, 0);
    uint32_t begin = first->begin;
    struct lt_token token = *first;
    unsigned count = 0;
    for (; !lt_sql_at_end(parser); count++)
        (void)lt_parser_take(parser);
    if (count == 1 && token.kind == LT_TOKEN_QUOTED)
        return lt_parser_name(parser, &token);
    if (count == 1 && token.kind == LT_TOKEN_STRING)
        return lt_arena_text_n(parser->arena, parser->text + token.begin + 1,
                               token.end - token.begin - 2);
    return lt_sql_text_from(parser, begin);
}

/* SET TIME ZONE LOCAL | 'zone' | INTERVAL '1' HOUR */
static bool parse_time_zone(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    uint32_t begin = statement->begin;
    (void)lt_parser_take(parser);
    (void)lt_parser_take(parser);
    statement->key = "spark.sql.session.timeZone";
    if (lt_parser_try_word(parser, "local")) {
        statement->value = "UTC";
        return true;
    }
    if (lt_parser_peek(parser, 0)->kind == LT_TOKEN_STRING)
        return (statement->value = lt_sql_parse_text(parser, "")) != NULL;
    if (lt_sql_at_end(parser))
        return lt_parser_refuse(parser, LT_E_PARSE, "_LEGACY_ERROR_TEMP_0045", "", begin,
                                parser->last_end, "Invalid time zone displacement value.") != NULL;
    struct lt_token second = *lt_parser_peek(parser, 1);
    struct lt_expression *interval = lt_parse_expression(parser);
    if (interval == NULL)
        return false;
    if (interval->kind != LT_EXPR_LITERAL || interval->type->kind == LT_TYPE_VOID ||
        !lt_type_is_interval(interval->type))
        return lt_parser_refuse(parser, LT_E_PARSE, "_LEGACY_ERROR_TEMP_0045", "", begin,
                                parser->last_end, "Invalid time zone displacement value") != NULL;
    bool is_quoted = second.kind == LT_TOKEN_STRING;
    int64_t seconds = interval->type->kind == LT_TYPE_INTERVAL_DAY_TIME
                          ? interval->value.i64 / 1000000
                          : INT64_MAX;
    if (seconds > 18 * 3600 || seconds < -18 * 3600)
        return lt_parser_refuse(
                   parser, LT_E_PARSE, "INVALID_INTERVAL_FORMAT.TIMEZONE_INTERVAL_OUT_OF_RANGE",
                   "22006", begin, parser->last_end,
                   "Error parsing '%.*s' to interval. Please ensure that the value provided is in "
                   "a valid format for defining an interval. You can reference the documentation "
                   "for the correct format. The interval value must be in the range of [-18, +18] "
                   "hours with second precision.",
                   (int)(second.end - second.begin - (is_quoted ? 2 : 0)),
                   parser->text + second.begin + (is_quoted ? 1 : 0)) != NULL;
    long long minutes = (seconds < 0 ? -seconds : seconds) / 60;
    statement->value = lt_arena_format(parser->arena, "%c%02lld:%02lld", seconds < 0 ? '-' : '+',
                                       minutes / 60, minutes % 60);
    return true;
}

static bool parse_set_statement(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    uint32_t begin = lt_parser_take(parser).begin;
    statement->kind = LT_SQL_SET;
    if (lt_sql_at_end(parser))
        return true;
    if (lt_parser_is_word(parser, 0, "time") && lt_parser_is_word(parser, 1, "zone"))
        return parse_time_zone(parser, statement);
    if (lt_parser_is_symbol(parser, 0, '-') && lt_parser_is_word(parser, 1, "v")) {
        (void)lt_parser_take(parser);
        (void)lt_parser_take(parser);
        statement->is_extended = true;
        return lt_sql_at_end(parser) || bad_set(parser, begin) != NULL;
    }
    enum lt_token_kind kind = lt_parser_peek(parser, 0)->kind;
    bool is_name = kind == LT_TOKEN_WORD || kind == LT_TOKEN_QUOTED;
    if (!is_name || (statement->key = lt_sql_parse_key(parser)) == NULL)
        return bad_set(parser, begin) != NULL;
    if (lt_sql_at_end(parser))
        return true;
    if (!lt_parser_try_symbol(parser, LT_SYMBOL_EQUAL))
        return bad_set(parser, begin) != NULL;
    statement->value = parse_set_value(parser);
    return true;
}

static bool parse_reset(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    (void)lt_parser_take(parser);
    statement->kind = LT_SQL_RESET;
    if (lt_sql_at_end(parser))
        return true;
    statement->key = lt_sql_parse_key(parser);
    return lt_sql_at_end(parser) ||
           lt_sql_refuse_statement(
               parser, statement, "INVALID_RESET_COMMAND_FORMAT", "42000",
               "Expected format is 'RESET' or 'RESET key'. If you want to include "
               "special characters in key, please use quotes, e.g., RESET `key`.");
}

/* ----------------------------------------------------------------------------------- statements */

/* WITH ... in front of a query, or of INSERT, whose query sees the names. */
static bool parse_with(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    struct lt_sql_cte *ctes;
    uint32_t count;
    if (!lt_sql_parse_ctes(parser, &ctes, &count))
        return false;
    statement->kind = LT_SQL_SELECT;
    if (lt_parser_is_word(parser, 0, "insert")
            ? !parse_insert(parser, statement)
            : (statement->query = lt_sql_parse_query(parser)) == NULL)
        return false;
    statement->query = lt_sql_query_with(parser, statement->query, ctes, count);
    return true;
}

/* Statements of Spark's that there are not here, by their first word and what can follow it. */
static bool is_later(const struct lt_parser *parser)
{
    static const char *const words[] = {
        "alter",  "analyze",  "begin",   "cache",  "call", "clear",   "comment",
        "delete", "declare",  "execute", "merge",  "msck", "refresh", "repair",
        "revoke", "truncate", "uncache", "update", "use",  "grant",   "load"};
    enum lt_token_kind next = lt_parser_peek(parser, 1)->kind;
    if (next != LT_TOKEN_WORD && next != LT_TOKEN_QUOTED)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (lt_parser_is_word(parser, 0, words[i]))
            return true;
    }
    return false;
}

static bool refuse_later(struct lt_parser *parser)
{
    const struct lt_token *word = lt_parser_peek(parser, 0);
    const char *name = lt_parser_name(parser, word);
    return lt_parser_later(parser, word->begin, lt_sql_upper(name, parser->arena)) != NULL;
}

static bool parse_statement(struct lt_parser *parser, struct lt_sql_statement *statement)
{
    static const struct {
        const char *word;
        bool (*parse)(struct lt_parser *, struct lt_sql_statement *);
    } words[] = {
        {"create", lt_sql_parse_create},
        {"insert", parse_insert},
        {"explain", parse_explain},
        {"describe", lt_sql_parse_describe},
        {"desc", lt_sql_parse_describe},
        {"show", lt_sql_parse_show},
        {"drop", parse_drop},
        {"set", parse_set_statement},
        {"reset", parse_reset},
        {"with", parse_with},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (lt_parser_is_word(parser, 0, words[i].word))
            return words[i].parse(parser, statement);
    }
    statement->kind = LT_SQL_SELECT;
    if (is_later(parser))
        return refuse_later(parser);
    if (!lt_sql_begins_query(parser, 0))
        return lt_parser_fail(parser, "no statement begins so") != NULL;
    statement->query = lt_sql_parse_query(parser);
    return statement->query != NULL;
}

/* A query in an expression is analysed from its text (subquery.c). */
static bool take_query(struct lt_parser *parser)
{
    return lt_sql_parse_query(parser) != NULL;
}

static int begin(struct lt_parser *parser, const char *text, uint32_t first, size_t last,
                 struct lt_arena *arena, struct lt_error *error)
{
    if (last > LT_LIMIT_EXPRESSION_BYTES)
        return lt_error_set(error, LT_E_LIMIT, "the text has more than %d bytes",
                            (int)LT_LIMIT_EXPRESSION_BYTES);
    lt_parser_init_part(parser, text, first, (uint32_t)last, arena, error);
    parser->ends_item = lt_sql_ends_item;
    parser->take_query = take_query;
    return LT_OK;
}

int lt_sql_parse(const char *text, struct lt_arena *arena, struct lt_sql_statement **out,
                 const char **rest, struct lt_error *error)
{
    struct lt_parser parser;
    *out = NULL;
    *rest = text + strlen(text);
    int code = begin(&parser, text, 0, strlen(text), arena, error);
    if (code != LT_OK)
        return code;
    while (lt_parser_try_symbol(&parser, ';'))
        ; /* empty statements */
    if (lt_parser_peek(&parser, 0)->kind == LT_TOKEN_END)
        return LT_OK;
    struct lt_sql_statement *statement = lt_arena_alloc(arena, sizeof *statement);
    statement->begin = lt_parser_peek(&parser, 0)->begin;
    if (!parse_statement(&parser, statement))
        return error->code;
    if (!lt_sql_at_end(&parser)) {
        (void)lt_parser_fail(&parser, "the statement should end here");
        return error->code;
    }
    statement->end = parser.last_end;
    if (lt_parser_is_symbol(&parser, 0, ';'))
        *rest = text + lt_parser_peek(&parser, 0)->end;
    *out = statement;
    return LT_OK;
}

int lt_sql_parse_query_text(const char *text, struct lt_arena *arena, struct lt_sql_query **out,
                            struct lt_error *error)
{
    return lt_sql_parse_query_part(text, 0, strlen(text), arena, out, error);
}

int lt_sql_parse_query_part(const char *text, uint32_t first, size_t last, struct lt_arena *arena,
                            struct lt_sql_query **out, struct lt_error *error)
{
    struct lt_parser parser;
    int code = begin(&parser, text, first, last, arena, error);
    if (code != LT_OK)
        return code;
    *out = lt_sql_parse_query(&parser);
    if (*out == NULL)
        return error->code;
    if (lt_parser_peek(&parser, 0)->kind == LT_TOKEN_END)
        return LT_OK;
    (void)lt_parser_fail(&parser, "the query should end here");
    return error->code;
}
