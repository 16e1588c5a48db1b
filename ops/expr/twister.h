/*
 * The Mersenne twister MT19937, begun with the two words of a seed: what Spark draws from for
 * shuffle() and uuid().
 *
 * on: one thread at a time. Pure.
 */
#ifndef LT_OPS_EXPR_TWISTER_H
#define LT_OPS_EXPR_TWISTER_H

#include <stdint.h>

enum { LT_TWISTER_WORDS = 624 };

struct lt_twister {
    uint32_t words[LT_TWISTER_WORDS];
    unsigned used_count; /* of the words; when all are, new ones are made */
};

void lt_twister_init(struct lt_twister *twister, uint64_t seed);
/* 32 bits. */
uint32_t lt_twister_draw(struct lt_twister *twister);

#endif
