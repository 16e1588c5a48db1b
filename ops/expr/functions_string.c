/*
 * Strings: sizes, cases, cutting and joining. Positions and counts are characters; of binary
 * values, bytes.
 */
#include <string.h>

#include "core/text/search.h"
#include "core/text/utf8.h"
#include "ops/expr/analyser.h"
#include "ops/expr/faults.h"

static enum lt_kernel bits(struct lt_machine *machine, const struct lt_call *call,
                           union lt_value *out)
{
    out->i64 = (int64_t)lt_argument_bytes(machine, call, 0).size_bytes * 8;
    return LT_KERNEL_VALUE;
}

/* --------------------------------------------------------------------------------------- cases */

typedef size_t case_fn(const void *data, size_t size_bytes, uint8_t *out);

static enum lt_kernel change_case(struct lt_machine *machine, const struct lt_call *call,
                                  case_fn *change, union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    uint8_t *cased = lt_machine_alloc(machine, (size_t)text.size_bytes * LT_UTF8_CASE_GROWTH);
    if (cased == NULL)
        return lt_machine_too_large(machine, call);
    *out = lt_value_bytes(cased, (uint32_t)change(text.data, text.size_bytes, cased));
    return LT_KERNEL_VALUE;
}

enum { WORD_BYTES = sizeof(uint64_t) };
#define HIGH_BITS UINT64_C(0x8080808080808080)

static inline uint64_t word_at(const struct lt_bytes *text, uint32_t at)
{
    uint64_t word;
    uint32_t left = text->size_bytes - at;
    memcpy(&word, text->data + at, sizeof word);
    return left < WORD_BYTES ? word & ((UINT64_C(1) << 8 * left) - 1) : word;
}

/* A word of such a text, in place of all of them. */
static inline bool change_word(struct lt_machine *machine, uint8_t first,
                               const struct lt_bytes *text, union lt_value *out)
{
    uint64_t word = word_at(text, 0), bits = lt_utf8_case_bits(word, first);
    uint8_t *cased;
    if ((word & HIGH_BITS) != 0)
        return false;
    out->bytes = *text;
    if (bits == 0)
        return true;
    cased = lt_machine_alloc(machine, WORD_BYTES);
    if (cased == NULL)
        return false;
    word ^= bits;
    memcpy(cased, &word, sizeof word);
    *out = lt_value_bytes(cased, text->size_bytes);
    return true;
}

/* ASCII that may be read in whole words; `first` is the letter that begins the case that is to
 * change. False: it is another text. */
static bool change_plain(struct lt_machine *machine, uint8_t first, const struct lt_bytes *text,
                         union lt_value *out)
{
    uint64_t other = 0, changed = 0;
    if (text->padding_bytes < WORD_BYTES)
        return false;
    if (lt_likely(text->size_bytes - 1 < WORD_BYTES))
        return change_word(machine, first, text, out);
    for (uint32_t at = 0; at < text->size_bytes; at += WORD_BYTES) {
        uint64_t word = word_at(text, at);
        other |= word & HIGH_BITS;
        changed |= lt_utf8_case_bits(word, first);
    }
    out->bytes = *text;
    if (other != 0 || changed == 0)
        return other == 0;
    uint8_t *cased = lt_machine_alloc(machine, (size_t)text->size_bytes + WORD_BYTES);
    if (cased == NULL)
        return false;
    for (uint32_t at = 0; at < text->size_bytes; at += WORD_BYTES) {
        uint64_t word = word_at(text, at);
        word ^= lt_utf8_case_bits(word, first);
        memcpy(cased + at, &word, sizeof word);
    }
    *out = lt_value_bytes(cased, text->size_bytes);
    return true;
}

static enum lt_kernel upper(struct lt_machine *machine, const struct lt_call *call,
                            union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    if (lt_likely(change_plain(machine, 'a', &text, out)))
        return LT_KERNEL_VALUE;
    out->bytes = text;
    return lt_utf8_is_ascii_upper(text.data, text.size_bytes)
               ? LT_KERNEL_VALUE
               : change_case(machine, call, lt_utf8_upper, out);
}

static enum lt_kernel lower(struct lt_machine *machine, const struct lt_call *call,
                            union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    if (lt_likely(change_plain(machine, 'A', &text, out)))
        return LT_KERNEL_VALUE;
    out->bytes = text;
    return lt_utf8_is_ascii_lower(text.data, text.size_bytes)
               ? LT_KERNEL_VALUE
               : change_case(machine, call, lt_utf8_lower, out);
}

