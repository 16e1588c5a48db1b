/*
 * How a glance goes over a document, block by block, written once: json_glance.c includes it for
 * each kind of vectors (and undefines its guard in between). Before that are defined: WAY(name), a
 * name of this kind; WAY_TARGET, the attribute of its functions; EQUAL(at, byte), which of the 64
 * bytes at a place are that one, as bits; FOLDED_EQUAL(at, byte), the same when 0x20 is set in all
 * of them; NOT_ASCII(at); PARITY(bits), bit i the parity of the bits up to i.
 *
 * A block may be read BLOCK_BEHIND bytes past its end.
 */
#ifndef LT_TEXT_JSON_GLANCE_WAY_H
#define LT_TEXT_JSON_GLANCE_WAY_H

/* The names that may begin in the block: quotes that open a string, with the first two bytes of a
 * name behind. What is not plain hides all that follows. */
WAY_TARGET static void WAY(list_block)(struct lt_json_glance *glance, const uint8_t *block)
{
    uint64_t quotes = EQUAL(block, '"');
    uint64_t strings = PARITY(quotes) ^ glance->in_string;
    uint64_t odd = EQUAL(block, '\\') | NOT_ASCII(block) | (EQUAL(block, '\'') & ~strings);
    uint64_t found = 0;
    for (size_t i = 0; i < glance->count; i++)
        found |= EQUAL(block + 1, glance->names[i].begin[0]) &
                 EQUAL(block + 2, glance->names[i].begin[1]);
    glance->in_string = 0 - (strings >> 63);
    glance->opening = FOLDED_EQUAL(block, '{') & ~strings;
    glance->closing = FOLDED_EQUAL(block, '}') & ~strings;
    glance->found = found & quotes & strings & ((odd & -odd) - 1);
    glance->is_ended = odd != 0;
}

/* Goes on to the next block; false when there is none, or nothing in it would be seen. */
WAY_TARGET static bool WAY(next_block)(struct lt_json_glance *glance)
{
    if (glance->block != NULL) {
        glance->depth += __builtin_popcountll(glance->opening);
        glance->depth -= __builtin_popcountll(glance->closing);
        glance->block += BLOCK_BYTES;
    } else {
        glance->block = glance->data;
    }
    if (glance->is_ended || glance->block >= glance->end)
        return false;
    size_t left = (size_t)(glance->end - glance->block);
    if (lt_likely(left >= BLOCK_BYTES + BLOCK_BEHIND)) {
        WAY(list_block)(glance, glance->block);
        return true;
    }
    uint8_t copy[BLOCK_BYTES + BLOCK_BEHIND] = {0};
    memcpy(copy, glance->block, left);
    WAY(list_block)(glance, copy);
    return true;
}

/* The next opening quote in front of what may be a wanted name of the outermost object; NULL: no
 * more are to be seen. */
WAY_TARGET static const uint8_t *WAY(find)(struct lt_json_glance *glance)
{
    for (;;) {
        while (glance->found == 0) {
            if (!WAY(next_block)(glance))
                return NULL;
        }
        unsigned place = (unsigned)__builtin_ctzll(glance->found);
        uint64_t before = (UINT64_C(1) << place) - 1;
        glance->found &= glance->found - 1;
        int64_t depth = glance->depth + __builtin_popcountll(glance->opening & before) -
                        __builtin_popcountll(glance->closing & before);
        if (depth == 1)
            return glance->block + place;
    }
}

/* Might a name with this beginning stand in the block? Exact, but for what follows. */
WAY_TARGET static bool WAY(may_name_in)(const uint8_t *block, const uint8_t begin[2])
{
    uint64_t quotes = EQUAL(block, '"') | EQUAL(block, '\'');
    uint64_t second = EQUAL(block + 2, begin[1]) | EQUAL(block + 2, '\\') | EQUAL(block + 2, '\'');
    return (quotes & (EQUAL(block + 1, '\\') | (EQUAL(block + 1, begin[0]) & second))) != 0;
}

/* The same of all bytes from `at` on, exactly. */
WAY_TARGET static bool WAY(may_name_behind)(const uint8_t *at, const uint8_t *last,
                                            const uint8_t begin[2])
{
    for (; at < last; at += BLOCK_BYTES) {
        if (WAY(may_name_in)(at, begin))
            return true;
    }
    return WAY(may_name_in)(last, begin);
}

/* Mostly nothing is there that looks like it at all. The last block overlaps the one before. */
WAY_TARGET static bool WAY(may_name)(const uint8_t *at, const uint8_t *end, const uint8_t begin[2])
{
    uint8_t copy[BLOCK_BYTES + BLOCK_BEHIND] = {0};
    if (end - at < (ptrdiff_t)sizeof copy) {
        memcpy(copy, at, (size_t)(end - at));
        return WAY(may_name_in)(copy, begin);
    }
    const uint8_t *last = end - sizeof copy, *block = at;
    uint64_t maybe = 0;
    for (bool is_last = false; !is_last; block += BLOCK_BYTES) {
        is_last = block >= last;
        block = is_last ? last : block;
        maybe |= (EQUAL(block + 1, begin[0]) & EQUAL(block + 2, begin[1])) |
                 EQUAL(block + 1, '\\') | EQUAL(block, '\'');
    }
    return lt_unlikely(maybe != 0) && WAY(may_name_behind)(at, last, begin);
}

#undef WAY
#undef WAY_TARGET
#undef EQUAL
#undef FOLDED_EQUAL
#undef NOT_ASCII
#undef PARITY

#endif
