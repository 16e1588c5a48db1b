#include "core/run/batch_ends.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/run/batch_range.h"
#include "core/run/union_source.h"

/* ----------------------------------------------------------------------------------- life span */

static struct lt_position *make_positions(const struct lt_batch_ends *ends)
{
    return lt_alloc_array(ends->partition_count + 1u, sizeof(struct lt_position));
}

static void copy(const struct lt_batch_ends *ends, struct lt_position *to,
                 const struct lt_position *from)
{
    memcpy(to, from, ends->partition_count * sizeof *to);
}

void lt_batch_ends_init(struct lt_batch_ends *ends, struct lt_source *const *source,
                        const struct lt_position *start)
{
    *ends = (struct lt_batch_ends){.partition_count = (*source)->partition_count};
    ends->parts = lt_source_parts(source, &ends->part_count);
    ends->at = make_positions(ends);
    ends->from = make_positions(ends);
    ends->latest = make_positions(ends);
    ends->end = make_positions(ends);
    ends->due_ns = lt_alloc_array(ends->part_count + 1u, sizeof *ends->due_ns);
    copy(ends, ends->at, start);
}

void lt_batch_ends_fini(struct lt_batch_ends *ends)
{
    free(ends->at);
    free(ends->from);
    free(ends->latest);
    free(ends->end);
    free(ends->frozen);
    free(ends->due_ns);
}

void lt_batch_ends_done(struct lt_batch_ends *ends, const struct lt_position *positions)
{
    copy(ends, ends->at, positions);
}

/* ------------------------------------------------------------------------------------- looking */

static int64_t interval_of_ns(const struct lt_batch_ends *ends, uint32_t part)
{
    int64_t interval_ns = ends->parts[part]->look_interval_ns;
    return interval_ns > LT_BATCH_POLL_NS ? interval_ns : LT_BATCH_POLL_NS;
}

int64_t lt_batch_ends_interval_ns(const struct lt_batch_ends *ends)
{
    int64_t shortest_ns = LT_NEVER_NS;
    for (uint32_t i = 0; i < ends->part_count; i++)
        if (interval_of_ns(ends, i) < shortest_ns)
            shortest_ns = interval_of_ns(ends, i);
    return shortest_ns;
}

static int fail_part(const struct lt_source *source, struct lt_error *error)
{
    return lt_error_append(error, "source %s", source->type->name);
}

/* Asks a part where it ends, and whether what lies before that is all there. */
static int ask_part(struct lt_batch_ends *ends, uint32_t part, uint32_t first, int64_t now_ns,
                    struct lt_error *error)
{
    struct lt_source *source = ends->parts[part];
    const struct lt_source_ops *ops = source->ops;
    struct lt_position *latest = ends->latest + first;
    int code = ops->latest != NULL ? ops->latest(source, latest, error) : 0;
    if (code >= 0 && ops->mend != NULL)
        code = ops->mend(source, ends->at + first, latest, ends->from + first, error);
    ends->due_ns[part] = now_ns + interval_of_ns(ends, part);
    return code < 0 ? fail_part(source, error) : 0;
}

/* Whether the part is to be asked: not if it has told where it ends, or has nothing new to say.
 * Only a query that runs as soon as there is something goes by that. */
static enum lt_batch_ends_known find_out(struct lt_batch_ends *ends, uint32_t part, uint32_t first,
                                         const struct lt_batch_ends_look *look)
{
    struct lt_source *source = ends->parts[part];
    const struct lt_source_ops *ops = source->ops;
    bool has_news = look->is_told || look->is_after_batch;
    bool is_due = look->now_ns >= ends->due_ns[part];
    if (look->asks_all)
        return LT_BATCH_ENDS_ASKED;
    if ((has_news || !is_due) && ops->at_hand != NULL &&
        ops->at_hand(source, ends->at + first, ends->latest + first))
        return LT_BATCH_ENDS_HEARD;
    bool tells = ops->at_hand != NULL && !look->is_after_batch;
    return !is_due && (!has_news || tells) ? LT_BATCH_ENDS_PASSED_OVER : LT_BATCH_ENDS_ASKED;
}

int lt_batch_ends_look(struct lt_batch_ends *ends, const struct lt_batch_ends_look *look,
                       enum lt_batch_ends_known *known, struct lt_error *error)
{
    uint32_t first = 0;
    *known = LT_BATCH_ENDS_ASKED;
    copy(ends, ends->from, ends->at);
    if (ends->frozen != NULL) {
        copy(ends, ends->latest, ends->frozen);
        return 1;
    }
    for (uint32_t i = 0; i < ends->part_count; i++) {
        enum lt_batch_ends_known of = find_out(ends, i, first, look);
        int code =
            of == LT_BATCH_ENDS_ASKED ? ask_part(ends, i, first, look->now_ns, error) : 0;
        if (code < 0)
            return code;
        *known = of < *known ? of : *known;
        first += ends->parts[i]->partition_count;
    }
    return 1;
}

/* ---------------------------------------------------------------------------------- letting in */

/* Asks one part; 1, 0 (it wants to wait for more, and more may come) or a negative code. */
static int end_part(struct lt_batch_ends *ends, uint32_t part, uint32_t first, bool is_limited,
                    struct lt_error *error)
{
    struct lt_source *source = ends->parts[part];
    const struct lt_source_ops *ops = source->ops;
    const struct lt_position *from = ends->from + first;
    struct lt_position *latest = ops->latest != NULL ? ends->latest + first : NULL;
    struct lt_position *end = ends->end + first;
    bool is_asked = ops->admit != NULL && (is_limited || latest == NULL);
    int code = is_asked ? ops->admit(source, from, latest, end, error) : 0;
    if (code != 0 || (is_asked && (ends->frozen == NULL || latest == NULL)))
        return code < 0 ? fail_part(source, error) : code;
    memcpy(end, ends->latest + first, source->partition_count * sizeof *end);
    return 1;
}

int lt_batch_ends_find(struct lt_batch_ends *ends, bool is_limited, struct lt_error *error)
{
    uint32_t first = 0;
    for (uint32_t i = 0; i < ends->part_count; i++) {
        uint32_t count = ends->parts[i]->partition_count;
        int code = end_part(ends, i, first, is_limited, error);
        if (code < 0)
            return code;
        if (code == 0) /* it waits, and holds up nobody else */
            memcpy(ends->end + first, ends->at + first, count * sizeof *ends->end);
        lt_batch_range_cap(ends->from + first,
                           ends->frozen != NULL ? ends->frozen + first : NULL, ends->end + first,
                           count);
        first += count;
    }
    return 1;
}

int lt_batch_ends_freeze(struct lt_batch_ends *ends, struct lt_error *error)
{
    int code = lt_batch_ends_find(ends, false, error);
    if (code < 0)
        return code;
    ends->frozen = make_positions(ends);
    copy(ends, ends->frozen, ends->end);
    return 1;
}

bool lt_batch_ends_have_data(const struct lt_batch_ends *ends)
{
    return !lt_batch_range_is_empty(ends->at, ends->end, ends->partition_count);
}

bool lt_batch_ends_are_at(const struct lt_batch_ends *ends, const struct lt_position *end)
{
    return lt_batch_range_has_come_to(ends->at, end, ends->partition_count);
}
