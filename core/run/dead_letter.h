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
 * What fails may be a row that an operator made of several, as a group's result: then there is no
 * original, and partition and offset are empty.
 *
 * A letter that the dead-letter sink refuses may be refused for the very timestamp that the record
 * failed for. It is offered once more with the time of now in its place (unless its epoch may be
 * committed by then), and then has
 *
 *   leat.error.original.timestamp   the record's own, ISO-8601 UTC
 *
 * Sinks of bytes - files, pipes, sockets - know no headers. They are given plain letters instead,
 * whose columns any format can write, in this order:
 *
 *   condition, message, stage, source, partition   as above, texts
 *   offset                    of the record, a bigint
 *   failed                    when it failed, a timestamp
 *   timestamp                 the record's own, if it has one
 *   key, value                its bytes, as base64
 *   headers                   its headers as JSON, [{"key":"k","value":"base64"}]; NULL: none
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
    bool are_plain; /* as the sink's type says */
};

/* The schema of a dead letter for a sink of this type, to bind the sink with. In the arena. */
const struct lt_type *lt_dead_letter_schema(const struct lt_sink_type *type,
                                            struct lt_arena *arena);
/* What a sink of this type is told besides what the user says: plain letters are JSON, unless the
 * user chooses a format. */
int lt_dead_letter_complete(const struct lt_sink_type *type, struct lt_options *options,
                            struct lt_error *error) LT_MUST_USE;
/* Sets the bits of the columns that dead letters need of a source that is no union. */
void lt_dead_letter_use_columns(const struct lt_source *source, uint64_t *used);

int lt_dead_letters_init(struct lt_dead_letters *letters, struct lt_source *source,
                         const struct lt_sink_type *type, bool is_shared,
                         struct lt_error *error) LT_MUST_USE;
void lt_dead_letters_fini(struct lt_dead_letters *letters);
/* A dead letter that holds `row`'s origin; takes the reference to `row`, not the fault. NULL when
 * too many are in flight: keep row and fault, and ask again. */
struct lt_row *lt_dead_letter_make(struct lt_dead_letters *letters, struct lt_row *row,
                                   const struct lt_fault *fault);
/* Gives a letter that a sink did not take the time of now. False, and nothing is changed: it has no
 * timestamp of its own, or this was done before, or the letter is a plain one. */
bool lt_dead_letter_restamp(const struct lt_dead_letters *letters, struct lt_row *letter,
                            const struct lt_clock *clock);

#endif
