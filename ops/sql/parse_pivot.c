/*
 * PIVOT, UNPIVOT and TABLESAMPLE behind a relation: told from aliases by their brackets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/limits.h"
#include "ops/sql/parse_internal.h"

/* a, or (a, b): the names or expressions of one place. */
static bool parse_group(struct lt_parser *parser, struct lt_parser_items *out)
{
    if (!lt_parser_is_symbol(parser, 0, '(')) {
        struct lt_expression *item = lt_parse_value(parser); /* IN is the clause's */
        if (item != NULL)
            lt_parser_push(parser, out, item);
        return item != NULL;
    }
    (void)lt_parser_take(parser);
    return lt_sql_parse_list(parser, out) && lt_parser_expect(parser, ')', ")");
}

/* A name behind AS, or without it; an empty one when none is there. */
static bool parse_name(struct lt_parser *parser, const char **out)
{
    *out = NULL;
    bool has_as = lt_parser_try_word(parser, "as");
    enum lt_token_kind kind = lt_parser_peek(parser, 0)->kind;
    bool is_name = kind == LT_TOKEN_WORD || kind == LT_TOKEN_QUOTED;
    if (!has_as && !is_name)
        return true;
    *out = lt_sql_parse_identifier(parser, "a name must follow AS");
    return *out != NULL;
}

/* aggregate [AS name], ..., up to FOR. */
static bool parse_aggregates(struct lt_parser *parser, struct lt_sql_pivot *pivot)
{
    do {
        struct lt_expression *item = lt_sql_parse_expression(parser);
        if (item == NULL || pivot->count == LT_SQL_PIVOT_MAX)
            return item != NULL && lt_parser_fail(parser, "too many aggregates") != NULL;
        const char *name = NULL;
        bool is_named = !lt_parser_is_word(parser, 0, "for");
        if (is_named && !lt_parser_is_symbol(parser, 0, ',') && !parse_name(parser, &name))
            return false;
        lt_parser_push(parser, &pivot->made, item);
        pivot->made_names[pivot->count++] = name;
    } while (lt_parser_try_symbol(parser, ','));
    return true;
}

/* The places behind IN: each a value or a column, or several in brackets, with a name. */
static bool parse_places(struct lt_parser *parser, struct lt_sql_pivot *pivot)
{
    if (!lt_parser_expect_word(parser, "in") || !lt_parser_expect(parser, '(', "("))
        return false;
    pivot->places = lt_arena_alloc(parser->arena, LT_LIMIT_COLUMNS * sizeof *pivot->places);
    do {
        if (pivot->place_count == LT_LIMIT_COLUMNS)
            return lt_parser_fail(parser, "too many columns") != NULL;
        struct lt_sql_pivot_place *place = &pivot->places[pivot->place_count++];
        *place = (struct lt_sql_pivot_place){0};
        if (!parse_group(parser, &place->items))
            return false;
        if (!lt_parser_is_symbol(parser, 0, ',') && !lt_parser_is_symbol(parser, 0, ')') &&
            !parse_name(parser, &place->name))
            return false;
    } while (lt_parser_try_symbol(parser, ','));
    return lt_parser_expect(parser, ')', ")") && lt_parser_expect(parser, ')', ")");
}

static struct lt_sql_pivot *parse_pivot(struct lt_parser *parser, bool is_unpivot)
{
    struct lt_sql_pivot *pivot = lt_arena_alloc(parser->arena, sizeof *pivot);
    if (is_unpivot && !lt_parser_is_symbol(parser, 0, '(')) {
        pivot->includes_nulls = lt_parser_try_word(parser, "include");
        if (!pivot->includes_nulls && !lt_parser_expect_word(parser, "exclude"))
            return NULL;
        if (!lt_parser_expect_word(parser, "nulls"))
            return NULL;
    }
    if (!lt_parser_expect(parser, '(', "("))
        return NULL;
    bool is_right =
        is_unpivot ? parse_group(parser, &pivot->made) : parse_aggregates(parser, pivot);
    if (!is_right || !lt_parser_expect_word(parser, "for") ||
        !parse_group(parser, &pivot->columns) || !parse_places(parser, pivot))
        return NULL;
    return pivot;
}

