/*
 * Values without quotes are found by their delimiter. Quoted values whose closing quote stands
 * before a delimiter are, too, if nothing in them is escaped; all others go through a slow state
 * machine that looks at one character and at what the one before meant:
 *
 *   previous = quote   a quote that may close the value, if a blank, a delimiter or the end follows
 *   previous = escape  an escape that means something if a quote or an escape follows
 *   previous = 0       nothing is pending
 *
 * The end of the record within a value closes it.
 */
#include "core/text/csv_tokens.h"

#include <stdlib.h>
#include <string.h>

enum { CR = '\r', LF = '\n' };

/* How a value ended. */
enum ending { AT_DELIMITER, AT_END, AT_FAULT };

void lt_csv_tokens_init(struct lt_csv_tokens *tokens, const struct lt_csv_options *options,
                        bool has_lines)
{
    *tokens = (struct lt_csv_tokens){
        .options = options,
        .separator_bytes = strlen(options->separator),
        .quote = (uint8_t)options->quote,
        .escape = (uint8_t)options->escape,
        .has_quote = options->quote != '\0',
        .ignores_leading = options->has_ignore_leading && options->ignore_leading_blanks,
        .ignores_trailing = options->has_ignore_trailing && options->ignore_trailing_blanks,
        .has_lines = has_lines};
    if (options->has_escape_of_escape)
        tokens->escape_of_escape = (uint8_t)options->escape_of_escape;
    else
        tokens->escape_of_escape = options->quote == options->escape ? 0 : tokens->escape;
    lt_text_init(&tokens->text);
}

void lt_csv_tokens_fini(struct lt_csv_tokens *tokens)
{
    lt_text_fini(&tokens->text);
    free(tokens->items);
}

/* --------------------------------------------------------------------------------- characters */

static inline bool is_delimiter(const struct lt_csv_tokens *tokens, const uint8_t *at)
{
    return *at == (uint8_t)tokens->options->separator[0] &&
           (size_t)(tokens->end - at) >= tokens->separator_bytes &&
           memcmp(at, tokens->options->separator, tokens->separator_bytes) == 0;
}

static inline bool is_line_end(const struct lt_csv_tokens *tokens, const uint8_t *at)
{
    return tokens->has_lines && (*at == LF || *at == CR);
}

static inline bool is_value_end(const struct lt_csv_tokens *tokens, const uint8_t *at)
{
    return is_delimiter(tokens, at) || is_line_end(tokens, at);
}

static inline bool is_quote(const struct lt_csv_tokens *tokens, uint8_t c)
{
    return tokens->has_quote && c == tokens->quote;
}

/* An escape is told from a quote that escapes itself by the caller. */
static inline bool is_escape(const struct lt_csv_tokens *tokens, uint8_t c)
{
    return tokens->escape != 0 && c == tokens->escape;
}

static inline bool is_blank(uint8_t c)
{
    return c <= ' ';
}

/* -------------------------------------------------------------------------------------- tokens */

/* False, with the fault, when there are too many. */
static bool push(struct lt_csv_tokens *tokens, struct lt_csv_token token)
{
    if (tokens->options->max_columns >= 0 &&
        tokens->count >= (size_t)tokens->options->max_columns) {
        tokens->fault = "it has more columns than maxColumns";
        return false;
    }
    if (tokens->options->max_chars_per_column >= 0 &&
        token.size_bytes > (size_t)tokens->options->max_chars_per_column) {
        tokens->fault = "a value is longer than maxCharsPerColumn";
        return false;
    }
    if (tokens->count == tokens->capacity) {
        tokens->capacity = tokens->capacity != 0 ? 2 * tokens->capacity : 32;
        tokens->items = lt_realloc_array(tokens->items, tokens->capacity, sizeof *tokens->items);
    }
    tokens->items[tokens->count++] = token;
    return true;
}

static bool push_nothing(struct lt_csv_tokens *tokens)
{
    return push(tokens, (struct lt_csv_token){.kind = LT_CSV_TOKEN_NOTHING});
}

static bool push_borrowed(struct lt_csv_tokens *tokens, const uint8_t *begin, const uint8_t *end,
                          enum lt_csv_token_kind kind_of_none)
{
    return push(tokens,
                (struct lt_csv_token){.kind = begin < end ? LT_CSV_TOKEN_TEXT : kind_of_none,
                                      .is_borrowed = true,
                                      .data = begin,
                                      .size_bytes = (size_t)(end - begin)});
}

