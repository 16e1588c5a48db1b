/*
 * Building the text of an error: the leaf writes the cause, each caller puts its intent in front.
 *
 * Texts that do not fit are cut at the end, at a character's boundary, and end with "...": the
 * intent is what a person needs first. Arguments may point into the error that is being written, so
 * every text is formatted aside before it is stored.
 *
 * What this is not: a log. Nobody sees an error until somebody at the top prints it.
 */
#include "core/base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The code that this thread set last, so that callers that pass no lt_error still return the code
 * when they append to it. */
static _Thread_local int last_code = LT_OK;

/* Ends a text that was cut with "...", and leaves no half of a UTF-8 character before it. */
static void mark_cut(char *text, size_t capacity)
{
    static const char dots[] = "...";
    lt_assert(capacity > sizeof dots);
    size_t end = capacity - sizeof dots;
    while (end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80)
        end--;
    memcpy(text + end, dots, sizeof dots);
}

static void format_text(char *out, size_t capacity, const char *format, va_list arguments)
{
    int size_bytes = vsnprintf(out, capacity, format, arguments);
    lt_assert(size_bytes >= 0);
    if ((size_t)size_bytes >= capacity)
        mark_cut(out, capacity);
}

/* Joins two texts with ": " into `out`; `out` may not be either of them. */
static void join(char *out, size_t capacity, const char *front, const char *back)
{
    int size_bytes = snprintf(out, capacity, "%s: %s", front, back);
    lt_assert(size_bytes >= 0);
    if ((size_t)size_bytes >= capacity)
        mark_cut(out, capacity);
}

static void start(struct lt_error *error, int code, const char *text)
{
    size_t size_bytes = strlen(text);
    lt_assert(size_bytes < sizeof error->text);
    memcpy(error->text, text, size_bytes + 1);
    error->code = code;
    error->class = LT_CLASS_FAIL_QUERY;
    error->condition[0] = '\0';
    error->sqlstate[0] = '\0';
    error->line = error->position = 0;
}

void lt_error_clear(struct lt_error *error)
{
    if (error == NULL)
        return;
    start(error, LT_OK, "");
}

int lt_error_set(struct lt_error *error, int code, const char *format, ...)
{
    lt_assert(code < 0);
    last_code = code;
    if (error == NULL)
        return code;
    char text[LT_ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    format_text(text, sizeof text, format, arguments);
    va_end(arguments);
    start(error, code, text);
    return code;
}

/* Codes that errno names exactly; every other errno is a failure of input or output. */
static int code_of_errno(int error_number)
{
    switch (error_number) {
    case ENOENT:
        return LT_E_NOT_FOUND;
    case EEXIST:
        return LT_E_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
        return LT_E_PERMISSION;
    case ENOMEM:
        return LT_E_NO_MEMORY;
    case EBUSY:
    case EADDRINUSE:
        return LT_E_BUSY;
    case EMFILE:
    case ENFILE:
        return LT_E_LIMIT;
    case ETIMEDOUT:
        return LT_E_TIMEOUT;
    default:
        return LT_E_IO;
    }
}

int lt_error_set_errno(struct lt_error *error, int error_number, const char *format, ...)
{
    int code = code_of_errno(error_number);
    last_code = code;
    if (error == NULL)
        return code;
    char text[LT_ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    format_text(text, sizeof text, format, arguments);
    va_end(arguments);

    /* strerror() follows the locale and shares a buffer between threads; this does neither. */
    const char *cause = strerrordesc_np(error_number);
    char joined[LT_ERROR_TEXT_MAX];
    join(joined, sizeof joined, text, cause != NULL ? cause : "unknown error of the system");
    start(error, code, joined);
    return code;
}

int lt_error_append(struct lt_error *error, const char *format, ...)
{
    if (error == NULL)
        return last_code;
    lt_assert(error->code < 0);
    char intent[LT_ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    format_text(intent, sizeof intent, format, arguments);
    va_end(arguments);
    size_t size_bytes = strlen(intent);
    if (strncmp(error->text, intent, size_bytes) == 0 && error->text[size_bytes] == ':')
        return error->code;
    char joined[LT_ERROR_TEXT_MAX];
    join(joined, sizeof joined, intent, error->text);
    memcpy(error->text, joined, strlen(joined) + 1);
    return error->code;
}

int lt_error_condition(struct lt_error *error, const char *condition, const char *sqlstate)
{
    if (error == NULL)
        return last_code;
    lt_assert(strlen(condition) < sizeof error->condition);
    lt_assert(sqlstate == NULL || strlen(sqlstate) < sizeof error->sqlstate);
    memcpy(error->condition, condition, strlen(condition) + 1);
    error->sqlstate[0] = '\0';
    if (sqlstate != NULL)
        memcpy(error->sqlstate, sqlstate, strlen(sqlstate) + 1);
    return error->code;
}

int lt_error_place(struct lt_error *error, unsigned line, unsigned position)
{
    if (error == NULL)
        return last_code;
    error->line = line;
    error->position = position;
    return error->code;
}

int lt_error_class(struct lt_error *error, enum lt_error_class class)
{
    if (error == NULL)
        return last_code;
    error->class = class;
    return error->code;
}

const char *lt_error_code_name(int code)
{
    switch (code) {
    case LT_OK:
        return "OK";
#define NAME_CASE(name, number, text)                                                              \
    case LT_E_##name:                                                                              \
        return #name;
        LT_ERROR_MAP(NAME_CASE)
#undef NAME_CASE
    default:
        return "UNKNOWN";
    }
}

const char *lt_error_code_text(int code)
{
    switch (code) {
    case LT_OK:
        return "no error";
#define TEXT_CASE(name, number, text)                                                              \
    case LT_E_##name:                                                                              \
        return text;
        LT_ERROR_MAP(TEXT_CASE)
#undef TEXT_CASE
    default:
        return "a code that leat does not know";
    }
}

/* Uses no heap and no stream: it must be able to speak when either of them is what broke. */
void lt_assert_failed(const char *condition, const char *file, int line)
{
    char text[512];
    int size_bytes = snprintf(text, sizeof text, "leat: fatal: assertion failed: %s (%s:%d)\n",
                              condition, file, line);
    if (size_bytes >= (int)sizeof text) {
        size_bytes = (int)sizeof text - 1;
        text[size_bytes - 1] = '\n';
    }
    /* Nothing can be done if this fails: the process ends in the next line. */
    if (size_bytes > 0 && write(STDERR_FILENO, text, (size_t)size_bytes) < 0)
        abort();
    abort();
}