static enum lt_kernel initcap(struct lt_machine *machine, const struct lt_call *call,
                              union lt_value *out)
{
    return change_case(machine, call, lt_utf8_initcap, out);
}

/* ------------------------------------------------------------------------------------- cutting */

/* Out of the first eight characters of a text, if they are ASCII; false: it is another case. */
static inline bool cut_word(const struct lt_bytes *text, int64_t position, int64_t count,
                            struct lt_bytes *out)
{
    uint64_t begin = position > 0 ? (uint64_t)position - 1 : 0, word;
    if ((uint64_t)position > WORD_BYTES || (uint64_t)count > WORD_BYTES - begin ||
        (uint64_t)text->size_bytes + text->padding_bytes < WORD_BYTES)
        return false;
    memcpy(&word, text->data, sizeof word);
    uint64_t end = begin + (uint64_t)count;
    if ((word & HIGH_BITS & (end < WORD_BYTES ? (UINT64_C(1) << 8 * end) - 1 : UINT64_MAX)) != 0)
        return false;
    end = end < text->size_bytes ? end : text->size_bytes;
    begin = begin < end ? begin : end;
    uint64_t after = text->size_bytes - end + text->padding_bytes;
    *out = (struct lt_bytes){.data = text->data + begin,
                             .size_bytes = (uint32_t)(end - begin),
                             .padding_bytes = after < UINT32_MAX ? (uint32_t)after : UINT32_MAX};
    return true;
}

/* A number of Java's 32 bits, which wraps around. */
static int32_t wrapped(int64_t number)
{
    return (int32_t)(uint32_t)number;
}

/* Spark counts what is behind the beginning with 32 bits: from position -2^31 on there is less than
 * nothing, and any count is more than that. */
static struct lt_bytes cut_bytes(struct lt_bytes bytes, int64_t position, int64_t count)
{
    int64_t size = bytes.size_bytes;
    int64_t begin = position > 0 ? position - 1 : position < 0 ? size + position : 0;
    int64_t end = count > wrapped(size - begin) ? size : begin + count;
    begin = begin < 0 ? 0 : begin > size ? size : begin;
    end = end < begin ? begin : end;
    return (struct lt_bytes){.data = bytes.data + begin, .size_bytes = (uint32_t)(end - begin)};
}

/* lt_utf8_substring for either kind of value. */
static struct lt_bytes cut(const struct lt_call *call, struct lt_bytes text, int64_t position,
                           int64_t count)
{
    struct lt_bytes word;
    if (!lt_argument_is_binary(call, 0) && cut_word(&text, position, count, &word))
        return word;
    if (!lt_argument_is_binary(call, 0))
        return lt_utf8_substring(text, (int32_t)position, (int32_t)count);
    return cut_bytes(text, position, count);
}

static enum lt_kernel substring(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    bool has_count = call->argument_count == 3;
    int64_t count = has_count ? lt_argument(machine, call, 2)->i64 : INT32_MAX;
    out->bytes =
        cut(call, lt_argument_bytes(machine, call, 0), lt_argument(machine, call, 1)->i64, count);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel left(struct lt_machine *machine, const struct lt_call *call,
                           union lt_value *out)
{
    out->bytes =
        cut(call, lt_argument_bytes(machine, call, 0), 1, lt_argument(machine, call, 1)->i64);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel right(struct lt_machine *machine, const struct lt_call *call,
                            union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    int64_t count = lt_argument(machine, call, 1)->i64;
    int64_t size = (int64_t)lt_utf8_count(text.data, text.size_bytes);
    out->bytes = count <= 0      ? (struct lt_bytes){.data = text.data}
                 : count >= size ? text
                                 : cut(call, text, -count, INT32_MAX);
    return LT_KERNEL_VALUE;
}

/* Without a count as much is replaced as the other has. Binary values are cut where strings are,
 * but by bytes. Positions wrap around, as Java's numbers do. */
static enum lt_kernel overlay(struct lt_machine *machine, const struct lt_call *call,
                              union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    struct lt_bytes other = lt_argument_bytes(machine, call, 1);
    int64_t position = lt_argument(machine, call, 2)->i64;
    int64_t count = call->argument_count == 4 ? lt_argument(machine, call, 3)->i64 : -1;
    if (count < 0)
        count = lt_argument_is_binary(call, 0)
                    ? other.size_bytes
                    : (int64_t)lt_utf8_count(other.data, other.size_bytes);
    struct lt_bytes head = cut(call, text, 1, (int32_t)(position - 1));
    struct lt_bytes tail = cut(call, text, (int32_t)(position + count), INT32_MAX);
    size_t size = (size_t)head.size_bytes + other.size_bytes + tail.size_bytes;
    uint8_t *memory = lt_machine_alloc(machine, size);
    if (memory == NULL || size > UINT32_MAX)
        return lt_machine_too_large(machine, call);
    *out = lt_value_bytes(memory, (uint32_t)size);
    const struct lt_bytes parts[] = {head, other, tail};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].size_bytes > 0)
            memcpy(memory, parts[i].data, parts[i].size_bytes);
        memory += parts[i].size_bytes;
    }
    return LT_KERNEL_VALUE;
}

