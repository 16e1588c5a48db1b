#include "bench/inprocess/pipeline.h"

#include <stdlib.h>

#include "bench/verdict.h"
#include "core/leat.h"

/* Three of four rows pass. */
#define CONDITION "order_id % 4 <> 0 and amount >= 0"
#define COLUMNS "order_id, customer, items, amount * 1.19 as gross, note"
enum { ORDER_ID, GROSS = 3, DRAIN_S = 20 };

struct pipeline {
    leat_context *context;
    leat_query *query;
    leat_output *output;
    int64_t last_id;
    uint64_t count;
    int64_t id_sum;
    double gross_sum;
};

static void must(const struct pipeline *pipeline, int status, const char *what)
{
    if (status < 0)
        bench_wrong("%s: %s%s", what, leat_context_error(pipeline->context),
                    pipeline->query == NULL ? "" : leat_query_error(pipeline->query));
}

static enum leat_action pass_on(void *state, const leat_row *row, leat_out *out, uint32_t flags)
{
    (void)state;
    (void)row;
    (void)out;
    (void)flags;
    return LEAT_EMIT;
}

static leat_stream *build(struct pipeline *pipeline, const struct pipeline_options *options)
{
    const leat_operator empty = {.size = sizeof empty, .name = "empty", .process = pass_on};
    leat_stream *stream =
        leat_read(pipeline->context, "rate",
                  leat_options_of("columns", "orders", "numPartitions", "1", "openLoop", "true",
                                  "rowsPerSecond", options->rows_per_second, NULL),
                  NULL);
    if (options->has_empty_operator)
        stream = leat_apply(stream, &empty);
    return leat_select(leat_filter(stream, CONDITION), COLUMNS);
}

/* Spinning on both CPUs, or on the thread that calls. With three stages the first and the last
 * share a worker, the operators have the other. */
static leat_options *query_options(const struct pipeline_options *options)
{
    if (options->stages == NULL)
        return NULL;
    bool is_fused = options->stages[0] == '1';
    return leat_options_of("lanes", "1", "stages", options->stages, "idle", "spin", "cpus",
                           is_fused ? "1" : "1,0", NULL);
}

struct pipeline *pipeline_create(const struct pipeline_options *options)
{
    struct pipeline *pipeline = calloc(1, sizeof *pipeline);
    if (pipeline == NULL)
        bench_wrong("no memory");
    pipeline->last_id = -1;
    pipeline->context = leat_context_create();
    pipeline->output = leat_output_create(pipeline->context, options->output_rows);
    leat_stream *stream = build(pipeline, options);
    must(pipeline, stream == NULL ? -1 : 0, "building the query");
    pipeline->query = leat_query_create(pipeline->context, query_options(options));
    must(pipeline, leat_query_write_output(pipeline->query, stream, pipeline->output), "output");
    must(pipeline, leat_query_trigger_continuous(pipeline->query, INT64_C(3600000000000)),
         "trigger");
    must(pipeline,
         options->stages == NULL ? leat_start_invoked(pipeline->query)
                                 : leat_start(pipeline->query),
         "start");
    return pipeline;
}

/* In order, none missing, none twice. */
static void check(void *user, const leat_row *row)
{
    struct pipeline *pipeline = user;
    int64_t id = leat_row_i64(row, ORDER_ID);
    int64_t expected = pipeline->last_id + 1;
    expected += expected % 4 == 0;
    if (id != expected)
        bench_wrong("order %lld came out instead of %lld", (long long)id, (long long)expected);
    pipeline->last_id = id;
    pipeline->count++;
    pipeline->id_sum += id;
    pipeline->gross_sum += leat_row_f64(row, GROSS);
}

void pipeline_take(struct pipeline *pipeline)
{
    while (leat_output_poll(pipeline->output, check, pipeline, 1024) == 1024)
        continue;
}

void pipeline_step(struct pipeline *pipeline)
{
    must(pipeline, leat_do_work(pipeline->query), "work");
    pipeline_take(pipeline);
}

uint64_t pipeline_read_count(const struct pipeline *pipeline)
{
    return (uint64_t)(pipeline->last_id + 1);
}

int64_t pipeline_latency_ns(struct pipeline *pipeline, double quantile)
{
    return leat_query_latency_ns(pipeline->query, quantile);
}

/* The ids 1 to `last_id` without the multiples of 4, and gross amounts that lie evenly in
 * 0..1190. */
static void check_sums(const struct pipeline *pipeline)
{
    int64_t last = pipeline->last_id, fours = last / 4;
    int64_t id_sum = last * (last + 1) / 2 - 4 * (fours * (fours + 1) / 2);
    if (last < 0 || pipeline->count != (uint64_t)(last - fours) || pipeline->id_sum != id_sum)
        bench_wrong("%llu rows up to order %lld with ids of %lld in all",
                    (unsigned long long)pipeline->count, (long long)last,
                    (long long)pipeline->id_sum);
    double mean = pipeline->gross_sum / (double)pipeline->count;
    if (pipeline->count > 10000 && (mean < 575 || mean > 615))
        bench_wrong("the mean of \"gross\" is %.1f, not 595", mean);
}

static int64_t counter(const struct pipeline *pipeline, const char *name)
{
    int64_t value = -1;
    if (!leat_query_counter(pipeline->query, name, &value))
        bench_wrong("no counter \"%s\"", name);
    return value;
}

void pipeline_destroy(struct pipeline *pipeline)
{
    leat_request_stop(pipeline->query);
    int status = LEAT_ERROR_TIMEOUT;
    /* Rows must be taken out, or the rest cannot come. */
    for (int i = 0; i < DRAIN_S * 1000 && status == LEAT_ERROR_TIMEOUT; i++) {
        status = leat_await(pipeline->query, 1000000);
        pipeline_take(pipeline);
    }
    must(pipeline, status, "stop");
    int64_t read = counter(pipeline, "lane0.source.records"), rest = read - 1 - pipeline->last_id;
    if (rest < 0 || rest > 1)
        bench_wrong("%lld rows were read, and order %lld came out last", (long long)read,
                    (long long)pipeline->last_id);
    check_sums(pipeline);
    leat_query_destroy(pipeline->query);
    leat_context_destroy(pipeline->context);
    free(pipeline);
}
