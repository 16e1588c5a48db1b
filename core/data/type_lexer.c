/*
 * The lexer of DDL texts, by Spark's rules: `--` and slash-star comments, doubled quotes inside
 * quotes, backslash escapes in strings unless they begin with r. What does not lex (an open quote,
 * an open comment, a number with a letter after it such as 1L) becomes a MARK, which the parser
 * expects nowhere.
 */
#include "core/data/type_lexer.h"

#include <string.h>

#include "core/base/ascii.h"

static bool is_word(char c)
{
    return lt_ascii_is_letter(c) || lt_ascii_is_digit(c) || c == '_' || (unsigned char)c >= 0x80;
}

/* Past blanks and comments; stops at a comment that is not closed. */
static const char *skip_blanks(const char *at)
{
    for (;;) {
        while (lt_ascii_is_blank(*at))
            at++;
        if (at[0] == '-' && at[1] == '-') {
            at += strcspn(at, "\r\n");
        } else if (at[0] == '/' && at[1] == '*') {
            const char *end = strstr(at + 2, "*/");
            if (end == NULL)
                return at;
            at = end + 2;
        } else {
            return at;
        }
    }
}

/* Past the quoted text that begins at `at`, or NULL if it is not closed. */
static const char *skip_quoted(const char *at, bool has_escapes)
{
    char quote = *at++;
    for (; *at != '\0'; at++) {
        if (has_escapes && *at == '\\' && at[1] != '\0') {
            at++;
        } else if (*at == quote) {
            if (at[1] != quote)
                return at + 1;
            at++;
        }
    }
    return NULL;
}

static bool is_digits(const char *begin, const char *end)
{
    for (; begin < end; begin++)
        if (!lt_ascii_is_digit(*begin))
            return false;
    return true;
}

/* Spark's lexer takes 1L, 2S, 3Y, 4D, 5F, 6BD and 1e5 for numbers, and other words that begin with
 * digits, such as 1a, for names. */
static bool is_number_literal(const char *begin, const char *end)
{
    const char *at = begin;
    while (at < end && lt_ascii_is_digit(*at))
        at++;
    if (at == begin || at == end)
        return false;
    char first = lt_ascii_lower(*at);
    if (end - at == 1)
        return strchr("lsydf", first) != NULL;
    if (end - at == 2 && first == 'b' && lt_ascii_lower(at[1]) == 'd')
        return true;
    return first == 'e' && is_digits(at + 1, end);
}

static const char *lex_word(const char *begin, struct lt_type_token *token)
{
    const char *end = begin;
    token->is_ascii = true;
    for (; is_word(*end); end++)
        if ((unsigned char)*end >= 0x80)
            token->is_ascii = false;
    const char *picture = strstr(begin, "\xF0\x9F"); /* of U+1F000 and on, which are no letters */
    if (is_digits(begin, end))
        token->kind = LT_TYPE_TOKEN_NUMBER;
    else if (is_number_literal(begin, end) || (picture != NULL && picture < end) ||
             ((unsigned char)*begin & 0xC0) == 0x80 || /* no character begins so */
             (strncmp(begin, "\xEF\xBC", 2) == 0 && (unsigned char)begin[2] < 0xA0)) /* wide 0-9 */
        token->kind = LT_TYPE_TOKEN_MARK;
    else
        token->kind = LT_TYPE_TOKEN_WORD;
    return end;
}

struct lt_type_token lt_type_lexer_next(struct lt_type_lexer *lexer)
{
    const char *begin = skip_blanks(lexer->next);
    struct lt_type_token token = {.kind = LT_TYPE_TOKEN_MARK, .begin = begin};
    const char *end = begin + 1;
    const char *quoted = NULL;
    bool is_raw = lt_ascii_lower(*begin) == 'r' && (begin[1] == '\'' || begin[1] == '"');
    if (*begin == '\0') {
        token.kind = LT_TYPE_TOKEN_END;
        end = begin;
    } else if (*begin == '`') {
        quoted = skip_quoted(begin, false);
        token.kind = quoted != NULL ? LT_TYPE_TOKEN_QUOTED : LT_TYPE_TOKEN_MARK;
    } else if (*begin == '\'' || *begin == '"' || is_raw) {
        quoted = skip_quoted(begin + is_raw, !is_raw);
        token.kind = quoted != NULL ? LT_TYPE_TOKEN_STRING : LT_TYPE_TOKEN_MARK;
    } else if (is_word(*begin)) {
        end = lex_word(begin, &token);
    }
    lexer->next = quoted != NULL ? quoted : end;
    token.size_bytes = (size_t)(lexer->next - begin);
    return token;
}

bool lt_type_token_is(const struct lt_type_token *token, const char *word)
{
    for (size_t i = 0; i < token->size_bytes; i++)
        if (word[i] == '\0' || lt_ascii_lower(word[i]) != lt_ascii_lower(token->begin[i]))
            return false;
    return word[token->size_bytes] == '\0';
}

uint32_t lt_type_token_number(const struct lt_type_token *token)
{
    uint32_t number = 0;
    for (size_t i = 0; i < token->size_bytes; i++)
        if (__builtin_mul_overflow(number, 10u, &number) ||
            __builtin_add_overflow(number, (uint32_t)(token->begin[i] - '0'), &number))
            return UINT32_MAX;
    return number;
}

char *lt_type_token_unquote(const struct lt_type_token *token, struct lt_arena *arena)
{
    char *name = lt_arena_alloc(arena, token->size_bytes);
    char *out = name;
    for (size_t i = 1; i + 1 < token->size_bytes; i++) {
        *out++ = token->begin[i];
        if (token->begin[i] == '`')
            i++;
    }
    return name;
}

/* The value of a \uXXXX escape whose digits begin at `digits`, or -1. */
static int hex4(const char *digits, const char *end)
{
    int value = 0;
    if (end - digits < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = lt_ascii_lower(digits[i]);
        if (!lt_ascii_is_digit(c) && !(c >= 'a' && c <= 'f'))
            return -1;
        value = value * 16 + (lt_ascii_is_digit(c) ? c - '0' : c - 'a' + 10);
    }
    return value;
}

static char *put_utf8(char *out, int code)
{
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xC0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3F));
    } else {
        *out++ = (char)(0xE0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    }
    return out;
}

static char unescape(char c)
{
    static const char from[] = "0bnrtZ";
    static const char to[] = {'\0', '\b', '\n', '\r', '\t', '\x1a'};
    const char *found = strchr(from, c);
    return found != NULL && c != '\0' ? to[found - from] : c;
}

char *lt_type_token_string(const struct lt_type_token *token, struct lt_arena *arena)
{
    bool is_raw = *token->begin != '\'' && *token->begin != '"';
    const char *at = token->begin + is_raw;
    const char *end = token->begin + token->size_bytes - 1;
    char quote = *at++;
    char *string = lt_arena_alloc(arena, token->size_bytes);
    char *out = string;
    while (at < end) {
        int code = !is_raw && at[0] == '\\' && at[1] == 'u' ? hex4(at + 2, end) : -1;
        if (code >= 0) {
            out = put_utf8(out, code);
            at += 6;
        } else if (!is_raw && *at == '\\') {
            *out++ = unescape(at[1]);
            at += 2;
        } else {
            at += *at == quote ? 2 : 1;
            *out++ = at[-1];
        }
    }
    return string;
}
