#include "core/epoch/slot.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"

void lt_epoch_slot_init(struct lt_epoch_slot *slot, const struct lt_epoch_shape *shape)
{
    uint32_t lanes = shape->lane_count, writers = lt_epoch_writer_count(shape);
    slot->is_injected = lt_alloc_array(lanes, sizeof slot->is_injected[0]);
    slot->has_position = lt_alloc_array(lanes, sizeof slot->has_position[0]);
    slot->is_commit_asked = lt_alloc_array(lanes, sizeof slot->is_commit_asked[0]);
    slot->positions = lt_alloc_array(shape->partition_count + 1u, sizeof slot->positions[0]);
    slot->logs = lt_alloc_array(shape->source_count + 1u, sizeof slot->logs[0]);
    slot->notes = lt_alloc_array(writers + 1u, sizeof slot->notes[0]);
    slot->is_committed = lt_alloc_array(writers + 1u, sizeof slot->is_committed[0]);
    for (uint32_t i = 0; i < shape->source_count; i++) {
        lt_text_init(&slot->logs[i].content);
        lt_text_init(&slot->logs[i].deleted);
    }
}

void lt_epoch_slot_begin(struct lt_epoch_slot *slot, const struct lt_epoch_shape *shape,
                         uint64_t number, int64_t now_ns, const struct lt_position *positions)
{
    uint32_t lanes = shape->lane_count;
    slot->number = number;
    slot->step = LT_EPOCH_INJECT;
    slot->injected_ns = now_ns;
    memset(slot->is_injected, 0, lanes * sizeof slot->is_injected[0]);
    memset(slot->has_position, 0, lanes * sizeof slot->has_position[0]);
    memset(slot->is_commit_asked, 0, lanes * sizeof slot->is_commit_asked[0]);
    memset(slot->is_committed, 0, lt_epoch_writer_count(shape) * sizeof slot->is_committed[0]);
    memcpy(slot->positions, positions, shape->partition_count * sizeof slot->positions[0]);
    slot->injected_count = slot->position_count = slot->prepared_count = 0;
    slot->commit_asked_count = slot->committed_count = 0;
    slot->settled_count = slot->sinks_done = 0;
    slot->is_publishing = slot->is_published = false;
}

void lt_epoch_slot_prepared(struct lt_epoch_slot *slot, uint32_t index, const char *note)
{
    lt_assert(slot->notes[index] == NULL);
    slot->notes[index] = lt_strdup(note);
    slot->prepared_count++;
}

void lt_epoch_slot_committed(struct lt_epoch_slot *slot, uint32_t lane, uint32_t index)
{
    lt_assert(slot->is_commit_asked[lane]);
    lt_assert(!slot->is_committed[index]);
    slot->is_committed[index] = true;
    slot->committed_count++;
}

void lt_epoch_slot_end(struct lt_epoch_slot *slot, const struct lt_epoch_shape *shape)
{
    for (uint32_t i = 0; i < lt_epoch_writer_count(shape); i++) {
        free(slot->notes[i]);
        slot->notes[i] = NULL;
    }
    for (uint32_t i = 0; i < shape->source_count; i++) {
        slot->logs[i].name[0] = '\0';
        lt_text_fini(&slot->logs[i].content); /* seldom, and then large */
        lt_text_fini(&slot->logs[i].deleted);
    }
}

void lt_epoch_slot_fini(struct lt_epoch_slot *slot, const struct lt_epoch_shape *shape)
{
    lt_epoch_slot_end(slot, shape);
    free(slot->is_injected);
    free(slot->has_position);
    free(slot->is_commit_asked);
    free(slot->positions);
    free(slot->logs);
    free(slot->notes);
    free(slot->is_committed);
}
