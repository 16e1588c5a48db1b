/*
 * URLs: their parts, and the escapes of HTML forms.
 */
#include <stdlib.h>
#include <string.h>

#include "core/text/utf8.h"
#include "ops/expr/functions.h"
#include "ops/expr/regexp.h"
#include "ops/expr/uri.h"

enum { SHOWN_BYTES = 80 };

static int shown_bytes(struct lt_bytes text)
{
    return (int)(text.size_bytes < SHOWN_BYTES ? text.size_bytes : SHOWN_BYTES);
}

/* ----------------------------------------------------------------------------------- parse_url */

/* How a key is found in a query: Spark makes a regular expression of it, so it may be one. The last
 * one is kept; only another key allocates. */
struct query_key {
    struct lt_regexp *regexp;
    struct lt_text_buffer pattern; /* "(&|^)" key "=([^&]*)" */
    uint32_t key_bytes;
};

static const char BEFORE_KEY[] = "(&|^)", AFTER_KEY[] = "=([^&]*)";
enum { BEFORE_KEY_BYTES = sizeof BEFORE_KEY - 1, VALUE_GROUP = 2 };

static int set_key(struct query_key *query, struct lt_bytes key, struct lt_error *error)
{
    lt_regexp_destroy(query->regexp);
    query->regexp = NULL;
    query->key_bytes = key.size_bytes;
    lt_text_clear(&query->pattern);
    lt_text_append(&query->pattern, BEFORE_KEY);
    lt_text_append_n(&query->pattern, key.data, key.size_bytes);
    lt_text_append(&query->pattern, AFTER_KEY);
    return lt_regexp_create(query->pattern.data, query->pattern.size_bytes, &query->regexp, error);
}

static bool is_key(const struct query_key *query, struct lt_bytes key)
{
    return query->regexp != NULL && query->key_bytes == key.size_bytes &&
           (key.size_bytes == 0 ||
            memcmp(query->pattern.data + BEFORE_KEY_BYTES, key.data, key.size_bytes) == 0);
}

static void release_key(void *state)
{
    struct query_key *query = state;
    lt_regexp_destroy(query->regexp);
    lt_text_fini(&query->pattern);
    free(query);
}

static int prepare_key(const struct lt_prepare *prepare, struct lt_error *error)
{
    enum { KEY = 2 };
    const struct lt_expression *call = prepare->expression;
    if (call->argument_count <= KEY)
        return LT_OK;
    struct query_key *query = lt_alloc(sizeof *query);
    const struct lt_expression *key = call->arguments[KEY];
    lt_text_init(&query->pattern);
    int code = key->kind == LT_EXPR_LITERAL && !key->is_null
                   ? set_key(query, key->value.bytes, error)
                   : LT_OK;
    if (code == LT_OK)
        prepare->call->state = query;
    else
        release_key(query);
    return code;
}

static enum lt_kernel value_of_key(struct lt_machine *machine, const struct lt_call *call,
                                   const struct lt_uri_part *part, union lt_value *out)
{
    struct query_key *query = call->state;
    struct lt_bytes key = lt_argument_bytes(machine, call, 2);
    struct lt_error error;
    size_t begin, end;
    if (!part->is_there)
        return LT_KERNEL_NULL;
    if (!is_key(query, key) && set_key(query, key, &error) != LT_OK)
        return lt_machine_fault(machine, call, "INVALID_PARAMETER_VALUE.PATTERN", "22023", "%s",
                                error.text);
    enum lt_regexp_answer answer = lt_regexp_find(query->regexp, &part->text);
    if (answer == LT_REGEXP_LIMIT)
        return lt_machine_fault(machine, call, "REGEXP_LIMIT_EXCEEDED", "54000",
                                "the key backtracks too much on this query");
    if (answer == LT_REGEXP_NO || !lt_regexp_group(query->regexp, VALUE_GROUP, &begin, &end))
        return LT_KERNEL_NULL;
    *out = lt_value_bytes(part->text.data + begin, (uint32_t)(end - begin));
    return LT_KERNEL_VALUE;
}

