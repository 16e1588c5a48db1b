/*
 * Aggregates against what a live Spark gave (spark.tsv, made by spark_cases), in one pass and in
 * pieces that are merged, through their bytes; then bytes that are damaged, and what the table
 * says.
 *
 * A result of doubles may differ in its last places where it was merged: sums are not associative.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ops/expr/functions.h"
#include "tests/support/aggregation.h"

enum { LINE_MAX_BYTES = 1 << 20, FEW_ROWS = 50 };
#define NEAR 1e-6

/* -------------------------------------------------------------------------------------- results */

static bool is_number_byte(char c)
{
    return strchr("0123456789+-.Ee", c) != NULL && c != '\0';
}

/* Texts that are the same but for numbers with a point, which are near each other. */
static bool is_near(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        if (!is_number_byte(*a) || !is_number_byte(*b)) {
            if (*a++ != *b++)
                return false;
            continue;
        }
        char *a_end, *b_end;
        double x = strtod(a, &a_end), y = strtod(b, &b_end);
        if (a_end == a || b_end == b) {
            if (*a++ != *b++)
                return false;
            continue;
        }
        bool is_fraction = memchr(a, '.', (size_t)(a_end - a)) != NULL;
        double size = x < 0 ? -x : x, gap = x < y ? y - x : x - y;
        if (is_fraction ? gap > NEAR * (size > 1 ? size : 1)
                        : a_end - a != b_end - b || strncmp(a, b, (size_t)(a_end - a)) != 0)
            return false;
        a = a_end;
        b = b_end;
    }
    return *a == *b;
}

/* The rows in pieces of `step`, each through its bytes, merged into one state. */
static void give_pieces(struct aggregation *a, uint32_t step, struct lt_text_buffer *out)
{
    void *whole = aggregation_state(a);
    lt_text_clear(out);
    for (uint32_t first = 0; first < a->count; first += step) {
        uint32_t end = first + step < a->count ? first + step : a->count;
        void *piece = aggregation_state(a);
        if (!aggregation_add(a, piece, first, end)) {
            lt_text_append(out, a->error.condition);
            return;
        }
        piece = aggregation_reread(a, piece);
        whole = aggregation_reread(a, whole);
        if (!aggregation_merge(a, whole, piece)) {
            lt_text_append(out, a->error.condition);
            return;
        }
    }
    aggregation_result(a, aggregation_reread(a, whole), out);
}

/* All rows, and then a merge into a state without any, as Spark does it. */
static void give_at_once(struct aggregation *a, struct lt_text_buffer *out)
{
    void *state = aggregation_state(a), *merged = aggregation_state(a);
    lt_text_clear(out);
    if (!aggregation_add(a, state, 0, a->count) || !aggregation_merge(a, merged, state))
        lt_text_append(out, a->error.condition);
    else
        aggregation_result(a, merged, out);
}

/* Is every order of pieces the same to it? A sketch is not, a fault of a part may not be one. */
static bool is_split(const char *text, const char *wanted)
{
    bool is_error = isupper((unsigned char)wanted[0]) && strcmp(wanted, "NULL") != 0;
    return strncmp(text, "approx_percentile", 17) != 0 && !is_error;
}

/* A line of spark.tsv; NULL: not told. */
struct wanted {
    const char *text, *type, *name, *result;
};

static bool check_pieces(struct aggregation *a, const struct wanted *wanted,
                         struct lt_text_buffer *got)
{
    for (uint32_t i = 1; i <= 3 && is_split(wanted->text, wanted->result); i++) {
        give_pieces(a, a->count > FEW_ROWS ? a->count / i + 1 : i, got);
        if (!is_near(lt_text_get(got), wanted->result))
            return false;
    }
    return true;
}

static bool check_bound(struct aggregation *a, const struct wanted *wanted,
                        struct lt_text_buffer *got)
{
    const char *type = lt_type_simple_string(a->arena, a->call.type);
    if (wanted->type != NULL && strcmp(wanted->type, "-") != 0 &&
        (strcmp(wanted->type, type) != 0 || strcmp(wanted->name, a->name) != 0)) {
        lt_text_format(got, "%s of type %s", a->name, type);
        return false;
    }
    give_at_once(a, got);
    return strcmp(lt_text_get(got), wanted->result) == 0 && check_pieces(a, wanted, got);
}

