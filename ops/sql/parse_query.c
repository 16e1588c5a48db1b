/*
 * Queries: WITH, SELECT and its clauses, set operations, and what may stand behind them. INTERSECT
 * binds tighter than UNION and EXCEPT.
 */
#include <string.h>

#include "core/base/limits.h"
#include "ops/sql/parse_internal.h"

/* -------------------------------------------------------------------------------------- select */

static bool is_name(const struct lt_parser *parser, unsigned ahead)
{
    enum lt_token_kind kind = lt_parser_peek(parser, ahead)->kind;
    return kind == LT_TOKEN_WORD || kind == LT_TOKEN_QUOTED;
}

static bool parse_items(struct lt_parser *parser, struct lt_sql_select *select)
{
    unsigned budget = LT_PARSE_NODES;
    do {
        struct lt_expression *item = lt_parse_named(parser);
        if (item == NULL || !lt_parse_check_size(parser, item, &budget))
            return false;
        lt_parser_push(parser, &select->items, item);
        if (lt_parser_is_symbol(parser, 0, ',') && lt_parser_is_word(parser, 1, "from") &&
            is_name(parser, 2)) {
            uint32_t begin = lt_parser_peek(parser, 1)->begin;
            return lt_parser_refuse(parser, LT_E_PARSE, "TRAILING_COMMA_IN_SELECT", "42601", begin,
                                    begin + 4,
                                    "Trailing comma detected in SELECT clause. Remove the trailing "
                                    "comma before the FROM clause.") != NULL;
        }
    } while (lt_parser_try_symbol(parser, ','));
    return true;
}

/* The sets of GROUPING SETS, ROLLUP or CUBE, the bracket next: (a, (b, c), ()). */
static bool parse_sets_of_groups(struct lt_parser *parser, struct lt_parser_items *out)
{
    if (!lt_parser_expect(parser, '(', "("))
        return false;
    do {
        bool is_empty = lt_parser_is_symbol(parser, 0, '(') && lt_parser_is_symbol(parser, 1, ')');
        if (is_empty) {
            (void)lt_parser_take(parser);
            (void)lt_parser_take(parser);
            continue;
        }
        struct lt_expression *item = lt_sql_parse_expression(parser);
        if (item == NULL)
            return false;
        bool is_set = item->kind == LT_EXPR_CALL && strcmp(item->name, "struct") == 0;
        for (uint32_t i = 0; i < item->argument_count && is_set; i++)
            lt_parser_push(parser, out, item->arguments[i]);
        if (!is_set)
            lt_parser_push(parser, out, item);
    } while (lt_parser_try_symbol(parser, ','));
    return lt_parser_expect(parser, ')', ")");
}

/* Takes ROLLUP, CUBE or GROUPING SETS if that is next. */
static bool try_sets(struct lt_parser *parser)
{
    if (lt_parser_is_word(parser, 0, "grouping") && lt_parser_is_word(parser, 1, "sets"))
        return lt_parser_try_word(parser, "grouping") && lt_parser_try_word(parser, "sets");
    return lt_parser_is_symbol(parser, 1, '(') &&
           (lt_parser_try_word(parser, "rollup") || lt_parser_try_word(parser, "cube"));
}

/* GROUP BY a, b [WITH ROLLUP|CUBE], GROUP BY ROLLUP(...), CUBE(...), GROUPING SETS(...), ALL. */
static bool parse_group_by(struct lt_parser *parser, struct lt_sql_select *select)
{
    if (!lt_parser_expect_word(parser, "by"))
        return false;
    select->grouping = LT_SQL_GROUPED;
    do {
        if (try_sets(parser)) {
            select->grouping = LT_SQL_GROUPING_SETS;
            if (!parse_sets_of_groups(parser, &select->group_by))
                return false;
            continue;
        }
        struct lt_expression *item = lt_sql_parse_expression(parser);
        if (item == NULL)
            return false;
        lt_parser_push(parser, &select->group_by, item);
    } while (lt_parser_try_symbol(parser, ','));
    struct lt_parser_items again = {0};
    bool has_sets = lt_parser_is_word(parser, 0, "grouping") && try_sets(parser);
    if (has_sets && !parse_sets_of_groups(parser, &again))
        return false;
    if (lt_parser_is_word(parser, 0, "with") &&
        (lt_parser_is_word(parser, 1, "rollup") || lt_parser_is_word(parser, 1, "cube"))) {
        (void)lt_parser_take(parser);
        (void)lt_parser_take(parser);
        has_sets = true;
    }
    if (has_sets)
        select->grouping = LT_SQL_GROUPING_SETS;
    const struct lt_expression *only =
        select->group_by.count == 1 ? select->group_by.items[0] : NULL;
    if (only != NULL && only->kind == LT_EXPR_COLUMN && strcmp(only->name, "ALL") == 0)
        select->grouping = LT_SQL_GROUPED_ALL;
    return true;
}

