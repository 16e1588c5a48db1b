/*
 * A topic as a table that ends: what Spark reads with spark.read. It begins at its earliest record
 * unless the options say otherwise, and it has an end, which is found when reading begins: by
 * endingTimestamp, endingOffsetsByTimestamp or endingOffsets, in this precedence, and by nothing
 * else at the latest record.
 *
 * A partition that ends where it begins, or before, is empty. An end behind the last record would
 * be waited for in vain: with failOnDataLoss it is an error at the start, and without it a warning.
 *
 * on: the control thread.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "core/base/log.h"
#include "io/kafka_loss.h"
#include "io/kafka_source_internal.h"

enum { EARLIEST = -2, LATEST = -1 }; /* in options */

static const char *option(const struct lt_kafka_source *source, const char *name)
{
    return lt_options_text(source->options, lt_kafka_source_options, lt_kafka_source_option_count,
                           name);
}

/* -------------------------------------------------------------------------------------- checks */

/* What a table can neither begin nor end at. */
struct impossible {
    int64_t number;
    const char *what, *why; /* "ending offset", "earliest" */
};

static int check_number(void *context, const char *topic, int32_t partition, int64_t number,
                        struct lt_error *error)
{
    const struct impossible *impossible = context;
    if (number != impossible->number)
        return 0;
    return lt_error_set(error, LT_E_INVALID,
                        "%s for %s-%" PRId32 " can't be %s for batch queries on Kafka",
                        impossible->what, topic, partition, impossible->why);
}

static int check_starting(const struct lt_kafka_source *source, struct lt_error *error)
{
    struct impossible latest = {LATEST, "startingOffsets", "latest"};
    const char *starting = option(source, "startingOffsets");
    if (option(source, "startingTimestamp") != NULL ||
        option(source, "startingOffsetsByTimestamp") != NULL ||
        lt_kafka_is_word(starting, "earliest") || lt_kafka_is_word(starting, "committed"))
        return 0;
    if (lt_kafka_is_word(starting, "latest"))
        return lt_error_set(error, LT_E_INVALID,
                            "starting offset can't be latest for batch queries on Kafka");
    return lt_kafka_offsets_parse(starting, check_number, &latest, error);
}

static int check_ending(const struct lt_kafka_source *source, struct lt_error *error)
{
    struct impossible earliest = {EARLIEST, "ending offset", "earliest"};
    const char *times = option(source, "endingOffsetsByTimestamp");
    const char *ending = option(source, "endingOffsets");
    if (times != NULL && lt_kafka_check_numbers(times, 0, error) < 0)
        return lt_error_append(error, "option \"endingOffsetsByTimestamp\"");
    if (ending == NULL || lt_kafka_is_word(ending, "latest"))
        return 0;
    if (lt_kafka_is_word(ending, "earliest"))
        return lt_error_set(error, LT_E_INVALID,
                            "ending offset can't be earliest for batch queries on Kafka");
    if (lt_kafka_check_numbers(ending, EARLIEST, error) < 0)
        return lt_error_append(
            error, "option \"endingOffsets\" is none of latest and an offset per partition");
    return lt_kafka_offsets_parse(ending, check_number, &earliest, error);
}

int lt_kafka_ending_check(const struct lt_kafka_source *source, struct lt_error *error)
{
    int code = check_starting(source, error);
    return code == 0 ? check_ending(source, error) : code;
}

/* ---------------------------------------------------------------------------------------- ends */

/* By the options; LATEST where they leave it to the topic. */
static int end_by_options(struct lt_kafka_source *source, int64_t *numbers, struct lt_error *error)
{
    const char *times = option(source, "endingOffsetsByTimestamp");
    const char *ending = option(source, "endingOffsets");
    uint32_t count = source->base.partition_count;
    int64_t time_ms = lt_options_i64(source->options, lt_kafka_source_options,
                                     lt_kafka_source_option_count, "endingTimestamp");
    if (time_ms < 0 && times != NULL) {
        int code = lt_kafka_take_numbers(source, "endingOffsetsByTimestamp", times, numbers, error);
        return code == 0 ? lt_kafka_ask_offsets(source, numbers, error) : code;
    }
    if (time_ms < 0 && ending != NULL && !lt_kafka_is_word(ending, "latest"))
        return lt_kafka_take_numbers(source, "endingOffsets", ending, numbers, error);
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = time_ms < 0 ? LATEST : time_ms;
    return time_ms < 0 ? 0 : lt_kafka_ask_offsets(source, numbers, error);
}

/* Nobody knows whether a record will ever be there. */
static int end_beyond(const struct lt_kafka_source *source, uint32_t index, int64_t wanted,
                      int64_t high, struct lt_error *error)
{
    const struct lt_kafka_partition *partition = &source->partitions[index];
    if (source->fails_on_data_loss)
        return lt_kafka_lose(error, "COULD_NOT_READ_OFFSET_RANGE",
                             "Could not read records in offset [%" PRId64 ", %" PRId64
                             ") for topic partition %s-%" PRId32 "\nwith consumer group %s"
                             "; hint: option \"endingOffsets\": -1 is latest",
                             high, wanted, partition->topic, partition->id,
                             source->group_id != NULL ? source->group_id : "null");
    lt_log_warn("source kafka: option \"endingOffsets\": partition %" PRId32
                " of topic \"%s\" ends at %" PRId64 ", before %" PRId64 ": it is read up to there",
                partition->id, partition->topic, high, wanted);
    return 0;
}

int lt_kafka_ending_latest(struct lt_source *base, struct lt_position *positions,
                           struct lt_error *error)
{
    struct lt_kafka_source *source = (struct lt_kafka_source *)base;
    uint32_t count = base->partition_count;
    int64_t *numbers = lt_alloc_array(count, sizeof *numbers);
    int code = lt_kafka_start_latest(base, positions, error);
    if (code == 0)
        code = end_by_options(source, numbers, error);
    for (uint32_t i = 0; i < count && code == 0; i++) {
        if (numbers[i] > positions[i].offset)
            code = end_beyond(source, i, numbers[i], positions[i].offset, error);
        else if (numbers[i] != LATEST)
            positions[i].offset = numbers[i];
    }
    free(numbers);
    return code;
}

/* No reader begins behind its end: that would be a loss. */
int lt_kafka_ending_open_reader(struct lt_source *base, const struct lt_connector_env *env,
                                const uint32_t *partitions, uint32_t partition_count,
                                const struct lt_position *start, const struct lt_position *end,
                                struct lt_reader **out, struct lt_error *error)
{
    struct lt_position *ends = lt_alloc_array(partition_count + 1u, sizeof *ends);
    for (uint32_t i = 0; i < partition_count && end != NULL; i++)
        ends[i] = end[i].offset > start[i].offset ? end[i] : start[i];
    int code = lt_kafka_reader_open(base, env, partitions, partition_count, start,
                                    end != NULL ? ends : NULL, out, error);
    free(ends);
    return code;
}
