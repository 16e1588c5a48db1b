/*
 * One lane's requests. Rows are collected in one batch while another is under way; what is there
 * when an answer comes goes next, up to batchRows.
 *
 * Rows are settled in the order in which they were taken, so an epoch is durable when as many are
 * settled as had been taken at its marker.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/base/uuid.h"
#include "io/http_batch.h"
#include "io/http_sink.h"

static const int64_t first_pause_ns = 100 * (int64_t)LT_NS_PER_MS;
static const int64_t longest_pause_ns = 10 * (int64_t)LT_NS_PER_S;
enum { EPOCHS = 2 * LT_LIMIT_EPOCHS_IN_FLIGHT /* prepared late: more than can be open */ };

struct http_writer {
    struct lt_writer base;
    const struct lt_http_sink *sink;
    const struct lt_clock *clock;
    struct lt_http_exchange *exchange;
    struct lt_format_writer *format;
    struct lt_http_batch batches[2];
    struct lt_http_batch *filling, *flying;
    char id[LT_UUID_SIZE];
    uint64_t number;               /* of the request */
    uint64_t taken, settled;       /* rows */
    uint64_t taken_by[EPOCHS];     /* at the marker of an epoch, by epoch % EPOCHS */
    uint32_t marks;                /* markers so far */
    int64_t pause_ns;              /* before the next try; 0: the last one went well */
    int64_t retry_ns, give_up_ns;  /* when; LT_NEVER_NS */
    struct lt_shared_u64 *requests, *retries;
};

static struct http_writer *writer_of(struct lt_writer *base)
{
    return (struct http_writer *)(void *)base; /* the base is its first member */
}

/* ------------------------------------------------------------------------------------- sending */

static void count(struct lt_shared_u64 *counter)
{
    if (counter != NULL)
        lt_counter_add(counter, 1);
}

/* The part as the request that it is, for the first time or again. */
static void send_request(struct http_writer *writer)
{
    char key[LT_UUID_SIZE + 24];
    snprintf(key, sizeof key, "%s-%" PRIu64, writer->id, writer->number);
    struct lt_bytes body = lt_http_batch_body(writer->flying);
    writer->retry_ns = LT_NEVER_NS;
    count(writer->requests);
    lt_http_exchange_send(writer->exchange, body.data, body.size_bytes, key);
}

static void send_part(struct http_writer *writer)
{
    writer->number++;
    send_request(writer);
}

/* Sends what is there, if nothing is on its way. */
static bool try_launch(struct http_writer *writer)
{
    if (!lt_http_batch_is_empty(writer->flying) || lt_http_batch_is_empty(writer->filling))
        return false;
    struct lt_http_batch *next = writer->filling;
    lt_http_batch_clear(writer->flying);
    writer->filling = writer->flying;
    writer->flying = next;
    send_part(writer);
    return true;
}

static enum lt_write http_write(struct lt_writer *base, struct lt_row *row, struct lt_fault **fault)
{
    struct http_writer *writer = writer_of(base);
    const struct lt_http_batch *batch = writer->filling;
    bool is_full = batch->count == batch->capacity ||
                   batch->text.size_bytes >= writer->sink->batch_bytes;
    if (is_full && !try_launch(writer))
        return LT_WRITE_FULL;
    if (lt_unlikely(
            !lt_http_batch_add(writer->filling, writer->format, row, writer->marks, fault)))
        return LT_WRITE_FAILED;
    writer->taken++;
    return LT_WRITE_DONE;
}

static void http_flush(struct lt_writer *base)
{
    (void)try_launch(writer_of(base));
}

/* ------------------------------------------------------------------------------------- answers */

/* The part has been settled; what follows goes next. */
static void go_on(struct http_writer *writer)
{
    writer->pause_ns = 0;
    writer->give_up_ns = LT_NEVER_NS;
    writer->settled += writer->flying->end - writer->flying->at;
    lt_http_batch_pass(writer->flying);
    if (!lt_http_batch_is_empty(writer->flying))
        send_part(writer);
    else
        (void)try_launch(writer);
}

