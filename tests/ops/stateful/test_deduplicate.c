/*
 * Deduplication: the recorded runs of a live Spark, what a restart keeps, and many rows against a
 * plain list.
 */
#include "ops/catalog.h"
#include "tests/ops/stateful/times.h"
#include "tests/support/stateful_world.h"

#define SCHEMA "id STRING, ts TIMESTAMP, v INT"

static const uint32_t by_id[] = {0}, by_id_and_time[] = {0, 1};

static const char *const batches[] = {
    "{\"id\":\"p\",\"ts\":\"2025-03-09T10:00:00Z\",\"v\":1}\n"
    "{\"id\":\"q\",\"ts\":\"2025-03-09T10:01:00Z\",\"v\":2}\n"
    "{\"id\":\"p\",\"ts\":\"2025-03-09T10:00:00Z\",\"v\":3}",
    "{\"id\":\"p\",\"ts\":\"2025-03-09T10:00:00Z\",\"v\":4}\n"
    "{\"id\":\"p\",\"ts\":\"2025-03-09T10:02:00Z\",\"v\":5}\n"
    "{\"id\":\"r\",\"ts\":\"2025-03-09T10:20:00Z\",\"v\":6}",
    "{\"id\":\"q\",\"ts\":\"2025-03-09T10:01:00Z\",\"v\":7}\n"
    "{\"id\":\"s\",\"ts\":\"2025-03-09T10:09:00Z\",\"v\":8}\n"
    "{\"id\":\"p\",\"ts\":\"2025-03-09T10:02:00Z\",\"v\":9}\n"
    "{\"id\":\"r\",\"ts\":\"2025-03-09T10:20:00Z\",\"v\":10}",
    "{\"id\":\"t\",\"ts\":\"2025-03-09T11:00:00Z\",\"v\":11}",
    "{\"id\":\"p\",\"ts\":\"2025-03-09T10:00:00Z\",\"v\":12}\n"
    "{\"id\":\"u\",\"ts\":\"2025-03-09T10:55:00Z\",\"v\":13}\n"
    "{\"id\":\"u\",\"ts\":\"2025-03-09T10:55:00Z\",\"v\":14}",
};
enum { BATCHES = sizeof batches / sizeof batches[0] };

struct expected {
    const char *lines;
    uint64_t total, updated, removed, dropped;
};

/* The watermark in force in each batch, delay 10 minutes; the one before is for late rows. */
static int64_t watermark(int batch)
{
    const int64_t watermarks[BATCHES + 1] = {0, 0, at(9, 51, 0), at(10, 10, 0), at(10, 10, 0),
                                             at(10, 50, 0)};
    return watermarks[batch];
}

static void run(const struct lt_plan_stateful *plan, const struct expected *expected,
                uint32_t instances, bool reopens)
{
    struct stateful_world world;
    bool is_timed = plan->left.event_time.column >= 0;
    stateful_world_init(&world, LT_PLAN_DEDUPLICATE, SCHEMA, NULL);
    world.instances = instances;
    world.is_told_ahead = instances > 1;
    stateful_world_open(&world, plan);
    for (int i = 0; i < BATCHES; i++) {
        stateful_world_batch(&world, is_timed ? watermark(i) : 0, is_timed ? watermark(i + 1) : 0,
                             batches[i], NULL);
        stateful_world_expect(&world, expected[i].lines);
        stateful_world_expect_counts(&world, expected[i].total, expected[i].updated,
                                     expected[i].removed, expected[i].dropped);
        if (!reopens)
            continue;
        stateful_world_close(&world);
        stateful_world_open(&world, plan);
    }
    stateful_world_fini(&world);
}

#define P(v) "{\"id\":\"p\",\"ts\":\"2025-03-09T10:00:00.000Z\",\"v\":" #v "}"
#define Q(v) "{\"id\":\"q\",\"ts\":\"2025-03-09T10:01:00.000Z\",\"v\":" #v "}"
#define P2(v) "{\"id\":\"p\",\"ts\":\"2025-03-09T10:02:00.000Z\",\"v\":" #v "}"
#define R(v) "{\"id\":\"r\",\"ts\":\"2025-03-09T10:20:00.000Z\",\"v\":" #v "}"
#define S(v) "{\"id\":\"s\",\"ts\":\"2025-03-09T10:09:00.000Z\",\"v\":" #v "}"
#define T(v) "{\"id\":\"t\",\"ts\":\"2025-03-09T11:00:00.000Z\",\"v\":" #v "}"
#define U(v) "{\"id\":\"u\",\"ts\":\"2025-03-09T10:55:00.000Z\",\"v\":" #v "}"

static void without_a_watermark_the_first_of_each_key_passes(void **state)
{
    static const struct expected expected[] = {
        {P(1) "\n" Q(2), 2, 2, 0, 0}, {R(6), 3, 1, 0, 0}, {S(8), 4, 1, 0, 0},
        {T(11), 5, 1, 0, 0},          {U(13), 6, 1, 0, 0}};
    const struct lt_plan_stateful plan = {
        .left = {.keys = by_id, .key_count = 1, .event_time = {.column = -1}}, .session_gap = -1};
    (void)state;
    run(&plan, expected, 1, false);
    run(&plan, expected, 2, true);
}

