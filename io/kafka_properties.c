/*
 * The tables behind kafka_properties.h. Defaults carry the measurement that chose them; where
 * librdkafka's default differs from the Java client's in meaning (isolation, partitioner), the Java
 * client's wins, because that is what a Spark user has.
 */
#include "io/kafka_properties.h"

#include <string.h>

#include "core/base/ascii.h"

#define BOTH (LT_KAFKA_CONSUMER | LT_KAFKA_PRODUCER)
#define IN LT_KAFKA_CONSUMER
#define OUT LT_KAFKA_PRODUCER

#define JVM_ONLY "it only concerns the Java client"
#define ASSIGNS "leat assigns partitions to its lanes itself and joins no group"
#define TRUST_HINT                                                                                 \
    "Java key stores cannot be read; hint: export the certificates as PEM and set "                \
    "kafka.ssl.ca.location"

static const struct lt_kafka_property properties[] = {
    /* Spark refuses these; the reasons are Spark's. */
    {"auto.offset.reset", IN, LT_KAFKA_REFUSE, NULL,
     "Kafka option 'auto.offset.reset' is not supported. Instead set the source option "
     "'startingoffsets' to "
     "'earliest' or 'latest' to specify where to start"},
    {"key.deserializer", IN, LT_KAFKA_REFUSE, NULL,
     "Kafka option 'key.deserializer' is not supported as keys are deserialized as byte arrays; "
     "use expressions "
     "to decode the keys"},
    {"value.deserializer", IN, LT_KAFKA_REFUSE, NULL,
     "Kafka option 'value.deserializer' is not supported as values are deserialized as byte "
     "arrays; use "
     "expressions to decode the values"},
    {"enable.auto.commit", IN, LT_KAFKA_REFUSE, NULL,
     "Kafka option 'enable.auto.commit' is not supported: the position is in the checkpoint"},
    {"enable.auto.offset.store", IN, LT_KAFKA_REFUSE, NULL, "the position is in the checkpoint"},
    {"interceptor.classes", BOTH, LT_KAFKA_REFUSE, NULL,
     "Kafka option 'interceptor.classes' is not supported: an interceptor may change keys and "
     "values"},
    {"key.serializer", OUT, LT_KAFKA_REFUSE, NULL,
     "Kafka option 'key.serializer' is not supported as keys are serialized as bytes or strings"},
    {"value.serializer", OUT, LT_KAFKA_REFUSE, NULL,
     "Kafka option 'value.serializer' is not supported as values are serialized as bytes or "
     "strings"},

    /* Consumers. */
    {"fetch.max.wait.ms", IN, LT_KAFKA_RENAME, "fetch.wait.max.ms", NULL},
    {"max.poll.records", IN, LT_KAFKA_IGNORE, NULL,
     "a lane takes what is there, up to its own limits"},
    {"enable.partition.eof", IN, LT_KAFKA_REFUSE, NULL,
     "leat turns it on when a query ends at known offsets"},
    {"partition.assignment.strategy", IN, LT_KAFKA_IGNORE, NULL, ASSIGNS},
    {"group.protocol", IN, LT_KAFKA_IGNORE, NULL, ASSIGNS},
    {"group.remote.assignor", IN, LT_KAFKA_IGNORE, NULL, ASSIGNS},
    {"group.instance.id", IN, LT_KAFKA_IGNORE, NULL, ASSIGNS},
    {"session.timeout.ms", IN, LT_KAFKA_IGNORE, NULL, ASSIGNS},
    {"heartbeat.interval.ms", IN, LT_KAFKA_IGNORE, NULL, ASSIGNS},
    {"max.poll.interval.ms", IN, LT_KAFKA_IGNORE, NULL, ASSIGNS},
    {"auto.commit.interval.ms", IN, LT_KAFKA_IGNORE, NULL, "the position is in the checkpoint"},
    {"exclude.internal.topics", IN, LT_KAFKA_ONLY, "true",
     "a pattern never matches Kafka's internal topics"},
    {"group.id", IN, LT_KAFKA_KNOWN, NULL, NULL},

    /* Producers. */
    {"buffer.memory", OUT, LT_KAFKA_DIVIDE_K, "queue.buffering.max.kbytes", NULL},
    {"max.request.size", OUT, LT_KAFKA_RENAME, "message.max.bytes", NULL},
    {"max.block.ms", OUT, LT_KAFKA_IGNORE, NULL,
     "a full producer holds the lane back and never fails"},
    {"partitioner.class", OUT, LT_KAFKA_REFUSE, NULL,
     "a Java class cannot be used; hint: kafka.partitioner=murmur2_random is the Java client's "
     "default"},
    {"partitioner.ignore.keys", OUT, LT_KAFKA_ONLY, "false",
     "hint: kafka.partitioner=random ignores keys"},
    {"partitioner.adaptive.partitioning.enable", OUT, LT_KAFKA_IGNORE, NULL, JVM_ONLY},
    {"partitioner.availability.timeout.ms", OUT, LT_KAFKA_IGNORE, NULL, JVM_ONLY},
    {"compression.gzip.level", OUT, LT_KAFKA_RENAME, "compression.level", NULL},
    {"compression.lz4.level", OUT, LT_KAFKA_RENAME, "compression.level", NULL},
    {"compression.zstd.level", OUT, LT_KAFKA_RENAME, "compression.level", NULL},
    {"transactional.id", OUT, LT_KAFKA_REFUSE, NULL,
     "the sink delivers at least once; one transaction per producer cannot span its lanes"},
    {"transaction.timeout.ms", OUT, LT_KAFKA_REFUSE, NULL, "the sink uses no transactions"},
    {"delivery.report.only.error", OUT, LT_KAFKA_REFUSE, NULL,
     "every delivery is counted for the checkpoint"},

    /* Both. */
    {"receive.buffer.bytes", BOTH, LT_KAFKA_RENAME, "socket.receive.buffer.bytes", NULL},
    {"send.buffer.bytes", BOTH, LT_KAFKA_RENAME, "socket.send.buffer.bytes", NULL},
    {"request.timeout.ms", IN, LT_KAFKA_RENAME, "socket.timeout.ms", NULL},
    {"socket.connection.setup.timeout.max.ms", BOTH, LT_KAFKA_IGNORE, NULL,
     "kafka.socket.connection.setup.timeout.ms is the only limit"},
    {"default.api.timeout.ms", BOTH, LT_KAFKA_IGNORE, NULL, "the start-up timeout applies"},
    {"retry.backoff.max.ms", BOTH, LT_KAFKA_IGNORE, NULL,
     "kafka.retry.backoff.ms is used for each attempt"},
    {"client.dns.lookup", BOTH, LT_KAFKA_ONLY, "use_all_dns_ips",
     "all addresses of a name are always tried"},
    {"metadata.recovery.strategy", BOTH, LT_KAFKA_IGNORE, NULL, JVM_ONLY},
    {"metadata.max.idle.ms", BOTH, LT_KAFKA_IGNORE, NULL, JVM_ONLY},
    {"metric.reporters", BOTH, LT_KAFKA_IGNORE, NULL, JVM_ONLY},
    {"metrics.num.samples", BOTH, LT_KAFKA_IGNORE, NULL, JVM_ONLY},
    {"metrics.recording.level", BOTH, LT_KAFKA_IGNORE, NULL, JVM_ONLY},
    {"metrics.sample.window.ms", BOTH, LT_KAFKA_IGNORE, NULL, JVM_ONLY},
    {"auto.include.jmx.reporter", BOTH, LT_KAFKA_IGNORE, NULL, JVM_ONLY},
    {"enable.metrics.push", BOTH, LT_KAFKA_IGNORE, NULL, JVM_ONLY},
    {"config.providers", BOTH, LT_KAFKA_REFUSE, NULL,
     "Java configuration providers cannot be used"},
    {"log.queue", BOTH, LT_KAFKA_REFUSE, NULL, "a poll of the log queue may wait for minutes"},
    {"enabled_events", BOTH, LT_KAFKA_REFUSE, NULL, "leat chooses the events it serves"},

    /* Security. */
    {"sasl.jaas.config", BOTH, LT_KAFKA_JAAS, NULL, NULL},
    {"sasl.login.class", BOTH, LT_KAFKA_REFUSE, NULL, "a Java class cannot be used"},
    {"sasl.login.callback.handler.class", BOTH, LT_KAFKA_REFUSE, NULL,
     "a Java class cannot be used"},
    {"sasl.client.callback.handler.class", BOTH, LT_KAFKA_REFUSE, NULL,
     "a Java class cannot be used"},
    {"security.providers", BOTH, LT_KAFKA_REFUSE, NULL, "a Java class cannot be used"},
    {"ssl.engine.factory.class", BOTH, LT_KAFKA_REFUSE, NULL, "a Java class cannot be used"},
    {"ssl.truststore.location", BOTH, LT_KAFKA_TRUST, "ssl.ca.location", TRUST_HINT},
    {"ssl.truststore.type", BOTH, LT_KAFKA_ONLY, "PEM", TRUST_HINT},
    {"ssl.truststore.password", BOTH, LT_KAFKA_IGNORE, NULL,
     "a PEM file of certificates has no password"},
    {"ssl.truststore.certificates", BOTH, LT_KAFKA_RENAME, "ssl.ca.pem", NULL},
    {"ssl.keystore.type", BOTH, LT_KAFKA_ONLY, "PKCS12",
     "hint: a key in PEM is given by kafka.ssl.certificate.location and kafka.ssl.key.location"},
    {"ssl.keystore.key", BOTH, LT_KAFKA_RENAME, "ssl.key.pem", NULL},
    {"ssl.keystore.certificate.chain", BOTH, LT_KAFKA_RENAME, "ssl.certificate.pem", NULL},
    {"ssl.protocol", BOTH, LT_KAFKA_REFUSE, NULL, "OpenSSL chooses; hint: see openssl.cnf"},
    {"ssl.enabled.protocols", BOTH, LT_KAFKA_REFUSE, NULL,
     "OpenSSL chooses; hint: see openssl.cnf"},
    {"ssl.provider", BOTH, LT_KAFKA_REFUSE, NULL, JVM_ONLY},
    {"ssl.keymanager.algorithm", BOTH, LT_KAFKA_REFUSE, NULL, JVM_ONLY},
    {"ssl.trustmanager.algorithm", BOTH, LT_KAFKA_REFUSE, NULL, JVM_ONLY},
    {"ssl.secure.random.implementation", BOTH, LT_KAFKA_REFUSE, NULL, JVM_ONLY},
    {"bootstrap.servers", BOTH, LT_KAFKA_KNOWN, NULL, NULL},
    {"metadata.broker.list", BOTH, LT_KAFKA_REFUSE, NULL, "hint: use kafka.bootstrap.servers"},
    {"client.rack", BOTH, LT_KAFKA_KNOWN, NULL, NULL},
    {"sasl.mechanism", BOTH, LT_KAFKA_KNOWN, NULL, NULL},
    {"sasl.username", BOTH, LT_KAFKA_KNOWN, NULL, NULL},
    {"sasl.password", BOTH, LT_KAFKA_KNOWN, NULL, NULL},
    {"ssl.ca.location", BOTH, LT_KAFKA_KNOWN, NULL, NULL},
    {"ssl.key.location", BOTH, LT_KAFKA_KNOWN, NULL, NULL},
    {"ssl.key.password", BOTH, LT_KAFKA_KNOWN, NULL, NULL},
    {"ssl.certificate.location", BOTH, LT_KAFKA_KNOWN, NULL, NULL},
    {"ssl.keystore.location", BOTH, LT_KAFKA_KNOWN, NULL, NULL},
    {"ssl.keystore.password", BOTH, LT_KAFKA_KNOWN, NULL, NULL},
    {"ssl.cipher.suites", BOTH, LT_KAFKA_KNOWN, NULL, NULL},
    {"acks", OUT, LT_KAFKA_KNOWN, NULL, NULL},
    {"linger.ms", OUT, LT_KAFKA_KNOWN, NULL, NULL},
    {"retries", OUT, LT_KAFKA_KNOWN, NULL, NULL},
    {"compression.type", OUT, LT_KAFKA_KNOWN, NULL, NULL},
    {"delivery.timeout.ms", OUT, LT_KAFKA_KNOWN, NULL, NULL},
    {"request.timeout.ms", OUT, LT_KAFKA_KNOWN, NULL, NULL},
    {"partitioner", OUT, LT_KAFKA_KNOWN, NULL, NULL},
};

