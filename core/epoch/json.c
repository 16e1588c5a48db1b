/*
 * A scanner that walks over JSON without building anything. Depth is limited, which bounds the
 * stack.
 */
#include "core/epoch/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/limits.h"

struct scanner {
    const char *at, *end;
    unsigned depth;
};

static bool skip_value(struct scanner *scanner);

static char peek(struct scanner *scanner)
{
    while (scanner->at < scanner->end && strchr(" \t\r\n", *scanner->at) != NULL &&
           *scanner->at != '\0')
        scanner->at++;
    return scanner->at < scanner->end ? *scanner->at : '\0';
}

static bool take(struct scanner *scanner, char wanted)
{
    if (peek(scanner) != wanted || scanner->at == scanner->end)
        return false;
    scanner->at++;
    return true;
}

static bool skip_word(struct scanner *scanner, const char *word)
{
    size_t size_bytes = strlen(word);
    if ((size_t)(scanner->end - scanner->at) < size_bytes ||
        memcmp(scanner->at, word, size_bytes) != 0)
        return false;
    scanner->at += size_bytes;
    return true;
}

static bool skip_escape(struct scanner *scanner)
{
    char kind = scanner->at < scanner->end ? *scanner->at++ : '\0';
    if (kind != 'u')
        return kind != '\0' && strchr("\"\\/bfnrt", kind) != NULL;
    for (int i = 0; i < 4; i++) {
        char digit = scanner->at < scanner->end ? lt_ascii_lower(*scanner->at++) : '\0';
        if (!lt_ascii_is_digit(digit) && (digit < 'a' || digit > 'f'))
            return false;
    }
    return true;
}

static bool skip_string(struct scanner *scanner)
{
    if (!take(scanner, '"'))
        return false;
    while (scanner->at < scanner->end) {
        unsigned char c = (unsigned char)*scanner->at++;
        if (c == '"')
            return true;
        if (c < 0x20 || (c == '\\' && !skip_escape(scanner)))
            return false;
    }
    return false;
}

static bool skip_digits(struct scanner *scanner)
{
    const char *start = scanner->at;
    while (scanner->at < scanner->end && lt_ascii_is_digit(*scanner->at))
        scanner->at++;
    return scanner->at > start;
}

static bool skip_number(struct scanner *scanner)
{
    if (*scanner->at == '-')
        scanner->at++;
    bool starts_with_0 = scanner->at < scanner->end && *scanner->at == '0';
    const char *start = scanner->at;
    if (!skip_digits(scanner) || (starts_with_0 && scanner->at - start > 1))
        return false;
    if (scanner->at < scanner->end && *scanner->at == '.') {
        scanner->at++;
        if (!skip_digits(scanner))
            return false;
    }
    if (scanner->at < scanner->end && lt_ascii_lower(*scanner->at) == 'e') {
        scanner->at++;
        if (scanner->at < scanner->end && (*scanner->at == '+' || *scanner->at == '-'))
            scanner->at++;
        if (!skip_digits(scanner))
            return false;
    }
    return true;
}

static bool skip_members(struct scanner *scanner, char close, bool has_names)
{
    scanner->at++;
    if (take(scanner, close))
        return true;
    do {
        if (has_names && (!skip_string(scanner) || !take(scanner, ':')))
            return false;
        if (!skip_value(scanner))
            return false;
    } while (take(scanner, ','));
    return take(scanner, close);
}

static bool skip_value(struct scanner *scanner)
{
    if (scanner->depth == LT_LIMIT_TYPE_DEPTH)
        return false;
    scanner->depth++;
    bool is_valid;
    switch (peek(scanner)) {
    case '{':
        is_valid = skip_members(scanner, '}', true);
        break;
    case '[':
        is_valid = skip_members(scanner, ']', false);
        break;
    case '"':
        is_valid = skip_string(scanner);
        break;
    case 't':
        is_valid = skip_word(scanner, "true");
        break;
    case 'f':
        is_valid = skip_word(scanner, "false");
        break;
    case 'n':
        is_valid = skip_word(scanner, "null");
        break;
    case '\0':
        is_valid = false;
        break;
    default:
        is_valid = skip_number(scanner);
        break;
    }
    scanner->depth--;
    return is_valid;
}

bool lt_epoch_json_is_valid(const char *text, size_t size_bytes)
{
    struct scanner scanner = {.at = text, .end = text + size_bytes};
    return skip_value(&scanner) && peek(&scanner) == '\0' && scanner.at == scanner.end;
}

/* The text of a member's value; false when the object has no such member. */
static bool find_member(const char *text, size_t size_bytes, const char *name,
                        struct scanner *value)
{
    struct scanner scanner = {.at = text, .end = text + size_bytes};
    if (!take(&scanner, '{'))
        return false;
    do {
        if (peek(&scanner) != '"')
            return false;
        const char *key = scanner.at + 1;
        if (!skip_string(&scanner))
            return false;
        size_t key_size = (size_t)(scanner.at - key) - 1;
        if (!take(&scanner, ':') || peek(&scanner) == '\0')
            return false;
        value->at = scanner.at;
        if (!skip_value(&scanner))
            return false;
        value->end = scanner.at;
        if (key_size == strlen(name) && memcmp(key, name, key_size) == 0)
            return true;
    } while (take(&scanner, ','));
    return false;
}

bool lt_epoch_json_get_i64(const char *text, size_t size_bytes, const char *name, int64_t *out)
{
    struct scanner value;
    if (!find_member(text, size_bytes, name, &value))
        return false;
    char digits[32];
    size_t count = (size_t)(value.end - value.at);
    if (count >= sizeof digits)
        return false;
    memcpy(digits, value.at, count);
    digits[count] = '\0';
    char *end;
    errno = 0;
    long long number = strtoll(digits, &end, 10);
    if (errno != 0 || end == digits || *end != '\0')
        return false;
    *out = number;
    return true;
}

bool lt_epoch_json_get_text(const char *text, size_t size_bytes, const char *name,
                            struct lt_text_buffer *out)
{
    struct scanner value;
    if (!find_member(text, size_bytes, name, &value) || *value.at != '"')
        return false;
    size_t count = (size_t)(value.end - value.at) - 2;
    if (memchr(value.at + 1, '\\', count) != NULL)
        return false;
    lt_text_append_n(out, value.at + 1, count);
    return true;
}
