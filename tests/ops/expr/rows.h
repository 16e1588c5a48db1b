/*
 * What the tests of expressions share: the schema of Kafka's source, one row of it, and short ways
 * to analyse and evaluate a text. Header only, so that each test is one file.
 */
#ifndef LT_TESTS_OPS_EXPR_ROWS_H
#define LT_TESTS_OPS_EXPR_ROWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ops/expr/expr.h"
#include "ops/expr/program.h"

#define KAFKA_SCHEMA                                                                               \
    "key BINARY, value BINARY, topic STRING, partition INT, offset BIGINT, timestamp TIMESTAMP, "  \
    "timestampType INT, headers ARRAY<STRUCT<key: STRING, value: BINARY>>"

enum { KEY, VALUE, TOPIC, PARTITION, OFFSET, TIMESTAMP, TIMESTAMP_TYPE, HEADERS, COLUMNS };

struct bench {
    struct lt_arena *arena;
    const struct lt_type *schema;
    struct lt_row_pool *pool;
    struct lt_row *row;
    struct lt_error error;
};

static inline void bench_init(struct bench *bench)
{
    static const union lt_value header_values[2] = {
        {.bytes = {.data = (const uint8_t *)"trace", .size_bytes = 5}},
        {.bytes = {.data = (const uint8_t *)"abc", .size_bytes = 3}},
    };
    static const struct lt_struct header = {.values = header_values};
    static const union lt_value element = {.structure = &header};
    static struct lt_array headers = {.count = 1, .values = &element};
    const struct lt_row_pool_options options = {
        .column_count = COLUMNS, .capacity = 4, .scratch_size_bytes = 256};
    lt_error_clear(&bench->error);
    bench->arena = lt_arena_create();
    assert_int_equal(lt_type_parse_ddl(KAFKA_SCHEMA, bench->arena, &bench->schema, &bench->error),
                     LT_OK);
    assert_int_equal(lt_row_pool_create(&options, &bench->pool, &bench->error), LT_OK);
    bench->row = lt_row_claim(bench->pool);
    union lt_value *values = lt_row_values(bench->row);
    lt_row_set_null(bench->row, KEY);
    values[VALUE] =
        lt_value_text("{\"sym\":\"X\",\"price\":123.5,\"qty\":10,\"id\":9007199254740993,"
                      "\"live\":true,\"a\":{\"b\":[7,8]}}");
    values[TOPIC] = lt_value_text("orders");
    values[PARTITION] = lt_value_i64(3);
    values[OFFSET] = lt_value_i64(991);
    values[TIMESTAMP] = lt_value_i64(1767225600000000); /* 2026-01-01 00:00:00 UTC */
    values[TIMESTAMP_TYPE] = lt_value_i64(0);
    values[HEADERS] = (union lt_value){.array = &headers};
}

static inline void bench_fini(struct bench *bench)
{
    lt_row_release(bench->row);
    lt_row_pool_destroy(bench->pool);
    lt_arena_destroy(bench->arena);
}

/* The analysed predicate; the test fails with the error's text if it is none. */
static inline struct lt_expression *bench_predicate(struct bench *bench, const char *text)
{
    struct lt_expression *expression;
    if (lt_expr_parse(text, bench->arena, &expression, &bench->error) != LT_OK ||
        lt_expr_analyse_predicate(&expression, text, bench->schema, NULL, bench->arena,
                                  &bench->error) != LT_OK)
        fail_msg("%s: %s", text, bench->error.text);
    return expression;
}

static inline struct lt_program *bench_program(struct bench *bench,
                                               struct lt_expression *expression, const char *text,
                                               bool use_switch)
{
    const struct lt_program_options options = {.expressions = &expression,
                                               .texts = &text,
                                               .count = 1,
                                               .schema = bench->schema,
                                               .use_switch = use_switch};
    struct lt_program *program;
    if (lt_program_create(&options, &program, &bench->error) != LT_OK)
        fail_msg("%s: %s", text, bench->error.text);
    return program;
}

/* The answer for the row, by both loops. */
static inline enum lt_program_answer bench_answer(struct bench *bench, const char *text)
{
    struct lt_expression *expression = bench_predicate(bench, text);
    enum lt_program_answer answers[2];
    for (int i = 0; i < 2; i++) {
        struct lt_program *program = bench_program(bench, expression, text, i == 1);
        answers[i] = lt_program_eval_predicate(program, bench->row);
        lt_program_destroy(program);
    }
    assert_int_equal(answers[0], answers[1]);
    return answers[0];
}

/* Parses and analyses what must be refused; the condition and the text are in bench->error. */
static inline void bench_refused(struct bench *bench, const char *text)
{
    struct lt_expression *expression;
    int code = lt_expr_parse(text, bench->arena, &expression, &bench->error);
    if (code == LT_OK)
        code = lt_expr_analyse(&expression, text, bench->schema, NULL, bench->arena, &bench->error);
    if (code == LT_OK)
        fail_msg("%s: should be refused", text);
}

#endif
