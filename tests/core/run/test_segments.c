/*
 * Lanes and a segment behind them, with operators and connectors of the test's own, in one thread:
 * equal keys meet in one instance whatever the numbers of lanes and instances, a batch's begin
 * comes before its rows and its marker after them all, and rows of a join keep their side.
 */
#include "core/run/segment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/arena.h"
#include "core/run/batch_lanes.h"
#include "core/run/report.h"
#include "io/catalog.h"

enum { KEYS = 40, PARTITIONS = 4, LANES_MAX = 4, INSTANCES_MAX = 7, ROUNDS = 1000000 };

static struct lt_arena *arena;
static struct lt_placement placement;
static struct lt_counters *counters;
static struct lt_worker *worker;
static struct lt_mailbox *control;
static struct lt_segments *segments;
static struct lt_lane *lanes[LANES_MAX];
static uint32_t lane_count, instance_count;
static struct lt_segment_plan plan;
static struct lt_pipeline_branch branch;
static struct lt_pipeline pipeline;
static const struct lt_type *schema;
static int64_t shown[KEYS], shown_right[KEYS]; /* by the sink: rows of a key */
static int32_t owner[KEYS];                    /* instance that has seen the key; -1: none */
static uint32_t drained_early;

/* ------------------------------------------------------------------------------------- operator */

/* Counts the rows of each key, from either side, and gives the counts out at the marker, a few at a
 * time. */
struct counting {
    struct lt_operator base;
    struct lt_row_pool *pool;
    uint32_t instance, next;
    const struct lt_batch *batch; /* NULL: none is open */
    int64_t counts[2][KEYS];
};

static int counting_open(struct lt_operator *op, const struct lt_operator_env *env,
                         struct lt_error *error)
{
    struct counting *counting = (struct counting *)op;
    const struct lt_row_pool_options options = {
        .column_count = 3, .capacity = 8, .is_shared = env->is_shared};
    counting->instance = env->lane;
    return lt_row_pool_create(&options, &counting->pool, error);
}

static void count_row(struct counting *counting, struct lt_row *row, uint32_t side)
{
    int64_t key = lt_row_values(row)[0].i64;
    assert_non_null(counting->batch);
    assert_true(owner[key] == -1 || owner[key] == (int32_t)counting->instance);
    owner[key] = (int32_t)counting->instance;
    counting->counts[side][key]++;
    lt_row_release(row);
}

static enum lt_process counting_process(struct lt_operator *op, struct lt_row *row,
                                        struct lt_out *out)
{
    (void)out;
    count_row((struct counting *)op, row, 0);
    return LT_PROCESS_DONE;
}

static enum lt_process counting_process_right(struct lt_operator *op, struct lt_row *row,
                                              struct lt_out *out)
{
    static uint32_t calls;
    (void)out;
    if (calls++ % 5 == 0)
        return LT_PROCESS_RETRY;
    count_row((struct counting *)op, row, 1);
    return LT_PROCESS_DONE;
}

static void counting_begin(struct lt_operator *op, const struct lt_batch *batch)
{
    struct counting *counting = (struct counting *)op;
    assert_null(counting->batch);
    counting->batch = batch;
    counting->next = 0;
    memset(counting->counts, 0, sizeof counting->counts);
}

static bool counting_drain(struct lt_operator *op, uint64_t epoch, struct lt_out *out)
{
    struct counting *counting = (struct counting *)op;
    assert_non_null(counting->batch);
    assert_int_equal(counting->batch->id, epoch);
    for (; counting->next < KEYS; counting->next++) {
        uint32_t key = counting->next;
        if (counting->counts[0][key] + counting->counts[1][key] == 0)
            continue;
        struct lt_row *row = lt_row_claim(counting->pool);
        if (row == NULL) {
            drained_early++;
            return false;
        }
        lt_row_values(row)[0] = lt_value_i64(key);
        lt_row_values(row)[1] = lt_value_i64(counting->counts[0][key]);
        lt_row_values(row)[2] = lt_value_i64(counting->counts[1][key]);
        out->emit(out, row);
    }
    counting->batch = NULL;
    return true;
}

static void counting_close(struct lt_operator *op)
{
    struct counting *counting = (struct counting *)op;
    lt_row_pool_destroy(counting->pool);
    free(counting);
}

static int create_counting(void *context, const struct lt_type *input, struct lt_operator **out,
                           struct lt_error *error)
{
    static const struct lt_operator_ops ops = {.name = "counting",
                                               .open = counting_open,
                                               .process = counting_process,
                                               .process_right = counting_process_right,
                                               .begin = counting_begin,
                                               .drain = counting_drain,
                                               .close = counting_close};
    (void)context, (void)error;
    struct counting *counting = lt_alloc(sizeof *counting);
    counting->base = (struct lt_operator){&ops, input, schema, NULL, NULL};
    *out = &counting->base;
    return 0;
}

