/*
 * Strings chosen, looked up, hidden, quoted and checked.
 */
#include <stdlib.h>
#include <string.h>

#include "core/text/utf8.h"
#include "ops/expr/analyser.h"
#include "ops/expr/expr.h"
#include "ops/expr/faults.h"
#include "ops/expr/regexp.h"

/* ---------------------------------------------------------------------------- choosing, finding */

static enum lt_kernel element(struct lt_machine *machine, const struct lt_call *call,
                              union lt_value *out)
{
    if (lt_argument_is_null(machine, call, 0))
        return LT_KERNEL_NULL;
    int64_t index = lt_argument(machine, call, 0)->i64;
    bool is_inside = index >= 1 && index < call->argument_count;
    if (!is_inside && call->is_legacy)
        return LT_KERNEL_NULL;
    if (!is_inside)
        return lt_fault_index(machine, call, index, call->argument_count - 1);
    if (lt_argument_is_null(machine, call, (uint32_t)index))
        return LT_KERNEL_NULL;
    *out = *lt_argument(machine, call, (uint32_t)index);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel find_in_set(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    struct lt_bytes word = lt_argument_bytes(machine, call, 0);
    struct lt_bytes set = lt_argument_bytes(machine, call, 1);
    out->i64 = 0;
    if (word.size_bytes > 0 && memchr(word.data, ',', word.size_bytes) != NULL)
        return LT_KERNEL_VALUE;
    const uint8_t *at = set.data, *end = at + set.size_bytes;
    for (int64_t number = 1;; number++) {
        const uint8_t *comma = at == end ? NULL : memchr(at, ',', (size_t)(end - at));
        const uint8_t *stop = comma == NULL ? end : comma;
        if ((size_t)(stop - at) == word.size_bytes &&
            (word.size_bytes == 0 || memcmp(at, word.data, word.size_bytes) == 0)) {
            out->i64 = number;
            return LT_KERNEL_VALUE;
        }
        if (comma == NULL)
            return LT_KERNEL_VALUE;
        at = comma + 1;
    }
}

/* Luhn's check digit: from the right every second digit counts twice, by the sum of its digits. */
static enum lt_kernel luhn_check(struct lt_machine *machine, const struct lt_call *call,
                                 union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    unsigned sum = 0;
    out->i64 = 0;
    for (uint32_t i = 0; i < text.size_bytes; i++) {
        unsigned digit = (unsigned)text.data[text.size_bytes - 1 - i] - '0';
        if (digit > 9)
            return LT_KERNEL_VALUE;
        digit <<= i % 2;
        sum += digit > 9 ? digit - 9 : digit;
    }
    out->i64 = text.size_bytes > 0 && sum % 10 == 0;
    return LT_KERNEL_VALUE;
}

/* -------------------------------------------------------------------------------------- masking */

enum { UPPER, LOWER, DIGIT, OTHER, CLASS_COUNT };

struct mask {
    struct lt_regexp *classes; /* of characters beyond ASCII: a group for each class */
};

static int prepare_mask(const struct lt_prepare *prepare, struct lt_error *error)
{
    static const char classes[] = "(\\p{Lu})|(\\p{Ll})|(\\p{Nd})";
    struct mask *mask = lt_alloc(sizeof *mask);
    prepare->call->state = mask;
    return lt_regexp_create(classes, sizeof classes - 1, &mask->classes, error);
}

static void release_mask(void *state)
{
    struct mask *mask = state;
    lt_regexp_destroy(mask->classes);
    free(mask);
}

static unsigned class_of(const struct mask *mask, const uint8_t *character, size_t size_bytes)
{
    uint8_t c = *character;
    if (c < 0x80)
        return c >= 'A' && c <= 'Z'   ? UPPER
               : c >= 'a' && c <= 'z' ? LOWER
               : c >= '0' && c <= '9' ? DIGIT
                                      : OTHER;
    const struct lt_bytes text = {.data = character, .size_bytes = (uint32_t)size_bytes};
    size_t begin, end;
    if (lt_regexp_find(mask->classes, &text) != LT_REGEXP_YES)
        return OTHER;
    for (unsigned class = UPPER; class <= DIGIT; class ++) {
        if (lt_regexp_group(mask->classes, class + 1, &begin, &end))
            return class;
    }
    return OTHER;
}

/* What stands for the characters of each class; NULL keeps them. */
static void replacements(const struct lt_machine *machine, const struct lt_call *call,
                         struct lt_bytes by[CLASS_COUNT])
{
    static const char *const usual[CLASS_COUNT] = {"X", "x", "n", NULL};
    for (uint32_t class = 0; class < CLASS_COUNT; class ++) {
        by[class] = (struct lt_bytes){0};
        if (class + 1 >= call->argument_count && usual[class] != NULL)
            by[class] = lt_value_text(usual[class]).bytes;
        else if (class + 1 < call->argument_count && !lt_argument_is_null(machine, call, class + 1))
            by[class] = lt_argument_bytes(machine, call, class + 1);
    }
}

static enum lt_kernel hide(struct lt_machine *machine, const struct lt_call *call,
                           union lt_value *out)
{
    enum { GROWTH = 4 }; /* one byte may become a character of four */
    if (lt_argument_is_null(machine, call, 0))
        return LT_KERNEL_NULL;
    struct lt_bytes text = lt_argument_bytes(machine, call, 0), by[CLASS_COUNT];
    uint8_t *memory = lt_machine_alloc(machine, (size_t)text.size_bytes * GROWTH), *to = memory;
    if (memory == NULL)
        return lt_machine_too_large(machine, call);
    replacements(machine, call, by);
    const uint8_t *at = text.data, *end = at + text.size_bytes;
    while (at < end) {
        const uint8_t *from = at;
        uint32_t code = lt_utf8_next(&at, end);
        size_t size = (size_t)(at - from);
        unsigned class = code > 0xFFFF ? OTHER : class_of(call->state, from, size);
        struct lt_bytes piece = {.data = from, .size_bytes = (uint32_t)size};
        bool is_kept = by[class].data == NULL;
        /* Spark hides UTF-16 units: such a character is two. */
        unsigned times = !is_kept && code > 0xFFFF ? 2 : 1;
        piece = is_kept ? piece : by[class];
        for (; times > 0; times--) {
            memcpy(to, piece.data, piece.size_bytes);
            to += piece.size_bytes;
        }
    }
    *out = lt_value_bytes(memory, (uint32_t)(to - memory));
    return LT_KERNEL_VALUE;
}

/* The text must be a string; what stands for others a constant of one character, or NULL. What has
 * no type is NULL, whatever computes it. */
static int infer_mask(struct lt_analyser *analyser, struct lt_expression *call)
{
    for (uint32_t i = 0; i < call->argument_count; i++) {
        const struct lt_type *type = call->arguments[i]->type;
        if (!lt_letter_accepts('s', type) && type->kind != LT_TYPE_VOID)
            return lt_analyser_unexpected(analyser, call, i, "a STRING");
        if (type->kind == LT_TYPE_VOID && !lt_coerce_is_open(call->arguments[i]))
            call->arguments[i] = lt_expr_null(
                call->arguments[i], lt_type_simple(LT_TYPE_STRING), analyser->coerce.arena);
    }
    for (uint32_t i = 1; i < call->argument_count; i++) {
        struct lt_expression **argument = &call->arguments[i];
        int code = lt_analyser_constant(analyser, call, i);
        if (code != LT_OK)
            return code;
        struct lt_bytes by = (*argument)->value.bytes;
        if (!(*argument)->is_null && lt_utf8_count(by.data, by.size_bytes) != 1)
            return lt_analyser_fail(analyser, LT_E_ANALYSIS, *argument,
                                    "DATATYPE_MISMATCH.INPUT_SIZE_NOT_ONE", "42K09",
                                    "argument %u of \"mask\" must be one character", i + 1);
    }
    return LT_INFER_LETTERS;
}

/* ----------------------------------------------------------------------------- quotes, validity */

static enum lt_kernel quote(struct lt_machine *machine, const struct lt_call *call,
                            union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    uint8_t *memory = lt_machine_alloc(machine, 2 * (size_t)text.size_bytes + 2), *to = memory;
    if (memory == NULL)
        return lt_machine_too_large(machine, call);
    *to++ = '\'';
    for (uint32_t i = 0; i < text.size_bytes; i++) {
        if (text.data[i] == '\'')
            *to++ = '\\';
        *to++ = text.data[i];
    }
    *to++ = '\'';
    *out = lt_value_bytes(memory, (uint32_t)(to - memory));
    return LT_KERNEL_VALUE;
}

static bool is_valid(const struct lt_machine *machine, const struct lt_call *call)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    return lt_utf8_is_valid(text.data, text.size_bytes);
}

