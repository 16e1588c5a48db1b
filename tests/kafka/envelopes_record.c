/* Envelopes to and from librdkafka, their fingerprint, their text, and the filter on them. */
#include "client.h"
#include "envelopes.h"

#include <ctype.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { SHOWN_BYTES = 32 };

void lt_envelope_view(struct lt_envelope *envelope, const rd_kafka_message_t *message)
{
    envelope->key.data = message->key;
    envelope->key.size_bytes = message->key ? (int64_t)message->key_len : -1;
    envelope->value.data = message->payload;
    envelope->value.size_bytes = message->payload ? (int64_t)message->len : -1;
    envelope->timestamp_ms = rd_kafka_message_timestamp(message, &envelope->timestamp_type);
    envelope->offset = message->offset;
    envelope->partition = message->partition;
    envelope->header_count = 0;

    rd_kafka_headers_t *headers = NULL;
    rd_kafka_resp_err_t error = rd_kafka_message_headers(message, &headers);
    if (error == RD_KAFKA_RESP_ERR__NOENT)
        return;
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        lt_client_die("partition %" PRId32 " offset %" PRId64 ": cannot read the headers: %s",
                      message->partition, message->offset, rd_kafka_err2str(error));
    size_t count = rd_kafka_header_cnt(headers);
    if (count > LT_ENVELOPE_HEADERS_MAX)
        lt_client_die("partition %" PRId32 " offset %" PRId64
                      ": has %zu headers, at most %d can be "
                      "compared",
                      message->partition, message->offset, count, LT_ENVELOPE_HEADERS_MAX);
    for (size_t i = 0; i < count; i++) {
        struct lt_envelope_header *header = &envelope->headers[i];
        size_t size_bytes = 0;
        error =
            rd_kafka_header_get_all(headers, i, &header->name, &header->value.data, &size_bytes);
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
            lt_client_die("partition %" PRId32 " offset %" PRId64 ": cannot read header %zu: %s",
                          message->partition, message->offset, i, rd_kafka_err2str(error));
        header->value.size_bytes = header->value.data ? (int64_t)size_bytes : -1;
    }
    envelope->header_count = count;
}

static void hash_bytes(XXH3_state_t *state, struct lt_bytes bytes)
{
    XXH3_128bits_update(state, &bytes.size_bytes, sizeof(bytes.size_bytes));
    if (bytes.size_bytes > 0)
        XXH3_128bits_update(state, bytes.data, (size_t)bytes.size_bytes);
}

static struct lt_bytes text_bytes(const char *text)
{
    return (struct lt_bytes){.data = text, .size_bytes = (int64_t)strlen(text)};
}

struct lt_envelope_print lt_envelope_fingerprint(const struct lt_envelope *envelope)
{
    XXH3_state_t state;
    XXH3_128bits_reset(&state);
    const int64_t numbers[] = {envelope->timestamp_ms, (int64_t)envelope->timestamp_type,
                               (int64_t)envelope->header_count};
    XXH3_128bits_update(&state, numbers, sizeof(numbers));
    hash_bytes(&state, envelope->key);
    hash_bytes(&state, envelope->value);
    for (size_t i = 0; i < envelope->header_count; i++) {
        hash_bytes(&state, text_bytes(envelope->headers[i].name));
        hash_bytes(&state, envelope->headers[i].value);
    }
    XXH128_hash_t hash = XXH3_128bits_digest(&state);
    return (struct lt_envelope_print){.low = hash.low64, .high = hash.high64};
}

/* The library reads a null pointer as null; its headers take -1 as "measure it", so null goes by
 * pointer. */
static rd_kafka_headers_t *make_headers(const struct lt_envelope *envelope)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(envelope->header_count);
    for (size_t i = 0; i < envelope->header_count; i++) {
        const struct lt_envelope_header *header = &envelope->headers[i];
        bool null = header->value.size_bytes < 0;
        rd_kafka_resp_err_t error = rd_kafka_header_add(
            headers, header->name, (ssize_t)strlen(header->name), null ? NULL : header->value.data,
            null ? 0 : (ssize_t)header->value.size_bytes);
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
            lt_client_die("cannot add header \"%s\": %s", header->name, rd_kafka_err2str(error));
    }
    return headers;
}

void lt_envelope_send(rd_kafka_t *producer, const char *topic, const struct lt_envelope *envelope)
{
    for (;;) {
        rd_kafka_headers_t *headers = envelope->header_count > 0 ? make_headers(envelope) : NULL;
        size_t key_bytes = envelope->key.size_bytes < 0 ? 0 : (size_t)envelope->key.size_bytes;
        size_t value_bytes =
            envelope->value.size_bytes < 0 ? 0 : (size_t)envelope->value.size_bytes;
        rd_kafka_resp_err_t error = rd_kafka_producev(
            producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(envelope->partition),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(envelope->key.data, key_bytes),
            RD_KAFKA_V_VALUE((void *)(uintptr_t)envelope->value.data, value_bytes),
            RD_KAFKA_V_TIMESTAMP(envelope->timestamp_ms), RD_KAFKA_V_HEADERS(headers),
            RD_KAFKA_V_END);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_poll(producer, 0);
            return;
        }
        if (headers)
            rd_kafka_headers_destroy(headers);
        if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            lt_client_die("topic \"%s\" partition %" PRId32 ": cannot produce: %s", topic,
                          envelope->partition, rd_kafka_err2str(error));
        rd_kafka_poll(producer, 10);
    }
}

/* ---- text ------------------------------------------------------------------------------------ */

