/* One pass over the output with a cursor (what comes next in order) and a frontier (behind the
 * highest number delivered), both as indices of the input. The header tells the rules.
 *
 * Invariants: cursor <= frontier; seen[] is false from the frontier on. The cursor is less than the
 * frontier only within a replay.
 */
#include "audit_judge.h"

#include <stdlib.h>

struct pass {
    const struct lt_audit_case *audit;
    struct lt_audit_verdict *verdict;
    bool *seen;
    size_t cursor;
    size_t frontier;
};

static bool is_increasing(const struct lt_audit_case *audit)
{
    for (size_t i = 1; i < audit->input_count; i++)
        if (audit->input[i].sequence <= audit->input[i - 1].sequence ||
            audit->input[i].offset <= audit->input[i - 1].offset)
            return false;
    return audit->input_count == 0 ||
           audit->input[audit->input_count - 1].sequence != LT_AUDIT_CORRUPTED;
}

/* The index of a sequence number in the input, or SIZE_MAX. */
static size_t find(const struct pass *p, uint64_t sequence)
{
    const struct lt_audit_input *input = p->audit->input;
    size_t low = 0;
    size_t high = p->audit->input_count;
    if (p->cursor < high && input[p->cursor].sequence == sequence)
        return p->cursor;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (input[middle].sequence < sequence)
            low = middle + 1;
        else
            high = middle;
    }
    return low < p->audit->input_count && input[low].sequence == sequence ? low : SIZE_MAX;
}

static void note_first(size_t *first, size_t index)
{
    if (*first == SIZE_MAX)
        *first = index;
}

static void count_reordered(struct pass *p, size_t output_index)
{
    p->verdict->reordered++;
    note_first(&p->verdict->first_reordered, output_index);
}

static bool replay_fits(const struct pass *p, size_t restart)
{
    const struct lt_audit_case *audit = p->audit;
    if ((int64_t)(p->frontier - restart) > audit->replay_max)
        return false;
    if (!audit->has_marks)
        return true;
    int64_t restart_offset = audit->input[restart].offset;
    int64_t last_sent_offset = audit->input[p->frontier - 1].offset;
    for (size_t i = 0; i < audit->mark_count; i++)
        if (audit->marks[i].restart_offset <= restart_offset &&
            last_sent_offset < audit->marks[i].sent_until)
            return true;
    return false;
}

static void begin_replay(struct pass *p, size_t restart, size_t output_index)
{
    uint64_t size = p->frontier - restart;
    p->verdict->replays++;
    if (size > p->verdict->largest_replay)
        p->verdict->largest_replay = size;
    if (!replay_fits(p, restart)) {
        p->verdict->replays_too_far++;
        note_first(&p->verdict->first_too_far, output_index);
    }
}

/* A jump is a fault of order only when it passes over something that had been delivered: a replay
 * has to run on without gaps. What it leaves out beyond is lost, or late and counted when it comes.
 */
static bool jumps_over_seen(const struct pass *p, size_t to)
{
    for (size_t i = p->cursor; i < to && i < p->frontier; i++)
        if (p->seen[i])
            return true;
    return false;
}

static void deliver(struct pass *p, size_t index, size_t output_index)
{
    bool again = p->seen[index];
    p->seen[index] = true;
    if (again)
        p->verdict->duplicated++;
    else
        p->verdict->delivered++;

    if (index < p->cursor && !again) {
        /* Late, and only this one: the run that passed it goes on where it was. */
        count_reordered(p, output_index);
        return;
    }
    if (index < p->cursor)
        begin_replay(p, index, output_index);
    else if (jumps_over_seen(p, index))
        count_reordered(p, output_index);
    else if (!again && index < p->frontier)
        count_reordered(p, output_index);
    p->cursor = index + 1;
    if (p->frontier < p->cursor)
        p->frontier = p->cursor;
}

int lt_audit_judge(const struct lt_audit_case *audit, struct lt_audit_verdict *verdict)
{
    *verdict = (struct lt_audit_verdict){.first_lost = SIZE_MAX,
                                         .first_reordered = SIZE_MAX,
                                         .first_corrupted = SIZE_MAX,
                                         .first_unknown = SIZE_MAX,
                                         .first_too_far = SIZE_MAX};
    if (!is_increasing(audit))
        return -2;
    struct pass p = {
        .audit = audit, .verdict = verdict, .seen = calloc(audit->input_count + 1, sizeof(bool))};
    if (!p.seen)
        return -1;
    for (size_t i = 0; i < audit->output_count; i++) {
        size_t index = SIZE_MAX;
        if (audit->output[i] == LT_AUDIT_CORRUPTED) {
            verdict->corrupted++;
            note_first(&verdict->first_corrupted, i);
        } else if ((index = find(&p, audit->output[i])) == SIZE_MAX) {
            verdict->unknown++;
            note_first(&verdict->first_unknown, i);
        } else {
            deliver(&p, index, i);
        }
    }
    for (size_t i = 0; i < audit->input_count; i++)
        if (!p.seen[i])
            note_first(&verdict->first_lost, i);
    verdict->lost = audit->input_count - verdict->delivered;
    free(p.seen);
    return 0;
}
