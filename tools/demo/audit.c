/*
 * A bit for each order that came out.
 */
#include "tools/demo/audit.h"

#include <stdlib.h>
#include <string.h>

#include "tools/commands.h"

static uint64_t *word_of(struct lt_demo_audit *audit, uint64_t number)
{
    while (number >= audit->capacity) {
        size_t capacity = audit->capacity == 0 ? 1 << 16 : 2 * audit->capacity;
        uint64_t *bits = lt_tool_alloc(capacity / 8);
        if (audit->capacity > 0)
            memcpy(bits, audit->was_seen, audit->capacity / 8);
        free(audit->was_seen);
        audit->was_seen = bits;
        audit->capacity = capacity;
    }
    return &audit->was_seen[number / 64];
}

void lt_demo_audit_sent(struct lt_demo_audit *audit, const struct lt_demo_order *order)
{
    audit->sent++;
    audit->expected += lt_demo_order_is_kept(order);
    audit->symbols[order->symbol].sent++;
}

void lt_demo_audit_read(void *user, const char *value, size_t value_bytes)
{
    struct lt_demo_audit *audit = user;
    struct lt_demo_order order;
    if (!lt_demo_order_read(value, value_bytes, &order) || order.number >= audit->sent ||
        !lt_demo_order_is_kept(&order)) {
        audit->wrong++;
        return;
    }
    uint64_t *word = word_of(audit, order.number), bit = (uint64_t)1 << (order.number % 64);
    if ((*word & bit) != 0) {
        audit->duplicated++;
        return;
    }
    *word |= bit;
    audit->seen++;
    audit->symbols[order.symbol].kept++;
    audit->symbols[order.symbol].last_cents = order.cents;
}

void lt_demo_audit_fini(struct lt_demo_audit *audit)
{
    free(audit->was_seen);
    *audit = (struct lt_demo_audit){0};
}
