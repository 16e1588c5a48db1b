/*
 * Made-up orders. An order is a function of its number alone, so whoever reads one can say what it
 * must look like and whether the filter should have let it pass.
 *
 * on: any. Pure.
 */
#ifndef LT_DEMO_ORDERS_H
#define LT_DEMO_ORDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LT_DEMO_ORDER_SIZE = 160, LT_DEMO_SYMBOL_COUNT = 5 };

/* What `lt_demo_order_is_kept` says in C, in leat's language. */
#define LT_DEMO_FILTER "value:price > 100 and value:side = 'buy'"

struct lt_demo_order {
    uint64_t number;
    uint32_t symbol; /* index into lt_demo_symbols */
    bool is_buy;
    uint32_t cents, quantity;
};

extern const char *const lt_demo_symbols[LT_DEMO_SYMBOL_COUNT];

struct lt_demo_order lt_demo_order_make(uint64_t number);
bool lt_demo_order_is_kept(const struct lt_demo_order *order);
/* The order as JSON; returns its size in bytes. */
size_t lt_demo_order_text(const struct lt_demo_order *order, char out[LT_DEMO_ORDER_SIZE]);
/* The number in an order's JSON; false if these bytes are not the text of such an order. */
bool lt_demo_order_read(const char *text, size_t size_bytes, struct lt_demo_order *out);

#endif
