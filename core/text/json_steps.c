/*
 * The grammar is Spark's, with its latitude: blanks may stand in front of a name, of a number and
 * of a quoted name's bracket, and at the end; a name may hold anything but the characters that end
 * it.
 */
#include "core/text/json_steps.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/ascii.h"

static void add_step(struct lt_json_steps *steps, struct lt_json_step step)
{
    if (steps->count == steps->capacity) {
        steps->capacity = steps->capacity != 0 ? 2 * steps->capacity : 4;
        steps->steps = lt_realloc_array(steps->steps, steps->capacity, sizeof *steps->steps);
    }
    steps->steps[steps->count++] = step;
}

static void add_name(struct lt_json_steps *steps, const char *begin, const char *end)
{
    struct lt_json_step step = {.kind = LT_JSON_STEP_NAME, .name_bytes = (size_t)(end - begin)};
    if (step.name_bytes == 1 && *begin == '*') {
        step.kind = LT_JSON_STEP_NOTHING;
    } else {
        step.name = lt_alloc(step.name_bytes + 1);
        memcpy(step.name, begin, step.name_bytes);
    }
    add_step(steps, step);
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && lt_ascii_is_blank(*at))
        at++;
    return at;
}

/* ['name'], the bracket and the quote taken. NULL if it is none. */
static const char *parse_quoted_name(struct lt_json_steps *steps, const char *at, const char *end)
{
    const char *begin = skip_blanks(at, end);
    for (at = begin; at < end && *at != '\'' && *at != '?';)
        at++;
    if (at == begin || end - at < 2 || at[0] != '\'' || at[1] != ']')
        return NULL;
    add_name(steps, begin, at);
    return at + 2;
}

/* [0] or [*], the bracket taken. */
static const char *parse_subscript(struct lt_json_steps *steps, const char *at, const char *end)
{
    struct lt_json_step step = {.kind = LT_JSON_STEP_ALL};
    if (at < end && *at == '*') {
        at++;
    } else {
        const char *begin = skip_blanks(at, end);
        step.kind = LT_JSON_STEP_INDEX;
        for (at = begin; at < end && lt_ascii_is_digit(*at); at++)
            if (__builtin_mul_overflow(step.index, 10u, &step.index) ||
                __builtin_add_overflow(step.index, (uint64_t)(*at - '0'), &step.index))
                return NULL;
        if (at == begin)
            return NULL;
    }
    if (at == end || *at != ']')
        return NULL;
    add_step(steps, step);
    return at + 1;
}

/* A name up to the next step. NULL if it is empty. */
static const char *parse_name(struct lt_json_steps *steps, const char *at, const char *end)
{
    const char *begin = skip_blanks(at, end);
    for (at = begin; at < end && *at != '.' && *at != '[';)
        at++;
    if (at == begin)
        return NULL;
    add_name(steps, begin, at);
    return at;
}

/* One step; returns where it ends, or NULL. */
static const char *parse_step(struct lt_json_steps *steps, const char *at, const char *end)
{
    if (*at == '.')
        return parse_name(steps, at + 1, end);
    const char *bracket = skip_blanks(at, end);
    if (end - bracket >= 2 && bracket[0] == '[' && bracket[1] == '\'')
        return parse_quoted_name(steps, bracket + 2, end);
    return *at == '[' ? parse_subscript(steps, at + 1, end) : NULL;
}

const char *lt_json_steps_parse(struct lt_json_steps *steps, const char *at, const char *end,
                                bool may_begin_bare)
{
    if (may_begin_bare)
        at = skip_blanks(at, end);
    if (may_begin_bare && at < end && *at != '.' && *at != '[')
        at = parse_name(steps, at, end);
    while (skip_blanks(at, end) < end) {
        const char *begin = at;
        at = parse_step(steps, at, end);
        if (at == NULL)
            return begin;
    }
    return NULL;
}

void lt_json_steps_fini(struct lt_json_steps *steps)
{
    for (size_t i = 0; i < steps->count; i++)
        free(steps->steps[i].name);
    free(steps->steps);
    *steps = (struct lt_json_steps){0};
}
