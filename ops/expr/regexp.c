/*
 * Translation is one pass over the pattern that copies what both understand and replaces what only
 * Java does. Inside of \Q...\E nothing is touched.
 */
#include "ops/expr/regexp.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/base/arena.h"
#include "core/base/ascii.h"
#include "core/base/text_buffer.h"

enum { JIT_STACK_START = 32 * 1024, JIT_STACK_MAX = 1024 * 1024 };

struct lt_regexp {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *context;
    pcre2_jit_stack *jit_stack; /* NULL: no JIT on this machine */
    uint32_t group_count;
    bool has_match;
};

/* --------------------------------------------------------------------------------- translation */

struct translation {
    const char *at, *end;
    struct lt_text_buffer out;
    bool wants_unicode; /* (?U) */
};

static bool starts(const struct translation *t, const char *prefix)
{
    size_t size = strlen(prefix);
    return (size_t)(t->end - t->at) >= size && memcmp(t->at, prefix, size) == 0;
}

/* Names of \p{...} that only Java knows. */
static const char *class_name(const char *name, size_t size)
{
    static const struct {
        const char *java, *pcre;
    } names[] = {
        {"Lower", "[a-z]"},
        {"Upper", "[A-Z]"},
        {"ASCII", "[\\x00-\\x7F]"},
        {"Alpha", "[A-Za-z]"},
        {"Digit", "[0-9]"},
        {"Alnum", "[0-9A-Za-z]"},
        {"Punct", "[!-\\/:-@\\[-`{-~]"},
        {"Graph", "[!-~]"},
        {"Print", "[ -~]"},
        {"Blank", "[ \\t]"},
        {"Cntrl", "[\\x00-\\x1F\\x7F]"},
        {"XDigit", "[0-9A-Fa-f]"},
        {"Space", "[ \\t-\\r]"},
        {"IsAlphabetic", "\\p{L}"},
        {"IsLetter", "\\p{L}"},
        {"IsDigit", "\\p{Nd}"},
        {"IsLowercase", "\\p{Ll}"},
        {"IsUppercase", "\\p{Lu}"},
        {"IsPunctuation", "\\p{P}"},
        {"javaLowerCase", "\\p{Ll}"},
        {"javaUpperCase", "\\p{Lu}"},
        {"javaWhitespace", "\\s"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i].java) == size && memcmp(names[i].java, name, size) == 0)
            return names[i].pcre;
    }
    return NULL;
}

static void translate_property(struct translation *t, bool is_in_class)
{
    bool is_negated = t->at[1] == 'P';
    const char *close = memchr(t->at, '}', (size_t)(t->end - t->at));
    const char *known = close == NULL ? NULL : class_name(t->at + 3, (size_t)(close - t->at - 3));
    bool is_set = known != NULL && known[0] == '[';
    if (known == NULL || (is_negated && (is_in_class || !is_set))) {
        lt_text_append_n(&t->out, t->at, 2);
        t->at += 2;
        return;
    }
    if (is_negated)
        lt_text_format(&t->out, "[^%s", known + 1);
    else if (is_in_class && is_set)
        lt_text_append_n(&t->out, known + 1, strlen(known) - 2);
    else
        lt_text_append(&t->out, known);
    t->at = close + 1;
}

static void translate_escape(struct translation *t, bool is_in_class)
{
    if (starts(t, "\\Q")) {
        const char *stop = memmem(t->at, (size_t)(t->end - t->at), "\\E", 2);
        stop = stop == NULL ? t->end : stop + 2;
        lt_text_append_n(&t->out, t->at, (size_t)(stop - t->at));
        t->at = stop;
    } else if (t->end - t->at >= 6 && starts(t, "\\u")) {
        lt_text_format(&t->out, "\\x{%.4s}", t->at + 2);
        t->at += 6;
    } else if (starts(t, "\\0")) {
        const char *digit = t->at + 2;
        while (digit < t->end && digit < t->at + 5 && *digit >= '0' && *digit <= '7')
            digit++;
        lt_text_format(&t->out, "\\o{%.*s}", (int)(digit - t->at - 2), t->at + 2);
        t->at = digit;
    } else if (t->end - t->at > 3 && (starts(t, "\\p{") || starts(t, "\\P{"))) {
        translate_property(t, is_in_class);
    } else {
        size_t size = t->end - t->at >= 2 ? 2 : 1;
        lt_text_append_n(&t->out, t->at, size);
        t->at += size;
    }
}

/* (?iuU): the flags PCRE2 does not know are dropped, U becomes the property mode of the whole
 * pattern. */
static void translate_group(struct translation *t)
{
    const char *flag = t->at + 2;
    while (flag < t->end && (lt_ascii_is_letter(*flag) || *flag == '-'))
        flag++;
    bool is_flags = starts(t, "(?") && flag > t->at + 2 && flag < t->end &&
                    (*flag == ')' || *flag == ':') && t->at[2] != 'P' && t->at[2] != 'R';
    if (!is_flags) {
        lt_text_append_char(&t->out, *t->at++);
        return;
    }
    lt_text_append(&t->out, "(?");
    for (const char *c = t->at + 2; c < flag; c++) {
        t->wants_unicode = t->wants_unicode || *c == 'U';
        if (strchr("udU", *c) == NULL)
            lt_text_append_char(&t->out, *c);
    }
    lt_text_append_char(&t->out, *flag);
    t->at = flag + 1;
}

