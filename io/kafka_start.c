/*
 * Where partitions begin and end: starting offsets of a new query, latest offsets, and the
 * checkpoint's text.
 *
 * Earliest, latest and "at or after a time" are one kind of question to Kafka (ListOffsets with -2,
 * -1 or a timestamp), so whatever a query asks for is one request per broker, for all partitions
 * together.
 *
 * Only a new query looks at the starting options; a restart goes on where the checkpoint ends.
 * Partitions that the checkpoint does not know begin at their earliest record, so that nothing
 * written before they were noticed is lost.
 */
#include "io/kafka_source_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/log.h"
#include "io/kafka_loss.h"

enum {
    EARLIEST = -2, /* in options, in ListOffsets, and in librdkafka alike */
    LATEST = -1,
};

struct wanted {
    const struct lt_kafka_source *source;
    int64_t *numbers; /* per partition; LT_KAFKA_UNSET where the text named none */
    const char *option;
    int64_t min;
    struct lt_text_buffer lost; /* of a checkpoint: partitions that are gone, "t-0, t-1" */
    uint32_t lost_count;
};

static const char *option(const struct lt_kafka_source *source, const char *name)
{
    return lt_options_text(source->options, lt_kafka_source_options, lt_kafka_source_option_count,
                           name);
}

static int64_t number_option(const struct lt_kafka_source *source, const char *name)
{
    return lt_options_i64(source->options, lt_kafka_source_options, lt_kafka_source_option_count,
                          name);
}

/* Starting offsets are a word or JSON; words match as Spark's do, without regard to case and blanks
 * around. */
bool lt_kafka_is_word(const char *value, const char *word)
{
    while (lt_ascii_is_blank(*value))
        value++;
    size_t size_bytes = strlen(word);
    if (!lt_ascii_starts_with(value, word))
        return false;
    for (value += size_bytes; lt_ascii_is_blank(*value); value++)
        continue;
    return *value == '\0';
}

/* -------------------------------------------------------------------------------------- checks */

static int check_entry(void *context, const char *topic, int32_t partition, int64_t number,
                       struct lt_error *error)
{
    const struct wanted *wanted = context;
    if (number >= wanted->min)
        return 0;
    return lt_error_set(error, LT_E_INVALID,
                        "partition %" PRId32 " of topic \"%s\": %" PRId64 " is below %" PRId64,
                        partition, topic, number, wanted->min);
}

int lt_kafka_check_numbers(const char *json, int64_t min, struct lt_error *error)
{
    struct wanted wanted = {.min = min};
    return lt_kafka_offsets_parse(json, check_entry, &wanted, error);
}

int lt_kafka_start_check(const struct lt_kafka_source *source, struct lt_error *error)
{
    const char *starting = option(source, "startingOffsets");
    bool is_json = !lt_kafka_is_word(starting, "earliest") &&
                   !lt_kafka_is_word(starting, "latest") &&
                   !lt_kafka_is_word(starting, "committed");
    if (lt_kafka_is_word(starting, "committed") && source->group_id == NULL)
        return lt_error_set(error, LT_E_INVALID,
                            "option \"startingOffsets\": committed offsets belong to a group; "
                            "hint: set kafka.group.id");
    if (is_json && lt_kafka_check_numbers(starting, EARLIEST, error) < 0)
        return lt_error_append(
            error,
            "option \"startingOffsets\" is none of earliest, latest, committed and an offset "
            "per partition");
    const char *times = option(source, "startingOffsetsByTimestamp");
    if (times != NULL && lt_kafka_check_numbers(times, 0, error) < 0)
        return lt_error_append(error, "option \"startingOffsetsByTimestamp\"");
    return 0;
}

/* In batches a partition that is gone has no end: whether that is a loss is found when the batch is
 * planned (io/kafka_mend.c). */
int lt_kafka_start_latest(struct lt_source *base, struct lt_position *positions,
                          struct lt_error *error)
{
    struct lt_kafka_source *source = (struct lt_kafka_source *)base;
    uint32_t count = base->partition_count;
    int64_t *numbers = lt_alloc_array(count, sizeof *numbers);
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = LATEST;
    int code = source->env.in_batches ? lt_kafka_ask_offsets_left(source, numbers, error)
                                      : lt_kafka_ask_offsets(source, numbers, error);
    for (uint32_t i = 0; i < count && code == 0; i++)
        positions[i] = (struct lt_position){numbers[i] == LT_KAFKA_GONE ? -1 : numbers[i], 0};
    free(numbers);
    return code;
}

