#include "io/kafka_client.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/arena.h"
#include "core/base/ascii.h"
#include "core/base/log.h"
#include "core/base/nearest.h"
#include "core/base/text_buffer.h"
#include "core/base/units.h"

static const char key_prefix[] = "kafka.";
enum {
    NAME_MAX_BYTES = 128,
    API_KEY_FETCH = 1,
    IDEMPOTENT_IN_FLIGHT_MAX = 5,
    METADATA_SLICE_MS = 1000
};

/* ------------------------------------------------------------------------------- configuration */

static int set(rd_kafka_conf_t *conf, const char *name, const char *value, struct lt_error *error)
{
    char text[LT_KAFKA_TEXT_MAX] = "";
    if (rd_kafka_conf_set(conf, name, value, text, sizeof text) == RD_KAFKA_CONF_OK)
        return 0;
    return lt_error_set(error, LT_E_INVALID, "%s", text);
}

/* The nearest of librdkafka's names and the tables' names; those of both sides, since an option may
 * be given to both. */
static int fail_unknown(const char *name, struct lt_error *error)
{
    size_t dump_count, table_count, topic_count;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_topic_conf_t *topic_conf = rd_kafka_topic_conf_new();
    const char **dump = rd_kafka_conf_dump(conf, &dump_count);
    const char **topic_dump = rd_kafka_topic_conf_dump(topic_conf, &topic_count);
    const struct lt_kafka_property *table = lt_kafka_properties(&table_count);
    const char **names = lt_alloc_array(dump_count + topic_count + table_count, sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < dump_count; i += 2)
        names[count++] = dump[i];
    for (size_t i = 0; i < topic_count; i += 2)
        names[count++] = topic_dump[i];
    for (size_t i = 0; i < table_count; i++) {
        if (table[i].action != LT_KAFKA_REFUSE)
            names[count++] = table[i].name;
    }
    const char *near = lt_nearest(name, names, count);
    int code = near == NULL
                   ? lt_error_set(error, LT_E_INVALID, "Kafka has no property \"%s\"", name)
                   : lt_error_set(error, LT_E_INVALID,
                                  "Kafka has no property \"%s\"; hint: did you mean \"%s%s\"?",
                                  name, key_prefix, near);
    free(names);
    rd_kafka_conf_dump_free(dump, dump_count);
    rd_kafka_conf_dump_free(topic_dump, topic_count);
    rd_kafka_conf_destroy(conf);
    rd_kafka_topic_conf_destroy(topic_conf);
    return code;
}

static int set_jaas(rd_kafka_conf_t *conf, const char *value, struct lt_error *error)
{
    struct lt_kafka_jaas jaas;
    int code = lt_kafka_jaas_parse(value, &jaas, error);
    if (code == 0)
        code = set(conf, "sasl.username", jaas.username, error);
    if (code == 0)
        code = set(conf, "sasl.password", jaas.password, error);
    if (code == 0 && jaas.mechanism != NULL)
        code = set(conf, "sasl.mechanism", jaas.mechanism, error);
    explicit_bzero(&jaas, sizeof jaas);
    return code;
}

static bool ends_with(const char *text, const char *end)
{
    size_t text_size = strlen(text), end_size = strlen(end);
    return text_size >= end_size && lt_ascii_compare(text + text_size - end_size, end) == 0;
}

static int set_kilobytes(rd_kafka_conf_t *conf, const char *name, const char *value,
                         struct lt_error *error)
{
    int64_t bytes;
    int code = lt_units_parse_i64(value, &bytes, error);
    if (code < 0)
        return code;
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, bytes < 1024 ? 1 : bytes / 1024);
    return set(conf, name, text, error);
}

static int set_by_table(rd_kafka_conf_t *conf, const struct lt_kafka_property *property,
                        const char *key, const char *value, bool speaks, struct lt_error *error)
{
    switch (property->action) {
    case LT_KAFKA_RENAME:
        /* Java's "as the system chooses" is -1, librdkafka's 0. */
        return set(conf, property->target, strcmp(value, "-1") == 0 ? "0" : value, error);
    case LT_KAFKA_DIVIDE_K:
        return set_kilobytes(conf, property->target, value, error);
    case LT_KAFKA_IGNORE:
        if (speaks)
            lt_log_info("option \"%s\" has no effect: %s", key, property->why);
        return 0;
    case LT_KAFKA_REFUSE:
        return lt_error_set(error, LT_E_UNSUPPORTED, "it is refused: %s", property->why);
    case LT_KAFKA_JAAS:
        return set_jaas(conf, value, error);
    case LT_KAFKA_TRUST:
        if (ends_with(value, ".jks") || ends_with(value, ".p12") || ends_with(value, ".pfx"))
            return lt_error_set(error, LT_E_UNSUPPORTED, "\"%s\" is refused: %s", value,
                                property->why);
        return set(conf, property->target, value, error);
    case LT_KAFKA_ONLY:
        if (lt_ascii_compare(value, property->target) == 0)
            return 0;
        return lt_error_set(error, LT_E_UNSUPPORTED, "\"%s\" is refused, it must be \"%s\": %s",
                            value, property->target, property->why);
    case LT_KAFKA_KNOWN:
        break;
    }
    return set(conf, property->name, value, error);
}