static void with_its_time_among_the_keys_a_key_is_forgotten_when_the_watermark_passes(void **state)
{
    static const struct expected expected[] = {{P(1) "\n" Q(2), 2, 2, 0, 0},
                                               {P2(5) "\n" R(6), 4, 2, 0, 0},
                                               {S(8), 1, 1, 4, 0},
                                               {T(11), 2, 1, 0, 0},
                                               {U(13), 2, 1, 1, 1}};
    const struct lt_plan_stateful plan = {
        .left = {.keys = by_id_and_time, .key_count = 2, .event_time = {.column = 1}},
        .session_gap = -1};
    (void)state;
    run(&plan, expected, 1, false);
    run(&plan, expected, 2, true);
}

static void with_its_time_beside_the_keys_late_rows_are_dropped_and_no_key_forgotten(void **state)
{
    static const struct expected expected[] = {
        {P(1) "\n" Q(2), 2, 2, 0, 0}, {R(6), 3, 1, 0, 0}, {S(8), 4, 1, 0, 0},
        {T(11), 5, 1, 0, 0},          {U(13), 6, 1, 0, 1}};
    const struct lt_plan_stateful plan = {
        .left = {.keys = by_id, .key_count = 1, .event_time = {.column = 1}}, .session_gap = -1};
    (void)state;
    run(&plan, expected, 1, false);
}

static void within_the_watermark_a_key_counts_for_the_delay(void **state)
{
    static const struct expected expected[] = {
        {P(1) "\n" Q(2), 2, 2, 0, 0}, {R(6), 3, 1, 0, 0}, {S(8), 3, 1, 1, 0},
        {T(11), 4, 1, 0, 0},          {U(13), 2, 1, 3, 1}};
    const struct lt_plan_stateful plan = {
        .left = {.keys = by_id, .key_count = 1, .event_time = {.column = 1}},
        .session_gap = -1,
        .within_watermark = true,
        .delay_us = 600000000};
    (void)state;
    run(&plan, expected, 1, false);
    run(&plan, expected, 2, true);
}

static void a_null_is_a_key_and_minus_zero_is_zero(void **state)
{
    static const uint32_t keys[] = {0};
    const struct lt_plan_stateful plan = {
        .left = {.keys = keys, .key_count = 1, .event_time = {.column = -1}}, .session_gap = -1};
    struct stateful_world world;
    (void)state;
    stateful_world_init(&world, LT_PLAN_DEDUPLICATE, "d DOUBLE, v INT", NULL);
    stateful_world_open(&world, &plan);
    stateful_world_batch(&world, 0, 0,
                         "{\"v\":1}\n{\"d\":-0.0,\"v\":2}\n{\"d\":0.0,\"v\":3}\n{\"v\":4}\n"
                         "{\"d\":\"NaN\",\"v\":5}\n{\"d\":\"NaN\",\"v\":6}",
                         NULL);
    stateful_world_expect(&world, "{\"d\":\"NaN\",\"v\":5}\n{\"d\":-0.0,\"v\":2}\n"
                                  "{\"d\":null,\"v\":1}");
    struct lt_state_metrics metrics;
    world.op->ops->state_metrics(world.op, &metrics);
    assert_int_equal(metrics.dropped_duplicates, 3);
    stateful_world_fini(&world);
}

/* More than one step of the removal takes. */
static void many_keys_leave_in_steps(void **state)
{
    enum { KEYS = 3000, GIVEN = 500 };
    const struct lt_plan_stateful plan = {
        .left = {.keys = by_id_and_time, .key_count = 2, .event_time = {.column = 1}},
        .session_gap = -1};
    struct stateful_world world;
    (void)state;
    stateful_world_init(&world, LT_PLAN_DEDUPLICATE, SCHEMA, NULL);
    world.is_told_ahead = true;
    stateful_world_open(&world, &plan);
    for (int batch = 0; batch < KEYS / GIVEN; batch++) {
        stateful_world_begin(&world, 0, 0);
        for (int i = 0; i < GIVEN; i++) {
            char json[96];
            (void)snprintf(json, sizeof json, "{\"id\":\"%d\",\"ts\":\"2025-03-09T10:%02d:00Z\"}",
                           batch * GIVEN + i, i % 60);
            stateful_world_give(&world, 0, json);
        }
        stateful_world_end(&world);
    }
    stateful_world_expect_counts(&world, KEYS, GIVEN, 0, 0);
    stateful_world_batch(&world, 0, at(10, 29, 0), NULL, NULL);
    stateful_world_expect_counts(&world, 1440, 0, 1560, 0);
    stateful_world_batch(&world, 0, at(10, 59, 0), NULL, NULL);
    stateful_world_expect_counts(&world, 0, 0, 1440, 0);
    stateful_world_fini(&world);
}