static bool check_case(const struct wanted *wanted)
{
    struct aggregation a;
    struct lt_text_buffer got;
    lt_text_init(&got);
    int code = aggregation_open(&a, wanted->text, NULL);
    if (code != LT_OK)
        lt_text_append(&got, a.error.condition);
    bool is_nameless = strncmp(wanted->result, "_LEGACY", 7) == 0; /* any error will do */
    bool is_same = code != LT_OK ? is_nameless || strcmp(a.error.condition, wanted->result) == 0
                                 : check_bound(&a, wanted, &got);
    if (!is_same)
        print_message("%.300s\n  wanted %.200s (%s, %s)\n  got    %.200s\n  %.300s\n", wanted->text,
                      wanted->result, wanted->type, wanted->name, lt_text_get(&got),
                      code != LT_OK ? a.error.text : "");
    lt_text_fini(&got);
    aggregation_close(&a);
    return is_same;
}

/* Cuts a line at its tabs. */
static struct wanted cut(char *line)
{
    char *fields[4] = {line, NULL, NULL, NULL};
    line[strcspn(line, "\n")] = '\0';
    for (unsigned i = 1; i < 4; i++) {
        fields[i] = strchr(fields[i - 1], '\t');
        assert_non_null(fields[i]);
        *fields[i]++ = '\0';
    }
    return (struct wanted){fields[0], fields[1], fields[2], fields[3]};
}

static void spark_gives_the_same(void **state)
{
    FILE *file = fopen("tests/ops/aggregate/spark.tsv", "r");
    char *line = malloc(LINE_MAX_BYTES);
    unsigned checked = 0, wrong = 0;
    (void)state;
    assert_non_null(file);
    while (fgets(line, LINE_MAX_BYTES, file) != NULL) {
        if (line[0] == '#')
            continue;
        const struct wanted wanted = cut(line);
        wrong += !check_case(&wanted);
        checked++;
    }
    (void)fclose(file);
    free(line);
    assert_true(checked > 1000);
    if (wrong > 0)
        fail_msg("%u of %u cases differ", wrong, checked);
}

static void every_example_gives_its_result(void **state)
{
    unsigned checked = 0;
    (void)state;
    for (size_t i = 0; i < lt_function_count(); i++) {
        const struct lt_function *function = lt_function_at(i, NULL);
        char wanted[64];
        if (function->flow != LT_FLOW_AGGREGATE)
            continue;
        assert_non_null(function->aggregate);
        if (function->result == NULL)
            continue; /* 4096 bytes: spark.tsv has them */
        bool is_text =
            strncmp(function->name, "listagg", 7) == 0 || strstr(function->name, "_by") != NULL;
        (void)snprintf(wanted, sizeof wanted, is_text ? "\"%s\"" : "%s", function->result);
        const struct wanted line = {.text = function->example, .result = wanted};
        assert_true(check_case(&line));
        checked++;
    }
    assert_int_equal(checked, 46);
}

/* ---------------------------------------------------------------------------------------- bytes */

static const char *const STATES[] = {
    "count(a) FROM VALUES (1), (2) AS t(a)",
    "sum(a) FROM VALUES (1.5), (2.5) AS t(a)",
    "avg(a) FROM VALUES (1D), (2D) AS t(a)",
    "max(a) FROM VALUES ('abc'), ('abd') AS t(a)",
    "min(a) FROM VALUES (array(1, NULL)), (array(2)) AS t(a)",
    "max_by(a, b) FROM VALUES (map('k', 1), 1), (map('l', 2), 2) AS t(a, b)",
    "last(a) FROM VALUES (struct(1, 'x')), (NULL) AS t(a)",
    "bit_xor(a) FROM VALUES (3Y), (5Y) AS t(a)",
    "kurtosis(a) FROM VALUES (1D), (2D), (4D) AS t(a)",
    "corr(a, b) FROM VALUES (1D, 2D), (2D, 3D) AS t(a, b)",
    "collect_list(a) FROM VALUES ('x'), ('y'), (NULL) AS t(a)",
    "collect_set(a) FROM VALUES ('x'), ('y'), ('x') AS t(a)",
    "listagg(a, ',') WITHIN GROUP (ORDER BY b) FROM VALUES ('x', 2), ('y', NULL) AS t(a, b)",
    "percentile(a, 0.5) FROM VALUES (1), (2), (2) AS t(a)",
    "approx_percentile(a, 0.5) FROM VALUES (1), (2), (2) AS t(a)",
    "bitmap_construct_agg(a) FROM VALUES (1), (2), (32767) AS t(a)",
    "approx_count_distinct(a) FROM VALUES (1), (2), (2) AS t(a)",
    "approx_count_distinct(a, 0.3) FROM VALUES (1), (2), (3), (4), (5), (6), (7), (8) AS t(a)",
};

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Reads the bytes from memory of just their size, so that a sanitizer sees what is read behind. */
static int read_bytes(struct aggregation *a, const char *data, size_t size, void *state)
{
    char *copy = malloc(size == 0 ? 1 : size);
    if (size > 0)
        memcpy(copy, data, size);
    int code = lt_aggregates_read(a->aggregates, copy, size, state, &a->memory, &a->error);
    if (code == LT_OK) { /* what was read is used before its bytes go */
        struct lt_text_buffer text;
        void *merged = aggregation_state(a);
        lt_text_init(&text);
        if (aggregation_merge(a, merged, state))
            aggregation_result(a, merged, &text);
        lt_text_fini(&text);
    } else {
        assert_int_equal(code, LT_E_CORRUPT);
        assert_non_null(strstr(a->error.text, "stored aggregates: "));
    }
    free(copy);
    lt_scratch_clear(&a->memory);
    return code;
}

