/*
 * Sessions: the recorded run of a live Spark, sessions that meet through a row between them,
 * several that are final at once, complete mode, restarts, and random rows against a plain list.
 */
#include "tests/ops/stateful/times.h"
#include "tests/support/stateful_world.h"

#define SCHEMA "k STRING, s STRUCT<start: TIMESTAMP, end: TIMESTAMP>, v INT, n INT"

/* The window stands between the keys. */
static const uint32_t keys[] = {0, 1, 3}, value_column[] = {2};

static struct lt_plan_stateful plan_of(enum lt_output_mode mode)
{
    static struct lt_plan_aggregate aggregates[2];
    aggregates[0] = (struct lt_plan_aggregate){
        .function = "count", .filter = -1, .type = lt_type_simple(LT_TYPE_BIGINT)};
    aggregates[1] = (struct lt_plan_aggregate){.function = "sum",
                                               .arguments = value_column,
                                               .argument_count = 1,
                                               .filter = -1,
                                               .type = lt_type_simple(LT_TYPE_BIGINT)};
    return (struct lt_plan_stateful){
        .output_mode = mode,
        .left = {.keys = keys,
                 .key_count = 3,
                 .event_time = {.column = 1, .is_window = true}},
        .aggregates = aggregates,
        .aggregate_count = 2,
        .session_gap = 1};
}

#define IN(k, from, to, v)                                                                         \
    "{\"k\":\"" k "\",\"s\":{\"start\":\"2025-03-09T" from "Z\",\"end\":\"2025-03-09T" to          \
    "Z\"},\"v\":" #v "}"
#define OUT(k, from, to, c, s)                                                                     \
    "{\"k\":\"" k "\",\"s\":{\"start\":\"2025-03-09T" from "Z\",\"end\":\"2025-03-09T" to          \
    "Z\"},\"n\":null,\"count\":" #c ",\"sum\":" #s "}"

static const struct {
    const char *rows, *lines;
    uint64_t total, updated, removed, dropped;
} recorded[] = {
    {IN("a", "10:00:05", "10:05:05", 1) "\n" IN("b", "10:03:00", "10:08:00", 2) "\n"
     IN("a", "10:07:30", "10:12:30", 3),
     "", 3, 3, 0, 0},
    {IN("a", "10:11:00", "10:16:00", 4) "\n" IN("b", "10:02:00", "10:07:00", 5) "\n"
     IN("c", "10:14:59", "10:19:59", 6),
     "", 4, 4, 1, 0},
    {IN("a", "10:26:00", "10:31:00", 7) "\n" IN("a", "10:04:59", "10:09:59", 8), "", 4, 2, 1, 0},
    {IN("a", "10:03:00", "10:08:00", 10) "\n" IN("b", "10:27:00", "10:32:00", 11) "\n"
     IN("c", "10:15:00", "10:20:00", 12) "\n" IN("c", "10:19:59.999", "10:24:59.999", null) "\n"
     IN("a", "09:58:00", "10:03:00", 14),
     OUT("a", "10:00:05.000", "10:16:00.000", 5, 26) "\n"
     OUT("b", "10:02:00.000", "10:08:00.000", 2, 7),
     3, 5, 2, 1},
    {IN("z", "10:55:00", "11:00:00", 13) "\n" IN("a", "10:14:00", "10:19:00", 15) "\n"
     IN("a", "10:13:00", "10:18:00", 16) "\n" IN("c", "10:16:00", "10:21:00", 17),
     "", 5, 4, 0, 0},
    {NULL,
     OUT("a", "10:13:00.000", "10:19:00.000", 2, 31) "\n"
     OUT("a", "10:26:00.000", "10:31:00.000", 1, 7) "\n"
     OUT("b", "10:27:00.000", "10:32:00.000", 1, 11) "\n"
     OUT("c", "10:14:59.000", "10:24:59.999", 4, 35),
     1, 0, 4, 0},
};
enum { BATCHES = sizeof recorded / sizeof recorded[0] };

static void run_recorded(uint32_t lanes, uint32_t instances, uint32_t rows_in_flight,
                         bool reopens)
{
    const int64_t watermarks[] = {0,            0,            at(9, 57, 30), at(10, 4, 59),
                                  at(10, 16, 0), at(10, 17, 0), at(10, 45, 0)};
    const struct lt_plan_stateful plan = plan_of(LT_OUTPUT_APPEND);
    struct stateful_world world;
    stateful_world_init(&world, LT_PLAN_AGGREGATE, SCHEMA, NULL);
    world.lanes = lanes;
    world.instances = instances;
    world.rows_in_flight = rows_in_flight;
    stateful_world_open(&world, &plan);
    for (int i = 0; i < BATCHES; i++) {
        stateful_world_batch(&world, watermarks[i], watermarks[i + 1], recorded[i].rows, NULL);
        stateful_world_expect(&world, recorded[i].lines);
        stateful_world_expect_counts(&world, recorded[i].total, recorded[i].updated,
                                     recorded[i].removed, recorded[i].dropped);
        if (!reopens)
            continue;
        stateful_world_close(&world);
        stateful_world_open(&world, &plan);
    }
    stateful_world_fini(&world);
}

