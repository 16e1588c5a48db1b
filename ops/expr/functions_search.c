/*
 * Looking for one string in another, and LIKE.
 *
 * A LIKE pattern is parsed into units: a byte, any character, any sequence. Constant patterns are
 * parsed once, and those with sequences only at their ends become a comparison or one search.
 */
#include <stdlib.h>
#include <string.h>

#include "core/text/search.h"
#include "core/text/utf8.h"
#include "ops/expr/analyser.h"

/* ------------------------------------------------------------------------------ plain searches */

static bool is_in(struct lt_bytes text, struct lt_bytes part)
{
    const struct lt_needle needle = lt_needle_of(part.data, part.size_bytes);
    return part.size_bytes == 0 || lt_search(text.data, text.size_bytes, &needle) != NULL;
}

static enum lt_kernel contains(struct lt_machine *machine, const struct lt_call *call,
                               union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    struct lt_bytes part = lt_argument_bytes(machine, call, 1);
    out->i64 = is_in(text, part);
    return LT_KERNEL_VALUE;
}

static bool is_same(const uint8_t *at, const struct lt_bytes *part)
{
    return part->size_bytes == 0 || memcmp(at, part->data, part->size_bytes) == 0;
}

static enum lt_kernel starts_with(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    struct lt_bytes part = lt_argument_bytes(machine, call, 1);
    out->i64 = text.size_bytes >= part.size_bytes && is_same(text.data, &part);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel ends_with(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    struct lt_bytes part = lt_argument_bytes(machine, call, 1);
    out->i64 = text.size_bytes >= part.size_bytes &&
               is_same(text.data + (text.size_bytes - part.size_bytes), &part);
    return LT_KERNEL_VALUE;
}

/* The position of `part`, counted in characters from 1, looked for from a position on; 0 for none.
 */
static int64_t position_of(struct lt_bytes text, struct lt_bytes part, int64_t from)
{
    if (from < 1)
        return 0;
    if (part.size_bytes == 0)
        return 1;
    if (text.size_bytes < part.size_bytes)
        return 0;
    size_t start = lt_utf8_offset(text.data, text.size_bytes, (size_t)from - 1);
    const struct lt_needle needle = lt_needle_of(part.data, part.size_bytes);
    const uint8_t *found = lt_search(text.data + start, text.size_bytes - start, &needle);
    return found == NULL ? 0 : (int64_t)lt_utf8_count(text.data, (size_t)(found - text.data)) + 1;
}

static enum lt_kernel instr(struct lt_machine *machine, const struct lt_call *call,
                            union lt_value *out)
{
    out->i64 =
        position_of(lt_argument_bytes(machine, call, 0), lt_argument_bytes(machine, call, 1), 1);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel locate(struct lt_machine *machine, const struct lt_call *call,
                             union lt_value *out)
{
    int64_t from = call->argument_count == 3 ? lt_argument(machine, call, 2)->i64 : 1;
    out->i64 =
        position_of(lt_argument_bytes(machine, call, 1), lt_argument_bytes(machine, call, 0), from);
    return LT_KERNEL_VALUE;
}

/* At a position that is NULL it is 0, and the strings are not looked at (compile_flow.c). */
static int conclude_locate(struct lt_analyser *analyser, struct lt_expression *call)
{
    (void)analyser;
    call->nullable = lt_any_nullable(call->arguments, 2);
    if (call->argument_count == 3)
        call->arguments[2]->once = call->arguments[2];
    return LT_OK;
}

/* ---------------------------------------------------------------------------------------- LIKE */

enum { ANY_CHARACTER = 256, ANY_SEQUENCE = 257, FIRST_OF_FOUR_BYTES = 0xf0 };
enum like_fault { LIKE_OK, LIKE_ESCAPE_AT_END, LIKE_ESCAPE_IN_MIDDLE };

struct like {
    uint16_t *units;
    uint32_t count;
    enum like_fault fault;
    /* Spark makes a pattern of Java of it, of one piece for each half of a character beyond U+FFFF,
     * which no text matches; but for the plainest patterns over what is no constant. One with a %
     * in the middle has to be as long as it is in UTF-16, but the text is measured in characters.
     */
    bool has_halves, is_plain, is_parted;
    uint32_t utf16_count;
    /* units[first .. first + size) are bytes, with nothing but % around them: */
    bool is_simple, any_before, any_after;
    struct lt_bytes literal;
    struct lt_needle needle; /* the literal, if it has bytes */
};

static const struct lt_bytes usual_escape = {.data = (const uint8_t *)"\\", .size_bytes = 1};

static bool stands_at(struct lt_bytes text, uint32_t at, struct lt_bytes part)
{
    return text.size_bytes - at >= part.size_bytes && text.data[at] == part.data[0] &&
           is_same(text.data + at, &part);
}

/* How many bytes at `at` an escape makes an ordinary character of: it is needed there. 0: none. */
static uint32_t escaped_bytes(struct lt_bytes pattern, uint32_t at, struct lt_bytes escape)
{
    if (at == pattern.size_bytes)
        return 0;
    if (pattern.data[at] == '_' || pattern.data[at] == '%')
        return 1;
    return stands_at(pattern, at, escape) ? escape.size_bytes : 0;
}

/* Fills `units`, which has room for one for each byte. The escape is one character. */
static void like_parse(struct like *like, struct lt_bytes pattern, struct lt_bytes escape)
{
    uint32_t sequences = 0;
    like->count = 0;
    like->fault = LIKE_OK;
    like->has_halves = false;
    like->is_plain = true;
    like->utf16_count = 0;
    for (uint32_t i = 0; i < pattern.size_bytes; i++) {
        uint8_t c = pattern.data[i];
        like->has_halves = like->has_halves || c >= FIRST_OF_FOUR_BYTES;
        bool is_escape = stands_at(pattern, i, escape);
        like->is_plain = like->is_plain && !is_escape && c != '_';
        sequences += c == '%' && (i == 0 || pattern.data[i - 1] != '%');
        like->utf16_count += c != '%' && (c & 0xc0) != 0x80; /* no continuation of a character */
        like->utf16_count += c >= FIRST_OF_FOUR_BYTES;
        if (is_escape) {
            i += escape.size_bytes;
            uint32_t size = escaped_bytes(pattern, i, escape);
            if (size == 0) {
                like->fault =
                    i == pattern.size_bytes ? LIKE_ESCAPE_AT_END : LIKE_ESCAPE_IN_MIDDLE;
                return;
            }
            for (uint32_t k = 0; k < size; k++)
                like->units[like->count++] = pattern.data[i + k];
            i += size - 1;
        } else {
            like->units[like->count++] = c == '_' ? ANY_CHARACTER : c == '%' ? ANY_SEQUENCE : c;
        }
    }
    bool is_open = sequences > 0 && pattern.data[0] == '%';
    bool is_open_behind = sequences > 0 && pattern.data[pattern.size_bytes - 1] == '%';
    like->is_plain =
        like->is_plain && (sequences < 2 || (sequences == 2 && is_open && is_open_behind));
    like->is_parted = sequences == 1 && !is_open && !is_open_behind;
}

/* Fills `bytes`, which has room for one for each unit, if the pattern is simple. */
static void like_simplify(struct like *like, uint8_t *bytes)
{
    uint32_t first = 0, last = like->count;
    while (first < last && like->units[first] == ANY_SEQUENCE)
        first++;
    while (last > first && like->units[last - 1] == ANY_SEQUENCE)
        last--;
    for (uint32_t i = first; i < last; i++) {
        if (like->units[i] >= ANY_CHARACTER)
            return;
        bytes[i - first] = (uint8_t)like->units[i];
    }
    like->is_simple = like->fault == LIKE_OK;
    like->any_before = first > 0;
    like->any_after = last < like->count || (first > 0 && first == like->count);
    like->literal = (struct lt_bytes){.data = bytes, .size_bytes = last - first};
    if (last > first)
        like->needle = lt_needle_choose(bytes, last - first);
}

static bool like_simple(const struct like *like, struct lt_bytes text)
{
    const struct lt_bytes *part = &like->literal;
    if (text.size_bytes < part->size_bytes)
        return false;
    if (like->any_before && like->any_after)
        return part->size_bytes == 0 ||
               lt_search(text.data, text.size_bytes, &like->needle) != NULL;
    if (like->any_before)
        return is_same(text.data + (text.size_bytes - part->size_bytes), part);
    return is_same(text.data, part) && (like->any_after || text.size_bytes == part->size_bytes);
}

/* Units against text; after a mismatch the last sequence takes one character more. */
static bool like_match(const struct like *like, struct lt_bytes text)
{
    const uint8_t *at = text.data, *end = text.data + text.size_bytes, *mark = NULL;
    uint32_t unit = 0, sequence = UINT32_MAX;
    if (like->has_halves &&
        (!like->is_plain ||
         (like->is_parted && lt_utf8_count(at, text.size_bytes) < like->utf16_count)))
        return false;
    while (at < end) {
        if (unit < like->count && like->units[unit] == ANY_SEQUENCE) {
            sequence = unit++;
            mark = at;
        } else if (unit < like->count && like->units[unit] == ANY_CHARACTER) {
            (void)lt_utf8_next(&at, end);
            unit++;
        } else if (unit < like->count && like->units[unit] == *at) {
            at++;
            unit++;
        } else if (sequence != UINT32_MAX) {
            (void)lt_utf8_next(&mark, end);
            at = mark;
            unit = sequence + 1;
        } else {
            return false;
        }
    }
    while (unit < like->count && like->units[unit] == ANY_SEQUENCE)
        unit++;
    return unit == like->count;
}

static struct lt_bytes escape_of(const struct lt_machine *machine, const struct lt_call *call)
{
    if (call->argument_count < 3)
        return usual_escape;
    struct lt_bytes escape = lt_argument_bytes(machine, call, 2);
    return escape.size_bytes == 0 ? usual_escape : escape;
}

/* What stands behind the first escape that is not needed; there is one. */
static const uint8_t *find_needless(struct lt_bytes pattern, struct lt_bytes escape)
{
    uint32_t at = 0;
    while (at < pattern.size_bytes) {
        bool is_escape = stands_at(pattern, at, escape);
        at += is_escape ? escape.size_bytes : 1;
        uint32_t size = is_escape ? escaped_bytes(pattern, at, escape) : 0;
        if (is_escape && size == 0)
            break;
        at += size;
    }
    return pattern.data + at;
}

static enum lt_kernel like_fault(struct lt_machine *machine, const struct lt_call *call,
                                 enum like_fault fault)
{
    struct lt_bytes pattern = lt_argument_bytes(machine, call, 1);
    if (fault == LIKE_ESCAPE_AT_END)
        return lt_machine_fault(machine, call, "INVALID_FORMAT.ESC_AT_THE_END", "42601",
                                "The format is invalid: '%.*s'. The escape character is not "
                                "allowed to end with",
                                (int)pattern.size_bytes, (const char *)pattern.data);
    const uint8_t *begin = find_needless(pattern, escape_of(machine, call));
    const uint8_t *end = begin, *last = pattern.data + pattern.size_bytes;
    if (end < last)
        (void)lt_utf8_next(&end, last);
    return lt_machine_fault(machine, call, "INVALID_FORMAT.ESC_IN_THE_MIDDLE", "42601",
                            "The format is invalid: '%.*s'. The escape character is not allowed "
                            "to precede '%.*s'",
                            (int)pattern.size_bytes, (const char *)pattern.data, (int)(end - begin),
                            (const char *)begin);
}

static enum lt_kernel like_text(struct lt_machine *machine, const struct lt_call *call,
                                struct lt_bytes text, struct lt_bytes pattern, bool is_constant,
                                union lt_value *out)
{
    struct like like = {.units = lt_machine_alloc(machine, pattern.size_bytes * sizeof(uint16_t))};
    if (like.units == NULL)
        return lt_machine_too_large(machine, call);
    like_parse(&like, pattern, escape_of(machine, call));
    if (like.fault != LIKE_OK)
        return like_fault(machine, call, like.fault);
    like.is_plain = like.is_plain && is_constant;
    out->i64 = like_match(&like, text);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel like(struct lt_machine *machine, const struct lt_call *call,
                           union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    const struct like *ready = call->state;
    if (ready == NULL)
        return like_text(machine, call, text, lt_argument_bytes(machine, call, 1), false, out);
    if (ready->fault != LIKE_OK)
        return like_fault(machine, call, ready->fault);
    out->i64 = ready->is_simple ? like_simple(ready, text) : like_match(ready, text);
    return LT_KERNEL_VALUE;
}

static bool lowered(struct lt_machine *machine, struct lt_bytes *text)
{
    uint8_t *lower = lt_machine_alloc(machine, (size_t)text->size_bytes * LT_UTF8_CASE_GROWTH);
    if (lower == NULL)
        return false;
    text->size_bytes = (uint32_t)lt_utf8_lower(text->data, text->size_bytes, lower);
    text->data = lower;
    return true;
}

static enum lt_kernel ilike(struct lt_machine *machine, const struct lt_call *call,
                            union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    struct lt_bytes pattern = lt_argument_bytes(machine, call, 1);
    if (!lowered(machine, &text) || !lowered(machine, &pattern))
        return lt_machine_too_large(machine, call);
    return like_text(machine, call, text, pattern, call->state != NULL, out);
}

/* Its state says that the pattern is a constant, and the text none. */
static int prepare_ilike(const struct lt_prepare *prepare, struct lt_error *error)
{
    static bool is_constant = true;
    struct lt_expression *const *arguments = prepare->expression->arguments;
    (void)error;
    if (arguments[0]->kind != LT_EXPR_LITERAL && arguments[1]->kind == LT_EXPR_LITERAL)
        prepare->call->state = &is_constant;
    return LT_OK;
}

static int prepare_like(const struct lt_prepare *prepare, struct lt_error *error)
{
    struct lt_expression *const *arguments = prepare->expression->arguments;
    uint32_t count = prepare->expression->argument_count;
    for (uint32_t i = 1; i < count; i++) {
        if (arguments[i]->kind != LT_EXPR_LITERAL || arguments[i]->is_null)
            return LT_OK;
    }
    struct lt_bytes pattern = arguments[1]->value.bytes;
    (void)error;
    struct like *like = lt_arena_alloc(prepare->arena, sizeof *like);
    like->units = lt_arena_alloc(prepare->arena, pattern.size_bytes * sizeof *like->units);
    like_parse(like, pattern, count == 3 ? arguments[2]->value.bytes : usual_escape);
    like->is_plain = like->is_plain && arguments[0]->kind != LT_EXPR_LITERAL;
    if (!like->has_halves || like->is_plain)
        like_simplify(like, lt_arena_alloc(prepare->arena, pattern.size_bytes));
    prepare->call->state = like;
    return LT_OK;
}

/* The escape is one character of UTF-16, written as a literal. */
static int infer_like(struct lt_analyser *analyser, struct lt_expression *call)
{
    if (call->argument_count < 3)
        return LT_INFER_LETTERS;
    const struct lt_expression *escape = call->arguments[2];
    if (escape->kind == LT_EXPR_LITERAL && escape->type->kind == LT_TYPE_STRING &&
        !escape->is_null &&
        lt_utf8_count_units(escape->value.bytes.data, escape->value.bytes.size_bytes) == 1)
        return LT_INFER_LETTERS;
    return lt_analyser_fail(analyser, LT_E_ANALYSIS, escape, "INVALID_ESCAPE_CHAR", "42604",
                            "the escape of \"%s\" must be a literal of one character", call->name);
}

#define DETERMINISTIC .is_deterministic = true

static const struct lt_function functions[] = {
    {"contains", NULL, "contains(str, part)", "True when the part occurs in the string.",
     "contains('Spark SQL', 'SQL')", "true", DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("ss", "B", contains), LT_KERNEL("xx", "B", contains)}},
    {"startswith", NULL, "startswith(str, part)", "True when the string begins with the part.",
     "startswith('Spark', 'Sp')", "true", DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("ss", "B", starts_with), LT_KERNEL("xx", "B", starts_with)}},
    {"endswith", NULL, "endswith(str, part)", "True when the string ends with the part.",
     "endswith('Spark', 'rk')", "true", DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("ss", "B", ends_with), LT_KERNEL("xx", "B", ends_with)}},
    {"instr", NULL, "instr(str, part)",
     "Where the part first occurs, counted from 1; 0 for nowhere.", "instr('banana', 'an')", "2",
     DETERMINISTIC, .is_total = true, .signatures = {LT_KERNEL("ss", "i", instr)}},
    {"locate", "position", "locate(part, str[, pos])",
     "Where the part first occurs at a position or later, counted from 1; 0 for nowhere.",
     "locate('an', 'banana', 3)", "4", DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("ss[i]", "i", locate)}, .conclude = conclude_locate},
    {"like", NULL, "str LIKE pattern [ESCAPE c]",
     "True when the whole string fits the pattern: _ is any character, % any sequence.",
     "'Spark' LIKE 'Sp%'", "true", DETERMINISTIC, .is_total = true, .decodes_texts = true,
     .signatures = {LT_KERNEL("ss[s]", "B", like)}, .prepare = prepare_like, .infer = infer_like},
    {"ilike", NULL, "str ILIKE pattern [ESCAPE c]", "As LIKE, without regard to case.",
     "'Spark' ILIKE 'SP%'", "true", DETERMINISTIC, .is_total = true, .decodes_texts = true,
     .signatures = {LT_KERNEL("ss[s]", "B", ilike)}, .prepare = prepare_ilike, .infer = infer_like},
};

const struct lt_function_group lt_functions_search = {"search", functions,
                                                      sizeof functions / sizeof functions[0]};