static void damage(struct aggregation *a, struct lt_text_buffer *bytes, uint64_t *seed)
{
    for (size_t size = 0; size < bytes->size_bytes; size++)
        assert_int_equal(read_bytes(a, bytes->data, size, aggregation_state(a)), LT_E_CORRUPT);
    for (unsigned i = 0; i < 400; i++) {
        size_t at = next_random(seed) % bytes->size_bytes;
        char was = bytes->data[at];
        bytes->data[at] = (char)(was ^ (1 << next_random(seed) % 8));
        (void)read_bytes(a, bytes->data, bytes->size_bytes, aggregation_state(a));
        if (next_random(seed) % 4 != 0)
            bytes->data[at] = was; /* else further damage is added to it */
    }
}

static void damaged_bytes_are_an_error_or_a_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof STATES / sizeof STATES[0]; i++) {
        struct aggregation a;
        struct lt_text_buffer bytes;
        uint64_t seed = 88172645463325252U + i;
        lt_text_init(&bytes);
        if (aggregation_open(&a, STATES[i], NULL) != LT_OK)
            fail_msg("%s: %s", STATES[i], a.error.text);
        void *full = aggregation_state(&a);
        assert_true(aggregation_add(&a, full, 0, a.count));
        lt_aggregates_write(a.aggregates, full, &bytes);
        lt_text_append(&bytes, "x");
        assert_int_equal(read_bytes(&a, bytes.data, bytes.size_bytes, aggregation_state(&a)),
                         LT_E_CORRUPT);
        bytes.data[--bytes.size_bytes] = '\0';
        damage(&a, &bytes, &seed);
        lt_text_fini(&bytes);
        aggregation_close(&a);
    }
}

/* --------------------------------------------------------------------------------- many at once */

static void states_stand_side_by_side(void **state)
{
    static const struct lt_field fields[] = {{.name = "n", .nullable = true},
                                             {.name = "s", .nullable = true},
                                             {.name = "ok", .nullable = true}};
    struct lt_field typed[3];
    memcpy(typed, fields, sizeof typed);
    typed[0].type = lt_type_simple(LT_TYPE_BIGINT);
    typed[1].type = lt_type_simple(LT_TYPE_STRING);
    typed[2].type = lt_type_simple(LT_TYPE_BOOLEAN);
    struct lt_arena *arena = lt_arena_create();
    const struct lt_type *schema = lt_type_struct(arena, typed, 3);
    const uint32_t n = 0, s = 1;
    const struct lt_plan_aggregate plan[] = {
        {.function = "count", .filter = -1, .type = typed[0].type},
        {.function = "sum",
         .arguments = &n,
         .argument_count = 1,
         .filter = 2,
         .type = typed[0].type},
        {.function = "max",
         .arguments = &s,
         .argument_count = 1,
         .filter = -1,
         .type = typed[1].type}};
    const struct lt_row_pool_options options = {
        .column_count = 3, .capacity = 2, .scratch_size_bytes = 64};
    struct lt_aggregates *aggregates;
    struct lt_row_pool *pool;
    struct lt_scratch memory = {0};
    struct lt_error error;
    (void)state;
    assert_int_equal(lt_aggregates_create(plan, 3, schema, NULL, &aggregates, &error), LT_OK);
    assert_string_equal(lt_aggregates_schema(aggregates), "count(),sum(BIGINT),max(STRING)");
    assert_int_equal(lt_aggregates_size_bytes(aggregates) % 16, 0);
    assert_int_equal(lt_row_pool_create(&options, &pool, &error), LT_OK);
    void *sums = lt_arena_alloc(arena, lt_aggregates_size_bytes(aggregates));
    for (int64_t i = 1; i <= 3; i++) {
        char text[] = {(char)('a' + i), '\0'};
        struct lt_row *row = lt_row_claim(pool);
        lt_row_values(row)[0] = lt_value_i64(i);
        lt_row_values(row)[1] = lt_value_text(text); /* which is gone after the update */
        lt_row_values(row)[2] = lt_value_i64(i != 2);
        assert_true(lt_aggregates_update(aggregates, sums, row, &memory));
        lt_row_release(row);
    }
    struct lt_row *out = lt_row_claim(pool);
    assert_true(lt_aggregates_evaluate(aggregates, sums, out, 0));
    assert_int_equal(lt_row_values(out)[0].i64, 3);
    assert_int_equal(lt_row_values(out)[1].i64, 4);
    assert_int_equal(lt_row_values(out)[2].bytes.data[0], 'd');
    lt_row_release(out);
    lt_row_pool_destroy(pool);
    lt_scratch_fini(&memory);
    lt_aggregates_destroy(aggregates);
    lt_arena_destroy(arena);
}

