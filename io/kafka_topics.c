/*
 * Which partitions there are: one metadata request at connect. Afterwards librdkafka refreshes the
 * metadata of known topics by itself, and looking for added partitions costs no request: its local
 * table is asked.
 *
 * New topics that match a pattern are not in those tables, and librdkafka offers no way to ask
 * without waiting for the answer. So for subscribePattern alone, every pattern_look_ns, the control
 * thread waits for one metadata answer: as long as answers have been found to take, at most
 * PATTERN_WAIT_MAX_MS. Lanes go on meanwhile, on their threads.
 */
#include "io/kafka_source_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/log.h"
#include "io/kafka_describe.h"

enum {
    TOPIC_GRACE_MS = 200, /* a topic made just now may be unknown to the broker asked */
    TOPIC_RETRY_MS = 20,
    PATTERN_WAIT_MS = 50, /* to begin with; twice as long after each look in vain */
    PATTERN_WAIT_MAX_MS = 3200,
};
static const int64_t pattern_look_ns = 10 * (int64_t)LT_NS_PER_S;
static const int64_t pattern_again_ns = LT_NS_PER_S;

/* ------------------------------------------------------------------------------------ patterns */

/* Java's \d \w \s (and capitals) become brackets; inside brackets only their content may stand. */
static int append_escape(struct lt_text_buffer *out, char c, bool in_brackets,
                         struct lt_error *error)
{
    const char *content = lt_ascii_lower(c) == 'd'   ? "0-9"
                          : lt_ascii_lower(c) == 'w' ? "A-Za-z0-9_"
                          : lt_ascii_lower(c) == 's' ? " \t\n\v\f\r"
                                                     : NULL;
    if (content == NULL) {
        if (lt_ascii_is_letter(c) || lt_ascii_is_digit(c) || c == '\0')
            return lt_error_set(error, LT_E_UNSUPPORTED,
                                "\"\\%c\" of Java's expressions is not supported here", c);
        if (!in_brackets)
            lt_text_append_char(out, '\\');
        lt_text_append_char(out, c);
        return 0;
    }
    bool is_negated = c >= 'A' && c <= 'Z';
    if (in_brackets && is_negated)
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "\"\\%c\" inside brackets is not supported here", c);
    if (in_brackets)
        lt_text_append(out, content);
    else
        lt_text_format(out, "[%s%s]", is_negated ? "^" : "", content);
    return 0;
}

static int translate_pattern(const char *pattern, struct lt_text_buffer *out,
                             struct lt_error *error)
{
    bool in_brackets = false;
    lt_text_append(out, "^(");
    for (const char *at = pattern; *at != '\0'; at++) {
        if (*at == '\\') {
            int code = append_escape(out, at[1], in_brackets, error);
            if (code < 0)
                return code;
            at++;
            continue;
        }
        bool is_lazy = (*at == '?' || *at == '+') && at > pattern &&
                       strchr("*+?}", at[-1]) != NULL && (at - 1 == pattern || at[-2] != '\\');
        if (!in_brackets && ((*at == '(' && at[1] == '?') || is_lazy))
            return lt_error_set(error, LT_E_UNSUPPORTED,
                                "groups that begin with \"(?\", lazy and possessive repeats are "
                                "not supported here");
        if (*at == '[')
            in_brackets = true;
        else if (*at == ']')
            in_brackets = false;
        lt_text_append_char(out, *at);
    }
    lt_text_append(out, ")$");
    return 0;
}

int lt_kafka_topics_compile(const char *pattern, regex_t *out, struct lt_error *error)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    int code = translate_pattern(pattern, &text, error);
    if (code == 0) {
        int failed = regcomp(out, lt_text_get(&text), REG_EXTENDED | REG_NOSUB);
        char reason[LT_KAFKA_TEXT_MAX];
        if (failed != 0) {
            regerror(failed, out, reason, sizeof reason);
            code = lt_error_set(error, LT_E_INVALID, "%s", reason);
        }
    }
    lt_text_fini(&text);
    return code < 0 ? lt_error_append(error, "\"subscribePattern\" %s", pattern) : 0;
}