/* A class up to its ']', which is taken. */
static void translate_class(struct translation *t, struct lt_text_buffer *before)
{
    const char *begin = t->at;
    lt_text_append_char(&t->out, *t->at++);
    if (t->at < t->end && *t->at == '^')
        lt_text_append_char(&t->out, *t->at++);
    bool is_first = true;
    while (t->at < t->end && (*t->at != ']' || is_first)) {
        is_first = false;
        if (starts(t, "&&[") && begin[1] != '^') {
            /* [a&&[b]]: b must hold too; said in front by a look-ahead. */
            struct lt_text_buffer rest = t->out;
            lt_text_init(&t->out);
            t->at += 2;
            struct lt_text_buffer none;
            lt_text_init(&none);
            translate_class(t, &none);
            lt_text_format(before, "(?=%s)", lt_text_get(&t->out));
            lt_text_fini(&none);
            lt_text_fini(&t->out);
            t->out = rest;
        } else if (*t->at == '\\') {
            translate_escape(t, true);
        } else {
            lt_text_append_char(&t->out, *t->at++);
        }
    }
    if (t->at < t->end)
        lt_text_append_char(&t->out, *t->at++);
}

static void translate_outer_class(struct translation *t)
{
    struct lt_text_buffer before, rest = t->out;
    lt_text_init(&before);
    lt_text_init(&t->out);
    translate_class(t, &before);
    struct lt_text_buffer class = t->out;
    t->out = rest;
    if (before.size_bytes > 0)
        lt_text_format(&t->out, "(?:%s%s)", lt_text_get(&before), lt_text_get(&class));
    else
        lt_text_append_n(&t->out, lt_text_get(&class), class.size_bytes);
    lt_text_fini(&before);
    lt_text_fini(&class);
}

static void translate(struct translation *t)
{
    while (t->at < t->end) {
        if (*t->at == '\\')
            translate_escape(t, false);
        else if (*t->at == '(')
            translate_group(t);
        else if (*t->at == '[')
            translate_outer_class(t);
        else
            lt_text_append_char(&t->out, *t->at++);
    }
}

/* ---------------------------------------------------------------------------------------- life */

static pcre2_code *compile(const struct translation *t, int *error_number, PCRE2_SIZE *error_offset)
{
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    lt_assert(context != NULL);
    (void)pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | (t->wants_unicode ? PCRE2_UCP : 0);
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)lt_text_get(&t->out), t->out.size_bytes, options,
                                     error_number, error_offset, context);
    pcre2_compile_context_free(context);
    return code;
}

static void use_jit(struct lt_regexp *regexp)
{
    if (pcre2_jit_compile(regexp->code, PCRE2_JIT_COMPLETE) != 0)
        return; /* no executable memory here: the interpreter gives the same answers */
    regexp->jit_stack = pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_MAX, NULL);
    if (regexp->jit_stack != NULL)
        pcre2_jit_stack_assign(regexp->context, NULL, regexp->jit_stack);
}

int lt_regexp_create(const void *pattern, size_t size_bytes, struct lt_regexp **out,
                     struct lt_error *error)
{
    struct translation t = {.at = pattern, .end = (const char *)pattern + size_bytes};
    int number;
    PCRE2_SIZE offset;
    lt_text_init(&t.out);
    translate(&t);
    pcre2_code *code = compile(&t, &number, &offset);
    lt_text_fini(&t.out);
    *out = NULL;
    if (code == NULL) {
        char reason[128];
        (void)pcre2_get_error_message(number, (PCRE2_UCHAR *)reason, sizeof reason);
        (void)lt_error_set(error, LT_E_INVALID,
                           "the pattern '%.*s' is no regular expression: %s at %zu",
                           (int)(size_bytes < 200 ? size_bytes : 200), (const char *)pattern,
                           reason, (size_t)offset);
        return lt_error_condition(error, "INVALID_PARAMETER_VALUE.PATTERN", "22023");
    }
    struct lt_regexp *regexp = lt_alloc(sizeof *regexp);
    regexp->code = code;
    regexp->match = pcre2_match_data_create_from_pattern(code, NULL);
    regexp->context = pcre2_match_context_create(NULL);
    lt_assert(regexp->match != NULL && regexp->context != NULL);
    (void)pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &regexp->group_count);
    use_jit(regexp);
    *out = regexp;
    return LT_OK;
}

void lt_regexp_destroy(struct lt_regexp *regexp)
{
    if (regexp == NULL)
        return;
    pcre2_match_context_free(regexp->context);
    pcre2_jit_stack_free(regexp->jit_stack);
    pcre2_match_data_free(regexp->match);
    pcre2_code_free(regexp->code);
    free(regexp);
}

uint32_t lt_regexp_group_count(const struct lt_regexp *regexp)
{
    return regexp->group_count;
}

int lt_regexp_group_number(const struct lt_regexp *regexp, const char *name)
{
    int number = pcre2_substring_number_from_name(regexp->code, (PCRE2_SPTR)name);
    return number < 0 ? -1 : number;
}

/* ------------------------------------------------------------------------------------ matching */

enum lt_regexp_answer lt_regexp_find(struct lt_regexp *regexp, const struct lt_bytes *text,
                                     size_t from)
{
    const void *data = text->data == NULL ? "" : (const void *)text->data;
    int result =
        pcre2_match(regexp->code, data, text->size_bytes, from, 0, regexp->match, regexp->context);
    regexp->has_match = result > 0;
    if (result > 0)
        return LT_REGEXP_YES;
    return result == PCRE2_ERROR_NOMATCH ? LT_REGEXP_NO : LT_REGEXP_LIMIT;
}

bool lt_regexp_group(const struct lt_regexp *regexp, uint32_t number, size_t *begin, size_t *end)
{
    lt_debug_assert(regexp->has_match);
    const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(regexp->match);
    if (number > regexp->group_count || offsets[2 * number] == PCRE2_UNSET)
        return false;
    *begin = offsets[2 * number];
    *end = offsets[2 * number + 1];
    return true;
}