/* ---------------------------------------------------------------------------- starting options */

static uint32_t find_partition(const struct lt_kafka_source *source, const char *topic, int32_t id)
{
    struct lt_kafka_partition wanted = {topic, id};
    for (uint32_t i = 0; i < source->base.partition_count; i++) {
        if (lt_kafka_partition_compare(&source->partitions[i], &wanted) == 0)
            return i;
    }
    return UINT32_MAX;
}

static int take_entry(void *context, const char *topic, int32_t partition, int64_t number,
                      struct lt_error *error)
{
    const struct wanted *wanted = context;
    uint32_t index = find_partition(wanted->source, topic, partition);
    if (index == UINT32_MAX)
        return lt_error_set(error, LT_E_INVALID,
                            "option \"%s\" names partition %" PRId32
                            " of topic \"%s\", which this query does not read",
                            wanted->option, partition, topic);
    wanted->numbers[index] = number;
    return 0;
}

static void fill(const struct lt_kafka_source *source, int64_t *numbers, int64_t number)
{
    for (uint32_t i = 0; i < source->base.partition_count; i++)
        numbers[i] = number;
}

int lt_kafka_take_numbers(const struct lt_kafka_source *source, const char *name, const char *json,
                          int64_t *numbers, struct lt_error *error)
{
    struct wanted wanted = {.source = source, .numbers = numbers, .option = name};
    fill(source, numbers, LT_KAFKA_UNSET);
    int code = lt_kafka_offsets_parse(json, take_entry, &wanted, error);
    for (uint32_t i = 0; i < source->base.partition_count && code == 0; i++) {
        if (numbers[i] == LT_KAFKA_UNSET)
            code =
                lt_error_set(error, LT_E_INVALID,
                             "option \"%s\" must name all partitions, and lacks partition %" PRId32
                             " of topic \"%s\"; hint: -1 is latest, -2 is earliest",
                             name, source->partitions[i].id, source->partitions[i].topic);
    }
    return code;
}

/* startingTimestamp, startingOffsetsByTimestamp: `numbers` holds times, and then offsets, or LATEST
 * by strategy. */
static int resolve_times(struct lt_kafka_source *source, int64_t *numbers, struct lt_error *error)
{
    int code = lt_kafka_ask_offsets(source, numbers, error);
    bool takes_latest = strcmp(option(source, "startingOffsetsByTimestampStrategy"), "latest") == 0;
    for (uint32_t i = 0; i < source->base.partition_count && code == 0; i++) {
        if (numbers[i] == LATEST && !takes_latest)
            code = lt_error_set(
                error, LT_E_NOT_FOUND,
                "no offset matched from request: partition %" PRId32
                " of topic \"%s\" has no record at or after the starting timestamp; hint: "
                "startingOffsetsByTimestampStrategy=latest",
                source->partitions[i].id, source->partitions[i].topic);
    }
    return code;
}

static int committed(struct lt_kafka_source *source, int64_t *numbers, struct lt_error *error)
{
    int code = lt_kafka_ask_committed(source, numbers, error);
    for (uint32_t i = 0; i < source->base.partition_count && code == 0; i++) {
        if (numbers[i] >= 0)
            continue;
        numbers[i] = EARLIEST;
        lt_log_warn("source kafka: group \"%s\" has committed nothing for partition %" PRId32
                    " of topic \"%s\": starting at the earliest record",
                    source->group_id, source->partitions[i].id, source->partitions[i].topic);
    }
    return code;
}

/* Offsets stay; LATEST and EARLIEST become offsets, by one question for all. */
static int resolve_words(struct lt_kafka_source *source, int64_t *numbers, struct lt_error *error)
{
    uint32_t count = source->base.partition_count;
    int64_t *words = lt_alloc_array(count, sizeof *words);
    for (uint32_t i = 0; i < count; i++)
        words[i] = numbers[i] < 0 ? numbers[i] : LT_KAFKA_UNSET;
    int code = lt_kafka_ask_offsets(source, words, error);
    for (uint32_t i = 0; i < count && code == 0; i++)
        numbers[i] = words[i] == LT_KAFKA_UNSET ? numbers[i] : words[i];
    free(words);
    return code;
}

