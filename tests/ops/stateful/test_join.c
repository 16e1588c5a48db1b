/*
 * Joins of two streams: the recorded runs of a live Spark, each kind of join, conditions of one
 * side, restarts, and random rows against all pairs.
 */
#include "ops/expr/expr.h"
#include "tests/ops/stateful/times.h"
#include "tests/support/stateful_world.h"

#define MINUTE_US 60000000LL

static const uint32_t first_column[] = {0};

struct fixture {
    struct stateful_world world;
    struct lt_plan_stateful plan;
};

/* Equal first columns, and the condition; a row of the left side is final `slack_us` after its
 * time, one of the right side at its time. */
static void open_join_of(struct fixture *fixture, enum lt_join_kind kind, uint32_t instances,
                         const char *left, const char *right, const char *condition)
{
    struct stateful_world *world = &fixture->world;
    stateful_world_init(world, LT_PLAN_JOIN, left, right);
    world->instances = instances;
    world->has_memory_store = instances == 2; /* all are used */
    world->is_told_ahead = instances == 1;
    struct lt_plan_side side = {
        .keys = first_column, .key_count = 1, .event_time = {.column = 1}};
    fixture->plan = (struct lt_plan_stateful){
        .left = side, .right = side, .session_gap = -1, .join = kind};
    fixture->plan.left.event_time.slack_us = 15 * MINUTE_US;
    if (condition != NULL) {
        const struct lt_type *pair;
        char ddl[256];
        (void)snprintf(ddl, sizeof ddl, "%s, %s", left, right);
        if (lt_type_parse_ddl(ddl, world->arena, &pair, &world->error) != LT_OK ||
            lt_expr_parse(condition, world->arena, &fixture->plan.condition, &world->error) !=
                LT_OK ||
            lt_expr_analyse_predicate(&fixture->plan.condition, condition, pair, NULL,
                                      world->arena, &world->error) != LT_OK)
            fail_msg("%s", world->error.text);
    }
    stateful_world_open(world, &fixture->plan);
}

static void open_join(struct fixture *fixture, enum lt_join_kind kind, const char *left,
                      const char *right, const char *condition)
{
    open_join_of(fixture, kind, 1, left, right, condition);
}

/* ------------------------------------------------------------------------------------- recorded */

#define IMPRESSIONS "aid INT, its TIMESTAMP, site STRING"
#define CLICKS "cid INT, cts TIMESTAMP, pos INT"
#define RANGE "cts >= its AND cts <= its + INTERVAL 15 MINUTES"

#define IMP(aid, its, site)                                                                        \
    "{\"aid\":" #aid ",\"its\":\"2025-03-09T" its "Z\",\"site\":\"" site "\"}"
#define CLK(cid, cts, pos)                                                                         \
    "{\"cid\":" #cid ",\"cts\":\"2025-03-09T" cts "Z\",\"pos\":" #pos "}"
#define PAIR(aid, its, site, cts, pos)                                                             \
    "{\"aid\":" #aid ",\"its\":\"2025-03-09T" its ".000Z\",\"site\":\"" site "\",\"cid\":" #aid    \
    ",\"cts\":\"2025-03-09T" cts ".000Z\",\"pos\":" #pos "}"

static const struct {
    const char *left, *right, *lines;
    struct {
        uint64_t total, updated, removed;
    } inner, outer;
} recorded[] = {
    {IMP(1, "10:00:00", "s1") "\n" IMP(2, "10:01:00", "s1") "\n" IMP(3, "10:02:00", "s2"),
     CLK(1, "10:05:00", 1) "\n" CLK(9, "10:06:00", 1),
     PAIR(1, "10:00:00", "s1", "10:05:00", 1),
     {5, 5, 0},
     {6, 6, 0}},
    {IMP(4, "10:20:00", "s2") "\n" IMP(5, "10:21:00", "s1"),
     CLK(1, "10:10:00", 2) "\n" CLK(2, "10:12:00", 1) "\n" CLK(4, "10:19:00", 1),
     PAIR(1, "10:00:00", "s1", "10:10:00", 2) "\n" PAIR(2, "10:01:00", "s1", "10:12:00", 1),
     {10, 5, 0},
     {11, 5, 0}},
    {IMP(6, "10:50:00", "s3") "\n" IMP(2, "10:05:00", "s1"),
     CLK(4, "10:25:00", 1) "\n" CLK(3, "10:13:00", 7) "\n" CLK(6, "10:59:00", 1),
     PAIR(2, "10:05:00", "s1", "10:12:00", 1) "\n" PAIR(3, "10:02:00", "s2", "10:13:00", 7) "\n"
     PAIR(4, "10:20:00", "s2", "10:25:00", 1) "\n" PAIR(6, "10:50:00", "s3", "10:59:00", 1),
     {15, 5, 0},
     {16, 5, 0}},
    {IMP(7, "11:40:00", "s1"),
     CLK(5, "10:22:00", 1) "\n" CLK(7, "11:45:00", 1),
     PAIR(5, "10:21:00", "s1", "10:22:00", 1) "\n" PAIR(7, "11:40:00", "s1", "11:45:00", 1),
     {4, 2, 13},
     {4, 2, 7}},
    {IMP(8, "11:41:00", "s1"),
     CLK(7, "11:46:00", 2) "\n" CLK(8, "11:42:00", 1),
     PAIR(7, "11:40:00", "s1", "11:46:00", 2) "\n" PAIR(8, "11:41:00", "s1", "11:42:00", 1),
     {5, 3, 2},
     {5, 3, 1}},
    {NULL, NULL, "", {5, 0, 0}, {5, 0, 0}},
};
enum { BATCHES = sizeof recorded / sizeof recorded[0] };

