/*
 * What a record costs before anything is done with it: claiming and releasing its row, and its
 * place in a histogram.
 */
#include <stdlib.h>
#include <string.h>

#include "bench/micro/micro.h"
#include "bench/verdict.h"
#include "core/base/arena.h"
#include "core/base/histogram.h"
#include "core/data/row.h"
#include "core/flow/ring.h"

enum { COLUMNS = 6, POOL_ROWS = 4096, ROWS = 200000, VALUES = 500000 };

static struct lt_row_pool *create_pool(bool is_shared)
{
    struct lt_row_pool *pool;
    struct lt_error error;
    struct lt_row_pool_options options = {
        .column_count = COLUMNS, .capacity = POOL_ROWS, .is_shared = is_shared};
    if (lt_row_pool_create(&options, &pool, &error) != 0)
        bench_wrong("no pool of rows");
    return pool;
}

/* Released on the thread that claims. */
static double claim_release_ns(const void *argument)
{
    const bool *is_shared = argument;
    struct lt_row_pool *pool = create_pool(*is_shared);
    uint64_t count = micro_work(ROWS);
    int64_t begin_ns = micro_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        struct lt_row *row = lt_row_claim(pool);
        if (row == NULL)
            bench_wrong("row %llu did not come home", (unsigned long long)i);
        lt_row_values(row)[0].i64 = (int64_t)i;
        lt_row_release(row);
    }
    int64_t took_ns = micro_now_ns() - begin_ns;
    lt_row_pool_destroy(pool); /* asserts that every row is home */
    return (double)took_ns / (double)count;
}

struct crossing {
    struct lt_row_pool *pool;
    struct lt_ring *ring;
    uint64_t count;
    int64_t sum; /* of the rows that arrived */
};

static void send_rows(void *context)
{
    struct crossing *crossing = context;
    for (uint64_t i = 0; i < crossing->count; i++) {
        struct lt_row *row;
        struct lt_item *item;
        while ((row = lt_row_claim(crossing->pool)) == NULL)
            lt_cpu_relax();
        lt_row_values(row)[0].i64 = (int64_t)i;
        while ((item = lt_ring_claim(crossing->ring)) == NULL)
            lt_cpu_relax();
        *item = (struct lt_item){.kind = LT_ITEM_ROW, .row = row};
        lt_ring_publish(crossing->ring);
    }
}

static void release_rows(void *context)
{
    struct crossing *crossing = context;
    for (uint64_t i = 0; i < crossing->count; i++) {
        const struct lt_item *item;
        while ((item = lt_ring_peek(crossing->ring)) == NULL) {
            lt_ring_release_slots(crossing->ring);
            lt_cpu_relax();
        }
        crossing->sum += lt_row_values(item->row)[0].i64;
        lt_row_release(item->row);
        lt_ring_consume(crossing->ring);
    }
}

/* Claimed here, released on another CPU's thread: with the ring between them. */
static double cross_ns(const void *argument)
{
    (void)argument;
    struct lt_error error;
    struct crossing crossing = {.pool = create_pool(true), .count = micro_work(ROWS)};
    if (lt_ring_create(LT_LIMIT_RING_SLOTS, &crossing.ring, &error) != 0)
        bench_wrong("no ring");
    double took_ns = micro_run_pair(send_rows, release_rows, &crossing);
    int64_t count = (int64_t)crossing.count;
    if (crossing.sum != count * (count - 1) / 2)
        bench_wrong("the rows that crossed add up to %lld", (long long)crossing.sum);
    (void)lt_row_pool_reclaim(crossing.pool);
    lt_row_pool_destroy(crossing.pool);
    lt_ring_destroy(crossing.ring);
    return took_ns / (double)crossing.count;
}

/* Latencies as they come: around a few hundred nanoseconds, now and then a thousand times that. */
static double record_ns(const void *argument)
{
    (void)argument;
    struct lt_histogram *histogram = lt_alloc(sizeof *histogram);
    uint64_t count = micro_work(VALUES);
    uint32_t state = 1;
    int64_t begin_ns = micro_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        int64_t value = 200 + (state >> 24);
        lt_histogram_record(histogram, (state & 0xfff000) == 0 ? value * 1000 : value);
    }
    int64_t took_ns = micro_now_ns() - begin_ns;
    if (lt_histogram_count(histogram) != count)
        bench_wrong("the histogram counted %llu values",
                    (unsigned long long)lt_histogram_count(histogram));
    free(histogram);
    return (double)took_ns / (double)count;
}

const struct micro_case *micro_row_cases(size_t *count)
{
    static const bool no = false, yes = true;
    static const struct micro_case cases[] = {
        {"row claim and release/fused", claim_release_ns, &no},
        {"row claim and release/shared", claim_release_ns, &yes},
        {"histogram record", record_ns, NULL},
        {"row claim, ring, release on another CPU", cross_ns, NULL},
    };
    *count = sizeof cases / sizeof cases[0] - (micro_has_pair() ? 0 : 1);
    return cases;
}
