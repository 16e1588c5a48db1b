/*
 * Finds the line of the place, cuts a window out of it if it is long, and counts characters, not
 * bytes, so that the carets stand right under text that is not ASCII.
 */
#include "ops/expr/diagnose.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/base/text_buffer.h"

enum { WINDOW_BYTES = 100, LEAD_BYTES = 40 };

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

static uint32_t count_characters(const char *text, uint32_t begin, uint32_t end)
{
    uint32_t count = 0;
    for (uint32_t i = begin; i < end; i++)
        count += !is_continuation(text[i]);
    return count;
}

static void append_repeated(struct lt_text_buffer *out, char c, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        lt_text_append_char(out, c);
}

static void append_place(struct lt_text_buffer *out, struct lt_expr_place place)
{
    const char *text = place.text;
    uint32_t size = (uint32_t)strlen(text);
    uint32_t at = place.begin < size ? place.begin : size;
    uint32_t first = at, last = at;
    while (first > 0 && text[first - 1] != '\n')
        first--;
    while (last < size && text[last] != '\n')
        last++;
    bool cut_front = at - first > WINDOW_BYTES - LEAD_BYTES;
    if (cut_front)
        first = at - LEAD_BYTES;
    bool cut_back = last - first > WINDOW_BYTES;
    if (cut_back)
        last = first + WINDOW_BYTES;
    while (first < at && is_continuation(text[first]))
        first++;
    while (last > at && last < size && is_continuation(text[last]))
        last--;
    uint32_t end = place.end < last ? place.end : last;
    lt_text_append(out, cut_front ? "\n  ..." : "\n  ");
    for (uint32_t i = first; i < last; i++)
        lt_text_append_char(out, text[i] == '\t' || text[i] == '\r' ? ' ' : text[i]);
    lt_text_append(out, cut_back ? "...\n" : "\n");
    append_repeated(out, ' ', count_characters(text, first, at) + (cut_front ? 5 : 2));
    uint32_t carets = end > at ? count_characters(text, at, end) : 1;
    append_repeated(out, '^', carets);
}

void lt_expr_count_place(struct lt_expr_place place, unsigned *line, unsigned *position)
{
    uint32_t size = (uint32_t)strlen(place.text), line_begin = 0;
    uint32_t at = place.begin < size ? place.begin : size;
    *line = 1;
    for (uint32_t i = 0; i < at; i++) {
        if (place.text[i] == '\n') {
            ++*line;
            line_begin = i + 1;
        }
    }
    *position = count_characters(place.text, line_begin, at);
}

static void set_place(struct lt_error *error, struct lt_expr_place place)
{
    unsigned line, position;
    lt_expr_count_place(place, &line, &position);
    (void)lt_error_place(error, line, position);
}

int lt_expr_error(struct lt_error *error, int code, const char *condition, const char *sqlstate,
                  struct lt_expr_place place, const char *format, ...)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    va_list arguments;
    va_start(arguments, format);
    lt_text_format_list(&text, format, arguments);
    va_end(arguments);
    if (place.text != NULL)
        append_place(&text, place);
    (void)lt_error_set(error, code, "%s", lt_text_get(&text));
    (void)lt_error_condition(error, condition, sqlstate);
    if (place.text != NULL)
        set_place(error, place);
    lt_text_fini(&text);
    return code;
}