static const struct lt_kafka_setting defaults[] = {
    {"client.id", "leat", BOTH, "the brokers' logs name it"},
    {"socket.nagle.disable", "true", BOTH, "Nagle and delayed acknowledgement make 40 ms outliers"},
    {"socket.keepalive.enable", "true", BOTH, "a dead broker is noticed"},
    {"reconnect.backoff.ms", "10", BOTH, "a restarted broker is found again soon"},
    {"reconnect.backoff.max.ms", "1000", BOTH, "a restarted broker is found again soon"},
    {"log.connection.close", "false", BOTH, "idle connections are closed by brokers all the time"},
    {"topic.metadata.refresh.interval.ms", "10000", BOTH,
     "new partitions are noticed within that time"},

    {"isolation.level", "read_uncommitted", IN,
     "as the Java client and Spark; librdkafka's own differs"},
    {"fetch.error.backoff.ms", "10", IN, "500 ms of silence after each change of leader otherwise"},
    {"queued.min.messages", "1000000", IN, "a reached threshold stops fetching for up to 1 s"},
    {"queued.max.messages.kbytes", "65536", IN, "more than a lane drains while fetching is off"},
    {"topic.metadata.propagation.max.ms", "5000", IN,
     "a deleted topic is noticed within that time of the refresh"},
    {"allow.auto.create.topics", "false", IN, "reading must not make topics"},

    {"linger.ms", "0", OUT, "while a request is being sent the next batch gathers by itself"},
    {"enable.idempotence", "true", OUT, "order and no doubles under retries, for 0.7 us"},
    {"message.timeout.ms", "0", OUT,
     "delivery is tried for ever: a broker that is away loses nothing"},
    {"message.max.bytes", "134217728", OUT, "the topic's own limit is the judge"},
    {"queue.buffering.max.messages", "1000000", OUT, "the lane's rows are the limit"},
    {"queue.buffering.max.kbytes", "1048576", OUT, "the lane's bytes are the limit"},
    {"retry.backoff.ms", "20", OUT, "a moved leader is followed at once"},
    {"partitioner", "murmur2_random", OUT,
     "as the Java client and Spark; librdkafka's own differs"},
};

