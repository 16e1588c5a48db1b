/*
 * Compiled expressions, per record: filters and projections over rows with Kafka's columns, whose
 * values are JSON documents of 128 B and 1 KiB. The price stands in the middle of the document;
 * a third of the documents pass the filter on it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/micro/micro.h"
#include "bench/verdict.h"
#include "core/base/arena.h"
#include "core/data/row.h"
#include "ops/expr/expr.h"
#include "ops/expr/program.h"

enum {
    ROWS = 256, /* distinct documents, gone through again and again: they stay in the cache */
    EVALUATIONS = 20000,
    KEY_BYTES = 8,
    PADDING_BYTES = 64, /* behind each document, as behind a Kafka message in its batch */
    PRICE_FROM = 50,    /* prices are 50, 75, 125 in turns */
};

struct expression_case {
    const char *select; /* a select list; NULL: `where` is measured */
    const char *where;
    uint32_t value_bytes;
    uint32_t kept_of_three; /* how many of three rows in a row the filter keeps */
};

struct bench_rows {
    struct lt_row_pool *pool, *out_pool;
    struct lt_row *rows[ROWS];
    char *texts;
};

struct compiled {
    struct lt_arena *arena;
    const struct lt_type *schema;
    struct lt_expression *predicate;
    struct lt_expr_list list;
    struct lt_program *program;
};

static void must(int code, const struct lt_error *error, const char *what)
{
    if (code != 0)
        bench_wrong("%s: %s", what, error->text);
}

static uint32_t price_of(uint32_t row)
{
    return PRICE_FROM + 25 * (row % 3) + (row % 3 == 2 ? 25 : 0);
}

/* Exactly `size_bytes` of JSON: texts before and after the price. */
static void write_document(char *out, uint32_t size_bytes, uint32_t row)
{
    char text[64];
    int price = snprintf(text, sizeof text, "\",\"price\":%u,\"note\":\"", price_of(row));
    int head = snprintf(out, size_bytes, "{\"id\":%u,\"side\":\"buy\",\"symbol\":\"", 1000 + row);
    uint32_t middle = size_bytes / 2;
    memset(out + head, 'a', size_bytes - (uint32_t)head);
    memcpy(out + middle, text, (size_t)price);
    memcpy(out + size_bytes - 2, "\"}", 2);
}

static void create_rows(struct bench_rows *rows, uint32_t value_bytes)
{
    struct lt_error error = {0};
    struct lt_row_pool_options options = {
        .column_count = 3, .capacity = ROWS, .scratch_size_bytes = 256};
    must(lt_row_pool_create(&options, &rows->pool, &error), &error, "rows");
    must(lt_row_pool_create(&options, &rows->out_pool, &error), &error, "rows");
    size_t stride = value_bytes + PADDING_BYTES;
    rows->texts = lt_alloc(ROWS * stride);
    for (uint32_t i = 0; i < ROWS; i++) {
        char *text = rows->texts + i * stride;
        write_document(text, value_bytes, i);
        rows->rows[i] = lt_row_claim(rows->pool);
        union lt_value *values = lt_row_values(rows->rows[i]);
        values[0] = lt_value_bytes("ACCOUNT7", KEY_BYTES);
        values[1] = lt_value_bytes(text, value_bytes);
        values[1].bytes.padding_bytes = PADDING_BYTES;
        values[2] = lt_value_i64(1700000000000000 + i);
    }
}

static void destroy_rows(struct bench_rows *rows)
{
    for (uint32_t i = 0; i < ROWS; i++)
        lt_row_release(rows->rows[i]);
    lt_row_pool_destroy(rows->pool);
    lt_row_pool_destroy(rows->out_pool);
    free(rows->texts);
}

static void compile(struct compiled *out, const struct expression_case *c)
{
    struct lt_error error = {0};
    out->arena = lt_arena_create();
    must(lt_type_parse_ddl("key BINARY, value BINARY, timestamp TIMESTAMP", out->arena,
                           &out->schema, &error),
         &error, "schema");
    if (c->select != NULL) {
        must(lt_expr_parse_list(c->select, out->arena, &out->list, &error), &error, c->select);
    } else {
        must(lt_expr_parse(c->where, out->arena, &out->predicate, &error), &error, c->where);
        out->list = (struct lt_expr_list){.expressions = &out->predicate, .count = 1};
    }
    const char *text = c->select != NULL ? c->select : c->where;
    for (size_t i = 0; i < out->list.count; i++)
        must(
            lt_expr_analyse(&out->list.expressions[i], text, out->schema, NULL, out->arena, &error),
            &error, text);
    const char **texts = lt_arena_alloc(out->arena, out->list.count * sizeof *texts);
    struct lt_program_options options = {.expressions = out->list.expressions,
                                         .texts = texts,
                                         .count = out->list.count,
                                         .schema = out->schema};
    must(lt_program_create(&options, &out->program, &error), &error, text);
}

