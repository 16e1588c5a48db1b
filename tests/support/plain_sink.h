/*
 * A sink that hands each row to the test at once: it has nothing to prepare, and nothing to take
 * back. A test declares a type of its own:
 *
 *   static const struct plain_sink seen = {.type = {.name = "seen", .bind = plain_sink_bind},
 *                                          .description = "Seen", .take = take_row};
 */
#ifndef LT_TESTS_PLAIN_SINK_H
#define LT_TESTS_PLAIN_SINK_H

#include "core/flow/connector.h"

struct plain_sink {
    struct lt_sink_type type;
    const char *description;
    enum lt_guarantee guarantee;
    bool one_lane;
    void (*take)(struct lt_row *row); /* looks at it; on the lane's thread */
};

/* For types that are the first member of a plain_sink. */
int plain_sink_bind(const struct lt_sink_type *type, const struct lt_options *given,
                    const struct lt_type *schema, struct lt_arena *memory, struct lt_sink **out,
                    struct lt_error *error);

#endif
