/*
 * What the files of the Kafka source share: kafka_source.c (options, schema, life), kafka_topics.c
 * (which partitions there are), kafka_start.c (where they begin and end), kafka_ending.c (where a
 * table ends), kafka_questions.c and
 * kafka_extent.c (what the brokers say of that), kafka_limits.c and kafka_mend.c (ranges of
 * micro-batches), kafka_reader.c (records), kafka_ahead.c (those of the next batch).
 *
 * The source owns one client, which finds partitions and offsets and commits for the group; it is
 * lent to the first reader, so that a query of one lane has one connection, already warm, and two
 * threads of librdkafka less. The other readers have clients of their own: lanes share nothing.
 */
#ifndef LT_IO_KAFKA_SOURCE_INTERNAL_H
#define LT_IO_KAFKA_SOURCE_INTERNAL_H

#include <regex.h>

#include "core/flow/connector.h"
#include "io/kafka_client.h"
#include "io/kafka_offsets.h"

enum lt_kafka_column {
    LT_KAFKA_KEY,
    LT_KAFKA_VALUE,
    LT_KAFKA_TOPIC,
    LT_KAFKA_PARTITION,
    LT_KAFKA_OFFSET,
    LT_KAFKA_TIMESTAMP,
    LT_KAFKA_TIMESTAMP_TYPE,
    LT_KAFKA_HEADERS,
    LT_KAFKA_COLUMN_COUNT
};

enum lt_kafka_selection { LT_KAFKA_SUBSCRIBE, LT_KAFKA_SUBSCRIBE_PATTERN, LT_KAFKA_ASSIGN };

struct lt_kafka_source {
    struct lt_source base;

    /* constant after bind */
    struct lt_options *options; /* a copy */
    enum lt_kafka_selection selection;
    char **topics; /* SUBSCRIBE: sorted, each once; ASSIGN: as well */
    uint32_t topic_count;
    regex_t pattern; /* SUBSCRIBE_PATTERN */
    bool has_pattern;
    struct lt_kafka_partition *assigned; /* ASSIGN: sorted; topics of `topics` */
    uint32_t assigned_count;
    bool includes_headers, fails_on_data_loss;
    bool is_table; /* it is read once, up to its end (kafka_ending.c) */
    /* isolation.level=read_committed: the end that a broker tells is its last stable offset, and
     * positions behind that may be good. */
    bool reads_committed;
    const char *group_id; /* or NULL; in options */

    /* by connect; constant while readers are open */
    struct lt_connector_env env;
    struct lt_kafka_client *client;
    char *cluster;              /* its id; "": not known */
    rd_kafka_topic_t **handles; /* one per topic found: keeps its metadata fresh in the client */
    struct lt_kafka_partition *partitions; /* sorted; base.partition_count; topics of `found` */
    char **found;     /* sorted */
    uint32_t *counts; /* of partitions, by topic found */
    uint32_t found_count;
    /* In batches, by partition: where it ends as far as its reader has heard, plus 1; 0: not known.
     * Written by readers, read by the control thread. */
    struct lt_shared_u64 *heard;
    /* SUBSCRIBE_PATTERN: when to ask for new topics again, for how long, and whether that it fails
     * has been told. on: control thread */
    int64_t next_look_ns;
    int look_wait_ms;
    bool looks_in_vain;

    /* control thread */
    bool has_fired; /* minOffsetsPerTrigger: some batch was let in, then */
    int64_t last_fired_ns;
    bool begins_anew; /* the batch that is planned goes around a loss: it does not wait */
    bool *gone;       /* told of, by partition; NULL: none was */
    struct lt_kafka_client *uncommitted; /* kafka_extent.c; NULL: not needed yet */
    bool client_is_lent;
    bool is_starting; /* from connect to the first reader: env.deadline_ns bounds what is asked */
};

extern const struct lt_option_spec lt_kafka_source_options[];
extern const size_t lt_kafka_source_option_count;

/* kafka_source.c. In batches: takes what the source's own client was told, answers to commits and
 * faults of connections, which would be kept for ever else. on: control thread. */
void lt_kafka_source_hear(const struct lt_kafka_source *source);

/* kafka_topics.c. Finds the partitions; may be called again. Waits until env.deadline_ns at most.
 */
