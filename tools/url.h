/*
 * Where records come from and go to, in one word:
 *
 *     kafka://HOST[:PORT][,HOST[:PORT]...]/TOPIC[,TOPIC...]     a topic, or several
 *     kafka://HOST:PORT                                         the options say what is read
 *     file:///DIR, tcp://HOST:PORT, - and others                tools/address.h
 *     NAME:                                                     any other connector: "rate:"
 *
 * The port of a Kafka address is 9092 unless given. IPv6 addresses stand in brackets.
 *
 * Names of users and secrets have no place in a URL: it shows in process lists.
 *
 * on: main.
 */
#ifndef LT_TOOLS_URL_H
#define LT_TOOLS_URL_H

#include <stdbool.h>
#include <stddef.h>

/* The format of a URL whose files may be of several: the plan makes it "json", "csv", ... */
#define LT_TOOL_FILES "file"

struct lt_tool_url_option {
    char *key, *value;
};

struct lt_tool_url {
    char *text;    /* as given */
    char *format;  /* the connector: "kafka" */
    struct lt_tool_url_option *options; /* what the address says (tools/address.h) */
    size_t option_count;
    char *servers; /* "h1:9092,h2:9092"; NULL: none */
    char *topics;  /* "a,b"; NULL: none */
    int topic_count;
    char *overruled; /* "; topic: relay.yaml:3:5", what options have put in; NULL: nothing */
};

/* Returns 0, or LT_TOOL_USAGE after saying what is wrong with it; `what` is "source", say. */
int lt_tool_url_parse(const char *text, const char *what, struct lt_tool_url *out);
/* The colon before a port, if there is one: not one within brackets. NULL: none. */
const char *lt_tool_url_find_port(const char *server, size_t size_bytes);
/* 1 to 65535. */
bool lt_tool_url_is_port(const char *text, size_t size_bytes);
/* The option of that name that the address says, or NULL. */
const char *lt_tool_url_option(const struct lt_tool_url *url, const char *key);
/* "h1,h2:1" as "h1:9092,h2:1"; free() it. */
char *lt_tool_url_with_ports(const char *servers);
/* The text anew, from servers and topics that an option of that origin has changed. */
void lt_tool_url_rewrite(struct lt_tool_url *url, const char *key, const char *origin);
void lt_tool_url_fini(struct lt_tool_url *url);

#endif