static void sessions_come_out_as_spark_gave_them(void **state)
{
    (void)state;
    run_recorded(1, 1, 3, false);
    run_recorded(1, 1, 3, true);
    run_recorded(3, 1, 1, false);
    run_recorded(2, 2, 1, true);
    run_recorded(1, 7, 1, false);
}

static void a_row_between_two_sessions_makes_them_one(void **state)
{
    const struct lt_plan_stateful plan = plan_of(LT_OUTPUT_APPEND);
    struct stateful_world world;
    (void)state;
    stateful_world_init(&world, LT_PLAN_AGGREGATE, SCHEMA, NULL);
    stateful_world_open(&world, &plan);
    stateful_world_batch(&world, 0, 0,
                         IN("a", "10:00:00", "10:05:00", 1) "\n" IN("a", "10:08:00", "10:13:00", 2)
                             "\n" IN("a", "10:30:00", "10:35:00", 4),
                         NULL);
    stateful_world_expect_counts(&world, 3, 3, 0, 0);
    /* It touches one, and overlaps the other. */
    stateful_world_batch(&world, 0, 0, IN("a", "10:05:00", "10:10:00", 8), NULL);
    stateful_world_expect_counts(&world, 2, 2, 1, 0);
    stateful_world_batch(&world, 0, at(10, 40, 0), NULL, NULL);
    stateful_world_expect(&world, OUT("a", "10:00:00.000", "10:13:00.000", 3, 11) "\n" OUT(
                                      "a", "10:30:00.000", "10:35:00.000", 1, 4));
    stateful_world_expect_counts(&world, 0, 0, 2, 0);
    stateful_world_fini(&world);
}

static void complete_mode_gives_every_session_in_every_batch(void **state)
{
    const struct lt_plan_stateful plan = plan_of(LT_OUTPUT_COMPLETE);
    struct stateful_world world;
    (void)state;
    stateful_world_init(&world, LT_PLAN_AGGREGATE, SCHEMA, NULL);
    stateful_world_open(&world, &plan);
    stateful_world_batch(&world, 0, 0,
                         IN("a", "10:00:00", "10:05:00", 1) "\n" IN("b", "10:08:00", "10:13:00",
                                                                     2),
                         NULL);
    for (int i = 0; i < 2; i++) {
        stateful_world_expect(&world, OUT("a", "10:00:00.000", "10:05:00.000", 1, 1) "\n" OUT(
                                          "b", "10:08:00.000", "10:13:00.000", 1, 2));
        stateful_world_batch(&world, at(9, 0, 0), at(12, 0, 0), NULL, NULL);
    }
    stateful_world_expect_counts(&world, 2, 0, 0, 0);
    stateful_world_fini(&world);
}

static void update_mode_is_refused(void **state)
{
    struct lt_plan_stateful plan = plan_of(LT_OUTPUT_APPEND);
    struct stateful_world world;
    struct lt_operator *op;
    (void)state;
    stateful_world_init(&world, LT_PLAN_AGGREGATE, SCHEMA, NULL);
    stateful_world_open(&world, &plan);
    plan.output_mode = LT_OUTPUT_UPDATE;
    assert_int_equal(lt_ops_create(world.node, &op, &world.error), LT_E_UNSUPPORTED);
    assert_string_equal(world.error.text,
                        "Update output mode not supported for session window on streaming "
                        "DataFrames/DataSets");
    plan.output_mode = LT_OUTPUT_APPEND;
    stateful_world_fini(&world);
}

/* --------------------------------------------------------------------------------------- random */

enum { KEYS = 3, SESSIONS = 200, RANDOM_BATCHES = 10, GAP = 5 };

struct session {
    int start, end, count, sum; /* minutes */
};

struct key_sessions {
    struct session items[SESSIONS];
    int count;
};

static unsigned next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(*seed >> 33);
}

