/*
 * Each source has its next change at hand. The source with the least of them gives it; as long as
 * its next one has a lesser hash than all others have, nobody else is asked: of a large snapshot
 * and a small delta nearly every change costs one comparison.
 */
#include "core/state/merge.h"

#include <stdlib.h>

#include "core/base/arena.h"

struct source {
    struct lt_state_stream *stream;
    struct lt_state_change head;
    bool has_head;
};

struct lt_state_merge {
    struct lt_state_stream stream;
    struct lt_state_inputs inputs;
    struct lt_state_stream *newest;
    bool drop_removed, is_open, has_begun;
    struct source *sources; /* newest first */
    size_t count;
    size_t current;         /* the source whose head was given last; `count`: none */
    uint64_t others_hash;   /* the least hash of all other sources */
    bool others_have_any;
    uint64_t entries_guess;
};

void lt_state_inputs_add(struct lt_state_inputs *inputs, const char *path,
                         const struct lt_state_expected *expected)
{
    inputs->list = lt_realloc_array(inputs->list, inputs->count + 1, sizeof inputs->list[0]);
    inputs->list[inputs->count++] =
        (struct lt_state_input){.path = lt_strdup(path), .expected = *expected};
}

void lt_state_inputs_fini(struct lt_state_inputs *inputs)
{
    for (size_t i = 0; i < inputs->count; i++)
        free(inputs->list[i].path);
    free(inputs->list);
    inputs->list = NULL;
    inputs->count = 0;
}

static struct lt_state_merge *merge_of(struct lt_state_stream *stream)
{
    return (struct lt_state_merge *)stream; /* its first member */
}

static int advance(struct source *source, struct lt_error *error)
{
    int code = source->stream->next(source->stream, &source->head, error);
    source->has_head = code == 1;
    return code < 0 ? code : 0;
}

static void add_source(struct lt_state_merge *merge, struct lt_state_stream *stream)
{
    merge->sources[merge->count++].stream = stream;
}

/* Its entries that have a value, or as many of them as their groups are of its groups. */
static uint64_t guess_entries(const struct lt_state_merge *merge,
                              const struct lt_state_reader *reader)
{
    const struct lt_state_header *header = lt_state_reader_header(reader);
    const struct lt_state_trailer *trailer = lt_state_reader_trailer(reader);
    uint64_t entries = trailer->entry_count - trailer->removal_count;
    uint32_t groups = header->end_group - header->first_group;
    uint32_t wanted = merge->inputs.end_group - merge->inputs.first_group;
    return wanted < groups ? entries / groups * wanted : entries;
}

int lt_state_merge_open(struct lt_state_merge *merge, struct lt_error *error)
{
    lt_assert(!merge->is_open);
    merge->is_open = true;
    merge->sources = lt_alloc_array(merge->inputs.count + 1, sizeof merge->sources[0]);
    if (merge->newest != NULL)
        add_source(merge, merge->newest);
    merge->newest = NULL;
    for (size_t i = 0; i < merge->inputs.count; i++) {
        struct lt_state_reader *reader;
        int code = lt_state_reader_open(merge->inputs.list[i].path,
                                        &merge->inputs.list[i].expected,
                                        merge->inputs.first_group, merge->inputs.end_group,
                                        &reader, error);
        if (code != 0)
            return code;
        merge->entries_guess += guess_entries(merge, reader);
        add_source(merge, lt_state_reader_stream(reader));
    }
    return 0;
}

/* Takes the first change of each source. */
static int begin(struct lt_state_merge *merge, struct lt_error *error)
{
    merge->has_begun = true;
    int code = merge->is_open ? 0 : lt_state_merge_open(merge, error);
    for (size_t i = 0; code == 0 && i < merge->count; i++)
        code = advance(&merge->sources[i], error);
    merge->current = merge->count;
    return code;
}

/* Passes over what the source `winner` hides in the older ones. */
static int skip_hidden(struct lt_state_merge *merge, size_t winner, struct lt_error *error)
{
    const struct lt_state_change *change = &merge->sources[winner].head;
    for (size_t i = winner + 1; i < merge->count; i++) {
        struct source *source = &merge->sources[i];
        if (!source->has_head || source->head.hash != change->hash ||
            !lt_state_bytes_equal(source->head.key, change->key))
            continue;
        int code = advance(source, error);
        if (code != 0)
            return code;
    }
    return 0;
}

/* Makes the source with the least change the current one; 1, 0 if there is none, or negative. */
static int choose(struct lt_state_merge *merge, struct lt_error *error)
{
    size_t winner = merge->count;
    for (size_t i = 0; i < merge->count; i++) {
        struct source *source = &merge->sources[i];
        if (source->has_head &&
            (winner == merge->count || lt_state_change_compare(&source->head,
                                                               &merge->sources[winner].head) < 0))
            winner = i; /* of equals the first, which is the newest */
    }
    merge->current = winner;
    if (winner == merge->count)
        return 0;
    int code = skip_hidden(merge, winner, error);
    if (code != 0)
        return code;
    merge->others_have_any = false;
    for (size_t i = 0; i < merge->count; i++) {
        const struct source *source = &merge->sources[i];
        if (i == winner || !source->has_head)
            continue;
        if (!merge->others_have_any || source->head.hash < merge->others_hash)
            merge->others_hash = source->head.hash;
        merge->others_have_any = true;
    }
    return 1;
}

/* The next change of all, removals too. */
static int next_of_all(struct lt_state_merge *merge, struct lt_error *error)
{
    if (merge->current < merge->count) {
        struct source *current = &merge->sources[merge->current];
        int code = advance(current, error);
        if (code != 0)
            return code;
        if (current->has_head &&
            (!merge->others_have_any || current->head.hash < merge->others_hash))
            return 1;
    }
    return choose(merge, error);
}

static int next_change(struct lt_state_stream *stream, struct lt_state_change *out,
                       struct lt_error *error)
{
    struct lt_state_merge *merge = merge_of(stream);
    if (!merge->has_begun) {
        int code = begin(merge, error);
        if (code != 0)
            return code;
    }
    for (;;) { /* ends with the sources */
        int code = next_of_all(merge, error);
        if (code != 1)
            return code;
        const struct lt_state_change *head = &merge->sources[merge->current].head;
        if (head->is_removed && merge->drop_removed)
            continue;
        *out = *head;
        return 1;
    }
}

static void destroy_stream(struct lt_state_stream *stream)
{
    lt_state_merge_destroy(merge_of(stream));
}

struct lt_state_merge *lt_state_merge_create(struct lt_state_inputs *inputs,
                                             struct lt_state_stream *newest, bool drop_removed)
{
    struct lt_state_merge *merge = lt_alloc(sizeof *merge);
    merge->stream.next = next_change;
    merge->stream.destroy = destroy_stream;
    merge->inputs = *inputs;
    *inputs = (struct lt_state_inputs){0};
    merge->newest = newest;
    merge->drop_removed = drop_removed;
    return merge;
}

uint64_t lt_state_merge_entries_guess(const struct lt_state_merge *merge)
{
    return merge->entries_guess;
}

struct lt_state_stream *lt_state_merge_stream(struct lt_state_merge *merge)
{
    return &merge->stream;
}

void lt_state_merge_destroy(struct lt_state_merge *merge)
{
    if (merge == NULL)
        return;
    for (size_t i = 0; i < merge->count; i++)
        merge->sources[i].stream->destroy(merge->sources[i].stream);
    if (merge->newest != NULL)
        merge->newest->destroy(merge->newest);
    free(merge->sources);
    lt_state_inputs_fini(&merge->inputs);
    free(merge);
}