static void append(struct lt_csv_tokens *tokens, uint8_t c)
{
    lt_text_append_char(&tokens->text, (char)c);
}

/* The value at hand, which stands at the end of the text. */
static bool push_value(struct lt_csv_tokens *tokens, bool trims)
{
    const char *text = lt_text_get(&tokens->text);
    size_t offset = tokens->value_offset, end = tokens->text.size_bytes;
    while (trims && end > offset && is_blank((uint8_t)text[end - 1]))
        end--;
    tokens->value_offset = tokens->text.size_bytes;
    return push(tokens,
                (struct lt_csv_token){.kind = end > offset ? LT_CSV_TOKEN_TEXT : LT_CSV_TOKEN_EMPTY,
                                      .offset = offset,
                                      .size_bytes = end - offset});
}

/* ------------------------------------------------------------------------------ unquoted values */

static enum ending take_unquoted(struct lt_csv_tokens *tokens)
{
    const uint8_t *begin = tokens->at;
    while (tokens->at < tokens->end && !is_value_end(tokens, tokens->at))
        tokens->at++;
    const uint8_t *end = tokens->at;
    while (tokens->ignores_trailing && end > begin && is_blank(end[-1]))
        end--;
    bool is_last = tokens->at == tokens->end;
    if (!push_borrowed(tokens, begin, end, is_last ? LT_CSV_TOKEN_EMPTY : LT_CSV_TOKEN_NOTHING))
        return AT_FAULT;
    return is_last ? AT_END : AT_DELIMITER;
}

/* -------------------------------------------------------------------------------- quoted values */

/* The quick way: from the opening quote; false when the value is not as simple as that. */
static bool take_simple_quoted(struct lt_csv_tokens *tokens, enum ending *ending)
{
    const uint8_t *begin = tokens->at + 1, *at = begin;
    while (at < tokens->end && *at != tokens->quote && !is_escape(tokens, *at))
        at++;
    if (at == tokens->end || *at != tokens->quote)
        return false;
    if (at + 1 < tokens->end && !is_value_end(tokens, at + 1))
        return false;
    tokens->at = at + 1;
    *ending = tokens->at == tokens->end ? AT_END : AT_DELIMITER;
    if (!push_borrowed(tokens, begin, at, LT_CSV_TOKEN_EMPTY))
        *ending = AT_FAULT;
    return true;
}

/* All up to the value's end, quotes included. */
static enum ending take_to_delimiter(struct lt_csv_tokens *tokens)
{
    while (tokens->at < tokens->end && !is_value_end(tokens, tokens->at))
        append(tokens, *tokens->at++);
    enum ending ending = tokens->at == tokens->end ? AT_END : AT_DELIMITER;
    return push_value(tokens, tokens->ignores_trailing) ? ending : AT_FAULT;
}

static void prepend_quote(struct lt_csv_tokens *tokens)
{
    append(tokens, tokens->quote);
    char *value = tokens->text.data + tokens->value_offset;
    memmove(value + 1, value, tokens->text.size_bytes - tokens->value_offset - 1);
    value[0] = (char)tokens->quote;
}

/* The pieces of the value so far between delimiters become values; the last stays at hand. */
static bool go_back_to_delimiter(struct lt_csv_tokens *tokens)
{
    const char *separator = tokens->options->separator;
    while (tokens->text.size_bytes > tokens->value_offset) {
        char *value = tokens->text.data + tokens->value_offset;
        size_t size_bytes = tokens->text.size_bytes - tokens->value_offset;
        char *found = memmem(value, size_bytes, separator, tokens->separator_bytes);
        if (found == NULL)
            return true;
        size_t piece_bytes = (size_t)(found - value);
        if (!push(tokens, (struct lt_csv_token){.kind = LT_CSV_TOKEN_TEXT,
                                                .offset = tokens->value_offset,
                                                .size_bytes = piece_bytes}))
            return false;
        tokens->value_offset += piece_bytes + tokens->separator_bytes;
    }
    return true;
}

/* A quote that closes nothing stands before the character at hand. True: the value goes on as a
 * quoted one; else it is done, and `*ending` says how. */