static int refuse_mixed(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *a = call->arguments[0]->type, *b = call->arguments[1]->type;
    if ((a->kind == LT_TYPE_BINARY) == (b->kind == LT_TYPE_BINARY))
        return LT_INFER_LETTERS;
    return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, "DATATYPE_MISMATCH.DATA_DIFF_TYPES",
                            "42K09", "\"%s\" takes two strings or two binary values", call->name);
}

/* A text without bytes may have no address either: it is not searched. */
static const uint8_t *find(const uint8_t *from, const uint8_t *end, const struct lt_bytes *part)
{
    const struct lt_needle needle = lt_needle_of(part->data, part->size_bytes);
    return end == from ? NULL : lt_search(from, (size_t)(end - from), &needle);
}

/* What is behind the count-th delimiter; NULL: there are not as many. */
static const uint8_t *skip_parts(const uint8_t *at, const uint8_t *end,
                                 const struct lt_bytes *delimiter, int64_t count)
{
    if (delimiter->size_bytes == 1 && count > 0 && at < end) {
        at = lt_search_nth(at, (size_t)(end - at), delimiter->data[0], (size_t)count);
        return at == NULL ? NULL : at + 1;
    }
    for (; count > 0 && at != NULL; count--) {
        at = find(at, end, delimiter);
        at = at == NULL ? NULL : at + delimiter->size_bytes;
    }
    return at;
}

static int64_t count_parts(const uint8_t *at, const uint8_t *end, const struct lt_bytes *delimiter)
{
    int64_t parts = 1;
    for (; (at = find(at, end, delimiter)) != NULL; at += delimiter->size_bytes)
        parts++;
    return parts;
}

/* The part between delimiters, counted from 1 or from the end. */
static enum lt_kernel split_part(struct lt_machine *machine, const struct lt_call *call,
                                 union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    struct lt_bytes delimiter = lt_argument_bytes(machine, call, 1);
    int64_t number = lt_argument(machine, call, 2)->i64;
    if (number == 0)
        return lt_fault_index_zero(machine, call);
    if (number == INT32_MIN) /* whose magnitude Java has not */
        return lt_fault_index(machine, call, number, 0);
    const uint8_t *begin = text.data, *end = text.data + text.size_bytes;
    bool is_whole = delimiter.size_bytes == 0 || text.size_bytes == 0;
    if (number < 0)
        number += (is_whole ? 1 : count_parts(begin, end, &delimiter)) + 1;
    *out = lt_value_bytes(NULL, 0);
    if (number < 1 || (is_whole && number > 1))
        return LT_KERNEL_VALUE;
    if (is_whole) {
        out->bytes = text;
        return LT_KERNEL_VALUE;
    }
    begin = skip_parts(begin, end, &delimiter, number - 1);
    if (begin == NULL)
        return LT_KERNEL_VALUE;
    const uint8_t *stop = find(begin, end, &delimiter);
    *out = lt_value_bytes(begin, (uint32_t)((stop == NULL ? end : stop) - begin));
    return LT_KERNEL_VALUE;
}