/* ------------------------------------------------------------------------------------ metadata */

bool lt_kafka_topics_selects(const struct lt_kafka_source *source, const char *topic)
{
    if (source->selection == LT_KAFKA_SUBSCRIBE_PATTERN)
        return !lt_kafka_topic_is_internal(topic) &&
               regexec(&source->pattern, topic, 0, NULL, 0) == 0;
    for (uint32_t i = 0; i < source->topic_count; i++) {
        if (strcmp(source->topics[i], topic) == 0)
            return true;
    }
    return false;
}

/* `topics` are sorted, and stay so. */
static void open_handles(struct lt_kafka_source *source, char **topics, uint32_t count)
{
    source->handles = lt_alloc_array(count, sizeof *source->handles);
    source->found = lt_alloc_array(count, sizeof *source->found);
    source->counts = lt_alloc_array(count, sizeof *source->counts);
    for (uint32_t i = 0; i < count; i++) {
        source->handles[i] = rd_kafka_topic_new(source->client->rk, topics[i], NULL);
        lt_assert(source->handles[i] != NULL);
        source->found[i] = lt_strdup(topics[i]);
    }
    source->found_count = count;
}

void lt_kafka_topics_forget(struct lt_kafka_source *source)
{
    for (uint32_t i = 0; i < source->found_count; i++) {
        rd_kafka_topic_destroy(source->handles[i]);
        free(source->found[i]);
    }
    free(source->handles);
    free(source->found);
    free(source->counts);
    free(source->partitions);
    free(source->gone);
    free(source->heard);
    source->gone = NULL;
    source->heard = NULL;
    source->handles = NULL;
    source->found = NULL;
    source->counts = NULL;
    source->partitions = NULL;
    source->found_count = 0;
    source->base.partition_count = 0;
}

static int ask(struct lt_kafka_source *source, const struct rd_kafka_metadata **out,
               struct lt_error *error)
{
    bool wants_all = source->selection == LT_KAFKA_SUBSCRIBE_PATTERN;
    rd_kafka_topic_t *only = source->found_count == 1 && !wants_all ? source->handles[0] : NULL;
    return lt_kafka_client_metadata(source->client, &source->env, wants_all, only, out, error);
}

static const struct rd_kafka_metadata_topic *find_topic(const struct rd_kafka_metadata *metadata,
                                                        const char *name)
{
    for (int i = 0; i < metadata->topic_cnt; i++) {
        if (strcmp(metadata->topics[i].topic, name) == 0)
            return &metadata->topics[i];
    }
    return NULL;
}

