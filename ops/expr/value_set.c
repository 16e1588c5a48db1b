/*
 * Open addressing with a table of at least twice the values, so that a search ends.
 */
#include "ops/expr/value_set.h"

#include <math.h>
#include <string.h>

enum { FEW = sizeof((struct lt_value_set *)0)->few / sizeof(uint32_t) };

bool lt_value_set_init(struct lt_value_set *set, struct lt_machine *machine,
                       const struct lt_type *type, const union lt_value *values, uint32_t most,
                       bool is_exact)
{
    *set = (struct lt_value_set){.type = type, .values = values, .is_exact = is_exact};
    if (most <= FEW)
        return true;
    size_t size = 2 * FEW;
    while (size < 2 * (size_t)most)
        size *= 2;
    set->slots = lt_machine_alloc(machine, size * sizeof *set->slots);
    if (set->slots == NULL)
        return false;
    memset(set->slots, 0, size * sizeof *set->slots);
    set->mask = (uint32_t)(size - 1);
    return true;
}

static bool is_equal(const struct lt_value_set *set, const union lt_value *a,
                     const union lt_value *b)
{
    if (lt_value_compare(set->type, a, b) != 0)
        return false;
    return !set->is_exact || !lt_type_is_fraction(set->type) || isnan(a->f64) ||
           signbit(a->f64) == signbit(b->f64);
}

/* The slot that holds the value, or the free one where it belongs. */
static uint32_t *find_slot(const struct lt_value_set *set, const union lt_value *value)
{
    uint64_t hash = lt_value_hash(set->type, value, LT_VALUE_HASH_SEED);
    for (uint32_t at = (uint32_t)hash & set->mask;; at = (at + 1) & set->mask) {
        uint32_t *slot = &set->slots[at];
        if (*slot == 0 || is_equal(set, &set->values[*slot - 1], value))
            return slot;
    }
}

static int64_t find_among_few(const struct lt_value_set *set, const union lt_value *value)
{
    for (uint32_t i = 0; i < set->count; i++) {
        if (is_equal(set, &set->values[set->few[i]], value))
            return set->few[i];
    }
    return -1;
}

int64_t lt_value_set_find(const struct lt_value_set *set, const union lt_value *value)
{
    return set->slots == NULL ? find_among_few(set, value) : (int64_t)*find_slot(set, value) - 1;
}

int64_t lt_value_set_put(struct lt_value_set *set, const union lt_value *value, uint32_t position)
{
    uint32_t *slot = set->slots == NULL ? NULL : find_slot(set, value);
    int64_t found = slot == NULL ? find_among_few(set, value) : (int64_t)*slot - 1;
    if (found >= 0)
        return found;
    if (slot != NULL)
        *slot = position + 1;
    else
        set->few[set->count] = position;
    set->count++;
    return -1;
}
