/*
 * Options of the HTTP sink, and what is made of them once per query.
 */
#include "io/http_sink.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/arena.h"
#include "core/base/limits.h"
#include "io/format_options.h"

static const char header_prefix[] = "header.";

static const struct lt_option_spec option_table[] = {
    {.name = "url",
     .type = LT_OPTION_TEXT,
     .flags = LT_OPTION_REQUIRED,
     .doc = "Where rows are sent by POST: http or https."},
    {.name = "body",
     .type = LT_OPTION_CHOICE,
     .default_text = "lines",
     .choices = "lines|array",
     .doc = "What a request holds: lines, a JSON object each (application/x-ndjson), or one array "
            "of them (application/json)."},
    {.name = "batchRows",
     .type = LT_OPTION_I64,
     .default_text = "1000",
     .min = 1,
     .max = 100000,
     .doc = "Rows of one request at most; fewer go when no more are there."},
    {.name = "batchBytes",
     .type = LT_OPTION_SIZE,
     .default_text = "1MiB",
     .min = 1,
     .max = 1 << 30,
     .doc = "Size of a body from which on no row is added to it."},
    {.name = "connectTimeout",
     .type = LT_OPTION_DURATION,
     .default_text = "10s",
     .min = LT_NS_PER_MS,
     .max = 3600 * (int64_t)LT_NS_PER_S,
     .doc = "How long a connection may take."},
    {.name = "requestTimeout",
     .type = LT_OPTION_DURATION,
     .default_text = "30s",
     .min = LT_NS_PER_MS,
     .max = 3600 * (int64_t)LT_NS_PER_S,
     .doc = "How long a request may take, its connection and its answer included."},
    {.name = "retryTimeout",
     .type = LT_OPTION_DURATION,
     .default_text = "2min",
     .min = 0,
     .max = 365 * 86400 * (int64_t)LT_NS_PER_S,
     .doc = "How long a request is sent again that nobody answers or that is put off (408, 425, "
            "429, 5xx) before the query stops; 0s: for ever."},
    {.name = header_prefix,
     .type = LT_OPTION_PREFIX,
     .flags = LT_OPTION_SECRET,
     .doc = "Further headers of each request: header.Authorization."},
    {.name = "proxy", .type = LT_OPTION_TEXT, .doc = "Address of an HTTP proxy."},
    {.name = "ssl.ca.location",
     .type = LT_OPTION_TEXT,
     .doc = "File of certificates that are trusted; else the system's."},
    {.name = "ssl.certificate.location",
     .type = LT_OPTION_TEXT,
     .doc = "File of the client's own certificate (PEM)."},
    {.name = "ssl.key.location",
     .type = LT_OPTION_TEXT,
     .doc = "File of the key of the client's certificate (PEM)."},
    {.name = "ssl.verify",
     .type = LT_OPTION_BOOL,
     .default_text = "true",
     .doc = "Whether the server's certificate is checked."},
    LT_FORMAT_WRITE_ROWS};
enum { OPTION_COUNT = sizeof option_table / sizeof option_table[0] };

static const char *text_of(const struct lt_options *options, struct lt_arena *arena,
                           const char *name)
{
    const char *text = lt_options_text(options, option_table, OPTION_COUNT, name);
    return text != NULL ? lt_arena_format(arena, "%s", text) : NULL;
}

static int64_t number_of(const struct lt_options *options, const char *name)
{
    return lt_options_i64(options, option_table, OPTION_COUNT, name);
}

/* What libcurl finds wrong with it; NULL: nothing. */
static const char *find_fault(const char *url)
{
    CURLU *parts = curl_url();
    lt_assert(parts != NULL);
    char *port = NULL;
    CURLUcode code = curl_url_set(parts, CURLUPART_URL, url, 0);
    const char *fault = code == CURLUE_OK ? NULL : curl_url_strerror(code);
    if (code == CURLUE_OK && curl_url_get(parts, CURLUPART_PORT, &port, 0) == CURLUE_OK &&
        strcmp(port, "0") == 0)
        fault = "there is no port 0";
    curl_free(port);
    curl_url_cleanup(parts);
    return fault;
}

static int check_url(const char *url, struct lt_error *error)
{
    bool is_http = strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
    if (!is_http)
        return lt_error_set(error, LT_E_INVALID,
                            "sink http: url \"%s\" is no address; hint: http://HOST:PORT/PATH",
                            url);
    const char *host = strstr(url, "//") + 2;
    if (memchr(host, '@', strcspn(host, "/?#")) != NULL)
        return lt_error_set(error, LT_E_INVALID,
                            "sink http: a URL holds no user or password, which shows in process "
                            "lists; hint: the option header.Authorization, from the environment "
                            "or a file");
    const char *fault = url[strcspn(url, ":") + 3] == '/' ? "No host part in the URL"
                                                          : find_fault(url);
    if (fault == NULL)
        return 0;
    return lt_error_set(error, LT_E_INVALID,
                        "sink http: url \"%s\" is no address: %s; hint: http://HOST:PORT/PATH, an "
                        "address of IPv6 in brackets, a blank as %%20",
                        url, fault);
}

static bool is_header(const char *key)
{
    return strncasecmp(key, header_prefix, sizeof header_prefix - 1) == 0;
}