const struct lt_kafka_property *lt_kafka_property_find(const char *name, enum lt_kafka_role role)
{
    for (size_t i = 0; i < sizeof properties / sizeof properties[0]; i++) {
        if ((properties[i].roles & role) != 0 && strcmp(properties[i].name, name) == 0)
            return &properties[i];
    }
    return NULL;
}

const struct lt_kafka_property *lt_kafka_properties(size_t *count)
{
    *count = sizeof properties / sizeof properties[0];
    return properties;
}

const struct lt_kafka_setting *lt_kafka_defaults(size_t *count)
{
    *count = sizeof defaults / sizeof defaults[0];
    return defaults;
}

/* ------------------------------------------------------------------------------- login modules */

struct login_module {
    const char *class_suffix;
    const char *mechanism;
};
static const struct login_module login_modules[] = {
    {"PlainLoginModule", "PLAIN"}, {"ScramLoginModule", NULL}, /* 256 or 512: sasl.mechanism says */
};

static int fail_jaas(struct lt_error *error, const char *what)
{
    return lt_error_set(error, LT_E_INVALID,
                        "its hidden value %s; hint: "
                        "org.apache.kafka.common.security.plain.PlainLoginModule required "
                        "username=\"...\" password=\"...\";",
                        what);
}

/* Copies a quoted text from *cursor, a backslash taking the next character as it is; moves the
 * cursor behind it. */
