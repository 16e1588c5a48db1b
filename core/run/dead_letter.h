/*
 * Dead letters: the original of a record that failed, byte for byte, and why, where from and when.
 *
 * Whatever the source, a dead letter has the columns key (binary), value (binary), headers and
 * timestamp. A source that can tell what a row was read from (Kafka) gives the original's; of any
 * other, a binary `value` column is taken with `key`, `headers` and `timestamp` beside it, and
 * without one the value is the row as JSON. The reason follows the original's headers, as headers:
 *
 *   leat.error.condition   Spark's condition or leat's name: "DIVIDE_BY_ZERO", "RECORD_TOO_LARGE"
 *   leat.error.message     the cause, one line
 *   leat.error.stage       who noticed: "filter", "sink kafka"
 *   leat.error.source      the source's description
 *   leat.error.partition   topic and partition, or the partition's number
 *   leat.error.offset      the record's offset
 *   leat.error.timestamp   when it failed, ISO-8601 UTC
 *
 * A letter that the dead-letter sink refuses may be refused for the very timestamp that the record
 * failed for. It is offered once more with the time of now in its place (unless its epoch may be
 * committed by then), and then has
 *
 *   leat.error.original.timestamp   the record's own, ISO-8601 UTC
 *
 * on: the thread of the lane's delivery.
 */
#ifndef LT_RUN_DEAD_LETTER_H
#define LT_RUN_DEAD_LETTER_H

#include "core/base/arena.h"
#include "core/flow/connector.h"

struct lt_dead_letters {
    struct lt_row_pool *pool;
    struct lt_source *source;
};

/* The schema of a dead letter, to bind the sink with. In the arena. */
const struct lt_type *lt_dead_letter_schema(struct lt_arena *arena);
/* Sets the bits of the columns that dead letters need of a source that is no union. */
void lt_dead_letter_use_columns(const struct lt_source *source, uint64_t *used);

int lt_dead_letters_init(struct lt_dead_letters *letters, struct lt_source *source, bool is_shared,
                         struct lt_error *error) LT_MUST_USE;
void lt_dead_letters_fini(struct lt_dead_letters *letters);
/* A dead letter that holds `row`'s origin; takes the reference to `row`, not the fault. NULL when
 * too many are in flight: keep row and fault, and ask again. */
struct lt_row *lt_dead_letter_make(struct lt_dead_letters *letters, struct lt_row *row,
                                   const struct lt_fault *fault);
/* Gives a letter that a sink did not take the time of now. False, and nothing is changed: it has no
 * timestamp of its own, or this was done before. */
bool lt_dead_letter_restamp(struct lt_row *letter, const struct lt_clock *clock);

#endif
