#include "bench/state/q6.h"

#include <stdlib.h>

#include "core/leat_processor.h"

static const char both[] =
    "SELECT auction, seller, CAST(NULL AS BIGINT) AS price, at FROM auctions "
    "UNION ALL SELECT auction, CAST(NULL AS BIGINT) AS seller, price, at FROM bids";

/* Rows of a key come in no order, and once: they are kept here while it is at hand. */
struct item {
    int64_t at_ms, number, price;
};

struct items {
    struct item *items;
    size_t count, capacity;
};

static bool items_add(struct items *items, const struct item *item)
{
    if (items->count == items->capacity) {
        size_t capacity = items->capacity == 0 ? 64 : 2 * items->capacity;
        struct item *grown = realloc(items->items, capacity * sizeof *grown);
        if (grown == NULL)
            return false;
        items->items = grown;
        items->capacity = capacity;
    }
    items->items[items->count++] = *item;
    return true;
}

/* ------------------------------------------------------------------------------------- auctions */

enum { AUCTION, SELLER, PRICE, AT };            /* what comes */
enum { SOLD_AUCTION, SOLD_SELLER, SOLD_PRICE, SOLD_AT }; /* and comes out */

struct auctions {
    leat_variable *auction; /* the best price is NULL until somebody bids */
    leat_variable *early;   /* bids of an auction that is not known yet: time -> best price */
    struct items bids;      /* of the key at hand */
};

static int auctions_init(void *user, leat_state *state, void **own)
{
    struct auctions *auctions = calloc(1, sizeof *auctions);
    (void)user;
    if (auctions == NULL)
        return LEAT_ERROR_NO_MEMORY;
    *own = auctions;
    auctions->auction =
        leat_state_value(state, "auction", "seller BIGINT, opens BIGINT, best BIGINT", 0);
    auctions->early = leat_state_map(state, "early", "at BIGINT", "price BIGINT", 0);
    return LEAT_OK;
}

static void auctions_close(void *own)
{
    struct auctions *auctions = own;
    free(auctions->bids.items);
    free(auctions);
}

/* An auction that is open; one without bids has a best price of 0. */
struct open {
    int64_t seller, opens_ms, best;
};

static bool get_open(struct auctions *auctions, struct open *out)
{
    const leat_row *row = leat_value_get(auctions->auction);
    if (row != NULL)
        *out = (struct open){leat_row_i64(row, 0), leat_row_i64(row, 1), leat_row_i64(row, 2)};
    return row != NULL;
}

static int put_open(struct auctions *auctions, const struct open *open)
{
    leat_row *row = leat_variable_row(auctions->auction);
    leat_row_set_i64(row, 0, open->seller);
    leat_row_set_i64(row, 1, open->opens_ms);
    leat_row_set_i64(row, 2, open->best);
    return leat_value_set(auctions->auction);
}

static void bid(struct open *open, int64_t at_ms, int64_t price)
{
    bool is_in_time = at_ms >= open->opens_ms && at_ms < open->opens_ms + Q6_OPEN_MS;
    if (is_in_time && price > open->best)
        open->best = price;
}

static void wait_for_auction(struct auctions *auctions, leat_state *state, const struct item *item)
{
    leat_row_set_i64(leat_variable_key(auctions->early), 0, item->at_ms);
    const leat_row *before = leat_map_get(auctions->early);
    int64_t best = before != NULL ? leat_row_i64(before, 0) : 0;
    if (before == NULL)
        leat_timer_set(state, item->at_ms);
    leat_row_set_i64(leat_variable_key(auctions->early), 0, item->at_ms);
    leat_row_set_i64(leat_variable_row(auctions->early), 0,
                     item->price > best ? item->price : best);
    leat_map_put(auctions->early);
}

static void take_early(struct auctions *auctions, struct open *open)
{
    const leat_row *price, *at;
    uint64_t next = 0;
    while ((price = leat_map_next(auctions->early, &next, &at)) != NULL)
        bid(open, leat_row_i64(at, 0), leat_row_i64(price, 0));
    leat_variable_clear(auctions->early);
}

/* The auction's own row, if it is among them; the bids are kept. */
static int take_rows(struct auctions *auctions, leat_rows *rows, struct open *open, bool *opens)
{
    const leat_row *row;
    auctions->bids.count = 0;
    while ((row = leat_rows_next(rows)) != NULL) {
        int64_t at_ms = leat_row_i64(row, AT) / 1000;
        if (leat_row_is_null(row, PRICE)) {
            *open = (struct open){.seller = leat_row_i64(row, SELLER), .opens_ms = at_ms};
            *opens = true;
        } else if (!items_add(&auctions->bids,
                              &(struct item){.at_ms = at_ms, .price = leat_row_i64(row, PRICE)})) {
            return LEAT_ERROR_NO_MEMORY;
        }
    }
    return LEAT_OK;
}

static int auctions_rows(void *own, leat_state *state, const leat_row *key, leat_rows *rows,
                         leat_out *out)
{
    struct auctions *auctions = own;
    struct open open = {0};
    bool opens = false;
    (void)key, (void)out;
    int status = take_rows(auctions, rows, &open, &opens);
    if (status != LEAT_OK)
        return status;
    if (opens) {
        take_early(auctions, &open);
        leat_timer_set(state, open.opens_ms + Q6_OPEN_MS);
    }
    bool is_known = opens || get_open(auctions, &open);
    for (size_t i = 0; i < auctions->bids.count; i++) {
        const struct item *item = &auctions->bids.items[i];
        if (is_known)
            bid(&open, item->at_ms, item->price);
        else
            wait_for_auction(auctions, state, item);
    }
    return is_known ? put_open(auctions, &open) : LEAT_OK;
}