/* ----------------------------------------------------------------------------------- connectors */

/* Record n of partition p has the key (7 n + p) mod KEYS. */
struct numbers {
    struct lt_reader base;
    struct lt_row_pool *pool;
    uint32_t partitions[PARTITIONS], count;
    int64_t next[PARTITIONS], end[PARTITIONS];
};

static int64_t key_of(uint32_t partition, int64_t number)
{
    return (7 * number + partition) % KEYS;
}

static enum lt_poll_status numbers_poll(struct lt_reader *base, struct lt_out *out, uint32_t limit,
                                        uint32_t *count)
{
    struct numbers *reader = (struct numbers *)base;
    *count = 0;
    for (uint32_t i = 0; i < reader->count; i++) {
        for (; reader->next[i] < reader->end[i]; reader->next[i]++, (*count)++) {
            struct lt_row *row = *count < limit ? lt_row_claim(reader->pool) : NULL;
            if (row == NULL)
                return LT_POLL_MORE;
            row->source_partition = (int32_t)reader->partitions[i];
            row->source_offset = reader->next[i];
            lt_row_values(row)[0] = lt_value_i64(key_of(reader->partitions[i], reader->next[i]));
            out->emit(out, row);
        }
    }
    return LT_POLL_ENDED;
}

static void numbers_position(struct lt_reader *base, struct lt_position *positions)
{
    struct numbers *reader = (struct numbers *)base;
    for (uint32_t i = 0; i < reader->count; i++)
        positions[i] = (struct lt_position){.offset = reader->next[i]};
}

static int numbers_extend(struct lt_reader *base, const struct lt_position *end,
                          struct lt_error *error)
{
    struct numbers *reader = (struct numbers *)base;
    (void)error;
    for (uint32_t i = 0; i < reader->count; i++)
        reader->end[i] = end[i].offset;
    return 0;
}

static void numbers_close(struct lt_reader *base)
{
    lt_row_pool_destroy(((struct numbers *)base)->pool);
    free(base);
}

static int numbers_open(struct lt_source *source, const struct lt_connector_env *env,
                        const uint32_t *partitions, uint32_t count,
                        const struct lt_position *start, const struct lt_position *end,
                        struct lt_reader **out, struct lt_error *error)
{
    static const struct lt_reader_ops ops = {.poll = numbers_poll,
                                             .position = numbers_position,
                                             .extend = numbers_extend,
                                             .close = numbers_close};
    (void)source, (void)end;
    struct numbers *reader = lt_alloc(sizeof *reader);
    reader->base.ops = &ops;
    reader->count = count;
    for (uint32_t i = 0; i < count; i++) {
        reader->partitions[i] = partitions[i];
        reader->next[i] = reader->end[i] = start[i].offset;
    }
    *out = &reader->base;
    const struct lt_row_pool_options options = {
        .column_count = 3, .capacity = 600, .is_shared = env->is_shared};
    return lt_row_pool_create(&options, &reader->pool, error);
}

static enum lt_write sink_write(struct lt_writer *writer, struct lt_row *row,
                                struct lt_fault **fault)
{
    static uint32_t calls;
    (void)writer, (void)fault;
    if (calls++ % 3 == 0)
        return LT_WRITE_FULL;
    const union lt_value *values = lt_row_values(row);
    shown[values[0].i64] += values[1].i64;
    shown_right[values[0].i64] += values[2].i64;
    lt_row_release(row);
    return LT_WRITE_DONE;
}

static void sink_prepare(struct lt_writer *writer, uint64_t epoch)
{
    (void)writer, (void)epoch;
}

static int sink_prepared(struct lt_writer *writer, uint64_t epoch, struct lt_text_buffer *note)
{
    (void)writer, (void)epoch, (void)note;
    return 1;
}

static void sink_close(struct lt_writer *writer)
{
    free(writer);
}

static int open_writer(struct lt_sink *sink, const struct lt_connector_env *env,
                       struct lt_writer **out, struct lt_error *error)
{
    static const struct lt_writer_ops ops = {.write = sink_write,
                                             .prepare = sink_prepare,
                                             .prepared = sink_prepared,
                                             .close = sink_close};
    (void)sink, (void)env, (void)error;
    *out = lt_alloc(sizeof **out);
    (*out)->ops = &ops;
    return 0;
}

static const struct lt_source_type source_type = {.name = "numbers"};
static const struct lt_source_ops source_ops = {.open_reader = numbers_open};
static struct lt_source source = {
    .ops = &source_ops, .type = &source_type, .partition_count = PARTITIONS};
