/*
 * What a query reads: tables with aliases and watermarks, queries in brackets, joins, and lateral
 * views over them.
 */
#include <string.h>

#include "core/base/limits.h"
#include "ops/expr/unresolved.h"
#include "ops/sql/parse_internal.h"

static struct lt_sql_relation *relation_at(struct lt_parser *parser, enum lt_sql_relation_kind kind,
                                           uint32_t begin)
{
    struct lt_sql_relation *relation = lt_arena_alloc(parser->arena, sizeof *relation);
    relation->kind = kind;
    relation->begin = begin;
    relation->end = parser->last_end;
    return relation;
}

/* ------------------------------------------------------------------------------------- aliases */

bool lt_sql_parse_alias(struct lt_parser *parser, struct lt_sql_relation *relation)
{
    bool has_as = lt_parser_try_word(parser, "as");
    if (!has_as && !lt_sql_is_alias(parser))
        return true;
    bool has_name = !(has_as && lt_parser_is_symbol(parser, 0, '(')); /* AS (a, b) has none */
    if (has_name)
        relation->alias = lt_sql_parse_identifier(parser, "a name must follow AS");
    if (has_name && relation->alias == NULL)
        return false;
    return !lt_parser_is_symbol(parser, 0, '(') ||
           lt_sql_parse_columns(parser, false, &relation->columns);
}

/* The interval behind DELAY OF. */
static struct lt_expression *parse_delay(struct lt_parser *parser)
{
    const struct lt_token *next = lt_parser_peek(parser, 0);
    if (lt_parser_is_interval(parser))
        return lt_sql_parse_expression(parser);
    bool is_value = next->kind == LT_TOKEN_STRING || next->kind == LT_TOKEN_INTEGER ||
                    next->kind == LT_TOKEN_NUMBER;
    if (is_value)
        return lt_parser_refuse(parser, LT_E_PARSE, "PARSE_SYNTAX_ERROR", "42601", next->begin,
                                next->end, "Syntax error at or near '%.*s': missing 'INTERVAL'.",
                                (int)(next->end - next->begin), parser->text + next->begin);
    return lt_parser_fail(parser, "DELAY OF needs an interval");
}

/* WATERMARK expression [AS name] DELAY OF interval, behind a table or a query in brackets. */
static bool parse_watermark(struct lt_parser *parser, struct lt_sql_relation *relation)
{
    relation->watermark_begin = lt_parser_peek(parser, 0)->begin;
    if (!lt_parser_is_word(parser, 0, "watermark") ||
        lt_parser_peek(parser, 1)->kind == LT_TOKEN_END)
        return true;
    (void)lt_parser_take(parser);
    relation->watermark = lt_sql_parse_expression(parser);
    if (relation->watermark == NULL)
        return false;
    if (lt_parser_try_word(parser, "as")) {
        relation->watermark_name = lt_sql_parse_identifier(parser, "a name must follow AS");
        if (relation->watermark_name == NULL)
            return false;
    }
    if (!lt_parser_expect_word(parser, "delay") || !lt_parser_expect_word(parser, "of"))
        return false;
    relation->delay = parse_delay(parser);
    return relation->delay != NULL;
}

/* -------------------------------------------------------------------------------- one relation */

static struct lt_sql_relation *parse_joined(struct lt_parser *parser);

/* LATERAL (query), or LATERAL function(...). */
static bool is_lateral_next(const struct lt_parser *parser)
{
    enum lt_token_kind kind = lt_parser_peek(parser, 1)->kind;
    bool is_function =
        (kind == LT_TOKEN_WORD || kind == LT_TOKEN_QUOTED) && lt_parser_is_symbol(parser, 2, '(');
    return lt_parser_is_word(parser, 0, "lateral") &&
           (is_function || lt_parser_is_symbol(parser, 1, '('));
}

/* function(arguments), its name taken. */
static bool parse_function(struct lt_parser *parser, struct lt_sql_relation *relation)
{
    const struct lt_sql_name *name = &relation->table;
    relation->kind = LT_SQL_FUNCTION;
    relation->generator = lt_parse_call(parser, name->parts[0], name->begin);
    if (relation->generator == NULL || name->count == 1)
        return relation->generator != NULL;
    return lt_parser_refuse(parser, LT_E_PARSE, "INVALID_SQL_SYNTAX.INVALID_TABLE_VALUED_FUNC_NAME",
                            "42000", relation->begin, parser->last_end,
                            "Invalid SQL syntax: Table valued function cannot specify database "
                            "name: %s.",
                            lt_name_quoted(name->parts, name->count, parser->arena)) != NULL;
}

