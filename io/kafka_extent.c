#include "io/kafka_extent.h"

#include "core/base/log.h"

enum { QUESTION_MS = 1000 };

bool lt_kafka_is_gone(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

static rd_kafka_resp_err_t open_uncommitted(const struct lt_kafka_source *source,
                                            struct lt_kafka_client **out)
{
    static const struct lt_kafka_override level = {"isolation.level", "read_uncommitted"};
    const struct lt_kafka_client_options options = {.role = LT_KAFKA_CONSUMER,
                                                    .options = source->options,
                                                    .owner = "source kafka",
                                                    .env = &source->env,
                                                    .overrides = &level,
                                                    .override_count = 1};
    struct lt_error error;
    if (lt_kafka_client_open(&options, out, &error) == 0)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    *out = NULL;
    lt_log_warn("source kafka: cannot ask where partitions end: %s", error.text);
    return RD_KAFKA_RESP_ERR__FAIL;
}

/* One end of the partition, by ListOffsets' -1 or -2. Not rd_kafka_query_watermark_offsets(), which
 * waits for an answer however long the broker is away. */
static rd_kafka_resp_err_t ask_end(const struct lt_kafka_client *client,
                                   const struct lt_kafka_partition *partition, int64_t which,
                                   int64_t *out)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *asked =
        rd_kafka_topic_partition_list_add(list, partition->topic, partition->id);
    asked->offset = which;
    rd_kafka_resp_err_t err = rd_kafka_offsets_for_times(client->rk, list, QUESTION_MS);
    if (list->elems[0].err != RD_KAFKA_RESP_ERR_NO_ERROR)
        err = lt_kafka_answer_error(&list->elems[0]);
    *out = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return err;
}

rd_kafka_resp_err_t lt_kafka_extent_ask(const struct lt_kafka_source *source,
                                        struct lt_kafka_client *client,
                                        struct lt_kafka_client **uncommitted,
                                        const struct lt_kafka_partition *partition,
                                        struct lt_kafka_extent *out)
{
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (source->reads_committed && *uncommitted == NULL)
        err = open_uncommitted(source, uncommitted);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return err;
    if (source->reads_committed) {
        client = *uncommitted;
        rd_kafka_poll(client->rk, 0); /* nobody else takes what it is told meanwhile */
    }
    err = ask_end(client, partition, RD_KAFKA_OFFSET_END, &out->high);
    return err != RD_KAFKA_RESP_ERR_NO_ERROR
               ? err
               : ask_end(client, partition, RD_KAFKA_OFFSET_BEGINNING, &out->low);
}
