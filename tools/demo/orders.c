/*
 * Orders from numbers.
 */
#include "tools/demo/orders.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const lt_demo_symbols[LT_DEMO_SYMBOL_COUNT] = {"ACME", "BOLT", "CRUX", "DAWN", "ECHO"};

/* Steele, Lea and Flood's mix of a counter: neighbours look unrelated. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

struct lt_demo_order lt_demo_order_make(uint64_t number)
{
    uint64_t bits = mix(number);
    return (struct lt_demo_order){
        .number = number,
        .symbol = (uint32_t)(bits % LT_DEMO_SYMBOL_COUNT),
        .is_buy = (bits >> 8) % 2 == 0,
        .cents = 6000 + (uint32_t)((bits >> 16) % 9000),
        .quantity = 1 + (uint32_t)((bits >> 40) % 500),
    };
}

bool lt_demo_order_is_kept(const struct lt_demo_order *order)
{
    return order->is_buy && order->cents > 10000;
}

size_t lt_demo_order_text(const struct lt_demo_order *order, char out[LT_DEMO_ORDER_SIZE])
{
    int size_bytes =
        snprintf(out, LT_DEMO_ORDER_SIZE,
                 "{\"order\":%" PRIu64 ",\"symbol\":\"%s\",\"side\":\"%s\",\"price\":%u.%02u,"
                 "\"quantity\":%u}",
                 order->number, lt_demo_symbols[order->symbol], order->is_buy ? "buy" : "sell",
                 order->cents / 100, order->cents % 100, order->quantity);
    return (size_t)size_bytes;
}

bool lt_demo_order_read(const char *text, size_t size_bytes, struct lt_demo_order *out)
{
    char copy[LT_DEMO_ORDER_SIZE], wanted[LT_DEMO_ORDER_SIZE];
    uint64_t number;
    if (size_bytes >= sizeof copy)
        return false;
    memcpy(copy, text, size_bytes);
    copy[size_bytes] = '\0';
    if (sscanf(copy, "{\"order\":%" SCNu64, &number) != 1)
        return false;
    *out = lt_demo_order_make(number);
    return lt_demo_order_text(out, wanted) == size_bytes && memcmp(copy, wanted, size_bytes) == 0;
}
