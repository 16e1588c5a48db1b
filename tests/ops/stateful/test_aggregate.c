/*
 * Aggregation: windows in each output mode as a live Spark recorded them, one lane and several,
 * restarts, no keys, more groups than a lane keeps, sums that overflow, and random rows against a
 * plain table.
 */
#include "tests/ops/stateful/times.h"
#include "tests/support/stateful_world.h"

#define SCHEMA "w STRUCT<start: TIMESTAMP, end: TIMESTAMP>, k STRING, v INT"

static const uint32_t window_and_key[] = {0, 1}, key_alone[] = {1}, value_column[] = {2};

/* count(*) AS count, sum(v) AS sum. */
static struct lt_plan_stateful count_and_sum(const uint32_t *keys, uint32_t key_count,
                                             enum lt_output_mode mode)
{
    static struct lt_plan_aggregate aggregates[2];
    aggregates[0] = (struct lt_plan_aggregate){
        .function = "count", .filter = -1, .type = lt_type_simple(LT_TYPE_BIGINT)};
    aggregates[1] = (struct lt_plan_aggregate){.function = "sum",
                                               .arguments = value_column,
                                               .argument_count = 1,
                                               .filter = -1,
                                               .type = lt_type_simple(LT_TYPE_BIGINT)};
    const bool has_window = key_count > 0 && keys[0] == 0;
    return (struct lt_plan_stateful){
        .output_mode = mode,
        .left = {.keys = keys,
                 .key_count = key_count,
                 .event_time = {.column = has_window ? 0 : -1, .is_window = true}},
        .aggregates = aggregates,
        .aggregate_count = 2,
        .session_gap = -1};
}

static void open_world(struct stateful_world *world, const struct lt_plan_stateful *plan,
                       uint32_t lanes, uint32_t instances)
{
    stateful_world_init(world, LT_PLAN_AGGREGATE, SCHEMA, NULL);
    world->has_memory_store = lanes > 1; /* all are used */
    world->is_told_ahead = instances > 1;
    world->lanes = lanes;
    world->instances = instances;
    stateful_world_open(world, plan);
}

/* ------------------------------------------------------------------------------------- recorded */

#define IN(from, to, k, v)                                                                         \
    "{\"w\":{\"start\":\"2025-03-09T" from ":00Z\",\"end\":\"2025-03-09T" to ":00Z\"},\"k\":\"" k  \
    "\",\"v\":" #v "}"
#define OUT(from, to, k, n, s)                                                                     \
    "{\"w\":{\"start\":\"2025-03-09T" from ":00.000Z\",\"end\":\"2025-03-09T" to                   \
    ":00.000Z\"},\"k\":\"" k "\",\"count\":" #n ",\"sum\":" #s "}"

static const struct {
    const char *rows, *append, *update;
    uint64_t total, updated, removed, dropped;
} recorded[] = {
    {IN("10:00", "10:05", "a", 1) "\n" IN("10:00", "10:05", "b", 2) "\n" IN("10:05", "10:10", "a",
                                                                             3),
     "",
     OUT("10:00", "10:05", "a", 1, 1) "\n" OUT("10:00", "10:05", "b", 1, 2) "\n"
     OUT("10:05", "10:10", "a", 1, 3),
     3, 3, 0, 0},
    {IN("10:10", "10:15", "a", 4) "\n" IN("10:00", "10:05", "b", 5) "\n" IN("10:10", "10:15", "c",
                                                                             6),
     "",
     OUT("10:00", "10:05", "b", 2, 7) "\n" OUT("10:10", "10:15", "a", 1, 4) "\n"
     OUT("10:10", "10:15", "c", 1, 6),
     5, 3, 0, 0},
    {IN("10:25", "10:30", "a", 7) "\n" IN("10:00", "10:05", "a", 8),
     "",
     OUT("10:00", "10:05", "a", 2, 9) "\n" OUT("10:25", "10:30", "a", 1, 7),
     6, 2, 0, 0},
    {IN("10:00", "10:05", "a", 10) "\n" IN("10:25", "10:30", "b", 11) "\n"
     IN("10:15", "10:20", "c", 12) "\n" IN("10:15", "10:20", "c", null) "\n"
     IN("09:55", "10:00", "a", 14),
     OUT("10:00", "10:05", "a", 3, 19) "\n" OUT("10:00", "10:05", "b", 2, 7) "\n"
     OUT("10:05", "10:10", "a", 1, 3) "\n" OUT("10:10", "10:15", "a", 1, 4) "\n"
     OUT("10:10", "10:15", "c", 1, 6),
     OUT("10:00", "10:05", "a", 3, 19) "\n" OUT("10:15", "10:20", "c", 2, 12) "\n"
     OUT("10:25", "10:30", "b", 1, 11),
     3, 3, 5, 1},
    {IN("10:55", "11:00", "z", 13) "\n" IN("10:10", "10:15", "a", 15) "\n"
     IN("10:10", "10:15", "a", 16) "\n" IN("10:15", "10:20", "c", 17),
     "",
     OUT("10:15", "10:20", "c", 3, 29) "\n" OUT("10:55", "11:00", "z", 1, 13),
     4, 2, 0, 1},
    {NULL,
     OUT("10:15", "10:20", "c", 3, 29) "\n" OUT("10:25", "10:30", "a", 1, 7) "\n"
     OUT("10:25", "10:30", "b", 1, 11),
     "",
     1, 0, 3, 0},
};
enum { BATCHES = sizeof recorded / sizeof recorded[0] };

