/*
 * How the tools speak, end and get memory.
 */
#include "tools/commands.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/leat_admin.h"

static const char *speaker = "leat";

void lt_tool_speaker(const char *name)
{
    speaker = name;
}

static void say_list(const char *format, va_list arguments)
{
    fprintf(stderr, "%s: ", speaker);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void lt_tool_say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say_list(format, arguments);
    va_end(arguments);
}

int lt_tool_wrong(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say_list(format, arguments);
    va_end(arguments);
    return LT_TOOL_USAGE;
}

bool lt_tool_whole_number(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

int lt_tool_finish(int status)
{
    int result = fflush(stdout);
    if (result == 0 && ferror(stdout) == 0)
        return status;
    if (result == 0 && status != LT_TOOL_OK)
        return status; /* it was lost before, and something was told then */
    lt_tool_say("cannot write to stdout%s%s", result != 0 ? ": " : ", some of it is lost",
                result != 0 ? strerror(errno) : "");
    return status == LT_TOOL_OK ? LT_TOOL_FAILED : status;
}

static void *check(void *memory)
{
    if (memory != NULL)
        return memory;
    lt_tool_say("out of memory");
    exit(LT_TOOL_FAILED);
}

void *lt_tool_alloc(size_t size_bytes)
{
    return check(calloc(1, size_bytes > 0 ? size_bytes : 1));
}

void *lt_tool_grow(void *array, size_t count, size_t element_bytes)
{
    bool is_full = (count & (count - 1)) == 0;
    return is_full ? check(reallocarray(array, count > 0 ? 2 * count : 1, element_bytes)) : array;
}

char *lt_tool_copy(const char *text)
{
    return check(strdup(text));
}

char *lt_tool_format(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int size_bytes = vasprintf(&text, format, arguments);
    va_end(arguments);
    return check(size_bytes < 0 ? NULL : text);
}

/* C0, DEL and, in UTF-8, C1. */
static size_t control_bytes(const unsigned char *at)
{
    if (at[0] < 0x20 || at[0] == 0x7f)
        return 1;
    return at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0 ? 2 : 0;
}

char *lt_tool_printable(const char *text)
{
    enum { ESCAPED_BYTES = 4 };
    char *made = lt_tool_alloc(ESCAPED_BYTES * strlen(text) + 1); /* that, and the end */
    size_t size_bytes = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0';) {
        size_t escaped = control_bytes(at);
        if (escaped == 0)
            made[size_bytes++] = (char)*at++;
        for (; escaped > 0; escaped--, at++)
            size_bytes += (size_t)snprintf(made + size_bytes, ESCAPED_BYTES + 1, "\\x%02x", *at);
    }
    return made;
}

void lt_tool_print_string(const char *text)
{
    putchar('"');
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

char *lt_tool_hint(const char *name, const char *const *names, size_t count)
{
    const char *near = leat_admin_nearest(name, names, count);
    return near == NULL ? lt_tool_copy("") : lt_tool_format("; hint: did you mean \"%s\"?", near);
}