/* WINDOW name AS (...), ... */
static bool parse_windows(struct lt_parser *parser, struct lt_sql_select *select)
{
    enum { WINDOWS_MAX = 64 };
    select->windows = lt_arena_alloc(parser->arena, WINDOWS_MAX * sizeof *select->windows);
    do {
        if (select->window_count == WINDOWS_MAX)
            return lt_parser_fail(parser, "too many windows") != NULL;
        const char *name = lt_sql_parse_identifier(parser, "the name of a window is missing");
        struct lt_expression over = {.index = -1};
        if (name == NULL || !lt_parser_expect_word(parser, "as") || !lt_parse_window(parser, &over))
            return false;
        select->windows[select->window_count++] = name;
    } while (lt_parser_try_symbol(parser, ','));
    return true;
}

/* The hints of a select stand in a comment behind its first word: they are parsed from the text. */
static void parse_hints(struct lt_parser *parser, struct lt_sql_select *select)
{
    const char *at = parser->text + parser->last_end;
    at += strspn(at, " \t\r\n");
    const char *end = strncmp(at, "/*+", 3) == 0 ? strstr(at, "*/") : NULL;
    if (end == NULL)
        return;
    struct lt_parser inner;
    struct lt_error ignored; /* Spark warns of hints that it does not understand */
    lt_parser_init_part(&inner, parser->text, (uint32_t)(at + 3 - parser->text),
                        (uint32_t)(end - parser->text), parser->arena, &ignored);
    do {
        struct lt_expression *hint = lt_sql_parse_expression(&inner);
        if (hint == NULL)
            return;
        lt_parser_push(parser, &select->hints, hint);
    } while (lt_parser_try_symbol(&inner, ',') || lt_parser_peek(&inner, 0)->kind == LT_TOKEN_WORD);
}

static bool parse_clauses(struct lt_parser *parser, struct lt_sql_select *select)
{
    while (lt_parser_is_word(parser, 0, "lateral") && lt_parser_is_word(parser, 1, "view")) {
        select->from = lt_sql_parse_lateral_view(parser, select->from);
        if (select->from == NULL)
            return false;
    }
    if (lt_parser_try_word(parser, "where") &&
        (select->where = lt_sql_parse_expression(parser)) == NULL)
        return false;
    select->group_begin = lt_parser_peek(parser, 0)->begin;
    if (lt_parser_try_word(parser, "group") && !parse_group_by(parser, select))
        return false;
    if (lt_parser_try_word(parser, "having") &&
        (select->having = lt_sql_parse_expression(parser)) == NULL)
        return false;
    return !lt_parser_try_word(parser, "window") || parse_windows(parser, select);
}

static struct lt_sql_query *query_at(struct lt_parser *parser, uint32_t begin)
{
    struct lt_sql_query *query = lt_arena_alloc(parser->arena, sizeof *query);
    query->begin = begin;
    return query;
}

static struct lt_sql_relation *one_row(struct lt_parser *parser, uint32_t begin)
{
    struct lt_sql_relation *relation = lt_arena_alloc(parser->arena, sizeof *relation);
    relation->kind = LT_SQL_ONE_ROW;
    relation->begin = relation->end = begin;
    return relation;
}

