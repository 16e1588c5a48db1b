/*
 * Character classes. Java's may hold others, [a[bc]], and be cut with others, [a-z&&[^b]]. A class
 * without such parts stays one; else it becomes an expression that matches one character: parts
 * side by side, and what must hold besides as look-aheads.
 *
 * Where letters match in both cases but only those of ASCII (Java without the flag u), the other
 * case is added to the class.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "core/text/utf8.h"
#include "ops/expr/regexp_translate.h"

/* ----------------------------------------------------------------------------------- properties */

/* Names that PCRE2 does not know, or knows otherwise. */
static const struct {
    const char *java, *set;
} PROPERTIES[] = {
    {"Lower", "a-z"},
    {"Upper", "A-Z"},
    {"ASCII", "\\x00-\\x7F"},
    {"Alpha", "A-Za-z"},
    {"Digit", "0-9"},
    {"Alnum", "0-9A-Za-z"},
    {"Punct", "!-\\/:-@\\[-`{-~"},
    {"Graph", "!-~"},
    {"Print", " -~"},
    {"Blank", " \\t"},
    {"Cntrl", "\\x00-\\x1F\\x7F"},
    {"XDigit", "0-9A-Fa-f"},
    {"Space", " \\t-\\r"},
    {"all", "\\x{0}-\\x{10FFFF}"},
    {"L1", "\\x{0}-\\x{FF}"},
    {"LD", "\\p{L}\\p{Nd}"},
    {"LC", "\\p{Lu}\\p{Ll}\\p{Lt}"},
    {"IsAlphabetic", "\\p{Alphabetic}"},
    {"IsLetter", "\\p{L}"},
    {"IsDigit", "\\p{Nd}"},
    {"IsAlnum", "\\p{Alphabetic}\\p{Nd}"},
    {"IsLowercase", "\\p{Lowercase}"},
    {"IsUppercase", "\\p{Uppercase}"},
    {"IsTitlecase", "\\p{Lt}"},
    {"IsPunctuation", "\\p{P}"},
    {"IsControl", "\\p{Cc}"},
    {"IsWhite_Space", "\\p{White_Space}"},
    {"IsIdeographic", "\\p{Ideographic}"},
    {"IsHex_Digit", "\\p{Nd}0-9A-Fa-f\\x{FF10}-\\x{FF19}\\x{FF21}-\\x{FF26}\\x{FF41}-\\x{FF46}"},
    {"IsWord", "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}"},
    {"IsBlank", "\\p{Zs}\\t"},
    {"javaLowerCase", "\\p{Lowercase}"},
    {"javaUpperCase", "\\p{Uppercase}"},
    {"javaTitleCase", "\\p{Lt}"},
    {"javaAlphabetic", "\\p{Alphabetic}"},
    {"javaIdeographic", "\\p{Ideographic}"},
    {"javaDigit", "\\p{Nd}"},
    {"javaLetter", "\\p{L}"},
    {"javaLetterOrDigit", "\\p{L}\\p{Nd}"},
    {"javaWhitespace", "\\t-\\r\\x1C-\\x20\\x{1680}\\x{2000}-\\x{2006}\\x{2008}-\\x{200A}\\x{2028}"
                       "\\x{2029}\\x{205F}\\x{3000}"},
    {"javaSpaceChar", "\\p{Z}"},
    {"javaISOControl", "\\p{Cc}"},
    {"javaDefined", "\\P{Cn}"},
};

static const char *known_property(const char *name, size_t size_bytes)
{
    for (size_t i = 0; i < sizeof PROPERTIES / sizeof PROPERTIES[0]; i++) {
        if (strlen(PROPERTIES[i].java) == size_bytes &&
            memcmp(PROPERTIES[i].java, name, size_bytes) == 0)
            return PROPERTIES[i].set;
    }
    return NULL;
}

/* Java sees either case in these where case does not matter. */
static const char *either_case(const char *name, size_t size_bytes)
{
    bool is_ascii =
        size_bytes == 5 && (memcmp(name, "Lower", 5) == 0 || memcmp(name, "Upper", 5) == 0);
    bool is_category =
        size_bytes == 2 &&
        (memcmp(name, "Lu", 2) == 0 || memcmp(name, "Ll", 2) == 0 || memcmp(name, "Lt", 2) == 0);
    return is_ascii ? "A-Za-z" : is_category ? "\\p{Lu}\\p{Ll}\\p{Lt}" : NULL;
}

