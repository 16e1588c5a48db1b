/*
 * A hop and the throughput of leat's ring and of the references, between two CPUs.
 *
 * Hop: a number goes there and another comes back, on two channels of the same kind; half of the
 * round trip, the median of many samples of a few. Throughput: one side puts as fast as it can, the
 * other takes. Either way a side that finds nothing asks again after a pause instruction. The raw
 * exchange is measured twice under two names: if the two disagree, no ratio means much.
 *
 * The kinds share the loops; each is compiled into them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/micro/micro.h"
#include "bench/micro/reference_rings.h"
#include "core/base/arena.h"
#include "core/flow/ring.h"

enum {
    ROUND_TRIPS_PER_SAMPLE = 8, /* the counter's step may be 10 ns */
    SAMPLES = 600,
    WARM_SAMPLES = 100,
    ROUND_TRIPS = ROUND_TRIPS_PER_SAMPLE * SAMPLES,
    /* A few milliseconds: short enough to fall between two turns of other programs. */
    RECORDS = 200000,
};
_Static_assert(WARM_SAMPLES < SAMPLES, "something is measured");

/* Always inlined, so that a kind's try_put and try_take are known where they are called. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

struct channels {
    void *there, *back;
    uint64_t count;
    uint64_t *ticks; /* of each sample */
};

typedef bool try_put_fn(void *channel, uint64_t number);
typedef bool try_take_fn(void *channel, uint64_t expected);

ALWAYS_INLINE void put(try_put_fn *try_put, void *channel, uint64_t number)
{
    while (!try_put(channel, number))
        lt_cpu_relax();
}

ALWAYS_INLINE void take(try_take_fn *try_take, void *channel, uint64_t expected)
{
    while (!try_take(channel, expected))
        lt_cpu_relax();
}

/* The numbers are odd on the way there and even on the way back, since the two ways may be one
 * line. */
ALWAYS_INLINE void echo(struct channels *channels, try_put_fn *try_put, try_take_fn *try_take)
{
    for (uint64_t i = 0; i < channels->count; i++) {
        take(try_take, channels->there, 2 * i + 1);
        put(try_put, channels->back, 2 * i + 2);
    }
}

/* The counter is read once for each sample, for all kinds alike. */
ALWAYS_INLINE void ask(struct channels *channels, try_put_fn *try_put, try_take_fn *try_take)
{
    uint64_t before = __builtin_ia32_rdtsc();
    for (uint64_t i = 0; i < channels->count; i++) {
        put(try_put, channels->there, 2 * i + 1);
        take(try_take, channels->back, 2 * i + 2);
        if (i % ROUND_TRIPS_PER_SAMPLE != ROUND_TRIPS_PER_SAMPLE - 1)
            continue;
        uint64_t now = __builtin_ia32_rdtsc();
        channels->ticks[i / ROUND_TRIPS_PER_SAMPLE] = now - before;
        before = now;
    }
}

ALWAYS_INLINE void put_all(struct channels *channels, try_put_fn *try_put)
{
    for (uint64_t i = 0; i < channels->count; i++)
        put(try_put, channels->there, i);
}

ALWAYS_INLINE void take_all(struct channels *channels, try_take_fn *try_take)
{
    for (uint64_t i = 0; i < channels->count; i++)
        take(try_take, channels->there, i);
}

/* ------------------------------------------------------------------------------- leat's ring */

/* As core/run writes a record into a ring: the whole descriptor. */
static inline bool leat_try_put(void *channel, uint64_t number)
{
    struct lt_item *item = lt_ring_claim(channel);
    if (item == NULL)
        return false;
    *item = (struct lt_item){.kind = LT_ITEM_ROW, .epoch = number};
    lt_ring_publish(channel);
    return true;
}

/* As core/run takes one: slots are released before a side idles. */
static inline bool leat_try_take(void *channel, uint64_t expected)
{
    const struct lt_item *item = lt_ring_peek(channel);
    if (item == NULL) {
        lt_ring_release_slots(channel);
        return false;
    }
    expect_number(item->epoch, expected);
    lt_ring_consume(channel);
    return true;
}

static void *leat_create(void)
{
    struct lt_ring *ring;
    struct lt_error error;
    if (lt_ring_create(LT_LIMIT_RING_SLOTS, &ring, &error) != 0)
        bench_wrong("no ring");
    return ring;
}

static void leat_destroy(void *channel)
{
    lt_ring_destroy(channel);
}

/* --------------------------------------------------------------------------------- the others */

static void *create_zeroed(size_t size_bytes)
{
    return memset(lt_alloc_aligned(size_bytes), 0, size_bytes);
}

static void *raw_create(void)
{
    return create_zeroed(sizeof(struct raw_line));
}

static void *cached_create(void)
{
    return create_zeroed(sizeof(struct cached_ring));
}

static void *ck_create(void)
{
    struct ck_channel *channel = create_zeroed(sizeof *channel);
    ck_ring_init(&channel->ring, REFERENCE_SLOTS);
    return channel;
}

/* -------------------------------------------------------------------------------------- kinds */