static bool take_quoted(const char **cursor, char out[LT_KAFKA_JAAS_TEXT_MAX])
{
    const char *at = *cursor;
    char quote = *at++;
    size_t size_bytes = 0;
    if (quote != '"' && quote != '\'')
        return false;
    for (; *at != '\0' && *at != quote; at++) {
        if (*at == '\\' && at[1] != '\0')
            at++;
        if (size_bytes + 1 >= LT_KAFKA_JAAS_TEXT_MAX)
            return false;
        out[size_bytes++] = *at;
    }
    out[size_bytes] = '\0';
    if (*at != quote)
        return false;
    *cursor = at + 1;
    return true;
}

static const char *skip_blanks(const char *at)
{
    while (lt_ascii_is_blank(*at))
        at++;
    return at;
}

/* One `name=value` behind the flag word; other options than user name and password are read over.
 */
static bool take_option(const char **cursor, struct lt_kafka_jaas *out)
{
    char ignored[LT_KAFKA_JAAS_TEXT_MAX];
    const char *name = *cursor;
    const char *at = name;
    while (*at != '\0' && *at != '=' && !lt_ascii_is_blank(*at))
        at++;
    size_t name_size = (size_t)(at - name);
    at = skip_blanks(at);
    if (*at != '=')
        return false;
    at = skip_blanks(at + 1);
    char *value = ignored;
    if (name_size == strlen("username") && strncmp(name, "username", name_size) == 0)
        value = out->username;
    else if (name_size == strlen("password") && strncmp(name, "password", name_size) == 0)
        value = out->password;
    bool taken = take_quoted(&at, value);
    *cursor = skip_blanks(at);
    return taken;
}

int lt_kafka_jaas_parse(const char *text, struct lt_kafka_jaas *out, struct lt_error *error)
{
    *out = (struct lt_kafka_jaas){NULL, "", ""};
    const char *at = skip_blanks(text);
    const char *class_name = at;
    while (*at != '\0' && !lt_ascii_is_blank(*at))
        at++;
    size_t class_size = (size_t)(at - class_name);
    const struct login_module *module = NULL;
    for (size_t i = 0; i < sizeof login_modules / sizeof login_modules[0]; i++) {
        size_t size = strlen(login_modules[i].class_suffix);
        if (class_size >= size && memcmp(at - size, login_modules[i].class_suffix, size) == 0)
            module = &login_modules[i];
    }
    if (module == NULL)
        return fail_jaas(error, "names a login module other than PLAIN's and SCRAM's");
    out->mechanism = module->mechanism;
    at = skip_blanks(at);
    while (*at != '\0' && !lt_ascii_is_blank(*at) && *at != ';')
        at++; /* "required" */
    at = skip_blanks(at);
    while (*at != '\0' && *at != ';') {
        if (!take_option(&at, out))
            return fail_jaas(error, "does not parse");
    }
    if (out->username[0] == '\0' || out->password[0] == '\0')
        return fail_jaas(error, "has no user name or no password");
    return 0;
}
