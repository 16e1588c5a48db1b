/*
 * Where the next micro-batch of a query begins and ends, of all partitions of its source, and who
 * is asked for that: each part of a source is for itself (core/run/union_source.h). A trigger looks
 * where the parts end, which readers may have told, and finds how much of that they let in.
 *
 *   at      where the next batch begins, by the log
 *   from    and where it can, as of the last look: `at`, unless something was lost
 *   latest  where the source ends, as of the last look
 *   end     and where the batch does
 *   frozen  AvailableNow: where the query ends. Nobody is asked any more: what is lost from then on
 *           is found by reading
 *
 * When a trigger is, and whether what was found is worth a batch, is core/run/batch_control.h's.
 *
 * on: the control thread.
 */
#ifndef LT_RUN_BATCH_ENDS_H
#define LT_RUN_BATCH_ENDS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/flow/connector.h"

struct lt_batch_ends {
    struct lt_source *const *parts;
    uint32_t part_count, partition_count;
    struct lt_position *at, *from, *latest, *end;
    struct lt_position *frozen; /* NULL: not known, or not wanted */
    int64_t *due_ns;            /* by part: when it is asked again where nobody tells */
};

/* What is known of the sources after a look: of the part that least is known of. */
enum lt_batch_ends_known {
    LT_BATCH_ENDS_PASSED_OVER, /* it has nothing new to say, as far as it told, or is not due */
    LT_BATCH_ENDS_HEARD,       /* where it ends, by what its readers have heard */
    LT_BATCH_ENDS_ASKED,       /* the same, by its own word */
};

/* What a look is to go by. */
struct lt_batch_ends_look {
    int64_t now_ns;
    bool asks_all;       /* whatever was heard */
    bool is_told;        /* readers have heard of more since the last batch began */
    bool is_after_batch; /* no look was since the last batch */
};

/* The source is connected, and outlives it, as does the pointer; `start` is copied. */
void lt_batch_ends_init(struct lt_batch_ends *ends, struct lt_source *const *source,
                        const struct lt_position *start);
void lt_batch_ends_fini(struct lt_batch_ends *ends);

/* Fills `latest`, `from` and *known. May wait for a moment. Returns 1, or a negative code. */
int lt_batch_ends_look(struct lt_batch_ends *ends, const struct lt_batch_ends_look *look,
                       enum lt_batch_ends_known *known, struct lt_error *error) LT_MUST_USE;
/* Fills `end`, after a look: all there is, or what the sources' limits let in. A part that wants to
 * wait for more ends where it begins. Returns 1, or a negative code. */
int lt_batch_ends_find(struct lt_batch_ends *ends, bool is_limited,
                       struct lt_error *error) LT_MUST_USE;
/* After a look: where the sources end now is where the query ends. Returns 1, or a negative code.
 */
int lt_batch_ends_freeze(struct lt_batch_ends *ends, struct lt_error *error) LT_MUST_USE;
/* A batch was done, and came to these positions. */
void lt_batch_ends_done(struct lt_batch_ends *ends, const struct lt_position *positions);

/* There is something between `at` and `end`. */
bool lt_batch_ends_have_data(const struct lt_batch_ends *ends);
/* Nothing is left before `end`, which is one of the above. */
bool lt_batch_ends_are_at(const struct lt_batch_ends *ends, const struct lt_position *end);
/* How long the part that is asked most often is not asked again, where nobody tells of it. */
int64_t lt_batch_ends_interval_ns(const struct lt_batch_ends *ends);

/* What is not asked at once is asked after so long: spark.sql.streaming.pollingDelay. */
enum { LT_BATCH_POLL_NS = 10 * LT_NS_PER_MS };

#endif
