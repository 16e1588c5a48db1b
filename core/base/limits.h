/*
 * Every limit of the engine in one place, each with its reason. Relations between them are asserted
 * at the end, so that one cannot be changed without the others noticing.
 */
#ifndef LT_BASE_LIMITS_H
#define LT_BASE_LIMITS_H

enum {
    /* Rows in flight in one lane: the fewest that the option laneRows takes, and the most. */
    LT_LIMIT_LANE_ROWS_LEAST = 512,
    LT_LIMIT_LANE_ROWS = 16 * 1024 * 1024,
    /* Slots of a ring between two stages: at least 4x the interval at which the consumer publishes
     * its index (IO.md 7), 64 KiB of slots. */
    LT_LIMIT_RING_SLOTS = 1024,
    LT_LIMIT_RING_PUBLISH = 64,
    /* Records a source hands over in one poll, before the worker looks at its other duties: about
     * 50 us of work. */
    LT_LIMIT_POLL_RECORDS = 256,
    /* Rows that a stateful operator is told of before they are handed over: as many as
     * keys can be looked for at once. */
    LT_LIMIT_EXPECTED_ROWS = 64,
    /* Lanes of one query: more than any machine's cores this was built for. */
    LT_LIMIT_LANES = 256,
    /* Stages of one lane: reading, operators and delivery apart. */
    LT_LIMIT_STAGES = 3,
    /* Sinks of one plan, dead-letter sinks included. */
    LT_LIMIT_SINKS = 16,
    LT_LIMIT_OPERATORS = 64,
    /* Epochs between injection and commit. More would only hide a stuck disk; while this many wait,
     * no new one is injected and the data flow on. */
    LT_LIMIT_EPOCHS_IN_FLIGHT = 4,
    /* Columns of a row, so that a null bitmap is at most 256 bytes. */
    LT_LIMIT_COLUMNS = 2048,
    /* Depth of nested types and of an expression, which bounds every recursion over them. */
    LT_LIMIT_TYPE_DEPTH = 32,
    LT_LIMIT_EXPRESSION_DEPTH = 200,
    LT_LIMIT_EXPRESSION_BYTES = 1024 * 1024,
/* Bytes a value can have: Spark's arrays end there too, 15 before what their counts can be. */
#ifdef LT_SMALL_VALUES /* a build for fuzzing: what is large is refused before it takes long */
    LT_LIMIT_VALUE_BYTES = LT_SMALL_VALUES,
#else
    LT_LIMIT_VALUE_BYTES = 0x7fffffff - 15,
#endif
    /* Commands waiting in a worker's mailbox. */
    LT_LIMIT_MAILBOX_SLOTS = 256,
};

_Static_assert((LT_LIMIT_RING_SLOTS & (LT_LIMIT_RING_SLOTS - 1)) == 0, "ring indices are masked");
_Static_assert(LT_LIMIT_RING_SLOTS >= 4 * LT_LIMIT_RING_PUBLISH,
               "else a full ring is seen too late");
_Static_assert(LT_LIMIT_RING_SLOTS >= LT_LIMIT_EXPECTED_ROWS, "a ring is looked into, not over");
_Static_assert(LT_LIMIT_LANE_ROWS_LEAST >= 2 * LT_LIMIT_POLL_RECORDS,
               "one poll must fit beside one in flight");

#endif