/* SELECT ... [FROM ...], or Hive's FROM ... SELECT ... */
static struct lt_sql_query *parse_select(struct lt_parser *parser)
{
    uint32_t begin = lt_parser_peek(parser, 0)->begin;
    struct lt_sql_query *query = query_at(parser, begin);
    struct lt_sql_select *select = lt_arena_alloc(parser->arena, sizeof *select);
    query->select = select;
    select->begin = begin;
    if (lt_parser_try_word(parser, "from") && (select->from = lt_sql_parse_from(parser)) == NULL)
        return NULL;
    if (!lt_parser_expect_word(parser, "select"))
        return NULL;
    parse_hints(parser, select);
    bool has_operand = lt_parser_begins_operand(parser, 1) || lt_parser_is_symbol(parser, 1, '*');
    if (has_operand && lt_parser_is_word(parser, 0, "distinct"))
        select->is_distinct = lt_parser_try_word(parser, "distinct");
    else if (has_operand)
        (void)lt_parser_try_word(parser, "all");
    if (!parse_items(parser, select))
        return NULL;
    if (select->from == NULL && lt_parser_try_word(parser, "from") &&
        (select->from = lt_sql_parse_from(parser)) == NULL)
        return NULL;
    if (select->from == NULL)
        select->from = one_row(parser, begin);
    if (!parse_clauses(parser, select))
        return NULL;
    select->end = query->end = parser->last_end;
    return query;
}

/* SELECT * FROM the relation; the query begins at `begin`. */
static struct lt_sql_query *select_all(struct lt_parser *parser, uint32_t begin,
                                       struct lt_sql_relation *from)
{
    struct lt_sql_query *query = query_at(parser, begin);
    query->select = lt_arena_alloc(parser->arena, sizeof *query->select);
    query->select->from = from;
    lt_parser_push(parser, &query->select->items, lt_parser_node(parser, LT_EXPR_STAR, begin, 0));
    query->end = query->select->end = parser->last_end;
    return query;
}

/* TABLE name is SELECT * FROM name. */
static struct lt_sql_query *parse_table(struct lt_parser *parser)
{
    struct lt_sql_relation *from = lt_arena_alloc(parser->arena, sizeof *from);
    uint32_t begin = lt_parser_take(parser).begin;
    from->kind = LT_SQL_TABLE;
    if (!lt_sql_parse_name(parser, &from->table))
        return NULL;
    from->begin = from->table.begin;
    from->end = from->table.end;
    return select_all(parser, begin, from);
}

/* VALUES (a, b), (c, d) is SELECT inline(array(struct(a, b), struct(c, d))). */
struct lt_sql_query *lt_sql_parse_values(struct lt_parser *parser, struct lt_sql_relation *alias)
{
    uint32_t begin = lt_parser_take(parser).begin;
    struct lt_sql_query *query = query_at(parser, begin);
    struct lt_expression *rows = lt_parser_call(parser, "array", begin, 0);
    struct lt_parser_items items = {0};
    uint32_t columns = 0;
    if (!lt_sql_parse_list(parser, &items))
        return NULL;
    query->end = parser->last_end;
    if (alias != NULL && !lt_sql_parse_alias(parser, alias))
        return NULL;
    if (alias != NULL)
        columns = alias->columns.count;
    for (uint32_t i = 0; i < items.count; i++) {
        struct lt_expression *row = items.items[i];
        bool is_row = row->kind == LT_EXPR_CALL && strcmp(row->name, "struct") == 0;
        uint32_t count = is_row ? row->argument_count : 1;
        columns = columns == 0 ? count : columns;
        if (count != columns)
            return lt_parser_refuse(parser, LT_E_ANALYSIS,
                                    "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH", "42000", begin,
                                    parser->last_end,
                                    "Invalid inline table. Inline table expected %u columns but "
                                    "found %u columns in row %u.",
                                    columns, count, i);
        if (!is_row)
            items.items[i] = lt_parser_call1(parser, "struct", row->begin, row);
    }
    rows->arguments = items.items;
    rows->argument_count = items.count;
    query->select = lt_arena_alloc(parser->arena, sizeof *query->select);
    query->select->begin = begin;
    query->select->from = one_row(parser, begin);
    lt_parser_push(parser, &query->select->items, lt_parser_call1(parser, "inline", begin, rows));
    query->is_values = true;
    query->value_names = alias != NULL ? &alias->columns : NULL;
    query->select->end = query->end;
    return query;
}

