#include "ops/stateful/session_list.h"

#include <stdlib.h>

enum { START, END, STATE, FIELDS };

void lt_session_list_fini(struct lt_session_list *list)
{
    free(list->items);
    *list = (struct lt_session_list){0};
}

void lt_session_list_add(struct lt_session_list *list, int64_t start_us, int64_t end_us,
                         void *state)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 16 : 2 * list->capacity;
        list->items = lt_realloc_array(list->items, list->capacity, sizeof *list->items);
    }
    list->items[list->count] = (struct lt_session_item){
        .start_us = start_us, .end_us = end_us, .state = state, .place = list->count};
    list->count++;
}

/* -------------------------------------------------------------------------------------- merging */

static int compare(const void *a, const void *b)
{
    const struct lt_session_item *x = a, *y = b;
    if (x->start_us != y->start_us)
        return x->start_us < y->start_us ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

bool lt_session_list_merge(struct lt_session_list *list, const struct lt_states *states,
                           struct lt_scratch *memory)
{
    uint32_t count = 0;
    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, compare);
    for (uint32_t i = 0; i < list->count; i++) {
        const struct lt_session_item *item = &list->items[i];
        struct lt_session_item *last = count == 0 ? NULL : &list->items[count - 1];
        if (last == NULL || item->start_us > last->end_us) {
            list->items[count++] = *item;
            continue;
        }
        last->end_us = item->end_us > last->end_us ? item->end_us : last->end_us;
        if (!lt_states_merge(states, last->state, item->state, memory))
            return false;
    }
    list->count = count;
    return true;
}

uint32_t lt_session_list_gone(const struct lt_session_list *list, const int64_t *old_starts,
                              uint32_t old_count)
{
    uint32_t gone = 0, at = 0;
    for (uint32_t i = 0; i < old_count; i++) {
        while (at < list->count && list->items[at].start_us < old_starts[i])
            at++;
        gone += at == list->count || list->items[at].start_us != old_starts[i];
    }
    return gone;
}

int64_t lt_session_list_first_end(const struct lt_session_list *list)
{
    int64_t first = LT_STATE_NEVER;
    for (uint32_t i = 0; i < list->count; i++)
        first = list->items[i].end_us < first ? list->items[i].end_us : first;
    return first;
}

/* ------------------------------------------------------------------------------------ the value */

const struct lt_type *lt_session_list_schema(const struct lt_states *states,
                                             struct lt_arena *arena)
{
    const struct lt_type *time = lt_type_simple(LT_TYPE_TIMESTAMP);
    const struct lt_field fields[FIELDS] = {
        [START] = {.name = "start", .type = time},
        [END] = {.name = "end", .type = time},
        [STATE] = {.name = lt_arena_text(arena, lt_aggregates_schema(states->aggregates)),
                   .type = lt_type_simple(LT_TYPE_BINARY)}};
    const struct lt_field sessions = {
        .name = "sessions",
        .type = lt_type_array(arena, lt_type_struct(arena, fields, FIELDS), false)};
    return lt_type_struct(arena, &sessions, 1);
}

/* Elements of the array: structs and their values, in one block. */
struct element {
    struct lt_struct structure;
    union lt_value values[FIELDS];
};

/* The states' bytes, one behind the other; of each its size, since the text moves as it grows. */
static void write_states(const struct lt_session_list *list, const struct lt_states *states,
                         struct element *elements, struct lt_text_buffer *bytes)
{
    lt_text_clear(bytes);
    for (uint32_t i = 0; i < list->count; i++) {
        size_t before = bytes->size_bytes;
        lt_aggregates_write(states->aggregates, list->items[i].state, bytes);
        elements[i].values[STATE] =
            lt_value_bytes(NULL, (uint32_t)(bytes->size_bytes - before));
    }
    size_t offset = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        struct lt_bytes *state = &elements[i].values[STATE].bytes;
        state->data = (const uint8_t *)bytes->data + offset;
        offset += state->size_bytes;
    }
}

bool lt_session_list_write(const struct lt_session_list *list, const struct lt_states *states,
                           const struct lt_type *schema, struct lt_row *row,
                           struct lt_scratch *memory, struct lt_text_buffer *bytes,
                           struct lt_text_buffer *out)
{
    struct element *elements = lt_scratch_alloc(memory, list->count * sizeof *elements);
    union lt_value *values = lt_scratch_alloc(memory, list->count * sizeof *values);
    if (elements == NULL || values == NULL) {
        lt_stateful_fail_for_memory(states->stateful);
        return false;
    }
    write_states(list, states, elements, bytes);
    for (uint32_t i = 0; i < list->count; i++) {
        elements[i].values[START].i64 = list->items[i].start_us;
        elements[i].values[END].i64 = list->items[i].end_us;
        elements[i].structure = (struct lt_struct){.values = elements[i].values};
        values[i].structure = &elements[i].structure;
    }
    struct lt_array array = {.count = list->count, .values = values};
    lt_row_clear_nulls(row);
    lt_row_values(row)[0].array = &array;
    lt_text_clear(out);
    lt_row_bytes_write(schema, row, out);
    return true;
}

bool lt_session_list_read(struct lt_session_list *list, const struct lt_states *states,
                          const struct lt_row *row, struct lt_scratch *memory)
{
    bool is_damaged = lt_row_is_null(row, 0);
    const struct lt_array *array = is_damaged ? NULL : lt_row_values(row)[0].array;
    for (uint32_t i = 0; !is_damaged && i < array->count; i++) {
        const struct lt_struct *item = lt_bit(array->nulls, i) ? NULL : array->values[i].structure;
        is_damaged = item == NULL || (item->nulls != NULL && item->nulls[0] != 0);
        if (is_damaged)
            break;
        const struct lt_bytes *bytes = &item->values[STATE].bytes;
        void *state = lt_states_read(
            states, (struct lt_state_bytes){bytes->data, bytes->size_bytes}, memory);
        if (state == NULL)
            return false;
        lt_session_list_add(list, item->values[START].i64, item->values[END].i64, state);
    }
    if (is_damaged)
        lt_stateful_fail_for_damage(states->stateful, "a session without a part");
    return !is_damaged;
}
