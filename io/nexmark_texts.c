#include "io/nexmark_texts.h"

#include "core/base/error.h"

enum {
    SHORTEST = 3,
    FOLDER_BOUND = 5, /* of the size of a folder in an address */
    BLANK_ONE_IN = 13,
    ALPHABET = 26,
    WITHOUT_ID_ONE_IN = 10,
    SEED = 2008, /* any: the constants must only be the same each time */
};

static uint8_t random_letter(uint64_t *state)
{
    return (uint8_t)('a' + lt_nexmark_below(state, ALPHABET));
}

static const uint8_t *make_text(struct lt_arena *arena, uint64_t *state, bool has_blanks)
{
    uint8_t *text = lt_arena_alloc(arena, LT_NEXMARK_TEXT_BYTES);
    for (uint32_t i = 0; i < LT_NEXMARK_TEXT_BYTES; i++)
        text[i] =
            has_blanks && lt_nexmark_below(state, BLANK_ONE_IN) == 0 ? ' ' : random_letter(state);
    return text;
}

/* Three or four letters, some of them underscores. */
static const char *make_folder(struct lt_arena *arena, uint64_t *state)
{
    uint32_t size_bytes = SHORTEST + (uint32_t)lt_nexmark_below(state, FOLDER_BOUND - SHORTEST);
    char *folder = lt_arena_alloc(arena, size_bytes + 1);
    for (uint32_t i = 0; i < size_bytes; i++)
        folder[i] = lt_nexmark_below(state, BLANK_ONE_IN) == 0 ? '_' : (char)random_letter(state);
    folder[size_bytes] = '\0';
    return folder;
}

static const char *make_url(struct lt_arena *arena, uint64_t *state)
{
    const char *a = make_folder(arena, state), *b = make_folder(arena, state);
    return lt_arena_format(arena, "https://www.nexmark.com/%s/%s/%s/item.htm?query=1", a, b,
                           make_folder(arena, state));
}

static uint32_t reversed(uint32_t bits)
{
    uint32_t out = 0;
    for (int i = 0; i < 32; i++)
        out |= (bits >> i & 1) << (31 - i);
    return out;
}

/* The id of a channel is its number with the bits in reverse, as an integer without its sign. */
static uint32_t channel_id(uint32_t index)
{
    uint32_t bits = reversed(index);
    return bits > INT32_MAX ? -bits : bits;
}

static void make_channels(struct lt_nexmark_texts *texts, struct lt_arena *arena, uint64_t *state)
{
    static const char *const hot[LT_NEXMARK_HOT_CHANNELS] = {"Google", "Facebook", "Baidu",
                                                             "Apple"};
    for (uint32_t i = 0; i < LT_NEXMARK_HOT_CHANNELS; i++) {
        texts->hot[i].name = lt_value_text(hot[i]).bytes;
        texts->hot[i].url = lt_value_text(make_url(arena, state)).bytes;
    }
    for (uint32_t i = 0; i < LT_NEXMARK_CHANNELS; i++) {
        const char *url = make_url(arena, state);
        if (lt_nexmark_below(state, WITHOUT_ID_ONE_IN) > 0)
            url = lt_arena_format(arena, "%s&channel_id=%u", url, channel_id(i));
        texts->channels[i].name = lt_value_text(lt_arena_format(arena, "channel-%u", i)).bytes;
        texts->channels[i].url = lt_value_text(url).bytes;
    }
}

const struct lt_nexmark_texts *lt_nexmark_texts_create(struct lt_arena *arena)
{
    uint64_t state = SEED;
    struct lt_nexmark_texts *texts = lt_arena_alloc(arena, sizeof *texts);
    texts->letters = make_text(arena, &state, false);
    texts->words = make_text(arena, &state, true);
    make_channels(texts, arena, &state);
    return texts;
}

static struct lt_bytes cut(const uint8_t *text, uint64_t *state, uint32_t size_bytes)
{
    lt_debug_assert(size_bytes <= LT_NEXMARK_TEXT_BYTES / 2);
    int64_t begin = lt_nexmark_below(state, LT_NEXMARK_TEXT_BYTES - size_bytes);
    return (struct lt_bytes){.data = text + begin, .size_bytes = size_bytes};
}

struct lt_bytes lt_nexmark_letters(const struct lt_nexmark_texts *texts, uint64_t *state,
                                   uint32_t size_bytes)
{
    return cut(texts->letters, state, size_bytes);
}

struct lt_bytes lt_nexmark_words(const struct lt_nexmark_texts *texts, uint64_t *state,
                                 uint32_t bound)
{
    uint32_t size_bytes = SHORTEST + (uint32_t)lt_nexmark_below(state, bound - SHORTEST);
    struct lt_bytes words = cut(texts->words, state, size_bytes);
    while (words.size_bytes > 0 && words.data[words.size_bytes - 1] == ' ')
        words.size_bytes--;
    for (; words.size_bytes > 0 && words.data[0] == ' '; words.data++)
        words.size_bytes--;
    return words;
}
