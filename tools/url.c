/*
 * Reading a connector's address.
 */
#include "tools/url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/address.h"
#include "tools/commands.h"

static const char shape[] = "kafka://HOST:PORT/TOPIC";

static bool is_topic(const char *text, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++)
        if (!isalnum((unsigned char)text[i]) && strchr("._-", text[i]) == NULL)
            return false;
    return size_bytes > 0 && size_bytes <= 249;
}

static int parse_topics(const char *text, const char *what, const char *list,
                        struct lt_tool_url *out)
{
    for (const char *at = list;; at++) {
        size_t size_bytes = strcspn(at, ",");
        if (!is_topic(at, size_bytes))
            return lt_tool_wrong("%s \"%s\": \"%.*s\" is no topic's name; hint: letters, digits, "
                                 "'.', '_' and '-', at most 249",
                                 what, text, (int)size_bytes, at);
        out->topic_count++;
        at += size_bytes;
        if (*at == '\0')
            break;
    }
    out->topics = lt_tool_copy(list);
    return 0;
}

const char *lt_tool_url_find_port(const char *server, size_t size_bytes)
{
    const char *start = server;
    if (*server == '[') {
        start = memchr(server, ']', size_bytes);
        if (start == NULL)
            return NULL;
    }
    return memchr(start, ':', size_bytes - (size_t)(start - server));
}

bool lt_tool_url_is_port(const char *text, size_t size_bytes)
{
    long number = 0;
    for (size_t i = 0; i < size_bytes && number <= 65535; i++) {
        if (!isdigit((unsigned char)text[i]))
            return false;
        number = 10 * number + (text[i] - '0');
    }
    return number > 0 && number <= 65535;
}

static void append_server(char **servers, const char *server, size_t size_bytes)
{
    char *before = *servers;
    *servers = lt_tool_format("%s%s%.*s%s", before != NULL ? before : "", before != NULL ? "," : "",
                              (int)size_bytes, server,
                              lt_tool_url_find_port(server, size_bytes) != NULL ? "" : ":9092");
    free(before);
}

char *lt_tool_url_with_ports(const char *servers)
{
    char *out = NULL;
    for (size_t at = 0, end = strlen(servers); at <= end;) {
        size_t size_bytes = strcspn(servers + at, ",");
        append_server(&out, servers + at, size_bytes);
        at += size_bytes + 1;
    }
    return out;
}

static int add_server(const char *text, const char *what, const char *server, size_t size_bytes,
                      struct lt_tool_url *out)
{
    const char *colon = lt_tool_url_find_port(server, size_bytes);
    size_t host_bytes = colon != NULL ? (size_t)(colon - server) : size_bytes;
    if (host_bytes == 0)
        return lt_tool_wrong("%s \"%s\": no host; hint: %s", what, text, shape);
    if (colon != NULL && !lt_tool_url_is_port(colon + 1, size_bytes - host_bytes - 1))
        return lt_tool_wrong("%s \"%s\": \"%.*s\" is no port; hint: 1 to 65535", what, text,
                             (int)(size_bytes - host_bytes - 1), colon + 1);
    append_server(&out->servers, server, size_bytes);
    return 0;
}

static int parse_kafka(const char *text, const char *what, const char *rest,
                       struct lt_tool_url *out)
{
    size_t servers_bytes = strcspn(rest, "/");
    if (memchr(rest, '@', servers_bytes) != NULL)
        return lt_tool_wrong("%s: a URL holds no user or password; hint: use --option "
                             "kafka.sasl.username=... and the environment or a file for "
                             "kafka.sasl.password",
                             what);
    for (size_t at = 0; at <= servers_bytes;) {
        size_t size_bytes = strcspn(rest + at, ",/");
        int status = add_server(text, what, rest + at, size_bytes, out);
        if (status != 0)
            return status;
        at += size_bytes + 1;
    }
    const char *topics = rest + servers_bytes;
    return topics[0] == '\0' || topics[1] == '\0' ? 0 : parse_topics(text, what, topics + 1, out);
}

/* Of a connector whose URL is its name alone; options say the rest, but of a dlq there are none. */
static int refuse_address(const struct lt_tool_url *url, const char *what)
{
    if (strcmp(what, "dlq") == 0)
        return lt_tool_wrong("dlq \"%s\": \"%s\" has no address; hint: append:///DIR/FILE.jsonl",
                             url->text, url->format);
    return lt_tool_wrong("%s \"%s\": \"%s\" has no address; hint: write %s: and give "
                         "--%s-option KEY=VALUE",
                         what, url->text, url->format, url->format, what);
}

int lt_tool_url_parse(const char *text, const char *what, struct lt_tool_url *out)
{
    size_t format_bytes = strcspn(text, ":");
    int status;
    *out = (struct lt_tool_url){.text = lt_tool_copy(text)};
    if (lt_tool_address_parse(out, what, &status))
        return status;
    if (text[format_bytes] == '\0' || format_bytes == 0)
        return lt_tool_wrong("%s \"%s\" is no URL; hint: %s", what, text, shape);
    out->format = lt_tool_format("%.*s", (int)format_bytes, text);
    const char *rest = text + format_bytes + 1;
    bool has_address = strncmp(rest, "//", 2) == 0;
    if (strcmp(out->format, "kafka") != 0)
        return rest[has_address ? 2 : 0] == '\0' ? 0 : refuse_address(out, what);
    if (!has_address)
        return lt_tool_wrong("%s \"%s\": no host; hint: %s", what, text, shape);
    return parse_kafka(text, what, rest + 2, out);
}

const char *lt_tool_url_option(const struct lt_tool_url *url, const char *key)
{
    for (size_t i = 0; i < url->option_count; i++)
        if (strcasecmp(url->options[i].key, key) == 0)
            return url->options[i].value;
    return NULL;
}

void lt_tool_url_rewrite(struct lt_tool_url *url, const char *key, const char *origin)
{
    char *before = url->overruled;
    url->overruled = lt_tool_format("%s; %s: %s", before != NULL ? before : "", key, origin);
    free(before);
    free(url->text);
    url->text =
        lt_tool_format("%s://%s%s%s", url->format, url->servers, url->topics != NULL ? "/" : "",
                       url->topics != NULL ? url->topics : "");
    url->topic_count = url->topics != NULL;
    for (const char *at = url->topics; at != NULL && (at = strchr(at, ',')) != NULL; at++)
        url->topic_count++;
}

void lt_tool_url_fini(struct lt_tool_url *url)
{
    for (size_t i = 0; i < url->option_count; i++) {
        free(url->options[i].key);
        free(url->options[i].value);
    }
    free(url->options);
    free(url->overruled);
    free(url->text);
    free(url->format);
    free(url->servers);
    free(url->topics);
    *url = (struct lt_tool_url){0};
}