static void deliver(struct http_writer *writer)
{
    const struct lt_http_batch *batch = writer->flying;
    int64_t now_ns = lt_clock_now_ns(writer->clock);
    for (uint32_t i = batch->at; i < batch->end; i++) {
        struct lt_row *row = batch->rows[i].row;
        if (writer->base.ack_latency_ns != NULL)
            lt_histogram_record(writer->base.ack_latency_ns, now_ns - row->ingest_ns);
        lt_row_release(row);
    }
    if (writer->base.acked_records != NULL)
        lt_counter_add(writer->base.acked_records, batch->end - batch->at);
    if (writer->base.acked_bytes != NULL)
        lt_counter_add(writer->base.acked_bytes, lt_http_batch_body(writer->flying).size_bytes);
    go_on(writer);
}

/* The server does not take these rows. */
static void refuse(struct http_writer *writer, const struct lt_http_answer *answer,
                   struct lt_out *out)
{
    struct lt_http_batch *batch = writer->flying;
    if (lt_http_batch_halve(batch)) {
        send_part(writer);
        return;
    }
    const struct lt_http_row *refused = &batch->rows[batch->at];
    struct lt_fault *fault =
        lt_fault_create("sink http", "HTTP_REQUEST_REFUSED", "", "%s answers %d%s%s",
                        writer->sink->settings.url, answer->status,
                        answer->text[0] != '\0' ? ": " : "", answer->text);
    fault->epochs_ago = writer->marks - refused->marks;
    out->fail(out, refused->row, fault);
    go_on(writer);
}

static int stop(struct http_writer *writer, const struct lt_http_answer *answer, const char *hint)
{
    const char *url = writer->sink->settings.url;
    if (answer->status == 0)
        return lt_error_set(&writer->base.error, LT_E_IO, "sink http: %s: %s; hint: %s", url,
                            answer->text, hint);
    return lt_error_set(&writer->base.error, LT_E_IO, "sink http: %s answers %d%s%s; hint: %s",
                        url, answer->status, answer->text[0] != '\0' ? ": " : "", answer->text,
                        hint);
}

/* The same again later. 0, or a negative code when it has been tried for too long. */
static int retry(struct http_writer *writer, const struct lt_http_answer *answer)
{
    int64_t now_ns = lt_clock_now_ns(writer->clock);
    if (writer->pause_ns == 0) {
        writer->give_up_ns = writer->sink->retry_timeout_ns == 0
                                 ? LT_NEVER_NS
                                 : now_ns + writer->sink->retry_timeout_ns;
        lt_log(LT_LOG_WARN, "sink http: %s: %s; the request is sent again until it is taken",
                    writer->sink->settings.url,
                    answer->text[0] != '\0' ? answer->text : "the server is not ready");
    }
    writer->pause_ns = writer->pause_ns == 0 ? first_pause_ns : 2 * writer->pause_ns;
    if (writer->pause_ns > longest_pause_ns)
        writer->pause_ns = longest_pause_ns;
    int64_t pause_ns =
        answer->retry_after_ns > writer->pause_ns ? answer->retry_after_ns : writer->pause_ns;
    if (now_ns + pause_ns > writer->give_up_ns) {
        (void)stop(writer, answer, "it was tried for retryTimeout; the rows are read again");
        return lt_error_class(&writer->base.error, LT_CLASS_RETRY);
    }
    writer->retry_ns = now_ns + pause_ns;
    count(writer->retries);
    return 0;
}

static int take_answer(struct http_writer *writer, const struct lt_http_answer *answer,
                       struct lt_out *out)
{
    int status = answer->status;
    if (status >= 200 && status <= 299)
        deliver(writer);
    else if (status == 400 || status == 413 || status == 422)
        refuse(writer, answer, out);
    else if (answer->is_untrusted)
        return stop(writer, answer, "the options ssl.ca.location, ssl.certificate.location and "
                                    "ssl.key.location");
    else if (status == 0 || status == 408 || status == 425 || status == 429 || status >= 500)
        return retry(writer, answer);
    else
        return stop(writer, answer, "the address or the right to write there is wrong");
    return 0;
}

