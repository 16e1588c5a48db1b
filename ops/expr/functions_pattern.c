/*
 * Functions of regular expressions that give one value: found or not, where, what, how often, and
 * replacement.
 */
#include <string.h>

#include "core/text/utf8.h"
#include "ops/expr/analyser.h"
#include "ops/expr/growing.h"
#include "ops/expr/pattern.h"
#include "ops/expr/expr.h"

static enum lt_kernel rlike(struct lt_machine *machine, const struct lt_call *call,
                            union lt_value *out)
{
    struct lt_regexp *regexp = lt_pattern_of(machine, call);
    if (regexp == NULL)
        return LT_KERNEL_FAULT;
    struct lt_matches matches = {.regexp = regexp, .text = lt_argument_bytes(machine, call, 0)};
    matches.answer = lt_regexp_find(regexp, &matches.text);
    if (matches.answer == LT_REGEXP_NO && lt_regexp_matches_empty(regexp))
        (void)lt_matches_next(&matches); /* it may be within a character */
    out->i64 = matches.answer == LT_REGEXP_YES;
    return matches.answer == LT_REGEXP_LIMIT ? lt_pattern_over_limit(machine, call)
                                             : LT_KERNEL_VALUE;
}

/* A group of the first match; '' when there is no match or the group took no part. */
static enum lt_kernel extract(struct lt_machine *machine, const struct lt_call *call, int64_t group,
                              union lt_value *out)
{
    struct lt_regexp *regexp = lt_pattern_of(machine, call);
    if (regexp == NULL)
        return LT_KERNEL_FAULT;
    struct lt_matches matches = {.regexp = regexp, .text = lt_argument_bytes(machine, call, 0)};
    *out = lt_value_bytes(NULL, 0);
    if (!lt_matches_next(&matches))
        return matches.answer == LT_REGEXP_LIMIT ? lt_pattern_over_limit(machine, call)
                                                 : LT_KERNEL_VALUE;
    if (group < 0 || group > lt_regexp_group_count(regexp))
        return lt_pattern_no_group(machine, call, regexp, group);
    size_t begin, end;
    if (!matches.is_within && lt_regexp_group(regexp, (uint32_t)group, &begin, &end))
        *out = lt_value_bytes(matches.text.data + begin, (uint32_t)(end - begin));
    return LT_KERNEL_VALUE;
}

static enum lt_kernel regexp_extract(struct lt_machine *machine, const struct lt_call *call,
                                     union lt_value *out)
{
    return extract(machine, call,
                   call->argument_count == 3 ? lt_argument(machine, call, 2)->i64 : 1, out);
}

static enum lt_kernel regexp_substr(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    enum lt_kernel result = extract(machine, call, 0, out);
    return result == LT_KERNEL_VALUE && out->bytes.size_bytes == 0 ? LT_KERNEL_NULL : result;
}

static enum lt_kernel regexp_count(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    struct lt_regexp *regexp = lt_pattern_of(machine, call);
    if (regexp == NULL)
        return LT_KERNEL_FAULT;
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    struct lt_matches matches = {.regexp = regexp, .text = text};
    out->i64 = 0;
    while (lt_matches_next(&matches))
        out->i64++;
    return matches.answer == LT_REGEXP_LIMIT ? lt_pattern_over_limit(machine, call)
                                             : LT_KERNEL_VALUE;
}

static enum lt_kernel regexp_instr(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    struct lt_regexp *regexp = lt_pattern_of(machine, call);
    if (regexp == NULL)
        return LT_KERNEL_FAULT;
    struct lt_matches matches = {.regexp = regexp, .text = lt_argument_bytes(machine, call, 0)};
    out->i64 = 0;
    if (!lt_matches_next(&matches))
        return matches.answer == LT_REGEXP_LIMIT ? lt_pattern_over_limit(machine, call)
                                                 : LT_KERNEL_VALUE;
    /* Spark counts in UTF-16 units here. */
    out->i64 = (int64_t)lt_utf8_count_units(matches.text.data, matches.begin);
    out->i64 += matches.is_within ? 2 : 1;
    return LT_KERNEL_VALUE;
}

/* --------------------------------------------------------------------------------- replacement */

