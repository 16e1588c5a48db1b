/* Texts that may be read past their end are treated in whole words: nothing else comes out. */
#include "tests/ops/expr/rows.h"

enum { CHANCES = 20000, TEXT_MAX = 24, PADDING_BYTES = 16 };

static const char *const expressions[] = {
    "upper(j)",           "lower(j)",           "substring(j, 3, 4)", "substring(j, 1, 8)",
    "substring(j, 0, 2)", "substring(j, 7, 1)", "substring(j, -3)",   "substring(j, 2, 0)",
    "concat(j, '/', k)",  "concat(k, j, k, j)", "j || upper(k)",
};
enum { COUNT = sizeof expressions / sizeof expressions[0] };

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Mostly ASCII; what is behind it is no part of it. */
static uint32_t put_text(uint8_t *out, uint64_t *seed)
{
    static const char *const pieces[] = {"a", "B", "z", "Z", "@", "[", "`", "{", "7", "\xc3\xa9"};
    uint32_t size_bytes = 0, count = (uint32_t)(next_random(seed) % (TEXT_MAX / 2));
    uint64_t kinds = next_random(seed) % 3 == 0 ? 10 : 9;
    for (uint32_t i = 0; i < count; i++) {
        const char *piece = pieces[next_random(seed) % kinds];
        memcpy(out + size_bytes, piece, strlen(piece));
        size_bytes += (uint32_t)strlen(piece);
    }
    memset(out + size_bytes, next_random(seed) % 2 == 0 ? 'Q' : 0xC3, PADDING_BYTES);
    return size_bytes;
}

static struct lt_program *make(struct lt_arena *arena, const struct lt_type *schema)
{
    static struct lt_expression *analysed[COUNT];
    struct lt_error error;
    for (size_t i = 0; i < COUNT; i++) {
        if (lt_expr_parse(expressions[i], arena, &analysed[i], &error) != LT_OK ||
            lt_expr_analyse(&analysed[i], expressions[i], schema, NULL, arena, &error) != LT_OK)
            fail_msg("%s: %s", expressions[i], error.text);
    }
    const struct lt_program_options options = {
        .expressions = analysed, .texts = expressions, .count = COUNT, .schema = schema};
    struct lt_program *program;
    assert_int_equal(lt_program_create(&options, &program, &error), LT_OK);
    return program;
}

static void padding_changes_nothing(void **state)
{
    (void)state;
    static const struct lt_row_pool_options options = {
        .column_count = COUNT, .capacity = 4, .scratch_size_bytes = 4096};
    struct lt_arena *arena = lt_arena_create();
    const struct lt_type *schema;
    struct lt_row_pool *pool;
    assert_int_equal(lt_type_parse_ddl("j STRING, k STRING", arena, &schema, NULL), LT_OK);
    assert_int_equal(lt_row_pool_create(&options, &pool, NULL), LT_OK);
    struct lt_program *program = make(arena, schema);
    uint64_t seed = 77;
    for (int chance = 0; chance < CHANCES; chance++) {
        uint8_t texts[2][TEXT_MAX + PADDING_BYTES];
        struct lt_row *row = lt_row_claim(pool), *results[2];
        union lt_value *values = lt_row_values(row);
        for (int i = 0; i < 2; i++)
            values[i] = lt_value_bytes(texts[i], put_text(texts[i], &seed));
        for (uint32_t padded = 0; padded < 2; padded++) {
            results[padded] = lt_row_claim(pool);
            values[0].bytes.padding_bytes = values[1].bytes.padding_bytes = padded * PADDING_BYTES;
            assert_true(lt_program_eval(program, row, results[padded]));
        }
        for (uint32_t i = 0; i < COUNT; i++) {
            const struct lt_bytes *plain = &lt_row_values(results[0])[i].bytes;
            const struct lt_bytes *padded = &lt_row_values(results[1])[i].bytes;
            if (plain->size_bytes != padded->size_bytes ||
                memcmp(plain->data, padded->data, plain->size_bytes) != 0)
                fail_msg("%s of \"%.*s\" is \"%.*s\", and padded \"%.*s\"", expressions[i],
                         (int)values[0].bytes.size_bytes, (const char *)texts[0],
                         (int)plain->size_bytes, (const char *)plain->data, (int)padded->size_bytes,
                         (const char *)padded->data);
        }
        lt_row_release(results[0]);
        lt_row_release(results[1]);
        lt_row_release(row);
    }
    lt_program_destroy(program);
    lt_row_pool_destroy(pool);
    lt_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(padding_changes_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
