/*
 * One pass over the pattern that copies what both understand, replaces what only Java does, and
 * refuses what only PCRE2 does. Flags are followed, since letters match in both cases without
 * regard to Unicode in Java: PCRE2 is asked for that only with the flag u, else a letter becomes a
 * class.
 */
#include "ops/expr/regexp_translate.h"

#include <string.h>

#include "core/base/ascii.h"
#include "core/text/utf8.h"

/* A word to \b, in the Java that Spark runs on: by Unicode, even without the flag U. */
#define WORD "[\\p{L}\\p{Nd}_]"
#define EDGE "(?:(?<=" WORD ")(?!" WORD ")|(?<!" WORD ")(?=" WORD "))"
#define NO_EDGE "(?:(?<=" WORD ")(?=" WORD ")|(?<!" WORD ")(?!" WORD "))"

bool lt_regexp_refuse(struct lt_regexp_translation *t, const char *fault)
{
    if (t->fault == NULL)
        t->fault = fault;
    return false;
}

bool lt_regexp_starts(const struct lt_regexp_translation *t, const char *prefix)
{
    size_t size = strlen(prefix);
    return (size_t)(t->end - t->at) >= size && memcmp(t->at, prefix, size) == 0;
}

uint32_t lt_regexp_take(struct lt_regexp_translation *t)
{
    const uint8_t *at = (const uint8_t *)t->at;
    uint32_t code = lt_utf8_next(&at, (const uint8_t *)t->end);
    t->at = (const char *)at;
    return code;
}

/* ------------------------------------------------------------------------------------- literals */

void lt_regexp_append_code(struct lt_text_buffer *out, uint32_t code)
{
    bool is_plain =
        code < 0x80 && (lt_ascii_is_letter((char)code) || lt_ascii_is_digit((char)code));
    if (is_plain)
        lt_text_append_char(out, (char)code);
    else
        lt_text_format(out, "\\x{%X}", code);
}

static void append_literal(struct lt_regexp_translation *t, uint32_t code)
{
    bool is_letter = code < 0x80 && lt_ascii_is_letter((char)code);
    if (code < 0x80 && !(t->flags & LT_REGEXP_CASE))
        lt_literal_walk_character(&t->literals, (uint8_t)code);
    else
        lt_literal_walk_other(&t->literals);
    if (is_letter && lt_regexp_is_caseless(t))
        lt_text_format(&t->out, "[%c%c]", (char)code, (char)(code ^ 0x20));
    else
        lt_regexp_append_code(&t->out, code);
}

static int digit_of(char c, unsigned base)
{
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : 16;
    return digit < (int)base ? digit : -1;
}

/* Takes up to `most` digits; returns how many there were. */
static unsigned take_digits(struct lt_regexp_translation *t, unsigned base, unsigned most,
                            uint32_t *number)
{
    unsigned count = 0;
    *number = 0;
    while (count < most && t->at < t->end && digit_of(*t->at, base) >= 0) {
        *number = *number * base + (uint32_t)digit_of(*t->at++, base);
        count++;
    }
    return count;
}

/* Four digits; two halves of a pair are one character. */
static bool take_unicode(struct lt_regexp_translation *t, uint32_t *code)
{
    if (take_digits(t, 16, 4, code) != 4)
        return lt_regexp_refuse(t, "\\u wants four hexadecimal digits");
    if (*code < 0xD800 || *code > 0xDBFF || !lt_regexp_starts(t, "\\u"))
        return true;
    uint32_t low;
    t->at += 2;
    if (take_digits(t, 16, 4, &low) != 4 || low < 0xDC00 || low > 0xDFFF)
        return lt_regexp_refuse(t, "half of a surrogate pair is missing");
    *code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
    return true;
}

static bool take_hexadecimal(struct lt_regexp_translation *t, uint32_t *code)
{
    if (t->at == t->end || *t->at != '{')
        return take_digits(t, 16, 2, code) == 2 ||
               lt_regexp_refuse(t, "\\x wants two hexadecimal digits");
    t->at++;
    bool is_number =
        take_digits(t, 16, 8, code) > 0 && *code <= 0x10FFFF && t->at < t->end && *t->at == '}';
    t->at += is_number;
    return is_number || lt_regexp_refuse(t, "\\x{...} wants the number of a character");
}

