/*
 * One librdkafka handle, configured: the only place that touches rd_kafka_conf_* and that turns
 * Kafka's error codes into leat's errors.
 *
 * The configuration is made in three layers: leat's defaults (kafka_properties.h), then the user's
 * `kafka.*` options under their Java or librdkafka names, then what leat must have its way.
 * librdkafka's threads are placed through the environment; its log goes to leat's log; what its
 * error callback says last is kept for error texts.
 *
 * What a client is not: it knows nothing of records. Readers and writers use its handle directly.
 */
#ifndef LT_IO_KAFKA_CLIENT_H
#define LT_IO_KAFKA_CLIENT_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/options.h"
#include "core/flow/connector.h"
#include "core/flow/waker.h"
#include "io/kafka_properties.h"

enum { LT_KAFKA_TEXT_MAX = 512 };

struct lt_kafka_override {
    const char *name, *value;
};

struct lt_kafka_client_options {
    enum lt_kafka_role role;
    const struct lt_options *options;          /* `kafka.*` of these; used during open only */
    const char *owner;                         /* "source kafka": in errors; a constant */
    const struct lt_connector_env *env;        /* place_thread is copied; used during open only */
    const struct lt_kafka_override *overrides; /* set last */
    size_t override_count;
    /* Delivery reports; the opaque they get is the client. Producers only. */
    void (*on_delivery)(rd_kafka_t *rk, const rd_kafka_message_t *message, void *client);
};

/* on: the thread that polls the handle, but for `rk`, which any may use. */
struct lt_kafka_client {
    rd_kafka_t *rk;
    void *context; /* of whoever polls: set by it before the first poll */
    /* Consumers: raised when the first Fetch is on the wire, which is when nothing that arrives can
     * be missed any more. Set by the reader before it starts a partition. */
    struct lt_signal *fetch_signal;
    struct lt_shared_u32 has_fetched; /* on: librdkafka's threads write it, the reader reads it */
    enum lt_kafka_role role;
    const char *owner;
    void (*place_thread)(void *context, const char *thread_name);
    void *place_context;
    bool is_refused; /* the brokers do not take our name and password */
    /* A topic that is gone or closed to us, as the error callback told; whoever polls acts and
     * clears it. */
    rd_kafka_resp_err_t topic_error;
    rd_kafka_resp_err_t fatal;          /* of an idempotent producer; 0: none */
    char bootstrap[LT_KAFKA_TEXT_MAX];  /* for error texts */
    char last_error[LT_KAFKA_TEXT_MAX]; /* the error callback's, "" if none */
};

/* Checks that a handle could be configured by these options, and logs which have no effect; opens
 * nothing. on: any. */
int lt_kafka_client_check(enum lt_kafka_role role, const struct lt_options *options,
                          struct lt_error *error) LT_MUST_USE;

/* Makes the handle; its threads begin to connect. Does not wait. Close frees it and joins its
 * threads. */
int lt_kafka_client_open(const struct lt_kafka_client_options *options,
                         struct lt_kafka_client **out, struct lt_error *error) LT_MUST_USE;
void lt_kafka_client_close(struct lt_kafka_client *client); /* NULL is a no-op */

/* Time left until the deadline, in ms, rounded up and at least 1: what librdkafka's waiting calls
 * take. */
int lt_kafka_client_left_ms(const struct lt_connector_env *env);
/* With less time left, what failed is not asked again: the answer might come too late, and the one
 * that is there says more. */
enum { LT_KAFKA_LAST_QUESTION_MS = 100 };
/* Waits that long before a question is asked again. on: control thread, never a lane's. */
void lt_kafka_client_rest(int64_t pause_ns);

/* Asks for metadata: of all topics, of one, or of those that the handle knows. Waits until
 * env->deadline_ns; brokers that refuse us end it earlier. The caller destroys *out. */
int lt_kafka_client_metadata(struct lt_kafka_client *client, const struct lt_connector_env *env,
                             bool wants_all, rd_kafka_topic_t *only,
                             const struct rd_kafka_metadata **out,
                             struct lt_error *error) LT_MUST_USE;

/* The cluster's id, as a broker told with its metadata; "" if none did. The caller frees it. */
char *lt_kafka_client_cluster(const struct lt_kafka_client *client);

/* Sets an error from a Kafka code: leat's code and class, and the text "<format>: <Kafka's words>".
 * A timeout with no broker in sight says which brokers were tried and what the last one answered.
 * `client` may be NULL. Returns the code. */
int lt_kafka_client_fail(const struct lt_kafka_client *client, struct lt_error *error,
                         rd_kafka_resp_err_t err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* True for what passes by itself: leaders that move, a topic made just now that has none yet. */
bool lt_kafka_is_passing(rd_kafka_resp_err_t err);

/* What a failed delivery means. */
enum lt_kafka_verdict {
    LT_KAFKA_BAD_RECORD, /* this record cannot be written; others can */
    LT_KAFKA_BROKEN,     /* the topic or the producer is the trouble: nothing can be written */
    LT_KAFKA_PURGED,     /* we took it back ourselves */
};
enum lt_kafka_verdict lt_kafka_verdict(rd_kafka_resp_err_t err);
/* A fault's condition for a bad record: "RECORD_TOO_LARGE", "KAFKA_INVALID_RECORD", ... */
const char *lt_kafka_condition(rd_kafka_resp_err_t err);

#endif