/* VALUES as a query of its own: it may have a name, and names for its columns. */
static struct lt_sql_query *parse_inline_table(struct lt_parser *parser)
{
    struct lt_sql_relation *from = lt_arena_alloc(parser->arena, sizeof *from);
    from->kind = LT_SQL_SUBQUERY;
    from->begin = lt_parser_peek(parser, 0)->begin;
    from->query = lt_sql_parse_values(parser, from);
    from->end = parser->last_end;
    if (from->query == NULL)
        return NULL;
    return from->alias == NULL ? from->query : select_all(parser, from->begin, from);
}

/* -------------------------------------------------------------------------------------- queries */

/* What may stand behind a query as a whole. */
static bool parse_tail(struct lt_parser *parser, struct lt_sql_query *query)
{
    static const char *const words[] = {"distribute", "cluster", "sort", "order"};
    struct lt_parser_items *lists[] = {&query->distribute_by, &query->distribute_by,
                                       &query->sort_by, &query->order_by};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!lt_parser_is_word(parser, 0, words[i]) || !lt_parser_is_word(parser, 1, "by"))
            continue;
        (void)lt_parser_take(parser);
        (void)lt_parser_take(parser);
        query->is_clustered |= strcmp(words[i], "cluster") == 0;
        do {
            struct lt_expression *item = lt_sql_parse_expression(parser);
            if (item == NULL)
                return false;
            lt_parser_push(parser, lists[i], item);
            (void)(lt_parser_try_word(parser, "asc") || lt_parser_try_word(parser, "desc"));
            if (lt_parser_try_word(parser, "nulls") && !lt_parser_try_word(parser, "first") &&
                !lt_parser_expect_word(parser, "last"))
                return false;
        } while (lt_parser_try_symbol(parser, ','));
    }
    if (lt_parser_try_word(parser, "limit") && !lt_parser_try_word(parser, "all") &&
        (query->limit = lt_sql_parse_expression(parser)) == NULL)
        return false;
    return !lt_parser_try_word(parser, "offset") ||
           (query->offset = lt_sql_parse_expression(parser)) != NULL;
}

static struct lt_sql_query *parse_term(struct lt_parser *parser)
{
    if (lt_parser_is_word(parser, 0, "table"))
        return parse_table(parser);
    if (lt_parser_is_word(parser, 0, "values"))
        return parse_inline_table(parser);
    if (!lt_parser_is_symbol(parser, 0, '('))
        return parse_select(parser);
    struct lt_sql_query *query = query_at(parser, lt_parser_take(parser).begin);
    query->nested = lt_sql_parse_query(parser);
    if (query->nested == NULL || !lt_parser_expect(parser, ')', ")"))
        return NULL;
    query->end = parser->last_end;
    return query;
}

static enum lt_sql_set next_set(const struct lt_parser *parser)
{
    if (lt_parser_is_word(parser, 0, "union"))
        return LT_SQL_UNION;
    if (lt_parser_is_word(parser, 0, "intersect"))
        return LT_SQL_INTERSECT;
    return lt_parser_is_word(parser, 0, "except") || lt_parser_is_word(parser, 0, "minus")
               ? LT_SQL_EXCEPT
               : LT_SQL_NO_SET;
}

/* The operator next, its right side not yet read. */
static struct lt_sql_query *parse_set(struct lt_parser *parser, struct lt_sql_query *left)
{
    struct lt_sql_query *query = query_at(parser, left->begin);
    query->set = next_set(parser);
    (void)lt_parser_take(parser);
    query->left = left;
    query->is_all = lt_parser_try_word(parser, "all");
    if (!query->is_all)
        (void)lt_parser_try_word(parser, "distinct");
    return query;
}

/* A chain of UNION ALL is walked; all others are gone into. */
static bool nests(const struct lt_sql_query *query)
{
    return query->set != LT_SQL_UNION || !query->is_all;
}

static bool check_depth(struct lt_parser *parser, unsigned depth, uint32_t begin)
{
    return depth <= 3 * LT_LIMIT_EXPRESSION_DEPTH ||
           lt_parser_refuse(parser, LT_E_LIMIT, "EXPRESSION_TOO_DEEP", "54001", begin, begin + 1,
                            "queries are nested too deep") != NULL;
}