static void run_recorded(enum lt_output_mode mode, uint32_t lanes, uint32_t instances,
                         bool reopens)
{
    const int64_t watermarks[] = {0,            0,            at(9, 57, 30), at(10, 4, 59),
                                  at(10, 16, 0), at(10, 17, 0), at(10, 45, 0)};
    const struct lt_plan_stateful plan = count_and_sum(window_and_key, 2, mode);
    struct stateful_world world;
    open_world(&world, &plan, lanes, instances);
    for (int i = 0; i < BATCHES; i++) {
        stateful_world_batch(&world, watermarks[i], watermarks[i + 1], recorded[i].rows, NULL);
        stateful_world_expect(&world, mode == LT_OUTPUT_APPEND ? recorded[i].append
                                                               : recorded[i].update);
        if (lanes == 1)
            stateful_world_expect_counts(&world, recorded[i].total, recorded[i].updated,
                                         recorded[i].removed, recorded[i].dropped);
        if (!reopens)
            continue;
        stateful_world_close(&world);
        stateful_world_open(&world, &plan);
    }
    stateful_world_fini(&world);
}

static void windows_come_out_once_in_append_mode(void **state)
{
    (void)state;
    run_recorded(LT_OUTPUT_APPEND, 1, 1, false);
    run_recorded(LT_OUTPUT_APPEND, 1, 2, true);
    run_recorded(LT_OUTPUT_APPEND, 3, 7, false);
}

static void windows_come_out_as_they_change_in_update_mode(void **state)
{
    (void)state;
    run_recorded(LT_OUTPUT_UPDATE, 1, 1, false);
    run_recorded(LT_OUTPUT_UPDATE, 1, 2, true);
    run_recorded(LT_OUTPUT_UPDATE, 3, 7, false);
}

static void complete_mode_gives_all_and_forgets_none(void **state)
{
    const struct lt_plan_stateful plan = count_and_sum(window_and_key, 2, LT_OUTPUT_COMPLETE);
    struct stateful_world world;
    (void)state;
    open_world(&world, &plan, 2, 1);
    stateful_world_batch(&world, 0, 0, recorded[0].rows, NULL);
    stateful_world_expect(&world, recorded[0].update);
    stateful_world_batch(&world, at(12, 0, 0), at(13, 0, 0), IN("10:00", "10:05", "b", 5), NULL);
    stateful_world_expect(&world, OUT("10:00", "10:05", "a", 1, 1) "\n" OUT(
                                      "10:00", "10:05", "b", 2, 7) "\n" OUT("10:05", "10:10", "a",
                                                                            1, 3));
    stateful_world_expect_counts(&world, 3, 1, 0, 0);
    stateful_world_batch(&world, 0, 0, NULL, NULL);
    assert_int_equal(world.line_count, 3);
    stateful_world_fini(&world);
}

/* ----------------------------------------------------------------------------------------- keys */

