/*
 * What a user's callback writes rows into (leat_out): claim in place, commit or abort, say why.
 *
 * Rows come from a pool of the operator's or source's own. A committed row is held back until the
 * next one is committed or the callback has returned, so that the last one of a batch can carry
 * the end-of-batch flag; so a row is never later than the callback that made it.
 *
 * on: the lane's thread.
 */
#ifndef LT_LEAT_OUT_H
#define LT_LEAT_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/data/row.h"
#include "core/flow/operator.h"
#include "core/leat.h"

struct leat_out {
    struct lt_row_pool *pool;
    const char *stage; /* who fails records: names the operator or source */
    uint64_t all_null; /* the first word of a row's nulls as it is claimed */
    /* for one callback */
    struct lt_out *next;
    struct lt_row *input; /* what claimed rows come from, or NULL */
    struct lt_row *held;  /* committed, not yet sent on */
    uint32_t committed_count;
    uint32_t limit;         /* rows that it may commit */
    uint32_t claimed_count; /* and not aborted */
    /* what committed rows say of their origin, if they come from no input */
    int32_t source_partition;
    int64_t source_offset; /* -1: none */
    bool count_offsets;    /* each row has the next offset */
    int64_t ingest_ns;     /* of the last input, too */
    /* why the record cannot be processed */
    bool has_reason;
    char condition[LT_ERROR_CONDITION_MAX];
    char text[LT_FAULT_TEXT_MAX];
};

struct lt_door_pool_options {
    const struct lt_type *schema;
    uint32_t capacity;
    bool is_shared;
};

/* The pool; `stage` is referenced. */
int lt_door_out_init(leat_out *out, const struct lt_door_pool_options *options, const char *stage,
                     struct lt_error *error) LT_MUST_USE;
/* Every row is home. Safe on a zeroed one. */
void lt_door_out_fini(leat_out *out);

/* A callback begins: rows go to `next`, and come from `input` if that is not NULL. Inline: an
 * operator of the program's that passes a row on costs little more than its own call. */
static inline void lt_door_out_begin(leat_out *out, struct lt_out *next, struct lt_row *input)
{
    out->next = next;
    out->input = input;
    out->committed_count = out->claimed_count = 0;
    if (input != NULL)
        out->ingest_ns = input->ingest_ns;
}

/* True when the callback has made no rows: there is nothing to end. */
static inline bool lt_door_out_is_unused(const leat_out *out)
{
    return out->claimed_count == out->committed_count && out->held == NULL;
}

/* It has returned: sends the last row on, with `flags`. Rows that were claimed and neither
 * committed nor aborted are a defect of the callback (asserted). */
void lt_door_out_end(leat_out *out, uint8_t flags);

/* Says which of the program's functions left rows claimed, and ends the process; else nothing. */
void lt_door_out_check_closed(const leat_out *out);

/* The reason that was given, or `condition` and `text`, as a fault. */
struct lt_fault *lt_door_out_fault(leat_out *out, const char *condition, const char *text);

/* As a claimed row is handed out. */
void lt_door_set_all_null(struct lt_row *row);

#endif
