/*
 * The HTTP sink: rows as JSON by POST, batched by what is there.
 *
 *   2xx                    the rows are delivered
 *   400, 413, 422          the server refuses the rows: the request is sent again in halves until
 *                          the row is alone that is to blame, which then fails
 *   408, 425, 429, 5xx, and no answer
 *                          the same request again, later: Retry-After, or 100 ms doubling to 10 s;
 *                          after retryTimeout the query stops
 *   all others, and a certificate that does not fit
 *                          a wrong address or no permission: the query stops
 *
 * One request is under way per lane, so rows arrive in order. A request that is sent again has the
 * same Idempotency-Key, which no other one ever has: it numbers the requests of one writer, since
 * positions of rows do not tell them apart (those of one record, of state, of a socket). Without a
 * server that knows it, and after a restart, rows may arrive twice: at-least-once.
 */
#ifndef LT_IO_HTTP_SINK_H
#define LT_IO_HTTP_SINK_H

#include "core/flow/connector.h"
#include "io/format_write.h"
#include "io/http_exchange.h"

extern const struct lt_sink_type lt_http_sink_type;

struct lt_http_sink {
    struct lt_sink base;
    struct lt_options *options;
    struct lt_http_settings settings; /* texts in the arena */
    uint32_t batch_rows;
    size_t batch_bytes;
    bool is_array;
    int64_t retry_timeout_ns; /* 0: never gives up */
};

/* Rows as JSON, each without anything around it. */
int lt_http_create_format(const struct lt_options *options, const struct lt_type *schema,
                          struct lt_format_writer **out, struct lt_error *error) LT_MUST_USE;

/* io/http_writer.c */
int lt_http_open_writer(struct lt_sink *sink, const struct lt_connector_env *env,
                        struct lt_writer **out, struct lt_error *error);

#endif