static void without_keys_there_is_a_row_in_each_batch(void **state)
{
    const struct lt_plan_stateful plan = count_and_sum(NULL, 0, LT_OUTPUT_UPDATE);
    struct stateful_world world;
    (void)state;
    open_world(&world, &plan, 2, 1);
    stateful_world_batch(&world, 0, 0, NULL, NULL);
    stateful_world_expect(&world, "{\"count\":0,\"sum\":null}");
    stateful_world_expect_counts(&world, 1, 1, 0, 0);
    stateful_world_batch(&world, 0, 0, recorded[0].rows, NULL);
    stateful_world_expect(&world, "{\"count\":3,\"sum\":6}");
    stateful_world_close(&world);
    stateful_world_open(&world, &plan);
    stateful_world_batch(&world, 0, 0, NULL, NULL);
    stateful_world_expect(&world, "{\"count\":3,\"sum\":6}");
    stateful_world_expect_counts(&world, 1, 1, 0, 0);
    stateful_world_fini(&world);
}

static void null_is_a_key_and_keys_alone_are_distinct_rows(void **state)
{
    struct lt_plan_stateful plan = count_and_sum(key_alone, 1, LT_OUTPUT_UPDATE);
    struct stateful_world world;
    (void)state;
    plan.aggregate_count = 0;
    open_world(&world, &plan, 2, 1);
    stateful_world_batch(&world, 0, 0, "{\"k\":\"a\"}\n{}\n{\"k\":\"a\"}\n{}\n{\"k\":\"\"}", NULL);
    stateful_world_expect(&world, "{\"k\":\"\"}\n{\"k\":\"a\"}\n{\"k\":null}");
    stateful_world_expect_counts(&world, 3, 3, 0, 0);
    stateful_world_fini(&world);
}

static void more_groups_than_a_lane_keeps_are_all_counted(void **state)
{
    enum { KEYS = 17000 };
    const struct lt_plan_stateful plan = count_and_sum(window_and_key, 2, LT_OUTPUT_APPEND);
    struct stateful_world world;
    (void)state;
    open_world(&world, &plan, 1, 1);
    stateful_world_begin(&world, 0, 0);
    for (int i = 0; i < KEYS; i++) {
        char json[128];
        (void)snprintf(json, sizeof json, "{\"k\":\"%d\",\"v\":1}", i);
        stateful_world_give(&world, 0, json);
    }
    stateful_world_give(&world, 0, "{\"k\":\"0\",\"v\":1}");
    stateful_world_end(&world);
    stateful_world_expect_counts(&world, KEYS, KEYS, 0, 0);
    stateful_world_fini(&world);
}

static void a_sum_that_overflows_ends_the_query(void **state)
{
    static struct lt_plan_aggregate sum;
    struct lt_plan_stateful plan = count_and_sum(key_alone, 1, LT_OUTPUT_UPDATE);
    struct stateful_world world;
    (void)state;
    sum = plan.aggregates[1];
    plan.aggregates = &sum;
    plan.aggregate_count = 1;
    stateful_world_init(&world, LT_PLAN_AGGREGATE, "w INT, k STRING, v BIGINT", NULL);
    stateful_world_open(&world, &plan);
    stateful_world_batch(&world, 0, 0, "{\"k\":\"a\",\"v\":9223372036854775807}", NULL);
    stateful_world_expect(&world, "{\"k\":\"a\",\"sum\":9223372036854775807}");
    stateful_world_begin(&world, 0, 0);
    stateful_world_give(&world, 0, "{\"k\":\"a\",\"v\":1}");
    while (world.op->failure == NULL && world.partials[0]->failure == NULL) {
        (void)world.partials[0]->ops->drain(world.partials[0], 1, &world.partial_out.out);
        (void)world.op->ops->drain(world.op, 1, &world.final_out.out);
    }
    assert_string_equal(world.op->failure->condition, "ARITHMETIC_OVERFLOW");
    assert_int_equal(world.kept_count, 0);
    stateful_world_fini(&world);
}

/* --------------------------------------------------------------------------------------- random */

enum { WINDOWS = 40, KEYS = 3, RANDOM_BATCHES = 12 };

struct cell {
    int count, sum;
    bool is_changed;
};

static unsigned next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(*seed >> 33);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int64_t window_end(int window)
{
    return at(0, 10 * (window + 1), 0);
}

static void write_times(struct lt_text_buffer *text, int window)
{
    lt_text_format(text,
                   "{\"w\":{\"start\":\"2025-03-09T%02d:%02d:00.000Z\",\"end\":\"2025-03-09T%02d:"
                   "%02d:00.000Z\"},",
                   window / 6, window % 6 * 10, (window + 1) / 6, (window + 1) % 6 * 10);
}