/* It has closed; or the time of a bid has passed, and no auction will open any more that it could
 * be for. */
static int auctions_timer(void *own, leat_state *state, const leat_row *key, int64_t expiry_ms,
                          leat_out *out)
{
    struct auctions *auctions = own;
    struct open open = {0};
    (void)state;
    if (!get_open(auctions, &open) || expiry_ms != open.opens_ms + Q6_OPEN_MS) {
        leat_row_set_i64(leat_variable_key(auctions->early), 0, expiry_ms);
        int status = leat_map_remove(auctions->early);
        return status == LEAT_ERROR_NOT_FOUND ? LEAT_OK : status;
    }
    if (open.best > 0) {
        leat_row *row = leat_claim(out);
        leat_row_set_i64(row, SOLD_AUCTION, leat_row_i64(key, 0));
        leat_row_set_i64(row, SOLD_SELLER, open.seller);
        leat_row_set_i64(row, SOLD_PRICE, open.best);
        leat_row_set_i64(row, SOLD_AT, expiry_ms);
        leat_commit(out, row);
    }
    return leat_variable_clear(auctions->auction);
}

/* -------------------------------------------------------------------------------------- sellers */

struct sellers {
    leat_variable *last; /* prices, the oldest first */
    struct items sold;   /* by the key at hand, in this batch */
};

static int sellers_init(void *user, leat_state *state, void **own)
{
    struct sellers *sellers = calloc(1, sizeof *sellers);
    (void)user;
    if (sellers == NULL)
        return LEAT_ERROR_NO_MEMORY;
    *own = sellers;
    sellers->last = leat_state_list(state, "last", "price BIGINT", 0);
    return LEAT_OK;
}

static void sellers_close(void *own)
{
    struct sellers *sellers = own;
    free(sellers->sold.items);
    free(sellers);
}

static int by_time(const void *a, const void *b)
{
    const struct item *left = a, *right = b;
    if (left->at_ms != right->at_ms)
        return left->at_ms < right->at_ms ? -1 : 1;
    return (left->number > right->number) - (left->number < right->number);
}

static void emit_average(const leat_row *seller, const struct item *sold, const int64_t *prices,
                         int64_t count, leat_out *out)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += prices[i];
    leat_row *row = leat_claim(out);
    leat_row_set_i64(row, 0, leat_row_i64(seller, 0));
    leat_row_set_i64(row, 1, sold->number);
    leat_row_set_i64(row, 2, count);
    leat_row_set_i64(row, 3, sum / count);
    leat_commit(out, row);
}

/* Auctions that close in a later batch close later: only those of one batch are to be sorted. */
static int sellers_rows(void *own, leat_state *state, const leat_row *key, leat_rows *rows,
                        leat_out *out)
{
    struct sellers *sellers = own;
    const leat_row *row;
    int64_t prices[Q6_LAST + 1], count = 0;
    uint64_t at = 0;
    (void)state;
    sellers->sold.count = 0;
    while ((row = leat_rows_next(rows)) != NULL)
        if (!items_add(&sellers->sold, &(struct item){leat_row_i64(row, SOLD_AT),
                                                      leat_row_i64(row, SOLD_AUCTION),
                                                      leat_row_i64(row, SOLD_PRICE)}))
            return LEAT_ERROR_NO_MEMORY;
    qsort(sellers->sold.items, sellers->sold.count, sizeof *sellers->sold.items, by_time);
    while (count < Q6_LAST && (row = leat_list_next(sellers->last, &at)) != NULL)
        prices[count++] = leat_row_i64(row, 0);
    for (size_t i = 0; i < sellers->sold.count; i++) {
        prices[count++] = sellers->sold.items[i].price;
        for (int64_t j = 0; count > Q6_LAST && j < Q6_LAST; j++)
            prices[j] = prices[j + 1];
        count = count > Q6_LAST ? Q6_LAST : count;
        emit_average(key, &sellers->sold.items[i], prices, count, out);
    }
    leat_variable_clear(sellers->last);
    for (int64_t i = 0; i < count; i++) {
        leat_row_set_i64(leat_variable_row(sellers->last), 0, prices[i]);
        leat_list_append(sellers->last);
    }
    return LEAT_OK;
}

leat_stream *q6_stream(leat_context *context)
{
    static const leat_processor auctions = {
        .size = sizeof auctions,
        .name = "auctions",
        .output_schema = "auction BIGINT, seller BIGINT, price BIGINT, at BIGINT",
        .time_mode = LEAT_TIME_EVENT,
        .init = auctions_init,
        .handle_rows = auctions_rows,
        .handle_timer = auctions_timer,
        .close = auctions_close,
    };
    static const leat_processor sellers = {
        .size = sizeof sellers,
        .name = "sellers",
        .output_schema = "seller BIGINT, auction BIGINT, count BIGINT, average BIGINT",
        .time_mode = LEAT_TIME_NONE,
        .init = sellers_init,
        .handle_rows = sellers_rows,
        .close = sellers_close,
    };
    leat_stream *sold =
        leat_transform_with_state(leat_stream_sql(context, both), "auction", &auctions);
    return leat_transform_with_state(sold, "seller", &sellers);
}