/* The first topic asked for that cannot be read, with its error; NULL: all can. */
static const char *find_trouble(const struct lt_kafka_source *source,
                                const struct rd_kafka_metadata *metadata, rd_kafka_resp_err_t *err)
{
    for (uint32_t i = 0; i < source->topic_count; i++) {
        const struct rd_kafka_metadata_topic *topic = find_topic(metadata, source->topics[i]);
        *err = topic == NULL ? RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART : topic->err;
        if (*err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return source->topics[i];
        if (topic->partition_cnt == 0) {
            *err = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
            return source->topics[i];
        }
    }
    return NULL;
}

static int fail_topic(struct lt_kafka_source *source, const char *topic, rd_kafka_resp_err_t err,
                      struct lt_error *error)
{
    if (err != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        return lt_kafka_client_fail(source->client, error, err, "topic \"%s\"", topic);
    return lt_kafka_fail_missing(source->client, topic, "", error);
}

/* ---------------------------------------------------------------------------------- partitions */

int lt_kafka_topics_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int compare_partitions(const void *a, const void *b)
{
    return lt_kafka_partition_compare(a, b);
}

/* The index of the topic among those found, or found_count. By halves: there may be thousands, and
 * they are looked at again and again. */
static uint32_t index_of(const struct lt_kafka_source *source, const char *topic)
{
    if (source->found_count == 0)
        return 0;
    char *const *at = bsearch(&topic, source->found, source->found_count, sizeof *source->found,
                              lt_kafka_topics_compare);
    return at == NULL ? source->found_count : (uint32_t)(at - source->found);
}

static void take_counts(struct lt_kafka_source *source, const struct rd_kafka_metadata *metadata)
{
    source->base.partition_width = 0;
    for (int i = 0; i < metadata->topic_cnt; i++) {
        uint32_t index = index_of(source, metadata->topics[i].topic);
        if (index == source->found_count)
            continue;
        source->counts[index] = (uint32_t)metadata->topics[i].partition_cnt;
        if (source->counts[index] > source->base.partition_width)
            source->base.partition_width = source->counts[index];
    }
}

static void take_partitions(struct lt_kafka_source *source,
                            const struct rd_kafka_metadata *metadata)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < source->found_count; i++)
        count += source->counts[i];
    source->partitions = lt_alloc_array(count, sizeof *source->partitions);
    uint32_t at = 0;
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const struct rd_kafka_metadata_topic *topic = &metadata->topics[i];
        uint32_t index = index_of(source, topic->topic);
        for (int p = 0; index < source->found_count && p < topic->partition_cnt; p++)
            source->partitions[at++] =
                (struct lt_kafka_partition){source->found[index], topic->partitions[p].id};
    }
    lt_assert(at == count);
    qsort(source->partitions, count, sizeof *source->partitions, compare_partitions);
    source->base.partition_count = count;
}

static int take_assigned(struct lt_kafka_source *source, struct lt_error *error)
{
    source->partitions = lt_alloc_array(source->assigned_count, sizeof *source->partitions);
    for (uint32_t i = 0; i < source->assigned_count; i++) {
        const struct lt_kafka_partition *wanted = &source->assigned[i];
        uint32_t index = index_of(source, wanted->topic);
        lt_assert(index < source->found_count);
        if (wanted->id >= (int32_t)source->counts[index])
            return lt_error_set(error, LT_E_NOT_FOUND,
                                "partition %" PRId32 " of topic \"%s\" does not exist: it has "
                                "%" PRIu32,
                                wanted->id, wanted->topic, source->counts[index]);
        source->partitions[i] = (struct lt_kafka_partition){source->found[index], wanted->id};
    }
    source->base.partition_count = source->assigned_count;
    return 0;
}

static void take_matching(struct lt_kafka_source *source, const struct rd_kafka_metadata *metadata)
{
    char **names = lt_alloc_array((size_t)metadata->topic_cnt, sizeof *names);
    uint32_t count = 0;
    for (int i = 0; i < metadata->topic_cnt; i++) {
        if (metadata->topics[i].err == RD_KAFKA_RESP_ERR_NO_ERROR &&
            lt_kafka_topics_selects(source, metadata->topics[i].topic))
            names[count++] = metadata->topics[i].topic;
    }
    qsort(names, count, sizeof *names, lt_kafka_topics_compare);
    open_handles(source, names, count);
    free(names);
    if (count == 0)
        lt_log_warn("source kafka: no topic matches \"%s\" yet",
                    lt_options_get(source->options, "subscribePattern"));
}

static int discover_pattern(struct lt_kafka_source *source, struct lt_error *error)
{
    const struct rd_kafka_metadata *metadata;
    int code = ask(source, &metadata, error);
    if (code < 0)
        return code;
    take_matching(source, metadata);
    take_counts(source, metadata);
    take_partitions(source, metadata);
    rd_kafka_metadata_destroy(metadata);
    source->next_look_ns = lt_clock_now_ns(source->env.clock) + pattern_look_ns;
    if (source->look_wait_ms == 0)
        source->look_wait_ms = PATTERN_WAIT_MS;
    return 0;
}

