/*
 * Letters, digits and blanks of ASCII, whatever the locale says: option keys, units and names
 * compare the same on every machine. libc's ctype and strcasecmp follow the locale of an embedding
 * program.
 *
 * on: any. Pure.
 */
#ifndef LT_BASE_ASCII_H
#define LT_BASE_ASCII_H

#include <stdbool.h>
#include <stddef.h>

static inline char lt_ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline bool lt_ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool lt_ascii_is_letter(char c)
{
    return lt_ascii_lower(c) >= 'a' && lt_ascii_lower(c) <= 'z';
}

static inline bool lt_ascii_is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Nothing but what Java trims: blanks and control characters. */
static inline bool lt_ascii_is_void(const char *text)
{
    while (*text != '\0' && (unsigned char)*text <= ' ')
        text++;
    return *text == '\0';
}

/* Less than, equal to or greater than 0, as strcmp of the lower-cased texts. */
static inline int lt_ascii_compare(const char *a, const char *b)
{
    while (*a != '\0' && lt_ascii_lower(*a) == lt_ascii_lower(*b)) {
        a++;
        b++;
    }
    return (unsigned char)lt_ascii_lower(*a) - (unsigned char)lt_ascii_lower(*b);
}

/* True when `text` begins with `prefix`. */
static inline bool lt_ascii_starts_with(const char *text, const char *prefix)
{
    while (*prefix != '\0' && lt_ascii_lower(*text) == lt_ascii_lower(*prefix)) {
        text++;
        prefix++;
    }
    return *prefix == '\0';
}

/* True when `part` occurs anywhere in `text`. */
static inline bool lt_ascii_contains(const char *text, const char *part)
{
    do {
        if (lt_ascii_starts_with(text, part))
            return true;
    } while (*text++ != '\0');
    return false;
}

#endif
