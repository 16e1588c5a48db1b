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

#include "core/base/error.h"
#include "core/data/value.h"
#include "core/text/json_number.h"

enum state { VALUE, FIRST_ELEMENT, FIRST_NAME, COLON, COMMA, DONE, BROKEN };

bool lt_json_tokens_begin_indexed(struct lt_json_tokens *tokens, struct lt_json_index *index,
                                  const void *data, size_t size_bytes)
{
    if (!lt_json_index_run(index, data, size_bytes, &tokens->places))
        return false;
    lt_json_scan_init(&tokens->scan, data, size_bytes, 0);
    tokens->scan.state = VALUE;
    tokens->is_indexed = true;
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

/* Where the next place is, NULL after the last; goes past it. */
static const uint8_t *take_place(struct lt_json_tokens *tokens)
{
    struct lt_json_places *places = &tokens->places;
    return places->place < places->count ? lt_json_place(places, places->place++) : NULL;
}

static enum lt_json_token take_string(struct lt_json_tokens *tokens, const uint8_t *begin,
                                      enum lt_json_token token)
{
    struct lt_json_scan *scan = &tokens->scan;
    const uint8_t *end = lt_json_places_end(&tokens->places, tokens->places.place - 1);
    scan->has_escapes =
        tokens->places.may_have_escapes && lt_json_places_has_escapes(&tokens->places, begin, end);
    if (scan->has_escapes && !lt_json_escapes_are_good(begin, end))
        return fail(scan);
    return give(scan, token, begin + 1, end - 1);
}

static enum lt_json_token take_number(struct lt_json_scan *scan, const uint8_t *begin,
                                      const uint8_t *end)
{
    struct lt_json_number number;
    if (!lt_json_number_read(begin, end, scan->end, &number))
        return fail(scan);
    return give(scan, number.is_float ? LT_JSON_TOKEN_FLOAT : LT_JSON_TOKEN_INTEGER, begin, end);
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
    const uint8_t *end = lt_json_places_end(&tokens->places, tokens->places.place - 1);
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

/* An indexed container at its BEGIN, gone past at once. */
static enum lt_json_token skip_indexed(struct lt_json_tokens *tokens)
{
    struct lt_json_scan *scan = &tokens->scan;
    struct lt_json_places *places = &tokens->places;
    uint32_t behind =
        lt_json_places_skip(places, places->place - 1, LT_JSON_SCAN_DEPTH - (scan->depth - 1));
    if (behind == LT_JSON_NOWHERE)
        return fail(scan);
    places->place = behind;
    return end_container(scan, lt_json_place(places, behind - 1));
}

enum lt_json_token lt_json_tokens_leave(struct lt_json_tokens *tokens, uint32_t depth)
{
    if (tokens->is_indexed && tokens->scan.depth == depth && lt_json_tokens_at_begin(tokens))
        return skip_indexed(tokens);
    while (tokens->scan.depth >= depth && tokens->scan.token != LT_JSON_TOKEN_INVALID)
        (void)lt_json_tokens_next(tokens);
    return tokens->scan.token;
}

enum lt_json_token lt_json_tokens_name(struct lt_json_tokens *tokens, uint32_t at)
{
    tokens->places.place = at;
    const uint8_t *begin = take_place(tokens);
    return begin != NULL ? take_name(tokens, begin) : fail(&tokens->scan);
}

enum lt_json_token lt_json_tokens_value(struct lt_json_tokens *tokens, uint32_t at)
{
    tokens->places.place = at;
    const uint8_t *begin = take_place(tokens);
    return begin != NULL ? take_value(tokens, begin) : fail(&tokens->scan);
}

enum lt_json_token lt_json_tokens_end_object(struct lt_json_tokens *tokens, uint32_t at)
{
    tokens->places.place = at + 1;
    return end_container(&tokens->scan, lt_json_place(&tokens->places, at));
}

enum lt_json_token lt_json_tokens_fail(struct lt_json_tokens *tokens)
{
    return fail(&tokens->scan);
}
