/*
 * Strings made of others: joining, repeating, replacing, padding.
 */
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/base/limits.h"
#include "core/text/search.h"
#include "core/text/utf8.h"
#include "ops/expr/collections.h"
#include "ops/expr/faults.h"

/* Characters of a string, bytes of a binary value. */
static size_t count_of(const struct lt_call *call, struct lt_bytes text)
{
    return lt_argument_is_binary(call, 0) ? text.size_bytes
                                          : lt_utf8_count(text.data, text.size_bytes);
}

static uint8_t *append(uint8_t *at, struct lt_bytes text)
{
    if (text.size_bytes > 0)
        memcpy(at, text.data, text.size_bytes);
    return at + text.size_bytes;
}

/* Sets `out` to new memory of the size, to be filled. */
static uint8_t *put(struct lt_machine *machine, size_t size_bytes, union lt_value *out)
{
    uint8_t *memory = lt_machine_alloc(machine, size_bytes);
    if (memory != NULL)
        *out = lt_value_bytes(memory, (uint32_t)size_bytes);
    return memory;
}

enum { SHORT_BYTES = 16 };

/* The same, where as many more bytes may be written behind it. */
static inline uint8_t *append_short(uint8_t *at, const struct lt_bytes *text)
{
    if (lt_likely(text->size_bytes <= SHORT_BYTES &&
                  (uint64_t)text->size_bytes + text->padding_bytes >= SHORT_BYTES)) {
        memcpy(at, text->data, SHORT_BYTES);
        return at + text->size_bytes;
    }
    return append(at, *text);
}

static enum lt_kernel concat(struct lt_machine *machine, const struct lt_call *call,
                             union lt_value *out)
{
    size_t size = 0;
    for (uint32_t i = 0; i < call->argument_count; i++)
        size += lt_argument(machine, call, i)->bytes.size_bytes;
    uint8_t *begin = size <= LT_LIMIT_VALUE_BYTES ? put(machine, size + SHORT_BYTES, out) : NULL;
    if (begin == NULL)
        return lt_machine_too_large(machine, call);
    uint8_t *at = begin;
    for (uint32_t i = 0; i < call->argument_count; i++)
        at = append_short(at, &lt_argument(machine, call, i)->bytes);
    *out = lt_value_bytes(begin, (uint32_t)size);
    return LT_KERNEL_VALUE;
}

/* Pieces with a separator between them; without memory they are only measured. */
struct joined {
    uint8_t *at;
    size_t size_bytes;
    bool has_piece;
};

static void join(struct joined *joined, struct lt_bytes separator, struct lt_bytes piece)
{
    size_t before = joined->has_piece ? separator.size_bytes : 0;
    if (joined->at != NULL && before > 0)
        joined->at = append(joined->at, separator);
    if (joined->at != NULL)
        joined->at = append(joined->at, piece);
    joined->size_bytes += before + piece.size_bytes;
    joined->has_piece = true;
}

static void join_arguments(struct lt_machine *machine, const struct lt_call *call,
                           struct joined *joined)
{
    struct lt_bytes separator = lt_argument_bytes(machine, call, 0);
    for (uint32_t i = 1; i < call->argument_count; i++) {
        if (lt_argument_is_null(machine, call, i))
            continue;
        if (call->argument_types[i]->kind != LT_TYPE_ARRAY) {
            join(joined, separator, lt_argument_bytes(machine, call, i));
            continue;
        }
        struct lt_array *array = lt_argument(machine, call, i)->array;
        lt_array_materialize(array);
        for (uint32_t j = 0; j < array->count; j++) {
            if (!lt_bit(array->nulls, j))
                join(joined, separator, array->values[j].bytes);
        }
    }
}

/* NULLs are left out, of arrays too; a NULL separator gives NULL. */
static enum lt_kernel concat_ws(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    if (lt_argument_is_null(machine, call, 0))
        return LT_KERNEL_NULL;
    struct joined joined = {0};
    join_arguments(machine, call, &joined);
    joined.at = put(machine, joined.size_bytes, out);
    if (joined.at == NULL)
        return lt_machine_too_large(machine, call);
    joined.has_piece = false;
    join_arguments(machine, call, &joined);
    return LT_KERNEL_VALUE;
}

/* Each argument is a string or an array of strings; what is neither becomes a string. */
static int infer_joined(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *string = lt_type_simple(LT_TYPE_STRING);
    for (uint32_t i = 0; i < call->argument_count; i++) {
        const struct lt_type *type = call->arguments[i]->type;
        bool is_array = i > 0 && type->kind == LT_TYPE_ARRAY;
        const struct lt_type *wanted =
            is_array ? lt_type_array(analyser->coerce.arena, string, type->fields[0].nullable)
                     : string;
        if (!lt_coerce_is_implicit(&analyser->coerce, type, wanted))
            return lt_analyser_unexpected(analyser, call, i, "a STRING or an ARRAY<STRING>");
        int code = lt_analyser_cast(analyser, &call->arguments[i], wanted);
        if (code != LT_OK)
            return code;
    }
    call->signature = &lt_function_at((size_t)call->index, NULL)->signatures[0];
    call->type = string;
    call->nullable = call->arguments[0]->nullable;
    return LT_OK;
}

