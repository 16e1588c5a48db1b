/*
 * The demo's bookkeeping: what was sent, what should have passed, what came out.
 *
 * on: main.
 */
#ifndef LT_DEMO_AUDIT_H
#define LT_DEMO_AUDIT_H

#include <stddef.h>
#include <stdint.h>

#include "tools/demo/orders.h"

struct lt_demo_symbol {
    uint64_t sent, kept;
    uint32_t last_cents; /* of the last order that came out */
};

struct lt_demo_audit {
    uint64_t sent, expected;          /* handed to the broker; of those, to be kept */
    uint64_t seen, duplicated, wrong; /* came out: once, again, or should not have, or damaged */
    struct lt_demo_symbol symbols[LT_DEMO_SYMBOL_COUNT];
    uint64_t *was_seen; /* a bit for each number */
    size_t capacity;    /* bits */
};

void lt_demo_audit_sent(struct lt_demo_audit *audit, const struct lt_demo_order *order);
/* A record of the out topic. `audit` is a struct lt_demo_audit. */
void lt_demo_audit_read(void *audit, const char *value, size_t value_bytes);
void lt_demo_audit_fini(struct lt_demo_audit *audit);

#endif