const char *lt_regexp_take_property(struct lt_regexp_translation *t, struct lt_text_buffer *room)
{
    const char *name = t->at;
    size_t size = 1;
    if (t->at < t->end && *t->at == '{') {
        const char *close = memchr(t->at, '}', (size_t)(t->end - t->at));
        name++;
        size = close == NULL ? 0 : (size_t)(close - name);
        t->at = close == NULL ? t->at : close + 1;
    } else if (t->at < t->end) {
        t->at++;
    } else {
        size = 0;
    }
    if (size == 0)
        return lt_regexp_refuse(t, "a property has no name") ? "" : NULL;
    const char *known = t->flags & LT_REGEXP_CASE ? either_case(name, size) : NULL;
    if (known == NULL)
        known = known_property(name, size);
    if (known != NULL)
        return known;
    /* "IsGreek", "script=Greek", "gc=Lu": what is left is a script or a category. */
    const char *equals = memchr(name, '=', size);
    size_t skipped = equals != NULL                                 ? (size_t)(equals + 1 - name)
                     : size > 2 && name[0] == 'I' && name[1] == 's' ? 2
                                                                    : 0;
    lt_text_clear(room);
    lt_text_format(room, "\\p{%.*s}", (int)(size - skipped), name + skipped);
    return lt_text_get(room);
}

/* -------------------------------------------------------------------------------------- classes */

/* What stands between two &&: characters, and classes that are no list of characters. */
struct part {
    struct lt_text_buffer items;  /* as within [ ] */
    struct lt_text_buffer others; /* "|expression|expression" */
    bool is_empty;
};

static void init_part(struct part *part)
{
    lt_text_init(&part->items);
    lt_text_init(&part->others);
    part->is_empty = true;
}

static void fini_part(struct part *part)
{
    lt_text_fini(&part->items);
    lt_text_fini(&part->others);
}

/* The characters first..last, and the other case of the letters among them. */
static void add_range(const struct lt_regexp_translation *t, struct part *part, uint32_t first,
                      uint32_t last)
{
    static const struct {
        uint32_t from, to;
        int32_t shift;
    } cases[] = {{'a', 'z', -32}, {'A', 'Z', 32}};
    lt_regexp_append_code(&part->items, first);
    if (last != first) {
        lt_text_append_char(&part->items, '-');
        lt_regexp_append_code(&part->items, last);
    }
    for (size_t i = 0; i < 2 && lt_regexp_is_caseless(t); i++) {
        uint32_t from = first > cases[i].from ? first : cases[i].from;
        uint32_t to = last < cases[i].to ? last : cases[i].to;
        if (from > to)
            continue;
        lt_regexp_append_code(&part->items, (uint32_t)((int32_t)from + cases[i].shift));
        lt_text_append_char(&part->items, '-');
        lt_regexp_append_code(&part->items, (uint32_t)((int32_t)to + cases[i].shift));
    }
}

/* \Q...\E: each character stands for itself. */
static bool add_quoted(struct lt_regexp_translation *t, struct part *part)
{
    t->at += 2;
    while (t->at < t->end && !lt_regexp_starts(t, "\\E")) {
        uint32_t code = lt_regexp_take(t);
        add_range(t, part, code, code);
    }
    t->at += t->at < t->end ? 2 : 0;
    return true;
}

/* \d, \p{...}: a set. False: it is none. */
static bool add_set(struct lt_regexp_translation *t, struct part *part)
{
    char letter = t->end - t->at >= 2 ? t->at[1] : '\0';
    if (letter != '\0' && strchr("dDsSwWhHvV", letter) != NULL) {
        lt_text_append_n(&part->items, t->at, 2);
        t->at += 2;
        return true;
    }
    if (letter != 'p' && letter != 'P')
        return false;
    struct lt_text_buffer room;
    lt_text_init(&room);
    t->at += 2;
    const char *set = lt_regexp_take_property(t, &room);
    if (set != NULL && letter == 'p')
        lt_text_append(&part->items, set);
    else if (set != NULL)
        lt_text_format(&part->others, "|[^%s]", set);
    lt_text_fini(&room);
    return true;
}

/* One character, escaped or not. */
static bool take_member(struct lt_regexp_translation *t, uint32_t *code)
{
    if (*t->at != '\\') {
        *code = lt_regexp_take(t);
        return true;
    }
    t->at++;
    return lt_regexp_take_code(t, code) || lt_regexp_refuse(t, "an escape has no meaning here");
}

