/*
 * Bids in memory: leat's source nexmark runs at full speed into a sink that keeps what comes. Their
 * times alone are the bench's: they are spread evenly over a day, so that queries that look at the
 * hour see all of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/sql/rows.h"
#include "bench/verdict.h"
#include "core/leat.h"

enum { BID_TEXT_BYTES_MAX = 128, WAIT_S = 60 };

#define DAY_US INT64_C(86400000000)

enum { AUCTION, BIDDER, PRICE, CHANNEL, URL, EXTRA = 6, TEXTS = 3 };

struct keeper {
    struct bid *bids;
    char *
        ends[TEXTS]; /* of what is kept of each column of texts: they lie as columns do elsewhere */
    uint32_t count, capacity;
};

static const char *keep_text(char **end, const leat_row *row, uint32_t column, uint32_t *size_bytes)
{
    size_t bytes;
    const void *text = leat_row_bytes(row, column, &bytes);
    if (bytes > BID_TEXT_BYTES_MAX)
        bench_wrong("a bid with a text of %zu bytes", bytes);
    char *kept = *end;
    memcpy(kept, text, bytes);
    *end += bytes;
    *size_bytes = (uint32_t)bytes;
    return kept;
}

static enum leat_write keep(void *state, const leat_row *row, uint32_t flags)
{
    (void)flags;
    struct keeper *keeper = state;
    if (keeper->count == keeper->capacity)
        bench_wrong("more than %u bids", keeper->capacity);
    struct bid *bid = &keeper->bids[keeper->count];
    bid->auction = leat_row_i64(row, AUCTION);
    bid->bidder = leat_row_i64(row, BIDDER);
    bid->price = leat_row_i64(row, PRICE);
    bid->time_us = BENCH_BIDS_BEGIN_US + DAY_US / keeper->capacity * keeper->count++;
    bid->channel = keep_text(&keeper->ends[0], row, CHANNEL, &bid->channel_bytes);
    bid->url = keep_text(&keeper->ends[1], row, URL, &bid->url_bytes);
    bid->extra = keep_text(&keeper->ends[2], row, EXTRA, &bid->extra_bytes);
    return LEAT_WRITE_DONE;
}

static void must(const leat_context *context, const leat_query *query, int status)
{
    if (status < 0)
        bench_wrong("making bids: %s%s", leat_context_error(context),
                    query == NULL ? "" : leat_query_error(query));
}

static void run(struct keeper *keeper)
{
    char count[16];
    snprintf(count, sizeof count, "%u", keeper->capacity);
    leat_context *context = leat_context_create();
    leat_stream *stream = leat_read(context, "nexmark",
                                    leat_options_of("events", "bid", "numEvents", count, "openLoop",
                                                    "true", "rowsPerSecond", "1000000", NULL),
                                    NULL);
    must(context, NULL, stream == NULL ? -1 : 0);
    leat_query *query = leat_query_create(context, NULL);
    must(context, query,
         leat_query_write_sink(
             query, stream,
             &(leat_sink){
                 .size = sizeof(leat_sink), .name = "bids", .user = keeper, .write = keep}));
    must(context, query, leat_start_invoked(query));
    must(context, query, leat_await(query, WAIT_S * INT64_C(1000000000)));
    leat_query_destroy(query);
    leat_context_destroy(context);
}

void bench_bids_init(struct bench_rows *rows, uint32_t count)
{
    struct keeper keeper = {.capacity = count};
    keeper.bids = calloc(count, sizeof *keeper.bids);
    size_t column_bytes = (size_t)count * BID_TEXT_BYTES_MAX + ROW_PADDING_BYTES;
    char *text = malloc(TEXTS * column_bytes);
    if (keeper.bids == NULL || text == NULL)
        bench_wrong("no memory for %u bids", count);
    for (size_t i = 0; i < TEXTS; i++)
        keeper.ends[i] = text + i * column_bytes;
    run(&keeper);
    if (keeper.count != count)
        bench_wrong("%u bids of %u", keeper.count, count);
    *rows =
        (struct bench_rows){.kind = ROWS_BIDS, .count = count, .text = text, .bids = keeper.bids};
}