static void print_bytes(FILE *file, struct lt_bytes bytes)
{
    if (bytes.size_bytes < 0) {
        fputs("null", file);
        return;
    }
    if (bytes.size_bytes == 0) {
        fputs("empty", file);
        return;
    }
    fprintf(file, "%" PRId64 ":\"", bytes.size_bytes);
    for (int64_t i = 0; i < bytes.size_bytes && i < SHOWN_BYTES; i++) {
        unsigned char byte = ((const unsigned char *)bytes.data)[i];
        if (isprint(byte) && byte != '"' && byte != '\\')
            fputc(byte, file);
        else
            fprintf(file, "\\x%02x", byte);
    }
    fputs(bytes.size_bytes > SHOWN_BYTES ? "\"..." : "\"", file);
}

static const char *timestamp_type_name(rd_kafka_timestamp_type_t type)
{
    switch (type) {
    case RD_KAFKA_TIMESTAMP_CREATE_TIME:
        return "CreateTime";
    case RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME:
        return "LogAppendTime";
    case RD_KAFKA_TIMESTAMP_NOT_AVAILABLE:
        break;
    }
    return "NoTimestamp";
}

void lt_envelope_print(FILE *file, const struct lt_envelope *envelope)
{
    fprintf(file, "partition %" PRId32 " offset %" PRId64 " %s %" PRId64 " key ",
            envelope->partition, envelope->offset, timestamp_type_name(envelope->timestamp_type),
            envelope->timestamp_ms);
    print_bytes(file, envelope->key);
    fputs(" value ", file);
    print_bytes(file, envelope->value);
    fprintf(file, " headers %zu", envelope->header_count);
    for (size_t i = 0; i < envelope->header_count; i++) {
        fputs(i == 0 ? ": " : ", ", file);
        print_bytes(file, text_bytes(envelope->headers[i].name));
        fputc('=', file);
        print_bytes(file, envelope->headers[i].value);
    }
    fputc('\n', file);
}

static bool bytes_equal(struct lt_bytes a, struct lt_bytes b)
{
    return a.size_bytes == b.size_bytes &&
           (a.size_bytes <= 0 || memcmp(a.data, b.data, (size_t)a.size_bytes) == 0);
}

static void print_bytes_difference(FILE *file, const char *what, struct lt_bytes in,
                                   struct lt_bytes out)
{
    if (bytes_equal(in, out))
        return;
    fprintf(file, "    %s: ", what);
    print_bytes(file, in);
    fputs(" became ", file);
    print_bytes(file, out);
    int64_t at = 0;
    while (at < in.size_bytes && at < out.size_bytes &&
           ((const uint8_t *)in.data)[at] == ((const uint8_t *)out.data)[at])
        at++;
    if (at < in.size_bytes && at < out.size_bytes)
        fprintf(file, ", first at byte %" PRId64 ": %02x became %02x", at,
                ((const uint8_t *)in.data)[at], ((const uint8_t *)out.data)[at]);
    fputc('\n', file);
}

void lt_envelope_print_difference(FILE *file, const struct lt_envelope *in,
                                  const struct lt_envelope *out)
{
    char what[64];
    print_bytes_difference(file, "key", in->key, out->key);
    print_bytes_difference(file, "value", in->value, out->value);
    if (in->timestamp_ms != out->timestamp_ms || in->timestamp_type != out->timestamp_type)
        fprintf(file, "    timestamp: %s %" PRId64 " became %s %" PRId64 "\n",
                timestamp_type_name(in->timestamp_type), in->timestamp_ms,
                timestamp_type_name(out->timestamp_type), out->timestamp_ms);
    if (in->header_count != out->header_count)
        fprintf(file, "    headers: %zu became %zu\n", in->header_count, out->header_count);
    for (size_t i = 0; i < in->header_count && i < out->header_count; i++) {
        snprintf(what, sizeof(what), "name of header %zu", i);
        print_bytes_difference(file, what, text_bytes(in->headers[i].name),
                               text_bytes(out->headers[i].name));
        snprintf(what, sizeof(what), "value of header %zu", i);
        print_bytes_difference(file, what, in->headers[i].value, out->headers[i].value);
    }
}

/* ---- filter ---------------------------------------------------------------------------------- */

struct lt_where lt_where_parse(const char *text)
{
    static const struct {
        const char *prefix;
        enum lt_where_operator operator;
    } forms[] = {
        {"length>=", LT_WHERE_GE}, {"length<=", LT_WHERE_LE}, {"length!=", LT_WHERE_NE},
        {"length>", LT_WHERE_GT},  {"length<", LT_WHERE_LT},  {"length=", LT_WHERE_EQ},
    };
    struct lt_where where = {.operator= LT_WHERE_ALL };
    if (!text)
        return where;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        size_t prefix_bytes = strlen(forms[i].prefix);
        if (strncmp(text, forms[i].prefix, prefix_bytes) != 0)
            continue;
        where.operator= forms[i].operator;
        where.size_bytes = lt_client_number("--where", text + prefix_bytes, 0, INT64_MAX);
        return where;
    }
    lt_client_die("cannot read the filter \"%s\"; hint: 'length>8', with one of > >= < <= = !=",
                  text);
}

bool lt_where_passes(const struct lt_where *where, struct lt_bytes value)
{
    if (where->operator== LT_WHERE_ALL)
        return true;
    if (value.size_bytes < 0)
        return false;
    switch (where->operator) {
    case LT_WHERE_GT:
        return value.size_bytes > where->size_bytes;
    case LT_WHERE_GE:
        return value.size_bytes >= where->size_bytes;
    case LT_WHERE_LT:
        return value.size_bytes < where->size_bytes;
    case LT_WHERE_LE:
        return value.size_bytes <= where->size_bytes;
    case LT_WHERE_EQ:
        return value.size_bytes == where->size_bytes;
    case LT_WHERE_NE:
        return value.size_bytes != where->size_bytes;
    case LT_WHERE_ALL:
        break;
    }
    return true;
}