#define NO_CLICK ",\"cid\":null,\"cts\":null,\"pos\":null}"

/* `right_first`: the rows of the right side come before those of the left. */
static void run_recorded(bool is_outer, uint32_t instances, bool right_first)
{
    const int64_t watermarks[] = {0,             0,             at(9, 46, 0), at(9, 59, 0),
                                  at(10, 39, 0), at(11, 25, 0), at(11, 26, 0)};
    struct fixture fixture;
    struct stateful_world *world = &fixture.world;
    open_join_of(&fixture, is_outer ? LT_JOIN_LEFT_OUTER : LT_JOIN_INNER, instances, IMPRESSIONS,
                 CLICKS, RANGE);
    for (int i = 0; i < BATCHES; i++) {
        char lines[1024];
        stateful_world_begin(world, watermarks[i], watermarks[i + 1]);
        if (right_first)
            stateful_world_give(world, 1, recorded[i].right);
        stateful_world_give(world, 0, recorded[i].left);
        if (is_outer && i == 0)
            stateful_world_give(world, 0,
                                "{\"its\":\"2025-03-09T10:03:00Z\",\"site\":\"s9\"}");
        if (!right_first)
            stateful_world_give(world, 1, recorded[i].right);
        stateful_world_end(world);
        (void)snprintf(lines, sizeof lines, "%s%s", recorded[i].lines,
                       is_outer && i == 3 ? "\n{\"aid\":null,\"its\":\"2025-03-09T10:03:00.000Z\","
                                            "\"site\":\"s9\"" NO_CLICK
                                          : "");
        stateful_world_expect(world, lines);
        if (is_outer)
            stateful_world_expect_counts(world, recorded[i].outer.total,
                                         recorded[i].outer.updated, recorded[i].outer.removed, 0);
        else
            stateful_world_expect_counts(world, recorded[i].inner.total,
                                         recorded[i].inner.updated, recorded[i].inner.removed, 0);
        stateful_world_close(world);
        stateful_world_open(world, &fixture.plan);
    }
    stateful_world_fini(world);
}

static void an_inner_join_gives_what_spark_gave(void **state)
{
    (void)state;
    run_recorded(false, 1, false);
    run_recorded(false, 2, true);
}

static void a_left_outer_join_gives_what_spark_gave(void **state)
{
    (void)state;
    run_recorded(true, 1, true);
    run_recorded(true, 7, false);
}

/* -------------------------------------------------------------------------------- kinds of join */

#define LEFT "lk INT, lt TIMESTAMP, a INT"
#define RIGHT "rk INT, rt TIMESTAMP, b INT"
#define L(k, t, a) "{\"lk\":" #k ",\"lt\":\"2025-03-09T" t ":00Z\",\"a\":" #a "}"
#define R(k, t, b) "{\"rk\":" #k ",\"rt\":\"2025-03-09T" t ":00Z\",\"b\":" #b "}"
#define LO(k, t, a) "\"lk\":" #k ",\"lt\":\"2025-03-09T" t ":00.000Z\",\"a\":" #a
#define RO(k, t, b) "\"rk\":" #k ",\"rt\":\"2025-03-09T" t ":00.000Z\",\"b\":" #b
#define NO_LEFT "\"lk\":null,\"lt\":null,\"a\":null"
#define NO_RIGHT "\"rk\":null,\"rt\":null,\"b\":null"