int lt_kafka_topics_discover(struct lt_kafka_source *source, struct lt_error *error)
{
    lt_kafka_topics_forget(source);
    if (source->selection == LT_KAFKA_SUBSCRIBE_PATTERN)
        return discover_pattern(source, error);
    open_handles(source, source->topics, source->topic_count);
    for (int waited_ms = 0;; waited_ms += TOPIC_RETRY_MS) {
        const struct rd_kafka_metadata *metadata;
        rd_kafka_resp_err_t err;
        int code = ask(source, &metadata, error);
        if (code < 0)
            return code;
        const char *topic = find_trouble(source, metadata, &err);
        if (topic == NULL) {
            take_counts(source, metadata);
            if (source->selection == LT_KAFKA_ASSIGN)
                code = take_assigned(source, error);
            else
                take_partitions(source, metadata);
        }
        rd_kafka_metadata_destroy(metadata);
        if (topic == NULL)
            return code;
        bool is_over = lt_kafka_is_passing(err)
                           ? lt_kafka_client_left_ms(&source->env) <= LT_KAFKA_LAST_QUESTION_MS
                           : waited_ms >= TOPIC_GRACE_MS;
        if (is_over || err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
            return fail_topic(source, topic, err, error);
        lt_kafka_client_rest(TOPIC_RETRY_MS * LT_NS_PER_MS);
    }
}

/* ------------------------------------------------------------------------------------- changes */

/* Asks librdkafka's own table, and so nobody else. No call asks just that; a seek without waiting
 * does: it answers at once for a partition that the table lacks, and moves nothing in one that is
 * not being read. */
static bool has_new_partition(const struct lt_kafka_source *source)
{
    for (uint32_t i = 0; i < source->found_count; i++) {
        int32_t next = (int32_t)source->counts[i];
        if (rd_kafka_seek(source->handles[i], next, 0, 0) == RD_KAFKA_RESP_ERR_NO_ERROR)
            return true;
    }
    return false;
}

/* A cluster of many topics, or far away, takes its time: the next look is soon and more patient.
 * When patience does not help it is told, once until a look succeeds. */
static void look_in_vain(struct lt_kafka_source *source, rd_kafka_resp_err_t err)
{
    if (source->look_wait_ms < PATTERN_WAIT_MAX_MS) {
        source->look_wait_ms *= 2;
        source->next_look_ns = lt_clock_now_ns(source->env.clock) + pattern_again_ns;
        return;
    }
    if (!source->looks_in_vain)
        lt_log_warn("source kafka: cannot look for new topics that match \"%s\": %s; trying on",
                    lt_options_get(source->options, "subscribePattern"), rd_kafka_err2str(err));
    source->looks_in_vain = true;
}

static bool is_new(const struct lt_kafka_source *source,
                   const struct rd_kafka_metadata_topic *topic)
{
    if (topic->err != RD_KAFKA_RESP_ERR_NO_ERROR || !lt_kafka_topics_selects(source, topic->topic))
        return false;
    uint32_t index = index_of(source, topic->topic);
    uint32_t count = index < source->found_count ? source->counts[index] : 0;
    return count != (uint32_t)topic->partition_cnt;
}

static bool has_new_topic(struct lt_kafka_source *source)
{
    const struct rd_kafka_metadata *metadata;
    int64_t now_ns = lt_clock_now_ns(source->env.clock);
    if (now_ns < source->next_look_ns)
        return false;
    source->next_look_ns = now_ns + pattern_look_ns;
    rd_kafka_resp_err_t err =
        rd_kafka_metadata(source->client->rk, 1, NULL, &metadata, source->look_wait_ms);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        look_in_vain(source, err);
        return false;
    }
    source->looks_in_vain = false;
    bool found = false;
    for (int i = 0; i < metadata->topic_cnt && !found; i++)
        found = is_new(source, &metadata->topics[i]);
    rd_kafka_metadata_destroy(metadata);
    return found;
}

bool lt_kafka_topics_changed(struct lt_kafka_source *source)
{
    if (source->selection == LT_KAFKA_ASSIGN)
        return false;
    if (source->selection == LT_KAFKA_SUBSCRIBE_PATTERN && has_new_topic(source))
        return true;
    return has_new_partition(source);
}