static bool handle_unescaped_quote(struct lt_csv_tokens *tokens, enum ending *ending)
{
    switch (tokens->options->unescaped_quote) {
    case LT_CSV_STOP_AT_DELIMITER:
        append(tokens, tokens->quote);
        prepend_quote(tokens);
        *ending = take_to_delimiter(tokens);
        return false;
    case LT_CSV_STOP_AT_CLOSING_QUOTE:
        append(tokens, tokens->quote);
        append(tokens, *tokens->at);
        tokens->previous = *tokens->at++;
        return true;
    case LT_CSV_BACK_TO_DELIMITER:
        if (!go_back_to_delimiter(tokens)) {
            *ending = AT_FAULT;
            return false;
        }
        append(tokens, *tokens->at++);
        tokens->previous = 0;
        return true;
    case LT_CSV_SKIP_VALUE:
        while (tokens->at < tokens->end && !is_value_end(tokens, tokens->at))
            tokens->at++;
        tokens->text.size_bytes = tokens->value_offset;
        *ending = !push_value(tokens, false)  ? AT_FAULT
                  : tokens->at == tokens->end ? AT_END
                                              : AT_DELIMITER;
        return false;
    default:
        tokens->fault = "a quoted value holds a quote that is not escaped";
        *ending = AT_FAULT;
        return false;
    }
}

/* A quote or an escape: what it means with the one before it. */
static void take_special(struct lt_csv_tokens *tokens)
{
    uint8_t c = *tokens->at, previous = tokens->previous;
    tokens->previous = c;
    if (is_escape(tokens, c) && previous != 0 && previous == tokens->escape_of_escape) {
        append(tokens, tokens->escape);
        tokens->previous = 0;
    } else if (previous != 0 && previous == tokens->escape) {
        if (is_quote(tokens, c))
            tokens->previous = 0;
        append(tokens, is_quote(tokens, c) ? tokens->quote : previous);
    } else if (is_quote(tokens, c) && is_quote(tokens, previous)) {
        append(tokens, tokens->quote);
    }
    tokens->at++;
}

/* Any other character: an escape before it was none. */
static void take_plain(struct lt_csv_tokens *tokens)
{
    uint8_t c = *tokens->at++;
    if (tokens->previous != 0 && tokens->previous == tokens->escape)
        append(tokens, tokens->escape);
    tokens->previous = 0;
    bool is_pair = c == tokens->escape_of_escape && c != 0 && tokens->at < tokens->end &&
                   is_escape(tokens, *tokens->at);
    append(tokens, is_pair ? *tokens->at++ : c);
}

/* A closing quote and blanks were met: what follows them. True: the value goes on. */
static bool take_blanks_behind(struct lt_csv_tokens *tokens, enum ending *ending)
{
    const uint8_t *blanks = tokens->at;
    while (tokens->at < tokens->end && !is_value_end(tokens, tokens->at) && is_blank(*tokens->at))
        tokens->at++;
    bool is_done = tokens->at == tokens->end || is_value_end(tokens, tokens->at);
    if (!is_done && tokens->options->unescaped_quote == LT_CSV_RAISE_ERROR) {
        tokens->fault = "something follows the closing quote of a value";
        *ending = AT_FAULT;
        return false;
    }
    if (is_done) {
        *ending = tokens->at == tokens->end ? AT_END : AT_DELIMITER;
        if (!push_value(tokens, false))
            *ending = AT_FAULT;
        return false;
    }
    append(tokens, tokens->quote);
    lt_text_append_n(&tokens->text, blanks, (size_t)(tokens->at - blanks));
    if (tokens->options->unescaped_quote == LT_CSV_STOP_AT_CLOSING_QUOTE) {
        tokens->previous = *tokens->at;
        if (!is_quote(tokens, *tokens->at) && !is_escape(tokens, *tokens->at))
            append(tokens, *tokens->at);
        tokens->at++;
        return true;
    }
    if (tokens->options->unescaped_quote == LT_CSV_SKIP_VALUE)
        return handle_unescaped_quote(tokens, ending);
    prepend_quote(tokens);
    *ending = take_to_delimiter(tokens);
    return false;
}

/* Nothing is left of the record within a quoted value. */
static enum ending end_quoted(struct lt_csv_tokens *tokens, bool has_begun)
{
    if (!has_begun)
        append(tokens, tokens->quote);
    return push_value(tokens, false) ? AT_END : AT_FAULT;
}

