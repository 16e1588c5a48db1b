/*
 * A growing text: the capacity doubles, so that n appended bytes cost O(n), and one byte past the
 * text is always the NUL.
 *
 * A piece may not lie in the buffer that it is appended to, since growing moves the text.
 */
#include "core/base/text_buffer.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/error.h"

enum { FIRST_CAPACITY = 64 };

void lt_text_init(struct lt_text_buffer *text)
{
    *text = (struct lt_text_buffer){0};
}

void lt_text_fini(struct lt_text_buffer *text)
{
    free(text->data);
    *text = (struct lt_text_buffer){0};
}

void lt_text_clear(struct lt_text_buffer *text)
{
    text->size_bytes = 0;
    if (text->data != NULL)
        text->data[0] = '\0';
}

/* Makes room for `size_bytes` more and the NUL. */
static void reserve(struct lt_text_buffer *text, size_t size_bytes)
{
    lt_assert(size_bytes < SIZE_MAX / 4);
    lt_assert(text->size_bytes < SIZE_MAX / 4);
    size_t needed = text->size_bytes + size_bytes + 1;
    if (needed <= text->capacity)
        return;
    size_t capacity = text->capacity != 0 ? text->capacity : FIRST_CAPACITY;
    while (capacity < needed)
        capacity *= 2;
    text->data = lt_realloc_array(text->data, capacity, 1);
    text->capacity = capacity;
}

void lt_text_append(struct lt_text_buffer *text, const char *piece)
{
    lt_text_append_n(text, piece, strlen(piece));
}

void lt_text_append_n(struct lt_text_buffer *text, const void *piece, size_t size_bytes)
{
    reserve(text, size_bytes);
    if (size_bytes != 0)
        memcpy(text->data + text->size_bytes, piece, size_bytes);
    text->size_bytes += size_bytes;
    text->data[text->size_bytes] = '\0';
}

void lt_text_append_char(struct lt_text_buffer *text, char c)
{
    lt_text_append_n(text, &c, 1);
}

void lt_text_format(struct lt_text_buffer *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    lt_text_format_list(text, format, arguments);
    va_end(arguments);
}

void lt_text_format_list(struct lt_text_buffer *text, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int size_bytes = vsnprintf(NULL, 0, format, arguments);
    lt_assert(size_bytes >= 0);
    reserve(text, (size_t)size_bytes);
    int written = vsnprintf(text->data + text->size_bytes, (size_t)size_bytes + 1, format, again);
    va_end(again);
    lt_assert(written == size_bytes);
    text->size_bytes += (size_t)size_bytes;
}

const char *lt_text_get(const struct lt_text_buffer *text)
{
    return text->data != NULL ? text->data : "";
}

char *lt_text_take(struct lt_text_buffer *text)
{
    char *data = text->data != NULL ? text->data : lt_strdup("");
    *text = (struct lt_text_buffer){0};
    return data;
}