static void outer_rows_come_with_nulls_when_they_are_final(void **state)
{
    struct fixture fixture;
    (void)state;
    open_join(&fixture, LT_JOIN_FULL_OUTER, LEFT, RIGHT, NULL);
    stateful_world_batch(&fixture.world, 0, 0, L(1, "10:00", 1) "\n" L(2, "10:01", 2),
                         R(1, "10:05", 1) "\n" R(3, "10:06", 3));
    stateful_world_expect(&fixture.world, "{" LO(1, "10:00", 1) "," RO(1, "10:05", 1) "}");
    stateful_world_expect_counts(&fixture.world, 4, 4, 0, 0);
    stateful_world_batch(&fixture.world, 0, at(10, 6, 0), NULL, NULL);
    stateful_world_expect(&fixture.world, "{" NO_LEFT "," RO(3, "10:06", 3) "}");
    stateful_world_expect_counts(&fixture.world, 2, 0, 0, 0);
    stateful_world_batch(&fixture.world, at(10, 6, 0), at(11, 0, 0), L(4, "10:06", 4), NULL);
    stateful_world_expect(&fixture.world, "{" LO(2, "10:01", 2) "," NO_RIGHT "}");
    stateful_world_expect_counts(&fixture.world, 0, 0, 0, 1);
    stateful_world_fini(&fixture.world);
}

static void a_semi_join_gives_a_left_row_once(void **state)
{
    struct fixture fixture;
    (void)state;
    open_join(&fixture, LT_JOIN_LEFT_SEMI, LEFT, RIGHT, NULL);
    stateful_world_batch(&fixture.world, 0, 0, L(1, "10:00", 1) "\n" L(1, "10:01", 2),
                         R(1, "10:05", 1) "\n" R(1, "10:06", 2));
    stateful_world_expect(&fixture.world, "{" LO(1, "10:00", 1) "}\n{" LO(1, "10:01", 2) "}");
    stateful_world_expect_counts(&fixture.world, 4, 4, 0, 0);
    stateful_world_batch(&fixture.world, 0, 0, L(1, "10:02", 3), R(1, "10:07", 3));
    stateful_world_expect(&fixture.world, "{" LO(1, "10:02", 3) "}");
    stateful_world_expect_counts(&fixture.world, 5, 1, 0, 0); /* the left row needs no keeping */
    stateful_world_fini(&fixture.world);
}

/* The left row comes behind the right row that is its partner, both new: it is kept, as it would be
 * if it had come before. */
static void a_semi_join_keeps_what_only_its_own_batch_has_matched(void **state)
{
    struct fixture fixture;
    (void)state;
    open_join(&fixture, LT_JOIN_LEFT_SEMI, LEFT, RIGHT, NULL);
    stateful_world_begin(&fixture.world, 0, 0);
    stateful_world_give(&fixture.world, 1, R(1, "10:05", 1));
    stateful_world_give(&fixture.world, 0, L(1, "10:00", 1));
    stateful_world_end(&fixture.world);
    stateful_world_expect(&fixture.world, "{" LO(1, "10:00", 1) "}");
    stateful_world_expect_counts(&fixture.world, 2, 2, 0, 0);
    stateful_world_batch(&fixture.world, 0, 0, NULL, R(1, "10:06", 2));
    stateful_world_expect(&fixture.world, "");
    stateful_world_fini(&fixture.world);
}

static void a_part_of_the_condition_that_one_side_fails_keeps_the_row_out(void **state)
{
    struct fixture fixture;
    (void)state;
    open_join(&fixture, LT_JOIN_LEFT_OUTER, LEFT, RIGHT, "a > 1 AND b > 1 AND a + b > 4");
    stateful_world_batch(&fixture.world, 0, 0,
                         L(1, "10:00", 1) "\n" L(1, "10:00", 2) "\n" L(1, "10:00", null),
                         R(1, "10:05", 1) "\n" R(1, "10:06", 2) "\n" R(1, "10:06", 3));
    stateful_world_expect(&fixture.world, "{" LO(1, "10:00", 1) "," NO_RIGHT "}\n{" LO(
                                              1, "10:00", 2) "," RO(1, "10:06", 3) "}\n{" LO(
                                              1, "10:00", null) "," NO_RIGHT "}");
    stateful_world_expect_counts(&fixture.world, 3, 3, 0, 0);
    stateful_world_fini(&fixture.world);
}