/* \0 and one to three digits, up to 377. */
static bool take_octal(struct lt_regexp_translation *t, uint32_t *code)
{
    unsigned most = t->at < t->end && *t->at <= '3' ? 3 : 2;
    return take_digits(t, 8, most, code) > 0 || lt_regexp_refuse(t, "\\0 wants octal digits");
}

bool lt_regexp_take_code(struct lt_regexp_translation *t, uint32_t *code)
{
    static const char letters[] = "tnrfae", codes[] = "\t\n\r\f\a\033";
    if (t->at == t->end)
        return lt_regexp_refuse(t, "it ends with a backslash");
    char letter = *t->at;
    const char *simple = letter == '\0' ? NULL : strchr(letters, letter);
    if (!lt_ascii_is_letter(letter) && !lt_ascii_is_digit(letter)) {
        *code = lt_regexp_take(t);
        return true;
    }
    if (simple == NULL && (letter == '\0' || strchr("ux0c", letter) == NULL))
        return false;
    t->at++;
    if (simple != NULL)
        *code = (uint32_t)codes[simple - letters];
    else if (letter == 'u')
        return take_unicode(t, code);
    else if (letter == 'x')
        return take_hexadecimal(t, code);
    else if (letter == '0')
        return take_octal(t, code);
    else if (t->at == t->end)
        return lt_regexp_refuse(t, "\\c wants a character");
    else
        *code = lt_regexp_take(t) ^ 64;
    return true;
}

/* -------------------------------------------------------------------------------------- escapes */

/* \Q...\E: each character stands for itself. */
static void translate_quoted(struct lt_regexp_translation *t)
{
    t->at += 2;
    while (t->at < t->end && !lt_regexp_starts(t, "\\E"))
        append_literal(t, lt_regexp_take(t));
    t->at += t->at < t->end ? 2 : 0;
}

/* \11 is group 11 if there are as many in front of it, else group 1 and a 1. A group that is not
 * there never matches. */
static void translate_reference(struct lt_regexp_translation *t)
{
    uint32_t number = (uint32_t)(*t->at++ - '0');
    lt_literal_walk_other(&t->literals);
    while (t->at < t->end && lt_ascii_is_digit(*t->at) &&
           number * 10 + (uint32_t)(*t->at - '0') <= t->group_count)
        number = number * 10 + (uint32_t)(*t->at++ - '0');
    if (number > t->group_count)
        lt_text_append(&t->out, "(?!)");
    else
        lt_text_format(&t->out, lt_regexp_is_caseless(t) ? "(?i:\\g{%u})" : "\\g{%u}", number);
}

static void translate_property(struct lt_regexp_translation *t, bool is_negated)
{
    struct lt_text_buffer room;
    lt_text_init(&room);
    lt_literal_walk_other(&t->literals);
    const char *set = lt_regexp_take_property(t, &room);
    if (set != NULL)
        lt_text_format(&t->out, is_negated ? "[^%s]" : "[%s]", set);
    lt_text_fini(&room);
}

static void translate_name(struct lt_regexp_translation *t)
{
    const char *close = memchr(t->at, '>', (size_t)(t->end - t->at));
    if (close == NULL || t->at == t->end || *t->at != '<') {
        (void)lt_regexp_refuse(t, "\\k wants the name of a group in < >");
        return;
    }
    lt_literal_walk_other(&t->literals);
    lt_text_format(&t->out, lt_regexp_is_caseless(t) ? "(?i:\\k%.*s)" : "\\k%.*s",
                   (int)(close + 1 - t->at), t->at);
    t->at = close + 1;
}

/* ^, $ and \Z. Java sees no end of a line between the two characters of \r\n, and no beginning of
 * one at the end of the text; under (?d) only \n ends lines. */
static void append_edge(struct lt_regexp_translation *t, char edge)
{
    bool is_unix = t->flags & LT_REGEXP_UNIX_LINES, is_multiline = t->flags & LT_REGEXP_MULTILINE;
    if (edge == '^' && !is_multiline)
        lt_text_append_char(&t->out, '^');
    else if (edge == '^')
        lt_text_append(&t->out, is_unix ? "(?:(?<![^\\n])(?!\\z))" : "(?:^(?!\\z|(?<=\\r)\\n))");
    else if (is_unix)
        lt_text_append(&t->out, edge == '$' && is_multiline ? "(?=\\n|\\z)" : "(?=\\n?\\z)");
    else
        lt_text_format(&t->out, "(?:%s(?!(?<=\\r)\\n))", edge == 'Z' ? "\\Z" : "$");
}

