/*
 * The grammar is the JSON that these two forms need and no more: objects and arrays two deep, texts
 * without escapes (Kafka's topic names have none), whole numbers. Anything else is refused with its
 * place.
 */
#include "io/kafka_offsets.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"

enum { TOPIC_MAX_BYTES = 249 }; /* Kafka's own limit for names */

struct scan {
    const char *text;
    const char *at;
    struct lt_error *error;
    lt_kafka_entry_fn *visit;
    void *context;
};

static int fail(const struct scan *scan, const char *wanted)
{
    return lt_error_set(scan->error, LT_E_PARSE, "\"%.200s\" at byte %zu: expected %s", scan->text,
                        (size_t)(scan->at - scan->text), wanted);
}

static void skip_blanks(struct scan *scan)
{
    while (lt_ascii_is_blank(*scan->at))
        scan->at++;
}

static bool try_char(struct scan *scan, char c)
{
    skip_blanks(scan);
    if (*scan->at != c)
        return false;
    scan->at++;
    return true;
}

static int take_text(struct scan *scan, char *out, size_t out_size, const char *wanted)
{
    if (!try_char(scan, '"'))
        return fail(scan, wanted);
    size_t size_bytes = strcspn(scan->at, "\"\\");
    if (scan->at[size_bytes] != '"' || size_bytes == 0 || size_bytes >= out_size)
        return fail(scan, wanted);
    memcpy(out, scan->at, size_bytes);
    out[size_bytes] = '\0';
    scan->at += size_bytes + 1;
    return 0;
}

static int parse_number(struct scan *scan, const char *text, char **end, int64_t min, int64_t max,
                        int64_t *out)
{
    errno = 0;
    long long number = strtoll(text, end, 10);
    if (*end == text || errno != 0 || number < min || number > max)
        return fail(scan, min < 0 ? "an offset" : "a partition number");
    *out = number;
    return 0;
}

static int take_number(struct scan *scan, int64_t min, int64_t max, int64_t *out)
{
    char *end;
    skip_blanks(scan);
    int code = parse_number(scan, scan->at, &end, min, max, out);
    if (code == 0)
        scan->at = end;
    return code;
}

/* "0":23 */
static int take_offset_entry(struct scan *scan, const char *topic)
{
    char text[16], *end;
    int64_t partition = 0, number = 0;
    int code = take_text(scan, text, sizeof text, "a partition number in quotes");
    if (code < 0)
        return code;
    code = parse_number(scan, text, &end, 0, INT32_MAX, &partition);
    if (code < 0)
        return code;
    if (*end != '\0')
        return fail(scan, "a partition number");
    if (!try_char(scan, ':'))
        return fail(scan, "\":\"");
    code = take_number(scan, INT64_MIN, INT64_MAX, &number);
    return code < 0 ? code
                    : scan->visit(scan->context, topic, (int32_t)partition, number, scan->error);
}

/* 0 */
static int take_assign_entry(struct scan *scan, const char *topic)
{
    int64_t partition = 0;
    int code = take_number(scan, 0, INT32_MAX, &partition);
    return code < 0 ? code : scan->visit(scan->context, topic, (int32_t)partition, 0, scan->error);
}

static int take_topic(struct scan *scan, char open, char close,
                      int (*take)(struct scan *, const char *))
{
    char topic[TOPIC_MAX_BYTES + 1];
    int code = take_text(scan, topic, sizeof topic, "a topic name in quotes");
    if (code < 0)
        return code;
    if (!try_char(scan, ':'))
        return fail(scan, "\":\"");
    if (!try_char(scan, open))
        return fail(scan, open == '{' ? "\"{\"" : "\"[\"");
    if (try_char(scan, close))
        return 0;
    do {
        code = take(scan, topic);
        if (code < 0)
            return code;
    } while (try_char(scan, ','));
    return try_char(scan, close) ? 0
                                 : fail(scan, close == '}' ? "\",\" or \"}\"" : "\",\" or \"]\"");
}

static int walk(struct scan *scan, char open, char close, int (*take)(struct scan *, const char *))
{
    if (!try_char(scan, '{'))
        return fail(scan, "\"{\"");
    if (!try_char(scan, '}')) {
        do {
            int code = take_topic(scan, open, close, take);
            if (code < 0)
                return code;
        } while (try_char(scan, ','));
        if (!try_char(scan, '}'))
            return fail(scan, "\",\" or \"}\"");
    }
    skip_blanks(scan);
    return *scan->at == '\0' ? 0 : fail(scan, "the end");
}

int lt_kafka_offsets_parse(const char *json, lt_kafka_entry_fn *visit, void *context,
                           struct lt_error *error)
{
    struct scan scan = {json, json, error, visit, context};
    return walk(&scan, '{', '}', take_offset_entry);
}

int lt_kafka_assign_parse(const char *json, lt_kafka_entry_fn *visit, void *context,
                          struct lt_error *error)
{
    struct scan scan = {json, json, error, visit, context};
    return walk(&scan, '[', ']', take_assign_entry);
}

int lt_kafka_partition_compare(const struct lt_kafka_partition *a,
                               const struct lt_kafka_partition *b)
{
    int order = strcmp(a->topic, b->topic);
    return order != 0 ? order : (a->id > b->id) - (a->id < b->id);
}

void lt_kafka_offsets_print(const struct lt_kafka_partition *partitions, const int64_t *offsets,
                            size_t stride_bytes, uint32_t count, struct lt_text_buffer *out)
{
    const char *topic = NULL;
    lt_text_append_char(out, '{');
    for (uint32_t i = 0; i < count; i++) {
        int64_t offset;
        memcpy(&offset, (const char *)offsets + i * stride_bytes, sizeof offset);
        if (offset < 0)
            continue;
        if (topic != NULL && strcmp(topic, partitions[i].topic) == 0)
            lt_text_append_char(out, ',');
        else
            lt_text_format(out, "%s\"%s\":{", topic == NULL ? "" : "},", partitions[i].topic);
        topic = partitions[i].topic;
        lt_text_format(out, "\"%" PRId32 "\":%" PRId64, partitions[i].id, offset);
    }
    lt_text_append(out, topic == NULL ? "}" : "}}");
}