static void a_condition_that_fails_ends_the_query(void **state)
{
    struct fixture fixture;
    (void)state;
    open_join(&fixture, LT_JOIN_INNER, LEFT, RIGHT, "a / b > 1");
    stateful_world_begin(&fixture.world, 0, 0);
    stateful_world_give(&fixture.world, 0, L(1, "10:00", 1));
    stateful_world_give(&fixture.world, 1, R(1, "10:00", 0));
    assert_non_null(fixture.world.op->failure);
    assert_string_equal(fixture.world.op->failure->condition, "DIVIDE_BY_ZERO");
    stateful_world_give(&fixture.world, 0, L(1, "10:00", 2)); /* is taken, and gives nothing */
    assert_false(fixture.world.op->ops->drain(fixture.world.op, 0, &fixture.world.final_out.out));
    assert_int_equal(fixture.world.kept_count, 0);
    stateful_world_fini(&fixture.world);
}

static void an_anti_join_is_refused(void **state)
{
    struct fixture fixture;
    struct lt_operator *op;
    (void)state;
    open_join(&fixture, LT_JOIN_INNER, LEFT, RIGHT, NULL);
    fixture.plan.join = LT_JOIN_LEFT_ANTI;
    assert_int_equal(lt_ops_create(fixture.world.node, &op, &fixture.world.error),
                     LT_E_UNSUPPORTED);
    assert_string_equal(fixture.world.error.text,
                        "cannot make the join: Left anti joins with a streaming "
                        "DataFrame/Dataset on the right are not supported");
    fixture.plan.join = LT_JOIN_INNER;
    stateful_world_fini(&fixture.world);
}

/* --------------------------------------------------------------------------------------- random */

enum { ROUNDS = 60, RANDOM_BATCHES = 8, SIDE_ROWS = 200 };

struct random_row {
    int key, minute, id; /* key -1: NULL */
    bool is_matched;
};

struct random_side {
    struct random_row rows[SIDE_ROWS];
    int count;
};

static unsigned next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(*seed >> 33);
}

static void write_side(struct lt_text_buffer *out, const char *names[3],
                       const struct random_row *row)
{
    if (row == NULL) {
        lt_text_format(out, "\"%s\":null,\"%s\":null,\"%s\":null", names[0], names[1], names[2]);
        return;
    }
    if (row->key < 0)
        lt_text_format(out, "\"%s\":null,", names[0]);
    else
        lt_text_format(out, "\"%s\":%d,", names[0], row->key);
    lt_text_format(out, "\"%s\":\"2025-03-09T%02d:%02d:00.000Z\",\"%s\":%d", names[1],
                   row->minute / 60, row->minute % 60, names[2], row->id);
}

static const char *left_names[] = {"lk", "lt", "a"}, *right_names[] = {"rk", "rt", "b"};

static void add_line(char **lines, int *count, bool is_semi, const struct random_row *left,
                     const struct random_row *right)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_text_append(&text, "{");
    write_side(&text, left_names, left);
    if (!is_semi) {
        lt_text_append(&text, ",");
        write_side(&text, right_names, right);
    }
    lt_text_append(&text, "}");
    lines[(*count)++] = lt_text_take(&text);
}

