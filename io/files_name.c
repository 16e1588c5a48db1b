#include "io/files_name.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/ascii.h"
#include "core/text/utf8.h"

enum { WORKING_DIRECTORY_SIZE = 4096 };

bool lt_files_is_hidden(const char *name)
{
    static const char copying[] = "._COPYING_";
    size_t size = strlen(name), end_size = sizeof copying - 1;
    /* Spark wants to see what Parquet keeps beside its files, and so lists it for all formats. */
    if (strncmp(name, "_common_metadata", 16) == 0 || strncmp(name, "_metadata", 9) == 0)
        return false;
    return (name[0] == '_' && strchr(name, '=') == NULL) || name[0] == '.' ||
           (size >= end_size && strcmp(name + size - end_size, copying) == 0);
}

const char *lt_files_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

char *lt_files_join(const char *directory, const char *name)
{
    struct lt_text_buffer path;
    lt_text_init(&path);
    lt_text_append(&path, directory);
    if (strcmp(directory, "/") != 0)
        lt_text_append_char(&path, '/');
    lt_text_append(&path, name);
    return lt_text_take(&path);
}

/* ------------------------------------------------------------------------------- percent signs */

static void write_percent(struct lt_text_buffer *out, unsigned char byte)
{
    static const char digits[] = "0123456789ABCDEF";
    lt_text_append_char(out, '%');
    lt_text_append_char(out, digits[byte >> 4]);
    lt_text_append_char(out, digits[byte & 15]);
}

static int hex_digit(char c)
{
    char lower = lt_ascii_lower(c);
    return lt_ascii_is_digit(c) ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The byte that "%41" at `text` stands for; -1 if it is no such thing. */
static int read_percent(const char *text)
{
    int high = text[0] == '%' ? hex_digit(text[1]) : -1;
    int low = high < 0 ? -1 : hex_digit(text[2]);
    return low < 0 ? -1 : high * 16 + low;
}

/* ---------------------------------------------------------------------------------------- URIs */

static bool is_plain_in_uri(char c)
{
    return lt_ascii_is_letter(c) || lt_ascii_is_digit(c) ||
           (c != '\0' && strchr("_-!.~'()*,;:$&+=@/", c) != NULL);
}

/* Controls and blanks of Unicode, which java.net.URI encodes. */
static bool is_blank_beyond_ascii(uint32_t code)
{
    return code <= 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
           code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

/* Bytes of a letter beyond ASCII that stays as it is; 0: none. */
static size_t plain_letter_size(const char *text)
{
    unsigned char lead = (unsigned char)text[0];
    size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0x80 || strnlen(text, size) < size || !lt_utf8_is_valid(text, size))
        return 0;
    const uint8_t *at = (const uint8_t *)text;
    return is_blank_beyond_ascii(lt_utf8_next(&at, at + size)) ? 0 : size;
}

void lt_files_uri_write(struct lt_text_buffer *out, const char *path)
{
    lt_text_append(out, "file://");
    while (*path != '\0') {
        size_t size = is_plain_in_uri(*path) ? 1 : plain_letter_size(path);
        if (size > 0)
            lt_text_append_n(out, path, size);
        else
            write_percent(out, (unsigned char)*path);
        path += size > 0 ? size : 1;
    }
}

/* Behind "file:" and an empty host, at the slash; NULL if it is none of this machine's paths. */
static const char *skip_scheme(const char *text)
{
    if (lt_ascii_starts_with(text, "file:"))
        text += 5;
    if (strncmp(text, "///", 3) == 0)
        text += 2;
    return text[0] == '/' && text[1] != '/'    ? text
           : text[0] == '/' && text[1] == '\0' ? text
                                               : NULL;
}

int lt_files_uri_read(const char *uri, struct lt_text_buffer *out, struct lt_error *error)
{
    const char *at = skip_scheme(uri);
    if (at == NULL)
        return lt_error_set(error, LT_E_INVALID,
                            "\"%s\" is no file of this machine; hint: leat reads file:///...", uri);
    while (*at != '\0') {
        int byte = read_percent(at);
        if (*at == '%' && byte <= 0)
            return lt_error_set(error, LT_E_INVALID,
                                "\"%s\" has a percent sign that encodes nothing", uri);
        lt_text_append_char(out, *at == '%' ? (char)byte : *at);
        at += *at == '%' ? 3 : 1;
    }
    return 0;
}

/* ---------------------------------------------------------------------------------- the option */

/* "file:/x", "file:///x" and "/x" alike; a scheme is letters before a colon before any slash. */
static int strip_scheme(const char *text, const char **out, struct lt_error *error)
{
    const char *end = text + strcspn(text, ":/");
    *out = text;
    if (*end != ':' || end == text)
        return 0;
    *out = lt_ascii_starts_with(text, "file:") ? skip_scheme(text) : NULL;
    if (*out == NULL)
        return lt_error_set(error, LT_E_INVALID,
                            "the path \"%s\" is no path of this machine; hint: give a directory as "
                            "/dir or file:///dir",
                            text);
    return 0;
}

int lt_files_path(const char *text, struct lt_arena *arena, const char **out,
                  struct lt_error *error)
{
    char working[WORKING_DIRECTORY_SIZE] = "";
    const char *path;
    if (*text == '\0')
        return lt_error_set(error, LT_E_INVALID, "the path is empty; hint: name a directory");
    int code = strip_scheme(text, &path, error);
    if (code != 0)
        return code;
    if (*path != '/' && getcwd(working, sizeof working) == NULL)
        return lt_error_set_errno(error, errno, "the directory that \"%s\" is relative to", text);
    char *whole = lt_arena_format(arena, "%s/%s", working, path), *to = whole;
    for (const char *from = whole; *from != '\0'; from++)
        if (from[0] != '/' || (from[1] != '/' && from[1] != '\0'))
            *to++ = *from;
    if (to == whole)
        *to++ = '/';
    *to = '\0';
    *out = whole;
    return 0;
}

/* ---------------------------------------------------------------------------------- partitions */

static const char *unescape(struct lt_arena *arena, const char *text, size_t size_bytes)
{
    char *copy = lt_arena_text_n(arena, text, size_bytes), *to = copy;
    for (const char *from = copy; *from != '\0';) {
        int byte = read_percent(from);
        *to++ = byte > 0 ? (char)byte : *from;
        from += byte > 0 ? 3 : 1;
    }
    *to = '\0';
    return copy;
}

bool lt_files_partition_split(const char *part, size_t size_bytes, struct lt_arena *arena,
                              const char **name, const char **value)
{
    const char *equals = memchr(part, '=', size_bytes);
    if (equals == NULL)
        return false;
    *name = unescape(arena, part, (size_t)(equals - part));
    *value = unescape(arena, equals + 1, (size_t)(part + size_bytes - equals - 1));
    return true;
}

void lt_files_partition_escape(struct lt_text_buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < 0x20 || byte == 0x7f || strchr("\"#%'*/:=?\\{[]^", *text) != NULL)
            write_percent(out, byte);
        else
            lt_text_append_char(out, *text);
    }
}