/* A name is a token, and neither part may end the line. */
static int check_header(const char *name, const char *value, struct lt_error *error)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "!#$%&'*+-.^_`|~";
    if (*name == '\0' || name[strspn(name, letters)] != '\0')
        return lt_error_set(error, LT_E_INVALID,
                            "sink http: option \"%s%s\": no name of a header; hint: letters, "
                            "digits and -",
                            header_prefix, name);
    if (value[strcspn(value, "\r\n")] != '\0')
        return lt_error_set(error, LT_E_INVALID,
                            "sink http: option \"%s%s\": the value has a line break", header_prefix,
                            name);
    return 0;
}

static int read_headers(struct lt_http_settings *settings, const struct lt_options *options,
                        struct lt_arena *arena, struct lt_error *error)
{
    size_t count = lt_options_count(options);
    const char **headers = lt_arena_alloc(arena, (count + 1) * sizeof *headers);
    for (size_t i = 0; i < count; i++) {
        const char *key, *value, *origin;
        lt_options_at(options, i, &key, &value, &origin);
        if (!is_header(key))
            continue;
        const char *name = key + sizeof header_prefix - 1;
        int code = check_header(name, value, error);
        if (code != 0)
            return code;
        headers[settings->header_count++] = lt_arena_format(arena, "%s: %s", name, value);
    }
    settings->headers = headers;
    return 0;
}

static int read_settings(struct lt_http_sink *sink, const struct lt_options *options,
                         struct lt_arena *arena, struct lt_error *error)
{
    struct lt_http_settings *settings = &sink->settings;
    sink->is_array =
        strcmp(lt_options_text(options, option_table, OPTION_COUNT, "body"), "array") == 0;
    sink->batch_rows = (uint32_t)number_of(options, "batchRows");
    sink->batch_bytes = (size_t)number_of(options, "batchBytes");
    sink->retry_timeout_ns = number_of(options, "retryTimeout");
    *settings = (struct lt_http_settings){
        .url = text_of(options, arena, "url"),
        .content_type = sink->is_array ? "application/json" : "application/x-ndjson",
        .ca_file = text_of(options, arena, "ssl.ca.location"),
        .certificate_file = text_of(options, arena, "ssl.certificate.location"),
        .key_file = text_of(options, arena, "ssl.key.location"),
        .proxy = text_of(options, arena, "proxy"),
        .verifies_peer = lt_options_bool(options, option_table, OPTION_COUNT, "ssl.verify"),
        .connect_timeout_ns = number_of(options, "connectTimeout"),
        .request_timeout_ns = number_of(options, "requestTimeout"),
    };
    int code = check_url(settings->url, error);
    return code != 0 ? code : read_headers(settings, options, arena, error);
}

static int http_connect(struct lt_sink *base, const struct lt_connector_env *env,
                        struct lt_error *error)
{
    (void)base;
    (void)env;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) /* counted; at the process's end */
        return lt_error_set(error, LT_E_INTERNAL, "sink http: libcurl cannot be set up");
    return 0;
}

static void http_close(struct lt_sink *base)
{
    struct lt_http_sink *sink = (struct lt_http_sink *)(void *)base;
    lt_options_destroy(sink->options);
    free(sink);
}

int lt_http_create_format(const struct lt_options *options, const struct lt_type *schema,
                          struct lt_format_writer **out, struct lt_error *error)
{
    const struct lt_format_write_setup setup = {
        .name = "json",
        .options = options,
        .schema = schema,
        .owner = "sink http",
        .default_frame = LT_FRAME_DATAGRAM,
        .is_utf8 = true,
    };
    return lt_format_writer_create(&setup, out, error);
}

static int http_bind(const struct lt_sink_type *type, const struct lt_options *options,
                     const struct lt_type *schema, struct lt_arena *arena, struct lt_sink **out,
                     struct lt_error *error)
{
    static const struct lt_sink_ops ops = {
        .connect = http_connect,
        .open_writer = lt_http_open_writer,
        .close = http_close,
    };
    *out = NULL;
    int code = lt_options_check(options, option_table, OPTION_COUNT, "sink http", error);
    if (code != 0)
        return code;
    struct lt_format_writer *format; /* made to be checked; each lane has its own */
    code = lt_http_create_format(options, schema, &format, error);
    if (code != 0)
        return code;
    lt_format_writer_destroy(format);
    struct lt_http_sink *sink = lt_alloc(sizeof *sink);
    sink->options = lt_options_clone(options);
    sink->base.ops = &ops;
    sink->base.type = type;
    sink->base.schema = schema;
    sink->base.guarantee = LT_AT_LEAST_ONCE;
    code = read_settings(sink, options, arena, error);
    if (code != 0) {
        http_close(&sink->base);
        return code;
    }
    (void)snprintf(sink->base.description, sizeof sink->base.description, "HttpSink[%s]",
                   sink->settings.url); /* a long one is cut */
    *out = &sink->base;
    return 0;
}

const struct lt_sink_type lt_http_sink_type = {
    .name = "http",
    .doc = "Sends rows as JSON by POST, in batches of what is there.",
    .options = option_table,
    .option_count = OPTION_COUNT,
    .needs_checkpoint = true,
    .takes_plain_letters = true,
    .bind = http_bind,
};
