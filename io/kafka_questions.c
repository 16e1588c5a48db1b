/*
 * Questions for offsets, and how often they are asked.
 *
 * What is wrong for a moment only - a leader moves, a topic made just now has none yet - is asked
 * again until the start's deadline, or, later on, for as long as a question may take. Whatever else
 * is wrong gets fetchOffset.numRetries. A query that is to end asks nothing again.
 *
 * librdkafka cannot be told to stop waiting for an answer, and what it stops waiting for stays in
 * the broker's way: requests of a connection are answered in turn. So a question of a query that
 * runs is asked for a second, then, unless the query is to end, anew for the rest of its time. A
 * broker that takes less than half of that for an answer is heard, and one that had gone silent
 * before a stop holds it up for a second. At the start there is one question with all the time.
 *
 * on: the thread that starts the query, and the control thread; they wait.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "io/kafka_extent.h"

enum {
    QUERY_MS = 10000, /* for a question asked after connect */
    FIRST_MS = 1000,  /* of that, before a stop is looked at */
    PASSING_REST_MS = 50,
};

/* Offsets that are asked for; the whole of one call of this file. */
struct question {
    const struct lt_kafka_source *source;
    rd_kafka_resp_err_t (*ask)(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list, int wait_ms);
    const int64_t *numbers;                /* by partition */
    rd_kafka_topic_partition_list_t *list; /* the latest answers; the caller destroys it */
};

static int64_t number_option(const struct lt_kafka_source *source, const char *name)
{
    return lt_options_i64(source->options, lt_kafka_source_options, lt_kafka_source_option_count,
                          name);
}

/* A list of the partitions whose number is set, with the numbers as offsets, in order. */
static rd_kafka_topic_partition_list_t *make_list(const struct lt_kafka_source *source,
                                                  const int64_t *numbers)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)source->base.partition_count);
    for (uint32_t i = 0; i < source->base.partition_count; i++) {
        if (numbers[i] == LT_KAFKA_UNSET)
            continue;
        rd_kafka_topic_partition_list_add(list, source->partitions[i].topic,
                                          source->partitions[i].id)
            ->offset = numbers[i];
    }
    return list;
}

/* How long a question may take. The start's all end by its deadline. */
static int left_ms(const struct lt_kafka_source *source)
{
    return source->is_starting ? lt_kafka_client_left_ms(&source->env) : QUERY_MS;
}

rd_kafka_resp_err_t lt_kafka_answer_error(const rd_kafka_topic_partition_t *asked)
{
    return asked->err == RD_KAFKA_RESP_ERR__IN_PROGRESS ? RD_KAFKA_RESP_ERR__TIMED_OUT : asked->err;
}

static int fail_query(const struct lt_kafka_source *source,
                      const rd_kafka_topic_partition_list_t *list, rd_kafka_resp_err_t err,
                      struct lt_error *error)
{
    for (int i = 0; i < list->cnt; i++) {
        if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return lt_kafka_client_fail(source->client, error,
                                        lt_kafka_answer_error(&list->elems[i]),
                                        "offsets of partition %" PRId32 " of topic \"%s\"",
                                        list->elems[i].partition, list->elems[i].topic);
    }
    return lt_kafka_client_fail(source->client, error, err, "offsets");
}

static rd_kafka_resp_err_t first_error(const rd_kafka_topic_partition_list_t *list,
                                       rd_kafka_resp_err_t err)
{
    for (int i = 0; i < list->cnt; i++) {
        if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return lt_kafka_answer_error(&list->elems[i]);
    }
    return err;
}

/* Before try number `tried` + 1 of a question that was first asked at `begun_ns` and failed with
 * `err`: false when there shall be none. */
static bool rest_before_retry(const struct lt_kafka_source *source, rd_kafka_resp_err_t err,
                              int64_t tried, int64_t begun_ns)
{
    int64_t pause_ns = number_option(source, "fetchOffset.retryIntervalMs");
    bool is_used_up = tried > number_option(source, "fetchOffset.numRetries");
    bool has_time = source->is_starting || lt_clock_now_ns(lt_clock_system()) - begun_ns <
                                               (int64_t)QUERY_MS * LT_NS_PER_MS;
    if (lt_connector_is_stopping(&source->env))
        return false;
    if (is_used_up && !(has_time && lt_kafka_is_passing(err)))
        return false;
    if (is_used_up && pause_ns < PASSING_REST_MS * LT_NS_PER_MS)
        pause_ns = PASSING_REST_MS * LT_NS_PER_MS;
    if (source->is_starting &&
        (int64_t)(lt_kafka_client_left_ms(&source->env) - LT_KAFKA_LAST_QUESTION_MS) *
                LT_NS_PER_MS <=
            pause_ns)
        return false;
    lt_kafka_client_rest(pause_ns);
    return true;
}