/* All that must have come out when everything is final. */
static int expected_lines(enum lt_join_kind kind, struct random_side *sides, char **lines)
{
    int count = 0;
    bool keeps_left = kind == LT_JOIN_LEFT_OUTER || kind == LT_JOIN_FULL_OUTER;
    bool keeps_right = kind == LT_JOIN_RIGHT_OUTER || kind == LT_JOIN_FULL_OUTER;
    for (int i = 0; i < sides[0].count; i++) {
        struct random_row *left = &sides[0].rows[i];
        for (int j = 0; j < sides[1].count; j++) {
            struct random_row *right = &sides[1].rows[j];
            if (left->key != right->key || right->minute < left->minute ||
                right->minute > left->minute + 15) /* NULL meets NULL here */
                continue;
            if (kind != LT_JOIN_LEFT_SEMI || !left->is_matched)
                add_line(lines, &count, kind == LT_JOIN_LEFT_SEMI, left, right);
            left->is_matched = right->is_matched = true;
        }
        if (!left->is_matched && keeps_left)
            add_line(lines, &count, false, left, NULL);
    }
    for (int j = 0; j < sides[1].count && keeps_right; j++)
        if (!sides[1].rows[j].is_matched)
            add_line(lines, &count, false, NULL, &sides[1].rows[j]);
    return count;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void take_lines(struct stateful_world *world, char **lines, int *count)
{
    for (uint32_t i = 0; i < world->line_count; i++)
        lines[(*count)++] = world->lines[i];
    world->line_count = 0;
}

/* Gives some rows of either side, in any order, some of them together; those that are late are not
 * noted. */
static void give_random(struct stateful_world *world, struct random_side *sides, uint64_t *seed,
                        int late_minute, int *newest_minute)
{
    int rows = (int)(next_random(seed) % 20);
    uint32_t side = 0;
    struct lt_text_buffer json;
    lt_text_init(&json);
    for (int i = 0; i < rows; i++) {
        side = json.size_bytes == 0 ? next_random(seed) % 2 : side;
        struct random_side *to = &sides[side];
        int minute = *newest_minute + (int)(next_random(seed) % 40) - 20;
        const struct random_row row = {.key = (int)(next_random(seed) % 4) - 1,
                                       .minute = minute < 0 ? 0 : minute,
                                       .id = to->count};
        lt_text_append(&json, "{");
        write_side(&json, side == 0 ? left_names : right_names, &row);
        lt_text_append(&json, "}\n");
        if (row.minute > late_minute)
            to->rows[to->count++] = row;
        *newest_minute = row.minute > *newest_minute ? row.minute : *newest_minute;
        if (i + 1 == rows || next_random(seed) % 3 == 0) {
            stateful_world_give(world, side, lt_text_get(&json));
            lt_text_clear(&json);
        }
    }
    lt_text_fini(&json);
}

static void run_random(enum lt_join_kind kind, uint64_t seed)
{
    static char *expected[SIDE_ROWS * SIDE_ROWS], *found[SIDE_ROWS * SIDE_ROWS];
    struct random_side sides[2] = {{.count = 0}, {.count = 0}};
    struct fixture fixture;
    int late_minute = 0, watermark_minute = 0, newest_minute = 60, found_count = 0;
    open_join_of(&fixture, kind, (uint32_t[]){1, 2, 7}[seed % 3], LEFT, RIGHT,
                 "rt >= lt AND rt <= lt + INTERVAL 15 MINUTES");
    for (int batch = 0; batch < RANDOM_BATCHES; batch++) {
        stateful_world_begin(&fixture.world, at(0, late_minute, 0), at(0, watermark_minute, 0));
        give_random(&fixture.world, sides, &seed, late_minute, &newest_minute);
        stateful_world_end(&fixture.world);
        take_lines(&fixture.world, found, &found_count);
        late_minute = watermark_minute;
        watermark_minute = newest_minute - 10 > watermark_minute ? newest_minute - 10
                                                                  : watermark_minute;
    }
    stateful_world_batch(&fixture.world, 0, at(24, 0, 0), NULL, NULL);
    take_lines(&fixture.world, found, &found_count);
    assert_int_equal(stateful_world_metrics(&fixture.world).rows_total, 0);
    int count = expected_lines(kind, sides, expected);
    assert_int_equal(found_count, count);
    qsort(expected, (size_t)count, sizeof(char *), compare_lines);
    qsort(found, (size_t)count, sizeof(char *), compare_lines);
    for (int i = 0; i < count; i++) {
        assert_string_equal(found[i], expected[i]);
        free(found[i]);
        free(expected[i]);
    }
    stateful_world_fini(&fixture.world);
}

static void random_rows_meet_as_all_pairs_say(void **state)
{
    static const enum lt_join_kind kinds[] = {LT_JOIN_INNER, LT_JOIN_LEFT_OUTER,
                                              LT_JOIN_RIGHT_OUTER, LT_JOIN_FULL_OUTER,
                                              LT_JOIN_LEFT_SEMI};
    (void)state;
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++)
        for (uint64_t round = 0; round < ROUNDS; round++)
            run_random(kinds[kind], 1000 * kind + round);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_inner_join_gives_what_spark_gave),
        cmocka_unit_test(a_left_outer_join_gives_what_spark_gave),
        cmocka_unit_test(outer_rows_come_with_nulls_when_they_are_final),
        cmocka_unit_test(a_semi_join_gives_a_left_row_once),
        cmocka_unit_test(a_semi_join_keeps_what_only_its_own_batch_has_matched),
        cmocka_unit_test(a_part_of_the_condition_that_one_side_fails_keeps_the_row_out),
        cmocka_unit_test(a_condition_that_fails_ends_the_query),
        cmocka_unit_test(an_anti_join_is_refused),
        cmocka_unit_test(random_rows_meet_as_all_pairs_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