static struct lt_sql_query *parse_intersections(struct lt_parser *parser)
{
    struct lt_sql_query *left = parse_term(parser);
    unsigned depth = 0;
    while (left != NULL && next_set(parser) == LT_SQL_INTERSECT) {
        left = parse_set(parser, left);
        if (!check_depth(parser, ++depth, left->begin))
            return NULL;
        left->right = parse_term(parser);
        if (left->right == NULL)
            return NULL;
        left->end = parser->last_end;
    }
    return left;
}

static struct lt_sql_query *parse_sets(struct lt_parser *parser)
{
    struct lt_sql_query *left = parse_intersections(parser);
    unsigned depth = 0;
    while (left != NULL && next_set(parser) != LT_SQL_NO_SET) {
        left = parse_set(parser, left);
        if (nests(left) && !check_depth(parser, ++depth, left->begin))
            return NULL;
        left->right = parse_intersections(parser);
        if (left->right == NULL)
            return NULL;
        left->end = parser->last_end;
    }
    return left;
}

/* ----------------------------------------------------------------------------------------- WITH */

static bool parse_cte(struct lt_parser *parser, struct lt_sql_cte *out)
{
    out->begin = lt_parser_peek(parser, 0)->begin;
    out->name = lt_sql_parse_capturing(parser, "the name of a common table expression is missing");
    if (out->name == NULL)
        return false;
    out->end = parser->last_end;
    if (lt_parser_is_symbol(parser, 0, '(') && !lt_sql_parse_columns(parser, false, &out->columns))
        return false;
    (void)lt_parser_try_word(parser, "as");
    if (!lt_parser_expect(parser, '(', "("))
        return false;
    out->query = lt_sql_parse_query(parser);
    return out->query != NULL && lt_parser_expect(parser, ')', ")");
}

enum { CTES_MAX = 256 };

bool lt_sql_parse_ctes(struct lt_parser *parser, struct lt_sql_cte **out, uint32_t *count)
{
    uint32_t begin = lt_parser_take(parser).begin;
    if (lt_parser_is_word(parser, 0, "recursive") && !lt_parser_is_word(parser, 1, "as"))
        return lt_parser_later(parser, begin, "WITH RECURSIVE") != NULL;
    struct lt_sql_cte *ctes = lt_arena_alloc(parser->arena, CTES_MAX * sizeof *ctes);
    *count = 0;
    do {
        if (*count == CTES_MAX)
            return lt_parser_refuse(parser, LT_E_LIMIT, "", "", begin, begin + 4,
                                    "more than %d common table expressions", (int)CTES_MAX) != NULL;
        if (!parse_cte(parser, &ctes[*count]))
            return false;
        ++*count;
    } while (lt_parser_try_symbol(parser, ','));
    *out = ctes;
    return true;
}

/* A query behind its WITH, with what stands behind it. `(query) LIMIT 1` wraps: the clauses are not
 * those of the query in brackets. */
static struct lt_sql_query *parse_rest(struct lt_parser *parser)
{
    struct lt_sql_query *query = parse_sets(parser);
    if (query == NULL || !parse_tail(parser, query))
        return NULL;
    query->end = parser->last_end;
    return query;
}

struct lt_sql_query *lt_sql_parse_query(struct lt_parser *parser)
{
    uint32_t begin = lt_parser_peek(parser, 0)->begin, count = 0;
    struct lt_sql_cte *ctes = NULL;
    if (!check_depth(parser, ++parser->depth, begin))
        return NULL;
    if (lt_parser_is_word(parser, 0, "with") && !lt_sql_parse_ctes(parser, &ctes, &count))
        return NULL;
    struct lt_sql_query *query = parse_rest(parser);
    if (query == NULL)
        return NULL;
    /* The query in WITH sees the names, so they stand at it, or around a set operation. */
    query->ctes = ctes;
    query->cte_count = count;
    query->begin = begin;
    parser->depth--;
    return query;
}

struct lt_sql_query *lt_sql_query_with(struct lt_parser *parser, struct lt_sql_query *query,
                                       struct lt_sql_cte *ctes, uint32_t count)
{
    struct lt_sql_query *outer = query_at(parser, query->begin);
    outer->end = query->end;
    outer->nested = query;
    outer->ctes = ctes;
    outer->cte_count = count;
    return outer;
}
