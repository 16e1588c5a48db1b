/*
 * Longest match wins, as in a generated lexer: `1L` is an integer, `1LL` a name. A number with a
 * fraction ends where a letter follows (`1.e` is 1, a dot and a name).
 */
#include "ops/expr/lexer.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "core/base/ascii.h"

void lt_lexer_init(struct lt_lexer *lexer, const char *text, uint32_t begin, uint32_t end)
{
    *lexer = (struct lt_lexer){.text = text, .size_bytes = end, .position = begin};
}

static char peek(const struct lt_lexer *lexer, uint32_t ahead)
{
    uint32_t at = lexer->position + ahead;
    return at < lexer->size_bytes ? lexer->text[at] : '\0';
}

static bool is_word_char(char c)
{
    return lt_ascii_is_letter(c) || lt_ascii_is_digit(c) || c == '_' || (unsigned char)c >= 0x80;
}

/* Skips one comment. False when there is none, or it has no end. */
static bool skip_comment(struct lt_lexer *lexer)
{
    if (peek(lexer, 0) == '-' && peek(lexer, 1) == '-') {
        while (lexer->position < lexer->size_bytes && peek(lexer, 0) != '\n')
            lexer->position++;
        return true;
    }
    if (peek(lexer, 0) != '/' || peek(lexer, 1) != '*')
        return false;
    uint32_t start = lexer->position;
    unsigned depth = 0;
    do {
        if (peek(lexer, 0) == '/' && peek(lexer, 1) == '*') {
            depth++;
            lexer->position += 2;
        } else if (peek(lexer, 0) == '*' && peek(lexer, 1) == '/') {
            depth--;
            lexer->position += 2;
        } else {
            lexer->position++;
        }
    } while (depth > 0 && lexer->position < lexer->size_bytes);
    if (depth > 0)
        lexer->position = start;
    return depth == 0;
}

static void skip_blanks(struct lt_lexer *lexer)
{
    for (;;) {
        while (lexer->position < lexer->size_bytes && lt_ascii_is_blank(peek(lexer, 0)))
            lexer->position++;
        if (!skip_comment(lexer))
            return;
    }
}

static struct lt_token make(struct lt_lexer *lexer, enum lt_token_kind kind, uint32_t size)
{
    struct lt_token token = {.kind = kind, .begin = lexer->position};
    lexer->position += size;
    token.end = lexer->position;
    return token;
}

static struct lt_token bad(struct lt_lexer *lexer, uint32_t size, const char *problem)
{
    struct lt_token token = make(lexer, LT_TOKEN_BAD, size);
    token.problem = problem;
    return token;
}

/* A string in quotes that starts `lead` bytes on; a doubled quote stands for one. */
static struct lt_token lex_string(struct lt_lexer *lexer, uint32_t lead, bool is_raw)
{
    char quote = peek(lexer, lead);
    uint32_t at = lead + 1;
    uint32_t left = lexer->size_bytes - lexer->position;
    while (at < left) {
        char c = peek(lexer, at);
        if (c == '\\' && !is_raw && at + 1 < left)
            at++;
        else if (c == quote && peek(lexer, at + 1) == quote && !is_raw)
            at++;
        else if (c == quote)
            return make(lexer, LT_TOKEN_STRING, at + 1);
        at++;
    }
    return bad(lexer, left, "the string has no end");
}

static struct lt_token lex_quoted(struct lt_lexer *lexer)
{
    uint32_t at = 1;
    uint32_t left = lexer->size_bytes - lexer->position;
    for (; at < left; at++) {
        if (peek(lexer, at) != '`')
            continue;
        if (peek(lexer, at + 1) != '`')
            return make(lexer, LT_TOKEN_QUOTED, at + 1);
        at++;
    }
    return bad(lexer, left, "the back-tick has no partner");
}

static uint32_t count_digits(const struct lt_lexer *lexer, uint32_t at)
{
    uint32_t count = 0;
    while (lt_ascii_is_digit(peek(lexer, at + count)))
        count++;
    return count;
}

/* Bytes of "e+12" at `at`, or 0. */
static uint32_t exponent_size(const struct lt_lexer *lexer, uint32_t at)
{
    if (lt_ascii_lower(peek(lexer, at)) != 'e')
        return 0;
    uint32_t sign = peek(lexer, at + 1) == '+' || peek(lexer, at + 1) == '-';
    uint32_t digits = count_digits(lexer, at + 1 + sign);
    return digits == 0 ? 0 : 1 + sign + digits;
}

/* The suffix at `at` that ends the word there, or 0; its size in `size`. */
static char number_suffix(const struct lt_lexer *lexer, uint32_t at, const char *allowed,
                          uint32_t *size)
{
    char c = lt_ascii_lower(peek(lexer, at));
    *size = 0;
    if (c == 'b' && lt_ascii_lower(peek(lexer, at + 1)) == 'd' &&
        !is_word_char(peek(lexer, at + 2)))
        *size = 2;
    else if (c != '\0' && c != 'b' && strchr(allowed, c) != NULL &&
             !is_word_char(peek(lexer, at + 1)))
        *size = 1;
    return *size == 0 ? '\0' : (char)(c - 'a' + 'A');
}

