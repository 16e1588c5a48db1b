/*
 * What a query does when the partitions of its source change while it runs. Lanes are dealt theirs
 * once: the query ends an epoch, or its batch, and begins again with all there are. One that has an
 * end does not, since that is of the partitions that there were; and one that keeps its state
 * nowhere would lose it, so it goes on without the new ones, and tells that.
 *
 * on: the control thread.
 */
#ifndef LT_RUN_FOLLOWING_H
#define LT_RUN_FOLLOWING_H

#include <stdbool.h>

#include "core/flow/connector.h"
#include "core/flow/plan.h"

struct lt_following {
    bool has_end;
    bool loses_state; /* by beginning again */
    bool is_told;     /* that new partitions are not read */
};

struct lt_following lt_following_make(enum lt_trigger_kind trigger, bool loses_state);

/* Asks the source, which must answer at once: true when the query is to begin again. */
bool lt_following_look(struct lt_following *following, struct lt_source *source);

#endif