/* An offset that the user named and the topic does not have, now that somebody looks. */
static int leave_range(const struct lt_kafka_source *source, uint32_t index, int64_t *number,
                       const int64_t range[2], struct lt_error *error)
{
    const struct lt_kafka_partition *partition = &source->partitions[index];
    int64_t wanted = *number;
    if (!source->fails_on_data_loss) {
        lt_log_warn("source kafka: option \"startingOffsets\": partition %" PRId32
                    " of topic \"%s\" has offsets %" PRId64 " to %" PRId64 " and not %" PRId64
                    ": starting at the earliest record",
                    partition->id, partition->topic, range[0], range[1], wanted);
        *number = range[0];
        return 0;
    }
    return lt_kafka_lose(error, "START_OFFSET_RESET",
                         "Starting offset for %s-%" PRId32 " was %" PRId64
                         " but consumer reset to %" PRId64
                         "; hint: option \"startingOffsets\": the partition has offsets %" PRId64
                         " to %" PRId64 "; -1 is latest, -2 is earliest",
                         partition->topic, partition->id, wanted, range[0], range[0], range[1]);
}

/* Two questions, which only a query that names its offsets has to wait for. With read_committed the
 * second is answered with the last stable offset, behind which there may be records: whether there
 * are is seen when reading begins. */
static int check_ranges(struct lt_kafka_source *source, int64_t *numbers, struct lt_error *error)
{
    uint32_t count = source->base.partition_count;
    int64_t *low = lt_alloc_array(count, sizeof *low);
    int64_t *high = lt_alloc_array(count, sizeof *high);
    for (uint32_t i = 0; i < count; i++) {
        low[i] = numbers[i] < 0 ? LT_KAFKA_UNSET : EARLIEST;
        high[i] = numbers[i] < 0 ? LT_KAFKA_UNSET : LATEST;
    }
    int code = lt_kafka_ask_offsets(source, low, error);
    code = code == 0 ? lt_kafka_ask_offsets(source, high, error) : code;
    for (uint32_t i = 0; i < count && code == 0; i++) {
        bool is_behind = numbers[i] > high[i] && !source->reads_committed;
        if (numbers[i] >= 0 && (numbers[i] < low[i] || is_behind))
            code = leave_range(source, i, &numbers[i], (int64_t[]){low[i], high[i]}, error);
    }
    free(low);
    free(high);
    return code;
}

/* By the options, in Spark's order of precedence. */
static int start_by_options(struct lt_kafka_source *source, int64_t *numbers,
                            struct lt_error *error)
{
    const char *starting = option(source, "startingOffsets");
    const char *times = option(source, "startingOffsetsByTimestamp");
    int code = 0;
    if (option(source, "startingTimestamp") != NULL) {
        fill(source, numbers, number_option(source, "startingTimestamp"));
        code = resolve_times(source, numbers, error);
    } else if (times != NULL) {
        code = lt_kafka_take_numbers(source, "startingOffsetsByTimestamp", times, numbers, error);
        code = code == 0 ? resolve_times(source, numbers, error) : code;
    } else if (lt_kafka_is_word(starting, "committed")) {
        code = committed(source, numbers, error);
    } else if (lt_kafka_is_word(starting, "earliest") || lt_kafka_is_word(starting, "latest")) {
        fill(source, numbers, lt_kafka_is_word(starting, "earliest") ? EARLIEST : LATEST);
    } else {
        code = lt_kafka_take_numbers(source, "startingOffsets", starting, numbers, error);
        code = code == 0 ? check_ranges(source, numbers, error) : code;
    }
    return code == 0 ? resolve_words(source, numbers, error) : code;
}

/* ---------------------------------------------------------------------------------- checkpoint */

/* sources/<i>/0: a zero byte for readers of old, "v1", a line feed, the offsets. */
static const char kept_head[] = "\0v1\n";
enum { KEPT_HEAD_BYTES = sizeof kept_head - 1 };

int lt_kafka_start_initial(struct lt_source *base, struct lt_position *positions,
                           struct lt_text_buffer *keep, struct lt_error *error)
{
    struct lt_kafka_source *source = (struct lt_kafka_source *)base;
    const struct lt_connector_env *env = &source->env;
    if (env->kept != NULL) {
        if (env->kept_size_bytes < KEPT_HEAD_BYTES ||
            memcmp(env->kept, kept_head, KEPT_HEAD_BYTES) != 0)
            return lt_error_set(error, LT_E_CORRUPT,
                                "the kept initial offsets do not begin with \"v1\"");
        return lt_kafka_start_from_json(base, env->kept + KEPT_HEAD_BYTES, positions, error);
    }
    int64_t *numbers = lt_alloc_array(base->partition_count, sizeof *numbers);
    int code = start_by_options(source, numbers, error);
    for (uint32_t i = 0; i < base->partition_count && code == 0; i++)
        positions[i] = (struct lt_position){numbers[i], 0};
    free(numbers);
    if (code < 0)
        return code;
    lt_text_append_n(keep, kept_head, KEPT_HEAD_BYTES);
    lt_kafka_start_to_json(base, positions, keep);
    return 0;
}