static int set_option(rd_kafka_conf_t *conf, enum lt_kafka_role role, const char *key,
                      const char *value, bool speaks, struct lt_error *error)
{
    char name[NAME_MAX_BYTES];
    size_t size_bytes = strlen(key) - strlen(key_prefix);
    if (size_bytes >= sizeof name)
        return lt_error_set(error, LT_E_INVALID, "no Kafka property has so long a name");
    for (size_t i = 0; i <= size_bytes; i++)
        name[i] = lt_ascii_lower(key[strlen(key_prefix) + i]);
    const struct lt_kafka_property *property = lt_kafka_property_find(name, role);
    if (property != NULL)
        return set_by_table(conf, property, key, value, speaks, error);
    char text[LT_KAFKA_TEXT_MAX] = "";
    rd_kafka_conf_res_t result = rd_kafka_conf_set(conf, name, value, text, sizeof text);
    if (result == RD_KAFKA_CONF_OK)
        return 0;
    return result == RD_KAFKA_CONF_UNKNOWN ? fail_unknown(name, error)
                                           : lt_error_set(error, LT_E_INVALID, "%s", text);
}

static int set_options(rd_kafka_conf_t *conf, enum lt_kafka_role role,
                       const struct lt_options *options, bool speaks, struct lt_error *error)
{
    for (size_t i = 0; i < lt_options_count(options); i++) {
        const char *key, *value, *origin;
        lt_options_at(options, i, &key, &value, &origin);
        if (!lt_ascii_starts_with(key, key_prefix))
            continue;
        int code = set_option(conf, role, key, value, speaks, error);
        if (code < 0)
            return lt_error_append(error, "option \"%s\" (%s)", key, origin);
    }
    return 0;
}

/* The Java client gives idempotence up when another setting rules it out and nobody asked for it;
 * so does leat. */
static bool rules_out_idempotence(const struct lt_options *options)
{
    static const char *const acks_keys[] = {"kafka.acks", "kafka.request.required.acks"};
    if (lt_options_has(options, "kafka.enable.idempotence"))
        return false;
    for (size_t i = 0; i < sizeof acks_keys / sizeof acks_keys[0]; i++) {
        const char *acks = lt_options_get(options, acks_keys[i]);
        if (acks != NULL && lt_ascii_compare(acks, "all") != 0 && strcmp(acks, "-1") != 0)
            return true;
    }
    const char *retries = lt_options_get(options, "kafka.retries");
    const char *in_flight = lt_options_get(options, "kafka.max.in.flight.requests.per.connection");
    return (retries != NULL && strtol(retries, NULL, 10) == 0) ||
           (in_flight != NULL && strtol(in_flight, NULL, 10) > IDEMPOTENT_IN_FLIGHT_MAX);
}

static int set_idempotence(rd_kafka_conf_t *conf, const struct lt_kafka_client_options *options,
                           bool speaks, struct lt_error *error)
{
    if (options->role != LT_KAFKA_PRODUCER || !rules_out_idempotence(options->options))
        return 0;
    if (speaks)
        lt_log_warn("sink kafka: the producer is not idempotent, as kafka.acks, kafka.retries or "
                    "kafka.max.in.flight.requests.per.connection rule it out: retries may reorder "
                    "and double records");
    return set(conf, "enable.idempotence", "false", error);
}

