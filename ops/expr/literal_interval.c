/*
 * Interval constants: INTERVAL '1-2' YEAR TO MONTH, INTERVAL 1 DAY 2 HOURS, INTERVAL '1 day'. The
 * units that are written decide the type; years and months do not mix with days and times.
 */
#include <string.h>
#include <strings.h>

#include "core/base/clock.h"
#include "core/text/interval_parse.h"
#include "ops/expr/parser.h"

static const struct {
    const char *one, *many;
    bool is_months;
    uint8_t field;
} UNITS[] = {
    {"year", "years", true, LT_INTERVAL_YEAR},
    {"month", "months", true, LT_INTERVAL_MONTH},
    {"week", "weeks", false, LT_INTERVAL_DAY},
    {"day", "days", false, LT_INTERVAL_DAY},
    {"hour", "hours", false, LT_INTERVAL_HOUR},
    {"minute", "minutes", false, LT_INTERVAL_MINUTE},
    {"second", "seconds", false, LT_INTERVAL_SECOND},
    {"millisecond", "milliseconds", false, LT_INTERVAL_SECOND},
    {"microsecond", "microseconds", false, LT_INTERVAL_SECOND},
    {"nanosecond", "nanoseconds", false, LT_INTERVAL_SECOND}, /* a unit that no interval has */
};
enum { UNIT_COUNT = sizeof UNITS / sizeof UNITS[0] };

/* The units seen so far: their fields of each kind, as bits. */
struct fields {
    unsigned months, times;
};

static void add_unit(struct fields *fields, int unit)
{
    unsigned bit = 1U << UNITS[unit].field;
    fields->months |= UNITS[unit].is_months ? bit : 0;
    fields->times |= UNITS[unit].is_months ? 0 : bit;
}

static int unit_at(const struct lt_parser *parser, unsigned ahead)
{
    for (int i = 0; i < UNIT_COUNT; i++) {
        if (lt_parser_is_word(parser, ahead, UNITS[i].one) ||
            lt_parser_is_word(parser, ahead, UNITS[i].many))
            return i;
    }
    return -1;
}

static int next_unit(const struct lt_parser *parser)
{
    return unit_at(parser, 0);
}

static const struct lt_type *type_of(struct lt_parser *parser, struct fields fields)
{
    unsigned bits = fields.months != 0 ? fields.months : fields.times;
    struct lt_type *type = lt_arena_alloc(parser->arena, sizeof *type);
    *type = *lt_type_simple(fields.months != 0 ? LT_TYPE_INTERVAL_YEAR_MONTH
                                               : LT_TYPE_INTERVAL_DAY_TIME);
    type->interval_start = (uint8_t)__builtin_ctz(bits);
    type->interval_end = (uint8_t)(31 - __builtin_clz(bits));
    return type;
}

/* The text that stands behind INTERVAL is none. */
static struct lt_expression *refuse_text(struct lt_parser *parser, uint32_t begin)
{
    uint32_t quote = begin;
    while (quote < parser->last_end && parser->text[quote] != '\'' && parser->text[quote] != '"')
        quote++;
    return lt_parser_refuse(parser, LT_E_PARSE, "INVALID_TYPED_LITERAL", "42604", begin,
                            parser->last_end,
                            "The value of the typed literal \"INTERVAL\" is invalid: %.*s; hint: "
                            "write INTERVAL '1 day 2 hours'",
                            (int)(parser->last_end - quote), parser->text + quote);
}

/* `part` is what Spark has behind the dot, or NULL. */
static struct lt_expression *refuse(struct lt_parser *parser, int code, uint32_t begin,
                                    const char *part, const char *why)
{
    const char *condition =
        part == NULL ? "INVALID_INTERVAL_FORMAT"
                     : lt_arena_format(parser->arena, "INVALID_INTERVAL_FORMAT.%s", part);
    return lt_parser_refuse(parser, code, condition, "22006", begin, parser->last_end, "%s", why);
}

static struct lt_expression *make(struct lt_parser *parser, uint32_t begin,
                                  const struct lt_type *type, int64_t value)
{
    struct lt_expression *node = lt_parser_node(parser, LT_EXPR_LITERAL, begin, 0);
    node->type = type;
    node->value = lt_value_i64(value);
    node->end = parser->last_end;
    return node;
}