struct kind {
    void *(*create)(void);
    void (*destroy)(void *channel);
    void (*ask)(void *context);
    void (*echo)(void *context);
    void (*put_all)(void *context);
    void (*take_all)(void *context);
    bool is_one_line; /* there and back are the same channel */
};

#define KIND_LOOPS(name)                                                                           \
    static void name##_ask(void *context)                                                          \
    {                                                                                              \
        ask(context, name##_try_put, name##_try_take);                                             \
    }                                                                                              \
    static void name##_echo(void *context)                                                         \
    {                                                                                              \
        echo(context, name##_try_put, name##_try_take);                                            \
    }                                                                                              \
    static void name##_put_all(void *context)                                                      \
    {                                                                                              \
        put_all(context, name##_try_put);                                                          \
    }                                                                                              \
    static void name##_take_all(void *context)                                                     \
    {                                                                                              \
        take_all(context, name##_try_take);                                                        \
    }
KIND_LOOPS(leat)
KIND_LOOPS(raw)
KIND_LOOPS(cached)
KIND_LOOPS(ck)

#define KIND(name, how_to_destroy)                                                                 \
    {                                                                                              \
        .create = name##_create, .destroy = how_to_destroy, .ask = name##_ask,                     \
        .echo = name##_echo, .put_all = name##_put_all, .take_all = name##_take_all                \
    }
static const struct kind leat_kind = KIND(leat, leat_destroy);
static const struct kind cached_kind = KIND(cached, free);
static const struct kind ck_kind = KIND(ck, free);
static const struct kind raw_kind = KIND(raw, free);
static const struct kind raw_one_line_kind = {
    .create = raw_create, .destroy = free, .ask = raw_ask, .echo = raw_echo, .is_one_line = true};

static int compare_ticks(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static double hop_p50_ns(const void *argument)
{
    const struct kind *kind = argument;
    struct channels channels = {.count = ROUND_TRIPS, .there = kind->create()};
    channels.back = kind->is_one_line ? channels.there : kind->create();
    channels.ticks = lt_alloc_array(SAMPLES, sizeof *channels.ticks);
    uint64_t begin = __builtin_ia32_rdtsc();
    int64_t begin_ns = micro_now_ns();
    (void)micro_run_pair(kind->ask, kind->echo, &channels);
    double ns_per_tick =
        (double)(micro_now_ns() - begin_ns) / (double)(__builtin_ia32_rdtsc() - begin);
    uint64_t count = SAMPLES - WARM_SAMPLES, *sorted = channels.ticks + WARM_SAMPLES;
    qsort(sorted, count, sizeof *sorted, compare_ticks);
    double round_trip_ns = (double)sorted[count / 2] * ns_per_tick / ROUND_TRIPS_PER_SAMPLE;
    if (!kind->is_one_line)
        kind->destroy(channels.back);
    kind->destroy(channels.there);
    free(channels.ticks);
    return round_trip_ns / 2;
}

static double throughput_ns(const void *argument)
{
    const struct kind *kind = argument;
    struct channels channels = {.count = micro_work(RECORDS), .there = kind->create()};
    double took_ns = micro_run_pair(kind->put_all, kind->take_all, &channels);
    kind->destroy(channels.there);
    return took_ns / (double)channels.count;
}

#define HOP "ring hop p50/"
#define PER_RECORD "ring ns per record/"
#define RAW HOP "raw exchange of two lines"

const struct micro_case *micro_ring_cases(size_t *count)
{
    static const struct micro_case cases[] = {
        {HOP "leat", hop_p50_ns, &leat_kind},
        {RAW, hop_p50_ns, &raw_kind},
        {RAW " again", hop_p50_ns, &raw_kind},
        {HOP "raw exchange of one line", hop_p50_ns, &raw_one_line_kind},
        {HOP "cached index", hop_p50_ns, &cached_kind},
        {HOP "ck_ring", hop_p50_ns, &ck_kind},
        {PER_RECORD "leat", throughput_ns, &leat_kind},
        {PER_RECORD "cached index", throughput_ns, &cached_kind},
        {PER_RECORD "ck_ring", throughput_ns, &ck_kind},
    };
    *count = micro_has_pair() ? sizeof cases / sizeof cases[0] : 0;
    if (*count == 0)
        puts("ring: skipped, it needs two CPUs");
    return cases;
}

bool micro_ring_is_steady(void)
{
    return !micro_has_pair() || bench_agree(RAW, RAW " again", 0.03);
}

void micro_ring_verdicts(void)
{
    double leat_hop = bench_median(HOP "leat"), leat_ns = bench_median(PER_RECORD "leat");
    double cached_ns = bench_median(PER_RECORD "cached index");
    double ck_ns = bench_median(PER_RECORD "ck_ring");
    double raw_hop = (bench_median(RAW) + bench_median(RAW " again")) / 2;
    if (leat_hop > 0 && raw_hop > 0)
        bench_at_most("ring hop p50 / raw exchange", leat_hop / raw_hop, 1.10, "x");
    if (leat_ns <= 0 || cached_ns <= 0 || ck_ns <= 0)
        return;
    double best_ns = cached_ns < ck_ns ? cached_ns : ck_ns;
    bench_at_least("ring throughput", 1000 / leat_ns, 1000 / best_ns, "M records/s");
}
