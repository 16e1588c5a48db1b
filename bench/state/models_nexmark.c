#include <stdlib.h>

#include "bench/state/models.h"
#include "bench/state/q6.h"
#include "bench/verdict.h"

enum {
    WANTED_CATEGORY = 10,
    SLIDE_MS = 2000,
    SLIDES = MODEL_WINDOW_MS / SLIDE_MS,
    SESSION_MS = 10000 /* and half a millisecond, so that no gap is as long */
};

#define COUNT_OF(columns) (sizeof(columns) / sizeof(columns)[0])

static int64_t window_of(const struct event *event)
{
    return (event->at_ms - EVENTS_BEGIN_MS) / MODEL_WINDOW_MS;
}

/* People are numbered one after the other; NULL: nobody has the number. */
static const struct event *find_person(const struct events *people, int64_t number)
{
    int64_t at = number - people->items[0].key;
    if (at < 0 || at >= people->count)
        return NULL;
    if (people->items[at].key != number)
        bench_wrong("people are not numbered one after the other");
    return &people->items[at];
}

struct answer model_q3(struct events *inputs)
{
    struct answer answer = {0};
    for (uint32_t i = 0; i < inputs[1].count; i++) {
        const struct event *auction = &inputs[1].items[i];
        const struct event *person = find_person(&inputs[0], auction->other);
        if (person == NULL || person->other != 1 || auction->amount != WANTED_CATEGORY)
            continue;
        int64_t columns[] = {person->key, auction->key};
        model_add_row(&answer, columns, COUNT_OF(columns));
    }
    return answer;
}

struct answer model_q8(struct events *inputs)
{
    struct answer answer = {0};
    for (uint32_t i = 0; i < inputs[1].count; i++) {
        const struct event *auction = &inputs[1].items[i];
        const struct event *person = find_person(&inputs[0], auction->other);
        if (person == NULL || window_of(person) != window_of(auction))
            continue;
        int64_t columns[] = {person->key, auction->key,
                             window_of(person) * MODEL_WINDOW_MS / 1000};
        model_add_row(&answer, columns, COUNT_OF(columns));
    }
    return answer;
}

/* ------------------------------------------------------------------------------------------ q5 */

/* By window, whose start is in at_ms, then by auction. */
static int by_start(const void *a, const void *b)
{
    const struct event *left = a, *right = b;
    int order = model_compare(left->at_ms, right->at_ms);
    return order != 0 ? order : model_compare(left->key, right->key);
}

/* Each bid once for each window that it lies in; all but the last one, which closes them. */
static struct events in_windows(const struct events *bids)
{
    struct events all = {.count = (bids->count - 1) * SLIDES};
    all.items = calloc(all.count, sizeof *all.items);
    if (all.items == NULL)
        bench_wrong("no memory for a model");
    for (uint32_t i = 0; i < all.count; i++) {
        const struct event *bid = &bids->items[i / SLIDES];
        int64_t from_begin_ms = bid->at_ms - EVENTS_BEGIN_MS;
        all.items[i] = (struct event){
            .key = bid->key,
            .at_ms = (from_begin_ms / SLIDE_MS - i % SLIDES) * SLIDE_MS,
        };
    }
    qsort(all.items, all.count, sizeof *all.items, by_start);
    return all;
}

struct answer model_q5(struct events *inputs)
{
    struct answer answer = {0};
    struct events all = in_windows(&inputs[0]);
    uint32_t begin = 0, end;
    while (begin < all.count) {
        const struct event *first = &all.items[begin], *best = first;
        uint32_t most = 0;
        for (; begin < all.count && all.items[begin].at_ms == first->at_ms; begin = end) {
            end = begin;
            while (end < all.count && by_start(&all.items[begin], &all.items[end]) == 0)
                end++;
            if (end - begin > most) {
                most = end - begin;
                best = &all.items[begin];
            }
        }
        int64_t columns[] = {first->at_ms / 1000, most, best->key};
        model_add_row(&answer, columns, COUNT_OF(columns));
    }
    events_fini(&all);
    return answer;
}

/* ------------------------------------------------------------------------------------------ q6 */

