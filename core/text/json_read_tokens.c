/*
 * The indexed pass is a state machine over the listed places, as the scanner's is over bytes:
 *
 *   VALUE          a value
 *   FIRST_ELEMENT  a value or ]
 *   FIRST_NAME     a name or }
 *   COLON          a colon, then a value
 *   COMMA          a comma and what follows it, or the container's end
 *   DONE           the outermost value is complete: whatever follows is not looked at
 *   BROKEN         nothing more
 */
#include "core/text/json_read_tokens.h"

#include <string.h>

#include "core/base/ascii.h"
#include "core/base/error.h"
#include "core/data/value.h"

enum state { VALUE, FIRST_ELEMENT, FIRST_NAME, COLON, COMMA, DONE, BROKEN };

bool lt_json_tokens_begin_indexed(struct lt_json_tokens *tokens, struct lt_json_index *index,
                                  const void *data, size_t size_bytes)
{
    if (!lt_json_index_run(index, data, size_bytes, &tokens->places, &tokens->place_count))
        return false;
    lt_json_scan_init(&tokens->scan, data, size_bytes, 0);
    tokens->scan.state = VALUE;
    tokens->is_indexed = true;
    tokens->may_have_escapes = memchr(data, '\\', size_bytes) != NULL;
    tokens->place = 0;
    return true;
}

void lt_json_tokens_begin(struct lt_json_tokens *tokens, const void *data, size_t size_bytes,
                          unsigned scan_flags)
{
    lt_json_scan_init(&tokens->scan, data, size_bytes, scan_flags);
    tokens->is_indexed = false;
}

static enum lt_json_token fail(struct lt_json_scan *scan)
{
    scan->state = BROKEN;
    scan->fault = "it is no strict JSON";
    return scan->token = LT_JSON_TOKEN_INVALID;
}

static enum lt_json_token give(struct lt_json_scan *scan, enum lt_json_token token,
                               const uint8_t *begin, const uint8_t *end)
{
    scan->token_begin = begin;
    scan->token_end = end;
    return scan->token = token;
}

static inline bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/* A scalar reaches up to the next place, less the blanks between. */
static const uint8_t *scalar_end(const struct lt_json_tokens *tokens, const uint8_t *begin)
{
    const uint8_t *end = tokens->place < tokens->place_count
                             ? tokens->scan.begin + tokens->places[tokens->place]
                             : tokens->scan.end;
    while (end > begin + 1 && is_blank(end[-1]))
        end--;
    return end;
}

/* A string with a backslash: the scanner judges its escapes. */
static bool has_good_escapes(const uint8_t *begin, const uint8_t *end)
{
    struct lt_json_scan scan;
    lt_json_scan_init(&scan, begin, (size_t)(end - begin), 0);
    return lt_json_scan_next(&scan) == LT_JSON_TOKEN_STRING;
}

static enum lt_json_token take_string(struct lt_json_tokens *tokens, const uint8_t *begin,
                                      enum lt_json_token token)
{
    struct lt_json_scan *scan = &tokens->scan;
    const uint8_t *end = scalar_end(tokens, begin);
    if (end - begin < 2 || end[-1] != '"')
        return fail(scan);
    scan->has_escapes =
        tokens->may_have_escapes && memchr(begin, '\\', (size_t)(end - begin)) != NULL;
    if (scan->has_escapes && !has_good_escapes(begin, end))
        return fail(scan);
    return give(scan, token, begin + 1, end - 1);
}

static const uint8_t *skip_digits(const uint8_t *at, const uint8_t *end)
{
    while (at < end && lt_ascii_is_digit((char)*at))
        at++;
    return at;
}

static enum lt_json_token take_number(struct lt_json_scan *scan, const uint8_t *begin,
                                      const uint8_t *end)
{
    const uint8_t *digits = begin + (*begin == '-');
    const uint8_t *at = skip_digits(digits, end);
    if (at == digits || (*digits == '0' && at - digits > 1))
        return fail(scan);
    if (at == end)
        return give(scan, LT_JSON_TOKEN_INTEGER, begin, end);
    if (*at == '.') {
        const uint8_t *fraction = at + 1;
        at = skip_digits(fraction, end);
        if (at == fraction)
            return fail(scan);
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        const uint8_t *exponent = at;
        at = skip_digits(exponent, end);
        if (at == exponent)
            return fail(scan);
    }
    return at == end ? give(scan, LT_JSON_TOKEN_FLOAT, begin, end) : fail(scan);
}

