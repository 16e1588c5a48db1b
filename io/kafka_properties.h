/*
 * What Kafka's client properties are called, and what becomes of each: users write the names of
 * Kafka's Java client (as Spark does), librdkafka has its own. Plain tables; setting them is
 * io/kafka_client.c's business.
 *
 * A property that is in no table here is offered to librdkafka under its own name, which says
 * itself whether it knows it.
 *
 * on: any. Pure.
 */
#ifndef LT_IO_KAFKA_PROPERTIES_H
#define LT_IO_KAFKA_PROPERTIES_H

#include <stddef.h>

#include "core/base/error.h"

enum lt_kafka_role { LT_KAFKA_CONSUMER = 1, LT_KAFKA_PRODUCER = 2 };

enum lt_kafka_property_action {
    LT_KAFKA_RENAME,   /* `target` is librdkafka's name for the same thing */
    LT_KAFKA_DIVIDE_K, /* as RENAME; the value is in bytes here, in units of 1024 bytes there */
    LT_KAFKA_IGNORE,   /* accepted without effect; `why` says so in the log */
    LT_KAFKA_REFUSE,   /* an error; `why` explains */
    LT_KAFKA_JAAS,     /* sasl.jaas.config: a login module with user name and password */
    LT_KAFKA_TRUST,    /* ssl.truststore.location: a PEM file only */
    LT_KAFKA_ONLY,     /* any value but `target` is refused with `why` */
    LT_KAFKA_KNOWN, /* librdkafka's own, without a default, so that its own list does not show it */
};

struct lt_kafka_property {
    const char *name;
    unsigned roles; /* enum lt_kafka_role, or both */
    enum lt_kafka_property_action action;
    const char *target;
    const char *why;
};

/* The entry for a property in a role, or NULL. `name` is without "kafka." and in lower case. */
const struct lt_kafka_property *lt_kafka_property_find(const char *name, enum lt_kafka_role role);
/* All entries, for nearest names and the reference page. */
const struct lt_kafka_property *lt_kafka_properties(size_t *count);

/* A setting that leat makes before the user's, and why. */
struct lt_kafka_setting {
    const char *name, *value;
    unsigned roles;
    const char *why;
};
const struct lt_kafka_setting *lt_kafka_defaults(size_t *count);

/* A login module's text: mechanism ("PLAIN", or NULL when the module leaves it to sasl.mechanism),
 * user name and password. */
enum { LT_KAFKA_JAAS_TEXT_MAX = 512 };
struct lt_kafka_jaas {
    const char *mechanism;
    char username[LT_KAFKA_JAAS_TEXT_MAX], password[LT_KAFKA_JAAS_TEXT_MAX];
};
/* Reads `...PlainLoginModule required username="u" password='p';`. Errors never quote the text: it
 * is a secret. */
int lt_kafka_jaas_parse(const char *text, struct lt_kafka_jaas *out,
                        struct lt_error *error) LT_MUST_USE;

#endif