/* What is before the count-th delimiter; a negative count: what is after it, from the end. */
static enum lt_kernel substring_index(struct lt_machine *machine, const struct lt_call *call,
                                      union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    struct lt_bytes delimiter = lt_argument_bytes(machine, call, 1);
    int64_t count = lt_argument(machine, call, 2)->i64;
    const uint8_t *begin = text.data, *end = text.data + text.size_bytes;
    *out = lt_value_bytes(text.data, 0);
    if (count == 0 || delimiter.size_bytes == 0)
        return LT_KERNEL_VALUE;
    if (count == INT32_MIN) /* whose magnitude Java has not */
        return lt_fault_overflow(machine, call, "integer overflow", NULL);
    if (count > 0) {
        const uint8_t *at = begin, *stop = NULL;
        while (count-- > 0 && (stop = find(at, end, &delimiter)) != NULL)
            at = stop + 1;
        *out = lt_value_bytes(begin, (uint32_t)((stop == NULL ? end : stop) - begin));
        return LT_KERNEL_VALUE;
    }
    for (int64_t at = (int64_t)text.size_bytes - delimiter.size_bytes; at >= 0; at--) {
        if (memcmp(begin + at, delimiter.data, delimiter.size_bytes) != 0)
            continue;
        if (++count == 0) {
            begin += at + delimiter.size_bytes;
            break;
        }
    }
    *out = lt_value_bytes(begin, (uint32_t)(end - begin));
    return LT_KERNEL_VALUE;
}

/* ------------------------------------------------------------------------------------ trimming */

enum { TRIM_FRONT = 1, TRIM_BACK = 2 };

/* Is the character at `at` one of `set`? */
static bool is_in_set(const uint8_t *at, size_t size_bytes, const struct lt_bytes *set)
{
    return set->size_bytes > 0 && memmem(set->data, set->size_bytes, at, size_bytes) != NULL;
}

/* Where the last character begins; `begin` < `end`. A byte that belongs to none is one. */
static const uint8_t *last_of(const uint8_t *begin, const uint8_t *end)
{
    const uint8_t *last = end - 1;
    while (last > begin && end - last < 4 && (*last & 0xC0) == 0x80)
        last--;
    size_t size_bytes = (size_t)(end - last);
    bool is_whole = lt_utf8_count(last, size_bytes) == 1;
    return is_whole ? last : end - 1;
}

static struct lt_bytes trim_set(struct lt_bytes text, struct lt_bytes set, unsigned sides)
{
    const uint8_t *begin = text.data, *end = begin + text.size_bytes;
    while ((sides & TRIM_FRONT) && begin < end) {
        size_t size_bytes = lt_utf8_offset(begin, (size_t)(end - begin), 1);
        if (!is_in_set(begin, size_bytes, &set))
            break;
        begin += size_bytes;
    }
    while ((sides & TRIM_BACK) && end > begin) {
        const uint8_t *last = last_of(begin, end);
        if (!is_in_set(last, (size_t)(end - last), &set))
            break;
        end = last;
    }
    return (struct lt_bytes){.data = begin, .size_bytes = (uint32_t)(end - begin)};
}