static struct lt_sql_relation *parse_one(struct lt_parser *parser)
{
    uint32_t begin = lt_parser_peek(parser, 0)->begin;
    struct lt_sql_relation *relation;
    (void)(is_lateral_next(parser) && lt_parser_try_word(parser, "lateral"));
    if (lt_parser_is_symbol(parser, 0, '(')) {
        bool is_query = lt_sql_begins_query(parser, 1);
        (void)lt_parser_take(parser);
        if (is_query) {
            relation = relation_at(parser, LT_SQL_SUBQUERY, begin);
            relation->query = lt_sql_parse_query(parser);
        } else {
            relation = parse_joined(parser);
        }
        if (relation == NULL || (is_query && relation->query == NULL) ||
            !lt_parser_expect(parser, ')', ")"))
            return NULL;
        if (!is_query && relation->alias != NULL)
            return relation;
    } else if (lt_parser_is_word(parser, 0, "values") && lt_parser_begins_operand(parser, 1)) {
        relation = relation_at(parser, LT_SQL_SUBQUERY, begin);
        relation->query = lt_sql_parse_values(parser, relation);
        if (relation->query == NULL)
            return NULL;
        relation->end = parser->last_end;
        return lt_sql_parse_pivots(parser, relation);
    } else {
        relation = relation_at(parser, LT_SQL_TABLE, begin);
        if (!lt_sql_parse_name(parser, &relation->table))
            return NULL;
        if (lt_parser_is_symbol(parser, 0, '(') && !parse_function(parser, relation))
            return NULL;
    }
    relation->end = parser->last_end;
    if (!parse_watermark(parser, relation))
        return NULL;
    if (lt_parser_is_word(parser, 0, "tablesample") && lt_parser_is_symbol(parser, 1, '('))
        return lt_sql_parse_pivots(parser, relation);
    return lt_sql_parse_alias(parser, relation) ? lt_sql_parse_pivots(parser, relation) : NULL;
}

/* --------------------------------------------------------------------------------------- joins */

/* Takes [NATURAL] [INNER|CROSS|LEFT [OUTER|SEMI|ANTI]|...] JOIN; NULL when none is next. */
static const char *take_join(struct lt_parser *parser, bool *is_natural)
{
    static const struct {
        const char *words[3];
        const char *name;
    } joins[] = {
        {{"join", NULL, NULL}, "Inner"},
        {{"inner", "join", NULL}, "Inner"},
        {{"cross", "join", NULL}, "Cross"},
        {{"left", "join", NULL}, "LeftOuter"},
        {{"left", "outer", "join"}, "LeftOuter"},
        {{"right", "join", NULL}, "RightOuter"},
        {{"right", "outer", "join"}, "RightOuter"},
        {{"full", "join", NULL}, "FullOuter"},
        {{"full", "outer", "join"}, "FullOuter"},
        {{"left", "semi", "join"}, "LeftSemi"},
        {{"left", "anti", "join"}, "LeftAnti"},
        {{"semi", "join", NULL}, "LeftSemi"},
        {{"anti", "join", NULL}, "LeftAnti"},
    };
    *is_natural = lt_parser_is_word(parser, 0, "natural") &&
                  lt_parser_peek(parser, 1)->kind == LT_TOKEN_WORD &&
                  lt_parser_try_word(parser, "natural");
    for (size_t i = 0; i < sizeof joins / sizeof joins[0]; i++) {
        unsigned count = 0;
        while (count < 3 && joins[i].words[count] != NULL &&
               lt_parser_is_word(parser, count, joins[i].words[count]))
            count++;
        if (count < 3 && joins[i].words[count] != NULL)
            continue;
        for (unsigned j = 0; j < count; j++)
            (void)lt_parser_take(parser);
        return joins[i].name;
    }
    return NULL;
}

static bool parse_join_condition(struct lt_parser *parser, struct lt_sql_relation *join)
{
    if (lt_parser_try_word(parser, "on"))
        return (join->condition = lt_sql_parse_expression(parser)) != NULL;
    if (!lt_parser_is_word(parser, 0, "using") || !lt_parser_is_symbol(parser, 1, '('))
        return true;
    (void)lt_parser_take(parser);
    return lt_sql_parse_columns(parser, false, &join->columns);
}

/* Joins hang on one another, and what walks them goes as deep as there are. */
static struct lt_sql_relation *join_at(struct lt_parser *parser, struct lt_sql_relation *left,
                                       uint32_t *count)
{
    if (++*count >= LT_SQL_RELATIONS_MAX)
        return lt_parser_refuse(parser, LT_E_LIMIT, "", "", left->begin, parser->last_end,
                                "more relations are joined than a query reads");
    struct lt_sql_relation *join = relation_at(parser, LT_SQL_JOIN, left->begin);
    join->left = left;
    return join;
}