static enum lt_kernel is_valid_utf8(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    out->i64 = is_valid(machine, call);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel make_valid_utf8(struct lt_machine *machine, const struct lt_call *call,
                                      union lt_value *out)
{
    enum { GROWTH = 3 }; /* a wrong byte becomes the replacement character */
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    out->bytes = text;
    if (is_valid(machine, call))
        return LT_KERNEL_VALUE;
    uint8_t *memory = lt_machine_alloc(machine, (size_t)text.size_bytes * GROWTH), *to = memory;
    if (memory == NULL)
        return lt_machine_too_large(machine, call);
    for (const uint8_t *at = text.data, *end = at + text.size_bytes; at < end;)
        to += lt_utf8_put(lt_utf8_next_strict(&at, end), to);
    *out = lt_value_bytes(memory, (uint32_t)(to - memory));
    return LT_KERNEL_VALUE;
}

static enum lt_kernel validate_utf8(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    if (!is_valid(machine, call))
        return lt_machine_fault(machine, call, "INVALID_UTF8_STRING", "22029",
                                "the string is not valid UTF-8");
    out->bytes = lt_argument_bytes(machine, call, 0);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel try_validate_utf8(struct lt_machine *machine, const struct lt_call *call,
                                        union lt_value *out)
{
    out->bytes = lt_argument_bytes(machine, call, 0);
    return is_valid(machine, call) ? LT_KERNEL_VALUE : LT_KERNEL_NULL;
}

/* Bytes stay bytes only where all are: beside others, NULL too, they become text. */
static int infer_elt(struct lt_analyser *analyser, struct lt_expression *call)
{
    bool are_bytes = true;
    for (uint32_t i = 1; i < call->argument_count; i++)
        are_bytes = are_bytes && call->arguments[i]->type->kind == LT_TYPE_BINARY;
    for (uint32_t i = 1; i < call->argument_count && !are_bytes; i++) {
        if (call->arguments[i]->type->kind != LT_TYPE_BINARY)
            continue;
        int code = lt_analyser_cast(analyser, &call->arguments[i], lt_type_simple(LT_TYPE_STRING));
        if (code != LT_OK)
            return code;
    }
    return LT_INFER_LETTERS;
}

#define DETERMINISTIC .is_deterministic = true

static const struct lt_function functions[] = {
    {"elt", NULL, "elt(number, a, ...)", "The argument with this number, counted from 1.",
     "elt(2, 'a', 'b')", "b", LT_NULL_AWARE, DETERMINISTIC,
     .signatures = {LT_KERNEL("iss*", "s", element), LT_KERNEL("ixx*", "x", element)},
     .infer = infer_elt},
    {"find_in_set", NULL, "find_in_set(str, list)",
     "The number of the part that equals the string, of parts between commas; 0 for none.",
     "find_in_set('b', 'a,b,c')", "2", DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("ss", "i", find_in_set)}},
    {"luhn_check", NULL, "luhn_check(digits)",
     "True when the last digit is the check digit of the others by Luhn's algorithm.",
     "luhn_check('79927398713')", "true", DETERMINISTIC,
     .signatures = {LT_KERNEL("s", "B", luhn_check)}},
    {"mask", NULL, "mask(str[, upperChar[, lowerChar[, digitChar[, otherChar]]]])",
     "Capital and small letters, digits and others replaced by a character each; NULL keeps them. "
     "The arguments may have their names: mask('a1', digitChar => '0').",
     "mask('AbCD123-@$#')", "XxXXnnn-@$#", LT_NULL_AWARE, DETERMINISTIC, .decodes_texts = true,
     .signatures = {LT_KERNEL("s[s][s][s][s]", "s", hide)}, .prepare = prepare_mask,
     .release = release_mask, .infer = infer_mask,
     .names = "str!,upperChar=X,lowerChar=x,digitChar=n,otherChar"},
    {"quote", NULL, "quote(str)", "The string between single quotes, with a \\ before those in it.",
     "quote('a')", "'a'", DETERMINISTIC, .decodes_texts = true,
     .signatures = {LT_KERNEL("s", "s", quote)}},
    {"is_valid_utf8", NULL, "is_valid_utf8(str)", "True when the string is valid UTF-8.",
     "is_valid_utf8('a')", "true", DETERMINISTIC,
     .signatures = {LT_KERNEL("s", "B", is_valid_utf8)}},
    {"make_valid_utf8", NULL, "make_valid_utf8(str)",
     "The string with U+FFFD in place of what is not valid UTF-8.",
     "length(make_valid_utf8(string(X'6180')))", "2", DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("s", "s", make_valid_utf8)}},
    {"validate_utf8", NULL, "validate_utf8(str)",
     "The string, if it is valid UTF-8; else the record fails.", "validate_utf8('a')", "a",
     DETERMINISTIC, .signatures = {LT_KERNEL("s", "s", validate_utf8)}},
    {"try_validate_utf8", NULL, "try_validate_utf8(str)",
     "The string, if it is valid UTF-8; else NULL.", "try_validate_utf8(string(X'80'))", "NULL",
     DETERMINISTIC, .signatures = {LT_KERNEL("s", "s", try_validate_utf8)}},
};

const struct lt_function_group lt_functions_edit = {"string", functions,
                                                    sizeof functions / sizeof functions[0]};