static void expect_cells(struct stateful_world *world, struct cell cells[WINDOWS][KEYS],
                         enum lt_output_mode mode, int64_t eviction_ms)
{
    char *lines[WINDOWS * KEYS];
    int count = 0;
    struct lt_text_buffer all;
    lt_text_init(&all);
    for (int w = 0; w < WINDOWS; w++)
        for (int k = 0; k < KEYS; k++) {
            struct cell *cell = &cells[w][k];
            bool is_final = cell->count > 0 && window_end(w) <= eviction_ms;
            if (mode == LT_OUTPUT_COMPLETE ? cell->count > 0
                : mode == LT_OUTPUT_APPEND ? is_final
                                           : cell->is_changed) {
                struct lt_text_buffer text;
                lt_text_init(&text);
                write_times(&text, w);
                lt_text_format(&text, "\"k\":\"%d\",\"count\":%d,\"sum\":%d}", k, cell->count,
                               cell->sum);
                lines[count++] = lt_text_take(&text);
            }
            cell->is_changed = false;
            if (is_final && mode != LT_OUTPUT_COMPLETE)
                *cell = (struct cell){.count = 0};
        }
    qsort(lines, (size_t)count, sizeof lines[0], compare_lines);
    for (int i = 0; i < count; i++) {
        lt_text_format(&all, "%s%s", i == 0 ? "" : "\n", lines[i]);
        free(lines[i]);
    }
    stateful_world_expect(world, lt_text_get(&all));
    lt_text_fini(&all);
}

static void run_random(enum lt_output_mode mode, uint64_t seed)
{
    const struct lt_plan_stateful plan = count_and_sum(window_and_key, 2, mode);
    struct cell cells[WINDOWS][KEYS] = {{{0}}};
    struct stateful_world world;
    int64_t late_ms = 0, eviction_ms = 0;
    int first = 0;
    open_world(&world, &plan, 1 + (uint32_t)(seed % STATEFUL_LANES),
               (uint32_t[]){1, 2, 7}[seed % 5 % 3]);
    for (int batch = 0; batch < RANDOM_BATCHES; batch++) {
        stateful_world_begin(&world, late_ms, eviction_ms);
        for (unsigned i = next_random(&seed) % 30; i > 0; i--) {
            int w = first + (int)(next_random(&seed) % 8), k = (int)(next_random(&seed) % KEYS);
            int v = (int)(next_random(&seed) % 100);
            struct lt_text_buffer json;
            lt_text_init(&json);
            write_times(&json, w);
            lt_text_format(&json, "\"k\":\"%d\",\"v\":%d}", k, v);
            stateful_world_give(&world, 0, lt_text_get(&json));
            lt_text_fini(&json);
            if (window_end(w) <= late_ms && mode != LT_OUTPUT_COMPLETE)
                continue;
            cells[w][k].count++;
            cells[w][k].sum += v;
            cells[w][k].is_changed = true;
        }
        stateful_world_end(&world);
        expect_cells(&world, cells, mode, eviction_ms);
        late_ms = eviction_ms;
        first += (int)(next_random(&seed) % 3);
        eviction_ms = next_random(&seed) % 4 == 0 ? eviction_ms : window_end(first + 1);
        if (next_random(&seed) % 4 != 0)
            continue;
        stateful_world_close(&world);
        stateful_world_open(&world, &plan);
    }
    stateful_world_fini(&world);
}

static void random_rows_are_aggregated_as_a_table_is(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        run_random(LT_OUTPUT_APPEND, seed);
        run_random(LT_OUTPUT_UPDATE, seed);
        run_random(LT_OUTPUT_COMPLETE, seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_come_out_once_in_append_mode),
        cmocka_unit_test(windows_come_out_as_they_change_in_update_mode),
        cmocka_unit_test(complete_mode_gives_all_and_forgets_none),
        cmocka_unit_test(without_keys_there_is_a_row_in_each_batch),
        cmocka_unit_test(null_is_a_key_and_keys_alone_are_distinct_rows),
        cmocka_unit_test(more_groups_than_a_lane_keeps_are_all_counted),
        cmocka_unit_test(a_sum_that_overflows_ends_the_query),
        cmocka_unit_test(random_rows_are_aggregated_as_a_table_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
