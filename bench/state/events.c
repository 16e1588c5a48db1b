#include "bench/state/events.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/verdict.h"

enum {
    FEW_KEYS = 1000,
    MANY_KEYS = 1000000,
    FEW_SPAN_MS = 200000,
    MANY_SPAN_MS = 20000,
    VISITS_PER_BLOCK = 50000, /* rows of BLOCK_MS */
    VISITS_KEYS = 5000,       /* that are busy in a block */
    VISITS_BLOCKS = 10,       /* until the same keys are busy again */
    BLOCK_MS = 10000,
    REPEAT_EACH = 6,
    JOIN_SPAN_MS = 100000,
    SOON_MS = 5000,
    LATE_MS = 20000,
    AMOUNTS = 1000,
    HOUR_MS = 3600000
};

/* The finaliser of splitmix64: a row's numbers from its own. */
static uint64_t scatter(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* A number of its own for each below 2^32, all over it: it can be undone, as any product with an
 * odd number. */
static int64_t scattered_key(uint32_t number)
{
    return (int64_t)(uint32_t)(number * UINT32_C(2654435761));
}

/* Even, so that no two times are an odd gap apart. */
static int64_t jitter_ms(uint64_t random)
{
    return (int64_t)((random >> 40) % (EVENTS_DISORDER_MS / 2)) * 2;
}

static struct event keyed(uint32_t number, uint32_t count, uint32_t keys, int64_t span_ms)
{
    uint64_t random = scatter(number);
    return (struct event){
        .key = (int64_t)(random % keys),
        .at_ms = EVENTS_BEGIN_MS + EVENTS_DISORDER_MS + number * span_ms / count -
                 jitter_ms(random),
    };
}

static struct event visit(uint32_t number)
{
    uint64_t random = scatter(number);
    uint32_t block = number / VISITS_PER_BLOCK;
    int64_t at_ms = (int64_t)number * BLOCK_MS / VISITS_PER_BLOCK / 2 * 2;
    return (struct event){
        .key = (int64_t)(block % VISITS_BLOCKS * VISITS_KEYS + random % VISITS_KEYS),
        .at_ms = EVENTS_BEGIN_MS + EVENTS_DISORDER_MS + at_ms - jitter_ms(random),
    };
}

static struct event repeat(uint32_t number, uint32_t count)
{
    uint32_t turn = number / REPEAT_EACH, fresh = turn * (REPEAT_EACH - 1) + number % REPEAT_EACH;
    if (number % REPEAT_EACH == REPEAT_EACH - 1)
        fresh = (uint32_t)(scatter(number) % fresh);
    return (struct event){.key = scattered_key(fresh),
                          .at_ms = EVENTS_BEGIN_MS + (int64_t)number * FEW_SPAN_MS / count};
}

static struct event shown(uint32_t number, uint32_t count)
{
    return (struct event){.key = scattered_key(number),
                          .at_ms = EVENTS_BEGIN_MS + (int64_t)number * JOIN_SPAN_MS / count};
}

static struct event clicked(uint32_t number, uint32_t count)
{
    struct event event = shown(number, count);
    event.at_ms += scatter(number) % 2 == 0 ? SOON_MS : LATE_MS;
    return event;
}

static struct event make(enum events_kind kind, uint32_t number, uint32_t count)
{
    switch (kind) {
    case EVENTS_FEW_KEYS:
        return keyed(number, count, FEW_KEYS, FEW_SPAN_MS);
    case EVENTS_MANY_KEYS:
        return keyed(number, count, MANY_KEYS, MANY_SPAN_MS);
    case EVENTS_VISITS:
        return visit(number);
    case EVENTS_REPEATS:
        return repeat(number, count);
    case EVENTS_SHOWN:
        return shown(number, count);
    case EVENTS_CLICKED:
        return clicked(number, count);
    default:
        bench_wrong("rows of kind %d are made elsewhere", (int)kind);
    }
}

void events_init(struct events *events, enum events_kind kind, uint32_t count)
{
    *events = (struct events){.items = calloc(count, sizeof *events->items), .count = count};
    if (events->items == NULL)
        bench_wrong("no memory for %u rows", count);
    int64_t latest_ms = 0;
    for (uint32_t number = 0; number < count; number++) {
        struct event *event = &events->items[number];
        *event = make(kind, number, count);
        /* It follows from the key, so that it is the same in a row that repeats it. */
        event->amount = (int64_t)(scatter((uint64_t)event->key) % AMOUNTS);
        latest_ms = event->at_ms > latest_ms ? event->at_ms : latest_ms;
    }
    events->items[count - 1].at_ms = latest_ms + HOUR_MS;
}

void events_fini(struct events *events)
{
    free(events->items);
    free(events->texts);
    *events = (struct events){0};
}

size_t events_print(const struct event *event, char text[EVENTS_TEXT_BYTES_MAX])
{
    int size_bytes = snprintf(text, EVENTS_TEXT_BYTES_MAX,
                              "{\"key\":%" PRId64 ",\"amount\":%" PRId64 ",\"at\":%" PRId64
                              ",\"text\":\"what else there is to say of it, in sixty letters "
                              "or so, as usual\"}",
                              event->key, event->amount, event->at_ms);
    return (size_t)size_bytes;
}