static rd_kafka_resp_err_t ask_for(struct question *question, int wait_ms)
{
    const struct lt_kafka_source *source = question->source;
    if (question->list != NULL)
        rd_kafka_topic_partition_list_destroy(question->list);
    question->list = make_list(source, question->numbers);
    if (question->list->cnt == 0)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    lt_kafka_source_hear(source);
    return first_error(question->list,
                       question->ask(source->client->rk, question->list, wait_ms));
}

/* Until there is an answer or its time is over. */
static rd_kafka_resp_err_t ask_once(struct question *question)
{
    const struct lt_kafka_source *source = question->source;
    int all_ms = left_ms(source);
    if (source->is_starting)
        return ask_for(question, all_ms);
    int64_t begun_ns = lt_clock_now_ns(lt_clock_system());
    rd_kafka_resp_err_t err = ask_for(question, FIRST_MS);
    int64_t taken_ms = (lt_clock_now_ns(lt_clock_system()) - begun_ns) / LT_NS_PER_MS;
    bool is_silence =
        err != RD_KAFKA_RESP_ERR_NO_ERROR && taken_ms >= FIRST_MS - LT_KAFKA_LAST_QUESTION_MS;
    if (!is_silence || lt_connector_is_stopping(&source->env))
        return err;
    return ask_for(question, all_ms - FIRST_MS);
}

/* As often as it may be asked. */
static rd_kafka_resp_err_t ask_again(struct question *question)
{
    int64_t begun_ns = lt_clock_now_ns(lt_clock_system());
    rd_kafka_resp_err_t err = ask_once(question);
    for (int64_t tried = 1; err != RD_KAFKA_RESP_ERR_NO_ERROR &&
                            rest_before_retry(question->source, err, tried, begun_ns);
         tried++)
        err = ask_once(question);
    return err;
}

/* `*err` is Kafka's word for what went wrong. */
static int ask(struct lt_kafka_source *source, int64_t *numbers, rd_kafka_resp_err_t *err,
               struct lt_error *error)
{
    struct question question = {source, rd_kafka_offsets_for_times, numbers, NULL};
    *err = ask_again(&question);
    int code = 0;
    if (*err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        code = fail_query(source, question.list, *err, error);
    } else {
        const rd_kafka_topic_partition_t *answer = question.list->elems;
        for (uint32_t i = 0; i < source->base.partition_count; i++)
            numbers[i] = numbers[i] == LT_KAFKA_UNSET ? LT_KAFKA_UNSET : (answer++)->offset;
    }
    rd_kafka_topic_partition_list_destroy(question.list);
    return code;
}

int lt_kafka_ask_offsets(struct lt_kafka_source *source, int64_t *numbers, struct lt_error *error)
{
    rd_kafka_resp_err_t err;
    return ask(source, numbers, &err, error);
}

/* One question with a deleted partition has no answer for any, nor for which it is. */
static int ask_each(struct lt_kafka_source *source, int64_t *numbers, struct lt_error *error)
{
    uint32_t count = source->base.partition_count;
    int64_t *single = lt_alloc_array(count, sizeof *single);
    int code = 0;
    for (uint32_t i = 0; i < count; i++)
        single[i] = LT_KAFKA_UNSET;
    for (uint32_t i = 0; i < count && code == 0; i++) {
        rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
        single[i] = numbers[i];
        code = ask(source, single, &err, error);
        if (code != 0 && lt_kafka_is_gone(err)) {
            single[i] = LT_KAFKA_GONE;
            code = 0;
        }
        numbers[i] = single[i];
        single[i] = LT_KAFKA_UNSET;
    }
    free(single);
    return code;
}

int lt_kafka_ask_offsets_left(struct lt_kafka_source *source, int64_t *numbers,
                              struct lt_error *error)
{
    rd_kafka_resp_err_t err;
    int code = ask(source, numbers, &err, error);
    return code != 0 && lt_kafka_is_gone(err) ? ask_each(source, numbers, error) : code;
}

int lt_kafka_ask_committed(struct lt_kafka_source *source, int64_t *numbers, struct lt_error *error)
{
    uint32_t count = source->base.partition_count;
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = RD_KAFKA_OFFSET_INVALID;
    struct question question = {source, rd_kafka_committed, numbers, NULL};
    rd_kafka_resp_err_t err = ask_again(&question);
    int code =
        err == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : fail_query(source, question.list, err, error);
    for (uint32_t i = 0; i < count && code == 0; i++)
        numbers[i] = question.list->elems[i].offset;
    rd_kafka_topic_partition_list_destroy(question.list);
    return code;
}