static int make_conf(const struct lt_kafka_client_options *options, bool speaks,
                     rd_kafka_conf_t **out, struct lt_error *error)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    size_t count;
    const struct lt_kafka_setting *defaults = lt_kafka_defaults(&count);
    int code = 0;
    for (size_t i = 0; i < count && code == 0; i++) {
        if ((defaults[i].roles & options->role) != 0)
            code = set(conf, defaults[i].name, defaults[i].value, error);
    }
    if (code == 0 && options->role == LT_KAFKA_CONSUMER)
        code = set(conf, "auto.offset.reset", "error", error);
    if (code == 0 && options->role == LT_KAFKA_CONSUMER)
        code = set(conf, "enable.auto.commit", "false", error);
    if (code == 0 && options->role == LT_KAFKA_CONSUMER)
        code = set(conf, "auto.commit.enable", "false",
                   error); /* its twin for consumers without a group */
    if (code == 0 && options->role == LT_KAFKA_CONSUMER)
        code = set(conf, "enable.auto.offset.store", "false", error);
    if (code == 0)
        code = set_options(conf, options->role, options->options, speaks, error);
    if (code == 0)
        code = set_idempotence(conf, options, speaks, error);
    for (size_t i = 0; i < options->override_count && code == 0; i++)
        code = set(conf, options->overrides[i].name, options->overrides[i].value, error);
    if (code < 0) {
        rd_kafka_conf_destroy(conf);
        return code;
    }
    *out = conf;
    return 0;
}

int lt_kafka_client_check(enum lt_kafka_role role, const struct lt_options *options,
                          struct lt_error *error)
{
    struct lt_kafka_client_options check = {.role = role, .options = options};
    rd_kafka_conf_t *conf;
    int code = make_conf(&check, true, &conf, error);
    if (code == 0)
        rd_kafka_conf_destroy(conf);
    return code;
}

/* ----------------------------------------------------------------------------------- callbacks */

static rd_kafka_resp_err_t on_thread_start(rd_kafka_t *rk, rd_kafka_thread_type_t type,
                                           const char *name, void *opaque)
{
    const struct lt_kafka_client *client = opaque;
    (void)rk;
    (void)type;
    client->place_thread(client->place_context, name);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* on: a broker's thread. */
static rd_kafka_resp_err_t on_request_sent(rd_kafka_t *rk, int socket, const char *broker,
                                           int32_t broker_id, int16_t api_key, int16_t api_version,
                                           int32_t correlation_id, size_t size_bytes, void *opaque)
{
    struct lt_kafka_client *client = opaque;
    (void)rk;
    (void)socket;
    (void)broker;
    (void)broker_id;
    (void)api_version;
    (void)correlation_id;
    (void)size_bytes;
    /* relaxed: only this and its like write it, and writing it twice is harmless. */
    if (api_key == API_KEY_FETCH && lt_load_relaxed_u32(&client->has_fetched) == 0) {
        lt_store_release_u32(&client->has_fetched, 1); /* pairs with the reader's is_ready */
        lt_signal_raise(client->fetch_signal);
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *opaque,
                                  char *text, size_t text_size)
{
    const struct lt_kafka_client *client = opaque;
    (void)conf;
    (void)text;
    (void)text_size;
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (client->place_thread != NULL)
        err = rd_kafka_interceptor_add_on_thread_start(rk, "leat", on_thread_start, opaque);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR && client->role == LT_KAFKA_CONSUMER)
        err = rd_kafka_interceptor_add_on_request_sent(rk, "leat", on_request_sent, opaque);
    return err;
}

/* on: any thread of librdkafka. Its "errors" are mostly single connections that failed: the error
 * callback and the failing calls say what matters. */
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    if (level <= 2)
        lt_log_error("kafka: %s: %s", facility, text);
    else
        lt_log_debug("kafka: %s: %s", facility, text);
}

/* on: the thread that polls. */
static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    struct lt_kafka_client *client = opaque;
    /* "All brokers are down" follows the reason and tells less. */
    if (err != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || client->last_error[0] == '\0')
        snprintf(client->last_error, sizeof client->last_error, "%s", reason);
    if (err == RD_KAFKA_RESP_ERR__AUTHENTICATION)
        client->is_refused = true;
    if (err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
        err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
        client->topic_error = (rd_kafka_resp_err_t)err;
    if (err == RD_KAFKA_RESP_ERR__FATAL) {
        client->fatal = rd_kafka_fatal_error(rk, client->last_error, sizeof client->last_error);
        return;
    }
    if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        lt_log_warn("%s: no broker answers (%s); trying on", client->owner, reason);
        return;
    }
    lt_log_debug("%s: %s: %s", client->owner, rd_kafka_err2name((rd_kafka_resp_err_t)err), reason);
}

static void on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                      rd_kafka_topic_partition_list_t *offsets, void *opaque)
{
    const struct lt_kafka_client *client = opaque;
    (void)rk;
    (void)offsets;
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR && err != RD_KAFKA_RESP_ERR__DESTROY)
        lt_log_warn(
            "%s: the group's offsets could not be committed: %s; the checkpoint is not affected",
            client->owner, rd_kafka_err2str(err));
}