int lt_kafka_topics_discover(struct lt_kafka_source *source, struct lt_error *error) LT_MUST_USE;
/* Compiles subscribePattern: POSIX extended, whole name, with Java's \d \w \s. */
int lt_kafka_topics_compile(const char *pattern, regex_t *out, struct lt_error *error) LT_MUST_USE;
/* True for a topic that the options ask for, whether it exists or not. */
bool lt_kafka_topics_selects(const struct lt_kafka_source *source, const char *topic);
bool lt_kafka_topics_changed(struct lt_kafka_source *source);
/* For qsort and bsearch over an array of names. */
int lt_kafka_topics_compare(const void *a, const void *b);
void lt_kafka_topics_forget(struct lt_kafka_source *source);

/* kafka_questions.c. What went wrong with a partition that was asked for: librdkafka leaves a
 * question that was not answered in time in progress. */
rd_kafka_resp_err_t lt_kafka_answer_error(const rd_kafka_topic_partition_t *asked);
/* These wait until env.deadline_ns while the query starts, and 10 s later on. */
#define LT_KAFKA_UNSET INT64_MIN
/* Turns times (or -1, -2: latest, earliest) into offsets, in place, one per partition; entries that
 * are LT_KAFKA_UNSET stay so. A time without a record at or after it becomes -1. */
int lt_kafka_ask_offsets(struct lt_kafka_source *source, int64_t *numbers,
                         struct lt_error *error) LT_MUST_USE;
/* As that; partitions that were deleted since they were found become LT_KAFKA_GONE. */
#define LT_KAFKA_GONE (INT64_MIN + 1)
int lt_kafka_ask_offsets_left(struct lt_kafka_source *source, int64_t *numbers,
                              struct lt_error *error) LT_MUST_USE;
/* What the group has committed; negative: nothing. */
int lt_kafka_ask_committed(struct lt_kafka_source *source, int64_t *numbers,
                           struct lt_error *error) LT_MUST_USE;

/* kafka_start.c. A word as Spark matches it, without regard to case and blanks around. */
bool lt_kafka_is_word(const char *value, const char *word);
/* {"topic":{"0":23}}: whether no number is below `min`; and the numbers by partition, which must
 * all be named. The option `name` is named in errors. */
int lt_kafka_check_numbers(const char *json, int64_t min, struct lt_error *error) LT_MUST_USE;
int lt_kafka_take_numbers(const struct lt_kafka_source *source, const char *name, const char *json,
                          int64_t *numbers, struct lt_error *error) LT_MUST_USE;
int lt_kafka_start_check(const struct lt_kafka_source *source,
                         struct lt_error *error) LT_MUST_USE; /* at bind */
int lt_kafka_start_initial(struct lt_source *base, struct lt_position *positions,
                           struct lt_text_buffer *keep, struct lt_error *error);
int lt_kafka_start_latest(struct lt_source *base, struct lt_position *positions,
                          struct lt_error *error);
void lt_kafka_start_to_json(struct lt_source *base, const struct lt_position *positions,
                            struct lt_text_buffer *out);
int lt_kafka_start_from_json(struct lt_source *base, const char *json,
                             struct lt_position *positions, struct lt_error *error);

/* kafka_ending.c. */
int lt_kafka_ending_check(const struct lt_kafka_source *source,
                          struct lt_error *error) LT_MUST_USE; /* at bind */
int lt_kafka_ending_latest(struct lt_source *base, struct lt_position *positions,
                           struct lt_error *error);
int lt_kafka_ending_open_reader(struct lt_source *base, const struct lt_connector_env *env,
                                const uint32_t *partitions, uint32_t partition_count,
                                const struct lt_position *start, const struct lt_position *end,
                                struct lt_reader **out, struct lt_error *error);

/* kafka_mend.c. */
int lt_kafka_mend(struct lt_source *base, const struct lt_position *start,
                  struct lt_position *latest, struct lt_position *from, struct lt_error *error);

/* kafka_ahead.c. */
bool lt_kafka_at_hand(struct lt_source *base, const struct lt_position *start,
                      struct lt_position *positions);

/* kafka_limits.c. */
int lt_kafka_admit(struct lt_source *base, const struct lt_position *start,
                   const struct lt_position *latest, struct lt_position *end,
                   struct lt_error *error);

/* kafka_reader.c. */
int lt_kafka_reader_open(struct lt_source *base, const struct lt_connector_env *env,
                         const uint32_t *partitions, uint32_t partition_count,
                         const struct lt_position *start, const struct lt_position *end,
                         struct lt_reader **out, struct lt_error *error);

#endif