static bool is_name(struct lt_bytes text, const char *name)
{
    return text.size_bytes == strlen(name) && memcmp(text.data, name, text.size_bytes) == 0;
}

/* Path and query stand side by side in the text. */
static struct lt_uri_part file_of(const struct lt_uri *uri)
{
    struct lt_uri_part file = uri->path;
    if (uri->path.is_there && uri->query.is_there)
        file.text.size_bytes += 1 + uri->query.text.size_bytes;
    return file;
}

static struct lt_uri_part part_of(const struct lt_uri *uri, struct lt_bytes name)
{
    if (is_name(name, "HOST"))
        return uri->host;
    if (is_name(name, "PATH"))
        return uri->path;
    if (is_name(name, "QUERY"))
        return uri->query;
    if (is_name(name, "REF"))
        return uri->fragment;
    if (is_name(name, "PROTOCOL"))
        return uri->scheme;
    if (is_name(name, "FILE"))
        return file_of(uri);
    if (is_name(name, "AUTHORITY"))
        return uri->authority;
    return is_name(name, "USERINFO") ? uri->user : (struct lt_uri_part){0};
}

static enum lt_kernel parse_url(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    struct lt_bytes name = lt_argument_bytes(machine, call, 1);
    struct lt_uri uri;
    if (call->argument_count == 3 && !is_name(name, "QUERY")) /* before the text is looked at */
        return LT_KERNEL_NULL;
    if (!lt_uri_parse(text, &uri))
        return call->is_legacy
                   ? LT_KERNEL_NULL
                   : lt_machine_fault(
                         machine, call, "INVALID_URL", "22P02",
                         "The url is invalid: %.*s. Use `try_parse_url` to tolerate invalid "
                         "URL and return NULL instead",
                         shown_bytes(text), (const char *)text.data);
    struct lt_uri_part part = part_of(&uri, name);
    if (call->argument_count == 3)
        return value_of_key(machine, call, &part, out);
    out->bytes = part.text;
    return part.is_there ? LT_KERNEL_VALUE : LT_KERNEL_NULL;
}

static enum lt_kernel try_parse_url(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    struct lt_call quiet = *call;
    quiet.is_legacy = true;
    return parse_url(machine, &quiet, out);
}

/* ----------------------------------------------------------------------------------- url_encode */

static bool is_kept(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '*' || c == '_';
}

static size_t put_encoded(uint8_t c, char *out)
{
    static const char digits[] = "0123456789ABCDEF";
    out[0] = c == ' ' ? '+' : (char)c;
    if (is_kept(c) || c == ' ')
        return 1;
    out[0] = '%';
    out[1] = digits[c >> 4];
    out[2] = digits[c & 15];
    return 3;
}

static enum lt_kernel url_encode(struct lt_machine *machine, const struct lt_call *call,
                                 union lt_value *out)
{
    enum { LARGEST = 9 }; /* a byte that is not UTF-8 is U+FFFD, three bytes */
    struct lt_bytes from = lt_argument_bytes(machine, call, 0);
    const uint8_t *at = from.data, *end = at + from.size_bytes;
    bool is_valid = lt_utf8_is_valid(from.data, from.size_bytes);
    char *text = lt_machine_alloc(machine, (size_t)from.size_bytes * (is_valid ? 3 : LARGEST) + 1);
    size_t used = 0;
    if (text == NULL)
        return lt_machine_too_large(machine, call);
    while (at < end) {
        uint8_t bytes[4];
        size_t count = lt_utf8_put(lt_utf8_next(&at, end), bytes);
        for (size_t i = 0; i < count; i++)
            used += put_encoded(bytes[i], text + used);
    }
    *out = lt_value_bytes(text, (uint32_t)used);
    return LT_KERNEL_VALUE;
}

