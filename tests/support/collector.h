/*
 * The far side of a source in tests: keeps what is emitted, and makes the environment that
 * connectors ask for.
 */
#ifndef LT_TESTS_COLLECTOR_H
#define LT_TESTS_COLLECTOR_H

#include "core/flow/connector.h"

enum { COLLECTOR_ROWS = 4096 };

struct collector {
    struct lt_out out;
    struct lt_row *rows[COLLECTOR_ROWS];
    uint32_t count;
};

void collector_init(struct collector *collector);
/* Releases all rows. */
void collector_clear(struct collector *collector);

/* An environment as a fused lane has it: 256 rows, no counters, no reactor. */
struct lt_connector_env collector_env(const struct lt_clock *clock, struct lt_waker *waker);

/* Options of "key=value" texts up to a NULL; the caller destroys them. */
struct lt_options *collector_options(const char *const *pairs);

/* Binds and connects a source of this type; fails the test if it cannot. */
struct lt_source *collector_source(const struct lt_source_type *type, const char *const *pairs,
                                   const struct lt_type *schema, struct lt_arena *arena,
                                   const struct lt_connector_env *env);
struct lt_sink *collector_sink(const struct lt_sink_type *type, const char *const *pairs,
                               const struct lt_type *schema, struct lt_arena *arena,
                               const struct lt_connector_env *env);

#endif
