/*
 * DescribeConfigs goes to the broker that is named, since the cluster's controller, librdkafka's
 * choice, may be one that nobody is connected to yet.
 */
#include "io/kafka_describe.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/base/nearest.h"

enum { NEAREST_WAIT_MS = 1000 /* for the names of all topics, to suggest one */ };

bool lt_kafka_topic_is_internal(const char *topic)
{
    return strcmp(topic, "__consumer_offsets") == 0 || strcmp(topic, "__transaction_state") == 0 ||
           strcmp(topic, "__share_group_state") == 0;
}

/* ------------------------------------------------------------------------------------ settings */

struct question {
    rd_kafka_ResourceType_t type;
    const char *name;
    int32_t broker_id;
    int wait_ms;
};

static void ask(struct lt_kafka_client *client, const struct question *question,
                rd_kafka_queue_t *answers)
{
    char text[LT_KAFKA_TEXT_MAX];
    rd_kafka_AdminOptions_t *choice =
        rd_kafka_AdminOptions_new(client->rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    rd_kafka_ConfigResource_t *resource =
        rd_kafka_ConfigResource_new(question->type, question->name);
    lt_assert(choice != NULL && resource != NULL);
    if (rd_kafka_AdminOptions_set_broker(choice, question->broker_id, text, sizeof text) !=
        RD_KAFKA_RESP_ERR_NO_ERROR)
        lt_log_debug("%s: %s", client->owner, text); /* the controller will do */
    rd_kafka_DescribeConfigs(client->rk, &resource, 1, choice, answers);
    rd_kafka_ConfigResource_destroy(resource);
    rd_kafka_AdminOptions_destroy(choice);
}

static bool visit_settings(const rd_kafka_ConfigResource_t *resource, lt_kafka_setting_fn *visit,
                           void *context)
{
    size_t count;
    if (rd_kafka_ConfigResource_error(resource) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return false;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    for (size_t i = 0; i < count; i++) {
        const char *value = rd_kafka_ConfigEntry_value(entries[i]);
        if (value != NULL)
            visit(context, rd_kafka_ConfigEntry_name(entries[i]), value);
    }
    return true;
}

static bool describe(struct lt_kafka_client *client, const struct question *question,
                     lt_kafka_setting_fn *visit, void *context)
{
    rd_kafka_queue_t *answers = rd_kafka_queue_new(client->rk);
    ask(client, question, answers);
    rd_kafka_event_t *event = rd_kafka_queue_poll(answers, question->wait_ms);
    const rd_kafka_DescribeConfigs_result_t *result =
        event == NULL ? NULL : rd_kafka_event_DescribeConfigs_result(event);
    bool is_told = false;
    if (result != NULL && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        size_t count;
        const rd_kafka_ConfigResource_t **resources =
            rd_kafka_DescribeConfigs_result_resources(result, &count);
        is_told = count == 1 && visit_settings(resources[0], visit, context);
    }
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(answers);
    return is_told;
}

bool lt_kafka_describe_topic(struct lt_kafka_client *client, const char *topic, int32_t broker_id,
                             int wait_ms, lt_kafka_setting_fn *visit, void *context)
{
    const struct question question = {RD_KAFKA_RESOURCE_TOPIC, topic, broker_id, wait_ms};
    return describe(client, &question, visit, context);
}

static void take_auto_create(void *context, const char *name, const char *value)
{
    bool *makes_topics = context;
    if (strcmp(name, "auto.create.topics.enable") == 0)
        *makes_topics = strcmp(value, "false") != 0;
}

bool lt_kafka_makes_topics(struct lt_kafka_client *client, int32_t broker_id, int wait_ms)
{
    char name[16];
    bool makes_topics = true;
    snprintf(name, sizeof name, "%" PRId32, broker_id);
    const struct question question = {RD_KAFKA_RESOURCE_BROKER, name, broker_id, wait_ms};
    return !describe(client, &question, take_auto_create, &makes_topics) || makes_topics;
}

/* -------------------------------------------------------------------------------------- topics */

/* The name in `all` that is nearest to the topic's, or NULL. */
static const char *find_nearest(const struct rd_kafka_metadata *all, const char *topic)
{
    const char **names = lt_alloc_array((size_t)all->topic_cnt, sizeof *names);
    size_t count = 0;
    for (int i = 0; i < all->topic_cnt; i++) {
        if (!lt_kafka_topic_is_internal(all->topics[i].topic) &&
            strcmp(all->topics[i].topic, topic) != 0)
            names[count++] = all->topics[i].topic;
    }
    const char *near = lt_nearest(topic, names, count);
    free(names);
    return near;
}

int lt_kafka_fail_missing(struct lt_kafka_client *client, const char *topic, const char *note,
                          struct lt_error *error)
{
    const struct rd_kafka_metadata *all = NULL;
    const char *near = NULL;
    if (rd_kafka_metadata(client->rk, 1, NULL, &all, NEAREST_WAIT_MS) == RD_KAFKA_RESP_ERR_NO_ERROR)
        near = find_nearest(all, topic);
    int code =
        near == NULL
            ? lt_error_set(error, LT_E_NOT_FOUND, "topic \"%s\" does not exist%s", topic, note)
            : lt_error_set(error, LT_E_NOT_FOUND,
                           "topic \"%s\" does not exist%s; hint: did you mean \"%s\"?", topic, note,
                           near);
    if (all != NULL)
        rd_kafka_metadata_destroy(all);
    return code;
}