/* The group that "$1" or "${name}" at `*at` (after the $) means; -1: none. */
static int referred_group(struct lt_regexp *regexp, const uint8_t **at, const uint8_t *end)
{
    const uint8_t *c = *at;
    if (c < end && *c == '{') {
        char name[64];
        const uint8_t *close = memchr(c, '}', (size_t)(end - c));
        if (close == NULL || (size_t)(close - c) > sizeof name)
            return -1;
        memcpy(name, c + 1, (size_t)(close - c - 1));
        name[close - c - 1] = '\0';
        *at = close + 1;
        return lt_regexp_group_number(regexp, name);
    }
    if (c == end || *c < '0' || *c > '9')
        return -1;
    uint32_t number = (uint32_t)(*c++ - '0');
    if (number > lt_regexp_group_count(regexp))
        return -1;
    /* More digits belong to it as long as there is such a group. */
    while (c < end && *c >= '0' && *c <= '9' &&
           number * 10 + (uint32_t)(*c - '0') <= lt_regexp_group_count(regexp))
        number = number * 10 + (uint32_t)(*c++ - '0');
    *at = c;
    return (int)number;
}

static const uint8_t *end_of_plain(const uint8_t *at, const uint8_t *end)
{
    while (at < end && *at != '\\' && *at != '$')
        at++;
    return at;
}

/* Appends a replacement; false when it refers to what is not there. */
static bool append_replacement(const struct lt_matches *matches, struct lt_bytes replacement,
                               size_t half_bytes, struct lt_growing *out)
{
    const uint8_t *at = replacement.data, *end = at + replacement.size_bytes;
    while (at < end && !out->is_too_large) {
        const uint8_t *plain = at;
        at = end_of_plain(at, end);
        lt_growing_append(out, plain, (size_t)(at - plain));
        if (at == end)
            break;
        if (*at == '\\') {
            if (++at == end)
                return false;
            lt_growing_append(out, at++, 1);
        } else {
            at++;
            int group = referred_group(matches->regexp, &at, end);
            size_t from, to;
            if (group < 0)
                return false;
            if (!matches->is_within &&
                lt_regexp_group(matches->regexp, (uint32_t)group, &from, &to)) {
                const size_t half = from < to && from < half_bytes ? half_bytes : 0;
                lt_growing_append(out, "?", half > 0);
                lt_growing_append(out, matches->text.data + from + half, to - from - half);
            }
        }
    }
    return true;
}

/* A text that is searched from a position on, and what becomes of it. A position within a character
 * of two units leaves the second: HALF stands for it in `text`, and it becomes the character again
 * where nothing comes between the two; else each is "?", as Java writes a half. */
#define HALF "\xEF\xBF\xBF"
enum { HALF_BYTES = sizeof HALF - 1, PAIR_BYTES = 4 };

struct replacing {
    struct lt_growing result;
    struct lt_bytes front, text;
    size_t kept;       /* of the text, so many bytes are in the result, or replaced */
    size_t half_bytes; /* HALF_BYTES: the text begins with it */
    bool is_open;      /* and it is not in the result yet */
};

/* Positions count UTF-16 units, from 1. Is there something to search? What is in front of the
 * position is not there for the pattern: ^ is at the position. */
static bool part_at(struct replacing *replacing, const struct lt_bytes *text, int64_t position,
                    bool *is_too_large)
{
    size_t units = (size_t)position - 1;
    size_t start = lt_utf8_offset_units(text->data, text->size_bytes, &units);
    *is_too_large = false;
    replacing->front = replacing->text = *text;
    if (position > 1 && start == text->size_bytes)
        return false;
    replacing->front.size_bytes = (uint32_t)start;
    replacing->text =
        lt_value_bytes(text->data + start, text->size_bytes - (uint32_t)start).bytes;
    if (units == 0)
        return true;
    const uint32_t rest = text->size_bytes - (uint32_t)start - PAIR_BYTES;
    uint8_t *memory = lt_machine_alloc(replacing->result.machine, HALF_BYTES + (size_t)rest);
    *is_too_large = memory == NULL;
    if (memory == NULL)
        return false;
    memcpy(memory, HALF, HALF_BYTES);
    if (rest > 0)
        memcpy(memory + HALF_BYTES, text->data + start + PAIR_BYTES, rest);
    replacing->text = lt_value_bytes(memory, HALF_BYTES + rest).bytes;
    replacing->half_bytes = HALF_BYTES;
    replacing->is_open = true;
    return true;
}