static void destroy_compiled(struct compiled *compiled)
{
    lt_program_destroy(compiled->program);
    lt_arena_destroy(compiled->arena);
}

static double filter_ns(const struct compiled *compiled, struct bench_rows *rows,
                        const struct expression_case *c)
{
    uint64_t rounds = micro_work(EVALUATIONS) / ROWS + 1, kept = 0, expected = 0;
    int64_t begin_ns = micro_now_ns();
    for (uint64_t i = 0; i < rounds * ROWS; i++)
        kept +=
            lt_program_eval_predicate(compiled->program, rows->rows[i % ROWS]) == LT_PROGRAM_TRUE;
    int64_t took_ns = micro_now_ns() - begin_ns;
    /* Rows are kept from the third of each three on backwards. */
    for (uint32_t i = 0; i < ROWS; i++)
        expected += rounds * (i % 3 >= 3 - c->kept_of_three);
    if (kept != expected)
        bench_wrong("\"%s\" kept %llu rows instead of %llu", c->where, (unsigned long long)kept,
                    (unsigned long long)expected);
    return (double)took_ns / (double)(rounds * ROWS);
}

/* As the operator does: a row is claimed, filled, and released. Column 0 is the price or the size
 * of the value, in all lists. */
static double project_ns(const struct compiled *compiled, struct bench_rows *rows,
                         const struct expression_case *c)
{
    uint64_t rounds = micro_work(EVALUATIONS) / ROWS + 1;
    int64_t sum = 0, expected = 0;
    int64_t begin_ns = micro_now_ns();
    for (uint64_t i = 0; i < rounds * ROWS; i++) {
        struct lt_row *out = lt_row_claim(rows->out_pool);
        if (out == NULL || !lt_program_eval(compiled->program, rows->rows[i % ROWS], out))
            bench_wrong("\"%s\" failed", c->select);
        sum += lt_row_values(out)[0].i64;
        lt_row_release(out);
    }
    int64_t took_ns = micro_now_ns() - begin_ns;
    for (uint32_t i = 0; i < ROWS; i++)
        expected +=
            (int64_t)rounds * (strstr(c->select, "price") != NULL ? price_of(i) : c->value_bytes);
    if (sum != expected)
        bench_wrong("\"%s\" gave %lld instead of %lld in all", c->select, (long long)sum,
                    (long long)expected);
    return (double)took_ns / (double)(rounds * ROWS);
}

static double expression_ns(const void *argument)
{
    const struct expression_case *c = argument;
    struct bench_rows rows;
    struct compiled compiled;
    create_rows(&rows, c->value_bytes);
    compile(&compiled, c);
    double ns =
        c->select != NULL ? project_ns(&compiled, &rows, c) : filter_ns(&compiled, &rows, c);
    destroy_compiled(&compiled);
    destroy_rows(&rows);
    return ns;
}

#define SELECT_COPY "length(value) as size, value, timestamp"
#define SELECT_CONCAT "length(value) as size, concat('k-', key) as key, timestamp"
#define SELECT_JSON "cast(value:price as bigint) as price, key, cast(value:id as int) as id"

const struct micro_case *micro_expression_cases(size_t *count)
{
    static const struct expression_case
        size = {.where = "length(value) > 8", .value_bytes = 128, .kept_of_three = 3},
        price = {.where = "value:price > 100", .value_bytes = 128, .kept_of_three = 1},
        price_1k = {.where = "value:price > 100", .value_bytes = 1024, .kept_of_three = 1},
        both = {.where = "length(value) > 8 and value:price > 60 and value:side = 'buy'",
                .value_bytes = 128,
                .kept_of_three = 2},
        copy = {.select = SELECT_COPY, .value_bytes = 128},
        concat = {.select = SELECT_CONCAT, .value_bytes = 128},
        json = {.select = SELECT_JSON, .value_bytes = 128},
        json_1k = {.select = SELECT_JSON, .value_bytes = 1024};
    static const struct micro_case cases[] = {
        {"filter length(value) > 8", expression_ns, &size},
        {"filter value:price > 100/128 B", expression_ns, &price},
        {"filter value:price > 100/1 KiB", expression_ns, &price_1k},
        {"filter of three terms, two JSON fields/128 B", expression_ns, &both},
        {"project size, value, timestamp", expression_ns, &copy},
        {"project size, concat(key), timestamp", expression_ns, &concat},
        {"project two JSON fields and key/128 B", expression_ns, &json},
        {"project two JSON fields and key/1 KiB", expression_ns, &json_1k},
    };
    *count = sizeof cases / sizeof cases[0];
    return cases;
}
