/*
 * Compiles number formats: items from characters, then Spark's checks in Spark's order, since the
 * first that fails names the error.
 */
#include "core/text/number_format.h"

#include <stdbool.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/text/number_format_items.h"

struct compiler {
    const char *text;
    uint32_t size_bytes;
    struct lt_number_format_item *items;
    uint32_t count;
    struct lt_error *error;
};

static char upper(const struct compiler *c, uint32_t at)
{
    char letter = lt_ascii_lower(c->text[at]);
    return lt_ascii_is_letter(letter) ? (char)(letter - 'a' + 'A') : letter;
}

static bool is_word(const struct compiler *c, uint32_t at, const char *word)
{
    return at + 1 < c->size_bytes && upper(c, at) == word[0] && upper(c, at + 1) == word[1];
}

static bool is_digit(const struct compiler *c, uint32_t at)
{
    return at < c->size_bytes && (c->text[at] == '0' || c->text[at] == '9');
}

static void add(struct compiler *c, enum lt_number_format_kind kind, uint32_t count)
{
    c->items[c->count++] = (struct lt_number_format_item){.kind = kind, .count = count};
}

/* A run of digits; returns how many. */
static uint32_t add_digits(struct compiler *c, uint32_t at, bool has_point)
{
    uint32_t count = 0;
    while (is_digit(c, at + count))
        count++;
    bool is_exact = c->text[at] == '0' && !has_point;
    add(c, is_exact ? LT_NUMBER_FORMAT_DIGITS_EXACT : LT_NUMBER_FORMAT_DIGITS_MOST, count);
    return count;
}

static enum lt_number_format_kind kind_of(char letter)
{
    switch (letter) {
    case '.':
    case 'D':
        return LT_NUMBER_FORMAT_POINT;
    case ',':
    case 'G':
        return LT_NUMBER_FORMAT_SEPARATOR;
    case '$':
        return LT_NUMBER_FORMAT_DOLLAR;
    case 'S':
        return LT_NUMBER_FORMAT_SIGN;
    default:
        return LT_NUMBER_FORMAT_OTHER;
    }
}

static void read_items(struct compiler *c)
{
    bool has_point = false;
    for (uint32_t at = 0; at < c->size_bytes; at++) /* the bracket of PR opens at the front */
        if (is_word(c, at, "PR")) {
            add(c, LT_NUMBER_FORMAT_OPENING, 0);
            at++;
        }
    for (uint32_t at = 0; at < c->size_bytes;) {
        if (is_digit(c, at)) {
            at += add_digits(c, at, has_point);
        } else if (is_word(c, at, "MI")) {
            add(c, LT_NUMBER_FORMAT_MINUS, 0);
            at += 2;
        } else if (is_word(c, at, "PR")) {
            add(c, LT_NUMBER_FORMAT_CLOSING, 0);
            at += 2;
        } else {
            enum lt_number_format_kind kind = kind_of(upper(c, at));
            has_point |= kind == LT_NUMBER_FORMAT_POINT;
            add(c, kind, at);
            at++;
        }
    }
}

static int refuse(const struct compiler *c, const char *condition, const char *reason)
{
    char shown[64]; /* Spark shows it in capitals */
    size_t size = c->size_bytes < sizeof shown ? c->size_bytes : sizeof shown;
    for (size_t i = 0; i < size; i++)
        shown[i] =
            c->text[i] >= 'a' && c->text[i] <= 'z' ? (char)(c->text[i] - 'a' + 'A') : c->text[i];
    int code = lt_error_set(c->error, LT_E_ANALYSIS, "The format is invalid: '%.*s'. %s", (int)size,
                            shown, reason);
    lt_error_condition(c->error, condition, "42601");
    return code;
}

/* The index of the first item of a kind, or of the first group for DIGITS_EXACT; else the count. */
static uint32_t find(const struct compiler *c, enum lt_number_format_kind kind)
{
    uint32_t i = 0;
    while (i < c->count && c->items[i].kind != kind &&
           !(kind == LT_NUMBER_FORMAT_DIGITS_EXACT && lt_number_format_is_group(&c->items[i])))
        i++;
    return i;
}

static uint32_t times(const struct compiler *c, enum lt_number_format_kind kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->count; i++)
        count += c->items[i].kind == kind;
    return count;
}

static bool is_digits_at(const struct compiler *c, uint32_t i)
{
    return i < c->count && c->items[i].kind <= LT_NUMBER_FORMAT_DIGITS_MOST;
}

