/*
 * Variables that hold a list. Elements are numbered in the order in which they were appended; the
 * head says where they begin and end.
 */
#include "ops/stateful/keyed_entry.h"

static struct lt_keyed_place head_place(uint32_t variable)
{
    return (struct lt_keyed_place){.variable = variable, .part = LT_KEYED_HEAD};
}

static struct lt_keyed_place element_place(uint32_t variable, int64_t number)
{
    return (struct lt_keyed_place){
        .variable = variable, .part = LT_KEYED_ELEMENT, .number = (uint64_t)number};
}

/* `head` of an empty list is zeroed. */
static bool get_head(struct lt_keyed_state *state, uint32_t variable, struct lt_keyed_entry *head)
{
    struct lt_keyed_place place = head_place(variable);
    bool has;
    if (!lt_keyed_get(state, &place, &has, head))
        return false;
    if (!has)
        *head = (struct lt_keyed_entry){.expires_us = LT_STATE_NEVER};
    if (head->first >= 0 && head->first <= head->number)
        return true;
    lt_stateful_fail_for_damage(state->stateful, "a list that ends before it begins");
    return false;
}

static bool put_head(struct lt_keyed_state *state, uint32_t variable,
                     const struct lt_keyed_entry *head)
{
    struct lt_keyed_place place = head_place(variable);
    if (head->first < head->number)
        return lt_keyed_put(state, &place, head);
    (void)lt_keyed_remove(state, &place);
    return true;
}

bool lt_list_append(struct lt_variable *variable)
{
    struct lt_keyed_state *state = variable->state;
    struct lt_keyed_entry head;
    if (!get_head(state, variable->id, &head))
        return false;
    if (head.first < head.number && !lt_keyed_check_form(variable, &head))
        return false;
    struct lt_keyed_place place = element_place(variable->id, head.number);
    const struct lt_keyed_entry element = {.form = variable->form,
                                           .expires_us = lt_keyed_expiry(variable),
                                           .value = lt_keyed_take_fresh(variable)};
    head.form = variable->form;
    head.number++;
    return lt_keyed_put(state, &place, &element) && put_head(state, variable->id, &head);
}

bool lt_list_next(struct lt_variable *variable, uint64_t *at, const struct lt_row **row)
{
    struct lt_keyed_state *state = variable->state;
    struct lt_keyed_entry head, element;
    bool has;
    *row = NULL;
    if (!get_head(state, variable->id, &head))
        return false;
    /* *at is the number of the element to look at, + 1 */
    int64_t number = *at == 0 || (int64_t)*at - 1 < head.first ? head.first : (int64_t)*at - 1;
    for (; number < head.number; number++) {
        struct lt_keyed_place place = element_place(variable->id, number);
        if (!lt_keyed_get(state, &place, &has, &element))
            return false;
        if (!has || lt_keyed_has_expired(state, &element))
            continue;
        *at = (uint64_t)number + 2;
        return lt_keyed_check_form(variable, &element) &&
               lt_keyed_give(variable, &variable->given, variable->spec.value, &element.value,
                             row);
    }
    *at = (uint64_t)number + 1;
    return true;
}

bool lt_list_clear(struct lt_variable *variable)
{
    struct lt_keyed_state *state = variable->state;
    struct lt_keyed_entry head;
    if (!get_head(state, variable->id, &head))
        return false;
    for (int64_t number = head.first; number < head.number; number++) {
        struct lt_keyed_place place = element_place(variable->id, number);
        (void)lt_keyed_remove(state, &place);
    }
    head.first = head.number;
    return put_head(state, variable->id, &head);
}

/* Where the first one goes, those behind it that have gone before go too. */
bool lt_list_remove_expired(struct lt_keyed_state *state, const struct lt_keyed_place *place)
{
    struct lt_keyed_entry head, element;
    bool has = false;
    (void)lt_keyed_remove(state, place);
    if (!get_head(state, place->variable, &head))
        return false;
    if ((uint64_t)head.first != place->number)
        return true;
    for (head.first++; head.first < head.number; head.first++) {
        struct lt_keyed_place next = element_place(place->variable, head.first);
        if (!lt_keyed_get(state, &next, &has, &element))
            return false;
        if (has)
            break;
    }
    return put_head(state, place->variable, &head);
}
