/* A filter's first look at JSON text never changes what passes. */
#include "ops/expr/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "ops/expr/expr.h"
#include "ops/expr/functions.h"

enum { CHANCES = 20000 };

struct filter {
    struct lt_program *plain, *filter;
};

static struct lt_arena *arena;
static const struct lt_type *schema;
static struct lt_row_pool *pool;

static int set_up(void **state)
{
    (void)state;
    arena = lt_arena_create();
    struct lt_row_pool_options options = {.column_count = 2, .capacity = 4};
    return lt_type_parse_ddl("value STRING, n INT", arena, &schema, NULL) != LT_OK ||
           lt_row_pool_create(&options, &pool, NULL) != LT_OK;
}

static int tear_down(void **state)
{
    (void)state;
    lt_row_pool_destroy(pool);
    lt_arena_destroy(arena);
    return 0;
}

static struct filter make(const char *text)
{
    struct lt_expression *predicate;
    struct filter made;
    assert_int_equal(lt_expr_parse(text, arena, &predicate, NULL), LT_OK);
    assert_int_equal(lt_expr_analyse_predicate(&predicate, text, schema, NULL, arena, NULL), LT_OK);
    struct lt_expression **kept = lt_arena_alloc(arena, sizeof *kept);
    const char **texts = lt_arena_alloc(arena, sizeof *texts);
    kept[0] = predicate;
    texts[0] = text;
    struct lt_session unoptimised = *lt_session_default();
    unoptimised.is_unoptimised = true; /* there is no look then */
    struct lt_program_options options = {.expressions = kept,
                                         .texts = texts,
                                         .count = 1,
                                         .schema = schema,
                                         .session = &unoptimised,
                                         .is_filter = true};
    assert_int_equal(lt_program_create(&options, &made.plain, NULL), LT_OK);
    options.session = NULL;
    assert_int_equal(lt_program_create(&options, &made.filter, NULL), LT_OK);
    return made;
}

static void destroy(struct filter *made)
{
    lt_program_destroy(made->plain);
    lt_program_destroy(made->filter);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static size_t put_document(char *out, uint64_t *seed)
{
    static const char *const pieces[] = {
        "\"a\":1",
        "\"a\":150",
        "\"a\":150.5",
        "\"a\":\"150\"",
        "\"sym\":\"X\"",
        "\"sym\":\"Y\"",
        "\"sym\":\"XYZ and more\"",
        "\"sym\":7",
        "\"a\":null",
        "\"b\":[\"a\",2]",
        "\"c\":{\"a\":5,\"sym\":\"Y\"}",
        "\"e\":\"q\\\"\"",
        "\"\\u0061\":2",
        "'sym':'X'",
        "'a':200",
        "\"g\":\"\u00e9\"",
        "\"a\":99999999999",
        "oops",
        "\"note\":\"symbols and apples, up to the end of a block\""};
    enum { PIECES = sizeof pieces / sizeof pieces[0] };
    size_t size = 0;
    out[size++] = '{';
    for (uint64_t i = 0, count = next_random(seed) % 7; i < count; i++) {
        if (i > 0)
            out[size++] = ',';
        uint64_t chosen = next_random(seed) % (2 * PIECES);
        const char *piece = pieces[chosen < PIECES ? chosen : chosen % 9];
        memcpy(out + size, piece, strlen(piece));
        size += strlen(piece);
    }
    if (next_random(seed) % 16 != 0)
        out[size++] = '}';
    return size;
}

static uint32_t passes_the_same(const char *text)
{
    struct filter made = make(text);
    struct lt_row *row = lt_row_claim(pool);
    uint64_t seed = 99;
    uint32_t passed = 0;
    for (int chance = 0; chance < CHANCES; chance++) {
        char document[600];
        size_t size_bytes = put_document(document, &seed);
        lt_row_values(row)[0] = lt_value_bytes(document, (uint32_t)size_bytes);
        lt_row_values(row)[1] = lt_value_i64((int64_t)(seed % 3));
        enum lt_program_answer plain = lt_program_eval_predicate(made.plain, row);
        enum lt_program_answer filtered = lt_program_eval_predicate(made.filter, row);
        if (plain == LT_PROGRAM_FAULT)
            assert_int_equal(filtered, LT_PROGRAM_FAULT);
        if ((plain == LT_PROGRAM_TRUE) != (filtered == LT_PROGRAM_TRUE))
            fail_msg("%s: %.*s is %d, and filtered %d", text, (int)size_bytes, document, plain,
                     filtered);
        passed += plain == LT_PROGRAM_TRUE;
    }
    lt_row_release(row);
    destroy(&made);
    return passed;
}

static void what_passes_is_what_passes_without_the_look(void **state)
{
    (void)state;
    static const char *const filters[] = {
        "value:sym = 'X'",
        "value:a > 100 and value:sym = 'X'",
        "100 < value:a",
        "value:a <= 100 and n = 1",
        "value:sym = 'XYZ and more' and value:a >= 150",
        "value:sym < 'Y' and value:a = 150",
        "value:a > 100 and (value:sym = 'X' or n > 1)",
        "from_json(value, 'a bigint, sym string').a > 100",
        "from_json(value, 'a bigint, sym string').sym = 'X'",
        "from_json(value, 'a int, sym string').a > 100 and from_json(value, 'a int, sym "
        "string').sym = 'X'",
        "from_json(value, 'a double').a < 150.5 and n < 2",
        "from_json(value, 'sym string, b array<string>').sym >= 'X'",
        "from_json(value, 'a bigint').a > 100 and value:sym = 'X'",
    };
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++)
        assert_in_range(passes_the_same(filters[i]), 1, CHANCES - 1);
}

static void a_look_hides_no_fault_that_the_condition_does_not_hide(void **state)
{
    (void)state;
    (void)passes_the_same("value:a > 100 and 1 / n > 0");
    (void)passes_the_same("from_json(value, 'a bigint').a > 100 and cast(value as int) > 0");
    (void)passes_the_same("from_json(value, 'a bigint', map('mode', 'FAILFAST')).a > 100");
}

/* Rows that are left out cost no document; where all pass, the look is given up. */
static void a_row_left_out_is_not_read(void **state)
{
    (void)state;
    struct filter made = make("value:sym = 'X'");
    struct lt_row *row = lt_row_claim(pool);
    static const char out_text[] = "{\"sym\":\"Y\",\"rest\":[1,2,3]}";
    lt_row_values(row)[0] = lt_value_text(out_text);
    lt_row_values(row)[1] = lt_value_i64(0);
    uint64_t before = lt_program_json_counters(made.filter).documents;
    for (int i = 0; i < 100; i++)
        assert_int_equal(lt_program_eval_predicate(made.filter, row), LT_PROGRAM_FALSE);
    uint64_t read = lt_program_json_counters(made.filter).documents - before;
    assert_true(read == 0 || read == 100); /* without vectors, each is read */
    lt_row_release(row);
    destroy(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_passes_is_what_passes_without_the_look),
        cmocka_unit_test(a_look_hides_no_fault_that_the_condition_does_not_hide),
        cmocka_unit_test(a_row_left_out_is_not_read),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
