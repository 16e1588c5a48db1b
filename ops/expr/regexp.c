/*
 * Patterns are translated (regexp_translate.h), compiled and, where the machine allows it, made
 * into machine code.
 */
#include "ops/expr/regexp.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/base/arena.h"
#include "ops/expr/regexp_translate.h"

enum { JIT_STACK_START = 32 * 1024, JIT_STACK_MAX = 1024 * 1024 };

struct lt_regexp {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *context;
    pcre2_jit_stack *jit_stack; /* NULL: no JIT on this machine */
    uint32_t group_count;
    bool has_match;
};

/* ---------------------------------------------------------------------------------------- life */

static pcre2_code *compile(const struct lt_regexp_translation *t, int *error_number)
{
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    lt_assert(context != NULL);
    (void)pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
    PCRE2_SIZE offset; /* in the translation: of no use to the user */
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | (t->wants_unicode ? PCRE2_UCP : 0);
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)lt_text_get(&t->out), t->out.size_bytes, options,
                                     error_number, &offset, context);
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

static int refuse(const void *pattern, size_t size_bytes, const char *reason,
                  struct lt_error *error)
{
    enum { SHOWN_MAX = 200 };
    (void)lt_error_set(error, LT_E_INVALID, "the pattern '%.*s' is no regular expression: %s",
                       (int)(size_bytes < SHOWN_MAX ? size_bytes : SHOWN_MAX),
                       (const char *)pattern, reason);
    return lt_error_condition(error, "INVALID_PARAMETER_VALUE.PATTERN", "22023");
}

int lt_regexp_create(const void *pattern, size_t size_bytes, struct lt_regexp **out,
                     struct lt_error *error)
{
    /* A pattern without bytes may have no address either. */
    const char *begin = size_bytes > 0 ? pattern : "";
    struct lt_regexp_translation t = {.begin = begin, .at = begin, .end = begin + size_bytes};
    char reason[160] = "";
    int number = 0;
    lt_text_init(&t.out);
    *out = NULL;
    pcre2_code *code = lt_regexp_translate(&t) ? compile(&t, &number) : NULL;
    lt_text_fini(&t.out);
    if (code == NULL) {
        if (t.fault == NULL)
            (void)pcre2_get_error_message(number, (PCRE2_UCHAR *)reason, sizeof reason);
        return refuse(begin, size_bytes, t.fault == NULL ? reason : t.fault, error);
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
