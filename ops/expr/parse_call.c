/*
 * Calls: a name and what stands in its brackets. Some functions take words there in place of
 * commas - TRIM(BOTH 'x' FROM a), SUBSTRING(a FROM 2 FOR 3), OVERLAY(a PLACING b FROM 2),
 * POSITION(a IN b) - and become plain calls here. Arguments by name, and functions that stand for
 * syntax, are call_forms.c's.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "ops/expr/parser.h"

static struct lt_expression *finish_call(struct lt_parser *parser, const char *name, uint32_t begin,
                                         const struct lt_parser_items *items)
{
    if (!lt_parser_expect(parser, ')', ")"))
        return NULL;
    struct lt_expression *call = lt_parser_call(parser, name, begin, 0);
    call->arguments = items->items;
    call->argument_count = items->count;
    return call;
}

/* The text to be trimmed, FROM taken. */
static struct lt_expression *parse_trimmed(struct lt_parser *parser, const char *name,
                                           uint32_t begin, struct lt_parser_items *items)
{
    struct lt_expression *text = lt_parse_expression(parser);
    if (text == NULL)
        return NULL;
    lt_parser_push(parser, items, text);
    return finish_call(parser, name, begin, items);
}

static bool begins_trim(const struct lt_parser *parser, const char *name)
{
    static const char *const words[] = {"both", "leading", "trailing", "from"};
    bool begins = false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        begins = begins || lt_parser_is_word(parser, 0, words[i]);
    return begins && strcmp(name, "trim") == 0;
}

/* TRIM([BOTH|LEADING|TRAILING] [characters] FROM text), the name and '(' taken. */
static struct lt_expression *parse_trim(struct lt_parser *parser, uint32_t begin)
{
    const char *name = "trim";
    if (lt_parser_try_word(parser, "leading"))
        name = "ltrim";
    else if (lt_parser_try_word(parser, "trailing"))
        name = "rtrim";
    else
        (void)lt_parser_try_word(parser, "both");
    struct lt_parser_items items = {0};
    if (!lt_parser_is_word(parser, 0, "from")) {
        struct lt_expression *characters = lt_parse_expression(parser);
        if (characters == NULL)
            return NULL;
        lt_parser_push(parser, &items, characters);
    }
    return lt_parser_expect_word(parser, "from") ? parse_trimmed(parser, name, begin, &items)
                                                 : NULL;
}

/* The arguments after the first of SUBSTRING(text FROM start FOR count). */
static struct lt_expression *parse_substring_from(struct lt_parser *parser, uint32_t begin,
                                                  struct lt_parser_items *items)
{
    do {
        struct lt_expression *item = lt_parse_expression(parser);
        if (item == NULL)
            return NULL;
        lt_parser_push(parser, items, item);
    } while (items->count == 2 && lt_parser_try_word(parser, "for"));
    return finish_call(parser, "substring", begin, items);
}

/* The arguments after the first of OVERLAY(text PLACING other FROM start [FOR count]). */
static struct lt_expression *parse_overlay(struct lt_parser *parser, uint32_t begin,
                                           struct lt_parser_items *items)
{
    static const char *const words[] = {"placing", "from", "for"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        bool is_optional = i == 2;
        if (is_optional && !lt_parser_is_word(parser, 0, words[i]))
            break;
        if (!lt_parser_expect_word(parser, words[i]))
            return NULL;
        struct lt_expression *item = lt_parse_expression(parser);
        if (item == NULL)
            return NULL;
        lt_parser_push(parser, items, item);
    }
    return finish_call(parser, "overlay", begin, items);
}

/* The rest of a call whose last argument is followed by a word instead of a comma. *is_form is
 * false, and nothing is taken, where there is none. */
static struct lt_expression *parse_words(struct lt_parser *parser, const char *name, uint32_t begin,
                                         struct lt_parser_items *items, bool *is_form)
{
    bool is_first = items->count == 1, is_placing = lt_parser_is_word(parser, 0, "placing");
    bool is_substring = strcmp(name, "substring") == 0 || strcmp(name, "substr") == 0;
    *is_form = is_placing || lt_parser_is_word(parser, 0, "from");
    if (!*is_form)
        return NULL;
    if (is_first && is_placing && strcmp(name, "overlay") == 0)
        return parse_overlay(parser, begin, items);
    if (is_first && is_substring && lt_parser_try_word(parser, "from"))
        return parse_substring_from(parser, begin, items);
    if (is_first && strcmp(name, "trim") == 0 && lt_parser_try_word(parser, "from"))
        return parse_trimmed(parser, name, begin, items);
    return lt_parser_later(parser, begin, "this form of a call");
}