void lt_kafka_start_to_json(struct lt_source *base, const struct lt_position *positions,
                            struct lt_text_buffer *out)
{
    const struct lt_kafka_source *source = (struct lt_kafka_source *)base;
    lt_kafka_offsets_print(source->partitions, &positions->offset, sizeof *positions,
                           base->partition_count, out);
}

/* A partition that the checkpoint knows and the topic has no more. */
static void note_lost(struct wanted *wanted, const char *topic, int32_t partition)
{
    if (!wanted->source->fails_on_data_loss) {
        lt_log_warn("source kafka: partition %" PRId32
                    " of topic \"%s\" is in the checkpoint and is gone: data may have been lost",
                    partition, topic);
        return;
    }
    lt_text_format(&wanted->lost, "%s%s-%" PRId32, wanted->lost_count++ == 0 ? "" : ", ", topic,
                   partition);
}

static int take_logged(void *context, const char *topic, int32_t partition, int64_t number,
                       struct lt_error *error)
{
    struct wanted *wanted = context;
    uint32_t index = find_partition(wanted->source, topic, partition);
    if (index == UINT32_MAX) {
        note_lost(wanted, topic, partition);
        return 0;
    }
    if (number < 0)
        return lt_error_set(error, LT_E_CORRUPT,
                            "offset %" PRId64 " of partition %" PRId32
                            " of topic \"%s\" is negative",
                            number, partition, topic);
    wanted->numbers[index] = number;
    return 0;
}

/* ------------------------------------------------------------------------- whose checkpoint */

struct logged_topics {
    const struct lt_kafka_source *source;
    struct lt_text_buffer names; /* each once, as they stand next to each other in the log */
    char *last;
    bool is_ours; /* one of them is asked for */
};

static int note_topic(void *context, const char *topic, int32_t partition, int64_t number,
                      struct lt_error *error)
{
    struct logged_topics *logged = context;
    (void)partition;
    (void)number;
    (void)error;
    if (logged->last != NULL && strcmp(logged->last, topic) == 0)
        return 0;
    logged->is_ours |= lt_kafka_topics_selects(logged->source, topic);
    lt_text_format(&logged->names, "%s\"%s\"", logged->last == NULL ? "" : ", ", topic);
    free(logged->last);
    logged->last = lt_strdup(topic);
    return 0;
}

static void name_selection(const struct lt_kafka_source *source, struct lt_text_buffer *out)
{
    if (source->selection == LT_KAFKA_SUBSCRIBE_PATTERN)
        lt_text_format(out, "topics that match \"%s\"", option(source, "subscribePattern"));
    for (uint32_t i = 0; i < source->topic_count; i++)
        lt_text_format(out, "%s\"%s\"", i == 0 ? "" : ", ", source->topics[i]);
}

/* Topics may come and go (Spark allows it for Kafka), but a checkpoint that knows none of those
 * asked for is another query's: going on with it would begin all of them anew and forget the
 * others. */
static int check_topics(const struct lt_kafka_source *source, const char *json,
                        struct lt_error *error)
{
    struct logged_topics logged = {.source = source};
    struct lt_text_buffer wanted;
    lt_text_init(&logged.names);
    lt_text_init(&wanted);
    int code = lt_kafka_offsets_parse(json, note_topic, &logged, error);
    if (code == 0 && logged.last != NULL && !logged.is_ours) {
        name_selection(source, &wanted);
        code = lt_error_set(error, LT_E_CHECKPOINT,
                            "the checkpoint is another query's: it has offsets of %s, and this "
                            "query reads %s; hint: give this query a checkpoint of its own "
                            "(--checkpoint, or the option checkpointLocation)",
                            lt_text_get(&logged.names), lt_text_get(&wanted));
    }
    free(logged.last);
    lt_text_fini(&logged.names);
    lt_text_fini(&wanted);
    return code;
}