static const struct lt_sink_type sink_type = {.name = "sums"};
static const struct lt_sink_ops sink_ops = {.open_writer = open_writer};
static struct lt_sink sink = {.ops = &sink_ops, .type = &sink_type};

/* ------------------------------------------------------------------------------------- assembly */

static struct lt_worker *the_worker(void *context, uint32_t number)
{
    (void)context, (void)number;
    return worker;
}

/* One leaf, or two with the second on the right, into one segment. */
static void make_plan(uint32_t leaves)
{
    static const uint32_t columns[] = {0};
    struct lt_plan_node *input = lt_plan_node_create(arena, LT_PLAN_READ, 0);
    struct lt_plan_node *node = lt_plan_node_create(arena, LT_PLAN_OPERATOR, 1);
    static struct lt_plan_node *nodes[1];
    input->schema = schema;
    node->inputs[0] = input;
    node->create = create_counting;
    nodes[0] = node;
    plan = (struct lt_segment_plan){.leaf_count = leaves, .segment_count = 1};
    for (uint32_t i = 0; i < leaves; i++)
        plan.leaves[i].target =
            (struct lt_segment_target){.side = i, .how = {schema, columns, 1}};
    plan.segments[0] = (struct lt_segment_nodes){.nodes = nodes, .node_count = 1};
    plan.segments[0].target.segment = LT_SEGMENT_SINK;
    branch = (struct lt_pipeline_branch){.sink = &sink};
    pipeline = (struct lt_pipeline){
        .source = &source, .branches = &branch, .branch_count = 1, .segments = &plan};
}

static struct lt_connector_env make_env(void)
{
    return (struct lt_connector_env){.clock = lt_clock_system(),
                                     .counters = counters,
                                     .query_id = "test",
                                     .in_batches = true,
                                     .lane_rows = 512,
                                     .lane_bytes = 1 << 20};
}

static void make_lane(uint32_t index)
{
    static const struct lt_position start[PARTITIONS];
    uint32_t partitions[PARTITIONS], count = 0;
    struct lt_error error;
    for (uint32_t p = index; p < PARTITIONS; p += lane_count)
        partitions[count++] = p;
    const struct lt_lane_options options = {.index = index,
                                            .pipeline = &pipeline,
                                            .partitions = partitions,
                                            .partition_count = count,
                                            .start = start,
                                            .segments = segments,
                                            .is_ranged = true,
                                            .stage_count = 1,
                                            .workers = &worker,
                                            .control = control,
                                            .env = make_env()};
    assert_int_equal(lt_lane_create(&options, &lanes[index], &error), 0);
}

static void begin(uint32_t leaves, uint32_t lane_total, uint32_t instances)
{
    struct lt_error error;
    const struct lt_worker_options options = {.name = "test",
                                              .idle = LT_IDLE_PARK,
                                              .lane_cpu = -1,
                                              .is_inline = true,
                                              .clock = lt_clock_system(),
                                              .catalog = lt_io_catalog(),
                                              .reactor_choice = "auto",
                                              .placement = &placement};
    lane_count = lane_total;
    instance_count = instances;
    make_plan(leaves);
    memset(shown, 0, sizeof shown);
    memset(shown_right, 0, sizeof shown_right);
    memset(owner, -1, sizeof owner);
    assert_int_equal(lt_counters_create(NULL, "test", &counters, &error), 0);
    assert_int_equal(lt_worker_start(&options, &worker, &error), 0);
    assert_int_equal(lt_mailbox_create(NULL, &control, &error), 0);
    const struct lt_segments_options of = {.pipeline = &pipeline,
                                           .instance_count = instances,
                                           .worker = the_worker,
                                           .control = control,
                                           .env = make_env()};
    assert_int_equal(lt_segments_create(&of, &segments, &error), 0);
    for (uint32_t i = 0; i < lane_count; i++)
        make_lane(i);
    if (lt_worker_run(worker, &error) != 0)
        fail_msg("%s", error.text);
}

static void end(void)
{
    struct lt_message message;
    lt_worker_stop(worker);
    lt_segments_release(segments);
    for (uint32_t i = 0; i < lane_count; i++)
        lt_lane_release(lanes[i]);
    for (uint32_t i = 0; i < lane_count; i++)
        lt_lane_destroy(lanes[i]);
    lt_segments_destroy(segments);
    while (lt_mailbox_take(control, &message))
        if (message.kind == LT_REPORT_PREPARED)
            free(message.payload);
    lt_worker_destroy(worker);
    lt_mailbox_destroy(control);
    lt_counters_close(counters);
}

