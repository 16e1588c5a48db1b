/*
 * What stands beside the state of an operator (core/state/metadata.h), at a start: what its stores'
 * keys and values were is compared with what they are now, and what they are now is written down
 * for the next start and for people.
 *
 * on: the instance's thread, while its operators are opened; waits for the disk.
 */
#ifndef LT_RUN_STATE_METADATA_H
#define LT_RUN_STATE_METADATA_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/flow/operator.h"

struct lt_state_note {
    const char *checkpoint_path;
    uint32_t operator;  /* its number: state/<number> */
    uint32_t partition; /* of the instance: that of partition 0 writes */
    uint32_t partition_count;
    uint64_t version; /* that is opened; 0: there was none, nothing is compared */
    const struct lt_operator_store *store;
};

/* An operator with state of the plan. */
struct lt_state_operator {
    uint32_t number;
    const char *name; /* as in Spark's progress */
};

/* Are the operators those of the run before? Refused with Spark's condition
 * STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA. Of operators without metadata, whose
 * state a leat wrote that noted none, nothing is said. on: start. */
int lt_state_check_operators(const char *checkpoint_path, const struct lt_state_operator *operators,
                             uint32_t count, struct lt_error *error) LT_MUST_USE;

/* Refused with Spark's conditions STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE and
 * STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE. State without metadata is taken as it is. */
int lt_state_note_check(const struct lt_state_note *note, struct lt_error *error) LT_MUST_USE;
/* After the store is open. Does nothing where the file says all that already. */
int lt_state_note_write(const struct lt_state_note *note, struct lt_error *error) LT_MUST_USE;

#endif