static bool refuse_sample(struct lt_parser *parser, uint32_t begin, const char *condition,
                          const char *text)
{
    return lt_parser_refuse(parser, LT_E_PARSE, condition, "", begin, begin + 11, "%s", text) !=
           NULL;
}

static bool parse_bucket(struct lt_parser *parser, uint32_t begin)
{
    if (lt_parse_value(parser) == NULL || !lt_parser_expect_word(parser, "out") ||
        !lt_parser_expect_word(parser, "of") || lt_parse_value(parser) == NULL)
        return false;
    if (lt_parser_is_word(parser, 0, "on"))
        return refuse_sample(parser, begin, "_LEGACY_ERROR_TEMP_0015",
                             "TABLESAMPLE(BUCKET x OUT OF y ON colname) is not supported");
    return lt_parser_expect(parser, ')', ")");
}

/* (10 PERCENT), (10 ROWS), (1M), (BUCKET 1 OUT OF 10 [ON x]); what is wrong with it is told here.
 * ROWS is a limit. */
static bool parse_sample(struct lt_parser *parser, uint32_t begin, bool *is_limit,
                         int64_t *limit)
{
    (void)lt_parser_take(parser);
    if (lt_parser_is_symbol(parser, 0, ')'))
        return refuse_sample(parser, begin, "_LEGACY_ERROR_TEMP_0014",
                             "TABLESAMPLE does not accept empty inputs.");
    if (lt_parser_try_word(parser, "bucket"))
        return parse_bucket(parser, begin);
    uint32_t number = lt_parser_peek(parser, 0)->begin;
    if (lt_parse_value(parser) == NULL)
        return false;
    char *end;
    double size = strtod(parser->text + number, &end);
    *is_limit = lt_parser_try_word(parser, "rows");
    *limit = *is_limit && size >= 0 && size < (double)INT32_MAX ? (int64_t)size : INT32_MAX;
    if (!*is_limit && lt_parser_try_word(parser, "percent") && (size < 0 || size > 100)) {
        char fraction[96];
        (void)snprintf(fraction, sizeof fraction,
                       "Sampling fraction (%.12g) must be on interval [0, 1]", size / 100);
        return refuse_sample(parser, begin, "_LEGACY_ERROR_TEMP_0064", fraction);
    }
    if (lt_parser_peek(parser, 0)->kind == LT_TOKEN_WORD)
        return refuse_sample(parser, begin, "_LEGACY_ERROR_TEMP_0015",
                             "TABLESAMPLE(byteLengthLiteral) is not supported");
    return lt_parser_expect(parser, ')', ")");
}

static bool begins(const struct lt_parser *parser, const char *word)
{
    return lt_parser_is_word(parser, 0, word) &&
           (lt_parser_is_symbol(parser, 1, '(') ||
            (strcmp(word, "unpivot") == 0 && lt_parser_is_word(parser, 2, "nulls")));
}

struct lt_sql_relation *lt_sql_parse_pivots(struct lt_parser *parser, struct lt_sql_relation *left)
{
    static const struct {
        const char *word;
        enum lt_sql_relation_kind kind;
    } words[] = {
        {"tablesample", LT_SQL_SAMPLE}, {"pivot", LT_SQL_PIVOT}, {"unpivot", LT_SQL_UNPIVOT}};
    for (size_t i = 0; i < sizeof words / sizeof words[0] && left != NULL; i++) {
        if (!begins(parser, words[i].word))
            continue;
        struct lt_sql_relation *over = lt_arena_alloc(parser->arena, sizeof *over);
        over->kind = words[i].kind;
        over->begin = lt_parser_take(parser).begin;
        over->left = left;
        if (words[i].kind == LT_SQL_SAMPLE) {
            if (!parse_sample(parser, over->begin, &over->is_limit, &over->limit))
                return NULL;
        } else {
            over->pivot = parse_pivot(parser, words[i].kind == LT_SQL_UNPIVOT);
            if (over->pivot == NULL)
                return NULL;
        }
        over->end = parser->last_end;
        left = lt_sql_parse_alias(parser, over) ? over : NULL;
    }
    return left;
}
