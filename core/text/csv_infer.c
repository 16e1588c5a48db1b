/* Each token is tried as one type after the other, from the narrowest on. */
#include "core/text/csv_infer.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/text/csv_tokens.h"
#include "core/text/csv_value.h"

enum { PRECISION_MAX = 38 };

struct inference {
    const struct lt_csv_options *options;
    const struct lt_codec_times *times;
    struct lt_arena *arena;
};

/* A whole number that is too large for BIGINT: its significant digits; 0: it is none. */
static uint32_t count_digits(const char *text, size_t size_bytes)
{
    size_t i = size_bytes != 0 && (*text == '-' || *text == '+');
    uint32_t digits = 0;
    for (; i < size_bytes; i++) {
        if (!lt_ascii_is_digit(text[i]) || digits > PRECISION_MAX)
            return 0;
        digits += digits != 0 || text[i] != '0';
    }
    return digits;
}

static bool parses(const struct inference *in, enum lt_type_kind kind, const char *text,
                   size_t size_bytes)
{
    union lt_value value;
    return lt_csv_value_parse(in->options, in->times, lt_type_simple(kind), text, size_bytes,
                              &value);
}

static const struct lt_type *type_of(const struct inference *in, const char *text,
                                     size_t size_bytes)
{
    static const enum lt_type_kind after_numbers[] = {LT_TYPE_DATE, LT_TYPE_TIMESTAMP,
                                                      LT_TYPE_BOOLEAN};
    if (size_bytes == 0 || lt_csv_value_is(in->options->null_value, text, size_bytes))
        return lt_type_simple(LT_TYPE_STRING);
    if (parses(in, LT_TYPE_INT, text, size_bytes))
        return lt_type_simple(LT_TYPE_INT);
    if (parses(in, LT_TYPE_BIGINT, text, size_bytes))
        return lt_type_simple(LT_TYPE_BIGINT);
    uint32_t digits = count_digits(text, size_bytes);
    if (digits > 0 && digits <= PRECISION_MAX)
        return lt_type_decimal(in->arena, (uint8_t)digits, 0);
    if (parses(in, LT_TYPE_DOUBLE, text, size_bytes))
        return lt_type_simple(LT_TYPE_DOUBLE);
    for (size_t i = in->options->prefer_date ? 0 : 1;
         i < sizeof after_numbers / sizeof after_numbers[0]; i++)
        if (parses(in, after_numbers[i], text, size_bytes))
            return lt_type_simple(after_numbers[i]);
    return lt_type_simple(LT_TYPE_STRING);
}

static const struct lt_type *struct_of(const struct inference *in,
                                       const struct lt_csv_tokens *tokens)
{
    struct lt_field *fields = lt_alloc_array(tokens->count, sizeof *fields);
    for (size_t i = 0; i < tokens->count; i++) {
        const struct lt_csv_token *token = &tokens->items[i];
        bool is_text = token->kind == LT_CSV_TOKEN_TEXT;
        const char *empty = in->options->empty_value != NULL ? in->options->empty_value : "";
        const char *text = is_text                             ? (const char *)token->data
                           : token->kind == LT_CSV_TOKEN_EMPTY ? empty
                                                               : in->options->null_value;
        fields[i] =
            (struct lt_field){.name = lt_arena_format(in->arena, "_c%zu", i),
                              .type = type_of(in, text, is_text ? token->size_bytes : strlen(text)),
                              .nullable = true};
    }
    const struct lt_type *type = lt_type_struct(in->arena, fields, tokens->count);
    free(fields);
    return type;
}

int lt_csv_infer(const void *data, size_t size_bytes, const struct lt_csv_options *options,
                 const struct lt_codec_times *times, struct lt_arena *arena,
                 const struct lt_type **out, struct lt_error *error)
{
    struct inference in = {.options = options, .times = times, .arena = arena};
    struct lt_csv_tokens tokens;
    size_t used_bytes;
    int code = 0;
    lt_csv_tokens_init(&tokens, options, false);
    enum lt_csv_split split = lt_csv_tokens_split(&tokens, data, size_bytes, &used_bytes);
    if (split == LT_CSV_SPLIT_RECORD)
        *out = struct_of(&in, &tokens);
    else
        code = lt_error_set(error, LT_E_PARSE, "CSV: %s",
                            split == LT_CSV_SPLIT_FAULT ? tokens.fault : "there is no record");
    lt_csv_tokens_fini(&tokens);
    return code;
}
