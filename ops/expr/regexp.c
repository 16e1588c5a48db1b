/*
 * Patterns are translated (regexp_translate.h), compiled and, where the machine allows it, made
 * into machine code: once for texts of any bytes, and once for texts of ASCII, in which a byte is a
 * character and no property of Unicode matters. Most texts are ASCII, and matching them takes half
 * the time that way.
 *
 * Before that, literals that each match has are looked for (regexp_literals.h).
 */
#include "ops/expr/regexp.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/base/arena.h"
#include "core/text/utf8.h"
#include "ops/expr/regexp_translate.h"

enum { JIT_STACK_START = 32 * 1024, JIT_STACK_MAX = 1024 * 1024 };

struct code {
    pcre2_code *code;
    bool is_native; /* made into machine code */
};

struct lt_regexp {
    struct code any, ascii;  /* ascii.code is NULL where the two would differ */
    const struct code *code; /* for the text of the last find */
    pcre2_match_data *match;
    pcre2_match_context *context;
    pcre2_jit_stack *jit_stack; /* NULL: no machine code */
    uint32_t group_count;
    bool has_match, can_be_empty;
    struct lt_regexp_literals literals;
};

/* ---------------------------------------------------------------------------------------- life */

static pcre2_code *compile(const struct lt_text_buffer *text, uint32_t options, int *error_number)
{
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    lt_assert(context != NULL);
    (void)pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
    PCRE2_SIZE offset; /* in the translation: of no use to the user */
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)lt_text_get(text), text->size_bytes, options,
                                     error_number, &offset, context);
    pcre2_compile_context_free(context);
    return code;
}

/* Copies a translation with characters beyond ASCII, which are all written \x{...}, as \xFF, which
 * no text of ASCII has either. Returns whether there were any. */
static bool narrow(const struct lt_text_buffer *from, struct lt_text_buffer *to)
{
    const char *at = lt_text_get(from), *escape;
    bool has_wide = false;
    while ((escape = strstr(at, "\\x{")) != NULL) {
        char *end;
        bool is_wide = strtoul(escape + 3, &end, 16) > 0x7F;
        has_wide = has_wide || is_wide;
        lt_text_append_n(to, at, (size_t)((is_wide ? escape : end) - at));
        if (is_wide)
            lt_text_append(to, "\\x{FF");
        at = end;
    }
    lt_text_append(to, at);
    return has_wide;
}

/* The code for texts of ASCII; NULL: there is none. Where case does not matter, some characters
 * beyond ASCII match letters of it, so that they cannot be left out. */
static pcre2_code *compile_ascii(const char *begin, const char *end)
{
    struct lt_regexp_literals literals;
    struct lt_regexp_translation t = {.begin = begin, .at = begin, .end = end, .is_ascii = true};
    struct lt_text_buffer narrowed;
    int number;
    lt_text_init(&t.out);
    lt_text_init(&narrowed);
    lt_literal_walk_begin(&t.literals, &literals);
    bool is_translated = lt_regexp_translate(&t);
    bool has_wide = narrow(&t.out, &narrowed);
    bool is_caseless = strstr(lt_text_get(&narrowed), "(?i") != NULL;
    pcre2_code *code =
        is_translated && !(has_wide && is_caseless) ? compile(&narrowed, 0, &number) : NULL;
    lt_text_fini(&narrowed);
    lt_text_fini(&t.out);
    return code;
}

/* Where there is no executable memory the interpreter gives the same answers. */
static struct code make_native(pcre2_code *code)
{
    return (struct code){code, code != NULL && pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0};
}

static void use_jit(struct lt_regexp *regexp)
{
    if (!regexp->any.is_native && !regexp->ascii.is_native)
        return;
    regexp->jit_stack = pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_MAX, NULL);
    if (regexp->jit_stack != NULL)
        pcre2_jit_stack_assign(regexp->context, NULL, regexp->jit_stack);
}

static int refuse(const void *pattern, size_t size_bytes, const char *reason,
                  struct lt_error *error)
{
    enum { SHOWN_MAX = 200 };
    (void)lt_error_set(error, LT_E_INVALID, "the pattern '%.*s' is no regular expression: %s",
                       (int)(size_bytes < SHOWN_MAX ? size_bytes : SHOWN_MAX),
                       (const char *)pattern, reason);
    return lt_error_condition(error, "INVALID_PARAMETER_VALUE.PATTERN", "22023");
}

static pcre2_code *compile_any(struct lt_regexp_translation *t, int *number)
{
    lt_text_init(&t->out);
    pcre2_code *code = NULL;
    if (lt_regexp_translate(t))
        code = compile(&t->out,
                       PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | (t->wants_unicode ? PCRE2_UCP : 0),
                       number);
    lt_text_fini(&t->out);
    return code;
}

