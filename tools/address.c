/*
 * One row for each scheme: which connector it is on either side, and into which options its rest
 * goes.
 */
#include "tools/address.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/commands.h"

/* What stands behind the scheme. */
enum rest {
    REST_NOTHING,
    REST_PATH,    /* //PATH, or a PATH from here */
    REST_HOST,    /* //HOST:PORT */
    REST_PORT,    /* //[HOST]:PORT: an address of this machine */
    REST_WHOLE,   /* the whole URL is the option */
    REST_COMMAND, /* all of it, as it stands */
};

struct scheme {
    const char *name, *source, *sink; /* connectors; NULL: not on that side */
    enum rest rest;
    const char *key; /* the option that a path, URL or command goes to */
    const char *shape;
};

static const struct scheme schemes[] = {
    {"append", NULL, "append", REST_PATH, "path", "append:///data/out.jsonl"},
    {"file", LT_TOOL_FILES, LT_TOOL_FILES, REST_PATH, "path", "file:///data/in"},
    {"foreach", NULL, "foreach", REST_COMMAND, "command", "foreach:COMMAND"},
    {"foreachBatch", NULL, "foreachBatch", REST_COMMAND, "command", "foreachBatch:COMMAND"},
    {"http", NULL, "http", REST_WHOLE, "url", "http://HOST:PORT/PATH"},
    {"https", NULL, "http", REST_WHOLE, "url", "https://HOST:PORT/PATH"},
    {"stdin", "stdin", NULL, REST_NOTHING, NULL, "-"},
    {"stdout", NULL, "stdout", REST_NOTHING, NULL, "-"},
    {"tail", "tail", NULL, REST_PATH, "path", "tail:///var/log/app.log"},
    {"tcp", "socket", "tcp", REST_HOST, NULL, "tcp://HOST:PORT"},
    {"tcp-listen", "tcp-listen", NULL, REST_PORT, NULL, "tcp-listen://:PORT"},
    {"udp", "udp", "udp", REST_PORT, NULL, "udp://HOST:PORT"},
    {"unix", "unix", "unix", REST_PATH, "path", "unix:///run/x.sock"},
};
enum { SCHEME_COUNT = sizeof schemes / sizeof schemes[0] };

static const struct scheme *find_scheme(const char *text)
{
    size_t name_bytes = strcspn(text, ":");
    for (size_t i = 0; i < SCHEME_COUNT; i++)
        if (strlen(schemes[i].name) == name_bytes &&
            strncmp(schemes[i].name, text, name_bytes) == 0)
            return &schemes[i];
    return NULL;
}

/* Takes both texts. */
static void add_option(struct lt_tool_url *url, char *key, char *value)
{
    struct lt_tool_url_option *before = url->options;
    url->options = lt_tool_alloc((url->option_count + 1) * sizeof *url->options);
    if (before != NULL)
        memcpy(url->options, before, url->option_count * sizeof *before);
    free(before);
    url->options[url->option_count++] = (struct lt_tool_url_option){key, value};
}

/* ---------------------------------------------------------------------------------- parameters */

