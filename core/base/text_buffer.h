/*
 * A growing text: for messages, JSON documents and tables of the control plane. Not for the record
 * path.
 *
 * on: one thread at a time. `init` allocates nothing.
 */
#ifndef LT_BASE_TEXT_BUFFER_H
#define LT_BASE_TEXT_BUFFER_H

#include <stdarg.h>
#include <stddef.h>

struct lt_text_buffer {
    char *data;        /* NUL-terminated once anything was added; NULL before */
    size_t size_bytes; /* without the NUL */
    size_t capacity;
};

void lt_text_init(struct lt_text_buffer *text);
void lt_text_fini(struct lt_text_buffer *text);
void lt_text_clear(struct lt_text_buffer *text);
void lt_text_append(struct lt_text_buffer *text, const char *piece);
void lt_text_append_n(struct lt_text_buffer *text, const void *piece, size_t size_bytes);
void lt_text_append_char(struct lt_text_buffer *text, char c);
void lt_text_format(struct lt_text_buffer *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* As lt_text_format; `arguments` is spent afterwards. */
void lt_text_format_list(struct lt_text_buffer *text, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
/* The text so far, "" if none. Valid until the next change. */
const char *lt_text_get(const struct lt_text_buffer *text);
/* Hands the memory to the caller (free()), leaves the buffer empty. Never NULL. */
char *lt_text_take(struct lt_text_buffer *text);

#endif