/* What grows with rows in a lane must not: a value that is replaced is written over. */
static void kept_values_use_their_memory_again(void **state)
{
    struct aggregation a;
    (void)state;
    assert_int_equal(aggregation_open(&a,
                                      "max(struct(a, b)) FROM VALUES (1, 'one'), (2, 'two'), (3, "
                                      "'and three') AS t(a, b)",
                                      NULL),
                     LT_OK);
    void *kept = aggregation_state(&a);
    assert_true(aggregation_add(&a, kept, 0, 3));
    size_t used = a.memory.used_bytes;
    for (unsigned i = 0; i < 10000; i++)
        assert_true(aggregation_add(&a, kept, 0, 3));
    assert_int_equal(a.memory.used_bytes, used);
    aggregation_close(&a);
}

/* No allocation for a row, nor for a group, where the state is what it says. */
static void numbers_need_no_memory(void **state)
{
    static const char *const texts[] = {
        "count(id) FROM RANGE 1000",      "sum(id) FROM RANGE 1000",
        "avg(id) FROM RANGE 1000",        "min(id) FROM RANGE 1000",
        "max(id) FROM RANGE 1000",        "first(id) FROM RANGE 1000",
        "last(id) FROM RANGE 1000",       "stddev(id) FROM RANGE 1000",
        "max_by(id, id) FROM RANGE 1000", "bit_xor(id) FROM RANGE 1000",
        "corr(id, id) FROM RANGE 1000",   "sum(id + 0.5) FROM RANGE 1000"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct aggregation a;
        assert_int_equal(aggregation_open(&a, texts[i], NULL), LT_OK);
        void *numbers = aggregation_state(&a), *merged = aggregation_state(&a);
        assert_true(aggregation_add(&a, numbers, 0, a.count));
        assert_true(aggregation_merge(&a, merged, numbers));
        assert_null(a.memory.first);
        aggregation_close(&a);
    }
}

static void what_cannot_be_bound_is_an_error(void **state)
{
    const struct lt_type *none = lt_type_simple(LT_TYPE_BIGINT);
    struct lt_arena *arena = lt_arena_create();
    const struct lt_type *schema = lt_type_struct(arena, NULL, 0);
    const struct lt_plan_aggregate unknown = {.function = "summ", .filter = -1, .type = none};
    const struct lt_plan_aggregate plain = {.function = "upper", .filter = -1, .type = none};
    const struct lt_plan_aggregate distinct = {
        .function = "count", .filter = -1, .is_distinct = true, .type = none};
    struct lt_aggregates *aggregates;
    struct lt_error error;
    (void)state;
    assert_int_equal(lt_aggregates_create(&unknown, 1, schema, NULL, &aggregates, &error),
                     LT_E_NOT_FOUND);
    assert_string_equal(error.text, "no aggregate function \"summ\"");
    assert_int_equal(lt_aggregates_create(&plain, 1, schema, NULL, &aggregates, &error),
                     LT_E_NOT_FOUND);
    assert_int_equal(lt_aggregates_create(&distinct, 1, schema, NULL, &aggregates, &error),
                     LT_E_UNSUPPORTED);
    lt_arena_destroy(arena);
}

/* --------------------------------------------------------------------------------- rules of old */

static void legacy_sums_wrap(void **state)
{
    struct lt_session session = *lt_session_default();
    struct aggregation a;
    struct lt_text_buffer got;
    (void)state;
    session.is_legacy = true;
    lt_text_init(&got);
    assert_int_equal(
        aggregation_open(&a, "sum(a) FROM VALUES (9223372036854775807L), (1L) AS t(a)", &session),
        LT_OK);
    give_at_once(&a, &got);
    assert_string_equal(lt_text_get(&got), "-9223372036854775808");
    lt_text_fini(&got);
    aggregation_close(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spark_gives_the_same),
        cmocka_unit_test(every_example_gives_its_result),
        cmocka_unit_test(damaged_bytes_are_an_error_or_a_state),
        cmocka_unit_test(states_stand_side_by_side),
        cmocka_unit_test(kept_values_use_their_memory_again),
        cmocka_unit_test(numbers_need_no_memory),
        cmocka_unit_test(what_cannot_be_bound_is_an_error),
        cmocka_unit_test(legacy_sums_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
