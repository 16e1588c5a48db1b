/*
 * A processor with state of its own, by itself (tests/support/stateful_world.h): it does what its
 * rows say. A row is a key, what to do, and two numbers:
 *
 *   set A, get, clear             the variable v, a value
 *   append A, list, unlist        l, a list
 *   put A B, mget A, remove A,    m, a map; sweep removes the even keys while it goes through
 *   map, sweep, unmap
 *   timer A, untimer A, timers    timers, in milliseconds
 *   declare, fail                 what it must not do; what stops the query
 *
 * It gives rows of the key, a word and a number: what it was asked for, at the end of a call how
 * many rows there were, and each timer that fires.
 */
#ifndef LT_TESTS_SUPPORT_TRANSFORM_WORLD_H
#define LT_TESTS_SUPPORT_TRANSFORM_WORLD_H

#include "ops/stateful/transform.h"
#include "tests/support/stateful_world.h"

/* What a test asks for beside its rows. */
struct transform_script {
    struct lt_arena *arena;
    int64_t ttl_us;
    const char *value_ddl; /* of the variable v */
    const char *drop;      /* a variable to drop when it is opened, in place of v */
    bool is_twice;         /* v is declared twice */
    bool sets_again; /* a timer of a whole second sets itself again, and one a bit earlier */
    uint32_t copies; /* of each row that is given out */
    struct lt_error refusal; /* what a call refused */
};

struct transform_world {
    struct stateful_world world;
    struct transform_script script;
    struct lt_processor processor;
    struct lt_plan_stateful plan;
};

/* Set what the script says before it is opened. */
void transform_world_init(struct transform_world *own, enum lt_time_mode time_mode);
void transform_world_open(struct transform_world *own);
void transform_world_reopen(struct transform_world *own);
/* A type that lives as long as the world. */
const struct lt_type *transform_world_type(struct transform_script *script, const char *text);

/* Rows as JSON: one, appended; or several, "k op a b; k op a b". */
void transform_world_add_row(struct lt_text_buffer *json, const char *key, const char *op,
                             int64_t a, int64_t b);
void transform_world_rows(const char *text, struct lt_text_buffer *json);
/* A batch of such rows, at so many seconds, which are its watermark too. */
void transform_world_batch(struct transform_world *own, int64_t seconds, const char *rows);
/* What came out of it, in any order: "k what n; k what n". */
void transform_world_expect(struct transform_world *own, const char *text);
/* Entries in the stores. */
uint64_t transform_world_total(const struct transform_world *own);

#endif
