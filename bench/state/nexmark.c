#include "bench/state/nexmark.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/verdict.h"
#include "core/leat.h"

enum {
    EVENTS_PER_MS = 10,
    TURN = 50, /* events: a person, then three auctions, then bids */
    AUCTIONS = 3,
    BIDS = 46,
    TIME_BYTES = 40,
    FIRST_TEXTS_BYTES = 1 << 20,
    HOUR_MS = 3600000
};

/* Columns that come: the event's numbers, and the document without its time. */
enum { KEY, OTHER, AMOUNT, DOCUMENT };

static const int64_t patience_ns = INT64_C(600000000000);

static const struct {
    const char *events, *columns;
} kinds[] = {
    [EVENTS_BIDS] = {"bid", "auction, bidder, price, to_json(struct(auction, bidder, price, "
                            "channel, url, extra))"},
    [EVENTS_AUCTIONS] = {"auction", "id, seller, category, to_json(struct(id, itemName, "
                                    "description, initialBid, reserve, seller, category, extra))"},
    [EVENTS_PEOPLE] = {"person", "id, state, id AS same, to_json(struct(id, name, emailAddress, "
                                 "creditCard, city, state, extra))"},
};

struct keeper {
    struct events *events;
    enum events_kind kind;
    uint32_t capacity;
    size_t used_bytes, texts_bytes;
};

static int64_t time_of(const struct keeper *keeper, uint32_t number)
{
    int64_t n = number, event;
    if (keeper->kind == EVENTS_BIDS)
        event = n / BIDS * TURN + 1 + AUCTIONS + n % BIDS;
    else if (keeper->kind == EVENTS_AUCTIONS)
        event = n / AUCTIONS * TURN + 1 + n % AUCTIONS;
    else
        event = n * TURN;
    return EVENTS_BEGIN_MS + event / EVENTS_PER_MS +
           (number + 1 == keeper->capacity ? HOUR_MS : 0);
}

static void keep_text(struct keeper *keeper, const char *text, size_t size_bytes, int64_t at_ms)
{
    size_t needed_bytes = keeper->used_bytes + size_bytes + TIME_BYTES;
    while (needed_bytes > keeper->texts_bytes) {
        keeper->texts_bytes *= 2;
        keeper->events->texts = realloc(keeper->events->texts, keeper->texts_bytes);
        if (keeper->events->texts == NULL)
            bench_wrong("no memory for %zu bytes of rows", keeper->texts_bytes);
    }
    char *out = keeper->events->texts + keeper->used_bytes;
    memcpy(out, text, size_bytes - 1); /* its brace comes behind the time */
    int time_bytes =
        snprintf(out + size_bytes - 1, TIME_BYTES, ",\"dateTime\":%" PRId64 "}", at_ms);
    keeper->used_bytes += size_bytes - 1 + (size_t)time_bytes + 1;
}

static bool is_wanted_state(const leat_row *row)
{
    size_t size_bytes;
    const char *state = leat_row_bytes(row, OTHER, &size_bytes);
    return size_bytes == 2 && (memcmp(state, "OR", 2) == 0 || memcmp(state, "ID", 2) == 0 ||
                               memcmp(state, "CA", 2) == 0);
}

static enum leat_write keep(void *state, const leat_row *row, uint32_t flags)
{
    struct keeper *keeper = state;
    size_t size_bytes;
    (void)flags;
    if (keeper->events->count == keeper->capacity)
        bench_wrong("more than %u rows", keeper->capacity);
    int64_t at_ms = time_of(keeper, keeper->events->count);
    const char *document = leat_row_bytes(row, DOCUMENT, &size_bytes);
    keeper->events->items[keeper->events->count++] = (struct event){
        .key = leat_row_i64(row, KEY),
        .other = keeper->kind == EVENTS_PEOPLE ? is_wanted_state(row) : leat_row_i64(row, OTHER),
        .amount = leat_row_i64(row, AMOUNT),
        .at_ms = at_ms,
    };
    keep_text(keeper, document, size_bytes, at_ms);
    return LEAT_WRITE_DONE;
}

void nexmark_init(struct events *events, enum events_kind kind, uint32_t count)
{
    char rows[16];
    struct keeper keeper = {.events = events,
                            .kind = kind,
                            .capacity = count,
                            .texts_bytes = FIRST_TEXTS_BYTES};
    *events = (struct events){.items = calloc(count, sizeof *events->items),
                              .texts = malloc(FIRST_TEXTS_BYTES)};
    if (events->items == NULL || events->texts == NULL)
        bench_wrong("no memory for %u rows", count);
    snprintf(rows, sizeof rows, "%u", count);
    leat_context *context = leat_context_create();
    leat_stream *stream =
        leat_read(context, "nexmark",
                  leat_options_of("events", kinds[kind].events, "numEvents", rows, "openLoop",
                                  "true", "rowsPerSecond", "1000000", (const char *)NULL),
                  NULL);
    leat_query *query = leat_query_create(context, NULL);
    const leat_sink sink = {.size = sizeof sink, .name = "keeper", .user = &keeper, .write = keep};
    if (leat_query_write_sink(query, leat_select(stream, kinds[kind].columns), &sink) != LEAT_OK ||
        leat_start_invoked(query) != LEAT_OK || leat_await(query, patience_ns) != LEAT_OK ||
        events->count != count)
        bench_wrong("%u rows of %u: %s%s", events->count, count, leat_context_error(context),
                    leat_query_error(query));
    leat_query_destroy(query);
    leat_context_destroy(context);
}
