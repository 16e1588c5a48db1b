/*
 * The texts of the source nexmark: words, and the channels of bids with their addresses.
 *
 * Texts of random letters are cut out of one long constant at a random place, which costs two
 * numbers and no copying.
 *
 * on: any once made.
 */
#ifndef LT_IO_NEXMARK_TEXTS_H
#define LT_IO_NEXMARK_TEXTS_H

#include "core/base/arena.h"
#include "core/data/value.h"

enum {
    LT_NEXMARK_TEXT_BYTES = 1 << 17, /* of each constant; the longest cut is half of it at most */
    LT_NEXMARK_CHANNELS = 10000,
    LT_NEXMARK_HOT_CHANNELS = 4,
};

struct lt_nexmark_channel {
    struct lt_bytes name, url;
};

struct lt_nexmark_texts {
    const uint8_t *letters;
    const uint8_t *words; /* letters, with a blank in one of thirteen places */
    struct lt_nexmark_channel hot[LT_NEXMARK_HOT_CHANNELS];
    struct lt_nexmark_channel channels[LT_NEXMARK_CHANNELS];
};

/* The next of a series of random numbers (splitmix64). */
static inline uint64_t lt_nexmark_draw(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* In 0..bound-1. */
static inline int64_t lt_nexmark_below(uint64_t *state, int64_t bound)
{
    return (int64_t)((unsigned __int128)lt_nexmark_draw(state) * (uint64_t)bound >> 64);
}

/* Lives in the arena. */
const struct lt_nexmark_texts *lt_nexmark_texts_create(struct lt_arena *arena);
/* `size_bytes` random letters. */
struct lt_bytes lt_nexmark_letters(const struct lt_nexmark_texts *texts, uint64_t *state,
                                   uint32_t size_bytes);
/* Words of 3 to `bound` - 1 bytes, less the blanks at both ends. */
struct lt_bytes lt_nexmark_words(const struct lt_nexmark_texts *texts, uint64_t *state,
                                 uint32_t bound);

#endif