static bool add_members(struct lt_regexp_translation *t, struct part *part)
{
    uint32_t first, last;
    if (!take_member(t, &first))
        return false;
    last = first;
    bool is_range = t->end - t->at >= 2 && t->at[0] == '-' && t->at[1] != ']' && t->at[1] != '[';
    if (is_range) {
        t->at++;
        if (!take_member(t, &last))
            return false;
        if (last < first)
            return lt_regexp_refuse(t, "a range ends before it begins");
    }
    add_range(t, part, first, last);
    return true;
}

/* A class within a class. A mere list of characters is taken into the items. */
static bool add_class(struct lt_regexp_translation *t, struct part *part)
{
    struct lt_text_buffer inner;
    lt_text_init(&inner);
    bool is_ok = lt_regexp_translate_class(t, &inner);
    const char *text = lt_text_get(&inner);
    bool is_list = text[0] == '[' && text[1] != '^';
    if (is_ok && is_list)
        lt_text_append_n(&part->items, text + 1, inner.size_bytes - 2);
    else if (is_ok)
        lt_text_format(&part->others, "|%s", text);
    lt_text_fini(&inner);
    return is_ok;
}

static bool translate_part(struct lt_regexp_translation *t, struct part *part, bool is_first)
{
    while (t->at < t->end && !lt_regexp_starts(t, "&&") &&
           (*t->at != ']' || (is_first && part->is_empty))) {
        bool is_ok = lt_regexp_starts(t, "\\Q")           ? add_quoted(t, part)
                     : *t->at == '['                      ? add_class(t, part)
                     : *t->at == '\\' && add_set(t, part) ? true
                                                          : add_members(t, part);
        part->is_empty = false;
        if (!is_ok || t->fault != NULL)
            return false;
    }
    return true;
}

/* The part as an expression of one character. */
static void append_part(const struct part *part, bool is_negated, struct lt_text_buffer *out)
{
    bool has_items = part->items.size_bytes > 0, has_others = part->others.size_bytes > 0;
    if (has_items && !has_others) {
        lt_text_format(out, "[%s%s]", is_negated ? "^" : "", lt_text_get(&part->items));
        return;
    }
    if (!has_items && !has_others) { /* [\Q\E] */
        lt_text_append(out, is_negated ? "(?s:.)" : "(?!)");
        return;
    }
    if (is_negated)
        lt_text_append(out, "(?:(?!");
    lt_text_append(out, "(?:");
    if (has_items)
        lt_text_format(out, "[%s]", lt_text_get(&part->items));
    lt_text_append(out, lt_text_get(&part->others) + !has_items); /* without its first | */
    lt_text_append_char(out, ')');
    if (is_negated)
        lt_text_append(out, ")(?s:.))");
}

/* What follows the first &&: "(?=part)(?=part)". */
static bool translate_conditions(struct lt_regexp_translation *t, struct lt_text_buffer *out)
{
    while (lt_regexp_starts(t, "&&")) {
        struct part part;
        init_part(&part);
        t->at += 2;
        bool is_ok = translate_part(t, &part, false);
        if (is_ok && !part.is_empty) {
            lt_text_append(out, "(?=");
            append_part(&part, false, out);
            lt_text_append_char(out, ')');
        }
        fini_part(&part);
        if (!is_ok)
            return false;
    }
    return true;
}

/* Recursion is bounded: classes within classes count as groups do. */
bool lt_regexp_translate_class(struct lt_regexp_translation *t, struct lt_text_buffer *out)
{
    if (++t->depth >= LT_REGEXP_DEPTH_MAX)
        return lt_regexp_refuse(t, "it is nested too deep");
    t->at++;
    bool is_negated = t->at < t->end && *t->at == '^';
    t->at += is_negated;
    struct part part;
    struct lt_text_buffer conditions;
    init_part(&part);
    lt_text_init(&conditions);
    bool is_ok = translate_part(t, &part, true) && translate_conditions(t, &conditions);
    if (is_ok && (t->at == t->end || part.is_empty))
        is_ok = lt_regexp_refuse(t, "a class has no end");
    if (is_ok) {
        t->at++;
        t->depth--;
    }
    bool is_cut = conditions.size_bytes > 0;
    if (is_ok && is_cut)
        lt_text_format(out, is_negated ? "(?:(?!%s" : "(?:%s", lt_text_get(&conditions));
    if (is_ok)
        append_part(&part, is_negated && !is_cut, out);
    if (is_ok && is_cut)
        lt_text_append(out, is_negated ? ")(?s:.))" : ")");
    lt_text_fini(&conditions);
    fini_part(&part);
    return is_ok;
}