/* Auctions are numbered one after the other, too; amount gets the best price, 0: none. */
static void find_prices(struct events *auctions, const struct events *bids)
{
    for (uint32_t i = 0; i < auctions->count; i++) {
        if (auctions->items[i].key != auctions->items[0].key + i)
            bench_wrong("auctions are not numbered one after the other");
        auctions->items[i].amount = 0;
    }
    for (uint32_t i = 0; i < bids->count; i++) {
        const struct event *bid = &bids->items[i];
        int64_t at = bid->key - auctions->items[0].key;
        if (at < 0 || at >= auctions->count)
            continue;
        struct event *auction = &auctions->items[at];
        bool is_in_time =
            bid->at_ms >= auction->at_ms && bid->at_ms < auction->at_ms + Q6_OPEN_MS;
        if (is_in_time && bid->amount > auction->amount)
            auction->amount = bid->amount;
    }
}

/* By seller, then in the order in which they close. */
static int by_seller(const void *a, const void *b)
{
    const struct event *left = a, *right = b;
    int order = model_compare(left->other, right->other);
    if (order == 0)
        order = model_compare(left->at_ms, right->at_ms);
    return order != 0 ? order : model_compare(left->key, right->key);
}

/* The last auction, an hour ahead, stays open. */
struct answer model_q6(struct events *inputs)
{
    struct answer answer = {0};
    const struct event *sold = inputs[0].items;
    uint32_t count = 0;
    find_prices(&inputs[0], &inputs[1]);
    for (uint32_t i = 0; i + 1 < inputs[0].count; i++)
        if (inputs[0].items[i].amount > 0)
            inputs[0].items[count++] = inputs[0].items[i];
    qsort(inputs[0].items, count, sizeof *inputs[0].items, by_seller);
    for (uint32_t i = 0, first = 0; i < count; i++) {
        int64_t sum = 0;
        if (sold[i].other != sold[first].other)
            first = i;
        if (i - first == Q6_LAST)
            first++;
        for (uint32_t j = first; j <= i; j++)
            sum += sold[j].amount;
        int64_t of = i - first + 1;
        int64_t columns[] = {sold[i].other, sold[i].key, of, sum / of};
        model_add_row(&answer, columns, COUNT_OF(columns));
    }
    return answer;
}

/* ------------------------------------------------------------------------------------- the rest */

static int by_price(const struct event *a, const struct event *b)
{
    int order = model_compare(a->amount, b->amount);
    if (order == 0)
        order = model_compare(a->other, b->other);
    return order != 0 ? order : model_compare(a->key, b->key);
}

/* Bids lie in the order of their times. */
struct answer model_q7(struct events *inputs)
{
    struct answer answer = {0};
    const struct event *bids = inputs[0].items;
    uint32_t count = inputs[0].count - 1, end;
    for (uint32_t begin = 0; begin < count; begin = end) {
        const struct event *best = &bids[begin];
        for (end = begin; end < count && window_of(&bids[end]) == window_of(&bids[begin]); end++)
            if (by_price(&bids[end], best) > 0)
                best = &bids[end];
        int64_t columns[] = {window_of(best) * MODEL_WINDOW_MS / 1000, best->amount, best->other,
                             best->key};
        model_add_row(&answer, columns, COUNT_OF(columns));
    }
    return answer;
}

static void key_by_bidder(struct events *bids)
{
    for (uint32_t i = 0; i < bids->count; i++)
        bids->items[i].key = bids->items[i].other;
    model_sort_by_key(bids);
}

struct answer model_q11(struct events *inputs)
{
    struct events bids = {.items = inputs[0].items, .count = inputs[0].count - 1};
    key_by_bidder(&bids);
    return model_sessions_of(&bids, SESSION_MS, SESSION_MS);
}

struct answer model_q12(struct events *inputs)
{
    struct answer answer = {0};
    struct events bids = inputs[0];
    uint32_t end;
    key_by_bidder(&bids);
    for (uint32_t begin = 0; begin < bids.count; begin = end) {
        for (end = begin; end < bids.count && bids.items[end].key == bids.items[begin].key;)
            end++;
        int64_t columns[] = {bids.items[begin].key, end - begin};
        model_add_row(&answer, columns, COUNT_OF(columns));
    }
    return answer;
}
