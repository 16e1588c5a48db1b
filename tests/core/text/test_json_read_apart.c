/* Fields put apart are those of the struct, document after document; so are dates read in place. */
#include "core/text/json_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/text/datetime.h"

enum { CHANCES = 100000, FIELDS = 7, DOCUMENT_MAX = 1024 };
static const char TYPE[] =
    "a BIGINT, b STRING, c DOUBLE, d DATE, e INT, f ARRAY<BIGINT>, `a long name` BIGINT";

static struct lt_arena *arena;

static void *take(void *context, size_t size_bytes)
{
    (void)context;
    return lt_arena_alloc(arena, size_bytes == 0 ? 1 : size_bytes);
}

static const struct lt_codec_memory memory = {.alloc = take};

static bool parse(void *context, const struct lt_type *type, const void *text, size_t size_bytes,
                  union lt_value *out)
{
    int32_t days;
    (void)context;
    (void)type;
    if (!lt_datetime_parse_date(text, size_bytes, &days))
        return false;
    out->i64 = days;
    return true;
}

static struct lt_json_reader *create(const struct lt_type *type, bool dates_are_plain)
{
    static struct lt_json_options options;
    struct lt_json_reader *reader;
    lt_json_options_init(&options);
    const struct lt_json_read_setup setup = {
        .type = type,
        .options = &options,
        .times = {.parse = parse, .dates_are_plain = dates_are_plain}};
    assert_int_equal(lt_json_reader_create(&setup, &reader, NULL), 0);
    return reader;
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Fields mostly in one order, at times twice, odd or missing; now and then damaged. */
static struct lt_bytes make_document(char *out, uint64_t *seed)
{
    static const char *const values[] = {"1",
                                         "-12345678",
                                         "123456789012",
                                         "1.5",
                                         "\"text\"",
                                         "\"\"",
                                         "null",
                                         "\"2024-02-29\"",
                                         "\"2023-02-29\"",
                                         "\"0000-01-01\"",
                                         "\"2024-1-1\"",
                                         "[1,2]",
                                         "{\"a\":[1]}",
                                         "\"q\\\"\"",
                                         "true",
                                         "-0",
                                         "0.25",
                                         "1e3",
                                         "nul"};
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "a long name", "x"};
    size_t size_bytes = 0;
    out[size_bytes++] = '{';
    for (size_t i = 0; i < 8; i++) {
        uint64_t draw = next_random(seed) % 16;
        size_t name = draw == 0 ? next_random(seed) % 8 : i;
        size_t fit[] = {0, 4, 16, 7, 0, 11, 2, next_random(seed) % 13};
        size_t value = next_random(seed) % 6 == 0 ? next_random(seed) % 18 : fit[name];
        if (next_random(seed) % 400 == 0)
            value = 18;
        if (draw != 1)
            size_bytes +=
                (size_t)snprintf(out + size_bytes, DOCUMENT_MAX - size_bytes, "%s\"%s\":%s",
                                 size_bytes > 1 ? "," : "", names[name], values[value]);
    }
    out[size_bytes++] = '}';
    if (next_random(seed) % 64 == 0)
        out[next_random(seed) % size_bytes] = "{}[]\",:\\ 1"[next_random(seed) % 10];
    return (struct lt_bytes){.data = (const uint8_t *)out, .size_bytes = (uint32_t)size_bytes};
}

static void what_is_put_apart_is_what_a_struct_has(void **state)
{
    (void)state;
    const struct lt_type *type;
    struct lt_arena *types = lt_arena_create();
    assert_int_equal(lt_type_parse_ddl(TYPE, types, &type, NULL), 0);
    arena = lt_arena_create();
    struct lt_json_reader *whole = create(type, false), *apart = create(type, true);
    uint64_t seed = 31;
    int good = 0;
    for (int chance = 0; chance < CHANCES; chance++) {
        char text[DOCUMENT_MAX];
        struct lt_bytes document = make_document(text, &seed);
        union lt_value value, values[FIELDS];
        uint64_t nulls;
        enum lt_codec_result result = lt_json_read(whole, document, &memory, &value);
        assert_int_equal(lt_json_read_apart(apart, document, &memory, values, &nulls), result);
        for (uint32_t i = 0; result == LT_CODEC_VALUE && i < FIELDS; i++) {
            bool is_null = lt_bit(value.structure->nulls, i);
            if (lt_bit(&nulls, i) != is_null ||
                (!is_null && lt_value_compare(type->fields[i].type, &values[i],
                                              &value.structure->values[i]) != 0))
                fail_msg("\"%s\" of %.*s", type->fields[i].name, (int)document.size_bytes, text);
            good += !is_null;
        }
        if (chance % 1000 == 0) {
            lt_arena_destroy(arena);
            arena = lt_arena_create();
        }
    }
    struct lt_json_read_counters a = lt_json_reader_counters(whole);
    struct lt_json_read_counters b = lt_json_reader_counters(apart);
    assert_memory_equal(&a, &b, sizeof a);
    assert_true(good > CHANCES);
    lt_json_reader_destroy(whole);
    lt_json_reader_destroy(apart);
    lt_arena_destroy(arena);
    lt_arena_destroy(types);
}

/* Of duplicates the last that fits counts, whatever came before it in the stream. */
static void a_value_that_does_not_fit_leaves_the_one_before(void **state)
{
    (void)state;
    const struct lt_type *type;
    arena = lt_arena_create();
    assert_int_equal(lt_type_parse_ddl("a BIGINT", arena, &type, NULL), 0);
    struct lt_json_reader *reader = create(type, true);
    static const char *const documents[] = {"{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2.5}",
                                            "{\"a\":1,\"a\":\"x\"}", "{\"a\":1,\"a\":null}"};
    static const int64_t expected[] = {2, 1, 1, 0};
    for (int i = 0; i < 8; i++) {
        union lt_value value;
        uint64_t nulls;
        const char *document = documents[i % 4];
        assert_int_equal(
            lt_json_read_apart(reader, lt_value_text(document).bytes, &memory, &value, &nulls),
            LT_CODEC_VALUE);
        assert_int_equal(nulls & 1, i % 4 == 3);
        if (i % 4 != 3)
            assert_int_equal(value.i64, expected[i % 4]);
    }
    lt_json_reader_destroy(reader);
    lt_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_apart_is_what_a_struct_has),
        cmocka_unit_test(a_value_that_does_not_fit_leaves_the_one_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