/* What does not go together with LATERAL. */
static bool check_lateral(struct lt_parser *parser, const struct lt_sql_relation *join)
{
    static const char *const kinds[][2] = {{"RightOuter", "RIGHT OUTER"},
                                           {"FullOuter", "FULL OUTER"},
                                           {"LeftSemi", "LEFT SEMI"},
                                           {"LeftAnti", "LEFT ANTI"}};
    uint32_t begin = join->join_begin, end = join->end;
    if (join->is_natural)
        return lt_parser_refuse(parser, LT_E_PARSE, "INCOMPATIBLE_JOIN_TYPES", "42613", begin, end,
                                "The join types LATERAL and NATURAL are incompatible.") != NULL;
    if (join->columns.count > 0)
        return lt_parser_refuse(parser, LT_E_PARSE, "UNSUPPORTED_FEATURE.LATERAL_JOIN_USING",
                                "0A000", begin, end,
                                "The feature is not supported: JOIN USING with LATERAL "
                                "correlation.") != NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i][0], join->join) == 0)
            return lt_parser_refuse(
                       parser, LT_E_PARSE, "INVALID_LATERAL_JOIN_TYPE", "42613", begin, end,
                       "The %s JOIN with LATERAL correlation is not allowed because an OUTER "
                       "subquery cannot correlate to its join partner. Remove the LATERAL "
                       "correlation or use an INNER JOIN, or LEFT OUTER JOIN instead.",
                       kinds[i][1]) != NULL;
    }
    return true;
}

static struct lt_sql_relation *parse_joined(struct lt_parser *parser)
{
    struct lt_sql_relation *left = parse_one(parser);
    bool is_natural;
    const char *name;
    uint32_t join_begin, count = 0;
    while (left != NULL && (join_begin = lt_parser_peek(parser, 0)->begin,
                            name = take_join(parser, &is_natural)) != NULL) {
        struct lt_sql_relation *join = join_at(parser, left, &count);
        if (join == NULL)
            return NULL;
        join->join = name;
        join->join_begin = join_begin;
        join->is_natural = is_natural;
        join->is_lateral = is_lateral_next(parser);
        join->right = parse_one(parser);
        if (join->right == NULL || !parse_join_condition(parser, join))
            return NULL;
        join->end = parser->last_end;
        if (join->is_lateral && !check_lateral(parser, join))
            return NULL;
        left = join;
    }
    return left;
}

struct lt_sql_relation *lt_sql_parse_from(struct lt_parser *parser)
{
    struct lt_sql_relation *left = parse_joined(parser);
    uint32_t count = 0;
    while (left != NULL && lt_parser_try_symbol(parser, ',')) {
        struct lt_sql_relation *join = join_at(parser, left, &count);
        if (join == NULL)
            return NULL;
        join->join = "Inner";
        join->is_lateral = is_lateral_next(parser);
        join->right = parse_joined(parser);
        if (join->right == NULL)
            return NULL;
        join->end = parser->last_end;
        left = join;
    }
    return left;
}

/* -------------------------------------------------------------------------------- lateral views */

struct lt_sql_relation *lt_sql_parse_lateral_view(struct lt_parser *parser,
                                                  struct lt_sql_relation *left)
{
    uint32_t begin = lt_parser_take(parser).begin;
    (void)lt_parser_take(parser); /* VIEW */
    struct lt_sql_relation *view = relation_at(parser, LT_SQL_LATERAL_VIEW, begin);
    view->left = left;
    view->is_outer = lt_parser_is_word(parser, 0, "outer") &&
                     !lt_parser_is_symbol(parser, 1, '(') && lt_parser_try_word(parser, "outer");
    struct lt_sql_name called;
    uint32_t call_begin = lt_parser_peek(parser, 0)->begin;
    if (!lt_sql_parse_name(parser, &called))
        return NULL;
    if (!lt_parser_is_symbol(parser, 0, '('))
        return lt_parser_fail(parser, "LATERAL VIEW needs a call of a generator");
    const char *dotted = called.parts[0];
    for (uint32_t i = 1; i < called.count; i++)
        dotted = lt_arena_format(parser->arena, "%s.%s", dotted, called.parts[i]);
    view->generator = lt_parse_call(parser, dotted, call_begin);
    if (view->generator == NULL)
        return NULL;
    if (view->generator->kind != LT_EXPR_CALL)
        return lt_parser_fail(parser, "LATERAL VIEW needs a call of a generator");
    /* The next word is its name, even if it is WHERE. */
    view->alias = lt_sql_parse_identifier(parser, "a name of the view: LATERAL VIEW f(...) name");
    if (view->alias == NULL)
        return NULL;
    if (!lt_parser_try_word(parser, "as") && !lt_sql_is_alias(parser)) {
        view->end = parser->last_end;
        return view;
    }
    view->columns.begin = lt_parser_peek(parser, 0)->begin;
    view->columns.names = lt_arena_alloc(parser->arena, LT_LIMIT_COLUMNS * sizeof(char *));
    do {
        const char *name = lt_sql_parse_identifier(parser, "a column's name is missing");
        if (name == NULL)
            return NULL;
        if (view->columns.count == LT_LIMIT_COLUMNS)
            return lt_parser_fail(parser, "too many columns");
        view->columns.names[view->columns.count++] = name;
    } while (lt_parser_try_symbol(parser, ','));
    view->columns.end = view->end = parser->last_end;
    return view;
}
