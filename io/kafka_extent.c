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
    return rd_kafka_query_watermark_offsets(client->rk, partition->topic, partition->id, &out->low,
                                            &out->high, QUESTION_MS);
}