/* The slow way, from the opening quote. */
static enum ending take_quoted(struct lt_csv_tokens *tokens)
{
    enum ending ending;
    tokens->previous = 0;
    tokens->value_offset = tokens->text.size_bytes;
    const uint8_t *first = ++tokens->at;
    while (tokens->at < tokens->end) {
        uint8_t c = *tokens->at;
        bool may_close = is_quote(tokens, tokens->previous);
        if (may_close && (is_blank(c) || is_value_end(tokens, tokens->at))) {
            if (!take_blanks_behind(tokens, &ending))
                return ending;
        } else if (is_quote(tokens, c) || is_escape(tokens, c)) {
            if (may_close && !is_quote(tokens, c)) {
                if (!handle_unescaped_quote(tokens, &ending))
                    return ending;
                continue;
            }
            take_special(tokens);
        } else if (may_close) {
            if (!handle_unescaped_quote(tokens, &ending))
                return ending;
        } else {
            take_plain(tokens);
        }
    }
    return end_quoted(tokens, tokens->at > first);
}

/* ------------------------------------------------------------------------------------- records */

static bool skip_blanks(struct lt_csv_tokens *tokens)
{
    while (tokens->ignores_leading && tokens->at < tokens->end && is_blank(*tokens->at) &&
           !is_value_end(tokens, tokens->at) && !is_quote(tokens, *tokens->at))
        tokens->at++;
    return tokens->at < tokens->end;
}

static enum ending take_value(struct lt_csv_tokens *tokens)
{
    enum ending ending;
    if (!skip_blanks(tokens))
        return push_nothing(tokens) ? AT_END : AT_FAULT;
    if (is_value_end(tokens, tokens->at))
        return push_nothing(tokens) ? AT_DELIMITER : AT_FAULT;
    if (!is_quote(tokens, *tokens->at))
        return take_unquoted(tokens);
    return take_simple_quoted(tokens, &ending) ? ending : take_quoted(tokens);
}

static void skip_line(struct lt_csv_tokens *tokens)
{
    while (tokens->at < tokens->end && !is_line_end(tokens, tokens->at))
        tokens->at++;
}

/* Past the line break, if one is here. */
static void skip_line_end(struct lt_csv_tokens *tokens)
{
    if (tokens->at == tokens->end || !is_line_end(tokens, tokens->at))
        return;
    bool is_pair = *tokens->at == CR && tokens->end - tokens->at > 1 && tokens->at[1] == LF;
    tokens->at += is_pair ? 2 : 1;
}

static bool take_values(struct lt_csv_tokens *tokens)
{
    for (;;) {
        enum ending ending = take_value(tokens);
        if (ending != AT_DELIMITER)
            return ending == AT_END;
        if (is_line_end(tokens, tokens->at))
            return true;
        tokens->at += tokens->separator_bytes;
        bool is_last = tokens->at == tokens->end || is_line_end(tokens, tokens->at);
        if (is_last)
            return push_nothing(tokens);
    }
}

/* Tokens in the text get their places, now that it does not move any more. */
static void place_tokens(struct lt_csv_tokens *tokens)
{
    const uint8_t *text = (const uint8_t *)lt_text_get(&tokens->text);
    for (size_t i = 0; i < tokens->count; i++)
        if (!tokens->items[i].is_borrowed)
            tokens->items[i].data = text + tokens->items[i].offset;
}

enum lt_csv_split lt_csv_tokens_split(struct lt_csv_tokens *tokens, const void *data,
                                      size_t size_bytes, size_t *used_bytes)
{
    enum lt_csv_split split = LT_CSV_SPLIT_NONE;
    tokens->at = data;
    tokens->end = tokens->at + size_bytes;
    tokens->count = 0;
    tokens->fault = NULL;
    lt_text_clear(&tokens->text);
    bool is_comment = size_bytes != 0 && tokens->options->comment != '\0' &&
                      *tokens->at == (uint8_t)tokens->options->comment;
    if (is_comment) {
        skip_line(tokens);
    } else if (size_bytes != 0 && !is_line_end(tokens, tokens->at)) {
        split = take_values(tokens) ? LT_CSV_SPLIT_RECORD : LT_CSV_SPLIT_FAULT;
        if (split == LT_CSV_SPLIT_FAULT)
            skip_line(tokens);
    }
    skip_line_end(tokens);
    *used_bytes = (size_t)(tokens->at - (const uint8_t *)data);
    place_tokens(tokens);
    return split;
}