static bool is_retry_due(const struct http_writer *writer)
{
    return writer->retry_ns != LT_NEVER_NS && lt_clock_now_ns(writer->clock) >= writer->retry_ns;
}

static int http_poll(struct lt_writer *base, struct lt_out *out)
{
    struct http_writer *writer = writer_of(base);
    struct lt_http_answer answer;
    if (is_retry_due(writer)) {
        send_request(writer);
        return 1;
    }
    if (!lt_http_exchange_poll(writer->exchange, &answer))
        return 0;
    return take_answer(writer, &answer, out) == 0 ? 1 : -1;
}

static int64_t http_deadline_ns(struct lt_writer *base)
{
    struct http_writer *writer = writer_of(base);
    int64_t deadline_ns = lt_http_exchange_deadline_ns(writer->exchange);
    return writer->retry_ns < deadline_ns ? writer->retry_ns : deadline_ns;
}

/* -------------------------------------------------------------------------------------- epochs */

static void http_prepare(struct lt_writer *base, uint64_t epoch)
{
    struct http_writer *writer = writer_of(base);
    writer->marks++;
    writer->taken_by[epoch % EPOCHS] = writer->taken;
    (void)try_launch(writer);
}

static int http_prepared(struct lt_writer *base, uint64_t epoch, struct lt_text_buffer *note)
{
    (void)note;
    const struct http_writer *writer = writer_of(base);
    return writer->settled >= writer->taken_by[epoch % EPOCHS];
}

static void http_abort(struct lt_writer *base)
{
    struct http_writer *writer = writer_of(base);
    lt_http_exchange_destroy(writer->exchange); /* the body under way is the batch's */
    writer->exchange = NULL;
    lt_http_batch_clear(writer->flying);
    lt_http_batch_clear(writer->filling);
}

static void http_close(struct lt_writer *base)
{
    struct http_writer *writer = writer_of(base);
    lt_http_exchange_destroy(writer->exchange);
    for (size_t i = 0; i < 2; i++)
        lt_http_batch_fini(&writer->batches[i]);
    lt_format_writer_destroy(writer->format);
    free(writer);
}

int lt_http_open_writer(struct lt_sink *sink, const struct lt_connector_env *env,
                        struct lt_writer **out, struct lt_error *error)
{
    static const struct lt_writer_ops ops = {
        .write = http_write,
        .flush = http_flush,
        .poll = http_poll,
        .deadline_ns = http_deadline_ns,
        .prepare = http_prepare,
        .prepared = http_prepared,
        .abort = http_abort,
        .close = http_close,
    };
    *out = NULL;
    struct http_writer *writer = lt_alloc(sizeof *writer);
    writer->base.ops = &ops;
    writer->sink = (const struct lt_http_sink *)(void *)sink;
    writer->clock = env->clock;
    writer->retry_ns = LT_NEVER_NS;
    lt_uuid_make(writer->id);
    int code = lt_http_create_format(writer->sink->options, sink->schema, &writer->format, error);
    if (code == 0)
        code = lt_http_exchange_create(&writer->sink->settings, env->reactor, env->clock,
                                       &writer->exchange, error);
    if (code != 0) {
        lt_format_writer_destroy(writer->format);
        free(writer);
        return lt_error_append(error, "sink http");
    }
    for (size_t i = 0; i < 2; i++)
        lt_http_batch_init(&writer->batches[i], writer->sink->batch_rows, writer->sink->is_array);
    writer->filling = &writer->batches[0];
    writer->flying = &writer->batches[1];
    writer->requests = lt_connector_counter(env, LT_COUNTER_SUM, "http.requests", "requests",
                                            "requests sent, retries among them");
    writer->retries = lt_connector_counter(env, LT_COUNTER_SUM, "http.retries", "requests",
                                           "requests that are sent again");
    *out = &writer->base;
    return 0;
}