/* The text so many times, each copy of what is there doubling it. */
static uint8_t *append_times(uint8_t *at, struct lt_bytes text, size_t times)
{
    size_t size = text.size_bytes * times, done = text.size_bytes;
    if (size == 0)
        return at;
    memcpy(at, text.data, done);
    for (; done < size - done; done *= 2)
        memcpy(at + done, at, done);
    memcpy(at + done, at, size - done);
    return at + size;
}

static enum lt_kernel repeat(struct lt_machine *machine, const struct lt_call *call,
                             union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    int64_t times = lt_argument(machine, call, 1)->i64;
    times = times < 0 ? 0 : times;
    uint8_t *at = put(machine, (size_t)times * text.size_bytes, out);
    if (at == NULL)
        return lt_machine_too_large(machine, call);
    (void)append_times(at, text, (size_t)times);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel space(struct lt_machine *machine, const struct lt_call *call,
                            union lt_value *out)
{
    int64_t count = lt_argument(machine, call, 0)->i64;
    size_t size = count < 0 ? 0 : (size_t)count;
    uint8_t *at = put(machine, size, out);
    if (at == NULL)
        return lt_machine_too_large(machine, call);
    memset(at, ' ', size);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel reverse(struct lt_machine *machine, const struct lt_call *call,
                              union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    uint8_t *memory = put(machine, text.size_bytes, out);
    if (memory == NULL)
        return lt_machine_too_large(machine, call);
    const uint8_t *at = text.data, *end = text.data + text.size_bytes;
    uint8_t *to = memory + text.size_bytes;
    while (at < end) {
        const uint8_t *next = at;
        (void)lt_utf8_next(&next, end);
        to -= next - at;
        memcpy(to, at, (size_t)(next - at));
        at = next;
    }
    return LT_KERNEL_VALUE;
}

/* Copies a text without one of its bytes, and without branches that depend on where that stands;
 * returns the size. */
static size_t copy_bytes_without(const uint8_t *text, size_t size_bytes, uint8_t byte, uint8_t *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        out[kept] = text[i];
        kept += text[i] != byte;
    }
    return kept;
}

#if defined(__x86_64__)

/* The same by blocks, from which the processor takes the bytes that stay; neither text nor `out` is
 * touched beyond its end. */
__attribute__((target("avx512bw,avx512vbmi2,popcnt,bmi2"))) static size_t
copy_blocks_without(const uint8_t *text, size_t size_bytes, uint8_t byte, uint8_t *out)
{
    enum { BLOCK = 64 };
    const __m512i unwanted = _mm512_set1_epi8((char)byte);
    size_t kept = 0;
    for (size_t at = 0; at < size_bytes; at += BLOCK) {
        size_t left = size_bytes - at;
        __mmask64 inside = left < BLOCK ? _bzhi_u64(UINT64_MAX, (uint32_t)left) : UINT64_MAX;
        __m512i block = _mm512_maskz_loadu_epi8(inside, text + at);
        __mmask64 stay = _mm512_mask_cmpneq_epi8_mask(inside, block, unwanted);
        uint32_t count = (uint32_t)__builtin_popcountll(stay);
        _mm512_mask_storeu_epi8(out + kept, _bzhi_u64(UINT64_MAX, count),
                                _mm512_maskz_compress_epi8(stay, block));
        kept += count;
    }
    return kept;
}

static size_t copy_without(const uint8_t *text, size_t size_bytes, uint8_t byte, uint8_t *out)
{
    return __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512bw")
               ? copy_blocks_without(text, size_bytes, byte, out)
               : copy_bytes_without(text, size_bytes, byte, out);
}

#else

static size_t copy_without(const uint8_t *text, size_t size_bytes, uint8_t byte, uint8_t *out)
{
    return copy_bytes_without(text, size_bytes, byte, out);
}

#endif

static enum lt_kernel replace(struct lt_machine *machine, const struct lt_call *call,
                              union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    struct lt_bytes part = lt_argument_bytes(machine, call, 1);
    struct lt_bytes other = {0};
    if (call->argument_count == 3)
        other = lt_argument_bytes(machine, call, 2);
    out->bytes = text;
    if (part.size_bytes == 0 || text.size_bytes == 0)
        return LT_KERNEL_VALUE;
    const uint8_t *from = text.data, *end = from + text.size_bytes;
    const struct lt_needle needle = lt_needle_of(part.data, part.size_bytes);
    const uint8_t *found = lt_search(from, text.size_bytes, &needle);
    if (found == NULL)
        return LT_KERNEL_VALUE;
    /* What only shrinks has room without being measured first. */
    size_t count = 0, growth = 0;
    for (const uint8_t *at = found; other.size_bytes > part.size_bytes && at != NULL; count++)
        at = lt_search(at + part.size_bytes, (size_t)(end - at) - part.size_bytes, &needle);
    if (count > 0)
        growth = count * (other.size_bytes - part.size_bytes);
    uint8_t *to = put(machine, text.size_bytes + growth, out), *begin = to;
    if (to == NULL)
        return lt_machine_too_large(machine, call);
    if (other.size_bytes == 0 && part.size_bytes == 1) {
        out->bytes.size_bytes = (uint32_t)copy_without(from, text.size_bytes, part.data[0], to);
        return LT_KERNEL_VALUE;
    }
    while (found != NULL) {
        memcpy(to, from, (size_t)(found - from));
        to = append(to + (found - from), other);
        from = found + part.size_bytes;
        found = lt_search(from, (size_t)(end - from), &needle);
    }
    memcpy(to, from, (size_t)(end - from));
    *out = lt_value_bytes(begin, (uint32_t)(to - begin) + (uint32_t)(end - from));
    return LT_KERNEL_VALUE;
}

/* The index of the character [at, next) in `set`, or SIZE_MAX. */
static size_t index_in(const uint8_t *at, const uint8_t *next, struct lt_bytes set)
{
    size_t size = (size_t)(next - at), index = 0;
    const uint8_t *c = set.data, *end = set.data + set.size_bytes;
    for (; c < end; index++) {
        const uint8_t *from = c;
        (void)lt_utf8_next(&c, end);
        if ((size_t)(c - from) == size && memcmp(from, at, size) == 0)
            return index;
    }
    return SIZE_MAX;
}

/* The character with this index; none, or one that is 0, stands for nothing, as in Spark. */
static struct lt_bytes translated(struct lt_bytes to, size_t to_count, size_t index)
{
    struct lt_bytes piece = {.data = to.data};
    if (index < to_count)
        piece = lt_utf8_substring(to, (int32_t)index + 1, 1);
    if (piece.size_bytes == 1 && piece.data[0] == '\0')
        piece.size_bytes = 0;
    return piece;
}

static enum lt_kernel translate(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    enum { GROWTH = 4 }; /* one byte may become a character of four */
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    struct lt_bytes from = lt_argument_bytes(machine, call, 1);
    struct lt_bytes to = lt_argument_bytes(machine, call, 2);
    size_t to_count = lt_utf8_count(to.data, to.size_bytes);
    uint8_t *memory = put(machine, (size_t)text.size_bytes * GROWTH, out), *write = memory;
    if (memory == NULL)
        return lt_machine_too_large(machine, call);
    const uint8_t *at = text.data, *end = text.data + text.size_bytes;
    while (at < end) {
        const uint8_t *next = at;
        (void)lt_utf8_next(&next, end);
        size_t index = index_in(at, next, from);
        struct lt_bytes piece = {.data = at, .size_bytes = (uint32_t)(next - at)};
        if (index != SIZE_MAX)
            piece = translated(to, to_count, index);
        write = append(write, piece);
        at = next;
    }
    out->bytes.size_bytes = (uint32_t)(write - memory);
    return LT_KERNEL_VALUE;
}

/* ------------------------------------------------------------------------------------- padding */

/* The first `count` characters (bytes). */
static struct lt_bytes head(const struct lt_call *call, struct lt_bytes text, size_t count)
{
    size_t size = lt_argument_is_binary(call, 0)
                      ? (count < text.size_bytes ? count : text.size_bytes)
                      : lt_utf8_offset(text.data, text.size_bytes, count);
    return (struct lt_bytes){.data = text.data, .size_bytes = (uint32_t)size};
}

static enum lt_kernel pad(struct lt_machine *machine, const struct lt_call *call, bool is_left,
                          union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    struct lt_bytes fill = {.data = (const uint8_t *)(lt_argument_is_binary(call, 0) ? "\0" : " "),
                            .size_bytes = 1};
    if (call->argument_count == 3)
        fill = lt_argument_bytes(machine, call, 2);
    int64_t wanted = lt_argument(machine, call, 1)->i64;
    if (wanted < 0 && lt_argument_is_binary(call, 0))
        return lt_fault_parameter(machine, call, "INVALID_PARAMETER_VALUE.LENGTH", "len",
                                  "Expects `length` greater than or equal to 0, but got %lld",
                                  (long long)wanted);
    size_t width = wanted < 0 ? 0 : (size_t)wanted, count = count_of(call, text);
    out->bytes = head(call, text, width);
    if (count >= width || fill.size_bytes == 0)
        return LT_KERNEL_VALUE;
    size_t fill_count = count_of(call, fill), times = (width - count) / fill_count;
    struct lt_bytes rest = head(call, fill, (width - count) % fill_count);
    uint8_t *at = put(machine, text.size_bytes + times * fill.size_bytes + rest.size_bytes, out);
    if (at == NULL)
        return lt_machine_too_large(machine, call);
    at = is_left ? at : append(at, text);
    at = append_times(at, fill, times);
    at = append(at, rest);
    if (is_left)
        (void)append(at, text);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel lpad(struct lt_machine *machine, const struct lt_call *call,
                           union lt_value *out)
{
    return pad(machine, call, true, out);
}

static enum lt_kernel rpad(struct lt_machine *machine, const struct lt_call *call,
                           union lt_value *out)
{
    return pad(machine, call, false, out);
}

/* --------------------------------------------------------------------------------- code points */

static enum lt_kernel ascii(struct lt_machine *machine, const struct lt_call *call,
                            union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    const uint8_t *at = text.data;
    out->i64 = text.size_bytes == 0 ? 0 : lt_utf8_next(&at, text.data + text.size_bytes);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel chr(struct lt_machine *machine, const struct lt_call *call,
                          union lt_value *out)
{
    int64_t code = lt_argument(machine, call, 0)->i64;
    uint8_t text[4];
    size_t size = code < 0 ? 0 : lt_utf8_put((uint32_t)code & 0xFF, text);
    return lt_machine_put(machine, call, text, size, out);
}

#define DETERMINISTIC .is_deterministic = true

static const struct lt_function functions[] = {
    {"concat", "||", "concat(a, ...)", "The arguments one after the other; NULL if any is NULL.",
     "concat('a', 'b', 1)", "ab1", DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("s*", "s", concat), LT_KERNEL("xx*", "x", concat),
                    LT_KERNEL("A*", "A", lt_concat_arrays)},
     .infer = lt_infer_concat},
    {"concat_ws", NULL, "concat_ws(separator, a, ...)",
     "The arguments, and the elements of arrays, that are not NULL, with the separator between "
     "them.",
     "concat_ws('-', 'a', NULL, 'b')", "a-b", LT_NULL_AWARE, DETERMINISTIC,
     .signatures = {LT_KERNEL("sa*", "s", concat_ws)}, .infer = infer_joined},
    {"repeat", NULL, "repeat(str, times)", "The string several times.", "repeat('ab', 3)", "ababab",
     DETERMINISTIC, .is_total = true, .signatures = {LT_KERNEL("si", "s", repeat)}},
    {"space", NULL, "space(count)", "That many blanks.", "concat('<', space(2), '>')", "<  >",
     DETERMINISTIC, .is_total = true, .signatures = {LT_KERNEL("i", "s", space)}},
    {"reverse", NULL, "reverse(str)", "The characters from the last to the first.",
     "reverse('abc')", "cba", DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("s", "s", reverse), LT_KERNEL("A", "A", lt_reverse_array)},
     .infer = lt_infer_reverse},
    {"replace", NULL, "replace(str, part[, by])",
     "The string with each occurrence of the part replaced.", "replace('aXbX', 'X', '-')", "a-b-",
     DETERMINISTIC, .is_total = true, .signatures = {LT_KERNEL("ss[s]", "s", replace)}},
    {"translate", NULL, "translate(str, from, to)",
     "Each character of `from` replaced by the one at its place in `to`, or dropped.",
     "translate('abc', 'ab', '1')", "1c", DETERMINISTIC, .is_total = true, .decodes_texts = true,
     .signatures = {LT_KERNEL("sss", "s", translate)}},
    {"lpad", NULL, "lpad(str, count[, fill])",
     "Filled up in front, or cut, to that many characters.", "lpad('7', 3, '0')", "007",
     DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("si[s]", "s", lpad), LT_KERNEL("xi[x]", "x", lpad)}},
    {"rpad", NULL, "rpad(str, count[, fill])",
     "Filled up at the end, or cut, to that many characters.", "rpad('7', 3, '0')", "700",
     DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("si[s]", "s", rpad), LT_KERNEL("xi[x]", "x", rpad)}},
    {"ascii", NULL, "ascii(str)", "The code point of the first character; 0 for ''.", "ascii('A')",
     "65", DETERMINISTIC, .is_total = true, .signatures = {LT_KERNEL("s", "i", ascii)}},
    {"chr", "char", "chr(code)", "The character with this code (its low 8 bits).", "chr(65)", "A",
     DETERMINISTIC, .is_total = true, .signatures = {LT_KERNEL("l", "s", chr)}},
};

const struct lt_function_group lt_functions_build = {"string", functions,
                                                     sizeof functions / sizeof functions[0]};