/* A number at the position; kind END when there is none (a name that begins with digits). */
static struct lt_token lex_number(struct lt_lexer *lexer)
{
    struct lt_token none = {.kind = LT_TOKEN_END};
    uint32_t whole = count_digits(lexer, 0);
    uint32_t at = whole;
    bool has_point = peek(lexer, at) == '.';
    if (has_point)
        at += 1 + count_digits(lexer, at + 1);
    if (whole == 0 && at == 1)
        return none;
    uint32_t exponent = exponent_size(lexer, at);
    at += exponent;
    uint32_t size;
    bool is_fraction = has_point || exponent > 0;
    char suffix = number_suffix(lexer, at, is_fraction ? "df" : "lsydf", &size);
    at += size;
    if (is_word_char(peek(lexer, at))) {
        if (!has_point)
            return none;
        /* `1.e`: the point is an access, not a fraction. */
        return whole == 0 ? none : make(lexer, LT_TOKEN_INTEGER, whole);
    }
    bool is_integer = !is_fraction && (suffix == '\0' || strchr("LSY", suffix) != NULL);
    struct lt_token token = make(lexer, is_integer ? LT_TOKEN_INTEGER : LT_TOKEN_NUMBER, at);
    token.suffix = suffix;
    return token;
}

static const struct {
    const char *text;
    int symbol;
} SYMBOLS[] = {
    {">>>", LT_SYMBOL_SHIFT_RIGHT_UNSIGNED},
    {">>", LT_SYMBOL_SHIFT_RIGHT},
    {"<<", LT_SYMBOL_SHIFT_LEFT},
    {"<=>", LT_SYMBOL_NULL_SAFE},
    {"<>", LT_SYMBOL_NOT_EQUAL},
    {"!=", LT_SYMBOL_NOT_EQUAL},
    {"<=", LT_SYMBOL_LESS_EQUAL},
    {"!>", LT_SYMBOL_LESS_EQUAL},
    {">=", LT_SYMBOL_GREATER_EQUAL},
    {"!<", LT_SYMBOL_GREATER_EQUAL},
    {"==", LT_SYMBOL_EQUAL},
    {"||", LT_SYMBOL_CONCAT},
    {"::", LT_SYMBOL_CAST},
    {"->", LT_SYMBOL_ARROW},
    {"=>", LT_SYMBOL_FAT_ARROW},
    {"=", LT_SYMBOL_EQUAL},
};

static struct lt_token lex_symbol(struct lt_lexer *lexer)
{
    enum { RIGHT_SHIFTS = 2 }; /* the first of them */
    for (size_t i = lexer->open_types > 0 ? RIGHT_SHIFTS : 0;
         i < sizeof SYMBOLS / sizeof SYMBOLS[0]; i++) {
        uint32_t size = (uint32_t)strlen(SYMBOLS[i].text);
        if (lexer->size_bytes - lexer->position >= size &&
            memcmp(lexer->text + lexer->position, SYMBOLS[i].text, size) == 0) {
            struct lt_token token = make(lexer, LT_TOKEN_SYMBOL, size);
            token.symbol = SYMBOLS[i].symbol;
            return token;
        }
    }
    char c = peek(lexer, 0);
    if (strchr("()[],.:;+-*/%<>!&|^~?", c) == NULL)
        return bad(lexer, 1, "this character has no meaning here");
    if (c == '>' && lexer->open_types > 0)
        lexer->open_types--;
    struct lt_token token = make(lexer, LT_TOKEN_SYMBOL, 1);
    token.symbol = c;
    return token;
}

static bool opens_type(const struct lt_lexer *lexer, uint32_t size)
{
    static const char *const words[] = {"array", "map", "struct"};
    bool opens = false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        opens = opens || (strlen(words[i]) == size &&
                          strncasecmp(lexer->text + lexer->position, words[i], size) == 0);
    return opens;
}

struct lt_token lt_lexer_next(struct lt_lexer *lexer)
{
    skip_blanks(lexer);
    char c = peek(lexer, 0);
    if (c == '/' && peek(lexer, 1) == '*')
        return bad(lexer, lexer->size_bytes - lexer->position, LT_LEXER_OPEN_COMMENT);
    if (lexer->position >= lexer->size_bytes)
        return make(lexer, LT_TOKEN_END, 0);
    if (c == '\'' || c == '"')
        return lex_string(lexer, 0, false);
    if (lt_ascii_lower(c) == 'r' && (peek(lexer, 1) == '\'' || peek(lexer, 1) == '"'))
        return lex_string(lexer, 1, true);
    if (c == '`')
        return lex_quoted(lexer);
    if (lt_ascii_is_digit(c) || (c == '.' && lt_ascii_is_digit(peek(lexer, 1)))) {
        struct lt_token number = lex_number(lexer);
        if (number.kind != LT_TOKEN_END)
            return number;
    }
    if (is_word_char(c)) {
        uint32_t size = 1;
        while (is_word_char(peek(lexer, size)))
            size++;
        lexer->open_types += opens_type(lexer, size);
        return make(lexer, LT_TOKEN_WORD, size);
    }
    return lex_symbol(lexer);
}