static void set_callbacks(rd_kafka_conf_t *conf, struct lt_kafka_client *client,
                          const struct lt_kafka_client_options *options)
{
    rd_kafka_conf_set_opaque(conf, client);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, on_error);
    if (options->role == LT_KAFKA_PRODUCER)
        rd_kafka_conf_set_dr_msg_cb(conf, options->on_delivery);
    else
        rd_kafka_conf_set_offset_commit_cb(conf, on_commit);
    rd_kafka_resp_err_t err = rd_kafka_conf_interceptor_add_on_new(conf, "leat", on_new, client);
    lt_assert(err == RD_KAFKA_RESP_ERR_NO_ERROR);
}

/* ---------------------------------------------------------------------------------------- life */

int lt_kafka_client_open(const struct lt_kafka_client_options *options,
                         struct lt_kafka_client **out, struct lt_error *error)
{
    rd_kafka_conf_t *conf;
    int code = make_conf(options, false, &conf, error);
    if (code < 0)
        return code;
    struct lt_kafka_client *client = lt_alloc(sizeof *client);
    client->role = options->role;
    client->owner = options->owner;
    const char *bootstrap = lt_options_get(options->options, "kafka.bootstrap.servers");
    snprintf(client->bootstrap, sizeof client->bootstrap, "%s", bootstrap == NULL ? "" : bootstrap);
    client->place_thread = options->env->place_thread;
    client->place_context = options->env->place_context;
    set_callbacks(conf, client, options);
    char text[LT_KAFKA_TEXT_MAX];
    client->rk =
        rd_kafka_new(options->role == LT_KAFKA_PRODUCER ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER,
                     conf, text, sizeof text);
    if (client->rk == NULL) {
        rd_kafka_conf_destroy(conf);
        free(client);
        return lt_error_set(error, LT_E_INVALID, "cannot make a Kafka client: %s", text);
    }
    *out = client;
    return 0;
}

void lt_kafka_client_close(struct lt_kafka_client *client)
{
    if (client == NULL)
        return;
    rd_kafka_destroy_flags(client->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    free(client);
}

int lt_kafka_client_left_ms(const struct lt_connector_env *env)
{
    int64_t left_ns = env->deadline_ns - lt_clock_now_ns(lt_clock_system());
    int64_t left_ms = (left_ns + LT_NS_PER_MS - 1) / LT_NS_PER_MS;
    return left_ms < 1 ? 1 : left_ms > INT32_MAX ? INT32_MAX : (int)left_ms;
}

void lt_kafka_client_rest(int64_t pause_ns)
{
    struct timespec left = {pause_ns / LT_NS_PER_S, pause_ns % LT_NS_PER_S};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue; /* bounded: a signal does not end the pause, the rest of it is slept */
}

char *lt_kafka_client_cluster(const struct lt_kafka_client *client)
{
    char *told = rd_kafka_clusterid(client->rk, 0);
    char *cluster = lt_strdup(told == NULL ? "" : told);
    if (told != NULL)
        rd_kafka_mem_free(client->rk, told);
    return cluster;
}

/* -------------------------------------------------------------------------------------- errors */

struct translation {
    rd_kafka_resp_err_t err;
    int code;
    enum lt_kafka_verdict verdict;
    const char *condition;
};

/* What is not listed: IO, BROKEN. */
static const struct translation translations[] = {
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, LT_E_RECORD, LT_KAFKA_BAD_RECORD, "RECORD_TOO_LARGE"},
    {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, LT_E_RECORD, LT_KAFKA_BAD_RECORD, "RECORD_TOO_LARGE"},
    {RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE, LT_E_RECORD, LT_KAFKA_BAD_RECORD, "RECORD_TOO_LARGE"},
    {RD_KAFKA_RESP_ERR_INVALID_RECORD, LT_E_RECORD, LT_KAFKA_BAD_RECORD, "KAFKA_INVALID_RECORD"},
    {RD_KAFKA_RESP_ERR_INVALID_MSG, LT_E_RECORD, LT_KAFKA_BAD_RECORD, "KAFKA_INVALID_RECORD"},
    {RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, LT_E_RECORD, LT_KAFKA_BAD_RECORD,
     "KAFKA_INVALID_TIMESTAMP"},
    {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, LT_E_RECORD, LT_KAFKA_BAD_RECORD,
     "KAFKA_UNKNOWN_PARTITION"},
    {RD_KAFKA_RESP_ERR__PURGE_QUEUE, LT_E_CANCELLED, LT_KAFKA_PURGED, ""},
    {RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, LT_E_CANCELLED, LT_KAFKA_PURGED, ""},
    {RD_KAFKA_RESP_ERR__DESTROY, LT_E_CANCELLED, LT_KAFKA_PURGED, ""},
    {RD_KAFKA_RESP_ERR__TIMED_OUT, LT_E_TIMEOUT, LT_KAFKA_BROKEN, ""},
    {RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, LT_E_TIMEOUT, LT_KAFKA_BROKEN, ""},
    {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, LT_E_TIMEOUT, LT_KAFKA_BROKEN, ""},
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, LT_E_NOT_FOUND, LT_KAFKA_BROKEN, ""},
    {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, LT_E_NOT_FOUND, LT_KAFKA_BROKEN, ""},
    {RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, LT_E_INVALID, LT_KAFKA_BROKEN, ""},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, LT_E_PERMISSION, LT_KAFKA_BROKEN, ""},
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, LT_E_PERMISSION, LT_KAFKA_BROKEN, ""},
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, LT_E_PERMISSION, LT_KAFKA_BROKEN, ""},
    {RD_KAFKA_RESP_ERR__AUTHENTICATION, LT_E_PERMISSION, LT_KAFKA_BROKEN, ""},
};