static void in_continuous_mode_there_is_no_state_to_open(void **state)
{
    const struct lt_plan_stateful plan = {
        .left = {.keys = by_id, .key_count = 1, .event_time = {.column = -1}}, .session_gap = -1};
    struct stateful_world world;
    struct lt_error error;
    (void)state;
    stateful_world_init(&world, LT_PLAN_DEDUPLICATE, SCHEMA, NULL);
    stateful_world_open(&world, &plan);
    struct lt_operator *op;
    struct lt_counters *counters;
    assert_int_equal(lt_ops_create(world.node, &op, &error), LT_OK);
    assert_int_equal(lt_counters_create(NULL, "q", &counters, NULL), LT_OK);
    const struct lt_operator_env env = {.clock = lt_clock_system(),
                                        .counters = counters,
                                        .counter_prefix = "a.",
                                        .rows_in_flight = 1};
    assert_int_equal(op->ops->open(op, &env, &error), LT_E_UNSUPPORTED);
    assert_string_equal(error.text, "operator \"dedupe\" keeps state, and the query runs without; "
                                    "hint: a query with state runs in micro-batches");
    op->ops->close(op);
    lt_counters_close(counters);
    stateful_world_fini(&world);
}

/* --------------------------------------------------------------------------------------- random */

enum { IDS = 5, MINUTES = 600, RANDOM_BATCHES = 15, DELAY = 10 };

/* What is known of the keys: of each id and minute whether it came; of each id when it expires. */
struct known {
    bool has_come[IDS][MINUTES];
    int expires[IDS]; /* minutes; -1: not known */
};

static unsigned next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(*seed >> 33);
}

/* Does the row pass? It is noted. */
static bool passes(struct known *known, bool is_within, int id, int minute)
{
    if (is_within && known->expires[id] >= 0)
        return false;
    if (!is_within && known->has_come[id][minute])
        return false;
    known->has_come[id][minute] = true;
    known->expires[id] = minute + DELAY;
    return true;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void run_random(const struct lt_plan_stateful *plan, uint64_t seed)
{
    static struct known known;
    struct stateful_world world;
    int late = 0, watermark_minute = 0, newest = 30;
    memset(&known, 0, sizeof known);
    memset(known.expires, -1, sizeof known.expires);
    stateful_world_init(&world, LT_PLAN_DEDUPLICATE, SCHEMA, NULL);
    world.instances = (uint32_t[]){1, 2, 7}[seed % 3];
    world.has_memory_store = seed % 2 == 1;
    world.is_told_ahead = seed % 4 == 0;
    stateful_world_open(&world, plan);
    for (int batch = 0; batch < RANDOM_BATCHES; batch++) {
        char lines[30][96], all[30 * 96] = "";
        size_t count = 0;
        stateful_world_begin(&world, at(0, late, 0), at(0, watermark_minute, 0));
        for (unsigned i = next_random(&seed) % 30; i > 0; i--) {
            int id = (int)(next_random(&seed) % IDS);
            int minute = newest - (int)(next_random(&seed) % 25);
            char *line = lines[count];
            (void)snprintf(line, sizeof lines[0],
                           "{\"id\":\"%d\",\"ts\":\"2025-03-09T%02d:%02d:00.000Z\",\"v\":%u}", id,
                           minute / 60, minute % 60, i);
            stateful_world_give(&world, 0, line);
            count += minute > late && passes(&known, plan->within_watermark, id, minute);
        }
        stateful_world_end(&world);
        qsort(lines, count, sizeof lines[0], compare_lines);
        for (size_t i = 0, size = 0; i < count; i++)
            size += (size_t)snprintf(all + size, sizeof all - size, "%s%s", i == 0 ? "" : "\n",
                                     lines[i]);
        stateful_world_expect(&world, all);
        for (int id = 0; id < IDS; id++)
            if (known.expires[id] <= watermark_minute)
                known.expires[id] = -1;
        late = watermark_minute;
        newest += (int)(next_random(&seed) % 20);
        watermark_minute = newest - DELAY;
    }
    stateful_world_fini(&world);
}

static void random_rows_pass_as_a_list_of_keys_says(void **state)
{
    struct lt_plan_stateful plan = {
        .left = {.keys = by_id_and_time, .key_count = 2, .event_time = {.column = 1}},
        .session_gap = -1,
        .delay_us = DELAY * 60000000LL};
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++)
        run_random(&plan, seed);
    plan.left.keys = by_id;
    plan.left.key_count = 1;
    plan.within_watermark = true;
    for (uint64_t seed = 0; seed < 100; seed++)
        run_random(&plan, seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_watermark_the_first_of_each_key_passes),
        cmocka_unit_test(
            with_its_time_among_the_keys_a_key_is_forgotten_when_the_watermark_passes),
        cmocka_unit_test(with_its_time_beside_the_keys_late_rows_are_dropped_and_no_key_forgotten),
        cmocka_unit_test(within_the_watermark_a_key_counts_for_the_delay),
        cmocka_unit_test(a_null_is_a_key_and_minus_zero_is_zero),
        cmocka_unit_test(many_keys_leave_in_steps),
        cmocka_unit_test(random_rows_pass_as_a_list_of_keys_says),
        cmocka_unit_test(in_continuous_mode_there_is_no_state_to_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