/* Takes out whatever the new session meets, until it meets none. */
static void add(struct key_sessions *sessions, struct session made)
{
    for (bool has_met = true; has_met;) {
        has_met = false;
        for (int i = 0; i < sessions->count && !has_met; i++) {
            const struct session *other = &sessions->items[i];
            if (other->start > made.end || made.start > other->end)
                continue;
            made.start = other->start < made.start ? other->start : made.start;
            made.end = other->end > made.end ? other->end : made.end;
            made.count += other->count;
            made.sum += other->sum;
            sessions->items[i] = sessions->items[--sessions->count];
            has_met = true;
        }
    }
    sessions->items[sessions->count++] = made;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *line_of(int key, const struct session *session)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_text_format(&text,
                   "{\"k\":\"%d\",\"s\":{\"start\":\"2025-03-09T%02d:%02d:00.000Z\",\"end\":"
                   "\"2025-03-09T%02d:%02d:00.000Z\"},\"n\":null,\"count\":%d,\"sum\":%d}",
                   key, session->start / 60, session->start % 60, session->end / 60,
                   session->end % 60, session->count, session->sum);
    return lt_text_take(&text);
}

static void expect_final(struct stateful_world *world, struct key_sessions *sessions,
                         int eviction)
{
    char *lines[KEYS * SESSIONS];
    struct lt_text_buffer all;
    int count = 0;
    uint64_t total = 0;
    lt_text_init(&all);
    for (int key = 0; key < KEYS; key++) {
        for (int i = 0; i < sessions[key].count;) {
            if (sessions[key].items[i].end > eviction) {
                i++;
                continue;
            }
            lines[count++] = line_of(key, &sessions[key].items[i]);
            sessions[key].items[i] = sessions[key].items[--sessions[key].count];
        }
        total += (uint64_t)sessions[key].count;
    }
    qsort(lines, (size_t)count, sizeof lines[0], compare_lines);
    for (int i = 0; i < count; i++) {
        lt_text_format(&all, "%s%s", i == 0 ? "" : "\n", lines[i]);
        free(lines[i]);
    }
    stateful_world_expect(world, lt_text_get(&all));
    lt_text_fini(&all);
    assert_int_equal(stateful_world_metrics(world).rows_total, total);
}

/* A row of a gap of its own; late ones are not noted. */
static void give_random(struct stateful_world *world, struct key_sessions *sessions,
                        uint64_t *seed, int newest, int late)
{
    char json[192];
    int key = (int)(next_random(seed) % KEYS), start = newest - (int)(next_random(seed) % 40);
    start = start < 0 ? 0 : start;
    const struct session made = {.start = start,
                                 .end = start + 1 + (int)(next_random(seed) % GAP),
                                 .count = 1,
                                 .sum = (int)(next_random(seed) % 100)};
    (void)snprintf(json, sizeof json,
                   "{\"k\":\"%d\",\"s\":{\"start\":\"2025-03-09T%02d:%02d:00Z\",\"end\":"
                   "\"2025-03-09T%02d:%02d:00Z\"},\"v\":%d}",
                   key, made.start / 60, made.start % 60, made.end / 60, made.end % 60, made.sum);
    stateful_world_give(world, 0, json);
    if (made.end > late)
        add(&sessions[key], made);
}

static void run_random(uint64_t seed)
{
    const struct lt_plan_stateful plan = plan_of(LT_OUTPUT_APPEND);
    struct key_sessions sessions[KEYS] = {{.count = 0}};
    struct stateful_world world;
    int late = 0, eviction = 0, newest = 60;
    stateful_world_init(&world, LT_PLAN_AGGREGATE, SCHEMA, NULL);
    world.lanes = 1 + (uint32_t)(seed % STATEFUL_LANES);
    world.instances = (uint32_t[]){1, 2, 7}[seed % 5 % 3];
    world.rows_in_flight = 1 + (uint32_t)(seed % 4);
    world.has_memory_store = seed % 2 == 1;
    world.is_told_ahead = seed % 4 == 0;
    stateful_world_open(&world, &plan);
    for (int batch = 0; batch < RANDOM_BATCHES; batch++) {
        stateful_world_begin(&world, at(0, late, 0), at(0, eviction, 0));
        for (unsigned i = next_random(&seed) % 25; i > 0; i--)
            give_random(&world, sessions, &seed, newest, late);
        stateful_world_end(&world);
        expect_final(&world, sessions, eviction);
        late = eviction;
        newest += (int)(next_random(&seed) % 30);
        eviction = newest - 30 > eviction ? newest - 30 : eviction;
        if (next_random(&seed) % 4 != 0)
            continue;
        stateful_world_close(&world);
        stateful_world_open(&world, &plan);
    }
    stateful_world_fini(&world);
}

static void random_rows_make_the_sessions_that_a_list_has(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 150; seed++)
        run_random(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_come_out_as_spark_gave_them),
        cmocka_unit_test(a_row_between_two_sessions_makes_them_one),
        cmocka_unit_test(complete_mode_gives_every_session_in_every_batch),
        cmocka_unit_test(update_mode_is_refused),
        cmocka_unit_test(random_rows_make_the_sessions_that_a_list_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