/* Added partitions that were deleted before anybody could ask where they begin: all at once. */
static int lose_added(const struct lt_kafka_source *source, int64_t *added, struct lt_error *error)
{
    struct lt_text_buffer names;
    uint32_t count = 0;
    lt_text_init(&names);
    for (uint32_t i = 0; i < source->base.partition_count; i++) {
        const struct lt_kafka_partition *partition = &source->partitions[i];
        if (added[i] != LT_KAFKA_GONE)
            continue;
        added[i] = 0; /* where it would begin if it came again */
        lt_text_format(&names, "%s%s-%" PRId32, count++ == 0 ? "" : ", ", partition->topic,
                       partition->id);
    }
    int code = 0;
    if (count > 0 && source->fails_on_data_loss)
        code = lt_kafka_lose_added(error, lt_text_get(&names), count);
    else if (count > 0)
        lt_log_warn("source kafka: added partitions %s are gone: data may have been lost",
                    lt_text_get(&names));
    lt_text_fini(&names);
    return code;
}

/* An added partition that does not begin at 0 had records that nobody has read. */
static int check_added(const struct lt_kafka_source *source, uint32_t index, int64_t begin,
                       struct lt_error *error)
{
    const struct lt_kafka_partition *partition = &source->partitions[index];
    if (begin == 0)
        return 0;
    if (source->fails_on_data_loss)
        return lt_kafka_lose(error, "ADDED_PARTITION_DOES_NOT_START_FROM_OFFSET_ZERO",
                             "Added partition %s-%" PRId32 " starts from %" PRId64 " instead of 0.",
                             partition->topic, partition->id, begin);
    lt_log_warn("source kafka: added partition %" PRId32
                " of topic \"%s\" begins at offset %" PRId64 ": data may have been lost",
                partition->id, partition->topic, begin);
    return 0;
}

/* Partitions that were added since begin at their earliest record. */
static int start_added(struct lt_kafka_source *source, int64_t *numbers, struct lt_error *error)
{
    uint32_t count = source->base.partition_count;
    int64_t *added = lt_alloc_array(count, sizeof *added);
    bool has_added = false;
    for (uint32_t i = 0; i < count; i++) {
        added[i] = numbers[i] == LT_KAFKA_UNSET ? EARLIEST : LT_KAFKA_UNSET;
        has_added |= numbers[i] == LT_KAFKA_UNSET;
    }
    int code = has_added ? lt_kafka_ask_offsets_left(source, added, error) : 0;
    if (code == 0)
        code = lose_added(source, added, error);
    for (uint32_t i = 0; i < count && code == 0; i++) {
        if (added[i] == LT_KAFKA_UNSET)
            continue;
        numbers[i] = added[i];
        code = check_added(source, i, added[i], error);
    }
    free(added);
    return code;
}

/* What leat or Spark has written parses. */
static int fail_damaged(struct lt_error *error)
{
    char cause[LT_ERROR_TEXT_MAX] = "";
    if (error != NULL)
        snprintf(cause, sizeof cause, "%s", error->text);
    return lt_error_set(error, LT_E_CORRUPT,
                        "the offsets in the checkpoint are damaged: %s; hint: restore the "
                        "directory from a copy, or start with a new one",
                        cause);
}

int lt_kafka_start_from_json(struct lt_source *base, const char *json,
                             struct lt_position *positions, struct lt_error *error)
{
    struct lt_kafka_source *source = (struct lt_kafka_source *)base;
    int64_t *numbers = lt_alloc_array(base->partition_count, sizeof *numbers);
    struct wanted wanted = {.source = source, .numbers = numbers};
    lt_text_init(&wanted.lost);
    fill(source, numbers, LT_KAFKA_UNSET);
    int code = check_topics(source, json, error);
    if (code == 0)
        code = lt_kafka_offsets_parse(json, take_logged, &wanted, error);
    if (code == LT_E_PARSE)
        code = fail_damaged(error);
    if (code == 0 && wanted.lost_count > 0)
        code = lt_kafka_lose_partitions(error, lt_text_get(&wanted.lost), wanted.lost_count,
                                        source->group_id != NULL);
    if (code == 0)
        code = start_added(source, numbers, error);
    for (uint32_t i = 0; i < base->partition_count && code == 0; i++)
        positions[i] = (struct lt_position){numbers[i], 0};
    lt_text_fini(&wanted.lost);
    free(numbers);
    return code;
}
