#include "core/state/rocksdb_many.h"

void lt_state_many_init(struct lt_state_many *many)
{
    *many = (struct lt_state_many){0};
    lt_text_init(&many->keys);
}

void lt_state_many_fini(struct lt_state_many *many)
{
    lt_state_many_clear(many);
    lt_text_fini(&many->keys);
}

void lt_state_many_clear(struct lt_state_many *many)
{
    for (uint32_t i = 0; i < many->count; i++)
        lt_state_live_value_fini(&many->values[i]);
    lt_text_clear(&many->keys);
    many->count = many->next = 0;
}

void lt_state_many_add(struct lt_state_many *many, struct lt_state_bytes key)
{
    lt_assert(many->count < LT_STATE_AHEAD_MAX);
    if (key.size_bytes > 0)
        lt_text_append_n(&many->keys, key.data, key.size_bytes);
    many->values[many->count].pinned = NULL;
    many->ends[many->count++] = many->keys.size_bytes;
}

struct lt_state_bytes lt_state_many_key(const struct lt_state_many *many, uint32_t index)
{
    size_t begin = index == 0 ? 0 : many->ends[index - 1];
    return (struct lt_state_bytes){many->keys.data + begin, many->ends[index] - begin};
}

int lt_state_many_get(struct lt_state_many *many, struct lt_state_live *live,
                      struct lt_error *error)
{
    struct lt_state_bytes keys[LT_STATE_AHEAD_MAX];
    for (uint32_t i = 0; i < many->count; i++)
        keys[i] = lt_state_many_key(many, i);
    return lt_state_live_get_many(live, keys, many->count, many->values, error);
}
