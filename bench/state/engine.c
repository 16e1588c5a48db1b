#include "bench/state/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "bench/machine.h"
#include "bench/state/topic.h"
#include "bench/verdict.h"
#include "core/leat.h"

enum { NUMBER_BYTES = 24, TEXT_BYTES = 256 };

static const int64_t patience_ns = INT64_C(900000000000);

static double cpu_ns(void)
{
    struct timespec time;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0)
        bench_wrong("no clock");
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

struct adder {
    uint32_t column_count;
    struct answer answer;
};

static enum leat_write add(void *state, const leat_row *row, uint32_t flags)
{
    struct adder *adder = state;
    (void)flags;
    adder->answer.count++;
    for (uint32_t column = 0; column < adder->column_count; column++)
        answer_add_i64(&adder->answer, column, leat_row_i64(row, column));
    return LEAT_WRITE_DONE;
}

static void read_input(leat_context *context, const struct state_run *run,
                       const struct state_input *input)
{
    char topic[TOPIC_NAME_BYTES], limit[NUMBER_BYTES], parse[TEXT_BYTES];
    snprintf(topic, sizeof topic, "%s-%s", run->topics, input->view);
    snprintf(limit, sizeof limit, "%" PRIu32, run->batch_rows);
    leat_stream *stream =
        leat_read(context, "kafka",
                  leat_options_of("kafka.bootstrap.servers", run->bootstrap, "subscribe", topic,
                                  "startingOffsets", "earliest", "maxOffsetsPerTrigger", limit,
                                  (const char *)NULL),
                  NULL);
    snprintf(parse, sizeof parse, "from_json(cast(value AS string), '%s') AS j", input->schema);
    stream = leat_select(stream, parse);
    stream = leat_select(stream, input->columns);
    if (input->watermark != NULL)
        stream = leat_with_watermark(stream, input->watermark, input->delay);
    if (input->distinct != NULL)
        stream = leat_drop_duplicates(stream, input->distinct);
    if (leat_create_view(stream, input->view) != LEAT_OK)
        bench_wrong("%s: %s", run->query->name, leat_context_error(context));
}

static leat_query *make_query(leat_context *context, const struct state_run *run,
                              struct adder *adder)
{
    char cpu[NUMBER_BYTES];
    snprintf(cpu, sizeof cpu, "%d", BENCH_TESTED_CPU);
    for (uint32_t i = 0; i < run->query->input_count; i++)
        read_input(context, run, &run->query->inputs[i]);
    leat_stream *stream = run->query->custom != NULL ? run->query->custom(context)
                                                     : leat_stream_sql(context, run->query->sql);
    leat_query *query = leat_query_create(
        context,
        leat_options_of("checkpointLocation", run->checkpoint, "stateStore", run->store,
                        "shufflePartitions", "1", "cpus", cpu, (const char *)NULL));
    const leat_sink sink = {.size = sizeof sink, .name = "adder", .user = adder, .write = add};
    if (stream == NULL || query == NULL || leat_query_write_sink(query, stream, &sink) != LEAT_OK ||
        leat_query_trigger_available_now(query) != LEAT_OK ||
        leat_query_output_mode(query, run->query->mode) != LEAT_OK)
        bench_wrong("%s: %s%s", run->query->name, leat_context_error(context),
                    query != NULL ? leat_query_error(query) : "");
    return query;
}

struct answer engine_run(const struct state_run *run, double *ns)
{
    struct adder adder = {.column_count = run->query->column_count};
    leat_context *context = leat_context_create();
    leat_query *query = make_query(context, run, &adder);
    double begin_ns = cpu_ns();
    if (leat_start(query) != LEAT_OK || leat_await(query, patience_ns) != LEAT_OK)
        bench_wrong("%s: %s", run->query->name, leat_query_error(query));
    *ns = cpu_ns() - begin_ns;
    leat_query_destroy(query);
    leat_context_destroy(context);
    return adder.answer;
}