static int hex_digit(char c)
{
    if (isdigit((unsigned char)c))
        return c - '0';
    return isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

/* The text with its %XX replaced, the caller's to free; NULL: a % that is none, or %00, at which
 * whoever opens a file by that name would stop reading it. */
static char *decode(const char *text, size_t size_bytes)
{
    char *made = lt_tool_alloc(size_bytes + 1), *out = made;
    for (size_t i = 0; i < size_bytes; i++) {
        if (text[i] != '%') {
            *out++ = text[i];
            continue;
        }
        int high = i + 2 < size_bytes ? hex_digit(text[i + 1]) : -1;
        int low = i + 2 < size_bytes ? hex_digit(text[i + 2]) : -1;
        if (high < 0 || low < 0 || high + low == 0) {
            free(made);
            return NULL;
        }
        *out++ = (char)(high * 16 + low);
        i += 2;
    }
    *out = '\0';
    return made;
}

/* Of the address, or given before. */
static bool is_given(const struct lt_tool_url *url, const char *key)
{
    for (size_t i = 0; i < url->option_count; i++)
        if (strcasecmp(url->options[i].key, key) == 0)
            return true;
    return false;
}

static int parse_parameters(struct lt_tool_url *url, const char *what, const char *list)
{
    for (const char *at = list; *at != '\0';) {
        size_t size_bytes = strcspn(at, "&"), key_bytes = strcspn(at, "=&");
        char *key = decode(at, key_bytes);
        bool has_value = key_bytes < size_bytes;
        char *value =
            has_value ? decode(at + key_bytes + 1, size_bytes - key_bytes - 1) : NULL;
        if (key == NULL || *key == '\0' || value == NULL) {
            int status = lt_tool_wrong("%s \"%s\": \"%.*s\" is no option; hint: ?KEY=VALUE&KEY="
                                       "VALUE, with %%26 for & and %%25 for %%",
                                       what, url->text, (int)size_bytes, at);
            free(key);
            free(value);
            return status;
        }
        if (is_given(url, key)) {
            int status = lt_tool_wrong("%s \"%s\": option \"%s\" is there twice; hint: give "
                                       "it once",
                                       what, url->text, key);
            free(key);
            free(value);
            return status;
        }
        add_option(url, key, value);
        at += size_bytes + (at[size_bytes] == '&');
    }
    return 0;
}

/* ---------------------------------------------------------------------------------- the address */

static int fail_shape(const struct lt_tool_url *url, const struct scheme *scheme, const char *what,
                      const char *missing)
{
    return lt_tool_wrong("%s \"%s\": no %s; hint: %s", what, url->text, missing, scheme->shape);
}

static int parse_path(struct lt_tool_url *url, const struct scheme *scheme, const char *what,
                      const char *rest, size_t size_bytes)
{
    if (size_bytes >= 2 && strncmp(rest, "//", 2) == 0) {
        rest += 2;
        size_bytes -= 2;
        if (size_bytes > 0 && *rest != '/')
            return lt_tool_wrong("%s \"%s\": \"%.*s\" would be a host; hint: %s:///%.*s, or "
                                 "%s:%.*s for a path from here",
                                 what, url->text, (int)strcspn(rest, "/?"), rest, scheme->name,
                                 (int)size_bytes, rest, scheme->name, (int)size_bytes, rest);
    }
    char *path = decode(rest, size_bytes);
    if (path == NULL)
        return lt_tool_wrong("%s \"%s\": a %% is followed by two hexadecimal digits, and not by "
                             "00; hint: %%25 for %%",
                             what, url->text);
    if (*path == '\0') {
        free(path);
        return fail_shape(url, scheme, what, "path");
    }
    add_option(url, lt_tool_copy(scheme->key), path);
    return 0;
}

/* No blank, bracket or control character. */
static bool is_host(const char *text, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++)
        if ((unsigned char)text[i] <= ' ' || text[i] == '[' || text[i] == ']' || text[i] == '/')
            return false;
    return true;
}

static int parse_host(struct lt_tool_url *url, const struct scheme *scheme, const char *what,
                      const char *rest, size_t size_bytes)
{
    if (size_bytes < 2 || strncmp(rest, "//", 2) != 0)
        return fail_shape(url, scheme, what, "address");
    rest += 2;
    size_bytes -= 2;
    size_bytes -= size_bytes > 0 && rest[size_bytes - 1] == '/';
    if (memchr(rest, '@', size_bytes) != NULL)
        return lt_tool_wrong("%s: a URL holds no user or password", what);
    const char *colon = lt_tool_url_find_port(rest, size_bytes);
    if (colon == NULL)
        return fail_shape(url, scheme, what, "port");
    size_t host_bytes = (size_t)(colon - rest), port_bytes = size_bytes - host_bytes - 1;
    if (!lt_tool_url_is_port(colon + 1, port_bytes))
        return lt_tool_wrong("%s \"%s\": \"%.*s\" is no port; hint: 1 to 65535", what, url->text,
                             (int)port_bytes, colon + 1);
    if (host_bytes == 0 && scheme->rest == REST_HOST)
        return fail_shape(url, scheme, what, "host");
    bool is_in_brackets = host_bytes >= 2 && rest[0] == '[' && rest[host_bytes - 1] == ']';
    if (!is_host(rest + is_in_brackets, host_bytes - 2 * is_in_brackets))
        return lt_tool_wrong("%s \"%s\": \"%.*s\" is no host; hint: a name or an address, of "
                             "IPv6 in brackets: [::1]:PORT",
                             what, url->text, (int)host_bytes, rest);
    if (host_bytes > 0)
        add_option(url, lt_tool_copy("host"),
                   is_in_brackets ? lt_tool_format("%.*s", (int)host_bytes - 2, rest + 1)
                                  : lt_tool_format("%.*s", (int)host_bytes, rest));
    add_option(url, lt_tool_copy("port"), lt_tool_format("%.*s", (int)port_bytes, colon + 1));
    return 0;
}

