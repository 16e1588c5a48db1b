/* The generator as its authors published it, in 32-bit words. */
#include "ops/expr/twister.h"

enum { WORDS = LT_TWISTER_WORDS, MIDDLE = 397 };

static uint32_t scrambled(const uint32_t *words, unsigned i, uint32_t by)
{
    uint32_t before = words[i - 1];
    return words[i] ^ (before ^ before >> 30) * by;
}

/* The place after `i`, where the first word follows the last and is left as it is. */
static unsigned next(uint32_t *words, unsigned i)
{
    if (i + 1 < WORDS)
        return i + 1;
    words[0] = words[WORDS - 1];
    return 1;
}

void lt_twister_init(struct lt_twister *twister, uint64_t seed)
{
    const uint32_t key[2] = {(uint32_t)(seed >> 32), (uint32_t)seed};
    uint32_t *words = twister->words;
    words[0] = 19650218;
    for (unsigned i = 1; i < WORDS; i++)
        words[i] = 1812433253U * (words[i - 1] ^ words[i - 1] >> 30) + i;
    unsigned i = 1;
    for (unsigned k = 0; k < WORDS; k++, i = next(words, i))
        words[i] = scrambled(words, i, 1664525U) + key[k % 2] + k % 2;
    for (unsigned k = 1; k < WORDS; k++, i = next(words, i))
        words[i] = scrambled(words, i, 1566083941U) - i;
    words[0] = 0x80000000U;
    twister->used_count = WORDS;
}

static void refill(struct lt_twister *twister)
{
    uint32_t *words = twister->words;
    for (unsigned i = 0; i < WORDS; i++) {
        uint32_t joined = (words[i] & 0x80000000U) | (words[(i + 1) % WORDS] & 0x7fffffffU);
        words[i] = words[(i + MIDDLE) % WORDS] ^ joined >> 1 ^ (joined & 1 ? 0x9908b0dfU : 0);
    }
    twister->used_count = 0;
}

uint32_t lt_twister_draw(struct lt_twister *twister)
{
    if (twister->used_count == WORDS)
        refill(twister);
    uint32_t word = twister->words[twister->used_count++];
    word ^= word >> 11;
    word ^= word << 7 & 0x9d2c5680U;
    word ^= word << 15 & 0xefc60000U;
    return word ^ word >> 18;
}
