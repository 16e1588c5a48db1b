/*
 * One request at a time to an HTTP server, by libcurl, on a lane's reactor: libcurl says which
 * of its sockets it waits for, the reactor waits, neither ever holds the lane up. (A name is looked
 * up on a thread of libcurl's own.)
 *
 * What the answer means for the rows of the request is the writer's to say (io/http_writer.c); here
 * it is a status, or the reason why there is none.
 *
 * libcurl allocates per request, not per row.
 *
 * on: the lane's sink thread.
 */
#ifndef LT_IO_HTTP_EXCHANGE_H
#define LT_IO_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/clock.h"
#include "core/flow/reactor.h"

/* Texts outlive the exchange; NULL: not said. */
struct lt_http_settings {
    const char *url;
    const char *content_type;
    const char *const *headers; /* "Name: value" */
    size_t header_count;
    const char *ca_file, *certificate_file, *key_file, *proxy;
    bool verifies_peer;
    int64_t connect_timeout_ns, request_timeout_ns;
};

enum { LT_HTTP_TEXT_MAX = 256 };

struct lt_http_answer {
    int status;             /* 200; 0: there was no answer, `text` says why */
    bool is_untrusted;      /* no answer: certificates do not fit, nor will they the next time */
    int64_t retry_after_ns; /* what the server asks for; 0: nothing */
    char text[LT_HTTP_TEXT_MAX]; /* the begin of the answer's body, on one line */
};

struct lt_http_exchange;

int lt_http_exchange_create(const struct lt_http_settings *settings, struct lt_reactor *reactor,
                            const struct lt_clock *clock, struct lt_http_exchange **out,
                            struct lt_error *error) LT_MUST_USE;
/* Ends what is under way: the server may have it all the same. NULL is a no-op. */
void lt_http_exchange_destroy(struct lt_http_exchange *exchange);

/* Begins a POST of these bytes, which stay in place until its answer; none is under way. `key`:
 * the Idempotency-Key, copied. */
void lt_http_exchange_send(struct lt_http_exchange *exchange, const void *body, size_t size_bytes,
                           const char *key);
/* True when the request has ended, once. */
bool lt_http_exchange_poll(struct lt_http_exchange *exchange, struct lt_http_answer *out);
bool lt_http_exchange_is_under_way(const struct lt_http_exchange *exchange);
/* When poll must be called even if the reactor has nothing. */
int64_t lt_http_exchange_deadline_ns(const struct lt_http_exchange *exchange);

#endif