static void keep_to(struct replacing *replacing, size_t end)
{
    if (replacing->is_open && end >= HALF_BYTES) { /* the character is whole */
        lt_growing_append(&replacing->result, replacing->front.data + replacing->front.size_bytes,
                          PAIR_BYTES);
        replacing->kept = HALF_BYTES;
        replacing->is_open = false;
    }
    lt_growing_append(&replacing->result, replacing->text.data + replacing->kept,
                      end - replacing->kept);
}

static bool replace_match(struct replacing *replacing, const struct lt_matches *matches,
                          struct lt_bytes replacement)
{
    struct lt_growing *result = &replacing->result;
    if (result->data == NULL)
        lt_growing_append(result, replacing->front.data, replacing->front.size_bytes);
    keep_to(replacing, matches->begin);
    const size_t begin = result->size_bytes;
    const bool is_between = replacing->is_open || matches->is_within;
    lt_growing_append(result, "?", is_between);
    if (!append_replacement(matches, replacement, replacing->half_bytes, result))
        return false;
    replacing->kept = matches->end;
    const bool is_empty = matches->is_within || matches->end == 0;
    if (is_between && is_empty && result->size_bytes == begin + 1) {
        result->size_bytes = begin; /* nothing between the halves */
    } else if (is_between) {
        lt_growing_append(result, "?", is_empty);
        if (is_empty)
            replacing->kept = replacing->is_open ? HALF_BYTES : matches->from;
        replacing->is_open = false;
    }
    return true;
}

/* Where no position is given the text is decoded already. With one it is decoded here, as it leaves
 * as it came where the position is behind its end. */
static enum lt_kernel regexp_replace(struct lt_machine *machine, const struct lt_call *call,
                                     union lt_value *out)
{
    int64_t position = call->argument_count == 4 ? lt_argument(machine, call, 3)->i64 : 1;
    struct lt_regexp *regexp = lt_pattern_of(machine, call);
    if (regexp == NULL)
        return LT_KERNEL_FAULT;
    if (position < 1)
        return lt_machine_fault(machine, call, "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", "42K09",
                                "the position must be 1 or more");
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    struct lt_bytes replacement = lt_argument_bytes(machine, call, 2);
    if (call->argument_count == 4 && !lt_decode_bytes(machine, &text))
        return lt_machine_too_large(machine, call);
    struct replacing replacing = {.result = {.machine = machine}};
    const struct lt_bytes sought = lt_argument_bytes(machine, call, 1);
    bool is_too_large;
    out->bytes = lt_argument_bytes(machine, call, 0);
    if (!part_at(&replacing, &text, position, &is_too_large))
        return is_too_large ? lt_machine_too_large(machine, call) : LT_KERNEL_VALUE;
    out->bytes = text;
    struct lt_matches matches = {.regexp = regexp, .text = replacing.text};
    while (!replacing.result.is_too_large && lt_matches_next(&matches)) {
        if (!replace_match(&replacing, &matches, replacement))
            return lt_machine_fault(machine, call, "INVALID_REGEXP_REPLACE", "22023",
                                    "Could not perform regexp_replace for source = \"%.*s\", "
                                    "pattern = \"%.*s\", replacement = \"%.*s\" and position = "
                                    "%lld",
                                    (int)text.size_bytes, (const char *)text.data,
                                    (int)sought.size_bytes, (const char *)sought.data,
                                    (int)replacement.size_bytes, (const char *)replacement.data,
                                    (long long)position);
    }
    if (matches.answer == LT_REGEXP_LIMIT)
        return lt_pattern_over_limit(machine, call);
    if (replacing.result.data == NULL && replacing.kept == 0)
        return LT_KERNEL_VALUE; /* nothing was replaced */
    keep_to(&replacing, replacing.text.size_bytes);
    return lt_growing_finish(&replacing.result, call, out);
}

#define PATTERN                                                                                    \
    .is_deterministic = true, .prepare = lt_pattern_prepare, .release = lt_pattern_release