/* trim(text), or trim(set, text); btrim has them the other way round. */
static enum lt_kernel trim(struct lt_machine *machine, const struct lt_call *call, unsigned sides,
                           uint32_t text_index, union lt_value *out)
{
    static const struct lt_bytes blank = {.data = (const uint8_t *)" ", .size_bytes = 1};
    bool has_set = call->argument_count == 2;
    struct lt_bytes text = lt_argument_bytes(machine, call, has_set ? text_index : 0);
    out->bytes =
        trim_set(text, has_set ? lt_argument_bytes(machine, call, 1 - text_index) : blank, sides);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel trim_both(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    return trim(machine, call, TRIM_FRONT | TRIM_BACK, 1, out);
}

static enum lt_kernel btrim(struct lt_machine *machine, const struct lt_call *call,
                            union lt_value *out)
{
    return trim(machine, call, TRIM_FRONT | TRIM_BACK, 0, out);
}

static enum lt_kernel ltrim(struct lt_machine *machine, const struct lt_call *call,
                            union lt_value *out)
{
    return trim(machine, call, TRIM_FRONT, 1, out);
}

static enum lt_kernel rtrim(struct lt_machine *machine, const struct lt_call *call,
                            union lt_value *out)
{
    return trim(machine, call, TRIM_BACK, 1, out);
}

#define DETERMINISTIC .is_deterministic = true

static const struct lt_function functions[] = {
    {"length", "char_length,character_length,len", "length(a)",
     "Characters of a string, bytes of a binary value.", "length('Spark')", "5", DETERMINISTIC,
     .is_total = true,
     .signatures = {LT_INLINE("s", "i", LT_OP_SIZE_CHARACTERS, LT_FAMILY_NONE),
                    LT_INLINE("x", "i", LT_OP_SIZE_BYTES, LT_FAMILY_NONE)}},
    {"octet_length", NULL, "octet_length(a)", "Bytes of a string or binary value.",
     "octet_length('\\u00e9')", "2", DETERMINISTIC, .is_total = true,
     .signatures = {LT_INLINE("s", "i", LT_OP_SIZE_BYTES, LT_FAMILY_NONE),
                    LT_INLINE("x", "i", LT_OP_SIZE_BYTES, LT_FAMILY_NONE)}},
    {"bit_length", NULL, "bit_length(a)", "Bits of a string or binary value.", "bit_length('ab')",
     "16", DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("s", "i", bits), LT_KERNEL("x", "i", bits)}},
    {"upper", "ucase", "upper(str)", "The string in capital letters.", "upper('abc')", "ABC",
     DETERMINISTIC, .is_total = true, .signatures = {LT_KERNEL("s", "s", upper)}},
    {"lower", "lcase", "lower(str)", "The string in small letters.", "lower('ABC')", "abc",
     DETERMINISTIC, .is_total = true, .signatures = {LT_KERNEL("s", "s", lower)}},
    {"initcap", NULL, "initcap(str)", "Each word with a capital letter in front, the rest small.",
     "initcap('hello WORLD')", "Hello World", DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("s", "s", initcap)}},
    {"substring", "substr", "substring(str, pos[, count])",
     "The part from a position, counted from 1, or from the end when negative.",
     "substring('abcdef', 2, 3)", "bcd", DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("si[i]", "s", substring), LT_KERNEL("xi[i]", "x", substring)}},
    {"left", NULL, "left(str, count)", "The first characters.", "left('abcdef', 2)", "ab",
     DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("si", "s", left), LT_KERNEL("xi", "x", left)}},
    {"right", NULL, "right(str, count)", "The last characters.", "right('abcdef', 2)", "ef",
     DETERMINISTIC, .signatures = {LT_KERNEL("si", "s", right)}},
    {"overlay", NULL, "overlay(str PLACING other FROM pos [FOR count])",
     "The string with the other in place of the characters from a position on: as many as the "
     "other "
     "has, or so many.",
     "overlay('Spark SQL' PLACING '_' FROM 6)", "Spark_SQL", DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("ssi[i]", "s", overlay), LT_KERNEL("xxi[i]", "x", overlay)},
     .infer = refuse_mixed},
    {"split_part", NULL, "split_part(str, delimiter, number)",
     "One of the parts between delimiters, counted from 1, or from the end when negative; '' if "
     "there are fewer.",
     "split_part('a.b.c', '.', 2)", "b", DETERMINISTIC, .decodes_texts = true,
     .signatures = {LT_KERNEL("ssi", "s", split_part)}},
    {"substring_index", NULL, "substring_index(str, delimiter, count)",
     "What stands before the count-th delimiter; negative: after it, counted from the end.",
     "substring_index('www.apache.org', '.', 2)", "www.apache", DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("ssi", "s", substring_index)}},
    {"trim", NULL, "trim([characters,] str)",
     "The string without blanks, or these characters, around it.", "trim('  a ')", "a",
     DETERMINISTIC, .is_total = true, .signatures = {LT_KERNEL("s[s]", "s", trim_both)}},
    {"btrim", NULL, "btrim(str[, characters])",
     "The string without blanks, or these characters, around it.", "btrim('--a--', '-')", "a",
     DETERMINISTIC, .is_total = true, .signatures = {LT_KERNEL("s[s]", "s", btrim)}},
    {"ltrim", NULL, "ltrim([characters,] str)",
     "The string without blanks, or these characters, in front.", "ltrim('  a')", "a",
     DETERMINISTIC, .is_total = true, .signatures = {LT_KERNEL("s[s]", "s", ltrim)}},
    {"rtrim", NULL, "rtrim([characters,] str)",
     "The string without blanks, or these characters, at its end.", "rtrim('a  ')", "a",
     DETERMINISTIC, .is_total = true, .signatures = {LT_KERNEL("s[s]", "s", rtrim)}},
};

const struct lt_function_group lt_functions_string = {"string", functions,
                                                      sizeof functions / sizeof functions[0]};
