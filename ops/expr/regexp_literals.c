#include "ops/expr/regexp_literals.h"

#include <string.h>

#include "core/text/search.h"

/* A set of one byte is found in nearly every text. */
enum { LITERAL_BYTES_MIN = 2 };
/* So many texts are tried, so often; a set pays when it rules out one text of so many. */
enum { TRIED_TEXTS = 64, TEXTS_BETWEEN_TRIALS = 8192, TEXTS_A_RULED_OUT = 8 };

/* ------------------------------------------------------------------------------------- the walk */

/* The one empty literal: whatever follows is appended to it. */
static void clear(struct lt_literal_set *set)
{
    set->count = 1;
    set->literals[0].size_bytes = 0;
}

static uint32_t least_bytes(const struct lt_literal_set *set)
{
    uint32_t least = LT_LITERAL_BYTES;
    for (uint32_t i = 0; i < set->count; i++)
        least = set->literals[i].size_bytes < least ? set->literals[i].size_bytes : least;
    return least;
}

/* Keeps the set, in place of a worse one if need be. */
static void keep(struct lt_regexp_literals *out, const struct lt_literal_set *set)
{
    uint32_t worst = 0;
    if (least_bytes(set) < LITERAL_BYTES_MIN)
        return;
    if (out->set_count < LT_LITERAL_SETS) {
        out->sets[out->set_count++] = *set;
        return;
    }
    for (uint32_t i = 1; i < LT_LITERAL_SETS; i++)
        worst = least_bytes(&out->sets[i]) < least_bytes(&out->sets[worst]) ? i : worst;
    if (least_bytes(set) > least_bytes(&out->sets[worst]))
        out->sets[worst] = *set;
}

/* What comes next need not follow at once. */
static void cut(struct lt_literal_walk *walk)
{
    keep(walk->out, &walk->now);
    clear(&walk->now);
    clear(&walk->before);
}

/* Appends each of `tails` to each of `set`; false, and nothing: that would be too many or too
 * long. */
static bool append(struct lt_literal_set *set, const struct lt_literal_set *tails)
{
    struct lt_literal_set product = {.count = 0};
    if (set->count * tails->count > LT_LITERAL_ALTERNATIVES)
        return false;
    for (uint32_t i = 0; i < set->count; i++) {
        for (uint32_t k = 0; k < tails->count; k++) {
            const struct lt_literal *head = &set->literals[i], *tail = &tails->literals[k];
            struct lt_literal *both = &product.literals[product.count++];
            if (head->size_bytes + tail->size_bytes > LT_LITERAL_BYTES)
                return false;
            *both = *head;
            memcpy(both->bytes + head->size_bytes, tail->bytes, tail->size_bytes);
            both->size_bytes = (uint8_t)(head->size_bytes + tail->size_bytes);
        }
    }
    *set = product;
    return true;
}

static void append_or_cut(struct lt_literal_walk *walk, const struct lt_literal_set *tails)
{
    walk->before = walk->now;
    if (append(&walk->now, tails))
        return;
    cut(walk);
    walk->now = *tails;
}

void lt_literal_walk_begin(struct lt_literal_walk *walk, struct lt_regexp_literals *out)
{
    *out = (struct lt_regexp_literals){.used = -1};
    *walk = (struct lt_literal_walk){.out = out};
    clear(&walk->now);
    clear(&walk->before);
}

void lt_literal_walk_character(struct lt_literal_walk *walk, uint8_t c)
{
    struct lt_literal_set one = {.count = 1, .literals = {{.size_bytes = 1, .bytes = {c}}}};
    if (walk->depth == 0) {
        append_or_cut(walk, &one);
        return;
    }
    if (!walk->is_plain)
        return;
    struct lt_literal *last = &walk->group.literals[walk->group.count - 1];
    walk->is_plain = last->size_bytes < LT_LITERAL_BYTES;
    if (walk->is_plain)
        last->bytes[last->size_bytes++] = c;
}

void lt_literal_walk_other(struct lt_literal_walk *walk)
{
    if (walk->depth == 0)
        cut(walk);
    else
        walk->is_plain = false;
}

void lt_literal_walk_open(struct lt_literal_walk *walk, bool is_looking)
{
    walk->is_plain = walk->depth++ == 0 && !is_looking;
    if (walk->is_plain)
        clear(&walk->group);
}

void lt_literal_walk_close(struct lt_literal_walk *walk)
{
    if (walk->depth == 0 || --walk->depth > 0)
        return;
    if (walk->is_plain)
        append_or_cut(walk, &walk->group);
    else
        cut(walk);
}

void lt_literal_walk_or(struct lt_literal_walk *walk)
{
    if (walk->depth == 0) {
        walk->is_void = true;
        return;
    }
    walk->is_plain = walk->is_plain && walk->group.count < LT_LITERAL_ALTERNATIVES;
    if (walk->is_plain)
        walk->group.literals[walk->group.count++].size_bytes = 0;
}

void lt_literal_walk_repeat(struct lt_literal_walk *walk, bool may_be_none)
{
    if (walk->depth > 0) {
        walk->is_plain = false;
        return;
    }
    if (may_be_none)
        walk->now = walk->before;
    cut(walk);
}

void lt_literal_walk_end(struct lt_literal_walk *walk)
{
    cut(walk);
    struct lt_regexp_literals *out = walk->out;
    if (walk->is_void)
        out->set_count = 0;
    for (uint32_t i = 0; i < out->set_count; i++) {
        for (uint32_t k = 0; k < out->sets[i].count; k++) {
            struct lt_literal *literal = &out->sets[i].literals[k];
            struct lt_needle needle = lt_needle_choose(literal->bytes, literal->size_bytes);
            literal->first = (uint8_t)needle.first;
            literal->second = (uint8_t)needle.second;
        }
    }
}

/* ----------------------------------------------------------------------------------- the search */

static bool has_one(const struct lt_literal_set *set, const struct lt_bytes *text)
{
    for (uint32_t i = 0; i < set->count; i++) {
        const struct lt_literal *literal = &set->literals[i];
        const struct lt_needle needle = {literal->bytes, literal->size_bytes, literal->first,
                                         literal->second};
        if (lt_search(text->data, text->size_bytes, &needle) != NULL)
            return true;
    }
    return false;
}

static void end_trial(struct lt_regexp_literals *literals)
{
    literals->used = -1;
    uint32_t most = TRIED_TEXTS / TEXTS_A_RULED_OUT - 1;
    for (uint32_t i = 0; i < literals->set_count; i++) {
        if (literals->ruled_out[i] > most) {
            most = literals->ruled_out[i];
            literals->used = (int32_t)i;
        }
        literals->ruled_out[i] = 0;
    }
    literals->tried_count = 0;
    literals->until_trial = TEXTS_BETWEEN_TRIALS;
}

static bool try_all(struct lt_regexp_literals *literals, const struct lt_bytes *text)
{
    bool may_match = true;
    for (uint32_t i = 0; i < literals->set_count; i++) {
        if (!has_one(&literals->sets[i], text)) {
            literals->ruled_out[i]++;
            may_match = false;
        }
    }
    if (++literals->tried_count == TRIED_TEXTS)
        end_trial(literals);
    return may_match;
}

bool lt_regexp_literals_may_match(struct lt_regexp_literals *literals, const struct lt_bytes *text)
{
    if (literals->set_count == 0)
        return true;
    if (literals->until_trial == 0)
        return try_all(literals, text);
    literals->until_trial--;
    return literals->used < 0 || has_one(&literals->sets[literals->used], text);
}