static int parse_rest(struct lt_tool_url *url, const struct scheme *scheme, const char *what)
{
    const char *rest = url->text + strlen(scheme->name) + 1;
    if (scheme->rest == REST_WHOLE || scheme->rest == REST_COMMAND) {
        const char *value = scheme->rest == REST_WHOLE ? url->text : rest;
        if (rest[strspn(rest, "/ ")] == '\0')
            return fail_shape(url, scheme, what,
                              scheme->rest == REST_WHOLE ? "host" : "command");
        add_option(url, lt_tool_copy(scheme->key), lt_tool_copy(value));
        return 0;
    }
    size_t size_bytes = strcspn(rest, "?");
    int status = 0;
    bool is_bare = size_bytes == 0 || (size_bytes == 2 && strncmp(rest, "//", 2) == 0);
    if (is_bare)
        ; /* the options say all */
    else if (scheme->rest == REST_PATH)
        status = parse_path(url, scheme, what, rest, size_bytes);
    else if (scheme->rest == REST_NOTHING)
        status = lt_tool_wrong("%s \"%s\" has no address; hint: %s", what, url->text,
                               scheme->shape);
    else
        status = parse_host(url, scheme, what, rest, size_bytes);
    if (status == 0 && rest[size_bytes] == '?')
        status = parse_parameters(url, what, rest + size_bytes + 1);
    return status;
}

bool lt_tool_address_parse(struct lt_tool_url *url, const char *what, int *status)
{
    bool is_source = strcmp(what, "source") == 0;
    if (strcmp(url->text, "-") == 0) {
        url->format = lt_tool_copy(is_source ? "stdin" : "stdout");
        *status = 0;
        return true;
    }
    const struct scheme *scheme = find_scheme(url->text);
    if (scheme == NULL || url->text[strlen(scheme->name)] != ':')
        return false;
    const char *connector = is_source ? scheme->source : scheme->sink;
    if (connector == NULL) {
        *status = lt_tool_wrong("%s \"%s\": %s is a %s alone", what, url->text, scheme->name,
                                is_source ? "sink" : "source");
        return true;
    }
    url->format = lt_tool_copy(connector);
    *status = parse_rest(url, scheme, what);
    return true;
}

/* ------------------------------------------------------------------------------------- formats */

static bool ends_with(const char *text, size_t *size_bytes, const char *end)
{
    size_t end_bytes = strlen(end);
    if (*size_bytes <= end_bytes ||
        strncasecmp(text + *size_bytes - end_bytes, end, end_bytes) != 0)
        return false;
    *size_bytes -= end_bytes;
    return true;
}

const char *lt_tool_address_format(const char *path)
{
    static const struct {
        const char *end, *format;
    } ends[] = {
        {".json", "json"}, {".jsonl", "json"}, {".ndjson", "json"},
        {".csv", "csv"},   {".txt", "text"},   {".log", "text"},
    };
    size_t size_bytes = strlen(path);
    if (!ends_with(path, &size_bytes, ".gz"))
        (void)ends_with(path, &size_bytes, ".zst"); /* either, or neither */
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (ends_with(path, &size_bytes, ends[i].end))
            return ends[i].format;
    return NULL;
}