/* At least one argument. An aggregate of distinct values is the aggregate of a call of "distinct";
 * the arguments of struct() may have aliases. */
static struct lt_expression *parse_arguments(struct lt_parser *parser, const char *name,
                                             uint32_t begin, bool is_distinct)
{
    bool is_position = strcmp(name, "position") == 0, is_struct = strcmp(name, "struct") == 0;
    struct lt_parser_items items = {0};
    bool has_more = true;
    while (has_more) {
        bool wants_in = is_position && items.count == 0, is_form;
        struct lt_expression *item = wants_in    ? lt_parse_value(parser)
                                     : is_struct ? lt_parse_named(parser)
                                                 : lt_parse_argument(parser);
        if (item == NULL)
            return NULL;
        if (is_distinct)
            item = lt_parser_call1(parser, "distinct", item->begin, item);
        lt_parser_push(parser, &items, item);
        struct lt_expression *call = parse_words(parser, name, begin, &items, &is_form);
        if (is_form)
            return call;
        has_more = wants_in && lt_parser_try_word(parser, "in");
        name = has_more ? "locate" : name;
        has_more = has_more || lt_parser_try_symbol(parser, ',');
    }
    return finish_call(parser, name, begin, &items);
}

/* '(' and what follows. */
static struct lt_expression *parse_bracket(struct lt_parser *parser, const char *name,
                                           uint32_t begin)
{
    struct lt_parser_items items = {0};
    (void)lt_parser_take(parser);
    if (begins_trim(parser, name))
        return parse_trim(parser, begin);
    if (lt_parser_is_extract(parser, name))
        return lt_parse_extract(parser, begin);
    if (lt_parser_is_symbol(parser, 0, ')'))
        return finish_call(parser, name, begin, &items);
    if (strcmp(name, "count") == 0 && lt_parser_is_symbol(parser, 0, '*') &&
        lt_parser_is_symbol(parser, 1, ')')) {
        struct lt_token star = lt_parser_take(parser);
        lt_parser_push(parser, &items, lt_parser_node(parser, LT_EXPR_STAR, star.begin, 0));
        return finish_call(parser, name, begin, &items);
    }
    bool is_distinct =
        lt_parser_is_word(parser, 0, "distinct") && lt_parser_begins_operand(parser, 1);
    if (is_distinct)
        (void)lt_parser_take(parser);
    return parse_arguments(parser, name, begin, is_distinct);
}

/* INT('5'): a simple type's name as a function is a cast. */
static const struct lt_type *type_function(const char *name)
{
    static const enum lt_type_kind kinds[] = {LT_TYPE_BOOLEAN,   LT_TYPE_TINYINT, LT_TYPE_SMALLINT,
                                              LT_TYPE_INT,       LT_TYPE_BIGINT,  LT_TYPE_FLOAT,
                                              LT_TYPE_DOUBLE,    LT_TYPE_STRING,  LT_TYPE_BINARY,
                                              LT_TYPE_TIMESTAMP, LT_TYPE_DATE,    LT_TYPE_DECIMAL};
    static const char *const names[] = {
#define NAME(kind, text) [LT_TYPE_##kind] = text,
        LT_TYPE_MAP(NAME)
#undef NAME
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(names[kinds[i]], name) == 0)
            return lt_type_simple(kinds[i]);
    }
    return NULL;
}

static const char *lowered(struct lt_parser *parser, const char *name)
{
    char *lower = lt_arena_text(parser->arena, name);
    for (char *c = lower; *c != '\0'; c++)
        *c = lt_ascii_lower(*c);
    return lower;
}

struct lt_expression *lt_parse_call(struct lt_parser *parser, const char *written, uint32_t begin)
{
    const char *name = lowered(parser, written);
    struct lt_expression *call = parse_bracket(parser, name, begin);
    if (call == NULL)
        return NULL;
    const struct lt_type *target = type_function(name);
    if (target != NULL && call->argument_count != 1)
        return lt_parser_refuse(parser, LT_E_ANALYSIS, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "42605",
                                begin, call->end,
                                "The `%s` requires 1 parameters but the actual number is %u. "
                                "Please, refer to "
                                "'https://spark.apache.org/docs/latest/sql-ref-functions.html' for "
                                "a fix.",
                                name, call->argument_count);
    if (target == NULL)
        call = lt_parser_named_call(parser, call);
    if (call == NULL)
        return NULL;
    call = target != NULL ? lt_parser_cast(parser, call->arguments[0], target, begin)
                          : lt_parser_call_form(parser, call);
    if (call == NULL)
        return NULL;
    call->is_call = true;
    return target == NULL ? lt_parser_unit_call(parser, call) : call;
}