/* "1 day 2 hours", whose units were seen; `is_text` when it stood between quotes. */
static struct lt_expression *from_units(struct lt_parser *parser, uint32_t begin, const void *text,
                                        struct fields fields, bool is_text)
{
    struct lt_calendar_interval interval;
    if (fields.months != 0 && fields.times != 0)
        return lt_parser_refuse(parser, LT_E_PARSE, "_LEGACY_ERROR_TEMP_0029", "", begin,
                                parser->last_end,
                                "Cannot mix year-month and day-time fields: %.*s.",
                                (int)(parser->last_end - begin), parser->text + begin);
    enum lt_interval_parsed parsed = lt_interval_parse_units(text, strlen(text), &interval);
    if (parsed != LT_INTERVAL_PARSED && is_text)
        return refuse_text(parser, begin);
    if (parsed != LT_INTERVAL_PARSED)
        return refuse(parser, LT_E_ANALYSIS, begin, lt_interval_condition(parsed),
                      "this is not an interval");
    int64_t day_us, us;
    if (__builtin_mul_overflow((int64_t)interval.days, (int64_t)86400 * LT_US_PER_S, &day_us) ||
        __builtin_add_overflow(day_us, interval.microseconds, &us))
        return lt_parser_refuse(parser, LT_E_ANALYSIS,
                                "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION", "22015", begin,
                                parser->last_end, "the interval is too long");
    return make(parser, begin, type_of(parser, fields), fields.months != 0 ? interval.months : us);
}

/* The units named in "1 day 2 hours". */
static bool read_units(const char *text, struct fields *fields)
{
    static const char between[] = " \t\r\n0123456789+-.";
    *fields = (struct fields){0};
    for (size_t size; *(text += strspn(text, between)) != '\0'; text += size) {
        int unit = 0;
        size = strcspn(text, between);
        while (
            unit < UNIT_COUNT &&
            !(strlen(UNITS[unit].one) == size && strncasecmp(UNITS[unit].one, text, size) == 0) &&
            !(strlen(UNITS[unit].many) == size && strncasecmp(UNITS[unit].many, text, size) == 0))
            unit++;
        bool is_prefix = size == 8 && strncasecmp("interval", text, size) == 0;
        if (unit == UNIT_COUNT && !is_prefix)
            return false;
        if (unit < UNIT_COUNT)
            add_unit(fields, unit);
    }
    return fields->months != 0 || fields->times != 0;
}

/* INTERVAL 'text', no unit behind it. */
static struct lt_expression *parse_text(struct lt_parser *parser, uint32_t begin, const char *text)
{
    struct fields fields;
    if (!read_units(text, &fields))
        return refuse_text(parser, begin);
    return from_units(parser, begin, text, fields, true);
}

/* INTERVAL 'text' unit TO unit, the first unit next. */
static struct lt_expression *parse_range(struct lt_parser *parser, uint32_t begin, const char *text,
                                         int first)
{
    struct fields fields = {0};
    (void)lt_parser_take(parser);
    (void)lt_parser_take(parser); /* TO */
    int last = next_unit(parser);
    if (last < 0)
        return lt_parser_fail(parser, "a unit of time is missing");
    (void)lt_parser_take(parser);
    add_unit(&fields, first);
    add_unit(&fields, last);
    union lt_value value;
    if ((fields.months != 0 && fields.times != 0) || UNITS[first].field >= UNITS[last].field)
        return refuse(parser, LT_E_PARSE, begin, "UNSUPPORTED_FROM_TO_EXPRESSION",
                      "an interval goes from a larger unit to a smaller one");
    const struct lt_type *type = type_of(parser, fields);
    enum lt_interval_parsed parsed = lt_interval_parse(type, text, strlen(text), &value);
    if (parsed == LT_INTERVAL_OVERFLOW)
        return refuse(parser, LT_E_ANALYSIS, begin, lt_interval_condition(parsed),
                      "the interval is too long");
    bool has_notice = parsed == LT_INTERVAL_UNMATCHED && fields.months == 0;
    if (parsed != LT_INTERVAL_PARSED)
        return refuse(parser, LT_E_PARSE, begin,
                      has_notice ? "UNMATCHED_FORMAT_STRING_WITH_NOTICE"
                                 : lt_interval_condition(parsed),
                      "the text is not an interval of these units");
    return make(parser, begin, type, value.i64);
}