static void translate_escape(struct lt_regexp_translation *t)
{
    if (lt_regexp_starts(t, "\\Q")) {
        translate_quoted(t);
        return;
    }
    t->at++;
    char letter = t->at < t->end ? *t->at : '\0';
    uint32_t code;
    if (letter >= '1' && letter <= '9') {
        translate_reference(t);
    } else if (letter == 'p' || letter == 'P') {
        t->at++;
        translate_property(t, letter == 'P');
    } else if (letter == 'k') {
        t->at++;
        translate_name(t);
    } else if ((letter == 'b' || letter == 'B') && !t->wants_unicode && !t->is_ascii) {
        t->at++;
        lt_literal_walk_other(&t->literals);
        lt_text_append(&t->out, letter == 'b' ? EDGE : NO_EDGE);
    } else if (letter != '\0' && strchr("dDsSwWhHvVbBRXAzZG", letter) != NULL) {
        if (letter == 'Z')
            append_edge(t, letter);
        else if (letter == 'D' || letter == 'S' || letter == 'W')
            lt_text_format(&t->out, "[\\%c]",
                           letter); /* alone, PCRE2's JIT has only ASCII for it */
        else
            lt_text_format(&t->out, "\\%c", letter);
        lt_literal_walk_other(&t->literals);
        t->at++;
    } else if (lt_regexp_take_code(t, &code)) {
        append_literal(t, code);
    } else {
        (void)lt_regexp_refuse(t, "an escape has no meaning");
    }
}

/* --------------------------------------------------------------------------------------- groups */

static bool push(struct lt_regexp_translation *t)
{
    if (t->depth >= LT_REGEXP_DEPTH_MAX - 1)
        return lt_regexp_refuse(t, "it is nested too deep");
    t->outer_flags[t->depth++] = t->flags;
    return true;
}

/* The flags in force now, for PCRE2. */
static void append_flags(struct lt_regexp_translation *t, char end)
{
    static const struct {
        unsigned flag;
        char letter;
    } kept[] = {{LT_REGEXP_DOT_ALL, 's'}, {LT_REGEXP_MULTILINE, 'm'}};
    char on[8] = "", off[8] = "";
    size_t on_count = 0, off_count = 0;
    bool is_caseless = t->flags & LT_REGEXP_CASE && !lt_regexp_is_caseless(t);
    if (is_caseless)
        on[on_count++] = 'i';
    else
        off[off_count++] = 'i';
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (t->flags & kept[i].flag)
            on[on_count++] = kept[i].letter;
        else
            off[off_count++] = kept[i].letter;
    }
    lt_text_format(&t->out, "(?%s%s%s%c", on, off_count > 0 ? "-" : "", off, end);
}

/* (?iu-s) or (?iu-s:, "(?" taken; false: they are no flags. */
static bool translate_flags(struct lt_regexp_translation *t)
{
    static const char letters[] = "iusmxd";
    unsigned flags = t->flags;
    bool is_on = true;
    const char *at = t->at;
    for (; at < t->end && *at != ')' && *at != ':'; at++) {
        const char *letter = *at == '\0' ? NULL : strchr(letters, *at);
        if (*at == '-')
            is_on = false;
        else if (*at == 'U')
            t->wants_unicode = t->wants_unicode || is_on;
        else if (letter == NULL)
            return false;
        else
            flags = is_on ? flags | 1U << (letter - letters) : flags & ~(1U << (letter - letters));
    }
    if (at == t->end)
        return false;
    t->at = at + 1;
    if (*at == ':')
        lt_literal_walk_open(&t->literals, false);
    if (*at == ':' && !push(t))
        return true;
    t->flags = flags;
    append_flags(t, *at);
    return true;
}