static const struct translation *translate(rd_kafka_resp_err_t err)
{
    static const struct translation other = {RD_KAFKA_RESP_ERR_UNKNOWN, LT_E_IO, LT_KAFKA_BROKEN,
                                             ""};
    for (size_t i = 0; i < sizeof translations / sizeof translations[0]; i++) {
        if (translations[i].err == err)
            return &translations[i];
    }
    return &other;
}

enum lt_kafka_verdict lt_kafka_verdict(rd_kafka_resp_err_t err)
{
    return translate(err)->verdict;
}

const char *lt_kafka_condition(rd_kafka_resp_err_t err)
{
    return translate(err)->condition;
}

bool lt_kafka_is_passing(rd_kafka_resp_err_t err)
{
    switch (err) {
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
        return true;
    default:
        return false;
    }
}

int lt_kafka_client_fail(const struct lt_kafka_client *client, struct lt_error *error,
                         rd_kafka_resp_err_t err, const char *format, ...)
{
    struct lt_text_buffer intent;
    va_list arguments;
    va_start(arguments, format);
    lt_text_init(&intent);
    lt_text_format_list(&intent, format, arguments);
    va_end(arguments);
    int code = translate(err)->code;
    bool is_silence = err == RD_KAFKA_RESP_ERR__TIMED_OUT || err == RD_KAFKA_RESP_ERR__TRANSPORT ||
                      err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
    if (client != NULL && is_silence && client->last_error[0] != '\0')
        code = lt_error_set(error, LT_E_TIMEOUT, "%s: no broker answered: %s", lt_text_get(&intent),
                            client->last_error);
    else if (client != NULL && is_silence)
        code = lt_error_set(error, LT_E_TIMEOUT,
                            "%s: no broker answered in time (%s); hint: is a Kafka broker at this "
                            "address and port, and does kafka.security.protocol fit it?",
                            lt_text_get(&intent), rd_kafka_err2str(err));
    else
        code = lt_error_set(error, code, "%s: %s", lt_text_get(&intent), rd_kafka_err2str(err));
    lt_text_fini(&intent);
    return code;
}

/* Waits in slices, so that a refused password is an error at once and not after the deadline. */
int lt_kafka_client_metadata(struct lt_kafka_client *client, const struct lt_connector_env *env,
                             bool wants_all, rd_kafka_topic_t *only,
                             const struct rd_kafka_metadata **out, struct lt_error *error)
{
    for (;;) {
        int left_ms = lt_kafka_client_left_ms(env);
        int slice_ms = left_ms < METADATA_SLICE_MS ? left_ms : METADATA_SLICE_MS;
        rd_kafka_resp_err_t err = rd_kafka_metadata(client->rk, wants_all, only, out, slice_ms);
        if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
            return 0;
        rd_kafka_poll(client->rk, 0);
        if (client->is_refused)
            return lt_kafka_client_fail(client, error, RD_KAFKA_RESP_ERR__AUTHENTICATION, "%s",
                                        client->last_error);
        if (left_ms <= slice_ms)
            return lt_kafka_client_fail(client, error, err, "\"%s\"", client->bootstrap);
    }
}
