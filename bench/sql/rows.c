#include "bench/sql/rows.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/verdict.h"

enum { ROW_BYTES_MAX = 512, ORDER_BYTES_LEAST = 280, ORDER_BYTES_SPREAD = 41 };

/* splitmix64: the next of a row's numbers. */
static uint64_t draw(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static uint32_t below(uint64_t *state, uint32_t bound)
{
    return (uint32_t)(draw(state) % bound);
}

static const char *pick(uint64_t *state, const char *const *words, uint32_t count)
{
    return words[below(state, count)];
}
#define PICK(state, words) pick(state, words, sizeof(words) / sizeof(words)[0])

/* A note that fills the document up to `left` bytes. */
static void append_note(uint64_t *state, char *out, size_t left)
{
    static const char filler[] = "working order, good till close, price limit as told by the desk, "
                                 "hold when the market halts, no partial fill below one lot; ";
    for (size_t i = 0; i < left; i++)
        out[i] = filler[i % (sizeof filler - 1)];
    if (below(state, 16) == 0 && left > 8)
        memcpy(out + 2, "\\\"at\\\"", 6);
    out[left] = '\0';
}

static size_t make_order(char *out, uint32_t index)
{
    static const char *const symbols[] = {"X", "ACME", "Y", "NILE", "ODER", "Z", "RHEIN", "TIBER"};
    static const char *const venues[] = {"XETR", "XNAS", "XLON", "XPAR"};
    static const char *const desks[] = {"equity-7", "equity-9", "rates-1"};
    uint64_t state = index;
    size_t size_bytes = ORDER_BYTES_LEAST + below(&state, ORDER_BYTES_SPREAD);
    uint32_t id = 1000000 + index, second = below(&state, 60), day = 1 + below(&state, 28);
    uint32_t month = 1 + below(&state, 12);
    const char *symbol = PICK(&state, symbols);
    const char *side = below(&state, 2) == 0 ? "buy" : "sell";
    uint32_t client = below(&state, 100000), price = 1 + below(&state, 200);
    uint32_t quantity = 1 + below(&state, 1000), fee = below(&state, 10000);
    char broker[24] = "null";
    if (below(&state, 4) != 0)
        snprintf(broker, sizeof broker, "\"B%02u\"", below(&state, 40));
    int head = snprintf(
        out, ROW_BYTES_MAX,
        "{\"id\":%u,\"ts\":\"2026-%02u-%02uT09:26:%02u.589Z\",\"sym\":\"%s\",\"side\":\"%s\","
        "\"client\":\"C-%06u\",\"price\":%u,\"qty\":%u,\"fee\":0.%04u,\"day\":\"2026-%02u-%02u\","
        "\"broker\":%s,\"account\":{\"desk\":\"%s\",\"venue\":\"%s\"},\"flags\":[\"ioc\",%u],"
        "\"note\":\"",
        id, month, day, second, symbol, side, client, price, quantity, fee, month, day, broker,
        PICK(&state, desks), PICK(&state, venues), below(&state, 9));
    append_note(&state, out + head, size_bytes - (size_t)head - 2);
    memcpy(out + size_bytes - 2, "\"}", 3);
    return size_bytes;
}

static size_t make_visit(char *out, uint32_t index)
{
    static const char *const methods[] = {"GET", "GET", "GET", "POST"};
    static const char *const shops[] = {"item", "item", "cart", "search", "help"};
    static const char *const agents[] = {"Firefox/128.0", "curl/8.9", "Chrome/126.0"};
    static const int statuses[] = {200, 200, 200, 404, 302, 503};
    uint64_t state = index ^ UINT64_C(0x5bd1e995);
    const char *shop = PICK(&state, shops);
    return (size_t)snprintf(
        out, ROW_BYTES_MAX,
        "10.%u.%u.%u - %s /%s/%u?session=%08" PRIx32 "&page=%u HTTP/1.1 %d %u \"%s\" %ums",
        below(&state, 256), below(&state, 256), below(&state, 256), PICK(&state, methods), shop,
        below(&state, 100000), (uint32_t)draw(&state), below(&state, 50),
        statuses[below(&state, sizeof statuses / sizeof statuses[0])], below(&state, 90000),
        PICK(&state, agents), below(&state, 900));
}

static void make_texts(struct bench_rows *rows, enum row_kind kind, uint32_t count)
{
    uint32_t *begins = malloc((count + (size_t)1) * sizeof *begins);
    char *text = malloc((size_t)count * ROW_BYTES_MAX + ROW_PADDING_BYTES);
    if (begins == NULL || text == NULL)
        bench_wrong("no memory for %u rows", count);
    uint32_t end = 0;
    for (uint32_t i = 0; i < count; i++) {
        begins[i] = end;
        end +=
            (uint32_t)(kind == ROWS_ORDERS ? make_order(text + end, i) : make_visit(text + end, i));
        text[end++] = '\n';
    }
    begins[count] = end;
    memset(text + end, 0, ROW_PADDING_BYTES);
    *rows = (struct bench_rows){.kind = kind, .count = count, .text = text, .begins = begins};
}

void bench_rows_init(struct bench_rows *rows, enum row_kind kind, uint32_t count)
{
    if (kind == ROWS_BIDS)
        bench_bids_init(rows, count);
    else
        make_texts(rows, kind, count);
}

void bench_rows_fini(struct bench_rows *rows)
{
    free(rows->text);
    free((void *)(uintptr_t)rows->begins);
    free((void *)(uintptr_t)rows->bids);
    *rows = (struct bench_rows){0};
}

static void write_bid(FILE *file, const struct bid *bid)
{
    fprintf(file, "%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%.*s\t%.*s\t%" PRId64 "\t%.*s\n",
            bid->auction, bid->bidder, bid->price, (int)bid->channel_bytes, bid->channel,
            (int)bid->url_bytes, bid->url, bid->time_us, (int)bid->extra_bytes, bid->extra);
}

void bench_rows_write(const struct bench_rows *rows, const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        bench_wrong("cannot write \"%s\": %s", path, strerror(errno));
    if (rows->kind != ROWS_BIDS)
        (void)fwrite(rows->text, 1, rows->begins[rows->count], file);
    for (uint32_t i = 0; rows->kind == ROWS_BIDS && i < rows->count; i++)
        write_bid(file, &rows->bids[i]);
    bool has_failed = ferror(file) != 0;
    if (fclose(file) != 0 || has_failed)
        bench_wrong("cannot write \"%s\"", path);
}

const char *row_kind_name(enum row_kind kind)
{
    static const char *const names[ROW_KINDS] = {"orders", "visits", "bids"};
    return names[kind];
}