/* ----------------------------------------------------------------------------------- url_decode */

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    uint8_t lower = c | 32;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The byte of "%41"; -1: it is none. Java reads a number there, which may have a sign. */
static int escaped_byte(const uint8_t *at, const uint8_t *end)
{
    if (end - at < 3)
        return -1;
    int high = hex_digit(at[1]), low = hex_digit(at[2]);
    if (at[1] == '+' || (at[1] == '-' && low == 0))
        high = 0;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* The size of the text; SIZE_MAX: an escape is wrong. A run of escapes is decoded as one text, so
 * `room` keeps its bytes. */
static size_t decode(struct lt_bytes from, uint8_t *out, uint8_t *room)
{
    const uint8_t *at = from.data, *end = at + from.size_bytes;
    size_t used = 0;
    while (at < end) {
        size_t run = 0;
        while (at < end && *at == '%') {
            int byte = escaped_byte(at, end);
            if (byte < 0)
                return SIZE_MAX;
            room[run++] = (uint8_t)byte;
            at += 3;
        }
        used += lt_utf8_decode(room, run, out + used);
        const uint8_t *plain = at;
        while (at < end && *at != '%' && *at != '+')
            at++;
        used += lt_utf8_decode(plain, (size_t)(at - plain), out + used);
        if (at < end && *at == '+') {
            out[used++] = ' ';
            at++;
        }
    }
    return used;
}

static enum lt_kernel url_decode(struct lt_machine *machine, const struct lt_call *call,
                                 union lt_value *out)
{
    enum { LARGEST = 3 }; /* U+FFFD for a bad byte */
    struct lt_bytes from = lt_argument_bytes(machine, call, 0);
    uint8_t *text = lt_machine_alloc(machine, (size_t)from.size_bytes * LARGEST + 1);
    uint8_t *room = lt_machine_alloc(machine, (size_t)from.size_bytes / 3 + 1);
    if (text == NULL || room == NULL)
        return lt_machine_too_large(machine, call);
    size_t size = decode(from, text, room);
    if (size == SIZE_MAX)
        return lt_machine_fault(machine, call, "CANNOT_DECODE_URL", "22546",
                                "The provided URL cannot be decoded: %.*s. Please ensure that the "
                                "URL is properly formatted and try again",
                                shown_bytes(from), (const char *)from.data);
    *out = lt_value_bytes(text, (uint32_t)size);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel try_url_decode(struct lt_machine *machine, const struct lt_call *call,
                                     union lt_value *out)
{
    struct lt_call quiet = *call;
    quiet.is_try = true;
    return url_decode(machine, &quiet, out);
}

#define KEYED .is_deterministic = true, .prepare = prepare_key, .release = release_key

static const struct lt_function functions[] = {
    {"parse_url", NULL, "parse_url(url, part[, key])",
     "A part of a URL: HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY or USERINFO; of QUERY "
     "also "
     "the value of one key.",
     "parse_url('http://h.org/p?a=1', 'QUERY', 'a')", "1", KEYED, .decodes_texts = true,
     .signatures = {LT_KERNEL("SS[S]", "s", parse_url)}},
    {"try_parse_url", NULL, "try_parse_url(url, part[, key])",
     "As parse_url, with NULL for what is no URL.", "try_parse_url('http://h.org/p', 'HOST')",
     "h.org", KEYED, .decodes_texts = true, .signatures = {LT_KERNEL("SS[S]", "s", try_parse_url)}},
    {"url_encode", NULL, "url_encode(str)",
     "The string as a value in a URL, with a + for a blank and %XX for other characters.",
     "url_encode('a b&c')", "a+b%26c", .is_deterministic = true,
     .signatures = {LT_KERNEL("s", "s", url_encode)}},
    {"url_decode", NULL, "url_decode(str)", "Undoes url_encode.", "url_decode('a+b%26c')", "a b&c",
     .is_deterministic = true, .signatures = {LT_KERNEL("s", "s", url_decode)}},
    {"try_url_decode", NULL, "try_url_decode(str)",
     "As url_decode, with NULL for a text that has a wrong escape.", "try_url_decode('a%26b')",
     "a&b", .is_deterministic = true, .signatures = {LT_KERNEL("s", "s", try_url_decode)}},
};

const struct lt_function_group lt_functions_url = {"url", functions,
                                                   sizeof functions / sizeof functions[0]};