static void translate_group(struct lt_regexp_translation *t)
{
    static const char *const kinds[] = {"(?:", "(?=", "(?!", "(?>", "(?<=", "(?<!"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (lt_regexp_starts(t, kinds[i])) {
            lt_text_append(&t->out, kinds[i]);
            lt_literal_walk_open(&t->literals, kinds[i][2] != ':' && kinds[i][2] != '>');
            t->at += strlen(kinds[i]);
            (void)push(t);
            return;
        }
    }
    if (lt_regexp_starts(t, "(*")) {
        (void)lt_regexp_refuse(t, "a * has nothing to repeat");
    } else if (!lt_regexp_starts(t, "(?")) {
        t->at++;
        t->group_count++;
        lt_literal_walk_open(&t->literals, false);
        lt_text_append_char(&t->out, '(');
        (void)push(t);
    } else if (lt_regexp_starts(t, "(?<")) {
        const char *close = memchr(t->at, '>', (size_t)(t->end - t->at));
        size_t size = close == NULL ? 0 : (size_t)(close + 1 - t->at);
        if (size < 5 || !lt_ascii_is_letter(t->at[3])) {
            (void)lt_regexp_refuse(t, "a group has no name");
            return;
        }
        lt_text_append_n(&t->out, t->at, size);
        t->at += size;
        t->group_count++;
        lt_literal_walk_open(&t->literals, false);
        (void)push(t);
    } else {
        t->at += 2;
        if (!translate_flags(t))
            (void)lt_regexp_refuse(t, "there is no such group");
    }
}

/* ---------------------------------------------------------------------------------------- whole */

/* {2}, {2,} or {2,3}: in Java nothing else begins with a brace. */
static void translate_count(struct lt_regexp_translation *t)
{
    const char *at = t->at + 1;
    while (at < t->end && lt_ascii_is_digit(*at))
        at++;
    bool has_first = at > t->at + 1;
    lt_literal_walk_repeat(&t->literals, true); /* from 0 times on, as far as literals go */
    if (has_first && at < t->end && *at == ',')
        at++;
    while (has_first && at < t->end && lt_ascii_is_digit(*at))
        at++;
    if (!has_first || at == t->end || *at != '}') {
        (void)lt_regexp_refuse(t, "a { begins no number of repetitions");
        return;
    }
    lt_text_append_n(&t->out, t->at, (size_t)(at + 1 - t->at));
    t->at = at + 1;
}

/* The ends of lines that a point passes over. */
static void translate_point(struct lt_regexp_translation *t)
{
    t->at++;
    lt_literal_walk_other(&t->literals);
    if (t->flags & LT_REGEXP_DOT_ALL)
        lt_text_append_char(&t->out, '.');
    else if (t->is_ascii && !(t->flags & LT_REGEXP_UNIX_LINES))
        lt_text_append(&t->out, "[^\\n\\r]");
    else
        lt_text_append(&t->out, t->flags & LT_REGEXP_UNIX_LINES
                                    ? "[^\\n]"
                                    : "[^\\n\\r\\x{85}\\x{2028}\\x{2029}]");
}

static void tell_operator(struct lt_literal_walk *literals, char c)
{
    if (c == ')')
        lt_literal_walk_close(literals);
    else if (c == '|')
        lt_literal_walk_or(literals);
    else if (c == '^' || c == '$')
        lt_literal_walk_other(literals);
    else
        lt_literal_walk_repeat(literals, c != '+');
}

static void translate_plain(struct lt_regexp_translation *t)
{
    char c = *t->at;
    bool is_operator = c != '\0' && strchr("*+?|^$)", c) != NULL;
    bool is_comment = t->flags & LT_REGEXP_COMMENTS && (c == '#' || c == ' ' || c < ' ') && c >= 0;
    if (c == ')' && t->depth > 0)
        t->flags = t->outer_flags[--t->depth];
    if (is_comment && c == '#') {
        while (t->at < t->end && *t->at != '\n')
            t->at++;
    } else if (is_comment) {
        t->at++;
    } else if (is_operator) {
        tell_operator(&t->literals, c);
        if (c == '^' || c == '$')
            append_edge(t, c);
        else
            lt_text_append_char(&t->out, c);
        t->at++;
    } else {
        append_literal(t, lt_regexp_take(t));
    }
}

bool lt_regexp_translate(struct lt_regexp_translation *t)
{
    while (t->at < t->end && t->fault == NULL) {
        switch (*t->at) {
        case '\\':
            translate_escape(t);
            break;
        case '(':
            translate_group(t);
            break;
        case '[':
            lt_literal_walk_other(&t->literals);
            (void)lt_regexp_translate_class(t, &t->out);
            break;
        case '{':
            translate_count(t);
            break;
        case '.':
            translate_point(t);
            break;
        default:
            translate_plain(t);
        }
    }
    /* PCRE2 begins no match between \r and \n unless the pattern names one of them. */
    lt_text_append(&t->out, "(?:\\r){0}");
    return t->fault == NULL;
}
