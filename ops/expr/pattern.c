/*
 * Patterns compiled when they change, and what walks their matches.
 */
#include "ops/expr/pattern.h"

#include <stdlib.h>
#include <string.h>

#include "core/text/utf8.h"
#include "ops/expr/faults.h"
#include "ops/expr/kept_text.h"

struct pattern {
    struct lt_regexp *regexp; /* NULL: none yet, or the last was none */
    struct lt_kept_text text; /* what it was compiled from */
    struct lt_error error;    /* of the last compilation */
};

static void pattern_set(struct pattern *pattern, struct lt_bytes text)
{
    lt_regexp_destroy(pattern->regexp);
    pattern->regexp = NULL;
    lt_kept_text_set(&pattern->text, text);
    lt_error_clear(&pattern->error);
    if (lt_regexp_create(text.data, text.size_bytes, &pattern->regexp, &pattern->error) != LT_OK)
        pattern->regexp = NULL;
}

int lt_pattern_prepare(const struct lt_prepare *prepare, struct lt_error *error)
{
    const struct lt_expression *argument = prepare->expression->arguments[1];
    struct pattern *pattern = lt_alloc(sizeof *pattern);
    prepare->call->state = pattern;
    if (argument->kind != LT_EXPR_LITERAL || argument->is_null)
        return LT_OK;
    pattern_set(pattern, argument->value.bytes);
    if (pattern->regexp != NULL)
        return LT_OK;
    /* A constant pattern that is none fails every record: refused at the start. */
    const struct lt_bytes *text = &argument->value.bytes;
    int code = lt_error_set(error, pattern->error.code,
                            "The value of parameter(s) `regexp` in `%s` is invalid: '%.*s'; hint: "
                            "%s",
                            prepare->call->name, (int)text->size_bytes, (const char *)text->data,
                            pattern->error.text);
    (void)lt_error_condition(error, pattern->error.condition, pattern->error.sqlstate);
    lt_kept_text_fini(&pattern->text);
    free(pattern);
    prepare->call->state = NULL;
    return code;
}

void lt_pattern_release(void *state)
{
    struct pattern *pattern = state;
    lt_regexp_destroy(pattern->regexp);
    lt_kept_text_fini(&pattern->text);
    free(pattern);
}

/* The compiled pattern of this record; NULL: it is none, and the fault is told. */
struct lt_regexp *lt_pattern_of(struct lt_machine *machine, const struct lt_call *call)
{
    struct pattern *pattern = call->state;
    struct lt_bytes text = lt_argument_bytes(machine, call, 1);
    if (!lt_kept_text_is(&pattern->text, text))
        pattern_set(pattern, text);
    if (pattern->regexp == NULL)
        (void)lt_fault_parameter(machine, call, "INVALID_PARAMETER_VALUE.PATTERN", "regexp",
                                 "'%.*s'; hint: %s", (int)text.size_bytes, (const char *)text.data,
                                 pattern->error.text);
    return pattern->regexp;
}

enum lt_kernel lt_pattern_over_limit(struct lt_machine *machine, const struct lt_call *call)
{
    return lt_machine_fault(machine, call, "REGEXP_LIMIT_EXCEEDED", "54000",
                            "the regular expression backtracks too much on this text");
}

enum lt_kernel lt_pattern_no_group(struct lt_machine *machine, const struct lt_call *call,
                                   const struct lt_regexp *regexp, int64_t group)
{
    return lt_fault_parameter(machine, call, "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX", "idx",
                              "Expects group index between 0 and %u, but got %lld",
                              lt_regexp_group_count(regexp), (long long)group);
}

static enum lt_regexp_answer find(struct lt_matches *matches)
{
    const struct lt_bytes *text = &matches->text;
    if (matches->from > text->size_bytes)
        return LT_REGEXP_NO;
    enum lt_regexp_answer answer = matches->is_under_way
                                       ? lt_regexp_find_next(matches->regexp, text, matches->from)
                                       : lt_regexp_find(matches->regexp, text);
    matches->is_under_way = true;
    return answer;
}

/* An empty match within a character beyond U+FFFF, of those from `at` to the match that was found
 * or the end. */
static bool find_within(struct lt_matches *matches, size_t at)
{
    const struct lt_bytes *text = &matches->text;
    size_t limit = text->size_bytes, end;
    bool is_tried = false;
    if (!lt_regexp_matches_empty(matches->regexp))
        return false;
    if (matches->answer == LT_REGEXP_YES)
        (void)lt_regexp_group(matches->regexp, 0, &limit, &end);
    for (const uint8_t *c = text->data + at; c < text->data + limit;) {
        matches->begin = matches->end = (size_t)(c - text->data);
        if (lt_utf8_next(&c, text->data + text->size_bytes) <= 0xFFFF)
            continue;
        is_tried = true;
        matches->from = (size_t)(c - text->data);
        if (lt_regexp_matches_within(matches->regexp, text, matches->end))
            return true;
    }
    if (is_tried && matches->answer == LT_REGEXP_YES)
        matches->answer = lt_regexp_find_next(matches->regexp, text, limit);
    return false;
}

bool lt_matches_next(struct lt_matches *matches)
{
    const struct lt_bytes *text = &matches->text;
    size_t at = matches->is_before_pair ? matches->end : matches->from;
    matches->answer = find(matches);
    matches->is_before_pair = false;
    matches->is_within = at < text->size_bytes && find_within(matches, at);
    if (matches->is_within) {
        matches->answer = LT_REGEXP_YES;
        return true;
    }
    if (matches->answer != LT_REGEXP_YES)
        return false;
    (void)lt_regexp_group(matches->regexp, 0, &matches->begin, &matches->end);
    matches->from = matches->end;
    if (matches->begin == matches->end) {
        const uint8_t *next = text->data + matches->end, *stop = text->data + text->size_bytes;
        if (next < stop)
            matches->is_before_pair = lt_utf8_next(&next, stop) > 0xFFFF;
        bool is_inside = next < stop || matches->end < text->size_bytes;
        matches->from = is_inside ? (size_t)(next - text->data) : (size_t)text->size_bytes + 1;
    }
    return true;
}