int lt_regexp_create(const void *pattern, size_t size_bytes, struct lt_regexp **out,
                     struct lt_error *error)
{
    /* A pattern without bytes may have no address either. */
    const char *begin = size_bytes > 0 ? pattern : "";
    struct lt_regexp_translation t = {.begin = begin, .at = begin, .end = begin + size_bytes};
    struct lt_regexp_literals literals;
    char reason[160] = "";
    int number = 0;
    *out = NULL;
    lt_literal_walk_begin(&t.literals, &literals);
    pcre2_code *code = compile_any(&t, &number);
    if (code == NULL) {
        if (t.fault == NULL)
            (void)pcre2_get_error_message(number, (PCRE2_UCHAR *)reason, sizeof reason);
        return refuse(begin, size_bytes, t.fault == NULL ? reason : t.fault, error);
    }
    lt_literal_walk_end(&t.literals);
    struct lt_regexp *regexp = lt_alloc(sizeof *regexp);
    regexp->any = make_native(code);
    regexp->ascii = make_native(compile_ascii(begin, begin + size_bytes));
    regexp->code = &regexp->any;
    regexp->literals = literals;
    regexp->match = pcre2_match_data_create_from_pattern(code, NULL);
    regexp->context = pcre2_match_context_create(NULL);
    lt_assert(regexp->match != NULL && regexp->context != NULL);
    (void)pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &regexp->group_count);
    uint32_t can_be_empty = 1;
    (void)pcre2_pattern_info(code, PCRE2_INFO_MATCHEMPTY, &can_be_empty);
    regexp->can_be_empty = can_be_empty != 0;
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
    pcre2_code_free(regexp->any.code);
    pcre2_code_free(regexp->ascii.code);
    free(regexp);
}

uint32_t lt_regexp_group_count(const struct lt_regexp *regexp)
{
    return regexp->group_count;
}

int lt_regexp_group_number(const struct lt_regexp *regexp, const char *name)
{
    int number = pcre2_substring_number_from_name(regexp->any.code, (PCRE2_SPTR)name);
    return number < 0 ? -1 : number;
}

/* ------------------------------------------------------------------------------------ matching */

static enum lt_regexp_answer try_code(struct lt_regexp *regexp, const struct lt_bytes *text,
                                      size_t from)
{
    const struct code *code = regexp->code;
    const void *data = text->data == NULL ? "" : (const void *)text->data;
    int result = code->is_native ? pcre2_jit_match(code->code, data, text->size_bytes, from, 0,
                                                   regexp->match, regexp->context)
                                 : pcre2_match(code->code, data, text->size_bytes, from, 0,
                                               regexp->match, regexp->context);
    regexp->has_match = result > 0;
    if (result > 0)
        return LT_REGEXP_YES;
    return result == PCRE2_ERROR_NOMATCH ? LT_REGEXP_NO : LT_REGEXP_LIMIT;
}

enum lt_regexp_answer lt_regexp_find(struct lt_regexp *regexp, const struct lt_bytes *text)
{
    regexp->has_match = false;
    if (!lt_regexp_literals_may_match(&regexp->literals, text))
        return LT_REGEXP_NO;
    bool is_ascii = regexp->ascii.code != NULL && lt_utf8_is_ascii(text->data, text->size_bytes);
    regexp->code = is_ascii ? &regexp->ascii : &regexp->any;
    return try_code(regexp, text, 0);
}

enum lt_regexp_answer lt_regexp_find_next(struct lt_regexp *regexp, const struct lt_bytes *text,
                                          size_t from)
{
    return try_code(regexp, text, from);
}

bool lt_regexp_matches_empty(const struct lt_regexp *regexp)
{
    return regexp->can_be_empty;
}

/* Characters that no pattern names stand for the two halves; of what is around them so much as a
 * pattern may look at without taking it. */
bool lt_regexp_matches_within(struct lt_regexp *regexp, const struct lt_bytes *text, size_t at)
{
    enum { AROUND = 64, HALF = 3, WHOLE = 4 };
    static const char halves[] = "\xEF\xB7\x90\xEF\xB7\x91";
    uint8_t around[2 * AROUND + 2 * HALF];
    size_t before = at < AROUND ? at : AROUND, behind = text->size_bytes - at - WHOLE;
    behind = behind < AROUND ? behind : AROUND;
    memcpy(around, text->data + at - before, before);
    memcpy(around + before, halves, sizeof halves - 1);
    memcpy(around + before + 2 * HALF, text->data + at + WHOLE, behind);
    uint32_t options = PCRE2_ANCHORED | (before < at ? PCRE2_NOTBOL : 0) |
                       (at + WHOLE + behind < text->size_bytes ? PCRE2_NOTEOL : 0);
    int result = pcre2_match(regexp->any.code, around, before + 2 * HALF + behind, before + HALF,
                             options, regexp->match, regexp->context);
    const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(regexp->match);
    return result > 0 && offsets[0] == offsets[1];
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