/* Runs one batch up to `to` in every partition, until all have reported. */
static void run_batch(uint64_t id, int64_t to)
{
    const struct lt_batch batch = {.id = id};
    const struct lt_batch_lanes world = {lanes, lane_count, segments};
    struct lt_position ends[PARTITIONS];
    struct lt_message message;
    uint32_t positions = 0, prepared = 0, states = 0;
    for (uint32_t p = 0; p < PARTITIONS; p++)
        ends[p] = (struct lt_position){.offset = to};
    for (uint32_t i = 0; i < lane_count; i++)
        assert_true(lt_batch_lanes_run(&world, i, &batch, ends));
    for (int i = 0; positions < lane_count || prepared < instance_count || states < instance_count;
         i++) {
        assert_true(i < ROUNDS);
        (void)lt_worker_round(worker);
        while (lt_mailbox_take(control, &message)) {
            positions += message.kind == LT_REPORT_POSITION;
            prepared += message.kind == LT_REPORT_PREPARED;
            states += message.kind == LT_REPORT_STATE_PREPARED;
            assert_int_not_equal(message.kind, LT_REPORT_FAILED);
        }
    }
    for (uint32_t i = 0; i < instance_count; i++)
        assert_true(lt_batch_lanes_commit(&world, i, id));
    lt_batch_lanes_done(&world, id);
    for (int i = 0; i < 20; i++)
        (void)lt_worker_round(worker);
}

static void assert_shown(const int64_t *counts, int64_t to)
{
    int64_t expected[KEYS] = {0};
    for (uint32_t p = 0; p < PARTITIONS; p++)
        for (int64_t n = 0; n < to; n++)
            expected[key_of(p, n)]++;
    for (uint32_t k = 0; k < KEYS; k++)
        assert_int_equal(counts[k], expected[k]);
}

static int set_up(void **state)
{
    struct lt_error error;
    const struct lt_placement_options where = {.cpus = NULL};
    (void)state;
    arena = lt_arena_create();
    const struct lt_field fields[] = {{"k", lt_type_simple(LT_TYPE_BIGINT), false, NULL},
                                      {"l", lt_type_simple(LT_TYPE_BIGINT), false, NULL},
                                      {"r", lt_type_simple(LT_TYPE_BIGINT), false, NULL}};
    schema = lt_type_struct(arena, fields, 3);
    return lt_placement_init(&placement, &where, &error);
}

static int tear_down(void **state)
{
    (void)state;
    lt_placement_fini(&placement);
    lt_arena_destroy(arena);
    return 0;
}

static void equal_keys_meet_in_one_instance(void **state)
{
    static const uint32_t shapes[][2] = {{1, 1}, {1, 2}, {2, 1}, {2, 2}, {3, 7}, {4, 7}};
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        begin(1, shapes[i][0], shapes[i][1]);
        run_batch(0, 1000);
        assert_shown(shown, 1000);
        run_batch(1, 1000); /* without a row */
        run_batch(2, 3000);
        assert_shown(shown, 3000);
        end();
    }
    assert_true(drained_early > 0); /* or the pool was never too small */
}

static void every_instance_has_keys(void **state)
{
    bool has[INSTANCES_MAX] = {false};
    (void)state;
    begin(1, 2, INSTANCES_MAX);
    run_batch(0, 500);
    for (uint32_t k = 0; k < KEYS; k++)
        has[owner[k]] = true;
    for (uint32_t i = 0; i < INSTANCES_MAX; i++)
        assert_true(has[i]);
    end();
}

static void rows_of_the_right_side_come_in_on_the_right(void **state)
{
    (void)state;
    begin(2, 2, 3); /* each row goes to both leaves: they read one source */
    for (uint32_t i = 0; i < lane_count; i++)
        for (uint32_t k = 0; k < 2; k++)
            lanes[i]->fan.branches[k].first_partition = 0,
            lanes[i]->fan.branches[k].end_partition = PARTITIONS;
    run_batch(0, 700);
    assert_shown(shown, 700);
    assert_shown(shown_right, 700);
    end();
}

static void rows_on_their_way_at_the_end_are_let_go(void **state)
{
    (void)state;
    const struct lt_batch batch = {.id = 0};
    begin(1, 2, 2);
    const struct lt_batch_lanes world = {lanes, lane_count, segments};
    struct lt_position ends[PARTITIONS] = {{5000, 0}, {5000, 0}, {5000, 0}, {5000, 0}};
    assert_true(lt_batch_lanes_run(&world, 0, &batch, ends));
    for (int i = 0; i < 3; i++)
        (void)lt_worker_round(worker);
    end(); /* pools assert that their rows are home */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_keys_meet_in_one_instance),
        cmocka_unit_test(every_instance_has_keys),
        cmocka_unit_test(rows_of_the_right_side_come_in_on_the_right),
        cmocka_unit_test(rows_on_their_way_at_the_end_are_let_go),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