/* The next value as text, with its sign. NULL: failed. */
static const char *take_value(struct lt_parser *parser)
{
    const char *sign = lt_parser_try_symbol(parser, '-') ? "-" : "";
    (void)lt_parser_try_symbol(parser, '+');
    const struct lt_token *token = lt_parser_peek(parser, 0);
    if (token->kind == LT_TOKEN_STRING) {
        const struct lt_expression *text = lt_parse_string(parser);
        if (text == NULL)
            return NULL;
        return lt_arena_format(parser->arena, "%s%.*s", sign, (int)text->value.bytes.size_bytes,
                               (const char *)text->value.bytes.data);
    }
    if (token->kind != LT_TOKEN_INTEGER && token->kind != LT_TOKEN_NUMBER)
        return lt_parser_fail(parser, "a number is missing");
    struct lt_token number = lt_parser_take(parser);
    return lt_arena_format(parser->arena, "%s%.*s", sign, (int)(number.end - number.begin),
                           parser->text + number.begin);
}

/* Beside a unit a text is a number. */
static bool is_number(const char *text)
{
    return text[strspn(text, " \t\r\n+-.0123456789")] == '\0';
}

static bool is_value(const struct lt_parser *parser, unsigned ahead)
{
    enum lt_token_kind kind = lt_parser_peek(parser, ahead)->kind;
    return kind == LT_TOKEN_STRING || kind == LT_TOKEN_INTEGER || kind == LT_TOKEN_NUMBER;
}

/* A sign is one of a value only where a unit follows: `INTERVAL 1 DAY - 2` is a difference. */
static bool is_signed_value(const struct lt_parser *parser, unsigned ahead)
{
    bool is_sign =
        lt_parser_is_symbol(parser, ahead, '-') || lt_parser_is_symbol(parser, ahead, '+');
    return is_sign && is_value(parser, ahead + 1) && unit_at(parser, ahead + 2) >= 0;
}

bool lt_parser_is_interval(const struct lt_parser *parser)
{
    return lt_parser_is_word(parser, 0, "interval") &&
           (is_value(parser, 1) || is_signed_value(parser, 1));
}

/* "1 day 2 hours" as it grows, in the arena, by doubling: a list may be long. */
struct units {
    char *text;
    size_t size_bytes, capacity;
};

static void append(struct lt_parser *parser, struct units *all, const char *value, int unit)
{
    const char *piece = lt_arena_format(parser->arena, " %s %s", value, UNITS[unit].one);
    size_t size = strlen(piece);
    if (all->size_bytes + size >= all->capacity) {
        all->capacity = 2 * (all->size_bytes + size + 1);
        char *larger = lt_arena_alloc(parser->arena, all->capacity);
        if (all->size_bytes > 0)
            memcpy(larger, all->text, all->size_bytes);
        all->text = larger;
    }
    memcpy(all->text + all->size_bytes, piece, size + 1);
    all->size_bytes += size;
}

struct lt_expression *lt_parse_interval(struct lt_parser *parser)
{
    uint32_t begin = lt_parser_take(parser).begin;
    struct fields fields = {0};
    struct units all = {0};
    do {
        bool is_text = lt_parser_peek(parser, 0)->kind == LT_TOKEN_STRING;
        const char *value = take_value(parser);
        if (value == NULL)
            return NULL;
        int unit = next_unit(parser);
        if (unit < 0 && is_text && all.size_bytes == 0)
            return parse_text(parser, begin, value);
        if (unit < 0)
            return lt_parser_fail(parser, "a unit of time is missing");
        bool is_range = all.size_bytes == 0 && lt_parser_is_word(parser, 1, "to");
        if (is_range && !is_text)
            return lt_parser_refuse(parser, LT_E_PARSE, "_LEGACY_ERROR_TEMP_0027", "", begin,
                                    parser->last_end,
                                    "The value of from-to unit must be a string.");
        if (is_range)
            return parse_range(parser, begin, value, unit);
        if (is_text && !is_number(value))
            return lt_parser_refuse(
                parser, LT_E_PARSE, "_LEGACY_ERROR_TEMP_0026", "", begin, parser->last_end,
                "Can only use numbers in the interval value part for multiple unit value pairs "
                "interval form, but got invalid value: %s.",
                value);
        (void)lt_parser_take(parser);
        add_unit(&fields, unit);
        append(parser, &all, value, unit);
    } while (is_value(parser, 0) || is_signed_value(parser, 0));
    return from_units(parser, begin, all.text, fields, false);
}