static int check_places(const struct compiler *c)
{
    uint32_t digits = find(c, LT_NUMBER_FORMAT_DIGITS_EXACT);
    uint32_t dollar = find(c, LT_NUMBER_FORMAT_DOLLAR);
    uint32_t point = find(c, LT_NUMBER_FORMAT_POINT);
    if (c->size_bytes == 0)
        return refuse(c, "INVALID_FORMAT.EMPTY", "The number format string cannot be empty.");
    if (digits == c->count)
        return refuse(c, "INVALID_FORMAT.WRONG_NUM_DIGIT",
                      "The format string requires at least one number digit.");
    if (dollar != c->count && digits < dollar)
        return refuse(c, "INVALID_FORMAT.CUR_MUST_BEFORE_DIGIT",
                      "Currency characters must appear before digits in the number format.");
    if (dollar != c->count && point < dollar)
        return refuse(
            c, "INVALID_FORMAT.CUR_MUST_BEFORE_DEC",
            "Currency characters must appear before any decimal point in the number format.");
    for (uint32_t i = 0; i < point; i++)
        if (c->items[i].kind == LT_NUMBER_FORMAT_SEPARATOR &&
            !(i > 0 && is_digits_at(c, i - 1) && is_digits_at(c, i + 1)))
            return refuse(c, "INVALID_FORMAT.CONT_THOUSANDS_SEPS",
                          "Thousands separators (, or G) must have digits in between them in the "
                          "number format.");
    for (uint32_t i = point; i < c->count; i++)
        if (c->items[i].kind == LT_NUMBER_FORMAT_SEPARATOR)
            return refuse(c, "INVALID_FORMAT.THOUSANDS_SEPS_MUST_BEFORE_DEC",
                          "Thousands separators (, or G) may not appear after the decimal point in "
                          "the number format.");
    return 0;
}

static int check_counts(const struct compiler *c)
{
    static const struct {
        enum lt_number_format_kind kind;
        const char *reason;
    } once[] = {
        {LT_NUMBER_FORMAT_POINT, "it has more than one . or D"},
        {LT_NUMBER_FORMAT_SIGN, "it has more than one S"},
        {LT_NUMBER_FORMAT_MINUS, "it has more than one MI"},
        {LT_NUMBER_FORMAT_DOLLAR, "it has more than one $"},
        {LT_NUMBER_FORMAT_CLOSING, "it has more than one PR"},
    };
    for (size_t i = 0; i < sizeof once / sizeof once[0]; i++)
        if (times(c, once[i].kind) > 1)
            return refuse(c, "INVALID_FORMAT.WRONG_NUM_TOKEN", once[i].reason);
    return 0;
}

/* Whether the item may stand at a place of the order. */
static bool is_allowed(const struct lt_number_format_item *item, unsigned place)
{
    static const unsigned allowed[] = {
        1U << LT_NUMBER_FORMAT_OPENING,
        1U << LT_NUMBER_FORMAT_MINUS | 1U << LT_NUMBER_FORMAT_SIGN,
        1U << LT_NUMBER_FORMAT_DOLLAR,
        1U << LT_NUMBER_FORMAT_DIGITS_EXACT,
        1U << LT_NUMBER_FORMAT_POINT,
        1U << LT_NUMBER_FORMAT_DIGITS_EXACT,
        1U << LT_NUMBER_FORMAT_DOLLAR,
        1U << LT_NUMBER_FORMAT_MINUS | 1U << LT_NUMBER_FORMAT_SIGN | 1U << LT_NUMBER_FORMAT_CLOSING,
    };
    unsigned kind = lt_number_format_is_group(item) ? LT_NUMBER_FORMAT_DIGITS_EXACT : item->kind;
    return place < sizeof allowed / sizeof allowed[0] && (allowed[place] & 1U << kind) != 0;
}

static int check_order(const struct compiler *c)
{
    enum { PLACES = 8 };
    uint32_t i = 0;
    for (unsigned place = 0; place < PLACES && i < c->count; place++) {
        if (!is_allowed(&c->items[i], place))
            continue;
        bool is_group = lt_number_format_is_group(&c->items[i++]);
        while (is_group && i < c->count && lt_number_format_is_group(&c->items[i]))
            i++;
    }
    if (i == c->count)
        return 0;
    return refuse(
        c, "INVALID_FORMAT.UNEXPECTED_TOKEN",
        "Found the unexpected character in the format string; the structure of the format "
        "string must match: `[MI|S]` `[$]` `[0|9|G|,]*` `[.|D]` `[0|9]*` `[$]` "
        "`[PR|MI|S]`.");
}

static void measure(const struct compiler *c, struct lt_number_format *out)
{
    bool has_point = false;
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->items[i].kind == LT_NUMBER_FORMAT_POINT)
            has_point = true;
        if (is_digits_at(c, i)) {
            out->precision += c->items[i].count;
            out->scale += has_point ? c->items[i].count : 0;
        }
    }
    out->items = c->items;
    out->item_count = c->count;
    out->text_size_max = c->size_bytes + 1; /* no item gives more than it takes */
}

int lt_number_format_compile(const void *data, size_t size_bytes, struct lt_arena *arena,
                             struct lt_number_format *out, struct lt_error *error)
{
    struct compiler c = {.text = data, .size_bytes = (uint32_t)size_bytes, .error = error};
    c.items = lt_arena_alloc(arena, (size_bytes + 1) * sizeof *c.items);
    read_items(&c);
    int code = check_places(&c);
    if (code == 0)
        code = check_counts(&c);
    if (code == 0)
        code = check_order(&c);
    if (code != 0)
        return code;
    *out = (struct lt_number_format){0};
    measure(&c, out);
    return 0;
}