/* A constant, which becomes an int where it is a fraction. */
static int infer_position(struct lt_analyser *analyser, struct lt_expression *call, uint32_t index)
{
    int code = lt_analyser_constant(analyser, call, index);
    enum lt_type_kind kind = call->arguments[index]->type->kind;
    bool is_fraction =
        kind == LT_TYPE_FLOAT || kind == LT_TYPE_DOUBLE || kind == LT_TYPE_DECIMAL;
    if (code == LT_OK && is_fraction)
        code = lt_analyser_cast(analyser, &call->arguments[index], lt_type_simple(LT_TYPE_INT));
    return code == LT_OK ? lt_analyser_constant(analyser, call, index) : code;
}

/* Do the texts and the position have types that they may have? */
static bool are_texts_and_position(struct lt_analyser *analyser, const struct lt_expression *call)
{
    bool fits = true;
    for (uint32_t i = 0; i < call->argument_count && fits; i++) {
        const struct lt_type *type = call->arguments[i]->type;
        const struct lt_type *wanted = lt_type_simple(i < 3 ? LT_TYPE_STRING : LT_TYPE_INT);
        fits = (i == 3 && lt_type_is_numeric(type)) ||
               lt_coerce_is_implicit(&analyser->coerce, type, wanted);
    }
    return fits;
}

/* The position to begin at is a constant. */
static int infer_replace(struct lt_analyser *analyser, struct lt_expression *call)
{
    if (!are_texts_and_position(analyser, call))
        return LT_INFER_LETTERS; /* which refuse it */
    int code = call->argument_count == 4 ? infer_position(analyser, call, 3) : LT_OK;
    if (code != LT_OK || call->argument_count < 4)
        return code == LT_OK ? LT_INFER_LETTERS : code;
    const struct lt_expression *position = call->arguments[3];
    if (!lt_type_is_integral(position->type) || position->is_null || position->value.i64 > 0)
        return LT_INFER_LETTERS;
    return lt_analyser_mismatch(analyser, call, "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                                "The position must be between (0, 2147483647] (current value = "
                                "%lld).",
                                (long long)position->value.i64);
}

static const struct lt_function functions[] = {
    {"rlike", "regexp,regexp_like", "str RLIKE pattern",
     "True when the regular expression (Java's syntax) is found in the string.",
     "'Spark 4' RLIKE '\\\\d'", "true", PATTERN, .is_total = true, .decodes_texts = true,
     .signatures = {LT_KERNEL("ss", "B", rlike)}},
    {"regexp_extract", NULL, "regexp_extract(str, pattern[, group])",
     "A group of the first match, the first group if none is named; '' when there is no match.",
     "regexp_extract('100-200', '(\\\\d+)-(\\\\d+)', 2)", "200", PATTERN, .is_total = true,
     .decodes_texts = true, .signatures = {LT_KERNEL("ss[i]", "s", regexp_extract)}},
    {"regexp_replace", NULL, "regexp_replace(str, pattern, replacement[, pos])",
     "The string with each match replaced; $1 stands for a group.",
     "regexp_replace('a1b22', '\\\\d+', '#')", "a#b#", .is_deterministic = true,
     .prepare = lt_pattern_prepare, .release = lt_pattern_release, .is_total = true,
     .decodes_texts = true, .signatures = {LT_KERNEL("sss[i]", "s", regexp_replace)},
     .infer = infer_replace},
    {"regexp_count", NULL, "regexp_count(str, pattern)", "How many matches there are.",
     "regexp_count('a1b22', '\\\\d')", "3", PATTERN, .is_total = true, .decodes_texts = true,
     .signatures = {LT_KERNEL("ss", "i", regexp_count)}},
    {"regexp_substr", NULL, "regexp_substr(str, pattern)", "The first match; NULL for none.",
     "regexp_substr('ab12', '\\\\d+')", "12", PATTERN, .decodes_texts = true,
     .signatures = {LT_KERNEL("ss", "s", regexp_substr)}},
    {"regexp_instr", NULL, "regexp_instr(str, pattern[, group])",
     "Where the first match begins, counted from 1; 0 for none.", "regexp_instr('ab12', '\\\\d')",
     "3", PATTERN, .is_total = true, .decodes_texts = true,
     .signatures = {LT_KERNEL("ss[i]", "i", regexp_instr)}},
};

const struct lt_function_group lt_functions_pattern = {"pattern", functions,
                                                       sizeof functions / sizeof functions[0]};