static bool is_word(const uint8_t *begin, const uint8_t *end, const char *word, size_t size_bytes)
{
    return (size_t)(end - begin) == size_bytes && memcmp(begin, word, size_bytes) == 0;
}

static enum lt_json_token begin_container(struct lt_json_scan *scan, const uint8_t *begin,
                                          bool is_object)
{
    if (scan->depth == LT_JSON_SCAN_DEPTH)
        return fail(scan);
    if (is_object)
        lt_bit_set(scan->is_object, scan->depth);
    else
        lt_bit_clear(scan->is_object, scan->depth);
    scan->depth++;
    scan->state = is_object ? FIRST_NAME : FIRST_ELEMENT;
    return give(scan, is_object ? LT_JSON_TOKEN_OBJECT_BEGIN : LT_JSON_TOKEN_ARRAY_BEGIN, begin,
                begin + 1);
}

static enum lt_json_token take_value(struct lt_json_tokens *tokens, const uint8_t *begin)
{
    struct lt_json_scan *scan = &tokens->scan;
    if (*begin == '{' || *begin == '[')
        return begin_container(scan, begin, *begin == '{');
    scan->state = scan->depth == 0 ? DONE : COMMA;
    if (*begin == '"')
        return take_string(tokens, begin, LT_JSON_TOKEN_STRING);
    const uint8_t *end = scalar_end(tokens, begin);
    if (*begin <= '9')
        return take_number(scan, begin, end);
    if (is_word(begin, end, "null", 4))
        return give(scan, LT_JSON_TOKEN_NULL, begin, end);
    if (is_word(begin, end, "true", 4))
        return give(scan, LT_JSON_TOKEN_TRUE, begin, end);
    return is_word(begin, end, "false", 5) ? give(scan, LT_JSON_TOKEN_FALSE, begin, end)
                                           : fail(scan);
}

static enum lt_json_token take_name(struct lt_json_tokens *tokens, const uint8_t *begin)
{
    if (*begin != '"')
        return fail(&tokens->scan);
    tokens->scan.state = COLON;
    return take_string(tokens, begin, LT_JSON_TOKEN_NAME);
}

static enum lt_json_token end_container(struct lt_json_scan *scan, const uint8_t *begin)
{
    scan->depth--;
    scan->state = scan->depth == 0 ? DONE : COMMA;
    return give(scan,
                lt_bit(scan->is_object, scan->depth) ? LT_JSON_TOKEN_OBJECT_END
                                                     : LT_JSON_TOKEN_ARRAY_END,
                begin, begin + 1);
}

/* The next place, or NULL after the last. */
static const uint8_t *take_place(struct lt_json_tokens *tokens)
{
    return tokens->place < tokens->place_count
               ? tokens->scan.begin + tokens->places[tokens->place++]
               : NULL;
}

static enum lt_json_token take_comma(struct lt_json_tokens *tokens, const uint8_t *begin)
{
    struct lt_json_scan *scan = &tokens->scan;
    bool is_object = lt_bit(scan->is_object, scan->depth - 1);
    if (*begin == (is_object ? '}' : ']'))
        return end_container(scan, begin);
    const uint8_t *next = *begin == ',' ? take_place(tokens) : NULL;
    if (next == NULL)
        return fail(scan);
    return is_object ? take_name(tokens, next) : take_value(tokens, next);
}

enum lt_json_token lt_json_tokens_next_indexed(struct lt_json_tokens *tokens)
{
    struct lt_json_scan *scan = &tokens->scan;
    if (scan->state == DONE)
        return scan->token = LT_JSON_TOKEN_END;
    const uint8_t *begin = take_place(tokens);
    if (begin == NULL || scan->state == BROKEN)
        return fail(scan);
    switch ((enum state)scan->state) {
    case FIRST_ELEMENT:
        return *begin == ']' ? end_container(scan, begin) : take_value(tokens, begin);
    case FIRST_NAME:
        return *begin == '}' ? end_container(scan, begin) : take_name(tokens, begin);
    case COLON:
        begin = *begin == ':' ? take_place(tokens) : NULL;
        return begin != NULL ? take_value(tokens, begin) : fail(scan);
    case COMMA:
        return take_comma(tokens, begin);
    default:
        return take_value(tokens, begin);
    }
}

enum lt_json_token lt_json_tokens_leave(struct lt_json_tokens *tokens, uint32_t depth)
{
    while (tokens->scan.depth >= depth && tokens->scan.token != LT_JSON_TOKEN_INVALID)
        (void)lt_json_tokens_next(tokens);
    return tokens->scan.token;
}
