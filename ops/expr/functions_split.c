/*
 * Functions of regular expressions that give arrays: the parts between matches, and the matches
 * themselves.
 */
#include <string.h>

#include "core/text/utf8.h"
#include "ops/expr/analyser.h"
#include "ops/expr/pattern.h"

/* Strings that are collected until their number is known. */
struct pieces {
    struct lt_machine *machine;
    union lt_value *values;
    uint32_t count, capacity;
    bool is_too_large;
};

static void add(struct pieces *pieces, const uint8_t *begin, size_t size_bytes)
{
    enum { FIRST_CAPACITY = 16 };
    if (pieces->count == pieces->capacity && !pieces->is_too_large) {
        uint32_t capacity = pieces->capacity == 0 ? FIRST_CAPACITY : 2 * pieces->capacity;
        union lt_value *larger =
            lt_machine_alloc(pieces->machine, (size_t)capacity * sizeof *larger);
        pieces->is_too_large = larger == NULL;
        if (larger != NULL && pieces->count > 0)
            memcpy(larger, pieces->values, pieces->count * sizeof *larger);
        pieces->values = larger;
        pieces->capacity = capacity;
    }
    if (!pieces->is_too_large)
        pieces->values[pieces->count++] = lt_value_bytes(begin, (uint32_t)size_bytes);
}

/* The same behind the half of a character, which is none. */
static void add_behind(struct pieces *pieces, bool has_half, const uint8_t *begin,
                       size_t size_bytes)
{
    uint8_t *copy = has_half ? lt_machine_alloc(pieces->machine, size_bytes + 1) : NULL;
    pieces->is_too_large = pieces->is_too_large || (has_half && copy == NULL);
    if (copy != NULL) {
        copy[0] = '?';
        memcpy(copy + 1, begin, size_bytes);
    }
    add(pieces, has_half ? copy : begin, size_bytes + has_half);
}

static enum lt_kernel give(struct pieces *pieces, const struct lt_call *call, union lt_value *out)
{
    struct lt_array *array =
        pieces->is_too_large ? NULL : lt_machine_array(pieces->machine, pieces->count);
    if (array == NULL)
        return lt_machine_too_large(pieces->machine, call);
    for (uint32_t i = 0; i < pieces->count; i++)
        lt_writable_values(array->values)[i] = pieces->values[i];
    out->array = array;
    return LT_KERNEL_VALUE;
}

/* Each character is a part, the last has the rest. */
static void split_characters(struct pieces *pieces, struct lt_bytes text, int64_t limit)
{
    const uint8_t *at = text.data, *end = at + text.size_bytes;
    while (at < end) {
        const uint8_t *next = at;
        (void)lt_utf8_next(&next, end);
        if (limit > 0 && pieces->count + 1 == limit)
            next = end;
        add(pieces, at, (size_t)(next - at));
        if (pieces->is_too_large)
            return;
        at = next;
    }
}

static enum lt_kernel split(struct lt_machine *machine, const struct lt_call *call,
                            union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    int64_t limit = call->argument_count == 3 ? lt_argument(machine, call, 2)->i64 : -1;
    struct pieces pieces = {.machine = machine};
    if (text.size_bytes > 0 && lt_argument_bytes(machine, call, 1).size_bytes == 0) {
        split_characters(&pieces, text, limit);
        return give(&pieces, call, out);
    }
    struct lt_matches matches = {.regexp = lt_pattern_of(machine, call), .text = text};
    if (matches.regexp == NULL)
        return LT_KERNEL_FAULT;
    size_t kept = 0;
    bool has_half = false; /* in front of what is kept */
    while (!pieces.is_too_large && (limit <= 0 || pieces.count + 1 < limit) &&
           lt_matches_next(&matches)) {
        if (matches.end == 0 && !matches.is_within)
            continue; /* an empty match in front parts nothing */
        size_t end = matches.is_within ? kept : matches.begin;
        add_behind(&pieces, has_half || matches.is_within, text.data + kept, end - kept);
        has_half = matches.is_within;
        kept = matches.is_within ? matches.from : matches.end;
    }
    if (matches.answer == LT_REGEXP_LIMIT)
        return lt_pattern_over_limit(machine, call);
    add_behind(&pieces, has_half, text.size_bytes > 0 ? text.data + kept : NULL,
               text.size_bytes - kept);
    return give(&pieces, call, out);
}

static enum lt_kernel extract_all(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    int64_t group = call->argument_count == 3 ? lt_argument(machine, call, 2)->i64 : 1;
    struct pieces pieces = {.machine = machine};
    struct lt_matches matches = {.regexp = lt_pattern_of(machine, call),
                                 .text = lt_argument_bytes(machine, call, 0)};
    if (matches.regexp == NULL)
        return LT_KERNEL_FAULT;
    while (!pieces.is_too_large && lt_matches_next(&matches)) {
        if (group < 0 || group > lt_regexp_group_count(matches.regexp))
            return lt_pattern_no_group(machine, call, matches.regexp, group);
        size_t begin = 0, end = 0; /* '' for a group that took no part */
        if (!matches.is_within)
            (void)lt_regexp_group(matches.regexp, (uint32_t)group, &begin, &end);
        add(&pieces, end > begin ? matches.text.data + begin : NULL, end - begin);
    }
    if (matches.answer == LT_REGEXP_LIMIT)
        return lt_pattern_over_limit(machine, call);
    return give(&pieces, call, out);
}

static int give_strings(struct lt_analyser *analyser, struct lt_expression *call)
{
    call->type =
        lt_type_array(analyser->coerce.arena, lt_type_simple(LT_TYPE_STRING), /*nullable*/ false);
    return LT_OK;
}

#define PATTERN                                                                                    \
    .is_deterministic = true, .is_total = true, .prepare = lt_pattern_prepare,                     \
    .release = lt_pattern_release, .conclude = give_strings

static const struct lt_function functions[] = {
    {"split", NULL, "split(str, pattern[, limit])",
     "The parts between the matches of a regular expression; at most `limit` parts when that is "
     "positive.",
     "concat_ws('|', split('oneAtwoBthree', '[AB]'))", "one|two|three", PATTERN,
     .decodes_texts = true, .signatures = {LT_KERNEL("ss[i]", "v", split)}},
    {"regexp_extract_all", NULL, "regexp_extract_all(str, pattern[, group])",
     "A group of every match, the first group if none is named.",
     "concat_ws('|', regexp_extract_all('a1b22', '(\\\\d+)'))", "1|22", PATTERN,
     .decodes_texts = true, .signatures = {LT_KERNEL("ss[i]", "v", extract_all)}},
};

const struct lt_function_group lt_functions_split = {"pattern", functions,
                                                     sizeof functions / sizeof functions[0]};
